"""Figures are what one gets by looking at every case: over random cases, on both databases."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from domain.board import Dimension, Period, Tally
from domain.case import SETTLED, Fact, Status
from domain.figures import Counter
from domain.place import Level
from domain.views import CaseFilter, CaseView, Record
from store.engine import Store
from store.figures import FigureFilter
from tests.integration.store_samples import NOW, case_no, fact, view

LEFT = {"answered", "refused", "transferred_out", "merged", "cancelled"}
WEEK = Period(start=NOW - timedelta(days=7), end=NOW)
Life = tuple[CaseView, tuple[Fact, ...]]

hours = st.integers(-240, 30).map(lambda n: NOW + timedelta(hours=n))
maybe = st.none() | hours


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """Draw a case, and the facts that figures look at."""
    status = draw(st.sampled_from([one.value for one in Status]))
    settled_by_closing = status in ("closed", "visiting", "evaluated", "archived")
    received = draw(st.integers(-300, 0).map(lambda n: NOW + timedelta(hours=n)))
    dispatched = draw(maybe)
    case = view(
        0,
        status=status,
        severity=draw(st.integers(1, 4)),
        exercise=draw(st.sampled_from([False, False, False, True])),
        district=draw(st.sampled_from(["d1", "d2", None])),
        owner=draw(st.sampled_from(["u1", "u2", ""])),
        category=draw(st.sampled_from(["H-1", "H-2"])),
        received_at=received,
        filed_at=draw(maybe),
        dispatched_at=dispatched,
        signed_in_at=draw(maybe),
        contacted_at=draw(maybe),
        submitted_at=draw(maybe),
        handling_due=draw(maybe),
        total_due=draw(maybe),
        closed_at=draw(hours) if settled_by_closing else None,
        exempt=draw(st.sampled_from([(), (), ("overdue",), ("grade",), ("overdue", "grade")])),
    )
    facts: list[Fact] = []
    if status in LEFT:
        facts.append(fact(1, kind=status, at=draw(hours), data={}))
    for kind in draw(st.lists(st.sampled_from(["duty_called", "contact_late", "overdue"]), max_size=3)):
        facts.append(fact(len(facts) + 2, kind=kind, at=draw(hours), data={}))
    for _ in range(draw(st.integers(0, 3))):
        said = {
            "report": draw(st.sampled_from(["r1", "r2"])),
            "solved": draw(st.sampled_from([None, True, False])),
            "grade": draw(st.sampled_from([None, 1, 2, 3, 5])),
        }
        facts.append(fact(len(facts) + 2, kind="visited", at=draw(hours), data=said))
    return case, tuple(facts)


def was_in_hand(case: CaseView, facts: Sequence[Fact], at: datetime) -> bool:
    if case.received_at > at:
        return False
    if case.status not in {one.value for one in SETTLED}:
        return True
    if case.closed_at is not None:
        return case.closed_at > at
    return any(one.kind in LEFT and one.at > at for one in facts)


def clock_ran(case: CaseView, facts: Sequence[Fact], at: datetime) -> bool:
    submitted = case.submitted_at is not None and case.submitted_at <= at
    return was_in_hand(case, facts, at) and not submitted and case.status != "suspended"


def within(moment: datetime | None, period: Period) -> bool:
    return moment is not None and period.start < moment <= period.end


def of_moment(life: Life, at: datetime) -> Iterable[Counter]:
    case, facts = life
    if was_in_hand(case, facts, at):
        yield Counter.IN_HAND
        if case.severity <= 2:
            yield Counter.URGENT
        if case.status == "suspended":
            yield Counter.SUSPENDED
    if clock_ran(case, facts, at) and case.handling_due is not None:
        if case.handling_due < at:
            yield Counter.OVERDUE
        elif case.handling_due < at + timedelta(hours=2):
            yield Counter.BREACHING


def of_closing(life: Life, period: Period) -> Iterable[Counter]:
    case, _ = life
    if case.filed_at is None or case.status in LEFT | {"suspended"}:
        return
    closed, due = case.closed_at, case.total_due
    early = closed is not None and (due is None or closed < due)
    if within(closed if early else due, period):
        yield Counter.DUE
        if closed is not None and closed <= period.end:
            yield Counter.CLOSED
            if due is None or closed <= due or "overdue" in case.exempt:
                yield Counter.CLOSED_ON_TIME


def of_clocks(life: Life, period: Period) -> Iterable[Counter]:
    case, facts = life
    given_at = case.dispatched_at
    if given_at is None or not within(given_at, period):
        return
    for kind, done, of, in_time in (
        ("duty_called", case.signed_in_at, Counter.SIGN_INS, Counter.SIGNED_ON_TIME),
        ("contact_late", case.contacted_at, Counter.CONTACTS, Counter.CONTACTED_ON_TIME),
    ):
        late = any(one.kind == kind and one.at >= given_at and within(one.at, period) for one in facts)
        is_done = done is not None and done <= period.end
        if is_done or late:
            yield of
        if is_done and not late:
            yield in_time


def of_visits(life: Life, period: Period) -> Iterable[Counter]:
    case, facts = life
    last: dict[Any, Fact] = {}
    for one in facts:
        answered = one.data.get("solved") is not None or one.data.get("grade") is not None
        if one.kind == "visited" and within(one.at, period) and answered:
            last[one.data["report"]] = one
    for one in last.values():
        solved, grade = one.data["solved"], one.data["grade"]
        if solved is not None:
            yield Counter.ASKED
        if solved is True:
            yield Counter.SOLVED
        if grade is not None and "grade" not in case.exempt:
            yield Counter.GRADED
            if int(str(grade)) >= 3:
                yield Counter.SATISFIED


def looked_at_one_by_one(all_lives: Sequence[Life], period: Period, which: Any) -> dict[Counter, int]:
    found: dict[Counter, int] = {}
    for life in all_lives:
        if not which(life[0]):
            continue
        received = [Counter.RECEIVED] if within(life[0].received_at, period) else []
        parts = (of_closing(life, period), of_clocks(life, period), of_visits(life, period))
        for counter in [*of_moment(life, period.end), *received, *(one for part in parts for one in part)]:
            found[counter] = found.get(counter, 0) + 1
    return found


def plain(tally: Tally) -> dict[Counter, int]:
    return {counter: n for counter in Counter if (n := tally.total[counter])}


@pytest.fixture
def mine() -> list[Life]:
    """Return the cases that examples left behind in the store: it is the same for all of them."""
    return []


def keep(store: Store, drawn: Sequence[Life], first: int) -> list[Life]:
    numbered = [
        (replace(case, case_no=case_no(first + n), reports=()), facts)
        for n, (case, facts) in enumerate(drawn)
    ]
    store.record_many(
        records=[(Record(view=case, facts=facts, notices=()), None) for case, facts in numbered]
    )
    return numbered


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(lives(), min_size=4, max_size=24))
def test_figures_are_what_looking_at_every_case_gives(
    store: Store, mine: list[Life], drawn: list[Life]
) -> None:
    mine += keep(store, drawn, len(mine))
    for period in (WEEK, WEEK.earlier(timedelta(days=2))):
        for which, has in (
            (FigureFilter(), lambda case: not case.exercise),
            (FigureFilter(exercise=True), lambda case: case.exercise),
            (
                FigureFilter(where=CaseFilter(district="d1", severity=2)),
                lambda case: not case.exercise and case.district == "d1" and case.severity == 2,
            ),
        ):
            tally = store.tally(which=which, period=period)
            assert plain(tally) == looked_at_one_by_one(mine, period, has)


def test_every_dimension_adds_up_to_the_same(store: Store) -> None:
    kept = [
        view(n, district=f"d{n % 3}", owner=f"u{n % 5}", severity=1 + n % 4, level=2 + n % 3)
        for n in range(30)
    ]
    store.record_many(records=[(Record(view=one, facts=(), notices=()), None) for one in kept])
    tally = store.tally(which=FigureFilter(), period=WEEK)
    sums = {
        dimension: sum(counts[Counter.IN_HAND] for counts in tally.by[dimension].values())
        for dimension in Dimension
    }
    assert set(sums.values()) == {30}
    assert {code: counts[Counter.IN_HAND] for code, counts in tally.by[Dimension.DISTRICT].items()} == {
        "d0": 10, "d1": 10, "d2": 10
    }  # fmt: skip


def test_a_trend_counts_each_step_once_and_its_end_in_the_last(store: Store) -> None:
    day = Period(start=NOW - timedelta(days=1), end=NOW)
    hours_ago = (0, 1, 1, 5, 23, 24, 30)
    made = [
        view(n, received_at=NOW - timedelta(hours=ago), closed_at=None) for n, ago in enumerate(hours_ago)
    ]
    made[3] = replace(made[3], status="closed", closed_at=NOW - timedelta(minutes=1))
    late = fact(1, kind="overdue", at=NOW - timedelta(hours=2, minutes=30), data={})
    store.record_many(
        records=[
            (Record(view=one, facts=(late,) if n == 4 else (), notices=()), None)
            for n, one in enumerate(made)
        ]
    )
    trend = store.trend(which=FigureFilter(), period=day, steps=24)
    assert [one.received for one in trend] == [0, 1, *[0] * 17, 1, 0, 0, 0, 3]
    assert [n for n, one in enumerate(trend) if one.closed] == [23]
    assert [n for n, one in enumerate(trend) if one.overdue] == [21]
    assert trend[0].start == day.start


def test_the_lists_of_a_board(store: Store) -> None:
    cases = [
        view(
            n,
            handling_due=NOW - timedelta(hours=n),
            received_at=NOW - timedelta(days=1, hours=n),
            lon=114.27,
            lat=30.6,
        )
        for n in range(4)
    ]
    cases[2] = replace(cases[2], status="suspended", lon=114.9)
    cases[3] = replace(cases[3], severity=1, lon=114.2704)
    up = fact(
        2, kind="escalated", at=NOW - timedelta(hours=1),
        data={"trigger": "E4", "from_level": "STREET", "level": "DISTRICT", "supervisor": "district-1"},
    )  # fmt: skip
    store.record_many(
        records=[
            (Record(view=one, facts=(up,) if n == 3 else (), notices=()), None) for n, one in enumerate(cases)
        ]
    )
    which = FigureFilter()
    assert [one.case_no for one in store.oldest_overdue(which=which, now=NOW, limit=9)] == [
        case_no(3),
        case_no(1),
    ]
    assert [one.case_no for one in store.newest(which=which, limit=2)] == [case_no(0), case_no(1)]
    climbs = store.climbing(which=which, since=NOW - timedelta(days=1), limit=9)
    assert [(one.case_no, one.trigger, one.level, one.supervisor) for one in climbs] == [
        (case_no(3), "E4", Level.DISTRICT, "district-1")
    ]
    assert store.climbing(which=which, since=NOW, limit=9) == ()
    spots = store.hotspots(which=which, now=NOW, limit=9)
    assert [(one.lon, one.lat, one.cases, one.severity) for one in spots] == [
        (114.27, 30.6, 3, 1), (114.9, 30.6, 1, 3)
    ]  # fmt: skip


def test_a_board_asks_the_same_few_statements_whatever_there_is(store: Store) -> None:
    said: list[str] = []
    event.listen(store._engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    for first, count in ((0, 3), (3, 60)):
        some = [view(first + n, received_at=NOW) for n in range(count)]
        store.record_many(records=[(Record(view=one, facts=(), notices=()), None) for one in some])
        said.clear()
        store.tally(which=FigureFilter(), period=WEEK)
        store.trend(which=FigureFilter(), period=WEEK, steps=28)
        assert len([one for one in said if one.lstrip().upper().startswith(("SELECT", "WITH"))]) == 6
