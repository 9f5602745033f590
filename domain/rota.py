"""Who is on duty: shifts with a rotation of people, and what replaces them for a while.

Everything here is computed in the city's wall time (``domain.worktime``): a shift from 22:00
to 06:00 begins and ends when the clocks on the wall say so, also in the night they are
changed. The hour that is read twice belongs to whoever has it the first time; its second
pass to whoever comes after.

A rota answers for every instant, so the stints of a span follow each other without hole or
overlap; a stint without a person is a gap.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise

from domain.place import Level
from domain.worktime import DAY, MINUTE, instant_at, instant_of, moment_of, wall_of, zone_of

WEEK = 7
MINUTES = 24 * 60
WEEK_MINUTES = WEEK * MINUTES
UNIT = "{unit}"
"""In a template's names of people: the code of the unit it is stamped for."""

_EPOCH = date(1970, 1, 1).toordinal()


class Turn(StrEnum):
    """How often the people of a shift take turns."""

    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """A span of the day on some days of the week, with the people who take turns in it.

    ``days`` are ISO week days on which it begins; ``hours`` minutes from midnight, from
    included to excluded, over midnight when the end is not after the start (so equal means
    a whole day). ``people`` are account names; the first has the first turn, which begins on
    ``since`` at ``handoff`` (minutes from midnight). A weekly turn changes on ``handoff_day``
    (ISO week day): the first turn is then the week in which ``since`` lies. The whole of a
    shift's span is not one person's: whoever has the turn at the moment has the duty.
    """

    name: str
    days: tuple[int, ...]
    hours: tuple[int, int]
    people: tuple[str, ...]
    since: date
    turn: Turn = Turn.WEEKLY
    handoff: int = 0
    handoff_day: int = 1

    @property
    def minutes(self) -> int:
        """Return how long the shift is, 1 to 1440."""
        start, end = self.hours
        return end - start if end > start else end - start + MINUTES


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """A replacement from ``starts`` (included) to ``ends`` (excluded), both UTC-aware.

    ``replaces`` names whose duty it is about, None means whoever it is, also in a gap; ``by``
    is who does it instead, None means nobody.
    """

    starts: datetime
    ends: datetime
    replaces: str | None = None
    by: str | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rota:
    """The duty list of one unit, or of every unit of a kind at a level.

    Later overrides replace earlier ones. Where shifts overlap the first that has people
    decides; a pack's checker refuses such a rota.
    """

    timezone: str
    shifts: tuple[Shift, ...]
    overrides: tuple[Override, ...] = ()
    unit: str | None = None
    kind: str | None = None
    level: Level | None = None

    @property
    def name(self) -> str:
        """Return the unit's code, or ``KIND@level`` of a template."""
        return self.unit or f"{self.kind}@{self.level.name.lower() if self.level else ''}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stint:
    """A span (UTC) in which the same person, or nobody, is on duty all the time."""

    starts: datetime
    ends: datetime
    who: str | None


def rota_of(*, rotas: tuple[Rota, ...], unit: str, kind: str, level: Level) -> Rota | None:
    """Return the rota of a unit: its own, else that of its kind and level; None without one."""
    for rota in rotas:
        if rota.unit == unit:
            return rota
    for rota in rotas:
        if rota.unit is None and (rota.kind, rota.level) == (kind, level):
            return rota
    return None


def on_duty(*, rota: Rota, at: datetime, unit: str = "") -> str | None:
    """Return who is on duty at an instant (aware), or None. ``unit`` fills in a template's names."""
    who = _by_shift(rota, wall_of(zone_of(rota.timezone), instant_of(at)))
    for override in rota.overrides:
        if override.starts <= at < override.ends and override.replaces in (None, who):
            who = override.by
    return who.replace(UNIT, unit) if who is not None else None


def _by_shift(rota: Rota, wall: int) -> str | None:
    for shift in rota.shifts:
        if shift.people and _begun(shift, wall) is not None:
            return shift.people[_turn(shift, wall) % len(shift.people)]
    return None


