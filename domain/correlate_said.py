"""What a message says, in the words of correlation: who is in alarm, how badly, and under which key.

``domain.correlate_senses`` makes these of envelopes and ``domain.correlate`` makes alarms of
these. The key is what makes two words one alarm: source, asset or device, hazard, exercise.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.alarm import AlarmOrigin
from domain.device import Device

DEVICE_HAZARD = "device"
"""The hazard of a device that does not work: one alarm a device, whatever the fault is."""
WARNING_HAZARD = "warning"
"""What stands in the key of a warning service's alarm in the place of a hazard."""

DeviceKey = tuple[str, str]
"""Source and code of a device."""


class SaidKind(StrEnum):
    """SPEAKS: it is in alarm. CALM: it is not, any more. WITHDRAWN: its sender takes it back."""

    SPEAKS = "speaks"
    CALM = "calm"
    WITHDRAWN = "withdrawn"


class Heard(StrEnum):
    """What became of one envelope. Every one has exactly one of these, or is dead."""

    TAKEN = "taken"
    REPEATED = "repeated"
    LATE = "late"
    MUTED = "muted"
    OUT_OF_SERVICE = "out_of_service"
    TEST = "test"
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """A point in WGS-84 with the areas it lies in, by level name."""

    lon: float | None = None
    lat: float | None = None
    chain: tuple[tuple[str, str], ...] = ()


NO_SPOT = Spot()


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One word about one key.

    ``voice`` is who says it among the devices of an asset. ``at`` is when it came in and what
    the alarm's clocks run from; ``occurred_at`` when it happened. ``references`` are keys or
    event ids of the alarms it updates or takes back. ``wait`` is how long a first one waits
    for others of its gateway; ``muted_by`` names what inhibits it.
    """

    key: str
    kind: SaidKind
    origin: AlarmOrigin = AlarmOrigin.LIMIT
    source: str
    voice: str = ""
    device: str = ""
    asset: str = ""
    gateway: str = ""
    hazard: str
    category: str = ""
    condition: str | None = None
    severity: int = 4
    exercise: bool = False
    spot: Spot = NO_SPOT
    unit: str = ""
    title: str = ""
    text: str = ""
    value: float | None = None
    at: datetime
    occurred_at: datetime
    expires_at: datetime | None = None
    event_id: str = ""
    references: tuple[str, ...] = ()
    flapping: bool = False
    muted_by: str = ""
    wait: timedelta = timedelta()


def key_of(*, source: str, subject: str, hazard: str, exercise: bool = False) -> str:
    """Return the dedupe key of an alarm: unique while it is open."""
    parts = (source, subject, hazard, "exercise" if exercise else "real")
    return "|".join(part.replace("%", "%25").replace("|", "%7C") for part in parts)


def device_key(*, source: str, code: str) -> str:
    """Return the key of the alarm that a device (or gateway) does not work."""
    return key_of(source=source, subject=code, hazard=DEVICE_HAZARD)


def spot_of(device: Device) -> Spot:
    """Return where a device stands."""
    return Spot(lon=device.lon, lat=device.lat, chain=device.chain)
