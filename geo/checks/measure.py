"""Overlaps, gaps and overhang between polygons, in square metres."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.shapes import metres_per_degree

Geometries = NDArray[np.object_]
NOISE_M2 = 1.0
"""Less than this is rounding of coordinates, not a mistake."""
_RASTER_M = 0.01


@dataclass(frozen=True, kw_only=True, slots=True)
class Overlap:
    """Two features (positions) that share ``area`` m², which is ``share`` of the smaller one."""

    first: int
    second: int
    area: float
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """A hole that no feature covers: its outline in metres, area in m², mean width in metres."""

    shape: shapely.Geometry
    area: float
    width: float
    beside: tuple[int, ...]


def in_metres(shapes: Geometries, *, lat: float) -> Geometries:
    """Return the shapes (degrees) in metres on a plane that is true at latitude ``lat``.

    Areas of a city come out within a few thousandths, which is enough to judge mistakes.
    """
    scale = metres_per_degree(lat)
    return np.asarray(shapely.transform(shapes, lambda xy: xy * scale))


def overlaps(shapes: Geometries) -> list[Overlap]:
    """Return every pair of valid polygons (in metres) that share more than rounding noise."""
    if shapely.coverage_is_valid(shapes):
        return []
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    common = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    smaller = np.minimum(shapely.area(shapes[first]), shapely.area(shapes[second]))
    return [
        Overlap(first=int(a), second=int(b), area=float(area), share=float(area / size))
        for a, b, area, size in zip(first, second, common, smaller, strict=True)
        if area > NOISE_M2
    ]


def gaps(shapes: Geometries) -> list[Gap]:
    """Return the holes between valid polygons (in metres), largest first.

    A hole inside one feature alone (a lake, an enclave of another city) is one as well.
    """
    if shapely.coverage_is_valid(shapes, gap_width=_RASTER_M):
        union = shapely.coverage_union_all(shapes)
    else:  # on a raster, so that no hairline crack opens a hole to the outside
        union = shapely.union_all(shapes, grid_size=_RASTER_M)
    holes = [
        shapely.Polygon(ring)
        for part in shapely.get_parts(union)
        for ring in shapely.get_rings(part)[1:]
        if shapely.Polygon(ring).area > NOISE_M2
    ]
    tree = shapely.STRtree(shapes)
    found = [
        Gap(
            shape=hole,
            area=hole.area,
            width=2 * hole.area / hole.length,
            beside=tuple(sorted(tree.query(hole, predicate="dwithin", distance=10 * _RASTER_M).tolist())),
        )
        for hole in holes
    ]
    return sorted(found, key=lambda gap: -gap.area)


def share_inside(children: Geometries, parents: Geometries) -> NDArray[np.float64]:
    """Return for each child (valid) the share of its area that lies in its parent (0 … 1)."""
    share = np.ones(len(children))
    loose = np.flatnonzero(~shapely.covers(parents, children))
    common = shapely.area(shapely.intersection(parents[loose], children[loose]))
    share[loose] = common / np.maximum(shapely.area(children[loose]), 1e-300)
    return share
