"""``/board``: the page, its live part, and what a supervisor does to a case from there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from domain.account import Permission, Principal
from domain.board import Dimension, Span
from domain.figures import BY_ID, FIGURES
from domain.org import Area
from domain.place import Level
from usecases.board import Asked, Board, figures, ranking, sort_ranking
from usecases.board_map import map_of as board_map
from usecases.board_map import picture_of
from usecases.city import City
from usecases.fresh import StillWorking
from usecases.permits import scope_of
from usecases.problems import BadRequest, ProblemCode
from web.board.figures_shown import DIMENSIONS, FiguresShown, chart_of, map_of
from web.guard import needs
from web.render import page
from web.shown import Shown
from web.state import service
from web.words import language_of

router = APIRouter()
Watcher = Annotated[Principal, Depends(needs(Permission.WATCH))]
MOST_RANKED = 60
URGENT = (1, 2)
MAPPED = ("overdue", "in_hand", "urgent", "breaching", "on_time", "closure", "solved", "satisfied")


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """What the page is asked for beside its filter: the ranking's dimension, its order, the map's figure."""

    asked: Asked
    by: Dimension
    sort: str
    falling: bool
    shows: str

    def query(self, **changed: object) -> str:
        """Return the page's parameters with some changed: the page as an address to share."""
        values: dict[str, object] = {
            "span": self.asked.span.value,
            "district": self.asked.district,
            "severity": "urgent"
            if self.asked.severities == URGENT
            else "".join(map(str, self.asked.severities)),
            "exercise": "1" if self.asked.exercise else None,
            "by": self.by.value,
            "sort": self.sort,
            "falling": "1" if self.falling else "0",
            "shows": self.shows,
            **changed,
        }
        return "&".join(f"{name}={value}" for name, value in values.items() if value not in (None, ""))


def view_of(
    *,
    span: Span = Span.WEEK,
    district: Annotated[str, Query(max_length=40, pattern="^[0-9A-Za-z._-]*$")] = "",
    severity: Annotated[str, Query(pattern="^(urgent|[1-4])?$")] = "",
    exercise: bool = False,
    by: Dimension | None = None,
    sort: str = "overdue",
    falling: bool = True,
    shows: str = "overdue",
) -> View:
    """Read the page's parameters. Raises BadRequest (invalid_parameter)."""
    if sort not in BY_ID or shows not in MAPPED:
        raise BadRequest(ProblemCode.INVALID_PARAMETER)
    severities = URGENT if severity == "urgent" else tuple(int(one) for one in severity)
    asked = Asked(span=span, district=district or None, severities=severities, exercise=exercise)
    usual = Dimension.STREET if district else Dimension.DISTRICT
    return View(asked=asked, by=by or usual, sort=sort, falling=falling, shows=shows)


Viewed = Annotated[View, Depends(view_of)]


@router.get("/board")
def board(request: Request, who: Watcher, view: Viewed) -> Response:
    """Show the board; what is not counted yet is asked for by the page itself."""
    city = service(request).city
    context = _context(request, who, view)
    return page(
        request,
        "board/board.html",
        districts=districts_of(city, who),
        picture=picture_of(city=city, district=view.asked.district),
        mapped=tuple(BY_ID[one] for one in MAPPED),
        spans=tuple(Span),
        **context,
    )


@router.get("/board/live")
def live(request: Request, who: Watcher, view: Viewed, *, first: bool = False) -> Response:
    """Show the part of the board that changes; the map's outlines only the ``first`` time."""
    city = service(request).city
    picture = picture_of(city=city, district=view.asked.district) if first else None
    return page(request, "board/live.html", picture=picture, **_context(request, who, view))


def districts_of(city: City, who: Principal) -> tuple[Area, ...]:
    """Return the districts somebody may choose among: those in their reach."""
    scope = scope_of(city=city, who=who, permission=Permission.WATCH)
    every = city.pack.areas.at(Level.DISTRICT)
    if scope.everything:
        return every
    return tuple(area for area in every if area.code in scope.districts)


def _context(request: Request, who: Principal, view: View) -> Mapping[str, Any]:
    served = service(request)
    words = Shown(city=served.city, language=language_of(request, preferred=who.language))
    shared = {"view": view, "f": FiguresShown(t=words), "dimensions": tuple(DIMENSIONS), "figures": FIGURES}
    try:
        found = figures(city=served.city, who=who, asked=view.asked)
    except StillWorking:
        return {**shared, "board": None}
    return {**shared, **_counted(found, view, words)}


def _counted(found: Board, view: View, words: Shown) -> dict[str, Any]:
    rows = ranking(board=found, by=view.by)
    words_of = FiguresShown(t=words)
    drawn = board_map(city=words.city, board=found, figure=view.shows)
    return {
        "board": found,
        "rows": sort_ranking(rows=rows, figure=view.sort, falling=view.falling)[:MOST_RANKED],
        "chart": chart_of(found, words),
        "drawn": drawn,
        "map_data": map_of(drawn, found, words_of),
    }
