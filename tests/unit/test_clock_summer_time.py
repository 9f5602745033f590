"""Cities that change their clocks: skipped and repeated local times.

New York goes forward on 2026-03-08 (02:00 -> 03:00) and back on 2026-11-01 (02:00 -> 01:00),
both Sundays; Lord Howe Island changes by half an hour; Samoa skipped 2011-12-30 altogether.
"""

from datetime import UTC, datetime, timedelta

import pytest

from domain.calendar import WorkCalendar
from domain.clock import due, is_working, remaining, used, working_minutes
from domain.limit import Limit
from tests.unit.test_clock_calendars import NEW_YORK, at

ROUND_THE_CLOCK = WorkCalendar(
    timezone="America/New_York", periods=((0, 1440),), weekend=(), known_years=(2026,)
)
NIGHT = WorkCalendar(
    timezone="America/New_York", periods=((0, 90), (90, 150), (1320, 1440)), weekend=(), known_years=(2026,)
)


@pytest.mark.parametrize(
    ("calendar", "start", "limit", "end"),
    [
        (NEW_YORK, "2026-03-06 16:00", "2WH", "2026-03-09 10:00"),  # office hours never notice
        (NEW_YORK, "2026-03-06 16:00", "1WD", "2026-03-09 16:00"),
        (NEW_YORK, "2026-10-30 16:00", "1WD", "2026-11-02 16:00"),
        (NEW_YORK, "2026-03-07 16:00", "1ND", "2026-03-08 16:00"),  # 23 hours
        (NEW_YORK, "2026-03-07 16:00", "1UD", "2026-03-08 17:00"),  # 24 hours
        (NEW_YORK, "2026-10-31 16:00", "1ND", "2026-11-01 16:00"),  # 25 hours
        (NEW_YORK, "2026-10-31 16:00", "24UH", "2026-11-01 15:00"),
        (NEW_YORK, "2026-03-07 02:30", "1ND", "2026-03-08 03:00"),  # 02:30 does not exist
        (NEW_YORK, "2026-03-07 02:30", "2ND", "2026-03-09 02:30"),
        (NEW_YORK, "2026-10-31 01:30", "1ND", "2026-11-01 01:30"),  # the first 01:30
        (ROUND_THE_CLOCK, "2026-03-08 01:00", "2WH", "2026-03-08 04:00"),  # real time elapsed
        (ROUND_THE_CLOCK, "2026-11-01 00:00", "4WH", "2026-11-01 03:00"),
        (ROUND_THE_CLOCK, "2026-03-07 12:00", "1WD", "2026-03-08 12:00"),  # the wall's day
        (ROUND_THE_CLOCK, "2026-10-31 12:00", "1WD", "2026-11-01 12:00"),
        (ROUND_THE_CLOCK, "2026-03-07 02:30", "1WD", "2026-03-08 03:00"),
        (NIGHT, "2026-03-08 01:30", "1WH", "2026-03-08 22:30"),  # half of 01:30-02:30 is skipped
    ],
)
def test_deadlines_over_a_clock_change(calendar: WorkCalendar, start: str, limit: str, end: str) -> None:
    found = due(start=at(start, calendar), limit=Limit.parse(limit), calendar=calendar)
    # Python calls an ambiguous time unequal to any of another zone, so both are compared in UTC.
    assert found.at == at(end, calendar).astimezone(UTC)


def test_work_hours_run_through_the_repeated_hour() -> None:
    start = at("2026-11-01 01:00", NIGHT)
    for limit, end in (("1WH", "06:00"), ("2WH", "07:00"), ("2.5WH", "07:30"), ("3WH", "03:30+1")):
        clock, _, next_day = end.partition("+")
        expected = datetime.fromisoformat(f"2026-11-0{2 if next_day else 1} {clock}").replace(tzinfo=UTC)
        assert due(start=start, limit=Limit.parse(limit), calendar=NIGHT).at == expected


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23.0), ("2026-11-01", 25.0), ("2026-07-01", 24.0)])
def test_a_day_round_the_clock_has_the_hours_that_elapse(day: str, hours: float) -> None:
    start = at(day, ROUND_THE_CLOCK)
    end = at(day, ROUND_THE_CLOCK) + timedelta(days=1)  # wall arithmetic: the next local midnight
    assert working_minutes(start=start, end=end, calendar=ROUND_THE_CLOCK) == hours * 60


