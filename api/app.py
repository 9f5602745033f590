"""The FastAPI application: routers, problems, limits. Services come in through its lifespan."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI

from api import cases, health, problems, reference, reports
from api.body_limit import BodyLimit

DESCRIPTION = """城市事件指挥调度引擎 / city-operations event dispatch engine.

Errors are RFC 9457 problems with a stable `code`; `detail` is in the language of
`Accept-Language` (zh by default), `detail_en` always in English.
"""


def create_app(*, life: Callable[[FastAPI], AbstractAsyncContextManager[None]]) -> FastAPI:
    """Return the application; ``life`` puts an ``api.state.Service`` into ``app.state.service``."""
    app = FastAPI(title="cityops", version="0.1.0", description=DESCRIPTION, lifespan=life)
    app.add_middleware(BodyLimit)
    problems.install(app)
    for router in (reports.router, cases.router, reference.router, health.router):
        app.include_router(router)
    return app
