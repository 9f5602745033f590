"""Publishing is idempotent, atomic and complete; opening needs no reader of area files."""

import json
import multiprocessing
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely

from domain.place import Level, ReportedPlace
from geo.atlas import UnableToLocateOnDay
from geo.checks.problems import UnableToReadLayer
from geo.layers import read_pack_areas
from geo.publish import UnableToOpenAtlas, open_atlas, publish
from tests.geo_areas import area, random_coverage, write_layer, write_small_pack

TODAY = date(2026, 11, 22)


def files(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p.relative_to(folder)): (p.stat().st_mtime_ns, p.stat().st_size) for p in folder.rglob("*")}


def test_publishing_again_changes_nothing(tmp_path: Path) -> None:
    pack, cache = write_small_pack(tmp_path / "pack"), tmp_path / "cache"
    first = publish(pack_folder=pack, cache=cache)
    before = files(cache)
    assert publish(pack_folder=pack, cache=cache) == first
    assert {k: v for k, v in files(cache).items() if not k.endswith(".lock")} == {
        k: v for k, v in before.items() if not k.endswith(".lock")
    }
    assert [p.name for p in cache.iterdir() if p.name.startswith(".")] == []


def test_a_changed_layer_is_a_new_atlas_and_the_others_are_linked(tmp_path: Path) -> None:
    pack, cache = write_small_pack(tmp_path / "pack"), tmp_path / "cache"
    old = publish(pack_folder=pack, cache=cache)
    write_layer(
        pack / "areas" / "grids.geojson",
        [area("A1a-1", "和平社区第1网格", "A1a", (114.0, 30.4, 114.1, 30.45))],
    )
    new = publish(pack_folder=pack, cache=cache)
    assert new != old
    assert open_atlas(old).chain_at(114.07, 30.42, on=TODAY)[-1].code == "A1a-2"
    assert open_atlas(new).chain_at(114.07, 30.42, on=TODAY)[-1].code == "A1a-1"
    shared = {p.name for p in old.glob("index-*")} & {p.name for p in new.glob("index-*")}
    assert len(shared) == 5
    name = min(shared)
    assert (old / name / "frame.json").samefile(new / name / "frame.json")


def _publish(folder: str, cache: str) -> None:
    publish(pack_folder=Path(folder), cache=Path(cache))


def test_two_processes_at_once(tmp_path: Path) -> None:
    pack, cache = write_small_pack(tmp_path / "pack"), tmp_path / "cache"
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_publish, args=(str(pack), str(cache))) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert len([p for p in cache.iterdir() if p.is_dir()]) == 1
    folder = publish(pack_folder=pack, cache=cache)
    assert open_atlas(folder).chain_at(114.02, 30.42, on=TODAY)[-1].code == "A1a-1"


def test_a_refused_pack_leaves_nothing_behind(tmp_path: Path) -> None:
    pack, cache = write_small_pack(tmp_path / "pack"), tmp_path / "cache"
    bowtie = shapely.Polygon([(114.0, 30.4), (114.1, 30.5), (114.1, 30.4), (114.0, 30.5)])
    write_layer(pack / "areas" / "grids.geojson", [({"code": "g", "name": "g", "parent": "A1a"}, bowtie)])
    with pytest.raises(UnableToReadLayer, match="invalid_polygon"):
        publish(pack_folder=pack, cache=cache)
    assert [p for p in cache.iterdir() if p.suffix != ".lock"] == []


