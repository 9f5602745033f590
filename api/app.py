"""The FastAPI application: routers, problems, limits. Services come in through its lifespan."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import (
    alarms,
    alerts,
    attachments,
    cases,
    dead_letters,
    devices,
    docks,
    health,
    instructions,
    problems,
    reference,
    reports,
    supplements,
    tickets,
)
from api.answers import Problem
from api.body_limit import BodyLimit
from api.clients import SCHEMES
from api.open311.app import mount_open311

DESCRIPTION = """城市事件指挥调度引擎 / city-operations event dispatch engine.

Errors are RFC 9457 problems with a stable `code`; `detail` is in the language of
`Accept-Language` (zh by default), `detail_en` always in English. `docs/problems.md` lists them.

People show the session of the consoles (and for every change its token in `X-CSRF-Token`), other
systems a source's key; `docs/permissions.md` says who may what. In demo mode the header
`X-Cityops-Actor: id=…; role=…; unit=…` says who acts, and reading needs no name.
"""


ROUTERS = (
    reports.router,
    cases.router,
    instructions.router,
    reference.router,
    health.router,
    docks.router,
    alerts.router,
    alarms.router,
    dead_letters.router,
    devices.router,
    attachments.router,
    supplements.router,
    tickets.router,
)


class Api(FastAPI):
    """The application, whose own description names its problems instead of the framework's."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            document = get_openapi(
                title=self.title, version=self.version, description=self.description, routes=self.routes
            )
            _describe_problems(document)
            document["components"]["securitySchemes"] = SCHEMES
            self.openapi_schema = document
        return self.openapi_schema


def create_app(
    *,
    life: Callable[[FastAPI], AbstractAsyncContextManager[None]],
    unavailable: Sequence[type[Exception]] = (),
) -> FastAPI:
    """Return the application; ``life`` puts an ``api.state.Service`` into ``app.state.service``.

    ``unavailable`` are the store's words for "no answer": they become 503 with Retry-After.
    """
    app = Api(title="cityops", version="0.1.0", description=DESCRIPTION, lifespan=life)
    app.add_middleware(BodyLimit)
    problems.install(app)
    for error in unavailable:
        app.add_exception_handler(error, problems.on_unavailable)
    for router in ROUTERS:
        app.include_router(router)
    mount_open311(app, unavailable=unavailable)
    return app


def _describe_problems(document: dict[str, Any]) -> None:
    """Put the problem's schema in, and take out the framework's own 422 that nobody ever gets."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for path in document["paths"].values():
        for operation in path.values():
            if "HTTPValidationError" in str(operation["responses"].get("422", "")):
                del operation["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
