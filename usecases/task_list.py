"""What a unit has to do: what it owns, what it was asked to do, which orders it owes a reply.

Overdue first, then what is due soonest; what waits for somebody else stands last. Two steps of
one case (its own handling, a supervision order) are two entries, each with its own deadline.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain.account import Permission, Post, Principal
from domain.aspects import UNFINISHED, SupervisionStatus, TaskStatus
from domain.case import Status
from domain.views import CaseView
from usecases.city import City
from usecases.permits import COMMANDING, permit, units_below

MOST = 200
"""Cases of one page: those due first."""


class NextStep(StrEnum):
    """What a unit does next, named like the command that does it; ``wait``: others have to act."""

    SIGN_IN = "sign_in"
    START = "start_handling"
    SUBMIT = "submit_result"
    SIGN_IN_TASK = "sign_in_task"
    REPORT_TASK = "report_task"
    REPLY = "reply_supervision"
    WAIT = "wait"


class Band(StrEnum):
    """Where an entry stands in the list."""

    OVERDUE = "overdue"
    TODAY = "today"
    LATER = "later"
    WAITING = "waiting"


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskEntry:
    """One thing to do. ``item`` is the task or supervision order meant, empty for the case itself.

    ``unit`` is whose it is, ``asked`` what was asked in words, ``began`` when its time began to run.
    """

    view: CaseView
    unit: str
    step: NextStep
    band: Band
    due: datetime | None
    began: datetime | None
    item: str = ""
    asked: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskList:
    """Everything to do, in order. ``more``: there is more than one page shows."""

    entries: tuple[TaskEntry, ...]
    units: tuple[str, ...]
    more: bool

    def count(self, band: Band) -> int:
        """Count the entries of a band."""
        return sum(1 for one in self.entries if one.band is band)


_BY_STATUS = {
    Status.DISPATCHED: NextStep.SIGN_IN,
    Status.ACCEPTED: NextStep.START,
    Status.HANDLING: NextStep.SUBMIT,
}
_ORDER = {band: place for place, band in enumerate(Band)}
_LAST = datetime.max.replace(tzinfo=UTC)


def task_list(*, city: City, who: Principal, limit: int = MOST) -> TaskList:
    """Return what somebody's units have to do, from one statement. Raises BadRequest (not_permitted)."""
    units = units_of(city=city, who=who)
    views = city.store.cases_of_units(units=units, limit=limit + 1)
    found = [entry for view in views[:limit] for entry in entries_of(city=city, units=units, view=view)]
    return TaskList(entries=in_order(found), units=units, more=len(views) > limit)


def units_of(*, city: City, who: Principal) -> tuple[str, ...]:
    """Return the units somebody works for; of whoever leads a department also those below it.

    Raises BadRequest (not_permitted).
    """
    permit(who, Permission.TASKS)
    found: list[str] = []
    for grant in who.grants_for(Permission.TASKS):
        unit = city.pack.tree.find(grant.unit)
        # Bureaus hang under command centres, which coordinate them and do not do their work.
        leads = grant.post is Post.LEADER and unit is not None and unit.kind not in COMMANDING
        found += units_below(city=city, unit=grant.unit) if leads else (grant.unit,)
    return tuple(dict.fromkeys(found))


def entries_of(*, city: City, units: tuple[str, ...], view: CaseView) -> tuple[TaskEntry, ...]:
    """Return what these units have to do in one case, most urgent first."""
    now = city.now()
    zone = ZoneInfo(city.pack.city.timezone)
    made = (*_owned(units, view), *_asked(units, view), *_ordered(units, view))
    return in_order([replace(one, band=_band(one, now, zone)) for one in made])


def in_order(entries: list[TaskEntry]) -> tuple[TaskEntry, ...]:
    """Return entries overdue first, then due soonest, then those that wait for others."""
    return tuple(
        sorted(entries, key=lambda one: (_ORDER[one.band], one.due or _LAST, one.view.case_no, one.item))
    )


def _owned(units: tuple[str, ...], view: CaseView) -> Iterator[TaskEntry]:
    if view.owner in units:
        step = _BY_STATUS.get(Status(view.status), NextStep.WAIT)
        yield _entry(view, view.owner, step, due=view.handling_due, began=view.dispatched_at)


def _asked(units: tuple[str, ...], view: CaseView) -> Iterator[TaskEntry]:
    for task in view.aspects.tasks:
        if task.unit in units and task.status in UNFINISHED:
            step = NextStep.SIGN_IN_TASK if task.status is TaskStatus.OPEN else NextStep.REPORT_TASK
            made = _entry(view, task.unit, step, due=task.due, began=task.asked_at)
            yield replace(made, item=task.id, asked=task.text)


def _ordered(units: tuple[str, ...], view: CaseView) -> Iterator[TaskEntry]:
    for order in view.aspects.supervisions:
        if order.unit in units and order.status is SupervisionStatus.OPEN:
            made = _entry(view, order.unit, NextStep.REPLY, due=order.due, began=order.opened_at)
            yield replace(made, item=order.id, asked=order.text)


def _entry(
    view: CaseView, unit: str, step: NextStep, *, due: datetime | None, began: datetime | None
) -> TaskEntry:
    return TaskEntry(view=view, unit=unit, step=step, band=Band.LATER, due=due, began=began)


def _band(entry: TaskEntry, now: datetime, zone: ZoneInfo) -> Band:
    if entry.step is NextStep.WAIT:
        return Band.WAITING
    if entry.due is None:
        return Band.LATER
    if entry.due <= now:
        return Band.OVERDUE
    return Band.TODAY if entry.due.astimezone(zone).date() == now.astimezone(zone).date() else Band.LATER
