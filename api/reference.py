"""What a client needs to know of the city: categories, channels, units, a unit's inbox."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from api.actors import reader_of
from api.answers import MessagesOut, answers, refusals
from api.doors import PUBLIC, SIGNED_IN, needs
from api.plain import plain
from api.state import service
from domain.account import Permission
from usecases import reading
from usecases.problems import BadRequest, ProblemCode

router = APIRouter(prefix="/api/v1", tags=["reference"])


@router.get("/city", dependencies=[Depends(PUBLIC)])
def get_city(request: Request) -> dict[str, Any]:
    """Return the city's names, channels and the version of its pack."""
    pack = service(request).city.pack
    return {
        "city": plain(pack.city),
        "channels": [plain(channel) for channel in pack.channels.values()],
        "version": pack.version,
        "now": service(request).city.now().isoformat(),
    }


@router.get("/categories", dependencies=[Depends(PUBLIC)])
def get_categories(request: Request) -> list[dict[str, Any]]:
    """Return the catalogue with its filing conditions and limits."""
    return [plain(category) for category in service(request).city.pack.catalogue.values()]


@router.get("/units/{code}", dependencies=[Depends(SIGNED_IN)], responses=refusals(401, 403, 404))
def get_unit(request: Request, code: str) -> dict[str, Any]:
    """Return a unit of the organisation tree, without its contacts."""
    unit = service(request).city.pack.tree.find(code)
    if unit is None:
        raise BadRequest(ProblemCode.UNIT_NOT_FOUND, unit=code[:60])
    body = plain(unit)
    body.pop("contacts")
    return body


@router.get(
    "/units/{code}/messages",
    dependencies=[Depends(needs(Permission.SEE_CASES))],
    responses=answers(MessagesOut, 401, 403, 404, 422),
)
def get_messages(
    request: Request,
    code: str,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> dict[str, Any]:
    """Return one's own unit's in-app inbox, newest first."""
    who = reader_of(request)
    found = reading.messages(city=service(request).city, who=who, unit=code, limit=limit, cursor=cursor)
    return plain(found)
