"""The outlines of one layer: flat coordinate arrays, distances in metres, geometry on demand.

Coordinates are WGS-84 degrees in one array, which a process maps from disk instead of
parsing; shapely objects are made from it only when an exact test or a neighbour search
needs them. Distances use the ellipsoid's own degree lengths at the point's latitude: over
the few hundred metres that the rules ask about, that is within a millimetre of EPSG:4547
and every other local projection, and costs no pyproj.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ARRAYS = ("coords", "rings", "parts", "areas")


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Return the length in metres of one degree of longitude and of latitude at ``lat`` (WGS-84)."""
    phi = math.radians(lat)
    east = 111_412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi) + 0.118 * math.cos(5 * phi)
    north = 111_132.954 - 559.822 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi)
    return east, north


class AreaShapes:
    """The (multi)polygons of ``n`` areas, addressed by position 0 … n-1.

    ``coords`` has shape (vertices, 2); ``rings``, ``parts`` and ``areas`` are offsets as in
    GeoArrow: area -> parts -> rings -> vertices.
    """

    __slots__ = ("_arrays", "_geometries", "_last", "_starts", "_tree")

    def __init__(self, *, coords: Floats, rings: Ints, parts: Ints, areas: Ints) -> None:
        self._arrays = {"coords": coords, "rings": rings, "parts": parts, "areas": areas}
        self._starts = np.asarray(rings)[np.asarray(parts)[np.asarray(areas)]]
        self._last = np.zeros(len(coords), dtype=bool)
        self._last[np.asarray(rings)[1:] - 1] = True
        self._geometries: NDArray[Any] | None = None
        self._tree: Any = None

    @classmethod
    def of(cls, geometries: NDArray[Any]) -> "AreaShapes":
        """Take shapely Polygons and MultiPolygons in WGS-84 degrees, one per area."""
        # A collection of mixed types has no flat form, and get_rings() yields nothing for
        # MultiPolygons (geo.md §3): every area becomes a MultiPolygon of its parts.
        parts, owner = shapely.get_parts(geometries, return_index=True)
        multi = shapely.multipolygons(parts, indices=owner)
        _, coords, (rings, polygons, areas) = shapely.to_ragged_array(multi, include_z=False)
        return cls(
            coords=np.ascontiguousarray(coords, dtype=np.float64),
            rings=rings.astype(np.int64),
            parts=polygons.astype(np.int64),
            areas=areas.astype(np.int64),
        )

    def save(self, folder: Path) -> None:
        """Write the arrays as ``shape-*.npy`` into an existing folder."""
        for name in _ARRAYS:
            np.save(folder / f"shape-{name}.npy", self._arrays[name])

    @classmethod
    def load(cls, folder: Path) -> "AreaShapes":
        """Map the arrays that :meth:`save` wrote."""
        arrays = {name: np.load(folder / f"shape-{name}.npy", mmap_mode="r") for name in _ARRAYS}
        return cls(**arrays)

    def __len__(self) -> int:
        return len(self._arrays["areas"]) - 1

    @property
    def geometries(self) -> NDArray[Any]:
        """Shapely MultiPolygons in the order of the areas (made once, at the first request)."""
        if self._geometries is None:
            arrays = self._arrays
            self._geometries = shapely.from_ragged_array(
                shapely.GeometryType.MULTIPOLYGON,
                np.asarray(arrays["coords"]),
                (np.asarray(arrays["rings"]), np.asarray(arrays["parts"]), np.asarray(arrays["areas"])),
            )
        return self._geometries

    def segments(self) -> tuple[Floats, Ints]:
        """Return all border segments, shape (segments, 4) as x1 y1 x2 y2, and the area of each."""
        coords = np.asarray(self._arrays["coords"])
        keep = ~self._last[:-1] if len(coords) else np.zeros(0, dtype=bool)
        segments = np.hstack([coords[:-1], coords[1:]])[keep]
        owner = np.repeat(np.arange(len(self)), np.diff(self._starts))[:-1][keep]
        long_enough = (segments[:, 0] != segments[:, 2]) | (segments[:, 1] != segments[:, 3])
        return segments[long_enough], owner[long_enough]

    def covers(self, area: int, lon: float, lat: float) -> bool:
        """Tell whether the point lies in the area or on its border, exactly (GEOS)."""
        return bool(shapely.intersects_xy(self.geometries[area], lon, lat))

    def nearest_on_border(self, area: int, lon: float, lat: float) -> tuple[float, float, float]:
        """Return metres to the nearest border of the area, and where on it (lon, lat)."""
        start, end = self._starts[area], self._starts[area + 1]
        east, north = metres_per_degree(lat)
        x = (self._arrays["coords"][start:end, 0] - lon) * east
        y = (self._arrays["coords"][start:end, 1] - lat) * north
        dx, dy = np.diff(x), np.diff(y)
        length2 = dx * dx + dy * dy
        length2[length2 == 0.0] = 1.0
        along = np.clip(-(x[:-1] * dx + y[:-1] * dy) / length2, 0.0, 1.0)
        near_x, near_y = x[:-1] + along * dx, y[:-1] + along * dy
        square = near_x * near_x + near_y * near_y
        square[self._last[start : end - 1]] = np.inf  # from one ring to the next there is no border
        best = int(np.argmin(square))
        return math.sqrt(square[best]), lon + near_x[best] / east, lat + near_y[best] / north

    def within(self, lon: float, lat: float, *, radius_m: float) -> list[tuple[float, int]]:
        """Return (metres, area) of every area within the radius, nearest first; inside counts as 0."""
        if self._tree is None:
            self._tree = shapely.STRtree(self.geometries)
        east, north = metres_per_degree(lat)
        dx, dy = radius_m / east, radius_m / north
        found = []
        for area in self._tree.query(shapely.box(lon - dx, lat - dy, lon + dx, lat + dy)).tolist():
            metres = 0.0 if self.covers(area, lon, lat) else self.nearest_on_border(area, lon, lat)[0]
            if metres <= radius_m:
                found.append((metres, area))
        return sorted(found)
