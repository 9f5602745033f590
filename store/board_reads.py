"""The lists of a board: who is overdue longest, who climbs, what came in, where it is dense. No personal data."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from domain.board import CELL, Climb, Hotspot, Late, Newest
from domain.place import Level
from store.database import Database
from store.figures import FigureFilter, chosen, in_hand, waiting_for_result
from store.tables import cases, history

_NEWEST = tuple(
    cases.c[name]
    for name in (
        "case_no", "category", "category_name", "severity", "district", "street", "status", "received_at"
    )
)  # fmt: skip
_LATE = (
    *_NEWEST, cases.c.level, cases.c.owner, cases.c.supervisors, cases.c.handling_due, cases.c.under_order,
    cases.c.exercise,
)  # fmt: skip


class BoardReader(Database):
    """The part of the store that lists what a board shows."""

    def oldest_overdue(self, *, which: FigureFilter, now: datetime, limit: int) -> tuple[Late, ...]:
        """Return the cases longest past their handling deadline, the oldest first."""
        statement = (
            select(*_LATE)
            .where(*chosen(which), cases.c.open.is_(True))
            .where(waiting_for_result(now), cases.c.handling_due < now)
            .order_by(cases.c.handling_due, cases.c.case_no)
            .limit(limit)
        )
        return tuple(Late(**{**row, "level": Level(row["level"])}) for row in self._rows(statement))

    def newest(self, *, which: FigureFilter, limit: int) -> tuple[Newest, ...]:
        """Return the cases that came in last, the newest first."""
        statement = select(*_NEWEST).where(*chosen(which))
        statement = statement.order_by(cases.c.received_at.desc(), cases.c.case_no.desc()).limit(limit)
        return tuple(Newest(**row) for row in self._rows(statement))

    def climbing(self, *, which: FigureFilter, since: datetime, limit: int) -> tuple[Climb, ...]:
        """Return the escalations after a moment, the newest first: one for each level a case went up."""
        statement = (
            select(
                history.c.case_no, history.c.at, history.c.data, cases.c.category, cases.c.category_name,
                cases.c.severity, cases.c.district, cases.c.street, cases.c.owner, cases.c.status,
            )
            .join_from(history, cases, history.c.case_no == cases.c.case_no)
            .where(history.c.kind == "escalated", history.c.at > since, *chosen(which))
            .order_by(history.c.at.desc(), history.c.case_no.desc(), history.c.seq.desc())
            .limit(limit)
        )  # fmt: skip
        return tuple(_climb(row) for row in self._rows(statement))

    def hotspots(self, *, which: FigureFilter, now: datetime, limit: int) -> tuple[Hotspot, ...]:
        """Return cases in hand by cells of ``CELL`` degrees, the densest first."""
        x, y = _cell(cases.c.lon), _cell(cases.c.lat)
        statement = (
            select(
                x.label("x"), y.label("y"), func.count().label("n"), func.min(cases.c.severity).label("worst")
            )
            .where(*chosen(which), cases.c.open.is_(True), in_hand(now))
            .where(cases.c.lon.is_not(None), cases.c.lat.is_not(None))
            .group_by(x, y)
            .order_by(func.count().desc(), x, y)
            .limit(limit)
        )
        return tuple(
            Hotspot(
                lon=round(row["x"] * CELL, 4),
                lat=round(row["y"] * CELL, 4),
                cases=row["n"],
                severity=row["worst"],
            )
            for row in self._rows(statement)
        )

    def _rows(self, statement: "Select[*tuple[Any, ...]]") -> list[Mapping[str, Any]]:
        return self._read(lambda connection: [dict(row) for row in connection.execute(statement).mappings()])


def _cell(degrees: "ColumnElement[float | None]") -> "ColumnElement[float]":
    return func.round(degrees / CELL)


def _climb(row: Mapping[str, Any]) -> Climb:
    said = row["data"]
    values = {name: value for name, value in row.items() if name != "data"}
    return Climb(
        **values,
        trigger=str(said.get("trigger", "")),
        source=_level(said.get("from_level")),
        level=_level(said.get("level")),
        supervisor=str(said.get("supervisor") or ""),
    )


def _level(name: object) -> Level | None:
    return Level[name] if isinstance(name, str) and name in Level.__members__ else None
