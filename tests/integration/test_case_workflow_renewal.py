"""A case goes on as new in the middle of its life: nothing is lost, nothing happens twice."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from domain.case import CaseState, Status
from domain.messages import JoinReport, RecordCheck, SignIn, SubmitResult
from store.engine import Store
from tests.integration.temporal_env import Desk, clock_at, temporal_server
from tests.unit.builders import CHECKER, MONDAY, REPORT, SYSTEM, WATER, beginning, handler
from usecases.city import Grounds
from workflows.contract import CATEGORY, LEVEL, TASK_TIMEOUT

pytestmark = pytest.mark.temporal

SUGGEST_AFTER = 12
"""Events after which the server suggests to go on as new; in production it is 4,096."""


@pytest_asyncio.fixture(scope="module")
async def forgetful_env() -> AsyncIterator[WorkflowEnvironment]:
    """Return a server that wants short histories."""
    async with temporal_server(f"limit.historyCount.suggestContinueAsNew={SUGGEST_AFTER}") as environment:
        yield environment


@pytest_asyncio.fixture(loop_scope="session")
async def desk(forgetful_env: WorkflowEnvironment, store: Store, wuhan: Grounds) -> AsyncIterator[Desk]:
    opened = Desk(env=forgetful_env, store=store, grounds=wuhan, clock=clock_at(MONDAY))
    async with opened.worker():
        yield opened


async def run_of(desk: Desk, case_no: str) -> str | None:
    return (await desk.handle(case_no).describe()).run_id


async def renewed(desk: Desk, case_no: str) -> CaseState:
    """Join reports until the case has gone on as new; return its state just before."""
    first, n = await run_of(desk, case_no), 0
    before = await desk.state(case_no)
    while await run_of(desk, case_no) == first:
        n += 1
        assert n <= SUGGEST_AFTER
        await desk.send(case_no, JoinReport, by=SYSTEM, report_no=f"R-{case_no}-{n}", merged_case=f"C-{n}")
        before = await desk.state(case_no)
    return before


async def test_state_deadlines_and_remembered_requests_go_on(desk: Desk) -> None:
    started = await desk.start(beginning(site_check=True))
    case_no = started.case_no
    sign_in = desk.command(SignIn, by=handler(WATER), assignee="zhang")
    first = await desk.city.cases.act(case_no=case_no, command=sign_in)
    desk.store.record(record=first)
    before = await renewed(desk, case_no)
    assert await desk.state(case_no) == before
    again = await desk.city.cases.act(case_no=case_no, command=sign_in)
    assert (again.facts, again.notices) == (first.facts, first.notices)
    assert await desk.state(case_no) == before
    await desk.send(case_no, SubmitResult, by=handler(WATER), result="repaired")
    await desk.send(case_no, RecordCheck, by=CHECKER, passed=True)
    told = desk.told(case_no)
    assert told.case.status == Status.VISITING
    assert told.case.reports[0] == REPORT
    assert [fact.seq for fact in told.facts] == list(range(1, told.case.seq + 1))


async def test_deadlines_fire_once_across_the_renewal(desk: Desk) -> None:
    started = await desk.start(beginning(2))
    case_no = started.case_no
    before = await renewed(desk, case_no)
    assert before.next_due == started.next_due
    state = await desk.until(case_no, started.deadlines[2].at)
    told = desk.told(case_no)
    fired = [fact for fact in told.facts if fact.due in {deadline.at for deadline in started.deadlines[:3]}]
    assert [fact.kind for fact in fired] == ["sign_in_reminded", "duty_called", "escalated"]
    assert state.supervisors == told.case.supervisors == (*before.supervisors, "district-1")
    await desk.until(case_no, started.deadlines[2].at + timedelta(minutes=30))
    kinds = [fact.kind for fact in desk.told(case_no).facts]
    assert kinds.count("sign_in_reminded") == kinds.count("duty_called") == 2  # once at each level


async def test_what_operators_see_goes_on(desk: Desk) -> None:
    case_no = (await desk.start(beginning(2))).case_no
    await renewed(desk, case_no)
    described = await desk.handle(case_no).describe()
    kept = described.typed_search_attributes
    assert (kept.get(CATEGORY), kept.get(LEVEL)) == ("water.leak", 3)
    raw = described.raw_description
    assert raw.workflow_execution_info.priority.priority_key == 2
    assert raw.execution_config.default_workflow_task_timeout.ToTimedelta() == TASK_TIMEOUT
    metadata = await desk.handle(case_no).query("__temporal_workflow_metadata")
    assert "S2 water.leak 供水管漏水" in str(metadata)


async def test_a_whole_life_on_a_server_that_forgets(desk: Desk) -> None:
    case_no = (await desk.start(beginning(2))).case_no
    runs = {await run_of(desk, case_no)}
    for n in range(2, 42):
        await desk.send(case_no, JoinReport, by=SYSTEM, report_no=f"R-{n}", merged_case=f"C-{n}")
        runs.add(await run_of(desk, case_no))
    assert len(runs) > 3
    told, state = desk.told(case_no), await desk.state(case_no)
    assert sorted(told.case.reports) == sorted([REPORT, *(f"R-{n}" for n in range(2, 42))])
    assert [fact.seq for fact in told.facts] == list(range(1, state.seq + 1))
