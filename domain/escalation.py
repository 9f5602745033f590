"""Escalation E1–E9: a supervisor is added, the owner stays until a higher level re-assigns.

Two clocks run at each level: not signed in (E3) and not solved (E4). A level with nobody
on duty is skipped with the reason recorded. The city is reminded again and again: the
ladder never falls off its end. Under the rulebook a supervisor says that it has seen the
case, or the next level is called (the ack time-out), and every clock is reminded twice.
"""

from datetime import datetime, timedelta

from domain.actor import ENGINE
from domain.aspects import ReportedUp
from domain.case import SETTLED, Alarm, Deadline, Status, Trigger
from domain.clock import is_working
from domain.duty import FIRST, SECOND, arm_sign_in, next_above, quiet_supervisor, rungs_above
from domain.limit import Limit
from domain.place import Level
from domain.policy import Rung
from domain.rota import covers
from domain.step import Step
from domain.supervision import supervise_overdue
from domain.unit import DutyHours

OF_LEVEL = "level."
"""Begins the item of a reminder that belongs to the level's own clock, not to the owner's."""
LATE_TOLERANCE = timedelta(seconds=60)
"""A deadline fired within this of its time starts the next clock at its own time, so that
predictions are exact; fired later (nobody was there to fire it) the next clock starts now,
so that people keep the time the rules give them."""


def clock_start(step: Step, deadline: Deadline) -> datetime:
    """Return where the clock after a fired deadline starts; see LATE_TOLERANCE."""
    return deadline.at if step.now - deadline.at <= LATE_TOLERANCE else step.now


def absence(step: Step, rung: Rung) -> str:
    """Return why nobody can be called at this rung now, or an empty string."""
    if rung.unit is None:
        return rung.why_empty or "no unit at this level"
    if rung.unit == step.state.owner:
        return "owns the case itself"
    if rung.duty is DutyHours.NONE:
        return "nobody on duty"
    if rung.duty is DutyHours.WORK and step.state.urgent and not _working(step):
        return "off duty outside working hours"
    if rung.duty is DutyHours.ROTA and (not rung.windows or (step.state.urgent and not _on_rota(step, rung))):
        return "nobody on duty by the rota"
    return ""


def _on_rota(step: Step, rung: Rung) -> bool:
    return covers(windows=rung.windows, at=step.now, timezone=step.state.rules.calendar.timezone)


def _working(step: Step) -> bool:
    return is_working(moment=step.now, calendar=step.state.rules.calendar)


def raise_level(
    step: Step,
    trigger: Trigger,
    *,
    start: datetime,
    due_at: datetime | None = None,
    floor: Level = Level.GRID,
) -> bool:
    """Add the next level that has somebody on duty as supervisor; False at the top.

    ``floor`` is the lowest level to be considered. The last one who could be told is told
    even off duty: somebody must be. The owner is never its own supervisor.
    """
    before = step.state.level
    above = [rung for rung in rungs_above(step, before) if rung.level <= floor]
    last = next((rung for rung in reversed(above) if rung.unit not in (None, step.state.owner)), None)
    for rung in above:
        why = absence(step, rung)
        if why and rung is not last:
            step.record(
                "level_skipped", row=22, due_at=due_at, level=rung.level.name, reason=why, actor=ENGINE
            )
            continue
        _reach(step, rung, trigger, before=before, start=start, due_at=due_at)
        return True
    return False


def _reach(
    step: Step, rung: Rung, trigger: Trigger, *, before: Level, start: datetime, due_at: datetime | None
) -> None:
    unit = rung.unit or step.state.triage_unit
    supervisors = tuple(dict.fromkeys((*step.state.supervisors, unit)))
    step.change(level=rung.level, level_since=start, supervisors=supervisors)
    step.record(
        "escalated", row=22, due_at=due_at, trigger=trigger.value, from_level=before.name, level=rung.level.name,
        supervisor=unit, owner=step.state.owner,
    )  # fmt: skip
    step.tell("escalation", unit=unit, trigger=trigger.value, level=rung.level.name, owner=step.state.owner)
    step.tell(
        "escalation",
        unit=step.state.owner,
        trigger=trigger.value,
        level=rung.level.name,
        owner=step.state.owner,
    )
    if step.state.status is Status.DISPATCHED:
        arm_sign_in(step, start=start)
    if step.book is not None:
        await_word(step, unit, limit=step.book.acknowledge, start=start)
        if any(one.name is Alarm.HANDLING_RAISE for one in step.state.deadlines):
            arm_not_solved(step, start=start)


