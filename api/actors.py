"""Who is acting: whoever is signed in, as the post the endpoint asks for; in demo mode whoever a header names."""

from collections.abc import Iterable

from fastapi import Request

from api.doors import HEADER, door_of, who_asks
from api.state import service
from domain.account import Principal
from domain.actor import Actor, Role
from usecases.problems import BadRequest, ProblemCode
from usecases.staff import actor_with
from usecases.texts import refuse_controls

MOST_ID = 100


def actor_of(request: Request, *, units: Iterable[str] = ()) -> Actor:
    """Return who acts: a post of whoever is signed in (rather one at ``units``), else as the header says.

    Raises BadRequest and CommandRefused (role_not_allowed).
    """
    who, door = who_asks(request), door_of(request)
    if who is None or door.permission is None:
        return named_actor(request)
    return actor_with(who=who, permission=door.permission, roles=door.roles, units=units)


def person_of(request: Request) -> Principal | Actor:
    """Return who asks, where no post has to be chosen: whoever is signed in, else as the header says."""
    return who_asks(request) or named_actor(request)


def reader_of(request: Request) -> Principal | None:
    """Return who reads what is for staff; None in demo mode, for whoever the header names.

    Raises BadRequest where nobody is named at all.
    """
    person = person_of(request)
    return person if isinstance(person, Principal) else None


def named_actor(request: Request) -> Actor:
    """Read ``id=ACCOUNT; role=ROLE; unit=UNIT``; raise BadRequest when it is missing or wrong."""
    text = request.headers.get(HEADER)
    if text is None:
        raise BadRequest(ProblemCode.ACTOR_REQUIRED)
    if not service(request).demo_mode:
        raise BadRequest(ProblemCode.HEADER_ACTOR_OUTSIDE_DEMO)
    fields = _fields(_decoded(text))
    name, role, unit = fields.get("id", ""), fields.get("role", ""), fields.get("unit") or None
    if not name or len(name) > MOST_ID:
        raise BadRequest(ProblemCode.UNKNOWN_ACTOR, detail=f"id (1–{MOST_ID})")
    refuse_controls(field=HEADER, text=name)
    if role not in set(Role) - {Role.ENGINE}:
        raise BadRequest(ProblemCode.UNKNOWN_ACTOR, detail=f"role {role[:40]!r}")
    if unit is not None and service(request).city.pack.tree.find(unit) is None:
        raise BadRequest(ProblemCode.UNKNOWN_ACTOR, detail=f"unit {unit[:60]!r}")
    return Actor(id=name, role=Role(role), unit=unit)


def _decoded(text: str) -> str:
    """Headers arrive as Latin-1; people's clients write UTF-8 into them."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return text


def _fields(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
