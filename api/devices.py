"""The device registry: list, one device with what is remembered of it, register, service state, maintenance windows."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request

from api.actors import actor_of, reader_of
from api.answers import answers
from api.device_schemas import (
    DeviceDetailOut,
    DeviceIn,
    DevicePageOut,
    DeviceQuery,
    ServiceIn,
    WindowIn,
    WindowOut,
)
from api.doors import needs, who_asks
from api.instruction_schemas import Code
from api.media import json_only
from api.plain import plain
from api.state import service
from domain.account import Permission
from domain.actor import Actor
from domain.pack import CityPack
from usecases import devices, reading
from usecases.devices import DeviceDetail, DeviceRow

router = APIRouter(prefix="/api/v1/devices", tags=["devices"])

Source = Annotated[Code, Path(description="the source that speaks for it")]
DeviceCode = Annotated[Code, Path(description="its code there; may hold slashes")]
SEEN = Depends(needs(Permission.ALARMS))
MANAGED = Depends(needs(Permission.ALARMS, *devices.MANAGERS))
_CHANGES = answers(DeviceDetailOut, 400, 401, 403, 404, 409, 413, 415, 422, 503)


@router.get("", dependencies=[SEEN], responses=answers(DevicePageOut, 401, 403, 422, 503))
def get_devices(request: Request, query: Annotated[DeviceQuery, Query()]) -> dict[str, Any]:
    """List devices by source and code."""
    who = reader_of(request)
    city = service(request).city
    page = reading.device_list(
        city=city, who=who, where=query.where(), limit=query.limit, cursor=query.cursor
    )
    return {"devices": [_device(city.pack, row) for row in page.devices], "next_cursor": page.next_cursor}


# A device's code may hold slashes, so the longer paths come first.
@router.put("/{source}/{code:path}/service", dependencies=[MANAGED, Depends(json_only)], responses=_CHANGES)
def put_service(request: Request, source: Source, code: DeviceCode, body: ServiceIn) -> dict[str, Any]:
    """Put a device in or out of service; for supervisors and dispatchers."""
    city = service(request).city
    actor = _manager(request, source, code)
    found = devices.serve(
        city=city, source=source, code=code, state=body.service, reason=body.reason, actor=actor
    )
    return _detail(city.pack, found)


@router.post(
    "/{source}/{code:path}/windows",
    status_code=201,
    dependencies=[MANAGED, Depends(json_only)],
    response_model=WindowOut,
    responses={
        status: words
        for status, words in answers(WindowOut, 400, 401, 403, 404, 413, 415, 422, 503).items()
        if status != 200
    },
)
def post_window(request: Request, source: Source, code: DeviceCode, body: WindowIn) -> dict[str, Any]:
    """Plan maintenance, or note what has begun; for supervisors and dispatchers."""
    actor = _manager(request, source, code)
    made = devices.add_window(
        city=service(request).city,
        source=source,
        code=code,
        begins_at=body.begins_at,
        ends_at=body.ends_at,
        gateway=body.gateway,
        reason=body.reason,
        actor=actor,
    )
    return plain(made)


@router.delete(
    "/{source}/{code:path}/windows/{number}",
    dependencies=[MANAGED],
    responses=answers(WindowOut, 401, 403, 404, 409, 422, 503),
)
def delete_window(
    request: Request, source: Source, code: DeviceCode, number: Annotated[int, Path(ge=1, lt=2**62)]
) -> dict[str, Any]:
    """End a maintenance window now, or drop one to come; it stays on record as it was kept."""
    actor = _manager(request, source, code)
    ended = devices.end_window(
        city=service(request).city, source=source, code=code, number=number, actor=actor
    )
    return plain(ended)


@router.get(
    "/{source}/{code:path}",
    dependencies=[SEEN],
    responses=answers(DeviceDetailOut, 401, 403, 404, 422, 503),
)
def get_device(request: Request, source: Source, code: DeviceCode) -> dict[str, Any]:
    """Return a device, what is remembered of it between readings, and its maintenance windows."""
    who = reader_of(request)
    city = service(request).city
    return _detail(city.pack, reading.device(city=city, who=who, source=source, code=code))


@router.put("/{source}/{code:path}", dependencies=[MANAGED, Depends(json_only)], responses=_CHANGES)
def put_device(request: Request, source: Source, code: DeviceCode, body: DeviceIn) -> dict[str, Any]:
    """Register a device or change it; for supervisors and dispatchers. Its memory and service state stay."""
    city = service(request).city
    ask = body.ask(source=source, code=code)
    actor, who = actor_of(request), who_asks(request)
    reading.may_register(city=city, who=who, ask=ask)
    return _detail(city.pack, devices.put(city=city, ask=ask, actor=actor))


def _manager(request: Request, source: str, code: str) -> Actor:
    """Return who changes a device, which must be in their reach. Raises BadRequest and CommandRefused."""
    actor, who = actor_of(request), who_asks(request)
    if who is not None:
        reading.device(city=service(request).city, who=who, source=source, code=code)
    return actor


def _detail(pack: CityPack, found: DeviceDetail) -> dict[str, Any]:
    return {**_device(pack, found.row), "windows": [plain(one) for one in found.windows]}


def _device(pack: CityPack, row: DeviceRow) -> dict[str, Any]:
    body = plain(row.device)
    profile = pack.profiles.get(row.device.profile)
    body["areas"] = dict(body.pop("chain"))
    body["category"] = "" if profile is None else profile.category
    body["hazard"] = "" if profile is None else profile.hazard
    body["own_limits"] = bool(row.device.limits)
    limits = row.device.limits if profile is None else row.device.limits_by(profile)
    body["limits"] = [plain(limit) for limit in limits]
    body["watch"] = plain(row.watch)
    body["silent_at"] = row.silent_at
    body["changed_at"] = row.changed_at
    return body
