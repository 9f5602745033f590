"""Make one exact coverage of cells whose edges almost match: round, node, hand the faces out."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.subdivide.cells import Geometries

GRID_SIZE = 1e-6
"""Coordinates are whole multiples of this many degrees, about 0.1 m."""


def node_cells(*, cells: Geometries) -> Geometries:
    """Return the cells with every border noded, so that neighbours share all vertices.

    ``cells`` are polygons in degrees that cover an area up to rounding. Order is kept.
    Cells of neighbouring districts meet in points that only one of them has; noding gives
    them to both.
    """
    rounded = _share_points(shapely.transform(cells, lambda xy: np.round(xy, 6)))
    edges = shapely.union_all(shapely.boundary(rounded), grid_size=GRID_SIZE)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(edges)))
    owner = _owners(faces, shapely.make_valid(rounded))
    order = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[order], np.arange(len(cells) + 1))
    groups = [faces[order[a:b]] for a, b in pairwise(starts)]
    joined = [group[0] if len(group) == 1 else shapely.coverage_union_all(group) for group in groups]
    return np.array([shapely.normalize(_tidy(shape)) for shape in joined], dtype=object)


def _share_points(cells: Geometries) -> Geometries:
    """Insert into every edge the vertices of other cells that lie on it up to rounding.

    Without this the two rounded versions of a district border would enclose hair-thin
    slivers, and some grids would get a spike along their neighbour.
    """
    corners = shapely.points(np.unique(shapely.get_coordinates(cells), axis=0))
    rings, owner = shapely.get_rings(cells, return_index=True)
    around, ring_of = shapely.get_coordinates(rings, return_index=True)
    start = np.flatnonzero(ring_of[:-1] == ring_of[1:])
    edges = shapely.linestrings(np.stack([around[start], around[start + 1]], axis=1))
    edge, corner = shapely.STRtree(corners).query(edges, predicate="dwithin", distance=1.5 * GRID_SIZE)
    along = shapely.line_locate_point(edges[edge], corners[corner])
    inner = (along > 0) & (along < shapely.length(edges[edge]))
    points, places = shapely.get_coordinates(corners[corner[inner]]), start[edge[inner]] + 1
    order = np.lexsort((along[inner], places))
    new = np.insert(around, places[order], points[order], axis=0)
    new_ring = np.insert(ring_of, places[order], ring_of[places[order] - 1])
    return _polygons(shapely.linearrings(new, indices=new_ring), owner)


def _polygons(rings: Geometries, owner: NDArray[np.intp]) -> Geometries:
    """Build polygons from rings in order, the outer ring of each owner first."""
    starts = np.searchsorted(owner, np.arange(owner[-1] + 2))
    return np.array([shapely.polygons(rings[a], holes=rings[a + 1 : b]) for a, b in pairwise(starts)])


def _owners(faces: Geometries, cells: Geometries) -> NDArray[np.intp]:
    """Return for every face the cell its inner point lies in, and -1 for a hole in the area.

    A sliver that rounding opened between two cells belongs to the nearest one.
    """
    inner = shapely.point_on_surface(faces)
    tree = shapely.STRtree(cells)
    owner = np.full(len(faces), -1, dtype=np.intp)
    face, cell = tree.query(inner, predicate="intersects")
    owner[face[::-1]] = cell[::-1]
    lost = np.flatnonzero(owner < 0)
    near, cell = tree.query_nearest(inner[lost], max_distance=GRID_SIZE, all_matches=False)
    owner[lost[near]] = cell
    return owner


def _tidy(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the shape with the doubles nearest to six decimals, counter-clockwise outside."""
    return shapely.orient_polygons(shapely.transform(shape, lambda xy: np.round(xy, 6)))


def dissolve(*, cells: Geometries, labels: Sequence[str]) -> dict[str, shapely.Geometry]:
    """Unite the cells of every label; the result keeps all vertices its neighbours need."""
    keys, inverse = np.unique(np.array(labels), return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    starts = np.searchsorted(inverse[order], np.arange(len(keys) + 1))
    return {
        str(key): shapely.orient_polygons(
            shapely.normalize(shapely.coverage_union_all(cells[order[starts[i] : starts[i + 1]]]))
        )
        for i, key in enumerate(keys)
    }
