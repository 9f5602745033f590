"""Area layers for the tests of ``geo/``: made ones, and real ones that lie beside the project."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

WEST, SOUTH, EAST, NORTH = 114.0, 30.4, 114.4, 30.7


def random_coverage(
    rng: np.random.Generator, *, count: int, digits: int | None, within: Any = None
) -> NDArray[Any]:
    """Split ``within`` (default: a box in Wuhan) into ``count`` Voronoi areas without gap or overlap.

    ``digits`` rounds the vertices, which leaves gaps and overlaps of that size, as in
    published files.
    """
    outline = shapely.box(WEST, SOUTH, EAST, NORTH) if within is None else within
    west, south, east, north = shapely.bounds(outline)
    seeds = shapely.multipoints(rng.uniform([west, south], [east, north], (max(count, 2), 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=outline))
    areas: NDArray[Any] = shapely.intersection(cells, outline)
    if digits is not None:
        areas = shapely.transform(areas, lambda xy: np.round(xy, digits))
    areas = areas[shapely.is_valid(areas) & (shapely.area(areas) > 0)]
    return areas[: max(count, 1)]


def data_folder(name: str) -> Path:
    """Return a folder of the real data beside the project, or skip the test loudly."""
    root = Path(os.environ.get("CITYOPS_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (root / name).is_dir():
        pytest.skip(f"REAL DATA ABSENT: {root / name} (set CITYOPS_DATA); the check against it did not run")
    return root / name


def boston_layer(layer: str) -> NDArray[Any]:
    """Return the polygons of one of Boston's published layers, in file order."""
    text = (data_folder("boston") / f"{layer}.geojson").read_text(encoding="utf-8")
    return np.asarray(shapely.from_geojson([json.dumps(f["geometry"]) for f in json.loads(text)["features"]]))


def write_layer(path: Path, features: list[tuple[dict[str, str], Any]]) -> None:
    """Write (properties, shapely geometry) pairs as GeoJSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    collection = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(shape))}
            for properties, shape in features
        ],
    }
    path.write_text(json.dumps(collection, ensure_ascii=False), encoding="utf-8")


def area(
    code: str, name: str, parent: str, box: tuple[float, float, float, float], **more: str
) -> tuple[dict[str, str], Any]:
    """Return one rectangular feature; ``more`` are further columns."""
    return {"code": code, "name": name, "parent": parent, **more}, shapely.box(*box)


_HEAD = """
code = "test"
name_zh = "测试市"
name_en = "Testing"
version = "7"
bbox = [114.0, 30.4, 114.4, 30.6]

[[city_area]]
code = "C"
name = "测试市"
"""


_MOVED = "2024-01-01"
_LAYERS = {
    "districts": [
        area("A", "甲区", "C", (114.0, 30.4, 114.2, 30.6)),
        (
            {"code": "B", "name": "乙区", "parent": "C"},
            shapely.union(shapely.box(114.2, 30.4, 114.29, 30.6), shapely.box(114.31, 30.4, 114.4, 30.6)),
        ),
    ],
    "streets": [
        area("A1", "南街道", "A", (114.0, 30.4, 114.2, 30.45), since="", until=_MOVED),
        area("A2", "北街道", "A", (114.0, 30.45, 114.2, 30.6), since="", until=_MOVED),
        area("A1", "南街道", "A", (114.0, 30.4, 114.2, 30.5), since=_MOVED, until=""),
        area("A2", "北街道", "A", (114.0, 30.5, 114.2, 30.6), since=_MOVED, until=""),
        area("B1", "东湾街道", "B", (114.2, 30.4, 114.29, 30.6), since="", until=""),
    ],
    "communities": [
        area("A1a", "和平社区", "A1", (114.0, 30.4, 114.1, 30.45)),
        area("A1b", "前进社区", "A1", (114.1, 30.4, 114.2, 30.45)),
    ],
    "grids": [
        area("A1a-1", "和平社区第1网格", "A1a", (114.0, 30.4, 114.05, 30.45)),
        area("A1a-2", "和平社区第2网格", "A1a", (114.05, 30.4, 114.1, 30.45)),
    ],
    "zones": [
        (
            {"code": "Z", "name": "新港片区"},
            shapely.union(shapely.box(114.0, 30.4, 114.2, 30.5), shapely.box(114.39, 30.4, 114.4, 30.6)),
        )
    ],
}
_LEVELS = (
    ("district", "districts", ""),
    ("street", "streets", 'valid_from = "since"\nvalid_to = "until"'),
    ("community", "communities", ""),
    ("grid", "grids", "synthetic = true"),
)


def write_small_pack(folder: Path) -> Path:
    """Write a city of rectangles that has every irregularity the rules speak of.

    West district 甲区 (114.0–114.2) has two streets whose border moved from latitude 30.45 to
    30.50 on 2024-01-01; the southern one has two communities, the western of which has two
    grids. East district 乙区 (114.2–114.4) has one street in its western half and nothing below.
    A strip of water (114.29–114.31) belongs to no area of any level. One overlay takes the
    southern street of 甲区 and the last kilometre of 乙区.
    """
    for name, features in _LAYERS.items():
        write_layer(folder / "areas" / f"{name}.geojson", features)
    text = _HEAD + "".join(
        f'\n[[layers]]\nlevel = "{level}"\nfile = "areas/{file}.geojson"\ncode = "code"\nname = "name"\n'
        f'parent = "parent"\ncrs = "EPSG:4326"\n{more}\n'
        for level, file, more in _LEVELS
    )
    text += '\n[[zones]]\nkind = "port"\nfile = "areas/zones.geojson"\ncode = "code"\nname = "name"\n'
    text += 'crs = "EPSG:4326"\nprecedence = 5\n'
    (folder / "city.toml").write_text(text, encoding="utf-8")
    return folder


def boston_properties(layer: str) -> list[dict[str, Any]]:
    """Return the columns of one of Boston's published layers, in file order."""
    text = (data_folder("boston") / f"{layer}.geojson").read_text(encoding="utf-8")
    return [feature["properties"] for feature in json.loads(text)["features"]]
