"""The case's clocks: when a limit ends, how much of it is used, and what the city's time is.

How a limit runs (units: `domain.limit`; the field's usual reading, reference: domain.md §1.3):

- ``MIN``, ``UH``, ``UD`` run on without a pause; ``UD`` is 24 hours.
- ``ND`` ends at the same wall time N calendar days later, also where clocks change between.
- ``WH`` runs only inside the periods of working days. Holidays do not work, make-up days
  (调休) do. It ends as soon as the time is used, so two hours from 16:00 end at 18:00, the
  closing, and not the next morning.
- ``WD`` ends at the same wall time on the Nth working day after the day of the start. A
  limit that starts outside working time starts at the next working moment: reported on
  Saturday, one working day is Tuesday's opening. A fraction of a day is that fraction of
  the day's working minutes.

A ``WH`` or ``WD`` limit never ends at a moment that does not work; the end of a period
still works. A longer limit never ends before a shorter one, a later start never before an
earlier one. Where clocks are put back, the second pass of the repeated hour counts for
``ND``, ``WD`` and the edges of periods as that hour's end: see `domain.worktime`.

Nothing here reads the machine's clock.
"""

import math
from dataclasses import dataclass
from datetime import datetime

from domain.calendar import WorkCalendar
from domain.limit import Limit, LimitUnit
from domain.policy import CityClock
from domain.worktime import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    UnableToKeepTime,
    advance_days,
    advance_hours,
    day_length,
    instant_at,
    instant_of,
    local_year,
    moment_of,
    next_working,
    wall_of,
    whole,
    work_year,
    worked,
    works_on,
    zone_of,
)

__all__ = [
    "Due",
    "UnableToKeepTime",
    "city_time",
    "due",
    "fraction",
    "is_working",
    "real_time",
    "remaining",
    "used",
    "working_minutes",
    "works_on",
]

_LENGTH = {
    LimitUnit.MIN: MINUTE,
    LimitUnit.UH: HOUR,
    LimitUnit.UD: DAY,
    LimitUnit.WH: HOUR,
    LimitUnit.ND: DAY,
}
_WORKING = frozenset({LimitUnit.WH, LimitUnit.WD})


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """When a limit ends.

    ``at`` is in UTC. ``crosses_unknown_year`` is true where a work-hour or work-day limit
    needed a year that is not in the calendar's ``known_years``; that year was then counted
    by the weekday rule, and people must be told so.
    """

    at: datetime
    crosses_unknown_year: bool


def due(*, start: datetime, limit: Limit, calendar: WorkCalendar) -> Due:
    """Return when ``limit`` ends that starts at ``start`` (zoned; UnableToKeepTime if naive)."""
    return fraction(start=start, limit=limit, calendar=calendar, share=1.0)


def fraction(*, start: datetime, limit: Limit, calendar: WorkCalendar, share: float) -> Due:
    """Return when ``share`` of ``limit`` is used: 0.5 is half-way, 2.0 twice the limit.

    `used` at the returned moment is never below ``share``, so that a timer set for it finds
    its condition true. Raises UnableToKeepTime for a negative share or amount, a naive
    start, an unusable calendar, and a work limit of more than a hundred years.
    """
    begin = instant_of(start)
    amount = _part(_total(limit, calendar), share)
    if limit.unit in _WORKING:
        return _working_due(begin, amount, limit.unit, calendar)
    if limit.unit is LimitUnit.ND:
        zone = zone_of(calendar.timezone)
        end = instant_at(zone, wall_of(zone, begin) + amount) if amount else begin
    else:
        end = begin + amount
    return Due(at=moment_of(end), crosses_unknown_year=False)


def used(*, start: datetime, now: datetime, limit: Limit, calendar: WorkCalendar) -> float:
    """Return the share of ``limit`` used at ``now``: 0.0 up to the start, 1.0 when due, then more.

    Grows with ``now`` and stands still where the unit's clock does. A limit of nothing is
    used up (1.0) from its start on.
    """
    begin, end = instant_of(start), instant_of(now)
    total = _total(limit, calendar)
    if end <= begin:
        return 0.0 if total or end < begin else 1.0
    return _elapsed(begin, end, limit.unit, calendar) / total if total else 1.0


