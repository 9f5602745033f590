"""The log of what people did: signing in and out, looking at what is personal, exports, accounts, settings.

What is done to a case stands in the case's own history; here stands what leaves no trace there.
Nothing is ever changed or taken out. Kept for the audit administrator (GB/T 22239: 安全审计).
"""

from collections.abc import Mapping
from typing import Any

from domain.account import Permission, Principal
from domain.actor import Actor
from store.deeds import DeedFilter, DeedPage, DeedRow
from store.filters import UnableToReadCursor
from usecases.city import City
from usecases.permits import permit
from usecases.problems import BadRequest, ProblemCode

__all__ = ["DeedFilter", "DeedPage", "DeedRow", "logged", "note"]

MOST_KIND = 60
MOST_OBJECT = 200
MOST_REASON = 500


def note(
    *,
    city: City,
    who: Principal | Actor | str,
    kind: str,
    object: str = "",  # noqa: A002 - the word of the log
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write down what somebody did; durable when this returns.

    ``who`` is the person signed in, an actor of the demonstration, or an account's name where
    nobody is signed in yet (a failed sign-in). ``kind`` says what ("reveal", "export"), ``object``
    to what: a number or a code. ``detail`` is JSON-plain; neither holds personal data.
    """
    city.store.add_deed(
        deed=DeedRow(
            at=city.now(),
            account=account_of(who),
            kind=kind[:MOST_KIND],
            object=_plain(object)[:MOST_OBJECT],
            reason=_plain(reason).strip()[:MOST_REASON],
            detail=dict(detail or {}),
        )
    )


def account_of(who: Principal | Actor | str) -> str:
    """Return the account's name somebody is known by."""
    if isinstance(who, Principal):
        return who.account
    return who.id if isinstance(who, Actor) else _plain(who)[:MOST_OBJECT]


def logged(
    *, city: City, who: Principal, where: DeedFilter, limit: int = 50, cursor: str | None = None
) -> DeedPage:
    """Return a page of the log, newest first. Raises BadRequest (not_permitted, bad_cursor)."""
    permit(who, Permission.AUDIT)
    try:
        return city.store.deeds(where=where, limit=limit, cursor=cursor)
    except UnableToReadCursor as error:
        raise BadRequest(ProblemCode.BAD_CURSOR) from error


def _plain(text: str) -> str:
    """A log is read by people and programs: no control characters, and nothing a database cannot hold."""
    return "".join(char if char.isprintable() else " " for char in text)
