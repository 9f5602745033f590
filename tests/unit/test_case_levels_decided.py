"""Row 22, E2: what is reported up is decided by the level above, in time, or by the next one."""

from datetime import timedelta

from domain.actor import Role
from domain.case import Status
from domain.errors import RefusalCode
from domain.messages import CloseCase, GrantReturn, ReportUp, Rule, SubmitResult
from domain.messages_command import Acknowledge, DecideReportUp, JumpLevel, UpperDecision
from domain.place import Level
from tests.unit.builders import (
    CITY,
    DISPATCHER,
    DISTRICT,
    MONDAY,
    OPERATOR,
    POWER,
    ROADS,
    STREET,
    WATER,
    Played,
    a_case,
    a_full_case,
    actor,
    at,
    handler,
    refused,
    supervisor,
)


def reported_up(severity: int = 2) -> Played:
    """Return a case whose owner, the water company, has reported it up from the street to the district."""
    case = a_full_case(severity).handling()
    case.do(ReportUp, by=handler(WATER), reason="no crane")
    return case


def escalations(case: Played) -> list[tuple[timedelta, object, object]]:
    return [
        (fact.at - MONDAY, fact.data["trigger"], fact.data["supervisor"])
        for fact in case.of_kind("escalated")
    ]


def test_what_is_reported_up_is_owed_a_decision() -> None:
    case = reported_up()

    asked = case.state.report_up
    assert asked is not None
    assert (asked.by, asked.to, asked.level, asked.reason) == (WATER, DISTRICT, Level.DISTRICT, "no crane")
    assert asked.due == case.armed("report_up.decision") == MONDAY + timedelta(minutes=30)
    assert case.told("report_up") == [DISTRICT]
    assert case.facts[-1].kind == "reported_up"


def test_a_normal_decision_has_a_work_day() -> None:
    assert reported_up(3).armed("report_up.decision") == at("2026-09-15 09:00")


def test_it_is_reported_up_once_at_a_time_and_blocks_closing() -> None:
    case = reported_up(3)
    with refused(case, RefusalCode.DECISION_OWED):
        case.do(ReportUp, by=handler(WATER), reason="still no crane")
    case.do(SubmitResult, by=handler(WATER), result="made do without")
    with refused(case, RefusalCode.DECISION_OWED):
        case.do(CloseCase, by=OPERATOR)


def test_the_upper_level_takes_the_case() -> None:
    case = reported_up()
    case.wait(timedelta(minutes=10))
    case.do(DecideReportUp, by=supervisor(DISTRICT), decision=UpperDecision.ACCEPT)

    assert (case.state.owner, case.state.status) == (DISTRICT, Status.DISPATCHED)
    assert case.state.handling_due == case.now + timedelta(hours=24)
    assert (case.state.report_up, case.armed("report_up.decision")) == (None, None)
    decided = case.of_kind("report_up_decided")[0]
    assert (decided.data["decision"], decided.data["lead"], decided.data["reported_by"]) == (
        "accept",
        DISTRICT,
        WATER,
    )
    assert decided.actor == supervisor(DISTRICT)
    assert case.told("report_up_decided") == [WATER]
    assert case.told("assignment")[-1] == DISTRICT


def test_the_upper_level_names_a_lead() -> None:
    case = reported_up()
    case.do(DecideReportUp, by=actor(Role.LEADER, DISTRICT), decision=UpperDecision.LEAD, lead=ROADS)

    assert (case.state.owner, case.state.status) == (ROADS, Status.DISPATCHED)


def test_a_ruling_does_not_bind_whom_the_upper_level_names_after_it() -> None:
    case = a_full_case(2).returning()
    case.next()
    case.do(Rule, by=supervisor(CITY), lead=POWER, reason="so ordered")
    bound = case.state.bound
    assert bound is True
    case.do(ReportUp, by=handler(POWER), reason="no crane")
    asked = case.state.report_up
    assert asked is not None
    case.do(DecideReportUp, by=supervisor(asked.to), decision=UpperDecision.LEAD, lead=ROADS)

    bound_after = case.state.bound
    assert bound_after is False
    case.returning()
    assert case.state.status in (Status.RETURN_REQUESTED, Status.ARBITRATION)


def test_the_upper_level_sends_it_back_with_orders_and_the_owner_keeps_it() -> None:
    case = reported_up()
    due = case.state.handling_due
    case.do(DecideReportUp, by=supervisor(CITY), decision=UpperDecision.ORDERS, orders="hire a crane")

    assert (case.state.owner, case.state.status, case.state.handling_due) == (WATER, Status.HANDLING, due)
    assert (case.state.report_up, case.armed("report_up.decision")) == (None, None)
    assert case.facts[-1].data["orders"] == "hire a crane"
    assert case.told("report_up_decided") == [WATER]


