"""Instructions, a row for each of their receivers, and the timers that remind them.

Every change is one transaction that first takes the request id, then the lock of the
instruction's row: what is written, what is owed to receivers and the next timers are there
together or not at all, and a repeated request finds the first answer. A timer is an outbox
row; it is settled in the transaction of the reminders it brings, so that two relays, or one
that dies half-way, never remind twice.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, insert, select, update

from domain.actor import ENGINE
from domain.case import Notice
from domain.instruction import (
    Act,
    ActKind,
    Instruction,
    InstructionState,
    Receiver,
    Timer,
    Wave,
    correct,
    end,
    is_done,
    is_wanted,
    receive,
    report,
    settle,
    tell,
)
from domain.place import Level
from store.changes import tell_instruction
from store.database import Database
from store.notices import Owed, owe_notices
from store.rows import Answered, Conflict, OutboxKind, OutboxState
from store.tables import instruction_acts, instruction_receivers, instructions, outbox

_INSTRUCTION = tuple(instructions.c[field.name] for field in fields(Instruction))
_RECEIVER = tuple(instruction_receivers.c[field.name] for field in fields(Receiver))
_CHANGING = ("ended_at", "reason", "corrected_by", "reported_at", "receivers")
_OF_RECEIVERS = ("read_at", "reply", "replied_at", "reminded")


class UnableToFindInstruction(LookupError):
    """There is no instruction of this number."""


class UnableToTellSoMany(ValueError):
    """An instruction would have more receivers than are tracked; ``most`` is the limit."""

    def __init__(self, most: int) -> None:
        """Keep the limit."""
        super().__init__(f"more than {most} receivers")
        self.most = most


class Instructions(Database):
    """The part of the store that keeps instructions."""

    def issue_instruction(
        self,
        *,
        instruction: Instruction,
        receivers: Sequence[Receiver],
        timers: Sequence[Timer],
        request_id: str,
        digest: str,
    ) -> Answered | Conflict:
        """Keep an instruction with its receivers, and owe them the notices and itself the timers.

        One that corrects another ends that one in the same transaction. The same request
        with the same digest answers the first number; with another digest a Conflict, and
        so does a number that is taken. Raises InstructionRefused and UnableToFindInstruction
        about the corrected one.
        """
        act = Act(kind=ActKind.ISSUE, actor=instruction.issued_by, at=instruction.issued_at)

        def work(connection: Connection) -> Answered | Conflict:
            if _number_taken(connection, instruction.number, request_id):
                return Conflict(code="number_taken", number=instruction.number)
            kept = self._take_act(
                connection, instruction.number, act, request_id, digest, told=len(receivers)
            )
            if kept is not None:
                return kept
            self._put_instruction(connection, instruction, receivers, timers)
            if instruction.corrects is not None:
                _replace(connection, instruction, act, receivers)
            tell_instruction(connection, instruction.number, at=act.at)
            return Answered(number=instruction.number, told=len(receivers))

        return self._write(work)

    def receive_instruction(
        self,
        *,
        number: str,
        act: Act,
        request_id: str,
        digest: str,
        below: Sequence[Receiver] = (),
        most: int = 0,
    ) -> Answered | Conflict:
        """Keep what the receiver of the actor's unit does: read, reply, or pass on to ``below``.

        Units that were told before are left as they are. Raises InstructionRefused,
        UnableToFindInstruction, and UnableToTellSoMany beyond ``most`` receivers in all.
        """

        def change(connection: Connection, instruction: Instruction) -> int:
            unit = act.actor.unit or ""
            after = receive(receiver=_receiver(connection, number, unit), instruction=instruction, act=act)
            _save_receivers(connection, instruction, [after])
            fresh = _fresh(connection, instruction, below)
            if fresh and instruction.receivers + len(fresh) > most:
                raise UnableToTellSoMany(most)
            _add(connection, instruction, fresh)
            grown = replace(instruction, receivers=instruction.receivers + len(fresh))
            _settle(connection, grown, act.at)
            return len(fresh)

        return self._change_instruction(number, act, request_id, digest, change)

    def end_instruction(self, *, number: str, act: Act, request_id: str, digest: str) -> Answered | Conflict:
        """Close or withdraw an instruction, and tell whom it concerns.

        A withdrawal concerns everybody who was told, a closing those who still owe
        something. Raises InstructionRefused and UnableToFindInstruction.
        """

        def change(connection: Connection, instruction: Instruction) -> int:
            ended = end(instruction=instruction, act=act)
            _save(connection, ended)
            concerned = _receivers_of(connection, number, missing_only=act.kind is ActKind.CLOSE)
            _owe(
                connection,
                ended,
                tell(instruction=ended, receivers=concerned, wave=Wave.ENDED),
                Wave.ENDED,
                act.at,
            )
            return 0

        return self._change_instruction(number, act, request_id, digest, change)

    def fire_instruction(self, *, outbox_id: int, key: str, number: str, wave: Wave, now: datetime) -> int:
        """Remind whoever is missing, and at the deadline report to the issuer; settle the timer's row.

        Return how many were reminded: 0 when the row was settled before, or there is
        nothing to remind of any more.
        """
        settled = (
            update(outbox)
            .where(outbox.c.id == outbox_id, outbox.c.state == OutboxState.PENDING.value)
            .values(state=OutboxState.DONE.value, finished_at=now, lease_until=None)
        )

        def work(connection: Connection) -> int:
            instruction = _locked(connection, number)
            fresh = connection.execute(settled).rowcount == 1
            if not (fresh and is_wanted(instruction=instruction, wave=wave, now=now)):
                return 0
            late = _receivers_of(connection, number, missing_only=True)
            act = Act(kind=ActKind.REMIND, actor=ENGINE, at=now, text=wave.name.lower())
            self._take_act(connection, number, act, key, "", told=len(late))
            _remind(connection, instruction, late, wave, now)
            tell_instruction(connection, number, at=now)
            return len(late)

        return self._write(work)

    def _change_instruction(
        self,
        number: str,
        act: Act,
        request_id: str,
        digest: str,
        change: Callable[[Connection, Instruction], int],
    ) -> Answered | Conflict:
        def work(connection: Connection) -> Answered | Conflict:
            kept = self._take_act(connection, number, act, request_id, digest)
            if kept is not None:
                return kept
            told = change(connection, _locked(connection, number))
            if told:
                mine = instruction_acts.c.request_id == request_id
                connection.execute(update(instruction_acts).where(mine).values(told=told))
            tell_instruction(connection, number, at=act.at)
            return Answered(number=number, told=told)

        return self._write(work)

    def _take_act(
        self, connection: Connection, number: str, act: Act, request_id: str, digest: str, *, told: int = 0
    ) -> Answered | Conflict | None:
        """Keep the act; return the answer of the first one when the request id was used before."""
        row = {
            "request_id": request_id, "number": number, "kind": act.kind.value, "actor": act.actor,
            "at": act.at, "text": act.text, "told": told, "digest": digest,
        }  # fmt: skip
        put = self._insert(instruction_acts).on_conflict_do_nothing(index_elements=["request_id"])
        if connection.execute(put.returning(instruction_acts.c.id), row).first() is not None:
            return None
        table = instruction_acts.c
        kept = connection.execute(
            select(table.number, table.told, table.digest).where(table.request_id == request_id)
        ).one()
        if kept.digest != digest:
            return Conflict(code="request_id_reused", number=request_id)
        return Answered(number=kept.number, told=kept.told, repeated=True)

    def _put_instruction(
        self,
        connection: Connection,
        instruction: Instruction,
        receivers: Sequence[Receiver],
        timers: Iterable[Timer],
    ) -> None:
        connection.execute(insert(instructions), _values(instruction))
        _add(connection, instruction, receivers)
        rows = [
            {
                "kind": OutboxKind.INSTRUCTION_TIMER.value,
                "key": f"{instruction.number}:{timer.wave.name.lower()}",
                "case_no": instruction.number,
                "priority": instruction.urgency,
                "payload": {"wave": timer.wave.value},
                "created_at": instruction.issued_at,
                "not_before": timer.at,
            }
            for timer in timers
        ]
        connection.execute(insert(outbox), rows)


def _number_taken(connection: Connection, number: str, request_id: str) -> bool:
    """A number is taken when another request drew it; the same request is answered as a repetition."""
    acts = instruction_acts.c
    issued = select(acts.request_id).where(acts.number == number, acts.kind == ActKind.ISSUE.value)
    found = connection.execute(issued).scalar_one_or_none()
    return found is not None and found != request_id


def _locked(connection: Connection, number: str) -> Instruction:
    statement = select(*_INSTRUCTION).where(instructions.c.number == number).with_for_update()
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise UnableToFindInstruction(number)
    return instruction_of(row)


def _receiver(connection: Connection, number: str, unit: str) -> Receiver | None:
    row = (
        connection.execute(_chosen(number).where(instruction_receivers.c.unit == unit))
        .mappings()
        .one_or_none()
    )
    return None if row is None else receiver_of(row)


def _receivers_of(connection: Connection, number: str, *, missing_only: bool) -> list[Receiver]:
    statement = _chosen(number).order_by(instruction_receivers.c.n)
    if missing_only:
        statement = statement.where(instruction_receivers.c.done.is_(False))
    return [receiver_of(row) for row in connection.execute(statement).mappings()]


def _chosen(number: str) -> Select[Any]:
    return select(*_RECEIVER).where(instruction_receivers.c.number == number)


def _fresh(connection: Connection, instruction: Instruction, below: Sequence[Receiver]) -> list[Receiver]:
    """Return those not told yet, numbered on from the last receiver."""
    if not below:
        return []
    told = instruction_receivers.c
    there = set(connection.execute(select(told.unit).where(told.number == instruction.number)).scalars())
    new = (one for one in below if one.unit not in there)
    return [replace(one, n=n) for n, one in enumerate(new, start=instruction.receivers + 1)]


def _add(connection: Connection, instruction: Instruction, receivers: Sequence[Receiver]) -> None:
    """Write receivers and owe each its notice."""
    if not receivers:
        return
    rows = [
        {**{field.name: getattr(one, field.name) for field in fields(Receiver)}, "number": instruction.number}
        for one in receivers
    ]
    connection.execute(insert(instruction_receivers), rows)
    notices = tell(instruction=instruction, receivers=receivers, wave=Wave.TOLD)
    _owe(connection, instruction, notices, Wave.TOLD, receivers[0].told_at)


def _replace(
    connection: Connection, instruction: Instruction, act: Act, receivers: Sequence[Receiver]
) -> None:
    """End the corrected instruction; tell those of its receivers whom the new one does not reach."""
    before = _locked(connection, str(instruction.corrects))
    ended = correct(instruction=before, by=instruction.number, act=act)
    _save(connection, ended)
    tell_instruction(connection, ended.number, at=act.at)
    reached = {one.unit for one in receivers}
    left = [
        one for one in _receivers_of(connection, ended.number, missing_only=False) if one.unit not in reached
    ]
    _owe(connection, ended, tell(instruction=ended, receivers=left, wave=Wave.ENDED), Wave.ENDED, act.at)


def _remind(
    connection: Connection, instruction: Instruction, late: Sequence[Receiver], wave: Wave, now: datetime
) -> None:
    counted = instruction_receivers.c
    connection.execute(
        update(instruction_receivers)
        .where(counted.number == instruction.number, counted.done.is_(False))
        .values(reminded=counted.reminded + 1)
    )
    _owe(connection, instruction, tell(instruction=instruction, receivers=late, wave=wave), wave, now)
    if wave is Wave.DUE:
        _save(connection, replace(instruction, reported_at=now))
        _owe(connection, instruction, [report(instruction=instruction, missing=late)], Wave.REPORT, now)


def _settle(connection: Connection, instruction: Instruction, at: datetime) -> None:
    """Keep whether it is complete now, and tell the issuer when it has become so."""
    table = instruction_receivers.c
    someone = select(table.n).where(table.number == instruction.number, table.done.is_(False)).limit(1)
    waiting = connection.execute(someone).first() is not None
    after = settle(instruction=instruction, missing=int(waiting), at=at)
    _save(connection, after)
    if after.state is InstructionState.COMPLETE and after.ended_at == at:
        _owe(connection, after, [report(instruction=after, missing=())], Wave.REPORT, at)


def _save(connection: Connection, instruction: Instruction) -> None:
    values = {name: getattr(instruction, name) for name in _CHANGING}
    mine = instructions.c.number == instruction.number
    connection.execute(update(instructions).where(mine).values(**values, state=instruction.state.value))


def _save_receivers(connection: Connection, instruction: Instruction, receivers: Iterable[Receiver]) -> None:
    table = instruction_receivers.c
    for one in receivers:
        connection.execute(
            update(instruction_receivers)
            .where(table.number == instruction.number, table.n == one.n)
            .values(
                **{name: getattr(one, name) for name in _OF_RECEIVERS},
                done=is_done(instruction=instruction, receiver=one),
            )
        )


def _owe(
    connection: Connection, instruction: Instruction, notices: Iterable[Notice], wave: Wave, at: datetime
) -> None:
    owe_notices(
        connection,
        (
            Owed(
                case_no=instruction.number,
                epoch=wave.value,
                priority=instruction.urgency,
                at=at,
                notice=notice,
            )
            for notice in notices
        ),
    )


def _values(instruction: Instruction) -> dict[str, Any]:
    return {field.name: getattr(instruction, field.name) for field in fields(Instruction)}


def instruction_of(row: RowMapping) -> Instruction:
    """Return the instruction of a row that has its columns."""
    values = {field.name: row[field.name] for field in fields(Instruction)}
    return Instruction(
        **{**values, "level": Level(values["level"]), "state": InstructionState(values["state"])}
    )


def receiver_of(row: RowMapping) -> Receiver:
    """Return the receiver of a row that has its columns."""
    values = {field.name: row[field.name] for field in fields(Receiver)}
    return Receiver(**{**values, "level": Level(values["level"])})
