"""A place is found as people type it: name, pinyin, initials, crossing, house number, slip of the key."""

from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.named_place import AREA_KINDS, FoundPlace, MatchedBy, NamedPlace, PlaceKind
from domain.place import Crs, Level, metres_between
from geo.atlas import Atlas
from geo.crossings import crossings
from geo.crs import from_wgs84
from geo.place_index import Entry, PlaceIndex
from geo.places import MOST, PlaceSearch
from geo.publish import open_atlas, publish
from store.pack import load

ON = date(2026, 11, 22)
PACK = Path(__file__).parents[2] / "cities" / "wuhan"
OPTICS_VALLEY = (114.394, 30.509)


@cache
def wuhan() -> tuple[Atlas, PlaceIndex, PlaceSearch]:
    """Return the flagship's places; the atlas is read before its folder goes."""
    pack = load(folder=PACK)
    with TemporaryDirectory() as cache_folder:
        atlas = open_atlas(publish(pack_folder=PACK, cache=Path(cache_folder)))
        english = {area.code: area.name_en for level in Level for area in pack.areas.at(level)}
        index = PlaceIndex(
            edition=atlas.edition(ON), places=pack.places, english=english, readings=pack.readings
        )
        return atlas, index, PlaceSearch(index=index)


def find(text: str, near: tuple[float, float] | None = None, limit: int = 10) -> tuple[FoundPlace, ...]:
    return wuhan()[2].search(text, near=near, limit=limit)


def first(text: str, near: tuple[float, float] | None = None) -> FoundPlace:
    return find(text, near)[0]


@pytest.mark.parametrize(
    ("typed", "name", "by"),
    [
        ("武昌区", "武昌区", MatchedBy.NAME),
        ("武昌", "武昌区", MatchedBy.ALIAS),
        ("wcq", "武昌区", MatchedBy.INITIALS),
        ("wuchangqu", "武昌区", MatchedBy.PINYIN),
        ("Wu Chang Qu", "武昌区", MatchedBy.PINYIN),
        ("wuchang district", "武昌区", MatchedBy.ENGLISH),
        ("420106", "武昌区", MatchedBy.CODE),
        ("珞喻路", "珞喻路", MatchedBy.NAME),
        ("lyl", "珞喻路", MatchedBy.INITIALS),
        ("luoyu rd", "珞喻路", MatchedBy.ENGLISH),
        ("whdx", "武汉大学", MatchedBy.INITIALS),
        ("华科", "华中科技大学", MatchedBy.ALIAS),
        ("协和医院", "华中科技大学同济医学院附属协和医院", MatchedBy.ALIAS),
        ("huangpiqu", "黄陂区", MatchedBy.PINYIN),
        ("zhuankoujiedao", "沌口街道", MatchedBy.PINYIN),
        ("dunkoujiedao", "沌口街道", MatchedBy.PINYIN),
        ("第三医院", "武汉市第三医院首义院区", MatchedBy.PART),
        ("珞俞路", "珞喻路", MatchedBy.TYPO),
        ("宏山区", "洪山区", MatchedBy.TYPO),
        ("zhongnan raod", "中南路", MatchedBy.TYPO),
        ("在黄鹤楼公园门口有一堆垃圾", "黄鹤楼", MatchedBy.TEXT),
        ("ＷＣＱ", "武昌区", MatchedBy.INITIALS),
    ],
)
def test_as_people_type_it(typed: str, name: str, by: MatchedBy) -> None:
    found = first(typed)
    assert (found.name_zh, found.matched_by) == (name, by)


@pytest.mark.parametrize(
    "typed",
    [
        "珞喻路与卓刀泉路", "卓刀泉路和珞喻路路口", "珞喻路/卓刀泉路", "珞喻路卓刀泉路口", "珞喻路卓刀泉路交叉口",
        "lyl zdql", "luoyulu+zhuodaoquanlu", "Luoyu Road & Zhuodaoquan Road", "luoyu rd and zhuodaoquan rd",
    ],
)  # fmt: skip
def test_two_streets_are_their_crossing(typed: str) -> None:
    found = first(typed)
    assert found.kind is PlaceKind.CROSSING
    assert found.name_zh == "珞喻路与卓刀泉路路口"
    assert found.approximate, "the lines are"
    assert [area.name for area in found.chain][:2] == ["武汉市", "洪山区"]


@pytest.mark.parametrize(
    ("typed", "name", "note"),
    [
        ("珞喻路1037号", "珞喻路", "1037号"),
        ("珞喻路 1037 号", "珞喻路", "1037 号"),
        ("洪山区珞喻路1037号2栋", "珞喻路", "1037号2栋"),
        ("武汉市洪山区珞喻路129号附3号", "珞喻路", "129号附3号"),
        ("luoyu road 1037", "珞喻路", "1037"),
    ],
)
def test_a_house_number_is_kept_as_it_was_typed(typed: str, name: str, note: str) -> None:
    found = first(typed)
    assert (found.name_zh, found.note) == (name, note)


@pytest.mark.parametrize("typed", ["武昌区 中南路", "武昌区中南路", "wcq 中南路", "武汉市武昌区中南路"])
def test_an_area_in_front_narrows(typed: str) -> None:
    found = find(typed)
    assert found[0].name_zh == "中南路"
    assert {area.name for place in found for area in place.chain if area.level == Level.DISTRICT} == {
        "武昌区"
    }


def test_of_one_name_the_area_decides_before_or_behind() -> None:
    assert {place.chain[1].name for place in find("李集街道")[:2]} == {"黄陂区", "新洲区"}
    for typed, district in (
        ("黄陂 李集街道", "黄陂区"),
        ("李集街道 新洲", "新洲区"),
        ("新洲区李集街道", "新洲区"),
    ):
        assert first(typed).chain[1].name == district


