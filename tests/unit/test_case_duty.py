"""Rows 14–20 and 22 by hand: sign-in, return, arbitration, ruling, handling, re-assignment, cancelling."""

from datetime import timedelta
from typing import Any

import pytest

from domain.actor import Role
from domain.case import Alarm, Status
from domain.errors import RefusalCode
from domain.messages import (
    CancelCase,
    GrantReturn,
    Reassign,
    RefuseReturn,
    ReportUp,
    RequestReturn,
    Rule,
    SendBack,
    SignIn,
    StartHandling,
)
from domain.place import Level
from tests.unit.builders import (
    CITY,
    DISPATCHER,
    DISTRICT,
    MONDAY,
    OPERATOR,
    OTHER_DISTRICT,
    POWER,
    REPORT,
    ROADS,
    STREET,
    TRIAGE,
    WATER,
    Played,
    a_case,
    actor,
    at,
    decision,
    handler,
    limit,
    refused,
    rules,
    supervisor,
    without,
)


def in_arbitration(**fields: Any) -> Played:
    """Two units have asked to return the case."""
    case = a_case().returning()
    case.do(GrantReturn, by=DISPATCHER, lead=POWER)
    return case.wait(timedelta(minutes=30)).returning(**fields)


def test_row_14_stops_the_sign_in_clock_and_not_the_handling_clock() -> None:
    case = a_case().wait(timedelta(minutes=30)).signed_in()

    assert (case.state.status, case.state.signed_in_at) == (Status.ACCEPTED, case.now)
    assert [deadline.name.value for deadline in case.future] == [
        "handling.warn", "handling.overdue", "handling.raise",
    ]  # fmt: skip
    assert case.state.handling_from == MONDAY, "handling runs from dispatch, not from sign-in"
    assert case.facts[-1].due == at("2026-09-14 15:00"), "four work hours from the dispatch"


def test_row_14_goes_through_row_20_when_a_person_is_named() -> None:
    case = a_case()
    case.do(SignIn, by=handler(WATER), assignee="zhang")

    assert case.state.status is Status.HANDLING
    assert [fact.row for fact in case.facts[-2:]] == [14, 20]


def test_row_20_notes_the_first_contact_with_the_reporter_only_once() -> None:
    case = a_case().signed_in().wait(timedelta(minutes=10))
    case.do(StartHandling, by=handler(WATER), assignee="zhang", contacted=True)
    first = case.now
    case.wait(timedelta(hours=1)).submitted()

    assert case.state.contacted_at == first
    assert case.of_kind("handling")[0].data == {"assignee": "zhang", "contacted": True}


def test_row_15_keeps_the_owner_and_its_clock() -> None:
    case = a_case().wait(timedelta(hours=1)).returning(proposed_unit=POWER, legal_basis="§ 3")

    assert (case.state.status, case.state.owner) == (Status.RETURN_REQUESTED, WATER)
    assert case.state.handling_due == at("2026-09-16 09:00")
    assert [deadline.name.value for deadline in case.future] == [
        "stage.return_decision", "handling.warn", "handling.overdue", "handling.raise",
    ]  # fmt: skip
    assert case.armed("stage.return_decision") == at("2026-09-14 16:00")
    assert case.facts[-1].data == {"reason": "not ours", "proposed": POWER, "legal_basis": "§ 3"}
    assert case.told("return_requested") == [STREET]


@pytest.mark.parametrize("reason", ["", " \n"])
def test_row_15_needs_a_reason(reason: str) -> None:
    case = a_case()
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.returning(reason=reason)


def test_row_15_in_time_only() -> None:
    case = a_case().wait(timedelta(days=1, minutes=1))
    with refused(case, RefusalCode.RETURN_TOO_LATE):
        case.returning()
    on_the_dot = a_case().wait(timedelta(days=1)).returning()
    assert on_the_dot.state.status is Status.RETURN_REQUESTED


def test_row_15_once_per_unit() -> None:
    case = a_case().returning()
    case.do(RefuseReturn, by=DISPATCHER, reason="it is yours")
    with refused(case, RefusalCode.RETURN_ONCE_PER_UNIT):
        case.returning()


def test_row_15_after_sign_in_too() -> None:
    assert a_case().signed_in().returning().state.status is Status.RETURN_REQUESTED


def test_row_16_gives_the_next_owner_a_fresh_limit_and_nobody_a_fresh_total() -> None:
    case = a_case()
    total = case.state.total_due
    case.wait(timedelta(hours=1)).returning().wait(timedelta(hours=5))
    case.do(GrantReturn, by=DISPATCHER, lead=POWER)

    assert (case.state.status, case.state.owner) == (Status.DISPATCHED, POWER)
    assert case.state.handling_from == case.now
    assert case.state.handling_due == at("2026-09-16 15:00")
    assert case.state.return_due == at("2026-09-15 15:00")
    assert case.state.total_due == total
    assert case.state.handlers == (WATER, POWER)
    assert case.told("return_decided") == [WATER]
    assert case.told("assignment") == [WATER, POWER]


