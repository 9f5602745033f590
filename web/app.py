"""The consoles' application: areas, errors, headers. Services come in through ``boot``."""

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

from web import errors
from web.acting import routes as acting
from web.admin import alarms, deliveries, devices, letters, rules
from web.assets import serve
from web.board import acts as board_acts
from web.board import routes as board
from web.body_limit import BodyLimit
from web.cases import bulk as case_acts
from web.cases import routes as cases
from web.desk import ask
from web.desk import routes as desk
from web.home import routes as home
from web.instructions import routes as instructions
from web.live import routes as live
from web.maps import routes as maps
from web.queues import routes as queues
from web.security import SafeHeaders
from web.sign_in import accounts, audit, profile, provider
from web.sign_in import routes as sign_in
from web.tasks import acts as task_acts
from web.tasks import phone, pieces
from web.tasks import routes as tasks
from web.verify import routes as verify
from web.wall import routes as wall

ROUTERS: tuple[APIRouter, ...] = (
    home.router,
    sign_in.router,
    provider.router,
    profile.router,
    accounts.router,
    audit.router,
    live.router,
    maps.router,
    acting.router,
    case_acts.router,
    cases.router,
    desk.router,
    ask.router,
    board.router,
    board_acts.router,
    instructions.router,
    wall.router,
    rules.router,
    letters.router,
    deliveries.router,
    alarms.router,
    devices.router,
    queues.router,
    phone.router,
    pieces.router,
    task_acts.router,
    tasks.router,
    verify.router,
)
"""One for each area of the consoles."""


def create_web(*, unavailable: Sequence[type[Exception]] = ()) -> FastAPI:
    """Return the pages' application; ``boot`` puts a ``web.state.Service`` into ``app.state.service``.

    ``unavailable`` are the store's words for "no answer".
    """
    app = FastAPI(title="cityops consoles", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(GZipMiddleware, minimum_size=800, compresslevel=5)
    app.add_middleware(SafeHeaders)
    app.add_middleware(BodyLimit)
    errors.install(app)
    for error in unavailable:
        app.add_exception_handler(error, errors.on_unavailable)
    app.router.routes.append(Route("/static/{build}/{name:path}", serve, methods=["GET", "HEAD"]))
    for router in ROUTERS:
        app.include_router(router)
    return app


def routes() -> tuple[APIRoute, ...]:
    """Return every route of every area: what the tests of permissions and pages walk."""
    found = [route for router in ROUTERS for route in router.routes]
    # A router inside a router would hide its routes from whoever walks them: the tests of permissions first.
    assert all(isinstance(route, APIRoute) for route in found)  # noqa: S101 - our own mistake, seen at every start
    return tuple(route for route in found if isinstance(route, APIRoute))


def first_segments() -> frozenset[str]:
    """Return how the addresses of pages begin: ``boot`` gives the rest to the API."""
    return frozenset({"static"} | {route.path.split("/", 2)[1] for route in routes()})
