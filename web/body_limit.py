"""Stops bodies that are too large while they come: forms are read before anybody is asked who they are."""

import re

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from usecases.media import MOST_BYTES as MOST_PHOTO

MOST_BYTES = 2 * 1024 * 1024
MOST_WITH_PHOTOS = 12 * MOST_PHOTO + MOST_BYTES
"""A form with all the photos it may have, sent without a script."""
WITH_PHOTOS = re.compile(r"/tasks/[^/]+/act/[^/]+|/cases/[^/]+/act")
"""Paths of such forms; they are read only once somebody is signed in."""
MOST_DISCARDED = 16 * 1024 * 1024
"""How much more is read and thrown away, so that a browser that still sends hears the answer."""
TOO_LARGE = 413


class BodyLimit:
    """ASGI middleware: reading more of a body than its path may have raises HTTPException (413)."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, counting what comes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = MOST_WITH_PHOTOS if WITH_PHOTOS.fullmatch(scope["path"]) else MOST_BYTES
        declared = dict(scope["headers"]).get(b"content-length", b"")
        over = declared.isdigit() and int(declared) > most
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if message["type"] == "http.request" and (over or read > most):
                await _discard(receive, message)
                raise HTTPException(TOO_LARGE, detail=str(most))
            return message

        await self._app(scope, counted, send)


async def _discard(receive: Receive, message: Message) -> None:
    size = 0
    while message.get("more_body", False) and size < MOST_DISCARDED:
        message = await receive()
        size += len(message.get("body", b""))
