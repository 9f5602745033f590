"""What must hold for every limit, start and calendar, and a minute-by-minute oracle."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.calendar import WorkCalendar
from domain.clock import due, fraction, is_working, remaining, used, working_minutes
from domain.limit import Limit, LimitUnit
from tests.unit.test_clock_calendars import NEW_YORK, WUHAN

TICK = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
CONTINUOUS = (LimitUnit.MIN, LimitUnit.UH, LimitUnit.UD)
WORKING = (LimitUnit.WH, LimitUnit.WD)
ODD = (
    # Nights, a week that rests on Wednesdays, summer time by an hour and by half an hour.
    WorkCalendar(timezone="America/New_York", periods=((0, 90), (90, 150), (1320, 1440)), weekend=()),
    WorkCalendar(timezone="America/New_York", periods=((0, 1440),), weekend=(3,)),
    WorkCalendar(timezone="Australia/Lord_Howe", periods=((60, 110), (125, 200)), weekend=(1, 2, 3, 4)),
    WorkCalendar(timezone="America/New_York", periods=((125, 145), (600, 601)), weekend=()),
)


@st.composite
def any_calendar(draw: st.DrawFn) -> WorkCalendar:
    edges = sorted(draw(st.sets(st.integers(0, 1440), min_size=2, max_size=6)))
    days = st.dates(date(2026, 10, 1), date(2027, 1, 31))
    return WorkCalendar(
        timezone=draw(st.sampled_from(["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"])),
        periods=tuple(zip(edges[::2], edges[1::2], strict=False)),
        weekend=tuple(draw(st.sets(st.integers(1, 7), max_size=6))),
        holidays=draw(st.frozensets(days, max_size=20)),
        workdays=draw(st.frozensets(days, max_size=5)),
        known_years=draw(st.sampled_from([(2026,), (2026, 2027), ()])),
    )


calendars = st.one_of(st.sampled_from([WUHAN, NEW_YORK, *ODD]), any_calendar())
units = st.sampled_from(list(LimitUnit))
amounts = st.one_of(st.integers(0, 40).map(float), st.floats(0, 40))
shares = st.one_of(st.sampled_from([0.0, 0.5, 0.8, 1.0, 1.5, 2.0]), st.floats(0, 3))
# Half of all starts lie around a clock change, where the mistakes are.
starts = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 2, 1)),  # noqa: DTZ001
    st.datetimes(datetime(2026, 3, 7), datetime(2026, 3, 9)),  # noqa: DTZ001
    st.datetimes(datetime(2026, 10, 31), datetime(2026, 11, 2)),  # noqa: DTZ001
    st.datetimes(datetime(2026, 10, 2), datetime(2026, 10, 5)),  # noqa: DTZ001
).map(lambda naive: naive.replace(tzinfo=UTC))


def works(moment: datetime, calendar: WorkCalendar) -> bool:
    """Tell whether ``moment`` is in a period, its end included."""
    return is_working(moment=moment, calendar=calendar) or is_working(moment=moment - TICK, calendar=calendar)


@given(start=starts, unit=units, amount=amounts, more=amounts, calendar=calendars)
def test_a_longer_limit_never_ends_earlier(
    start: datetime, unit: LimitUnit, amount: float, more: float, calendar: WorkCalendar
) -> None:
    shorter, longer = sorted([amount, more])
    early = due(start=start, limit=Limit(amount=shorter, unit=unit), calendar=calendar)
    late = due(start=start, limit=Limit(amount=longer, unit=unit), calendar=calendar)
    assert start <= early.at <= late.at
    assert early.crosses_unknown_year <= late.crosses_unknown_year


@given(
    start=starts,
    later=st.one_of(
        st.integers(0, 200).map(lambda n: n * MINUTE), st.timedeltas(timedelta(0), timedelta(days=9))
    ),
    unit=units,
    amount=amounts,
    calendar=calendars,
)
def test_a_later_start_never_ends_earlier(
    start: datetime, later: timedelta, unit: LimitUnit, amount: float, calendar: WorkCalendar
) -> None:
    limit = Limit(amount=amount, unit=unit)
    first = due(start=start, limit=limit, calendar=calendar).at
    assert first <= due(start=start + later, limit=limit, calendar=calendar).at


@given(start=starts, unit=st.sampled_from(WORKING), amount=amounts, share=shares, calendar=calendars)
def test_a_work_limit_never_ends_when_nobody_works(
    start: datetime, unit: LimitUnit, amount: float, share: float, calendar: WorkCalendar
) -> None:
    limit = Limit(amount=amount, unit=unit)
    assert works(fraction(start=start, limit=limit, calendar=calendar, share=share).at, calendar)


@given(
    start=starts,
    unit=st.sampled_from(CONTINUOUS),
    amount=amounts,
    calendar=calendars,
    other=calendars,
    share=shares,
)
def test_continuous_limits_know_no_calendar(
    *,
    start: datetime,
    unit: LimitUnit,
    amount: float,
    calendar: WorkCalendar,
    other: WorkCalendar,
    share: float,
) -> None:
    limit = Limit(amount=amount, unit=unit)
    here = fraction(start=start, limit=limit, calendar=calendar, share=share)
    assert here == fraction(start=start, limit=limit, calendar=other, share=share)
    hours = {LimitUnit.MIN: 1 / 60, LimitUnit.UH: 1, LimitUnit.UD: 24}[unit]
    assert (here.at - start) / timedelta(hours=1) == pytest.approx(amount * share * hours, abs=1e-9)


@given(start=starts, first=st.integers(0, 3000), second=st.integers(1, 3000), calendar=calendars)
def test_work_hours_add_up(start: datetime, first: int, second: int, calendar: WorkCalendar) -> None:
    def after(moment: datetime, minutes: int) -> datetime:
        # Sixtieths of an hour are not exact in binary; whole microseconds are what is counted.
        return due(start=moment, limit=Limit(amount=minutes / 60, unit=LimitUnit.WH), calendar=calendar).at

    end = after(start, first + second)
    assert after(after(start, first), second) == end
    assert working_minutes(start=start, end=end, calendar=calendar) == first + second


@given(a=starts, b=starts, c=starts, calendar=calendars)
def test_working_minutes_add_up(a: datetime, b: datetime, c: datetime, calendar: WorkCalendar) -> None:
    def between(start: datetime, end: datetime) -> float:
        return working_minutes(start=start, end=end, calendar=calendar)

    assert between(a, b) + between(b, c) == pytest.approx(between(a, c), abs=1e-6)
    assert between(a, b) == -between(b, a)


@given(start=starts, amount=st.floats(0, 40), calendar=calendars)
def test_a_work_day_is_its_working_minutes(start: datetime, amount: float, calendar: WorkCalendar) -> None:
    assume(calendar.timezone == "Asia/Shanghai")  # clock changes make some days longer
    day = sum(closing - opening for opening, closing in calendar.periods)
    end = due(start=start, limit=Limit(amount=amount, unit=LimitUnit.WD), calendar=calendar).at
    assert working_minutes(start=start, end=end, calendar=calendar) == pytest.approx(amount * day, abs=1e-6)


@given(start=starts, unit=units, amount=st.floats(0.1, 40), share=shares, calendar=calendars)
def test_fraction_and_used_are_inverse(
    start: datetime, unit: LimitUnit, amount: float, share: float, calendar: WorkCalendar
) -> None:
    limit = Limit(amount=amount, unit=unit)
    at = fraction(start=start, limit=limit, calendar=calendar, share=share).at
    reached = used(start=start, now=at, limit=limit, calendar=calendar)
    # Not below, so that the timer that wakes at this moment finds its share used; and no
    # more above than the microsecond, unless clocks jumped over the moment asked for.
    assert reached >= share
    assert fraction(start=start, limit=limit, calendar=calendar, share=reached).at >= at
    if calendar.timezone == "Asia/Shanghai" or unit not in {LimitUnit.ND, LimitUnit.WD}:
        assert reached == pytest.approx(share, abs=1e-6)
    if at > start and share > 0:
        assert used(start=start, now=at - 2 * TICK, limit=limit, calendar=calendar) <= share


@given(start=starts, unit=units, amount=amounts, calendar=calendars)
def test_the_whole_fraction_is_the_limit(
    start: datetime, unit: LimitUnit, amount: float, calendar: WorkCalendar
) -> None:
    limit = Limit(amount=amount, unit=unit)
    end = due(start=start, limit=limit, calendar=calendar)
    assert fraction(start=start, limit=limit, calendar=calendar, share=1.0) == end
    twice = Limit(amount=round(amount), unit=unit)  # a whole number rounds nowhere
    assert fraction(start=start, limit=twice, calendar=calendar, share=2.0) == due(
        start=start, limit=twice.times(2), calendar=calendar
    )


@given(start=starts, now=starts, then=starts, unit=units, amount=st.floats(0.01, 40), calendar=calendars)
def test_what_is_used_grows_and_what_is_left_shrinks(
    *, start: datetime, now: datetime, then: datetime, unit: LimitUnit, amount: float, calendar: WorkCalendar
) -> None:
    limit = Limit(amount=amount, unit=unit)
    now, then = sorted([now, then])
    gone = [used(start=start, now=moment, limit=limit, calendar=calendar) for moment in (now, then)]
    left = [remaining(start=start, now=moment, limit=limit, calendar=calendar) for moment in (now, then)]
    assert 0 <= gone[0] <= gone[1]
    assert left[0] >= left[1]
    end = due(start=start, limit=limit, calendar=calendar).at
    assert (now >= end) <= (gone[0] >= 1)
    assert (now >= end) <= (left[0] <= 0)
    assert (left[0] < 0) <= (gone[0] >= 1)


class Oracle:
    """Walks the city's clock minute by minute, as slowly and plainly as possible."""

    def __init__(self, *, start: datetime, calendar: WorkCalendar) -> None:
        self.calendar = calendar
        self.zone = ZoneInfo(calendar.timezone)
        self.wall = datetime(1970, 1, 1)  # noqa: DTZ001 - what the clock on the wall shows
        for back in range(180, 0, -1):
            self.works(start - back * MINUTE)

    def works(self, moment: datetime) -> bool:
        """Tell whether the minute from ``moment`` works; moments must come in order."""
        # A clock put back stands still until it shows something new.
        self.wall = max(self.wall, moment.astimezone(self.zone).replace(tzinfo=None, fold=0))
        today, minute = self.wall.date(), self.wall.hour * 60 + self.wall.minute
        open_today = today in self.calendar.workdays or (
            today.isoweekday() not in self.calendar.weekend and today not in self.calendar.holidays
        )
        return open_today and any(opening <= minute < closing for opening, closing in self.calendar.periods)


