"""A suspended case (挂账; rows 24, 25): an objective block, a plan, and a measure that keeps people safe.

Until a date of at most a year, once; the clocks of handling stand still and nobody handles
(reference: domain.md §1.5, §8). What was left on each unit's own clock is what is left after it.
"""

from datetime import timedelta

from domain import milestones, tasks
from domain.actor import ENGINE, Actor, Role
from domain.aspects import Pause, Suspension
from domain.case import Alarm, Deadline
from domain.clock import used
from domain.duty import SUSPENDED, arm_handling, end_extension, end_pause, raise_share
from domain.errors import CommandRefused, RefusalCode
from domain.limit import Limit
from domain.messages_duty import Resume, Suspend
from domain.place import Level
from domain.policy import Rulebook
from domain.standstill import AT_LEAST, between, carried, shifted_start
from domain.step import Step

ABOVE = "above"
"""Item of the contact clock's second deadline: then the level above is told."""
STANDING = ("handling", "sign_in", "contact", "task", "milestone")
"""Clocks that stand still while a case is suspended."""


def suspend(step: Step, command: Suspend) -> None:
    """Row 24: the clocks stand still until the date, and the stretch goes on record."""
    if step.book is None:
        raise CommandRefused(RefusalCode.RULEBOOK_REQUIRED)
    _need_grounds(command)
    _need_time(step, step.book, command)
    end_extension(step, why=SUSPENDED)
    suspension = Suspension(
        since=step.now,
        until=command.until,
        reason=command.reason,
        plan=command.plan,
        interim_measure=command.interim_measure,
        evidence=command.evidence,
        left=_left(step),
    )
    step.disarm(*STANDING)
    step.change(
        suspension=suspension,
        suspensions=step.state.suspensions + 1,
        pauses=(*step.state.pauses, Pause(why=SUSPENDED, since=step.now)),
    )
    step.move(
        24, due_at=command.until, reason=command.reason, plan=command.plan,
        interim_measure=command.interim_measure, evidence=list(command.evidence), left=str(suspension.left or ""),
    )  # fmt: skip
    step.arm((Alarm.SUSPENSION, command.until))
    _tell_everybody(step, "suspended", due=command.until.isoformat(), reason=command.reason)


def _need_grounds(command: Suspend) -> None:
    if not command.reason.strip():
        raise CommandRefused(RefusalCode.REASON_REQUIRED)
    if not command.plan.strip() or not command.interim_measure.strip():
        raise CommandRefused(RefusalCode.INTERIM_MEASURE_REQUIRED)


def _need_time(step: Step, book: Rulebook, command: Suspend) -> None:
    """Refuse a second suspension, a date out of range, and who may not suspend that long."""
    state, latest = step.state, step.now + timedelta(days=book.suspend_most_days)
    if state.suspensions:
        raise CommandRefused(RefusalCode.SUSPENDED_ONCE)
    if command.until <= step.now:
        raise CommandRefused(RefusalCode.DUE_OUTSIDE, due=command.until.isoformat(), limit=latest.isoformat())
    if command.until > latest:
        raise CommandRefused(RefusalCode.SUSPENSION_TOO_LONG, most=str(book.suspend_most_days))
    if step.actor.unit is None or step.actor.unit == state.owner:
        raise CommandRefused(
            RefusalCode.NOT_YOUR_STEP,
            who=f"主办单位 {state.owner} 以外的派遣员 a dispatcher of a unit other than {state.owner}",
        )
    if command.until > step.now + timedelta(days=book.suspend_days) and not _may_suspend_long(step):
        raise CommandRefused(RefusalCode.SUSPENSION_NEEDS_DISTRICT, days=str(book.suspend_days))


def _may_suspend_long(step: Step) -> bool:
    """Tell whether a supervisor of the district or the city that commands this case acts."""
    high = {rung.unit for rung in step.state.rules.ladder if rung.level <= Level.DISTRICT}
    return step.actor.role is Role.SUPERVISOR and step.actor.unit in high


def _left(step: Step) -> Limit | None:
    """Return what is left of the handling limit on its own clock; None when it has run out."""
    due, limit = step.state.handling_due, step.state.handling_limit
    if due is None or limit is None or step.now >= due:
        return None
    return between(start=step.now, end=due, unit=limit.unit, calendar=step.state.rules.calendar)