def remaining(*, start: datetime, now: datetime, limit: Limit, calendar: WorkCalendar) -> float:
    """Return the minutes left for people to read; negative once overdue.

    Working minutes for ``WH`` and ``WD``, real minutes for every other unit. Before the
    start it is the whole limit.
    """
    begin, end = instant_of(start), instant_of(now)
    end = max(begin, end)
    if limit.unit in _WORKING:
        left = _total(limit, calendar) - _elapsed(begin, end, limit.unit, calendar)
    else:
        left = instant_of(due(start=start, limit=limit, calendar=calendar).at) - end
    return left / MINUTE


def working_minutes(*, start: datetime, end: datetime, calendar: WorkCalendar) -> float:
    """Return the real minutes of working time from ``start`` to ``end``; negative if ``end`` is earlier."""
    return worked(instant_of(start), instant_of(end), calendar, nominal=False) / MINUTE


def is_working(*, moment: datetime, calendar: WorkCalendar) -> bool:
    """Tell whether people work at ``moment``; the opening works, the closing does not any more."""
    instant = instant_of(moment)
    year = work_year(calendar, local_year(instant, calendar))
    index = year.last_open(instant)
    return index >= 0 and instant < year.closes[index]


def city_time(clock: CityClock, real: datetime) -> datetime:
    """Return the city's time (UTC, µs) at the machine's time ``real``."""
    speed_up, speed_down = _speed(clock)
    passed = instant_of(real) - _origin(clock.origin)
    return moment_of(_origin(clock.city_origin) + passed * speed_up // speed_down)


def real_time(clock: CityClock, city: datetime) -> datetime:
    """Return the first machine time (UTC, µs) at which the city's time has reached ``city``.

    Never early: a timer set for it wakes when the city's deadline has come. For a speed of
    at least 1, ``real_time(clock, city_time(clock, real)) == real`` to the microsecond.
    """
    speed_up, speed_down = _speed(clock)
    passed = instant_of(city) - _origin(clock.city_origin)
    return moment_of(_origin(clock.origin) - (-passed * speed_down // speed_up))


def _speed(clock: CityClock) -> tuple[int, int]:
    if not math.isfinite(clock.speed) or clock.speed <= 0:
        raise UnableToKeepTime(f"a city's clock must run forwards, not at speed {clock.speed}")
    return clock.speed.as_integer_ratio()


def _origin(seconds: float) -> int:
    if not math.isfinite(seconds):
        raise UnableToKeepTime(f"not a POSIX time: {seconds}")
    return round(seconds * SECOND)


def _total(limit: Limit, calendar: WorkCalendar) -> int:
    """Return the length of ``limit`` on its unit's own clock, in µs."""
    if limit.unit is not LimitUnit.WD:
        return whole(limit.amount * _LENGTH[limit.unit])
    length = day_length(calendar)
    if length == 0:
        raise UnableToKeepTime("a calendar without working periods has no working days")
    return whole(limit.amount * length)


def _part(total: int, share: float) -> int:
    """Return ``share`` of ``total``; never less, however floating point rounds."""
    part = whole(total * share)
    return part + 1 if total and part / total < share else part


def _working_due(begin: int, amount: int, unit: LimitUnit, calendar: WorkCalendar) -> Due:
    seat = next_working(begin, calendar)
    advance = advance_hours if unit is LimitUnit.WH else advance_days
    end = advance(seat, amount, calendar)
    years = range(local_year(begin, calendar), end.year.year + 1)
    return Due(
        at=moment_of(end.instant),
        crosses_unknown_year=any(year not in calendar.known_years for year in years),
    )


def _elapsed(begin: int, end: int, unit: LimitUnit, calendar: WorkCalendar) -> int:
    """Return the time from ``begin`` to ``end`` on the unit's own clock, in µs."""
    if unit in _WORKING:
        return worked(begin, end, calendar, nominal=unit is LimitUnit.WD)
    if unit is LimitUnit.ND:
        zone = zone_of(calendar.timezone)
        return wall_of(zone, end) - wall_of(zone, begin)
    return end - begin
