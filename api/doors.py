"""Who may knock at an endpoint, said by the endpoint itself: ``dependencies=[Depends(Door(…))]``.

People show the session of the consoles (the same cookie) and, where they change something, its
token in ``X-CSRF-Token``; other systems show a source's key. In demo mode nobody is asked: the
header X-Cityops-Actor says who acts, and reading needs no name. A test calls every endpoint as
every post and compares what happens with ``docs/permissions.md``.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Request

from api.state import service
from domain.account import POSTS, Permission, Post, Principal
from domain.actor import Role
from usecases.page_tokens import is_token
from usecases.permits import permit
from usecases.problems import BadRequest, ProblemCode
from usecases.sign_in import SignedIn, principal_of

HEADER = "x-cityops-actor"
COOKIE = "cityops_session"
SECURE_COOKIE = f"__Host-{COOKIE}"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, kw_only=True)
class Door:
    """What an endpoint asks for.

    ``public``: nothing. ``sources``: a source's key, which the endpoint itself looks at. ``anyone``:
    whoever is signed in. ``permission``: a post that allows it, acting in one of ``roles`` where
    such are named. A door may be open to people and to sources.
    """

    permission: Permission | None = None
    roles: frozenset[Role] = frozenset()
    anyone: bool = False
    sources: bool = False
    public: bool = False

    def opens_to(self, post: Post) -> bool:
        """Tell whether somebody with this post alone is let in."""
        facts = POSTS[post]
        if self.public or self.anyone:
            return True
        allowed = self.permission is not None and self.permission in facts.may
        return allowed and (not self.roles or facts.role in self.roles)

    async def __call__(self, request: Request) -> None:
        """Let in or refuse. Raises BadRequest: sign_in_needed, header_actor_outside_demo, csrf_failed, not_permitted."""
        request.state.door = self
        request.state.who = None
        demo = service(request).demo_mode
        if self.public or (demo and HEADER in request.headers):
            return
        found = await _visitor(request)
        if found is None:
            if not demo and not (self.sources and _shows_key(request)):
                raise _nobody(request, self)
            return
        if self.permission is None and not self.anyone:
            return  # for sources only: a session opens nothing here
        if request.method not in SAFE and not _ours(request, found):
            raise BadRequest(ProblemCode.CSRF_FAILED)
        self._check(found.who)
        request.state.who = found.who

    def _check(self, who: Principal) -> None:
        if self.permission is None:
            return
        permit(who, self.permission)
        held = {grant.facts.role for grant in who.grants_for(self.permission)}
        if self.roles and held.isdisjoint(self.roles):
            raise BadRequest(ProblemCode.NOT_PERMITTED, permission=self.permission.value)


def needs(permission: Permission, *roles: Role, sources: bool = False) -> Door:
    """Return the door of an endpoint for people whose post allows this; sources with a key too where it says so."""
    return Door(permission=permission, roles=frozenset(roles), sources=sources)


PUBLIC = Door(public=True)
SOURCES = Door(sources=True)
SIGNED_IN = Door(anyone=True)


def who_asks(request: Request) -> Principal | None:
    """Return who is signed in, let in by the endpoint's door; None in demo mode and for sources."""
    found: Principal | None = request.state.who
    return found


def door_of(request: Request) -> Door:
    """Return the door this request came through."""
    found: Door = request.state.door
    return found


def asks_freely(request: Request) -> bool:
    """Tell whether nobody has to say who they are: the demonstration."""
    return service(request).demo_mode


async def _visitor(request: Request) -> SignedIn | None:
    served = service(request)
    name = SECURE_COOKIE if served.secure else COOKIE
    token = request.cookies.get(name, "")
    if not token:
        return None
    # Sessions end by real time, whatever time the city plays.
    at = datetime.now(UTC)
    return await asyncio.to_thread(lambda: principal_of(city=served.city, token=token, at=at))


def _ours(request: Request, found: SignedIn) -> bool:
    """Tell whether a page or a program of ours sent it. The browser's own word is taken as a no, never as a yes."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    return is_token(token=found.csrf, shown=request.headers.get("x-csrf-token", ""))


def _shows_key(request: Request) -> bool:
    """Tell whether a key or a signature is shown; whether it is good, ``api.clients`` says."""
    named = ("authorization", "x-api-key", "webhook-signature")
    return any(name in request.headers for name in named)


def _nobody(request: Request, door: Door) -> BadRequest:
    if HEADER in request.headers:
        return BadRequest(ProblemCode.HEADER_ACTOR_OUTSIDE_DEMO)
    return BadRequest(ProblemCode.KEY_REQUIRED if door.sources else ProblemCode.SIGN_IN_NEEDED)
