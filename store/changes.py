"""What changed, for pages that are open: written with each step, read in one order by everybody.

A row is written in the step's own transaction. On PostgreSQL transactions end in another order
than their numbers are drawn, so a row carries the number of its transaction, and only rows of
transactions before the oldest one still running are read: behind a row that was read, none
can appear any more. SQLite has one writer; there the number is always 1.

The first row of the table is a mark, written by the migration: its ``number`` names this database.
When old rows are deleted, the last of them becomes the mark. Whoever reads on from before
the mark meets it and knows that something is missing.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Insert, Select, delete, insert, select, text, tuple_, update
from sqlalchemy.sql.expression import literal_column

from domain.change import Change, ChangeKind, Position
from store.database import Database
from store.tables import instruction_receivers, instructions
from store.tables_console import changes

MARK = "mark"
_C = changes.c
_ORDER = (_C.xact, _C.id)
_THIS_TRANSACTION = "pg_current_xact_id()::text::bigint"
_STILL_RUNNING = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_NOT_YET_BEGUN = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 200
"""Units of one row: an instruction to a whole city is told to its issuer and to those told last."""


class UnableToGoOn(LookupError):
    """What came next after this position is not kept any more, or the position is of no time we know."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A change to be written: see ``domain.change.Change``."""

    kind: ChangeKind
    number: str
    status: str
    severity: int | None
    units: Collection[str]
    areas: Collection[str]
    at: datetime


def tell_changes(connection: Connection, told: Iterable[Told]) -> None:
    """Write changes as part of the transaction that makes them, in this order."""
    rows = [
        {
            "kind": one.kind.value,
            "number": one.number,
            "status": one.status,
            "severity": one.severity,
            "units": tuple(one.units)[:_LONGEST],
            "areas": tuple(one.areas),
            "at": one.at,
        }
        for one in told
    ]
    if rows:
        connection.execute(_put(sqlite=connection.dialect.name == "sqlite"), rows)


@cache
def _put(*, sqlite: bool) -> Insert:
    if sqlite:
        return insert(changes)
    return insert(changes).values(xact=text(_THIS_TRANSACTION))


def areas_of(view: Any) -> tuple[str, ...]:
    """Return the areas a case lies in, and its zones; of a row of its table too."""
    chain = (view.city, view.district, view.street, view.community, view.grid)
    return (*(code for code in chain if code), *view.zones)


def tell_instruction(connection: Connection, number: str, *, at: datetime) -> None:
    """Tell live pages that an instruction changed: its issuer, and those it was told to last."""
    table, told = instructions.c, instruction_receivers.c
    found = connection.execute(
        select(table.issuer, table.state, table.urgency).where(table.number == number)
    ).one()
    units = connection.scalars(
        select(told.unit).where(told.number == number).order_by(told.n.desc()).limit(_LONGEST - 1)
    )
    change = Told(
        kind=ChangeKind.INSTRUCTION,
        number=number,
        status=found.state,
        severity=found.urgency,
        units=(found.issuer, *units),
        areas=(),
        at=at,
    )
    tell_changes(connection, [change])


class ChangeReader(Database):
    """The part of the store that reads what changed."""

    def changes_after(self, *, after: Position, limit: int) -> list[Change]:
        """Return what changed after a position, in order. Raises UnableToGoOn when some of it is deleted."""
        rows = self._read(lambda connection: connection.execute(self._in_order(after, limit)).all())
        if any(row.kind == MARK for row in rows):
            raise UnableToGoOn(str(after))
        return [_change(row) for row in rows]

    def last_change(self) -> Position:
        """Return the position of the last change that can be read; with none, the mark's."""
        statement = select(*_ORDER).where(*self._settled()).order_by(_C.xact.desc(), _C.id.desc()).limit(1)
        row = self._read(lambda connection: connection.execute(statement).one())
        return Position(row.xact, row.id)

    def name_of_changes(self) -> str:
        """Return the name of this database's order of changes: another database's positions mean nothing here."""
        statement = select(_C.number).where(_C.kind == MARK).order_by(*_ORDER).limit(1)
        return str(self._read(lambda connection: connection.execute(statement).scalar_one()))

    def prune_changes(self, *, before: datetime, limit: int) -> int:
        """Delete up to ``limit`` of the oldest changes, as far as they are from before an instant.

        The last change stays whatever its age. Returns how many were deleted: less than a
        fair share means that there is no more to do.
        """
        if not self._sqlite:
            self._write_if(_of_another_server, _begin_anew)
        oldest = self._in_order(Position(-1, 0), limit + 1)
        if not self._read(lambda connection: _end(connection.execute(oldest).all(), before)):
            return 0  # looked before asking for the write lock

        def work(connection: Connection) -> int:
            rows = connection.execute(oldest).all()
            end = _end(rows, before)
            if not end:
                return 0
            mark = rows[end]
            connection.execute(delete(changes).where(_place() < _at(Position(mark.xact, mark.id))))
            connection.execute(
                update(changes)
                .where(_C.id == mark.id)
                .values(kind=MARK, number=rows[0].number, units=(), areas=())
            )
            return end

        return self._write(work)

    def _write_if(self, needed: Callable[[Connection], bool], work: Callable[[Connection], None]) -> None:
        if self._read(needed):
            self._write(lambda connection: work(connection) if needed(connection) else None)

    def _in_order(self, after: Position, limit: int) -> Select[Any]:
        statement = select(changes).where(_place() > _at(after), *self._settled())
        return statement.order_by(*_ORDER).limit(limit)

    def _settled(self) -> tuple[ColumnElement[bool], ...]:
        """Return the condition that nothing can appear before a row any more."""
        return () if self._sqlite else (_C.xact < literal_column(_STILL_RUNNING),)


def _of_another_server(connection: Connection) -> bool:
    """Tell whether rows were brought here by a dump: their transactions are still to come on this server."""
    future = select(_C.id).where(_C.xact >= literal_column(_NOT_YET_BEGUN)).limit(1)
    return connection.execute(future).first() is not None


def _begin_anew(connection: Connection) -> None:
    """Leave only a mark: every page is loaded again."""
    name = connection.execute(select(_C.number).where(_C.kind == MARK)).scalar_one()
    connection.execute(delete(changes))
    connection.execute(
        insert(changes).values(xact=0, kind=MARK, number=name, units=(), areas=(), at=_LONG_AGO)
    )


def _place() -> Any:
    return tuple_(_C.xact, _C.id)


def _at(position: Position) -> Any:
    return tuple_(position.xact, position.id)


def _end(rows: Sequence[Any], before: datetime) -> int:
    """Return the place of the row that becomes the mark: the last of those from before, the mark leading them."""
    if not rows or rows[0].kind != MARK:
        return 0
    end = 0
    for place, row in enumerate(rows[1:], start=1):
        if row.at >= before:
            break
        end = place
    return end


def _change(row: Any) -> Change:
    return Change(
        position=Position(row.xact, row.id),
        kind=row.kind,
        number=row.number,
        status=row.status,
        severity=row.severity,
        units=row.units,
        areas=row.areas,
        at=row.at,
    )
