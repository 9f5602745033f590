"""Supervision orders (督办) as others open them: E4 and E9 by the engine, leaders by hand (row 38)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from domain.actor import Actor
from domain.aspects import Supervision, SupervisionStatus
from domain.case import Alarm
from domain.duty import next_above
from domain.place import Level
from domain.step import Step


def open_order(
    step: Step,
    *,
    by: str,
    unit: str,
    cause: str,
    text: str,
    actor: Actor | None = None,
    start: datetime | None = None,
) -> str | None:
    """Open an order by one unit to another and start its reply clock; return its id ("S1", "S2" …).

    ``cause`` is "E4", "E9" or "leader". ``actor`` is who acts, where it is not the step's;
    ``start`` is where the reply clock starts, where it is not now.
    Returns None, and opens nothing, for a case begun before the rulebook.
    """
    book = step.book
    if book is None:
        return None
    due_at = step.due(start=start or step.now, limit=book.supervision_reply)
    number = f"S{len(step.state.supervisions) + 1}"
    opened = Supervision(id=number, by=by, unit=unit, cause=cause, text=text, opened_at=step.now, due=due_at)
    step.change(supervisions=(*step.state.supervisions, opened))
    step.record(
        "supervision_opened", row=38, due_at=due_at, actor=actor, supervision=number, by=by, unit=unit, cause=cause,
        text=text,
    )  # fmt: skip
    step.arm((Alarm.SUPERVISION_REPLY, due_at), item=number)
    step.tell("supervision", unit=unit, trigger=_trigger(cause), due=due_at.isoformat(), supervision=number)
    return number


def supervise_overdue(step: Step, *, start: datetime) -> bool:
    """E4 at 100 %: the level above orders the owner to act, unless such an order stands; tell whether it did."""
    book, owner = step.book, step.state.owner
    if book is None or not book.supervise_overdue:
        return False
    stands = any(
        one.cause == "E4" and one.status is not SupervisionStatus.CLOSED for one in step.state.supervisions
    )
    by = next_above(step) or top_unit(step)
    if stands or by == owner:
        return False
    open_order(step, by=by, unit=owner, cause="E4", text="", start=start)
    return True


def top_unit(step: Step) -> str:
    """Return the highest unit of the ladder that is not the owner, or triage where there is none."""
    rungs = sorted(step.state.rules.ladder, key=lambda rung: rung.level)
    units = (rung.unit for rung in rungs if rung.unit not in (None, step.state.owner))
    return next(units, None) or step.state.triage_unit


def above_of(step: Step, unit: str) -> tuple[str, ...]:
    """Return the units of the ladder above a unit, nearest first; above the district for one beside the ladder."""
    ladder = step.state.rules.ladder
    level = next((rung.level for rung in ladder if rung.unit == unit), Level.STREET)
    above = sorted((rung for rung in ladder if rung.level < level), key=lambda rung: rung.level, reverse=True)
    return tuple(rung.unit for rung in above if rung.unit is not None and rung.unit != unit)


def remind(step: Step, units: Iterable[str | None], *, about: str, due: datetime | None = None) -> None:
    """Remind the first unit, and tell the others that it had to be: each once. ``due`` is its next limit."""
    first, *others = dict.fromkeys(unit for unit in units if unit)
    until = None if due is None else due.isoformat()
    step.tell("reminder", unit=first, about=about, due=until)
    for unit in others:
        step.tell("reminder", unit=unit, about=about, due=until, copy=True)


def end_orders(step: Step) -> None:
    """Seal every open order of a case that is cancelled: nobody owes it a word any more."""
    sealed = tuple(
        one
        if one.status is SupervisionStatus.CLOSED
        else replace(one, status=SupervisionStatus.CLOSED, due=None)
        for one in step.state.supervisions
    )
    step.change(supervisions=sealed)


def _trigger(cause: str) -> str | None:
    return cause if cause.startswith("E") else None
