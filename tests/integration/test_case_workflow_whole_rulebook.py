"""One case through the whole rulebook, on a server that forgets and with workers that are killed.

Extended, suspended, reworked, overdue and supervised, appealed, reopened: the workflow goes
on as new again and again, and its worker dies in the middle of each of these. Nothing is
lost and nothing happens twice.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from domain.actor import Actor, Role
from domain.case import CaseState, Status
from domain.messages import Command, RecordCheck, RecordVisit, SignIn, SubmitResult
from domain.messages_command import AppealAbout, FileAppeal, ReplySupervision, ReviewAppeal, ReviewSupervision
from domain.messages_duty import DecideExtension, RequestExtension, Suspend
from domain.policy import CheckRule
from store.engine import Store
from tests.integration.temporal_env import Desk, clock_at, temporal_server
from tests.integration.test_case_workflow_killed import worker_process
from tests.unit.builders import (
    MONDAY,
    PLACE,
    REPORT,
    STREET,
    TRIAGE,
    WATER,
    actor,
    beginning,
    full_rules,
    handler,
    supervisor,
)
from usecases.city import Grounds
from workflows.contract import TASK_QUEUE

pytestmark = pytest.mark.temporal

LEADER = actor(Role.LEADER, WATER)
DISPATCHER = actor(Role.DISPATCHER, STREET)
SECOND = Actor(id="second-reviewer", role=Role.OPERATOR, unit=TRIAGE)
ON_SITE: dict[str, Any] = {"photos": ("sha256-1",), "lon": PLACE.lon, "lat": PLACE.lat}
SUSPENDED_FOR = timedelta(days=10)


@pytest_asyncio.fixture(scope="module")
async def forgetful_env() -> AsyncIterator[WorkflowEnvironment]:
    """Return a server that wants short histories."""
    async with temporal_server("limit.historyCount.suggestContinueAsNew=15") as environment:
        yield environment


class Killed:
    """A case whose worker is killed after chosen acts, and replaced."""

    def __init__(self, *, desk: Desk, url: str, folder: Path) -> None:
        self._desk, self._url, self._folder = desk, url, folder
        self._stack = AsyncExitStack()
        self.case_no = ""
        self.runs: set[str | None] = set()

    async def __aenter__(self) -> Self:
        await self._hire()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _hire(self) -> None:
        process = worker_process(desk=self._desk, url=self._url, folder=self._folder)
        self._worker = await self._stack.enter_async_context(process)

    async def kill(self) -> None:
        """Kill the worker as it stands, and start another."""
        self._worker.kill()
        await self._worker.wait()
        await self._hire()

    async def act(self, kind: type[Command], *, by: Actor, kill: bool = False, **fields: Any) -> CaseState:
        """Send a command; then kill the worker, if asked to: the next one knows only what history says."""
        command = self._desk.command(kind, by=by, **fields)
        acted = await self._desk.carry(self.case_no, command)
        if acted.pending:  # the new worker was not there yet: delivered later, as the relay does
            record = await self._desk.city.cases.act(case_no=self.case_no, command=command)
            self._desk.store.record(record=record)
        if kill:
            await self.kill()
        return await self.state()

    async def until(self, duration: timedelta) -> CaseState:
        """Let time go by from the case's present day."""
        state = await self.state()
        assert state.next_due is not None
        return await self._desk.until(self.case_no, state.next_due + duration)

    async def state(self) -> CaseState:
        self.runs.add((await self._desk.handle(self.case_no).describe()).run_id)
        return await self._desk.state(self.case_no)


