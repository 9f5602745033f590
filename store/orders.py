"""What a case owes other cases becomes rows, in the transaction that writes the step it follows from.

A command to another case is a row of the inbox with its delivery, as if a person had sent it;
a child to begin is a blank case, so that its number is taken and lists show it at once, with
an order to start it. Everything is keyed: whoever records the same step again owes nothing
twice.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from domain.beginning import Begin
from domain.case import Status
from domain.command import CommandBase
from domain.order import Order, TellAlarm
from domain.views import Record
from store.codec import plain
from store.database import insert_into
from store.rows import OutboxKind
from store.settle import command_key
from store.tables import cases, commands, outbox

Owed = tuple[Order, datetime, int]
"""An order, when its step happened (city time), and the severity it is delivered by."""
_THERE = select(cases.c.case_no).where(cases.c.case_no.in_(bindparam("numbers", expanding=True)))
_EPOCHS = select(cases.c.case_no, cases.c.epoch).where(
    cases.c.case_no.in_(bindparam("numbers", expanding=True))
)


def owe_orders(connection: Connection, records: Sequence[Record], *, sqlite: bool) -> None:
    """Write what these steps owe other cases. What is owed already stays as it is."""
    owed = [one for record in records for one in _owed(record)]
    if not owed:
        return
    begins = [(order.begin, at) for order, at, _ in owed if order.begin is not None]
    if begins:
        owe_children(connection, begins, sqlite=sqlite)
    sent = [
        (order.case_no, order.command, at, severity)
        for order, at, severity in owed
        if order.command is not None
    ]
    if sent:
        owe_commands(connection, sent, sqlite=sqlite)
    told = [row for record in records for row in _told_alarms(record)]
    if told:
        connection.execute(
            insert_into(outbox, sqlite=sqlite).on_conflict_do_nothing(index_elements=["key"]), told
        )
    revivals = [one for record in records for one in _revivals(record)]
    if revivals:
        _owe_revivals(connection, revivals, sqlite=sqlite)


def _owed(record: Record) -> Iterable[Owed]:
    at = {fact.seq: fact.at for fact in record.facts}
    for order in record.orders:
        if order.seq in at:
            yield order, at[order.seq], record.view.severity


def _told_alarms(record: Record) -> Iterable[dict[str, Any]]:
    """Yield the rows that tell alarms how the case about them stands."""
    for order, at, severity in _owed(record):
        if order.tell_alarm is not None:
            view = record.view
            yield {
                "kind": OutboxKind.TELL_ALARM.value,
                "key": f"alarm:{view.case_no}:{view.epoch}:{order.seq}:{order.n}",
                "case_no": view.case_no,
                "priority": severity,
                "payload": {**plain(kind=TellAlarm, value=order.tell_alarm), "at": at.isoformat()},
                "created_at": at,
                "not_before": at,
            }


def owe_children(connection: Connection, begins: Iterable[tuple[Begin, datetime]], *, sqlite: bool) -> None:
    """Take the numbers of these cases and owe their starts."""
    given = sorted(begins, key=lambda pair: pair[0].case_no)
    blank = insert_into(cases, sqlite=sqlite).on_conflict_do_nothing(index_elements=["case_no"])
    connection.execute(blank, [_blank(begin) for begin, _ in given])
    start = insert_into(outbox, sqlite=sqlite).on_conflict_do_nothing(index_elements=["key"])
    connection.execute(
        start,
        [
            {
                "kind": OutboxKind.START_CHILD.value,
                "key": child_key(begin.case_no),
                "case_no": begin.case_no,
                "priority": begin.severity,
                "payload": plain(kind=Begin, value=begin),
                "created_at": at,
                "not_before": at,
            }
            for begin, at in given
        ],
    )


def owe_commands(
    connection: Connection, given: Iterable[tuple[str, CommandBase, datetime, int]], *, sqlite: bool
) -> None:
    """Owe commands to cases: (case, command, when, priority). One to a case nobody has is left out."""
    owed = sorted(given, key=lambda one: one[1].request_id)
    there = set(connection.scalars(_THERE, {"numbers": sorted({case_no for case_no, *_ in owed})}))
    kept = [one for one in owed if one[0] in there]
    if not kept:
        return
    put = insert_into(commands, sqlite=sqlite).on_conflict_do_nothing(index_elements=["request_id"])
    connection.execute(put, [_inbox(case_no, command, at) for case_no, command, at, _ in kept])
    deliver = insert_into(outbox, sqlite=sqlite).on_conflict_do_nothing(index_elements=["key"])
    connection.execute(
        deliver,
        [
            {
                "kind": OutboxKind.DELIVER_COMMAND.value,
                "key": command_key(command.request_id),
                "case_no": case_no,
                "priority": priority,
                "payload": {"request_id": command.request_id},
                "created_at": at,
                "not_before": at,
            }
            for case_no, command, at, priority in kept
        ],
    )


def _revivals(record: Record) -> Iterable[dict[str, Any]]:
    """Yield the rows that make merged reports cases again. The key names the step that split them off."""
    for order, at, severity in _owed(record):
        if order.revive is not None:
            step = f"{record.view.case_no}:{record.view.epoch}:{order.seq}:{order.n}"
            yield {
                "kind": OutboxKind.REVIVE_CASE.value,
                "key": f"revive:{order.case_no}:{step}",
                "case_no": order.case_no,
                "priority": severity,
                "payload": {
                    "report_no": order.revive.report_no,
                    "apart_from": order.revive.apart_from,
                },
                "created_at": at,
                "not_before": at,
            }


def _owe_revivals(connection: Connection, rows: Sequence[dict[str, Any]], *, sqlite: bool) -> None:
    """Owe new lives of merged cases, each in the epoch after the one it was merged in.

    The epoch is fixed here: however often the row is carried out, there is one such life.
    """
    found = connection.execute(_EPOCHS, {"numbers": sorted({row["case_no"] for row in rows})})
    epochs = {row.case_no: max(row.epoch, 1) for row in found}
    known = [
        {**row, "payload": {**row["payload"], "epoch": epochs[row["case_no"]] + 1}}
        for row in sorted(rows, key=lambda row: str(row["key"]))
        if row["case_no"] in epochs
    ]
    if known:
        put = insert_into(outbox, sqlite=sqlite).on_conflict_do_nothing(index_elements=["key"])
        connection.execute(put, known)


def child_key(case_no: str) -> str:
    """Return the key of the outbox row that starts a case nobody reported."""
    return f"child:{case_no}"


def _blank(begin: Begin) -> dict[str, Any]:
    return {
        "case_no": begin.case_no,
        "status": Status.RECEIVED.value,
        "category": begin.category,
        "category_name": begin.category_name,
        "severity": begin.severity,
        "channel": begin.channel,
        "exercise": begin.exercise,
        "received_at": begin.received_at,
        "parent": begin.parent,
    }


def _inbox(case_no: str, command: CommandBase, at: datetime) -> dict[str, Any]:
    kind: str = getattr(command, "kind", "")
    return {
        "request_id": command.request_id,
        "case_no": case_no,
        "kind": kind,
        "command": command,
        "received_at": at,
    }
