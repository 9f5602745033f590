"""What is owed to other systems, and who is dealing with it.

A row is claimed with a lease. A worker that dies lets its lease run out, and another takes
over; ``lost`` says that this happened. All times are those of the caller's clock, which
must be the clock the rows were written by.
"""

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
    or_,
    select,
    text,
    union_all,
    update,
)

from store.database import Database
from store.rows import OutboxRow, OutboxState
from store.tables import outbox

_OWED = text("outbox.state = 'pending'")  # literal, or the partial index would not be used

_SHOWN = (
    "id", "kind", "key", "case_no", "priority", "payload", "recipient", "state", "attempts", "lost", "created_at",
    "not_before", "lease_until", "last_error",
)  # fmt: skip


class Outbox(Database):
    """The part of the store that the relay works from."""

    def claim(
        self, *, kinds: Sequence[str], limit: int, now: datetime, worker: str, lease_s: float
    ) -> list[OutboxRow]:
        """Take up to ``limit`` due rows for ``lease_s`` seconds, worst severity first, then oldest.

        No two workers ever hold the same row. Counts an attempt of each.
        """
        if not kinds or limit < 1 or (self._sqlite and not self._anything_due(kinds, now)):
            return []
        picked = union_all(
            *(select(_due(kind, limit, now).cte(f"due_{n}")) for n, kind in enumerate(dict.fromkeys(kinds)))
        ).subquery()
        chosen = select(picked.c.id).order_by(picked.c.priority, picked.c.id).limit(limit)
        statement = (
            update(outbox)
            .where(outbox.c.id.in_(chosen), _OWED)
            .values(
                lease_until=now + timedelta(seconds=lease_s),
                worker=worker,
                attempts=outbox.c.attempts + 1,
                lost=outbox.c.lost + case((outbox.c.lease_until.is_(None), 0), else_=1),
            )
            .returning(*(outbox.c[name] for name in _SHOWN))
        )
        rows = self._write(lambda connection: connection.execute(statement).mappings().all())
        return sorted((OutboxRow(**row) for row in rows), key=lambda row: (row.priority, row.id))

    def _anything_due(self, kinds: Sequence[str], now: datetime) -> bool:
        """Look before asking for SQLite's one write lock: relays ask often, and mostly for nothing."""
        looks = [_due(kind, 1, now) for kind in dict.fromkeys(kinds)]
        return self._read(lambda connection: any(connection.execute(look).first() for look in looks))

    def finish(
        self,
        *,
        id: int,  # noqa: A002
        state: OutboxState = OutboxState.DONE,
        outcome: dict[str, Any] | None = None,
        now: datetime | None = None,
    ) -> bool:
        """Settle a row for good: done, failed or unknown. Return False when it was settled before."""
        values = {"state": state.value, "outcome": outcome, "finished_at": now, "lease_until": None}
        return self._change(id, values)

    def retry(self, *, id: int, not_before: datetime, error: str) -> bool:  # noqa: A002
        """Give a row back until a later time. Return False when it was settled meanwhile."""
        return self._change(id, {"not_before": not_before, "lease_until": None, "last_error": error})

    def pending(self, *, kinds: Sequence[str]) -> int:
        """Count the rows of these kinds that are owed, claimed ones included."""
        statement = select(func.count()).select_from(outbox).where(outbox.c.kind.in_(kinds), _OWED)
        return self._read(lambda connection: connection.execute(statement).scalar_one())

    def stuck(self, *, kinds: Sequence[str], since: datetime, tries: int, most: int) -> list[tuple[str, str]]:
        """Return (kind, case) of up to ``most`` rows of these kinds that do not move, the oldest first.

        One that was due before ``since`` and that nobody has settled or put off, or that was
        written before then and was tried ``tries`` times or more.
        """
        tried = and_(outbox.c.created_at < since, outbox.c.attempts >= tries)
        statement = (
            select(outbox.c.kind, outbox.c.case_no)
            .where(_OWED, outbox.c.kind.in_(kinds), or_(outbox.c.not_before < since, tried))
            .order_by(outbox.c.id)
            .limit(most)
        )
        rows = self._read(lambda connection: connection.execute(statement).all())
        return [(row.kind, row.case_no) for row in rows]

    def _change(self, number: int, values: dict[str, Any]) -> bool:
        statement = update(outbox).where(outbox.c.id == number, _OWED).values(values)

        def work(connection: Connection) -> bool:
            return connection.execute(statement).rowcount == 1

        return self._write(work)


def _due(kind: str, limit: int, now: datetime) -> Select[int, int]:
    """Pick due rows of one kind in the order of its index; PostgreSQL locks them and skips locked ones."""
    free: ColumnElement[bool] = or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= now)
    return (
        select(outbox.c.id, outbox.c.priority)
        .where(_OWED, outbox.c.kind == kind, outbox.c.not_before <= now, free)
        .order_by(outbox.c.priority, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
