"""A part of a JSON message as an envelope, by the source's mapping."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from domain.envelope import DeadCode, Envelope, EnvelopeKind, Exercise
from domain.place import Crs, ReportedPlace
from domain.source import Source
from usecases.formats.faults import UnableToRead
from usecases.formats.mapping import Rules
from usecases.formats.paths import Context, find
from usecases.formats.shapes import Box, check_axes
from usecases.formats.times import believed, instant
from usecases.formats.values import derived_id, extras, number_of, position_of, severity_of, text_of

MOST_REFERENCES = 100
_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a part is read with. ``event_id``, ``subject`` and ``time`` are what its wrapping says, if anything.

    ``bbox`` is about where the city lies; a position that is inside only when its axes are
    swapped was written the wrong way round.
    """

    source: Source
    rules: Rules
    received_at: datetime
    crs: Crs = Crs.WGS84
    bbox: Box | None = None
    event_id: str = ""
    subject: str = ""
    time: object = None
    data: dict[str, object] | None = None


def envelope(*, context: Context, body: bytes, reading: Reading) -> Envelope:
    """Return the part as an envelope. Raises UnableToRead; ``body`` are the part's own bytes."""
    part = _Part(context=context, reading=reading)
    told = part.time("occurred_at", wrapped=reading.time)
    event_id = part.event_id(body=body, told=told)
    try:
        return _made(part=part, event_id=event_id, told=told)
    except UnableToRead as error:
        error.event_id = error.event_id or event_id
        raise


def _made(*, part: "_Part", event_id: str, told: datetime | None) -> Envelope:
    reading = part.reading
    value = number_of(part.get("value"), field="value")
    raw = part.text("severity")
    kind = part.kind(value=value, raw=raw)
    at, sent = believed(told, received_at=reading.received_at, trusted=reading.rules.trusted_clock)
    wrapped = "" if "subject" in reading.rules.named else reading.subject
    subject = wrapped or part.text("subject") or reading.subject
    return Envelope(
        source=reading.source.name,
        event_id=event_id,
        kind=kind,
        subject=subject,
        metric=part.word("metric"),
        value=value,
        unit=part.word("unit"),
        hazard=part.word("hazard"),
        category=part.word("category") or None,
        condition=part.word("condition") or None,
        raw_severity=raw,
        severity=_severity(raw=raw, kind=kind, subject=subject, source=reading.source),
        title=part.text("title"),
        text=part.text("text"),
        place=part.place(),
        exercise=part.exercise(),
        occurred_at=at,
        received_at=reading.received_at,
        sent_at=sent,
        expires_at=part.time("expires_at"),
        references=part.references(),
        data={**extras(part.context.part, known=reading.rules.known), **(reading.data or {})},
    )


def _severity(*, raw: str, kind: EnvelopeKind, subject: str, source: Source) -> int | None:
    """Return the severity of a word. A number of a known device may still be one of its maker's levels."""
    found = severity_of(raw, source=source)
    if found is not None or not raw or not source.severities:
        return found
    levels = subject and raw.lstrip("-").isdigit()
    if kind not in {EnvelopeKind.ALARM, EnvelopeKind.WARNING} or levels:
        return None
    raise UnableToRead(DeadCode.UNKNOWN_SEVERITY, word=raw[:40])


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """One part with the rules it is read by."""

    context: Context
    reading: Reading

    def get(self, field: str) -> object:
        """Return what stands where the mapping looks for a field."""
        ways = self.reading.rules.ways.get(field)
        return find(ways, self.context) if ways else None

    def text(self, field: str) -> str:
        """Return a field as text; a usual name that holds something else says nothing."""
        value = self.get(field)
        if isinstance(value, dict | list) and field not in self.reading.rules.named:
            return ""
        return text_of(value, field=field)

    def word(self, field: str) -> str:
        """Return a field's text, translated by the mapping where it has that word."""
        text = self.text(field)
        return self.reading.rules.words.get(field, {}).get(text.casefold(), text)

    def event_id(self, *, body: bytes, told: datetime | None) -> str:
        """Return the id the part says, else its wrapping's, else one made of its bytes."""
        named = "event_id" in self.reading.rules.named
        found = self.text("event_id") if named or not self.reading.event_id else self.reading.event_id
        if found:
            return found
        if named:
            raise UnableToRead(DeadCode.MISSING_ID, field="event_id")
        return derived_id(topic=self.context.topic, body=body, at=told or self.reading.received_at)

    def kind(self, *, value: float | None, raw: str) -> EnvelopeKind:
        """Return what is said: by its word, else a reading is an observation and a severity an alarm."""
        word = self.word("kind")
        if word:
            return _member(EnvelopeKind, word, field="kind")
        if value is not None:
            return EnvelopeKind.OBSERVATION
        if raw:
            return EnvelopeKind.ALARM
        raise UnableToRead(DeadCode.MISSING_FIELD, field="kind")

    def exercise(self) -> Exercise:
        """Return whether it is meant. A word nobody knows is no reason to treat it as real, nor as a drill."""
        word = self.word("exercise")
        return _member(Exercise, word, field="exercise") if word else Exercise.REAL

    def time(self, field: str, *, wrapped: object = None) -> datetime | None:
        """Return an instant: where the mapping says, else its wrapping's, else under its usual names. Raises UnableToRead (bad_time)."""
        usual = field not in self.reading.rules.named
        value = wrapped if usual and wrapped is not None else self.get(field)
        if value is None or value == "" or (usual and isinstance(value, dict | list)):
            value = wrapped
        if value is None or value == "":
            return None
        return instant(value, field=field, zone=self.reading.rules.zones.get(field))

    def place(self) -> ReportedPlace:
        """Return what is said about where. Raises UnableToRead (bad_value, bad_position, swapped_axes)."""
        numbers = {field: number_of(self.get(field), field=field) for field in ("lon", "lat", "radius_m")}
        point = position_of(numbers["lon"], numbers["lat"])
        if point:
            check_axes([point], bbox=self.reading.bbox)
        crs = self.text("crs").upper()
        return ReportedPlace(
            lon=point[0] if point else None,
            lat=point[1] if point else None,
            crs=_member(Crs, crs, field="crs") if crs else self.reading.crs,
            accuracy_m=number_of(self.get("accuracy_m"), field="accuracy_m"),
            address=self.text("address") or None,
            area_code=self.text("area_code") or None,
            radius_m=numbers["radius_m"],
        )

    def references(self) -> tuple[str, ...]:
        """Return the event ids it updates or ends: one, or a list of them."""
        value = self.get("references")
        several = value if isinstance(value, list) else [value]
        found = (text_of(each, field="event_id") for each in several[:MOST_REFERENCES])
        return tuple(each for each in found if each)


def _member(kind: type[_E], word: str, *, field: str) -> _E:
    try:
        return kind(word)
    except ValueError:
        raise UnableToRead(DeadCode.BAD_VALUE, field=field, reason="word") from None
