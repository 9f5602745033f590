"""What a replay needs of recorded cases: report, facts and commands, a page at a time."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, and_, exists, func, or_, select

from domain.case import Fact, Status
from domain.messages import Command
from store.database import Database
from store.rows import InboxStatus, StoredReport
from store.tables import cases, commands, history, published, reports

PAGE = 200
_CASE = (cases.c.received_at, cases.c.case_no, cases.c.status, cases.c.rules_version, cases.c.proposals)
_REPORT = tuple(reports.c[field.name] for field in fields(StoredReport))
_FACT = tuple(history.c[field.name] for field in fields(Fact))
_COMMAND = tuple(
    commands.c[name] for name in ("request_id", "case_no", "command", "status", "code", "received_at")
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedCommand:
    """A command somebody sent: carried out (``code`` is None) or refused with a code."""

    request_id: str
    command: Command
    code: str | None
    received_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedCase:
    """A case as it was: what was reported, what happened by (epoch, seq), what people sent by time."""

    report: StoredReport
    status: str
    rules_version: str
    proposals: tuple[str, ...]
    facts: tuple[Fact, ...]
    commands: tuple[RecordedCommand, ...]

    @property
    def case_no(self) -> str:
        """Return the number of the case."""
        return self.report.case_no


class ReplayReader(Database):
    """The part of the store that hands out whole recorded lives."""

    def recorded_cases(self, *, since: datetime, until: datetime, page: int = PAGE) -> Iterator[RecordedCase]:
        """Yield the decided cases received from ``since`` up to before ``until``, oldest first.

        A page of ``page`` cases is held at a time, each read in one snapshot. Commands
        nobody has answered yet are left out.
        """
        after: tuple[datetime, str] | None = None
        while True:
            found, after = self._read(partial(_page, since=since, until=until, after=after, size=page))
            yield from found
            if after is None:
                return

    def unreported(self, *, since: datetime, until: datetime) -> int:
        """Count the decided cases of a period that nobody reported: children and parents of others."""
        reported = exists().where(reports.c.case_no == cases.c.case_no)
        inside = (cases.c.received_at >= since, cases.c.received_at < until, cases.c.epoch > 0)
        statement = select(func.count()).select_from(cases).where(*inside, ~reported)
        return self._read(lambda connection: connection.execute(statement).scalar_one())

    def last_recorded(self) -> datetime | None:
        """Return when the last recorded fact happened: up to then the lives are known. Reads the whole history."""
        statement = select(func.max(history.c.at))
        found: datetime | None = self._read(lambda connection: connection.execute(statement).scalar_one())
        return found

    def published_version(self, *, what: str = "units") -> str:
        """Return the version of the pack whose units (or ``areas``) are in force; empty before any is."""
        statement = select(published.c.version).where(published.c.what == what)
        return self._read(lambda connection: connection.execute(statement).scalar_one_or_none()) or ""


def _page(
    connection: Connection, *, since: datetime, until: datetime, after: tuple[datetime, str] | None, size: int
) -> tuple[list[RecordedCase], tuple[datetime, str] | None]:
    """Return the next cases, and where the page after them begins (None at the end)."""
    statement = select(*_CASE).where(
        cases.c.received_at >= since, cases.c.received_at < until, cases.c.epoch > 0
    )
    if after is not None:
        at, number = after
        later = or_(cases.c.received_at > at, and_(cases.c.received_at == at, cases.c.case_no > number))
        statement = statement.where(later)
    rows = connection.execute(statement.order_by(cases.c.received_at, cases.c.case_no).limit(size)).all()
    numbers = [row.case_no for row in rows]
    filed = _reports(connection, numbers)
    facts, sent = _facts(connection, numbers), _commands(connection, numbers)
    found = [
        RecordedCase(
            report=filed[row.case_no],
            status=row.status,
            rules_version=row.rules_version,
            proposals=row.proposals,
            facts=tuple(facts[row.case_no]),
            commands=tuple(sent[row.case_no]),
        )
        for row in rows
        if row.case_no in filed
    ]
    last = rows[-1] if len(rows) == size else None
    return found, None if last is None else (last.received_at, last.case_no)


def _reports(connection: Connection, numbers: Sequence[str]) -> dict[str, StoredReport]:
    rows = connection.execute(select(*_REPORT).where(reports.c.case_no.in_(numbers))).mappings()
    return {row["case_no"]: StoredReport(**row) for row in rows}


def _facts(connection: Connection, numbers: Sequence[str]) -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = defaultdict(list)
    statement = (
        select(history.c.case_no, *_FACT)
        .where(history.c.case_no.in_(numbers))
        .order_by(history.c.case_no, history.c.epoch, history.c.seq)
    )
    for row in connection.execute(statement).mappings():
        values: dict[str, Any] = dict(row)
        number = values.pop("case_no")
        for name in ("source", "target"):
            values[name] = None if values[name] is None else Status(values[name])
        found[number].append(Fact(**values))
    return found


def _commands(connection: Connection, numbers: Sequence[str]) -> dict[str, list[RecordedCommand]]:
    found: dict[str, list[RecordedCommand]] = defaultdict(list)
    statement = (
        select(*_COMMAND)
        .where(commands.c.case_no.in_(numbers), commands.c.status != InboxStatus.PENDING.value)
        .order_by(commands.c.case_no, commands.c.received_at, commands.c.request_id)
    )
    for row in connection.execute(statement):
        refused = row.status == InboxStatus.REFUSED.value
        found[row.case_no].append(
            RecordedCommand(
                request_id=row.request_id,
                command=row.command,
                code=row.code if refused else None,
                received_at=row.received_at,
            )
        )
    return found