def _begun(shift: Shift, wall: int) -> int | None:
    """Return the wall at which the shift that covers this wall began, or None when none covers it."""
    today = wall // DAY
    for day in (today, today - 1):
        start = day * DAY + shift.hours[0] * MINUTE
        if _weekday(day) in shift.days and start <= wall < start + shift.minutes * MINUTE:
            return start
    return None


def _turn(shift: Shift, wall: int) -> int:
    """Return how many handoffs lie between the first turn and this wall; negative before it."""
    day = (wall - shift.handoff * MINUTE) // DAY
    first = shift.since.toordinal() - _EPOCH
    if shift.turn is Turn.DAILY:
        return day - first
    return _week(day, shift.handoff_day) - _week(first, shift.handoff_day)


def _week(day: int, begins: int) -> int:
    # Day 0, 1 January 1970, was a Thursday (ISO 4).
    return (day + 4 - begins) // WEEK


def _weekday(day: int) -> int:
    return (day + 3) % WEEK + 1


def stints(*, rota: Rota, starts: datetime, ends: datetime, unit: str = "") -> tuple[Stint, ...]:
    """Return who is on duty in a span, one stint after the other, covering it exactly."""
    found: list[Stint] = []
    for here, there in pairwise(_edges(rota, starts, ends)):
        who = on_duty(rota=rota, at=here, unit=unit)
        if found and found[-1].who == who:
            found[-1] = Stint(starts=found[-1].starts, ends=there, who=who)
        else:
            found.append(Stint(starts=here, ends=there, who=who))
    return tuple(found)


def gaps(*, rota: Rota, starts: datetime, ends: datetime) -> tuple[Stint, ...]:
    """Return the spans without anybody on duty."""
    return tuple(stint for stint in stints(rota=rota, starts=starts, ends=ends) if stint.who is None)


def _edges(rota: Rota, starts: datetime, ends: datetime) -> list[datetime]:
    """Return every instant of a span at which somebody else may come, its own ends included."""
    zone = zone_of(rota.timezone)
    first, last = instant_of(starts), instant_of(ends)
    instants = {first, last}
    instants.update(instant_at(zone, wall) for wall in _walls(rota, first, last))
    instants.update(
        instant_of(moment) for override in rota.overrides for moment in (override.starts, override.ends)
    )
    return [moment_of(instant) for instant in sorted(instants) if first <= instant <= last]


def _walls(rota: Rota, first: int, last: int) -> Iterator[int]:
    """Yield the walls of all shift starts, ends and handoffs of the days around a span."""
    minutes = {minute for shift in rota.shifts for minute in (*shift.hours, shift.handoff)}
    for day in range(first // DAY - 2, last // DAY + 3):
        for minute in minutes:
            yield day * DAY + minute * MINUTE


def spans(shift: Shift) -> tuple[tuple[int, int], ...]:
    """Return a shift's spans of the week in minutes from Monday 00:00; one over Sunday's end in two."""
    found = []
    for day in shift.days:
        start = (day - 1) * MINUTES + shift.hours[0]
        end = start + shift.minutes
        found.append((start, min(end, WEEK_MINUTES)))
        if end > WEEK_MINUTES:
            found.append((0, end - WEEK_MINUTES))
    return tuple(found)


def windows(rota: Rota) -> tuple[tuple[int, int], ...]:
    """Return the spans of the city's week with somebody on duty: minutes from Monday 00:00, merged.

    Overrides belong to single days and are not in it.
    """
    return _merged(sorted({span for shift in rota.shifts if shift.people for span in spans(shift)}))


def _merged(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def covers(*, windows: tuple[tuple[int, int], ...], at: datetime, timezone: str) -> bool:
    """Tell whether an instant (aware) lies in weekly windows of a city's wall time."""
    wall = wall_of(zone_of(timezone), instant_of(at)) // MINUTE
    minute = (wall + 3 * MINUTES) % WEEK_MINUTES
    index = bisect_right(windows, (minute, WEEK_MINUTES)) - 1
    return index >= 0 and windows[index][0] <= minute < windows[index][1]
