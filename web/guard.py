"""Who asks for a page, and whether their post allows it.

Every route says what it needs: ``who: Annotated[Principal, Depends(needs(Permission.WATCH))]``,
``Depends(anyone)`` for whoever is signed in, ``Depends(public)`` for everybody. The use case
below checks again; a test calls every route as every post.
"""

import asyncio
from datetime import UTC, datetime

from fastapi import Request

from domain.account import Permission, Principal
from usecases.city import City
from usecases.permits import permit
from usecases.problems import BadRequest, ProblemCode
from usecases.sign_in import SignedIn, principal_of
from web.state import service
from web.tokens import SAFE, came_from_our_page

COOKIE = "cityops_session"
SECURE_COOKIE = f"__Host-{COOKIE}"
BY_ITSELF = "x-cityops-by-itself"
"""The header of what a page asks for without its reader: no sign that somebody is there."""

STREAM = "text/event-stream"
"""What a page listens to for as long as it is open, again and again without its reader."""


class SignInNeeded(Exception):
    """Nobody is signed in: the page is asked for again after the sign-in."""


def cookie_name(*, secure: bool) -> str:
    """Return the session cookie's name; the prefix binds it to our host and to https."""
    return SECURE_COOKIE if secure else COOKIE


async def visitor(request: Request) -> SignedIn | None:
    """Return who is signed in, or None; looked up once a request."""
    if not hasattr(request.state, "visitor"):
        served = service(request)
        token = request.cookies.get(cookie_name(secure=served.secure), "")
        # Sessions end by real time, whatever time the city plays.
        at = datetime.now(UTC)
        # Read before anything of the page: what changes from here on, the page is told of.
        request.state.live_after = served.live.position
        present = BY_ITSELF not in request.headers and STREAM not in request.headers.get("accept", "")
        request.state.visitor = await _who(served.city, token, at, present=present) if token else None
    kept: SignedIn | None = request.state.visitor
    return kept


async def still_there(request: Request) -> SignedIn | None:
    """Return who is signed in now, on a connection that stays open: they may have signed out since."""
    served = service(request)
    token = request.cookies.get(cookie_name(secure=served.secure), "")
    return await _who(served.city, token, datetime.now(UTC), present=False) if token else None


async def _who(city: City, token: str, at: datetime, *, present: bool) -> SignedIn | None:
    return await asyncio.to_thread(principal_of, city=city, token=token, at=at, present=present)


async def anyone(request: Request) -> Principal:
    """Let anybody on who is signed in. Raises SignInNeeded, BadRequest (csrf_failed)."""
    found = await visitor(request)
    if found is None:
        raise SignInNeeded
    if request.method not in SAFE and not await came_from_our_page(request, token=found.csrf):
        raise BadRequest(ProblemCode.CSRF_FAILED)
    return found.who


async def public(request: Request) -> Principal | None:
    """Let everybody on; say who it is where somebody is signed in."""
    found = await visitor(request)
    return None if found is None else found.who


class needs:  # noqa: N801 - reads as a word where it is used
    """Let on whoever's post allows all of these. Raises SignInNeeded, BadRequest (not_permitted, csrf_failed)."""

    def __init__(self, *permissions: Permission) -> None:
        """Say what the route needs."""
        self.permissions = permissions

    async def __call__(self, request: Request) -> Principal:
        """Check."""
        who = await anyone(request)
        for permission in self.permissions:
            permit(who, permission)
        return who
