"""Working time as a line: year by year, the working periods of a calendar in order.

Everything here counts in whole microseconds, so that nothing drifts and a replay gives
the same answer. Two kinds of number:

- an **instant** is microseconds of UTC since 1970-01-01 (real, never jumps);
- a **wall** is what the city's clocks show, in microseconds since 1970-01-01 local. Where
  clocks are put back, the repeated hour is read only once: its first pass counts and the
  second pass stands still at the hour's end. So walls never run backwards, and a later
  start can never get an earlier deadline. A wall that clocks skip is the instant of the
  change.

A year of working periods is computed once per calendar and kept (`work_year`); after that
a look-up is a binary search. Periods are counted in two ways: **real** (what elapsed, for
work hours) and **nominal** (wall minutes, every working day equally long, for work days).
They differ only where clocks change inside a working period.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from domain.calendar import WorkCalendar

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_WALL = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall has no zone; that is what it is
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_TICK = timedelta(microseconds=1)
_HORIZON_YEARS = 100


class UnableToKeepTime(ValueError):
    """A moment, a limit or a calendar with which no deadline can be computed."""


def instant_of(moment: datetime) -> int:
    """Return the instant (µs of UTC since 1970) of a zoned ``moment``; refuse a naive one."""
    if moment.utcoffset() is None:
        raise UnableToKeepTime(f"not a moment without its time zone: {moment.isoformat()}")
    return (moment - _EPOCH) // _TICK


def moment_of(instant: int) -> datetime:
    """Return ``instant`` as a datetime in UTC; refuse what lies beyond the year 9999."""
    try:
        return _EPOCH + timedelta(microseconds=instant)
    except OverflowError as error:
        raise UnableToKeepTime("the moment lies outside the years 1 to 9999") from error


def whole(amount: float) -> int:
    """Round a number of microseconds to a whole one; refuse negative, infinite and not-a-number."""
    if not math.isfinite(amount) or amount < 0:
        raise UnableToKeepTime(f"not an amount of time: {amount}")
    return round(amount)


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """Return the time zone with this IANA name."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        raise UnableToKeepTime(f"no such time zone: {name!r}") from error


def _offset(local: datetime) -> int:
    shift = local.utcoffset()
    assert shift is not None  # noqa: S101 - callers pass datetimes of a ZoneInfo
    return shift // _TICK


def local_of(zone: ZoneInfo, instant: int) -> datetime:
    """Return ``instant`` as a datetime of ``zone``."""
    try:
        return moment_of(instant).astimezone(zone)
    except OverflowError as error:
        raise UnableToKeepTime("the moment lies outside the years 1 to 9999") from error


def _change_between(zone: ZoneInfo, low: int, high: int) -> int:
    """Return the instant of the one clock change after ``low`` and not after ``high``."""
    before = _offset(local_of(zone, low))
    low, high = low // SECOND, high // SECOND
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(local_of(zone, middle * SECOND)) == before:
            low = middle
        else:
            high = middle
    return high * SECOND


def wall_of(zone: ZoneInfo, instant: int) -> int:
    """Return the wall at ``instant``; the second pass of a repeated hour is that hour's end."""
    local = local_of(zone, instant)
    after = _offset(local)
    if not local.fold:
        return instant + after
    before = _offset(local.replace(fold=0))
    return _change_between(zone, instant - (before - after), instant) + before


def instant_at(zone: ZoneInfo, wall: int) -> int:
    """Return the first instant at which ``wall`` is reached (a skipped wall: the clock change)."""
    try:
        local = (_EPOCH_WALL + timedelta(microseconds=wall)).replace(tzinfo=zone)
    except OverflowError as error:
        raise UnableToKeepTime("the moment lies outside the years 1 to 9999") from error
    first = wall - _offset(local)
    second = wall - _offset(local.replace(fold=1))
    # PEP 495: only in a gap does fold=1 give the earlier instant.
    return first if second >= first else _change_between(zone, second, first)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Day:
    """The pattern of one working day in µs: period starts and the working time before each."""

    starts: tuple[int, ...]
    sums: tuple[int, ...]

    @property
    def length(self) -> int:
        return self.sums[-1]


