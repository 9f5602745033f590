"""Read one area file into arrays: codes, names, parents, validity and outlines in WGS-84 degrees.

Only this reader touches GDAL, and without geopandas: pyogrio hands over WKB.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.checks.frames import check_frame
from geo.checks.problems import AreaProblem, UnableToReadLayer

Geometries = NDArray[np.object_]
Bounds = tuple[float, float, float, float]
WGS84 = "EPSG:4326"
_DEGREES = re.compile(r"EPSG:(4326|4490|4979)$|CRS84$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """Which columns of the file hold what; None where the file has no such column."""

    code: str
    name: str | None = None
    parent: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerFile:
    """An area file as read: parallel sequences, one entry per feature, in the file's order.

    ``shapes`` are in WGS-84 degrees, as the file has them (valid or not). ``crs`` is the
    system they came in. ``periods`` are (from, to) as written, empty text for open.
    """

    file: str
    codes: tuple[str, ...]
    names: tuple[str, ...]
    parents: tuple[str, ...]
    periods: tuple[tuple[str, str], ...]
    shapes: Geometries
    crs: str

    @property
    def bounds(self) -> Bounds:
        """West, south, east and north of the whole layer in degrees."""
        west, south, east, north = (float(side) for side in shapely.total_bounds(self.shapes))
        return west, south, east, north

    @property
    def middle_lat(self) -> float:
        """Latitude of the layer's middle, for measures in metres."""
        _, south, _, north = self.bounds
        return (south + north) / 2

    def feature(self, index: int) -> str:
        """Return how a feature is called in a problem."""
        return self.codes[index] or f"#{index + 1}"


def read_layer(
    *, path: Path, file: str, columns: Columns, declared: str | None, near: Bounds | None
) -> LayerFile:
    """Read an area file. Raises UnableToReadLayer with the reason.

    ``declared`` is the coordinate system the pack or its importer declares; ``near`` a box in
    degrees that the city lies in, used to name the likely system of a file in none.
    """
    if not path.is_file():
        raise UnableToReadLayer(_whole(file, "missing_file", "缺少此文件", "this file is missing"))
    meta, values, shapes = _read(path, file)
    for column in (columns.code, columns.name, columns.parent, columns.valid_from, columns.valid_to):
        if column is not None and column not in values:
            known = ", ".join(values)
            zh, en = f"没有列“{column}”，现有：{known}", f"has no column {column!r}; it has {known}"
            raise UnableToReadLayer(_whole(file, "missing_column", zh, en))
    crs = check_frame(shapes=shapes, file=file, own=meta["crs"], declared=declared, near=near)
    return LayerFile(
        file=file,
        codes=_texts(values, columns.code, len(shapes)),
        names=_texts(values, columns.name or columns.code, len(shapes)),
        parents=_texts(values, columns.parent, len(shapes)),
        periods=tuple(
            zip(
                _texts(values, columns.valid_from, len(shapes)),
                _texts(values, columns.valid_to, len(shapes)),
                strict=True,
            )
        ),
        shapes=shapes if _DEGREES.search(crs) else _to_degrees(shapes, crs),
        crs=crs,
    )


def _whole(file: str, code: str, zh: str, en: str) -> AreaProblem:
    return AreaProblem(file=file, feature="", code=code, zh=zh, en=en)


def _read(path: Path, file: str) -> tuple[dict[str, Any], dict[str, Any], Geometries]:
    from pyogrio.errors import DataSourceError
    from pyogrio.raw import read

    try:
        meta, _, wkb, data = read(path, force_2d=True)
    except DataSourceError as problem:
        zh, en = f"无法读取：{problem}", f"cannot be read: {problem}"
        raise UnableToReadLayer(_whole(file, "unreadable_file", zh, en)) from problem
    if wkb is None or not len(wkb):
        raise UnableToReadLayer(_whole(file, "no_features", "没有任何要素", "has no features"))
    return meta, dict(zip(meta["fields"], data, strict=True)), shapely.from_wkb(wkb)


def _texts(values: dict[str, Any], column: str | None, count: int) -> tuple[str, ...]:
    """Return a column as texts: numbers that are whole lose their ``.0``, nothing becomes ""."""
    if column is None:
        return ("",) * count
    return tuple(_text(value) for value in values[column].tolist())


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _to_degrees(shapes: Geometries, crs: str) -> Geometries:
    from pyproj import Transformer

    move = Transformer.from_crs(crs, WGS84, always_xy=True).transform
    return np.asarray(shapely.transform(shapes, lambda xy: np.column_stack(move(xy[:, 0], xy[:, 1]))))
