"""The case workflow on the real server: what a life costs, what is refused, what is remembered."""

import pytest

from domain.case import Status
from domain.messages import RecordCheck, RecordVisit, SignIn, SubmitResult
from tests.integration.temporal_env import Desk
from tests.unit.builders import CHECKER, OPERATOR, REPORT, WATER, beginning, handler

pytestmark = pytest.mark.temporal

STANDARD_LIFE = 25


async def standard_life(desk: Desk) -> str:
    """File, route, dispatch, accept, submit, check, close, visit."""
    state = await desk.start(beginning(site_check=True))
    case_no = state.case_no
    await desk.send(case_no, SignIn, by=handler(WATER), assignee="zhang")
    await desk.send(case_no, SubmitResult, by=handler(WATER), result="repaired")
    await desk.send(case_no, RecordCheck, by=CHECKER, passed=True)
    await desk.send(case_no, RecordVisit, by=OPERATOR, report_no=REPORT, reached=True, solved=True, grade=5)
    return case_no


async def test_a_standard_life_costs_at_most_25_events(desk: Desk) -> None:
    case_no = await standard_life(desk)
    told = desk.told(case_no)
    assert told.case.status == Status.EVALUATED
    events = await desk.events(case_no)
    assert len(events) <= STANDARD_LIFE, "\n".join(f"{n} {name}" for n, name in enumerate(events, 1))
