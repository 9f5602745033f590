"""Another system's platform docked to ours (两级平台): what goes there and what comes back, in Open311's words.

A unit whose own system speaks Open311 GeoReport v2 gets its cases there as service requests;
what its people write on them comes back as updates (mySociety's extension
``servicerequestupdates``), or as the request's own status where the system has no updates.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

DOCK = "open311"
"""The channel's name in a unit's contacts; its address is the endpoint's base URL."""


class Handover(StrEnum):
    """What became of one attempt. UNKNOWN: they may have it all the same."""

    DONE = "done"
    REFUSED = "refused"
    LATER = "later"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignAnswer:
    """Their answer to a request or update of ours. ``code`` is stable, ``detail`` their error's code only."""

    state: Handover
    foreign_id: str | None = None
    token: str | None = None
    code: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignUpdate:
    """One update of theirs. ``status`` is theirs, in capitals; ``updated_at`` is UTC."""

    update_id: str
    service_request_id: str
    status: str
    description: str
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignRequest:
    """One request as their list shows it."""

    service_request_id: str
    status: str
    status_notes: str = ""
    description: str = ""
    updated_at: datetime | None = None


class UnableToAsk(ConnectionError):
    """Their system did not answer what we asked, or not so that we could read it. ``code`` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NoUpdates(Exception):
    """Their system has no ``servicerequestupdates``: ask for the requests themselves."""


class Dock(Protocol):
    """One endpoint. Nothing here tries twice."""

    @property
    def url(self) -> str:
        """Base URL, as in the contacts of the units behind it."""

    def service_code(self, category: str) -> str:
        """Return their code for a category of ours."""

    async def create(self, *, fields: dict[str, str], key: str) -> ForeignAnswer:
        """POST a request; ``key`` is the same in every attempt (Idempotency-Key)."""

    async def add_update(self, *, fields: dict[str, str], key: str) -> ForeignAnswer:
        """POST an update of ours."""

    async def id_of(self, *, token: str) -> str | None:
        """Return the request a token has become, None as long as it has not. Raises UnableToAsk."""

    async def requests(
        self, *, ids: tuple[str, ...] = (), since: datetime | None = None
    ) -> list[ForeignRequest]:
        """Return requests by number, or those since an instant. Raises UnableToAsk."""

    async def updates(self, *, since: datetime, until: datetime) -> list[ForeignUpdate]:
        """Return updates of a stretch of time. Raises UnableToAsk, NoUpdates."""
