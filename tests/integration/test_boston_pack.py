"""Boston's real layers and 311 rows of 2015 become a pack that locates and routes its own records."""

import os
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from domain.decision import RouteRequest
from domain.pack import CityPack
from domain.place import Level, Place, PlaceFlag, ReportedPlace
from geo.atlas import Atlas
from geo.checks import check_areas
from geo.importing import Action
from geo.publish import open_atlas, publish
from routing.book import build_book
from routing.decide import decide
from store.pack import load, read
from usecases.check_pack import check
from usecases.import_pack import FeedRow, ImportReport, RowSet, feed_rows, import_pack

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "docs" / "howto" / "boston.toml"
DATA = Path(os.environ.get("CITYOPS_DATA", ROOT.parent / "shared" / "data")) / "boston"
PLACEHOLDER = (-71.0587, 42.3594)

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"NO BOSTON DATA at {DATA}: the second city is not tested; set CITYOPS_DATA"
)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ImportReport]:
    out = tmp_path_factory.mktemp("cities") / "boston"
    return out, import_pack(spec=SPEC, data=DATA, out=out)


@pytest.fixture(scope="module")
def pack(imported: tuple[Path, ImportReport]) -> CityPack:
    return load(folder=imported[0])


@pytest.fixture(scope="module")
def atlas(imported: tuple[Path, ImportReport], tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    return open_atlas(publish(pack_folder=imported[0], cache=tmp_path_factory.mktemp("atlas")))


@pytest.fixture(scope="module")
def rows() -> list[FeedRow]:
    """Every tenth of the rows that nothing was learned from."""
    return list(feed_rows(spec=SPEC, data=DATA, rows=RowSet.ODD))[::5]


@pytest.fixture(scope="module")
def places(rows: list[FeedRow], atlas: Atlas, pack: CityPack) -> list[Place]:
    return [
        atlas.locate(
            reported=ReportedPlace(lon=row.lon, lat=row.lat, crs=row.crs),
            on=row.opened_at.date() if row.opened_at else date(2015, 1, 1),
            channel=pack.channels[row.channel],
        )
        for row in rows
    ]


def test_the_pack_is_complete_and_has_no_problem(imported: tuple[Path, ImportReport]) -> None:
    out, report = imported
    assert not report.refused
    assert report.areas == {"district": 12, "ward": 22, "precinct": 255, "neighborhood": 26}
    assert all((out / name).is_file() for name in report.written)
    assert [str(problem) for problem in read(folder=out).book.problems] == []
    assert {p.code for p in check_areas(folder=out)} == {"multipolygon"}


def test_the_checker_finds_nothing_that_stops_it(imported: tuple[Path, ImportReport]) -> None:
    """Its calendar knows the year of the records only; one centre commands, from the city, day and night."""
    found = check(folder=imported[0], today=date(2015, 6, 1), geometry=False)
    assert [(problem.code, problem.warning) for problem in found] == [("level_without_unit", True)]


def test_what_the_real_layers_bring_is_repaired_with_a_reason(imported: tuple[Path, ImportReport]) -> None:
    invalid = Counter(f.file for f in imported[1].findings if f.code == "invalid_polygon")
    assert invalid == {"Wards.geojson": 3, "Precincts.geojson": 2, "Boston_Neighborhoods.geojson": 1}
    kept = {f.feature for f in imported[1].findings if f.code == "multipolygon" and f.action is Action.KEPT}
    assert {"A15", "A7", "C11"} <= kept
    assert {"overlap", "gap"} <= {f.code for f in imported[1].findings if f.action is Action.REPAIRED}
    text = (imported[0] / "IMPORT.md").read_text("utf-8")
    assert all(finding.en in text and finding.zh in text for finding in imported[1].findings)


def test_located_areas_equal_the_records_own(rows: list[FeedRow], places: list[Place]) -> None:
    right, total = Counter[str](), Counter[str]()
    for row, place in zip(rows, places, strict=True):
        if row.placeholder:
            continue
        district = place.area(Level.DISTRICT)
        located = {
            "district": district.code if district else "",
            "ward": next((zone.code for zone in place.zones if zone.kind == "ward"), ""),
        }
        for name, own in row.labels.items():
            if own:
                total[name] += 1
                right[name] += located[name] == own
    assert min(total["district"], total["ward"]) > 4000
    assert right["district"] / total["district"] >= 0.99
    assert right["ward"] / total["ward"] >= 0.98


def test_the_placeholder_is_learned_and_never_trusted(
    imported: tuple[Path, ImportReport], pack: CityPack, rows: list[FeedRow], places: list[Place]
) -> None:
    assert imported[1].placeholders == (PLACEHOLDER,)
    assert pack.channels["boston311"].placeholder_points == (PLACEHOLDER,)
    for row, place in zip(rows, places, strict=True):
        assert row.placeholder == ((row.lon, row.lat) == PLACEHOLDER)
        assert (PlaceFlag.PLACEHOLDER_POINT in place.flags) == row.placeholder
    assert sum(row.placeholder for row in rows) > 0.1 * len(rows)


def test_the_department_equals_the_records_own(
    pack: CityPack, rows: list[FeedRow], places: list[Place]
) -> None:
    book = build_book(pack)
    right = by_category = total = 0
    for row, place in zip(rows, places, strict=True):
        if row.placeholder or not row.unit:
            continue
        asked = RouteRequest(place=place, category=row.category, channel=row.channel, tags=row.tags)
        total += 1
        right += decide(request=asked, book=book).lead == row.unit
        plain = RouteRequest(place=place, category=row.category, channel=row.channel)
        by_category += decide(request=plain, book=book).lead == row.unit
    assert right / total >= 0.99, "by type and work queue"
    assert by_category / total >= 0.9, "by type alone"


SMALL = """
[city]
code = "boston"
name_zh = "波士顿"
name_en = "Boston"
timezone = "America/New_York"
version = "1"
area = { code = "025", name = "Boston" }
[catalogue]
file = "TABLE"
scheme = "x"
[calendar]
known_years = [2015]
[[layers]]
level = "district"
file = "Police_Districts.geojson"
code = "DISTRICT"
"""
FEET = """
[[zones]]
kind = "precinct"
file = "wrongcrs_Precincts_EPSG2249.geojson"
code = "WARD_PRECINCT"
"""
WARDS_AS_STREETS = """
[[layers]]
level = "street"
file = "Wards.geojson"
code = "WARD"
code_format = "WARD-{}"
"""


def import_small(folder: Path, more: str, *, crs: dict[str, str] | None = None) -> ImportReport:
    """Import real layers with a table of one category instead of the feed, which takes seconds."""
    table = folder / "categories.csv"
    table.write_text("category,unit\nPothole,PWD\n", "utf-8")
    spec = folder / "small.toml"
    spec.write_text(SMALL.replace("TABLE", table.as_posix()) + more, "utf-8")
    return import_pack(spec=spec, data=DATA, out=folder / "boston", crs=crs)


def test_a_layer_in_feet_is_refused_by_name_and_read_when_declared(tmp_path: Path) -> None:
    report = import_small(tmp_path, FEET)
    (refusal,) = [f for f in report.findings if f.action is Action.REFUSED]
    assert refusal.code == "not_degrees"
    assert "EPSG:2249" in refusal.en
    assert not (tmp_path / "boston").exists(), "nothing is written when something is refused"

    declared = {"wrongcrs_Precincts_EPSG2249.geojson": "EPSG:2249"}
    assert not import_small(tmp_path, FEET, crs=declared).refused
    assert {p.code for p in check_areas(folder=tmp_path / "boston")} == {"multipolygon"}


def test_wards_as_streets_are_refused_because_they_cut_across_districts(tmp_path: Path) -> None:
    report = import_small(tmp_path, WARDS_AS_STREETS)
    assert {f.code for f in report.findings if f.action is Action.REFUSED} == {"outside_parent"}
