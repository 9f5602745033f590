"""Rows 24 and 25: an objective block until a date, once, with a measure that keeps people safe."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actor import Role
from domain.case import Status
from domain.clock import remaining, works_on
from domain.errors import RefusalCode
from domain.limit import LimitUnit
from domain.messages import CancelCase, Reassign, ReportUp, SubmitResult
from domain.messages_command import DecideReportUp, UpperDecision
from domain.messages_duty import (
    AssignTask,
    LogContact,
    ReachMilestone,
    ReportTask,
    Resume,
    SignInTask,
    Suspend,
)
from tests.unit.builders import (
    CALENDAR,
    CITY,
    CITY_TIME,
    COMMUNITY,
    DISPATCHER,
    DISTRICT,
    MONDAY,
    OPERATOR,
    POWER,
    REPORT,
    STREET,
    WATER,
    Played,
    a_case,
    a_full_case,
    actor,
    at,
    decision,
    handler,
    limit,
    refused,
    supervisor,
)
from tests.unit.scenes_duty import ASKED, LEADER, SUSPENDED, asked_for_more, extended, suspended, tasked
from tests.unit.test_case_contact_and_stages import STAGES, in_hand

DAY = timedelta(days=1)
STANDING = ("handling", "sign_in", "contact", "task", "milestone", "extension")


def clocks(case: Played) -> dict[str, datetime]:
    """Return what is armed of handling and of what runs beside it."""
    return {
        f"{one.name.value}:{one.item}": one.at for one in case.future if one.name.value.startswith(STANDING)
    }


def test_the_clocks_stand_still_and_the_stretch_is_on_record() -> None:
    case = suspended(tasked(in_hand(a_full_case())))
    state = case.state
    assert (state.status, state.suspensions) == (Status.SUSPENDED, 1)
    assert state.suspension is not None
    assert (state.suspension.since, state.suspension.until) == (MONDAY, MONDAY + 10 * DAY)
    assert state.suspension.left == limit("2WD")
    assert clocks(case) == {}
    assert case.armed("suspension.end") == state.suspension.until
    assert [(pause.why, pause.since, pause.until) for pause in state.pauses] == [("suspended", MONDAY, None)]
    fact = case.of_kind("suspended")[0]
    assert (fact.row, fact.due, fact.data["interim_measure"]) == (24, MONDAY + 10 * DAY, "fenced and lit")
    assert case.told("suspended") == [WATER, COMMUNITY, REPORT]
    with refused(case, RefusalCode.NOT_ALLOWED_IN_STATE):
        case.do(SubmitResult, by=handler(WATER), result="repaired")
    with refused(case, RefusalCode.NOT_ALLOWED_IN_STATE):
        case.do(AssignTask, by=handler(WATER), **ASKED)


def test_at_the_date_it_goes_on_by_itself_with_what_was_left() -> None:
    case = a_full_case().handling()
    case.until(at("2026-09-15 10:00"))
    before, total = clocks(case), case.state.total_due
    case.do(Suspend, by=DISPATCHER, **(SUSPENDED | {"until": at("2026-10-03 12:00")}))
    case.until(at("2026-10-03 12:00"))

    state = case.state
    assert (state.status, state.suspension, state.handling_limit) == (Status.HANDLING, None, limit("2WD"))
    assert state.handling_due == at("2026-10-08 17:00"), "six and a half hours of the first working day"
    assert state.total_due is not None
    assert total is not None
    assert state.total_due == at("2026-10-09 17:00") > total
    assert set(clocks(case)) == set(before)
    assert all(clocks(case)[name] > moment for name, moment in before.items())
    assert case.armed("handling.overdue") == state.handling_due
    assert case.armed("handling.warn", "") == at("2026-10-08 12:00")
    assert state.pauses[0].until == at("2026-10-03 12:00")
    fact = case.of_kind("handling")[-1]
    assert (fact.row, fact.actor.role, fact.due) == (25, Role.ENGINE, at("2026-10-03 12:00"))
    assert case.told("resumed") == [WATER, REPORT]

    case.until(at("2026-10-08 17:00"))
    case.do(SubmitResult, by=handler(WATER), result="repaired")
    assert case.state.on_time is True


def test_it_goes_on_earlier_when_the_unit_says_so() -> None:
    case = suspended(a_full_case(2)).wait(timedelta(hours=5))
    with refused(case, RefusalCode.NOT_THE_OWNER):
        case.do(Resume, by=handler(STREET))
    case.do(Resume, by=handler(WATER), reason="the flood is over")
    assert (case.state.status, case.armed("suspension.end")) == (Status.HANDLING, None)
    assert case.state.handling_due == MONDAY + timedelta(hours=29)
    assert case.of_kind("handling")[-1].data["reason"] == "the flood is over"

    other = suspended().wait(timedelta(hours=5))
    other.do(Resume, by=supervisor(DISTRICT))
    assert other.state.status is Status.HANDLING


def test_a_unit_that_has_only_signed_in_goes_on_handling() -> None:
    case = a_full_case().signed_in()
    case.do(Suspend, by=DISPATCHER, **SUSPENDED)
    case.until(MONDAY + 10 * DAY)
    assert case.state.status is Status.HANDLING


def test_once_only_for_a_stated_reason_with_plan_and_interim_measure() -> None:
    case = a_full_case().handling()
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(Suspend, by=DISPATCHER, **(SUSPENDED | {"reason": " "}))
    for missing in ("plan", "interim_measure"):
        with refused(case, RefusalCode.INTERIM_MEASURE_REQUIRED):
            case.do(Suspend, by=DISPATCHER, **(SUSPENDED | {missing: ""}))
    suspended(case).wait(DAY).do(Resume, by=handler(WATER))
    with refused(case, RefusalCode.SUSPENDED_ONCE):
        case.do(Suspend, by=supervisor(DISTRICT), **SUSPENDED)


@pytest.mark.parametrize(
    ("who", "days", "code"),
    [
        (DISPATCHER, 30, None),
        (DISPATCHER, 31, RefusalCode.SUSPENSION_NEEDS_DISTRICT),
        (supervisor(STREET), 31, RefusalCode.SUSPENSION_NEEDS_DISTRICT),
        (actor(Role.DISPATCHER, DISTRICT), 31, RefusalCode.SUSPENSION_NEEDS_DISTRICT),
        (supervisor(DISTRICT), 31, None),
        (supervisor(DISTRICT), 365, None),
        (supervisor(DISTRICT), 366, RefusalCode.SUSPENSION_TOO_LONG),
        (DISPATCHER, 0, RefusalCode.DUE_OUTSIDE),
        (DISPATCHER, -1, RefusalCode.DUE_OUTSIDE),
        (actor(Role.DISPATCHER, WATER), 5, RefusalCode.NOT_YOUR_STEP),
        (actor(Role.DISPATCHER, None), 5, RefusalCode.NOT_YOUR_STEP),
        (handler(WATER), 5, RefusalCode.ROLE_NOT_ALLOWED),
        (LEADER, 5, RefusalCode.ROLE_NOT_ALLOWED),
    ],
)
def test_who_may_suspend_for_how_long(who: object, days: int, code: RefusalCode | None) -> None:
    case = a_full_case().handling()
    fields = SUSPENDED | {"until": MONDAY + timedelta(days=days)}
    if code is None:
        case.do(Suspend, by=who, **fields)  # type: ignore[arg-type]
        assert case.state.status is Status.SUSPENDED
        return
    with refused(case, code):
        case.do(Suspend, by=who, **fields)  # type: ignore[arg-type]


def test_a_limit_that_had_run_out_stays_run_out_and_the_next_level_is_still_called() -> None:
    case = a_full_case(2).handling()
    case.until(MONDAY + timedelta(hours=30))
    due = case.state.handling_due
    suspended(case, until=case.now + 10 * DAY)
    assert case.state.suspension is not None
    assert case.state.suspension.left is None
    resumed_at = case.now + 10 * DAY
    case.until(resumed_at)
    assert case.state.handling_due == due == MONDAY + timedelta(hours=24)
    assert case.armed("handling.overdue") is None
    assert case.armed("handling.raise") == resumed_at + timedelta(hours=18), "twice the limit, 30 hours used"
    case.do(SubmitResult, by=handler(WATER), result="repaired")
    assert case.state.on_time is False


def test_tasks_stages_and_contact_go_on_with_what_they_had_left() -> None:
    plain = decision(WATER, severity=2, limit=limit("24UH"), milestones=STAGES[:1])
    case = in_hand(a_full_case(2, decision=plain))
    case.do(AssignTask, by=handler(WATER), **ASKED, due=MONDAY + timedelta(hours=3))
    case.wait(timedelta(minutes=10))
    stretch = timedelta(hours=48)
    suspended(case, until=case.now + stretch)
    case.until(case.now + stretch)

    task = case.state.tasks[0]
    assert task.due == case.armed("task.due", "T1") == MONDAY + timedelta(hours=3) + stretch
    assert task.sign_in_due == case.armed("task.sign_in", "T1") == MONDAY + timedelta(minutes=15) + stretch
    assert case.armed("task.warn", "T1") == MONDAY + timedelta(hours=2.4) + stretch
    assert case.state.contact_due == case.armed("contact.due") == MONDAY + timedelta(hours=2) + stretch
    assert case.state.milestones[0].due == case.armed("milestone.due", "stop") == at("2026-09-16 15:00")


def test_a_second_reminder_that_was_armed_goes_on_too() -> None:
    case = in_hand(a_full_case(2))
    case.do(AssignTask, by=handler(WATER), **ASKED)
    case.until(MONDAY + timedelta(hours=2, minutes=20))
    assert case.state.contact_late
    suspended(case, until=case.now + DAY)
    case.until(case.now + DAY)
    assert case.armed("contact.due", "above") == MONDAY + timedelta(hours=4) + DAY
    assert case.armed("contact.due", "") is None
    assert len(case.of_kind("task_not_signed_in")) == 2
    assert case.armed("task.sign_in") is None


def test_what_is_done_while_it_stands_still_is_in_time() -> None:
    case = in_hand(
        a_full_case(2, decision=decision(WATER, severity=2, limit=limit("24UH"), milestones=STAGES))
    )
    case.do(AssignTask, by=handler(WATER), **ASKED)
    suspended(case).wait(3 * DAY)
    case.do(SignInTask, by=handler(COMMUNITY), task="T1")
    case.do(ReportTask, by=handler(COMMUNITY), task="T1", result="done")
    case.do(LogContact, by=handler(WATER), reached=True)
    assert [fact.data["late"] for fact in case.facts[-3:]] == [False, False, False]
    with refused(case, RefusalCode.NOT_ALLOWED_IN_STATE):
        case.do(ReachMilestone, by=handler(WATER), milestone="stop")
    case.do(Resume, by=handler(WATER))
    assert case.armed("task.due") is None
    assert case.armed("contact.due") is None


def test_a_request_for_an_extension_ends_with_the_suspension_and_one_may_follow_it() -> None:
    case = suspended(asked_for_more())
    assert (case.state.extension, case.armed("extension.decision")) == (None, None)
    assert case.of_kind("extension_ended")[0].data["why"] == "suspended"
    case.until(MONDAY + 10 * DAY)
    due = case.state.handling_due
    extended(case)
    assert due is not None
    assert case.state.handling_due == at("2026-09-30 09:00") > due == at("2026-09-28 09:00")
    assert case.armed("handling.overdue") == case.state.handling_due
    assert case.state.extensions == 1


def test_an_extended_case_keeps_its_longer_limit_over_a_suspension() -> None:
    case = extended().wait(timedelta(hours=2))
    suspended(case, until=case.now + 7 * DAY)
    case.until(case.now + 7 * DAY)
    assert case.state.handling_limit == limit("4WD")
    # Four working days less two hours, from Monday eleven; Sunday the 20th made up before it.
    assert case.state.handling_due == at("2026-09-25 09:00")


def test_cancelling_ends_the_suspension_and_its_pause() -> None:
    case = suspended().wait(DAY)
    case.do(CancelCase, by=OPERATOR, reason="withdrawn")
    assert (case.state.suspension, case.future) == (None, ())
    assert case.state.pauses[0].until == case.now


def test_an_old_case_is_not_suspended() -> None:
    case = a_case().handling()
    with refused(case, RefusalCode.RULEBOOK_REQUIRED):
        case.do(Suspend, by=DISPATCHER, **SUSPENDED)


@given(
    amount=st.sampled_from(["10WH", "3WD", "24UH", "5ND", "90MIN", "2UD", "1.5WD"]),
    began=st.integers(0, 40 * 24 * 60),
    worked=st.floats(0.01, 0.99),
    days=st.floats(0.01, 29.9),
)
def test_what_was_left_is_what_is_left_across_every_holiday(
    amount: str, began: int, worked: float, days: float
) -> None:
    whole = limit(amount)
    case = a_full_case(decision=decision(WATER, limit=whole), start=MONDAY + timedelta(minutes=began))
    start, due = case.now, case.state.handling_due
    assert due is not None
    case.handling().until(start + (due - start) * worked)
    left = remaining(start=start, now=case.now, limit=whole, calendar=CALENDAR)
    armed, total = clocks(case), case.state.total_due
    suspended(case, until=case.now + timedelta(days=days))
    case.until(case.now + timedelta(days=days))

    state = case.state
    assert state.status is Status.HANDLING
    assert state.handling_from is not None
    assert state.handling_due is not None
    now_left = remaining(start=state.handling_from, now=case.now, limit=whole, calendar=CALENDAR)
    assert abs(now_left - left) < 1e-6
    assert state.handling_due >= due
    assert state.total_due is not None
    assert total is not None
    assert state.total_due >= total
    for name, moment in clocks(case).items():
        assert moment > case.now
        assert moment >= armed.get(name, moment)
    if whole.unit in (LimitUnit.WH, LimitUnit.WD) and left > 1e-6:
        assert works_on(day=state.handling_due.astimezone(CITY_TIME).date(), calendar=CALENDAR)


def test_at_the_very_end_of_its_limit_nothing_is_left() -> None:
    case = a_full_case(2).handling()
    case.until(MONDAY + timedelta(hours=24))
    assert len(case.of_kind("overdue")) == 1
    suspended(case, until=case.now + DAY)
    case.until(case.now + DAY)
    assert case.state.handling_due == MONDAY + timedelta(hours=24)
    assert case.armed("handling.raise") is not None


def test_nobody_names_another_owner_while_it_stands_still() -> None:
    case = tasked()
    case.do(ReportUp, by=handler(WATER), reason="no crane")
    suspended(case).wait(DAY)
    lead = {"decision": UpperDecision.LEAD, "lead": POWER, "orders": "take it"}
    with refused(case, RefusalCode.NOT_ALLOWED_IN_STATE):
        case.do(DecideReportUp, by=supervisor(CITY), **lead)
    with refused(case, RefusalCode.NOT_ALLOWED_IN_STATE):
        case.do(Reassign, by=supervisor(CITY), lead=POWER, reason="theirs")

    case.do(Resume, by=handler(WATER))
    case.do(DecideReportUp, by=supervisor(CITY), **lead)
    assert (case.state.owner, case.state.suspension, case.armed("suspension.end")) == (POWER, None, None)
    assert case.state.tasks[0].due == case.armed("task.due", "T1")
    with refused(case, RefusalCode.NOT_ALLOWED_IN_STATE):
        case.do(Suspend, by=DISPATCHER, **SUSPENDED)
    case.handling()
    with refused(case, RefusalCode.SUSPENDED_ONCE):
        case.do(Suspend, by=DISPATCHER, **SUSPENDED)
