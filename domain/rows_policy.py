"""Rules of an open case changed on purpose: another grade, a new policy (ADR 0013).

Regrading is the only act that may move a deadline earlier. A new policy never does: what
was promised under the old one stays promised, and what is new begins from now on.
"""

from dataclasses import replace
from datetime import datetime

from domain import tasks
from domain.actor import Role
from domain.aspects import ReportedUp
from domain.case import Alarm, Deadline, Status, Trigger
from domain.decision import RoutingDecision
from domain.duty import arm_handling, arm_sign_in, begin_contact, next_above
from domain.errors import CommandRefused, RefusalCode
from domain.escalation import LATE_TOLERANCE, await_word, enter_at, heard_from
from domain.limit import Limit
from domain.messages_command import ApplyPolicy, Regrade
from domain.milestones import begin_milestones
from domain.policy import CaseRules
from domain.rows_duty import need_reason, usual_limit
from domain.rows_emergency import start_by_rules
from domain.standstill import between
from domain.step import AlarmHandler, Handler, Step
from domain.suspension import grow_total
from domain.transitions import DUTY

GRADES = range(1, 5)
RUNNING = frozenset(
    {Status.DISPATCHED, Status.ACCEPTED, Status.HANDLING, Status.RETURN_REQUESTED, Status.ARBITRATION}
)
"""States in which the handling clock runs."""
AT_WORK = frozenset({Status.DISPATCHED, Status.ACCEPTED, Status.HANDLING})


def regrade(step: Step, command: Regrade) -> None:
    """Another severity with its rules; a milder one is a person's word. E1's floor lifts the level, never lowers it."""
    if step.book is None:
        raise CommandRefused(RefusalCode.RULEBOOK_REQUIRED)
    need_reason(command.reason)
    if command.severity not in GRADES:
        raise CommandRefused(RefusalCode.OUT_OF_SCALE)
    former, changed = step.state.severity, command.severity != step.state.severity
    if command.severity > former and step.actor.role is Role.ENGINE:
        people = "operator, dispatcher, supervisor"
        raise CommandRefused(
            RefusalCode.ROLE_NOT_ALLOWED, role=Role.ENGINE.value, command=command.kind, allowed=people
        )
    heard_from(step)
    if changed:
        _take_grade(step, command)
    step.record(
        "regraded", row=22, due_at=step.state.handling_due, severity=command.severity, former=former, changed=changed,
        downgrade=command.severity > former, reason=command.reason, rules=step.state.rules.version,
        limit=_text(step.state.handling_limit),
    )  # fmt: skip
    if not changed:
        return
    _tell(step, copy=former == min(GRADES))
    if step.state.status in DUTY:
        enter_at(step, step.policy.escalation.floor, Trigger.SEVERITY)
        start_by_rules(step)


def _take_grade(step: Step, command: Regrade) -> None:
    """Pin the new severity's rules and start its clocks where the old ones started."""
    former, was_due = usual_limit(step), step.state.handling_due
    given = command.rules or step.state.rules
    step.change(rules=_pinned(step, given, severity=command.severity), severity=command.severity)
    _restart_stages(step)
    state = step.state
    if state.status not in DUTY:
        return
    limits = _anew(step, former=former)
    if limits is not None and state.handling_from is not None:
        due_at = step.due(start=state.handling_from, limit=limits[1])
        step.change(base_limit=limits[0], handling_limit=limits[1], handling_due=due_at)
    _keep_what_is_left(step)
    tasks.draw_in(step)
    grow_total(step)
    if state.dispatched_at is not None:
        step.change(return_due=step.due(start=state.dispatched_at, limit=step.policy.stages.return_request))
    _restart_sign_in(step)
    if state.status in RUNNING:
        _restart_handling(step, was_due=was_due)


def _restart_sign_in(step: Step) -> None:
    """Count the level's sign-in clock from where it began; what has passed is not asked again, the raise is."""
    if step.state.status is not Status.DISPATCHED or _armed(step, Alarm.SIGN_IN_REPEAT):
        return
    arm_sign_in(step, start=step.state.level_since)
    raise_at = _armed(step, Alarm.SIGN_IN_RAISE) or step.now
    _drop_passed(step, "sign_in")
    step.arm((Alarm.SIGN_IN_RAISE, max(raise_at, step.now + LATE_TOLERANCE)))


