"""Refuses bodies that are too large before they are read into memory."""

import re
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.open311.errors import answer
from api.problems import of_finding
from usecases.problems import Finding, ProblemCode

MOST_BYTES = 256 * 1024
LARGER: tuple[tuple[str, int], ...] = (
    (r"/api/v1/(reports|cases)/[^/]+/attachments", 21 * 1024 * 1024),
    (r"/api/v1/tickets", 4 * 1024 * 1024),
    (r"/open311/(test/)?v2/requests\.[a-z]+", 21 * 1024 * 1024),
    (r"/api/v1/alerts/[^/]+", 1024 * 1024),
)
"""Paths (whole, as regular expressions) whose bodies may be larger, and how large."""
MOST_DISCARDED = 16 * 1024 * 1024
"""How much of a refused body is read and thrown away. A connection that is closed while its
client still sends loses the answer on its way; whoever sends more than this finds it closed."""


class BodyLimit:
    """ASGI middleware: answers 413 for a declared or counted body over the path's limit, else ``most`` bytes."""

    def __init__(
        self, app: ASGIApp, *, most: int = MOST_BYTES, larger: Sequence[tuple[str, int]] = LARGER
    ) -> None:
        """Wrap an application."""
        self._app = app
        self._most = most
        self._larger = [(re.compile(pattern), size) for pattern, size in larger]

    def _most_for(self, path: str) -> int:
        return next((size for pattern, size in self._larger if pattern.fullmatch(path)), self._most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._most_for(scope["path"])
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"")
        if declared.isdigit():
            if int(declared) > most:
                await _discard(receive)
                await _refuse(scope, receive, send, most)
                return
        elif b"transfer-encoding" in headers:
            counted, more = await _counted(receive, most)
            if counted is None:
                # A slow reader may have been given the whole body at once: then there is no more to wait for.
                if more:
                    await _discard(receive)
                await _refuse(scope, receive, send, most)
                return
            receive = counted
        await self._app(scope, receive, send)


async def _counted(receive: Receive, most: int) -> tuple[Receive | None, bool]:
    """Read a body of undeclared length up to the limit; None when it is larger, and whether more comes."""
    read: list[Message] = []
    size, more = 0, True
    while more:
        message = await receive()
        read.append(message)
        size += len(message.get("body", b""))
        # A client that leaves half-way sends no more, and the application must see that it left.
        more = message.get("more_body", False)
        if size > most:
            return None, more
    read.reverse()

    async def replay() -> Message:
        return read.pop() if read else await receive()

    return replay, False


async def _refuse(scope: Scope, receive: Receive, send: Send, most: int) -> None:
    finding = Finding(code=ProblemCode.BODY_TOO_LARGE, params={"most": str(most)})
    request = Request(scope)
    open311 = scope["path"].startswith("/open311/")
    response: Response = answer(request, [finding]) if open311 else of_finding(request, finding)
    response.headers["connection"] = "close"
    await response(scope, receive, send)


async def _discard(receive: Receive) -> None:
    size, more = 0, True
    while more and size < MOST_DISCARDED:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
