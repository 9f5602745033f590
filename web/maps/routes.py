"""Places and map data for the pages: options of a search box, and GeoJSON for the map."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from domain.account import Principal
from domain.named_place import FoundPlace
from domain.place import AreaRef
from usecases.place_search import chain_at, search
from web.guard import anyone
from web.maps.words import KINDS, shown_chain, shown_name
from web.render import is_fragment, page
from web.state import service
from web.words import language_of, text

router = APIRouter(prefix="/maps")
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
    found = search(city=service(request).city, text=q, near=near, limit=limit)
    if not is_fragment(request):
        return JSONResponse([_place(place) for place in found])
    language = language_of(request, preferred=who.language)
    return page(
        request,
        "maps/places.html",
        found=found,
        kinds={kind: text(language, word) for kind, word in KINDS.items()},
        shown=partial(shown_name, language=language),
        chain_of=shown_chain,
    )


@router.get("/at")
def at(
    request: Request,
    _who: Anyone,
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
) -> Response:
    """Say which areas a point lies in, the city first; an empty chain outside the city."""
    chain = chain_at(city=service(request).city, lon=lon, lat=lat)
    return JSONResponse({"lon": lon, "lat": lat, "chain": _chain(chain)})


def _chain(chain: tuple[AreaRef, ...]) -> list[dict[str, object]]:
    return [{"level": int(area.level), "code": area.code, "name": area.name} for area in chain]


def _place(place: FoundPlace) -> dict[str, object]:
    return {
        "code": place.code,
        "kind": place.kind.value,
        "name_zh": place.name_zh,
        "name_en": place.name_en,
        "lon": place.lon,
        "lat": place.lat,
        "chain": _chain(place.chain),
        "score": place.score,
        "matched_by": place.matched_by.value,
        "matched": place.matched,
        "note": place.note,
        "approximate": place.approximate,
    }
