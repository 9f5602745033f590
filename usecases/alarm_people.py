"""People at alarms and devices: what somebody sees of them and does with them, by their posts.

``usecases.reading`` says what is in scope; here a person's act becomes that of the fitting post.
"""

from datetime import datetime

from domain.account import Permission, Principal
from domain.alarm import Alarm
from domain.device import MaintenanceWindow, ServiceState
from usecases import alarm_desk, devices, reading
from usecases.alarm_desk import MAY, Deed
from usecases.city import City
from usecases.devices import MANAGERS, DeviceDetail
from usecases.staff import actor_with


def assess(*, city: City, who: Principal, alarm_no: str, deed: Deed, request_id: str) -> Alarm:
    """Say somebody's word to an alarm in their scope. Raises BadRequest, CommandRefused."""
    found = reading.alarm(city=city, who=who, alarm_no=alarm_no).alarm
    units = (found.unit,) if found.unit else ()
    actor = actor_with(who=who, permission=Permission.ALARMS, roles=MAY[type(deed)], units=units)
    return alarm_desk.act(city=city, alarm_no=alarm_no, deed=deed, actor=actor, request_id=request_id)


def serve(
    *, city: City, who: Principal, source: str, code: str, state: ServiceState, reason: str
) -> DeviceDetail:
    """Put a device in somebody's scope in or out of service. Raises BadRequest, CommandRefused."""
    reading.device(city=city, who=who, source=source, code=code)
    actor = actor_with(who=who, permission=Permission.ALARMS, roles=MANAGERS)
    return devices.serve(city=city, source=source, code=code, state=state, reason=reason, actor=actor)


def plan_window(
    *,
    city: City,
    who: Principal,
    source: str,
    code: str,
    begins_at: datetime,
    ends_at: datetime,
    gateway: bool,
    reason: str,
) -> MaintenanceWindow:
    """Plan maintenance of a device in somebody's scope. Raises BadRequest, CommandRefused."""
    reading.device(city=city, who=who, source=source, code=code)
    actor = actor_with(who=who, permission=Permission.ALARMS, roles=MANAGERS)
    return devices.add_window(
        city=city, source=source, code=code, begins_at=begins_at, ends_at=ends_at, gateway=gateway, reason=reason,
        actor=actor,
    )  # fmt: skip


def end_window(*, city: City, who: Principal, source: str, code: str, number: int) -> MaintenanceWindow:
    """End a window of a device in somebody's scope, or drop it. Raises BadRequest, CommandRefused."""
    reading.device(city=city, who=who, source=source, code=code)
    actor = actor_with(who=who, permission=Permission.ALARMS, roles=MANAGERS)
    return devices.end_window(city=city, source=source, code=code, number=number, actor=actor)
