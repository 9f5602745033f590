"""``/wall``: the page of a screen, its live part and its stream; making and ending screens."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from domain.account import Permission, Principal
from domain.figures import BY_ID
from usecases.board import Board, of_scope, ranking, sort_ranking
from usecases.board_map import map_of as board_map
from usecases.board_map import picture_of
from usecases.fresh import StillWorking
from usecases.live import UnableToFollow
from usecases.problems import BadRequest, ProblemCode
from usecases.screens import end_screen, make_screen, screen_of, screens_of
from web.board.figures_shown import FiguresShown, chart_of, map_of
from web.guard import needs, public
from web.render import page
from web.shown import Shown
from web.state import service
from web.wall.guard import COOKIE, ScreenOrWatcher, Viewer
from web.wall.scenes import WHOLE, Scene, scene_of
from web.words import language_of

router = APIRouter()
Watching = Annotated[Viewer, Depends(ScreenOrWatcher())]
Supervisor = Annotated[Principal, Depends(needs(Permission.WATCH, Permission.INSTRUCT))]
SceneName = Annotated[str, Query(alias="scene", max_length=40, pattern="^[a-z0-9_-]+$")]
SEVEN = ("on_time", "closure", "in_hand", "overdue", "breaching", "urgent", "satisfied")
MOST_LATE, MOST_NEW, MOST_RANKED = 6, 5, 11
LONGEST_S = 600.0
LOOK_EVERY_S = 10.0
TOGETHER_S = 0.5
A_YEAR_S = 31_536_000
log = structlog.get_logger()


@router.get("/wall")
def wall(
    request: Request,
    viewer: Watching,
    *,
    scene: SceneName = WHOLE.id,
    scenes: Annotated[str, Query(max_length=200, pattern="^[a-z0-9_,-]*$")] = "",
    every: Annotated[int, Query(ge=0, le=3600)] = 0,
) -> Response:
    """Show the wall; ``every`` so many seconds the next of ``scenes`` (all of ours where none are named)."""
    context = _context(request, viewer, scene, first=True)
    turn = [name for name in scenes.split(",") if name] or ["overview", "urgent", "districts"]
    for name in turn:
        scene_of(city=service(request).city, name=name, language="zh")
    return page(request, "wall/wall.html", viewer=viewer, scenes=turn, every=every, **context)


@router.get("/wall/live")
def live(request: Request, viewer: Watching, *, scene: SceneName = WHOLE.id, first: bool = False) -> Response:
    """Show the part of the wall that changes."""
    return page(request, "wall/live.html", **_context(request, viewer, scene, first=first))


@router.get("/wall/stream", response_class=EventSourceResponse)
async def stream(request: Request, _viewer: Watching) -> AsyncIterator[ServerSentEvent]:
    """Say that something changed, never what: the wall asks for its live part again."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    try:
        async with service(request).live.subscribe(after=None) as heard:
            yield ServerSentEvent(event="hello", data={}, retry=2000)
            while loop.time() < begun + LONGEST_S:
                if await heard.take(wait_s=LOOK_EVERY_S):
                    await asyncio.sleep(TOGETHER_S)
                    await heard.take(wait_s=0)
                    yield ServerSentEvent(event="changed", data={})
                else:
                    yield ServerSentEvent(event="alive", data={})
    except UnableToFollow:
        pass  # the browser comes back by itself, and asks for everything
    except Exception as error:  # noqa: BLE001 - the answer has begun: all we can do is end it
        log.warning("wall's stream ended", error=type(error).__name__)


@router.get("/wall/join/{token}")
def join(request: Request, token: str, _who: Annotated[Principal | None, Depends(public)]) -> Response:
    """Make this browser a screen: the address a supervisor opened on it once. Raises BadRequest."""
    served = service(request)
    now = datetime.now(UTC)
    found = screen_of(city=served.city, token=token, at=now)
    if found is None:
        raise BadRequest(ProblemCode.SCREEN_NOT_FOUND)
    answer = RedirectResponse("/wall?every=60", status_code=303)
    lasts = min(A_YEAR_S, int((found.expires_at - now).total_seconds()))
    answer.set_cookie(
        COOKIE, token, max_age=lasts, path="/wall", secure=served.secure, httponly=True, samesite="lax"
    )
    return answer


@router.get("/wall/screens")
def screens(request: Request, who: Supervisor) -> Response:
    """List the screens somebody may end, with a form for a new one."""
    return _screens(request, who)


@router.post("/wall/screens")
def make(
    request: Request,
    who: Supervisor,
    name: Annotated[str, Form(max_length=60)],
    days: Annotated[int, Form(ge=1, le=366)] = 90,
) -> Response:
    """Make one; its address is shown now and never again."""
    served = service(request)
    made = make_screen(city=served.city, who=who, name=name, days=days, at=datetime.now(UTC))
    return _screens(request, who, made=f"{served.public_url.rstrip('/')}/wall/join/{made.token}")


@router.post("/wall/screens/{screen_id}/end")
def end(request: Request, who: Supervisor, screen_id: str) -> Response:
    """End one."""
    end_screen(city=service(request).city, who=who, screen_id=screen_id, at=datetime.now(UTC))
    return RedirectResponse("/wall/screens", status_code=303)


def _screens(request: Request, who: Principal, made: str = "") -> Response:
    found = screens_of(city=service(request).city, who=who)
    return page(request, "wall/screens.html", screens=found, made=made, at=datetime.now(UTC))


def _context(request: Request, viewer: Viewer, name: str, *, first: bool) -> dict[str, Any]:
    city = service(request).city
    language = language_of(request)
    scene = scene_of(city=city, name=name, language=language)
    words = Shown(city=city, language=language)
    shared: dict[str, Any] = {
        "scene": scene, "f": FiguresShown(t=words), "speed": city.clock.speed,
        "picture": picture_of(city=city, district=None) if first else None,
    }  # fmt: skip
    try:
        found = of_scope(city=city, scope=viewer.scope, asked=scene.asked)
    except StillWorking:
        return {**shared, "board": None}
    return {**shared, **_counted(found, scene, words)}


def _counted(found: Board, scene: Scene, words: Shown) -> dict[str, Any]:
    rows = ranking(board=found, by=scene.by)
    drawn = board_map(city=words.city, board=found, figure=scene.shows)
    return {
        "board": found,
        "figures": tuple(BY_ID[one] for one in SEVEN),
        "ranked": tuple(BY_ID[one] for one in dict.fromkeys((scene.sort, "in_hand", "on_time"))),
        "rows": sort_ranking(rows=rows, figure=scene.sort, falling=True)[:MOST_RANKED],
        "late": found.late[:MOST_LATE],
        "newest": found.newest[:MOST_NEW],
        "chart": chart_of(found, words),
        "drawn": drawn,
        "map_data": map_of(drawn, found, FiguresShown(t=words)),
    }
