"""What a source's mapping may say, and whether one is sound.

A mapping is flat, text to text, so that a person can read and mend it:

======================  ==================================================================
``event_id`` … (FIELDS)  where the field stands (``usecases.formats.paths``)
``occurred_at``          as above, with ``@Asia/Shanghai`` or ``@+08:00`` behind it where times
                         are written without offset; the same for ``expires_at``
``kind:1``               the sender's word ``1`` in field ``kind`` means the value: ``alarm``
                         (for every field of WORDS)
``category:*``           CAP, NGSI-LD: what every other word means (also ``hazard:*``, ``condition:*``)
``items``                the path of the array whose members are the parts (keys only)
``body`` = ``text``      the body is plain text and the part is that text
``clock`` = ``trusted``  late times are believed: the sender keeps what it could not send
``retained`` = ``yes``   MQTT: topics that tell a state, whose retained message counts
======================  ==================================================================

Without an entry a field is looked for under its usual names (USUAL). Words of severity stand
in the source's ``severities``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache

from domain.envelope import EnvelopeKind, Exercise
from domain.place import Crs
from usecases.formats.paths import Path, Root, UnableToReadPath, parse
from usecases.formats.times import zone_of

FIELDS = (
    "event_id", "kind", "subject", "metric", "value", "unit", "hazard", "category", "condition",
    "severity", "title", "text", "lon", "lat", "crs", "accuracy_m", "radius_m", "address", "area_code",
    "exercise", "occurred_at", "expires_at", "references",
)  # fmt: skip
"""Fields of an envelope a mapping may fill."""
ANY_WORD = "*"
WORDS = ("kind", "metric", "unit", "hazard", "category", "condition", "exercise")
TIMES = ("occurred_at", "expires_at")
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "body": ("json", "text"),
    "clock": ("checked", "trusted"),
    "retained": ("no", "yes"),
}
MOST_ENTRIES = 500
MOST_LENGTH = 500

USUAL: Mapping[str, str] = {
    "event_id": "event_id|eventId|alarm_id|alarmId|msg_id|msgId|messageId",  # a bare "id" is as often the device's
    "kind": "kind",
    "subject": "subject|device|device_id|deviceId|device_code|deviceCode|sensor_id|sensorId|deviceNo|sn",
    "metric": "metric|measure|parameter",
    "value": "value|val|reading|result",
    "unit": "unit|uom",
    "hazard": "hazard",
    "category": "category",
    "condition": "condition",
    "severity": "severity|level|alarm_level|alarmLevel",
    "title": "title|headline|name",
    "text": "text|description|message|content",
    "lon": "lon|lng|longitude|position.lon|location.lon|location.lng|location.longitude",
    "lat": "lat|latitude|position.lat|location.lat|location.latitude",
    "accuracy_m": "accuracy_m|accuracy",
    "address": "address",
    "area_code": "area_code",
    "exercise": "exercise",
    "occurred_at": "occurred_at|occurredAt|timestamp|time|ts|eventTime|alarmTime",
    "expires_at": "expires_at|expiresAt",
    "references": "references",
}
"""Where a field is looked for when the mapping does not say."""

KINDS: Mapping[str, str] = {kind.value: kind.value for kind in EnvelopeKind}
EXERCISES: Mapping[str, str] = {
    **{each.value: each.value for each in Exercise},
    "true": Exercise.EXERCISE.value,
    "false": Exercise.REAL.value,
}
_ALLOWED: Mapping[str, frozenset[str]] = {
    "kind": frozenset(KINDS),
    "exercise": frozenset(each.value for each in Exercise),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """A mapping made ready. ``named`` are the fields it says itself; the others have their usual names.

    ``known`` are the keys of a part that become fields.
    """

    ways: Mapping[str, tuple[Path, ...]]
    named: frozenset[str]
    zones: Mapping[str, tzinfo]
    words: Mapping[str, Mapping[str, str]]
    known: frozenset[str]
    items: tuple[str, ...] = ()
    plain_text: bool = False
    trusted_clock: bool = False
    retained: bool = False


class UnableToMap(ValueError):
    """The mapping is not sound; the text says what is wrong, one reason a line."""


def mapping_faults(mapping: Mapping[str, str]) -> tuple[str, ...]:
    """Return what is wrong with a mapping, one short line an entry; empty when it is sound."""
    if len(mapping) > MOST_ENTRIES:
        return (f"{len(mapping)} > {MOST_ENTRIES}",)
    found = (f"{key[:80]}: {fault}" for key, text in mapping.items() if (fault := _fault(key, text)))
    return tuple(found)


def rules_of(mapping: Mapping[str, str]) -> Rules:
    """Return the mapping made ready. Raises UnableToMap."""
    return _rules(tuple(sorted(mapping.items())))


@lru_cache(maxsize=256)
def _rules(entries: tuple[tuple[str, str], ...]) -> Rules:
    mapping = dict(entries)
    if faults := mapping_faults(mapping):
        raise UnableToMap("\n".join(faults))
    ways = {field: parse(path) for field, path in USUAL.items()}
    zones: dict[str, tzinfo] = {}
    words: dict[str, dict[str, str]] = {"kind": dict(KINDS), "exercise": dict(EXERCISES)}
    for key, text in entries:
        field, colon, word = key.partition(":")
        if colon:
            words.setdefault(field, {})[word.casefold()] = text
        elif field in FIELDS:
            path, zone = zoned(field, text)
            ways[field] = parse(path)
            if zone is not None:
                zones[field] = zone
    items = parse(mapping["items"])[0].steps if "items" in mapping else ()
    return Rules(
        ways=ways,
        named=frozenset(mapping) & frozenset(FIELDS),
        zones=zones,
        words=words,
        known=frozenset(
            str(way.steps[0])
            for several in ways.values()
            for way in several
            if way.root is Root.PART and len(way.steps) == 1
        ),
        items=tuple(str(step) for step in items),
        plain_text=mapping.get("body") == "text",
        trusted_clock=mapping.get("clock") == "trusted",
        retained=mapping.get("retained") == "yes",
    )


def zoned(field: str, text: str) -> tuple[str, tzinfo | None]:
    """Part a time's path from the zone behind it."""
    path, at, name = text.rpartition("@")
    if field not in TIMES or not at or not path or '"' in name:
        return text, None
    return path, zone_of(name.strip())


