"""The log of what was sent to people, and sending again what did not arrive."""

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, literal, select, update

from store.database import Database
from store.filters import UnableToReadCursor
from store.rows import OutboxKind, OutboxState
from store.rows_deliveries import DeliveryFilter, DeliveryPage, DeliveryRow
from store.tables import outbox

_KINDS = (OutboxKind.NOTIFY.value, OutboxKind.HAND_OVER.value)
_LOST = (OutboxState.FAILED.value, OutboxState.UNKNOWN.value)
_COLUMNS = (
    outbox.c.id, outbox.c.kind, outbox.c.case_no, outbox.c.payload, outbox.c.recipient, outbox.c.state,
    outbox.c.attempts, outbox.c.created_at, outbox.c.not_before, outbox.c.finished_at, outbox.c.last_error,
    outbox.c.outcome,
)  # fmt: skip


class Deliveries(Database):
    """The part of the store that answers what became of a message."""

    def deliveries(self, *, where: DeliveryFilter, limit: int, cursor: str | None = None) -> DeliveryPage:
        """Return messages, the newest first. Raises UnableToReadCursor."""
        statement = select(*_COLUMNS).where(outbox.c.kind.in_(_KINDS))
        if where.state == "lost":
            # The literal is what the partial index asks for.
            statement = statement.where(
                outbox.c.state.in_([literal(one, literal_execute=True) for one in _LOST])
            )
        elif where.state is not None:
            statement = statement.where(outbox.c.state == where.state)
        if where.case_no is not None:
            statement = statement.where(outbox.c.case_no == where.case_no)
        if cursor is not None:
            statement = statement.where(outbox.c.id < _position(cursor))
        rows = self._read(
            lambda connection: (
                connection.execute(statement.order_by(outbox.c.id.desc()).limit(limit + 1)).mappings().all()
            )
        )
        shown = tuple(_row(row) for row in rows[:limit])
        return DeliveryPage(rows=shown, next_cursor=str(shown[-1].id) if len(rows) > limit else None)

    def send_again(self, *, id: int, now: datetime) -> bool:  # noqa: A002
        """Owe a message that did not arrive once more. False when it arrived, or is owed already."""
        statement = (
            update(outbox)
            .where(outbox.c.id == id, outbox.c.kind.in_(_KINDS), outbox.c.state.in_(_LOST))
            .values(
                state=OutboxState.PENDING.value,
                attempts=0,
                not_before=now,
                lease_until=None,
                finished_at=None,
                last_error="sent again by hand",
            )
        )
        return self._write(lambda connection: connection.execute(statement).rowcount == 1)


def _row(row: RowMapping) -> DeliveryRow:
    values: dict[str, Any] = dict(row)
    payload, outcome = values.pop("payload"), values.pop("outcome") or {}
    return DeliveryRow(
        **values,
        template=str(payload.get("template", "")),
        channel=str(payload.get("channel", "")),
        code=str(outcome.get("code", "")),
    )


def _position(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise UnableToReadCursor("not a cursor of this list; start again without one")
    return int(cursor)
