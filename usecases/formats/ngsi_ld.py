"""NGSI-LD alerts (smart data model Alert): notifications, entities and arrays of them, in any of their notations.

Normalized, keyValues and GeoJSON features are read alike, and so is NGSI v2. ``@context`` is
never fetched: the model's names are known, others are not. Reference: escalation.md §6.4.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from domain.envelope import DeadCode, Envelope, EnvelopeKind, Unreadable
from domain.place import ReportedPlace
from usecases.formats.faults import UnableToRead
from usecases.formats.frame import Frame
from usecases.formats.jsontext import Document, checked, items, load
from usecases.formats.mapping import ANY_WORD
from usecases.formats.shapes import MOST_POINTS, Point, Shape, place_of
from usecases.formats.times import believed, instant
from usecases.formats.values import extras, number_of, severity_of, text_of

REQUIRED = ("id", "type", "alertSource", "category", "dateIssued")
SEVERITIES = {"critical": 1, "high": 2, "medium": 3, "low": 4, "informational": 4}
"""The model's words. A source's own table goes before."""
LANGUAGES = ("zh", "en")
MOST_NESTED = 5
"""Arrays of a multi-polygon's coordinates, and one to spare."""


def read_ngsi_ld(frame: Frame) -> Iterator[Envelope | Unreadable]:
    """Yield each alert. Raises UnableToRead when the whole cannot be read."""
    document = load(body=frame.body, content_type=frame.content_type)
    for item in items(document, body=frame.body, under=_under(document)):
        try:
            yield _alert(frame=frame, entity=_flat(checked(item.value)), body=item.body)
        except UnableToRead as error:
            yield error.part(item.body)


def _under(document: Document) -> tuple[str, ...]:
    value = document.value
    kind = value.get("type") if isinstance(value, dict) else None
    return {"Notification": ("data",), "FeatureCollection": ("features",)}.get(str(kind), ())


def _flat(entity: object) -> dict[str, object]:
    """Return an entity's attributes as plain values. Raises UnableToRead (schema)."""
    if not isinstance(entity, dict):
        raise UnableToRead(DeadCode.SCHEMA, reason="no_object")
    if entity.get("type") == "Feature":
        properties = entity.get("properties")
        inside = properties if isinstance(properties, dict) else {}
        entity = {"location": entity.get("geometry"), **inside, "id": entity.get("id")}
    return {name: _plain(value) for name, value in entity.items() if name != "@context"}


def _plain(value: object) -> object:
    """Return what a property, relationship or typed value stands for; a geometry is one itself."""
    for _ in range(MOST_NESTED):
        if not isinstance(value, dict):
            break
        if "@value" in value:
            value = value["@value"]
        elif isinstance(value.get("languageMap"), dict):
            spoken = value["languageMap"]
            best = next((each for each in LANGUAGES if each in spoken), next(iter(spoken), ""))
            value = spoken.get(best)
        elif "type" in value and "value" in value:
            value = value["value"]
        elif value.get("type") == "Relationship":
            value = value.get("object")
        else:
            break
    return value


def _alert(*, frame: Frame, entity: Mapping[str, object], body: bytes) -> Envelope:
    named = text_of(entity.get("id"), field="event_id")
    try:
        _required(entity)
        return _envelope(frame=frame, entity=entity, named=named, body=body)
    except UnableToRead as error:
        error.event_id = error.event_id or named
        raise


def _required(entity: Mapping[str, object]) -> None:
    for name in REQUIRED:
        value = entity.get(name)
        if value is None or value == "":
            raise UnableToRead(DeadCode.MISSING_ID if name == "id" else DeadCode.MISSING_FIELD, field=name)
    kind = entity["type"]
    kinds = kind if isinstance(kind, list) else [kind]
    if not any(isinstance(each, str) and each.rpartition("/")[2] == "Alert" for each in kinds):
        raise UnableToRead(DeadCode.UNKNOWN_FORMAT, found=str(kinds[0])[:80] if kinds else "", known="Alert")


