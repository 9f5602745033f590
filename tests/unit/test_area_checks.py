"""``check_areas``: every kind of mistake in an area file is found and named, and nothing else."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon, box, mapping

from geo.checks import AreaProblem, check_areas
from geo.checks.frames import likely_crs
from geo.checks.measure import gaps, overlaps, share_inside

WEST, SOUTH = -71.1, 42.3
BBOX = [-71.2, 42.2, -70.9, 42.5]
Row = tuple[Mapping[str, object], shapely.Geometry]


def cell(x: float, y: float, wide: float = 1.0, high: float = 1.0) -> Polygon:
    """A box in hundredths of a degree (about a kilometre) east and north of a corner of Boston."""
    return box(
        WEST + x / 100, SOUTH + y / 100, round(WEST + (x + wide) / 100, 9), round(SOUTH + (y + high) / 100, 9)
    )


def row(code: object, shape: shapely.Geometry, **more: object) -> Row:
    return {"code": code, "name": f"Area {code}", **more}, shape


def write(folder: Path, layers: Mapping[str, list[Row]], extra: str = "") -> Path:
    """Write a pack with these layers (level -> rows) and return its folder."""
    lines = [f"bbox = {BBOX}", extra]
    for level, rows in layers.items():
        features = [{"type": "Feature", "properties": p, "geometry": mapping(shape)} for p, shape in rows]
        path = folder / f"{level}.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
        table = "zones" if level == "zone" else "layers"
        lines += [f"[[{table}]]", f'level = "{level}"', f'file = "{level}.geojson"', 'code = "code"']
        lines += [f'{key} = "{key}"' for key in ("parent", "valid_from", "valid_to") if key in rows[0][0]]
        lines.append('crs = "EPSG:4326"')
    (folder / "city.toml").write_text("\n".join(lines), "utf-8")
    return folder


def found(problems: list[AreaProblem]) -> list[tuple[str, str, bool]]:
    return [(p.code, p.feature, p.warning) for p in problems]


GOOD: list[Row] = [row("D1", cell(0, 0, 2, 2)), row("D2", cell(2, 0, 2, 2))]
HALVES: list[Row] = [
    row("S1", cell(0, 0, 1, 2), parent="D1"),
    row("S2", cell(1, 0, 1, 2), parent="D1"),
    row("S3", cell(2, 0, 2, 2), parent="D2"),
]


def test_a_good_pack_has_no_problem(tmp_path: Path) -> None:
    assert check_areas(folder=write(tmp_path, {"district": GOOD, "street": HALVES})) == []


def test_the_flagship_has_only_what_its_official_districts_bring(tmp_path: Path) -> None:
    areas = Path(__file__).parents[2] / "cities" / "wuhan" / "areas"
    names = {"district": "districts.geojson", "street": "streets.geojson", "community": "communities.gpkg"}
    lines = ["bbox = [113.6, 29.9, 115.2, 31.5]", '[[city_area]]\ncode = "4201"']
    for level, name in {**names, "grid": "grids.gpkg"}.items():
        lines.append(f'[[layers]]\nlevel = "{level}"\nfile = "{(areas / name).as_posix()}"')
        lines.append('code = "code"\nname = "name"\nparent = "parent"\ncrs = "EPSG:4326"')
    (tmp_path / "city.toml").write_text("\n".join(lines), "utf-8")
    # 新洲 has an exclave, and encloses a piece of another city.
    assert found(check_areas(folder=tmp_path)) == [("multipolygon", "420117", True), ("gap", "420117", True)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            [
                row(
                    "D1",
                    Polygon(
                        [
                            (WEST, SOUTH),
                            (WEST + 0.02, SOUTH + 0.02),
                            (WEST + 0.02, SOUTH),
                            (WEST, SOUTH + 0.02),
                        ]
                    ),
                )
            ],
            ("invalid_polygon", "D1", False),
            id="bow tie",
        ),
        pytest.param(
            [row("D1", shapely.union_all([cell(0, 0), cell(2, 0)]))], ("multipolygon", "D1", True), id="parts"
        ),
        pytest.param([*GOOD, row("D1", cell(4, 0))], ("duplicate_code", "D1", False), id="duplicate"),
        pytest.param([*GOOD, row(None, cell(4, 0))], ("missing_code", "#3", False), id="no code"),
        pytest.param([*GOOD, row("D3", Polygon())], ("no_outline", "D3", False), id="no outline"),
        pytest.param(
            [*GOOD, row("D3", LineString([(WEST, SOUTH), (WEST + 0.01, SOUTH)]))],
            ("not_polygon", "D3", False),
            id="line",
        ),
        pytest.param([*GOOD, row("D3", cell(3.5, 0, 2, 2))], ("overlap", "D2", False), id="large overlap"),
        pytest.param([*GOOD, row("D3", cell(3.9999, 0, 2, 2))], ("overlap", "D2", True), id="small overlap"),
        pytest.param([row("D1", cell(0, 0, 3, 3).difference(cell(1, 1)))], ("gap", "D1", True), id="hole"),
        pytest.param(
            [row("D1", cell(0, 0, 1, 3)), row("D2", cell(1, 0, 2, 3).difference(cell(1, 1, 0.01, 1)))],
            ("gap", "D1", True),
            id="narrow gap between two",
        ),
    ],
)
def test_a_mistake_inside_one_layer(tmp_path: Path, rows: list[Row], expected: tuple[str, str, bool]) -> None:
    assert found(check_areas(folder=write(tmp_path, {"district": rows}))) == [expected]


@pytest.mark.parametrize(
    ("child", "expected"),
    [
        pytest.param(row("S9", cell(0, 0), parent=""), [("no_parent", "S9", False)], id="no parent"),
        pytest.param(row("S9", cell(0, 0), parent="D9"), [("unknown_parent", "S9", False)], id="unknown"),
        pytest.param(
            row("S9", cell(1, 0, 2, 2), parent="D1"), [("outside_parent", "S9", False)], id="half out"
        ),
        pytest.param(
            row("S9", cell(1, 0, 1.03, 2), parent="D1"), [("outside_parent", "S9", True)], id="sticks out"
        ),
        pytest.param(row("S9", cell(1, 0, 1, 2), parent="D1"), [], id="exactly inside"),
    ],
)
def test_a_child_and_its_parent(tmp_path: Path, child: Row, expected: list[tuple[str, str, bool]]) -> None:
    assert found(check_areas(folder=write(tmp_path, {"district": GOOD, "street": [child]}))) == expected


def test_what_the_level_above_leaves_out_is_no_gap_below(tmp_path: Path) -> None:
    ring = cell(0, 0, 3, 3).difference(cell(1, 1))
    layers = {"district": [row("D1", ring)], "street": [row("S1", ring, parent="D1")]}
    problems = check_areas(folder=write(tmp_path, layers))
    assert [(p.file, p.code) for p in problems] == [("district.geojson", "gap")]


def test_parents_reach_over_a_level_that_has_no_layer(tmp_path: Path) -> None:
    grids = [row("G1", cell(0, 0), parent="D1"), row("G2", cell(3, 3), parent="D1")]
    problems = check_areas(folder=write(tmp_path, {"district": GOOD, "grid": grids}))
    assert found(problems) == [("outside_parent", "G2", False)]


def test_the_city_without_an_outline_is_a_known_parent(tmp_path: Path) -> None:
    rows = [row("D1", cell(0, 0), parent="025"), row("D2", cell(1, 0), parent="026")]
    extra = '[[city_area]]\ncode = "025"\nname = "Boston"'
    assert found(check_areas(folder=write(tmp_path, {"district": rows}, extra))) == [
        ("unknown_parent", "D2", False)
    ]


def test_versions_of_an_area_may_share_code_and_ground_but_not_a_day(tmp_path: Path) -> None:
    def version(start: str, end: str | None) -> Row:
        return row("D1", cell(0, 0), valid_from=start, valid_to=end)

    after = [version("2020-01-01", "2024-01-01"), version("2024-01-01", None)]
    assert found(check_areas(folder=write(tmp_path, {"district": after}))) == []
    both = [version("2020-01-01", "2024-02-01"), version("2024-01-01", None)]
    codes = {p.code for p in check_areas(folder=write(tmp_path, {"district": both}))}
    assert codes == {"duplicate_code", "overlap"}


def test_zones_may_overlap_and_need_not_cover(tmp_path: Path) -> None:
    zones = [row("Z1", cell(0, 0, 2, 2)), row("Z2", cell(1, 0, 2, 2))]
    problems = check_areas(folder=write(tmp_path, {"district": GOOD, "zone": zones}))
    assert found(problems) == [("overlap", "Z1", True)]


def moved(rows: list[Row], scale: float, dx: float, dy: float) -> list[Row]:
    return [(p, shapely.transform(shape, lambda xy: xy * scale + (dx, dy))) for p, shape in rows]


def test_coordinates_that_are_not_degrees_name_the_likely_system(tmp_path: Path) -> None:
    feet = [row("D1", box(739_594, 2_908_187, 803_687, 2_970_072))]
    (problem,) = check_areas(folder=write(tmp_path, {"district": feet}))
    assert problem.code == "not_degrees"
    assert "EPSG:2249" in problem.en
    assert "EPSG:2249" in problem.zh


def test_likely_systems_of_a_chinese_city_in_metres() -> None:
    near = (113.7, 29.95, 115.1, 31.37)
    codes = [code for code, _ in likely_crs(box=(471_000, 3_315_000, 605_000, 3_472_000), near=near)]
    assert "EPSG:4547" in codes
    assert likely_crs(box=(1e7, 1e7, 2e7, 2e7), near=near) == ()
    assert likely_crs(box=(471_000, 3_315_000, 605_000, 3_472_000), near=None) == ()


def test_other_frames_are_refused(tmp_path: Path) -> None:
    swapped = [(p, shapely.transform(shape, lambda xy: xy[:, ::-1])) for p, shape in GOOD]
    assert found(check_areas(folder=write(tmp_path, {"district": swapped}))) == [("swapped_axes", "", False)]
    elsewhere = moved(GOOD, 1.0, 10.0, 0.0)
    assert found(check_areas(folder=write(tmp_path, {"district": elsewhere}))) == [
        ("outside_city", "", False)
    ]
    folder = write(tmp_path, {"district": GOOD})
    toml = (folder / "city.toml").read_text("utf-8")
    (folder / "city.toml").write_text(toml.replace('crs = "EPSG:4326"', ""), "utf-8")
    assert found(check_areas(folder=folder)) == [("undeclared_crs", "", False)]
    (folder / "city.toml").write_text(toml.replace("EPSG:4326", "EPSG:9"), "utf-8")
    assert found(check_areas(folder=folder)) == [("unknown_crs", "", False)]


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    folder = write(tmp_path, {"district": GOOD})
    toml = (folder / "city.toml").read_text("utf-8")
    (folder / "city.toml").write_text(toml.replace('code = "code"', 'code = "nothere"'), "utf-8")
    (problem,) = check_areas(folder=folder)
    assert problem.code == "missing_column"
    assert "code, name" in problem.en
    (folder / "city.toml").write_text(toml, "utf-8")
    (folder / "district.geojson").write_text("not json", "utf-8")
    assert found(check_areas(folder=folder)) == [("unreadable_file", "", False)]
    (folder / "district.geojson").unlink()
    assert found(check_areas(folder=folder)) == [("missing_file", "", False)]


def test_every_problem_speaks_chinese_and_english(tmp_path: Path) -> None:
    rows: list[Any] = [*GOOD, row("D1", cell(3, 0, 2, 2)), row(None, Polygon())]
    problems = check_areas(folder=write(tmp_path, {"district": rows}))
    assert len(problems) >= 3
    for problem in problems:
        assert problem.en.isascii() or "m²" in problem.en
        assert any("\u4e00" <= sign <= "\u9fff" for sign in problem.zh)
        assert problem.code in str(problem)


@given(
    wide=st.floats(10, 1000), high=st.floats(10, 1000), shift=st.floats(0.0, 1.0), other=st.floats(10, 1000)
)
def test_overlap_is_measured_exactly(wide: float, high: float, shift: float, other: float) -> None:
    first, second = box(0, 0, wide, high), box(wide * shift, 0, wide * shift + other, high)
    common = min(wide, wide * shift + other) - wide * shift
    measured = overlaps(np.array([first, second], dtype=object))
    if common * high > 1.001:
        assert measured[0].area == pytest.approx(common * high)
        assert measured[0].share == pytest.approx(common / min(wide, other))
    elif common * high < 0.999:
        assert measured == []
    share = share_inside(np.array([second], dtype=object), np.array([first], dtype=object))
    assert share[0] == pytest.approx(max(common, 0.0) / other, abs=1e-9)


@given(width=st.floats(0.01, 50), length=st.floats(200, 2000))
def test_gap_is_measured_exactly(width: float, length: float) -> None:
    frame = box(0, 0, 200, 2200).difference(box(100, 100, 100 + width, 100 + length))
    (gap,) = gaps(np.array([frame], dtype=object))
    assert gap.area == pytest.approx(width * length)
    assert gap.width == pytest.approx(width, rel=0.3)
    assert gap.beside == (0,)
