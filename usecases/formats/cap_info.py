"""The ``info`` parts of an alert: which are one hazard in several languages, and what each says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from domain.envelope import DeadCode
from domain.place import ReportedPlace
from usecases.formats.faults import UnableToRead
from usecases.formats.mapping import ANY_WORD
from usecases.formats.shapes import Box, Point, Shape, place_of
from usecases.formats.times import instant
from usecases.formats.values import LONGEST

LANGUAGES = ("zh", "en")
"""Which languages we would rather read, the first best."""
DEFAULT_LANGUAGE = "en-US"
"""What an info without language is in, by the standard."""
WORST = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
MOST_AREAS = 100
MOST_CODES = 50
FURTHEST_KM = 20_100.0
"""Half the earth around: a circle cannot reach further."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hazard:
    """One hazard of an alert, in the language chosen, with the areas of all its parts."""

    subject: str = ""
    hazard: str = ""
    category: str | None = None
    condition: str | None = None
    severity: str = ""
    title: str = ""
    text: str = ""
    place: ReportedPlace = field(default_factory=ReportedPlace)
    expires_at: datetime | None = None
    all_clear: bool = False
    data: dict[str, object] = field(default_factory=dict)


def hazards_of(
    alert: etree._Element, *, words: Mapping[str, Mapping[str, str]], bbox: Box | None
) -> list[Hazard]:
    """Return the alert's hazards; one that says nothing when it has no info. Raises UnableToRead."""
    infos = _children(alert, "info")
    if not infos:
        return [Hazard(title=_text(alert, "note")[: LONGEST["title"]])]
    events: dict[str, list[etree._Element]] = {}
    for info in _chosen(infos):
        events.setdefault(_text(info, "event").casefold(), []).append(info)
    return [_hazard(same, words=words, bbox=bbox) for same in events.values()]


def _chosen(infos: Sequence[etree._Element]) -> list[etree._Element]:
    """Return the infos in the language we would rather read, of each set that says the same otherwise."""
    sets: dict[tuple[str, ...], list[etree._Element]] = {}
    for info in infos:
        sets.setdefault(_meaning(info), []).append(info)
    chosen: list[etree._Element] = []
    for same in sets.values():
        best = min((_language(info) for info in same), key=_rank)
        chosen += [info for info in same if _language(info) == best]
    return chosen


def _meaning(info: etree._Element) -> tuple[str, ...]:
    """Return what translations of one info have in common: everything that is a code or an instant."""
    single = (
        _text(info, name) for name in ("urgency", "severity", "certainty", "effective", "onset", "expires")
    )
    several = ("+".join(sorted(_texts(info, name))) for name in ("category", "responseType"))
    return (*single, *several, "+".join(sorted(_codes(info))))


def _language(info: etree._Element) -> str:
    return _text(info, "language").lower() or DEFAULT_LANGUAGE.lower()


def _rank(language: str) -> int:
    main = language.partition("-")[0]
    return LANGUAGES.index(main) if main in LANGUAGES else len(LANGUAGES)


def _hazard(
    infos: Sequence[etree._Element], *, words: Mapping[str, Mapping[str, str]], bbox: Box | None
) -> Hazard:
    """Return one hazard of the infos about one event: the worst severity, the last end, all areas."""
    lead = min(infos, key=lambda info: WORST.index(_text(info, "severity")))
    event = _text(lead, "event")
    names = [*_codes(lead), event]
    areas = [area for info in infos for area in _children(info, "area")]
    ends = [instant(each, field="expires") for info in infos if (each := _text(info, "expires"))]
    described = "；".join(dict.fromkeys(_text(area, "areaDesc") for area in areas))
    return Hazard(
        hazard=_word(words, "hazard", names) or event.casefold()[: LONGEST["hazard"]],
        category=_word(words, "category", names) or None,
        condition=_word(words, "condition", names) or None,
        severity=_text(lead, "severity"),
        title=(_text(lead, "headline") or event)[: LONGEST["title"]],
        text=_body(lead)[: LONGEST["text"]],
        place=place_of(_shapes(areas), bbox=bbox, address=described[: LONGEST["address"]] or None),
        expires_at=max(ends) if len(ends) == len(infos) else None,
        all_clear=all("AllClear" in _texts(info, "responseType") for info in infos),
        data=_data(lead, event=event, areas=areas),
    )


