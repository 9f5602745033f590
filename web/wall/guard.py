"""Who may see a wall: the screen whose token this browser holds, or somebody whose post watches."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Request

from domain.account import Permission
from domain.scope import CaseScope
from usecases.screens import screen_of, watched
from web.guard import needs
from web.state import service

COOKIE = "cityops_screen"


@dataclass(frozen=True, kw_only=True, slots=True)
class Viewer:
    """What a wall may show. ``screen`` is the name of the screen, "" for somebody signed in."""

    scope: CaseScope
    screen: str = ""


class ScreenOrWatcher(needs):
    """Let on a screen by its token, or whoever may watch. Raises SignInNeeded, BadRequest (not_permitted)."""

    def __init__(self) -> None:
        """Say what a person needs."""
        super().__init__(Permission.WATCH)

    async def __call__(self, request: Request) -> Viewer:  # type: ignore[override]
        """Check."""
        city = service(request).city
        token = request.cookies.get(COOKIE, "")
        if token:
            found = await asyncio.to_thread(screen_of, city=city, token=token, at=datetime.now(UTC))
            if found is not None:
                return Viewer(scope=found.scope, screen=found.name)
        who = await super().__call__(request)
        return Viewer(scope=watched(city=city, who=who))