def test_what_a_decision_needs() -> None:
    case = reported_up()
    for by in (supervisor(STREET), supervisor(WATER), actor(Role.LEADER, POWER)):
        with refused(case, RefusalCode.NOT_THE_UPPER_UNIT):
            case.do(DecideReportUp, by=by, decision=UpperDecision.ACCEPT)
    with refused(case, RefusalCode.LEAD_REQUIRED):
        case.do(DecideReportUp, by=supervisor(DISTRICT), decision=UpperDecision.LEAD)
    with refused(case, RefusalCode.SAME_OWNER):
        case.do(DecideReportUp, by=supervisor(DISTRICT), decision=UpperDecision.LEAD, lead=WATER)
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(DecideReportUp, by=supervisor(DISTRICT), decision=UpperDecision.ORDERS)
    quiet = a_full_case(3)
    with refused(quiet, RefusalCode.NOTHING_REPORTED_UP):
        quiet.do(DecideReportUp, by=supervisor(DISTRICT), decision=UpperDecision.ACCEPT)


def test_a_case_whose_result_is_being_checked_is_not_taken_over_but_gets_orders() -> None:
    case = reported_up(3)
    case.do(SubmitResult, by=handler(WATER), result="made do without")
    with refused(case, RefusalCode.NOT_ALLOWED_IN_STATE):
        case.do(DecideReportUp, by=supervisor(DISTRICT), decision=UpperDecision.ACCEPT)
    case.do(DecideReportUp, by=supervisor(DISTRICT), decision=UpperDecision.ORDERS, orders="well done")
    assert case.state.report_up is None


def test_who_decides_too_late_is_passed_over_and_the_next_level_decides() -> None:
    case = reported_up()
    case.do(Acknowledge, by=supervisor(DISTRICT))
    case.until(MONDAY + timedelta(minutes=30))

    asked = case.state.report_up
    assert asked is not None
    assert (asked.to, asked.level, asked.by) == (CITY, Level.CITY, WATER)
    assert asked.due == MONDAY + timedelta(minutes=60)
    assert case.of_kind("report_up_late")[0].data["supervisor"] == DISTRICT
    assert escalations(case)[-1] == (timedelta(minutes=30), "E2", CITY)
    with refused(case, RefusalCode.NOT_THE_UPPER_UNIT):
        case.do(DecideReportUp, by=supervisor(DISTRICT), decision=UpperDecision.ACCEPT)
    case.do(Acknowledge, by=supervisor(CITY))
    case.until(MONDAY + timedelta(minutes=125))
    assert [fact.at - MONDAY for fact in case.of_kind("top_reminded")] == [
        timedelta(minutes=60),
        timedelta(minutes=90),
        timedelta(minutes=120),
    ]
    case.do(DecideReportUp, by=supervisor(CITY), decision=UpperDecision.LEAD, lead=POWER)
    assert case.state.owner == POWER


def test_a_level_called_meanwhile_decides_when_the_first_is_late() -> None:
    case = reported_up()
    case.do(JumpLevel, by=supervisor(DISTRICT), level=Level.CITY, reason="press on site")
    case.do(Acknowledge, by=supervisor(CITY))
    case.until(MONDAY + timedelta(minutes=30))

    asked = case.state.report_up
    assert asked is not None
    assert asked.to == CITY
    assert [trigger for _, trigger, _ in escalations(case)] == ["E2", "jump"]


def test_another_owner_need_not_be_decided_for() -> None:
    case = a_full_case(2)
    case.do(ReportUp, by=handler(WATER), reason="no crane")
    case.returning()
    case.do(GrantReturn, by=DISPATCHER, lead=POWER)

    assert (case.state.report_up, case.armed("report_up.decision")) == (None, None)
    assert case.told("report_up_decided") == []


def test_before_the_rulebook_nobody_owes_a_decision() -> None:
    case = a_case(2).handling()
    case.do(ReportUp, by=handler(WATER), reason="no crane")

    assert case.state.report_up is None
    assert case.state.supervisors == (DISTRICT,)
    with refused(case, RefusalCode.RULEBOOK_REQUIRED):
        case.do(DecideReportUp, by=supervisor(DISTRICT), decision=UpperDecision.ACCEPT)
