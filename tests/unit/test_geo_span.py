"""Which streets and districts a circle touches, and with which share of it (E7)."""

import math
from datetime import date
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.place import Level
from geo.atlas import Atlas
from geo.publish import open_atlas, publish
from geo.shapes import metres_per_degree
from geo.span import LEAST_SHARE, touched
from tests.geo_areas import write_small_pack

TODAY = date(2026, 11, 22)
BORDER = 114.2
"""District A lies west of this longitude, B east of it."""


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    folder: Path = tmp_path_factory.mktemp("pack")
    return open_atlas(publish(pack_folder=write_small_pack(folder), cache=folder / "cache"))


def shares(
    atlas: Atlas, lon: float, lat: float, radius_m: float, level: Level = Level.DISTRICT
) -> dict[str, float]:
    found = touched(atlas=atlas, lon=lon, lat=lat, radius_m=radius_m, on=TODAY, level=level)
    return {one.area.code: one.share for one in found}


def test_a_circle_inside_one_district_is_all_its(atlas: Atlas) -> None:
    assert shares(atlas, 114.1, 30.45, 500.0) == {"A": 1.0}


def test_a_circle_on_a_border_is_half_each_sides(atlas: Atlas) -> None:
    halves = shares(atlas, BORDER, 30.45, 500.0)
    assert set(halves) == {"A", "B"}
    assert halves["A"] == pytest.approx(0.5, abs=0.001)
    assert sum(halves.values()) == pytest.approx(1.0, abs=0.001)


@pytest.mark.parametrize("part", [0.25, 0.5, 0.9])
def test_the_share_beyond_a_border_is_that_of_the_circles_segment(atlas: Atlas, part: float) -> None:
    radius = 1000.0
    east, _ = metres_per_degree(30.45)
    found = shares(atlas, BORDER - part * radius / east, 30.45, radius)
    segment = (math.acos(part) - part * math.sqrt(1 - part * part)) / math.pi
    assert found["B"] == pytest.approx(segment, abs=0.002)
    assert list(found) == ["A", "B"], "the largest share comes first"


def test_what_a_circle_only_grazes_is_not_touched(atlas: Atlas) -> None:
    east, _ = metres_per_degree(30.45)
    assert list(shares(atlas, BORDER - 999.9 / east, 30.45, 1000.0)) == ["A"]
    assert list(shares(atlas, BORDER - 1000.5 / east, 30.45, 1000.0)) == ["A"]


def test_streets_are_asked_for_by_themselves(atlas: Atlas) -> None:
    streets = shares(atlas, 114.0513, 30.4217, 300.0, Level.STREET)
    assert streets == {"A1": 1.0}


def test_nothing_is_touched_outside_the_city_and_borders_are_those_of_the_day(atlas: Atlas) -> None:
    assert shares(atlas, 120.0, 30.45, 500.0) == {}
    for day, expected in ((date(2023, 12, 31), ["A1", "A2"]), (TODAY, ["A1"])):
        found = touched(atlas=atlas, lon=114.1, lat=30.45, radius_m=300.0, on=day, level=Level.STREET)
        assert sorted(one.area.code for one in found) == expected


@settings(max_examples=60, deadline=None)
@given(
    lon=st.floats(114.02, 114.38),
    lat=st.floats(30.42, 30.58),
    radius=st.floats(10.0, 1500.0),
    level=st.sampled_from([Level.DISTRICT, Level.STREET]),
)
def test_shares_are_parts_of_one_circle_and_agree_with_the_outlines(
    atlas: Atlas, lon: float, lat: float, radius: float, level: Level
) -> None:
    found = touched(atlas=atlas, lon=lon, lat=lat, radius_m=radius, on=TODAY, level=level)
    assert sum(one.share for one in found) <= 1.001
    assert [one.share for one in found] == sorted((one.share for one in found), reverse=True)
    assert all(LEAST_SHARE <= one.share <= 1.0 for one in found)
    edition = atlas.edition(TODAY)
    east, north = metres_per_degree(lat)
    for layer in edition.layers:
        for position, row in enumerate(layer.rows):
            if edition.table.levels[row] != level:
                continue
            shape = shapely.transform(
                layer.index.shapes.geometries[position], lambda xy: (xy - [lon, lat]) * [east, north]
            )
            circle = shapely.Point(0, 0).buffer(radius, quad_segs=64)
            true = shape.intersection(circle).area / circle.area
            share = next((one.share for one in found if one.area.code == edition.table.codes[row]), 0.0)
            assert share == pytest.approx(true, abs=0.002)
