"""What the store knows about cases and reports: single ones, lists, neighbours, figures."""

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
    union_all,
)

from domain.case import Fact, Status
from domain.place import EARTH_M, metres_between
from domain.views import CaseFilter, CasePage, CaseView, Timeline
from store.database import Database
from store.filters import after, conditions, cursor_at, halves, in_order, order_by
from store.rows import InboxStatus, StoredReport
from store.tables import cases, commands, history, reports

_VIEW = tuple(cases.c[field.name] for field in fields(CaseView))
REPORT = tuple(reports.c[field.name] for field in fields(StoredReport))
_FACT = tuple(history.c[field.name] for field in fields(Fact))
_LONGEST = 200
_METRES_PER_DEGREE = EARTH_M * math.pi / 180

Counted = Literal[
    "status", "level", "severity", "on_time", "channel", "category", "owner", "close_kind", "district"
]


class CaseReader(Database):
    """The part of the store that answers questions about cases."""

    def case(self, *, case_no: str) -> CaseView | None:
        """Return a case, or None. A case accepted and not yet decided has epoch 0."""
        return self._read(lambda connection: _case(connection, case_no))

    def timeline(self, *, case_no: str) -> Timeline | None:
        """Return a case with all its facts by (epoch, seq), those before a reset included, or None."""
        return self._read(lambda connection: _timeline(connection, case_no))

    def list_cases(self, *, where: CaseFilter, limit: int, cursor: str | None) -> CasePage:
        """Return a page in the filter's order; the order is total, so that no page repeats or skips a case.

        ``limit`` is kept within 1 … 200. Raises UnableToReadCursor. One statement: indexes find
        the numbers, and only the rows that are shown are read.
        """
        size = max(1, min(limit, _LONGEST))
        views = in_order(self._views(_page(where, size=size, cursor=cursor)), where.sort)
        end = None if len(views) <= size else cursor_at(views[size - 1], sort=where.sort)
        return CasePage(cases=tuple(views[:size]), next_cursor=end)

    def case_counts(self, *, where: CaseFilter, most: int) -> dict[str, int]:
        """Count open cases by state, and all that ended under "" up to ``most``; one statement.

        The state in the filter is not looked at: the counts are what the states hold.
        """
        every = replace(where, status=())
        counted = select(cases.c.status, func.count()).where(*conditions(every, half=True))
        asked: Any = counted.group_by(cases.c.status)
        if False in halves(every):
            ended = select(literal(1)).where(*conditions(every, half=False)).limit(most).subquery()
            asked = union_all(asked, select(literal(""), func.count()).select_from(ended))
        rows = self._read(lambda connection: connection.execute(asked).all())
        return {row[0]: row[1] for row in rows if row[1]}

    def case_columns(
        self, *, where: CaseFilter, columns: Sequence[tuple[str, ...]], each: int
    ) -> list[tuple[CaseView, ...]]:
        """Return the first cases of several groups of states, each in the filter's order; one statement."""
        parts = []
        for states in columns:
            column = replace(where, status=states)
            parts += [
                _numbers(column, half=half, size=each, cursor=None).subquery() for half in halves(column)
            ]
        numbers = union_all(*(select(part.c.case_no) for part in parts)).subquery()
        views = in_order(
            self._views(select(*_VIEW).join(numbers, numbers.c.case_no == cases.c.case_no)), where.sort
        )
        return [tuple(view for view in views if view.status in states) for states in columns]

    def cases_of(self, *, case_numbers: Sequence[str]) -> dict[str, CaseView]:
        """Return the cases of these numbers that there are."""
        if not case_numbers:
            return {}
        views = self._views(select(*_VIEW).where(cases.c.case_no.in_(set(case_numbers))))
        return {view.case_no: view for view in views}

    def report(self, *, report_no: str) -> StoredReport | None:
        """Return a report as it came in, with the case it belongs to now, or None."""
        found = self._reports(reports.c.report_no == report_no)
        return found[0] if found else None

    def reports_of(self, *, case_no: str) -> list[StoredReport]:
        """Return the reports that belong to a case now, oldest first."""
        return self._reports(reports.c.belongs_to == case_no)

    def open_nearby(
        self, *, category: str, lon: float, lat: float, metres: float, since: datetime, exclude: str | None
    ) -> list[tuple[CaseView, float]]:
        """Return open cases of a category within a distance, with that distance in metres, nearest first.

        The point is WGS-84 degrees; cases received before ``since`` do not count. A box
        on the index chooses, the great circle decides.
        """
        statement = select(*_VIEW).where(
            cases.c.category == category,
            cases.c.open.is_(True),
            cases.c.status != Status.RECEIVED.value,
            *_around(lon, lat, metres),
            cases.c.received_at >= since,
            cases.c.case_no != (exclude or ""),
        )
        near = [(view, _distance(view, lon, lat)) for view in self._views(statement)]
        return sorted(
            (pair for pair in near if pair[1] <= metres), key=lambda pair: (pair[1], pair[0].case_no)
        )

    def closed_nearby(
        self, *, category: str, lon: float, lat: float, metres: float, since: datetime, until: datetime
    ) -> list[CaseView]:
        """Return cases of a category within a distance that were closed in a stretch of time, the latest first.

        The point is WGS-84 degrees, both ends of the stretch are included. A box on the index
        chooses, the great circle decides.
        """
        statement = select(*_VIEW).where(
            cases.c.category == category,
            cases.c.open.in_((True, False)),  # says nothing, and lets the index narrow the latitude
            cases.c.closed_at.between(since, until),
            *_around(lon, lat, metres),
        )
        near = [view for view in self._views(statement) if _distance(view, lon, lat) <= metres]
        return sorted(near, key=lambda view: (view.closed_at, view.case_no), reverse=True)

    def being_merged(self, *, case_numbers: Sequence[str], by_others_than: str) -> str | None:
        """Return one of these cases that a kept command other than ``by_others_than`` is about to merge."""
        statement = (
            select(commands.c.case_no)
            .where(
                commands.c.case_no.in_(case_numbers),
                commands.c.kind == "merge_into",
                commands.c.status == InboxStatus.PENDING.value,
                commands.c.request_id != by_others_than,
            )
            .order_by(commands.c.case_no)
            .limit(1)
        )
        return self._read(lambda connection: connection.execute(statement).scalar())

    def overdue_alarms(self, *, now: datetime, grace: timedelta) -> list[CaseView]:
        """Return open cases nobody will wake: their next deadline passed ``grace`` ago, or they have none.

        A case without a deadline counts only when it is older than ``grace`` itself.
        """
        past = now - grace
        asleep = or_(cases.c.next_due < past, and_(cases.c.next_due.is_(None), cases.c.received_at < past))
        return self._views(select(*_VIEW).where(cases.c.open.is_(True), asleep).order_by(cases.c.case_no))

    def counts(self, *, by: Counted, where: CaseFilter | None = None) -> dict[Any, int]:
        """Count cases by one column, for example ``{"archived": 380, "merged": 20}``; one statement."""
        column = cases.c[by]
        statement = (
            select(column, func.count())
            .where(*conditions(where or CaseFilter()))
            .group_by(column)
            .order_by(column)
        )
        rows = self._read(lambda connection: connection.execute(statement).all())
        return {row[0]: row[1] for row in rows}

    def _views(self, statement: Any) -> list[CaseView]:
        return self._read(lambda connection: [_view(row) for row in connection.execute(statement).mappings()])

    def _reports(self, condition: Any) -> list[StoredReport]:
        statement = select(*REPORT).where(condition).order_by(reports.c.received_at, reports.c.report_no)
        return self._read(
            lambda connection: [StoredReport(**row) for row in connection.execute(statement).mappings()]
        )


