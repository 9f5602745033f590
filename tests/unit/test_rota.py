"""Somebody, and only one, has every shift; what replaces them wins; the clocks may change in the night."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.place import Level
from domain.rota import (
    MINUTES,
    WEEK_MINUTES,
    Override,
    Rota,
    Shift,
    Turn,
    covers,
    gaps,
    on_duty,
    rota_of,
    spans,
    stints,
    windows,
)

ZONE = "Europe/Berlin"
"""A zone that changes its clocks, on 29 March and 25 October 2026 among others."""
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
MONDAY = date(2026, 1, 5)


def local(text: str, zone: str = ZONE, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def shift(**changes: object) -> Shift:
    given: dict[str, object] = {
        "name": "day", "days": EVERY_DAY, "hours": (480, 1200), "people": ("wang", "li"), "since": MONDAY,
        "turn": Turn.DAILY, "handoff": 480,
    }  # fmt: skip
    return Shift(**(given | changes))  # type: ignore[arg-type]


ROUND_THE_CLOCK = Rota(
    timezone=ZONE,
    unit="u",
    shifts=(
        shift(),
        shift(
            name="night", hours=(1200, 480), people=("zhao", "qian", "sun"), turn=Turn.WEEKLY, handoff=1200
        ),
    ),
)

people = st.lists(st.sampled_from(["wang", "li", "zhao", "qian"]), min_size=0, max_size=3, unique=True)
minutes = st.integers(0, MINUTES - 1)
shifts = st.builds(
    Shift,
    name=st.just("s"),
    days=st.lists(st.integers(1, 7), min_size=1, unique=True).map(lambda days: tuple(sorted(days))),
    hours=st.tuples(minutes, st.integers(0, MINUTES)),
    people=people.map(tuple),
    since=st.dates(date(2025, 1, 1), date(2027, 1, 1)),
    turn=st.sampled_from(Turn),
    handoff=minutes,
    handoff_day=st.integers(1, 7),
)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001


shares = st.floats(0, 0.999)
"""How far into a span: nearer to its end the share of a minute would be rounded to the end itself."""


@st.composite
def spans_of_time(draw: st.DrawFn, *, days: int = 40) -> tuple[datetime, datetime]:
    start = draw(instants)
    return start, start + timedelta(minutes=draw(st.integers(1, days * MINUTES)))


@st.composite
def overrides(draw: st.DrawFn) -> Override:
    starts, ends = draw(spans_of_time())
    who = st.none() | st.sampled_from(["wang", "li", "chen"])
    return Override(starts=starts, ends=ends, replaces=draw(who), by=draw(who))


rotas = st.builds(
    Rota,
    timezone=st.sampled_from([ZONE, "Asia/Shanghai", "America/New_York"]),
    unit=st.just("u"),
    shifts=st.lists(shifts, min_size=1, max_size=3).map(tuple),
    overrides=st.lists(overrides(), max_size=3).map(tuple),
)


@given(rota=rotas, span=spans_of_time())
def test_stints_cover_a_span_without_hole_or_overlap(rota: Rota, span: tuple[datetime, datetime]) -> None:
    found = stints(rota=rota, starts=span[0], ends=span[1])
    assert (found[0].starts, found[-1].ends) == span
    assert all(before.ends == after.starts for before, after in pairwise(found))
    assert all(before.who != after.who for before, after in pairwise(found))
    assert all(stint.starts < stint.ends for stint in found)


@given(rota=rotas, span=spans_of_time(), share=shares)
def test_one_person_at_most_has_the_duty_at_any_moment_and_the_stint_says_who(
    rota: Rota, span: tuple[datetime, datetime], share: float
) -> None:
    at = span[0] + (span[1] - span[0]) * share
    holding = [s for s in stints(rota=rota, starts=span[0], ends=span[1]) if s.starts <= at < s.ends]
    assert [stint.who for stint in holding] == [on_duty(rota=rota, at=at)]


@given(rota=rotas, span=spans_of_time())
def test_gaps_and_covered_stints_are_the_whole_span(rota: Rota, span: tuple[datetime, datetime]) -> None:
    every = stints(rota=rota, starts=span[0], ends=span[1])
    empty = gaps(rota=rota, starts=span[0], ends=span[1])
    covered = sum((s.ends - s.starts for s in every if s.who is not None), timedelta())
    missing = sum((s.ends - s.starts for s in empty), timedelta())
    assert covered + missing == span[1] - span[0]


@given(rota=rotas, override=overrides(), share=shares)
def test_the_last_override_wins_inside_and_changes_nothing_outside(
    rota: Rota, override: Override, share: float
) -> None:
    after = Rota(timezone=rota.timezone, unit="u", shifts=rota.shifts, overrides=(*rota.overrides, override))
    inside = override.starts + (override.ends - override.starts) * share
    before = on_duty(rota=rota, at=inside)
    hit = override.replaces in (None, before)
    assert on_duty(rota=after, at=inside) == (override.by if hit else before)
    for outside in (override.starts - timedelta(seconds=1), override.ends):
        assert on_duty(rota=after, at=outside) == on_duty(rota=rota, at=outside)


@given(rota=rotas, at=instants)
def test_the_weeks_windows_are_when_a_shift_has_somebody(rota: Rota, at: datetime) -> None:
    plain = Rota(timezone=rota.timezone, unit="u", shifts=rota.shifts)
    found = windows(plain)
    assert all(0 <= start < end <= WEEK_MINUTES for start, end in found)
    assert all(before[1] < after[0] for before, after in pairwise(found))
    assert covers(windows=found, at=at, timezone=plain.timezone) == (on_duty(rota=plain, at=at) is not None)


@given(one=shifts)
def test_a_shifts_spans_of_the_week_are_as_long_as_its_days(one: Shift) -> None:
    assert sum(end - start for start, end in spans(one)) == one.minutes * len(one.days)


@given(at=instants)
def test_two_shifts_round_the_clock_leave_no_gap_whatever_the_clocks_do(at: datetime) -> None:
    assert on_duty(rota=ROUND_THE_CLOCK, at=at) is not None


def test_a_year_with_two_changes_of_clocks_has_no_gap() -> None:
    starts = local("2026-01-01 00:00")
    assert gaps(rota=ROUND_THE_CLOCK, starts=starts, ends=starts + timedelta(days=365)) == ()


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-01-05 08:00", "wang"),
        ("2026-01-05 19:59", "wang"),
        ("2026-01-05 20:00", "zhao"),
        ("2026-01-06 07:59", "zhao"),
        ("2026-01-06 08:00", "li"),
        ("2026-01-07 08:00", "wang"),
        ("2026-01-12 07:59", "zhao"),  # the night that began on Sunday is still the first week's
        ("2026-01-12 20:00", "qian"),
        ("2026-01-19 20:00", "sun"),
        ("2026-01-26 20:00", "zhao"),
        ("2026-01-04 12:00", "li"),  # before the first turn the order runs backwards
    ],
)
def test_people_take_turns_by_day_and_by_week(at: str, who: str) -> None:
    assert on_duty(rota=ROUND_THE_CLOCK, at=local(at)) == who


def test_a_night_shift_is_an_hour_shorter_in_spring_and_longer_in_autumn() -> None:
    def night(day: str) -> timedelta:
        starts = local(f"{day} 20:00")
        found = stints(rota=ROUND_THE_CLOCK, starts=starts, ends=starts + timedelta(days=1))
        return found[0].ends - found[0].starts

    assert night("2026-03-27") == timedelta(hours=12)
    assert night("2026-03-28") == timedelta(hours=11)
    assert night("2026-10-24") == timedelta(hours=13)


def test_a_handoff_in_the_hour_that_is_read_twice_happens_once() -> None:
    rota = Rota(timezone=ZONE, unit="u", shifts=(shift(hours=(0, MINUTES), handoff=150),))
    starts = local("2026-10-24 12:00")
    found = stints(rota=rota, starts=starts, ends=starts + timedelta(days=1))
    assert [stint.starts for stint in found[1:]] == [local("2026-10-25 02:30")]


def test_a_handoff_in_the_hour_that_is_skipped_happens_at_the_change() -> None:
    rota = Rota(timezone=ZONE, unit="u", shifts=(shift(hours=(0, MINUTES), handoff=150),))
    starts = local("2026-03-28 12:00")
    found = stints(rota=rota, starts=starts, ends=starts + timedelta(days=1))
    assert [stint.starts for stint in found[1:]] == [datetime(2026, 3, 29, 1, tzinfo=UTC)]


def test_overrides_follow_each_other() -> None:
    starts, ends = local("2026-01-05 00:00"), local("2026-01-07 00:00")
    first = Override(starts=starts, ends=ends, replaces="wang", by="chen")
    second = Override(starts=starts, ends=ends, replaces="chen", by=None)
    rota = Rota(timezone=ZONE, unit="u", shifts=ROUND_THE_CLOCK.shifts, overrides=(first, second))
    assert on_duty(rota=rota, at=local("2026-01-05 12:00")) is None
    assert on_duty(rota=rota, at=local("2026-01-05 22:00")) == "zhao"
    assert on_duty(rota=rota, at=local("2026-01-06 12:00")) == "li"


def test_a_unit_has_its_own_rota_before_that_of_its_kind() -> None:
    template = Rota(
        timezone=ZONE, kind="COMMAND", level=Level.STREET, shifts=(shift(people=("{unit}-1", "{unit}-2")),)
    )
    own = Rota(timezone=ZONE, unit="s2", shifts=(shift(),))
    rotas_ = (template, own)
    assert rota_of(rotas=rotas_, unit="s1", kind="COMMAND", level=Level.STREET) is template
    assert rota_of(rotas=rotas_, unit="s2", kind="COMMAND", level=Level.STREET) is own
    assert rota_of(rotas=rotas_, unit="d1", kind="COMMAND", level=Level.DISTRICT) is None
    assert on_duty(rota=template, at=local("2026-01-05 12:00"), unit="s1") == "s1-1"
