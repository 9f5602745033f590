"""What a map shows: outlines of areas, drawings of them without WebGL, and cases as points."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from domain.account import Permission, Principal
from domain.case_points import CasePoints
from domain.pack import CityPack
from domain.place import Level
from domain.views import CaseFilter
from geo.atlas import UnableToLocateOnDay
from geo.editions import Edition
from geo.outlines import Drawing, drawings, feature_collection, outlines, road_collection
from usecases.city import City
from usecases.permits import scope_of
from usecases.problems import BadRequest, ProblemCode

MOST_POINTS = 5_000
"""Cases drawn singly; more of them come as clusters."""
MOST_OUTLINES = 4_000
_WHOLE = frozenset({Level.CITY, Level.DISTRICT, Level.STREET})
"""Levels that are shown for the whole city; finer ones within an area only."""
Made = TypeVar("Made")


@dataclass(frozen=True, kw_only=True, slots=True)
class MapFile:
    """GeoJSON as it is sent, and the tag that changes with it."""

    body: bytes
    etag: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MapDrawing:
    """Areas as SVG paths in a frame of ``width`` by ``height``."""

    areas: tuple[Drawing, ...]
    width: float
    height: float


def area_file(*, city: City, level: Level, within: str | None = None) -> MapFile:
    """Return the outlines of a level as GeoJSON, simplified for screens.

    Communities and grids only ``within`` an area of their chain. Raises BadRequest
    (unknown_area for an area there is not, or for a level too fine for what was asked).
    """
    pack = city.pack
    if within is None and level not in _WHOLE:
        raise BadRequest(ProblemCode.UNKNOWN_AREA, area="-")
    if within is not None and pack.areas.get(within) is None:
        raise BadRequest(ProblemCode.UNKNOWN_AREA, area=within)
    return _drawn(
        city, ("file", level, within), lambda edition: _file(pack, edition, level, within), otherwise=_EMPTY
    )


def road_file(*, city: City) -> MapFile:
    """Return the streets of the pack as GeoJSON lines with their names, for people to find their way by."""
    pack = city.pack
    return _drawn(city, ("roads",), lambda _: _roads(pack), otherwise=_EMPTY)


def area_drawing(*, city: City, level: Level = Level.DISTRICT, within: str | None = None) -> MapDrawing:
    """Return the areas of a level as SVG paths, for print and where there is no WebGL."""
    return _drawn(
        city, ("svg", level, within), lambda edition: _drawing(edition, level, within), otherwise=_NO_DRAWING
    )


def case_points(*, city: City, who: Principal, where: CaseFilter) -> CasePoints:
    """Return the cases of a filter in somebody's scope as points, or as clusters beyond 5,000.

    Raises BadRequest (not_permitted).
    """
    scope = scope_of(city=city, who=who, permission=Permission.SEE_CASES)
    return city.store.case_points(where=replace(where, scope=scope), now=city.now(), most=MOST_POINTS)


def _file(pack: CityPack, edition: Edition, level: Level, within: str | None) -> MapFile:
    english = {area.code: area.name_en for area in pack.areas.at(level)}
    found = outlines(edition=edition, level=level, within=within)[:MOST_OUTLINES]
    return _packed(feature_collection(found, english=english))


def _roads(pack: CityPack) -> MapFile:
    return _packed(road_collection(pack.places))


def _packed(collection: dict[str, object]) -> MapFile:
    body = json.dumps(collection, ensure_ascii=False, separators=(",", ":")).encode()
    return MapFile(body=body, etag=f'"{hashlib.sha256(body).hexdigest()[:20]}"')


def _drawing(edition: Edition, level: Level, within: str | None) -> MapDrawing:
    areas, width, height = drawings(outlines(edition=edition, level=level, within=within))
    return MapDrawing(areas=areas, width=width, height=height)


_EMPTY = MapFile(body=b'{"type":"FeatureCollection","features":[]}', etag='"empty"')
_NO_DRAWING = MapDrawing(areas=(), width=1000.0, height=1000.0)


def _drawn(city: City, what: object, draw: Callable[[Edition], Made], *, otherwise: Made) -> Made:
    """Return what is drawn of today's boundaries, made once."""
    try:
        edition = city.grounds.atlas.edition(_today(city))
    except UnableToLocateOnDay:
        return otherwise
    return city.grounds.places.drawn(edition, what, draw=lambda: draw(edition))


def _today(city: City) -> date:
    return city.now().astimezone(ZoneInfo(city.pack.city.timezone)).date()
