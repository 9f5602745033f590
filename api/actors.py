"""Who is acting. Until accounts exist: a header, taken in demo mode only."""

from fastapi import Request

from api.state import service
from domain.actor import Actor, Role
from usecases.problems import BadRequest, ProblemCode
from usecases.texts import refuse_controls

HEADER = "x-cityops-actor"
MOST_ID = 100


def actor_of(request: Request) -> Actor:
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
