"""Clocks of handling: contact (row 20), the stages of a case, extension (row 23).

The suspension (rows 24, 25) stands in ``domain.suspension``. Fields' practice: an extension is
asked for before the deadline, approved in two steps, adds one original limit, and is granted
at most twice; a refusal does not count (reference: domain.md §1.5).
"""

from dataclasses import replace
from datetime import datetime

from domain.actor import Role
from domain.aspects import Extension
from domain.case import Alarm, Deadline
from domain.duty import arm_handling, rungs_above, upper
from domain.errors import CommandRefused, RefusalCode
from domain.escalation import LATE_TOLERANCE, clock_start
from domain.limit import Limit
from domain.messages_duty import DecideExtension, LogContact, ReachMilestone, RequestExtension
from domain.milestones import keep_milestone
from domain.rows_duty import decider, need_reason, note_contact, other_desk
from domain.rows_tasks import is_past
from domain.step import AlarmHandler, Handler, Step
from domain.suspension import ABOVE, grow_total, resume, suspend, suspension_over

DEPARTMENT, DESK = "department", "dispatcher"
"""The two steps in which an extension is decided."""


def log_contact(step: Step, command: LogContact) -> None:
    """Row 20: a try to reach the reporter; the first success stops the response clock."""
    if not command.reached:
        step.record("contact_tried", row=20, means=command.means, note=command.note)
        return
    late = step.state.contacted_at is None and is_past(step, step.state.contact_due)
    step.record(
        "contacted", row=20, due_at=step.state.contact_due, means=command.means, note=command.note, late=late
    )
    note_contact(step, contacted=True)


def contact_late(step: Step, deadline: Deadline) -> None:
    """Nobody contacted the reporter in time: it counts, the owner is told, then the level above."""
    if deadline.item == ABOVE:
        told = upper(step)
        step.record("contact_still_owed", row=20, due_at=deadline.at, owner=step.state.owner, told=told)
        step.tell("stage_late", unit=told, about="contact", due=_due_of_contact(step))
        return
    step.change(contact_late=True)
    step.record("contact_late", row=20, due_at=deadline.at, owner=step.state.owner)
    step.tell("stage_late", unit=step.state.owner, about="contact", due=_due_of_contact(step))
    again = step.due(start=clock_start(step, deadline), limit=step.policy.stages.contact)
    step.arm((Alarm.CONTACT, again), item=ABOVE)


def _due_of_contact(step: Step) -> str | None:
    due = step.state.contact_due
    return due.isoformat() if due is not None else None


def reach_milestone(step: Step, command: ReachMilestone) -> None:
    """A stage is done, in whatever order; the fact says whether in time."""
    stage = next((one for one in step.state.milestones if one.code == command.milestone), None)
    if stage is None:
        raise CommandRefused(RefusalCode.UNKNOWN_ITEM, item=command.milestone)
    if stage.reached_at is not None:
        raise CommandRefused(RefusalCode.ITEM_SETTLED, item=stage.code)
    late = stage.late or is_past(step, stage.due)
    step.disarm("milestone", item=stage.code)
    keep_milestone(step, replace(stage, reached_at=step.now, late=late))
    step.record(
        "milestone_reached", due_at=stage.due, milestone=stage.code, late=late, note=command.note,
        photos=list(command.photos),
    )  # fmt: skip


def milestone_late(step: Step, deadline: Deadline) -> None:
    """A stage's deadline passed: on record, the owner and the level above are told."""
    stage = next((one for one in step.state.milestones if one.code == deadline.item), None)
    if stage is None or stage.reached_at is not None:
        return
    keep_milestone(step, replace(stage, late=True))
    step.record("milestone_late", due_at=deadline.at, milestone=stage.code, owner=step.state.owner)
    for unit in dict.fromkeys((step.state.owner, upper(step))):
        step.tell("stage_late", unit=unit, about="milestone", milestone=stage.code, due=stage.due.isoformat())


def request_extension(step: Step, command: RequestExtension) -> None:
    """Row 23: asked by the owner before its deadline, one request at a time."""
    book, state = step.book, step.state
    if book is None:
        raise CommandRefused(RefusalCode.RULEBOOK_REQUIRED)
    need_reason(command.reason)
    if state.extension is not None:
        raise CommandRefused(RefusalCode.EXTENSION_PENDING)
    if state.extensions >= book.extensions:
        raise CommandRefused(RefusalCode.EXTENSIONS_USED, most=str(book.extensions))
    if state.handling_due is None or step.now > state.handling_due:
        raise CommandRefused(RefusalCode.EXTENSION_OVERDUE)
    asked = Extension(asked_at=step.now, reason=command.reason, by=step.actor.id)
    due_at = _wait(step, asked, stage=DEPARTMENT, start=step.now, limit=book.extension)
    step.record("extension_requested", row=23, due_at=due_at, reason=command.reason)
    _tell_of_request(step, state.owner, due_at)


def _wait(
    step: Step, extension: Extension, *, stage: str, start: datetime, limit: Limit, item: str = ""
) -> datetime:
    """Put a request before who decides it next; never due at once, however short a pack's limit is."""
    due_at = max(step.due(start=start, limit=limit), step.now + LATE_TOLERANCE)
    step.change(extension=replace(extension, stage=stage, due=due_at))
    step.disarm("extension")
    step.arm((Alarm.EXTENSION, due_at), item=item)
    return due_at


