"""Reads the area files of a pack into one table of rows. Runs when a pack is published.

A row is one version of one area or overlay: its layer, code, name, parent, days of validity
and outline in WGS-84 degrees. Everything that would make a look-up ambiguous or impossible
is refused here with the file and the reason; ``cityops check`` finds the rest.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.place import Level
from geo.checks.layer import Columns, LayerFile, read_layer
from geo.checks.problems import AreaProblem, UnableToReadLayer
from geo.checks.rules import check_features

_LEVELS = {level.name.lower(): level for level in Level}
FIRST_DAY, LAST_DAY = date.min.toordinal(), date.max.toordinal()


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """What a set of rows is: a level of the chain, or an overlay of some kind."""

    level: Level | None = None
    kind: str = ""
    precedence: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaRow:
    """One version of one area. Valid from ``begin`` to before ``end`` (ordinals of days).

    ``shape`` is None for a city that is given without an outline; ``parent`` is the code of an
    area of some higher level, or empty: then the outlines decide.
    """

    layer: int
    code: str
    name: str
    parent: str
    begin: int
    end: int
    synthetic: bool
    shape: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class PackAreas:
    """All areas of a pack. ``bbox`` is west, south, east, north in degrees."""

    release: str
    bbox: tuple[float, float, float, float]
    layers: tuple[Layer, ...]
    rows: tuple[AreaRow, ...]


def source_files(pack_folder: Path) -> list[Path]:
    """Return the files that decide the result of :func:`read_pack_areas`, ``city.toml`` first."""
    city = _read_city(pack_folder)
    entries = [*city.get("layers", []), *city.get("zones", [])]
    paths = {pack_folder / str(entry["file"]) for entry in entries if entry.get("file")}
    for shapefile in [path for path in paths if path.suffix.lower() == ".shp"]:
        paths.update(shapefile.parent.glob(f"{shapefile.stem}.*"))  # its columns and frame lie beside it
    return [pack_folder / "city.toml", *sorted(paths)]


def read_pack_areas(pack_folder: Path) -> PackAreas:
    """Read ``[[layers]]``, ``[[zones]]`` and ``[[city_area]]`` of the pack's ``city.toml``.

    Raises UnableToReadLayer for a file, column, frame, outline or code that cannot be used,
    and OSError or TOMLDecodeError when ``city.toml`` itself cannot be read.
    """
    city = _read_city(pack_folder)
    near = _box(city.get("bbox"))
    layers: list[Layer] = []
    rows: list[AreaRow] = []
    for entry in city.get("city_area", []):
        rows.append(_city_row(len(layers), entry))
        layers.append(Layer(level=Level.CITY))
    for section, entry in [("layers", e) for e in city.get("layers", [])] + [
        ("zones", e) for e in city.get("zones", [])
    ]:
        rows += _read_rows(pack_folder, entry, layer=len(layers), near=near)
        layers.append(_layer(section, entry))
    _refuse_shared_codes(layers, rows)
    bbox = near or _bounds([row.shape for row in rows if row.shape is not None])
    return PackAreas(release=str(city.get("version", "")), bbox=bbox, layers=tuple(layers), rows=tuple(rows))


def _read_city(pack_folder: Path) -> dict[str, Any]:
    city = tomllib.loads((pack_folder / "city.toml").read_text(encoding="utf-8"))
    if isinstance(city.get("city_area"), Mapping):
        city["city_area"] = [city["city_area"]]
    return city


def _layer(section: str, entry: Mapping[str, Any]) -> Layer:
    if section == "zones":
        return Layer(kind=str(entry["kind"]), precedence=int(entry.get("precedence", 0)))
    level = _LEVELS.get(str(entry.get("level", "")).lower())
    if level is None:
        raise _refusal(
            entry,
            "",
            "unknown_level",
            f"未知的层级“{entry.get('level')}”",
            f"unknown level {entry.get('level')!r}",
        )
    return Layer(level=level)


def _city_row(layer: int, entry: Mapping[str, Any]) -> AreaRow:
    return AreaRow(
        layer=layer,
        code=str(entry["code"]),
        name=str(entry["name"]),
        parent="",
        begin=FIRST_DAY,
        end=LAST_DAY,
        synthetic=False,
        shape=None,
    )


def _read_rows(
    pack_folder: Path,
    entry: Mapping[str, Any],
    *,
    layer: int,
    near: tuple[float, float, float, float] | None,
) -> list[AreaRow]:
    if not entry.get("crs"):
        raise _refusal(
            entry, "", "undeclared_crs", "city.toml 中没有声明坐标系 crs", "city.toml declares no crs for it"
        )
    columns = Columns(
        code=entry.get("code", "code"),
        name=entry.get("name"),
        parent=entry.get("parent"),
        valid_from=entry.get("valid_from"),
        valid_to=entry.get("valid_to"),
    )
    file = str(entry.get("file", ""))
    read = read_layer(path=pack_folder / file, file=file, columns=columns, declared=entry["crs"], near=near)
    for problem in check_features(read):
        if not problem.warning:
            raise UnableToReadLayer(problem)
    return [_row(read, index, entry, layer) for index in range(len(read.codes))]


def _row(read: LayerFile, index: int, entry: Mapping[str, Any], layer: int) -> AreaRow:
    begin, end = read.periods[index]
    return AreaRow(
        layer=layer,
        code=read.codes[index],
        name=read.names[index] or read.codes[index],
        parent=read.parents[index],
        begin=_day(entry, read, index, begin or entry.get("valid_from_date"), FIRST_DAY),
        end=_day(entry, read, index, end or entry.get("valid_to_date"), LAST_DAY),
        synthetic=bool(entry.get("synthetic", False)),
        shape=read.shapes[index],
    )


def _day(entry: Mapping[str, Any], read: LayerFile, index: int, value: Any, default: int) -> int:
    if not value:
        return default
    try:
        # Databases write a date as midnight; the day is what counts.
        return date.fromisoformat(str(value)[:10]).toordinal()
    except ValueError as wrong:
        zh, en = (
            f"日期“{value}”无法识别，应为 2026-01-31",
            f"cannot read the date {value!r}; write 2026-01-31",
        )
        raise _refusal(entry, read.feature(index), "wrong_date", zh, en) from wrong


def _refuse_shared_codes(layers: list[Layer], rows: list[AreaRow]) -> None:
    """One code means one area on any day, whatever its level: units and rules name areas by code."""
    seen: dict[tuple[bool, str, str], list[AreaRow]] = {}
    for row in rows:
        layer = layers[row.layer]
        others = seen.setdefault((layer.level is None, layer.kind, row.code), [])
        if any(row.begin < other.end and other.begin < row.end for other in others):
            problem = AreaProblem(
                file="city.toml",
                feature=row.code,
                code="duplicate_code",
                zh="同一时期有两个区域使用此编码（不同层级也不允许）",
                en="two areas have this code at the same time (no two levels may share one)",
            )
            raise UnableToReadLayer(problem)
        others.append(row)


def _refusal(entry: Mapping[str, Any], feature: str, code: str, zh: str, en: str) -> UnableToReadLayer:
    file = str(entry.get("file", "city.toml"))
    return UnableToReadLayer(AreaProblem(file=file, feature=feature, code=code, zh=zh, en=en))


def _box(value: Any) -> tuple[float, float, float, float] | None:
    if not isinstance(value, list) or len(value) != 4:
        return None
    west, south, east, north = (float(side) for side in value)
    return west, south, east, north


def _bounds(shapes: Iterable[Any]) -> tuple[float, float, float, float]:
    boxes: NDArray[np.float64] = np.array([shape.bounds for shape in shapes]).reshape(-1, 4)
    if not len(boxes):
        return -180.0, -90.0, 180.0, 90.0
    west, south = boxes[:, :2].min(axis=0).tolist()
    east, north = boxes[:, 2:].max(axis=0).tolist()
    return west, south, east, north