@lru_cache(maxsize=256)
def _day_of(calendar: WorkCalendar) -> _Day:
    edges = [minute for period in calendar.periods for minute in period]
    pairs_rise = all(start < end for start, end in calendar.periods)
    if not pairs_rise or edges != sorted(edges) or (edges and not 0 <= edges[0] <= edges[-1] <= 1440):
        raise UnableToKeepTime(f"working periods must ascend within 0 to 1440 minutes: {calendar.periods}")
    lengths = ((end - start) * MINUTE for start, end in calendar.periods)
    return _Day(
        starts=tuple(start * MINUTE for start, _ in calendar.periods),
        sums=tuple(accumulate(lengths, initial=0)),
    )


def day_length(calendar: WorkCalendar) -> int:
    """Return the nominal length of a working day in µs (0 where nothing ever opens)."""
    return _day_of(calendar).length


def works_on(*, day: date, calendar: WorkCalendar) -> bool:
    """Tell whether ``day`` is a working day; a make-up day (调休) wins over everything else."""
    if day in calendar.workdays:
        return True
    return day.isoweekday() not in calendar.weekend and day not in calendar.holidays


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkYear:
    """The working periods of one local year, in order; period ``i`` is on ``days[i // n]``.

    ``days`` are walls of local midnight; ``opens`` and ``closes`` instants; ``sums[i]`` is
    the real working time of the year before period ``i``, in µs (one more than periods).
    """

    year: int
    zone: ZoneInfo
    day: _Day
    days: tuple[int, ...]
    opens: tuple[int, ...]
    closes: tuple[int, ...]
    sums: tuple[int, ...]

    def last_open(self, instant: int) -> int:
        """Return the index of the last period that opened up to ``instant``, or -1."""
        return bisect_right(self.opens, instant) - 1

    def skipped(self, index: int) -> bool:
        """Tell whether clocks skip the whole of period ``index``, so that nobody works in it."""
        return self.opens[index] == self.closes[index]

    def nominal_offset(self, index: int, instant: int) -> int:
        """Return the wall time of period ``index`` used at ``instant`` (inside it), in µs."""
        day, period = divmod(index, len(self.day.starts))
        length = self.day.sums[period + 1] - self.day.sums[period]
        if self.closes[index] - self.opens[index] == length:
            return instant - self.opens[index]
        start = self.days[day] + self.day.starts[period]
        return min(wall_of(self.zone, instant) - start, length)

    def instant_in(self, index: int, offset: int) -> int:
        """Return the instant when ``offset`` µs of wall time of period ``index`` are used."""
        day, period = divmod(index, len(self.day.starts))
        length = self.day.sums[period + 1] - self.day.sums[period]
        if self.closes[index] - self.opens[index] == length:
            return self.opens[index] + offset
        return instant_at(self.zone, self.days[day] + self.day.starts[period] + offset)

    def position(self, instant: int, *, nominal: bool) -> int:
        """Return the working time of this year used at ``instant``, in µs."""
        index = self.last_open(instant)
        if index < 0:
            return 0
        inside = min(instant, self.closes[index])
        if not nominal:
            return self.sums[index] + inside - self.opens[index]
        day, period = divmod(index, len(self.day.starts))
        used = day * self.day.length + self.day.sums[period]
        return used + self.nominal_offset(index, inside)

    def total(self, *, nominal: bool) -> int:
        """Return the working time of the whole year, in µs."""
        return len(self.days) * self.day.length if nominal else self.sums[-1]


@lru_cache(maxsize=256)
def work_year(calendar: WorkCalendar, year: int) -> WorkYear:
    """Return the working periods of ``year``; computed once per calendar and year."""
    if not 2 <= year <= 9998:
        raise UnableToKeepTime(f"no working time in the year {year}")
    zone = zone_of(calendar.timezone)
    pattern = _day_of(calendar)
    first = date(year, 1, 1).toordinal()
    days = tuple(
        (ordinal - _EPOCH_DAY) * DAY
        for ordinal in range(first, date(year + 1, 1, 1).toordinal())
        if works_on(day=date.fromordinal(ordinal), calendar=calendar)
    )
    edges = [
        (instant_at(zone, day + start * MINUTE), instant_at(zone, day + end * MINUTE))
        for day in days
        for start, end in calendar.periods
    ]
    return WorkYear(
        year=year,
        zone=zone,
        day=pattern,
        days=days,
        opens=tuple(opening for opening, _ in edges),
        closes=tuple(closing for _, closing in edges),
        sums=tuple(accumulate((closing - opening for opening, closing in edges), initial=0)),
    )


