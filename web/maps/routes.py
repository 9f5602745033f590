"""Places and map data for the pages: options of a search box, and GeoJSON for the map."""

from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from domain.account import Permission, Principal
from domain.case_points import CasePoints
from domain.named_place import FoundPlace
from domain.org import AreaTable
from domain.place import AreaRef, Level
from domain.views import CaseFilter
from usecases.map_data import MapFile, area_drawing, area_file, case_points, road_file
from usecases.place_search import chain_at, search
from usecases.problems import BadRequest, ProblemCode
from web.guard import anyone, needs
from web.maps.words import KINDS, area_name, shown_chain, shown_name
from web.render import is_fragment, page
from web.state import service
from web.words import language_of, text

router = APIRouter(prefix="/maps")
GEOJSON = "application/geo+json"
LevelName = Literal["city", "district", "street", "community", "grid"]
Box = Annotated[str | None, Query(pattern=r"^-?[0-9.]{1,12}(,-?[0-9.]{1,12}){3}$")]
Codes = Annotated[list[str] | None, Query(max_length=40)]
Anyone = Annotated[Principal, Depends(anyone)]
Lon = Annotated[float | None, Query(ge=-180, le=180, allow_inf_nan=False)]
Lat = Annotated[float | None, Query(ge=-90, le=90, allow_inf_nan=False)]


@router.get("/places")
def places(
    request: Request,
    who: Anyone,
    *,
    q: Annotated[str, Query(max_length=4_000)] = "",
    lon: Lon = None,
    lat: Lat = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> Response:
    """Propose places for what was typed: options for a combobox, or JSON for whoever asks for it.

    ``lon`` and ``lat`` are where the map is; what is nearer comes first.
    """
    near = None if lon is None or lat is None else (lon, lat)
    city = service(request).city
    found = search(city=city, text=q, near=near, limit=limit)
    if not is_fragment(request):
        return JSONResponse([_place(place, city.pack.areas) for place in found])
    language = language_of(request, preferred=who.language)
    return page(
        request,
        "maps/places.html",
        found=found,
        kinds={kind: text(language, word) for kind, word in KINDS.items()},
        shown=partial(shown_name, language=language),
        chain_of=partial(shown_chain, areas=city.pack.areas, language=language),
    )


@router.get("/at")
def at(
    request: Request,
    _who: Anyone,
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
) -> Response:
    """Say which areas a point lies in, the city first; an empty chain outside the city."""
    city = service(request).city
    chain = chain_at(city=city, lon=lon, lat=lat)
    return JSONResponse({"lon": lon, "lat": lat, "chain": _chain(chain, city.pack.areas)})


@router.get("/areas/{level}.geojson")
def areas(
    request: Request,
    _who: Anyone,
    level: LevelName,
    within: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """Draw the areas of a level; communities and grids only within an area. A browser keeps them until they change."""
    found = area_file(city=service(request).city, level=Level[level.upper()], within=within)
    return _kept(request, found)


@router.get("/roads.geojson")
def roads(request: Request, _who: Anyone) -> Response:
    """Draw the streets the city's pack knows. A browser keeps them until they change."""
    return _kept(request, road_file(city=service(request).city))


def _kept(request: Request, found: MapFile) -> Response:
    headers = {"ETag": found.etag, "Cache-Control": "private, no-cache"}
    # An answer that was packed on its way may come back with a weak tag.
    known = request.headers.get("if-none-match", "").removeprefix("W/")
    if known == found.etag:
        return Response(status_code=304, headers=headers)
    return Response(found.body, media_type=GEOJSON, headers=headers)


@router.get("/cases.geojson")
def cases(
    request: Request,
    who: Annotated[Principal, Depends(needs(Permission.SEE_CASES))],
    *,
    status: Codes = None,
    owner: Codes = None,
    category: Codes = None,
    severity: Annotated[list[int] | None, Query(max_length=4)] = None,
    district: str | None = None,
    street: str | None = None,
    overdue: bool = False,
    box: Box = None,
) -> Response:
    """Draw the cases in somebody's scope: points, or clusters of them beyond 5,000.

    ``box`` is west,south,east,north in WGS-84 degrees.
    """
    city = service(request).city
    where = CaseFilter(
        status=tuple(status or ()),
        owners=tuple(owner or ()),
        categories=tuple(category or ()),
        severities=tuple(severity or ()),
        district=district,
        street=street,
        overdue_at=city.now() if overdue else None,
        box=_box(box),
    )
    found = case_points(city=city, who=who, where=where)
    return JSONResponse(_collection(found), media_type=GEOJSON)


@router.get("/areas/{level}.svg")
def drawing(
    request: Request,
    _who: Anyone,
    level: Literal["district", "street"],
    within: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """Draw the areas as a picture by itself: for print and for browsers without WebGL."""
    found = area_drawing(city=service(request).city, level=Level[level.upper()], within=within)
    answer = page(request, "maps/areas.svg", drawing=found)
    return Response(answer.body, media_type="image/svg+xml")


@router.get("/components")
def components(
    request: Request, who: Anyone, place_text: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Show the map, the place field and the picture of areas: for whoever writes pages."""
    city = service(request).city
    drawing = area_drawing(city=city)
    # Bands from the order of the areas: an example says nothing about a real district.
    values = {area.code: {"value": n, "text": str(n), "band": n % 6} for n, area in enumerate(drawing.areas)}
    west, south, east, north = city.pack.city.bbox
    return page(
        request,
        "maps/components.html",
        drawing=drawing,
        values=values,
        typed=place_text,
        sees_cases=who.may(Permission.SEE_CASES),
        middle=((west + east) / 2, (south + north) / 2),
    )


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        west, south, east, north = (float(side) for side in text.split(","))
    except ValueError:
        raise BadRequest(ProblemCode.INVALID_PARAMETER) from None
    return west, south, east, north


def _collection(found: CasePoints) -> dict[str, object]:
    features = [
        _point(
            one.lon, one.lat, no=one.case_no, severity=one.severity, status=one.status, late=one.late, count=1
        )
        for one in found.points
    ]
    features += [_point(one.lon, one.lat, severity=one.severity, count=one.count) for one in found.clusters]
    return {"type": "FeatureCollection", "features": features}


def _point(lon: float, lat: float, **properties: object) -> dict[str, object]:
    at = [round(lon, 6), round(lat, 6)]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": at}}


def _chain(chain: tuple[AreaRef, ...], areas: AreaTable) -> list[dict[str, object]]:
    return [
        {
            "level": int(area.level),
            "code": area.code,
            "name": area.name,
            "name_en": area_name(area, areas=areas, language="en"),
        }
        for area in chain
    ]


def _place(place: FoundPlace, areas: AreaTable) -> dict[str, object]:
    return {
        "code": place.code,
        "kind": place.kind.value,
        "name_zh": place.name_zh,
        "name_en": place.name_en,
        "lon": place.lon,
        "lat": place.lat,
        "chain": _chain(place.chain, areas),
        "score": place.score,
        "matched_by": place.matched_by.value,
        "matched": place.matched,
        "note": place.note,
        "approximate": place.approximate,
    }
