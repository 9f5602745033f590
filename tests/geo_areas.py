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
