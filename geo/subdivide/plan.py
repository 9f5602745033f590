"""What to subdivide: the specification beside the target and the sources' rows, as data."""

import csv
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

import shapely
from shapely.geometry import shape

_SPEC = "subdivide.toml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Zone:
    """A functional zone. ``anchor`` is the lon/lat its streets are drawn around."""

    code: str
    name: str
    name_en: str
    source_name: str
    anchor: tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Street:
    """A street with its communities as (code, name), in code order."""

    code: str
    name: str
    name_en: str
    zone: Zone | None
    communities: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class District:
    """A district with its real outline (WGS-84 degrees) and its streets in code order."""

    code: str
    name: str
    name_en: str
    outline: shapely.Geometry
    streets: tuple[Street, ...]

    @property
    def communities(self) -> int:
        """Number of communities in all streets."""
        return sum(len(street.communities) for street in self.streets)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A whole city to subdivide into about ``grids`` grids."""

    city: tuple[str, str, str]
    grids: int
    seed: str
    notice: str
    districts: tuple[District, ...]
    zones: tuple[Zone, ...]


def read_plan(*, source: Path, target: Path) -> Plan:
    """Read ``target/subdivide.toml`` and the files it names in ``source``.

    OSError when a file is missing, KeyError when a column or entry is.
    """
    spec = tomllib.loads((target / _SPEC).read_text("utf-8"))
    english = spec["english"]
    zones = tuple(Zone(**{**zone, "anchor": tuple(zone["anchor"])}) for zone in spec["zones"])
    by_source = {zone.source_name: zone for zone in zones}
    communities: dict[str, list[tuple[str, str]]] = {}
    for row in _rows(source / spec["communities"]):
        communities.setdefault(row["street_code12"], []).append((row["code12"], row["name"]))
    streets: dict[str, list[Street]] = {}
    for row in _rows(source / spec["streets"]):
        street = Street(
            code=row["code12"],
            name=row["name"],
            name_en=english.get(row["code12"], ""),
            zone=by_source[row["functional_zone_inferred"]] if row["functional_zone_inferred"] else None,
            communities=tuple(sorted(communities[row["code12"]])),
        )
        streets.setdefault(row["district_code"], []).append(street)
    city = spec["city"]
    return Plan(
        city=(city["code"], city["name"], city["name_en"]),
        grids=spec["grids"],
        seed=spec["seed"],
        notice=spec["notice"],
        districts=_districts(source / spec["districts"], streets, english),
        zones=zones,
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _districts(path: Path, streets: dict[str, list[Street]], english: dict[str, str]) -> tuple[District, ...]:
    features = json.loads(path.read_text("utf-8"))["features"]
    found = [
        District(
            code=feature["properties"]["code"],
            name=feature["properties"]["name"],
            name_en=english.get(feature["properties"]["code"], ""),
            outline=shape(feature["geometry"]),
            streets=tuple(sorted(streets[feature["properties"]["code"]], key=lambda street: street.code)),
        )
        for feature in features
    ]
    return tuple(sorted(found, key=lambda district: district.code))
