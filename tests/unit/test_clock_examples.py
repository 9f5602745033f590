"""Deadlines worked out by hand, with the fixtures of the domain report's §9.3."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from domain.clock import Due, UnableToKeepTime, due, fraction, remaining, used
from domain.limit import Limit, LimitUnit
from tests.unit.test_clock_calendars import WUHAN, at

# 2026-09-18 is a Friday, the 20th a make-up Sunday; 1-7 October are holidays, 8 October works.
BY_HAND = [
    ("2026-09-30 23:50", "2UH", "2026-10-01 01:50"),  # manhole cover missing, eve of National Day
    ("2026-09-11 17:30", "2UH", "2026-09-11 19:30"),  # 店外经营 on an ordinary Friday
    ("2026-09-11 17:30", "2WH", "2026-09-14 10:00"),  # ... and were it work hours: Monday
    ("2026-09-18 17:30", "2WH", "2026-09-20 10:00"),  # ... or the make-up Sunday
    ("2026-09-16 10:00", "5WD", "2026-09-22 10:00"),  # Thu, Fri, make-up Sun, Mon, Tue
    ("2026-09-30 10:00", "1WD", "2026-10-08 10:00"),  # over National Day
    ("2026-09-30 10:00", "3WD", "2026-10-10 10:00"),  # ends on the make-up Saturday
    ("2026-09-30 10:00", "1UD", "2026-10-01 10:00"),
    ("2026-09-30 10:00", "7ND", "2026-10-07 10:00"),
    ("2026-09-30 10:00", "0.5ND", "2026-09-30 22:00"),
    ("2026-09-30 10:00", "90MIN", "2026-09-30 11:30"),
    ("2026-09-12 15:00", "1WD", "2026-09-15 08:30"),  # Saturday's report starts on Monday
    ("2026-09-14 13:00", "1WD", "2026-09-15 14:00"),  # at lunch: starts at 14:00
    ("2026-09-14 07:00", "1WD", "2026-09-15 08:30"),
    ("2026-09-14 20:00", "1WD", "2026-09-16 08:30"),
    ("2026-09-14 12:00", "1WD", "2026-09-15 12:00"),  # the closing still works
    ("2026-09-14 18:00", "1WD", "2026-09-15 18:00"),
    ("2026-09-14 08:30", "1WD", "2026-09-15 08:30"),
    ("2026-09-14 10:00", "1.5WD", "2026-09-15 15:45"),  # half of 7.5 h: 2 h, lunch, 1 h 45
    ("2026-09-14 14:15", "0.5WD", "2026-09-14 18:00"),  # a remainder ends with the period
    ("2026-09-14 16:00", "2WH", "2026-09-14 18:00"),
    ("2026-09-14 10:00", "2WH", "2026-09-14 12:00"),
    ("2026-09-14 10:00", "2.5WH", "2026-09-14 14:30"),
    ("2026-09-14 18:00", "1WH", "2026-09-15 09:30"),
    ("2026-09-12 15:00", "0WH", "2026-09-14 08:30"),  # never at a moment that does not work
    ("2026-09-12 15:00", "0WD", "2026-09-14 08:30"),
    ("2026-09-12 15:00", "0UH", "2026-09-12 15:00"),
    ("2026-09-12 15:00", "0ND", "2026-09-12 15:00"),
]


@pytest.mark.parametrize(("start", "limit", "end"), BY_HAND)
def test_deadlines_by_hand(start: str, limit: str, end: str) -> None:
    found = due(start=at(start), limit=Limit.parse(limit), calendar=WUHAN)
    assert found == Due(at=at(end), crosses_unknown_year=False)
    assert found.at.tzinfo is UTC


@pytest.mark.parametrize(
    ("start", "limit", "end", "warned"),
    [
        ("2026-12-30 10:00", "1WD", "2026-12-31 10:00", False),
        ("2026-12-30 10:00", "2WD", "2027-01-01 10:00", True),  # not known to be a holiday
        ("2026-12-31 17:00", "1WH", "2026-12-31 18:00", False),
        ("2026-12-31 17:00", "2WH", "2027-01-01 09:30", True),
        ("2026-12-31 18:01", "0WH", "2027-01-01 08:30", True),
        ("2025-12-31 17:00", "1WH", "2025-12-31 18:00", True),
        ("2026-12-31 17:00", "2UH", "2026-12-31 19:00", False),
        ("2026-12-31 17:00", "15ND", "2027-01-15 17:00", False),
    ],
)
def test_a_work_limit_that_needs_an_unknown_year_says_so(
    start: str, limit: str, end: str, *, warned: bool
) -> None:
    found = due(start=at(start), limit=Limit.parse(limit), calendar=WUHAN)
    assert found == Due(at=at(end), crosses_unknown_year=warned)


@pytest.mark.parametrize(
    ("limit", "share", "end"),
    [
        ("4WH", 0.5, "2026-09-11 18:00"),
        ("4WH", 0.75, "2026-09-14 09:30"),
        ("4WH", 1.0, "2026-09-14 10:30"),
        ("4WH", 1.5, "2026-09-14 14:30"),
        ("5WD", 0.2, "2026-09-14 16:00"),
        ("5WD", 0.8, "2026-09-17 16:00"),
        ("5WD", 1.0, "2026-09-18 16:00"),
        ("5WD", 2.0, "2026-09-24 16:00"),  # the make-up Sunday counts
        ("2UH", 0.8, "2026-09-11 17:36"),
        ("7ND", 2.0, "2026-09-25 16:00"),
        ("7ND", 0.0, "2026-09-11 16:00"),
    ],
)
def test_shares_of_a_limit_by_hand(limit: str, share: float, end: str) -> None:
    start = at("2026-09-11 16:00")
    found = fraction(start=start, limit=Limit.parse(limit), calendar=WUHAN, share=share)
    assert found.at == at(end)
    assert used(start=start, now=found.at, limit=Limit.parse(limit), calendar=WUHAN) == share


@pytest.mark.parametrize(
    ("limit", "now", "share", "minutes"),
    [
        ("4WH", "2026-09-11 15:00", 0.0, 240.0),  # before the start
        ("4WH", "2026-09-11 17:00", 0.25, 180.0),
        ("4WH", "2026-09-12 12:00", 0.5, 120.0),  # the weekend stands still
        ("4WH", "2026-09-14 11:30", 1.25, -60.0),
        ("2WD", "2026-09-12 12:00", 120 / 900, 780.0),
        ("2WD", "2026-09-16 16:00", 1.5, -450.0),
        ("2UH", "2026-09-11 19:00", 1.5, -60.0),
        ("2ND", "2026-09-12 16:00", 0.5, 1440.0),
        ("30MIN", "2026-09-11 16:15", 0.5, 15.0),
    ],
)
def test_what_is_used_and_what_is_left_by_hand(limit: str, now: str, share: float, minutes: float) -> None:
    start, bound = at("2026-09-11 16:00"), Limit.parse(limit)
    assert used(start=start, now=at(now), limit=bound, calendar=WUHAN) == pytest.approx(share)
    assert remaining(start=start, now=at(now), limit=bound, calendar=WUHAN) == minutes


def test_a_limit_of_nothing_is_used_up_from_its_start() -> None:
    start, nothing = at("2026-09-11 16:00"), Limit.parse("0UH")
    before = start - timedelta(microseconds=1)
    assert used(start=start, now=before, limit=nothing, calendar=WUHAN) == 0.0
    assert used(start=start, now=start, limit=nothing, calendar=WUHAN) == 1.0
    assert used(start=start, now=at("2026-09-14 10:00"), limit=nothing, calendar=WUHAN) == 1.0


def test_the_zone_of_the_start_does_not_matter() -> None:
    start = at("2026-09-16 10:00")
    limit = Limit.parse("5WD")
    assert due(start=start.astimezone(UTC), limit=limit, calendar=WUHAN) == due(
        start=start, limit=limit, calendar=WUHAN
    )


@pytest.mark.parametrize("unit", list(LimitUnit))
@pytest.mark.parametrize("amount", [-1.0, math.inf, math.nan])
def test_an_amount_that_is_no_time_is_refused(unit: LimitUnit, amount: float) -> None:
    with pytest.raises(UnableToKeepTime, match="not an amount of time"):
        due(start=at("2026-09-16 10:00"), limit=Limit(amount=amount, unit=unit), calendar=WUHAN)


@pytest.mark.parametrize("unit", list(LimitUnit))
def test_a_limit_beyond_all_calendars_is_refused(unit: LimitUnit) -> None:
    with pytest.raises(UnableToKeepTime):
        due(start=at("2026-09-16 10:00"), limit=Limit(amount=1e12, unit=unit), calendar=WUHAN)


@pytest.mark.parametrize("unit", list(LimitUnit))
def test_a_start_without_a_zone_is_refused(unit: LimitUnit) -> None:
    naive = datetime(2026, 9, 16, 10)  # noqa: DTZ001 - the point of the test
    with pytest.raises(UnableToKeepTime, match="time zone"):
        due(start=naive, limit=Limit(amount=1, unit=unit), calendar=WUHAN)
