"""Requests and updates as Open311 asks for them: reports with the state of the case they belong to now.

The order is fixed, newest first by the time of the request and then by its number, and comes
from the index of cases by that time: every report was filed under a case number of its own and
that row keeps the report's time, place and category, also after it was merged. One statement a
page, whatever its size, and one bounded count.
"""

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    FromClause,
    Select,
    and_,
    func,
    or_,
    select,
    union_all,
)

from domain.case import SETTLED
from domain.place import EARTH_M, ReportedPlace
from store.database import Database
from store.tables import cases, history, reports
from store.tables_desk import service_updates

MOST_COUNTED = 10_000
"""How far a total is counted: the rest of a long list is nobody's business to count at every page."""
_SMALL_BOX = 0.02  # degrees: below it the place chooses the rows, above it the time does
_METRES_PER_DEGREE = EARTH_M * math.pi / 180

_own = cases.alias("own")
_now = cases.alias("now")
_IN_ORDER = ("at", "case_no", "epoch", "seq", "report_no")
_CLOSED = tuple(sorted(status.value for status in SETTLED))


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """A rectangle in WGS-84 degrees; with ``radius_m`` only the circle of that radius inside it."""

    west: float
    south: float
    east: float
    north: float
    radius_m: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestFilter:
    """What requests are asked for; None and empty do not filter, times are included at both ends.

    ``exercise`` chooses drills or real requests, never both. ``hidden`` are channels whose
    reports are nobody's request; ``kinds`` the kinds of facts that count as an update.
    ``every`` are all categories there are: a small box looks them up one by one.
    """

    exercise: bool = False
    hidden: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    numbers: tuple[str, ...] | None = None
    categories: tuple[str, ...] = ()
    closed: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    updated_since: datetime | None = None
    updated_until: datetime | None = None
    box: Box | None = None
    every: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestRow:
    """A request: its report, what its own case row says of category and place, and its case's state now.

    ``lon`` and ``lat`` are WGS-84 where the place was found, None before that.
    ``updated_at`` is the last fact that counts, or when it was received.
    """

    report_no: str
    case_no: str
    source: str
    channel: str
    description: str = field(repr=False)
    reported: ReportedPlace = field(repr=False)
    category: str
    category_name: str
    district: str | None
    street: str | None
    community: str | None
    lon: float | None
    lat: float | None
    status: str
    owner: str
    handling_due: datetime | None
    total_due: datetime | None
    closed_at: datetime | None
    received_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateRow:
    """A change of state of a request: the fact's key, what the state became, and the fact's data."""

    report_no: str
    case_no: str
    epoch: int
    seq: int
    at: datetime
    kind: str
    data: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptSaid:
    """An update of somebody else's: ``repeated`` was there before, ``told`` has been put before a handler."""

    serial: int
    repeated: bool
    told: bool


class Open311Reader(Database):
    """The part of the store that answers Open311."""

    def service_requests(self, *, where: RequestFilter, limit: int, offset: int) -> list[RequestRow]:
        """Return a page of requests, newest first; one statement."""
        updated = self._updated(where.kinds)
        statement = (
            select(*_columns(updated))
            .select_from(_joined())
            .where(*self._conditions(where, updated))
            .order_by(_own.c.received_at.desc(), _own.c.case_no.desc())
            .limit(limit)
            .offset(offset)
        )
        return self._read(
            lambda connection: [RequestRow(**row) for row in connection.execute(statement).mappings()]
        )

    def count_service_requests(self, *, where: RequestFilter) -> int:
        """Count what matches, up to ``MOST_COUNTED``; one statement."""
        conditions = self._conditions(where, self._updated(where.kinds))
        found = select(reports.c.report_no).select_from(_joined()).where(*conditions).limit(MOST_COUNTED)
        statement = select(func.count()).select_from(found.subquery())
        return self._read(lambda connection: int(connection.execute(statement).scalar_one()))

    def request_updates(
        self, *, where: RequestFilter, since: datetime, until: datetime, limit: int, offset: int
    ) -> list[UpdateRow]:
        """Return changes of state in a stretch of time (both ends included), oldest first.

        A fact of a case concerns every report that belongs to the case now and had come by
        then, and the report the case was opened for, also after that was merged elsewhere.
        """
        most = limit + offset
        # The index of facts is by kind and then by time: each kind gives its first ones, cheaply.
        kinds = [(kind,) for kind in where.kinds] if where.numbers is None else [where.kinds]
        parts = [select(_updates_of(where, one, since, until, most).subquery()) for one in kinds]
        found = union_all(*parts).subquery()
        statement = select(found).order_by(*(found.c[name] for name in _IN_ORDER)).limit(limit).offset(offset)
        return self._read(
            lambda connection: [UpdateRow(**row) for row in connection.execute(statement).mappings()]
        )

    def keep_service_update(self, *, row: dict[str, Any]) -> KeptSaid:
        """Keep an update somebody wrote about a request, or find it kept before, under its source and id."""
        put = self._insert(service_updates).on_conflict_do_nothing(index_elements=["source", "update_id"])
        found = select(service_updates.c.serial, service_updates.c.acted).where(
            service_updates.c.source == row["source"], service_updates.c.update_id == row["update_id"]
        )

        def work(connection: Connection) -> KeptSaid:
            fresh = connection.execute(put.returning(service_updates.c.serial), row).scalar()
            kept = connection.execute(found).one()
            return KeptSaid(serial=kept.serial, repeated=fresh is None, told=kept.acted)

        return self._write(work)

    def filed_under(self, *, key: str, since: datetime) -> str | None:
        """Return the number of a report that was filed with this idempotency key, not before ``since``."""
        statement = select(reports.c.report_no).where(
            reports.c.idempotency_key == key, reports.c.received_at >= since
        )
        return self._read(lambda connection: connection.execute(statement).scalar())

    def _updated(self, kinds: tuple[str, ...]) -> ColumnElement[datetime]:
        last = (
            select(func.max(history.c.at, type_=history.c.at.type))
            .where(history.c.case_no == _now.c.case_no, history.c.kind.in_(kinds))
            .scalar_subquery()
        )
        later = func.max if self._sqlite else func.greatest
        received = _own.c.received_at
        found: ColumnElement[datetime] = later(func.coalesce(last, received), received, type_=received.type)
        return found

    def _conditions(
        self, where: RequestFilter, updated: ColumnElement[datetime]
    ) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [_own.c.exercise.is_(where.exercise)]
        if where.hidden:
            found.append(_own.c.channel.not_in(where.hidden))
        if where.numbers is not None:
            # It stands alone: the standard lets the numbers override everything else.
            return [*found, reports.c.report_no.in_(where.numbers)]
        found += _state_and_times(where)
        if where.box is not None:
            found += _inside(where.box, where.categories or where.every)
        if where.updated_since is not None:
            found += [updated >= where.updated_since, reports.c.belongs_to.in_(_changed_since(where))]
        if where.updated_until is not None:
            found.append(updated <= where.updated_until)
        return found


