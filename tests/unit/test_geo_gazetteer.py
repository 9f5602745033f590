"""Addresses in Wuhan, with the names of the pack: to the level that is certain and no further."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.place import Level, LocateMethod, Place, PlaceFlag, ReportedPlace
from geo.atlas import Atlas
from geo.place_names import Strength, forms, normalise
from geo.publish import open_atlas, publish
from tests.geo_areas import area, write_layer

ON = date(2026, 11, 22)
PACK = Path(__file__).parents[2] / "cities" / "wuhan"


@pytest.fixture(scope="module")
def wuhan(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    return open_atlas(publish(pack_folder=PACK, cache=tmp_path_factory.mktemp("cache")))


def locate(atlas: Atlas, address: str) -> Place:
    return atlas.locate(reported=ReportedPlace(address=address), on=ON)


def names(place: Place) -> str:
    return "/".join(ref.name for ref in place.chain[1:])


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("武汉市江岸区大智街道", "江岸区/大智街道"),
        ("江岸区 大智街道 保成社区 12号", "江岸区/大智街道/保成社区"),
        ("江岸区大智街道保成社区居委会", "江岸区/大智街道/保成社区"),
        ("保成居委会门口", "江岸区/大智街道/保成社区"),
        ("大智街办旁边", "江岸区/大智街道"),
        ("水果湖街", "武昌区/水果湖街道"),
        ("沌口", "蔡甸区/沌口街道"),
        ("佛祖岭街道办事处", "江夏区/佛祖岭街道"),
        ("武昌中南路街道某小区", "武昌区/中南路街道"),
        ("黄陂李集街道", "黄陂区/李集街道"),
        ("新洲区李集街道", "新洲区/李集街道"),
        ("李集街道(新洲)", "新洲区/李集街道"),
        ("汉阳区钟家村", "汉阳区"),
        ("江岸区黄浦路20号", "江岸区"),
        ("武昌中山路", "武昌区"),
        ("青山区开发区", "青山区/开发区"),
        ("江岸区　球场街道", "江岸区/球场街道"),
    ],
)
def test_as_far_as_it_is_certain(wuhan: Atlas, address: str, expected: str) -> None:
    place = locate(wuhan, address)
    assert names(place) == expected
    assert place.method is LocateMethod.ADDRESS
    assert PlaceFlag.AMBIGUOUS_ADDRESS not in place.flags
    assert (place.lon, place.lat) == (None, None)


@pytest.mark.parametrize(
    "address",
    [
        "江汉路步行街",  # a road, not 江汉区
        "江汉北路",
        "洪山广场",  # lies in 武昌
        "武昌理工学院",  # lies in 江夏
        "江汉大学",
        "江汉二桥",
        "大智街12号",  # the road, not 大智街道
        "开发区",
        "武汉市",
        "武汉",
        "",
        "家门口的路灯坏了",
        "和平",
    ],
)
def test_what_names_no_area_for_certain_is_left_to_people(wuhan: Atlas, address: str) -> None:
    place = locate(wuhan, address)
    assert place.chain == ()
    assert place.method is LocateMethod.NONE


@pytest.mark.parametrize(
    ("address", "candidates"),
    [
        ("李集街道", {"黄陂区/李集街道", "新洲区/李集街道"}),
        ("从江岸区到武昌区", {"江岸区", "武昌区"}),
        ("江岸区中南路街道", {"江岸区", "武昌区/中南路街道"}),
    ],
)
def test_doubt_names_the_candidates(wuhan: Atlas, address: str, candidates: set[str]) -> None:
    place = locate(wuhan, address)
    assert PlaceFlag.AMBIGUOUS_ADDRESS in place.flags
    chains = (wuhan.chain(ref.code, on=ON) for ref in place.alternates)
    assert {"/".join(ref.name for ref in chain[1:]) for chain in chains} == candidates
    assert place.chain == ()


def test_an_overlay_is_found_and_decides_between_names(wuhan: Atlas) -> None:
    place = locate(wuhan, "东湖高新区佛祖岭街道")
    assert names(place) == "江夏区/佛祖岭街道"
    assert [zone.name for zone in place.zones] == ["东湖高新区"]
    alone = locate(wuhan, "东湖高新区光谷大道77号")
    assert [ref.level for ref in alone.chain] == [Level.CITY]
    assert [zone.name for zone in alone.zones] == ["东湖高新区"]


def test_every_repeated_community_name_needs_its_parents(wuhan: Atlas) -> None:
    """186 community names repeat in Wuhan: alone they are candidates, with their street they are one."""
    communities = list(wuhan.areas(on=ON, level=Level.COMMUNITY))
    by_name: dict[str, list[str]] = {}
    for ref in communities:
        by_name.setdefault(ref.name, []).append(ref.code)
    repeated = {name: codes for name, codes in by_name.items() if len(codes) > 1}
    assert len(repeated) > 150
    for name, codes in sorted(repeated.items())[::5]:
        alone = locate(wuhan, name)
        assert PlaceFlag.AMBIGUOUS_ADDRESS in alone.flags
        assert len(alone.alternates) == 8 or {ref.code for ref in alone.alternates} >= set(codes)
        for code in codes:
            chain = wuhan.chain(code, on=ON)
            full = "".join(ref.name for ref in chain)
            same_street = [c for c in codes if wuhan.chain(c, on=ON)[-2] == chain[-2]]
            if len(same_street) == 1:
                assert locate(wuhan, full).chain == chain


def test_every_full_address_finds_its_area(wuhan: Atlas) -> None:
    for level in (Level.DISTRICT, Level.STREET):
        for ref in wuhan.areas(on=ON, level=level):
            chain = wuhan.chain(ref.code, on=ON)
            found = locate(wuhan, "".join(part.name for part in chain))
            assert found.chain == chain


@given(text=st.text(alphabet="江岸汉区大智街道社村李集路号0123,(（）) 　", max_size=30))
def test_any_text_is_answered(wuhan: Atlas, text: str) -> None:
    place = locate(wuhan, text)
    assert (place.chain == ()) == (place.method is LocateMethod.NONE)


def test_names_in_latin_letters_stand_alone_and_name_no_road(tmp_path: Path) -> None:
    boxes = {"Back Bay": (0.0, 0.0, 1.0, 1.0), "Dorchester": (1.0, 0.0, 2.0, 1.0)}
    write_layer(tmp_path / "d.geojson", [area(n[:2], n, "", box) for n, box in boxes.items()])
    write_layer(tmp_path / "z.geojson", [area("12", "12", "", (0.0, 0.0, 1.0, 1.0))])
    (tmp_path / "city.toml").write_text(
        '[city_area]\ncode = "X"\nname = "Boston"\n'
        '[[layers]]\nlevel = "district"\nfile = "d.geojson"\nname = "name"\ncrs = "EPSG:4326"\n'
        '[[zones]]\nkind = "ward"\nfile = "z.geojson"\nname = "name"\ncrs = "EPSG:4326"\n',
        encoding="utf-8",
    )
    atlas = open_atlas(publish(pack_folder=tmp_path, cache=tmp_path / "cache"))
    assert names(locate(atlas, "12 Hereford St  BACK BAY  MA 02115")) == "Back Bay"
    assert names(locate(atlas, "Boston, dorchester")) == "Dorchester"
    for address in ("450 Dorchester Ave  South Boston", "Dorchesterway 3", "12 Main St Boston", "12"):
        assert locate(atlas, address).chain == ()


def test_forms_of_names() -> None:
    assert normalise("江岸区　 大智　街道（Ｎｏ．５）") == "江岸区大智街道(no.5)"
    assert forms("大智街道", level=Level.STREET)["大智"] is Strength.SHORT
    assert forms("大智街道", level=Level.STREET)["大智街办"] is Strength.FULL
    assert forms("张湾村委会", level=Level.COMMUNITY)["张湾村"] is Strength.FULL
    assert "张湾社区" not in forms("张湾村委会", level=Level.COMMUNITY)
    assert forms("开发区", level=Level.STREET)["开发区"] is Strength.INSIDE
    assert forms("Dorchester", level=Level.DISTRICT) == {"dorchester": Strength.FULL}
