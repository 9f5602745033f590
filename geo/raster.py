"""Builds the raster of a layer: what each cell knows about the areas that meet in it.

A cell that no border touches belongs wholly to one area or to none. A border cell gets its
candidates, the bit mask of those that contain the cell's centre, and its local edges, each
with the mask of the candidates it bounds. The mask at any other point of the cell is then
the centre's, toggled once for every edge crossed on the way there: along the vertical
through the centre, then along the horizontal to the point (reference: geo.md §3).

Everything is vectorised over all edges; bands of rows bound the memory. Overlapping
layers and gaps need no special care: a mask may hold several candidates, or none.
"""

from dataclasses import dataclass

import numpy as np

from geo.bands import BORDER, Array, Band, BandArrays, Edges, Floats, Frame, expand
from geo.shapes import AreaShapes

# In units of a cell. An edge is listed in every cell it comes this close to.
_MARGIN = 1e-6
_BAND_ROWS = 256
MAX_CELLS = 4096 * 4096
_MIN_SIDE = 16
_BORDER_SHARE = 0.12


@dataclass(frozen=True, kw_only=True, slots=True)
class Raster:
    """A finished raster. CSR arrays have one entry per border cell, plus the end.

    ``cells``: shape (rows * columns,), row by row from the south; area, -1 for outside, or
    ``-2 - k`` for border cell ``k``.
    """

    frame: Frame
    edges: Edges
    cells: Array
    start_mask: Array
    candidate_starts: Array
    candidates: Array
    pair_starts: Array
    pair_edges: Array
    pair_masks: Array
    upright_starts: Array
    upright_y: Floats
    upright_masks: Array


def build_raster(shapes: AreaShapes, *, max_cells: int, frame: Frame | None = None) -> Raster:
    """Build the raster of a layer of at least one area; areas must be valid polygons.

    Without a ``frame`` that covers the layer, one of at most about ``max_cells`` cells is chosen.
    """
    segments, owners = shapes.segments()
    edges = _distinct_edges(segments, owners)
    frame = frame or _choose_frame(edges, max_cells)
    pair_cells, pair_edges = _cells_of_edges(edges, frame)
    spans = _spans(edges, frame)
    bands = []
    for first in range(0, frame.rows, _BAND_ROWS):
        end = min(first + _BAND_ROWS, frame.rows)
        own = slice(*np.searchsorted(pair_cells, [first * frame.columns, end * frame.columns]))
        spanned = slice(*np.searchsorted(spans[:, 0], [first, end]))
        band = Band(frame=frame, edges=edges, first_row=first, rows=end - first, spans=spans[spanned])
        bands.append(band.build(pair_cells[own], pair_edges[own]))
    return _join(frame, edges, bands)


def _join(frame: Frame, edges: Edges, bands: list[BandArrays]) -> Raster:
    """Put the bands one on top of the other; border cells are numbered through."""
    border_before = np.cumsum([0] + [len(band.start_mask) for band in bands])
    cells = [
        np.where(band.cells <= BORDER, band.cells - np.int32(before), band.cells)
        for band, before in zip(bands, border_before, strict=False)
    ]

    def gather(name: str) -> Array:
        return np.concatenate([getattr(band, name) for band in bands])

    def offsets(name: str) -> Array:
        return np.append(0, np.cumsum(gather(name))).astype(np.int32)

    return Raster(
        frame=frame,
        edges=edges,
        cells=np.concatenate(cells),
        start_mask=gather("start_mask"),
        candidate_starts=offsets("candidate_counts"),
        candidates=gather("candidates"),
        pair_starts=offsets("pair_counts"),
        pair_edges=gather("pair_edges"),
        pair_masks=gather("pair_masks"),
        upright_starts=offsets("upright_counts"),
        upright_y=gather("upright_y"),
        upright_masks=gather("upright_masks"),
    )


def _distinct_edges(segments: Floats, owners: Array) -> Edges:
    """Merge the segments that neighbours share, so that each is tested once."""
    turn = (segments[:, 1] > segments[:, 3]) | (
        (segments[:, 1] == segments[:, 3]) & (segments[:, 0] > segments[:, 2])
    )
    lower = np.where(turn[:, None], segments[:, [2, 3, 0, 1]], segments)
    order = np.lexsort((owners, lower[:, 3], lower[:, 2], lower[:, 1], lower[:, 0]))
    lower, owners = lower[order], owners[order]
    first = np.ones(len(lower), dtype=bool)
    first[1:] = (lower[1:] != lower[:-1]).any(axis=1)
    starts = np.append(np.flatnonzero(first), len(lower))
    x1, y1, x2, y2 = (np.ascontiguousarray(column) for column in lower[first].T)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(y2 == y1, np.nan, (x2 - x1) / (y2 - y1))
    return Edges(x1=x1, y1=y1, x2=x2, y2=y2, slope=slope, areas=owners, starts=starts)


