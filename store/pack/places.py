"""``places.csv``: streets, landmarks, poles and crossings by name; ``readings.csv``: how names are spoken."""

import math
import re
from pathlib import Path

from domain.named_place import AREA_KINDS, Line, NamedPlace, PlaceKind
from domain.pack import CityPack
from domain.place import Crs
from store.pack.csv_rows import read_rows
from store.pack.fields import Fields
from store.pack.problems import ProblemBook

FILE = "places.csv"
READINGS_FILE = "readings.csv"
COLUMNS = ("code", "kind", "name_zh", "name_en", "aliases", "lon", "lat", "line", "approximate", "source")
THING = "place"
MOST_POINTS = 2_000
"""Vertices of one line: a street has tens; more is a file of another purpose."""

_SPOKEN = re.compile(r"[a-z]+( [a-z]+)*")
_ONE_LINE = re.compile(r"LINESTRING\s*\((?P<points>[^()]*)\)", re.IGNORECASE)
_MANY_LINES = re.compile(
    r"MULTILINESTRING\s*\((?P<lines>\s*\([^()]*\)\s*(,\s*\([^()]*\)\s*)*)\)", re.IGNORECASE
)
_PART = re.compile(r"\(([^()]*)\)")


class UnableToReadLine(ValueError):
    """A line that is no LINESTRING or MULTILINESTRING of at least two points."""


def read_places(*, folder: Path, book: ProblemBook) -> tuple[NamedPlace, ...]:
    """Read the places of a pack; none when it has no such file.

    Problems: a code twice, an unknown kind, no name, neither point nor line or both, numbers that
    are none, lines that cannot be read.
    """
    if not (folder / FILE).exists():
        return ()
    found: list[NamedPlace] = []
    for row in read_rows(folder=folder, name=FILE, columns=COLUMNS, book=book):
        place = _place(row)
        if place is None:
            continue
        if not book.wrote(THING, place.code, row.where()):
            zh, en = f"地点编码“{place.code}”重复", f"place code {place.code!r} twice"
            row.problem("code", code="duplicate_place", zh=zh, en=en)
            continue
        found.append(place)
    return tuple(found)


def _place(row: Fields) -> NamedPlace | None:
    code, name = row.text("code").strip(), row.text("name_zh").strip()
    kind = row.choice("kind", PlaceKind)
    if kind in AREA_KINDS:
        zh, en = f"“{kind}”是行政区域,应写在 areas.csv", f"{kind!r} is an area and belongs in areas.csv"
        row.problem("kind", code="wrong_value", zh=zh, en=en)
    lon, lat = _degrees(row, "lon"), _degrees(row, "lat")
    lines = _lines(row)
    if (lon is None) is not (lat is None) or (lon is None) is not bool(lines):
        zh = "须有且只有一种位置:经纬度 lon、lat,或线 line"
        row.problem("lon", code="no_position", zh=zh, en="want one position: lon and lat, or a line")
        return None
    crs = row.choice("crs", Crs, Crs.WGS84)
    approximate = row.flag("approximate")
    source, name_en = row.text("source", ""), row.text("name_en", "").strip()
    aliases = row.texts("aliases", separator=";")
    row.finish()
    if not code or not name or kind in AREA_KINDS:
        return None
    return NamedPlace(
        code=code,
        kind=kind,
        name_zh=name,
        name_en=name_en,
        aliases=aliases,
        lon=lon,
        lat=lat,
        lines=lines,
        crs=crs,
        approximate=approximate,
        source=source,
    )


def _degrees(row: Fields, key: str) -> float | None:
    if not row.has(key):
        return None
    try:
        value = float(row.data[key])
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > 180:
        zh, en = f"“{row.data[key]}”不是十进制经纬度", f"{row.data[key]!r} is no number of degrees"
        row.problem(key, code="wrong_value", zh=zh, en=en)
        return None
    return value


def _lines(row: Fields) -> tuple[Line, ...]:
    if not row.has("line"):
        return ()
    try:
        return read_line(row.data["line"])
    except UnableToReadLine:
        zh = "线应为 WKT:LINESTRING (经度 纬度, 经度 纬度, …),至少两点"
        en = "a line is WKT: LINESTRING (lon lat, lon lat, …) of at least two points"
        row.problem("line", code="unreadable_line", zh=zh, en=en)
        return ()


