"""Who is acting. Until accounts exist: a header, taken in demo mode only."""

from fastapi import Request

from api.state import service
from domain.actor import Actor, Role
from usecases.file_report import refuse_controls
from usecases.problems import BadRequest, ProblemCode

HEADER = "x-cityops-actor"


def actor_of(request: Request) -> Actor:
    """Read ``id=ACCOUNT; role=ROLE; unit=UNIT``; raise BadRequest when it is missing or wrong."""
    text = request.headers.get(HEADER)
    if text is None:
        raise BadRequest(ProblemCode.ACTOR_REQUIRED)
    if not service(request).demo_mode:
        raise BadRequest(ProblemCode.HEADER_ACTOR_OUTSIDE_DEMO)
    fields = dict(part.strip().split("=", 1) for part in text.split(";") if "=" in part)
    name, role, unit = fields.get("id", ""), fields.get("role", ""), fields.get("unit") or None
    if not name or len(name) > 100:
        raise BadRequest(ProblemCode.UNKNOWN_ACTOR, detail="id")
    refuse_controls(field=HEADER, text=name)
    if role not in set(Role) - {Role.ENGINE}:
        raise BadRequest(ProblemCode.UNKNOWN_ACTOR, detail=f"role {role[:40]!r}")
    if unit is not None and service(request).city.pack.tree.find(unit) is None:
        raise BadRequest(ProblemCode.UNKNOWN_ACTOR, detail=f"unit {unit[:60]!r}")
    return Actor(id=name, role=Role(role), unit=unit)
