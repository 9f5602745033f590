"""Cases as points of a map: one statement, and a second one where they are too many to draw singly."""

import math
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, and_, case, cast, func, select

from domain.case_points import CaseCluster, CasePoint, CasePoints
from domain.views import CaseFilter
from store.database import Database
from store.filters import conditions, owed_before
from store.tables import cases

_CELLS = 40
"""Cells of the frame on its longer side: a cluster is some 25 pixels of a screen."""
_SMALLEST = 0.0005
"""Degrees: no cell is smaller, whatever lies on one spot."""


class CasePointReader(Database):
    """The part of the store that draws cases on a map."""

    def case_points(self, *, where: CaseFilter, now: datetime, most: int) -> CasePoints:
        """Return up to ``most`` cases of a filter as points, the gravest first; clusters of all when there are more.

        Cases without a point are left out. ``now`` decides what is late.
        """
        return self._read(lambda connection: _points(connection, where, now=now, most=most))


def _points(connection: Connection, where: CaseFilter, *, now: datetime, most: int) -> CasePoints:
    placed = (*conditions(where), cases.c.lon.is_not(None), cases.c.lat.is_not(None))
    late = case((and_(*owed_before(now)), 1), else_=0).label("late")
    asked = (
        select(cases.c.case_no, cases.c.lon, cases.c.lat, cases.c.severity, cases.c.status, late)
        .where(*placed)
        .order_by(cases.c.severity, cases.c.case_no)
        .limit(most + 1)
    )
    rows = connection.execute(asked).all()
    if len(rows) <= most:
        return CasePoints(
            points=tuple(
                CasePoint(
                    case_no=row.case_no,
                    lon=row.lon,
                    lat=row.lat,
                    severity=row.severity,
                    status=row.status,
                    late=bool(row.late),
                )
                for row in rows
            )
        )
    return CasePoints(clusters=_clusters(connection, placed, _cell(connection, where, placed)))


def _cell(connection: Connection, where: CaseFilter, placed: tuple[Any, ...]) -> float:
    """Return a cell's side in degrees: a part of the box asked for, else of what the cases cover."""
    if where.box is not None:
        west, south, east, north = where.box
    else:
        ends = select(
            func.min(cases.c.lon), func.min(cases.c.lat), func.max(cases.c.lon), func.max(cases.c.lat)
        ).where(*placed)
        west, south, east, north = connection.execute(ends).one()
    # A power of two, so that clusters stay where they are while a map is moved.
    side = max((east - west) / _CELLS, (north - south) / _CELLS, _SMALLEST)
    return float(2.0 ** math.floor(math.log2(side)))


def _clusters(connection: Connection, placed: tuple[Any, ...], cell: float) -> tuple[CaseCluster, ...]:
    # Databases round a cast each in their own way; a cell is the same size in both.
    column = cast((cases.c.lon + 180.0) / cell, Integer)
    row = cast((cases.c.lat + 90.0) / cell, Integer)
    asked = (
        select(
            func.avg(cases.c.lon).label("lon"),
            func.avg(cases.c.lat).label("lat"),
            func.count().label("held"),
            func.min(cases.c.severity).label("severity"),
        )
        .where(*placed)
        .group_by(column, row)
        .order_by(column, row)
    )
    return tuple(
        CaseCluster(lon=float(one.lon), lat=float(one.lat), count=one.held, severity=one.severity)
        for one in connection.execute(asked).all()
    )
