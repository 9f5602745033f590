"""The Open311 application: mounted twice, because its errors are not those of the rest of the API."""

from collections.abc import Sequence

from fastapi import FastAPI

from api.open311 import errors
from api.open311.endpoints import PRODUCTION, TEST, router

DESCRIPTION = """Open311 GeoReport v2 with paging, filters by change and place, and `servicerequestupdates`.

Errors are arrays of `code` and `description`. See docs/howto/open311.md.
"""


class Open311(FastAPI):
    """One mounted application; ``exercise`` says whether it is the one for drills."""

    exercise = False


def mount_open311(app: FastAPI, *, unavailable: Sequence[type[Exception]]) -> None:
    """Mount the endpoint for real requests and the one for drills; both share the application's services."""
    for path, exercise in ((PRODUCTION, False), (TEST, True)):
        mounted = Open311(
            title="cityops Open311", version="2", description=DESCRIPTION, docs_url=None, redoc_url=None
        )
        mounted.exercise = exercise
        mounted.state = app.state
        errors.install(mounted, unavailable)
        mounted.include_router(router)
        app.mount(path, mounted)