def await_word(step: Step, unit: str, *, limit: Limit, start: datetime) -> None:
    """Expect the newest supervisor's word that it has seen the case; several at once leave the last one owing it."""
    rules = step.policy.escalation
    step.change(awaiting=unit)
    step.arm((Alarm.ACKNOWLEDGE, step.due(start=start, limit=limit)))
    for item, share in ((FIRST, rules.remind_at), (SECOND, rules.warn_at)):
        step.arm((Alarm.ACKNOWLEDGE, step.share(start=start, limit=limit, share=share)), item=item)


def arm_not_solved(step: Step, *, start: datetime) -> None:
    """Start the not-solved clock of the level just called: it has one whole limit, never less than was armed."""
    limit, rules = step.state.handling_limit, step.policy.escalation
    if limit is None:
        return
    end = step.due(start=start, limit=limit)
    armed = [one.at for one in step.state.deadlines if one.name is Alarm.HANDLING_RAISE]
    step.arm((Alarm.HANDLING_RAISE, max([end, *armed])))
    if step.state.handling_due is None or step.state.handling_due > start:
        return
    for item, share in ((FIRST, rules.remind_at), (SECOND, rules.warn_at)):
        at = step.share(start=start, limit=limit, share=share)
        step.arm((Alarm.HANDLING_WARN, at), item=OF_LEVEL + item)


def enter_at(step: Step, floor: Level, trigger: Trigger) -> None:
    """E1 and E9: the case is commanded at ``floor`` or above at once; lower levels are not asked first."""
    if floor < step.state.level and not raise_level(step, trigger, start=step.now, floor=floor):
        tell_top(step, trigger)


def may_answer_for(step: Step, unit: str | None, *, called: str) -> bool:
    """Tell whether ``unit`` is the supervisor that was called, or commands above it."""
    if unit is None or unit == called:
        return unit is not None
    level = next((rung.level for rung in step.state.rules.ladder if rung.unit == called), step.state.level)
    return any(rung.unit == unit for rung in rungs_above(step, level))


def heard_from(step: Step) -> None:
    """Who acts on the case has seen it: nobody waits for the word of the awaited supervisor any more."""
    awaited = step.state.awaiting
    if awaited is not None and may_answer_for(step, step.actor.unit, called=awaited):
        quiet_supervisor(step)


def stand_down(step: Step) -> None:
    """Nobody commands a case that is settled: no word is awaited, no decision and no report is owed."""
    quiet_supervisor(step)
    step.disarm("report_up", "emergency")
    step.change(report_up=None)


def acknowledge_due(step: Step, deadline: Deadline) -> None:
    """Remind the awaited supervisor twice; then call the next level, and the top again and again."""
    awaited = step.state.awaiting
    if awaited is None or step.state.status in SETTLED:
        quiet_supervisor(step)
        return
    if deadline.item:
        step.record("acknowledge_reminded", row=22, due_at=deadline.at, supervisor=awaited)
        end = next(
            (one.at for one in step.state.deadlines if one.name is deadline.name and not one.item), None
        )
        step.tell(
            "reminder", unit=awaited, about="acknowledge", due=end.isoformat() if end is not None else None
        )
        return
    start = clock_start(step, deadline)
    step.record("not_acknowledged", row=22, due_at=deadline.at, supervisor=awaited)
    if not raise_level(step, Trigger.NO_ACKNOWLEDGEMENT, start=start, due_at=deadline.at):
        remind_top(step, Trigger.NO_ACKNOWLEDGEMENT, Alarm.ACKNOWLEDGE, start=start, due_at=deadline.at)


def ask_above(step: Step, reason: str, *, start: datetime) -> None:
    """E2: the level that was just called owes a decision, within the rulebook's time. Needs the rulebook."""
    rung, book = step.rung(step.state.level), step.book
    if book is None:
        return
    to = rung.unit if rung is not None and rung.unit is not None else step.state.triage_unit
    due_at = step.due(start=start, limit=book.decide_up)
    by = step.state.report_up.by if step.state.report_up is not None else step.state.owner
    since = step.state.report_up.at if step.state.report_up is not None else step.now
    asked = ReportedUp(by=by, reason=reason, at=since, to=to, level=step.state.level, due=due_at)
    step.change(report_up=asked)
    step.arm((Alarm.DECIDE_UP, due_at))
    step.tell("report_up", unit=to, due=due_at.isoformat())


