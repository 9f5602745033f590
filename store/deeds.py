"""The log of what people did: written once, never changed, read by page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select

from store.database import Database
from store.filters import UnableToReadCursor
from store.tables_people import deeds

_LONGEST = 200
_MOST_ID = 2**62
_EQUAL = ("account", "kind", "object")


@dataclass(frozen=True, kw_only=True, slots=True)
class DeedRow:
    """One thing somebody did. ``detail`` is JSON-plain, without personal data. ``id`` is 0 before it is kept."""

    id: int = 0
    at: datetime
    account: str
    kind: str
    object: str = ""
    reason: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeedFilter:
    """Filters of the log; all given ones must hold. ``until`` is not included."""

    account: str | None = None
    kind: str | None = None
    object: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DeedPage:
    """A page of the log, newest first, and the cursor of the next one (None at the end)."""

    deeds: tuple[DeedRow, ...]
    next_cursor: str | None


class Deeds(Database):
    """The part of the store that remembers what people did. There is no call that changes or removes a deed."""

    def add_deed(self, *, deed: DeedRow) -> None:
        """Keep a deed; durable when this returns."""
        values = {
            "at": deed.at, "account": deed.account, "kind": deed.kind, "object": deed.object,
            "reason": deed.reason, "detail": dict(deed.detail),
        }  # fmt: skip

        def work(connection: Connection) -> None:
            connection.execute(insert(deeds).values(values))

        self._write(work)

    def deeds(self, *, where: DeedFilter, limit: int, cursor: str | None = None) -> DeedPage:
        """Return a page of the log, newest first. Raises UnableToReadCursor."""
        size = max(1, min(limit, _LONGEST))
        statement = select(deeds).where(*_conditions(where))
        if cursor is not None:
            statement = statement.where(deeds.c.id < _number(cursor))
        statement = statement.order_by(deeds.c.id.desc()).limit(size + 1)
        found = self._read(
            lambda connection: [DeedRow(**row) for row in connection.execute(statement).mappings()]
        )
        end = str(found[size - 1].id) if len(found) > size else None
        return DeedPage(deeds=tuple(found[:size]), next_cursor=end)


def _conditions(where: DeedFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        deeds.c[name] == value for name in _EQUAL if (value := getattr(where, name)) is not None
    ]
    if where.since is not None:
        found.append(deeds.c.at >= where.since)
    if where.until is not None:
        found.append(deeds.c.at < where.until)
    return found


def _number(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 20 and int(cursor) < _MOST_ID):
        raise UnableToReadCursor("not a cursor of this list; start again without one")
    return int(cursor)
