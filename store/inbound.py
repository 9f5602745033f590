"""What came in, before anybody read it: kept, claimed, settled; and the letters nobody could read.

A row is claimed with a lease, oldest first. Who reads it settles it in the very transaction that
writes what it causes (``hold_inbound`` and ``settle_inbound`` take that connection), so that a
worker that dies half-way has written nothing, and another takes the message after its lease.
All times are those of the caller's clock.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from domain.envelope import Unreadable
from store.database import Database
from store.rows_intake import Backlog, InboundRow, InboundState, NewInbound
from store.sources import take_webhook
from store.tables_sources import inbound

STORE_AWAY: tuple[type[Exception], ...] = (OperationalError, InterfaceError, NoConnection)
"""The database is away, full or locked: no fault of the message that was being taken."""
SUSPECT = 3
"""A message whose worker was lost this often is taken by itself: it may be what kills the workers."""

_NEW = text("inbound.state = 'new'")  # literal, or the partial index would not be used
_DEAD = text("inbound.state = 'dead'")
_SIZE = func.length(inbound.c.body).label("size")
WHOLE = (*inbound.c, _SIZE)
"""The columns of an ``InboundRow`` with its body."""


class Inbound(Database):
    """The part of the store that keeps messages and hands them to whoever reads them."""

    def keep_many(self, *, messages: Sequence[NewInbound]) -> list[int]:
        """Write a batch of messages in one transaction; return their numbers, in order. Durable then.

        Raises UnableToTakeTwice, nothing of the batch being written then, when a signed message
        was taken before.
        """
        if not messages:
            return []
        return self._write(lambda connection: keep_inbound(connection, messages))

    def claim_inbound(
        self, *, limit: int, now: datetime, worker: str, lease_s: float, suspects: bool = False
    ) -> list[InboundRow]:
        """Take up to ``limit`` due messages for ``lease_s`` seconds, the oldest first.

        No two workers ever hold the same row. ``suspects`` asks for those whose workers were
        lost ``SUSPECT`` times or more, which are left out otherwise.
        """
        due = _due(now=now, suspects=suspects).limit(limit)
        if self._sqlite and not self._read(lambda connection: connection.execute(due.limit(1)).first()):
            return []  # looked before asking for the one write lock
        # A table of its own: as a plain sub-query PostgreSQL may run it once per row, and lock more each time.
        chosen = select(due.cte("due").c.id)
        statement = (
            update(inbound)
            .where(inbound.c.id.in_(chosen), _NEW)
            .values(
                lease_until=now + timedelta(seconds=lease_s),
                worker=worker,
                attempts=inbound.c.attempts + 1,
                lost=inbound.c.lost + case((inbound.c.lease_until.is_(None), 0), else_=1),
            )
            .returning(*WHOLE)
        )
        rows = self._write(lambda connection: connection.execute(statement).mappings().all())
        return sorted((InboundRow(**row) for row in rows), key=lambda row: row.id)

    def put_off_inbound(self, *, id: int, not_before: datetime, fault: bool) -> bool:  # noqa: A002
        """Give a message back until a later time; False when it was settled meanwhile."""
        more = {"faults": inbound.c.faults + 1} if fault else {}
        statement = (
            update(inbound)
            .where(inbound.c.id == id, _NEW)
            .values(not_before=not_before, lease_until=None, worker=None, **more)
        )
        return self._write(lambda connection: connection.execute(statement).rowcount == 1)

    def settle_inbound(self, *, message: InboundRow, dead: Sequence[Unreadable], at: datetime) -> bool:
        """Settle a message nothing of which is taken; see ``settle_inbound`` of this module."""
        return self._write(
            lambda connection: settle_inbound(connection, message=message, taken=0, dead=dead, at=at)
        )

    def backlog(self) -> Backlog:
        """Count what waits to be read and what waits for a person."""
        waiting = select(func.count(), func.min(inbound.c.kept_at)).where(_NEW)
        dead = select(func.count()).select_from(inbound).where(_DEAD)

        def work(connection: Connection) -> Backlog:
            count, oldest = connection.execute(waiting).one()
            return Backlog(waiting=count, oldest_at=oldest, dead=connection.execute(dead).scalar_one())

        return self._read(work)


def keep_inbound(connection: Connection, messages: Sequence[NewInbound]) -> list[int]:
    """Insert messages in the caller's transaction; return their numbers, in order. Raises UnableToTakeTwice."""
    for message in messages:
        if message.webhook_id:
            take_webhook(
                connection,
                source=message.source,
                webhook_id=message.webhook_id,
                at=message.webhook_at or message.received_at,
                sqlite=connection.dialect.name == "sqlite",
            )
    statement = insert(inbound).returning(inbound.c.id, sort_by_parameter_order=True)
    return list(connection.execute(statement, [_values(message) for message in messages]).scalars())


