"""``import_pack`` on a made-up town: what is learned, written, refused; and the reading of its file."""

import csv
import gzip
import json
import tomllib
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box, mapping

from domain.limit import Limit
from domain.place import Crs, Level
from geo.checks import check_areas
from geo.importing import Action
from store.pack import load, read
from usecases.import_pack import RowSet, UnableToReadSpec, feed_rows, import_pack, read_spec
from usecases.import_pack.feed import FeedRow
from usecases.import_pack.learn import learn, score
from usecases.import_pack.spec import slug
from usecases.import_pack.tomltext import entries

SPEC = """
source = "A made-up town"
[city]
code = "town"
name_zh = "小城"
name_en = "Town"
timezone = "America/New_York"
version = "1"
metric_epsg = 26986
area = { code = "T", name = "Town" }
[[layers]]
level = "district"
file = "districts.geojson"
code = "id"
code_format = "D{}"
[[layers]]
level = "street"
file = "streets.geojson"
code = "id"
[[zones]]
kind = "port"
file = "port.geojson"
code = "id"
precedence = 5
categories = ["BOAT*"]
[feed]
file = "feed.csv.gz"
crs = "WGS84"
channel = "line"
kind = "hotline"
time_format = "%d.%m.%Y %H:%M"
tag_prefix = "team-"
[feed.columns]
number = "no"
category = "what"
lon = "x"
lat = "y"
department = "who"
tag = "team"
opened_at = "opened"
target_at = "due"
[feed.labels.district]
column = "area"
pattern = '(\\d)'
format = "D{}"
[learn]
rows = "even"
[locate]
placeholder_share = 0.05
placeholder_min = 5
[catalogue]
scheme = "town"
limit = "3WD"
[departments.PW]
kind = "WORKS"
name_en = "Public Works"
name_zh = "公共工程"
[calendar]
holidays = [2015-01-01]
known_years = [2015]
"""
HEAD = ["no", "what", "x", "y", "who", "team", "opened", "due", "area"]


