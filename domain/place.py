"""Where something is: the five-level area chain and what is known about how it was found.

Levels follow 五级联动 (city 市 – district 区 – street 街道 – community 社区 – grid 网格).
Area codes are opaque strings with a scheme of the city's choice; nothing may parse them
(a functional zone's streets keep a district's code prefix, so a prefix lies).
"""

import math
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

EARTH_M = 6_371_008.8
"""The earth's mean radius in metres."""


class Level(IntEnum):
    """Administrative level, 1 = city (top) … 5 = grid (base)."""

    CITY = 1
    DISTRICT = 2
    STREET = 3
    COMMUNITY = 4
    GRID = 5

    def up(self) -> "Level | None":
        """Return the next higher level, or None at the city."""
        return Level(self - 1) if self > Level.CITY else None


class Crs(StrEnum):
    """Coordinate systems a channel may declare. All but the first are converted to it.

    CGCS2000 differs from WGS-84 by less than a metre and is taken as equal, but recorded.
    """

    WGS84 = "WGS84"
    CGCS2000 = "CGCS2000"
    GCJ02 = "GCJ02"
    BD09 = "BD09"


class LocateMethod(StrEnum):
    """How the chain of a place was found, best first."""

    EXACT = "exact"
    BORDER = "border"
    NEAREST = "nearest"
    ADDRESS = "address"
    MANUAL = "manual"
    NONE = "none"


class PlaceFlag(StrEnum):
    """What a dispatcher must know about the quality of a place."""

    SWAPPED_AXES = "swapped_axes"
    NEAR_BORDER = "near_border"
    PLACEHOLDER_POINT = "placeholder_point"
    OUTSIDE_CITY = "outside_city"
    NOT_DEGREES = "not_degrees"
    NO_POINT = "no_point"
    AMBIGUOUS_ADDRESS = "ambiguous_address"
    ADDRESS_DISAGREES = "address_disagrees"
    SYNTHETIC_AREAS = "synthetic_areas"


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaRef:
    """One area of the chain: its level, opaque code and name in the city's first language."""

    level: Level
    code: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneRef:
    """An overlay that contains the point, for example a functional zone (功能区).

    ``kind`` names the layer ("functional_zone"); ``precedence`` orders overlays,
    higher wins.
    """

    kind: str
    code: str
    name: str
    precedence: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportedPlace:
    """What a reporter or sensor said about the place, before anything was looked up.

    ``lon``/``lat`` are degrees in ``crs``; ``accuracy_m`` is the device's own radius in
    metres; ``area_code`` is an area the operator chose by hand (any level); ``radius_m`` how far
    around the point the event itself reaches, in metres.
    """

    lon: float | None = None
    lat: float | None = None
    crs: Crs = Crs.WGS84
    accuracy_m: float | None = None
    address: str | None = None
    area_code: str | None = None
    radius_m: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A located place. ``chain`` runs from the city down to the level that is certain.

    ``lon``/``lat`` are WGS-84 degrees or None; ``border_m`` is the distance in metres to
    the nearest border of the finest area found (None when not computed);
    ``alternates`` are areas of the finest level that are equally possible.
    An empty chain means the place could not be located: such a case goes to triage.
    """

    chain: tuple[AreaRef, ...] = ()
    lon: float | None = None
    lat: float | None = None
    method: LocateMethod = LocateMethod.NONE
    border_m: float | None = None
    alternates: tuple[AreaRef, ...] = ()
    zones: tuple[ZoneRef, ...] = ()
    flags: tuple[PlaceFlag, ...] = ()
    source_crs: Crs = Crs.WGS84
    boundary_version: str = ""
    address: str | None = None
    notes: tuple[str, ...] = field(default=())

    def area(self, level: Level) -> AreaRef | None:
        """Return the area of this level, or None when the chain does not reach it."""
        return next((ref for ref in self.chain if ref.level == level), None)

    @property
    def finest(self) -> AreaRef | None:
        """Return the lowest area that is certain, or None when nothing is."""
        return max(self.chain, key=lambda ref: ref.level, default=None)


def metres_between(*, lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Return the great-circle distance of two WGS-84 points in metres (haversine)."""
    here, there = math.radians(lat), math.radians(other_lat)
    half = (
        math.sin((there - here) / 2) ** 2
        + math.cos(here) * math.cos(there) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    )
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(half)))
