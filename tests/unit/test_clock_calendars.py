"""The calendars of the clock's tests, and that they say what the State Council's notice says."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import WorkCalendar
from domain.clock import UnableToKeepTime, due, is_working, working_minutes, works_on
from domain.limit import Limit


def days_of_2026(*texts: str) -> frozenset[date]:
    return frozenset(date.fromisoformat(f"2026-{text}") for text in texts)


# Week days off and make-up days (调休) of 2026: New Year 1-3 January, Spring Festival
# 15-23 February, Qingming 4-6 April, Labour Day 1-5 May, Dragon Boat 19-21 June,
# Mid-Autumn 25-27 September, National Day 1-7 October.
WUHAN = WorkCalendar(
    timezone="Asia/Shanghai",
    periods=((8 * 60 + 30, 12 * 60), (14 * 60, 18 * 60)),
    holidays=days_of_2026(
        *("01-01", "01-02", "02-16", "02-17", "02-18", "02-19", "02-20", "02-23", "04-06", "05-01"),
        *("05-04", "05-05", "06-19", "09-25", "10-01", "10-02", "10-05", "10-06", "10-07"),
    ),
    workdays=days_of_2026("01-04", "02-14", "02-28", "05-09", "09-20", "10-10"),
    known_years=(2026,),
)
NEW_YORK = WorkCalendar(
    timezone="America/New_York",
    periods=((9 * 60, 17 * 60),),
    holidays=days_of_2026("01-01", "07-03", "11-26", "12-25"),
    known_years=(2026,),
)


def at(text: str, calendar: WorkCalendar = WUHAN, *, fold: int = 0) -> datetime:
    """Return the local moment ``2026-09-30 23:50`` of the calendar's city."""
    naive = datetime.fromisoformat(text)
    return naive.replace(tzinfo=ZoneInfo(calendar.timezone), fold=fold)


def test_2026_has_248_working_days() -> None:
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert sum(works_on(day=day, calendar=WUHAN) for day in year) == 248


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-09-18", True),  # Friday
        ("2026-09-19", False),  # Saturday
        ("2026-09-20", True),  # make-up Sunday
        ("2026-09-25", False),  # Mid-Autumn, a Friday
        ("2026-10-07", False),  # National Day week, a Wednesday
        ("2026-10-10", True),  # make-up Saturday
    ],
)
def test_holidays_rest_and_make_up_days_work(day: str, works: bool) -> None:
    assert works_on(day=date.fromisoformat(day), calendar=WUHAN) is works


def test_a_make_up_day_wins_over_a_holiday_of_the_same_date() -> None:
    both = WorkCalendar(
        timezone="Asia/Shanghai",
        periods=((540, 1020),),
        holidays=days_of_2026("09-20"),
        workdays=days_of_2026("09-20"),
    )
    assert works_on(day=date(2026, 9, 20), calendar=both)


@pytest.mark.parametrize(
    ("moment", "works"),
    [
        ("2026-09-20 08:29:59", False),
        ("2026-09-20 08:30", True),
        ("2026-09-20 12:00", False),
        ("2026-09-20 13:00", False),
        ("2026-09-20 17:59:59", True),
        ("2026-09-20 18:00", False),
        ("2026-09-19 10:00", False),
        ("2026-01-01 00:00", False),
    ],
)
def test_the_opening_works_and_the_closing_does_not(moment: str, works: bool) -> None:
    assert is_working(moment=at(moment), calendar=WUHAN) is works


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-09-18 17:30", "2026-09-20 09:00", 60.0),  # Friday to the make-up Sunday
        ("2026-09-30 17:00", "2026-10-08 09:00", 90.0),  # over National Day
        ("2026-12-31 17:00", "2027-01-01 09:00", 90.0),  # 2027 is not known: the weekday rule
        ("2026-10-01 00:00", "2026-10-08 00:00", 0.0),
        ("2026-01-01 00:00", "2027-01-01 00:00", 248 * 450.0),
    ],
)
def test_working_minutes_count_what_is_worked(start: str, end: str, minutes: float) -> None:
    assert working_minutes(start=at(start), end=at(end), calendar=WUHAN) == minutes
    assert working_minutes(start=at(end), end=at(start), calendar=WUHAN) == -minutes


@pytest.mark.parametrize(
    "periods",
    [
        ((720, 510),),
        ((510, 510),),
        ((510, 720), (700, 1080)),
        ((840, 1080), (510, 720)),
        ((-10, 720),),
        ((510, 1441),),
    ],
)
def test_periods_that_make_no_day_are_refused(periods: tuple[tuple[int, int], ...]) -> None:
    broken = WorkCalendar(timezone="Asia/Shanghai", periods=periods)
    with pytest.raises(UnableToKeepTime, match="periods must ascend"):
        due(start=at("2026-09-18 10:00"), limit=Limit.parse("1WH"), calendar=broken)


def test_a_city_that_never_works_is_refused_instead_of_searched_for_ever() -> None:
    start = datetime(2026, 9, 18, 10, tzinfo=UTC)
    never = WorkCalendar(timezone="Asia/Shanghai", periods=((540, 1020),), weekend=(1, 2, 3, 4, 5, 6, 7))
    with pytest.raises(UnableToKeepTime, match="within 100 years"):
        due(start=start, limit=Limit.parse("1WH"), calendar=never)
    closed = WorkCalendar(timezone="Asia/Shanghai", periods=())
    with pytest.raises(UnableToKeepTime, match="without working periods"):
        due(start=start, limit=Limit.parse("1WD"), calendar=closed)


def test_an_unknown_time_zone_is_refused() -> None:
    nowhere = WorkCalendar(timezone="Asia/Atlantis", periods=((540, 1020),))
    with pytest.raises(UnableToKeepTime, match="Asia/Atlantis"):
        due(start=datetime(2026, 9, 18, 10, tzinfo=UTC), limit=Limit.parse("1WD"), calendar=nowhere)
