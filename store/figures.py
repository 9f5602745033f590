"""What the board counts, each in one statement over all cases a scope lets see.

The statements walk one index that holds every column they need (``ix_cases_figured``), so
that no case's documents are read. They run off the request's path (``usecases.fresh``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CTE,
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Double,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)

from domain.board import Bucket, Dimension, Period, Tally
from domain.case import SETTLED, Status
from domain.figures import NOTHING, Counter, Counts
from domain.views import CaseFilter
from store.codec import microseconds
from store.database import Database
from store.filters import conditions
from store.tables import cases, history

NO_FILTER = CaseFilter()
SOON = timedelta(hours=2)
"""About to breach: the handling deadline falls within this."""
SATISFIED_FROM = 3
"""The grades of a review from here on are no bad review (``domain.rows_result.BAD_GRADE``)."""

_SETTLED = tuple(status.value for status in SETTLED)
_LEFT = tuple(
    status.value
    for status in (
        Status.ANSWERED, Status.REFUSED, Status.TRANSFERRED_OUT, Status.MERGED, Status.CANCELLED
    )
)  # fmt: skip
"""Settled without a closing: only history knows when."""
_NOT_DUE = (*_LEFT, Status.SUSPENDED.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class FigureFilter:
    """Which cases to count. ``exercise``: drills, and nothing but drills."""

    where: CaseFilter = NO_FILTER
    exercise: bool = False


class FigureReader(Database):
    """The part of the store that counts."""

    def tally(self, *, which: FigureFilter, period: Period) -> Tally:
        """Count everything of a period and of its end, by every dimension; three statements.

        Of a moment in the past it says what the rows still know: deadlines, severities and owners as they
        are today, and who was settled by then.
        """

        def work(connection: Connection) -> Tally:
            found: dict[Dimension, dict[str, Counts]] = {dimension: {} for dimension in Dimension}
            parts = (_of_cases(which, period), _of_missed(which, period), _of_visits(which, period))
            for cells, counters in parts:
                for row in connection.execute(_by_dimension(cells, counters)):
                    _add(found, tuple(row), counters)
            return Tally(period=period, by=found)

        return self._read(work)

    def trend(self, *, which: FigureFilter, period: Period, steps: int) -> tuple[Bucket, ...]:
        """Count what came in, was closed and went overdue in equal steps of a period; three statements."""
        moments = {
            "received": (cases.c.received_at, chosen(which)),
            "closed": (cases.c.closed_at, chosen(which)),
            "overdue": (history.c.at, [history.c.kind == "overdue", *chosen(which)]),
        }

        def work(connection: Connection) -> tuple[Bucket, ...]:
            counted = {
                name: _counted(connection, self._buckets(moment, where, period=period, steps=steps))
                for name, (moment, where) in moments.items()
            }
            length = (period.end - period.start) / steps
            return tuple(
                Bucket(
                    start=period.start + length * n,
                    **{name: _with_end(found, n, steps) for name, found in counted.items()},
                )
                for n in range(steps)
            )

        return self._read(work)

    def _buckets(
        self, moment: "ColumnElement[datetime]", where: Sequence[Any], *, period: Period, steps: int
    ) -> "Select[int, int]":
        length = microseconds(period.end) - microseconds(period.start)
        width = max(length // steps, 1)
        if self._sqlite:
            index = (type_coerce(moment, BigInteger) - microseconds(period.start)) // width
        else:
            passed = func.extract("epoch", moment - literal(period.start))
            index = cast(func.floor(cast(passed, Double) / (width / 1_000_000)), Integer)
        source = select(index.label("n"), func.count())
        if moment is history.c.at:
            source = source.join_from(history, cases, history.c.case_no == cases.c.case_no)
        within = and_(moment > period.start, moment <= period.end)
        return source.where(within, *where).group_by(index)


def _counted(connection: Connection, statement: "Select[int, int]") -> dict[int, int]:
    return {int(row[0]): row[1] for row in connection.execute(statement)}


def _with_end(found: Mapping[int, int], n: int, steps: int) -> int:
    """Return the count of a step; the last one holds the end of the period as well."""
    return found.get(n, 0) + (found.get(steps, 0) if n == steps - 1 else 0)


def chosen(which: FigureFilter) -> "list[ColumnElement[bool]]":
    """Return the conditions of what is counted."""
    return [cases.c.exercise.is_(which.exercise), *conditions(which.where)]


def in_hand(at: datetime) -> "ColumnElement[bool]":
    """Tell whether a case was taken in and not settled at a moment.

    Who is settled now was in hand until its closing, or until the fact that ended it without one.
    """
    left_later = select(history.c.case_no).where(history.c.kind.in_(_LEFT), history.c.at > at)
    return and_(
        cases.c.received_at <= at,
        or_(
            cases.c.status.not_in(_SETTLED),
            cases.c.closed_at > at,
            and_(cases.c.closed_at.is_(None), cases.c.case_no.in_(left_later)),
        ),
    )


def waiting_for_result(at: datetime) -> "ColumnElement[bool]":
    """Tell whether the unit's clock ran at a moment: in hand, no result submitted, not suspended."""
    return and_(
        in_hand(at),
        or_(cases.c.submitted_at.is_(None), cases.c.submitted_at > at),
        cases.c.status != Status.SUSPENDED.value,
    )