def _years_from(calendar: WorkCalendar, year: int) -> Iterator[WorkYear]:
    """Give the years from ``year`` on; a calendar that never opens must end, with an error."""
    for ahead in range(_HORIZON_YEARS + 1):
        yield work_year(calendar, year + ahead)
    raise UnableToKeepTime(f"not enough working time within {_HORIZON_YEARS} years of {year}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Seat:
    """A working moment: period ``index`` of ``year`` is open (or just closing) at ``instant``."""

    year: WorkYear
    index: int
    instant: int


def local_year(instant: int, calendar: WorkCalendar) -> int:
    """Return the year the city's calendar on the wall shows at ``instant``."""
    return local_of(zone_of(calendar.timezone), instant).year


def next_working(instant: int, calendar: WorkCalendar) -> Seat:
    """Return the first working moment not before ``instant``; the end of a period still works."""
    for year in _years_from(calendar, local_year(instant, calendar)):
        for index in range(max(year.last_open(instant), 0), len(year.opens)):
            if instant <= year.closes[index] and not year.skipped(index):
                return Seat(year=year, index=index, instant=max(instant, year.opens[index]))
    raise AssertionError("unreachable")  # _years_from raises instead of ending


def advance_hours(seat: Seat, amount: int, calendar: WorkCalendar) -> Seat:
    """Return the first moment when ``amount`` µs of real working time have passed since ``seat``."""
    if amount == 0:
        return seat
    target = seat.year.position(seat.instant, nominal=False) + amount
    for year in _years_from(calendar, seat.year.year):
        if target <= year.sums[-1]:
            index = bisect_left(year.sums, target) - 1
            return Seat(year=year, index=index, instant=year.opens[index] + target - year.sums[index])
        target -= year.sums[-1]
    raise AssertionError("unreachable")  # _years_from raises instead of ending


def advance_days(seat: Seat, amount: int, calendar: WorkCalendar) -> Seat:
    """Return the moment ``amount`` µs of nominal working time after ``seat``.

    Whole days keep the wall time. A remainder runs through the periods and ends with
    them: half a day from 14:00 of a day of four and four hours is that day's closing.
    """
    if amount == 0:
        return seat
    pattern = seat.year.day
    days, rest = divmod(amount, pattern.length)
    day, period = divmod(seat.index, len(pattern.starts))
    offset = seat.year.nominal_offset(seat.index, seat.instant)
    if rest:
        point = pattern.sums[period] + offset + rest
        if point > pattern.length:
            point -= pattern.length
            days += 1
        period = bisect_left(pattern.sums, point) - 1
        offset = point - pattern.sums[period]
    day += days
    for year in _years_from(calendar, seat.year.year):
        if day < len(year.days):
            index = day * len(pattern.starts) + period
            end = Seat(year=year, index=index, instant=year.instant_in(index, offset))
            return next_working(end.instant, calendar) if year.skipped(index) else end
        day -= len(year.days)
    raise AssertionError("unreachable")  # _years_from raises instead of ending


def worked(start: int, end: int, calendar: WorkCalendar, *, nominal: bool) -> int:
    """Return the working time between two instants in µs; negative where ``end`` is earlier."""
    if end < start:
        return -worked(end, start, calendar, nominal=nominal)
    first, last = local_year(start, calendar), local_year(end, calendar)
    before = work_year(calendar, first).position(start, nominal=nominal)
    after = work_year(calendar, last).position(end, nominal=nominal)
    return (
        after - before + sum(work_year(calendar, year).total(nominal=nominal) for year in range(first, last))
    )