async def extended_and_suspended(case: Killed) -> None:
    await case.act(SignIn, by=handler(WATER), assignee="zhang")
    before = await case.state()
    await case.act(RequestExtension, by=handler(WATER), reason="the part is on its way")
    await case.act(DecideExtension, by=LEADER, granted=True)
    state = await case.act(DecideExtension, by=DISPATCHER, kill=True, granted=True)
    assert before.handling_due is not None
    assert state.handling_due is not None
    assert state.handling_due > before.handling_due
    until = state.handling_due + SUSPENDED_FOR
    state = await case.act(
        Suspend,
        by=DISPATCHER,
        until=until,
        reason="flood season",
        plan="dig after it",
        interim_measure="fence",
    )
    assert state.status is Status.SUSPENDED
    state = await case.until(timedelta(seconds=1))
    while state.status is Status.SUSPENDED:
        state = await case.until(timedelta(seconds=1))
    assert state.handling_due is not None
    assert state.handling_due > until


async def reworked_and_supervised(case: Killed) -> None:
    await case.act(SubmitResult, by=handler(WATER), result="repaired")
    state = await case.act(
        RecordCheck, by=_checker(await case.state()), passed=False, note="leaks", **ON_SITE
    )
    assert (state.status, state.reworks) == (Status.HANDLING, 1)
    while not state.supervisions:
        state = await case.until(timedelta(seconds=1))
    (order,) = state.supervisions
    assert order.cause == "E4"
    await case.act(ReplySupervision, by=handler(WATER), supervision=order.id, reply="tonight")
    await case.act(
        ReviewSupervision, by=supervisor(order.by), supervision=order.id, accepted=True, reason="ok"
    )
    await case.act(SubmitResult, by=handler(WATER), result="repaired")
    state = await case.act(RecordCheck, by=_checker(await case.state()), passed=True, **ON_SITE)
    assert (state.status, state.on_time) == (Status.VISITING, False)


async def appealed_and_reopened(case: Killed) -> None:
    await case.act(FileAppeal, by=handler(WATER), about=AppealAbout.OVERDUE, reason="no power that week")
    await case.act(ReviewAppeal, by=DISPATCHER, granted=True, reason="so it was")
    state = await case.act(ReviewAppeal, by=SECOND, kill=True, granted=True, reason="agreed")
    assert state.exempt == ("overdue",)
    assert state.on_time is False, "the raw fact stays"
    visit: dict[str, Any] = {"report_no": REPORT, "reached": True}
    state = await case.act(RecordVisit, by=SECOND, kill=True, solved=False, grade=1, **visit)
    assert (state.status, state.reopened) == (Status.DISPATCHED, 1)
    await case.act(SignIn, by=handler(WATER), assignee="zhang")
    await case.act(SubmitResult, by=handler(WATER), result="repaired for good")
    await case.act(RecordCheck, by=_checker(await case.state()), passed=True, **ON_SITE)
    state = await case.act(RecordVisit, by=SECOND, solved=True, grade=5, **visit)
    assert state.status is Status.EVALUATED


def _checker(state: CaseState) -> Actor:
    return actor(Role.CHECKER, state.checker)


async def test_a_case_survives_everything_and_every_worker(
    forgetful_env: WorkflowEnvironment, store: Store, database_url: str, wuhan: Grounds, tmp_path: Path
) -> None:
    desk = Desk(env=forgetful_env, store=store, grounds=wuhan, clock=clock_at(MONDAY), queue=TASK_QUEUE)
    async with Killed(desk=desk, url=database_url, folder=tmp_path) as case:
        begun = await desk.start(beginning(rules=full_rules(3, check=CheckRule.ALWAYS)))
        case.case_no = begun.case_no
        await extended_and_suspended(case)
        await reworked_and_supervised(case)
        await appealed_and_reopened(case)
        state = await case.state()
        told = await desk.written(case.case_no, seq=state.seq)
    assert [fact.seq for fact in told.facts] == list(range(1, state.seq + 1))
    rows = [fact.row for fact in told.facts if fact.source is not fact.target]
    assert [rows.count(row) for row in (24, 25, 29, 33, 34)] == [1, 1, 1, 1, 1]
    kinds = [fact.kind for fact in told.facts]
    assert kinds.count("overdue") == 1
    assert len(case.runs) > 2, "the workflow never went on as new"
