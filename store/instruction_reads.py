"""What the store knows about instructions: single ones, a unit's, receivers by page, counts by level."""

from typing import Any

from sqlalchemy import Connection, Select, func, select

from domain.instruction import Counts, Instruction, InstructionState, Receiver, ReceiverState
from domain.place import Level
from store.database import Database
from store.filters import UnableToReadCursor
from store.instructions import instruction_of, receiver_of
from store.rows import InstructionAct, InstructionPage, Receipt, ReceiverPage
from store.tables import instruction_acts, instruction_receivers, instructions

_LONGEST = 200
_TOLD = instruction_receivers.c


class InstructionReader(Database):
    """The part of the store that answers questions about instructions."""

    def instruction(self, *, number: str) -> Instruction | None:
        """Return an instruction, or None."""
        statement = select(instructions).where(instructions.c.number == number)
        row = self._read(lambda connection: connection.execute(statement).mappings().one_or_none())
        return None if row is None else instruction_of(row)

    def instruction_receiver(self, *, number: str, unit: str) -> Receiver | None:
        """Return a unit's receipt of an instruction, or None."""
        statement = select(instruction_receivers).where(_TOLD.number == number, _TOLD.unit == unit)
        row = self._read(lambda connection: connection.execute(statement).mappings().one_or_none())
        return None if row is None else receiver_of(row)

    def instruction_counts(self, *, number: str) -> dict[Level, Counts]:
        """Return the receivers of every level by state."""
        return self._read(lambda connection: _counts(connection, number))

    def instruction_receivers(
        self,
        *,
        number: str,
        limit: int,
        cursor: str | None = None,
        state: ReceiverState | None = None,
        level: Level | None = None,
        parent: str | None = None,
        missing: bool | None = None,
    ) -> ReceiverPage:
        """Return a page of receivers in the order they were told. Raises UnableToReadCursor."""
        size = max(1, min(limit, _LONGEST))
        statement = select(instruction_receivers).where(_TOLD.number == number)
        if state is not None:
            statement = statement.where(
                _TOLD.read_at.is_(None) if state is ReceiverState.TOLD else _TOLD.read_at.is_not(None)
            )
            if state is not ReceiverState.TOLD:
                replied = state is ReceiverState.REPLIED
                statement = statement.where(
                    _TOLD.replied_at.is_not(None) if replied else _TOLD.replied_at.is_(None)
                )
        if level is not None:
            statement = statement.where(_TOLD.level == level.value)
        if parent is not None:
            statement = statement.where(_TOLD.parent == parent)
        if missing is not None:
            statement = statement.where(_TOLD.done.is_(not missing))
        if cursor is not None:
            statement = statement.where(_TOLD.n > _number(cursor))
        statement = statement.order_by(_TOLD.n).limit(size + 1)
        rows = self._read(lambda connection: connection.execute(statement).mappings().all())
        end = str(rows[size - 1]["n"]) if len(rows) > size else None
        return ReceiverPage(receivers=tuple(receiver_of(row) for row in rows[:size]), next_cursor=end)

    def issued_instructions(
        self,
        *,
        limit: int,
        cursor: str | None = None,
        issuer: str | None = None,
        case_no: str | None = None,
        state: InstructionState | None = None,
    ) -> InstructionPage:
        """Return a page of instructions, newest first. Raises UnableToReadCursor."""
        size = max(1, min(limit, _LONGEST))
        statement = select(instructions)
        if issuer is not None:
            statement = statement.where(instructions.c.issuer == issuer)
        if case_no is not None:
            statement = statement.where(instructions.c.case_no == case_no)
        if state is not None:
            statement = statement.where(instructions.c.state == state.value)
        if cursor is not None:
            statement = statement.where(instructions.c.id < _number(cursor))
        statement = statement.order_by(instructions.c.id.desc()).limit(size + 1)
        rows = self._read(lambda connection: connection.execute(statement).mappings().all())
        end = str(rows[size - 1]["id"]) if len(rows) > size else None
        found = tuple(Receipt(instruction=instruction_of(row)) for row in rows[:size])
        return InstructionPage(instructions=found, next_cursor=end)

    def received_instructions(
        self,
        *,
        unit: str,
        limit: int,
        cursor: str | None = None,
        state: InstructionState | None = None,
        missing: bool | None = None,
    ) -> InstructionPage:
        """Return a page of what a unit was told, newest first, each with its own receipt.

        ``missing`` keeps what the unit still owes something to (or owes nothing to).
        Raises UnableToReadCursor.
        """
        size = max(1, min(limit, _LONGEST))
        statement = select(instruction_receivers).where(_TOLD.unit == unit)
        if missing is not None:
            statement = statement.where(_TOLD.done.is_(not missing))
        if state is not None:
            chosen = select(instructions.c.number).where(instructions.c.state == state.value)
            statement = statement.where(_TOLD.number.in_(chosen))
        if cursor is not None:
            statement = statement.where(_TOLD.id < _number(cursor))
        statement = statement.order_by(_TOLD.id.desc()).limit(size + 1)
        return self._read(lambda connection: _received(connection, statement, size))

    def instruction_acts(self, *, number: str, limit: int = _LONGEST) -> list[InstructionAct]:
        """Return what was done with an instruction, newest first."""
        table = instruction_acts.c
        statement = (
            select(table.kind, table.actor, table.at, table.text, table.told)
            .where(table.number == number)
            .order_by(table.id.desc())
            .limit(max(1, min(limit, _LONGEST)))
        )
        return self._read(
            lambda connection: [InstructionAct(**row) for row in connection.execute(statement).mappings()]
        )


def _received(connection: Connection, statement: Select[Any], size: int) -> InstructionPage:
    rows = connection.execute(statement).mappings().all()
    numbers = [row["number"] for row in rows[:size]]
    chosen = select(instructions).where(instructions.c.number.in_(numbers))
    by_number = {row["number"]: instruction_of(row) for row in connection.execute(chosen).mappings()}
    found = (Receipt(instruction=by_number[row["number"]], receiver=receiver_of(row)) for row in rows[:size])
    end = str(rows[size - 1]["id"]) if len(rows) > size else None
    return InstructionPage(instructions=tuple(found), next_cursor=end)


def _counts(connection: Connection, number: str) -> dict[Level, Counts]:
    statement = (
        select(
            _TOLD.level,
            _TOLD.done,
            func.count().label("total"),
            func.count(_TOLD.read_at).label("read"),
            func.count(_TOLD.replied_at).label("replied"),
        )
        .where(_TOLD.number == number)
        .group_by(_TOLD.level, _TOLD.done)
        .order_by(_TOLD.level)
    )
    found: dict[Level, Counts] = {}
    for row in connection.execute(statement).mappings():
        some = Counts(
            total=row["total"],
            told=row["total"] - row["read"],
            read=row["read"] - row["replied"],
            replied=row["replied"],
            missing=0 if row["done"] else row["total"],
        )
        level = Level(row["level"])
        found[level] = found.get(level, Counts()) + some
    return found


def _number(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise UnableToReadCursor("not a cursor of this list; start again without one")
    return int(cursor)
