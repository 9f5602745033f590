"""Row 21: sub-tasks down the chain, whistles, co-handlers who report to the lead.

The owner stays the one accountable unit (首接负责; reference: domain.md §3.2 art. 14, 16).
Whether a unit may be given a task at all, by tree and duty list, is asked in ``usecases``.
"""

from dataclasses import replace
from datetime import datetime

from domain.actor import Role
from domain.aspects import UNFINISHED, Task, TaskKind, TaskStatus
from domain.case import Alarm, Deadline
from domain.duty import upper
from domain.errors import CommandRefused, RefusalCode
from domain.escalation import clock_start
from domain.messages_duty import AssignTask, ReportTask, SignInTask, WaiveTask
from domain.step import AlarmHandler, Handler, Step
from domain.tasks import ask, keep, settle

MOST_TASKS = 50
"""Tasks of one case over its whole life; beyond them it is a joint case with children."""


def assign_task(step: Step, command: AssignTask) -> None:
    """Row 21: the owner, or who commands the case, asks another unit in."""
    if step.book is None:
        raise CommandRefused(RefusalCode.RULEBOOK_REQUIRED)
    _need_command(step)
    if len(step.state.tasks) >= MOST_TASKS:
        raise CommandRefused(RefusalCode.TOO_MANY_TASKS, most=str(MOST_TASKS))
    if not command.text.strip():
        raise CommandRefused(RefusalCode.TASK_TEXT_REQUIRED)
    if command.unit == step.state.owner:
        raise CommandRefused(RefusalCode.TASK_TO_OWNER, owner=step.state.owner)
    task = ask(
        step,
        kind=command.task_kind,
        unit=command.unit,
        by=step.actor.unit or step.state.owner,
        due=_due(step, command.due),
        text=command.text,
        mandatory=command.mandatory,
    )
    step.record(
        "task_assigned", row=21, due_at=task.due, task=task.id, task_kind=task.kind.value, unit=task.unit,
        by=task.by, text=task.text, mandatory=task.mandatory, sign_in_due=_iso(task.sign_in_due),
    )  # fmt: skip
    step.tell("task_assigned", unit=task.unit, task=task.id, about=task.kind.value, due=_iso(task.due))


def _need_command(step: Step) -> None:
    """Refuse a supervisor who neither commands this case at some level nor supervises it."""
    commanding = {*step.state.supervisors, *(rung.unit for rung in step.state.rules.ladder)} - {None}
    if step.actor.role is Role.SUPERVISOR and step.actor.unit not in commanding:
        raise CommandRefused(RefusalCode.NOT_THE_OWNER, owner=step.state.owner)


def _due(step: Step, wanted: datetime | None) -> datetime | None:
    """Return the task's deadline inside the case's own; None (owed at once) where that is over."""
    case_due = step.state.handling_due
    ahead = case_due if case_due is not None and case_due > step.now else None
    if wanted is None:
        return ahead
    if wanted <= step.now or ahead is None or wanted > ahead:
        raise CommandRefused(
            RefusalCode.DUE_OUTSIDE, due=wanted.isoformat(), limit=(case_due or step.now).isoformat()
        )
    return wanted


def sign_in_task(step: Step, command: SignInTask) -> None:
    """The unit takes its task; for a whistle both sides' times go on record (吹哨报到)."""
    task = _own(step, command.task)
    if task.status is not TaskStatus.OPEN:
        raise CommandRefused(RefusalCode.ITEM_SETTLED, item=task.id)
    step.disarm(Alarm.TASK_SIGN_IN.value, item=task.id)
    keep(step, replace(task, status=TaskStatus.SIGNED_IN, signed_in_at=step.now))
    late = is_past(step, task.sign_in_due)
    step.record(
        "task_signed_in", row=21, due_at=task.sign_in_due, task=task.id, task_kind=task.kind.value, unit=task.unit,
        asked_at=task.asked_at.isoformat(), signed_in_at=step.now.isoformat(), late=late,
    )  # fmt: skip
    if task.kind is TaskKind.WHISTLE:
        step.tell("task_signed_in", unit=task.by, task=task.id)


def report_task(step: Step, command: ReportTask) -> None:
    """The unit reports to the lead what it did; a report without a sign-in is one as well."""
    task = _own(step, command.task)
    if not command.result.strip():
        raise CommandRefused(RefusalCode.TASK_TEXT_REQUIRED)
    late = task.late or is_past(step, task.due)
    step.disarm("task", item=task.id)
    keep(
        step,
        replace(
            task,
            status=TaskStatus.REPORTED,
            signed_in_at=task.signed_in_at or step.now,
            reported_at=step.now,
            result=command.result,
            photos=command.photos,
            late=late,
        ),
    )
    step.record(
        "task_reported", row=21, due_at=task.due, task=task.id, task_kind=task.kind.value, unit=task.unit,
        asked_at=task.asked_at.isoformat(), reported_at=step.now.isoformat(), result=command.result,
        photos=list(command.photos), late=late,
    )  # fmt: skip
    for unit in dict.fromkeys((step.state.owner, task.by)):
        step.tell("task_reported", unit=unit, task=task.id)


