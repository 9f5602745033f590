"""The device registry: who stands where and means what, in service or not, and when it is being worked on.

A device is located once, when it is registered; ``relocate`` does it again after the outlines
have changed. What readings made of a device is the store's memory and stays through all this.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.actor import Actor, Role
from domain.device import AlarmLimit, Device, MaintenanceWindow, ServiceState
from domain.errors import CommandRefused, RefusalCode
from domain.pack import CityPack
from domain.place import Crs, PlaceFlag, ReportedPlace
from geo.atlas import Atlas, UnableToLocateOnDay
from store.devices import LOCATED
from store.engine import Store
from store.filters import UnableToReadCursor
from store.pack.devices import limit_faults
from store.rows_devices import DeviceFilter, DeviceKey, DevicePage, DeviceRow, Registered
from usecases import signals
from usecases.city import City, Grounds
from usecases.problems import BadRequest, Finding, ProblemCode
from usecases.texts import check_values

__all__ = [
    "DeviceDetail",
    "DeviceFilter",
    "DeviceRow",
    "NewDevice",
    "add_window",
    "detail",
    "end_window",
    "listed",
]
__all__ += ["locate", "located", "put", "register", "relocate", "serve"]

MANAGERS = (Role.SUPERVISOR, Role.DISPATCHER)
MOST = {"reason": 500}
MOST_OTHERWISE = 100
LONGEST_WINDOW = timedelta(days=92)
EARLIEST = timedelta(days=1)
"""How long ago work may have begun whose window is only entered now."""
FURTHEST = timedelta(days=366)
AT_ONCE = 500

_TEXTS = ("source", "code", "profile", "name_zh", "name_en", "asset", "unit", "gateway", "model")
_NO_PLACE = (PlaceFlag.OUTSIDE_CITY, PlaceFlag.NOT_DEGREES, PlaceFlag.NO_POINT, PlaceFlag.SWAPPED_AXES)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewDevice:
    """A device as somebody registers it. ``place`` holds lon, lat and their CRS.

    ``limits`` None keeps what a known device has of its own; an empty tuple means those of its
    profile. ``heartbeat`` None is the profile's, zero never.
    """

    source: str
    code: str
    profile: str
    name_zh: str = ""
    name_en: str = ""
    asset: str = ""
    unit: str = ""
    gateway: str = ""
    place: ReportedPlace
    limits: tuple[AlarmLimit, ...] | None = None
    heartbeat: timedelta | None = None
    model: str = ""

    @property
    def key(self) -> DeviceKey:
        """Return source and code."""
        return (self.source, self.code)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceDetail:
    """A device with what is remembered of it, and its maintenance windows, the latest to end first."""

    row: DeviceRow
    windows: tuple[MaintenanceWindow, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a device stands: a WGS-84 point and the areas around it by level name, with their outlines' version."""

    lon: float
    lat: float
    chain: tuple[tuple[str, str], ...]
    boundary_version: str


def put(*, city: City, ask: NewDevice, actor: Actor) -> DeviceDetail:
    """Register one device, or change all of it but its service state. Raises BadRequest, CommandRefused."""
    _allowed(actor, "put_device")
    if city.store.source(name=ask.source) is None:
        raise BadRequest(ProblemCode.SOURCE_NOT_FOUND, source=ask.source[:60])
    _, found = register(grounds=city.grounds, store=city.store, asks=[ask], at=city.now())
    for _, wrong in found:
        raise BadRequest(wrong.code, **wrong.params)
    return detail(city=city, source=ask.source, code=ask.code)


def register(
    *, grounds: Grounds, store: Store, asks: Sequence[NewDevice], at: datetime, dry: bool = False
) -> tuple[Registered, list[tuple[int, Finding]]]:
    """Register devices, all or, where anything is wrong with one of them, none.

    Returns what was done, and what is wrong by place in ``asks``. Own limits and the service
    state of known devices stay. ``at`` is city time. ``dry`` only looks.
    """
    devices: list[Device] = []
    found: list[tuple[int, Finding]] = []
    for n, ask in enumerate(asks):
        place, wrong = _judged(grounds, ask, at)
        found += [(n, one) for one in wrong]
        if place is not None and not wrong:
            devices.append(_device(ask, place))
    if found or dry:
        return Registered(), found
    own = {ask.key for ask in asks if ask.limits is not None}

    def keep(known: Device, new: Device) -> Device:
        limits = new.limits if (new.source, new.code) in own else known.limits
        return _served(replace(new, limits=limits), like=known)

    return store.put_devices(devices=devices, profiles=grounds.pack.profiles, at=at, keep=keep), []


