"""Single values of a part: texts, numbers, positions, severities, and ids for what has none."""

import hashlib
import math
from collections.abc import Mapping
from datetime import UTC, datetime

from domain.envelope import DeadCode
from domain.source import Source
from usecases.formats.faults import UnableToRead
from usecases.formats.jsontext import clean

LONGEST: Mapping[str, int] = {
    "event_id": 500,
    "subject": 200,
    "metric": 100,
    "unit": 40,
    "hazard": 100,
    "category": 100,
    "condition": 100,
    "severity": 100,
    "title": 500,
    "text": 10_000,
    "address": 500,
    "area_code": 64,
}
CUT = frozenset({"title", "text", "address"})
"""Texts people read are cut; anything a rule compares is refused when it is too long."""
MOST_EXTRAS = 32
LONGEST_EXTRA = 200


def text_of(value: object, *, field: str) -> str:
    """Return a scalar as text, empty for None. Raises UnableToRead (bad_value, too_large)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if not isinstance(value, str | int | float):
        raise UnableToRead(DeadCode.BAD_VALUE, field=field, reason="type")
    try:
        text = clean(str(value)).strip()
    except ValueError:  # an integer of thousands of digits
        raise UnableToRead(DeadCode.BAD_VALUE, field=field, reason="range") from None
    most = LONGEST.get(field, LONGEST_EXTRA)
    if len(text) <= most:
        return text
    if field in CUT:
        return text[:most]
    raise UnableToRead(DeadCode.TOO_LARGE, field=field, size=str(len(text)), most=str(most))


def number_of(value: object, *, field: str) -> float | None:
    """Return a finite number, None for None and empty text. Raises UnableToRead (bad_value).

    Numbers written as text are taken; true and false are 1 and 0, as contacts report.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, int | float | str):
        raise UnableToRead(DeadCode.BAD_VALUE, field=field, reason="type")
    try:
        found = float(value)
    except (ValueError, OverflowError):
        raise UnableToRead(DeadCode.BAD_VALUE, field=field, reason="number") from None
    if not math.isfinite(found) or (isinstance(value, str) and "_" in value):
        raise UnableToRead(DeadCode.BAD_VALUE, field=field, reason="number")
    return found


def severity_of(raw: str, *, source: Source, usual: Mapping[str, int] | None = None) -> int | None:
    """Return 1 (worst) … 4 as the source's own table says, else the format's usual one; None when neither knows."""
    word = raw.casefold()
    for known, severity in source.severities.items():
        if known.casefold() == word and severity in {1, 2, 3, 4}:
            return severity
    return next((each for known, each in (usual or {}).items() if known.casefold() == word), None)


def position_of(lon: float | None, lat: float | None) -> tuple[float, float] | None:
    """Return (lon, lat), None when neither is said. Raises UnableToRead (bad_position)."""
    if lon is None and lat is None:
        return None
    if lon is None or lat is None:
        raise UnableToRead(DeadCode.BAD_POSITION, field="lat" if lat is None else "lon")
    return lon, lat


def derived_id(*, topic: str, body: bytes, at: datetime) -> str:
    """Return an id for a message without one: SHA-256 of topic and bytes, with the minute it speaks of.

    The minute is that of the sender's own time where it tells one: then a message delivered again is
    the same however late. Else it is that of receipt, and a repetition within it counts as one.
    """
    digest = hashlib.sha256(topic.encode("utf-8", "surrogatepass") + b"\0" + body).hexdigest()[:40]
    return f"{digest}-{at.astimezone(UTC):%Y%m%dT%H%M}"


def extras(value: object, *, known: frozenset[str]) -> dict[str, object]:
    """Return the short scalars of a part that became no field."""
    if not isinstance(value, Mapping):
        return {}
    found: dict[str, object] = {}
    for key, each in value.items():
        short = isinstance(each, bool | float) or (isinstance(each, str) and len(each) <= LONGEST_EXTRA)
        short = short or (isinstance(each, int) and abs(each) < 2**53)
        if short and key not in known and len(key) <= 80 and len(found) < MOST_EXTRAS:
            found[key] = each
    return found
