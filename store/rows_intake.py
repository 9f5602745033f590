"""What comes in and is kept before it is read, as the store takes it in and hands it out."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class InboundState(StrEnum):
    """``new`` waits to be read, ``done`` was, ``dead`` waits for a person, ``closed`` was seen to by one."""

    NEW = "new"
    DONE = "done"
    DEAD = "dead"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True, slots=True)
class NewInbound:
    """A message as it came. ``format`` is a ``WireFormat`` or the name of a synchronous channel's form.

    ``headers`` are those worth keeping, names in lower case, never a key or a signature.
    ``kept_at`` is None where it is ``received_at``. A replay has the letter as its ``parent``.
    ``webhook_id`` is that of a signed message, noted with it at ``webhook_at`` (machine time), so
    that it is taken once.
    """

    source: str
    channel: str
    format: str
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(repr=False)
    received_at: datetime
    kept_at: datetime | None = None
    state: InboundState = InboundState.NEW
    code: str = ""
    params: dict[str, str] = field(default_factory=dict)
    event_id: str = ""
    parent: int | None = None
    webhook_id: str | None = None
    webhook_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class InboundRow:
    """A kept message and its fate. Lists leave ``body`` empty; ``size`` is its length in bytes always.

    ``state`` is an ``InboundState``, ``code`` a ``DeadCode`` where it is dead. ``taken`` and
    ``refused`` count its parts. ``outcome`` is JSON-plain. ``attempts`` counts this claim;
    ``lost`` earlier ones whose worker let the lease run out, ``faults`` those that ended in a
    fault of ours.
    """

    id: int
    source: str
    channel: str
    format: str
    content_type: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    size: int
    digest: str
    received_at: datetime
    kept_at: datetime
    state: str
    code: str
    params: dict[str, str]
    event_id: str
    parent: int | None
    mapping_version: int
    attempts: int
    lost: int
    faults: int
    taken: int
    refused: int
    outcome: dict[str, Any]
    not_before: datetime | None
    lease_until: datetime | None
    worker: str | None
    finished_at: datetime | None
    closed_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InboundPage:
    """A page of messages without their bodies, newest first, and the cursor of the next one."""

    rows: tuple[InboundRow, ...]
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """What waits: messages nobody has read yet, since when the oldest is kept, and open dead letters."""

    waiting: int
    oldest_at: datetime | None
    dead: int


@dataclass(frozen=True, kw_only=True, slots=True)
class InboundAct:
    """What a person did with a letter: ``viewed``, ``closed`` or ``replayed``. ``actor`` is an account."""

    kind: str
    actor: str
    role: str
    at: datetime
    reason: str = ""
