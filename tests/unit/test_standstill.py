"""Clocks that stand still: what was left is what is left, in every unit and across every holiday."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.clock import due, remaining, used, works_on
from domain.limit import Limit, LimitUnit
from domain.standstill import AT_LEAST, between, carried, shifted_start
from tests.unit.builders import CALENDAR, CITY_TIME, at, limit

YEAR = at("2026-01-05 00:00")
WORKING = (LimitUnit.WH, LimitUnit.WD)
moments = st.integers(0, 350 * 24 * 60).map(lambda minutes: YEAR + timedelta(minutes=minutes))
limits = st.sampled_from(["30MIN", "4UH", "2UD", "4WH", "10WH", "2WD", "5WD", "1.5WD", "15ND"]).map(limit)
stretches = st.integers(1, 200 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


def stopped(start: datetime, amount: Limit, share: float) -> datetime:
    """Return a moment within the limit at which its clock is stopped."""
    end = due(start=start, limit=amount, calendar=CALENDAR).at
    return start + (end - start) * share


@given(start=moments, amount=limits, share=st.floats(0, 0.999), stretch=stretches)
def test_what_was_left_is_what_is_left(
    start: datetime, amount: Limit, share: float, stretch: timedelta
) -> None:
    since = stopped(start, amount, share)
    now = since + stretch
    moved = shifted_start(start=start, since=since, now=now, limit=amount, calendar=CALENDAR)

    before = remaining(start=start, now=since, limit=amount, calendar=CALENDAR)
    assert abs(remaining(start=moved, now=now, limit=amount, calendar=CALENDAR) - before) < 1e-6
    assert start <= moved <= now


@given(start=moments, amount=limits, share=st.floats(0, 0.999), stretch=stretches, mark=st.floats(0, 3))
def test_every_mark_of_the_limit_keeps_its_distance(
    start: datetime, amount: Limit, share: float, stretch: timedelta, mark: float
) -> None:
    since = stopped(start, amount, share)
    now = since + stretch
    moved = shifted_start(start=start, since=since, now=now, limit=amount, calendar=CALENDAR)
    spent = used(start=start, now=since, limit=amount, calendar=CALENDAR)

    was = due(start=start, limit=amount.times(mark), calendar=CALENDAR).at
    became = due(start=moved, limit=amount.times(mark), calendar=CALENDAR).at
    assert became >= was - timedelta(milliseconds=1), "never earlier"
    if mark > spent + 1e-6:
        assert became > now, "what lay ahead lies ahead"


@given(start=moments, amount=limits, share=st.floats(0, 0.999), stretch=stretches)
def test_a_deadline_carried_on_is_where_the_moved_start_puts_it(
    start: datetime, amount: Limit, share: float, stretch: timedelta
) -> None:
    since = stopped(start, amount, share)
    now = since + stretch
    end = due(start=start, limit=amount, calendar=CALENDAR).at
    left = between(start=since, end=end, unit=amount.unit, calendar=CALENDAR)
    carried_on = carried(at=end, since=since, now=now, unit=amount.unit, calendar=CALENDAR)

    assert carried_on > now
    assert carried_on >= end
    if left.amount * 60 > 1e-3:
        moved = shifted_start(start=start, since=since, now=now, limit=amount, calendar=CALENDAR)
        expected = max(end, due(start=moved, limit=amount, calendar=CALENDAR).at)
        # The end of a period and the next opening are the same on a clock that only runs at work.
        early, late = sorted((carried_on, expected))
        assert between(start=early, end=late, unit=amount.unit, calendar=CALENDAR).amount < 1e-8
    if amount.unit in WORKING and left.amount:
        assert works_on(day=carried_on.astimezone(CITY_TIME).date(), calendar=CALENDAR)


def test_four_hours_left_before_the_holidays_are_four_hours_after_them() -> None:
    start, since, now = at("2026-09-30 10:00"), at("2026-09-30 15:00"), at("2026-10-04 12:00")
    end = due(start=start, limit=limit("7WH"), calendar=CALENDAR).at
    assert end == at("2026-10-08 09:30")
    assert carried(at=end, since=since, now=now, unit=LimitUnit.WH, calendar=CALENDAR) == at(
        "2026-10-08 14:30"
    )


def test_where_no_working_time_was_left_there_is_a_minute() -> None:
    # Reported on a Saturday, one working day is Tuesday's opening: stopped on Monday evening.
    end = due(start=at("2026-09-12 10:00"), limit=limit("1WD"), calendar=CALENDAR).at
    assert end == at("2026-09-15 08:30")
    since, now = at("2026-09-14 20:00"), at("2026-09-16 10:00")
    assert carried(at=end, since=since, now=now, unit=LimitUnit.WD, calendar=CALENDAR) == now + AT_LEAST
