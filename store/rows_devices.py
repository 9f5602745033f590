"""Devices as the store hands them out: with what is remembered of them, in pages, counted."""

from dataclasses import dataclass
from datetime import datetime

from domain.device import Device
from domain.scope import CaseScope
from domain.sensing import Watch

DeviceKey = tuple[str, str]
"""Source and code."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceRow:
    """A device and what is remembered of it.

    ``silent_at`` is when it will have been silent for too long; None: it is silent already, or
    not expected to speak. ``changed_at`` is when its registration last changed.
    """

    device: Device
    watch: Watch
    silent_at: datetime | None = None
    changed_at: datetime

    @property
    def key(self) -> DeviceKey:
        """Return source and code."""
        return (self.device.source, self.device.code)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceFilter:
    """Which devices; all given ones must hold. ``service`` is a ``ServiceState``'s value.

    ``scope`` keeps what somebody may see: by its units, districts and streets.
    """

    source: str | None = None
    unit: str | None = None
    district: str | None = None
    street: str | None = None
    service: str | None = None
    profile: str | None = None
    gateway: str | None = None
    silent: bool | None = None
    scope: CaseScope | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DevicePage:
    """A page of devices by source and code, and the cursor of the next page if there is one."""

    devices: tuple[DeviceRow, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """What came of registering devices: how many are new, how many changed, how many were the same."""

    added: int = 0
    changed: int = 0
    same: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Behind:
    """How many devices in service speak through a gateway, and how many of them are silent."""

    devices: int
    silent: int