def hold_inbound(connection: Connection, *, id: int) -> bool:  # noqa: A002
    """Lock a message for the rest of the transaction; False when it was settled by somebody else.

    The first thing a transaction that takes a message does.
    """
    statement = select(inbound.c.id).where(inbound.c.id == id, _NEW).with_for_update()
    return connection.execute(statement).first() is not None


def settle_inbound(
    connection: Connection,
    *,
    message: InboundRow,
    taken: int,
    dead: Sequence[Unreadable],
    at: datetime,
    outcome: dict[str, Any] | None = None,
) -> bool:
    """Settle a claimed message with what became of its parts; False when it was settled before.

    ``message.mapping_version`` is the one it was read with (``usecases.ingest`` says so in it).
    A message that is unreadable as a whole becomes a dead letter itself. Otherwise it is done,
    and every unreadable part becomes a dead letter with its own bytes and this message as parent.
    """
    whole = _whole(message, taken, dead)
    values: dict[str, Any] = {
        "state": (InboundState.DONE if whole is None else InboundState.DEAD).value,
        "taken": taken,
        "refused": len(dead),
        "mapping_version": message.mapping_version,
        "outcome": outcome or {},
        "lease_until": None,
        "finished_at": at,
    }
    if whole is not None:
        values |= {"code": whole.code.value, "params": dict(whole.params), "event_id": whole.event_id}
    statement = update(inbound).where(inbound.c.id == message.id, _NEW).values(values)
    if connection.execute(statement).rowcount != 1:
        return False
    if whole is None and dead:
        connection.execute(insert(inbound), [_part(message, one, at) for one in dead])
    return True


def _whole(message: InboundRow, taken: int, dead: Sequence[Unreadable]) -> Unreadable | None:
    if taken == 0 and len(dead) == 1 and dead[0].body in (b"", message.body):
        return dead[0]
    return None


def _part(message: InboundRow, one: Unreadable, at: datetime) -> dict[str, Any]:
    part = NewInbound(
        source=message.source,
        channel=message.channel,
        format=message.format,
        content_type=message.content_type,
        headers=message.headers,
        # A part that did not bring its own bytes keeps the whole message's: nothing is lost.
        body=one.body or message.body,
        received_at=message.received_at,
        kept_at=at,
        state=InboundState.DEAD,
        code=one.code.value,
        params=dict(one.params),
        event_id=one.event_id,
        parent=message.id,
    )
    return _values(part) | {"finished_at": at, "mapping_version": message.mapping_version}


def _values(message: NewInbound) -> dict[str, Any]:
    return {
        "source": message.source,
        "channel": message.channel,
        "format": message.format,
        "content_type": message.content_type,
        "headers": message.headers,
        "body": message.body,
        "digest": hashlib.sha256(message.body).hexdigest(),
        "received_at": message.received_at,
        "kept_at": message.kept_at or message.received_at,
        "state": message.state.value,
        "code": message.code,
        "params": message.params,
        "event_id": message.event_id,
        "parent": message.parent,
    }


def _due(*, now: datetime, suspects: bool) -> Select[int]:
    """Pick due messages in the order they came; PostgreSQL locks them and skips locked ones."""
    free: ColumnElement[bool] = or_(inbound.c.lease_until.is_(None), inbound.c.lease_until <= now)
    ripe = or_(inbound.c.not_before.is_(None), inbound.c.not_before <= now)
    told_apart = inbound.c.lost >= SUSPECT if suspects else inbound.c.lost < SUSPECT
    return (
        select(inbound.c.id)
        .where(and_(_NEW, ripe, free, told_apart))
        .order_by(inbound.c.id)
        .with_for_update(skip_locked=True)
    )
