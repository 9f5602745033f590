"""A notice becomes what is owed: a line in an in-app inbox, and a message per way to reach somebody.

A notice is expanded once, when its in-app line is written; repeating a record therefore
owes nothing new, even when the unit's contacts have changed in between. Keys hold codes
and digests, no addresses: they travel to mail and webhook servers.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from domain.case import Notice
from domain.dock import DOCK
from domain.unit import Contact
from domain.views import Record
from store.rows import OutboxKind
from store.tables import messages, outbox, reports, units

SENT = frozenset({"email", "webhook", DOCK})
"""Channels of a contact that need sending. In-app needs none: the line is the delivery."""

# A case has some dozens of notices in its life: reading all keys of a case is one short index range.
_THERE = select(messages.c.case_no, messages.c.epoch, messages.c.seq, messages.c.n).where(
    messages.c.case_no.in_(bindparam("numbers", expanding=True))
)
_CONTACTS = select(units.c.code, units.c.contacts).where(units.c.code.in_(bindparam("codes", expanding=True)))
_REPORTERS = select(reports.c.report_no, reports.c.reporter).where(
    reports.c.report_no.in_(bindparam("numbers", expanding=True))
)
_PUT_LINES = insert(messages)
_PUT_SENT = insert(outbox)


@dataclass(frozen=True, kw_only=True, slots=True)
class Owed:
    """A notice with the case (or instruction), epoch, priority and time it belongs to."""

    case_no: str
    epoch: int
    priority: int
    at: datetime
    notice: Notice

    @property
    def key(self) -> tuple[str, int, int, int]:
        return self.case_no, self.epoch, self.notice.seq, self.notice.n


def owe(connection: Connection, records: Iterable[Record]) -> None:
    """Write what the notices of these records owe, unless it was written before.

    The caller holds the locks of the cases, so nobody writes the same notices meanwhile.
    """
    owe_notices(connection, (one for record in records for one in _of(record)))


def owe_notices(connection: Connection, notices: Iterable[Owed]) -> None:
    """Write what these notices owe, unless it was written before; the caller holds what they belong to."""
    owed = {one.key: one for one in notices}
    if not owed:
        return
    there = connection.execute(_THERE, {"numbers": sorted({one.case_no for one in owed.values()})})
    for row in there:
        owed.pop((row.case_no, row.epoch, row.seq, row.n), None)
    fresh = list(owed.values())
    if not fresh:
        return
    connection.execute(_PUT_LINES, [_line(one) for one in fresh])
    sent = _sent(fresh, contacts=_contacts(connection, fresh), mails=_mails(connection, fresh))
    if sent:
        connection.execute(_PUT_SENT, sent)


def _of(record: Record) -> list[Owed]:
    times = {fact.seq: fact.at for fact in record.facts}
    return [
        Owed(
            case_no=record.view.case_no,
            epoch=record.view.epoch,
            priority=record.view.severity,
            at=times.get(notice.seq, record.view.received_at),
            notice=notice,
        )
        for notice in record.notices
    ]


def _line(one: Owed) -> dict[str, Any]:
    return {
        "case_no": one.case_no,
        "epoch": one.epoch,
        "seq": one.notice.seq,
        "n": one.notice.n,
        "template": one.notice.template,
        "unit": one.notice.unit,
        "report_no": one.notice.report_no,
        "context": one.notice.context,
        "at": one.at,
    }


def _contacts(connection: Connection, owed: Sequence[Owed]) -> Mapping[str, tuple[Contact, ...]]:
    codes = {one.notice.unit for one in owed if one.notice.unit is not None}
    if not codes:
        return {}
    rows = connection.execute(_CONTACTS, {"codes": sorted(codes)})
    return {row.code: row.contacts for row in rows}


def _mails(connection: Connection, owed: Sequence[Owed]) -> Mapping[str, str]:
    numbers = {one.notice.report_no for one in owed if one.notice.report_no is not None}
    if not numbers:
        return {}
    rows = connection.execute(_REPORTERS, {"numbers": sorted(numbers)})
    return {row.report_no: row.reporter.email for row in rows if row.reporter.email}


def _sent(
    owed: Sequence[Owed], *, contacts: Mapping[str, tuple[Contact, ...]], mails: Mapping[str, str]
) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for one in owed:
        notice = one.notice
        ways = [
            (contact.channel, contact.address, f"{notice.unit}/{_digest(contact.address)}")
            for contact in contacts.get(notice.unit or "", ())
            if contact.channel in SENT
        ]
        if notice.report_no is not None and notice.report_no in mails:
            ways.append(("email", mails[notice.report_no], notice.report_no))
        for channel, address, recipient in ways:
            row = _row(one, channel=channel, address=address, recipient=recipient)
            rows[row["key"]] = row
    return list(rows.values())


def _row(one: Owed, *, channel: str, address: str, recipient: str) -> dict[str, Any]:
    notice = one.notice
    return {
        "kind": (OutboxKind.HAND_OVER if channel == DOCK else OutboxKind.NOTIFY).value,
        "key": f"{one.case_no}:{one.epoch}:{notice.seq}:{notice.n}:{channel}:{recipient}",
        "case_no": one.case_no,
        "priority": one.priority,
        "payload": {
            "epoch": one.epoch,
            "seq": notice.seq,
            "n": notice.n,
            "template": notice.template,
            "unit": notice.unit,
            "report_no": notice.report_no,
            "channel": channel,
            "context": notice.context,
        },
        "recipient": address,
        "created_at": one.at,
        "not_before": one.at,
    }


def _digest(address: str) -> str:
    """Tell a unit's addresses apart without naming them."""
    return hashlib.blake2s(address.encode(), digest_size=6).hexdigest()
