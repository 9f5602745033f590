"""The open cases a unit has work in: what it owns, and what it owes a task or a reply."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime

from sqlalchemy import func, literal, select, union

from domain.case import SETTLED
from domain.views import CaseView
from store.database import Database
from store.tables import case_links, cases

_VIEW = tuple(cases.c[field.name] for field in fields(CaseView))
_OVER = tuple(sorted(status.value for status in SETTLED))
_FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


class TaskReader(Database):
    """The part of the store that answers what somebody has to do."""

    def cases_of_units(self, *, units: Sequence[str], limit: int) -> list[CaseView]:
        """Return cases these units own or owe something, not settled yet, by handling limit; one statement."""
        if not units:
            return []
        live = (cases.c.open.is_(True), cases.c.status.not_in(_OVER))
        owned = select(cases.c.case_no, cases.c.handling_due).where(cases.c.owner.in_(units), *live)
        owing = (
            select(cases.c.case_no, cases.c.handling_due)
            .join(case_links, case_links.c.case_no == cases.c.case_no)
            .where(case_links.c.kind == "task", case_links.c.code.in_(units), *live)
        )
        either = union(owned, owing).subquery()
        due = func.coalesce(either.c.handling_due, literal(_FOREVER, cases.c.handling_due.type))
        numbers = select(either.c.case_no).order_by(due, either.c.case_no).limit(limit).subquery()
        statement = select(*_VIEW).join(numbers, numbers.c.case_no == cases.c.case_no)
        return self._read(
            lambda connection: [CaseView(**row) for row in connection.execute(statement).mappings()]
        )
