"""What a device's watch says about its hazard and about the device itself, as words of correlation. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.alarm import AlarmOrigin
from domain.correlate_said import (
    DEVICE_HAZARD,
    DeviceKey,
    Said,
    SaidKind,
    device_key,
    key_of,
    spot_of,
)
from domain.device import Device, DeviceProfile
from domain.envelope import Envelope, EnvelopeKind, Exercise
from domain.hazard import AlarmRules
from domain.sensing import Sense, Sensed, Watch

_LOUD = frozenset({Sense.RAISED, Sense.WORSE, Sense.MILDER, Sense.BACK_IN_BAND, Sense.FLAPPING, Sense.STEADY})
_OF_DEVICE = frozenset({Sense.SILENT, Sense.HEARD_AGAIN, Sense.FAULT, Sense.FAULT_OVER})


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenEvent:
    """An event id that came before: what it said, and which alarm it became part of (empty: none)."""

    digest: str
    alarm_no: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Registry:
    """What is known before a message is taken.

    ``severities`` are the catalogue's, by category. ``gateways`` holds, for codes that
    devices speak through, one of these devices: it tells where the gateway is. ``muted`` are those
    under maintenance.
    """

    rules: AlarmRules
    profiles: Mapping[str, DeviceProfile]
    severities: Mapping[str, int]
    devices: Mapping[DeviceKey, Device] = field(default_factory=dict)
    watches: Mapping[DeviceKey, Watch] = field(default_factory=dict)
    gateways: Mapping[DeviceKey, Device] = field(default_factory=dict)
    muted: frozenset[DeviceKey] = frozenset()
    seen: Mapping[tuple[str, str], SeenEvent] = field(default_factory=dict)


def said_of(
    *, registry: Registry, device: Device, watch: Watch, found: Sequence[Sensed], envelope: Envelope
) -> list[Said]:
    """Return what changes of a device say: at most one word about its hazard and one about the device.

    A maker's own word is always said, so that an alarm that was ended by hand is raised again by the next one.
    """
    senses = {one.sense for one in found}
    maker = envelope.kind in (EnvelopeKind.ALARM, EnvelopeKind.CLEAR)
    said: list[Said] = []
    # Readings that flap are in alarm until they are steady: nobody is told of every change.
    flaps = watch.flapping and watch.severity is None
    if maker or (senses & _LOUD and not flaps):
        word = hazard_word(registry=registry, device=device, watch=watch, at=envelope.received_at)
        said.append(_as_sent(word, registry=registry, device=device, envelope=envelope))
    if senses & _OF_DEVICE and envelope.exercise is Exercise.REAL:
        said.append(fault_word(registry=registry, device=device, watch=watch, at=envelope.received_at))
    return said


def _as_sent(word: Said, *, registry: Registry, device: Device, envelope: Envelope) -> Said:
    """Add what only the envelope knows."""
    drill = envelope.exercise is Exercise.EXERCISE
    return replace(
        word,
        key=_hazard_key(registry, device, drill=drill),
        condition=envelope.condition or word.condition,
        title=envelope.title or word.title,
        text=envelope.text,
        value=envelope.value,
        event_id=envelope.event_id,
        occurred_at=min(envelope.occurred_at, envelope.received_at),
        exercise=drill,
    )


def hazard_word(*, registry: Registry, device: Device, watch: Watch, at: datetime) -> Said:
    """Return what a device's watch says about its hazard: in alarm with its severity, or calm."""
    profile = registry.profiles[device.profile]
    loud = watch.severity is not None
    return Said(
        key=_hazard_key(registry, device, drill=False),
        kind=SaidKind.SPEAKS if loud else SaidKind.CALM,
        # Of what only its maker said no reading tells that it is over.
        origin=AlarmOrigin.LIMIT if watch.held else AlarmOrigin.MAKER,
        source=device.source,
        voice=device.code,
        device=device.code,
        asset=device.asset,
        gateway=device.gateway,
        hazard=profile.hazard,
        category=profile.category,
        condition=watch.condition,
        severity=watch.severity or 4,
        spot=spot_of(device),
        unit=device.unit,
        title=f"{device.name_zh or profile.name_zh} {device.name_en or profile.name_en}",
        at=at,
        occurred_at=at,
        flapping=watch.flapping,
    )


def fault_word(*, registry: Registry, device: Device, watch: Watch, at: datetime) -> Said:
    """Return what a device's watch says about the device itself: silent, faulty, or well."""
    reason = "silent" if watch.silent else watch.fault
    return fault_because(registry=registry, device=device, at=at, occurred_at=at, reason=reason)


def fault_because(
    *,
    registry: Registry,
    device: Device,
    at: datetime,
    occurred_at: datetime,
    reason: str,
    envelope: Envelope | None = None,
) -> Said:
    rules, profile = registry.rules, registry.profiles[device.profile]
    silent = reason in ("silent", "offline")
    heartbeat = profile.heartbeat if device.heartbeat is None else device.heartbeat
    return Said(
        key=device_key(source=device.source, code=device.code),
        kind=SaidKind.SPEAKS if reason else SaidKind.CALM,
        origin=AlarmOrigin.SILENCE if silent else AlarmOrigin.LIMIT,
        source=device.source,
        voice=device.code,
        device=device.code,
        asset=device.asset,
        gateway=device.gateway,
        hazard=DEVICE_HAZARD,
        category=rules.device_category,
        condition=rules.critical_condition if profile.critical else rules.device_condition,
        severity=registry.severities.get(rules.device_category, 4),
        spot=spot_of(device),
        unit=device.unit,
        title=f"{device.name_zh or profile.name_zh} {device.name_en or profile.name_en}",
        text=reason,
        at=at,
        occurred_at=min(occurred_at, at),
        event_id=envelope.event_id if envelope is not None else "",
        # Its neighbours behind the same gateway have one heartbeat's time to show that it is the gateway.
        wait=heartbeat if silent and device.gateway and not profile.critical else timedelta(),
    )


def _hazard_key(registry: Registry, device: Device, *, drill: bool) -> str:
    hazard = registry.profiles[device.profile].hazard
    return key_of(source=device.source, subject=device.asset or device.code, hazard=hazard, exercise=drill)