def _columns(updated: ColumnElement[datetime]) -> list[Any]:
    of_report = [reports.c[name] for name in ("report_no", "source", "channel", "description", "reported")]
    of_own = [
        _own.c[name]
        for name in (
            "category",
            "category_name",
            "district",
            "street",
            "community",
            "lon",
            "lat",
            "received_at",
        )
    ]
    of_now = [
        _now.c[name] for name in ("case_no", "status", "owner", "handling_due", "total_due", "closed_at")
    ]
    return [*of_report, *of_own, *of_now, updated.label("updated_at")]


def _joined() -> FromClause:
    return _own.join(reports, reports.c.case_no == _own.c.case_no).join(
        _now, _now.c.case_no == reports.c.belongs_to
    )


def _state_and_times(where: RequestFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.categories:
        found.append(_own.c.category.in_(where.categories))
    if where.closed is not None:
        # Said in a way that no index of states can offer itself: the order's index is the cheap one.
        status = func.coalesce(_now.c.status, "")
        found.append(status.in_(_CLOSED) if where.closed else status.not_in(_CLOSED))
    if where.since is not None:
        found.append(_own.c.received_at >= where.since)
    if where.until is not None:
        found.append(_own.c.received_at <= where.until)
    return found


def _inside(box: Box, categories: tuple[str, ...]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        _own.c.lat.between(box.south, box.north),
        _own.c.lon.between(box.west, box.east),
    ]
    if box.radius_m is not None:
        lat, lon = (box.south + box.north) / 2, (box.west + box.east) / 2
        high = (_own.c.lat - lat) * _METRES_PER_DEGREE
        wide = (_own.c.lon - lon) * (_METRES_PER_DEGREE * math.cos(math.radians(lat)))
        found.append(high * high + wide * wide <= box.radius_m * box.radius_m)
    if box.north - box.south <= _SMALL_BOX:
        near = select(cases.c.case_no).where(
            cases.c.category.in_(categories),
            cases.c.open.in_((True, False)),  # says nothing, and lets the index narrow the latitude
            cases.c.lat.between(box.south, box.north),
            cases.c.lon.between(box.west, box.east),
        )
        found.append(_own.c.case_no.in_(near))
    return found


def _changed_since(where: RequestFilter) -> CompoundSelect[Any]:
    """Return the cases a fact of these kinds changed since then, and those of requests that came since then."""
    changed = select(history.c.case_no).where(
        history.c.kind.in_(where.kinds), history.c.at >= where.updated_since
    )
    fresh, came = reports.alias(), cases.alias()
    new = (
        select(fresh.c.belongs_to)
        .select_from(came.join(fresh, fresh.c.case_no == came.c.case_no))
        .where(came.c.received_at >= where.updated_since)
    )
    return union_all(changed, new)


def _updates_of(
    where: RequestFilter, kinds: tuple[str, ...], since: datetime, until: datetime, most: int
) -> Select[Any]:
    """Return the first facts of these kinds, with every report each concerns."""
    joined = and_(reports.c.belongs_to == history.c.case_no, reports.c.received_at <= history.c.at)
    concerns = or_(reports.c.case_no == history.c.case_no, joined)
    conditions = [
        history.c.kind.in_(kinds),
        history.c.at.between(since, until),
        reports.c.exercise.is_(where.exercise),
    ]
    if where.hidden:
        conditions.append(reports.c.channel.not_in(where.hidden))
    if where.numbers is not None:
        conditions.append(reports.c.report_no.in_(where.numbers))
    columns = {
        name: reports.c.report_no if name == "report_no" else history.c[name] for name in UpdateRow.__slots__
    }
    return (
        select(*columns.values())
        .select_from(history.join(reports, concerns))
        .where(*conditions)
        .order_by(*(columns[name] for name in _IN_ORDER))
        .limit(most)
    )
