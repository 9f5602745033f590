"""Outlines for the screen keep their borders together, and pictures hold what the map does."""

import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from domain.named_place import NamedPlace, PlaceKind
from domain.place import Level
from geo.editions import Edition
from geo.outlines import drawings, feature_collection, outlines, road_collection
from geo.place_book import PlaceBook
from geo.publish import open_atlas, publish
from tests.geo_areas import write_small_pack

WUHAN = Path(__file__).parents[2] / "cities" / "wuhan"
ON = date(2026, 11, 22)


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    return open_atlas(publish(pack_folder=WUHAN, cache=tmp_path_factory.mktemp("cache"))).edition(ON)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    folder = write_small_pack(tmp_path_factory.mktemp("pack"))
    return open_atlas(publish(pack_folder=folder, cache=tmp_path_factory.mktemp("cache"))).edition(ON)


@pytest.mark.parametrize(("level", "count"), [(Level.DISTRICT, 13), (Level.STREET, 193)])
def test_neighbours_still_meet_and_nothing_is_lost(edition: Edition, level: Level, count: int) -> None:
    found = outlines(edition=edition, level=level)
    assert len(found) == count
    shapes = np.array([one.shape for one in found], dtype=object)
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    whole = next(layer for layer in edition.layers if edition.table.levels[layer.rows[0]] == level)
    before = shapely.area(whole.index.shapes.geometries).sum()
    assert shapely.area(shapes).sum() == pytest.approx(before, rel=0.01)
    for one in found:
        assert shapely.intersects_xy(one.shape.buffer(0.002), *one.at), one.name


def test_a_level_within_an_area_is_that_areas_own(small: Edition) -> None:
    assert [one.code for one in outlines(edition=small, level=Level.GRID, within="A1")] == ["A1a-1", "A1a-2"]
    assert [one.code for one in outlines(edition=small, level=Level.STREET, within="B")] == ["B1"]
    assert outlines(edition=small, level=Level.GRID, within="B") == ()
    assert outlines(edition=small, level=Level.GRID, within="nowhere") == ()


def test_geojson_is_as_the_standard_says(small: Edition) -> None:
    collection = feature_collection(outlines(edition=small, level=Level.DISTRICT), english={"A": "West"})
    west, east = collection["features"]
    assert west["properties"] | {"x": 0, "y": 0} == {
        "code": "A", "name": "甲区", "name_en": "West", "level": 2, "parent": "C", "x": 0, "y": 0,
    }  # fmt: skip
    assert (west["geometry"]["type"], east["geometry"]["type"]) == ("Polygon", "MultiPolygon")
    rings = [west["geometry"]["coordinates"][0], *(part[0] for part in east["geometry"]["coordinates"])]
    assert all(shapely.is_ccw(shapely.linearrings(ring)) for ring in rings)
    assert all(114 <= lon <= 114.4 and 30.4 <= lat <= 30.6 for ring in rings for lon, lat in ring)


def test_streets_go_with_their_names() -> None:
    road = NamedPlace(
        code="R",
        kind=PlaceKind.ROAD,
        name_zh="东路",
        name_en="East Road",
        lines=(((114.0, 30.5), (114.1, 30.5)),),
    )
    point = NamedPlace(code="P", kind=PlaceKind.LANDMARK, name_zh="塔", lon=114.0, lat=30.5)
    (feature,) = road_collection([road, point])["features"]
    assert (feature["properties"]["name"], feature["geometry"]["type"]) == ("东路", "MultiLineString")


def test_a_picture_holds_every_area_in_its_frame(small: Edition) -> None:
    drawn, width, height = drawings(outlines(edition=small, level=Level.DISTRICT))
    assert [one.code for one in drawn] == ["A", "B"]
    assert width / height == pytest.approx(0.4 * np.cos(np.radians(30.5)) / 0.2, rel=0.01)
    for one in drawn:
        numbers = [float(number) for number in re.findall(r"[\d.]+", one.path)]
        assert max(numbers[0::2]) <= width
        assert max(numbers[1::2]) <= height
        assert one.path.count("M") == one.path.count("Z")
        assert 0 <= one.x <= width
        assert 0 <= one.y <= height
    assert drawings(()) == ((), 1000.0, 1000.0)


@given(names=st.lists(st.integers(0, 200), max_size=300))
def test_a_drawing_is_made_once_and_the_last_ones_are_kept(small: Edition, names: list[int]) -> None:
    book = PlaceBook()
    made: list[int] = []

    def draw(name: int) -> int:
        made.append(name)
        return name

    for name in names:
        assert book.drawn(small, name, draw=lambda name=name: draw(name)) == name  # type: ignore[misc]
    if len(set(names)) <= 64:
        assert len(made) == len(set(names))
