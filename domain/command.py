"""What all commands carry."""

from dataclasses import dataclass

from domain.actor import Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandBase:
    """A request id that makes a command idempotent, and who acts."""

    request_id: str
    actor: Actor
