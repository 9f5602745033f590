"""A small town of devices for tests of correlation: its rules, its devices, what they say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from domain.actor import ENGINE
from domain.alarm import Alarm
from domain.alarm_life import AlarmTimes, TellCase
from domain.command import CommandBase
from domain.correlate_senses import Event
from domain.device import AlarmLimit, Device, DeviceProfile, Trip
from domain.envelope import Envelope, EnvelopeKind
from domain.hazard import AlarmRules, GroupRule, Hazard, Inhibition
from domain.messages_alarm import AlarmChanged
from domain.messages_command import JoinParent
from domain.place import Level, ReportedPlace
from domain.report import NewReport
from store.alarm_writes import Writings
from store.signal_ground import AlarmCity
from usecases.signals import digest_of

NOON = datetime(2026, 7, 1, 4, 0, tzinfo=UTC)
HEARTBEAT = timedelta(minutes=10)
WATER = DeviceProfile(
    id="water",
    name_zh="积水仪",
    name_en="Water gauge",
    category="S-WAT-01",
    hazard="water",
    metric="depth",
    unit="cm",
    limits=(
        AlarmLimit(severity=3, trip=Trip.ABOVE, value=15, reset=10),
        AlarmLimit(severity=1, trip=Trip.ABOVE, value=27, reset=20),
    ),
    lowest=0,
    highest=500,
    heartbeat=HEARTBEAT,
)
DOOR = DeviceProfile(
    id="door",
    name_zh="井盖",
    name_en="Manhole cover",
    category="S-DOOR-01",
    hazard="door",
    severity=3,
    heartbeat=HEARTBEAT,
)
RULES = AlarmRules(
    hazards={
        "water": Hazard(
            id="water",
            name_zh="积水",
            name_en="Standing water",
            citizen_categories=("E0503",),
            release_hold=timedelta(minutes=10),
            group=GroupRule(
                area=Level.STREET, count=4, window=timedelta(minutes=10), wait=timedelta(seconds=30),
                category="E0503",
            ),
        ),
        "door": Hazard(id="door", name_zh="井盖", name_en="Manhole cover"),
    },
    inhibitions=(
        Inhibition(id="power", name_zh="停电", name_en="Power cut", categories=("H-POW-01",), area=Level.STREET),
    ),
    device_category="S-DEV-01",
)  # fmt: skip
SEVERITIES = {"S-WAT-01": 3, "S-DOOR-01": 3, "S-DEV-01": 4, "E0503": 3, "H-POW-01": 3, "S-CAP": 2}


def times(alarm: Alarm) -> AlarmTimes:
    """Nobody assesses here; water waits for others."""
    hazard = RULES.hazards.get(alarm.hazard)
    group = hazard.group if hazard is not None else None
    return AlarmTimes(
        assess=None,
        wait=group.wait if group is not None and alarm.severity > 1 else timedelta(),
        hold=timedelta(minutes=10),
        interval=timedelta(minutes=5) if group is not None else timedelta(),
        repeat=timedelta(minutes=60) if group is not None else timedelta(),
    )


def numbers(prefix: str) -> Callable[[], str]:
    """Return a drawer of numbers that never repeat."""
    counter = count(1)
    return lambda: f"{prefix}{next(counter):06d}"


@dataclass
class Town:
    """What a test needs of a city; ``now`` is turned by hand."""

    now: datetime = NOON
    number: Callable[[], str] = field(default_factory=lambda: numbers("ALM-"))
    case_number: Callable[[], str] = field(default_factory=lambda: numbers("CASE-"))

    def city(self) -> AlarmCity:
        """Return what the store is given."""
        return AlarmCity(
            rules=RULES,
            profiles={"water": WATER, "door": DOOR},
            severities=SEVERITIES,
            inhibiting={"power": ("H-POW-01",)},
            times=times,
            citizens={"water": ("E0503",)},
            people=("hotline",),
            confidence=lambda recent: 0.25 if recent >= RULES.fault_after else 0.5,
            number=self.number,
            case_number=self.case_number,
            writings=Writings(report=self._report, tell=_tell, join=_join),
            now=self.now,
        )

    def _report(self, alarm: Alarm, why: str, happened: datetime, at: datetime) -> NewReport:
        number = alarm.case_no or ""
        return NewReport(
            case_no=number,
            report_no=number,
            source="alarms",
            source_no=f"{alarm.alarm_no}/{alarm.seq}",
            channel="sensor",
            category=alarm.category,
            condition=alarm.condition,
            description=why,
            reported=ReportedPlace(lon=alarm.lon, lat=alarm.lat),
            severity=alarm.severity,
            exercise=alarm.exercise,
            occurred_at=happened,
            received_at=at,
        )


def _tell(alarm: Alarm, told: TellCase) -> Sequence[CommandBase]:
    return (
        AlarmChanged(
            request_id=f"{alarm.alarm_no}:{alarm.seq}",
            actor=ENGINE,
            alarm_no=alarm.alarm_no,
            phase=alarm.phase.value,
            severity=alarm.severity,
            current_in_band=alarm.current is None,
            reason=told.word,
        ),
    )


def _join(child: str, parent: str) -> CommandBase:
    return JoinParent(request_id=f"join:{child}", actor=ENGINE, parent=parent)


def device(
    code: str, *, street: str = "s1", profile: str = "water", gateway: str = "", asset: str = ""
) -> Device:
    """Return a device of the source ``iot``."""
    return Device(
        source="iot", code=code, profile=profile, gateway=gateway, asset=asset, unit="U1", lon=114.3, lat=30.6,
        chain=(("city", "c"), ("district", "d1"), ("street", street)),
    )  # fmt: skip


def reading(code: str, value: float, *, at: datetime = NOON, n: int = 0) -> Envelope:
    """Return a reading of depth in centimetres."""
    return Envelope(
        source="iot", event_id=f"r-{code}-{n}-{at.timestamp()}", kind=EnvelopeKind.OBSERVATION, subject=code,
        metric="depth", value=value, unit="cm", occurred_at=at, received_at=at,
    )  # fmt: skip


def word(kind: EnvelopeKind, code: str, event_id: str, *, at: datetime = NOON, **more: object) -> Envelope:
    """Return what a device, a gateway or a service says itself."""
    return Envelope(
        source="iot", event_id=event_id, kind=kind, subject=code, occurred_at=at, received_at=at, **more  # type: ignore[arg-type]
    )  # fmt: skip


def events(*envelopes: Envelope) -> list[Event]:
    """Return these as the store takes them."""
    return [Event(envelope=one, digest=digest_of(one)) for one in envelopes]
