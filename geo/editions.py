"""The boundaries of one period: which areas were valid, who their parents were, where they lie.

An event keeps the boundaries of its day (reference: geo.md §4, worth 15–17 points of
agreement on New York's council districts), so a city has one edition for every period
between two changes. Editions share the index of a level that did not change.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.place import AreaRef, Level, ZoneRef
from geo.index import AreaIndex

Chain = tuple[AreaRef, ...]
Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaTable:
    """All area and overlay versions of a city, by row number.

    ``levels`` is 0 for overlays; their ``kinds`` and ``precedences`` are set instead.
    """

    codes: Sequence[str]
    names: Sequence[str]
    levels: Sequence[int]
    synthetic: Sequence[bool]
    kinds: Sequence[str]
    precedences: Sequence[int]

    def area(self, row: int) -> AreaRef:
        """Return the area of a row."""
        return AreaRef(level=Level(self.levels[row]), code=self.codes[row], name=self.names[row])

    def zone(self, row: int) -> ZoneRef:
        """Return the overlay of a row."""
        return ZoneRef(
            kind=self.kinds[row],
            code=self.codes[row],
            name=self.names[row],
            precedence=self.precedences[row],
        )


class IndexedLayer:
    """The areas of one level, or the overlays of one kind, valid in one edition.

    ``rows[position]`` is the row of the area that the index calls ``position``. The index is
    mapped from disk at the first look-up.
    """

    __slots__ = ("_index", "_open", "chains", "rows")

    def __init__(self, *, rows: Array, open_index: Callable[[], AreaIndex]) -> None:
        self.rows: list[int] = rows.tolist()
        self._open = open_index
        self._index: AreaIndex | None = None
        self.chains: list[Chain | None] = [None] * len(self.rows)

    @property
    def index(self) -> AreaIndex:
        if self._index is None:
            self._index = self._open()
        return self._index


class Edition:
    """One period's areas. ``layers`` run from the finest level to the coarsest."""

    __slots__ = ("_parents", "_row_of", "_zones_of", "begin", "layers", "table", "zones")

    def __init__(
        self,
        *,
        begin: int,
        table: AreaTable,
        parents: Array,
        layers: Iterable[IndexedLayer],
        zones: Iterable[IndexedLayer],
        held: Array,
    ) -> None:
        """Take rows' parents (-1 none, -2 not valid) and (area, overlay) pairs that hold throughout."""
        self.begin = begin
        self.table = table
        self.layers = tuple(layers)
        self.zones = tuple(zones)
        self._parents: list[int] = parents.tolist()
        self._row_of: dict[str, int] | None = None
        self._zones_of: dict[int, list[int]] = {}
        for area, zone in held.tolist():
            self._zones_of.setdefault(area, []).append(zone)

    def chain_at(self, lon: float, lat: float) -> Chain:
        """Return the chain at a point from the finest level that covers it, or nothing."""
        for layer in self.layers:
            position = layer.index.find(lon, lat)
            if position >= 0:
                return layer.chains[position] or self._remember(layer, position)
        return ()

    def _remember(self, layer: IndexedLayer, position: int) -> Chain:
        chain = self.chain(layer.rows[position])
        layer.chains[position] = chain
        return chain

    def lineage(self, row: int) -> tuple[int, ...]:
        """Return the rows from the area itself up to the city."""
        rows = []
        while row >= 0:
            rows.append(row)
            row = self._parents[row]
        return tuple(rows)

    def chain(self, row: int) -> Chain:
        """Return the chain from the city down to the area of this row."""
        return tuple(self.table.area(above) for above in reversed(self.lineage(row)))

    def valid(self, row: int) -> bool:
        """Tell whether the row belongs to this edition."""
        return self._parents[row] > -2

    def row_of(self, code: str) -> int:
        """Return the row of the area with this code, or -1 when there is none in this edition."""
        if self._row_of is None:
            levels, codes = self.table.levels, self.table.codes
            self._row_of = {codes[row]: row for row in range(len(codes)) if levels[row] and self.valid(row)}
        return self._row_of.get(code, -1)

    def areas(self) -> list[int]:
        """Return the rows of all areas (not overlays) of this edition."""
        return [row for row, level in enumerate(self.table.levels) if level and self.valid(row)]

    def zones_holding(self, row: int) -> tuple[int, ...]:
        """Return the rows of the overlays that contain the whole area."""
        return tuple(self._zones_of.get(row, ()))

    def zones_at(self, lon: float, lat: float) -> tuple[int, ...]:
        """Return the rows of the overlays that cover the point."""
        return tuple(
            layer.rows[position] for layer in self.zones for position in layer.index.find_all(lon, lat)
        )

    def zones_within(self, lon: float, lat: float, *, radius_m: float) -> tuple[int, ...]:
        """Return the rows of the overlays that come this close to the point."""
        return tuple(
            layer.rows[position]
            for layer in self.zones
            for _, position in layer.index.shapes.within(lon, lat, radius_m=radius_m)
        )

    def zone_refs(self, rows: Iterable[int]) -> tuple[ZoneRef, ...]:
        """Return the overlays of these rows, the most binding first."""
        refs = {self.table.zone(row) for row in rows}
        return tuple(sorted(refs, key=lambda ref: (-ref.precedence, ref.kind, ref.code)))

    def rows_at(self, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> Array:
        """Return the row of the finest area at each point, or -1: the bulk form of chain_at."""
        found = np.full(len(lons), -1, dtype=np.int64)
        for layer in self.layers:
            missing = np.flatnonzero(found < 0)
            if len(missing):
                rows = np.array([*layer.rows, -1])  # position -1 takes the last entry
                found[missing] = rows[layer.index.find_many(lons[missing], lats[missing])]
        return found
