"""Which areas an event touches that is not a point: a circle over the published outlines (E7).

Pure: an atlas, a point and a radius give areas with their shares. The circle is a polygon of
128 corners, drawn with the ellipsoid's own degree lengths at the point, which over the few
kilometres asked about agrees with the city's metric system to a tenth of a per cent.
"""

import math
from dataclasses import dataclass
from datetime import date

import shapely

from domain.place import AreaRef, Level
from geo.atlas import Atlas
from geo.editions import Edition, IndexedLayer
from geo.shapes import metres_per_degree

MOST_RADIUS_M = 20_000.0
"""The largest radius that is looked at, in metres: a larger event is the city's anyway."""
LEVELS = (Level.DISTRICT, Level.STREET)
CORNERS = 128
LEAST_SHARE = 0.001
"""A share of the circle below this is the width of a drawn line and no area an event lies in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Touched:
    """An area the circle touches. ``share`` (0–1) is the part of the circle that lies in it."""

    area: AreaRef
    share: float


def touched(
    *, atlas: Atlas, lon: float, lat: float, radius_m: float, on: date, level: Level
) -> tuple[Touched, ...]:
    """Return the areas of a level within ``radius_m`` of a WGS-84 point, the largest share first.

    ``level`` is DISTRICT or STREET. Equal shares go by code. Empty outside the city, and for
    a city without areas of that level. Raises UnableToLocateOnDay.
    """
    edition = atlas.edition(on)
    circle = _circle(lon, lat, min(radius_m, MOST_RADIUS_M))
    found = [
        Touched(area=edition.table.area(layer.rows[position]), share=share)
        for layer in edition.layers
        for position, share in _shares(layer, edition, circle, level, (lon, lat, radius_m))
    ]
    return tuple(sorted(found, key=lambda one: (-one.share, one.area.code)))


def _shares(
    layer: IndexedLayer,
    edition: Edition,
    circle: shapely.Polygon,
    level: Level,
    around: tuple[float, float, float],
) -> list[tuple[int, float]]:
    if not layer.rows or edition.table.levels[layer.rows[0]] != level:
        return []
    lon, lat, radius_m = around
    shapes = layer.index.shapes
    near = [position for _, position in shapes.within(lon, lat, radius_m=min(radius_m, MOST_RADIUS_M))]
    if not near:
        return []
    parts = shapely.area(shapely.intersection(shapes.geometries[near], circle)) / circle.area
    shares = zip(near, parts.tolist(), strict=True)
    return [(position, round(share, 4)) for position, share in shares if share >= LEAST_SHARE]


def _circle(lon: float, lat: float, radius_m: float) -> shapely.Polygon:
    east, north = metres_per_degree(lat)
    turns = (2 * math.pi * corner / CORNERS for corner in range(CORNERS))
    return shapely.Polygon(
        [(lon + radius_m * math.cos(turn) / east, lat + radius_m * math.sin(turn) / north) for turn in turns]
    )
