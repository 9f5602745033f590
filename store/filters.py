"""Lists: what a ``CaseFilter`` means in SQL, in what order, and how a page names its end."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, func, literal, or_, select, tuple_
from sqlalchemy import false as nothing
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from domain.case import ENDED, SETTLED
from domain.identifiers import ALPHABET, is_number
from domain.scope import CaseScope
from domain.views import CaseFilter, CaseSort, CaseView
from store.codec import instant, microseconds
from store.tables import case_links, cases, reports

_EQUAL = (
    "owner", "category", "severity", "level", "district", "street", "community", "grid", "channel", "parent",
    "under_order",
)  # fmt: skip
_AREAS = ("districts", "streets", "communities", "grids")
_AREA_COLUMN = {"districts": "district", "streets": "street", "communities": "community", "grids": "grid"}
_NUMBER = frozenset(ALPHABET + "-")
_ENDED = frozenset(status.value for status in ENDED)
_FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""Where what has no deadline stands among deadlines."""


class UnableToReadCursor(ValueError):
    """The cursor is none of ours: it was cut, changed or made up."""


def conditions(where: CaseFilter, *, half: bool | None = None) -> list[ColumnElement[bool]]:
    """Return the conditions of a filter; all of them must hold.

    ``half`` asks for open (True) or ended cases alone.
    """
    found: list[ColumnElement[bool]] = [
        cases.c[name] == value for name in _EQUAL if (value := getattr(where, name)) is not None
    ]
    found += [
        cases.c[name].in_(values)
        for name, values in (
            ("status", where.status),
            ("owner", where.owners),
            ("severity", where.severities),
            ("category", where.categories),
            ("case_no", where.numbers),
        )
        if values
    ]
    links = (
        ("supervisor", where.supervisor),
        ("task", where.task_unit),
        ("zone", where.zone),
        ("part", where.part),
    )
    found += [_linked(kind, code) for kind, code in links if code is not None]
    found += [_linked("tag", tag) for tag in where.tags]
    found += _times(where)
    if where.box is not None:
        west, south, east, north = where.box
        found += [cases.c.lat.between(south, north), cases.c.lon.between(west, east)]
    if where.text is not None and where.text.strip():
        found.append(_said(where.text.strip(), halves(where) if half is None else (half,)))
    if where.scope is not None:
        found += _within(where.scope)
    if half is not None:
        found.append(cases.c.open.is_(half))
    return found


def halves(where: CaseFilter) -> tuple[bool, ...]:
    """Return which of the two halves, open and ended, a filter can hold anything of.

    The index that lists walk begins with that half: naming it makes a list cost its own rows.
    """
    if where.overdue_at is not None or where.due_before is not None:
        return (True,)
    if not where.status:
        return (True, False)
    ended = {status in _ENDED for status in where.status}
    return tuple(not end for end in sorted(ended))


