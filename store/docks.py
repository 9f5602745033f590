"""Tasks of ours in other systems' books, and what they write back. A task is begun before anything is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select, update

from store.database import Database
from store.rows import OutboxState
from store.tables import outbox
from store.tables_desk import dock_tasks, service_updates


class DockState(StrEnum):
    """SENDING: they may have it or not. TOKEN: taken, its number is to be asked for. OPEN: theirs to handle."""

    SENDING = "sending"
    TOKEN = "token"  # noqa: S105 - the standard's word, no secret
    OPEN = "open"
    CLOSED = "closed"
    FAILED = "failed"


LIVE = (DockState.SENDING.value, DockState.TOKEN.value, DockState.OPEN.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class DockTask:
    """One request of ours in their book. ``key`` is that of the notice that carried it there."""

    key: str
    case_no: str
    epoch: int
    unit: str
    task: str
    endpoint: str
    foreign_id: str | None
    token: str | None
    state: str
    seen_until: datetime | None
    last_status: str
    attempts: int
    next_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptUpdate:
    """An update of theirs and whether it has been carried to the case. ``serial`` orders them."""

    serial: int
    source: str
    update_id: str
    case_no: str
    status: str
    description: str
    updated_at: datetime
    acted: bool
    detail: dict[str, Any]


_TASK = tuple(column for column in dock_tasks.c)
_UPDATE = tuple(service_updates.c[name] for name in KeptUpdate.__slots__)


class Docks(Database):
    """The part of the store that knows what lies with other systems."""

    def begin_dock(
        self, *, key: str, case_no: str, epoch: int, unit: str, task: str, endpoint: str, at: datetime
    ) -> tuple[DockTask, bool]:
        """Note that a request is about to be sent; return it, and whether it had been noted before."""
        row = {
            "key": key, "case_no": case_no, "epoch": epoch, "unit": unit, "task": task, "endpoint": endpoint,
            "state": DockState.SENDING.value, "created_at": at, "seen_until": at,
        }  # fmt: skip

        def work(connection: Connection) -> tuple[DockTask, bool]:
            put = self._insert(dock_tasks).on_conflict_do_nothing(index_elements=["key"])
            fresh = connection.execute(put.returning(dock_tasks.c.key), row).first() is not None
            count = update(dock_tasks).where(dock_tasks.c.key == key)
            connection.execute(count.values(attempts=dock_tasks.c.attempts + 1))
            found = connection.execute(select(*_TASK).where(dock_tasks.c.key == key)).mappings().one()
            return DockTask(**found), not fresh

        return self._write(work)

    def settle_dock(
        self,
        *,
        key: str,
        state: DockState,
        foreign_id: str | None,
        token: str | None,
        outbox_id: int,
        now: datetime,
    ) -> None:
        """Keep what they answered, and settle the row that carried it, in one transaction."""
        final = OutboxState.FAILED if state is DockState.FAILED else OutboxState.DONE
        settled = update(outbox).where(outbox.c.id == outbox_id, outbox.c.state == OutboxState.PENDING.value)
        answered = update(dock_tasks).where(dock_tasks.c.key == key)

        def work(connection: Connection) -> None:
            connection.execute(
                answered.values(state=state.value, foreign_id=foreign_id, token=token, next_at=now)
            )
            connection.execute(settled.values(state=final.value, finished_at=now, lease_until=None))

        self._write(work)

    def change_dock(self, *, key: str, **values: Any) -> None:
        """Change columns of a task: state, foreign_id, seen_until, last_status, next_at."""
        statement = update(dock_tasks).where(dock_tasks.c.key == key).values(**values)
        self._write(lambda connection: connection.execute(statement))

    def docks_of(self, *, case_no: str) -> list[DockTask]:
        """Return what of a case lies or lay with other systems, oldest first."""
        statement = select(*_TASK).where(dock_tasks.c.case_no == case_no).order_by(dock_tasks.c.created_at)
        return self._read(
            lambda connection: [DockTask(**row) for row in connection.execute(statement).mappings()]
        )

    def live_docks(self, *, endpoint: str) -> list[DockTask]:
        """Return the tasks an endpoint may still write about, oldest first."""
        statement = (
            select(*_TASK)
            .where(dock_tasks.c.endpoint == endpoint, dock_tasks.c.state.in_(LIVE))
            .order_by(dock_tasks.c.created_at)
        )
        return self._read(
            lambda connection: [DockTask(**row) for row in connection.execute(statement).mappings()]
        )

    def keep_updates(self, *, source: str, updates: Sequence[dict[str, Any]], received_at: datetime) -> None:
        """Keep updates of a source, each once by its id; what is there already stays as it is."""
        if not updates:
            return
        rows = [
            {"source": source, "received_at": received_at, "acted": False, "detail": {}, **one}
            for one in updates
        ]
        put = self._insert(service_updates).on_conflict_do_nothing(index_elements=["source", "update_id"])
        self._write(lambda connection: connection.execute(put, rows))

    def unacted_updates(self, *, source: str, most: int) -> list[KeptUpdate]:
        """Return updates of a source nobody has carried to their cases yet, in the order they were written."""
        statement = (
            select(*_UPDATE)
            .where(service_updates.c.source == source, service_updates.c.acted.is_(False))
            .order_by(service_updates.c.updated_at, service_updates.c.serial)
            .limit(most)
        )
        return self._read(
            lambda connection: [KeptUpdate(**row) for row in connection.execute(statement).mappings()]
        )

    def updates_of(self, *, case_no: str) -> list[KeptUpdate]:
        """Return what was written about a case, in the order it was written."""
        statement = (
            select(*_UPDATE)
            .where(service_updates.c.case_no == case_no)
            .order_by(service_updates.c.updated_at, service_updates.c.serial)
        )
        return self._read(
            lambda connection: [KeptUpdate(**row) for row in connection.execute(statement).mappings()]
        )

    def update_acted(self, *, serial: int, detail: dict[str, Any]) -> None:
        """Keep what became of an update."""
        statement = (
            update(service_updates)
            .where(service_updates.c.serial == serial)
            .values(acted=True, detail=detail)
        )
        self._write(lambda connection: connection.execute(statement))

    def docks_waiting(self) -> int:
        """Count the requests nobody can say about whether the other side has them."""
        statement = (
            select(func.count())
            .select_from(dock_tasks)
            .where(dock_tasks.c.state == DockState.SENDING.value, dock_tasks.c.attempts > 1)
        )
        return self._read(lambda connection: connection.execute(statement).scalar_one())
