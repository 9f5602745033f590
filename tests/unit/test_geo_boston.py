"""Real requests of a real city, with labels that nobody here wrote (acceptance figures: geo.md §2)."""

import csv
import gzip
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely

from domain.pack import Channel
from domain.place import Crs, Level, Place, PlaceFlag, ReportedPlace
from geo.atlas import Atlas
from geo.placeholders import PlaceholderDetector
from geo.points import same_point
from geo.publish import open_atlas, publish
from tests.geo_areas import boston_layer, boston_properties, data_folder, write_layer

PLACEHOLDER = (-71.0587, 42.3594)
CHANNEL = Channel(name="311", crs=Crs.WGS84, kind="open311", placeholder_points=(PLACEHOLDER,))
ON = date(2015, 3, 1)

_CITY = """
code = "boston"
version = "2015"
[city_area]
code = "BOS"
name = "Boston"
[[layers]]
level = "district"
file = "areas/police.geojson"
code = "code"
crs = "EPSG:4326"
[[zones]]
kind = "ward"
file = "areas/wards.geojson"
code = "code"
crs = "EPSG:4326"
"""


@pytest.fixture(scope="module")
def requests() -> list[dict[str, str]]:
    with gzip.open(data_folder("boston") / "311_2015_h1.csv.gz", "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    folder: Path = tmp_path_factory.mktemp("boston")
    for file, layer, column in (("police", "Police_Districts", "DISTRICT"), ("wards", "Wards", "WARD")):
        # Three of the published wards are invalid; an import repairs or refuses, publishing refuses.
        shapes = [_polygonal(shape) for shape in shapely.make_valid(boston_layer(layer))]
        codes = [str(properties[column]) for properties in boston_properties(layer)]
        rows = [({"code": code}, shape) for code, shape in zip(codes, shapes, strict=True)]
        write_layer(folder / "areas" / f"{file}.geojson", rows)
    (folder / "city.toml").write_text(_CITY, encoding="utf-8")
    return open_atlas(publish(pack_folder=folder, cache=folder / "cache"))


def _polygonal(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])


def _locate(atlas: Atlas, row: dict[str, str]) -> Place:
    reported = ReportedPlace(
        lon=float(row["LONGITUDE"]), lat=float(row["LATITUDE"]), address=row["Location"] or None
    )
    return atlas.locate(reported=reported, on=ON, channel=CHANNEL)


def test_located_areas_equal_the_records_own(atlas: Atlas, requests: list[dict[str, str]]) -> None:
    agreed, rows, flagged = Counter[str](), Counter[str](), 0
    for row in requests[::5]:
        place = _locate(atlas, row)
        on_placeholder = same_point(float(row["LONGITUDE"]), float(row["LATITUDE"])) == PLACEHOLDER
        assert (PlaceFlag.PLACEHOLDER_POINT in place.flags) == on_placeholder
        if on_placeholder:
            flagged += 1
            assert place.lon is None
            continue
        district = place.area(Level.DISTRICT)
        labels = {
            "police": row["police_district"].replace("-", ""),
            "ward": row["ward"].removeprefix("Ward "),
        }
        found = {
            "police": district.code if district else "",
            "ward": place.zones[0].code if place.zones else "",
        }
        for kind, label in labels.items():
            if label:
                rows[kind] += 1
                agreed[kind] += found[kind] == label.lstrip("0")
    assert flagged > 1000
    assert min(rows.values()) > 9000
    assert agreed["police"] / rows["police"] >= 0.99
    assert agreed["ward"] / rows["ward"] >= 0.98


def test_the_placeholder_is_learned_without_being_declared(requests: list[dict[str, str]]) -> None:
    detector = PlaceholderDetector(share=0.005, min_rows=50)
    for row in requests:
        detector.observe(channel="311", lon=float(row["LONGITUDE"]), lat=float(row["LATITUDE"]))
    counts = Counter(same_point(float(row["LONGITUDE"]), float(row["LATITUDE"])) for row in requests)
    over = {point for point, n in counts.items() if n > 0.005 * len(requests)}
    assert detector.hot_points("311") == over
    assert PLACEHOLDER in over
    assert len(over) <= 3


def test_bulk_equals_single_on_real_points(atlas: Atlas, requests: list[dict[str, str]]) -> None:
    points = np.array([(float(row["LONGITUDE"]), float(row["LATITUDE"])) for row in requests[::7]])
    chains = [atlas.chain_at(*point, on=ON) for point in points.tolist()]
    expected = [chain[-1].code if chain else None for chain in chains]
    assert atlas.codes_at(points[:, 0], points[:, 1], on=ON) == expected
