"""People's commands on their way to a case. A request id is one command, however often it is sent.

A command and the order to deliver it are written in one transaction. Whoever took the
command tries to deliver it at once; the relay only comes in when that has not happened
after a few seconds.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, exists, insert, select, update

from domain.messages import Command
from store.database import Database
from store.rows import Conflict, InboxRow, InboxStatus, OutboxKind
from store.settle import command_key, settle_delivery
from store.tables import cases, commands, outbox

_SHOWN = ("request_id", "case_no", "command", "status", "result", "code", "params", "received_at")
_FIRST = 0  # a person is waiting: before any severity


class UnableToFindCase(LookupError):
    """There is no case of this number."""


class Inbox(Database):
    """The part of the store that keeps commands and their answers."""

    def put_command(
        self, *, case_no: str, command: Command, received_at: datetime, grace_s: float = 5.0
    ) -> InboxRow | Conflict:
        """Keep a command until it is carried out or refused.

        The same request id with the same content returns the kept row, its result with
        it when there is one; with other content a Conflict. The relay leaves it alone for
        ``grace_s`` seconds. Raises UnableToFindCase.
        """
        row, delivery = command_rows(
            case_no=case_no, command=command, received_at=received_at, grace_s=grace_s
        )
        return self._write(lambda connection: self._put(connection, row, delivery))

    def _put(
        self, connection: Connection, row: dict[str, Any], delivery: dict[str, Any]
    ) -> InboxRow | Conflict:
        if not connection.execute(select(exists().where(cases.c.case_no == row["case_no"]))).scalar_one():
            raise UnableToFindCase(row["case_no"])
        put = self._insert(commands).on_conflict_do_nothing(index_elements=["request_id"])
        fresh = connection.execute(put.returning(commands.c.request_id), row).first() is not None
        if fresh:
            connection.execute(insert(outbox), delivery)
        kept = _kept(connection, row["request_id"], repeated=not fresh)
        if kept is None or (kept.case_no, kept.command) != (row["case_no"], row["command"]):
            return Conflict(code="request_id_reused", number=row["request_id"])
        return kept

    def refuse_command(
        self, *, request_id: str, code: str, params: dict[str, str], at: datetime | None = None
    ) -> None:
        """Keep that the case refused a command, and why. A command with an answer keeps that."""
        refused = (
            update(commands)
            .where(commands.c.request_id == request_id, commands.c.status == InboxStatus.PENDING.value)
            .values(status=InboxStatus.REFUSED.value, code=code, params=params, finished_at=at)
        )

        def work(connection: Connection) -> None:
            connection.execute(refused)
            settle_delivery(connection, request_id=request_id, at=at)

        self._write(work)

    def command(self, *, request_id: str) -> InboxRow | None:
        """Return a command and its fate, or None."""
        return self._read(lambda connection: _kept(connection, request_id, repeated=True))


def command_rows(
    *, case_no: str, command: Command, received_at: datetime, grace_s: float
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the row of a command and the row of the order to deliver it."""
    row = {
        "request_id": command.request_id,
        "case_no": case_no,
        "kind": command.kind,
        "command": command,
        "received_at": received_at,
    }
    delivery = {
        "kind": OutboxKind.DELIVER_COMMAND.value,
        "key": command_key(command.request_id),
        "case_no": case_no,
        "priority": _FIRST,
        "payload": {"request_id": command.request_id},
        "created_at": received_at,
        "not_before": received_at + timedelta(seconds=grace_s),
    }
    return row, delivery


def _kept(connection: Connection, request_id: str, *, repeated: bool) -> InboxRow | None:
    statement = select(*(commands.c[name] for name in _SHOWN)).where(commands.c.request_id == request_id)
    row = connection.execute(statement).mappings().one_or_none()
    return None if row is None else InboxRow(**row, repeated=repeated)
