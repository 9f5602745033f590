"""The supervisor's board: figures against targets and the week before, rankings, trend, who is late, who climbs.

Everything a page shows at once is worked out together, off the request's path (``usecases.fresh``),
so its parts fit each other and carry one moment. What anybody sees is what their posts reach.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.account import Permission, Principal
from domain.board import Bucket, Climb, Dimension, Hotspot, Late, Newest, Period, Span, Tally
from domain.figures import BY_ID, FIGURES, Counts, Value, change_of, value_of
from domain.scope import CaseScope
from domain.views import CaseFilter
from store.figures import FigureFilter
from usecases.city import City
from usecases.fresh import StillWorking
from usecases.permits import scope_of
from usecases.problems import BadRequest, ProblemCode

WEEK = timedelta(days=7)
FRESH_S = 1.0
USELESS_S = 90.0
WAIT_S = 0.06
"""How long a page waits for the very first answer before it says that it is counting."""
PAST_FRESH_S, PAST_USELESS_S = 300.0, 3600.0
STEPS: Mapping[Span, int] = {Span.DAY: 24, Span.WEEK: 28, Span.MONTH: 30}
"""Into how many steps a trend is cut: hours, six hours, days."""
MOST_LATE, MOST_NEW, MOST_CLIMBS, MOST_SPOTS = 30, 20, 20, 1500
CLIMBS_OF = timedelta(days=7)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a board is asked for: all of it are GET parameters of the page. ``exercise``: drills alone."""

    span: Span = Span.WEEK
    district: str | None = None
    street: str | None = None
    severities: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    exercise: bool = False


