"""Giving a case to a unit: the rows that end in DISPATCHED and the clocks they start."""

import math
from dataclasses import replace
from datetime import datetime

from domain import tasks
from domain.case import Alarm, Status
from domain.clock import used
from domain.limit import Limit
from domain.milestones import begin_milestones
from domain.place import Level
from domain.policy import Rung
from domain.step import Step

SUSPENDED = "suspended"
"""Why a pause of the clocks is on record (rows 24, 25)."""
FIRST, SECOND = "first", "second"
"""Items of the reminders at ``remind_at`` and ``warn_at`` that the rulebook adds to a clock."""


def give(step: Step, *, row: int, unit: str, limit: Limit, why: str = "", copy: bool = False) -> None:
    """Make ``unit`` the one accountable owner and start its handling and sign-in clocks.

    The handling clock starts here, at dispatch, not at sign-in (units bounce cases where
    it does not). The total clock is never touched.
    """
    step.disarm("triage", "sign_in", "handling", "stage", "report_up")
    end_beside(step, why="reassigned" if unit != step.state.owner else "given again")
    due_at = step.due(start=step.now, limit=limit)
    step.change(
        owner=unit,
        arbiter=None,
        checker=None,
        dispatched_at=step.now,
        signed_in_at=None,
        submitted_at=None,
        handling_limit=limit,
        handling_from=step.now,
        handling_due=due_at,
        return_due=step.due(start=step.now, limit=step.policy.stages.return_request),
        handlers=tuple(dict.fromkeys((*step.state.handlers, unit))),
        on_time=None,
        report_up=None,
    )
    if step.state.awaiting in (unit, step.actor.unit):
        quiet_supervisor(step)
    if row:
        step.move(row, due_at=due_at, owner=unit, limit=str(limit), reason=why)
    else:
        step.record(
            "reassigned", row=22, target=Status.DISPATCHED, due_at=due_at, owner=unit, limit=str(limit), reason=why
        )  # fmt: skip
    arm_sign_in(step, start=step.now)
    arm_handling(step)
    begin_beside(step)
    _tell_of_it(step, copy=copy)


def _tell_of_it(step: Step, *, copy: bool) -> None:
    due_at = step.state.handling_due
    said = {
        "due": due_at.isoformat() if due_at is not None else None,
        "limit": str(step.state.handling_limit),
    }
    step.tell("assignment", unit=step.state.owner, **said)
    for helper in step.state.co_handlers:
        step.tell("assignment", unit=helper, **said, co_handler=True)
    if copy:
        for watcher in copies(step):
            step.tell("assignment", unit=watcher, **said, copy=True)


def begin_beside(step: Step) -> None:
    """Start what runs beside the handling clock from dispatch on (rows 20, 21, 23 and the stages)."""
    if step.book is None:
        return
    step.change(base_limit=step.state.handling_limit)
    begin_contact(step)
    begin_milestones(step)
    tasks.begin_co_handling(step)


def begin_contact(step: Step) -> None:
    """Start the response clock (响应, row 20) where a reporter wants to be asked and nobody has asked."""
    book, state = step.book, step.state
    wanted = any(report.visit != "not_wanted" for report in state.reports)
    if book is None or not book.contact or not wanted or state.contacted_at is not None:
        return
    due_at = step.due(start=step.now, limit=step.policy.stages.contact)
    step.change(contact_due=due_at)
    step.arm((Alarm.CONTACT, due_at))


def end_beside(step: Step, *, why: str) -> None:
    """End what ran for the owner alone: its contact clock, its request for an extension, a suspension."""
    end_extension(step, why=why)
    step.disarm("contact", "milestone", "suspension")
    suspension = step.state.suspension
    step.change(contact_due=None, suspension=None)
    if suspension is not None:
        tasks.go_on(step, suspension.since)
    end_pause(step)


def end_extension(step: Step, *, why: str) -> None:
    """End a request nobody has to decide any more (row 23)."""
    if step.state.extension is not None:
        step.disarm("extension")
        step.change(extension=None)
        step.record("extension_ended", row=23, owner=step.state.owner, why=why)


def end_pause(step: Step) -> None:
    """End the stretch in which the clocks stand still, for an answer or a suspension; it stays on record."""
    step.change(
        pauses=tuple(replace(one, until=step.now) if one.until is None else one for one in step.state.pauses)
    )


def quiet_supervisor(step: Step) -> None:
    """No word is awaited any more from the supervisor that was called last."""
    step.disarm("acknowledge")
    step.change(awaiting=None)


def copies(step: Step) -> tuple[str, ...]:
    """Return who gets a copy: as routing says (the district when a street is the owner)."""
    decision = step.state.decision
    return () if decision is None else tuple(unit for unit in decision.copy_to if unit != step.state.owner)


def arm_sign_in(step: Step, *, start: datetime) -> None:
    """Arm reminder, duty call and escalation of the sign-in clock (E3) at the present level."""
    rules, limit = step.policy.escalation, step.policy.stages.sign_in
    step.change(level_since=start)
    step.disarm("sign_in")
    step.arm(
        (Alarm.SIGN_IN_REMIND, step.share(start=start, limit=limit, share=rules.remind_at)),
        (Alarm.SIGN_IN_CALL, step.share(start=start, limit=limit, share=rules.call_at)),
        (Alarm.SIGN_IN_RAISE, step.share(start=start, limit=limit, share=rules.raise_at)),
    )
    if step.book is not None:
        second = step.share(start=start, limit=limit, share=rules.warn_at)
        step.arm((Alarm.SIGN_IN_REMIND, second), item=SECOND)


def arm_handling(step: Step) -> None:
    """Arm warning, overdue and escalation of the handling clock (E4), leaving out what has passed."""
    start, limit = step.state.handling_from, step.state.handling_limit
    if start is None or limit is None:
        return
    rules = step.policy.escalation
    marks = (
        (Alarm.HANDLING_WARN, step.share(start=start, limit=limit, share=rules.warn_at)),
        (Alarm.HANDLING_OVERDUE, step.share(start=start, limit=limit, share=rules.overdue_at)),
    )
    raise_at = step.share(
        start=start, limit=limit, share=raise_share(step, start=start, limit=limit, at=step.now)
    )
    step.disarm("handling")
    step.arm(*((name, at) for name, at in marks if at > step.now), (Alarm.HANDLING_RAISE, raise_at))
    first = step.share(start=start, limit=limit, share=rules.remind_at)
    if step.book is not None and first > step.now:
        step.arm((Alarm.HANDLING_WARN, first), item=FIRST)


def raise_share(step: Step, *, start: datetime, limit: Limit, at: datetime) -> float:
    """Return at which share of the limit a case goes up next after ``at``: the first mark, then every whole limit.

    A case reworked long after its limit has all its marks behind it and must not fall asleep.
    """
    passed = used(start=start, now=at, limit=limit, calendar=step.state.rules.calendar)
    return max(step.policy.escalation.raise_overdue_at, math.floor(passed) + 1.0)


def rungs_above(step: Step, level: Level) -> list[Rung]:
    """Return the ladder above a level, nearest first."""
    above = [rung for rung in step.state.rules.ladder if rung.level < level]
    return sorted(above, key=lambda rung: rung.level, reverse=True)


def next_above(step: Step) -> str | None:
    """Return the unit that commands above the case's level, never the owner; None at the top."""
    units = (rung.unit for rung in rungs_above(step, step.state.level))
    return next((unit for unit in units if unit not in (None, step.state.owner)), None)


def upper(step: Step) -> str:
    """Return who is told of what the owner or a task's unit neglects: the level above, else triage."""
    return next_above(step) or step.state.triage_unit
