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
    PEER = "peer"
    """A platform outside: 110, 119, 120, 122, another city."""


ROLE_ZH: dict[Role, str] = {
    Role.ENGINE: "系统",
    Role.OPERATOR: "受理员",
    Role.DISPATCHER: "派遣员",
    Role.HANDLER: "处置人员",
    Role.LEADER: "单位负责人",
    Role.CHECKER: "核查员",
    Role.SUPERVISOR: "监督指挥",
    Role.PEER: "对接平台",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """A person or program acting for a unit. ``id`` is an account name, never a person's name."""

    id: str
    role: Role
    unit: str | None = None


ENGINE = Actor(id="engine", role=Role.ENGINE)
