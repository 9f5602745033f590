"""What the store knows of people who sign in, as rows. All times are the machine's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.account import Grant


class UnableToAddAccount(ValueError):
    """There is an account of this name, or one with this subject at the identity provider."""


class UnableToLeaveNobody(ValueError):
    """Nobody would hold a post any more that somebody must hold."""


class WaitKind(StrEnum):
    """What a row of ``sign_ins`` waits for. FAILURES counts those under a name nobody has."""

    FACTOR = "factor"
    ENROL = "enrol"
    CHANGE = "change"
    PROVIDER = "provider"
    FAILURES = "failures"


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One account. ``password``, ``totp`` and ``recovery`` are digests and sealed texts, never plain.

    ``subject`` is who it is at the identity provider: the issuer, a blank, the subject there.
    ``demo``: works in demo mode only.
    """

    account: str
    name: str
    language: str = "zh"
    password: str | None = field(default=None, repr=False)
    former: tuple[str, ...] = field(default=(), repr=False)
    password_at: datetime | None = None
    must_change: bool = False
    failures: int = 0
    locked_until: datetime | None = None
    totp: str | None = field(default=None, repr=False)
    totp_step: int | None = None
    recovery: tuple[str, ...] = field(default=(), repr=False)
    subject: str | None = None
    disabled: bool = False
    preferences: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime
    seen_at: datetime | None = None
    generation: int = 0
    demo: bool = False
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """A try to sign in that was counted before it was checked, so that no two can be checked as one.

    ``locked_until``: not to be checked at all. ``count``: the failures if this one fails.
    ``account`` is None for a name nobody has.
    """

    account: Account | None
    count: int
    locked_until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One session; ``digest`` of what the browser's cookie holds."""

    digest: str
    account: str
    generation: int
    strong: bool
    csrf: str = field(repr=False)
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    idle_s: int
    device: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldSession:
    """A session with whose it is and their posts."""

    session: Session
    name: str
    language: str
    preferences: Mapping[str, Any]
    disabled: bool
    demo: bool
    generation: int
    grants: tuple[Grant, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A sign-in that waits for its next step; ``digest`` of what the browser's cookie holds."""

    digest: str
    kind: WaitKind
    account: str | None
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    expires_at: datetime
