"""The names of areas and places as sorted keys, and where each lies: what the place search reads.

Entries stand in the order in which people mean them when nothing else decides (districts,
streets, roads, landmarks … grids last), so an entry's number is its rank and a cut-off keeps
the likely ones. All numbers are numpy columns; a prefix that 20,000 grids share is ranked
in one step.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from domain.named_place import MatchedBy, NamedPlace, PlaceKind
from domain.place import Level
from geo.crossings import crossings, line_of
from geo.crs import to_wgs84
from geo.editions import Edition
from geo.place_names import Strength, forms
from geo.place_words import fold, has_han
from geo.shapes import metres_per_degree
from geo.spoken import Speaker

WAYS = tuple(MatchedBy)
_WAY = {way: number for number, way in enumerate(WAYS)}
_ORDER = {
    kind: number
    for number, kind in enumerate(
        (
            PlaceKind.CITY,
            PlaceKind.DISTRICT,
            PlaceKind.ROAD,
            PlaceKind.STREET,
            PlaceKind.LANDMARK,
            PlaceKind.POI,
            PlaceKind.COMMUNITY,
            PlaceKind.CROSSING,
            PlaceKind.POLE,
            PlaceKind.GRID,
        )
    )
}
_KINDS = {level: PlaceKind(level.name.lower()) for level in Level}
_EVERY_M = 200.0
_BEYOND = "\U0010ffff"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One searchable place. ``row`` is the area's row, -1 for places; ``of``: a crossing's streets."""

    code: str
    kind: PlaceKind
    name_zh: str
    name_en: str
    aliases: tuple[str, ...] = ()
    row: int = -1
    approximate: bool = False
    lon: float = float("nan")
    lat: float = float("nan")
    lines: Any = None
    of: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Along:
    """Points along a street, shape (n, 2) in degrees, in its own order, and the area row at each."""

    points: NDArray[np.float64]
    rows: NDArray[np.int64]


class PlaceIndex:
    """Keys and positions of all areas of one edition and all places of a pack."""

    def __init__(
        self,
        *,
        edition: Edition,
        places: Sequence[NamedPlace],
        english: Mapping[str, str],
        readings: Mapping[str, str],
    ) -> None:
        """Read everything; about a second for 24,000 entries. ``english``: area code → English name."""
        self.edition = edition
        found = [*_area_entries(edition, english), *(_entry(place) for place in places)]
        found += [_entry(crossing.place, of=crossing.of) for crossing in crossings(places)]
        found.sort(key=lambda entry: (_ORDER[entry.kind], len(entry.name_zh), entry.code))
        self.entries: tuple[Entry, ...] = tuple(found)
        self.lons: NDArray[np.float64] = np.array([entry.lon for entry in found], dtype=np.float64)
        self.lats: NDArray[np.float64] = np.array([entry.lat for entry in found], dtype=np.float64)
        self.speaker = Speaker(readings=readings)
        self._keep_keys(self.speaker)
        self.along = {
            number: _along(entry.lines, edition)
            for number, entry in enumerate(found)
            if entry.lines is not None
        }
        self.above = self._lineages()
        self._passing = self._passed()
        self.pairs = self._crossing_pairs()

    def _keep_keys(self, speaker: Speaker) -> None:
        keys = sorted(
            {
                (key, number, _WAY[way])
                for number, entry in enumerate(self.entries)
                for way, key in _keys(entry, speaker)
            }
        )
        self.keys: list[str] = [key for key, _, _ in keys]
        self.owners: NDArray[np.int32] = np.array([number for _, number, _ in keys], dtype=np.int32)
        self.ways: NDArray[np.int8] = np.array([way for _, _, way in keys], dtype=np.int8)
        # The text for parts of names: one line a name, in order of rank; grids only by their own name.
        lines = sorted(
            (number, key)
            for key, number, way in keys
            if WAYS[way] is not MatchedBy.INITIALS
            and (WAYS[way] is MatchedBy.NAME or self.entries[number].kind is not PlaceKind.GRID)
        )
        self.text = "\n".join(key for _, key in lines)
        self.text_owners: NDArray[np.int32] = np.array([number for number, _ in lines], dtype=np.int32)
        lengths = np.array([len(key) + 1 for _, key in lines], dtype=np.int64)
        self.text_starts: NDArray[np.int64] = np.cumsum(lengths) - lengths

    def exact(self, key: str) -> slice:
        """Return which keys equal this one."""
        low = bisect_left(self.keys, key)
        return slice(low, bisect_right(self.keys, key, low))

    def beginning(self, key: str) -> slice:
        """Return which keys begin with this one, itself included."""
        low = bisect_left(self.keys, key)
        return slice(low, bisect_left(self.keys, key + _BEYOND, low))

    def _lineages(self) -> NDArray[np.int32]:
        """Return the area rows above each entry, shape (entries, levels), -1 where there is none."""
        rows = np.array([entry.row for entry in self.entries], dtype=np.int64)
        somewhere = np.flatnonzero((rows < 0) & np.isfinite(self.lons))
        rows[somewhere] = self.edition.rows_at(self.lons[somewhere], self.lats[somewhere])
        above = np.full((len(rows), len(Level)), -1, dtype=np.int32)
        levels = self.edition.table.levels
        for number, row in enumerate(rows.tolist()):
            for one in self.edition.lineage(row):
                above[number, levels[one] - 1] = one
        return above

    def _passed(self) -> dict[int, set[int]]:
        """Return which streets run through each area, by row."""
        passed: dict[int, set[int]] = {}
        for number, along in self.along.items():
            for finest in np.unique(along.rows).tolist():
                for row in self.edition.lineage(finest):
                    passed.setdefault(row, set()).add(number)
        return passed

    def inside(self, numbers: NDArray[Any], rows: Sequence[int]) -> NDArray[np.bool_]:
        """Tell of each entry whether it lies in one of these areas, or runs through it."""
        within: NDArray[np.bool_] = np.any(np.isin(self.above[numbers], rows), axis=1)
        passing = set().union(*(self._passing.get(row, set()) for row in rows))
        if passing:
            within |= np.isin(numbers, list(passing))
        return within

    def _crossing_pairs(self) -> dict[tuple[int, int], list[int]]:
        roads = {
            entry.code: number for number, entry in enumerate(self.entries) if entry.kind is PlaceKind.ROAD
        }
        pairs: dict[tuple[int, int], list[int]] = {}
        for number, entry in enumerate(self.entries):
            if entry.of is not None:
                one, other = (roads[code] for code in entry.of)
                pairs.setdefault((min(one, other), max(one, other)), []).append(number)
        return pairs