def _word(words: Mapping[str, Mapping[str, str]], name: str, said: Sequence[str]) -> str:
    """Return what the source's mapping makes of an event's codes or name, empty when it knows none."""
    known = words.get(name, {})
    return next(
        (known[each.casefold()] for each in said if each.casefold() in known), known.get(ANY_WORD, "")
    )


def _body(info: etree._Element) -> str:
    return "\n".join(part for name in ("description", "instruction") if (part := _text(info, name)))


def _data(info: etree._Element, *, event: str, areas: Sequence[etree._Element]) -> dict[str, object]:
    singles = ("language", "urgency", "certainty", "effective", "onset", "senderName")
    found: dict[str, object] = {name: each[:200] for name in singles if (each := _text(info, name))}
    return {
        "event": event[:200],
        "category": _texts(info, "category"),
        **found,
        "eventCode": _codes(info)[:MOST_CODES],
        "areas": [_text(area, "areaDesc")[:200] for area in areas[:MOST_AREAS]],
        "geocodes": [
            _text(code, "value")[:80] for area in areas[:MOST_AREAS] for code in _children(area, "geocode")
        ][:MOST_CODES],
    }


def _codes(info: etree._Element) -> list[str]:
    return [_text(code, "value") for code in _children(info, "eventCode")]


def _shapes(areas: Sequence[etree._Element]) -> list[Shape]:
    """Return polygons and circles; empty ones, which real feeds hold, are none."""
    found: list[Shape] = []
    for area in areas:
        found += [_polygon(text) for text in _texts(area, "polygon") if text]
        found += [_circle(text) for text in _texts(area, "circle") if text]
    return found


def _polygon(text: str) -> Shape:
    """Read ``lat,lon`` pairs: at least four, the last the first. Raises UnableToRead (bad_position, too_many)."""
    points = tuple(_pair(pair, name="polygon") for pair in text.split())
    if len(points) < 4:
        raise UnableToRead(DeadCode.BAD_POSITION, field="polygon", reason="points")
    if points[0] != points[-1]:
        raise UnableToRead(DeadCode.BAD_POSITION, field="polygon", reason="open")
    return Shape(points=points)


def _circle(text: str) -> Shape:
    """Read ``lat,lon radius`` in kilometres. Raises UnableToRead (bad_position)."""
    parts = text.split()
    if len(parts) != 2:
        raise UnableToRead(DeadCode.BAD_POSITION, field="circle", reason="format")
    radius = _number(parts[1], name="circle")
    if not 0 <= radius <= FURTHEST_KM:
        raise UnableToRead(DeadCode.BAD_POSITION, field="circle", reason="radius")
    return Shape(points=(_pair(parts[0], name="circle"),), radius_m=radius * 1000)


def _pair(text: str, *, name: str) -> Point:
    lat, comma, lon = text.partition(",")
    if not comma:
        raise UnableToRead(DeadCode.BAD_POSITION, field=name, reason="format")
    return _number(lon, name=name), _number(lat, name=name)


def _number(text: str, *, name: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not abs(found) < 1e6:
        raise UnableToRead(DeadCode.BAD_POSITION, field=name, reason="number")
    return found


def _children(element: etree._Element, name: str) -> list[etree._Element]:
    return element.findall(f"{{{etree.QName(element).namespace}}}{name}")


def _texts(element: etree._Element, name: str) -> list[str]:
    return [(each.text or "").strip() for each in _children(element, name)]


def _text(element: etree._Element, name: str) -> str:
    return next(iter(_texts(element, name)), "")
