"""Reports come in: each is durable, with its case number and the order to start the case, when answered.

A report, a pending case row and an outbox row are written in one transaction. The outbox
row stays owed until the case's first record is written, so whoever dies in between is
replaced by the relay.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, or_, select
from sqlalchemy.exc import IntegrityError

from domain.case import Status
from domain.change import ChangeKind
from domain.report import Accepted, NewReport
from store.changes import Told, tell_changes
from store.database import Database
from store.rows import Conflict, OutboxKind
from store.tables import cases, outbox, reports

Answer = Accepted | Conflict
Seen = NewReport | Row[*tuple[Any, ...]]

_LOWEST = 4
_TRIES = 3
_LOOKED_UP = 1000  # a statement takes some ten thousand parameters

_IDENTITY = (
    reports.c.report_no,
    reports.c.case_no,
    reports.c.source,
    reports.c.source_no,
    reports.c.idempotency_key,
    reports.c.fingerprint,
    reports.c.received_at,
)
_COPIED = (
    "report_no", "case_no", "source", "source_no", "channel", "category", "condition", "description", "reported",
    "reporter", "severity", "tags", "exercise", "occurred_at", "received_at", "idempotency_key", "fingerprint", "raw",
    "caller", "related",
)  # fmt: skip


class _Known:
    """The reports that are there already, by everything that identifies one."""

    def __init__(self) -> None:
        self._by_key: dict[str, Seen] = {}
        self._by_source: dict[tuple[str, str], Seen] = {}
        self._by_number: dict[str, Seen] = {}

    def add(self, found: Seen) -> None:
        self._by_number[found.report_no] = found
        self._by_number[found.case_no] = found
        if found.idempotency_key is not None:
            self._by_key[found.idempotency_key] = found
        if found.source_no is not None:
            self._by_source[found.source, found.source_no] = found

    def answer(self, report: NewReport) -> Answer | None:
        """Return the answer to a repetition, or None for a report nobody has seen."""
        found = self._by_key.get(report.idempotency_key) if report.idempotency_key is not None else None
        if found is not None and found.fingerprint != report.fingerprint:
            return Conflict(code="idempotency_key_reused", number=found.report_no)
        if found is None and report.source_no is not None:
            found = self._by_source.get((report.source, report.source_no))
        if found is None:
            found = self._by_number.get(report.report_no) or self._by_number.get(report.case_no)
            if found is not None and not _same(found, report):
                return Conflict(code="number_taken", number=report.report_no)
        if found is None:
            return None
        return Accepted(
            case_no=found.case_no, report_no=found.report_no, received_at=found.received_at, repeated=True
        )


class Intake(Database):
    """The part of the store that accepts reports."""

    def accept_many(self, *, reports: Sequence[NewReport]) -> list[Answer]:
        """Write a batch of reports in one transaction; return an answer for each, in order.

        A repetition by ``(source, source_no)`` or by ``idempotency_key`` gets the first
        numbers with ``repeated``. The same key with another fingerprint is a Conflict.
        Keys are compared as they are: whoever takes them from several clients puts the
        client's name in front. Duplicates inside the batch count as repetitions.

        Raises SQLAlchemy's errors, nothing of the batch being written then.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._write(lambda connection: accept_reports(connection, reports))
            except IntegrityError:
                # PostgreSQL only: another process wrote the same report between our look and our insert.
                if self._sqlite:
                    raise
        return self._write(lambda connection: accept_reports(connection, reports))


def accept_reports(connection: Connection, batch: Sequence[NewReport]) -> list[Answer]:
    known = _known(connection, batch)
    fresh: list[NewReport] = []
    answers: list[Answer] = []
    for report in batch:
        answer = known.answer(report)
        if answer is None:
            known.add(report)
            fresh.append(report)
            answer = Accepted(
                case_no=report.case_no, report_no=report.report_no, received_at=report.received_at
            )
        answers.append(answer)
    if fresh:
        connection.execute(insert(cases), [_case_values(report) for report in fresh])
        connection.execute(insert(reports), [_report_values(report) for report in fresh])
        connection.execute(insert(outbox), [_start_values(report) for report in fresh])
        tell_changes(connection, (_told(report) for report in fresh))
    return answers


def _known(connection: Connection, batch: Sequence[NewReport]) -> _Known:
    known = _Known()
    for first in range(0, len(batch), _LOOKED_UP):
        for row in connection.execute(_seen(batch[first : first + _LOOKED_UP])):
            known.add(row)
    return known


def _seen(batch: Sequence[NewReport]) -> Select[*tuple[Any, ...]]:
    keys = [report.idempotency_key for report in batch if report.idempotency_key is not None]
    numbers = [report.source_no for report in batch if report.source_no is not None]
    conditions = [
        reports.c.report_no.in_([report.report_no for report in batch]),
        reports.c.case_no.in_([report.case_no for report in batch]),
    ]
    if keys:
        conditions.append(reports.c.idempotency_key.in_(keys))
    if numbers:
        conditions.append(reports.c.source_no.in_(numbers))
    return select(*_IDENTITY).where(or_(*conditions))


def _same(found: Seen, report: NewReport) -> bool:
    """Tell whether this is the very report, sent again because its answer got lost."""
    return bool(
        (found.report_no, found.case_no, found.source, found.source_no, found.idempotency_key, found.fingerprint)
        == (
            report.report_no, report.case_no, report.source, report.source_no,
            report.idempotency_key, report.fingerprint,
        )
    )  # fmt: skip


def _report_values(report: NewReport) -> dict[str, Any]:
    values = {name: getattr(report, name) for name in _COPIED}
    values["belongs_to"] = report.case_no
    return values


def _case_values(report: NewReport) -> Mapping[str, Any]:
    return {
        "case_no": report.case_no,
        "status": Status.RECEIVED.value,
        "category": report.category,
        "severity": report.severity or _LOWEST,
        "channel": report.channel,
        "exercise": report.exercise,
        "received_at": report.received_at,
        "reports": (report.report_no,),
    }


def _told(report: NewReport) -> Told:
    """Return what live pages are told of a case nobody has decided yet: it is nowhere and nobody's."""
    return Told(
        kind=ChangeKind.CASE,
        number=report.case_no,
        status=Status.RECEIVED.value,
        severity=report.severity or _LOWEST,
        units=(),
        areas=(),
        at=report.received_at,
    )


def _start_values(report: NewReport) -> Mapping[str, Any]:
    return {
        "kind": OutboxKind.START_CASE.value,
        "key": f"start:{report.case_no}",
        "case_no": report.case_no,
        "priority": report.severity or _LOWEST,
        "payload": {"report_no": report.report_no},
        "created_at": report.received_at,
        "not_before": report.received_at,
    }
