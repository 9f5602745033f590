"""Where streets meet: crossings computed from the lines of ``places.csv``.

Two streets cross where their lines do. Lines drawn by different hands end short of each other,
so the nearest points count too, up to 60 m, and are marked approximate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from domain.named_place import NamedPlace, PlaceKind
from geo.crs import to_wgs84
from geo.shapes import metres_per_degree

GAP_M = 60.0
"""How far two lines may stay apart and still be one crossing."""
_SAME_M = 150.0
_MOST_OF_ONE_PAIR = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Crossing:
    """A crossing and the codes of its two streets, in the order of the pack."""

    place: NamedPlace
    of: tuple[str, str]


def line_of(place: NamedPlace) -> Any:
    """Return the place's lines as a shapely MultiLineString in WGS-84 degrees."""
    return shapely.multilinestrings(
        [
            shapely.linestrings([to_wgs84(lon, lat, crs=place.crs) for lon, lat in line])
            for line in place.lines
        ]
    )


def crossings(roads: Sequence[NamedPlace]) -> tuple[Crossing, ...]:
    """Return every crossing of two of the streets, in the order of their codes.

    The name joins both in the order of the pack; the other order is an alias.
    """
    roads = [road for road in roads if road.kind is PlaceKind.ROAD and road.lines]
    if len(roads) < 2:
        return ()
    lines = np.array([line_of(road) for road in roads], dtype=object)
    west, south, east, north = shapely.total_bounds(lines)
    scale = np.array(metres_per_degree((south + north) / 2))
    middle = np.array([(west + east) / 2, (south + north) / 2])
    flat = shapely.transform(lines, lambda degrees: (degrees - middle) * scale)
    first, second = shapely.STRtree(flat).query(flat, predicate="dwithin", distance=GAP_M)
    found = []
    for one, other in sorted(zip(first.tolist(), second.tolist(), strict=True)):
        if one >= other or roads[one].name_zh == roads[other].name_zh:
            continue
        for number, (point, touching) in enumerate(_meetings(flat[one], flat[other])):
            lon, lat = (np.array(point) / scale + middle).tolist()
            found.append(_crossing(roads[one], roads[other], number, (lon, lat), exact=touching))
    return tuple(found)


def _meetings(one: Any, other: Any) -> Iterator[tuple[tuple[float, float], bool]]:
    """Yield points in metres where two lines meet, those close together once; exact or nearly."""
    meet = shapely.intersection(one, other)
    if shapely.is_empty(meet):
        bridge = shapely.shortest_line(one, other)
        yield _middle(bridge), False
        return
    taken: list[tuple[float, float]] = []
    for part in shapely.get_parts(meet).tolist():
        x, y = _middle(part)
        if all((x - a) ** 2 + (y - b) ** 2 > _SAME_M**2 for a, b in taken):
            taken.append((x, y))
            yield (x, y), True
        if len(taken) == _MOST_OF_ONE_PAIR:
            return


def _middle(part: Any) -> tuple[float, float]:
    if part.geom_type == "LineString":
        part = shapely.line_interpolate_point(part, 0.5, normalized=True)
    return float(part.x), float(part.y)


def _crossing(
    one: NamedPlace, other: NamedPlace, number: int, at: tuple[float, float], *, exact: bool
) -> Crossing:
    suffix = f"-{number + 1}" if number else ""
    english = f"{one.name_en} & {other.name_en}" if one.name_en and other.name_en else ""
    turned = (f"{other.name_en} & {one.name_en}",) if english else ()
    place = NamedPlace(
        code=f"X:{one.code}:{other.code}{suffix}",
        kind=PlaceKind.CROSSING,
        name_zh=f"{one.name_zh}与{other.name_zh}路口",
        name_en=english,
        aliases=(f"{other.name_zh}与{one.name_zh}路口", *turned),
        lon=round(at[0], 7),
        lat=round(at[1], 7),
        approximate=not exact or one.approximate or other.approximate,
        source=f"{one.source}; {other.source}" if one.source != other.source else one.source,
    )
    return Crossing(place=place, of=(one.code, other.code))
