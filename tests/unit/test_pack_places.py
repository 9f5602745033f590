"""places.csv and readings.csv: what is read, and what is wrong with file and line."""

from pathlib import Path

import pytest

from domain.named_place import NamedPlace, PlaceKind
from domain.place import Crs
from store.pack import load
from store.pack.places import UnableToReadLine, read_line
from tests.unit.small_pack import problems_of, write

HEAD = "code,kind,name_zh,name_en,aliases,lon,lat,line,approximate,source\n"
GOOD = (
    'R1,road,东路,East Road,老东路;旧路,,,"LINESTRING (113.4 30.5, 113.6 30.5)",yes,survey\n'
    "P1,landmark,钟楼,Clock Tower,,113.5,30.5,,no,survey\n"
)


def given(folder: Path, rows: str, readings: str = "") -> Path:
    write(folder)
    (folder / "places.csv").write_text(rows, encoding="utf-8")
    if readings:
        (folder / "readings.csv").write_text("text,pinyin\n" + readings, encoding="utf-8")
    return folder


def test_a_pack_without_the_files_has_no_places(tmp_path: Path) -> None:
    pack = load(folder=write(tmp_path))
    assert (pack.places, pack.readings) == ((), {})


def test_points_lines_and_readings_are_read(tmp_path: Path) -> None:
    bare = load(folder=write(tmp_path)).version
    pack = load(folder=given(tmp_path, HEAD + GOOD, "黄陂,huang pi\n"))
    assert pack.places == (
        NamedPlace(
            code="R1", kind=PlaceKind.ROAD, name_zh="东路", name_en="East Road", aliases=("老东路", "旧路"),
            lines=(((113.4, 30.5), (113.6, 30.5)),), approximate=True, source="survey",
        ),
        NamedPlace(
            code="P1", kind=PlaceKind.LANDMARK, name_zh="钟楼", name_en="Clock Tower", lon=113.5, lat=30.5,
            source="survey",
        ),
    )  # fmt: skip
    assert pack.readings == {"黄陂": "huang pi"}
    assert pack.version != bare, "a new street is a new pack"


def test_a_city_may_keep_its_own_datum(tmp_path: Path) -> None:
    rows = HEAD.replace("source", "source,crs") + "P1,poi,钟楼,,,113.5,30.5,,no,survey,GCJ02\n"
    assert load(folder=given(tmp_path, rows)).places[0].crs is Crs.GCJ02


@pytest.mark.parametrize(
    ("row", "line", "code"),
    [
        (GOOD + "P1,poi,又一处,,,113.5,30.5,,no,\n", 4, "duplicate_place"),
        ("P1,house,屋,,,113.5,30.5,,no,\n", 2, "wrong_value"),
        ("P1,street,东街,,,113.5,30.5,,no,\n", 2, "wrong_value"),
        ("P1,poi,,,,113.5,30.5,,no,\n", 2, "missing_key"),
        ("P1,poi,钟楼,,,,,,no,\n", 2, "no_position"),
        ("P1,poi,钟楼,,,113.5,,,no,\n", 2, "no_position"),
        ('P1,road,东路,,,113.5,30.5,"LINESTRING (113 30, 114 30)",no,\n', 2, "no_position"),
        ("P1,poi,钟楼,,,east,30.5,,no,\n", 2, "wrong_value"),
        ("P1,poi,钟楼,,,512345.6,3378901.2,,no,\n", 2, "wrong_value"),
        ("P1,road,东路,,,,,LINESTRING (113 30),no,\n", 2, "unreadable_line"),
        ("P1,road,东路,,,,,POINT (113 30),no,\n", 2, "unreadable_line"),
        ("P1,poi,钟楼,,,30.5,113.5,,no,\n", 2, "outside_city"),
        ("11,poi,钟楼,,,113.5,30.5,,no,\n", 2, "duplicate_place"),
        ("P1,poi,钟楼,,,113.5,30.5,,perhaps,\n", 2, "wrong_value"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path: Path, row: str, line: int, code: str) -> None:
    found = [one for one in problems_of(given(tmp_path, HEAD + row)) if one.file == "places.csv"]
    assert (line, code) in {(one.line, one.code) for one in found}, [str(one) for one in found]
    assert all(one.zh and one.en for one in found)


def test_swapped_axes_are_named(tmp_path: Path) -> None:
    found = problems_of(given(tmp_path, HEAD + "P1,poi,钟楼,,,30.5,113.5,,no,\n"))
    assert any("写反" in one.zh and "swapped" in one.en for one in found)


def test_two_of_one_name_are_a_warning(tmp_path: Path) -> None:
    rows = HEAD + GOOD + "P2,landmark,钟楼,,,113.6,30.5,,no,\n"
    found = [one for one in problems_of(given(tmp_path, rows)) if one.file == "places.csv"]
    assert [(one.line, one.code, one.warning) for one in found] == [(4, "same_name", True)]


@pytest.mark.parametrize("row", ["黄陂,huang\n", "黄陂,Huáng Pí\n", "黄陂,huang pi\n黄陂,huang bei\n"])
def test_readings_have_a_syllable_a_character(tmp_path: Path, row: str) -> None:
    found = problems_of(given(tmp_path, HEAD + GOOD, row))
    assert {one.file for one in found if not one.warning} == {"readings.csv"}


def test_lines_of_several_parts() -> None:
    assert read_line("multilinestring ((1 2, 3 4), (5 6, 7 8, 9 10))") == (
        ((1.0, 2.0), (3.0, 4.0)),
        ((5.0, 6.0), (7.0, 8.0), (9.0, 10.0)),
    )


@pytest.mark.parametrize(
    "text", ["", "LINESTRING ()", "LINESTRING (1 2 3, 4 5 6)", "LINESTRING (nan 1, 2 3)", "(1 2)"]
)
def test_what_is_no_line_is_refused(text: str) -> None:
    with pytest.raises(UnableToReadLine):
        read_line(text)


def test_wuhans_own_places_are_marked_and_lie_in_the_city() -> None:
    pack = load(folder=Path(__file__).parents[2] / "cities" / "wuhan")
    assert len(pack.places) > 140
    assert all(place.approximate and place.source and place.name_en for place in pack.places)
    west, south, east, north = pack.city.bbox
    points = [p for place in pack.places for line in place.lines for p in line]
    points += [
        (place.lon, place.lat) for place in pack.places if place.lon is not None and place.lat is not None
    ]
    assert all(west < lon < east and south < lat < north for lon, lat in points)
