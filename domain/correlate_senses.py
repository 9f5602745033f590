"""From envelopes to what they say: the first half of the fold of one message. Pure.

Reads the registry and what is remembered of each device; knows no alarm. Every envelope is
accounted for: it has a ``Heard``, or it is dead.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.alarm import AlarmOrigin
from domain.correlate_said import (
    NO_SPOT,
    WARNING_HAZARD,
    DeviceKey,
    Heard,
    Said,
    SaidKind,
    Spot,
    key_of,
)
from domain.correlate_words import Registry, fault_because, said_of
from domain.device import Device, DeviceProfile, ServiceState
from domain.envelope import DeadCode, Envelope, EnvelopeKind, Exercise, Unreadable
from domain.sensing import (
    OUT_OF_RANGE,
    Sensed,
    Watch,
    fall_silent,
    fault_over,
    faulty,
    heard,
    maker_says,
    observe,
)

NAMED_ONCE = frozenset(EnvelopeKind) - {EnvelopeKind.OBSERVATION, EnvelopeKind.HEARTBEAT}
"""Kinds whose event ids are kept. Readings are told apart by their instants, which needs no row for each."""
CLOCK = "clock"
BEHIND_FOR = timedelta(minutes=30)
"""A clock is wrong that is behind for so long. What comes late once was held up on its way: we, or a line, were down."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One envelope with the digest of what it says and, where it has no device, its place in the city."""

    envelope: Envelope
    digest: str
    spot: Spot = NO_SPOT


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """An event id to be kept."""

    source: str
    event_id: str
    digest: str
    outcome: Heard


@dataclass(frozen=True, kw_only=True, slots=True)
class Senses:
    """What a message says. ``watches`` are those that changed."""

    said: tuple[Said, ...]
    watches: Mapping[DeviceKey, Watch]
    dead: tuple[Unreadable, ...]
    named: tuple[Named, ...]
    counts: Mapping[Heard, int]


class _Dead(Exception):
    """This envelope cannot be taken."""

    def __init__(self, code: DeadCode, **params: str) -> None:
        super().__init__(code.value)
        self.code, self.params = code, params


def sense(*, registry: Registry, events: Sequence[Event]) -> Senses:
    """Fold a message's envelopes, in their order, into what is remembered and what is said."""
    senses = _Senses(registry)
    for event in events:
        senses.take(event)
    return senses.outcome()


