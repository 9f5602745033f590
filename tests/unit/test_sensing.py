"""Readings and what they mean: limits with hysteresis, hold and N of M, rates, faults, flapping, silence."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf, nan

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.device import AlarmLimit, Device, DeviceProfile, LevelDirection, ServiceState, Trip
from domain.sensing import (
    Sense,
    Sensed,
    Watch,
    fall_silent,
    fault_over,
    faulty,
    heard,
    maker_says,
    observe,
    resets,
    trips,
)

START = datetime(2026, 7, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DEEP = AlarmLimit(severity=3, trip=Trip.ABOVE, value=15, reset=10, condition="deep")
CLOSE = AlarmLimit(severity=1, trip=Trip.ABOVE, value=27, reset=24, condition="close")
Reading = tuple[float, float]


def profile(*limits: AlarmLimit, **more: object) -> DeviceProfile:
    plain = DeviceProfile(
        id="p", name_zh="水位计", name_en="Level", category="S-FLD-01", hazard="water", limits=limits
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def fold(kind: DeviceProfile, *readings: Reading, watch: Watch | None = None) -> tuple[Watch, list[Sensed]]:
    """Fold (minute, value) readings in."""
    known = watch or Watch()
    said: list[Sensed] = []
    for minute, value in readings:
        at = START + minute * MINUTE
        known, found = observe(profile=kind, limits=kind.limits, watch=known, at=at, value=value)
        said += found
    return known, said


def senses(said: Sequence[Sensed]) -> list[str]:
    return [one.sense.value for one in said]


def test_the_worst_limit_that_is_tripped_counts() -> None:
    _, said = fold(profile(DEEP, CLOSE), (0, 5), (1, 16), (2, 30), (3, 20), (4, 12), (5, 10))
    assert [(one.sense.value, one.severity, one.condition, one.value) for one in said] == [
        ("raised", 3, "deep", 16),
        ("worse", 1, "close", 30),
        ("milder", 3, "deep", 20),
        ("back_in_band", None, None, 10),
    ]


def test_between_reset_and_value_nothing_changes() -> None:
    _, said = fold(profile(DEEP), (0, 15), (1, 14), (2, 15.5), (3, 10.1), (4, 14.9))
    assert senses(said) == ["raised"]


def test_a_limit_must_be_held_and_a_dip_to_reset_begins_anew() -> None:
    held = replace(DEEP, hold=5 * MINUTE)
    _, said = fold(profile(held), (0, 16), (3, 16), (4, 9), (5, 16), (9, 12), (10, 12), (11, 15), (12, 12))
    assert [(one.sense.value, one.at - START) for one in said] == [("raised", 11 * MINUTE)]


def test_n_of_the_last_m_readings() -> None:
    limit = replace(DEEP, samples=3, of=5)
    _, said = fold(profile(limit), (0, 16), (1, 9), (2, 16), (3, 9), (4, 9), (5, 16), (6, 16))
    assert [(one.sense.value, one.at - START) for one in said] == [("raised", 6 * MINUTE)]


@pytest.mark.parametrize(("trip", "sign"), [(Trip.RISE, 1), (Trip.FALL, -1)])
def test_rates_are_per_minute(trip: Trip, sign: int) -> None:
    kind = profile(AlarmLimit(severity=2, trip=trip, value=2, reset=0.5))
    steps = ((0, 100), (10, 110), (11, 112), (12, 113), (14, 114), (15, 114))
    _, said = fold(kind, *((minute, sign * value) for minute, value in steps))
    assert [(one.sense.value, one.at - START) for one in said] == [
        ("raised", 11 * MINUTE),
        ("back_in_band", 14 * MINUTE),
    ]


def test_two_readings_of_one_instant_have_no_rate_of_their_own() -> None:
    kind = profile(AlarmLimit(severity=2, trip=Trip.RISE, value=3, reset=1))
    _, said = fold(kind, (0, 1), (1, 2), (1, 4.5))
    assert [(one.sense.value, one.value) for one in said] == [("raised", 4.5)]


@pytest.mark.parametrize("value", [-1, 401, nan, inf])
def test_what_cannot_be_is_a_fault_and_no_alarm(value: float) -> None:
    kind = profile(DEEP, lowest=0, highest=400)
    watch, said = fold(kind, (0, 16), (1, value), (2, value), (3, 16), (4, 1))
    assert senses(said) == ["raised", "fault", "fault_over", "back_in_band"]
    assert said[1].reason == "out_of_range"
    assert watch.fault == ""
    assert fold(kind, (0, value))[0].severity is None


def test_a_fault_of_another_kind_is_not_ended_by_a_plausible_reading() -> None:
    watch, said = faulty(watch=Watch(), at=START, reason="clock")
    assert senses(said) == ["fault"]
    watch, later = fold(profile(DEEP), (1, 5), watch=watch)
    assert later == []
    assert watch.fault == "clock"
    assert senses(fault_over(watch=watch, at=START, reason="clock")[1]) == ["fault_over"]


def test_flapping_is_said_once_and_steady_when_calm() -> None:
    kind = profile(DEEP, flaps=2, flap_window=30 * MINUTE)
    flips = [(minute, 20.0 if minute % 2 else 1.0) for minute in range(9)]
    watch, said = fold(kind, *flips, (20, 1), (37.9, 1), (38, 1))
    assert senses(said).count("flapping") == 1
    assert senses(said)[:4] == ["raised", "back_in_band", "raised", "flapping"]
    assert (said[-1].sense, said[-1].at) == (Sense.STEADY, START + 38 * MINUTE)
    assert watch.changes == ()
    assert "flapping" not in senses(fold(replace(kind, flaps=0), *flips)[1])


def test_silence_and_being_heard_again_are_said_once() -> None:
    watch, first = fall_silent(watch=Watch(), at=START)
    watch, second = fall_silent(watch=watch, at=START)
    assert (senses(first), second) == (["silent"], ())
    watch, third = heard(watch=watch, at=START + MINUTE)
    watch, fourth = heard(watch=watch, at=START)
    assert (senses(third), fourth) == (["heard_again"], ())
    assert watch.heard_at == START + MINUTE
    silent, _ = fall_silent(watch=watch, at=START)
    assert senses(fold(profile(DEEP), (2, 20), watch=silent)[1]) == ["heard_again", "raised"]


@pytest.mark.parametrize(
    ("direction", "levels", "wanted"),
    [
        (LevelDirection.ONE_IS_MILDEST, 2, {1: 2, 2: 1}),  # GB/T 50493: the first level is the mild one
        (LevelDirection.ONE_IS_MILDEST, 3, {1: 3, 2: 2, 3: 1}),  # bridges: 超限三级 is the worst
        (LevelDirection.ONE_IS_WORST, 4, {1: 1, 2: 2, 3: 3, 4: 4}),  # emergency law
        (LevelDirection.ONE_IS_MILDEST, 6, {1: 4, 3: 4, 4: 3, 6: 1}),
        (LevelDirection.ONE_IS_WORST, 6, {1: 1, 6: 4}),
        (LevelDirection.ONE_IS_MILDEST, 2, {0: None, 3: 1, -1: 1}),  # none; nobody declared these
        (LevelDirection.ONE_IS_WORST, 0, {1: 1}),
    ],
)
def test_a_makers_levels(direction: LevelDirection, levels: int, wanted: dict[int, int | None]) -> None:
    kind = profile(levels=levels, direction=direction)
    assert {level: kind.severity_of_level(level) for level in wanted} == wanted
    for level, severity in wanted.items():
        watch, _ = maker_says(profile=kind, watch=Watch(), at=START, level=level)
        assert watch.severity == severity


@pytest.mark.parametrize(
    ("level", "severity", "wanted"),
    [
        (1, 1, 2),  # the source's table says 1, but of this detector the first level is the mild one
        (2, 2, 1),
        (0, 1, None),
        (4, 3, 3),  # no level of the detector: the source's table knows better than nobody
        (None, 3, 3),
        (4, None, 1),
    ],
)
def test_a_declared_level_is_read_in_its_own_direction_whatever_the_source_makes_of_it(
    level: int | None, severity: int | None, wanted: int | None
) -> None:
    kind = profile(levels=2, direction=LevelDirection.ONE_IS_MILDEST)
    watch, _ = maker_says(profile=kind, watch=Watch(), at=START, level=level, severity=severity)
    assert watch.maker == wanted
    plain = profile()
    watch, _ = maker_says(profile=plain, watch=Watch(), at=START, level=1, severity=3)
    assert watch.maker == 3


def test_a_makers_word_and_our_limit_are_one_alarm_of_the_worse() -> None:
    kind = profile(DEEP, CLOSE, levels=3, direction=LevelDirection.ONE_IS_MILDEST, condition="maker")
    watch, said = maker_says(profile=kind, limits=kind.limits, watch=Watch(), at=START, level=2)
    assert [(one.sense.value, one.severity, one.condition) for one in said] == [("raised", 2, "maker")]
    watch, said_later = fold(kind, (1, 30), (2, 1), watch=watch)
    assert [(one.sense.value, one.severity) for one in said_later] == [("worse", 1), ("milder", 2)]
    late, nothing = maker_says(profile=kind, watch=watch, at=START - MINUTE, level=None)
    assert (late, nothing) == (replace(watch, late=1), ())
    watch, said = maker_says(profile=kind, watch=watch, at=START + 3 * MINUTE, level=None)
    assert senses(said) == ["back_in_band"]
    watch, said = maker_says(profile=kind, watch=watch, at=START + 4 * MINUTE, level=None, severity=4)
    assert [(one.sense.value, one.severity) for one in said] == [("raised", 4), ("flapping", 4)]


def test_when_it_will_have_been_silent_for_too_long() -> None:
    kind = profile(heartbeat=10 * MINUTE, misses=3)
    device = Device(source="s", code="c", profile="p", lon=114, lat=30)
    assert device.silent_at(profile=kind, heard_at=START) == START + 30 * MINUTE
    own = replace(device, heartbeat=MINUTE)
    assert own.silent_at(profile=kind, heard_at=START) == START + 3 * MINUTE
    for never in (
        replace(device, heartbeat=timedelta()),
        replace(device, service=ServiceState.OUT_OF_SERVICE),
    ):
        assert never.silent_at(profile=kind, heard_at=START) is None


# The same rules, told over the whole list of readings at once.


def _measures(limit: AlarmLimit, readings: list[Reading]) -> list[float | None]:
    if limit.trip in {Trip.ABOVE, Trip.BELOW}:
        return [value for _, value in readings]
    steps = pairwise(readings)
    return [None, *((after - before) / (end - begin) for (begin, before), (end, after) in steps)]


def _in_alarm(limit: AlarmLimit, readings: list[Reading]) -> list[bool]:
    """For each reading: since the last reset there was one where the limit had been held and reached often enough."""
    measures = _measures(limit, readings)
    reached = [trips(limit=limit, value=one) for one in measures]
    cleared = [resets(limit=limit, value=one) for one in measures]
    found = []
    for now in range(len(readings)):
        begun = max((place + 1 for place in range(now + 1) if cleared[place]), default=0)
        first = next((place for place in range(begun, now + 1) if reached[place]), None)
        found.append(
            first is not None
            and any(
                (readings[place][0] - readings[first][0]) * MINUTE >= limit.hold
                and sum(reached[max(0, place - limit.of + 1) : place + 1]) >= limit.samples
                for place in range(first, now + 1)
            )
        )
    return found


@st.composite
def _limits(draw: st.DrawFn) -> AlarmLimit:
    trip = draw(st.sampled_from(Trip))
    value, gap = draw(st.integers(1, 6)), draw(st.integers(0, 3))
    of = draw(st.integers(1, 4))
    return AlarmLimit(
        severity=draw(st.integers(1, 4)),
        trip=trip,
        value=value,
        reset=value + gap if trip is Trip.BELOW else value - gap,
        hold=draw(st.integers(0, 4)) * MINUTE,
        samples=draw(st.integers(1, of)),
        of=of,
    )


_READINGS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 8)), max_size=25, unique_by=lambda one: one[0]
)


@settings(max_examples=300)
@given(st.lists(_limits(), max_size=3), _READINGS)
@example([DEEP], [(0, 15), (1, 10), (2, 15)])
def test_folding_is_what_the_whole_list_says(limits: list[AlarmLimit], taken: list[tuple[int, int]]) -> None:
    readings: list[Reading] = [(float(at), float(value)) for at, value in sorted(taken)]
    kind = profile(*limits)
    whole = [_in_alarm(limit, readings) for limit in limits]
    watch, before = Watch(), None
    for place, reading in enumerate(readings):
        watch, said = fold(kind, reading, watch=watch)
        worst = min(
            (limit.severity for limit, alarm in zip(limits, whole, strict=True) if alarm[place]), default=None
        )
        assert watch.severity == worst
        assert (watch.severity is None) == (not watch.held)
        changed = [one for one in said if one.sense not in {Sense.FLAPPING, Sense.STEADY}]
        assert len(changed) == (worst != before)
        assert len(watch.recent) <= 5
        assert len(watch.tripped) <= len(limits)
        assert len(watch.changes) <= kind.flaps + 1
        before = worst


@given(_READINGS, st.lists(st.tuples(st.floats(0.01, 59.9), st.integers(0, 40)), max_size=5), st.randoms())
def test_late_readings_change_nothing_in_any_order(
    taken: list[tuple[int, int]], late: list[tuple[float, int]], dice: object
) -> None:
    kind = profile(DEEP, CLOSE, replace(DEEP, trip=Trip.RISE, value=2, reset=1))
    watch, _ = fold(kind, *((float(at), float(value) * 4) for at, value in sorted(taken)), (61, 5))
    dice.shuffle(late)  # type: ignore[attr-defined]
    after, said = fold(kind, *late, watch=watch)
    assert said == []
    assert after == replace(watch, late=len(late))


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 40)), max_size=20))
def test_a_reading_told_twice_is_one(taken: list[tuple[int, int]]) -> None:
    kind = profile(replace(DEEP, samples=2, of=3), CLOSE)
    readings = [(float(at), float(value)) for at, value in sorted(taken)]
    twice = [one for one in readings for _ in range(2)]
    assert fold(kind, *twice) == fold(kind, *readings)
