"""The case workflow on the real server: what a life costs, what is refused, what is remembered."""

import asyncio
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from domain.case import Status
from domain.errors import CommandRefused, RefusalCode
from domain.messages import CancelCase, JoinReport, RecordCheck, RecordVisit, SignIn, SubmitResult
from domain.place import Level
from tests.integration.temporal_env import Desk
from tests.unit.builders import (
    CHECKER,
    OPERATOR,
    PLACE,
    POWER,
    REPORT,
    SYSTEM,
    WATER,
    beginning,
    full_rules,
    handler,
)
from usecases.gateway import CaseNotRunning
from workflows.contract import CATEGORY, CHANNEL, DISTRICT, LEVEL, SEVERITY

pytestmark = pytest.mark.temporal

STANDARD_LIFE = 25


async def standard_life(desk: Desk, **changes: Any) -> str:
    """File, route, dispatch, accept, submit, check, close, visit."""
    state = await desk.start(beginning(site_check=True, **changes))
    case_no = state.case_no
    await desk.send(case_no, SignIn, by=handler(WATER), assignee="zhang")
    await desk.send(case_no, SubmitResult, by=handler(WATER), result="repaired")
    on_site: dict[str, Any] = {"photos": ("sha256-1",), "lon": PLACE.lon, "lat": PLACE.lat}
    await desk.send(case_no, RecordCheck, by=CHECKER, passed=True, **on_site)
    await desk.send(case_no, RecordVisit, by=OPERATOR, report_no=REPORT, reached=True, solved=True, grade=5)
    return case_no


@pytest.mark.parametrize("whole", [False, True], ids=["first rules", "whole rulebook"])
async def test_a_standard_life_costs_at_most_25_events(desk: Desk, whole: bool) -> None:
    case_no = await standard_life(desk, **({"rules": full_rules()} if whole else {}))
    told = desk.told(case_no)
    assert told.case.status == Status.EVALUATED
    assert [fact.seq for fact in told.facts] == list(range(1, told.case.seq + 1))
    events = await desk.events(case_no)
    assert len(events) <= STANDARD_LIFE, "\n".join(f"{n} {name}" for n, name in enumerate(events, 1))


async def test_a_refused_command_leaves_no_event_and_says_why(desk: Desk) -> None:
    case_no = (await desk.start(beginning())).case_no
    await desk.send(case_no, SignIn, by=handler(WATER))
    before, told = await desk.events(case_no), desk.told(case_no)
    command = desk.command(SignIn, by=handler(POWER))
    for _ in range(2):  # the second answer comes from the inbox, and is the same
        with pytest.raises(CommandRefused) as refused:
            await desk.carry(case_no, command)
        assert refused.value.code is RefusalCode.NOT_ALLOWED_IN_STATE
        assert "sign_in" in refused.value.params["command"]
    assert await desk.events(case_no) == before
    assert desk.told(case_no) == told


async def test_a_repeated_request_answers_the_same_and_changes_nothing(desk: Desk) -> None:
    case_no = (await desk.start(beginning())).case_no
    command = desk.command(SignIn, by=handler(WATER), assignee="zhang")
    first = await desk.city.cases.act(case_no=case_no, command=command)
    await desk.send(case_no, SubmitResult, by=handler(WATER), result="repaired")
    before = await desk.state(case_no)
    again = await desk.city.cases.act(case_no=case_no, command=command)
    assert (again.facts, again.notices) == (first.facts, first.notices)
    assert await desk.state(case_no) == before


async def test_twelve_commands_at_once_are_each_carried_out_once(desk: Desk) -> None:
    case_no = (await desk.start(beginning())).case_no
    joins = [
        desk.send(case_no, JoinReport, by=SYSTEM, report_no=f"R-{n}", merged_case=f"C-{n}")
        for n in range(2, 14)
    ]
    acted = await asyncio.gather(*joins)
    assert not any(one.pending for one in acted)
    told = desk.told(case_no)
    assert sorted(told.case.reports) == sorted([REPORT, *(f"R-{n}" for n in range(2, 14))])
    joined = [fact.data["report"] for fact in told.facts if fact.kind == "report_joined"]
    assert len(joined) == len(set(joined)) == 12
    assert [fact.seq for fact in told.facts] == list(range(1, told.case.seq + 1))


async def test_of_twelve_people_signing_in_at_once_one_does(desk: Desk) -> None:
    case_no = (await desk.start(beginning())).case_no
    tries = [desk.send(case_no, SignIn, by=handler(WATER), assignee=f"p{n}") for n in range(12)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    refusals = [one.code for one in answers if isinstance(one, CommandRefused)]
    assert refusals == [RefusalCode.NOT_ALLOWED_IN_STATE] * 11
    assert [fact.kind for fact in desk.told(case_no).facts].count(Status.ACCEPTED.value) == 1


async def test_an_ended_case_completes_and_takes_no_more(desk: Desk) -> None:
    case_no = (await desk.start(beginning())).case_no
    cancel = desk.command(CancelCase, by=OPERATOR, reason="a mistake")
    await desk.carry(case_no, cancel)
    assert await desk.handle(case_no).result() == Status.CANCELLED
    told = desk.told(case_no)
    assert (told.case.status, told.case.next_due) == (Status.CANCELLED, None)
    with pytest.raises(CaseNotRunning):
        await desk.city.cases.act(case_no=case_no, command=desk.command(SignIn, by=handler(WATER)))
    with pytest.raises(CommandRefused) as refused:
        await desk.send(case_no, SignIn, by=handler(WATER))
    assert refused.value.code is RefusalCode.CASE_ENDED
    assert not (await desk.carry(case_no, cancel)).pending
    assert desk.told(case_no) == told


async def test_a_command_that_ended_the_case_is_recorded_although_its_deliverer_died(desk: Desk) -> None:
    case_no = (await desk.start(beginning())).case_no
    cancel = desk.command(CancelCase, by=OPERATOR, reason="a mistake")
    desk.store.put_command(case_no=case_no, command=cancel, received_at=desk.city.now())
    await desk.city.cases.act(case_no=case_no, command=cancel)  # and nobody writes the answer down
    assert await desk.handle(case_no).result() == Status.CANCELLED
    assert desk.told(case_no).case.status == Status.DISPATCHED
    assert not (await desk.carry(case_no, cancel)).pending
    assert desk.told(case_no).case.status == Status.CANCELLED
    kept = desk.store.command(request_id=cancel.request_id)
    assert kept is not None
    assert kept.status == "done"


async def test_operators_of_temporal_see_what_a_case_is(desk: Desk) -> None:
    case_no = (await desk.start(beginning())).case_no
    await desk.send(case_no, SignIn, by=handler(WATER))
    described = await desk.handle(case_no).describe()
    assert described.status is WorkflowExecutionStatus.RUNNING
    kept = described.typed_search_attributes
    assert (kept.get(CATEGORY), kept.get(DISTRICT), kept.get(CHANNEL)) == ("water.leak", "c-d1", "hotline")
    assert (kept.get(SEVERITY), kept.get(LEVEL)) == (3, int(Level.STREET))
    info = described.raw_description.workflow_execution_info
    assert info.priority.priority_key == 3
    assert await described.static_summary() == "S3 water.leak 供水管漏水"
    metadata = await desk.handle(case_no).query("__temporal_workflow_metadata")
    assert "accepted" in str(metadata)
    assert f"owner `{WATER}`" in str(metadata)
