"""Write a drawn city: one file per layer, the zones, and the plain list of all areas."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from geo.subdivide.cells import Geometries
from geo.subdivide.coverage import dissolve
from geo.subdivide.draw import DrawnGrid
from geo.subdivide.plan import Plan, Street

_FIELDS = ("level", "code", "name", "name_en", "parent", "zone")
_STAMP = "2026-01-01T00:00:00Z"


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaRow:
    """One line of ``areas.csv``."""

    level: str
    code: str
    name: str
    name_en: str
    parent: str
    zone: str = ""


def write_city(*, plan: Plan, grids: list[DrawnGrid], shapes: Geometries, target: Path) -> None:
    """Write every layer of the plan below ``target``; ``shapes[i]`` is the outline of ``grids[i]``."""
    rows = list(area_rows(plan=plan, grids=grids))
    _write_list(rows, target / "areas.csv")
    outlines = {
        "grid": {grid.code: shape for grid, shape in zip(grids, shapes, strict=True)},
        "community": dissolve(cells=shapes, labels=[grid.community for grid in grids]),
        "street": dissolve(cells=shapes, labels=[grid.street for grid in grids]),
        "district": dissolve(cells=shapes, labels=[grid.district for grid in grids]),
    }
    suffix = {"grid": "grids.gpkg", "community": "communities.gpkg"}
    for level, by_code in outlines.items():
        own = [row for row in rows if row.level == level]
        name = suffix.get(level, f"{level}s.geojson")
        _write_layer(own, [by_code[row.code] for row in own], target / name, plan)
    zone_of = {street.code: street.zone.code for street in _streets(plan) if street.zone}
    inside = np.array([grid.street in zone_of for grid in grids])
    zones = dissolve(
        cells=shapes[inside], labels=[zone_of[grid.street] for grid in grids if grid.street in zone_of]
    )
    own = [row for row in rows if row.level == "zone"]
    _write_layer(own, [zones[row.code] for row in own], target / "zones.geojson", plan)


def area_rows(*, plan: Plan, grids: list[DrawnGrid]) -> Iterator[AreaRow]:
    """Yield every area from the city down, parents before children, then the zones."""
    code, name, name_en = plan.city
    yield AreaRow(level="city", code=code, name=name, name_en=name_en, parent="")
    for each in plan.districts:
        yield AreaRow(level="district", code=each.code, name=each.name, name_en=each.name_en, parent=code)
    names: dict[str, tuple[str, str]] = {}
    for district in plan.districts:
        for street in district.streets:
            yield AreaRow(
                level="street",
                code=street.code,
                name=street.name,
                name_en=street.name_en,
                parent=district.code,
                zone=_zone(street),
            )
    for street in _streets(plan):
        for own, title in street.communities:
            names[own] = (title, _zone(street))
            yield AreaRow(
                level="community", code=own, name=title, name_en="", parent=street.code, zone=_zone(street)
            )
    for grid in grids:
        title, zone = names[grid.community]
        yield AreaRow(
            level="grid",
            code=grid.code,
            name=f"{title}第{grid.number}网格",
            name_en="",
            parent=grid.community,
            zone=zone,
        )
    for one in plan.zones:
        yield AreaRow(level="zone", code=one.code, name=one.name, name_en=one.name_en, parent=code)


def _streets(plan: Plan) -> Iterator[Street]:
    for district in plan.districts:
        yield from district.streets


def _zone(street: Street) -> str:
    return street.zone.code if street.zone else ""


def _write_list(rows: list[AreaRow], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines, lineterminator="\n")
        table.writerow(_FIELDS)
        table.writerows([getattr(row, field) for field in _FIELDS] for row in rows)


def _write_layer(rows: list[AreaRow], shapes: list[shapely.Geometry], path: Path, plan: Plan) -> None:
    """Write code, name, parent and the synthetic mark; GeoPackage where GeoJSON would be heavy."""
    import geopandas
    import pyogrio

    frame = geopandas.GeoDataFrame(
        {
            "code": [row.code for row in rows],
            "name": [row.name for row in rows],
            "parent": [row.parent for row in rows],
            "synthetic": path.stem != "districts",
        },
        geometry=shapes,
        crs="EPSG:4326",
    )
    path.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _STAMP})
    if path.suffix == ".gpkg":
        frame.to_file(path, driver="GPKG", SPATIAL_INDEX="NO", DESCRIPTION=plan.notice)
    else:
        frame.to_file(path, driver="GeoJSON", COORDINATE_PRECISION=6, RFC7946=True, DESCRIPTION=plan.notice)