def _area_entries(edition: Edition, english: Mapping[str, str]) -> Iterator[Entry]:
    table = edition.table
    middles: dict[int, tuple[float, float]] = {}
    for layer in edition.layers:
        points = shapely.get_coordinates(shapely.point_on_surface(layer.index.shapes.geometries))
        middles.update(zip(layer.rows, map(tuple, points.tolist()), strict=True))
    for row in edition.areas():
        level, name = Level(table.levels[row]), table.names[row]
        lon, lat = middles.get(row, (float("nan"), float("nan")))
        known = forms(name, level=level).items() if level is not Level.GRID else ()
        aliases = tuple(form for form, strength in known if strength > Strength.INSIDE and form != name)
        yield Entry(
            code=table.codes[row],
            kind=_KINDS[level],
            name_zh=name,
            name_en=english.get(table.codes[row], ""),
            aliases=aliases,
            row=row,
            lon=lon,
            lat=lat,
        )


def _entry(place: NamedPlace, *, of: tuple[str, str] | None = None) -> Entry:
    lines = line_of(place) if place.lines else None
    if lines is not None:
        longest = max(shapely.get_parts(lines).tolist(), key=lambda part: float(part.length))
        middle = shapely.line_interpolate_point(longest, 0.5, normalized=True)
        lon, lat = float(middle.x), float(middle.y)
    else:
        lon, lat = to_wgs84(place.lon or 0.0, place.lat or 0.0, crs=place.crs)
    return Entry(
        code=place.code,
        kind=place.kind,
        name_zh=place.name_zh,
        name_en=place.name_en,
        aliases=place.aliases,
        approximate=place.approximate,
        lon=lon,
        lat=lat,
        lines=lines,
        of=of,
    )


def _keys(entry: Entry, speaker: Speaker) -> Iterator[tuple[MatchedBy, str]]:
    """Yield every key under which an entry is found."""
    candidates = [
        (MatchedBy.CODE, entry.code),
        (MatchedBy.NAME, entry.name_zh),
        (MatchedBy.ENGLISH, entry.name_en),
    ]
    candidates += [(MatchedBy.ALIAS, alias) for alias in entry.aliases]
    for way, text in candidates:
        key = fold(text)
        if key:
            yield way, key
        if way is not MatchedBy.CODE and has_han(text):
            for full, initials in speaker.spoken(text):
                yield from (
                    (way, key)
                    for way, key in ((MatchedBy.PINYIN, full), (MatchedBy.INITIALS, initials))
                    if key
                )


def _along(lines: Any, edition: Edition) -> Along:
    """Sample a street every 200 m."""
    east, north = metres_per_degree(float(shapely.get_coordinates(lines)[:, 1].mean()))
    step = _EVERY_M / min(east, north)
    points = shapely.get_coordinates(shapely.segmentize(lines, step))
    return Along(
        points=points, rows=edition.rows_at(points[:, 0].copy(), points[:, 1].copy()).astype(np.int64)
    )
