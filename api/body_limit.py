"""Refuses bodies that are too large before they are read into memory."""

import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import MEDIA_TYPE, TYPE
from usecases.problems import Finding, ProblemCode

MOST_BYTES = 256 * 1024


class BodyLimit:
    """ASGI middleware: answers 413 for a declared or counted body over ``most`` bytes."""

    def __init__(self, app: ASGIApp, *, most: int = MOST_BYTES) -> None:
        """Wrap an application."""
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._most:
            await self._refuse(scope, send)
            return
        if declared == b"0":
            counted = await self._counted(scope, receive)
            if counted is None:
                await self._refuse(scope, send)
                return
            receive = counted
        await self._app(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive) -> Receive | None:
        """Read a body of undeclared length up to the limit; None when it is larger."""
        if dict(scope["headers"]).get(b"transfer-encoding") is None:
            return receive
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._most:
                return None
        whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return whole.pop() if whole else await receive()

        return replay

    async def _refuse(self, scope: Scope, send: Send) -> None:
        finding = Finding(code=ProblemCode.BODY_TOO_LARGE, params={"most": str(self._most)})
        body = {
            "type": f"{TYPE}{finding.code.value}",
            "title": finding.code.value.replace("_", " "),
            "status": 413,
            "code": finding.code.value,
            "detail": finding.text(lang="zh"),
            "detail_en": finding.text(lang="en"),
            "instance": scope["path"],
        }
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body, ensure_ascii=False).encode()})
