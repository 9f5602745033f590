"""The synthetic subdivision: counts, exact nesting, reproducibility."""

import csv
import os
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from geo.subdivide.cells import apportion, borders, cut_cells
from geo.subdivide.coverage import dissolve, node_cells
from geo.subdivide.draw import draw_district
from geo.subdivide.groups import cluster, connect, reading_order, split_by_counts, split_with_anchors
from geo.subdivide.plan import read_plan

AREAS = Path(__file__).parents[2] / "cities" / "wuhan" / "areas"
SOURCE = Path(os.environ.get("CITYOPS_DATA", Path(__file__).parents[3] / "shared" / "data")) / "wuhan"
FILES = {
    "district": "districts.geojson",
    "street": "streets.geojson",
    "community": "communities.gpkg",
    "grid": "grids.gpkg",
}
HORSESHOE = Polygon([(0, 0), (9, 0), (9, 9), (6, 9), (6, 2), (3, 2), (3, 9), (0, 9)])


@pytest.fixture(scope="module")
def layers() -> dict[str, Any]:
    return {level: geopandas.read_file(AREAS / name) for level, name in FILES.items()}


@given(weights=st.lists(st.floats(0.01, 1e4), min_size=1, max_size=40), more=st.integers(0, 500))
def test_shares_add_up_and_nobody_gets_nothing(weights: list[float], more: int) -> None:
    shares = apportion(weights=weights, total=len(weights) + more)
    assert sum(shares) == len(weights) + more
    assert min(shares) >= 1


def test_more_receivers_than_things_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be shared"):
        apportion(weights=[1.0, 1.0], total=1)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 40))
def test_cells_cover_a_concave_area_with_single_polygons(seed: int, count: int) -> None:
    cells = cut_cells(area=HORSESHOE, count=count, seed=seed)
    assert len(cells) == count
    assert all(cell.geom_type == "Polygon" and cell.is_valid for cell in cells)
    assert shapely.union_all(cells).symmetric_difference(HORSESHOE).area < 1e-9
    assert shapely.area(cells).sum() == pytest.approx(HORSESHOE.area)
    again = cut_cells(area=HORSESHOE, count=count, seed=seed)
    assert shapely.equals_exact(cells, again).all()


@settings(max_examples=50, deadline=None)
@given(counts=st.lists(st.integers(1, 12), min_size=1, max_size=15), seed=st.integers(0, 2**32))
def test_split_gives_every_group_its_number(counts: list[int], seed: int) -> None:
    points = np.random.Generator(np.random.PCG64(seed)).random((sum(counts), 2))
    anchors = [(0.1, 0.1) if i % 3 == 0 else None for i in range(len(counts))]
    for labels in (
        split_by_counts(points=points, counts=counts),
        split_with_anchors(points=points, counts=counts, anchors=anchors),
    ):
        assert np.bincount(labels, minlength=len(counts)).tolist() == counts
    groups = cluster(points=points, groups=len(counts))
    assert set(groups.tolist()) == set(range(len(counts)))


def test_connect_gives_a_stray_cell_to_its_longest_neighbour() -> None:
    cells = np.array([box(i, 0, i + 1, 1) for i in range(4)], dtype=object)
    labels = np.array([0, 0, 1, 0])
    joined = connect(labels=labels, within=np.zeros(4, dtype=np.intp), shared=borders(cells=cells))
    assert joined.tolist() == [0, 0, 1, 1]
    apart = connect(labels=labels, within=np.array([0, 0, 0, 7]), shared=borders(cells=cells))
    assert apart.tolist() == labels.tolist(), "a piece without a neighbour of its own parent stays"


def test_numbers_run_west_to_east_from_north_to_south() -> None:
    points = np.array([(1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.0, 0.0)])
    assert reading_order(points=points).tolist() == [1, 2, 3, 0]


def test_noding_gives_both_neighbours_the_same_points() -> None:
    left = box(0, 0, 1, 2)
    right = [box(1, 0, 2, 1.1234564), box(1, 1.1234564, 2, 2)]
    noded = node_cells(cells=np.array([left, *right], dtype=object))
    assert shapely.coverage_is_valid(noded)
    assert (1.0, 1.123456) in list(noded[0].exterior.coords)
    united = dissolve(cells=noded, labels=["a", "b", "b"])
    assert shapely.coverage_is_valid(np.array(list(united.values()), dtype=object))