def _one(condition: "ColumnElement[bool]") -> "ColumnElement[int]":
    return case((condition, 1), else_=0)


def _within(moment: Any, period: Period) -> "ColumnElement[bool]":
    return and_(moment > period.start, moment <= period.end)


def _exempt(about: str) -> "ColumnElement[bool]":
    return cast(cases.c.exempt, Text).like(f'%"{about}"%')


def _dimensions() -> "list[ColumnElement[str]]":
    return [func.coalesce(cast(cases.c[one.value], Text), "").label(one.name.lower()) for one in Dimension]


def _of_cases(which: FigureFilter, period: Period) -> tuple[CTE, tuple[Counter, ...]]:
    """Count what a case's own row says."""
    end, c = period.end, cases.c
    clock, hand = waiting_for_result(end), in_hand(end)
    early = and_(c.closed_at.is_not(None), or_(c.total_due.is_(None), c.closed_at < c.total_due))
    moment = case((early, c.closed_at), else_=c.total_due)
    due = and_(c.filed_at.is_not(None), c.status.not_in(_NOT_DUE), _within(moment, period))
    closed = and_(due, c.closed_at <= end)
    in_time = or_(c.total_due.is_(None), c.closed_at <= c.total_due, _exempt("overdue"))
    given = _within(c.dispatched_at, period)
    signed, contacted = and_(given, c.signed_in_at <= end), and_(given, c.contacted_at <= end)
    counted = {
        Counter.IN_HAND: hand,
        Counter.OVERDUE: and_(clock, c.handling_due < end),
        Counter.BREACHING: and_(clock, c.handling_due >= end, c.handling_due < end + SOON),
        Counter.URGENT: and_(hand, c.severity <= 2),
        Counter.SUSPENDED: and_(hand, c.status == Status.SUSPENDED.value),
        Counter.RECEIVED: _within(c.received_at, period),
        Counter.DUE: due,
        Counter.CLOSED: closed,
        Counter.CLOSED_ON_TIME: and_(closed, in_time),
        Counter.SIGN_INS: signed,
        Counter.SIGNED_ON_TIME: signed,
        Counter.CONTACTS: contacted,
        Counter.CONTACTED_ON_TIME: contacted,
    }
    return _cells(which, counted), tuple(counted)


def _cells(which: FigureFilter, counted: "Mapping[Counter, ColumnElement[bool]]") -> CTE:
    """Sum up cases that are alike in every dimension."""
    names = _dimensions()
    sums = [func.sum(_one(condition)).label(counter.value) for counter, condition in counted.items()]
    by = [cases.c[one.value] for one in Dimension]
    return select(*names, *sums).where(*chosen(which)).group_by(*by).cte("cells")


