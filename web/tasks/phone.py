"""What makes the pages of the street an installed page that works without a line."""

import json
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from domain.account import Permission, Principal
from web.assets import OURS, assets
from web.guard import anyone, needs, public, visitor
from web.render import page
from web.state import service
from web.tasks.icons import SIZES, drawn
from web.tasks.sheets import KEEP, kept_for, shared
from web.tokens import masked
from web.words import language_of, text

router = APIRouter(prefix="/tasks")
Nobody = Annotated[Principal | None, Depends(public)]
NAME = {"zh": "任务", "en": "Tasks"}
SHELL = (
    "base.css", "tasks.css", "icon.svg", "vendor/htmx.js", "shell.js", "keys.js", "tasks/tasks.js",
    "tasks/outbox.js", "tasks/photo.js", "tasks/db.js", "tasks/leave.js", "tasks/place.js",
)  # fmt: skip
"""Files of a build that a page of the street needs; kept on the telephone when the worker is installed."""
ALSO = ("live.js", "combobox.js", "combobox.css", "acting.css", "acting.js")
"""Files a page of ours may name as well, kept where there are such."""
AN_HOUR = {"Cache-Control": "public, max-age=3600"}


@router.get("/sw.js")
def worker(_who: Nobody) -> Response:
    """Return the service worker of this build. It may serve ``/tasks`` and ``/verify``, nothing else is asked of it."""
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": "/"}
    return Response(_worker(), media_type="text/javascript", headers=headers)


@router.get("/app.webmanifest")
def manifest(request: Request, _who: Nobody) -> Response:
    """Return what a telephone needs to put the page among its apps."""
    language = language_of(request)
    city = service(request).city.pack.city
    town = city.name_zh if language == "zh" else city.name_en
    icons = [
        {"src": f"/tasks/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in SIZES
        for purpose in ("any", "maskable")
    ]
    return JSONResponse(
        {
            "id": "/tasks",
            "name": f"{town} {text(language, 'City Operations')} · {NAME[language]}",
            "short_name": NAME[language],
            "lang": "zh-CN" if language == "zh" else "en",
            "start_url": "/tasks",
            "scope": "/",
            "display": "standalone",
            "background_color": "#f3f6f9",
            "theme_color": "#0d2f55",
            "icons": [
                *icons,
                {"src": assets().url("icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
            ],
            "shortcuts": [{"name": "核查" if language == "zh" else "Checks", "url": "/verify"}],
        },
        media_type="application/manifest+json",
        headers=AN_HOUR,
    )


@router.get("/icon-{size}.png")
def icon(size: int, _who: Nobody) -> Response:
    """Return the icon, drawn by our own code."""
    if size not in SIZES:
        raise HTTPException(404)
    return Response(drawn(size), media_type="image/png", headers=AN_HOUR)


@router.get("/session")
async def session(request: Request, who: Annotated[Principal, Depends(anyone)]) -> Response:
    """Return a fresh token for what waited on the telephone, and for whom it holds."""
    found = await visitor(request)
    token = "" if found is None else masked(found.csrf)
    return JSONResponse({"csrf": token, "keep": kept_for(who)[KEEP], "build": assets().build})


@router.get("/outbox")
def outbox(request: Request, who: Annotated[Principal, Depends(needs(Permission.ACT))]) -> Response:
    """Show what this telephone keeps: what is not sent, what was not taken, which pages it has."""
    return page(request, "tasks/outbox.html", headers=kept_for(who), **shared(request))


@cache
def _worker() -> str:
    found = assets()
    names = [*SHELL, *(name for name in ALSO if name in found.files)]
    head = {"build": found.build, "shell": [found.url(name) for name in names], "keep": KEEP}
    return f"const GIVEN = {json.dumps(head)};\n{(OURS / 'tasks' / 'sw.js').read_text(encoding='utf-8')}"