def test_noding_keeps_a_hole_of_the_area_open() -> None:
    ring = box(0, 0, 3, 3).difference(box(1, 1, 2, 2))
    halves = np.array([ring.intersection(box(0, 0, 1.5, 3)), ring.intersection(box(1.5, 0, 3, 3))])
    assert shapely.area(node_cells(cells=halves)).sum() == pytest.approx(8.0)


def test_committed_layers_have_the_official_numbers(layers: dict[str, Any]) -> None:
    assert {level: len(frame) for level, frame in layers.items()} == {
        "district": 13,
        "street": 193,
        "community": 3495,
        "grid": 19999,
    }
    for frame in layers.values():
        assert frame.code.is_unique
        assert frame.crs.to_epsg() == 4326
        assert bool(frame.synthetic.all()) == (frame is not layers["district"])


def test_committed_layers_are_exact_coverages_and_nest(layers: dict[str, Any]) -> None:
    for frame in layers.values():
        assert frame.is_valid.all()
        assert shapely.coverage_is_valid(frame.geometry.to_numpy())
    for child, parent in (("street", "district"), ("community", "street"), ("grid", "community")):
        above = layers[parent].set_index("code").geometry
        assert set(layers[child].parent) == set(above.index), "every area has children"
        covers = shapely.covers(
            above.reindex(layers[child].parent).to_numpy(), layers[child].geometry.to_numpy()
        )
        assert covers.all()


def test_grid_codes_extend_their_community(layers: dict[str, Any]) -> None:
    grids = layers["grid"]
    assert (grids.code.str[:12] == grids.parent).all()
    numbers = grids.code.str[12:].astype(int).groupby(grids.parent)
    assert (numbers.max() == numbers.size()).all()
    assert (numbers.min() == 1).all()


def test_zones_are_the_union_of_their_streets(layers: dict[str, Any]) -> None:
    with (AREAS / "areas.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    zone_of = {row["code"]: row["zone"] for row in rows if row["level"] == "street" and row["zone"]}
    zones = geopandas.read_file(AREAS / "zones.geojson").set_index("code").geometry
    streets = layers["street"].set_index("code").geometry
    for code, zone in zones.items():
        own = [street for street, its in zone_of.items() if its == code]
        union = shapely.union_all(streets.loc[own].to_numpy())
        assert union.symmetric_difference(zone).area == 0.0
    assert sorted(set(zone_of.values())) == sorted(zones.index)
    assert sorted(row["code"] for row in rows if row["level"] == "grid") == sorted(layers["grid"].code)


@pytest.mark.skipif(not SOURCE.is_dir(), reason=f"NO SOURCE DATA at {SOURCE}: set CITYOPS_DATA")
@pytest.mark.parametrize("code", ["420103", "420113"])
def test_drawing_one_district_again_gives_the_committed_grids(code: str, layers: dict[str, Any]) -> None:
    plan = read_plan(source=SOURCE, target=AREAS)
    district = next(each for each in plan.districts if each.code == code)
    drawn = draw_district(plan=plan, district=district)
    alone = node_cells(cells=np.array([grid.shape for grid in drawn], dtype=object))
    committed = layers["grid"].set_index("code").geometry.reindex([grid.code for grid in drawn]).to_numpy()
    assert not shapely.is_missing(committed).any()
    inner = shapely.distance(shapely.boundary(district.outline), alone) > 2e-6
    assert inner.sum() > len(drawn) / 2
    assert shapely.equals(alone[inner], committed[inner]).all()
    # At the district's border the neighbours' points were added, rounded to 1e-6 degrees.
    assert (shapely.hausdorff_distance(alone, committed) < 2e-6).all()


@pytest.mark.skipif(not SOURCE.is_dir(), reason=f"NO SOURCE DATA at {SOURCE}: set CITYOPS_DATA")
def test_district_outlines_stay_the_official_ones(layers: dict[str, Any]) -> None:
    official = {each.code: each.outline for each in read_plan(source=SOURCE, target=AREAS).districts}
    for code, drawn in zip(layers["district"].code, layers["district"].geometry, strict=True):
        assert official[code].hausdorff_distance(drawn) < 2e-6
