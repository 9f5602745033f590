"""Screens on walls: made by a supervisor, bound to what that supervisor may watch, ended by hand or by time.

A screen shows figures, areas and cases at street level, nothing personal, and can do nothing.
Its token is shown once, as an address to open on the screen; only its digest is kept.
Tokens live in real time, whatever time the city plays.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.account import Permission, Principal
from domain.scope import CaseScope
from store.screens import Screen
from usecases.city import City
from usecases.deeds import note
from usecases.permits import permit, scope_of
from usecases.problems import BadRequest, ProblemCode
from usecases.signing import digest_of, drawn_token
from usecases.texts import check_values

__all__ = ["Screen", "end_screen", "make_screen", "screen_of", "screens_of"]

LONGEST_DAYS = 366
MOST = {"name": 60}


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A new screen and its token, which nobody can read again."""

    screen: Screen
    token: str


def make_screen(*, city: City, who: Principal, name: str, days: int, at: datetime) -> Made:
    """Make a screen that shows what its maker may watch. Raises BadRequest (not_permitted, too_long …)."""
    permit(who, Permission.INSTRUCT)
    scope = scope_of(city=city, who=who, permission=Permission.WATCH)
    check_values(values={"name": name}, most=MOST, otherwise=60)
    if not name.strip() or not 1 <= days <= LONGEST_DAYS:
        raise BadRequest(ProblemCode.INVALID_PARAMETER)
    token = drawn_token(city)
    screen = Screen(
        screen_id=drawn_token(city, bits=64),
        name=name.strip(),
        scope=scope,
        made_by=who.account,
        made_at=at,
        expires_at=at + timedelta(days=days),
    )
    city.store.add_screen(screen=screen, digest=digest_of(token))
    note(city=city, who=who, kind="screen_made", object=screen.screen_id, detail={"days": days})
    return Made(screen=screen, token=token)


def screen_of(*, city: City, token: str, at: datetime) -> Screen | None:
    """Return the screen of a token, None when there is none, it was ended, or its time is over."""
    found = city.store.screen_of(digest=digest_of(token)) if token else None
    return found if found is not None and found.shows(at) else None


def screens_of(*, city: City, who: Principal) -> tuple[Screen, ...]:
    """Return the screens somebody may end: their own; all of them for whoever watches the whole city."""
    permit(who, Permission.INSTRUCT)
    every = city.store.all_screens()
    if scope_of(city=city, who=who, permission=Permission.WATCH).everything:
        return every
    return tuple(screen for screen in every if screen.made_by == who.account)


def end_screen(*, city: City, who: Principal, screen_id: str, at: datetime) -> None:
    """Let a screen show nothing any more. Raises BadRequest (not_permitted, screen_not_found)."""
    if all(screen.screen_id != screen_id for screen in screens_of(city=city, who=who)):
        raise BadRequest(ProblemCode.SCREEN_NOT_FOUND)
    city.store.end_screen(screen_id=screen_id, at=at)
    note(city=city, who=who, kind="screen_ended", object=screen_id)


def watched(*, city: City, who: Principal) -> CaseScope:
    """Return what somebody may watch. Raises BadRequest (not_permitted)."""
    return scope_of(city=city, who=who, permission=Permission.WATCH)
