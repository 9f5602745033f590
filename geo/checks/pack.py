"""``check_areas``: every area file that a pack's ``city.toml`` names."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from domain.place import Level
from geo.checks.layer import Bounds, Columns, LayerFile, read_layer
from geo.checks.problems import AreaProblem, UnableToReadLayer
from geo.checks.rules import check_coverage, check_features, check_parents

_LEVELS = {level.name.lower(): level for level in Level}


def check_areas(*, folder: Path) -> list[AreaProblem]:
    """Return everything that is wrong with the area files of a pack, in the files' order.

    Reads ``[[layers]]``, ``[[zones]]`` and ``[[city_area]]`` of ``folder/city.toml``; the rest
    of that file is the pack loader's business. OSError or TOMLDecodeError when it cannot be read.
    """
    city = tomllib.loads((folder / "city.toml").read_text("utf-8"))
    near = _box(city)
    problems: list[AreaProblem] = []
    by_level: dict[Level, list[LayerFile]] = {}
    for entry in city.get("layers", []):
        level = _LEVELS.get(str(entry.get("level", "")).lower())
        layer = _read(folder, entry, near, problems)
        if level is None:
            zh, en = f"未知的层级“{entry.get('level')}”", f"unknown level {entry.get('level')!r}"
            problems.append(_whole(str(entry.get("file", "city.toml")), "unknown_level", zh, en))
        elif layer is not None:
            by_level.setdefault(level, []).append(layer)
            problems += check_features(layer)
    problems += _check_hierarchy(by_level, _top_code(city))
    for entry in city.get("zones", []):
        layer = _read(folder, entry, near, problems)
        if layer is not None:
            problems += [*check_features(layer), *check_coverage(layer, overlay=True)]
    return problems


def _check_hierarchy(
    by_level: Mapping[Level, list[LayerFile]], top_code: str | None
) -> Iterator[AreaProblem]:
    """Check every level in itself and against the nearest level above that has files."""
    above: list[LayerFile] = []
    for level in sorted(by_level):
        for layer in by_level[level]:
            yield from check_coverage(layer, above=above)
            if above or any(layer.parents):
                yield from check_parents(layer, above=above, top_code=top_code)
        above = by_level[level]


def _read(
    folder: Path, entry: Mapping[str, Any], near: Bounds | None, problems: list[AreaProblem]
) -> LayerFile | None:
    file = str(entry.get("file", ""))
    if not entry.get("crs"):
        zh, en = "city.toml 中没有声明坐标系 crs", "city.toml declares no crs for it"
        problems.append(_whole(file, "undeclared_crs", zh, en))
        return None
    columns = Columns(
        code=entry.get("code", "code"),
        name=entry.get("name"),
        parent=entry.get("parent"),
        valid_from=entry.get("valid_from"),
        valid_to=entry.get("valid_to"),
    )
    try:
        return read_layer(path=folder / file, file=file, columns=columns, declared=entry["crs"], near=near)
    except UnableToReadLayer as refusal:
        problems.append(refusal.problem)
        return None


def _whole(file: str, code: str, zh: str, en: str) -> AreaProblem:
    return AreaProblem(file=file, feature="", code=code, zh=zh, en=en)


def _box(city: Mapping[str, Any]) -> Bounds | None:
    box = city.get("bbox")
    if not isinstance(box, list) or len(box) != 4:
        return None
    west, south, east, north = (float(side) for side in box)
    return west, south, east, north


def _top_code(city: Mapping[str, Any]) -> str | None:
    entries = city.get("city_area", [])
    entries = [entries] if isinstance(entries, Mapping) else entries
    return str(entries[0]["code"]) if entries and "code" in entries[0] else None