def _fault(key: str, text: str) -> str:
    if len(key) > MOST_LENGTH or len(text) > MOST_LENGTH:
        return f"> {MOST_LENGTH}"
    field, colon, word = key.partition(":")
    if colon:
        return _word_fault(field, word, text)
    if key in OPTIONS:
        return "" if text in OPTIONS[key] else f"{text[:40]!r} ∉ {' | '.join(OPTIONS[key])}"
    if key != "items" and key not in FIELDS:
        return "unknown field"
    return _path_fault(key, text)


def _word_fault(field: str, word: str, text: str) -> str:
    if field not in WORDS:
        return "unknown field of words"
    if not word:
        return "no word behind the colon"
    allowed = _ALLOWED.get(field)
    return f"{text[:40]!r} ∉ {' | '.join(sorted(allowed))}" if allowed and text not in allowed else ""


def _path_fault(key: str, text: str) -> str:
    path, zone = zoned(key, text)
    if path != text and zone is None:
        return f"unknown zone {text.rpartition('@')[2][:40]!r}"
    try:
        ways = parse(path)
    except UnableToReadPath as error:
        return f"{path[:80]!r} is no path, {error}"
    if key == "items":
        plain = len(ways) == 1 and ways[0].root is Root.PART and ways[0].steps
        keys = plain and all(isinstance(step, str) for step in ways[0].steps)
        return "" if keys else "one path of keys only"
    return _constant_fault(key, ways[-1])


def _constant_fault(field: str, way: Path) -> str:
    """Look at a constant of a field that has only certain values; words of it may be translated."""
    if way.root is not Root.CONSTANT:
        return ""
    allowed = frozenset(Crs) if field == "crs" else _ALLOWED.get(field)
    if allowed and way.constant not in allowed:
        return f"{way.constant[:40]!r} ∉ {' | '.join(sorted(allowed))}"
    return ""
