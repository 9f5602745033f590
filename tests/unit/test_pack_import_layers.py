"""Importing area files: each refusal and each repair, with its reason."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon, box, mapping

from domain.place import Level
from geo.checks.layer import LayerFile
from geo.importing import Action, ImportedLayer, LayerSpec, import_layer, with_parents, write_layer
from geo.importing.coverage import clean_coverage

Row = tuple[Mapping[str, object], shapely.Geometry]
NEAR = (-71.2, 42.2, -70.9, 42.5)
METRE = 1 / 111_000  # of latitude, in degrees
BOW_TIE = Polygon([(-71.1, 42.3), (-71.08, 42.32), (-71.08, 42.3), (-71.1, 42.32)])
# A square whose outline runs into a needle and back: invalid, and the needle has no area.
NEEDLE = Polygon(
    [(-71.1, 42.3), (-71.1, 42.32), (-71.08, 42.32), (-71.08, 42.3), (-71.07, 42.3), (-71.08, 42.3)]
)


def cell(x: float, y: float, wide: float = 1.0, high: float = 1.0) -> Polygon:
    """A box in hundredths of a degree from a corner of Boston."""
    return box(
        *(
            round(v, 9)
            for v in (-71.1 + x / 100, 42.3 + y / 100, -71.1 + (x + wide) / 100, 42.3 + (y + high) / 100)
        )
    )


def bring(folder: Path, rows: list[Row], *, repair: bool = False, **spec: object) -> ImportedLayer:
    """Write the rows as GeoJSON and import them."""
    features = [{"type": "Feature", "properties": dict(p), "geometry": mapping(shape)} for p, shape in rows]
    (folder / "a.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features}), "utf-8"
    )
    described = LayerSpec(file="a.geojson", code="code", level=Level.DISTRICT, **spec)  # type: ignore[arg-type]
    return import_layer(spec=described, folder=folder, near=NEAR, repair=repair)


def actions(layer: ImportedLayer) -> list[tuple[str, str, Action]]:
    return [(f.code, f.feature, f.action) for f in layer.findings]


GOOD: list[Row] = [({"code": "A"}, cell(0, 0)), ({"code": "B"}, cell(1, 0))]


def test_a_good_layer_is_taken_as_it_is(tmp_path: Path) -> None:
    layer = bring(tmp_path, GOOD, code_format="D-{:0>2}", name_format="District {}")
    assert actions(layer) == []
    assert [(area.code, area.name) for area in layer.areas] == [
        ("D-0A", "District A"),
        ("D-0B", "District B"),
    ]
    assert [area.shape.equals(shape) for area, (_, shape) in zip(layer.areas, GOOD, strict=True)] == [
        True,
        True,
    ]


def test_numbers_as_codes_lose_their_decimals(tmp_path: Path) -> None:
    layer = bring(tmp_path, [({"code": 7.0}, cell(0, 0)), ({"code": 12}, cell(1, 0))], code_format="W{:0>2}")
    assert [area.code for area in layer.areas] == ["W07", "W12"]


def test_an_invalid_polygon_that_keeps_its_area_is_repaired_and_says_so(tmp_path: Path) -> None:
    layer = bring(tmp_path, [({"code": "A"}, NEEDLE)])
    assert actions(layer) == [("invalid_polygon", "A", Action.REPAIRED)]
    assert "km² →" in layer.findings[0].en
    assert layer.areas[0].shape.is_valid
    assert layer.areas[0].shape.area == pytest.approx(0.02 * 0.02)


def test_an_invalid_polygon_that_changes_is_refused_until_repair_is_allowed(tmp_path: Path) -> None:
    assert actions(bring(tmp_path, [({"code": "A"}, BOW_TIE)])) == [("invalid_polygon", "A", Action.REFUSED)]
    layer = bring(tmp_path, [({"code": "A"}, BOW_TIE)], repair=True)
    assert not layer.refused
    assert layer.areas[0].shape.is_valid
    assert layer.areas[0].shape.area == pytest.approx(0.5 * 0.02 * 0.02)


def test_several_parts_are_kept(tmp_path: Path) -> None:
    parts = shapely.union_all([cell(0, 0), cell(3, 0)])
    layer = bring(tmp_path, [({"code": "A"}, parts)])
    assert actions(layer) == [("multipolygon", "A", Action.KEPT)]
    assert shapely.get_num_geometries(layer.areas[0].shape) == 2


@pytest.mark.parametrize(
    ("shape", "code"), [(Polygon(), "no_outline"), (LineString([(-71.1, 42.3), (-71, 42.3)]), "not_polygon")]
)
def test_a_feature_without_an_area(tmp_path: Path, shape: shapely.Geometry, code: str) -> None:
    rows = [*GOOD, ({"code": "C"}, shape)]
    assert actions(bring(tmp_path, rows)) == [(code, "C", Action.REFUSED)]
    layer = bring(tmp_path, rows, repair=True)
    assert actions(layer) == [(code, "C", Action.REPAIRED)]
    assert [area.code for area in layer.areas] == ["A", "B"]


def test_codes_that_are_missing_or_used_twice(tmp_path: Path) -> None:
    rows: list[Row] = [
        ({"code": "A"}, cell(0, 0)),
        ({"code": "A"}, cell(1, 0)),
        ({"code": None}, cell(2, 0)),
        ({"code": "A-2"}, cell(3, 0)),
        ({"code": "A"}, cell(4, 0)),
    ]
    refused = [("duplicate_code", "A"), ("missing_code", "#3"), ("duplicate_code", "A")]
    assert actions(bring(tmp_path, rows)) == [(code, feature, Action.REFUSED) for code, feature in refused]
    layer = bring(tmp_path, rows, repair=True)
    assert actions(layer) == [(code, feature, Action.REPAIRED) for code, feature in refused]
    assert [area.code for area in layer.areas] == ["A", "A-2", "A-3", "A-4", "X-1"]
    assert layer.areas[2].shape.equals(cell(1, 0)), "the second A in the file is the first to be renamed"


def test_a_sliver_of_overlap_goes_to_the_lowest_code(tmp_path: Path) -> None:
    late = cell(1 - 300 * METRE / 100, 0, 1, 1)  # written in hundredths of a degree: 3 m to the west
    layer = bring(tmp_path, [({"code": "B"}, late), ({"code": "A"}, cell(0, 0))])
    assert actions(layer) == [("overlap", "A", Action.REPAIRED)]
    first, second = (area.shape for area in layer.areas)
    assert shapely.coverage_is_valid(np.array([first, second], dtype=object))
    assert first.area == pytest.approx(cell(0, 0).area, rel=1e-4)
    assert second.area < late.area


def test_a_wide_overlap_is_refused_until_repair_is_allowed(tmp_path: Path) -> None:
    rows: list[Row] = [({"code": "B"}, cell(0.5, 0)), ({"code": "A"}, cell(0, 0))]
    assert actions(bring(tmp_path, rows)) == [("overlap", "A", Action.REFUSED)]
    layer = bring(tmp_path, rows, repair=True)
    assert ("overlap", "A", Action.REPAIRED) in actions(layer)
    assert ("area_changed", "B", Action.REPAIRED) in actions(layer)
    assert layer.areas[1].shape.area == pytest.approx(0.5 * cell(0, 0).area, rel=1e-4)


def test_a_narrow_gap_is_closed_and_a_wide_one_kept(tmp_path: Path) -> None:
    strip = box(-71.09, 42.31, -71.09 + 2 * METRE, 42.32)
    rows: list[Row] = [
        ({"code": "A"}, cell(0, 0, 1, 3)),
        ({"code": "B"}, cell(1, 0, 1, 3).difference(strip)),
    ]
    layer = bring(tmp_path, rows)
    assert [(f.code, f.action) for f in layer.findings] == [("gap", Action.REPAIRED)]
    assert sum(area.shape.area for area in layer.areas) == pytest.approx(cell(0, 0, 2, 3).area, rel=1e-6)

    lake = cell(0, 0, 3, 3).difference(cell(1, 1))
    kept = bring(tmp_path, [({"code": "A"}, lake)])
    assert actions(kept) == [("gap", "A", Action.KEPT)]
    assert kept.areas[0].shape.equals(lake)


@given(shift=st.floats(-4.0, 4.0), slant=st.floats(-2.0, 2.0))
def test_neighbours_that_nearly_match_become_a_coverage(shift: float, slant: float) -> None:
    """Whatever few metres two outlines differ by, nothing is left between or under both."""
    east, bent = -71.09 + shift * METRE, -71.09 + (shift + slant) * METRE
    right = Polygon([(east, 42.3), (bent, 42.31), (-71.08, 42.31), (-71.08, 42.3)])
    layer = LayerFile(
        file="x",
        codes=("A", "B"),
        names=("A", "B"),
        parents=("", ""),
        periods=(("", ""), ("", "")),
        shapes=np.array([box(-71.1, 42.3, -71.09, 42.31), right], dtype=object),
        crs="EPSG:4326",
    )
    cleaned, findings = clean_coverage(layer, sliver_m=10.0, repair=False)
    assert not any(finding.action is Action.REFUSED for finding in findings)
    common = shapely.intersection(cleaned.shapes[0], cleaned.shapes[1])
    assert common.area * 111_000**2 < 1.0
    before = shapely.area(layer.shapes).sum()
    assert shapely.area(cleaned.shapes).sum() == pytest.approx(before, rel=0.02)


def test_files_in_another_system(tmp_path: Path) -> None:
    feet: list[Row] = [({"code": "A"}, box(739_594, 2_908_187, 803_687, 2_970_072))]
    (refusal,) = bring(tmp_path, feet).findings
    assert (refusal.code, refusal.action) == ("not_degrees", Action.REFUSED)
    assert "EPSG:2249" in refusal.en
    layer = bring(tmp_path, feet, crs="EPSG:2249")
    assert actions(layer) == []
    west, south, east, north = layer.bounds
    assert -71.3 < west < east < -70.8
    assert 42.1 < south < north < 42.5
    (wrong,) = bring(tmp_path, feet, crs="EPSG:26986").findings  # the same zone in metres
    assert wrong.code == "outside_city"


def test_parents_by_column_by_overlap_and_by_the_city(tmp_path: Path) -> None:
    above = bring(tmp_path, [({"code": "D1"}, cell(0, 0, 2, 2)), ({"code": "D2"}, cell(2, 0, 2, 2))])
    top = with_parents(layer=above, above=None, top_code="025")
    assert [area.parent for area in top.areas] == ["025", "025"]

    def below(rows: list[Row], parent: str | None = None) -> ImportedLayer:
        layer = bring(tmp_path, rows, parent=parent)
        return with_parents(layer=layer, above=above, top_code="025")

    found = below([({"code": "S1"}, cell(0, 0)), ({"code": "S2"}, cell(1.9, 0.5, 1, 1))])
    assert [area.parent for area in found.areas] == ["D1", "D2"]
    assert actions(found) == [("outside_parent", "S2", Action.KEPT)]
    named = below([({"code": "S1", "up": "D2"}, cell(2, 0)), ({"code": "S2", "up": "D9"}, cell(3, 0))], "up")
    assert actions(named) == [("unknown_parent", "S2", Action.REFUSED)]
    lost = below([({"code": "S1"}, cell(8, 8))])
    assert actions(lost) == [("no_parent", "S1", Action.REFUSED)]
    cut = below([({"code": "S1", "up": "D1"}, cell(1.6, 0))], "up")
    assert actions(cut) == [("outside_parent", "S1", Action.REFUSED)]


def test_a_written_layer_is_rfc_7946_and_reads_back(tmp_path: Path) -> None:
    layer = with_parents(layer=bring(tmp_path, GOOD), above=None, top_code="025")
    write_layer(layer=layer, path=tmp_path / "out" / "district.geojson")
    text = json.loads((tmp_path / "out" / "district.geojson").read_text("utf-8"))
    assert "crs" not in text
    assert text["features"][0]["properties"] == {"code": "A", "name": "A", "parent": "025"}
    ring = shapely.linearrings(text["features"][0]["geometry"]["coordinates"][0])
    assert shapely.is_ccw(ring)
    again = import_layer(
        spec=LayerSpec(file="out/district.geojson", code="code", level=Level.DISTRICT),
        folder=tmp_path,
        near=NEAR,
    )
    assert [area.shape.equals(shape) for area, (_, shape) in zip(again.areas, GOOD, strict=True)] == [
        True,
        True,
    ]


def test_every_finding_speaks_chinese_and_english(tmp_path: Path) -> None:
    layer = bring(tmp_path, [*GOOD, ({"code": "A"}, BOW_TIE), ({"code": None}, cell(3, 3))])
    assert len(layer.findings) == 4 - 1
    for finding in layer.findings:
        assert any("\u4e00" <= sign <= "\u9fff" for sign in finding.zh)
        assert finding.code in str(finding)
        assert finding.action.value in str(finding)
