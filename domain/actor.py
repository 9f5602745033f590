"""Who acts. Until accounts exist the API takes the actor from a header in demo mode only."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Roles of the transition table (GB/T 30428 posts and the hotline's)."""

    ENGINE = "engine"
    OPERATOR = "operator"
    DISPATCHER = "dispatcher"
    HANDLER = "handler"
    LEADER = "leader"
    CHECKER = "checker"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """A person or program acting for a unit. ``id`` is an account name, never a person's name."""

    id: str
    role: Role
    unit: str | None = None


ENGINE = Actor(id="engine", role=Role.ENGINE)