def _choose_frame(edges: Edges, max_cells: int) -> Frame:
    """Cells fine enough that few are border cells and few edges meet in one (figures: geo.md §3)."""
    xs, ys = np.concatenate([edges.x1, edges.x2]), np.concatenate([edges.y1, edges.y2])
    west, east, south, north = xs.min(), xs.max(), ys.min(), ys.max()
    # An odd margin keeps cell centres off borders that follow round coordinates.
    wide, high = (east - west) * 1.00137 + 1e-7, (north - south) * 1.00173 + 1e-7
    length = float(np.hypot(edges.x2 - edges.x1, edges.y2 - edges.y1).sum())
    # A line of length L touches about 1.27 L / size cells of that size.
    size = min(_BORDER_SHARE * wide * high / (1.27 * length), np.sqrt(wide * high / (8.0 * len(edges.x1))))
    size = max(size, np.sqrt(wide * high / max_cells))
    columns = int(np.clip(np.ceil(wide / size), _MIN_SIDE, 1 << 15))
    rows = int(np.clip(np.ceil(high / size), _MIN_SIDE, 1 << 15))
    return Frame(
        x0=float(west - (wide - (east - west)) / 2),
        y0=float(south - (high - (north - south)) / 2),
        dx=float(wide / columns),
        dy=float(high / rows),
        columns=columns,
        rows=rows,
    )


def _cells_of_edges(edges: Edges, frame: Frame) -> tuple[Array, Array]:
    """Return (cell, edge) of every cell that an edge touches or comes close to, sorted by cell.

    A superset is harmless (an edge outside its cell is never crossed inside it); a miss
    would not be, hence the margins.
    """
    u1, u2 = (edges.x1 - frame.x0) / frame.dx, (edges.x2 - frame.x0) / frame.dx
    v1, v2 = (edges.y1 - frame.y0) / frame.dy, (edges.y2 - frame.y0) / frame.dy
    west, east = np.minimum(u1, u2) - _MARGIN, np.maximum(u1, u2) + _MARGIN
    edge, column = expand(np.floor(west).astype(np.int64), np.floor(east).astype(np.int64))
    low, high = v1[edge], v2[edge]  # lower end first
    run = (u2 - u1)[edge]
    upright = np.abs(run) < 1e-3
    climb = (high - low) / np.where(upright, 1.0, run)
    left = np.maximum(west[edge], column - _MARGIN)
    right = np.minimum(east[edge], column + 1.0 + _MARGIN)
    va, vb = low + (left - u1[edge]) * climb, low + (right - u1[edge]) * climb
    slack = _MARGIN + np.abs(climb) * 1e-9
    bottom = np.where(upright, low, np.clip(np.minimum(va, vb), low, high)) - slack
    top = np.where(upright, high, np.clip(np.maximum(va, vb), low, high)) + slack
    index, row = expand(np.floor(bottom).astype(np.int64), np.floor(top).astype(np.int64))
    cell = np.clip(row, 0, frame.rows - 1) * frame.columns + np.clip(column[index], 0, frame.columns - 1)
    key = np.unique(cell * len(edges.x1) + edge[index])
    return key // len(edges.x1), (key % len(edges.x1)).astype(np.int32)


def _spans(edges: Edges, frame: Frame) -> Array:
    """Return (row, area, first column, end column) of the cell centres inside each area.

    Scan-line fill along the centre line of every row. A centre within the tolerance of an
    edge may fall on the wrong side; its cell is marked hard later.
    """
    centre = frame.y0 + (np.arange(frame.rows) + 0.5) * frame.dy
    low = np.searchsorted(centre, edges.y1, side="left")  # rows with y1 <= centre < y2
    edge, row = expand(low, np.searchsorted(centre, edges.y2, side="left") - 1)
    x = edges.x1[edge] + (centre[row] - edges.y1[edge]) * edges.slope[edge]
    column = np.clip(np.ceil((x - frame.x0) / frame.dx - 0.5), 0, frame.columns).astype(np.int64)
    which, owner = expand(edges.starts[edge], edges.starts[edge + 1] - 1)
    row, column, area = row[which], column[which], edges.areas[owner]
    order = np.lexsort((column, area, row))
    row, area, column = row[order], area[order], column[order]
    return np.stack([row[::2], area[::2], column[::2], column[1::2]], axis=1)