def test_what_is_nearer_comes_first_among_equals() -> None:
    communities = [place for place in find("hxsq", limit=MOST) if place.matched == "hxsq"]
    assert len(communities) > 3
    for target in communities:
        assert target.lon is not None
        assert target.lat is not None
        nearest = find("hxsq", near=(target.lon, target.lat))[0]
        assert nearest.code == target.code


def test_a_street_is_pinned_where_the_map_is_and_within_the_area_asked_for() -> None:
    here = first("解放大道", near=(114.326, 30.664))
    assert here.lon is not None
    assert here.lat is not None
    assert metres_between(lon=here.lon, lat=here.lat, other_lon=114.3285, other_lat=30.6633) < 600
    assert first("硚口区解放大道").chain[1].name == "硚口区"
    assert first("江岸区解放大道").chain[1].name == "江岸区"


def test_areas_give_their_own_chain_and_points_the_finest() -> None:
    assert [area.level for area in first("武昌区").chain] == [1, 2]
    assert [area.level for area in first("黄鹤楼公园").chain] == [1, 2, 3, 4, 5]
    assert first("wcq").is_area
    assert not first("黄鹤楼公园").is_area


def entries() -> st.SearchStrategy[Entry]:
    return st.integers(0, len(wuhan()[1].entries) - 1).map(lambda number: wuhan()[1].entries[number])


@settings(max_examples=150)
@given(data=st.data())
def test_everything_is_found_by_its_name_its_sound_and_its_initials(data: st.DataObject) -> None:
    entry = data.draw(entries())
    index = wuhan()[1]
    assert is_found(entry, entry.name_zh)
    assert is_found(entry, entry.code)
    for full, initials in index.speaker.spoken(entry.name_zh):
        assert is_found(entry, full)
        assert is_found(entry, initials)


def is_found(entry: Entry, text: str) -> bool:
    """Tell whether the entry is among the results, or every result fits the text as well as it does."""
    if len(text) > 100:
        return True
    found = find(text, near=(entry.lon, entry.lat) if entry.lon == entry.lon else None, limit=MOST)
    return any(place.code == entry.code for place in found) or (
        len(found) == MOST and all(place.score >= 0.78 for place in found)
    )


@settings(max_examples=200)
@given(
    text=st.text(max_size=300)
    | st.text(alphabet="武昌区路与和/ 1号lywcq珞喻街道第网格xX&.*+?()[]\\", max_size=60)
    | st.builds(lambda part, times: part * times, st.text(min_size=1, max_size=5), st.integers(0, 2_000)),
    lon=st.floats(),
    lat=st.floats(),
    limit=st.integers(-3, 500),
)
def test_any_text_is_answered(text: str, lon: float, lat: float, limit: int) -> None:
    found = find(text, near=(lon, lat), limit=limit)
    assert len(found) <= max(0, min(limit, MOST))
    assert len({place.code for place in found}) == len(found)
    scores = [place.score for place in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


@pytest.mark.parametrize("typed", ["", "   ", "💥", "。，", "\x00", "/ /"])
def test_what_names_nothing_finds_nothing(typed: str) -> None:
    assert find(typed) == ()


def road(code: str, *points: tuple[float, float], **more: object) -> NamedPlace:
    values: dict[str, object] = {"name_zh": f"{code}路", "name_en": f"{code} Road", "lines": (points,)}
    return NamedPlace(code=code, kind=PlaceKind.ROAD, **{**values, **more})  # type: ignore[arg-type]


def test_lines_that_cross_and_lines_that_nearly_do() -> None:
    west_east = road("甲", (114.0, 30.5), (114.1, 30.5))
    across = road("乙", (114.05, 30.4), (114.05, 30.6))
    short = road("丙", (114.08, 30.5004), (114.08, 30.6))
    far = road("丁", (114.02, 30.501), (114.02, 30.6))
    found = {crossing.of: crossing.place for crossing in crossings([west_east, across, short, far])}
    assert set(found) == {("甲", "乙"), ("甲", "丙")}, "the last one ends 110 m away"
    exact, nearly = found["甲", "乙"], found["甲", "丙"]
    assert (exact.lon, exact.lat, exact.approximate) == (114.05, 30.5, False)
    assert nearly.approximate
    assert nearly.lat == pytest.approx(30.5002, abs=1e-6)


def test_two_streets_that_meet_twice_have_two_crossings_and_one_name_none() -> None:
    straight = road("甲", (114.0, 30.5), (114.1, 30.5))
    bow = road("乙", (114.02, 30.4), (114.05, 30.55), (114.08, 30.4))
    same = road("丙", (114.05, 30.4), (114.05, 30.6), name_zh="甲路")
    codes = [crossing.place.code for crossing in crossings([straight, bow])]
    assert codes == ["X:甲:乙", "X:甲:乙-2"]
    assert crossings([straight, same]) == ()


def test_other_datums_are_brought_to_ours() -> None:
    shifted = [from_wgs84(lon, 30.5, crs=Crs.GCJ02) for lon in (114.0, 114.1)]
    found = crossings([road("甲", *shifted, crs=Crs.GCJ02), road("乙", (114.05, 30.4), (114.05, 30.6))])
    assert found[0].place.lat == pytest.approx(30.5, abs=1e-4)


def test_kinds_of_areas_are_the_levels() -> None:
    assert {kind.value for kind in AREA_KINDS} == {level.name.lower() for level in Level}
    assert first("光谷", near=OPTICS_VALLEY).score > 0