def remind_top(step: Step, trigger: Trigger, alarm: Alarm, *, start: datetime, due_at: datetime) -> None:
    """Remind the highest level there is, and arm the next reminder."""
    tell_top(step, trigger, due_at=due_at)
    again = step.due(start=start, limit=step.policy.escalation.repeat)
    # Never at once again, however short a pack makes the interval: that would not end.
    step.arm((alarm, max(again, step.now + LATE_TOLERANCE)))


def tell_top(step: Step, trigger: Trigger, *, due_at: datetime | None = None) -> None:
    """Tell the highest unit of the ladder, or triage where the ladder has none."""
    rungs = sorted(step.state.rules.ladder, key=lambda rung: rung.level)
    top = next((rung for rung in rungs if rung.unit is not None), None)
    unit = top.unit if top is not None and top.unit is not None else step.state.triage_unit
    level = top.level if top is not None else Level.CITY
    step.record(
        "top_reminded", row=22, due_at=due_at, trigger=trigger.value, supervisor=unit, owner=step.state.owner
    )
    step.tell("escalation", unit=unit, trigger=trigger.value, level=level.name, owner=step.state.owner)


def sign_in_reminder(step: Step, deadline: Deadline) -> None:
    """E3 at 50 %, and at 80 % under the rulebook: remind the owner."""
    step.record(
        "sign_in_reminded", row=22, due_at=deadline.at, owner=step.state.owner, level=step.state.level.name,
        reminder=deadline.item,
    )  # fmt: skip
    step.tell("reminder", unit=step.state.owner, about="sign_in")


def sign_in_call(step: Step, deadline: Deadline) -> None:
    """E3 at 100 %: call the owner's duty phone."""
    step.record(
        "duty_called", row=22, due_at=deadline.at, owner=step.state.owner, level=step.state.level.name
    )
    step.tell("duty_call", unit=step.state.owner, about="sign_in")


def sign_in_raise(step: Step, deadline: Deadline) -> None:
    """E3 at 150 %: one level up; at the top, remind and repeat."""
    start = clock_start(step, deadline)
    if not raise_level(step, Trigger.NOT_SIGNED_IN, start=start, due_at=deadline.at):
        remind_top(step, Trigger.NOT_SIGNED_IN, Alarm.SIGN_IN_REPEAT, start=start, due_at=deadline.at)


def handling_warn(step: Step, deadline: Deadline) -> None:
    """E4 at 80 %, and at 50 % under the rulebook: warn the handling unit; of a level's clock, the level."""
    if deadline.item.startswith(OF_LEVEL):
        _remind_level(step, deadline)
        return
    step.record("handling_warned", row=22, due_at=deadline.at, owner=step.state.owner, reminder=deadline.item)
    step.tell("reminder", unit=step.state.owner, about="handling")


def _remind_level(step: Step, deadline: Deadline) -> None:
    rung = step.rung(step.state.level)
    unit = rung.unit if rung is not None and rung.unit is not None else step.state.triage_unit
    item = deadline.item.removeprefix(OF_LEVEL)
    step.record(
        "level_reminded",
        row=22,
        due_at=deadline.at,
        supervisor=unit,
        level=step.state.level.name,
        reminder=item,
    )
    step.tell("reminder", unit=unit, about="handling")


def handling_overdue(step: Step, deadline: Deadline) -> None:
    """E4 at 100 %: the unit is overdue, supervised (督办), and the level above gets a copy.

    Under the rulebook the supervision is an order to reply to, and the unit is told by it.
    """
    step.record("overdue", row=22, due_at=deadline.at, owner=step.state.owner)
    if not supervise_overdue(step, start=clock_start(step, deadline)):
        step.tell("overdue", unit=step.state.owner)
    above = next_above(step)
    if above is not None:
        step.tell("overdue", unit=above, copy=True)


def handling_raise(step: Step, deadline: Deadline) -> None:
    """E4 after one more limit: one level up, and again after each further limit."""
    start = clock_start(step, deadline)
    if not raise_level(step, Trigger.OVERDUE, start=start, due_at=deadline.at):
        remind_top(step, Trigger.OVERDUE, Alarm.HANDLING_RAISE, start=start, due_at=deadline.at)
        return
    if step.book is not None:
        arm_not_solved(step, start=start)
    elif step.state.handling_limit is not None:
        step.arm((Alarm.HANDLING_RAISE, step.due(start=start, limit=step.state.handling_limit)))
