"""Rows 26–35: result, rework, check, closing, visits, reopening, archive."""

from datetime import timedelta
from typing import Any

import pytest

from domain.actor import Role
from domain.case import Alarm, ReportRef, Status
from domain.errors import RefusalCode
from domain.messages import (
    CloseCase,
    CloseKind,
    GrantReturn,
    Reassign,
    RecordCheck,
    RecordVisit,
    RequestCheck,
    SendBack,
    SubmitResult,
)
from domain.place import Level
from domain.policy import CheckRule
from tests.unit.builders import (
    CHECKER,
    CITY,
    DISPATCHER,
    DISTRICT,
    GRID,
    MONDAY,
    OPERATOR,
    POWER,
    REPORT,
    STREET,
    SYSTEM,
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


def closed_with_three_reporters(severity: int = 4) -> Played:
    """Return a closed case that three people reported."""
    return a_case(severity).joined("R-2").joined("R-3").closed()


def test_row_26_judges_overdue_at_the_forwarding() -> None:
    on_time = a_case().handling().wait(timedelta(days=2)).submitted()
    assert (on_time.state.status, on_time.state.on_time) == (Status.FEEDBACK, True)
    assert on_time.facts[-1].due == on_time.state.handling_due == on_time.now

    late = a_case().handling().wait(timedelta(days=2, seconds=1)).submitted()
    assert late.state.on_time is False
    assert late.of_kind("feedback")[0].data["on_time"] is False


def test_row_26_from_accepted_takes_row_20_on_its_way() -> None:
    case = a_case().signed_in()
    case.do(SubmitResult, by=handler(WATER), result="repaired", photos=("p1",), solved=True, contacted=True)

    assert [fact.row for fact in case.facts[-2:]] == [20, 26]
    assert case.facts[-1].data == {"result": "repaired", "photos": ["p1"], "solved": True, "on_time": True}
    assert case.state.contacted_at == case.now


def test_row_27_rework_keeps_the_deadline_and_forgets_the_judgement() -> None:
    case = a_case().handling().wait(timedelta(hours=3)).submitted()
    due = case.state.handling_due
    case.wait(timedelta(hours=1))
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(SendBack, by=DISPATCHER, reason="")
    case.do(SendBack, by=DISPATCHER, reason="still leaking")

    assert (case.state.status, case.state.reworks) == (Status.HANDLING, 1)
    assert case.state.handling_due == due
    assert (case.state.on_time, case.state.submitted_at) == (None, None)
    assert case.armed("handling.overdue") == due
    assert case.told("rework") == [WATER]


def test_row_28_a_severe_result_is_checked_by_the_nearest_who_did_not_handle() -> None:
    case = a_case(2).submitted()
    assert (case.state.status, case.state.checker) == (Status.CHECKING, GRID)
    assert case.told("check_request") == [GRID]

    by_the_grid = a_case(2, decision=decision(GRID, level=Level.GRID, co_handlers=("community-1",)))
    assert by_the_grid.submitted().state.checker == STREET, "neither the owner nor its co-handler"


def test_row_28_triage_checks_where_nobody_else_is_left() -> None:
    case = a_case(2, rules=rules(2, ladder=without(*Level))).submitted()
    assert case.state.checker == TRIAGE


@pytest.mark.parametrize(
    ("rule", "severity", "site_check", "status"),
    [
        (CheckRule.ALWAYS, 4, False, Status.CHECKING),
        (CheckRule.SEVERE, 4, False, Status.FEEDBACK),
        (CheckRule.SEVERE, 4, True, Status.CHECKING),
        (CheckRule.SEVERE, 1, False, Status.CHECKING),
        (CheckRule.NEVER, 1, True, Status.FEEDBACK),
    ],
)
def test_row_28_as_the_pack_says(rule: CheckRule, severity: int, *, site_check: bool, status: Status) -> None:
    case = a_case(severity, rules=rules(severity, check=rule), site_check=site_check).submitted()
    assert case.state.status is status
    assert case.armed("stage.check") is not None


def test_row_28_by_hand_sends_nobody_who_handled_the_case() -> None:
    case = a_case(4, decision=decision(co_handlers=(POWER,))).submitted()
    for unit in (WATER, POWER):
        with refused(case, RefusalCode.HANDLER_MAY_NOT_CLOSE):
            case.do(RequestCheck, by=OPERATOR, checker=unit)
    case.do(RequestCheck, by=OPERATOR)
    assert (case.state.status, case.state.checker) == (Status.CHECKING, GRID)


def test_row_29_a_failed_check_is_rework_with_a_reason() -> None:
    case = a_case(2).submitted()
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(RecordCheck, by=CHECKER, passed=False)
    case.do(RecordCheck, by=CHECKER, passed=False, note="still leaking")

    assert (case.state.status, case.state.reworks, case.state.checker) == (Status.HANDLING, 1, None)
    assert case.facts[-1].row == 29


def test_row_30_a_passed_check_closes_and_keeps_its_evidence() -> None:
    case = a_case(2).submitted()
    case.do(RecordCheck, by=CHECKER, passed=True, photos=("p1", "p2"), lon=114.3, lat=30.6)

    assert case.state.status is Status.VISITING
    assert (case.state.closed_at, case.state.close_kind) == (case.now, "solved")
    closing = case.of_kind("closed")[0]
    assert closing.data == {"close_kind": "solved", "photos": ["p1", "p2"], "lon": 114.3, "lat": 30.6}
    assert (closing.actor, closing.due) == (CHECKER, case.state.total_due)


@pytest.mark.parametrize("kind", [kind for kind in CloseKind if kind is not CloseKind.SOLVED])
def test_row_30_every_other_kind_of_closing_has_a_reason(kind: CloseKind) -> None:
    case = a_case().submitted()
    closer = supervisor(CITY) if kind is CloseKind.FORCED else OPERATOR
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(CloseCase, by=closer, close_kind=kind)
    case.do(CloseCase, by=closer, close_kind=kind, reason="private ground")
    assert case.state.close_kind == kind.value


def test_row_30_only_a_leader_forces_a_case_shut() -> None:
    case = a_case().submitted()
    with refused(case, RefusalCode.ROLE_NOT_ALLOWED):
        case.do(CloseCase, by=OPERATOR, close_kind=CloseKind.FORCED, reason="enough")


def test_row_30_an_outstanding_check_is_recorded_not_passed_over() -> None:
    case = a_case(2).submitted()
    with refused(case, RefusalCode.CHECK_OUTSTANDING):
        case.do(CloseCase, by=OPERATOR)
    case.do(CloseCase, by=supervisor(CITY), close_kind=CloseKind.EXPLAINED, reason="no legal basis")
    assert case.state.close_kind == "explained"


def test_row_30_no_unit_that_ever_handled_the_case_closes_or_checks_it() -> None:
    case = a_case(2, decision=decision(co_handlers=(DISTRICT,))).returning()
    case.do(GrantReturn, by=DISPATCHER, lead=POWER)
    case.do(Reassign, by=supervisor(CITY), lead=STREET, reason="they are there")
    case.submitted()
    for unit in (WATER, POWER, STREET, DISTRICT):
        with refused(case, RefusalCode.HANDLER_MAY_NOT_CLOSE):
            case.do(RecordCheck, by=actor(Role.CHECKER, unit), passed=True)
        with refused(case, RefusalCode.HANDLER_MAY_NOT_CLOSE):
            case.do(CloseCase, by=supervisor(unit))
    case.do(RecordCheck, by=supervisor(CITY), passed=True)
    assert case.state.status is Status.VISITING


@pytest.mark.parametrize("role", [Role.HANDLER, Role.LEADER])
def test_row_30_the_handling_side_does_not_close(role: Role) -> None:
    case = a_case().submitted()
    with refused(case, RefusalCode.ROLE_NOT_ALLOWED):
        case.do(CloseCase, by=actor(role, POWER))


def test_row_31_follows_for_those_who_want_to_be_asked() -> None:
    case = a_case().closed()
    assert [fact.row for fact in case.facts[-2:]] == [30, 31]
    assert case.future[0].name is Alarm.VISIT

    silent = a_case(wants_visit=False).closed()
    assert silent.state.status is Status.CLOSED
    assert [deadline.name for deadline in silent.future] == [Alarm.RETENTION]
    assert silent.told("result") == [REPORT], "not to be asked is not the same as not to be told"


def test_nobody_not_even_the_engine_closes_a_closed_case_again() -> None:
    case = a_case(wants_visit=False).closed()
    for who in (OPERATOR, SYSTEM):
        with refused(case, RefusalCode.NOT_ALLOWED_IN_STATE):
            case.do(CloseCase, by=who)


def test_rows_31_32_three_reporters_one_reached_one_silent_after_three_tries_one_in_time_only() -> None:
    case = closed_with_three_reporters()
    case.visited(solved=True, grade=4, contacted=True)

    for tries in (1, 2, 3):
        case.wait(timedelta(hours=4)).visited(report="R-2", reached=False)
        assert case.state.reports[1].tries == tries
    case.visited(report="R-3", reached=False)
    assert [report.visit for report in case.state.reports] == ["reached", "no_answer", "open"]

    case.next()
    assert case.state.status is Status.EVALUATED
    assert case.facts[-1].data == {"reached": 1, "no_answer": 2}
    assert case.state.reports == (
        ReportRef(report_no=REPORT, visit="reached", tries=1, solved=True, grade=4),
        ReportRef(report_no="R-2", visit="no_answer", tries=3, came_from="case-of-R-2"),
        ReportRef(report_no="R-3", visit="no_answer", tries=1, came_from="case-of-R-3"),
    )


def test_row_32_the_last_answer_evaluates_at_once() -> None:
    case = closed_with_three_reporters()
    for report in (REPORT, "R-2", "R-3"):
        case.visited(report=report, grade=5, solved=True)

    assert case.state.status is Status.EVALUATED
    assert case.facts[-1].data == {"reached": 3, "no_answer": 0}
    assert [deadline.name for deadline in case.future] == [Alarm.RETENTION]


def test_row_32_silence_is_not_satisfaction() -> None:
    case = a_case().closed()
    for _ in range(3):
        case.visited(reached=False, solved=True, grade=5)

    assert case.state.status is Status.EVALUATED
    assert (case.state.reports[0].solved, case.state.reports[0].grade) == (None, None)
    assert "grade" not in case.of_kind("visited")[0].data


def test_row_32_an_unknown_or_finished_report_is_refused() -> None:
    case = closed_with_three_reporters()
    with refused(case, RefusalCode.UNKNOWN_REPORT):
        case.visited(report="R-9")
    case.visited()
    with refused(case, RefusalCode.REPORT_ALREADY_VISITED):
        case.visited()


def test_row_32_only_after_closing() -> None:
    case = a_case().submitted()
    with refused(case, RefusalCode.NOT_ALLOWED_IN_STATE):
        case.do(RecordVisit, by=OPERATOR, report_no=REPORT, reached=True)


@pytest.mark.parametrize("answer", [{"solved": False}, {"grade": 1}, {"grade": 2, "solved": True}])
def test_rows_33_34_reopen_with_half_the_limit_for_the_same_unit(answer: dict[str, Any]) -> None:
    case = a_case(3, decision=decision(limit=limit("4WD"))).closed()
    total = case.state.total_due
    case.now = at("2026-09-14 15:00")
    case.visited(**answer)

    assert [fact.row for fact in case.facts[-3:]] == [32, 33, 34]
    assert (case.state.status, case.state.owner) == (Status.DISPATCHED, WATER)
    assert case.state.handling_limit == limit("2WD")
    assert case.state.handling_due == at("2026-09-16 15:00")
    assert case.state.total_due == total
    assert (case.state.closed_at, case.state.close_kind, case.state.on_time) == (None, None, None)
    assert (case.state.reopened, case.state.unsolved) == (1, 1)
    assert case.told("reopened") == [DISTRICT], "the level above gets a copy"
    assert case.armed("stage.visit") is None


def test_row_33_everybody_is_asked_again_after_the_second_closing() -> None:
    case = a_case().joined("R-2").joined("R-3", wants_visit=False).closed()
    case.visited(report="R-2", solved=True, grade=5)
    case.visited(solved=False)
    case.closed()

    assert case.told("result") == [REPORT, "R-2", "R-3"] * 2
    assert [(report.visit, report.tries, report.grade) for report in case.state.reports] == [
        ("open", 0, None), ("open", 0, None), ("not_wanted", 0, None),
    ]  # fmt: skip


def test_row_33_not_where_the_handler_is_not_at_fault() -> None:
    case = a_case().closed()
    case.visited(solved=False, grade=1, at_fault=False)

    assert case.state.status is Status.EVALUATED
    assert case.state.reports[0].solved is False


def test_the_half_limit_is_not_halved_again() -> None:
    case = a_case(3, decision=decision(limit=limit("4WD"))).closed()
    case.visited(solved=False)
    case.closed()
    case.visited(solved=False)

    assert case.state.handling_limit == limit("2WD")


def test_row_35_archives_after_retention_and_nothing_moves_any_more() -> None:
    case = a_case().closed()
    case.visited(grade=5)
    evaluated_at = case.now
    case.next()

    assert (case.state.status, case.future) == (Status.ARCHIVED, ())
    assert case.now - evaluated_at == timedelta(days=30)
    with refused(case, RefusalCode.CASE_ENDED):
        case.joined("R-2")


def test_row_35_from_closed_where_nobody_is_visited() -> None:
    case = a_case(wants_visit=False).closed()
    case.next()
    assert case.state.status is Status.ARCHIVED


def test_an_ordinary_life_leaves_this_history() -> None:
    case = a_case(2, start=MONDAY, decision=decision(limit=limit("24UH")))
    case.wait(timedelta(minutes=5)).handling().wait(timedelta(hours=2)).closed()
    case.wait(timedelta(hours=1)).visited(grade=5, solved=True)

    assert [fact.row for fact in case.facts] == [1, 2, 12, 13, 14, 20, 26, 28, 30, 31, 32, 32]
    assert [fact.seq for fact in case.facts] == list(range(1, 13))
    assert case.state.status is Status.EVALUATED
