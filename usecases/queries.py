"""Questions answered from the store alone; reads never ask Temporal."""

import base64
from dataclasses import dataclass
from datetime import datetime

from domain.case import STATUS_ZH, Status
from domain.identifiers import is_number
from domain.transitions import commands
from domain.views import CaseFilter, CasePage, CaseView, Timeline
from store.filters import UnableToReadCursor
from store.rows import BoxPage
from usecases.city import City
from usecases.problems import BadRequest, ProblemCode

MOST_ROWS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportStatus:
    """Where a report stands: what its reporter may know."""

    report_no: str
    case_no: str
    status: str
    status_zh: str
    category: str
    received_at: datetime
    expected_at: datetime | None
    closed_at: datetime | None
    merged_into: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AllowedAction:
    """A command a case takes now, and the roles that may send it."""

    kind: str
    roles: tuple[str, ...]


def report_status(*, city: City, report_no: str) -> ReportStatus | None:
    """Return where a report stands, following a merge to its master; None for an unknown number."""
    report = city.store.report(report_no=report_no) if is_number(report_no) else None
    view = city.store.case(case_no=report.belongs_to) if report is not None else None
    if report is None or view is None:
        return None
    return ReportStatus(
        report_no=report_no,
        case_no=view.case_no,
        status=view.status,
        status_zh=STATUS_ZH[Status(view.status)],
        category=view.category,
        received_at=report.received_at,
        expected_at=view.handling_due,
        closed_at=view.closed_at,
        merged_into=view.case_no if view.case_no != report_no else None,
    )


def case_view(*, city: City, case_no: str) -> CaseView:
    """Return a case. Raises BadRequest when there is none."""
    view = city.store.case(case_no=case_no) if is_number(case_no) else None
    if view is None:
        raise BadRequest(ProblemCode.CASE_NOT_FOUND, case_no=case_no[:40])
    return view


def case_history(*, city: City, case_no: str) -> Timeline:
    """Return a case with every recorded fact. Raises BadRequest when there is none."""
    timeline = city.store.timeline(case_no=case_no) if is_number(case_no) else None
    if timeline is None:
        raise BadRequest(ProblemCode.CASE_NOT_FOUND, case_no=case_no[:40])
    return timeline


def list_cases(*, city: City, where: CaseFilter, limit: int, cursor: str | None) -> CasePage:
    """Return a page of cases, newest first. Raises BadRequest for a broken cursor."""
    if cursor is not None and not _printable(cursor):
        raise BadRequest(ProblemCode.BAD_CURSOR)
    try:
        return city.store.list_cases(where=where, limit=min(limit, MOST_ROWS), cursor=cursor)
    except UnableToReadCursor as error:
        raise BadRequest(ProblemCode.BAD_CURSOR) from error


def _printable(cursor: str) -> bool:
    """A cursor is printable text in base 64; one that holds anything else was made up by somebody."""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().isprintable()
    except ValueError:
        return False


def allowed_actions(view: CaseView) -> tuple[AllowedAction, ...]:
    """Return what may be done with a case in its state; the case's guards may still refuse."""
    found = commands(Status(view.status))
    return tuple(AllowedAction(kind=kind, roles=tuple(role.value for role in roles)) for kind, roles in found)


def unit_messages(*, city: City, unit: str, limit: int, cursor: str | None) -> BoxPage:
    """Return a unit's in-app inbox, newest first. Raises BadRequest."""
    if city.pack.tree.find(unit) is None:
        raise BadRequest(ProblemCode.UNIT_NOT_FOUND, unit=unit[:60])
    try:
        return city.store.inbox_messages(unit=unit, limit=limit, cursor=cursor)
    except UnableToReadCursor as error:
        raise BadRequest(ProblemCode.BAD_CURSOR) from error