def test_opening_and_locating_import_no_reader_of_area_files(tmp_path: Path) -> None:
    folder = publish(pack_folder=write_small_pack(tmp_path / "pack"), cache=tmp_path / "cache")
    program = f"""
import sys
from datetime import date
from pathlib import Path
from domain.place import ReportedPlace
from geo.publish import open_atlas
atlas = open_atlas(Path({str(folder)!r}))
on = date(2026, 11, 22)
assert atlas.locate(reported=ReportedPlace(lon=114.02, lat=30.42, address="甲区"), on=on).chain
assert atlas.locate(reported=ReportedPlace(lon=114.2905, lat=30.42), on=on).chain
heavy = {{"geopandas", "pandas", "pyproj", "pyogrio", "fiona"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, cwd=Path(__file__).parents[2])


def test_bulk_answers_like_single(tmp_path: Path) -> None:
    atlas = open_atlas(publish(pack_folder=write_small_pack(tmp_path / "pack"), cache=tmp_path / "cache"))
    points = np.random.default_rng(2).uniform([113.95, 30.35], [114.45, 30.65], (3000, 2))
    expected = [atlas.chain_at(*point, on=TODAY) for point in points.tolist()]
    assert atlas.codes_at(points[:, 0], points[:, 1], on=TODAY) == [
        c[-1].code if c else None for c in expected
    ]
    assert {len(chain) for chain in expected} == {0, 2, 3, 4, 5}


def test_look_ups_by_code_and_level(tmp_path: Path) -> None:
    atlas = open_atlas(publish(pack_folder=write_small_pack(tmp_path / "pack"), cache=tmp_path / "cache"))
    assert [ref.code for ref in atlas.chain("A1a-2", on=TODAY)] == ["C", "A", "A1", "A1a", "A1a-2"]
    assert atlas.chain("nowhere", on=TODAY) == ()
    assert atlas.chain("Z", on=TODAY) == ()
    assert [ref.code for ref in atlas.areas(on=TODAY, level=Level.STREET)] == ["A1", "A2", "B1"]
    assert len(list(atlas.areas(on=TODAY))) == 10


def test_without_parents_the_outlines_decide(tmp_path: Path) -> None:
    """A city with few layers, as open data has them: nested by geometry, and labels as overlays."""
    rng = np.random.default_rng(4)
    districts = random_coverage(rng, count=6, digits=None)
    wards = np.concatenate([random_coverage(rng, count=5, digits=None, within=shape) for shape in districts])
    labels = random_coverage(rng, count=9, digits=None)
    for name, shapes in (("districts", districts), ("wards", wards), ("labels", labels)):
        rows = [({"id": f"{name[0]}{n:02}"}, shape) for n, shape in enumerate(shapes)]
        write_layer(tmp_path / "pack" / "areas" / f"{name}.geojson", rows)
    entries = [
        ("layers", 'level = "district"', "districts"),
        ("layers", 'level = "grid"', "wards"),
        ("zones", 'kind = "police"', "labels"),
    ]
    text = 'code = "open"\nversion = "1"\n[city_area]\ncode = "X"\nname = "Open"\n' + "".join(
        f'[[{table}]]\n{what}\nfile = "areas/{file}.geojson"\ncode = "id"\ncrs = "EPSG:4326"\n'
        for table, what, file in entries
    )
    (tmp_path / "pack" / "city.toml").write_text(text, encoding="utf-8")
    atlas = open_atlas(publish(pack_folder=tmp_path / "pack", cache=tmp_path / "cache"))
    for lon, lat in rng.uniform([114.0, 30.4], [114.4, 30.7], (300, 2)).tolist():
        place = atlas.locate(reported=ReportedPlace(lon=lon, lat=lat), on=TODAY)
        point = shapely.Point(lon, lat)
        inside = {
            f"{k}{n:02}"
            for k, many in (("d", districts), ("w", wards))
            for n in np.flatnonzero(shapely.intersects(many, point))
        }
        assert [ref.code for ref in place.chain] == ["X", *sorted(inside)]
        assert [zone.code for zone in place.zones] == [
            f"l{n:02}" for n in np.flatnonzero(shapely.intersects(labels, point))
        ]
        assert {zone.kind for zone in place.zones} == {"police"}


def test_a_day_before_any_boundary(tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    write_layer(pack / "d.geojson", [area("A", "甲区", "C", (114.0, 30.4, 114.2, 30.6))])
    (pack / "city.toml").write_text(
        '[city_area]\ncode = "C"\nname = "市"\n[[layers]]\nlevel = "district"\nfile = "d.geojson"\n'
        'name = "name"\ncrs = "EPSG:4326"\nvalid_from_date = "2020-01-01"\nvalid_to_date = 2025-01-01\n',
        encoding="utf-8",
    )
    atlas = open_atlas(publish(pack_folder=pack, cache=tmp_path / "cache"))
    assert atlas.chain_at(114.1, 30.5, on=date(2020, 1, 1))[-1].code == "A"
    assert atlas.chain_at(114.1, 30.5, on=date(2024, 12, 31))[-1].code == "A"
    for day in (date(2019, 12, 31), date(2025, 1, 1)):
        with pytest.raises(UnableToLocateOnDay, match=day.isoformat()):
            atlas.chain_at(114.1, 30.5, on=day)


def test_opening_something_else(tmp_path: Path) -> None:
    with pytest.raises(UnableToOpenAtlas):
        open_atlas(tmp_path)
    (tmp_path / "atlas.json").write_text(json.dumps({"format": "atlas 0"}), encoding="utf-8")
    with pytest.raises(UnableToOpenAtlas, match="atlas 0"):
        open_atlas(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('crs = "EPSG:4326"\nsynthetic', "synthetic", "undeclared_crs"),
        ('level = "grid"', 'level = "block"', "unknown_level"),
        ("areas/grids", "areas/gone", "missing_file"),
        ('valid_from = "since"', 'valid_from = "name"', "wrong_date"),
        (
            'level = "street"\nfile = "areas/streets',
            'level = "street"\nfile = "areas/districts',
            "duplicate_code",
        ),
    ],
)
def test_what_cannot_be_relied_on_is_refused(tmp_path: Path, old: str, new: str, code: str) -> None:
    pack = write_small_pack(tmp_path / "pack")
    text = (pack / "city.toml").read_text(encoding="utf-8")
    assert old in text
    changed = text.replace(old, new, 1)
    if code == "duplicate_code":
        changed = changed.replace('valid_from = "since"\nvalid_to = "until"', "")
    (pack / "city.toml").write_text(changed, encoding="utf-8")
    with pytest.raises(UnableToReadLayer) as refusal:
        read_pack_areas(pack)
    assert refusal.value.problem.code == code
