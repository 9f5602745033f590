"""What is owed becomes settled: outbox rows and commands, in the transaction that carries out the thing."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, update

from store.rows import Done, InboxStatus, OutboxState
from store.tables import commands, outbox


def command_key(request_id: str) -> str:
    """Return the key of the outbox row that delivers a command."""
    return f"command:{request_id}"


_FINISHED = (
    update(outbox)
    .where(outbox.c.state == OutboxState.PENDING.value)
    .values(
        state=OutboxState.DONE.value,
        lease_until=None,
        finished_at=bindparam("b_at"),
        outcome=bindparam("b_outcome"),
    )
)
_ROW_DONE = _FINISHED.where(outbox.c.id == bindparam("b_id"))
_DELIVERED = _FINISHED.where(outbox.c.key == bindparam("b_key"))
_COMMAND_DONE = (
    update(commands)
    .where(commands.c.request_id == bindparam("b_request_id"), commands.c.status == InboxStatus.PENDING.value)
    .values(status=InboxStatus.DONE.value, result=bindparam("b_result"), finished_at=bindparam("b_at"))
)


def settle(connection: Connection, dones: Sequence[Done]) -> None:
    """Mark outbox rows and commands done. What is final already stays as it is."""
    rows = [
        {"b_id": done.outbox_id, "b_outcome": done.result, "b_at": done.at}
        for done in dones
        if done.outbox_id is not None
    ]
    if rows:
        connection.execute(_ROW_DONE, rows)
    for done in dones:
        if done.request_id is not None:
            values = {"b_request_id": done.request_id, "b_result": done.result, "b_at": done.at}
            connection.execute(_COMMAND_DONE, values)
            settle_delivery(connection, request_id=done.request_id, at=done.at)


def settle_delivery(connection: Connection, *, request_id: str, at: datetime | None) -> None:
    """Mark the delivery of a command done: its answer is known."""
    connection.execute(_DELIVERED, {"b_key": command_key(request_id), "b_at": at, "b_outcome": None})