class _Senses:
    """A fold under construction."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.watches: dict[DeviceKey, Watch] = {}
        self.said: list[Said] = []
        self.dead: list[Unreadable] = []
        self.named: dict[tuple[str, str], Named] = {}
        self.counts: Counter[Heard] = Counter()

    def outcome(self) -> Senses:
        return Senses(
            said=tuple(self.said),
            watches=self.watches,
            dead=tuple(self.dead),
            named=tuple(self.named.values()),
            counts=self.counts,
        )

    def take(self, event: Event) -> None:
        envelope = event.envelope
        try:
            result = self._repetition(event) or self._heard(event)
        except _Dead as dead:
            self.dead.append(
                Unreadable(code=dead.code, params=dead.params, body=envelope.part, event_id=envelope.event_id)
            )
            return
        self.counts[result] += 1
        if envelope.kind in NAMED_ONCE and result is not Heard.REPEATED:
            named = Named(
                source=envelope.source, event_id=envelope.event_id, digest=event.digest, outcome=result
            )
            self.named[envelope.source, envelope.event_id] = named

    def _repetition(self, event: Event) -> Heard | None:
        """Tell a repetition; the same id with other content is a letter somebody must look at."""
        envelope = event.envelope
        if envelope.kind not in NAMED_ONCE:
            return None
        if not envelope.event_id:
            raise _Dead(DeadCode.MISSING_ID)
        key = (envelope.source, envelope.event_id)
        before = self.registry.seen.get(key) or self.named.get(key)
        if before is None:
            return None
        if before.digest != event.digest:
            raise _Dead(DeadCode.REPLAYED_ID, id=envelope.event_id)
        return Heard.REPEATED

    def _heard(self, event: Event) -> Heard:
        envelope = event.envelope
        if envelope.kind in (EnvelopeKind.WARNING, EnvelopeKind.CANCEL):
            return self._service(event)
        device = self.registry.devices.get((envelope.source, envelope.subject))
        if device is None or device.profile not in self.registry.profiles:
            return self._without_device(event)
        if device.service is not ServiceState.IN_SERVICE:
            return Heard.OUT_OF_SERVICE
        return self._device(envelope, device)

    def _device(self, envelope: Envelope, device: Device) -> Heard:
        """Fold what is said into what is remembered of the device. A drill leaves no memory of itself."""
        profile = self.registry.profiles[device.profile]
        place = (device.source, device.code)
        real = envelope.exercise is Exercise.REAL
        kept = self.watches.get(place) or self.registry.watches.get(place) or Watch()
        before = kept if real else Watch()
        after, found = _folded(envelope, device, profile, before)
        if envelope.exercise is Exercise.TEST:
            return Heard.TEST
        if real and after != kept:
            self.watches[place] = after
        if after == before and envelope.kind not in NAMED_ONCE:
            return Heard.REPEATED
        if after.late > before.late:
            return Heard.LATE
        if place in self.registry.muted:
            return Heard.MUTED
        self.said += said_of(
            registry=self.registry, device=device, watch=after, found=found, envelope=envelope
        )
        return Heard.TAKEN

    def _without_device(self, event: Event) -> Heard:
        """A gateway nobody registered, or an alarm that says itself where it is and what it is about."""
        envelope = event.envelope
        if envelope.kind in (EnvelopeKind.OFFLINE, EnvelopeKind.ONLINE):
            sample = self.registry.gateways.get((envelope.source, envelope.subject))
            if sample is not None:
                return self._gateway(envelope, sample)
        placed = envelope.category is not None and _has_place(envelope)
        if envelope.kind not in (EnvelopeKind.ALARM, EnvelopeKind.CLEAR) or not placed:
            raise _Dead(DeadCode.UNKNOWN_DEVICE, device=envelope.subject)
        if envelope.exercise is Exercise.TEST:
            return Heard.TEST
        self.said.append(self._own_word(event, envelope.category or ""))
        return Heard.TAKEN

    def _gateway(self, envelope: Envelope, sample: Device) -> Heard:
        if envelope.exercise is not Exercise.REAL:
            return Heard.TEST
        offline = envelope.kind is EnvelopeKind.OFFLINE
        gateway = replace(sample, code=envelope.subject, asset="", gateway="")
        self.said.append(
            fault_because(
                registry=self.registry, device=gateway, at=envelope.received_at,
                occurred_at=envelope.occurred_at, reason="offline" if offline else "", envelope=envelope,
            )
        )  # fmt: skip
        return Heard.TAKEN

    def _own_word(self, event: Event, category: str) -> Said:
        envelope = event.envelope
        hazard = envelope.hazard or category
        spot = event.spot
        point = f"{spot.lon},{spot.lat}" if spot.lon is not None else envelope.event_id
        subject = envelope.subject or point
        clear = envelope.kind is EnvelopeKind.CLEAR
        drill = envelope.exercise is Exercise.EXERCISE
        return replace(
            self._word(event, category),
            key=key_of(source=envelope.source, subject=subject, hazard=hazard, exercise=drill),
            kind=SaidKind.WITHDRAWN if clear else SaidKind.SPEAKS,
            origin=AlarmOrigin.MAKER,
            device=envelope.subject,
            hazard=hazard,
        )

    def _service(self, event: Event) -> Heard:
        """A warning service's word. CAP: an Update and a Cancel name the messages they are about."""
        envelope = event.envelope
        if envelope.exercise is Exercise.TEST:
            return Heard.TEST
        cancel = envelope.kind is EnvelopeKind.CANCEL
        references = self._referenced(envelope)
        if cancel and not references:
            raise _Dead(DeadCode.UNKNOWN_REFERENCE, id=" ".join(envelope.references)[:200])
        if not cancel and not references and envelope.category is None:
            raise _Dead(DeadCode.UNKNOWN_CATEGORY, category=envelope.hazard or envelope.title[:100])
        if not references and envelope.expires_at is not None and envelope.expires_at <= envelope.received_at:
            return Heard.EXPIRED  # over before it came: nobody can act on it
        key = _service_key(envelope, envelope.event_id)
        kind = SaidKind.WITHDRAWN if cancel else SaidKind.SPEAKS
        word = self._word(event, envelope.category or "")
        hazard = envelope.hazard or WARNING_HAZARD
        self.said.append(
            replace(
                word, key=key, kind=kind, references=references, hazard=hazard, origin=AlarmOrigin.SERVICE
            )
        )
        return Heard.TAKEN

    def _referenced(self, envelope: Envelope) -> tuple[str, ...]:
        """Return the alarms (or keys of this message's) that an envelope's references lead to."""
        found: list[str] = []
        for reference in envelope.references:
            seen = self.registry.seen.get((envelope.source, reference))
            if seen is not None and seen.alarm_no:
                found.append(seen.alarm_no)
            elif (envelope.source, reference) in self.named:
                found.append(_service_key(envelope, reference))
        return tuple(found)

    def _word(self, event: Event, category: str) -> Said:
        """Start a word of an envelope that is no device's."""
        envelope = event.envelope
        return Said(
            key="",
            kind=SaidKind.SPEAKS,
            source=envelope.source,
            voice=envelope.subject,
            hazard="",
            category=category,
            condition=envelope.condition,
            severity=envelope.severity or self.registry.severities.get(category, 2),
            exercise=envelope.exercise is Exercise.EXERCISE,
            spot=event.spot,
            title=envelope.title,
            text=envelope.text,
            value=envelope.value,
            at=envelope.received_at,
            occurred_at=min(envelope.occurred_at, envelope.received_at),
            expires_at=envelope.expires_at,
            event_id=envelope.event_id,
        )