def write_layer(path: Path, shapes: dict[str, tuple[float, float, float, float]]) -> None:
    features = [
        {"type": "Feature", "properties": {"id": code}, "geometry": mapping(box(*corners))}
        for code, corners in shapes.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")


def make_rows() -> list[list[str]]:
    """Forty located rows; every seventh is on one placeholder; boats change hands by team."""
    rows = []
    for i in range(40):
        what, who, team = [
            ("Pothole", "PW", ""),
            ("Boat adrift", "Harbor", "sea"),
            ("Boat adrift", "PW", ""),
        ][i % 3]
        x, y = ("-71.05", "42.35") if i % 7 == 0 else (f"{-71.1 + i / 1000:.3f}", "42.301")
        due = "03.01.2015 10:00" if what == "Pothole" else ""
        rows.append([f"N{i}", what, x, y, who, team, "02.01.2015 09:00", due, f"Area {1 + i % 2}"])
    return rows


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    write_layer(
        folder / "districts.geojson", {"1": (-71.1, 42.3, -71.08, 42.32), "2": (-71.08, 42.3, -71.0, 42.4)}
    )
    write_layer(
        folder / "streets.geojson", {"S1": (-71.1, 42.3, -71.09, 42.32), "S2": (-71.07, 42.3, -71.0, 42.4)}
    )
    write_layer(folder / "port.geojson", {"P": (-71.1, 42.3, -71.05, 42.31)})
    with gzip.open(folder / "feed.csv.gz", "wt", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([HEAD, *make_rows()])
    return folder


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "town.toml"
    path.write_text(SPEC, "utf-8")
    return path


def test_a_pack_that_the_loader_and_the_checks_accept(spec: Path, data: Path, tmp_path: Path) -> None:
    report = import_pack(spec=spec, data=data, out=tmp_path / "out")
    assert not report.refused
    assert [str(problem) for problem in read(folder=tmp_path / "out").book.problems] == []
    assert check_areas(folder=tmp_path / "out") == []
    pack = load(folder=tmp_path / "out")
    assert [ref.code for ref in pack.areas.chain("S2")] == ["T", "D2", "S2"]
    assert pack.areas.zone("P") is not None
    assert pack.zones["port"].takes(zone="P", category="BOAT-ADRIFT")
    assert pack.zones["port"].precedence == 5
    assert pack.calendar.timezone == "America/New_York"
    assert pack.catalogue["POTHOLE"].departments == ("WORKS",)
    assert pack.catalogue["POTHOLE"].conditions[0].limit == Limit.parse("25UH"), "the median of the records"
    assert pack.catalogue["BOAT-ADRIFT"].conditions[0].limit == Limit.parse("3WD")
    assert {unit.code: unit.parent for unit in pack.tree.explicit} == {
        "TOWN-COMMAND": None,
        "TOWN-WORKS": "TOWN-COMMAND",
        "TOWN-HARBOR": "TOWN-COMMAND",
    }
    assert {str(rule.lead) for rule in pack.rules} == {
        "unit:TOWN-WORKS",
        "unit:TOWN-HARBOR",
        "unit:TOWN-COMMAND",
    }
    assert {rule.tag: str(rule.lead) for rule in pack.rules if rule.tag} == {"team-sea": "unit:TOWN-HARBOR"}


def test_the_same_data_give_the_same_pack(spec: Path, data: Path, tmp_path: Path) -> None:
    first = import_pack(spec=spec, data=data, out=tmp_path / "one").written
    second = import_pack(spec=spec, data=data, out=tmp_path / "two").written
    assert first == second
    for name in first:
        one, two = ((tmp_path / folder / name).read_text("utf-8") for folder in ("one", "two"))
        assert one == two.replace(str(tmp_path / "two"), str(tmp_path / "one"))


def test_placeholder_points_are_found_marked_and_written(spec: Path, data: Path, tmp_path: Path) -> None:
    report = import_pack(spec=spec, data=data, out=tmp_path / "out")
    assert report.placeholders == ((-71.05, 42.35),)
    assert load(folder=tmp_path / "out").channels["line"].placeholder_points == ((-71.05, 42.35),)
    marked = {row.row for row in feed_rows(spec=spec, data=data) if row.placeholder}
    assert marked == set(range(0, 40, 7))


def test_feed_rows_speak_the_codes_of_the_pack(spec: Path, data: Path) -> None:
    rows = list(feed_rows(spec=spec, data=data, rows=RowSet.ODD))
    assert [row.row for row in rows] == list(range(1, 40, 2))
    row = rows[0]
    assert (row.number, row.category, row.category_name) == ("N1", "BOAT-ADRIFT", "Boat adrift")
    assert (row.lon, row.lat, row.crs, row.channel) == (-71.099, 42.301, Crs.WGS84, "line")
    assert (row.department, row.unit, row.department_name) == ("HARBOR", "TOWN-HARBOR", "Harbor")
    assert row.tags == ("team-sea",)
    assert row.labels == {"district": "D2"}
    assert row.opened_at == datetime(2015, 1, 2, 9, 0, tzinfo=ZoneInfo("America/New_York"))


def test_rules_are_learned_from_one_half_and_judged_on_the_other(
    spec: Path, data: Path, tmp_path: Path
) -> None:
    report = import_pack(spec=spec, data=data, out=tmp_path / "out")
    assert report.learned_rows == 20
    assert report.score is not None
    assert report.score.total == 20
    assert report.score.right > report.score.right_by_category, "the team says more than the type"
    text = (tmp_path / "out" / "routing.toml").read_text("utf-8")
    assert "of 7 rows" in text or "of 6 rows" in text


def refused(spec: Path, data: Path, out: Path, change: tuple[str, str]) -> set[str]:
    """Import with one change of the spec; return the codes of what was refused."""
    text = spec.read_text("utf-8")
    assert change[0] in text
    spec.write_text(text.replace(*change), "utf-8")
    report = import_pack(spec=spec, data=data, out=out)
    assert report.refused
    assert report.written == ()
    assert not out.exists()
    assert "no pack was written" in report.lines()[-1]
    return {finding.code for finding in report.findings if finding.action is Action.REFUSED}


def test_two_layers_may_not_share_a_code(spec: Path, data: Path, tmp_path: Path) -> None:
    change = ('code_format = "D{}"', 'code_format = "S{}"')
    assert refused(spec, data, tmp_path / "out", change) == {"shared_code"}


def test_a_missing_file_or_column_is_refused(spec: Path, data: Path, tmp_path: Path) -> None:
    (data / "port.geojson").unlink()
    change = ('file = "streets.geojson"\ncode = "id"', 'file = "streets.geojson"\ncode = "key"')
    assert refused(spec, data, tmp_path / "out", change) == {"missing_file", "missing_column"}


def test_a_calendar_without_years_takes_the_feeds_and_says_what_it_lacks(
    spec: Path, data: Path, tmp_path: Path
) -> None:
    text = spec.read_text("utf-8").replace("holidays = [2015-01-01]\nknown_years = [2015]\n", "")
    spec.write_text(text, "utf-8")
    report = import_pack(spec=spec, data=data, out=tmp_path / "out")
    assert ("no_holidays", Action.KEPT) in {(f.code, f.action) for f in report.findings}
    calendar = load(folder=tmp_path / "out").calendar
    assert (calendar.known_years, calendar.weekend, calendar.holidays) == ((2015,), (6, 7), frozenset())


TABLE = "category,unit,severity,limit,level\nPothole,PW,2,6UH,city\nNoise,Police,,,\n"


def test_a_table_of_categories_and_units_without_a_feed(spec: Path, data: Path, tmp_path: Path) -> None:
    text = spec.read_text("utf-8")
    start, end = text.index("[feed]"), text.index("[learn]")
    spec.write_text(
        text[:start] + text[end:].replace('scheme = "town"', 'scheme = "town"\nfile = "t.csv"'), "utf-8"
    )
    (data / "t.csv").write_text(TABLE, "utf-8")
    assert not import_pack(spec=spec, data=data, out=tmp_path / "out").refused
    pack = load(folder=tmp_path / "out")
    pothole, noise = pack.catalogue["POTHOLE"], pack.catalogue["NOISE"]
    assert (pothole.departments, pothole.severity, pothole.level) == (("WORKS",), 2, Level.CITY)
    assert pothole.conditions[0].limit == Limit.parse("6UH")
    assert (noise.departments, noise.severity) == (("POLICE",), 3)
    assert noise.conditions[0].limit == Limit.parse("3WD")


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("Noise,,,,", "missing_value"),
        ("Noise,Police,5,,", "wrong_value"),
        ("Noise,Police,0,,", "wrong_value"),
        ("Noise,Police,,soon,", "wrong_value"),
        ("Noise,Police,,,moon", "wrong_value"),
        ("POTHOLE,Police,,,", "duplicate_category"),
    ],
)
def test_a_wrong_line_of_the_table_is_refused(
    spec: Path, data: Path, tmp_path: Path, row: str, code: str
) -> None:
    (data / "t.csv").write_text(f"category,unit,severity,limit,level\n{row}\n", "utf-8")
    change = ('scheme = "town"', 'scheme = "town"\nfile = "t.csv"')
    assert refused(spec, data, tmp_path / "out", change) == {code}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('name_en = "Town"\n', ""), r"\[city\] name_en is missing"),
        (('version = "1"', "version = 1"), r"\[city\] version = 1: want a text"),
        (('version = "1"', 'version = "1"\nflavour = "x"'), "unknown keys: flavour"),
        (('level = "street"', 'level = "state"'), "want one of city, district"),
        (('level = "street"', 'level = "city"'), "want district"),
        (('crs = "WGS84"', 'crs = "EPSG:4326"'), "want one of WGS84"),
        (('limit = "3WD"', 'limit = "3 weeks"'), "want a limit such as 5WD"),
        (('rows = "even"', 'rows = "some"'), "all, even or odd"),
        (('category = "what"', 'category = "which"'), "has no column which"),
        (('category = "what"', 'colour = "what"'), "colour: want some of"),
        (("[city]", "[city"), "town.toml"),
    ],
)
def test_a_wrong_import_file_is_named(
    spec: Path, data: Path, tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    text = spec.read_text("utf-8")
    assert change[0] in text
    spec.write_text(text.replace(*change, 1), "utf-8")
    with pytest.raises(UnableToReadSpec, match=message):
        import_pack(spec=spec, data=data, out=tmp_path / "out")


def test_the_committed_boston_file_reads() -> None:
    boston = read_spec(path=Path(__file__).parents[2] / "docs" / "howto" / "boston.toml")
    assert [zone.layer.kind for zone in boston.zones] == ["ward", "precinct", "neighborhood"]
    assert boston.feed is not None
    ward = boston.feed.labels["ward"]
    assert [ward.apply(text) for text in ("Ward 5", "05", " 5", "")] == ["WARD-05", "WARD-05", "WARD-05", ""]
    assert boston.feed.labels["district"].apply("C-11") == "C11"


def row(department: str, category: str = "A", tag: str = "") -> FeedRow:
    return FeedRow(
        row=0,
        number="1",
        category=category,
        category_name=category,
        lon=None,
        lat=None,
        crs=Crs.WGS84,
        address="",
        description="",
        opened_at=None,
        target_at=None,
        department=department,
        unit=department,
        department_name=department,
        tags=(tag,) if tag else (),
        labels={},
        channel="x",
    )


@given(st.lists(st.tuples(st.sampled_from("XYZ"), st.sampled_from("AB"), st.sampled_from(["", "t", "u"]))))
def test_the_majority_is_never_beaten_by_another_constant_answer(facts: list[tuple[str, str, str]]) -> None:
    rows = [row(*fact) for fact in facts]
    learned = learn(rows)
    assert learned.rows == len(rows)
    for category, vote in learned.by_category.items():
        counts = [sum(r.department == d for r in rows if r.category == category) for d in "XYZ"]
        assert vote.rows == max(counts)
        assert vote.total == sum(counts)
    result = score(learned=learned, rows=rows)
    assert result.right_by_category == sum(vote.rows for vote in learned.by_category.values())
    assert result.total == len(rows)
    assert score(learned=learned, rows=[row("X", category="unseen")]).right == 0


@given(st.text(max_size=40))
def test_codes_made_of_names_are_plain_and_stable(name: str) -> None:
    code = slug(name)
    assert code
    assert slug(code) == code
    assert not set(code) & set(" \t\n,;\"'/\\")


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.text(max_size=30), max_size=4))
def test_written_toml_reads_back(data: dict[str, str]) -> None:
    assert tomllib.loads(entries(data)) == data
    assert tomllib.loads(entries({"list": list(data.values())})) == {"list": list(data.values())}
