"""A joint case of twenty children on a real server: short histories, a worker killed in the middle, nothing lost or twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment

from activities.reconcile import Reconciler
from boot.channels import renderer_of
from boot.relay import Relay
from boot.settings import Settings
from domain.actor import Actor
from domain.case import CaseState, Status
from domain.errors import CommandRefused, RefusalCode
from domain.identifiers import RANDOM_BITS, number
from domain.messages import CancelCase, CloseCase, Command, SignIn, SubmitResult
from domain.messages_command import JoinParent, OpenChild, SeeChildren
from domain.views import CaseFilter, CaseView
from store.engine import Store
from store.rows import OutboxKind
from tests.integration.temporal_env import DAY, Desk, clock_at, eventually, temporal_server
from tests.integration.test_case_workflow_killed import worker_process
from tests.unit.builders import (
    MONDAY,
    OPERATOR,
    ROADS,
    SYSTEM,
    WATER,
    beginning,
    decision,
    full_rules,
    handler,
)
from tests.unit.scenes_joint import child_begin
from usecases.city import Grounds
from workflows.contract import TASK_QUEUE

pytestmark = pytest.mark.temporal

CHILDREN = 20
SUGGEST_AFTER = 60
"""Events after which the server suggests to go on as new; in production it is 4,096."""
OWED = (OutboxKind.START_CHILD, OutboxKind.DELIVER_COMMAND)


@pytest_asyncio.fixture(scope="module")
async def forgetful_env() -> AsyncIterator[WorkflowEnvironment]:
    """Return a server that wants short histories."""
    async with temporal_server(f"limit.historyCount.suggestContinueAsNew={SUGGEST_AFTER}") as environment:
        yield environment


@asynccontextmanager
async def relaying(desk: Desk) -> AsyncIterator[None]:
    """Run a relay, as it is deployed, for this desk's outbox."""
    stop = asyncio.Event()
    relay = Relay(city=desk.city, channels={}, renderer=renderer_of(Settings()), public_url="")
    running = asyncio.create_task(relay.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def carried_out(desk: Desk, case_no: str, kind: type[Command], *, by: Actor, **fields: object) -> None:
    """Send a command and wait until it is carried out, by whoever does it in the end."""
    command = desk.command(kind, by=by, **fields)
    await desk.carry(case_no, command)

    async def done() -> bool:
        row = desk.store.command(request_id=command.request_id)
        assert row is not None
        assert row.status != "refused", (row.code, row.params)
        return row.status == "done"

    await eventually(done)


async def opened(desk: Desk, parent: str) -> list[str]:
    """Open the children, one after the other; return their numbers once all run."""
    numbers = []
    for n in range(CHILDREN):
        drawn = number(day=DAY, random_bits=desk.city.random_bits(RANDOM_BITS))
        begin = replace(child_begin(), case_no=drawn)
        await carried_out(desk, parent, OpenChild, by=handler(WATER), begin=begin, text=f"part {n}")
        numbers.append(drawn)

    async def running() -> bool:
        return all(view.epoch == 1 for view in children_of(desk, parent))

    await eventually(running)
    return numbers


def children_of(desk: Desk, parent: str) -> tuple[CaseView, ...]:
    found = desk.store.list_cases(where=CaseFilter(parent=parent), limit=200, cursor=None)
    return found.cases


async def handled(desk: Desk, case_no: str, *, owner: str = ROADS) -> None:
    await carried_out(desk, case_no, SignIn, by=handler(owner), assignee="zhang")
    await carried_out(desk, case_no, SubmitResult, by=handler(owner), result="done")


async def test_twenty_children_through_a_killed_worker_and_short_histories(
    forgetful_env: WorkflowEnvironment, store: Store, database_url: str, wuhan: Grounds, tmp_path: Path
) -> None:
    desk = Desk(env=forgetful_env, store=store, grounds=wuhan, clock=clock_at(MONDAY), queue=TASK_QUEUE)
    with forgetful_env.with_time_skipping_disabled():
        async with relaying(desk):
            parent, numbers, state = await lived(desk, url=database_url, folder=tmp_path)
    told = desk.told(parent)
    assert told.case.aspects.children == state.children
    assert [fact.seq for fact in told.facts] == list(range(1, state.seq + 1))
    check_parent(desk, parent, numbers)
    check_children(desk, parent, numbers)


async def lived(desk: Desk, *, url: str, folder: Path) -> tuple[str, list[str], CaseState]:
    """Let a parent and its children live to their closing, the worker being killed on the way."""
    async with worker_process(desk=desk, url=url, folder=folder) as first:
        parent = (await desk.start(beginning(rules=full_rules(3)))).case_no
        begun = (await desk.handle(parent).describe()).run_id
        numbers = await opened(desk, parent)
        await asyncio.gather(*(handled(desk, one) for one in numbers[:5]))
        under_way = asyncio.gather(*(handled(desk, one) for one in numbers[5:]))
        await asyncio.sleep(0.3)  # in the middle of it; another moment would be as good a test
        first.kill()
        await first.wait()
    async with worker_process(desk=desk, url=url, folder=folder):
        await under_way
        await handled(desk, parent, owner=WATER)
        with pytest.raises(CommandRefused) as caught:
            await desk.send(parent, CloseCase, by=OPERATOR)
        assert caught.value.code is RefusalCode.CHILDREN_OPEN
        for one in numbers:
            await carried_out(desk, one, CloseCase, by=OPERATOR)
        await settled(desk, parent)
        await carried_out(desk, parent, SeeChildren, by=handler(WATER))
        await carried_out(desk, parent, CloseCase, by=OPERATOR)
        assert (await desk.handle(parent).describe()).run_id != begun, "it went on as new"
        return parent, numbers, await desk.state(parent)


async def settled(desk: Desk, parent: str) -> None:
    """Wait until the parent knows that every child has closed, and nothing is owed any more."""

    async def known() -> bool:
        view = desk.told(parent).case
        closed = all(child.status in ("closed", "visiting") for child in view.aspects.children)
        return closed and desk.store.pending(kinds=OWED) == 0

    await eventually(known)


def check_parent(desk: Desk, parent: str, numbers: list[str]) -> None:
    """The parent's record: each child opened once, each word heard once, the lead told once, closed last."""
    told = desk.told(parent)
    kinds = Counter(fact.kind for fact in told.facts)
    assert kinds["child_opened"] == CHILDREN
    assert kinds["children_done"] == 1
    words = Counter(
        (fact.data["child"], fact.data["status"]) for fact in told.facts if fact.kind == "child_changed"
    )
    assert set(words.values()) == {1}
    assert {child for child, status in words if status in ("closed", "visiting")} == set(numbers)
    messages = desk.store.inbox_messages(unit=WATER, limit=200, cursor=None).messages
    news = Counter(
        message.context["about"]
        for message in messages
        if message.case_no == parent and message.template == "joint"
    )
    assert (news["closed"] + news["visiting"], news["all_done"]) == (CHILDREN, 1)
    assert not any(child.changed for child in told.case.aspects.children)
    assert told.case.closed_at is not None


def check_children(desk: Desk, parent: str, numbers: list[str]) -> None:
    """Every child's own record: begun once, handled once, closed, its parent's to the end."""
    views = children_of(desk, parent)
    assert sorted(view.case_no for view in views) == sorted(numbers)
    due = desk.told(parent).case.handling_due
    for view in views:
        facts = desk.told(view.case_no).facts
        assert [fact.seq for fact in facts] == list(range(1, view.seq + 1))
        kinds = Counter(fact.kind for fact in facts)
        assert (kinds["received"], kinds["accepted"], kinds["feedback"], kinds["closed"]) == (1, 1, 1, 1)
        assert (view.owner, Status(view.status)) == (ROADS, Status.CLOSED)
        assert view.handling_due is not None
        assert due is not None
        assert view.handling_due <= due


async def test_a_deliverer_that_dies_before_it_records_loses_no_child(desk: Desk) -> None:
    parent = (await desk.start(beginning(rules=full_rules(3)))).case_no
    drawn = number(day=DAY, random_bits=desk.city.random_bits(RANDOM_BITS))
    opening = desk.command(
        OpenChild, by=handler(WATER), begin=replace(child_begin(), case_no=drawn), text="a part"
    )
    desk.store.put_command(case_no=parent, command=opening, received_at=desk.now(), grace_s=0.0)
    first = await desk.city.cases.act(case_no=parent, command=opening)  # and dies with the answer
    assert desk.store.case(case_no=drawn) is None
    with desk.env.with_time_skipping_disabled():
        async with relaying(desk):
            await eventually(lambda: heard(desk, parent, drawn))
    told = desk.told(parent)
    assert [fact.kind for fact in told.facts].count("child_opened") == 1
    assert [fact.kind for fact in desk.told(drawn).facts].count("received") == 1
    desk.store.record(record=first)  # the dead one's transaction comes through after all
    assert desk.store.pending(kinds=OWED) == 0
    assert desk.told(drawn).case.status == Status.DISPATCHED


async def heard(desk: Desk, parent: str, child: str) -> bool:
    """Tell whether the parent has heard of a child's beginning, and nothing is owed."""
    known = {one.case_no: one.status for one in desk.told(parent).case.aspects.children}
    return known.get(child) == "dispatched" and desk.store.pending(kinds=OWED) == 0


async def test_a_word_to_a_parent_that_has_ended_is_settled_as_refused(desk: Desk) -> None:
    parent = (await desk.start(beginning(rules=full_rules(3)))).case_no
    child = (await desk.start(beginning(rules=full_rules(3), decision=decision(ROADS)))).case_no
    await desk.send(parent, CancelCase, by=OPERATOR, reason="a mistake")
    await desk.send(child, JoinParent, by=SYSTEM, parent=parent)
    with desk.env.with_time_skipping_disabled():
        async with relaying(desk):
            await eventually(lambda: nothing_owed(desk))
    view = desk.told(child).case
    word = desk.store.command(request_id=f"child:{child}:{view.epoch}:{view.seq}")
    assert word is not None
    assert (word.status, word.code) == ("refused", RefusalCode.CASE_ENDED.value)
    assert (view.parent, view.status) == (parent, Status.DISPATCHED)


async def nothing_owed(desk: Desk) -> bool:
    return desk.store.pending(kinds=OWED) == 0


async def test_a_store_restored_from_before_gets_its_child_back(desk: Desk) -> None:
    parent = (await desk.start(beginning(rules=full_rules(3)))).case_no
    drawn = number(day=DAY, random_bits=desk.city.random_bits(RANDOM_BITS))
    opening = desk.command(
        OpenChild, by=handler(WATER), begin=replace(child_begin(), case_no=drawn), text="a part"
    )
    await desk.city.cases.act(case_no=parent, command=opening)  # known to the case alone
    await desk.listed(parent)
    reconciler = Reconciler(
        store=desk.store,
        cases=desk.city.cases,
        now=lambda: desk.now() + timedelta(days=30),
        grace=timedelta(0),
    )
    await ActivityEnvironment().run(reconciler.reconcile)
    view = desk.store.case(case_no=drawn)
    assert view is not None
    assert (view.parent, view.epoch) == (parent, 0)
    assert desk.store.pending(kinds=(OutboxKind.START_CHILD,)) == 1