EVERYTHING_OF_A_WEEK = Asked()


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A figure as a board shows it: its value, and its change against the same moment a week before."""

    value: Value
    before: Value | None
    change: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """A row of a ranking: an area, a unit, a category, a level; "" where cases have none."""

    code: str
    values: Mapping[str, Value]


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """All of a board, of one moment of the city's time. ``ghost`` is the trend a week earlier, where known."""

    as_of: datetime
    asked: Asked
    shown: Mapping[str, Shown]
    tally: Tally
    trend: tuple[Bucket, ...]
    ghost: tuple[Bucket, ...]
    late: tuple[Late, ...]
    climbs: tuple[Climb, ...]
    newest: tuple[Newest, ...]
    spots: tuple[Hotspot, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Now:
    as_of: datetime
    tally: Tally
    trend: tuple[Bucket, ...]
    late: tuple[Late, ...]
    climbs: tuple[Climb, ...]
    newest: tuple[Newest, ...]
    spots: tuple[Hotspot, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Past:
    tally: Tally
    trend: tuple[Bucket, ...]


def figures(*, city: City, who: Principal, asked: Asked = EVERYTHING_OF_A_WEEK) -> Board:
    """Return the board of whoever watches. Raises BadRequest (not_permitted, unknown_area), StillWorking."""
    return of_scope(city=city, scope=scope_of(city=city, who=who, permission=Permission.WATCH), asked=asked)


def of_scope(*, city: City, scope: CaseScope, asked: Asked = EVERYTHING_OF_A_WEEK) -> Board:
    """Return the board of a scope: what a screen on a wall shows. Raises BadRequest (unknown_area), StillWorking."""
    _known(city, asked.district, asked.street)
    which = _which(scope, asked)
    now: _Now = city.fresh.ask(
        ("board", scope, asked),
        lambda: _of_now(city, which, asked),
        fresh_s=FRESH_S,
        useless_s=USELESS_S,
        wait_s=WAIT_S,
    )
    past = _past_or_none(city, which, scope, asked)
    return Board(
        as_of=now.as_of,
        asked=asked,
        shown=_shown(now.tally.total, None if past is None else past.tally.total),
        tally=now.tally,
        trend=now.trend,
        ghost=() if past is None else past.trend,
        late=now.late,
        climbs=now.climbs,
        newest=now.newest,
        spots=now.spots,
    )


def ranking(*, board: Board, by: Dimension) -> tuple[Ranked, ...]:
    """Return every figure by a dimension, in the order of the codes; a page sorts it."""
    return tuple(
        Ranked(code=code, values={one.id: value_of(figure=one, counts=counts) for one in FIGURES})
        for code, counts in sorted(board.tally.by.get(by, {}).items())
    )


def sort_ranking(*, rows: tuple[Ranked, ...], figure: str, falling: bool) -> tuple[Ranked, ...]:
    """Sort a ranking by a figure: what has no number (too few cases) comes last either way."""
    known = [row for row in rows if row.values[figure].number is not None]
    rest = [row for row in rows if row.values[figure].number is None]
    known.sort(
        key=lambda row: (row.values[figure].number or 0.0, row.values[figure].below or 0), reverse=falling
    )
    return (*known, *rest)


def oldest_overdue(*, city: City, who: Principal, asked: Asked = EVERYTHING_OF_A_WEEK) -> tuple[Late, ...]:
    """Return who is late the longest. Raises as ``figures`` does."""
    return figures(city=city, who=who, asked=asked).late


def climbing(*, city: City, who: Principal, asked: Asked = EVERYTHING_OF_A_WEEK) -> tuple[Climb, ...]:
    """Return the latest escalations. Raises as ``figures`` does."""
    return figures(city=city, who=who, asked=asked).climbs


def hotspots(*, city: City, who: Principal, asked: Asked = EVERYTHING_OF_A_WEEK) -> tuple[Hotspot, ...]:
    """Return where cases in hand lie, to the precision of a street. Raises as ``figures`` does."""
    return figures(city=city, who=who, asked=asked).spots


def definition(figure: str) -> Value:
    """Return a figure without a value: its words. Raises BadRequest (invalid_parameter)."""
    found = BY_ID.get(figure)
    if found is None:
        raise BadRequest(ProblemCode.INVALID_PARAMETER, parameter="figure", value=figure[:40])
    return Value(figure=found, above=0)


def _shown(now: Counts, past: Counts | None) -> dict[str, Shown]:
    found: dict[str, Shown] = {}
    for figure in FIGURES:
        value = value_of(figure=figure, counts=now)
        before = None if past is None else value_of(figure=figure, counts=past)
        found[figure.id] = Shown(value=value, before=before, change=change_of(now=value, before=before))
    return found


def _which(scope: CaseScope, asked: Asked) -> FigureFilter:
    where = CaseFilter(
        district=asked.district,
        street=asked.street,
        severities=asked.severities,
        categories=asked.categories,
        scope=None if scope.everything else scope,
    )
    return FigureFilter(where=where, exercise=asked.exercise)


def _of_now(city: City, which: FigureFilter, asked: Asked) -> _Now:
    now, store = city.now(), city.store
    period = Period(start=now - asked.span.length, end=now)
    return _Now(
        as_of=now,
        tally=store.tally(which=which, period=period),
        trend=store.trend(which=which, period=period, steps=STEPS[asked.span]),
        late=store.oldest_overdue(which=which, now=now, limit=MOST_LATE),
        climbs=store.climbing(which=which, since=now - CLIMBS_OF, limit=MOST_CLIMBS),
        newest=store.newest(which=which, limit=MOST_NEW),
        spots=store.hotspots(which=which, now=now, limit=MOST_SPOTS),
    )


def _past_or_none(city: City, which: FigureFilter, scope: CaseScope, asked: Asked) -> _Past | None:
    """Return the same a week earlier, or None while nobody has counted it yet."""
    now = city.now()
    period = Period(start=now - asked.span.length, end=now).earlier(WEEK)

    def work() -> _Past:
        return _Past(
            tally=city.store.tally(which=which, period=period),
            trend=city.store.trend(which=which, period=period, steps=STEPS[asked.span]),
        )

    try:
        found: _Past = city.fresh.ask(
            ("board, a week earlier", scope, asked),
            work,
            fresh_s=PAST_FRESH_S,
            useless_s=PAST_USELESS_S,
            wait_s=WAIT_S / 2,
        )
    except StillWorking:
        return None
    return found


def _known(city: City, *codes: str | None) -> None:
    for code in codes:
        if code is not None and city.pack.areas.get(code) is None:
            raise BadRequest(ProblemCode.UNKNOWN_AREA, area=code[:40])