def _restart_handling(step: Step, *, was_due: datetime | None) -> None:
    """Count the handling clock anew; a limit that is thereby over is over a minute from now."""
    arm_handling(step)
    due_at = step.state.handling_due
    late_now = due_at is not None and due_at <= step.now
    if late_now and (was_due is None or was_due > step.now):
        step.arm((Alarm.HANDLING_OVERDUE, step.now + LATE_TOLERANCE))


def _restart_stages(step: Step) -> None:
    """Every stage that runs has the new severity's whole limit from now."""
    stages, book = step.policy.stages, step.book
    forwarded = step.state.status is Status.FEEDBACK
    limits = {
        Alarm.TRIAGE: stages.triage,
        Alarm.RETURN_DECISION: stages.return_decision,
        Alarm.ARBITRATION: stages.arbitration,
        Alarm.CHECK: stages.rework if forwarded else stages.check,
    }
    if book is not None:
        limits |= {Alarm.INFO: book.info_wait, Alarm.VERIFY: book.verify}
    for alarm, limit in limits.items():
        if _armed(step, alarm):
            step.arm((alarm, step.due(start=step.now, limit=limit)))
    if book is None:
        return
    asked, awaited, contact = step.state.report_up, step.state.awaiting, _armed(step, Alarm.CONTACT)
    if awaited is not None:
        await_word(step, awaited, limit=book.acknowledge, start=step.now)
    if asked is not None:
        _restart_decision(step, asked, limit=book.decide_up)
    if contact and step.state.dispatched_at is not None:
        at = step.due(start=step.state.dispatched_at, limit=stages.contact)
        at = max(at, step.now + LATE_TOLERANCE)
        step.change(contact_due=at)
        step.arm((Alarm.CONTACT, at))


def _restart_decision(step: Step, asked: ReportedUp, *, limit: Limit) -> None:
    due_at = step.due(start=step.now, limit=limit)
    step.change(report_up=replace(asked, due=due_at))
    step.arm((Alarm.DECIDE_UP, due_at))


def apply_policy(step: Step, command: ApplyPolicy) -> None:
    """The new version of the rules, explicitly: nothing ends earlier than it did, new clocks begin now."""
    former = step.state.rules
    changed = command.rules.version != former.version
    appeared = step.book is None and command.rules.severity.book is not None
    if changed:
        _take_policy(step, command, appeared=appeared)
    step.record(
        "policy_applied", row=22, due_at=step.state.handling_due, former=former.version, rules=command.rules.version,
        changed=changed, rulebook=changed and appeared, limit=_text(step.state.handling_limit),
        reason=command.reason,
    )  # fmt: skip
    if not changed or step.state.status not in DUTY:
        return
    _tell(step)
    if appeared:
        start_by_rules(step)


def _take_policy(step: Step, command: ApplyPolicy, *, appeared: bool) -> None:
    before, usual = step.state.deadlines, usual_limit(step)
    step.change(rules=_pinned(step, command.rules, severity=step.state.severity))
    if step.state.status in DUTY:
        _take_decision(step, command.decision, appeared=appeared)
        _longer(step, former=usual)
        grow_total(step)
        _later_return(step)
        if step.state.status is Status.DISPATCHED and not _armed(step, Alarm.SIGN_IN_REPEAT):
            arm_sign_in(step, start=step.state.level_since)
            _drop_passed(step, "sign_in")
        if step.state.status in RUNNING:
            arm_handling(step)
        if appeared:
            _begin_beside(step)
    _never_earlier(step, before)


def _take_decision(step: Step, decision: RoutingDecision | None, *, appeared: bool) -> None:
    """Take the limit routing gives under the new rules, and its stages where there were none; never its owner."""
    known = step.state.decision
    if known is None or decision is None:
        return
    stages = decision.milestones if appeared else known.milestones
    step.change(decision=replace(known, limit=decision.limit, milestones=stages))