def _folded(
    envelope: Envelope, device: Device, profile: DeviceProfile, watch: Watch
) -> tuple[Watch, tuple[Sensed, ...]]:
    at, limits = envelope.occurred_at, device.limits_by(profile)
    watch, clock = _clocked(watch, at=at, sent_at=envelope.sent_at)
    match envelope.kind:
        case EnvelopeKind.OBSERVATION:
            after, found = _observed(envelope, device, profile, watch)
        case EnvelopeKind.ALARM:
            level = _level(envelope)
            severity = envelope.severity or (profile.severity if level is None else None)
            after, found = maker_says(
                profile=profile, limits=limits, watch=watch, at=at, level=level, severity=severity
            )
        case EnvelopeKind.CLEAR:
            after, found = maker_says(profile=profile, limits=limits, watch=watch, at=at, level=None)
        case EnvelopeKind.OFFLINE:
            after, found = fall_silent(watch=watch, at=at)
        case _:
            after, found = _alive(watch, at)
    return after, (*clock, *found)


def _clocked(watch: Watch, *, at: datetime, sent_at: datetime | None) -> tuple[Watch, tuple[Sensed, ...]]:
    """Note whether its clock can be believed: not one that is ahead, nor one that has long been behind."""
    if sent_at is None:
        return fault_over(watch=replace(watch, behind_since=None), at=at, reason=CLOCK)
    since = watch.behind_since or at
    watch = replace(watch, behind_since=since)
    if sent_at > at or at - since >= BEHIND_FOR:
        return faulty(watch=watch, at=at, reason=CLOCK)
    return watch, ()


def _alive(watch: Watch, at: datetime) -> tuple[Watch, tuple[Sensed, ...]]:
    """Note a sign of life, unless it is not newer than the last: a repeated one brings no device back."""
    if watch.heard_at is not None and at <= watch.heard_at:
        return watch, ()
    return heard(watch=watch, at=at)


def _observed(
    envelope: Envelope, device: Device, profile: DeviceProfile, watch: Watch
) -> tuple[Watch, tuple[Sensed, ...]]:
    """A reading of another quantity than the profile watches (a battery) only shows that the device lives."""
    if envelope.metric and profile.metric and envelope.metric != profile.metric:
        return _alive(watch, envelope.occurred_at)
    if envelope.value is None:
        raise _Dead(DeadCode.MISSING_FIELD, field="value")
    unit, wanted = envelope.unit.strip().casefold(), profile.unit.strip().casefold()
    if unit and wanted and unit != wanted:
        raise _Dead(DeadCode.BAD_VALUE, field="unit", value=envelope.unit[:50])
    at, value = envelope.occurred_at, envelope.value
    if (at, value) in watch.recent:
        return watch, ()
    after, found = observe(profile=profile, limits=device.limits_by(profile), watch=watch, at=at, value=value)
    if at == watch.last_at and watch.fault == after.fault == OUT_OF_RANGE:
        return watch, ()  # an impossible reading is not remembered: its instant tells its repetition
    return after, found


def _level(envelope: Envelope) -> int | None:
    """Return the maker's own level, where it wrote one as a number."""
    raw = envelope.raw_severity.strip()
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 4 else None


def _service_key(envelope: Envelope, identifier: str) -> str:
    drill = envelope.exercise is Exercise.EXERCISE
    return key_of(source=envelope.source, subject=identifier, hazard=WARNING_HAZARD, exercise=drill)


def _has_place(envelope: Envelope) -> bool:
    place = envelope.place
    return (place.lon is not None and place.lat is not None) or bool(place.area_code or place.address)
