"""Who may send us something: a source is a client with a name, a channel, scopes and a quota."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a key may be used for."""

    REPORTS_WRITE = "reports:write"
    REPORTS_READ = "reports:read"
    ALERTS_WRITE = "alerts:write"
    UPDATES_WRITE = "updates:write"


class WireFormat(StrEnum):
    """How a source writes. ``json`` goes through the source's own mapping."""

    JSON = "json"
    CLOUDEVENTS = "cloudevents"
    CAP = "cap"
    SENSORTHINGS = "sensorthings"
    NGSI_LD = "ngsi_ld"


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A sending system. Its ``channel`` is one of the pack's and declares the coordinate system.

    ``citizen`` marks a channel of citizens: it is never answered 429. Quotas are messages
    per minute and per day, 0 for none. ``mapping`` says where a plain JSON message keeps what
    (field → path); ``severities`` maps the sender's words to severity 1 … 4. Every change
    of these two raises ``mapping_version``.
    """

    name: str
    channel: str
    title_zh: str = ""
    title_en: str = ""
    citizen: bool = False
    scopes: tuple[Scope, ...] = ()
    per_minute: int = 0
    per_day: int = 0
    mapping: Mapping[str, str] = field(default_factory=dict)
    severities: Mapping[str, int] = field(default_factory=dict)
    mapping_version: int = 1
    enabled: bool = True
    created_at: datetime


class KeyKind(StrEnum):
    """``api_key`` is shown with each request; ``webhook`` signs them (Standard Webhooks)."""

    API_KEY = "api_key"
    WEBHOOK = "webhook"


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceKey:
    """One of a source's keys. ``digest`` is the SHA-256 of an API key; secrets are never stored.

    ``networks`` are CIDR blocks it may be used from; empty means any.
    """

    id: str
    source: str
    kind: KeyKind
    digest: str = ""
    networks: tuple[str, ...] = ()
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
