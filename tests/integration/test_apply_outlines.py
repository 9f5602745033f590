"""``cityops apply`` puts changed outlines in place too, and only those the plan was made with."""

from pathlib import Path

import pytest

from boot.cli_plan import _content, _put_in_place
from boot.settings import Settings
from tests.geo_areas import area, write_layer
from tests.integration.store_samples import NOW
from tests.unit.small_pack import CITY, write
from usecases.plan_file import PlanFile, UnableToReadPlan

PARK = 'kind = "park"\nfile = "areas/zones.geojson"\ncode = "code"\nname = "name"\ncrs = "EPSG:4326"\n'
LAYERS = """
[[city_area]]
code = "1"
name = "小城"

[[layers]]
level = "district"
file = "areas/districts.geojson"
code = "code"
name = "name"
parent = "parent"
crs = "EPSG:4326"
"""


def outlined(folder: Path, *, east: float) -> Path:
    write(folder, **{"city.toml": CITY.replace('kind = "park"\n', PARK) + LAYERS})
    write_layer(folder / "areas" / "zones.geojson", [area("Z1", "公园", "1", (113.2, 30.2, 113.3, 30.3))])
    write_layer(folder / "areas" / "districts.geojson", [area("11", "东区", "1", (113.1, 30.1, east, 30.9))])
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", pack=outlined(tmp_path / "pack", east=113.8))


def plan_to(settings: Settings, new: Path) -> PlanFile:
    version, outlines = _content(settings, new)
    return PlanFile(
        version_from=_content(settings, settings.pack)[0], version_to=version, outlines=outlines,
        folder=str(new), generated_at=NOW, open=(), chosen=(),
    )  # fmt: skip


def test_outlines_alone_are_put_in_place_and_a_second_time_changes_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    new = outlined(tmp_path / "new", east=113.9)
    planned = plan_to(settings, new)
    assert planned.version_from == planned.version_to
    assert _content(settings, settings.pack) != (planned.version_to, planned.outlines)

    _put_in_place(settings, planned)
    assert _content(settings, settings.pack) == (planned.version_to, planned.outlines)
    kept = next((settings.data_dir / "packs").iterdir())
    assert _content(settings, kept)[1] != planned.outlines
    outlined(new, east=113.7)
    _put_in_place(settings, planned)
    assert _content(settings, settings.pack) == (planned.version_to, planned.outlines)


def test_outlines_that_changed_after_the_plan_are_not_put_in_place(
    settings: Settings, tmp_path: Path
) -> None:
    new = outlined(tmp_path / "new", east=113.9)
    planned = plan_to(settings, new)
    outlined(new, east=113.95)
    with pytest.raises(UnableToReadPlan, match="not as it was planned"):
        _put_in_place(settings, planned)
    (new / "areas" / "districts.geojson").write_text("{", encoding="utf-8")
    with pytest.raises(UnableToReadPlan, match="not as it was planned"):
        _put_in_place(settings, planned)
