"""Kept messages as people look at them: lists, single ones, and what was done with the dead letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, literal, select, text, update

from store.database import Database
from store.filters import UnableToReadCursor
from store.inbound import WHOLE, keep_inbound
from store.rows_intake import InboundAct, InboundPage, InboundRow, InboundState, NewInbound
from store.tables_sources import inbound, inbound_acts

_LONGEST = 200
_DEAD = text("inbound.state = 'dead'")  # literal, or the partial index would not be used
_NO_BODY = literal(b"").label("body")
_LISTED = tuple(_NO_BODY if column.name == "body" else column for column in WHOLE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """A letter that was sent through the engine again, and the message it became."""

    letter: int
    message: int


class Letters(Database):
    """The part of the store that people look at kept messages with."""

    def inbound(self, *, id: int) -> InboundRow | None:  # noqa: A002
        """Return a message with its body, or None."""
        statement = select(*WHOLE).where(inbound.c.id == id)
        row = self._read(lambda connection: connection.execute(statement).mappings().one_or_none())
        return None if row is None else InboundRow(**row)

    def inbound_parts(self, *, parent: int, limit: int = _LONGEST) -> list[InboundRow]:
        """Return what became of a message's parts (dead letters, a replay), without bodies, oldest first."""
        statement = select(*_LISTED).where(inbound.c.parent == parent).order_by(inbound.c.id).limit(limit)
        return self._read(lambda connection: _rows(connection, statement))

    def inbound_page(
        self,
        *,
        limit: int,
        cursor: str | None = None,
        state: str | None = None,
        source: str | None = None,
        code: str | None = None,
    ) -> InboundPage:
        """Return a page of messages without bodies, newest first. Raises UnableToReadCursor."""
        size = max(1, min(limit, _LONGEST))
        statement = _chosen(select(*_LISTED), state=state, source=source, code=code)
        if cursor is not None:
            statement = statement.where(inbound.c.id < _number(cursor))
        statement = statement.order_by(inbound.c.id.desc()).limit(size + 1)
        rows = self._read(lambda connection: _rows(connection, statement))
        end = str(rows[size - 1].id) if len(rows) > size else None
        return InboundPage(rows=tuple(rows[:size]), next_cursor=end)

    def letters(
        self, *, ids: Sequence[int] = (), source: str | None = None, code: str | None = None, limit: int
    ) -> list[InboundRow]:
        """Return up to ``limit`` open dead letters with their bodies, newest first: these, or a source's."""
        statement = _chosen(select(*WHOLE), state=InboundState.DEAD.value, source=source, code=code)
        if ids:
            statement = statement.where(inbound.c.id.in_(ids))
        statement = statement.order_by(inbound.c.id.desc()).limit(limit)
        return self._read(lambda connection: _rows(connection, statement))

    def letter_ids(self, *, source: str, code: str | None, formats: Sequence[str], limit: int) -> list[int]:
        """Return the numbers of a source's open dead letters of these formats, in the order they came."""
        statement = _chosen(select(inbound.c.id), state=InboundState.DEAD.value, source=source, code=code)
        statement = statement.where(inbound.c.format.in_(formats)).order_by(inbound.c.id).limit(limit)
        return self._read(lambda connection: list(connection.execute(statement).scalars()))

    def close_letters(self, *, ids: Sequence[int], act: InboundAct) -> list[int]:
        """Close open dead letters; return the numbers of those that were open."""

        def work(connection: Connection) -> list[int]:
            statement = (
                update(inbound)
                .where(inbound.c.id.in_(ids), _DEAD)
                .values(state=InboundState.CLOSED.value, closed_by=act.actor, finished_at=act.at)
                .returning(inbound.c.id)
            )
            closed = sorted(connection.execute(statement).scalars())
            _note(connection, closed, act)
            return closed

        return self._write(work)

    def replay_letters(self, *, ids: Sequence[int], act: InboundAct) -> list[Replay]:
        """Send open dead letters through the engine again, in the order they came, and close them.

        Each becomes a new message that was received when the letter was. A letter that is not
        open any more is left out: it is replayed once, however many people ask for it.
        """

        def work(connection: Connection) -> list[Replay]:
            statement = (
                select(*WHOLE).where(inbound.c.id.in_(ids), _DEAD).order_by(inbound.c.id).with_for_update()
            )
            rows = _rows(connection, statement)
            if not rows:
                return []
            numbers = keep_inbound(connection, [_again(row, act.at) for row in rows])
            replays = [
                Replay(letter=row.id, message=number) for row, number in zip(rows, numbers, strict=True)
            ]
            _close(connection, rows, replays, act)
            return replays

        return self._write(work)

    def note_letter(self, *, id: int, act: InboundAct) -> None:  # noqa: A002
        """Write down what a person did with a letter."""
        self._write(lambda connection: _note(connection, [id], act))

    def letter_acts(self, *, id: int, limit: int = _LONGEST) -> list[InboundAct]:  # noqa: A002
        """Return what people did with a letter, newest first."""
        table = inbound_acts.c
        statement = (
            select(table.kind, table.actor, table.role, table.at, table.reason)
            .where(table.inbound == id)
            .order_by(table.id.desc())
            .limit(limit)
        )
        return self._read(
            lambda connection: [InboundAct(**row) for row in connection.execute(statement).mappings()]
        )


def _chosen(
    statement: Select[Any], *, state: str | None, source: str | None, code: str | None
) -> Select[Any]:
    if state == InboundState.DEAD.value:
        statement = statement.where(_DEAD)
    elif state is not None:
        statement = statement.where(inbound.c.state == state)
    if source is not None:
        statement = statement.where(inbound.c.source == source)
    if code is not None:
        statement = statement.where(inbound.c.code == code)
    return statement


def _rows(connection: Connection, statement: Select[Any]) -> list[InboundRow]:
    return [InboundRow(**row) for row in connection.execute(statement).mappings()]


def _again(letter: InboundRow, at: datetime) -> NewInbound:
    return NewInbound(
        source=letter.source,
        channel=letter.channel,
        format=letter.format,
        content_type=letter.content_type,
        headers=letter.headers,
        body=letter.body,
        received_at=letter.received_at,
        kept_at=at,
        parent=letter.id,
    )


def _close(
    connection: Connection, rows: Sequence[InboundRow], replays: Sequence[Replay], act: InboundAct
) -> None:
    for row, replay in zip(rows, replays, strict=True):
        statement = (
            update(inbound)
            .where(inbound.c.id == replay.letter)
            .values(
                state=InboundState.CLOSED.value,
                closed_by=act.actor,
                finished_at=act.at,
                outcome={**row.outcome, "replay": replay.message},
            )
        )
        connection.execute(statement)
    _note(connection, [replay.letter for replay in replays], act)


def _note(connection: Connection, ids: Sequence[int], act: InboundAct) -> None:
    if ids:
        values = {"kind": act.kind, "actor": act.actor, "role": act.role, "at": act.at, "reason": act.reason}
        connection.execute(insert(inbound_acts), [{"inbound": id_, **values} for id_ in ids])


def _number(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise UnableToReadCursor("not a cursor of this list; start again without one")
    return int(cursor)