_due: ColumnElement[datetime] = func.coalesce(
    cases.c.handling_due, literal(_FOREVER, cases.c.handling_due.type)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Order:
    """An order of a list: its SQL keys, all in one direction, and the same of a row in hand."""

    keys: tuple[ColumnElement[Any], ...]
    falling: bool


_ORDERS: dict[CaseSort, _Order] = {
    CaseSort.NEWEST: _Order(keys=(cases.c.received_at, cases.c.case_no), falling=True),
    CaseSort.DUE: _Order(
        keys=(func.coalesce(cases.c.handling_due, literal(_FOREVER, cases.c.handling_due.type)), cases.c.case_no),
        falling=False,
    ),
    CaseSort.SEVERITY: _Order(
        keys=(-cases.c.severity, cases.c.received_at, cases.c.case_no), falling=True
    ),
}  # fmt: skip


def order_by(sort: CaseSort) -> list[ColumnElement[Any]]:
    """Return the order of a list; it is total, so that no page repeats or skips a case."""
    order = _ORDERS[sort]
    return [key.desc() if order.falling else key.asc() for key in order.keys]


def in_order(views: list[CaseView], sort: CaseSort) -> list[CaseView]:
    """Return cases of a list in its order."""
    return sorted(views, key=lambda view: _key(view, sort), reverse=_ORDERS[sort].falling)


def after(cursor: str, *, sort: CaseSort = CaseSort.NEWEST) -> ColumnElement[bool]:
    """Return the condition of the page that follows this cursor."""
    order = _ORDERS[sort]
    values = _read(cursor, sort)
    # A tuple does not lend its columns' types to the other side, so each value says its own.
    end = tuple_(*(literal(value, key.type) for value, key in zip(values, order.keys, strict=True)))
    return tuple_(*order.keys) < end if order.falling else tuple_(*order.keys) > end


def cursor_of(*, received_at: datetime, case_no: str) -> str:
    """Return the cursor that continues a list, newest first, after this case. Opaque to everybody else."""
    return _packed(f"{microseconds(received_at)}:{case_no}")


def cursor_at(view: CaseView, *, sort: CaseSort) -> str:
    """Return the cursor that continues a list in this order after this case."""
    if sort is CaseSort.NEWEST:
        return cursor_of(received_at=view.received_at, case_no=view.case_no)
    key = [microseconds(part) if isinstance(part, datetime) else part for part in _key(view, sort)]
    return _packed(json.dumps([sort.value, *key], separators=(",", ":")))


def _packed(said: str) -> str:
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def _key(view: CaseView, sort: CaseSort) -> tuple[Any, ...]:
    if sort is CaseSort.DUE:
        return (view.handling_due or _FOREVER, view.case_no)
    if sort is CaseSort.SEVERITY:
        return (-view.severity, view.received_at, view.case_no)
    return (view.received_at, view.case_no)


def _read(cursor: str, sort: CaseSort) -> tuple[Any, ...]:
    refused = UnableToReadCursor("not a cursor of this list; start again without one")
    try:
        said = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        grade, at, case_no = _parts(said, sort)
        moment = instant(int(at))
    except (binascii.Error, ValueError, OverflowError, TypeError, AttributeError):
        raise refused from None
    if not is_number(str(case_no)) or type(grade) is not int:
        raise refused
    return (grade, moment, case_no) if sort is CaseSort.SEVERITY else (moment, case_no)


def _parts(said: str, sort: CaseSort) -> tuple[Any, Any, Any]:
    """Return grade (0 where it does not count), microseconds and number. Every order but the first says its name."""
    if sort is CaseSort.NEWEST:
        at, case_no = said.split(":", 1)
        return 0, at, case_no
    name, *key = json.loads(said)
    grade, at, case_no = key if sort is CaseSort.SEVERITY else (0, *key)
    return (None if name != sort.value else grade), at, case_no


def _linked(kind: str, *codes: str) -> ColumnElement[bool]:
    return cases.c.case_no.in_(
        select(case_links.c.case_no).where(case_links.c.kind == kind, case_links.c.code.in_(codes))
    )


def _within(scope: CaseScope) -> list[ColumnElement[bool]]:
    """Return what makes a case somebody's to see: the same as ``usecases.permits.sees``."""
    if scope.everything:
        return []
    found: list[ColumnElement[bool]] = [
        cases.c[_AREA_COLUMN[name]].in_(codes) for name in _AREAS if (codes := getattr(scope, name))
    ]
    if scope.zones:
        found.append(_linked("zone", *scope.zones))
    if scope.units:
        found.append(_linked("part", *scope.units))
    return [or_(*found) if found else nothing()]


def _times(where: CaseFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.received_from is not None:
        found.append(cases.c.received_at >= where.received_from)
    if where.received_to is not None:
        found.append(cases.c.received_at < where.received_to)
    if where.overdue_at is not None:
        found += owed_before(where.overdue_at)
    if where.due_before is not None:
        found += owed_before(where.due_before)
    return found


class _Holds(FunctionElement[bool]):
    """A text holds another, whatever the case of its letters. SQLite's LIKE looks at no case by itself, and fast."""

    inherit_cache = True
    type = Boolean()


@compiles(_Holds)
def _ilike(element: _Holds, compiler: SQLCompiler, **kw: Any) -> str:
    word = "LIKE" if compiler.dialect.name == "sqlite" else "ILIKE"
    text, pattern = (compiler.process(one, **kw) for one in element.clauses)
    return f"{text} {word} {pattern} ESCAPE '/'"


def _pattern(text: str) -> str:
    for char in "/%_":
        text = text.replace(char, f"/{char}")
    return f"%{text}%"


def _said(text: str, within: tuple[bool, ...]) -> ColumnElement[bool]:
    """Return what a typed text may mean: a number or part of one, or words of the address."""
    number = text.upper()
    if is_number(number):
        reported = select(reports.c.belongs_to).where(reports.c.report_no == number)
        return or_(cases.c.case_no == number, cases.c.case_no.in_(reported))
    other = cases.alias("placed")
    words = select(other.c.case_no).where(
        other.c.open.in_(within),
        other.c.address.is_not(None),  # as the index of addresses says
        _Holds(other.c.address, literal(_pattern(text))),
    )
    found: list[ColumnElement[bool]] = [cases.c.case_no.in_(words)]
    if set(number) <= _NUMBER:
        found.append(cases.c.case_no.contains(number, autoescape=True))
    return or_(*found)


def owed_before(at: datetime) -> list[ColumnElement[bool]]:
    """A unit still works on it and its handling limit ends before. Overdue ends when it submits."""
    return [
        cases.c.open.is_(True),
        cases.c.status.not_in([status.value for status in SETTLED]),
        # Not the bare column: its own index would be taken, and then every row be read.
        _due < at,
        cases.c.submitted_at.is_(None),
    ]
