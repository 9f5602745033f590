"""Another grade of an open case: the only act that may move a deadline earlier."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.case import Status
from domain.errors import RefusalCode
from domain.limit import Limit
from domain.messages_command import JumpLevel, Regrade
from domain.place import Level
from domain.policy import CaseRules
from tests.unit.builders import (
    CITY,
    DISTRICT,
    MONDAY,
    OPERATOR,
    SYSTEM,
    WATER,
    Played,
    a_case,
    a_full_case,
    decision,
    full_rules,
    limit,
    refused,
    supervisor,
)

MINUTE = timedelta(minutes=1)
NO_LIMIT = decision(limit=None)


def renewed(severity: int = 3, *, version: str = "test-2", **changes: Any) -> CaseRules:
    """Return rules of another version."""
    return replace(full_rules(severity, **changes), version=version)


def regraded(case: Played, severity: int, **fields: Any) -> None:
    given: dict[str, Any] = {"by": OPERATOR, "reason": "worse than told", "rules": full_rules(severity)}
    case.do(Regrade, severity=severity, **(given | fields))


def test_a_worse_grade_moves_the_limit_of_the_severity_earlier_from_where_it_began() -> None:
    case = a_full_case(3, decision=NO_LIMIT)
    assert case.state.handling_limit == limit("5WD")
    case.wait(timedelta(hours=1))
    regraded(case, 2)

    assert (case.state.severity, case.state.rules.severity.severity) == (2, 2)
    assert case.state.handling_limit == limit("24UH")
    assert case.state.handling_due == MONDAY + timedelta(hours=24)
    assert case.armed("handling.overdue") == MONDAY + timedelta(hours=24)
    assert case.armed("handling.warn", "") == MONDAY + timedelta(hours=19, minutes=12)
    assert case.state.return_due == MONDAY + timedelta(minutes=30)
    fact = case.of_kind("regraded")[0]
    assert (fact.data["former"], fact.data["severity"], fact.data["downgrade"]) == (3, 2, False)
    assert (fact.data["limit"], fact.data["reason"]) == ("24UH", "worse than told")
    assert case.told("rules_changed") == [WATER]


def test_a_limit_of_the_filing_condition_stays() -> None:
    case = a_full_case(3)
    due = case.state.handling_due
    regraded(case, 2)
    assert (case.state.handling_limit, case.state.handling_due) == (limit("2WD"), due)


def test_the_total_clock_never_ends_earlier() -> None:
    case = a_full_case(3, decision=NO_LIMIT)
    total = case.state.total_due
    regraded(case, 2)
    assert case.state.total_due == total


def test_a_sign_in_that_is_thereby_late_is_escalated_in_a_minute() -> None:
    case = a_full_case(3, decision=NO_LIMIT)
    case.wait(timedelta(hours=1))
    regraded(case, 2)

    assert case.armed("sign_in.remind") is None
    assert case.armed("sign_in.call") is None
    assert case.armed("sign_in.raise") == case.now + MINUTE


def test_a_sign_in_that_is_not_late_keeps_its_beginning() -> None:
    case = a_full_case(3, decision=NO_LIMIT)
    case.wait(timedelta(minutes=10))
    regraded(case, 2)

    assert case.armed("sign_in.remind", "") is None
    assert case.armed("sign_in.remind", "second") == MONDAY + timedelta(minutes=12)
    assert case.armed("sign_in.call") == MONDAY + timedelta(minutes=15)


def test_a_handling_limit_that_is_thereby_over_is_overdue_in_a_minute() -> None:
    case = a_full_case(3, decision=NO_LIMIT).handling()
    case.until(MONDAY + timedelta(hours=30))
    regraded(case, 2)
    assert case.armed("handling.overdue") == case.now + MINUTE
    case.next()
    assert case.of_kind("overdue")[0].data["owner"] == WATER


def test_a_stage_that_runs_has_the_new_limit_from_now() -> None:
    case = a_full_case(3).submitted()
    assert case.armed("stage.check") == MONDAY + timedelta(hours=6), "four work hours with a break at noon"
    case.wait(timedelta(minutes=5))
    regraded(case, 2)
    assert case.armed("stage.check") == case.now + timedelta(hours=1)
    regraded(case, 3, reason="it was not")
    assert case.armed("stage.check") == case.now + timedelta(hours=6)


def test_a_dispute_is_ruled_in_the_time_of_the_new_grade() -> None:
    case = a_full_case(3).returning()
    regraded(case, 2)
    assert case.armed("stage.return_decision") == MONDAY + timedelta(minutes=30)


@pytest.mark.parametrize("severity", [1, 2, 4])
def test_a_case_in_triage_is_graded_too(severity: int) -> None:
    case = a_full_case(3, decision=decision(None))
    regraded(case, severity)

    assert (case.state.status, case.state.severity) == (Status.TRIAGING, severity)
    assert case.armed("triage") == case.state.deadlines[0].at
    assert case.state.emergency is None
    case.filed(decision=NO_LIMIT)
    assert case.state.handling_limit == full_rules(severity).severity.default_limit


def test_a_pending_word_decision_and_contact_go_by_the_new_grade() -> None:
    case = a_full_case(3)
    case.do(JumpLevel, by=supervisor(DISTRICT), level=Level.CITY, reason="press on site")
    regraded(case, 2)

    assert case.armed("acknowledge.due", "") == MONDAY + timedelta(minutes=15)
    assert case.armed("contact.due") == case.state.contact_due == MONDAY + timedelta(hours=2)


def test_the_floor_of_e1_lifts_and_never_lowers() -> None:
    case = a_full_case(3)
    regraded(case, 1, rules=full_rules(1, floor=Level.DISTRICT))
    assert (case.state.level, case.state.supervisors) == (Level.DISTRICT, (DISTRICT,))
    assert case.of_kind("escalated")[0].data["trigger"] == "E1"
    regraded(case, 4, by=supervisor(CITY), reason="harmless after all")
    assert case.state.level is Level.DISTRICT


def test_severity_1_starts_the_emergency_track_and_its_downgrade_is_told_above() -> None:
    case = a_full_case(3)
    regraded(case, 1)
    assert case.state.emergency is not None
    regraded(case, 3, by=supervisor(CITY), reason="harmless after all")

    assert case.of_kind("regraded")[1].data["downgrade"] is True
    assert case.of_kind("regraded")[1].actor == supervisor(CITY)
    assert case.told("rules_changed") == [WATER, WATER, DISTRICT]
    assert case.state.emergency is not None, "what began is reported to its end"


def test_the_engine_may_find_a_case_worse_never_milder() -> None:
    case = a_full_case(3)
    regraded(case, 2, by=SYSTEM)
    assert case.state.severity == 2
    with refused(case, RefusalCode.ROLE_NOT_ALLOWED):
        regraded(case, 4, by=SYSTEM)


def test_the_same_grade_again_changes_nothing_and_is_on_record() -> None:
    case = a_full_case(3)
    before = case.state
    regraded(case, 3, rules=renewed(3))

    assert case.of_kind("regraded")[0].data["changed"] is False
    assert replace(case.state, seq=before.seq, recent=before.recent) == before


def test_a_halved_limit_stays_half_of_the_new_one() -> None:
    case = a_full_case(3, decision=NO_LIMIT).closed()
    case.visited(solved=False)
    assert case.state.handling_limit == Limit(amount=2.5, unit=limit("5WD").unit)
    regraded(case, 2)
    assert case.state.handling_limit == limit("12UH")


@pytest.mark.parametrize("severity", [0, 5, -1, 99])
def test_a_severity_runs_from_1_to_4(severity: int) -> None:
    case = a_full_case(3)
    with refused(case, RefusalCode.OUT_OF_SCALE):
        case.do(Regrade, by=OPERATOR, severity=severity, reason="worse than told")


def test_a_grade_has_a_reason_and_needs_the_rulebook() -> None:
    case, old = a_full_case(3), a_case(3)
    with refused(case, RefusalCode.REASON_REQUIRED):
        regraded(case, 2, reason="")
    with refused(old, RefusalCode.RULEBOOK_REQUIRED):
        regraded(old, 2)


def test_without_rules_of_its_own_the_pinned_ones_go_on() -> None:
    case = a_full_case(3)
    due = case.state.handling_due
    regraded(case, 2, rules=None)
    assert (case.state.severity, case.state.urgent, case.state.handling_due) == (2, True, due)
