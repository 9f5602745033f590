"""The reports of a case, as anybody who works on it may see them: several reporters, nobody's name."""

from dataclasses import dataclass
from datetime import datetime

from usecases.city import City
from usecases.queries import case_view


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseReport:
    """One report of a case. ``same_caller``: whoever made it had made an earlier one of these."""

    report_no: str
    source: str
    source_no: str | None
    channel: str
    category: str
    tags: tuple[str, ...]
    received_at: datetime
    occurred_at: datetime
    filed_as: str
    merged: bool
    same_caller: bool


def case_reports(*, city: City, case_no: str) -> list[CaseReport]:
    """Return the reports that belong to a case now, oldest first. Raises BadRequest (case_not_found)."""
    view = case_view(city=city, case_no=case_no)
    callers: set[str] = set()
    found = []
    for report in city.store.reports_of(case_no=view.case_no):
        found.append(
            CaseReport(
                report_no=report.report_no,
                source=report.source,
                source_no=report.source_no,
                channel=report.channel,
                category=report.category,
                tags=report.tags,
                received_at=report.received_at,
                occurred_at=report.occurred_at,
                filed_as=report.case_no,
                merged=report.case_no != view.case_no,
                same_caller=bool(report.caller) and report.caller in callers,
            )
        )
        callers.add(report.caller)
    return found
