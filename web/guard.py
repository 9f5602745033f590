"""Who asks for a page, and whether their post allows it.

Every route says what it needs: ``who: Annotated[Principal, Depends(needs(Permission.WATCH))]``,
``Depends(anyone)`` for whoever is signed in, ``Depends(public)`` for everybody. The use case
below checks again; a test calls every route as every post.
"""

import asyncio
from datetime import UTC, datetime

from fastapi import Request

from domain.account import Permission, Principal
from usecases.permits import permit
from usecases.problems import BadRequest, ProblemCode
from usecases.sign_in import SignedIn, principal_of
from web.state import service
from web.tokens import SAFE, came_from_our_page

COOKIE = "cityops_session"
SECURE_COOKIE = f"__Host-{COOKIE}"


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
        found = await asyncio.to_thread(principal_of, city=served.city, token=token, at=at) if token else None
        request.state.visitor = found
    kept: SignedIn | None = request.state.visitor
    return kept


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
