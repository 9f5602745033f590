"""Was this said before? Earlier reports of a caller, and reports a ticket names."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select

from domain.report import NewReport
from store.case_reads import REPORT
from store.database import Database
from store.rows import StoredReport
from store.tables import cases, reports

MOST_EARLIER = 20
"""The latest of a caller who reports all day; what is older than these is another matter by now."""


class RepeatReader(Database):
    """The part of the store that finds what a report may say again."""

    def earlier_reports(
        self,
        *,
        caller: str,
        category: str,
        named: Sequence[str],
        source: str,
        since: datetime,
        before: NewReport,
    ) -> list[StoredReport]:
        """Return reports accepted before ``before`` whose case is not ended, oldest first.

        Those ``named`` (by report number, or by the same source's own number), and those of the
        same ``caller`` (empty: nobody's) in the same category since a time.
        """
        wanted = []
        if caller:
            wanted.append(
                and_(
                    reports.c.caller == caller, reports.c.category == category, reports.c.received_at >= since
                )
            )
        if named:
            numbers = list(named)
            ours = and_(reports.c.source == source, reports.c.source_no.in_(numbers))
            wanted += [reports.c.report_no.in_(numbers), ours]
        if not wanted:
            return []
        still_open = select(cases.c.case_no).where(
            cases.c.case_no == reports.c.belongs_to, cases.c.open.is_(True)
        )
        earlier = or_(
            reports.c.received_at < before.received_at,
            and_(reports.c.received_at == before.received_at, reports.c.report_no < before.report_no),
        )
        statement = (
            select(*REPORT)
            .where(or_(*wanted), earlier, still_open.exists())
            .order_by(reports.c.received_at.desc(), reports.c.report_no.desc())
            .limit(MOST_EARLIER)
        )
        rows = self._read(lambda connection: connection.execute(statement).mappings().all())
        return [StoredReport(**row) for row in reversed(rows)]
