"""A worker is killed while it writes what a case did by itself: another one does it, once."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from temporalio.api.enums.v1 import EventType
from temporalio.testing import WorkflowEnvironment

from store.engine import Store
from tests.integration.temporal_env import Desk, clock_at
from tests.unit.builders import MONDAY, beginning
from usecases.city import Grounds
from workflows.contract import TASK_QUEUE

pytestmark = pytest.mark.temporal


@asynccontextmanager
async def worker_process(*, desk: Desk, url: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a worker as it is deployed; whoever leaves kills it, if nobody has."""
    env = {
        **os.environ,
        "CITYOPS_DATABASE_URL": url,
        "CITYOPS_DATA_DIR": str(folder),
        "TEMPORAL_ADDRESS": desk.env.client.service_client.config.target_host,
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "boot", "worker", env=env)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@contextmanager
def locked(url: str, case_no: str) -> Iterator[None]:
    """Let nobody write this case for a while."""
    engine = create_engine(url)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT 1 FROM cases WHERE case_no = :n FOR UPDATE"), {"n": case_no})
        yield
        connection.rollback()
    engine.dispose()


async def at_work(desk: Desk, case_no: str) -> None:
    """Return when a worker has taken up the deadline that fired: it waits for the lock then."""
    fired = False
    async for event in desk.handle(case_no).fetch_history_events(wait_new_event=True):
        fired = fired or event.event_type == EventType.EVENT_TYPE_TIMER_FIRED
        if fired and event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED:
            return


async def test_a_killed_worker_is_replaced_and_nothing_happens_twice(
    temporal_env: WorkflowEnvironment, store: Store, database_url: str, wuhan: Grounds, tmp_path: Path
) -> None:
    desk = Desk(env=temporal_env, store=store, grounds=wuhan, clock=clock_at(MONDAY), queue=TASK_QUEUE)
    async with worker_process(desk=desk, url=database_url, folder=tmp_path) as first:
        state = await desk.start(beginning(2))
        await desk.state(state.case_no)  # a worker has it
        with locked(database_url, state.case_no):
            skipping = asyncio.create_task(desk.until(state.case_no, state.deadlines[0].at))
            await at_work(desk, state.case_no)
            await asyncio.sleep(0.5)  # into the activity; a moment earlier would be as good a test
            first.kill()
            await first.wait()
        assert [fact.seq for fact in desk.told(state.case_no).facts] == list(range(1, state.seq + 1))
        async with worker_process(desk=desk, url=database_url, folder=tmp_path):
            after = await skipping
            await desk.written(state.case_no, seq=after.seq)
    told = desk.told(state.case_no)
    assert [fact.seq for fact in told.facts] == list(range(1, after.seq + 1))
    assert [fact.due for fact in told.facts if fact.kind == "sign_in_reminded"] == [state.deadlines[0].at]
    assert told.case.next_due == after.next_due == state.deadlines[1].at
    assert state.deadlines[1].at - state.deadlines[0].at == timedelta(minutes=7.5)
