"""Point to area: one raster look-up, and for points near a border a few local edges.

The answer is that of ``covers``: a point on a shared border belongs to both areas, and the
one with the lowest position (areas are ordered by code) is returned. Where rounding could
decide, GEOS is asked, so that every answer equals ``shapely.intersects_xy`` over all areas
(reference: geo.md §3, measured there: 20 times the best plain-shapely route).
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.bands import BORDER, HARD, OUTSIDE, TOLERANCE, Array, Edges, Floats, Frame, expand
from geo.raster import MAX_CELLS, Raster, build_raster
from geo.shapes import AreaShapes

# Any change of the files' meaning must change this: it is part of every content hash.
FORMAT = 1
# Points at a time: the scratch arrays of one step stay in the cache (geo.md §3.4).
_CHUNK = 1 << 17

_RASTER_ARRAYS = (
    "cells",
    "start_mask",
    "candidate_starts",
    "candidates",
    "pair_starts",
    "pair_edges",
    "pair_masks",
    "upright_starts",
    "upright_y",
    "upright_masks",
)
_EDGE_ARRAYS = ("x1", "y1", "x2", "y2", "slope", "areas", "starts")


class AreaIndex:
    """Finds the area of a point among the ``n`` areas of one layer.

    Build one with :func:`build_index`, keep it with :meth:`save`, map it with :meth:`load`.
    """

    __slots__ = ("_bounds", "_raster", "_step", "_views", "shapes")

    def __init__(self, *, raster: Raster, shapes: AreaShapes) -> None:
        self._raster = raster
        self.shapes = shapes
        frame, edges = raster.frame, raster.edges
        self._step = (frame.x0, frame.y0, 1.0 / frame.dx, 1.0 / frame.dy, frame.columns, frame.rows)
        # Element access through a memoryview costs a third of numpy's.
        self._views = tuple(
            np.asarray(array).data
            for array in (
                *(getattr(raster, name) for name in _RASTER_ARRAYS),
                *(getattr(edges, name) for name in ("x1", "y1", "y2", "slope")),
            )
        )

    def __len__(self) -> int:
        return len(self.shapes)

    def find(self, lon: float, lat: float) -> int:
        """Return the position of the area that covers the point (WGS-84 degrees), or -1."""
        x0, y0, per_x, per_y, columns, rows = self._step
        u, v = (lon - x0) * per_x, (lat - y0) * per_y
        if not (0.0 <= u < columns and 0.0 <= v < rows):  # NaN fails too
            return OUTSIDE
        column, row = int(u), int(v)
        value: int = self._views[0][row * columns + column]
        if value > BORDER:
            return value
        cell = BORDER - value
        mask = self._mask(cell, column, row, lon, lat)
        if mask & HARD:
            return min(self._exact(cell, lon, lat), default=OUTSIDE)
        if not mask:
            return OUTSIDE
        area: int = self._views[3][self._views[2][cell] + (mask & -mask).bit_length() - 1]
        return area

    def find_all(self, lon: float, lat: float) -> tuple[int, ...]:
        """Return the positions of all areas that cover the point, ascending."""
        x0, y0, per_x, per_y, columns, rows = self._step
        u, v = (lon - x0) * per_x, (lat - y0) * per_y
        if not (0.0 <= u < columns and 0.0 <= v < rows):
            return ()
        column, row = int(u), int(v)
        value: int = self._views[0][row * columns + column]
        if value > BORDER:
            return (value,) if value >= 0 else ()
        cell = BORDER - value
        mask = self._mask(cell, column, row, lon, lat)
        if mask & HARD:
            return self._exact(cell, lon, lat)
        candidates = self._views[3][self._views[2][cell] : self._views[2][cell + 1]]
        return tuple(area for bit, area in enumerate(candidates) if mask >> bit & 1)

    def find_many(self, lons: Floats, lats: Floats) -> NDArray[np.int32]:
        """Like :meth:`find` for arrays of equal length; returns positions or -1."""
        lons, lats = np.asarray(lons, dtype=np.float64), np.asarray(lats, dtype=np.float64)
        found = np.empty(len(lons), dtype=np.int32)
        for first in range(0, len(lons), _CHUNK):
            part = slice(first, first + _CHUNK)
            found[part] = self._find_chunk(lons[part], lats[part])
        return found

    def _mask(self, cell: int, column: int, row: int, lon: float, lat: float) -> int:
        """Return the bit mask of the candidates at the point, or one with HARD: ask GEOS."""
        views, frame = self._views, self._raster.frame
        mask: int = views[1][cell]
        cx, cy = frame.x0 + (column + 0.5) * frame.dx, frame.y0 + (row + 0.5) * frame.dy
        y_at, up_masks = views[8], views[9]
        for i in range(views[7][cell], views[7][cell + 1]):
            y = y_at[i]
            if abs(y - lat) <= TOLERANCE:
                return HARD
            if (y > cy) != (y > lat):
                mask ^= up_masks[i]
        edges, x1, y1, y2 = views[5], views[10], views[11], views[12]
        for i in range(views[4][cell], views[4][cell + 1]):
            edge = edges[i]
            low = y1[edge]
            if low <= lat <= y2[edge]:
                x = x1[edge] + (lat - low) * views[13][edge]
                if not (abs(x - lon) > TOLERANCE and abs(x - cx) > TOLERANCE):
                    return HARD
                if lat < y2[edge] and (x > cx) != (x > lon):
                    mask ^= views[6][i]
        return mask

    def _exact(self, cell: int, lon: float, lat: float) -> tuple[int, ...]:
        """Ask GEOS which candidates of a border cell cover the point."""
        candidates = self._views[3][self._views[2][cell] : self._views[2][cell + 1]]
        return tuple(area for area in candidates if self.shapes.covers(area, lon, lat))

    def _find_chunk(self, lons: Floats, lats: Floats) -> Array:
        x0, y0, per_x, per_y, columns, rows = self._step
        u, v = (lons - x0) * per_x, (lats - y0) * per_y
        inside = (u >= 0.0) & (u < columns) & (v >= 0.0) & (v < rows)
        if not inside.all():
            u, v = np.where(inside, u, 0.0), np.where(inside, v, 0.0)
        column, row = u.astype(np.int32), v.astype(np.int32)
        found: Array = self._raster.cells[row * columns + column]
        found[~inside] = OUTSIDE
        near = np.flatnonzero(found <= BORDER)
        if len(near):
            found[near] = self._find_near(
                BORDER - found[near], column[near], row[near], lons[near], lats[near]
            )
        return found

    def _find_near(self, cells: Array, columns: Array, rows: Array, lons: Floats, lats: Floats) -> Array:
        """Resolve points in border cells: the vectorised form of :meth:`_mask`."""
        raster, frame = self._raster, self._raster.frame
        cx, cy = frame.x0 + (columns + 0.5) * frame.dx, frame.y0 + (rows + 0.5) * frame.dy
        masks = raster.start_mask[cells]
        point, item = expand(raster.upright_starts[cells], raster.upright_starts[cells + 1] - 1)
        y, lat = raster.upright_y[item], lats[point]
        crossed = (y > cy[point]) != (y > lat)
        np.bitwise_xor.at(masks, point[crossed], raster.upright_masks[item[crossed]])
        masks[point[np.abs(y - lat) <= TOLERANCE]] |= HARD
        point, item = expand(raster.pair_starts[cells], raster.pair_starts[cells + 1] - 1)
        edge, lat = raster.pair_edges[item], lats[point]
        level = np.flatnonzero((raster.edges.y1[edge] <= lat) & (lat <= raster.edges.y2[edge]))
        point, item, edge, lat = point[level], item[level], edge[level], lat[level]
        x = raster.edges.x1[edge] + (lat - raster.edges.y1[edge]) * raster.edges.slope[edge]
        lon, corner = lons[point], cx[point]
        crossed = ((x > corner) != (x > lon)) & (lat < raster.edges.y2[edge])
        np.bitwise_xor.at(masks, point[crossed], raster.pair_masks[item[crossed]])
        close = ~((np.abs(x - lon) > TOLERANCE) & (np.abs(x - corner) > TOLERANCE))
        masks[point[close]] |= HARD
        return self._decide(cells, masks, lons, lats)

    def _decide(self, cells: Array, masks: Array, lons: Floats, lats: Floats) -> Array:
        """Turn masks into areas: the lowest candidate that is set, or what GEOS says."""
        starts, candidates = self._raster.candidate_starts, self._raster.candidates
        slot = _LOWEST_BIT[masks & (HARD - 1)]
        found = np.where(slot >= 0, candidates[starts[cells] + np.maximum(slot, 0)], OUTSIDE)
        hard = np.flatnonzero(masks & HARD)
        point, item = expand(starts[cells[hard]], starts[cells[hard] + 1] - 1)
        asked = hard[point]
        covered = shapely.intersects_xy(self.shapes.geometries[candidates[item]], lons[asked], lats[asked])
        found[hard] = OUTSIDE
        # Candidates ascend, so writing them backwards leaves the lowest.
        found[asked[covered][::-1]] = candidates[item[covered]][::-1]
        return found

    def save(self, folder: Path) -> None:
        """Write the index into an existing folder: ``*.npy`` to be mapped, and ``frame.json``."""
        for name in _RASTER_ARRAYS:
            np.save(folder / f"raster-{name}.npy", getattr(self._raster, name))
        for name in _EDGE_ARRAYS:
            np.save(folder / f"edge-{name}.npy", getattr(self._raster.edges, name))
        self.shapes.save(folder)
        (folder / "frame.json").write_text(json.dumps(asdict(self._raster.frame)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "AreaIndex":
        """Map the index that :meth:`save` wrote; the pages are shared between processes."""
        frame = Frame(**json.loads((folder / "frame.json").read_text(encoding="utf-8")))
        edges = Edges(**{name: _map(folder / f"edge-{name}.npy") for name in _EDGE_ARRAYS})
        arrays = {name: _map(folder / f"raster-{name}.npy") for name in _RASTER_ARRAYS}
        return cls(raster=Raster(frame=frame, edges=edges, **arrays), shapes=AreaShapes.load(folder))


def build_index(geometries: NDArray[Any], *, max_cells: int = MAX_CELLS) -> AreaIndex:
    """Build the index of valid (Multi)Polygons in WGS-84 degrees, ordered by area code.

    Costs seconds for a city of 20,000 grids, so it is done once, when a pack is published.
    ``max_cells`` bounds the raster's memory at 4 bytes a cell; fewer cells mean more exact tests.
    """
    shapes = AreaShapes.of(geometries)
    return AreaIndex(raster=build_raster(shapes, max_cells=max_cells), shapes=shapes)


def content_hash(geometries: NDArray[Any]) -> str:
    """Name what an index is made of: the format and the exact outlines in their order."""
    digest = hashlib.sha256(str(FORMAT).encode())
    for wkb in shapely.to_wkb(geometries, output_dimension=2, byte_order=1):
        digest.update(wkb)
    return digest.hexdigest()[:16]


def _map(path: Path) -> Array:
    # As a plain array: np.memmap's own indexing is several times slower.
    return np.asarray(np.load(path, mmap_mode="r"))


def _lowest_bits() -> NDArray[np.int8]:
    masks = np.arange(HARD)
    lowest = np.full(HARD, -1, dtype=np.int8)
    for bit in reversed(range(HARD.bit_length() - 1)):
        lowest[(masks >> bit & 1).astype(bool)] = bit
    return lowest


_LOWEST_BIT = _lowest_bits()
