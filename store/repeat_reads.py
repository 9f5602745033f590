"""Was this said before? Earlier reports of a caller, and reports a ticket names."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, literal_column, or_, select

from domain.report import NewReport
from store.case_reads import REPORT
from store.database import Database
from store.rows import StoredReport
from store.tables import cases, reports

MOST_EARLIER = 20
"""The latest of a caller who reports all day; what is older than these is another matter by now."""


_CALLED = reports.c.caller != literal_column("''")
"""In the index's own words: SQLite does not see by itself that a caller who is sought is none."""


class RepeatReader(Database):
    """The part of the store that finds what a report may say again."""

    def named_reports(self, *, report: NewReport) -> list[StoredReport]:
        """Return earlier reports this one names, by our number or its source's own, whose case is not ended."""
        if not report.related:
            return []
        ours = reports.c.report_no.in_(report.related)
        theirs = and_(reports.c.source == report.source, reports.c.source_no.in_(report.related))
        return self._earlier(or_(ours, theirs), report)

    def reports_of_caller(self, *, report: NewReport, since: datetime) -> list[StoredReport]:
        """Return earlier reports of the same caller and category since a time whose case is not ended."""
        if not report.caller:
            return []
        same = and_(
            reports.c.caller == report.caller,
            reports.c.category == report.category,
            reports.c.received_at >= since,
        )
        return self._earlier(same, report)

    def latest_of_caller(self, *, caller: str, limit: int) -> list[StoredReport]:
        """Return the latest reports of a caller, whatever became of them, newest first."""
        if not caller:
            return []
        statement = (
            select(*REPORT)
            .where(reports.c.caller == caller, _CALLED)
            .order_by(reports.c.received_at.desc(), reports.c.report_no.desc())
            .limit(limit)
        )
        rows = self._read(lambda connection: connection.execute(statement).mappings().all())
        return [StoredReport(**row) for row in rows]

    def open_of_caller(self, *, caller: str, limit: int) -> list[StoredReport]:
        """Return a caller's latest reports whose case is not ended, newest first."""
        if not caller:
            return []
        still_open = select(cases.c.case_no).where(
            cases.c.case_no == reports.c.belongs_to, cases.c.open.is_(True)
        )
        statement = (
            select(*REPORT)
            .where(reports.c.caller == caller, _CALLED, still_open.exists())
            .order_by(reports.c.received_at.desc(), reports.c.report_no.desc())
            .limit(limit)
        )
        rows = self._read(lambda connection: connection.execute(statement).mappings().all())
        return [StoredReport(**row) for row in rows]

    def _earlier(self, condition: ColumnElement[bool], report: NewReport) -> list[StoredReport]:
        """Return what was accepted before a report, oldest first; of two at one moment the lower number was."""
        still_open = select(cases.c.case_no).where(
            cases.c.case_no == reports.c.belongs_to, cases.c.open.is_(True)
        )
        before = or_(
            reports.c.received_at < report.received_at,
            and_(reports.c.received_at == report.received_at, reports.c.report_no < report.report_no),
        )
        statement = (
            select(*REPORT)
            .where(condition, before, still_open.exists())
            .order_by(reports.c.received_at.desc(), reports.c.report_no.desc())
            .limit(MOST_EARLIER)
        )
        rows = self._read(lambda connection: connection.execute(statement).mappings().all())
        return [StoredReport(**row) for row in reversed(rows)]
