"""The city's own time: the same as the machine's, except in a demonstration."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clock import UnableToKeepTime, city_time, real_time
from domain.policy import CityClock

moments = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=UTC)
)
origins = st.floats(1e9, 2e9)
NOON = datetime(2026, 9, 18, 4, tzinfo=UTC)


@given(moment=moments)
def test_the_default_clock_changes_nothing(moment: datetime) -> None:
    assert city_time(CityClock(), moment) == moment
    assert real_time(CityClock(), moment) == moment


def test_a_demonstration_plays_a_minute_in_a_second() -> None:
    clock = CityClock(origin=NOON.timestamp(), city_origin=NOON.timestamp() + 86400, speed=60.0)
    assert city_time(clock, NOON) == NOON + timedelta(days=1)
    assert city_time(clock, NOON + timedelta(seconds=1)) == NOON + timedelta(days=1, minutes=1)
    assert city_time(clock, NOON - timedelta(seconds=1)) == NOON + timedelta(days=1, minutes=-1)
    assert real_time(clock, NOON + timedelta(days=1, hours=1)) == NOON + timedelta(minutes=1)


@given(origin=origins, city_origin=origins, speed=st.integers(1, 10_000), real=moments)
def test_there_and_back_is_exact(origin: float, city_origin: float, speed: int, real: datetime) -> None:
    near = datetime.fromtimestamp(origin, UTC) + (real - datetime(2030, 1, 1, tzinfo=UTC)) / 1000
    clock = CityClock(origin=origin, city_origin=city_origin, speed=float(speed))
    assert real_time(clock, city_time(clock, near)) == near


@given(origin=origins, city_origin=origins, speed=st.floats(0.01, 10_000), city=moments)
def test_a_timer_never_wakes_before_the_city_s_deadline(
    origin: float, city_origin: float, speed: float, city: datetime
) -> None:
    clock = CityClock(origin=origin, city_origin=city_origin, speed=speed)
    near = datetime.fromtimestamp(city_origin, UTC) + (city - datetime(2030, 1, 1, tzinfo=UTC)) / 1000
    wake = real_time(clock, near)
    assert city_time(clock, wake) >= near
    assert city_time(clock, wake - timedelta(microseconds=1)) < near


@pytest.mark.parametrize("speed", [0.0, -1.0, math.inf, math.nan])
def test_a_clock_that_does_not_run_forwards_is_refused(speed: float) -> None:
    with pytest.raises(UnableToKeepTime, match="forwards"):
        city_time(CityClock(speed=speed), NOON)


def test_an_origin_that_is_no_time_is_refused() -> None:
    with pytest.raises(UnableToKeepTime, match="POSIX"):
        real_time(CityClock(origin=math.nan), NOON)


def test_a_city_s_time_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(UnableToKeepTime, match="years"):
        city_time(CityClock(speed=1e9), NOON)
