"""Forty reports and three alarms about one underpass become one event, whoever looks, however often (E8)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from boot.channels import renderer_of
from boot.relay import Relay
from boot.settings import Settings
from domain.case import Status
from domain.messages import CloseCase, CloseKind, SignIn, SubmitResult
from domain.place import Level, ReportedPlace
from domain.views import CaseFilter, CaseView
from store.engine import Store, open_store
from store.rows import OutboxKind
from store.tables import bursts
from tests.integration.temporal_env import Desk, eventually
from tests.unit.builders import CITY, MONDAY, handler, supervisor
from tests.unit.scenes_joint import child_begin, number_of
from usecases.bursts import look
from usecases.file_report import FileReport

UNDERPASS = (114.2716, 30.5806)
STEP = 0.0002
"""Some twenty metres: further apart than what is merged at once, one event all the same."""
OWED = (
    OutboxKind.START_CASE,
    OutboxKind.START_CHILD,
    OutboxKind.LOOK_FOR_BURST,
    OutboxKind.DELIVER_COMMAND,
)


@asynccontextmanager
async def relaying(desk: Desk, *stores: Store) -> AsyncIterator[None]:
    """Run a relay for each store: several are several processes on one database."""
    stop = asyncio.Event()
    relays = [
        Relay(
            city=replace(desk.city, store=store), channels={}, renderer=renderer_of(Settings()), public_url=""
        )
        for store in stores
    ]
    for n, relay in enumerate(relays):
        relay.name = f"relay-{n}"
    running = [asyncio.create_task(relay.run(stop)) for relay in relays]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*running)


def report(n: int, *, category: str = "E0506", channel: str = "console", **changes: object) -> FileReport:
    """Return the n-th report about the underpass: ten places, as callers see it from all sides."""
    lon, lat = UNDERPASS
    place = ReportedPlace(lon=lon + STEP * (n % 10), lat=lat)
    given: dict[str, object] = {"category": category, "channel": channel, "place": place} | changes
    return FileReport(description=f"water in the underpass, call {n}", **given)  # type: ignore[arg-type]


async def quiet(desk: Desk) -> None:
    """Wait until nothing is owed any more."""

    async def nothing() -> bool:
        return desk.store.pending(kinds=OWED) == 0

    await eventually(nothing)


def all_cases(desk: Desk) -> tuple[CaseView, ...]:
    return desk.store.list_cases(where=CaseFilter(), limit=200, cursor=None).cases


def parents(desk: Desk) -> list[CaseView]:
    return [view for view in all_cases(desk) if not view.reports]


def rows(store: Store) -> int:
    with store._engine.connect() as connection:
        return len(connection.execute(select(bursts)).all())


@pytest.mark.temporal
async def test_forty_reports_and_three_alarms_are_one_event(desk: Desk, database_url: str) -> None:
    second = open_store(database_url)
    with desk.env.with_time_skipping_disabled():
        async with relaying(desk, desk.store, second):
            for n in range(40):
                await desk.filed(report(n))
            for n in range(3):
                await desk.filed(report(3 * n, category="S-FLD-01", channel="sensor"))
            await quiet(desk)
    (parent,) = parents(desk)
    assert rows(desk.store) == 1
    views = {view.case_no: view for view in all_cases(desk)}
    reported = [view for view in views.values() if view.reports]
    merged = [view for view in reported if view.status == Status.MERGED]
    children = [view for view in reported if view.status != Status.MERGED]
    assert len(reported) == 43
    assert {view.parent for view in children} == {parent.case_no}
    assert {views[view.master or ""].parent for view in merged} == {parent.case_no}
    known = {child.case_no: child for child in parent.aspects.children}
    assert set(known) == {view.case_no for view in children}
    assert not any(child.mandatory for child in known.values())
    assert {no: child.owner for no, child in known.items()} == {view.case_no: view.owner for view in children}
    assert parent.severity == min(view.severity for view in reported)
    assert parent.category == "E0506"
    assert parent.level <= Level.DISTRICT
    assert (parent.street, parent.lon is not None) == (children[0].street, True)
    facts = Counter(fact.kind for fact in desk.told(parent.case_no).facts)
    assert (facts["burst"], facts["child_joined"]) == (1, len(children))
    second.close()


async def ended(desk: Desk, case_no: str) -> None:
    """Let the district drain the underpass, and close the case."""
    owner = desk.told(case_no).case.owner
    await desk.send(case_no, SignIn, by=handler(owner), assignee="zhang")
    await desk.send(case_no, SubmitResult, by=handler(owner), result="pumped out")
    await desk.send(case_no, CloseCase, by=supervisor(CITY), close_kind=CloseKind.FORCED, reason="dry again")


@pytest.mark.temporal
async def test_too_few_reports_are_no_event_and_those_of_a_drill_are_their_own(desk: Desk) -> None:
    with desk.env.with_time_skipping_disabled():
        async with relaying(desk, desk.store):
            for n in range(7):
                await desk.filed(report(n))
            for n in range(7):
                await desk.filed(report(n, exercise=True))
            await quiet(desk)
            assert parents(desk) == []
            await desk.filed(report(8, exercise=True))
            await quiet(desk)
    (drill,) = parents(desk)
    assert drill.exercise
    assert all(view.exercise == (view.parent is not None) for view in all_cases(desk) if view.reports)


@pytest.mark.temporal
async def test_a_report_at_the_events_own_point_is_about_one_of_its_cases(desk: Desk) -> None:
    with desk.env.with_time_skipping_disabled():
        async with relaying(desk, desk.store):
            for n in range(8):
                await desk.filed(report(n))
            await quiet(desk)
            (parent,) = parents(desk)
            here = ReportedPlace(lon=parent.lon, lat=parent.lat)
            said = [await desk.filed(report(n, place=here)) for n in range(3)]
            await quiet(desk)
    (event,) = parents(desk)
    assert event.case_no == parent.case_no
    for case_no in said:
        case = desk.told(case_no).case
        assert (case.status, case.master is not None) == (Status.MERGED, True)
        assert case.master != event.case_no


@pytest.mark.temporal
async def test_a_look_broken_off_is_made_again_and_a_new_burst_has_a_new_event(desk: Desk) -> None:
    with desk.env.with_time_skipping_disabled():
        for n in range(8):
            await desk.filed(report(n))
        await desk.relay()
        looks = desk.store.claim(
            kinds=(OutboxKind.LOOK_FOR_BURST,), limit=99, now=desk.now(), worker="dies", lease_s=0.0
        )
        case_no = looks[0].case_no
        first = look(city=desk.city, case_no=case_no, rule="road-water")
        assert first is not None
        assert look(city=desk.city, case_no=case_no, rule="road-water", again=True) == first
        assert len(parents(desk)) == 1
        async with relaying(desk, desk.store):
            await quiet(desk)
            (parent,) = parents(desk)
            assert len(parent.aspects.children) == 8
            await ended(desk, first)
            await desk.filed(report(9))
            await quiet(desk)
            assert len(parents(desk)) == 1, "the reports of before belong to what has ended"
            for n in range(8):
                beside = ReportedPlace(lon=UNDERPASS[0] + STEP * n, lat=UNDERPASS[1] + STEP)
                await desk.filed(report(n, place=beside))
            await quiet(desk)
    assert len(parents(desk)) == 2
    assert rows(desk.store) == 1


def test_two_who_open_a_burst_at_once_open_one(store: Store, database_url: str) -> None:
    other = open_store(database_url)
    both = (store, other)

    def opening(n: int) -> bool:
        return both[n % 2].open_burst(
            key="road-water:s1", instead_of=None, begin=child_begin(n), at=MONDAY + timedelta(seconds=n)
        )

    with ThreadPoolExecutor(4) as threads:
        won = list(threads.map(opening, range(1, 9)))
    assert won.count(True) == 1
    parent = store.burst_parent(key="road-water:s1")
    assert parent is not None
    assert parent.case_no == number_of(won.index(True) + 1)
    begun = [store.case(case_no=number_of(n)) for n in range(1, 9)]
    assert [view is not None for view in begun] == won, "who lost has left nothing behind"
    assert store.pending(kinds=(OutboxKind.START_CHILD,)) == 1
    assert not store.open_burst(key="road-water:s1", instead_of="x", begin=child_begin(20), at=MONDAY)
    assert store.open_burst(key="road-water:s1", instead_of=parent.case_no, begin=child_begin(21), at=MONDAY)
    other.close()
