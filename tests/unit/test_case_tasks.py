"""Row 21: sub-tasks, whistles and co-handlers, their clocks and what they mean for the case."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.actor import Role
from domain.aspects import Task, TaskKind, TaskStatus
from domain.case import Status
from domain.errors import RefusalCode
from domain.messages import CancelCase, CloseCase, GrantReturn, RecordCheck, RequestCheck, SubmitResult
from domain.messages_duty import AssignTask, ReportTask, SignInTask, WaiveTask
from domain.place import Level
from domain.policy import CheckRule
from tests.unit.builders import (
    CITY,
    COMMUNITY,
    DISPATCHER,
    DISTRICT,
    GRID,
    MONDAY,
    OPERATOR,
    OTHER_DISTRICT,
    POWER,
    ROADS,
    STREET,
    WATER,
    Played,
    a_case,
    a_full_case,
    actor,
    at,
    decision,
    full_rules,
    handler,
    limit,
    refused,
    supervisor,
)
from tests.unit.scenes_duty import ASKED, tasked

HOUR = timedelta(hours=1)


def the(case: Played, task: str = "T1") -> Task:
    return next(one for one in case.state.tasks if one.id == task)


def whistled(severity: int = 3) -> Played:
    """The street owns the case and calls the power company."""
    full = a_full_case(
        severity, decision=decision(STREET, severity=severity, limit=limit("24UH" if severity < 3 else "2WD"))
    ).handling()
    full.do(AssignTask, by=handler(STREET), task_kind=TaskKind.WHISTLE, unit=POWER, text="cut the cable off")
    return full


def test_a_sub_task_has_the_cases_deadline_where_it_names_none_and_its_own_sign_in() -> None:
    case = tasked()
    task = the(case)

    assert (task.kind, task.unit, task.by, task.status) == (
        TaskKind.SUBTASK,
        COMMUNITY,
        WATER,
        TaskStatus.OPEN,
    )
    assert (task.mandatory, task.asked_at, task.due) == (True, MONDAY, case.state.handling_due)
    assert task.sign_in_due == at("2026-09-14 15:00"), "four working hours over the midday break"
    assert case.armed("task.sign_in", "T1") == task.sign_in_due
    assert case.armed("task.due", "T1") == task.due == at("2026-09-16 09:00")
    assert case.armed("task.warn", "T1") == at("2026-09-15 15:30")
    fact = case.of_kind("task_assigned")[0]
    assert (fact.row, fact.due, fact.data["task"], fact.data["unit"]) == (21, task.due, "T1", COMMUNITY)
    assert case.told("task_assigned") == [COMMUNITY]


def test_an_urgent_task_is_signed_for_within_a_quarter_of_an_hour() -> None:
    case = tasked(a_full_case(2))
    assert the(case).sign_in_due == MONDAY + timedelta(minutes=15)
    assert the(case).due == MONDAY + timedelta(hours=24)


def test_a_task_may_end_before_the_case_and_never_after_it_or_in_the_past() -> None:
    case = tasked(due=MONDAY + HOUR)
    assert the(case).due == case.armed("task.due", "T1") == MONDAY + HOUR

    beyond = case.state.handling_due + timedelta(seconds=1)  # type: ignore[operator]
    for due in (beyond, MONDAY, MONDAY - HOUR):
        with refused(case, RefusalCode.DUE_OUTSIDE):
            case.do(AssignTask, by=handler(WATER), **ASKED, due=due)


def test_a_task_of_an_overdue_case_is_owed_at_once_and_has_no_deadline_of_its_own() -> None:
    case = a_full_case().handling()
    case.until(at("2026-09-16 10:00"))
    case.do(AssignTask, by=handler(WATER), **ASKED)

    assert the(case).due is None
    assert case.armed("task.due") is None
    assert case.armed("task.sign_in", "T1") == the(case).sign_in_due
    with refused(case, RefusalCode.DUE_OUTSIDE):
        case.do(AssignTask, by=handler(WATER), **ASKED, due=case.now + HOUR)


def test_ids_count_up_and_each_has_its_own_clocks() -> None:
    case = tasked(tasked())
    assert [task.id for task in case.state.tasks] == ["T1", "T2"]
    case.do(SignInTask, by=handler(COMMUNITY), task="T2")
    assert case.armed("task.sign_in", "T1") is not None
    assert case.armed("task.sign_in", "T2") is None
    assert case.armed("task.due", "T2") is not None


def test_signing_in_and_reporting_by_the_tasks_unit_alone() -> None:
    case = tasked().wait(HOUR)
    for who in (handler(WATER), handler(POWER), handler(GRID)):
        with refused(case, RefusalCode.NOT_YOUR_ITEM):
            case.do(SignInTask, by=who, task="T1")
        with refused(case, RefusalCode.NOT_YOUR_ITEM):
            case.do(ReportTask, by=who, task="T1", result="done")

    case.do(SignInTask, by=handler(COMMUNITY), task="T1")
    assert (the(case).status, the(case).signed_in_at) == (TaskStatus.SIGNED_IN, case.now)
    with refused(case, RefusalCode.ITEM_SETTLED):
        case.do(SignInTask, by=handler(COMMUNITY), task="T1")

    case.wait(HOUR).do(ReportTask, by=handler(COMMUNITY), task="T1", result="told everybody", photos=("p1",))
    task = the(case)
    assert (task.status, task.reported_at, task.result, task.photos, task.late) == (
        TaskStatus.REPORTED, case.now, "told everybody", ("p1",), False,
    )  # fmt: skip
    assert case.told("task_reported") == [WATER], "the lead is told"
    assert [one.name.value for one in case.future if one.item == "T1"] == []


def test_a_report_without_a_sign_in_is_one_as_well() -> None:
    case = tasked().wait(HOUR)
    case.do(ReportTask, by=handler(COMMUNITY), task="T1", result="done")
    assert the(case).signed_in_at == the(case).reported_at == case.now
    with refused(case, RefusalCode.TASK_TEXT_REQUIRED):
        tasked_again = case
        tasked_again.do(AssignTask, by=handler(WATER), **(ASKED | {"text": ""}))


def test_nobody_signs_in_the_unit_is_reminded_and_then_the_level_above_told() -> None:
    case = tasked()
    first = the(case).sign_in_due
    assert first is not None
    case.until(first)
    assert case.of_kind("task_not_signed_in")[0].due == first
    assert case.told("reminder")[-1] == COMMUNITY
    assert case.told("task_late") == []

    again = case.armed("task.sign_in", "T1")
    assert again == at("2026-09-15 09:30")
    case.until(again)
    assert case.of_kind("task_not_signed_in")[1].data["told"] == DISTRICT
    assert case.told("task_late") == [DISTRICT]
    assert case.armed("task.sign_in") is None, "the case's own clocks go on"
    assert case.state.owner == WATER


def test_a_task_is_warned_at_80_percent_and_late_on_record_without_moving_the_case() -> None:
    case = tasked()
    before = case.state.handling_due
    case.do(SignInTask, by=handler(COMMUNITY), task="T1")
    case.until(at("2026-09-15 15:30"))
    assert [fact.data["task"] for fact in case.of_kind("task_warned")] == ["T1"]

    case.until(at("2026-09-16 09:00"))
    late = case.of_kind("task_late")[0]
    assert (late.row, late.due, late.data["unit"], "told" in late.data) == (21, before, COMMUNITY, False)
    assert case.told("task_late") == [COMMUNITY, WATER]
    assert the(case).late
    assert (case.state.handling_due, case.state.status) == (before, Status.HANDLING)

    case.do(ReportTask, by=handler(COMMUNITY), task="T1", result="at last")
    assert case.of_kind("task_reported")[0].data["late"] is True


def test_both_sides_times_of_a_whistle_are_on_record() -> None:
    case = whistled().wait(HOUR)
    case.do(SignInTask, by=handler(POWER), task="T1")
    case.wait(HOUR).do(ReportTask, by=handler(POWER), task="T1", result="cut off")

    signed, reported = case.of_kind("task_signed_in")[0], case.of_kind("task_reported")[0]
    assert signed.data["asked_at"] == MONDAY.isoformat()
    assert signed.data["signed_in_at"] == (MONDAY + HOUR).isoformat()
    assert reported.data["reported_at"] == (MONDAY + 2 * HOUR).isoformat()
    assert (the(case).asked_at, the(case).signed_in_at, the(case).reported_at) == (
        MONDAY, MONDAY + HOUR, MONDAY + 2 * HOUR,
    )  # fmt: skip
    assert case.told("task_signed_in") == [STREET], "the whistler hears that the department has come"


def test_a_department_that_does_not_answer_a_whistle_is_told_upward_and_the_fact_says_so() -> None:
    case = whistled(2)
    case.until(MONDAY + timedelta(minutes=15))
    assert case.of_kind("task_not_signed_in")[0].data["told"] == DISTRICT
    case.do(SignInTask, by=handler(POWER), task="T1")
    assert case.of_kind("task_signed_in")[0].data["late"] is False, "to the minute is in time"

    case.until(MONDAY + timedelta(hours=24))
    late = case.of_kind("task_late")[0]
    assert late.data["told"] == case.told("task_late")[-1]
    assert case.told("task_late")[-3:] == [POWER, STREET, late.data["told"]]


def test_the_supervising_street_may_whistle_and_a_foreign_supervisor_may_not() -> None:
    case = a_full_case().handling()
    case.do(AssignTask, by=supervisor(STREET), task_kind=TaskKind.WHISTLE, unit=POWER, text="come")
    assert the(case).by == STREET
    with refused(case, RefusalCode.NOT_THE_OWNER):
        case.do(AssignTask, by=supervisor(OTHER_DISTRICT), **ASKED)
    with refused(case, RefusalCode.NOT_THE_OWNER):
        case.do(AssignTask, by=handler(POWER), **ASKED)
    with refused(case, RefusalCode.NOT_THE_OWNER):
        case.do(WaiveTask, by=supervisor(OTHER_DISTRICT), task="T1", reason="no")
    case.do(ReportTask, by=handler(POWER), task="T1", result="came")
    assert case.told("task_reported") == [WATER, STREET], "the lead, and who asked"


def test_a_task_is_waived_with_a_reason_by_the_lead_or_its_supervisors() -> None:
    case = tasked(tasked())
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(WaiveTask, by=handler(WATER), task="T1", reason=" ")
    case.do(WaiveTask, by=handler(WATER), task="T1", reason="not needed")
    case.do(WaiveTask, by=supervisor(DISTRICT), task="T2", reason="nor this")

    assert [task.status for task in case.state.tasks] == [TaskStatus.WAIVED] * 2
    assert the(case).waived == "not needed"
    assert case.told("task_ended") == [COMMUNITY, COMMUNITY]
    assert not [one for one in case.future if one.item in ("T1", "T2")]
    with refused(case, RefusalCode.ITEM_SETTLED):
        case.do(WaiveTask, by=handler(WATER), task="T1", reason="again")


def test_a_mandatory_task_keeps_the_case_from_closing_and_the_result_names_it() -> None:
    case = tasked().submitted()
    assert case.of_kind("feedback")[0].data["open_tasks"] == ["T1"]
    with refused(case, RefusalCode.TASKS_OPEN):
        case.do(CloseCase, by=OPERATOR)
    case.do(ReportTask, by=handler(COMMUNITY), task="T1", result="done")
    case.do(CloseCase, by=OPERATOR)
    assert case.state.closed_at is not None


def test_what_is_not_mandatory_ends_with_the_case_and_its_unit_is_told() -> None:
    case = tasked(mandatory=False).closed()
    assert the(case).status is TaskStatus.WAIVED
    assert case.told("task_ended") == [COMMUNITY]
    assert case.armed("task.due") is None
    assert case.of_kind("feedback")[0].data.get("open_tasks") is None


def test_cancelling_ends_the_tasks() -> None:
    case = tasked()
    case.do(CancelCase, by=OPERATOR, reason="withdrawn")
    assert (the(case).status, the(case).waived) == (TaskStatus.WAIVED, "cancelled")
    assert COMMUNITY in case.told("cancelled")
    assert case.future == ()


def test_who_had_a_task_neither_checks_nor_closes() -> None:
    case = tasked(a_full_case(rules=full_rules(check=CheckRule.ALWAYS)), unit=GRID)
    case.do(ReportTask, by=handler(GRID), task="T1", result="swept")
    case.do(SubmitResult, by=handler(WATER), result="repaired")
    assert case.state.checker == COMMUNITY, "the nearest level without a part in it"
    with refused(case, RefusalCode.HANDLER_MAY_NOT_CLOSE):
        case.do(RecordCheck, by=actor(Role.CHECKER, GRID), passed=True)

    other = tasked(unit=STREET)
    other.do(ReportTask, by=handler(STREET), task="T1", result="done")
    other.submitted()
    with refused(other, RefusalCode.HANDLER_MAY_NOT_CLOSE):
        other.do(CloseCase, by=supervisor(STREET))
    with refused(other, RefusalCode.HANDLER_MAY_NOT_CLOSE):
        other.do(RequestCheck, by=OPERATOR, checker=STREET)


def test_who_was_let_off_before_taking_it_may_check() -> None:
    case = tasked(unit=GRID)
    case.do(WaiveTask, by=handler(WATER), task="T1", reason="not needed")
    case.submitted()
    case.do(RequestCheck, by=OPERATOR, checker=GRID)
    assert case.state.checker == GRID


def test_co_handlers_of_the_decision_get_a_task_that_binds_nobody_and_the_plain_notice() -> None:
    case = a_full_case(decision=decision(WATER, co_handlers=(POWER, ROADS)))
    assert [(task.kind, task.unit, task.by, task.mandatory) for task in case.state.tasks] == [
        (TaskKind.CO_HANDLING, POWER, WATER, False),
        (TaskKind.CO_HANDLING, ROADS, WATER, False),
    ]
    assert {task.due for task in case.state.tasks} == {case.state.handling_due}
    assert case.told("assignment") == [WATER, POWER, ROADS]
    assert case.told("task_assigned") == []

    case.do(SignInTask, by=handler(POWER), task="T1")
    case.handling().do(ReportTask, by=handler(POWER), task="T1", result="done")
    assert case.told("task_reported") == [WATER]
    case.closed()
    assert case.told("task_ended") == [ROADS]


def test_a_new_owner_keeps_the_open_co_handlers_with_its_own_deadline_and_has_no_task_itself() -> None:
    case = a_full_case(decision=decision(WATER, co_handlers=(POWER, ROADS)))
    case.do(SignInTask, by=handler(ROADS), task="T2")
    case.wait(2 * HOUR).returning()
    case.do(GrantReturn, by=DISPATCHER, lead=POWER)

    assert [(task.unit, task.status) for task in case.state.tasks] == [
        (POWER, TaskStatus.WAIVED), (ROADS, TaskStatus.SIGNED_IN),
    ]  # fmt: skip
    assert the(case, "T2").due == case.state.handling_due == case.armed("task.due", "T2")
    assert case.armed("task.due", "T1") is None


def test_an_old_case_has_no_tasks_and_takes_none() -> None:
    case = a_case(decision=decision(WATER, co_handlers=(POWER,)))
    assert case.state.tasks == ()
    case.handling()
    with refused(case, RefusalCode.RULEBOOK_REQUIRED):
        case.do(AssignTask, by=handler(WATER), **ASKED)


def test_a_task_of_a_case_the_city_commands_is_told_to_the_desk() -> None:
    case = tasked(a_full_case(decision=decision(WATER, level=Level.CITY)))
    case.until(at("2026-09-15 09:30"))
    assert case.told("task_late") == ["hotline"]
    assert CITY not in case.told("task_late")


@given(
    asked=st.integers(0, 3 * 24 * 60),
    due=st.none() | st.integers(-60, 5 * 24 * 60),
    severity=st.sampled_from([2, 3]),
)
def test_a_tasks_deadline_is_never_after_the_cases(asked: int, due: int | None, severity: int) -> None:
    case = a_full_case(severity).handling()
    case.until(MONDAY + timedelta(minutes=asked))
    wanted: datetime | None = None if due is None else MONDAY + timedelta(minutes=due)
    limit_at = case.state.handling_due
    assert limit_at is not None
    if wanted is not None and not case.now < wanted <= limit_at:
        with refused(case, RefusalCode.DUE_OUTSIDE):
            case.do(AssignTask, by=handler(WATER), **ASKED, due=wanted)
        return
    case.do(AssignTask, by=handler(WATER), **ASKED, due=wanted)
    task = the(case)
    assert (task.due is None) == (limit_at <= case.now)
    assert task.due is None or case.now < task.due <= limit_at