def _envelope(*, frame: Frame, entity: Mapping[str, object], named: str, body: bytes) -> Envelope:
    reading = frame.reading
    issued = _time(frame, entity, "dateIssued")
    at, sent = believed(issued, received_at=reading.received_at, trusted=reading.rules.trusted_clock)
    category = text_of(entity["category"], field="category")
    sub = text_of(entity.get("subCategory"), field="hazard")
    raw = text_of(entity.get("severity"), field="severity")
    # The entity stays and changes: each of its states is a statement of its own.
    stamps = (entity.get(name) for name in ("modifiedAt", "dateModified", "dateIssued"))
    changed = next(text for stamp in stamps if (text := text_of(stamp, field="dateModified")))
    extra = entity.get("data")
    return Envelope(
        source=reading.source.name,
        event_id=f"{named}#{changed}",
        kind=EnvelopeKind.ALARM,
        subject=text_of(entity["alertSource"], field="subject"),
        hazard=_word(frame, "hazard", sub, category) or (sub or category).casefold(),
        category=_word(frame, "category", sub, category) or None,
        condition=_word(frame, "condition", sub, category) or None,
        raw_severity=raw,
        severity=severity_of(raw, source=reading.source, usual=SEVERITIES),
        title=text_of(entity.get("name"), field="title"),
        text=text_of(entity.get("description"), field="text"),
        place=_place(frame, entity),
        occurred_at=at,
        received_at=reading.received_at,
        sent_at=sent,
        expires_at=_time(frame, entity, "validTo"),
        data={**extras(extra, known=frozenset()), "id": named, "category": category, "subCategory": sub},
        part=frame.own(body),
    )


def _time(frame: Frame, entity: Mapping[str, object], name: str) -> datetime | None:
    """Return the instant of a name, None when there is none. Raises UnableToRead (bad_time)."""
    value = entity.get(name)
    if value is None or value == "":
        return None
    return instant(value, field=name, zone=frame.reading.rules.zones.get("occurred_at"))


def _word(frame: Frame, field: str, *said: str) -> str:
    known = frame.reading.rules.words.get(field, {})
    return next(
        (known[each.casefold()] for each in said if each.casefold() in known), known.get(ANY_WORD, "")
    )


def _place(frame: Frame, entity: Mapping[str, object]) -> ReportedPlace:
    address = entity.get("address")
    written = address.get("streetAddress") if isinstance(address, dict) else address
    text = text_of(written, field="address") if isinstance(written, str) else ""
    geometry = entity.get("location")
    if geometry is None:
        return ReportedPlace(address=text or None)
    if not isinstance(geometry, dict) or not isinstance(geometry.get("coordinates"), list):
        raise UnableToRead(DeadCode.BAD_POSITION, field="location", reason="geometry")
    points = tuple(_points(geometry["coordinates"], depth=0))
    if not points:
        raise UnableToRead(DeadCode.BAD_POSITION, field="location", reason="points")
    return place_of([Shape(points=points)], bbox=frame.reading.bbox, address=text or None)


def _points(value: object, *, depth: int) -> Iterator[Point]:
    """Yield the positions of GeoJSON coordinates, however nested. Raises UnableToRead (bad_position, too_many)."""
    if not isinstance(value, list) or depth > MOST_NESTED:
        raise UnableToRead(DeadCode.BAD_POSITION, field="location", reason="geometry")
    if value and not isinstance(value[0], list):
        numbers = [number_of(each, field="location") for each in value[:2]]
        if len(numbers) < 2 or None in numbers:
            raise UnableToRead(DeadCode.BAD_POSITION, field="location", reason="points")
        yield (numbers[0] or 0.0, numbers[1] or 0.0)
        return
    if len(value) > MOST_POINTS:
        raise UnableToRead(DeadCode.TOO_MANY, count=str(len(value)), most=str(MOST_POINTS))
    for each in value:
        yield from _points(each, depth=depth + 1)
