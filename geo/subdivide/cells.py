"""Cut one polygon into cells of similar size: seeded points, Lloyd rounds, clipped Voronoi."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPoint
from shapely.geometry.base import BaseGeometry

Points = NDArray[np.float64]
Geometries = NDArray[np.object_]
_LLOYD_ROUNDS = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Borders:
    """Pairs of touching cells: ``left[i]`` and ``right[i]`` share a border of ``length[i]``."""

    left: NDArray[np.intp]
    right: NDArray[np.intp]
    length: NDArray[np.float64]


def apportion(*, weights: list[float], total: int) -> list[int]:
    """Share ``total`` out by weight (largest remainder), at least 1 each.

    ValueError when there are more receivers than things.
    """
    if total < len(weights):
        raise ValueError(f"{total} cannot be shared among {len(weights)}")
    spare = total - len(weights)
    exact = [weight * spare / sum(weights) for weight in weights]
    shares = [int(part) for part in exact]
    by_rest = sorted(range(len(weights)), key=lambda i: (shares[i] - exact[i], i))
    for i in by_rest[: spare - sum(shares)]:
        shares[i] += 1
    return [share + 1 for share in shares]


def cut_cells(*, area: BaseGeometry, count: int, seed: int) -> Geometries:
    """Return ``count`` polygons that cover ``area`` (plane coordinates) without overlap.

    Separate parts of ``area`` are cut separately, in proportion to their size. The same
    arguments give the same cells on every machine.
    """
    parts = sorted(shapely.get_parts(area), key=lambda part: (-part.area, part.bounds))
    counts = apportion(weights=[part.area for part in parts], total=count)
    rng = np.random.Generator(np.random.PCG64(seed))
    return np.concatenate([_cut_part(part, n, rng) for part, n in zip(parts, counts, strict=True)])


def _cut_part(part: BaseGeometry, count: int, rng: np.random.Generator) -> Geometries:
    points = _scatter(part, count, rng)
    for _ in range(_LLOYD_ROUNDS):
        points = shapely.get_coordinates(shapely.centroid(_clipped(points, part)))
        outside = ~shapely.contains_xy(part, points)
        if outside.any():
            points[outside] = _scatter(part, int(outside.sum()), rng)
    return _joined_pieces(_clipped(points, part))


def _scatter(part: BaseGeometry, count: int, rng: np.random.Generator) -> Points:
    west, south, east, north = part.bounds
    shapely.prepare(part)
    found: list[Points] = []
    while (missing := count - sum(map(len, found))) > 0:
        tries = rng.random((2 * missing + 8, 2)) * (east - west, north - south) + (west, south)
        found.append(tries[shapely.contains_xy(part, tries)][:missing])
    return np.concatenate(found)


def _clipped(points: Points, part: BaseGeometry) -> Geometries:
    """Return the Voronoi cell of every point, in order, clipped to the part."""
    if len(points) == 1:
        return np.array([part], dtype=object)
    diagram = shapely.voronoi_polygons(MultiPoint(points), extend_to=shapely.envelope(part), ordered=True)
    cells: Geometries = shapely.get_parts(diagram)
    shapely.prepare(part)
    cut = ~shapely.contains_properly(part, cells)
    cells[cut] = shapely.intersection(cells[cut], part)
    return cells


def _joined_pieces(cells: Geometries) -> Geometries:
    """Keep the largest piece of every cell and give the others to the neighbour they touch most.

    A concave district cuts a cell into pieces; a grid must be one polygon.
    """
    pieces, owner = shapely.get_parts(cells, return_index=True)
    solid = shapely.get_dimensions(pieces) == 2
    pieces, owner = pieces[solid], owner[solid]
    order = np.lexsort((-shapely.area(pieces), owner))
    pieces, owner = pieces[order], owner[order]
    main = np.flatnonzero(np.diff(owner, prepend=-1))
    labels = np.full(len(pieces), -1, dtype=np.intp)
    labels[main] = owner[main]
    shared = borders(cells=pieces)
    while (labels < 0).any():
        best = _best_owner(labels, shared)
        if not best:
            break
        for piece, label in best.items():
            labels[piece] = label
    groups = [pieces[labels == label] for label in range(len(cells))]
    return np.array([group[0] if len(group) == 1 else shapely.union_all(group) for group in groups])


def _best_owner(labels: NDArray[np.intp], shared: Borders) -> dict[int, int]:
    """Return for every unlabelled piece the labelled neighbour with the longest border."""
    longest: dict[int, tuple[float, int]] = {}
    for a, b, length in zip(shared.left, shared.right, shared.length, strict=True):
        for piece, other in ((int(a), int(b)), (int(b), int(a))):
            if labels[piece] < 0 <= labels[other]:
                offer = (float(length), -int(labels[other]))
                longest[piece] = max(longest.get(piece, offer), offer)
    return {piece: -label for piece, (_, label) in longest.items()}


def borders(*, cells: Geometries) -> Borders:
    """Return which cells share a border and how long it is, in the cells' own units."""
    left, right = shapely.STRtree(cells).query(cells, predicate="intersects")
    once = left < right
    left, right = left[once], right[once]
    outlines = shapely.boundary(cells)
    length = shapely.length(shapely.intersection(outlines[left], outlines[right]))
    real = length > 0
    return Borders(left=left[real], right=right[real], length=length[real])