def relocate(
    *, pack: CityPack, atlas: Atlas, store: Store, at: datetime
) -> tuple[Registered, list[DeviceKey]]:
    """Locate every device again, after outlines have changed; return what changed and who could not be.

    Those that cannot be located any more keep the areas they had. Then the store knows that
    its devices are located with these outlines (``located``).
    """
    done, lost = Registered(), []
    cursor: str | None = None
    while True:
        page = store.devices(where=DeviceFilter(), limit=AT_ONCE, cursor=cursor)
        moved = []
        for row in page.devices:
            point = ReportedPlace(lon=row.device.lon, lat=row.device.lat, crs=Crs.WGS84)
            place = locate(pack=pack, atlas=atlas, reported=point, at=at)
            if isinstance(place, str):
                lost.append(row.key)
            else:
                moved.append(replace(row.device, chain=place.chain, boundary_version=place.boundary_version))
        more = store.put_devices(devices=moved, profiles=pack.profiles, at=at, keep=_moved)
        done = Registered(changed=done.changed + more.changed, same=done.same + more.same)
        cursor = page.next_cursor
        if cursor is None:
            store.note_located(version=atlas.version)
            return done, lost


def located(*, atlas: Atlas, store: Store) -> bool:
    """Tell whether the registered devices are located with these outlines."""
    return store.published_version(what=LOCATED) == atlas.version


def locate(*, pack: CityPack, atlas: Atlas, reported: ReportedPlace, at: datetime) -> Standing | str:
    """Return where a device stands, or in words why that cannot be told.

    Coordinates the wrong way round are refused: whoever registers a device is there to put them right.
    """
    day = at.astimezone(ZoneInfo(pack.city.timezone)).date()
    try:
        place = atlas.locate(reported=reported, on=day, settings=pack.locate)
    except UnableToLocateOnDay as error:
        return str(error)
    wrong = [flag.value for flag in place.flags if flag in _NO_PLACE]
    if wrong or not place.chain or place.lon is None or place.lat is None:
        return ", ".join(wrong) or PlaceFlag.OUTSIDE_CITY.value
    chain = tuple((area.level.name.lower(), area.code) for area in place.chain)
    return Standing(lon=place.lon, lat=place.lat, chain=chain, boundary_version=place.boundary_version)


def detail(*, city: City, source: str, code: str) -> DeviceDetail:
    """Return a device with its windows, its gateway's included. Raises BadRequest (device_not_found)."""
    row = _existing(city, source, code)
    windows = city.store.windows_of(source=source, code=code, gateway=row.device.gateway)
    return DeviceDetail(row=row, windows=tuple(windows))


def listed(*, city: City, where: DeviceFilter, limit: int, cursor: str | None) -> DevicePage:
    """Return a page of devices. Raises BadRequest (bad_cursor)."""
    try:
        return city.store.devices(where=where, limit=limit, cursor=cursor)
    except UnableToReadCursor:
        raise BadRequest(ProblemCode.BAD_CURSOR) from None


def serve(
    *, city: City, source: str, code: str, state: ServiceState, reason: str, actor: Actor
) -> DeviceDetail:
    """Put a device in or out of service. Raises BadRequest, CommandRefused.

    Out of service its words are kept and raise nothing (ISA-18.2), so it needs a reason.
    """
    _allowed(actor, "device_service")
    check_values(values={"reason": reason}, most=MOST, otherwise=MOST_OTHERWISE)
    if state is not ServiceState.IN_SERVICE and not reason.strip():
        raise CommandRefused(RefusalCode.REASON_REQUIRED)
    device = _existing(city, source, code).device
    now = city.now()
    changed = replace(
        device, service=state, service_reason=reason.strip(), service_by=actor.id, service_at=now
    )
    city.store.put_devices(devices=[changed], profiles=city.pack.profiles, at=now, keep=_put_in_service)
    signals.look_again(city=city, devices=[(source, code)])
    return detail(city=city, source=source, code=code)


def add_window(
    *,
    city: City,
    source: str,
    code: str,
    begins_at: datetime,
    ends_at: datetime,
    gateway: bool,
    reason: str,
    actor: Actor,
) -> MaintenanceWindow:
    """Plan maintenance of a device, or with ``gateway`` of all that speak through it. Raises BadRequest, CommandRefused.

    It may have begun up to a day ago, and must still end in the future.
    """
    _allowed(actor, "maintenance_window")
    check_values(values={"reason": reason}, most=MOST, otherwise=MOST_OTHERWISE)
    if not reason.strip():
        raise CommandRefused(RefusalCode.REASON_REQUIRED)
    _existing(city, source, code)
    now = city.now()
    wrong = next(_window_faults(begins_at, ends_at, now), None)
    if wrong is not None:
        raise BadRequest(ProblemCode.BAD_WINDOW, detail=wrong)
    window = MaintenanceWindow(
        source=source, code=code, gateway=gateway, begins_at=begins_at, ends_at=ends_at,
        reason=reason.strip(), by=actor.id,
    )  # fmt: skip
    return city.store.add_window(window=window)