def resume(step: Step, command: Resume) -> None:
    """Row 25: earlier than the date, by the unit or whoever suspended it."""
    _go_on(step, actor=step.actor, reason=command.reason)


def suspension_over(step: Step, deadline: Deadline) -> None:
    """Row 25: the date has come."""
    _go_on(step, actor=ENGINE, reason="", deadline=deadline)


def _go_on(step: Step, *, actor: Actor, reason: str, deadline: Deadline | None = None) -> None:
    suspension = step.state.suspension
    step.disarm("suspension")
    if suspension is None:
        return
    step.change(suspension=None)
    end_pause(step)
    _handling_goes_on(step, suspension)
    _contact_goes_on(step, suspension)
    tasks.go_on(step, suspension.since)
    milestones.go_on(step, suspension.since)
    grow_total(step)
    step.move(
        25, due_at=deadline.at if deadline is not None else None, actor=actor, reason=reason,
        left=str(suspension.left or ""),
    )  # fmt: skip
    due = step.state.handling_due
    _tell_everybody(step, "resumed", due=due.isoformat() if due is not None else None)


def _handling_goes_on(step: Step, suspension: Suspension) -> None:
    """Move the start of the handling clock, so that every share of its limit ends as if nothing had been."""
    state, calendar = step.state, step.state.rules.calendar
    start, limit, due = state.handling_from, state.handling_limit, state.handling_due
    if start is None or limit is None or due is None:
        return
    if suspension.left is None or due <= suspension.since:
        _overdue_goes_on(step, suspension)
        if suspension.left is not None:  # run out by another grade meanwhile: nobody has heard of it
            step.arm((Alarm.HANDLING_OVERDUE, step.now + AT_LEAST))
        return
    moved = shifted_start(start=start, since=suspension.since, now=step.now, limit=limit, calendar=calendar)
    ends = max(due, step.due(start=moved, limit=limit))
    step.change(handling_from=moved, handling_due=ends if ends > step.now else step.now + AT_LEAST)
    arm_handling(step)
    overdue = [one for one in step.state.deadlines if one.name is Alarm.HANDLING_OVERDUE]
    if not overdue and step.state.handling_due is not None:
        step.arm((Alarm.HANDLING_OVERDUE, step.state.handling_due))


def _overdue_goes_on(step: Step, suspension: Suspension) -> None:
    """A limit that had run out stays run out; the next level is called when the rest of its time is over."""
    state, since = step.state, suspension.since
    start, limit = state.handling_from, state.handling_limit
    if start is None or limit is None:
        return
    calendar = state.rules.calendar
    share = raise_share(step, start=start, limit=limit, at=since)
    left = max(0.0, share - used(start=start, now=since, limit=limit, calendar=calendar))
    raise_at = step.due(start=step.now, limit=limit.times(left))
    step.arm((Alarm.HANDLING_RAISE, max(raise_at, step.now + AT_LEAST)))


def _contact_goes_on(step: Step, suspension: Suspension) -> None:
    """Let the response clock go on: its deadline, or the one after which the level above is told."""
    due, limit = step.state.contact_due, step.policy.stages.contact
    if due is None or step.state.contacted_at is not None:
        return
    calendar, since = step.state.rules.calendar, suspension.since
    second = step.due(start=due, limit=limit)
    if due > since:
        at = carried(at=due, since=since, now=step.now, unit=limit.unit, calendar=calendar)
        step.change(contact_due=at)
        step.arm((Alarm.CONTACT, at))
    elif second > since:
        at = carried(at=second, since=since, now=step.now, unit=limit.unit, calendar=calendar)
        step.arm((Alarm.CONTACT, at), item=ABOVE)


def grow_total(step: Step) -> None:
    """Move the total deadline behind the handling deadline as at filing; never earlier."""
    state = step.state
    if state.handling_due is None or state.total_due is None:
        return
    behind = step.due(start=state.handling_due, limit=step.policy.stages.check)
    step.change(total_due=max(state.total_due, behind))


def _tell_everybody(step: Step, template: str, **said: str | None) -> None:
    """Tell the owner, the units that owe a task, and every reporter."""
    owing = (task.unit for task in tasks.unfinished(step))
    for unit in dict.fromkeys((step.state.owner, *owing)):
        step.tell(template, unit=unit, **said)
    for report in step.state.reports:
        step.tell(template, report_no=report.report_no, **said)
