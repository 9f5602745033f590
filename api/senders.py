"""Who adds something to a report: the source that filed it, or staff. To a case: staff only."""

from dataclasses import dataclass

from fastapi import Request

from api.actors import actor_of
from api.clients import client_of, message_key
from api.doors import HEADER, who_asks
from domain.actor import Actor, Role
from domain.errors import CommandRefused, RefusalCode
from domain.source import Scope, Source

STAFF = frozenset(Role) - {Role.ENGINE, Role.PEER}
DESK = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR})


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """``name`` is what is kept of it. ``sees`` is the source whose reports it may add to; None: every report.

    In demo mode somebody without a key is nobody: ``name`` is empty, and every report may be added to.
    """

    name: str
    sees: str | None
    client: Source | None = None
    actor: Actor | None = None

    def key(self, request: Request, given: str | None) -> str | None:
        """Return the key under which this sender's answer is found again."""
        if self.actor is not None:
            text = (given or "").strip()
            return f"{self.name}:{text}" if text else None
        return message_key(request, client=self.client, given=given)


async def sender_of(request: Request, *, what: str, roles: frozenset[Role] = STAFF) -> Sender:
    """Return who sends this; ``what`` names the act in a refusal. Raises BadRequest or CommandRefused."""
    if who_asks(request) is not None or HEADER in request.headers:
        actor = staff_of(request, what=what, roles=roles)
        return Sender(name=f"staff:{actor.id}", sees=None, actor=actor)
    client = await client_of(request, scope=Scope.REPORTS_WRITE)
    if client is None:
        return Sender(name="", sees=None)
    return Sender(name=client.name, sees=client.name, client=client)


def staff_of(request: Request, *, what: str, roles: frozenset[Role] = STAFF) -> Actor:
    """Return the acting person of the city's side. Raises BadRequest or CommandRefused (role_not_allowed)."""
    actor = actor_of(request)
    if who_asks(request) is None and actor.role not in roles:
        allowed = ", ".join(sorted(role.value for role in roles))
        raise CommandRefused(
            RefusalCode.ROLE_NOT_ALLOWED, role=actor.role.value, command=what, allowed=allowed
        )
    return actor
