"""One address for people and machines: pages for those, the API for these."""

from collections.abc import Callable

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from web.app import first_segments


class Site:
    """Gives each request to the pages or to the API, by how its path begins.

    What neither knows is the API's to refuse, but for a browser that wants to see a page.
    """

    def __init__(self, *, api: FastAPI, pages: FastAPI) -> None:
        """Keep both; the API's life is the life of the whole."""
        self.api = api
        self.pages = pages
        self._ours = first_segments()
        self._endings: list[Callable[[], None]] = []

    def on_ending(self, ending: Callable[[], None]) -> None:
        """Have this called when the server is told to stop, before it waits for its connections."""
        self._endings.append(ending)

    def end(self) -> None:
        """Let go of whoever would stay connected."""
        for ending in self._endings:
            ending()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await self._for(scope)(scope, receive, send)

    def _for(self, scope: Scope) -> ASGIApp:
        if scope["type"] == "lifespan":
            return self.api
        segment = str(scope["path"]).split("/", 2)[1] if "/" in str(scope["path"]) else ""
        return self.pages if segment in self._ours else self.api