def _of_missed(which: FigureFilter, period: Period) -> tuple[CTE, tuple[Counter, ...]]:
    """Correct what the rows say of sign-ins and first contacts by the deadlines that history saw pass.

    Who signed in after the duty phone was called (the limit's end) signed in, but late; who has
    not signed in since was to.
    """
    c, end = cases.c, period.end
    missed = (
        select(history.c.case_no, history.c.kind)
        .join_from(history, cases, history.c.case_no == c.case_no)
        .where(
            history.c.kind.in_(("duty_called", "contact_late")),
            _within(history.c.at, period),
            history.c.at >= c.dispatched_at,
            _within(c.dispatched_at, period),
            *chosen(which),
        )
        .distinct()
        .cte("missed")
    )
    called = missed.c.kind == "duty_called"
    done = case((called, c.signed_in_at <= end), else_=c.contacted_at <= end)
    late = func.coalesce(done, literal(False))
    sums = {
        Counter.SIGN_INS: case((and_(called, ~late), 1), else_=0),
        Counter.SIGNED_ON_TIME: case((and_(called, late), -1), else_=0),
        Counter.CONTACTS: case((and_(~called, ~late), 1), else_=0),
        Counter.CONTACTED_ON_TIME: case((and_(~called, late), -1), else_=0),
    }
    statement = select(*_dimensions(), *(value.label(counter.value) for counter, value in sums.items()))
    return statement.join_from(missed, cases, missed.c.case_no == c.case_no).cte("cells"), tuple(sums)


def _of_visits(which: FigureFilter, period: Period) -> tuple[CTE, tuple[Counter, ...]]:
    """Count the last answer of every reporter who was reached."""
    data = type_coerce(history.c.data, JSON)
    solved, grade = data["solved"].as_boolean(), data["grade"].as_integer()
    newest = func.row_number().over(
        partition_by=(history.c.case_no, data["report"].as_string()),
        order_by=(history.c.epoch.desc(), history.c.seq.desc()),
    )
    answers = (
        select(history.c.case_no, solved.label("solved"), grade.label("grade"), newest.label("n"))
        .where(history.c.kind == "visited", _within(history.c.at, period))
        .where(or_(solved.is_not(None), grade.is_not(None)))
        .cte("answers")
    )
    graded = and_(answers.c.grade.is_not(None), ~_exempt("grade"))
    counted = {
        Counter.ASKED: answers.c.solved.is_not(None),
        Counter.SOLVED: answers.c.solved.is_(True),
        Counter.GRADED: graded,
        Counter.SATISFIED: and_(graded, answers.c.grade >= SATISFIED_FROM),
    }
    statement = (
        select(
            *_dimensions(), *(_one(condition).label(counter.value) for counter, condition in counted.items())
        )
        .join_from(answers, cases, answers.c.case_no == cases.c.case_no)
        .where(answers.c.n == 1, *chosen(which))
    )
    return statement.cte("cells"), tuple(counted)


def _by_dimension(cells: CTE, counters: Sequence[Counter]) -> Any:
    """Return the statement that sums cells up by each dimension: one pass over the cases, few rows to carry."""
    parts = []
    for dimension in Dimension:
        code = cells.c[dimension.name.lower()]
        sums = [func.sum(cells.c[counter.value]).label(counter.value) for counter in counters]
        parts.append(
            select(literal(dimension.value).label("dimension"), code.label("code"), *sums).group_by(code)
        )
    return union_all(*parts)


def _add(found: dict[Dimension, dict[str, Counts]], row: Sequence[Any], counters: Sequence[Counter]) -> None:
    dimension, code, *sums = row
    values = {counter: int(value) for counter, value in zip(counters, sums, strict=True) if value}
    if values:
        group = found[Dimension(dimension)]
        group[code] = group.get(code, NOTHING) + Counts(of=values)
