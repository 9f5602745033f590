"""One address for people and machines: pages for those, the API for these."""

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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await self._for(scope)(scope, receive, send)

    def _for(self, scope: Scope) -> ASGIApp:
        if scope["type"] == "lifespan":
            return self.api
        segment = str(scope["path"]).split("/", 2)[1] if "/" in str(scope["path"]) else ""
        return self.pages if segment in self._ours else self.api
