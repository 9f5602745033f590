"""Handing a case to a unit's own system (Open311), once, and saying there what changes later.

A request is noted before it is sent. When nobody can say whether the other side has it, its
list is searched for our number before it is sent again: the description ends with it.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from domain.dock import Dock, ForeignAnswer, Handover, UnableToAsk
from domain.views import CaseView
from store.docks import DockState, DockTask
from store.rows import OutboxRow
from usecases.city import City
from usecases.queries import case_view

OPENS = frozenset({"assignment", "task_assigned"})
"""Notices that put a request into their book."""
SAYS = {"rework": "REOPEN", "reopened": "REOPEN", "cancelled": "CANCELLED", "task_ended": "CANCELLED"}
"""Notices that are said there as an update with a status of its own; REMINDS without one."""
REMINDS = frozenset({"reminder", "duty_call", "overdue", "supervision", "urge", "supplement"})
MOST_DESCRIPTION = 4000
LOOK_BACK = timedelta(hours=1)
_SHOWN = ("unit", "task", "endpoint", "foreign_id", "state", "last_status", "attempts", "created_at")


class Handed(StrEnum):
    """What the relay does with the row that carried it: nothing more, try again later, or it is settled as failed."""

    SETTLED = "settled"
    LATER = "later"
    NOT_FOR_IT = "not_for_it"


@dataclass(frozen=True, kw_only=True, slots=True)
class HandedOver:
    """The fate of one row, with a stable code."""

    fate: Handed
    code: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DockUpdate:
    """What their people wrote, and its fate."""

    update_id: str
    status: str
    description: str
    updated_at: datetime
    fate: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DockedTask:
    """A request of ours in their book, with what was written on it."""

    unit: str
    task: str
    endpoint: str
    foreign_id: str | None
    state: str
    last_status: str
    attempts: int
    created_at: datetime
    updates: tuple[DockUpdate, ...]


def docks_of(*, city: City, case_no: str) -> list[DockedTask]:
    """Return what of a case lies with other systems, oldest first. Raises BadRequest (case_not_found)."""
    case_view(city=city, case_no=case_no)
    written = city.store.updates_of(case_no=case_no)
    return [
        DockedTask(
            **{name: getattr(task, name) for name in _SHOWN},
            updates=tuple(
                DockUpdate(
                    update_id=one.update_id,
                    status=one.status,
                    description=one.description,
                    updated_at=one.updated_at,
                    fate=str(one.detail.get("fate", "")),
                )
                for one in written
                if one.source == source_of(task.endpoint) and one.detail.get("request") == task.foreign_id
            ),
        )
        for task in city.store.docks_of(case_no=case_no)
    ]


def source_of(url: str) -> str:
    """Return the name an endpoint's updates are kept under; addresses may hold more than a name should."""
    return "dock:" + hashlib.sha256(url.encode()).hexdigest()[:16]


async def hand_over(*, city: City, row: OutboxRow, dock: Dock) -> HandedOver:
    """Carry one notice of a unit to its own system."""
    template, said = row.payload["template"], row.payload.get("context", {})
    view = await asyncio.to_thread(lambda: city.store.case(case_no=row.case_no))
    if view is None or said.get("copy"):
        return HandedOver(fate=Handed.NOT_FOR_IT, code="nothing_to_do_there")
    if template in OPENS:
        return await _open(city, row, dock, view)
    if template in SAYS or template in REMINDS:
        return await _say(city, row, dock, view)
    return HandedOver(fate=Handed.NOT_FOR_IT, code="not_said_there")


async def _open(city: City, row: OutboxRow, dock: Dock, view: CaseView) -> HandedOver:
    task, again = await asyncio.to_thread(lambda: _begun(city, row, dock))
    if task.state != DockState.SENDING:
        return await _settle(city, row, task, _as_before(task))
    if again:
        try:
            found = await _search(city, dock, task)
        except UnableToAsk as unable:
            return HandedOver(fate=Handed.LATER, code=unable.code)
        if found is not None:
            return await _settle(city, row, task, ForeignAnswer(state=Handover.DONE, foreign_id=found))
    fields = await asyncio.to_thread(lambda: fields_of(city=city, view=view, row=row, dock=dock))
    answer = await dock.create(fields=fields, key=row.key)
    if answer.state in (Handover.LATER, Handover.UNKNOWN):
        return HandedOver(fate=Handed.LATER, code=f"{answer.state.value}:{answer.code}")
    return await _settle(city, row, task, answer)


def _begun(city: City, row: OutboxRow, dock: Dock) -> tuple[DockTask, bool]:
    return city.store.begin_dock(
        key=row.key,
        case_no=row.case_no,
        epoch=row.payload["epoch"],
        unit=row.payload["unit"],
        task=str(row.payload.get("context", {}).get("task") or ""),
        endpoint=dock.url,
        at=row.created_at,
    )