def test_row_16_names_another_owner() -> None:
    case = a_case().returning()
    with refused(case, RefusalCode.SAME_OWNER):
        case.do(GrantReturn, by=DISPATCHER, lead=WATER)


def test_row_17_counts_as_sign_in() -> None:
    case = a_case().returning().wait(timedelta(hours=1))
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(RefuseReturn, by=DISPATCHER, reason=" ")
    case.do(RefuseReturn, by=DISPATCHER, reason="it is yours")

    assert (case.state.status, case.state.signed_in_at) == (Status.ACCEPTED, case.now)
    assert case.future[0].name is Alarm.HANDLING_WARN
    assert case.state.handling_due == at("2026-09-16 09:00")


def test_row_18_a_return_nobody_decides_goes_to_arbitration() -> None:
    case = a_case().returning()
    case.next()

    assert (case.state.status, case.state.owner) == (Status.ARBITRATION, WATER)
    assert (case.state.arbiter, case.state.level) == (DISTRICT, Level.DISTRICT)
    assert case.state.supervisors == (DISTRICT,)
    assert case.facts[-1].data["trigger"] == "E5"


def test_row_18_the_second_return_goes_to_the_district_at_once() -> None:
    case = in_arbitration()

    assert (case.state.status, case.state.owner) == (Status.ARBITRATION, POWER)
    assert case.state.arbiter == DISTRICT
    assert case.told("arbitration") == [DISTRICT]
    assert [fact.row for fact in case.facts[-2:]] == [15, 18]
    assert case.armed("stage.return_decision") is None


def test_row_18_goes_to_the_city_where_two_districts_are_concerned() -> None:
    case = in_arbitration(crosses_district=True)

    assert (case.state.arbiter, case.state.level) == (CITY, Level.CITY)


def test_row_18_nobody_rules_on_its_own_dispute() -> None:
    case = a_case(decision=decision(DISTRICT, level=Level.DISTRICT)).returning()
    case.next()

    assert (case.state.owner, case.state.arbiter) == (DISTRICT, CITY)


def test_row_18_triage_rules_where_the_ladder_has_nobody() -> None:
    case = a_case(rules=rules(3, ladder=without(Level.CITY, Level.DISTRICT))).returning()
    case.next()

    assert case.state.arbiter == TRIAGE


def test_a_ruling_that_does_not_come_is_asked_of_the_city_and_then_again_and_again() -> None:
    case = in_arbitration()
    case.until(MONDAY + timedelta(days=1, hours=1))
    assert (case.state.arbiter, case.state.level) == (CITY, Level.CITY)

    before = len(case.of_kind("top_reminded"))
    case.until(MONDAY + timedelta(days=11))
    assert len(case.of_kind("top_reminded")) >= before + 5
    assert case.state.status is Status.ARBITRATION
    case.do(Rule, by=supervisor(CITY), lead=ROADS, reason="city ruling")
    assert case.state.owner == ROADS


def test_row_19_binds() -> None:
    case = in_arbitration().wait(timedelta(hours=2))
    case.do(Rule, by=supervisor(DISTRICT), lead=WATER, reason="the pipe is theirs")

    assert (case.state.status, case.state.owner) == (Status.DISPATCHED, WATER)
    assert case.state.bound
    assert case.state.arbiter is None
    assert case.state.handling_from == case.now
    assert case.state.supervisors == (DISTRICT,), "who was added stays"
    with refused(case, RefusalCode.BOUND_BY_RULING):
        case.returning()


def test_row_19_the_city_may_rule_for_the_district() -> None:
    case = in_arbitration()
    case.do(Rule, by=supervisor(CITY), lead=WATER, reason="so ordered")
    assert case.state.owner == WATER


@pytest.mark.parametrize("unit", [STREET, OTHER_DISTRICT, WATER, None])
def test_row_19_nobody_else_rules(unit: str | None) -> None:
    case = in_arbitration()
    with refused(case, RefusalCode.NOT_THE_ARBITER):
        case.do(Rule, by=actor(Role.SUPERVISOR, unit), lead=WATER, reason="because")


def test_row_19_no_actor_without_a_unit_slips_through_a_vacant_city() -> None:
    case = a_case(rules=rules(3, ladder=without(Level.CITY))).returning()
    case.next()
    with refused(case, RefusalCode.NOT_THE_ARBITER):
        case.do(Rule, by=actor(Role.SUPERVISOR, None), lead=POWER, reason="because")


