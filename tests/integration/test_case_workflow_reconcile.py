"""The reconciler against things broken on purpose."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import delete, update
from temporalio.client import (
    ScheduleActionExecutionStartWorkflow,
    ScheduleOverlapPolicy,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.testing import WorkflowEnvironment

from activities.reconcile import Reconciled
from boot.schedule import SCHEDULE, put_schedule
from domain.case import Status
from domain.messages import CancelCase, SignIn
from domain.views import Record
from store import tables
from store.engine import Store
from tests.integration.temporal_env import Desk, clock_at, eventually, temporal_server
from tests.unit.builders import MONDAY, OPERATOR, WATER, beginning, handler
from usecases.audit import audit
from usecases.city import Grounds
from workflows.reconcile import RECONCILE, ReconcileWorkflow

pytestmark = pytest.mark.temporal


@pytest_asyncio.fixture(scope="module")
async def own_env() -> AsyncIterator[WorkflowEnvironment]:
    """Return a server with nobody else's cases: the reconciler looks at all that run."""
    async with temporal_server() as environment:
        yield environment


@pytest_asyncio.fixture(loop_scope="session")
async def desk(own_env: WorkflowEnvironment, store: Store, wuhan: Grounds) -> AsyncIterator[Desk]:
    opened = Desk(env=own_env, store=store, grounds=wuhan, clock=clock_at(MONDAY))
    async with opened.worker():
        yield opened


async def reconcile(desk: Desk) -> Reconciled:
    with desk.env.with_time_skipping_disabled():
        return await desk.env.client.execute_workflow(
            ReconcileWorkflow.run, id=f"reconcile-{uuid.uuid4()}", task_queue=desk.queue
        )


def set_row(desk: Desk, case_no: str, **columns: object) -> None:
    with desk.store._engine.begin() as connection:
        connection.execute(update(tables.cases).where(tables.cases.c.case_no == case_no).values(columns))


async def test_what_is_in_order_is_left_alone(desk: Desk) -> None:
    case_no = (await desk.start(beginning())).case_no
    await desk.listed(case_no)
    told = desk.told(case_no)
    assert await reconcile(desk) == Reconciled(looked_at=1)
    assert desk.told(case_no) == told


async def test_a_row_from_an_old_backup_is_brought_up_to_date_with_its_facts(desk: Desk) -> None:
    started = await desk.start(beginning())
    case_no = started.case_no
    await desk.send(case_no, SignIn, by=handler(WATER), assignee="zhang")
    told = desk.told(case_no)
    with desk.store._engine.begin() as connection:
        connection.execute(delete(tables.history).where(tables.history.c.seq > started.seq))
    set_row(
        desk,
        case_no,
        seq=started.seq,
        status="dispatched",
        signed_in_at=None,
        next_due=MONDAY - timedelta(days=1),
    )
    assert desk.told(case_no) != told
    assert (await reconcile(desk)).repaired == 1
    assert desk.told(case_no) == told
    assert (await reconcile(desk)).repaired == 0


async def test_a_terminated_case_goes_on_where_it_was(desk: Desk) -> None:
    case_no = (await desk.start(beginning(2))).case_no
    await desk.send(case_no, SignIn, by=handler(WATER), assignee="zhang")
    told, before = desk.told(case_no), await desk.state(case_no)
    await desk.handle(case_no).terminate("by mistake")
    await desk.listed(case_no, running=False)
    assert (await reconcile(desk)).restarted == 1
    assert await desk.state(case_no) == before
    assert desk.told(case_no) == told
    state = await desk.until(case_no, before.deadlines[0].at)
    fired = await desk.written(case_no, seq=state.seq)
    assert fired.facts[-1].kind == "handling_warned"


async def test_a_case_without_a_trace_is_reported_at_once_and_overruled_when_it_turns_up(desk: Desk) -> None:
    state = await desk.start(beginning())
    lost = replace(desk.told(state.case_no).case, case_no="20260914-0000-0001", reports=())
    desk.store.record(record=Record(view=lost, facts=(), notices=()))
    desk.city = replace(desk.city, now=lambda: MONDAY + timedelta(hours=1))
    assert audit(city=desk.city).healthy
    with pytest.raises(WorkflowFailureError) as failed:
        await reconcile(desk)
    assert lost.case_no in str(failed.value.cause)
    found = audit(city=desk.city)
    assert (found.healthy, found.late) == (False, (lost.case_no,))
    desk.store.record(record=Record(view=lost, facts=(), notices=()))  # there it is
    assert audit(city=desk.city).healthy


async def test_a_case_that_ended_unheard_is_closed_in_the_store(desk: Desk) -> None:
    case_no = (await desk.start(beginning())).case_no
    cancel = desk.command(CancelCase, by=OPERATOR, reason="a mistake")
    await desk.city.cases.act(case_no=case_no, command=cancel)
    assert desk.told(case_no).case.status == Status.DISPATCHED
    await desk.listed(case_no, running=False)
    assert (await reconcile(desk)).repaired == 1
    told = desk.told(case_no)
    assert told.case.status == Status.CANCELLED
    assert [fact.seq for fact in told.facts] == list(range(1, told.case.seq + 1))


async def test_the_schedule_is_there_once_and_keeps_what_an_operator_set(desk: Desk) -> None:
    await put_schedule(desk.env.client, task_queue=desk.queue)
    handle = desk.env.client.get_schedule_handle(SCHEDULE)
    await handle.pause(note="maintenance")
    await put_schedule(desk.env.client, task_queue=desk.queue)
    described = (await handle.describe()).schedule
    assert described.state.paused
    assert described.policy.overlap is ScheduleOverlapPolicy.SKIP
    await handle.trigger()
    run = await eventually(partial(_latest_run, desk))
    assert (await run.describe()).workflow_type == RECONCILE
    assert await run.result() == Reconciled(looked_at=0)
    await handle.delete()


async def _latest_run(desk: Desk) -> WorkflowHandle[Any, Reconciled] | None:
    actions = (await desk.env.client.get_schedule_handle(SCHEDULE).describe()).info.recent_actions
    for started in (one.action for one in actions):
        if isinstance(started, ScheduleActionExecutionStartWorkflow):
            return desk.env.client.get_workflow_handle(started.workflow_id, result_type=Reconciled)
    return None
