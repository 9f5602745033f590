"""The device registry: what stands where, whose it is, and which readings of it mean what.

A profile is a type of device as the city pack describes it (``devices.toml``); a device is one
of them in the street. Levels of makers point in either direction: in GB/T 50493 a first-level gas
alarm is the mild one, in the emergency law level one is the worst. So every profile declares
its direction, and the core only knows severity 1 (worst) … 4.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class LevelDirection(StrEnum):
    """How a maker numbers its alarm levels."""

    ONE_IS_WORST = "one_is_worst"
    ONE_IS_MILDEST = "one_is_mildest"


class Trip(StrEnum):
    """What about a reading trips a limit."""

    ABOVE = "above"
    BELOW = "below"
    RISE = "rise"
    FALL = "fall"


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmLimit:
    """One limit of a profile: ``severity`` 1 … 4 and the filing condition it stands for.

    A reading trips it at ``value`` (for RISE and FALL: change per minute) and clears it at
    ``reset``, which lies on the safe side of ``value`` (hysteresis). It must stay tripped for
    ``hold`` and in ``samples`` of the last ``of`` readings before it is an alarm.
    """

    severity: int
    trip: Trip
    value: float
    reset: float
    hold: timedelta = timedelta()
    samples: int = 1
    of: int = 1
    condition: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceProfile:
    """A type of device. Units of ``limits``, ``lowest`` and ``highest`` are ``unit``.

    A reading outside ``lowest`` … ``highest`` is no reading but a fault of the device.
    ``levels`` is how many alarm levels the maker has and ``direction`` how it numbers them;
    ``severity`` and ``condition`` are those of a maker's alarm that names no level.
    A device silent for longer than ``heartbeat`` (times ``misses``) has gone; 0 never.
    More than ``flaps`` changes between alarm and normal within ``flap_window`` are flapping;
    0 switches that off. Alarms of it are of ``category`` and belong to ``hazard``.
    """

    id: str
    name_zh: str
    name_en: str
    category: str
    hazard: str
    metric: str = ""
    unit: str = ""
    limits: tuple[AlarmLimit, ...] = ()
    lowest: float | None = None
    highest: float | None = None
    levels: int = 0
    direction: LevelDirection = LevelDirection.ONE_IS_WORST
    severity: int = 2
    condition: str | None = None
    heartbeat: timedelta = timedelta()
    misses: float = 3.0
    flaps: int = 2
    flap_window: timedelta = timedelta(minutes=30)
    critical: bool = False

    def severity_of_level(self, level: int) -> int | None:
        """Return severity 1 (worst) … 4 of a maker's level; None for 0, which is no alarm.

        A level nobody declared counts as the worst: an alarm is never made milder by a gap
        in the configuration. A maker's levels beyond the fourth worst are all severity 4.
        """
        if level == 0:
            return None
        if not 1 <= level <= self.levels:
            return 1
        worst_first = level if self.direction is LevelDirection.ONE_IS_WORST else self.levels - level + 1
        return min(worst_first, 4)

    def condition_of(self, severity: int, limits: tuple[AlarmLimit, ...]) -> str | None:
        """Return the filing condition of an alarm of this severity: its limit's, else the profile's own."""
        named = (limit.condition for limit in limits if limit.severity == severity and limit.condition)
        return next(named, self.condition)


class ServiceState(StrEnum):
    """Whether a device counts. OUT_OF_SERVICE: its words are kept and raise nothing (ISA-18.2)."""

    IN_SERVICE = "in_service"
    OUT_OF_SERVICE = "out_of_service"
    RETIRED = "retired"


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """One device. ``source`` and ``code`` identify it as its sender does.

    ``asset`` is what it watches (a bridge, a manhole); devices of one asset and hazard
    share an alarm. ``unit`` owns it; ``gateway`` is the code of the device it speaks through.
    ``lon``/``lat`` are WGS-84; ``chain`` maps level names to area codes as located when the
    device was registered, with the outlines of ``boundary_version``. ``limits`` replaces the
    profile's where the site has its own. ``service_*``: who put it in or out of service, when
    (UTC) and why.
    """

    source: str
    code: str
    profile: str
    name_zh: str = ""
    name_en: str = ""
    asset: str = ""
    unit: str = ""
    gateway: str = ""
    lon: float
    lat: float
    chain: tuple[tuple[str, str], ...] = ()
    limits: tuple[AlarmLimit, ...] = ()
    heartbeat: timedelta | None = None
    service: ServiceState = ServiceState.IN_SERVICE
    service_reason: str = ""
    service_by: str = ""
    service_at: datetime | None = None
    model: str = ""
    boundary_version: str = ""

    def area(self, level: str) -> str:
        """Return the code of its district, street, community or grid; empty where it is not known."""
        return next((code for name, code in self.chain if name == level), "")

    def limits_by(self, profile: DeviceProfile) -> tuple[AlarmLimit, ...]:
        """Return the limits that hold for it: the site's own, else its profile's."""
        return self.limits or profile.limits

    def silent_at(self, *, profile: DeviceProfile, heard_at: datetime) -> datetime | None:
        """Return when it will have been silent for too long; None: it is not expected to speak.

        ``heard_at`` is when it was last heard, for one never heard when it came into service.
        """
        heartbeat = profile.heartbeat if self.heartbeat is None else self.heartbeat
        if self.service is not ServiceState.IN_SERVICE or not heartbeat:
            return None
        return heard_at + heartbeat * profile.misses


@dataclass(frozen=True, kw_only=True, slots=True)
class MaintenanceWindow:
    """From when to when what a device (or, with ``gateway``, all behind one) says is muted, by whom and why."""

    id: int = 0
    source: str
    code: str
    gateway: bool = False
    begins_at: datetime
    ends_at: datetime
    reason: str
    by: str

    def mutes(self, *, device: Device, at: datetime) -> bool:
        """Tell whether what this device says at an instant is muted: from begin (included) to end (excluded)."""
        meant = (device.code, device.gateway) if self.gateway else (device.code,)
        return self.source == device.source and self.code in meant and self.begins_at <= at < self.ends_at