whole_minutes = starts.map(lambda moment: moment.replace(second=0, microsecond=0))


@settings(max_examples=60)
@given(start=whole_minutes, minutes=st.integers(1, 900), calendar=calendars)
def test_work_hours_agree_with_counting_minutes(
    start: datetime, minutes: int, calendar: WorkCalendar
) -> None:
    end = due(start=start, limit=Limit(amount=minutes / 60, unit=LimitUnit.WH), calendar=calendar).at
    assume(end - start < timedelta(days=8))
    oracle, moment, counted = Oracle(start=start, calendar=calendar), start, 0
    while counted < minutes:
        counted += oracle.works(moment)
        moment += MINUTE
    assert end == moment


@settings(max_examples=60)
@given(start=whole_minutes, length=st.integers(0, 6000), calendar=calendars)
def test_working_minutes_agree_with_counting_minutes(
    start: datetime, length: int, calendar: WorkCalendar
) -> None:
    oracle = Oracle(start=start, calendar=calendar)
    counted = sum(oracle.works(start + n * MINUTE) for n in range(length))
    assert working_minutes(start=start, end=start + length * MINUTE, calendar=calendar) == counted


@settings(max_examples=60)
@given(start=whole_minutes, days=st.integers(1, 8))
def test_whole_work_days_agree_with_counting_days(start: datetime, days: int) -> None:
    zone = ZoneInfo(WUHAN.timezone)
    oracle, begin = Oracle(start=start, calendar=WUHAN), start
    if not oracle.works(start - MINUTE) and not oracle.works(start):
        while not oracle.works(begin):
            begin += MINUTE
    elif not oracle.works(start):
        assume(False)  # a start at a closing: by hand in test_clock_examples
    local = begin.astimezone(zone)
    left = days
    while left:
        local += timedelta(days=1)
        noon = local.replace(hour=9, minute=0)
        left -= Oracle(start=noon, calendar=WUHAN).works(noon)
    assert due(start=start, limit=Limit(amount=days, unit=LimitUnit.WD), calendar=WUHAN).at == local
