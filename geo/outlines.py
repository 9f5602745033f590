"""Outlines for maps on screens: simplified once, with borders that still meet, and where to write names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from domain.named_place import NamedPlace, PlaceKind
from domain.place import Level
from geo.crossings import line_of
from geo.editions import Edition

_TOLERANCE = {
    Level.CITY: 0.001,
    Level.DISTRICT: 0.0006,
    Level.STREET: 0.0003,
    Level.COMMUNITY: 0.0001,
    Level.GRID: 0.00002,
}
"""Degrees by which a border may move (0.001° is some 100 m): less than a pixel where the level is shown."""
_DIGITS = 5
_SVG_WIDTH = 1000.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """One area as a map shows it: ``shape`` a simplified shapely (Multi)Polygon, ``at`` where its name goes."""

    code: str
    name: str
    level: Level
    parent: str
    shape: Any
    at: tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """An area as an SVG path in a frame ``width`` by ``height``; ``x``, ``y`` is where its name goes."""

    code: str
    name: str
    path: str
    x: float
    y: float


def outlines(*, edition: Edition, level: Level, within: str | None = None) -> tuple[Outline, ...]:
    """Return the areas of a level, of one area only if named, by code; nothing where there are no outlines."""
    table = edition.table
    inside = None if within is None else edition.row_of(within)
    found: list[Outline] = []
    for layer in edition.layers:
        if not layer.rows or table.levels[layer.rows[0]] != level:
            continue
        kept = [
            n
            for n, row in enumerate(layer.rows)
            if inside is None or (inside >= 0 and inside in edition.lineage(row))
        ]
        shapes = layer.index.shapes.geometries[kept]
        for n, shape, at in zip(kept, _simple(shapes, _TOLERANCE[level]), _names(shapes), strict=True):
            row = layer.rows[n]
            above = edition.lineage(row)[1:2]
            parent = table.codes[above[0]] if above else ""
            found.append(
                Outline(
                    code=table.codes[row],
                    name=table.names[row],
                    level=level,
                    parent=parent,
                    shape=shape,
                    at=at,
                )
            )
    return tuple(sorted(found, key=lambda outline: outline.code))


def _simple(shapes: NDArray[Any], tolerance: float) -> list[Any]:
    if not len(shapes):
        return []
    # As a coverage neighbours keep one border; each by itself they would gape and overlap.
    simple = shapely.coverage_simplify(shapes, tolerance)
    gone = shapely.is_empty(simple)
    simple[gone] = shapes[gone]
    return list(shapely.transform(simple, lambda degrees: np.round(degrees, _DIGITS)))


def _names(shapes: NDArray[Any]) -> list[tuple[float, float]]:
    points = shapely.get_coordinates(shapely.point_on_surface(shapes))
    return [(round(x, _DIGITS), round(y, _DIGITS)) for x, y in points.tolist()]


def feature_collection(found: Sequence[Outline], *, english: dict[str, str]) -> dict[str, Any]:
    """Return GeoJSON (RFC 7946: WGS-84, longitude first, outer rings counter-clockwise)."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": number,
                "properties": {
                    "code": one.code,
                    "name": one.name,
                    "name_en": english.get(one.code, ""),
                    "level": int(one.level),
                    "parent": one.parent,
                    "x": one.at[0],
                    "y": one.at[1],
                },
                "geometry": _geometry(one.shape),
            }
            for number, one in enumerate(found, 1)
        ],
    }


def road_collection(places: Sequence[NamedPlace]) -> dict[str, Any]:
    """Return the streets among the places as GeoJSON lines, with their names."""
    roads = [place for place in places if place.kind is PlaceKind.ROAD and place.lines]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {
                    "code": road.code,
                    "name": road.name_zh,
                    "name_en": road.name_en,
                    "approximate": road.approximate,
                },
                "geometry": shapely.geometry.mapping(line_of(road)),
            }
            for road in roads
        ],
    }


def _geometry(shape: Any) -> dict[str, Any]:
    parts = [shapely.geometry.polygon.orient(part) for part in shapely.get_parts(shape).tolist()]
    return dict(
        shapely.geometry.mapping(parts[0] if len(parts) == 1 else shapely.geometry.MultiPolygon(parts))
    )


def drawings(found: Sequence[Outline]) -> tuple[tuple[Drawing, ...], float, float]:
    """Return SVG paths with the frame's width and height; equirectangular, true at the middle latitude."""
    if not found:
        return (), _SVG_WIDTH, _SVG_WIDTH
    west, south, east, north = shapely.total_bounds(
        np.array([one.shape for one in found], dtype=object)
    ).tolist()
    shrink = float(np.cos(np.radians((south + north) / 2)))
    scale = _SVG_WIDTH / max(1e-9, (east - west) * shrink)

    def flat(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
        x = (degrees[:, 0] - west) * shrink * scale
        return np.round(np.column_stack([x, (north - degrees[:, 1]) * scale]), 1)

    drawn = []
    for one in found:
        x, y = flat(np.array([one.at]))[0].tolist()
        drawn.append(
            Drawing(code=one.code, name=one.name, path=_path(shapely.transform(one.shape, flat)), x=x, y=y)
        )
    return tuple(drawn), _SVG_WIDTH, round((north - south) * scale, 1)


def _path(shape: Any) -> str:
    rings = []
    for part in shapely.get_parts(shape).tolist():
        for ring in (part.exterior, *part.interiors):
            points = [f"{x:g} {y:g}" for x, y in shapely.get_coordinates(ring)[:-1].tolist()]
            rings.append("M" + "L".join(points) + "Z")
    return "".join(rings)
