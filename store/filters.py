"""Lists: what a ``CaseFilter`` means in SQL, and how a page names its end."""

import base64
import binascii
from datetime import datetime

from sqlalchemy import ColumnElement, literal, select, tuple_

from domain.case import SETTLED
from domain.identifiers import is_number
from domain.views import CaseFilter
from store.codec import instant, microseconds
from store.tables import case_links, cases

_EQUAL = (
    "owner", "category", "severity", "level", "district", "street", "community", "grid", "channel", "parent",
)  # fmt: skip


class UnableToReadCursor(ValueError):
    """The cursor is none of ours: it was cut, changed or made up."""


def conditions(where: CaseFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of a filter; all of them must hold."""
    found: list[ColumnElement[bool]] = [
        cases.c[name] == value for name in _EQUAL if (value := getattr(where, name)) is not None
    ]
    if where.status:
        found.append(cases.c.status.in_(where.status))
    if where.supervisor is not None:
        found.append(_linked("supervisor", where.supervisor))
    if where.task_unit is not None:
        found.append(_linked("task", where.task_unit))
    if where.zone is not None:
        found.append(_linked("zone", where.zone))
    if where.received_from is not None:
        found.append(cases.c.received_at >= where.received_from)
    if where.received_to is not None:
        found.append(cases.c.received_at < where.received_to)
    if where.overdue_at is not None:
        found += _overdue(where.overdue_at)
    return found


def after(cursor: str) -> ColumnElement[bool]:
    """Return the condition of the page that follows this cursor."""
    received_at, case_no = _read(cursor)
    # A tuple does not lend its columns' types to the other side, so the time says its own.
    end = tuple_(literal(received_at, cases.c.received_at.type), literal(case_no))
    return tuple_(cases.c.received_at, cases.c.case_no) < end


def cursor_of(*, received_at: datetime, case_no: str) -> str:
    """Return the cursor that continues after this case. Opaque to everybody else."""
    return base64.urlsafe_b64encode(f"{microseconds(received_at)}:{case_no}".encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[datetime, str]:
    refused = UnableToReadCursor("not a cursor of this list; start again without one")
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        at, case_no = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split(":", 1)
        received_at = instant(int(at))
    except (binascii.Error, ValueError, OverflowError):
        raise refused from None
    if not is_number(case_no):
        raise refused
    return received_at, case_no


def _linked(kind: str, code: str) -> ColumnElement[bool]:
    return cases.c.case_no.in_(
        select(case_links.c.case_no).where(case_links.c.kind == kind, case_links.c.code == code)
    )


def _overdue(at: datetime) -> list[ColumnElement[bool]]:
    """A unit still works on it and its handling limit has passed. Overdue ends when it submits."""
    return [
        cases.c.open.is_(True),
        cases.c.status.not_in([status.value for status in SETTLED]),
        cases.c.handling_due < at,
        cases.c.submitted_at.is_(None),
    ]