def end_window(*, city: City, source: str, code: str, number: int, actor: Actor) -> MaintenanceWindow:
    """End a window now, or drop one to come. Raises BadRequest (window_not_found), CommandRefused."""
    _allowed(actor, "maintenance_window")
    _existing(city, source, code)
    ended = city.store.end_window(source=source, code=code, number=number, at=city.now())
    if ended is None:
        raise BadRequest(ProblemCode.WINDOW_NOT_FOUND, device=code[:60], id=str(number))
    return ended


def _judged(grounds: Grounds, ask: NewDevice, at: datetime) -> tuple[Standing | None, list[Finding]]:
    """Return where it stands and what is wrong with it."""
    numbers = [value for one in ask.limits or () for value in (one.value, one.reset)]
    texts = {name: getattr(ask, name) for name in _TEXTS}
    point = {"lon": ask.place.lon, "lat": ask.place.lat}
    try:
        check_values(values={**texts, **point, "limits": numbers}, most=MOST, otherwise=MOST_OTHERWISE)
    except BadRequest as refused:
        return None, [refused.finding]
    wrong = list(_faults(grounds.pack, ask))
    place = locate(pack=grounds.pack, atlas=grounds.atlas, reported=ask.place, at=at)
    if not isinstance(place, str):
        return place, wrong
    return None, [*wrong, Finding(code=ProblemCode.DEVICE_PLACE, params={"detail": place[:300]})]


def _faults(pack: CityPack, ask: NewDevice) -> Iterator[Finding]:
    profile = pack.profiles.get(ask.profile)
    if profile is None:
        known = ", ".join(sorted(pack.profiles)) or "-"
        yield Finding(code=ProblemCode.UNKNOWN_PROFILE, params={"profile": ask.profile[:60], "known": known})
        return
    if ask.unit and pack.tree.find(ask.unit) is None:
        yield Finding(code=ProblemCode.UNKNOWN_UNIT, params={"unit": ask.unit[:60]})
    conditions = {condition.code for condition in pack.catalogue[profile.category].conditions}
    for n, limit in enumerate(ask.limits or (), start=1):
        if limit.condition is not None and limit.condition not in conditions:
            said = {"category": profile.category, "condition": limit.condition[:60]}
            params = {**said, "known": ", ".join(sorted(conditions))}
            yield Finding(code=ProblemCode.UNKNOWN_CONDITION, params=params)
        for key, _, zh, en in limit_faults(limit=limit, lowest=profile.lowest, highest=profile.highest):
            detail = f"limits[{n}].{key}: {zh} / {en}"
            yield Finding(code=ProblemCode.BAD_LIMIT, params={"detail": detail})


def _device(ask: NewDevice, place: Standing) -> Device:
    return Device(
        source=ask.source,
        code=ask.code,
        profile=ask.profile,
        name_zh=ask.name_zh,
        name_en=ask.name_en,
        asset=ask.asset,
        unit=ask.unit,
        gateway="" if ask.gateway == ask.code else ask.gateway,
        lon=place.lon,
        lat=place.lat,
        chain=place.chain,
        boundary_version=place.boundary_version,
        limits=ask.limits or (),
        heartbeat=ask.heartbeat,
        model=ask.model,
    )


def _served(device: Device, *, like: Device) -> Device:
    return replace(
        device,
        service=like.service,
        service_reason=like.service_reason,
        service_by=like.service_by,
        service_at=like.service_at,
    )


def _put_in_service(known: Device, new: Device) -> Device:
    return known if known.service is new.service else _served(known, like=new)


def _moved(known: Device, new: Device) -> Device:
    """One that was registered elsewhere meanwhile has been located anyway."""
    if (known.lon, known.lat) != (new.lon, new.lat):
        return known
    return replace(known, chain=new.chain, boundary_version=new.boundary_version)


def _window_faults(begins_at: datetime, ends_at: datetime, now: datetime) -> Iterator[str]:
    if ends_at <= begins_at:
        yield "结束不晚于开始 / it ends before it begins"
    if ends_at <= now:
        yield "已经结束 / it has ended already"
    if begins_at < now - EARLIEST:
        yield f"开始早于 {EARLIEST.days} 天前 / it began more than {EARLIEST.days} day ago"
    if begins_at > now + FURTHEST:
        yield f"开始晚于 {FURTHEST.days} 天后 / it begins more than {FURTHEST.days} days ahead"
    if ends_at - begins_at > LONGEST_WINDOW:
        yield f"长于 {LONGEST_WINDOW.days} 天 / it is longer than {LONGEST_WINDOW.days} days"


def _existing(city: City, source: str, code: str) -> DeviceRow:
    row = city.store.device(source=source, code=code)
    if row is None:
        raise BadRequest(ProblemCode.DEVICE_NOT_FOUND, device=f"{source}/{code}"[:120])
    return row


def _allowed(actor: Actor, command: str) -> None:
    if actor.role not in MANAGERS:
        raise CommandRefused(
            RefusalCode.ROLE_NOT_ALLOWED,
            role=actor.role.value,
            command=command,
            allowed=", ".join(role.value for role in MANAGERS),
        )