def waive_task(step: Step, command: WaiveTask) -> None:
    """The lead, or who supervises it, does without the task, for a reason on record.

    What a level above asked for is that level's to waive, not the lead's.
    """
    _need_command(step)
    task = _task(step, command.task)
    if step.actor.unit == step.state.owner and task.by not in step.state.handlers:
        raise CommandRefused(RefusalCode.NOT_YOUR_ITEM, unit=task.by)
    if not command.reason.strip():
        raise CommandRefused(RefusalCode.REASON_REQUIRED)
    settle(step, task, why=command.reason)
    step.record("task_waived", row=21, task=task.id, unit=task.unit, reason=command.reason)
    step.tell("task_ended", unit=task.unit, task=task.id)


def _task(step: Step, item: str) -> Task:
    """Return an unfinished task of the case, or refuse."""
    task = next((one for one in step.state.tasks if one.id == item), None)
    if task is None:
        raise CommandRefused(RefusalCode.UNKNOWN_ITEM, item=item)
    if task.status not in UNFINISHED:
        raise CommandRefused(RefusalCode.ITEM_SETTLED, item=item)
    return task


def _own(step: Step, item: str) -> Task:
    """Return an unfinished task of the actor's own unit, or refuse."""
    task = _task(step, item)
    if step.actor.unit != task.unit:
        raise CommandRefused(RefusalCode.NOT_YOUR_ITEM, unit=task.unit)
    return task


def is_past(step: Step, due: datetime | None) -> bool:
    """Tell whether a deadline has passed; while the case is suspended its clocks stand still."""
    suspension = step.state.suspension
    return due is not None and (suspension.since if suspension is not None else step.now) > due


def task_not_signed_in(step: Step, deadline: Deadline) -> None:
    """Nobody has taken the task: its unit is reminded; after one more limit the level above is told.

    A department that does not answer a whistle is reported upward at once.
    """
    task, book = _of(step, deadline), step.book
    if task is None or book is None or task.status is not TaskStatus.OPEN:
        return
    first = task.sign_in_due is None or deadline.at <= task.sign_in_due
    told = upper(step) if not first or task.kind is TaskKind.WHISTLE else None
    step.record(
        "task_not_signed_in", row=21, due_at=deadline.at, task=task.id, task_kind=task.kind.value, unit=task.unit,
        told=told,
    )  # fmt: skip
    step.tell("reminder", unit=task.unit, about="task_sign_in", task=task.id, due=_iso(task.due))
    if told is not None:
        step.tell("task_late", unit=told, task=task.id, about="task_sign_in", due=_iso(task.sign_in_due))
    if first:
        again = step.due(start=clock_start(step, deadline), limit=book.task_sign_in)
        step.arm((Alarm.TASK_SIGN_IN, again), item=task.id)


def task_warned(step: Step, deadline: Deadline) -> None:
    """80 % of the task's time is used."""
    task = _of(step, deadline)
    if task is not None:
        step.record("task_warned", row=21, due_at=deadline.at, task=task.id, unit=task.unit)
        step.tell("reminder", unit=task.unit, about="task", task=task.id, due=_iso(task.due))


def task_late(step: Step, deadline: Deadline) -> None:
    """A task's deadline passed: on record, the unit and the lead are told, the case goes on.

    For a whistle the level above the case is told as well, and the fact says whom.
    """
    task = _of(step, deadline)
    if task is None:
        return
    keep(step, replace(task, late=True))
    told = upper(step) if task.kind is TaskKind.WHISTLE else None
    step.record(
        "task_late", row=21, due_at=deadline.at, task=task.id, task_kind=task.kind.value, unit=task.unit,
        owner=step.state.owner, told=told,
    )  # fmt: skip
    for unit in dict.fromkeys((task.unit, step.state.owner, told or step.state.owner)):
        step.tell("task_late", unit=unit, task=task.id, about="task", due=_iso(task.due))


def _of(step: Step, deadline: Deadline) -> Task | None:
    """Return the task a deadline belongs to while its unit owes something."""
    found = (one for one in step.state.tasks if one.id == deadline.item and one.status in UNFINISHED)
    return next(found, None)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


HANDLERS: dict[str, Handler] = {
    "assign_task": assign_task,
    "sign_in_task": sign_in_task,
    "report_task": report_task,
    "waive_task": waive_task,
}
ALARMS: dict[str, AlarmHandler] = {
    Alarm.TASK_SIGN_IN: task_not_signed_in,
    Alarm.TASK_WARN: task_warned,
    Alarm.TASK_DUE: task_late,
}
