"""Devices: which there are, what one said last, its service and its maintenance."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.account import Permission, Principal
from domain.device import ServiceState
from usecases import alarm_people, reading
from usecases.devices import DeviceFilter
from usecases.problems import BadRequest, ProblemCode
from web.guard import needs
from web.render import page
from web.shown import Shown
from web.state import service
from web.words import N_

router = APIRouter(prefix="/admin/devices")
Watcher = Annotated[Principal, Depends(needs(Permission.ALARMS))]
Text = Annotated[str, Query(max_length=100)]
Code = Annotated[str, Path(max_length=100)]
STATES = {
    ServiceState.IN_SERVICE: N_("in service"),
    ServiceState.OUT_OF_SERVICE: N_("out of service"),
    ServiceState.RETIRED: N_("retired"),
}


@router.get("")
def listed(
    request: Request,
    who: Watcher,
    *,
    source: Text = "",
    profile: Text = "",
    state: Annotated[Literal["", "in_service", "out_of_service", "retired"], Query()] = "",
    silent: Annotated[Literal["", "yes"], Query()] = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Show the devices in one's scope."""
    city = service(request).city
    where = DeviceFilter(
        source=source or None, profile=profile or None, service=state or None, silent=True if silent else None
    )
    found = reading.device_list(city=city, who=who, where=where, limit=50, cursor=cursor)
    asked = {"source": source, "profile": profile, "state": state, "silent": silent}
    return page(
        request, "admin/devices.html", found=found, asked=asked, profiles=city.pack.profiles, states=STATES
    )


@router.get("/{source}/{code}")
def shown(request: Request, who: Watcher, source: Code, code: Code) -> Response:
    """Show a device: where it stands, what it said last, its windows, what became of its alarms."""
    city = service(request).city
    found = reading.device(city=city, who=who, source=source, code=code)
    counted = reading.device_alarms(city=city, who=who, source=source, code=code)
    return page(
        request, "admin/device.html", found=found, device=found.row.device, counted=counted,
        profile=city.pack.profiles.get(found.row.device.profile), states=STATES,
    )  # fmt: skip


@router.post("/{source}/{code}/service")
def serve(
    request: Request,
    who: Watcher,
    source: Code,
    code: Code,
    *,
    state: Annotated[ServiceState, Form()],
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Put a device in or out of service."""
    alarm_people.serve(
        city=service(request).city, who=who, source=source, code=code, state=state, reason=reason
    )
    return RedirectResponse(f"/admin/devices/{source}/{code}", status_code=303)


@router.post("/{source}/{code}/windows")
def plan(
    request: Request,
    who: Watcher,
    source: Code,
    code: Code,
    *,
    begins: Annotated[str, Form(max_length=30)],
    ends: Annotated[str, Form(max_length=30)],
    reason: Annotated[str, Form(max_length=500)],
    gateway: Annotated[Literal["", "yes"], Form()] = "",
) -> Response:
    """Plan maintenance; times are the city's."""
    city = service(request).city
    zone = Shown(city=city, language="zh")
    alarm_people.plan_window(
        city=city, who=who, source=source, code=code, begins_at=_moment(begins, zone), ends_at=_moment(ends, zone),
        gateway=bool(gateway), reason=reason,
    )  # fmt: skip
    return RedirectResponse(f"/admin/devices/{source}/{code}", status_code=303)


@router.post("/{source}/{code}/windows/{number}/end")
def end(
    request: Request, who: Watcher, source: Code, code: Code, number: Annotated[int, Path(ge=1, lt=2**62)]
) -> Response:
    """End a window now, or drop one to come."""
    alarm_people.end_window(city=service(request).city, who=who, source=source, code=code, number=number)
    return RedirectResponse(f"/admin/devices/{source}/{code}", status_code=303)


def _moment(text: str, shown: Shown) -> datetime:
    """Read a time as a form's field gives it, in the city's zone. Raises BadRequest (invalid_parameter)."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=shown.zone)
    except ValueError as error:
        raise BadRequest(ProblemCode.INVALID_PARAMETER) from error