def _tell_of_request(step: Step, unit: str, due_at: datetime) -> None:
    added = str(step.state.base_limit or step.state.handling_limit)
    step.tell("extension_requested", unit=unit, due=due_at.isoformat(), limit=added)


def decide_extension(step: Step, command: DecideExtension) -> None:
    """Row 23: the leader of the owner, then a dispatcher of another unit; a refusal ends it."""
    extension = step.state.extension
    if extension is None or step.book is None:
        raise CommandRefused(RefusalCode.NO_EXTENSION)
    _need_decider(step, extension)
    if not command.granted:
        need_reason(command.reason)
        _end(step)
        step.record("extension_refused", row=23, stage=extension.stage, reason=command.reason)
        step.tell("extension_decided", unit=step.state.owner, granted=False)
    elif extension.stage == DEPARTMENT:
        due_at = _wait(step, extension, stage=DESK, start=step.now, limit=step.book.extension)
        step.record("extension_approved", row=23, due_at=due_at, stage=DEPARTMENT, reason=command.reason)
        _tell_of_request(step, decider(step), due_at)
    else:
        _grant(step, extension, command.reason)


def _need_decider(step: Step, extension: Extension) -> None:
    """Refuse whoever is not the one to decide this step: never the one who asked, never the owner twice."""
    actor, owner = step.actor, step.state.owner
    if extension.stage == DEPARTMENT:
        allowed = actor.role is Role.LEADER and actor.unit == owner and actor.id != extension.by
        who = f"{owner} 负责人（非申请人） a leader of {owner} other than who asked"
    else:
        desk = actor.role in (Role.DISPATCHER, Role.SUPERVISOR)
        allowed = desk and actor.unit not in (None, owner) and actor.id != extension.by
        who = other_desk(owner)
    if not allowed:
        raise CommandRefused(RefusalCode.NOT_YOUR_STEP, who=who)


def _end(step: Step) -> None:
    step.disarm("extension")
    step.change(extension=None)


def _grant(step: Step, extension: Extension, reason: str) -> None:
    """Add one original limit; marks, warnings and the total deadline follow, none of them backwards."""
    state = step.state
    if state.handling_limit is None or state.handling_from is None:
        raise CommandRefused(RefusalCode.NO_EXTENSION)
    base = state.base_limit
    if base is None or base.unit is not state.handling_limit.unit:
        base = state.handling_limit
    limit = Limit(amount=state.handling_limit.amount + base.amount, unit=base.unit)
    due_at = step.due(start=state.handling_from, limit=limit)
    _end(step)
    step.change(
        handling_limit=limit,
        handling_due=max(due_at, state.handling_due or due_at),
        base_limit=base,
        extensions=state.extensions + 1,
    )
    _arm_not_earlier(step)
    grow_total(step)
    due = due_at.isoformat()
    step.record(
        "extended", row=23, due_at=due_at, limit=str(limit), added=str(base), reason=reason,
        asked_for=extension.reason, extensions=step.state.extensions,
    )  # fmt: skip
    step.tell("extension_decided", unit=state.owner, granted=True, due=due, limit=str(limit))
    for report in state.reports:
        step.tell("extended", report_no=report.report_no, due=due, limit=str(base), words=extension.reason)


def _arm_not_earlier(step: Step) -> None:
    """Arm the handling clock anew; who was to be called at a time is not called before it."""
    before = {(one.name, one.item): one.at for one in step.state.deadlines}
    arm_handling(step)
    for one in step.state.deadlines:
        was = before.get((one.name, one.item))
        if was is not None and was > one.at:
            step.arm((one.name, was), item=one.item)


def extension_undecided(step: Step, deadline: Deadline) -> None:
    """Nobody decided: from the department to the dispatcher; from there up, a level at a time."""
    extension, book = step.state.extension, step.book
    if extension is None or book is None:
        return
    start = clock_start(step, deadline)
    if extension.stage == DEPARTMENT:
        due_at = _wait(step, extension, stage=DESK, start=start, limit=book.extension)
        step.record("extension_passed_on", row=23, due_at=deadline.at, owner=step.state.owner)
        _tell_of_request(step, decider(step), due_at)
        return
    above = [rung.unit for rung in rungs_above(step, step.state.level)]
    units = [unit for unit in above if unit is not None and unit != step.state.owner]
    reached = min(int(deadline.item or 0), len(units))
    told = units[min(reached, len(units) - 1)] if units else step.state.triage_unit
    limit = book.extension if reached + 1 < len(units) else step.policy.escalation.repeat
    due_at = _wait(step, extension, stage=DESK, start=start, limit=limit, item=str(reached + 1))
    step.record("extension_undecided", row=23, due_at=deadline.at, owner=step.state.owner, told=told)
    for unit in dict.fromkeys((decider(step), told)):
        step.tell("reminder", unit=unit, about="extension", due=due_at.isoformat())


HANDLERS: dict[str, Handler] = {
    "log_contact": log_contact,
    "reach_milestone": reach_milestone,
    "request_extension": request_extension,
    "decide_extension": decide_extension,
    "suspend": suspend,
    "resume": resume,
}
ALARMS: dict[str, AlarmHandler] = {
    Alarm.CONTACT: contact_late,
    Alarm.MILESTONE: milestone_late,
    Alarm.EXTENSION: extension_undecided,
    Alarm.SUSPENSION: suspension_over,
}
