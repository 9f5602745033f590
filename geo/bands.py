"""One band of raster rows: which areas meet in each cell, and through which edges.

See :mod:`geo.raster` for the idea. A band is built at a time so that the scratch arrays of
a city of twenty thousand grids stay small.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Array = NDArray[Any]

# Degrees (10 µm). Closer than this to an edge, float arithmetic does not decide: GEOS does.
# It is a thousand times the largest rounding error of the tests that use it.
TOLERANCE = 1e-10
# Masks are 16 bits wide: 15 candidates, and one bit for "ask GEOS".
MAX_CANDIDATES = 15
HARD = 1 << MAX_CANDIDATES
# A cell's value: an area, or OUTSIDE, or BORDER - k for border cell k.
OUTSIDE, BORDER = -1, -2


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """Where the raster lies: south-west corner and cell size in degrees, columns and rows."""

    x0: float
    y0: float
    dx: float
    dy: float
    columns: int
    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Edges:
    """Distinct border segments, each once however many areas share it, lower end first."""

    x1: Floats
    y1: Floats
    x2: Floats
    y2: Floats
    slope: Floats  # dx/dy; NaN where the edge is horizontal, so that no comparison holds
    areas: Array  # the areas bounded by the edges, and
    starts: Array  # where those of each edge begin: shape (edges + 1,)


def expand(first: Array, last: Array) -> tuple[Array, Array]:
    """List the integers first[i] … last[i] for every i: (i repeated, the integers)."""
    counts = np.maximum(last - first + 1, 0)
    index = np.repeat(np.arange(len(first)), counts)
    begin = np.repeat(np.cumsum(counts) - counts, counts)
    return index, first[index] + (np.arange(len(index)) - begin)


@dataclass(frozen=True, kw_only=True, slots=True)
class BandArrays:
    """The arrays of one band, with counts in place of offsets; names as in ``Raster``."""

    cells: Array
    start_mask: Array
    candidate_counts: Array
    candidates: Array
    pair_counts: Array
    pair_edges: Array
    pair_masks: Array
    upright_counts: Array
    upright_y: Floats
    upright_masks: Array


class _Candidates:
    """The areas that come into question in each border cell, ascending, and the bit of each."""

    def __init__(self, cells: Array, areas: Array, border_cells: int) -> None:
        self._areas = np.int64(areas.max() + 1) if len(areas) else np.int64(1)
        self._keys = np.unique(cells * self._areas + areas)
        self.counts = np.bincount(self._keys // self._areas, minlength=border_cells)
        self.areas = (self._keys % self._areas).astype(np.int32)
        rank = np.arange(len(self._keys)) - np.repeat(np.cumsum(self.counts) - self.counts, self.counts)
        # Those beyond the mask's width get no bit; their cell is hard.
        self._bits = np.where(rank < MAX_CANDIDATES, 1 << np.minimum(rank, MAX_CANDIDATES), 0).astype(
            np.uint16
        )

    def mask(self, cells: Array, areas: Array, *, at: Array, size: int) -> Array:
        """Return ``size`` masks; the bit of ``areas[i]`` in ``cells[i]`` toggles mask ``at[i]``."""
        masks = np.zeros(size, dtype=np.uint16)
        np.bitwise_xor.at(masks, at, self._bits[np.searchsorted(self._keys, cells * self._areas + areas)])
        return masks


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """Some rows of a raster under construction; ``spans`` are those of its rows."""

    frame: Frame
    edges: Edges
    first_row: int
    rows: int
    spans: Array

    def build(self, cells: Array, cell_edges: Array) -> BandArrays:
        """Make the arrays of the band from its (cell, edge) pairs, which are sorted by cell."""
        painted, deep_cells, deep_areas = self._paint()
        origin = self.first_row * self.frame.columns
        border = np.union1d(cells, deep_cells)
        local = np.searchsorted(border, cells)
        base = painted[border - origin]
        centred = np.concatenate([np.flatnonzero(base >= 0), np.searchsorted(border, deep_cells)])
        centred_areas = np.concatenate([base[base >= 0], deep_areas])
        pair, owner = expand(self.edges.starts[cell_edges], self.edges.starts[cell_edges + 1] - 1)
        owners = self.edges.areas[owner]
        candidates = _Candidates(
            np.concatenate([local[pair], centred]), np.concatenate([owners, centred_areas]), len(border)
        )
        pair_masks = candidates.mask(local[pair], owners, at=pair, size=len(cells))
        start_mask = candidates.mask(centred, centred_areas, at=centred, size=len(border))
        hard, upright, upright_y = self._uprights(cells, cell_edges)
        start_mask[local[hard]] |= HARD
        start_mask[candidates.counts > MAX_CANDIDATES] |= HARD
        painted[border - origin] = BORDER - np.arange(len(border))
        return BandArrays(
            cells=painted,
            start_mask=start_mask,
            candidate_counts=candidates.counts,
            candidates=candidates.areas,
            pair_counts=np.bincount(local, minlength=len(border)),
            pair_edges=cell_edges.astype(np.int32),
            pair_masks=pair_masks,
            upright_counts=np.bincount(local[upright], minlength=len(border)),
            upright_y=upright_y,
            upright_masks=pair_masks[upright],
        )

    def _paint(self) -> tuple[Array, Array, Array]:
        """Fill in which area holds each cell's centre.

        Returns the cells of the band (area or OUTSIDE) and, for centres in several areas at
        once, (cell, area) pairs; such cells are OUTSIDE in the first array.
        """
        shape = (self.rows, self.frame.columns + 1)
        row, area = self.spans[:, 0] - self.first_row, self.spans[:, 1]
        total, depth = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int32)
        for column, sign in ((self.spans[:, 2], 1), (self.spans[:, 3], -1)):
            np.add.at(total, (row, column), sign * (area + 1))
            np.add.at(depth, (row, column), np.int32(sign))
        total, depth = total.cumsum(axis=1)[:, :-1], depth.cumsum(axis=1)[:, :-1]
        painted = np.where(depth == 1, total - 1, OUTSIDE).astype(np.int32).ravel()
        deep_rows = depth.max(axis=1)[row] > 1
        span, column = expand(self.spans[deep_rows, 2], self.spans[deep_rows, 3] - 1)
        cell, area = row[deep_rows][span] * self.frame.columns + column, area[deep_rows][span]
        deep = depth.ravel()[cell] > 1
        return painted, cell[deep] + self.first_row * self.frame.columns, area[deep]

    def _uprights(self, cells: Array, cell_edges: Array) -> tuple[Array, Array, Floats]:
        """Find where edges cross the vertical through their cell's centre.

        Returns which pairs make their cell hard (an edge passes through the centre), which
        pairs cross the vertical inside the cell, and the y of those crossings.
        """
        frame, edges = self.frame, self.edges
        cx = frame.x0 + (cells % frame.columns + 0.5) * frame.dx
        cy = frame.y0 + (cells // frame.columns + 0.5) * frame.dy
        x1, y1, x2, y2 = (line[cell_edges] for line in (edges.x1, edges.y1, edges.x2, edges.y2))
        west, east = np.minimum(x1, x2), np.maximum(x1, x2)
        with np.errstate(divide="ignore", invalid="ignore"):
            y = y1 + (cx - x1) * ((y2 - y1) / (x2 - x1))
            x = x1 + (cy - y1) * edges.slope[cell_edges]
        # Written so that NaN, an edge along one of the lines, counts as close.
        hard = (west <= cx) & (cx <= east) & ~(np.abs(y - cy) > TOLERANCE)
        hard |= (y1 <= cy) & (cy <= y2) & ~(np.abs(x - cx) > TOLERANCE)
        upright = np.flatnonzero((west <= cx) & (cx < east) & (np.abs(y - cy) <= 0.5001 * frame.dy))
        return hard, upright, y[upright]
