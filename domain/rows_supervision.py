"""Row 38: supervision orders (督办) beside a case: opened, replied to, reviewed.

An order runs beside the case and keeps it open (``domain.blockers``). It stays with the unit
it names, whoever owns the case later. ``domain.supervision`` opens those of E4 and E9.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.aspects import Supervision, SupervisionStatus
from domain.case import Alarm, Deadline
from domain.errors import CommandRefused, RefusalCode
from domain.escalation import LATE_TOLERANCE, clock_start
from domain.limit import Limit
from domain.messages_command import OpenSupervision, ReplySupervision, ReviewSupervision
from domain.policy import Rulebook
from domain.step import AlarmHandler, Handler, Step
from domain.supervision import above_of, open_order, remind

__all__ = ["ALARMS", "HANDLERS", "open_order"]

BY_LEADER = "leader"
MOST_ORDERS = 50
"""Orders of one case over its whole life that people open; the engine's own come beside them."""
LimitOf = Callable[[Rulebook], Limit]
"""Picks a limit of the rulebook."""


def open_supervision(step: Step, command: OpenSupervision) -> None:
    """Open an order by somebody above: to the owner, or to the unit named."""
    if step.book is None:
        raise CommandRefused(RefusalCode.RULEBOOK_REQUIRED)
    if not command.text.strip():
        raise CommandRefused(RefusalCode.REASON_REQUIRED)
    by, unit = step.actor.unit, command.unit or step.state.owner
    if by is None or by in (step.state.owner, unit) or not (_over(step, by) or command.above_owner):
        raise CommandRefused(RefusalCode.NOT_A_SUPERVISOR)
    if len(step.state.supervisions) >= MOST_ORDERS:
        raise CommandRefused(RefusalCode.TOO_MANY_ORDERS, most=str(MOST_ORDERS))
    open_order(step, by=by, unit=unit, cause=BY_LEADER, text=command.text)


def _over(step: Step, unit: str) -> bool:
    """Tell whether a unit supervises the case or is a level of its ladder."""
    rungs = (rung.unit for rung in step.state.rules.ladder)
    return unit in (*step.state.supervisors, *rungs)


def reply_supervision(step: Step, command: ReplySupervision) -> None:
    """Reply to an order, by the unit it names; the review clock starts."""
    order = _find(step, command.supervision)
    if step.actor.unit != order.unit:
        raise CommandRefused(RefusalCode.NOT_YOUR_ITEM, unit=order.unit)
    if order.status is not SupervisionStatus.OPEN:
        raise CommandRefused(RefusalCode.ITEM_SETTLED, item=order.id)
    if not command.reply.strip():
        raise CommandRefused(RefusalCode.REASON_REQUIRED)
    due_at = _due(step, lambda book: book.supervision_review)
    step.disarm(Alarm.SUPERVISION_REPLY, item=order.id)
    _keep(
        step, order, status=SupervisionStatus.REPLIED, due=due_at, replies=order.replies + 1,
        reply=command.reply, replied_at=step.now,
    )  # fmt: skip
    step.record("supervision_replied", row=38, due_at=order.due, supervision=order.id, reply=command.reply)
    if due_at is not None:
        step.arm((Alarm.SUPERVISION_REVIEW, due_at), item=order.id)
    step.tell("supervision_reply", unit=order.by, supervision=order.id)


def review_supervision(step: Step, command: ReviewSupervision) -> None:
    """Seal an order (销号), or want a better reply with a fresh limit; by who opened it, or above."""
    order = _find(step, command.supervision)
    reviewers = {order.by, *above_of(step, order.by)} - {order.unit}
    if step.actor.unit not in reviewers:
        raise CommandRefused(RefusalCode.NOT_YOUR_ITEM, unit=order.by)
    if order.status is SupervisionStatus.CLOSED:
        raise CommandRefused(RefusalCode.ITEM_SETTLED, item=order.id)
    if order.status is SupervisionStatus.OPEN:
        raise CommandRefused(RefusalCode.NOT_REPLIED, item=order.id)
    if not command.accepted and not command.reason.strip():
        raise CommandRefused(RefusalCode.REASON_REQUIRED)
    step.disarm(Alarm.SUPERVISION_REVIEW, item=order.id)
    if command.accepted:
        _seal(step, order, command.reason)
    else:
        _again(step, order, command.reason)


def _seal(step: Step, order: Supervision, reason: str) -> None:
    _keep(step, order, status=SupervisionStatus.CLOSED, due=None, reviewed_at=step.now, review=reason)
    step.record("supervision_closed", row=38, due_at=order.due, supervision=order.id, reason=reason)
    step.tell("supervision_closed", unit=order.unit, supervision=order.id)


def _again(step: Step, order: Supervision, reason: str) -> None:
    due_at = _due(step, lambda book: book.supervision_reply)
    _keep(step, order, status=SupervisionStatus.OPEN, due=due_at, reviewed_at=step.now, review=reason)
    step.record("supervision_returned", row=38, due_at=due_at, supervision=order.id, reason=reason)
    if due_at is not None:
        step.arm((Alarm.SUPERVISION_REPLY, due_at), item=order.id)
    until = None if due_at is None else due_at.isoformat()
    step.tell("supervision", unit=order.unit, supervision=order.id, due=until)


def reply_late(step: Step, deadline: Deadline) -> None:
    """No reply in time: noted for good, the unit reminded, who ordered it and the level above told; again."""
    order = _find(step, deadline.item)
    _keep(step, order, late=True)
    step.record("supervision_late", row=38, due_at=deadline.at, supervision=order.id, unit=order.unit)
    again = _rearm(step, deadline, lambda book: book.supervision_reply)
    remind(step, (order.unit, order.by, *above_of(step, order.by)[:1]), about="supervision", due=again)


def review_late(step: Step, deadline: Deadline) -> None:
    """No review in time: who ordered it is reminded, the level above told; again."""
    order = _find(step, deadline.item)
    step.record("supervision_review_late", row=38, due_at=deadline.at, supervision=order.id, unit=order.by)
    again = _rearm(step, deadline, lambda book: book.supervision_review)
    remind(step, (order.by, *above_of(step, order.by)[:1]), about="supervision_review", due=again)


def _rearm(step: Step, deadline: Deadline, limit_of: LimitOf) -> datetime | None:
    if step.book is None:
        return None
    again = step.due(start=clock_start(step, deadline), limit=limit_of(step.book))
    # Never at once again, however short a pack makes the limit: that would not end.
    again = max(again, step.now + LATE_TOLERANCE)
    step.arm((deadline.name, again), item=deadline.item)
    return again


def _due(step: Step, limit_of: LimitOf) -> datetime | None:
    """Return when a clock that starts now ends; None where the rules now pinned have no such clock."""
    return None if step.book is None else step.due(start=step.now, limit=limit_of(step.book))


def _find(step: Step, number: str) -> Supervision:
    for order in step.state.supervisions:
        if order.id == number:
            return order
    raise CommandRefused(RefusalCode.UNKNOWN_ITEM, item=number)


def _keep(step: Step, order: Supervision, **fields: Any) -> None:
    changed = replace(order, **fields)
    step.change(supervisions=tuple(changed if one.id == order.id else one for one in step.state.supervisions))


HANDLERS: dict[str, Handler] = {
    "open_supervision": open_supervision,
    "reply_supervision": reply_supervision,
    "review_supervision": review_supervision,
}
ALARMS: dict[str, AlarmHandler] = {
    Alarm.SUPERVISION_REPLY: reply_late,
    Alarm.SUPERVISION_REVIEW: review_late,
}