@pytest.mark.parametrize("limit", ["1ND", "1WD"])
def test_a_start_in_the_second_pass_of_the_repeated_hour_counts_as_its_end(limit: str) -> None:
    first = at("2026-11-01 01:59", ROUND_THE_CLOCK)
    second = at("2026-11-01 01:01", ROUND_THE_CLOCK, fold=1)  # two minutes later
    bound = Limit.parse(limit)
    assert due(start=first, limit=bound, calendar=ROUND_THE_CLOCK).at == at(
        "2026-11-02 01:59", ROUND_THE_CLOCK
    )
    assert due(start=second, limit=bound, calendar=ROUND_THE_CLOCK).at == at(
        "2026-11-02 02:00", ROUND_THE_CLOCK
    )


def test_a_day_s_clock_stands_still_in_the_second_pass() -> None:
    start, limit = at("2026-10-31 02:00", ROUND_THE_CLOCK), Limit.parse("1ND")
    for minute in (0, 30, 59):
        now = at(f"2026-11-01 01:{minute:02}", ROUND_THE_CLOCK, fold=1)
        assert used(start=start, now=now, limit=limit, calendar=ROUND_THE_CLOCK) == 1.0
    first = at("2026-11-01 01:30", ROUND_THE_CLOCK)
    assert used(start=start, now=first, limit=limit, calendar=ROUND_THE_CLOCK) == 23.5 / 24


@pytest.mark.parametrize(("start", "now"), [("2026-03-07", "2026-03-08"), ("2026-10-31", "2026-11-01")])
def test_a_work_day_over_a_clock_change_is_one_work_day(start: str, now: str) -> None:
    limit = Limit.parse("2WD")
    begin, noon = at(f"{start} 12:00", ROUND_THE_CLOCK), at(f"{now} 12:00", ROUND_THE_CLOCK)
    assert used(start=begin, now=noon, limit=limit, calendar=ROUND_THE_CLOCK) == 0.5
    assert remaining(start=begin, now=noon, limit=limit, calendar=ROUND_THE_CLOCK) == 1440.0


def test_the_edges_of_periods_mean_the_first_pass() -> None:
    early = WorkCalendar(timezone="America/New_York", periods=((60, 90),), weekend=())
    assert is_working(moment=at("2026-11-01 01:15", early), calendar=early)
    assert not is_working(moment=at("2026-11-01 01:15", early, fold=1), calendar=early)


def test_a_period_that_clocks_skip_is_not_worked() -> None:
    skipped = WorkCalendar(
        timezone="America/New_York",
        periods=((125, 145), (150, 170), (600, 660)),
        weekend=(),
        known_years=(2026,),
    )
    start = at("2026-03-07 02:10", skipped)
    for limit, end in (("1WD", "2026-03-08 10:00"), ("2WD", "2026-03-09 02:10"), ("2WH", "2026-03-08 10:25")):
        assert due(start=start, limit=Limit.parse(limit), calendar=skipped).at == at(end, skipped)
    assert working_minutes(start=start, end=at("2026-03-08 10:00", skipped), calendar=skipped) == 95.0


def test_half_an_hour_of_summer_time() -> None:
    island = WorkCalendar(timezone="Australia/Lord_Howe", periods=((0, 1440),), weekend=())
    midnight = at("2026-04-05", island)  # back by 30 minutes at 02:00
    assert working_minutes(start=midnight, end=midnight + timedelta(days=1), calendar=island) == 24.5 * 60
    half_past = at("2026-04-05 01:45", island, fold=1)
    assert due(start=half_past, limit=Limit.parse("1ND"), calendar=island).at == at(
        "2026-04-06 02:00", island
    )


def test_a_day_that_never_was() -> None:
    apia = WorkCalendar(timezone="Pacific/Apia", periods=((480, 1020),))
    start = at("2011-12-29 10:00", apia)  # Thursday; there was no Friday
    assert due(start=start, limit=Limit.parse("1ND"), calendar=apia).at == at("2011-12-31 00:00", apia)
    assert due(start=start, limit=Limit.parse("8WH"), calendar=apia).at == at("2012-01-02 09:00", apia)
    assert due(start=start, limit=Limit.parse("1WD"), calendar=apia).at == at("2012-01-02 08:00", apia)
