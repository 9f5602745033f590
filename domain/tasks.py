"""Tasks of other units beside a case, and their clocks (row 21; reference: domain.md §3.2, §4.3).

What is kept here and armed; the commands and what a late task does are in ``rows_tasks``.
Every deadline of a task is armed under the task's id.
"""

from dataclasses import replace
from datetime import datetime

from domain.aspects import UNFINISHED, Task, TaskKind, TaskStatus
from domain.case import Alarm
from domain.limit import LimitUnit
from domain.standstill import AT_LEAST, between, carried
from domain.step import Step


def ask(
    step: Step, *, kind: TaskKind, unit: str, by: str, due: datetime | None, text: str = "", mandatory: bool
) -> Task:
    """Keep a new task and arm its clocks. ``due`` (UTC) is None where the case's own time is over."""
    book = step.book
    task = Task(
        id=f"T{len(step.state.tasks) + 1}",
        kind=kind,
        unit=unit,
        by=by,
        text=text,
        mandatory=mandatory,
        asked_at=step.now,
        sign_in_due=step.due(start=step.now, limit=book.task_sign_in) if book is not None else None,
        due=due,
    )
    step.change(tasks=(*step.state.tasks, task))
    arm(step, task)
    return task


def keep(step: Step, task: Task) -> None:
    """Replace a task by what became of it."""
    step.change(tasks=tuple(task if one.id == task.id else one for one in step.state.tasks))


def unfinished(step: Step) -> tuple[Task, ...]:
    """Return the tasks whose units still owe something."""
    return tuple(task for task in step.state.tasks if task.status in UNFINISHED)


def arm(step: Step, task: Task) -> None:
    """Arm what lies ahead of a task: its sign-in, the warning, its deadline."""
    step.disarm("task", item=task.id)
    if task.status is TaskStatus.OPEN and task.sign_in_due is not None and task.sign_in_due > step.now:
        step.arm((Alarm.TASK_SIGN_IN, task.sign_in_due), item=task.id)
    if task.due is None or task.due <= step.now:
        return
    step.arm((Alarm.TASK_DUE, task.due), item=task.id)
    warn_at = _warn_at(step, task, task.due)
    if step.now < warn_at < task.due:
        step.arm((Alarm.TASK_WARN, warn_at), item=task.id)


def _warn_at(step: Step, task: Task, due: datetime) -> datetime:
    """Return when 80 % of a task's time is used, on the clock of the case's own limit."""
    whole = between(start=task.asked_at, end=due, unit=_unit(step), calendar=step.state.rules.calendar)
    return step.share(start=task.asked_at, limit=whole, share=step.policy.escalation.warn_at)


def _unit(step: Step) -> LimitUnit:
    limit = step.state.handling_limit
    return limit.unit if limit is not None else LimitUnit.UH


def begin_co_handling(step: Step) -> None:
    """Give every co-handler of the decision a task when the case is given to its owner (协办).

    One who has such a task open keeps it, with the new owner's deadline where that is later. What
    the new owner was itself asked to do is its own case now, and no task of it.
    """
    due = step.state.handling_due
    for task in unfinished(step):
        if task.unit == step.state.owner:
            settle(step, task, why="owner")
    for unit in step.state.co_handlers:
        mine = [one for one in step.state.tasks if one.kind is TaskKind.CO_HANDLING and one.unit == unit]
        open_ones = [one for one in mine if one.status in UNFINISHED]
        if unit == step.state.owner:
            continue
        if open_ones:
            for task in open_ones:
                _prolong(step, task, due)
        elif not any(one.status is TaskStatus.REPORTED and one.by == step.state.owner for one in mine):
            ask(step, kind=TaskKind.CO_HANDLING, unit=unit, by=step.state.owner, due=due, mandatory=False)


def _prolong(step: Step, task: Task, due: datetime | None) -> None:
    if due is not None and task.due is not None and due > task.due:
        _move(step, task, due)


def draw_in(step: Step) -> None:
    """Bring the deadlines of tasks back inside the case's own after a worse grade moved that earlier.

    What is thereby over is over in a minute, counted from the standstill where the case is suspended.
    """
    state = step.state
    since = state.suspension.since if state.suspension is not None else step.now
    if state.handling_due is None:
        return
    latest = max(state.handling_due, since + AT_LEAST)
    for task in unfinished(step):
        if task.due is None or task.due <= latest:
            continue
        if state.suspension is not None:
            keep(step, replace(task, due=latest))
        else:
            _move(step, task, latest)


def _move(step: Step, task: Task, due: datetime) -> None:
    # The clock of the sign-in is not the deadline's: what is armed of it stays.
    asked_again = [
        one.at for one in step.state.deadlines if one.name is Alarm.TASK_SIGN_IN and one.item == task.id
    ]
    later = replace(task, due=due)
    keep(step, later)
    arm(step, later)
    for at in asked_again:
        step.arm((Alarm.TASK_SIGN_IN, at), item=task.id)


def settle(step: Step, task: Task, *, why: str) -> None:
    """End a task that is not needed any more; its unit is told by whoever ends it."""
    step.disarm("task", item=task.id)
    keep(step, replace(task, status=TaskStatus.WAIVED, waived=why))


def end_tasks(step: Step, *, why: str, tell: bool = True) -> None:
    """End the tasks left over when the case ends; their units are told, on the last fact."""
    for task in unfinished(step):
        settle(step, task, why=why)
        if tell:
            step.tell("task_ended", unit=task.unit, task=task.id)


def go_on(step: Step, since: datetime) -> None:
    """Let the clocks of the tasks go on that stood still from ``since`` to now."""
    for task in unfinished(step):
        _go_on(step, task, since)


def _go_on(step: Step, task: Task, since: datetime) -> None:
    """Arm again what was armed of a task: its sign-in or the second call, its warning, its deadline."""
    at = _standing(step, task)
    moved = {
        name: carried(at=one, since=since, now=step.now, unit=unit, calendar=step.state.rules.calendar)
        for name, one, unit in at
        if one > since
    }
    step.arm(*moved.items(), item=task.id)
    sign_in_due, due = task.sign_in_due, moved.get(Alarm.TASK_DUE, task.due)
    if sign_in_due is not None and sign_in_due > since:
        sign_in_due = moved.get(Alarm.TASK_SIGN_IN, sign_in_due)
    keep(step, replace(task, sign_in_due=sign_in_due, due=due))


def _standing(step: Step, task: Task) -> list[tuple[Alarm, datetime, LimitUnit]]:
    """Return the deadlines of a task, each with the unit of its clock."""
    at: list[tuple[Alarm, datetime, LimitUnit]] = []
    book = step.book
    if book is not None and task.sign_in_due is not None and task.status is TaskStatus.OPEN:
        unit = book.task_sign_in.unit
        second = step.due(start=task.sign_in_due, limit=book.task_sign_in)
        at += [(Alarm.TASK_SIGN_IN, second, unit), (Alarm.TASK_SIGN_IN, task.sign_in_due, unit)]
    if task.due is not None:
        warn_at = _warn_at(step, task, task.due)
        at += [(Alarm.TASK_WARN, warn_at, _unit(step))] if warn_at < task.due else []
        at.append((Alarm.TASK_DUE, task.due, _unit(step)))
    return at