def read_line(text: str) -> tuple[Line, ...]:
    """Return the lines of a WKT text, in its own order of coordinates. Raises UnableToReadLine."""
    one, many = _ONE_LINE.fullmatch(text.strip()), _MANY_LINES.fullmatch(text.strip())
    if one is None and many is None:
        raise UnableToReadLine(text[:80])
    parts = [one["points"]] if one else _PART.findall(many["lines"] if many else "")
    lines = tuple(tuple(_point(pair) for pair in part.split(",")) for part in parts)
    if any(len(line) < 2 for line in lines) or sum(map(len, lines)) > MOST_POINTS:
        raise UnableToReadLine(text[:80])
    return lines


def _point(pair: str) -> tuple[float, float]:
    try:
        lon, lat = (float(number) for number in pair.split())
    except ValueError as wrong:
        raise UnableToReadLine(pair[:80]) from wrong
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise UnableToReadLine(pair[:80])
    return lon, lat


def read_readings(*, folder: Path, book: ProblemBook) -> dict[str, str]:
    """Read how the city speaks parts of its names: text → syllables with single spaces, no tones."""
    if not (folder / READINGS_FILE).exists():
        return {}
    found: dict[str, str] = {}
    for row in read_rows(folder=folder, name=READINGS_FILE, columns=("text", "pinyin"), book=book):
        text, spoken = row.text("text").strip(), row.text("pinyin").strip()
        if text and spoken and (not _SPOKEN.fullmatch(spoken) or len(spoken.split()) != len(text)):
            zh = f"“{text}”的读音“{spoken}”应为每字一个不带声调的音节,以空格分开"
            en = f"the reading {spoken!r} of {text!r} must have one syllable a character, no tones"
            row.problem("pinyin", code="wrong_value", zh=zh, en=en)
            continue
        if text in found:
            row.problem("text", code="duplicate_reading", zh=f"“{text}”重复", en=f"{text!r} twice")
        found[text] = spoken
    return found


def check_places(*, pack: CityPack, book: ProblemBook) -> None:
    """Report places outside the city's frame, names twice, and codes that are an area's."""
    seen: dict[tuple[PlaceKind, str], NamedPlace] = {}
    for place in pack.places:
        where = book.where(THING, place.code)
        _check_frame(place=place, pack=pack, where=where, book=book)
        if pack.areas.get(place.code) is not None:
            zh, en = f"编码“{place.code}”已是区域编码", f"code {place.code!r} is an area's"
            book.add(where=where, code="duplicate_place", zh=zh, en=en)
        first = seen.setdefault((place.kind, place.name_zh), place)
        if first is not place:
            zh = f"“{place.name_zh}”与 {first.code} 同名同类,搜索时难以区分"
            en = f"{place.name_zh!r} is also the name of {first.code!r}: people cannot tell them apart"
            book.add(where=where, code="same_name", zh=zh, en=en, warning=True)


def _check_frame(*, place: NamedPlace, pack: CityPack, where: tuple[str, int], book: ProblemBook) -> None:
    west, south, east, north = pack.city.bbox
    points = [point for line in place.lines for point in line]
    if place.lon is not None and place.lat is not None:
        points.append((place.lon, place.lat))
    # Datums differ by up to 1.2 km; the frame is wider than the city, so a margin of 0.02° is enough.
    wide = (west - 0.02, south - 0.02, east + 0.02, north + 0.02)
    outside = [point for point in points if not _inside(point, wide)]
    if not outside:
        return
    lon, lat = outside[0]
    turned = _inside((lat, lon), wide)
    zh = f"位置 {lon:g} {lat:g} 在城市范围之外" + (",经纬度是否写反了?" if turned else "")
    en = f"position {lon:g} {lat:g} lies outside the city" + (
        ": are longitude and latitude swapped?" if turned else ""
    )
    book.add(where=where, code="outside_city", zh=zh, en=en)


def _inside(point: tuple[float, float], box: tuple[float, float, float, float]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]