def _longer(step: Step, *, former: Limit) -> None:
    """Take the limit that ends last: the new one, the old one by the new calendar, or the due date as it was."""
    state, limits = step.state, _anew(step, former=former)
    if limits is None or state.handling_limit is None or state.handling_from is None:
        return
    kept = (state.base_limit, state.handling_limit)
    ends = [(step.due(start=state.handling_from, limit=one[1]), one) for one in (kept, limits)]
    end, (base, handling) = max(ends, key=lambda pair: pair[0])
    if state.handling_due is None or end >= state.handling_due:
        step.change(base_limit=base, handling_limit=handling, handling_due=end)
        _keep_what_is_left(step)


def _keep_what_is_left(step: Step) -> None:
    """A suspended case goes on with what its limit leaves of it; nothing where it had run out before."""
    suspension, state = step.state.suspension, step.state
    if suspension is None or state.handling_due is None or state.handling_limit is None:
        return
    # A grade that ends the limit before the standstill leaves nothing of it: that is not yet on record.
    left = None if suspension.left is None else replace(suspension.left, amount=0.0)
    if state.handling_due > suspension.since:
        left = between(
            start=suspension.since,
            end=state.handling_due,
            unit=state.handling_limit.unit,
            calendar=state.rules.calendar,
        )
    step.change(suspension=replace(suspension, left=left))


def _later_return(step: Step) -> None:
    state = step.state
    if state.dispatched_at is not None and state.return_due is not None:
        end = step.due(start=state.dispatched_at, limit=step.policy.stages.return_request)
        step.change(return_due=max(state.return_due, end))


def _begin_beside(step: Step) -> None:
    """What the rulebook adds to a case that began before it: from now on, and only where somebody is at work."""
    step.change(base_limit=usual_limit(step))
    if step.state.status in AT_WORK:
        begin_contact(step)
        begin_milestones(step)


def _never_earlier(step: Step, before: tuple[Deadline, ...]) -> None:
    now_armed = {(one.name, one.item): one.at for one in step.state.deadlines}
    for one in before:
        at = now_armed.get((one.name, one.item))
        if at is None or at < one.at:
            step.arm((one.name, one.at), item=one.item)


def _pinned(step: Step, rules: CaseRules, *, severity: int) -> CaseRules:
    """Return rules as this case may have them: the clock it began with, and never without the rulebook it had."""
    book = rules.severity.book or step.book
    policy = replace(rules.severity, severity=severity, book=book)
    return replace(rules, clock=step.state.rules.clock, severity=policy)


def _anew(step: Step, *, former: Limit) -> tuple[Limit, Limit] | None:
    """Return the base and the handling limit by the present rules; ``former`` was the usual one before.

    A reopened case has half of it, as before; an extended one so many times its base.
    """
    handling = step.state.handling_limit
    if handling is None:
        return None
    base, usual = step.state.base_limit or handling, usual_limit(step)
    if usual == former:
        return base, handling
    fresh = usual.times(0.5) if base == former.times(0.5) else usual
    grown = handling.amount / base.amount if base.amount and base.unit is handling.unit else 1.0
    return fresh, fresh.times(grown)


def _armed(step: Step, alarm: Alarm) -> datetime | None:
    found = (one.at for one in step.state.deadlines if one.name is alarm and not one.item)
    return next(found, None)


def _drop_passed(step: Step, prefix: str) -> None:
    step.change(
        deadlines=tuple(
            one for one in step.state.deadlines if one.at > step.now or not one.name.value.startswith(prefix)
        )
    )


def _tell(step: Step, *, copy: bool = False) -> None:
    due_at = step.state.handling_due
    due = due_at.isoformat() if due_at is not None else None
    step.tell("rules_changed", unit=step.state.owner, due=due)
    above = next_above(step) if copy else None
    if above is not None:
        step.tell("rules_changed", unit=above, due=due, copy=True)


def _text(limit: Limit | None) -> str:
    return str(limit) if limit is not None else ""


HANDLERS: dict[str, Handler] = {"regrade": regrade, "apply_policy": apply_policy}
ALARMS: dict[str, AlarmHandler] = {}
