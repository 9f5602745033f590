"""What each armed deadline does when its time comes."""

from dataclasses import replace

from domain import (
    rows_appeal,
    rows_emergency,
    rows_joint,
    rows_levels,
    rows_policy,
    rows_supervision,
    rows_tasks,
    rows_time,
    rows_triage,
)
from domain.actor import ENGINE
from domain.begin import file
from domain.case import Alarm, Deadline, Status, Trigger
from domain.escalation import (
    LATE_TOLERANCE,
    clock_start,
    handling_overdue,
    handling_raise,
    handling_warn,
    raise_level,
    remind_top,
    sign_in_call,
    sign_in_raise,
    sign_in_reminder,
)
from domain.rows_appeal import is_pending
from domain.rows_duty import arbitrate
from domain.rows_result import decision_late, evaluate, rectify_late
from domain.step import AlarmHandler, Step


def triage_late(step: Step, deadline: Deadline) -> None:
    """Nobody triaged: go on where routing knows the owner, else remind again and again."""
    decision = step.state.decision
    sure = decision is not None and decision.lead is not None and not step.state.uncertain
    if decision is not None and sure and step.state.proposals:
        step.record("proposals_not_confirmed", row=7, due_at=deadline.at)
        step.change(proposals=())
        file(step, decision)
        return
    step.record("triage_late", row=2, due_at=deadline.at, owner=step.state.owner)
    step.tell("reminder", unit=step.state.triage_unit, about="triage")
    start = clock_start(step, deadline)
    if not raise_level(step, Trigger.NOT_SIGNED_IN, start=start, due_at=deadline.at):
        remind_top(step, Trigger.NOT_SIGNED_IN, Alarm.TRIAGE, start=start, due_at=deadline.at)
        return
    step.arm((Alarm.TRIAGE, step.due(start=start, limit=step.policy.stages.triage)))


def return_late(step: Step, deadline: Deadline) -> None:
    """Row 18: no answer to a return goes to arbitration."""
    arbitrate(step, why=f"no decision by {deadline.at.isoformat()}")


def arbitration_late(step: Step, deadline: Deadline) -> None:
    """A ruling that does not come is asked of the level above; at the top, reminded."""
    start = clock_start(step, deadline)
    if raise_level(step, Trigger.RETURNED_AGAIN, start=start, due_at=deadline.at):
        rung = step.rung(step.state.level)
        step.change(
            arbiter=rung.unit if rung is not None and rung.unit is not None else step.state.triage_unit
        )
        step.arm((Alarm.ARBITRATION, step.due(start=start, limit=step.policy.stages.arbitration)))
        return
    remind_top(step, Trigger.RETURNED_AGAIN, Alarm.ARBITRATION, start=start, due_at=deadline.at)


def check_late(step: Step, deadline: Deadline) -> None:
    """A check or closing that does not come is reminded, and goes up."""
    if decision_late(step, deadline):
        return
    start = clock_start(step, deadline)
    checked = step.state.check_passed
    unit = step.state.triage_unit if checked else step.state.checker or step.state.triage_unit
    step.record("check_late", row=28, due_at=deadline.at, checker=unit)
    step.tell("reminder", unit=unit, about="closing" if checked else "check")
    if not raise_level(step, Trigger.OVERDUE, start=start, due_at=deadline.at):
        remind_top(step, Trigger.OVERDUE, Alarm.CHECK, start=start, due_at=deadline.at)
        return
    step.arm((Alarm.CHECK, step.due(start=start, limit=step.policy.stages.check)))


def visit_late(step: Step, _deadline: Deadline) -> None:
    """Row 32: the tries are over; the open ones count as no answer."""
    reports = tuple(
        replace(report, visit="no_answer") if report.visit == "open" else report
        for report in step.state.reports
    )
    step.change(reports=reports)
    evaluate(step)


def visit_not_started(step: Step, deadline: Deadline) -> None:
    """Row 31: nobody has tried to reach who is to be asked in the time to begin: triage is reminded.

    Who was asked before somebody joined (the second part of the row) does not count as begun.
    """
    waiting = any(report.visit == "open" and not report.tries for report in step.state.reports)
    if step.state.status is not Status.VISITING or not waiting:
        return
    step.record("visit_not_started", row=31, due_at=deadline.at, unit=step.state.triage_unit)
    step.tell("reminder", unit=step.state.triage_unit, about="visit")


def retention_over(step: Step, deadline: Deadline) -> None:
    """Row 35: archived; not while an appeal waits for its reviews (row 37)."""
    if step.book is not None and is_pending(step.state):
        step.record("archive_waits", row=35, due_at=deadline.at, reason="appeal")
        again = step.due(start=step.now, limit=step.book.appeal_review)
        step.arm((Alarm.RETENTION, max(again, step.now + LATE_TOLERANCE)))
        return
    step.move(35, actor=ENGINE)
    step.change(deadlines=())


ALARMS: dict[str, AlarmHandler] = {
    **rows_triage.ALARMS,
    **rows_tasks.ALARMS,
    **rows_time.ALARMS,
    **rows_policy.ALARMS,
    **rows_supervision.ALARMS,
    **rows_appeal.ALARMS,
    **rows_levels.ALARMS,
    **rows_emergency.ALARMS,
    **rows_joint.ALARMS,
    Alarm.TRIAGE: triage_late,
    Alarm.SIGN_IN_REMIND: sign_in_reminder,
    Alarm.SIGN_IN_CALL: sign_in_call,
    Alarm.SIGN_IN_RAISE: sign_in_raise,
    Alarm.SIGN_IN_REPEAT: sign_in_raise,
    Alarm.HANDLING_WARN: handling_warn,
    Alarm.HANDLING_OVERDUE: handling_overdue,
    Alarm.HANDLING_RAISE: handling_raise,
    Alarm.RETURN_DECISION: return_late,
    Alarm.ARBITRATION: arbitration_late,
    Alarm.CHECK: check_late,
    Alarm.VISIT: visit_late,
    Alarm.VISIT_START: visit_not_started,
    Alarm.RECTIFY: rectify_late,
    Alarm.RETENTION: retention_over,
}


def fire_due(step: Step) -> None:
    """Fire every armed deadline that is due, in order, including those the firing arms."""
    while step.state.deadlines and step.state.deadlines[0].at <= step.now:
        deadline = step.state.deadlines[0]
        step.change(deadlines=step.state.deadlines[1:])
        ALARMS[deadline.name](step, deadline)
