"""What a docked system's people wrote comes back as commands of the unit, once each, in order.

Their words are mySociety's update statuses, or the plain open and closed of the standard. An
update is kept before anything is done about it, with its fate: a command a case refuses
(it has gone to somebody else meanwhile) is written there with the refusal's code.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from domain.actor import Actor, Role
from domain.case import Status
from domain.dock import Dock, ForeignRequest, ForeignUpdate, NoUpdates, UnableToAsk
from domain.errors import CommandRefused
from domain.views import CaseView
from store.docks import DockState, DockTask, KeptUpdate
from usecases.act import act
from usecases.city import City
from usecases.command import build
from usecases.docks import source_of
from usecases.problems import BadRequest

OVERLAP = timedelta(minutes=10)
"""How far back we ask again: their clock may differ, and an update may be written late."""
MOST_AT_ONCE = 500
IDS_AT_ONCE = 50
MOST_WAITING = 20
"""So many cases that cannot be reached in one turn mean that none can be."""
STARTS = frozenset({"ACKNOWLEDGED", "IN_PROGRESS", "ACTION_SCHEDULED", "INVESTIGATING"})
SOLVES = frozenset({"CLOSED", "FIXED"})
ENDS_UNSOLVED = frozenset({"NO_FURTHER_ACTION"})
RETURNS = frozenset({"NOT_COUNCILS_RESPONSIBILITY", "INTERNAL_REFERRAL"})
NO_WORDS = "对方系统未附文字 / their system gave no words"
log = structlog.get_logger()


async def poll(*, city: City, dock: Dock) -> int:
    """Ask an endpoint what is new, keep it, and carry it to the cases. Return how many updates were carried.

    Raises UnableToAsk when the endpoint does not answer; what was kept before is carried all the same.
    """
    source = source_of(dock.url)
    tasks = await asyncio.to_thread(lambda: city.store.live_docks(endpoint=dock.url))
    try:
        if tasks:
            await _numbers(city, dock, tasks)
            await _ask(city, dock, source, [task for task in tasks if task.foreign_id is not None])
    finally:
        carried = await _carry(city, dock, source)
    return carried


async def _numbers(city: City, dock: Dock, tasks: Sequence[DockTask]) -> None:
    """Ask what tokens have become."""
    for task in tasks:
        if task.state != DockState.TOKEN or task.token is None:
            continue
        try:
            found = await dock.id_of(token=task.token)
        except UnableToAsk as unable:
            if not unable.code.startswith("http_"):
                raise
            # They answer, but not for this token: it is asked for again, and keeps nothing else waiting.
            log.warning("token without an answer", case_no=task.case_no, code=unable.code)
            continue
        if found is not None:
            opened = partial(city.store.change_dock, state=DockState.OPEN.value, foreign_id=found)
            await asyncio.to_thread(partial(opened, key=task.key))


async def _ask(city: City, dock: Dock, source: str, tasks: Sequence[DockTask]) -> None:
    if not tasks:
        return
    now = city.now()
    since = min(task.seen_until or task.created_at for task in tasks) - OVERLAP
    try:
        updates = await dock.updates(since=since, until=now + OVERLAP)
    except NoUpdates:
        updates = await _states(dock, tasks)
    ours = {task.foreign_id: task for task in tasks}
    fresh = [one for one in updates if one.service_request_id in ours]
    rows = [_row(one, ours[one.service_request_id].case_no) for one in fresh]
    await asyncio.to_thread(lambda: _keep(city, source, rows, tasks, now))


def _keep(
    city: City, source: str, rows: list[dict[str, Any]], tasks: Sequence[DockTask], now: datetime
) -> None:
    city.store.keep_updates(source=source, updates=rows, received_at=now)
    for task in tasks:
        city.store.change_dock(key=task.key, seen_until=now)


async def _states(dock: Dock, tasks: Sequence[DockTask]) -> list[ForeignUpdate]:
    """Read updates off the requests themselves, of a system that has no updates."""
    numbers = [task.foreign_id for task in tasks if task.foreign_id is not None]
    found: list[ForeignRequest] = []
    for first in range(0, len(numbers), IDS_AT_ONCE):
        found += await dock.requests(ids=tuple(numbers[first : first + IDS_AT_ONCE]))
    return [
        ForeignUpdate(
            update_id=f"{one.service_request_id}:{one.status}:{one.updated_at.isoformat()}",
            service_request_id=one.service_request_id,
            status=one.status,
            description=one.status_notes,
            updated_at=one.updated_at,
        )
        for one in found
        if one.updated_at is not None
    ]


def _row(one: ForeignUpdate, case_no: str) -> dict[str, Any]:
    return {
        "update_id": one.update_id[:200],
        "case_no": case_no,
        "status": one.status[:60],
        "description": one.description[:4000],
        "updated_at": one.updated_at,
        "detail": {"request": one.service_request_id},
    }


async def _carry(city: City, dock: Dock, source: str) -> int:
    kept = await asyncio.to_thread(lambda: city.store.unacted_updates(source=source, most=MOST_AT_ONCE))
    carried = 0
    waiting: set[str] = set()
    for update in kept:
        if update.case_no in waiting:
            continue  # order matters within a case
        if len(waiting) >= MOST_WAITING:
            break
        docks = await asyncio.to_thread(partial(city.store.docks_of, case_no=update.case_no))
        task = next(
            (
                one
                for one in reversed(docks)
                if one.endpoint == dock.url and one.foreign_id == update.detail.get("request")
            ),
            None,
        )
        fate = "no_request_of_ours" if task is None else await _tried(city, task, update)
        if fate == "later":
            waiting.add(update.case_no)
            continue
        detail = {**update.detail, "fate": fate}
        await asyncio.to_thread(partial(city.store.update_acted, serial=update.serial, detail=detail))
        carried += 1
    return carried


async def _tried(city: City, task: DockTask, update: KeptUpdate) -> str:
    """Act, and let an update that faults wait with its case: it holds up no other."""
    try:
        return await _act(city, task, update)
    except Exception as error:  # noqa: BLE001 - one update's fault, whatever it is, is that update's alone
        # Not logged with its text: that may quote what people wrote.
        log.error("update cannot be carried", case_no=task.case_no, error=type(error).__name__)  # noqa: TRY400
        return "later"


async def _act(city: City, task: DockTask, update: KeptUpdate) -> str:
    """Send the commands an update stands for; return what became of it."""
    view = await asyncio.to_thread(lambda: city.store.case(case_no=task.case_no))
    if view is None:
        return "no_such_case"
    steps = _task_steps(task, update) if task.task else _steps(view, update)
    try:
        for kind, fields in steps:
            if await _pending(city, task, update, kind, fields):
                return "later"
    except CommandRefused as refused:
        log.info("update of a docked system refused", case_no=task.case_no, code=refused.code.value)
        return f"refused:{refused.code.value}"
    except BadRequest as bad:
        return f"refused:{bad.finding.code.value}"
    closed = update.status in SOLVES | ENDS_UNSOLVED | RETURNS
    state = DockState.CLOSED.value if closed else task.state
    await asyncio.to_thread(
        lambda: city.store.change_dock(key=task.key, state=state, last_status=update.status)
    )
    return "done" if steps else "noted"


async def _pending(city: City, task: DockTask, update: KeptUpdate, kind: str, fields: dict[str, Any]) -> bool:
    command = await asyncio.to_thread(
        lambda: build(
            city=city,
            case_no=task.case_no,
            kind=kind,
            fields=fields,
            actor=Actor(id=f"open311:{task.unit}", role=Role.HANDLER, unit=task.unit),
            request_id=f"dock:{task.key}:{update.serial}:{kind}",
        )
    )
    acted = await act(city=city, case_no=task.case_no, command=command)
    return acted.pending


def _steps(view: CaseView, update: KeptUpdate) -> list[tuple[str, dict[str, Any]]]:
    """Return the commands by which the case comes to where their update says it is."""
    words = update.description or NO_WORDS
    status = Status(view.status)
    sign_in: list[tuple[str, dict[str, Any]]] = [("sign_in", {})] if status is Status.DISPATCHED else []
    if update.status in RETURNS:
        return [("request_return", {"reason": words})]
    if update.status in SOLVES | ENDS_UNSOLVED:
        solved = update.status in SOLVES
        return [*sign_in, ("submit_result", {"result": words, "solved": solved})]
    if update.status in STARTS:
        start: list[tuple[str, dict[str, Any]]] = [("start_handling", {})]
        return [*sign_in, *(start if status in (Status.DISPATCHED, Status.ACCEPTED) else [])]
    return []


def _task_steps(task: DockTask, update: KeptUpdate) -> list[tuple[str, dict[str, Any]]]:
    words = update.description or NO_WORDS
    if update.status in SOLVES | ENDS_UNSOLVED:
        return [("report_task", {"task": task.task, "result": words})]
    if update.status in STARTS:
        return [("sign_in_task", {"task": task.task})]
    return []
