"""What is owed becomes settled: outbox rows and commands, in the transaction that carries out the thing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from store.rows import Done, InboxStatus, OutboxState
from store.tables import commands, outbox


def command_key(request_id: str) -> str:
    """Return the key of the outbox row that delivers a command."""
    return f"command:{request_id}"


def settle(connection: Connection, dones: Sequence[Done]) -> None:
    """Mark outbox rows and commands done. What is final already stays as it is."""
    for done in dones:
        if done.outbox_id is not None:
            connection.execute(_finished(done.at, done.result).where(outbox.c.id == done.outbox_id))
        if done.request_id is not None:
            connection.execute(
                update(commands)
                .where(
                    commands.c.request_id == done.request_id, commands.c.status == InboxStatus.PENDING.value
                )
                .values(status=InboxStatus.DONE.value, result=done.result, finished_at=done.at)
            )
            settle_delivery(connection, request_id=done.request_id, at=done.at)


def settle_delivery(connection: Connection, *, request_id: str, at: datetime | None) -> None:
    """Mark the delivery of a command done: its answer is known."""
    connection.execute(_finished(at, None).where(outbox.c.key == command_key(request_id)))


def _finished(at: datetime | None, outcome: dict[str, Any] | None) -> Any:
    return (
        update(outbox)
        .where(outbox.c.state == OutboxState.PENDING.value)
        .values(state=OutboxState.DONE.value, lease_until=None, finished_at=at, outcome=outcome)
    )
