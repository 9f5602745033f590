"""A case nobody acts on climbs all five levels, at the very instants the simulator predicted."""

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from boot.hypothetical import Event, future_of
from boot.settings import Settings
from domain.case import CaseState, Fact, Outcome, Status
from domain.clock import is_working
from domain.escalation import LATE_TOLERANCE
from domain.place import Level, ReportedPlace
from domain.simulate import future
from store.engine import Store
from tests.integration.temporal_env import Desk, clock_at
from tests.unit.builders import GRID, LADDER, at, beginning, decision, limit, rules
from usecases.city import Grounds
from usecases.file_report import FileReport

pytestmark = pytest.mark.temporal

CLIMB = [Level.COMMUNITY.name, Level.STREET.name, Level.DISTRICT.name, Level.CITY.name]
BEFORE_HOLIDAYS = at("2026-09-28 15:00")
"""Three days before the National Day's week off."""
LON, LAT = 114.24759, 30.58163
"""Well inside a grid of Wuhan whose ladder has all five levels."""


def predicted(state: CaseState, *, until: datetime) -> list[Outcome]:
    return list(future(state=state, until=until))


def shape(fact: Fact) -> tuple[object, ...]:
    """What agrees between a prediction and what happened: everything, and the instant it answers."""
    return (fact.seq, fact.kind, fact.due, fact.data, fact.source, fact.target, fact.actor)


def agree(happened: tuple[Fact, ...], foretold: list[Fact]) -> None:
    """Compare facts: due at the very same instants, and carried out within what a slow server may take."""
    assert [shape(fact) for fact in happened] == [shape(fact) for fact in foretold]
    for fact, said in zip(happened, foretold, strict=True):
        assert timedelta(0) <= fact.at - said.at < LATE_TOLERANCE, (
            f"{fact.kind} {fact.at} instead of {said.at}"
        )


async def play(desk: Desk, state: CaseState, outcomes: list[Outcome]) -> list[CaseState]:
    """Let time go by to each predicted instant; return the workflow's state each time."""
    return [await desk.until(state.case_no, outcome.facts[-1].at) for outcome in outcomes]


def check_climb(states: list[CaseState], outcomes: list[Outcome], *, owner: str) -> None:
    """Compare state by state: one owner, a supervisor more with each level, no deadline behind."""
    for state, outcome in zip(states, outcomes, strict=True):
        assert state == outcome.state
        assert state.owner == owner
        assert state.status is Status.DISPATCHED
        assert state.next_due is not None
    counts = [len(state.supervisors) for state in states]
    assert all(0 <= more - less <= 1 for less, more in itertools.pairwise(counts))
    assert all(owner not in state.supervisors for state in states)


@pytest.mark.parametrize(
    ("severity", "start"),
    [(3, BEFORE_HOLIDAYS), (2, at("2026-10-01 23:50"))],
    ids=["normal over a holiday", "urgent at night in a holiday"],
)
async def test_nobody_signs_in(
    temporal_env: WorkflowEnvironment, store: Store, wuhan: Grounds, severity: int, start: datetime
) -> None:
    desk = Desk(env=temporal_env, store=store, grounds=wuhan, clock=clock_at(start))
    lead = decision(lead=GRID, level=Level.GRID, severity=severity, limit=limit("20ND"))
    async with desk.worker():
        state = await desk.start(
            beginning(severity, start=start, decision=lead, rules=rules(severity, ladder=LADDER))
        )
        outcomes = predicted(state, until=start + timedelta(days=14))[:14]
        states = await play(desk, state, outcomes)
    check_climb(states, outcomes, owner=GRID)
    told = desk.told(state.case_no)
    facts = tuple(fact for fact in told.facts if fact.seq > state.seq)
    agree(facts, [fact for outcome in outcomes for fact in outcome.facts])
    assert [fact.data["level"] for fact in facts if fact.kind == "escalated"] == CLIMB
    assert told.case.supervisors == tuple(rung.unit for rung in reversed(LADDER) if rung.unit != GRID)
    before = [fact.due - LATE_TOLERANCE for fact in facts if fact.due is not None]
    working = {is_working(moment=moment, calendar=state.rules.calendar) for moment in before}
    assert working == ({True} if severity > 2 else {False})
    timers = [name for name in await desk.events(state.case_no) if name == "TIMER_FIRED"]
    assert len(timers) == len(outcomes)


@pytest.mark.parametrize("severity", [None, 2])
async def test_a_report_in_wuhan_climbs_as_simulate_printed(
    temporal_env: WorkflowEnvironment,
    store: Store,
    wuhan: Grounds,
    wuhan_settings: Settings,
    severity: int | None,
) -> None:
    start = BEFORE_HOLIDAYS
    event = Event(
        lon=LON, lat=LAT, address=None, category="E0110", condition=None, severity=severity, channel="hotline",
        at=start.isoformat(), tags=(),
    )  # fmt: skip
    _, printed = future_of(settings=wuhan_settings, event=event, within=timedelta(days=14))
    first, outcomes = printed[0], printed[1:15]
    desk = Desk(env=temporal_env, store=store, grounds=wuhan, clock=clock_at(start))
    desk.city = replace(desk.city, now=lambda: start)
    async with desk.worker():
        case_no = await _filed(desk, severity)
        desk.city = replace(desk.city, now=desk.now)
        states = await play(desk, await desk.state(case_no), outcomes)
    told = desk.told(case_no)
    assert told.case.supervisors == outcomes[-1].state.supervisors
    assert {state.owner for state in states} == {first.state.owner}
    assert [state.deadlines for state in states] == [outcome.state.deadlines for outcome in outcomes]
    agree(told.facts[len(first.facts) :], [fact for outcome in outcomes for fact in outcome.facts])
    if severity is None:
        assert [fact.data["level"] for fact in told.facts if fact.kind == "escalated"] == CLIMB


async def _filed(desk: Desk, severity: int | None) -> str:
    """File a report as the API does and start its case as the relay does."""
    place = ReportedPlace(lon=LON, lat=LAT)
    ask = FileReport(
        channel="hotline", description="垃圾堆放", category="E0110", place=place, severity=severity
    )
    case_no = await desk.filed(ask)
    await desk.relay()
    return case_no
