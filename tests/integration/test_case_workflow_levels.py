"""Words awaited, decisions owed and reports upward on the real server, which skips the time between them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.case import Alarm, CaseState, Status
from domain.errors import CommandRefused, RefusalCode
from domain.messages import CloseCase, CloseKind, ReportUp, SignIn, SubmitResult
from domain.messages_command import (
    Acknowledge,
    ApplyPolicy,
    DecideReportUp,
    EventReport,
    JumpLevel,
    Regrade,
    ReportEvent,
    UpperDecision,
)
from domain.place import Level
from domain.views import Timeline
from tests.integration.temporal_env import Desk
from tests.unit.builders import (
    CITY,
    DISTRICT,
    MONDAY,
    OPERATOR,
    STREET,
    WATER,
    beginning,
    decision,
    full_rules,
    handler,
    limit,
    rules,
    supervisor,
)

pytestmark = pytest.mark.temporal


def of_kind(told: Timeline, kind: str) -> list[tuple[timedelta, dict[str, object]]]:
    """Return the facts of a kind: what deadline each answers, counted from the beginning, and what it says."""
    found = [fact for fact in told.facts if fact.kind == kind]
    return [((fact.due or fact.at) - MONDAY, dict(fact.data)) for fact in found]


async def signed_in(desk: Desk, severity: int) -> CaseState:
    state = await desk.start(beginning(severity, rules=full_rules(severity)))
    await desk.send(state.case_no, SignIn, by=handler(WATER), assignee="zhang")
    return state


async def test_a_supervisor_that_says_nothing_is_passed_over_and_the_top_is_reminded(desk: Desk) -> None:
    state = await signed_in(desk, 2)
    case_no = state.case_no
    await desk.send(case_no, JumpLevel, by=supervisor(STREET), level=Level.DISTRICT, reason="press on site")
    jumped = (await desk.state(case_no)).level_since
    after = await desk.until(case_no, jumped + timedelta(minutes=61))

    told = await desk.written(case_no, seq=after.seq)
    assert [data["supervisor"] for _, data in of_kind(told, "escalated")] == [DISTRICT, CITY]
    assert [data["supervisor"] for _, data in of_kind(told, "not_acknowledged")] == [DISTRICT, CITY, CITY]
    assert len(of_kind(told, "acknowledge_reminded")) == 4
    assert after.awaiting == CITY
    assert (await desk.send(case_no, Acknowledge, by=supervisor(CITY))).case.aspects.awaiting is None
    assert all(one.name is not Alarm.ACKNOWLEDGE for one in (await desk.state(case_no)).deadlines)


async def test_who_does_not_decide_is_passed_over_and_the_city_names_a_lead(desk: Desk) -> None:
    state = await signed_in(desk, 2)
    case_no = state.case_no
    await desk.send(case_no, ReportUp, by=handler(WATER), reason="no crane")
    await desk.send(case_no, Acknowledge, by=supervisor(DISTRICT))
    asked = (await desk.state(case_no)).report_up
    assert asked is not None
    assert asked.to == DISTRICT
    assert asked.due is not None
    after = await desk.until(case_no, asked.due)

    assert after.report_up is not None
    assert after.report_up.to == CITY
    assert (await desk.written(case_no, seq=after.seq)).facts[-1].kind != "reported_up"
    decided = await desk.send(
        case_no, DecideReportUp, by=supervisor(CITY), decision=UpperDecision.LEAD, lead=STREET
    )
    assert (decided.case.owner, decided.case.status) == (STREET, Status.DISPATCHED.value)
    assert decided.case.aspects.report_up is None


async def test_an_emergency_from_its_first_late_report_to_its_end(desk: Desk) -> None:
    state = await signed_in(desk, 1)
    case_no = state.case_no
    after = await desk.until(case_no, MONDAY + timedelta(minutes=61))
    assert after.emergency is not None
    assert after.emergency.late == 2
    told = await desk.written(case_no, seq=after.seq)
    assert [data["report"] for _, data in of_kind(told, "report_late")] == ["phone", "phone", "written"]

    await desk.send(
        case_no, ReportEvent, by=supervisor(DISTRICT), report=EventReport.WRITTEN, to_level=Level.CITY,
        text="gas on the road", dead=3,
    )  # fmt: skip
    graded = await desk.state(case_no)
    assert graded.emergency is not None
    assert (graded.emergency.grade, graded.level) == (3, Level.CITY)
    owed = next(one.at for one in graded.deadlines if one.name is Alarm.EMERGENCY_FOLLOW_UP)
    late = await desk.until(case_no, owed)
    assert late.emergency is not None
    assert late.emergency.late == 3

    await desk.send(case_no, SubmitResult, by=handler(WATER), result="sealed")
    close = {"close_kind": CloseKind.EXPLAINED, "reason": "made safe"}
    with pytest.raises(CommandRefused) as caught:
        await desk.send(case_no, CloseCase, by=OPERATOR, **close)
    assert caught.value.code is RefusalCode.EMERGENCY_OPEN
    await desk.send(
        case_no,
        ReportEvent,
        by=supervisor(DISTRICT),
        report=EventReport.FINAL,
        to_level=Level.CITY,
        text="over",
    )
    assert all(not one.name.value.startswith("emergency") for one in (await desk.state(case_no)).deadlines)


async def test_a_policy_that_brings_the_rulebook_starts_its_clocks_on_the_running_case(desk: Desk) -> None:
    begun = beginning(3, rules=rules(3), decision=decision(limit=None))
    state = await desk.start(begun)
    case_no = state.case_no
    with pytest.raises(CommandRefused) as caught:
        await desk.send(case_no, Regrade, by=OPERATOR, severity=2, reason="worse", rules=full_rules(2))
    assert caught.value.code is RefusalCode.RULEBOOK_REQUIRED

    applied = await desk.send(
        case_no, ApplyPolicy, by=supervisor(CITY), reason="new year",
        rules=replace(full_rules(3), version="test-2"),
    )  # fmt: skip
    assert applied.case.rules_version == "test-2"
    assert any(one.name is Alarm.CONTACT for one in (await desk.state(case_no)).deadlines)
    await desk.send(case_no, Regrade, by=OPERATOR, severity=2, reason="worse", rules=full_rules(2))

    worse = await desk.state(case_no)
    assert (worse.severity, worse.handling_limit) == (2, limit("24UH"))
    assert worse.handling_due is not None
    assert worse.handling_due == MONDAY + timedelta(hours=24)
    late = await desk.until(case_no, MONDAY + timedelta(minutes=23))
    assert late.awaiting == DISTRICT
