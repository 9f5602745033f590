"""Levels by hand: acknowledged, jumped to, decided on what was reported up (row 22)."""

from collections.abc import Callable
from dataclasses import replace

from domain.actor import Role
from domain.aspects import ReportedUp
from domain.case import SETTLED, STATUS_ZH, Alarm, Deadline, Status, Trigger
from domain.duty import give, quiet_supervisor
from domain.errors import CommandRefused, RefusalCode
from domain.escalation import (
    acknowledge_due,
    ask_above,
    clock_start,
    heard_from,
    may_answer_for,
    raise_level,
    remind_top,
)
from domain.messages_command import Acknowledge, DecideReportUp, JumpLevel, UpperDecision
from domain.rows_duty import need_reason, usual_limit
from domain.step import AlarmHandler, Handler, Step

GIVEN_ANEW = frozenset(
    {Status.DISPATCHED, Status.ACCEPTED, Status.HANDLING, Status.RETURN_REQUESTED, Status.ARBITRATION}
)
"""States in which an upper level may still take the case or name another lead."""


def acknowledge(step: Step, command: Acknowledge) -> None:
    """The supervisor called last, or a level above it, has seen the case."""
    awaited = step.state.awaiting
    if awaited is None or not may_answer_for(step, step.actor.unit, called=awaited):
        raise CommandRefused(RefusalCode.NOBODY_TO_ACKNOWLEDGE)
    quiet_supervisor(step)
    step.record("acknowledged", row=22, supervisor=awaited, unit=step.actor.unit, note=command.note)


def jump_level(step: Step, command: JumpLevel) -> None:
    """Straight to a level (越级), those between recorded as skipped; nobody there is the next above that has somebody."""
    need_reason(command.reason)
    _may_jump(step)
    before = step.state.level
    if command.level >= before:
        raise CommandRefused(RefusalCode.NOT_ABOVE)
    heard_from(step)
    step.record("jumped", row=22, level=command.level.name, from_level=before.name, reason=command.reason)
    for rung in sorted(step.state.rules.ladder, key=lambda rung: rung.level, reverse=True):
        if command.level < rung.level < before and rung.unit is not None:
            step.record("level_skipped", row=22, level=rung.level.name, reason=command.reason)
    if not raise_level(step, Trigger.JUMP, start=step.now, floor=command.level):
        raise CommandRefused(RefusalCode.TOP_LEVEL)


def _may_jump(step: Step) -> None:
    """A unit of the case's ladder, triage, or the owner's own leader jumps; nobody else's case is theirs to move."""
    units = {rung.unit for rung in step.state.rules.ladder if rung.unit} | {step.state.triage_unit}
    if step.actor.role is Role.LEADER:
        units.add(step.state.owner)
    if step.actor.unit not in units:
        raise CommandRefused(RefusalCode.NOT_YOUR_ITEM, unit=", ".join(sorted(units)))


def decide_report_up(step: Step, command: DecideReportUp) -> None:
    """E2: the upper level takes the case, names a lead, or sends it back with orders (接诉即办条例 20)."""
    if step.book is None:
        raise CommandRefused(RefusalCode.RULEBOOK_REQUIRED)
    asked = step.state.report_up
    if asked is None:
        raise CommandRefused(RefusalCode.NOTHING_REPORTED_UP)
    decider = step.actor.unit
    if decider == step.state.owner or not may_answer_for(step, decider, called=asked.to):
        raise CommandRefused(RefusalCode.NOT_THE_UPPER_UNIT, unit=asked.to)
    heard_from(step)
    DECISIONS[command.decision](step, command, asked)


def _accept(step: Step, command: DecideReportUp, asked: ReportedUp) -> None:
    _take_over(step, command, asked, lead=step.actor.unit or "")


def _name_lead(step: Step, command: DecideReportUp, asked: ReportedUp) -> None:
    if not command.lead:
        raise CommandRefused(RefusalCode.LEAD_REQUIRED)
    if command.lead == step.state.owner:
        raise CommandRefused(RefusalCode.SAME_OWNER)
    _take_over(step, command, asked, lead=command.lead)


def _take_over(step: Step, command: DecideReportUp, asked: ReportedUp, *, lead: str) -> None:
    status, former = step.state.status, step.state.owner
    if status not in GIVEN_ANEW:
        name = f"{STATUS_ZH[status]} {status.value}"
        raise CommandRefused(RefusalCode.NOT_ALLOWED_IN_STATE, status=name, command=command.decision.value)
    _decided(step, command, asked, lead=lead)
    # A ruling bound the lead it named (row 19), not whom the upper level names after it.
    step.change(bound=False)
    give(step, row=0, unit=lead, limit=usual_limit(step), why=asked.reason)
    step.tell("report_up_decided", unit=former, owner=lead)


def _orders(step: Step, command: DecideReportUp, asked: ReportedUp) -> None:
    need_reason(command.orders)
    step.disarm("report_up")
    step.change(report_up=None)
    _decided(step, command, asked, lead=step.state.owner)
    step.tell("report_up_decided", unit=step.state.owner, owner=step.state.owner)


def _decided(step: Step, command: DecideReportUp, asked: ReportedUp, *, lead: str) -> None:
    step.record(
        "report_up_decided", row=22, due_at=asked.due, decision=command.decision.value, lead=lead,
        orders=command.orders, reported_by=asked.by, unit=step.actor.unit, reason=asked.reason,
    )  # fmt: skip


DECISIONS: dict[UpperDecision, Callable[[Step, DecideReportUp, ReportedUp], None]] = {
    UpperDecision.ACCEPT: _accept,
    UpperDecision.LEAD: _name_lead,
    UpperDecision.ORDERS: _orders,
}


def decision_late(step: Step, deadline: Deadline) -> None:
    """E2: who does not decide in time is passed over, the next level decides; the top is reminded until it does."""
    asked = step.state.report_up
    if asked is None or step.state.status in SETTLED:
        step.change(report_up=None)
        return
    start = clock_start(step, deadline)
    step.record("report_up_late", row=22, due_at=deadline.at, supervisor=asked.to, owner=step.state.owner)
    # Somebody else may have called a higher level meanwhile: then that level decides.
    if step.state.level < asked.level or raise_level(step, Trigger.NO_MEANS, start=start, due_at=deadline.at):
        ask_above(step, asked.reason, start=start)
        return
    step.change(report_up=replace(asked, due=None))
    remind_top(step, Trigger.NO_MEANS, Alarm.DECIDE_UP, start=start, due_at=deadline.at)


HANDLERS: dict[str, Handler] = {
    "acknowledge": acknowledge,
    "jump_level": jump_level,
    "decide_report_up": decide_report_up,
}
ALARMS: dict[str, AlarmHandler] = {
    Alarm.ACKNOWLEDGE: acknowledge_due,
    Alarm.DECIDE_UP: decision_late,
}