_OWN_INDEX = ("owner", "category", "street", "community", "grid", "parent")
"""Filters that pick few cases by an index of their own, ended by the order of the list."""


def _page(where: CaseFilter, *, size: int, cursor: str | None) -> Any:
    """Return the statement of a page, one row more than the page has to tell whether it ends.

    What no index of its own answers is found by the index lists walk, open and ended each for
    themselves, because that is how it begins.
    """
    within: tuple[bool | None, ...] = halves(where)
    if len(within) > 1 and (
        where == CaseFilter() or any(getattr(where, one) is not None for one in _OWN_INDEX)
    ):
        within = (None,)
    parts = [_numbers(where, half=half, size=size, cursor=cursor).subquery() for half in within]
    numbers = union_all(*(select(part.c.case_no) for part in parts)).subquery()
    return select(*_VIEW).join(numbers, numbers.c.case_no == cases.c.case_no)


def _numbers(where: CaseFilter, *, half: bool | None, size: int, cursor: str | None) -> Select[tuple[str]]:
    found = conditions(where, half=half)
    if cursor is not None:
        found.append(after(cursor, sort=where.sort))
    return select(cases.c.case_no).where(*found).order_by(*order_by(where.sort)).limit(size + 1)


def _case(connection: Connection, case_no: str) -> CaseView | None:
    row = connection.execute(select(*_VIEW).where(cases.c.case_no == case_no)).mappings().one_or_none()
    return None if row is None else _view(row)


def _timeline(connection: Connection, case_no: str) -> Timeline | None:
    view = _case(connection, case_no)
    if view is None:
        return None
    rows = connection.execute(
        select(*_FACT).where(history.c.case_no == case_no).order_by(history.c.epoch, history.c.seq)
    )
    return Timeline(case=view, facts=tuple(_fact(row) for row in rows.mappings()))


def _view(row: RowMapping) -> CaseView:
    return CaseView(**row)


def _fact(row: RowMapping) -> Fact:
    values = dict(row)
    for name in ("source", "target"):
        values[name] = None if values[name] is None else Status(values[name])
    return Fact(**values)


def _around(lon: float, lat: float, metres: float) -> tuple[ColumnElement[bool], ...]:
    """Return the box around a point (WGS-84 degrees) that holds everything within a distance."""
    high = metres / _METRES_PER_DEGREE
    wide = high / max(math.cos(math.radians(min(abs(lat) + high, 89.0))), 0.01)
    return cases.c.lat.between(lat - high, lat + high), cases.c.lon.between(lon - wide, lon + wide)


def _distance(view: CaseView, lon: float, lat: float) -> float:
    assert view.lon is not None and view.lat is not None  # noqa: S101, PT018 - the query asks for both
    return metres_between(lon=lon, lat=lat, other_lon=view.lon, other_lat=view.lat)