def _as_before(task: DockTask) -> ForeignAnswer:
    state = Handover.REFUSED if task.state == DockState.FAILED else Handover.DONE
    return ForeignAnswer(state=state, foreign_id=task.foreign_id, token=task.token)


async def _search(city: City, dock: Dock, task: DockTask) -> str | None:
    """Look for a request of ours that may have arrived although its answer did not.

    A case may have been there before, or with another unit behind the same endpoint: those requests
    have the same mark, and numbers that we know.
    """
    mark = mark_of(task.case_no, task.task)
    found = await dock.requests(since=task.created_at - LOOK_BACK)
    known = await asyncio.to_thread(lambda: city.store.docks_of(case_no=task.case_no))
    others = {one.foreign_id for one in known if one.key != task.key and one.endpoint == task.endpoint}
    numbers = (one.service_request_id for one in found if mark in one.description)
    return next((number for number in numbers if number not in others), None)


async def _settle(city: City, row: OutboxRow, task: DockTask, answer: ForeignAnswer) -> HandedOver:
    state = DockState.FAILED
    if answer.state is Handover.DONE:
        state = DockState.OPEN if answer.foreign_id else DockState.TOKEN
    await asyncio.to_thread(
        lambda: city.store.settle_dock(
            key=task.key, state=state, foreign_id=answer.foreign_id, token=answer.token,
            outbox_id=row.id, now=city.now(),
        )
    )  # fmt: skip
    return HandedOver(fate=Handed.SETTLED, code=answer.code)


async def _say(city: City, row: OutboxRow, dock: Dock, view: CaseView) -> HandedOver:
    """Write an update on the unit's open request; without one there is nothing to write on."""
    unit = row.payload["unit"]
    docks = await asyncio.to_thread(lambda: city.store.docks_of(case_no=row.case_no))
    mine = [one for one in docks if one.unit == unit and one.endpoint == dock.url]
    task = mine[-1] if mine else None
    if task is None or task.state == DockState.FAILED:
        return HandedOver(fate=Handed.NOT_FOR_IT, code="no_request_there")
    if task.foreign_id is None:
        return HandedOver(fate=Handed.LATER, code="no_number_yet")
    template = row.payload["template"]
    answer = await dock.add_update(
        fields={
            "service_request_id": task.foreign_id,
            "update_id": row.key,
            "status": SAYS.get(template, "OPEN"),
            "updated_datetime": _text(row.created_at),
            "description": _words(city, view, row),
        },
        key=row.key,
    )
    if answer.state in (Handover.LATER, Handover.UNKNOWN):
        # The update's id is the row's: whoever takes it twice can see that it is the same.
        return HandedOver(fate=Handed.LATER, code=f"{answer.state.value}:{answer.code}")
    if template in SAYS:
        state = DockState.CLOSED if SAYS[template] == "CANCELLED" else DockState.OPEN
        await asyncio.to_thread(lambda: city.store.change_dock(key=task.key, state=state.value))
    code = answer.code if answer.state is Handover.REFUSED else "said"
    return HandedOver(fate=Handed.NOT_FOR_IT, code=code)


def fields_of(*, city: City, view: CaseView, row: OutboxRow, dock: Dock) -> dict[str, str]:
    """Return the form of a request: what, where, until when. Who reported it is not theirs to know."""
    reports = city.store.reports_of(case_no=view.case_no)
    said = row.payload.get("context", {})
    texts = [report.description for report in reports[:3]]
    due = said.get("due")
    lines = [
        f"{view.category_name} {said.get('about', '')}".strip(),
        *texts,
        f"时限 due {_local(city, due)}" if due else "",
    ]
    mark = mark_of(view.case_no, str(said.get("task") or ""))
    body = "\n".join(line for line in lines if line)[: MOST_DESCRIPTION - len(mark) - 1]
    fields = {
        "service_code": dock.service_code(view.category),
        "description": f"{body}\n{mark}",
        "account_id": view.case_no,
        "address_string": view.place.address or "".join(area.name for area in view.place.chain),
    }
    if view.place.lon is not None and view.place.lat is not None:
        fields |= {"lat": f"{view.place.lat:.6f}", "long": f"{view.place.lon:.6f}"}
    return fields


def mark_of(case_no: str, task: str) -> str:
    """Return what a request of ours is found again by."""
    return f"[cityops {case_no}{'/' + task if task else ''}]"


def _words(city: City, view: CaseView, row: OutboxRow) -> str:
    said: dict[str, Any] = row.payload.get("context", {})
    due = said.get("due") or (view.handling_due.isoformat() if view.handling_due else "")
    parts = (
        row.payload["template"].replace("_", " "),
        str(said.get("reason") or ""),
        f"时限 due {_local(city, due)}" if due else "",
        mark_of(view.case_no, str(said.get("task") or "")),
    )
    return "\n".join(part for part in parts if part)


def _local(city: City, due: str) -> str:
    at = datetime.fromisoformat(due).astimezone(ZoneInfo(city.pack.city.timezone))
    return at.strftime("%Y-%m-%d %H:%M")


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
