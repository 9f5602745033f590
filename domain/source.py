"""Who may send us something: a source is a client with a name, a channel, scopes and a quota."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import ip_address, ip_network

UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""When a source was made that so far stands in a pack only."""


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
    per minute and per day, 0 for none. ``form`` is how its alerts are written; ``mapping`` says
    where a plain JSON message keeps what (field → path); ``severities`` maps the sender's words
    to severity 1 … 4. Every change of these two raises ``mapping_version``.
    """

    name: str
    channel: str
    title_zh: str = ""
    title_en: str = ""
    citizen: bool = False
    scopes: tuple[Scope, ...] = ()
    per_minute: int = 0
    per_day: int = 0
    form: WireFormat = WireFormat.JSON
    mapping: Mapping[str, str] = field(default_factory=dict)
    severities: Mapping[str, int] = field(default_factory=dict)
    mapping_version: int = 1
    enabled: bool = True
    created_at: datetime = UNKNOWN_TIME


class KeyKind(StrEnum):
    """``api_key`` is shown with each request; ``webhook`` signs them (Standard Webhooks)."""

    API_KEY = "api_key"
    WEBHOOK = "webhook"


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceKey:
    """One of a source's keys. ``digest`` is the SHA-256 of an API key; secrets are never stored.

    ``networks`` are CIDR blocks it may be used from; empty means any. Its times are the
    machine's, not the city's: a demonstration's fast clock ends no key.
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

    def active(self, at: datetime) -> bool:
        """Tell whether the key is neither revoked nor expired at a time of the machine."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)

    def allows(self, host: str) -> bool:
        """Tell whether the key may be used from an address. What is no address is in no network."""
        if not self.networks:
            return True
        try:
            address = ip_address(host)
        except ValueError:
            return False
        # A socket that speaks both families writes 10.1.2.3 as ::ffff:10.1.2.3.
        plain = getattr(address, "ipv4_mapped", None) or address
        return any(plain in ip_network(network) for network in self.networks)