def test_row_22_a_commanding_level_names_another_owner_and_the_supervisors_stay() -> None:
    case = a_case()
    case.until(at("2026-09-14 17:00"))
    assert case.state.supervisors == (DISTRICT,)
    total = case.state.total_due
    case.do(Reassign, by=supervisor(DISTRICT), lead=POWER, reason="they have the crew")

    assert (case.state.status, case.state.owner) == (Status.DISPATCHED, POWER)
    assert case.state.supervisors == (DISTRICT,)
    assert case.state.total_due == total
    assert case.facts[-1].kind == "reassigned"


def test_row_22_a_reassignment_says_where_the_case_came_from() -> None:
    case = a_case().handling()
    case.do(Reassign, by=supervisor(DISTRICT), lead=POWER, reason="they have the crew")

    assert (case.facts[-1].source, case.facts[-1].target) == (Status.HANDLING, Status.DISPATCHED)


def test_row_22_needs_another_owner_and_a_reason() -> None:
    case = a_case()
    with refused(case, RefusalCode.SAME_OWNER):
        case.do(Reassign, by=supervisor(DISTRICT), lead=WATER, reason="again")
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(Reassign, by=supervisor(DISTRICT), lead=POWER, reason="")


def test_e2_the_owner_reports_up_with_a_reason_and_stays() -> None:
    case = a_case().handling()
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(ReportUp, by=handler(WATER), reason="")
    case.do(ReportUp, by=handler(WATER), reason="no crane")

    assert (case.state.level, case.state.owner) == (Level.DISTRICT, WATER)
    assert case.of_kind("escalated")[0].data["trigger"] == "E2"
    assert case.of_kind("escalated")[0].actor == handler(WATER)
    case.do(ReportUp, by=handler(WATER), reason="no crane")
    with refused(case, RefusalCode.TOP_LEVEL):
        case.do(ReportUp, by=handler(WATER), reason="no crane")


@pytest.mark.parametrize("role", [Role.HANDLER, Role.LEADER])
def test_e2_nobody_reports_up_the_case_of_another_unit(role: Role) -> None:
    case = a_case()
    with refused(case, RefusalCode.NOT_THE_OWNER):
        case.do(ReportUp, by=actor(role, POWER), reason="no crane")


def test_only_the_owners_leader_orders_rework_of_the_owners_result() -> None:
    case = a_case().submitted()
    with refused(case, RefusalCode.NOT_THE_OWNER):
        case.do(SendBack, by=actor(Role.LEADER, POWER), reason="not done")
    case.do(SendBack, by=actor(Role.LEADER, WATER), reason="not done")
    assert case.state.status is Status.HANDLING


def test_row_36_ends_the_case_and_tells_everybody() -> None:
    case = a_case().joined("R-2")
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(CancelCase, by=OPERATOR, reason="")
    case.do(CancelCase, by=OPERATOR, reason="withdrawn")

    assert case.state.status is Status.CANCELLED
    assert case.future == ()
    assert case.told("cancelled") == [WATER, REPORT, "R-2"]


@pytest.mark.parametrize("severity", [1, 2])
def test_row_36_never_for_a_severe_case_unless_it_is_a_drill(severity: int) -> None:
    case = a_case(severity)
    with refused(case, RefusalCode.SEVERE_CASE_NOT_CANCELLABLE):
        case.do(CancelCase, by=OPERATOR, reason="withdrawn")

    drill = a_case(severity, exercise=True)
    drill.do(CancelCase, by=OPERATOR, reason="end of drill")
    assert drill.state.status is Status.CANCELLED


def test_row_36_not_after_closing() -> None:
    case = a_case().closed()
    with refused(case, RefusalCode.NOT_ALLOWED_IN_STATE):
        case.do(CancelCase, by=OPERATOR, reason="withdrawn")


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.HANDLER, Role.LEADER)])
def test_nobody_signs_in_for_a_unit_without_being_its_handler(role: Role) -> None:
    case = a_case()
    with refused(case, RefusalCode.ROLE_NOT_ALLOWED):
        case.do(SignIn, by=actor(role, WATER))


def test_a_return_outside_its_states_is_refused() -> None:
    case = a_case().handling()
    with refused(case, RefusalCode.NOT_ALLOWED_IN_STATE):
        case.do(RequestReturn, by=handler(WATER), reason="not ours")


def test_urgent_cases_return_on_urgent_clocks() -> None:
    case = a_case(2, start=at("2026-09-12 23:00"), decision=decision(limit=limit("24UH"))).returning()

    assert case.armed("stage.return_decision") == at("2026-09-12 23:30"), "a Saturday night counts"
    case.wait(timedelta(minutes=10))
    case.do(GrantReturn, by=DISPATCHER, lead=POWER)
    assert case.state.handling_due == at("2026-09-13 23:10")
