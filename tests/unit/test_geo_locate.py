"""Every rule that turns a report into a place, on a small city that has every irregularity."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pack import Channel, LocateSettings
from domain.place import Crs, Level, LocateMethod, Place, PlaceFlag, ReportedPlace
from geo.atlas import Atlas
from geo.crs import from_wgs84
from geo.points import same_point
from geo.publish import open_atlas, publish
from geo.shapes import metres_per_degree
from tests.geo_areas import write_small_pack

TODAY, BEFORE = date(2026, 11, 22), date(2023, 12, 31)
INSIDE_GRID = (114.0213, 30.4217)


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    folder: Path = tmp_path_factory.mktemp("pack")
    return open_atlas(publish(pack_folder=write_small_pack(folder), cache=folder / "cache"))


def at(lon: float, lat: float, **more: object) -> ReportedPlace:
    return replace(ReportedPlace(lon=lon, lat=lat), **more)  # type: ignore[arg-type]


def codes(place: Place) -> list[str]:
    return [ref.code for ref in place.chain]


def locate(atlas: Atlas, reported: ReportedPlace, **more: object) -> Place:
    return atlas.locate(reported=reported, **{"on": TODAY, **more})  # type: ignore[arg-type]


def test_finest_level_decides_and_the_chain_follows_parents(atlas: Atlas) -> None:
    place = locate(atlas, at(*INSIDE_GRID))
    assert codes(place) == ["C", "A", "A1", "A1a", "A1a-1"]
    assert [ref.level for ref in place.chain] == list(Level)
    assert place.method is LocateMethod.EXACT
    assert place.alternates == ()
    assert place.border_m == pytest.approx(0.0213 * metres_per_degree(30.42)[0], rel=1e-3)
    assert place.zones[0].code == "Z"
    assert place.flags == (PlaceFlag.SYNTHETIC_AREAS,)


@pytest.mark.parametrize(
    ("point", "expected"),
    [
        ((114.1513, 30.4217), ["C", "A", "A1", "A1b"]),
        ((114.0513, 30.4717), ["C", "A", "A1"]),
        ((114.2513, 30.4217), ["C", "B", "B1"]),
        ((114.3513, 30.4217), ["C", "B"]),
    ],
)
def test_where_no_grid_lies_the_next_level_decides(
    atlas: Atlas, point: tuple[float, float], expected: list[str]
) -> None:
    place = locate(atlas, at(*point))
    assert codes(place) == expected
    assert place.method is LocateMethod.EXACT
    assert atlas.chain_at(*point, on=TODAY) == place.chain


def test_an_event_keeps_the_boundaries_of_its_day(atlas: Atlas) -> None:
    point = (114.1513, 30.4717)
    assert codes(locate(atlas, at(*point), on=BEFORE)) == ["C", "A", "A2"]
    assert codes(locate(atlas, at(*point), on=date(2024, 1, 1))) == ["C", "A", "A1"]
    versions = {locate(atlas, at(*point), on=day).boundary_version for day in (BEFORE, TODAY)}
    assert len(versions) == 2


def test_shared_border_lowest_code_and_the_other_named(atlas: Atlas) -> None:
    place = locate(atlas, at(114.05, 30.4217))
    assert codes(place)[-1] == "A1a-1"
    assert place.method is LocateMethod.BORDER
    assert [ref.code for ref in place.alternates] == ["A1a-2"]
    assert PlaceFlag.NEAR_BORDER in place.flags
    assert place.border_m == 0.0


def test_near_a_border_by_tolerance_accuracy_or_decimals(atlas: Atlas) -> None:
    east = metres_per_degree(30.4217)[0]
    ten, forty = 114.05 - 10.0 / east, 114.05 - 40.0 / east
    near = locate(atlas, at(ten, 30.42171234567))
    assert near.method is LocateMethod.EXACT
    assert near.border_m == pytest.approx(10.0, abs=0.02)
    assert [ref.code for ref in near.alternates] == ["A1a-2"]
    assert PlaceFlag.NEAR_BORDER in near.flags
    far = at(forty, 30.42171234567)
    assert PlaceFlag.NEAR_BORDER not in locate(atlas, far).flags
    assert PlaceFlag.NEAR_BORDER in locate(atlas, replace(far, accuracy_m=50.0)).flags
    # Three decimals are worth 111 m: 114.050 may be either side of anything within that.
    assert PlaceFlag.NEAR_BORDER in locate(atlas, at(114.049, 30.422)).flags
    assert PlaceFlag.NEAR_BORDER not in locate(atlas, at(114.04901, 30.42201)).flags


@pytest.mark.parametrize("accuracy", [float("nan"), float("inf"), -5.0, 1e12])
def test_absurd_accuracy_does_no_harm(atlas: Atlas, accuracy: float) -> None:
    assert codes(locate(atlas, at(*INSIDE_GRID, accuracy_m=accuracy)))[-1] == "A1a-1"


def test_water_takes_the_nearest_within_tolerance(atlas: Atlas) -> None:
    east = metres_per_degree(30.4217)[0]
    place = locate(atlas, at(114.29 + 150 / east, 30.4217123))
    assert codes(place) == ["C", "B", "B1"]
    assert place.method is LocateMethod.NEAREST
    assert place.border_m == pytest.approx(150, abs=0.5)
    beyond = locate(atlas, at(114.29 + 250 / east, 30.4217123))
    assert beyond.chain == ()
    assert beyond.method is LocateMethod.NONE
    assert beyond.flags == (PlaceFlag.OUTSIDE_CITY,)
    assert (beyond.lon, beyond.lat) == (114.29 + 250 / east, 30.4217123)
    wider = LocateSettings(nearest_m=300)
    assert codes(locate(atlas, at(114.29 + 250 / east, 30.4217123), settings=wider)) == ["C", "B", "B1"]


def test_water_beside_an_overlay_keeps_the_overlay(atlas: Atlas) -> None:
    east = metres_per_degree(30.4217)[0]
    place = locate(atlas, at(114.4 + 100 / east, 30.4217123))
    assert codes(place) == ["C", "B"]
    assert [zone.code for zone in place.zones] == ["Z"]


def test_swapped_axes_are_put_right_and_flagged(atlas: Atlas) -> None:
    place = locate(atlas, at(INSIDE_GRID[1], INSIDE_GRID[0]))
    assert codes(place)[-1] == "A1a-1"
    assert (place.lon, place.lat) == INSIDE_GRID
    assert PlaceFlag.SWAPPED_AXES in place.flags


@pytest.mark.parametrize(
    ("point", "flag"),
    [
        ((0.0, 0.0), PlaceFlag.PLACEHOLDER_POINT),
        ((-0.0, 1e-9), PlaceFlag.PLACEHOLDER_POINT),
        ((float("nan"), 30.4), PlaceFlag.NO_POINT),
        ((114.02, float("inf")), PlaceFlag.NO_POINT),
        ((526_000.0, 3_384_000.0), PlaceFlag.NOT_DEGREES),
        ((114.02, 91.0), PlaceFlag.NOT_DEGREES),
    ],
)
def test_what_is_no_point_is_not_located_but_the_address_is(
    atlas: Atlas, point: tuple[float, float], flag: PlaceFlag
) -> None:
    alone = locate(atlas, at(*point))
    assert alone.chain == ()
    assert alone.flags == (flag,)
    assert (alone.lon, alone.lat) == (None, None)
    assert alone.notes
    addressed = locate(atlas, at(*point, address="甲区南街道长江路3号"))
    assert codes(addressed) == ["C", "A", "A1"]
    assert addressed.method is LocateMethod.ADDRESS
    assert flag in addressed.flags
    assert [zone.code for zone in addressed.zones] == ["Z"]


def test_neither_point_nor_address(atlas: Atlas) -> None:
    place = locate(atlas, ReportedPlace())
    assert place == Place(flags=(PlaceFlag.NO_POINT,), boundary_version=place.boundary_version)


def test_placeholder_declared_or_learned(atlas: Atlas) -> None:
    hotline = Channel(name="hotline", crs=Crs.WGS84, kind="hotline", placeholder_points=(INSIDE_GRID,))
    declared = locate(atlas, at(*INSIDE_GRID, address="乙区"), channel=hotline)
    assert codes(declared) == ["C", "B"]
    assert PlaceFlag.PLACEHOLDER_POINT in declared.flags
    app = replace(hotline, name="app", placeholder_points=())
    assert codes(locate(atlas, at(*INSIDE_GRID), channel=app))[-1] == "A1a-1"
    learned = locate(atlas, at(*INSIDE_GRID), channel=app, hot_points={same_point(*INSIDE_GRID)})
    assert learned.chain == ()
    assert PlaceFlag.PLACEHOLDER_POINT in learned.flags
    sensor = replace(app, kind="sensor")
    still = locate(atlas, at(*INSIDE_GRID), channel=sensor, hot_points={same_point(*INSIDE_GRID)})
    assert codes(still)[-1] == "A1a-1"


@pytest.mark.parametrize("crs", [Crs.GCJ02, Crs.BD09, Crs.CGCS2000])
def test_the_channel_declares_the_coordinate_system(atlas: Atlas, crs: Crs) -> None:
    channel = Channel(name="app", crs=crs, kind="app")
    shifted = from_wgs84(*INSIDE_GRID, crs=crs)
    place = locate(atlas, at(*shifted), channel=channel)
    assert codes(place)[-1] == "A1a-1"
    assert (place.lon, place.lat) == pytest.approx(INSIDE_GRID, abs=1e-9)
    assert place.source_crs is crs
    assert locate(atlas, at(*shifted, crs=crs)).chain == place.chain


def test_a_hand_chosen_area_stands_above_point_and_address(atlas: Atlas) -> None:
    other = locate(atlas, at(*INSIDE_GRID, area_code="B1"))
    assert codes(other) == ["C", "B", "B1"]
    assert other.method is LocateMethod.MANUAL
    assert any("和平社区第1网格" in note for note in other.notes)
    refined = locate(atlas, at(*INSIDE_GRID, area_code="A1"))
    assert codes(refined)[-1] == "A1a-1"
    assert refined.method is LocateMethod.MANUAL
    alone = locate(atlas, ReportedPlace(area_code="A1"))
    assert codes(alone) == ["C", "A", "A1"]
    assert [zone.code for zone in alone.zones] == ["Z"]
    unknown = locate(atlas, at(*INSIDE_GRID, area_code="no such"))
    assert unknown.method is LocateMethod.EXACT
    assert any("no such" in note for note in unknown.notes)
    outside = locate(atlas, at(120.0, 35.0, area_code="B"))
    assert codes(outside) == ["C", "B"]
    assert PlaceFlag.OUTSIDE_CITY in outside.flags


def test_address_that_contradicts_the_point(atlas: Atlas) -> None:
    agrees = locate(atlas, at(*INSIDE_GRID, address="甲区南街道和平社区门口"))
    assert PlaceFlag.ADDRESS_DISAGREES not in agrees.flags
    finer = locate(atlas, at(114.0513, 30.4717, address="甲区南街道和平社区门口"))
    assert PlaceFlag.ADDRESS_DISAGREES not in finer.flags
    against = locate(atlas, at(*INSIDE_GRID, address="乙区东湾街道"))
    assert codes(against)[-1] == "A1a-1"
    assert PlaceFlag.ADDRESS_DISAGREES in against.flags
    outside = locate(atlas, at(120.0, 35.0, address="乙区东湾街道"))
    assert outside.chain == ()
    assert [ref.code for ref in outside.alternates] == ["B1"]
    assert {PlaceFlag.OUTSIDE_CITY, PlaceFlag.ADDRESS_DISAGREES} <= set(outside.flags)


def test_ambiguous_address_stops_where_it_is_certain(atlas: Atlas) -> None:
    place = locate(atlas, ReportedPlace(address="南街道和北街道之间"))
    assert codes(place) == ["C", "A"]
    assert place.method is LocateMethod.ADDRESS
    assert [ref.code for ref in place.alternates] == ["A1", "A2"]
    assert PlaceFlag.AMBIGUOUS_ADDRESS in place.flags
    nowhere = locate(atlas, ReportedPlace(address="从甲区到乙区"))
    assert nowhere.chain == ()
    assert nowhere.method is LocateMethod.NONE
    assert [ref.code for ref in nowhere.alternates] == ["A", "B"]


reports = st.builds(
    ReportedPlace,
    lon=st.one_of(st.none(), st.floats(), st.floats(113.9, 114.5)),
    lat=st.one_of(st.none(), st.floats(), st.floats(30.3, 30.7)),
    accuracy_m=st.one_of(st.none(), st.floats()),
    address=st.one_of(st.none(), st.text(), st.sampled_from(["甲区", "南街道", "和平社区", "新港片区"])),
    area_code=st.one_of(st.none(), st.text(max_size=4), st.sampled_from(["A", "A1a-2", "C"])),
    crs=st.sampled_from(Crs),
)


@given(reported=reports, on=st.dates())
def test_whatever_is_reported_gives_a_place(atlas: Atlas, reported: ReportedPlace, on: date) -> None:
    place = atlas.locate(reported=reported, on=on)
    assert place == atlas.locate(reported=reported, on=on)
    assert (place.chain == ()) == (place.method is LocateMethod.NONE)
    assert [ref.level for ref in place.chain] == list(Level)[: len(place.chain)]
    assert place.finest not in place.alternates
    assert place.chain or place.flags
