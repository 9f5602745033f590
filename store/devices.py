"""The device registry, and what is remembered of each device between readings.

What somebody registered (``devices``) and what readings made of it (``device_watches``) are two
rows: registering a device again forgets nothing. Functions that take a connection are parts
of somebody else's transaction; the methods are transactions of their own.
"""

import base64
import binascii
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    func,
    select,
    tuple_,
    update,
)

from domain.device import Device, DeviceProfile, ServiceState
from domain.place import Level
from domain.sensing import Watch
from store.database import Database, insert_into
from store.filters import UnableToReadCursor
from store.rows_devices import Behind, DeviceFilter, DeviceKey, DevicePage, DeviceRow, Registered
from store.scopes import on_ground
from store.tables import published
from store.tables_alarms import device_watches, devices

LOCATED = "devices"
"""Under this name the database keeps with which outlines its devices were located."""
_LONGEST = 500
_AT_ONCE = 1000
_DEVICE, _WATCH = devices.c, device_watches.c
_SAME = and_(_WATCH.source == _DEVICE.source, _WATCH.code == _DEVICE.code)
_EQUAL = ("source", "unit", "district", "street", "service", "profile", "gateway")


class Devices(Database):
    """The part of the store that knows what stands where and what it was last heard to say."""

    def put_devices(
        self,
        *,
        devices: Iterable[Device],
        profiles: Mapping[str, DeviceProfile],
        at: datetime,
        keep: Callable[[Device, Device], Device] | None = None,
    ) -> Registered:
        """Register devices, new ones and known ones, all in one transaction; what is remembered of them stays.

        ``keep`` gets a known device as it is then and its new registration, and returns what
        it is to be. One that comes (back) into service is expected to speak from ``at`` on.
        """
        given = list({(one.source, one.code): one for one in devices}.values())

        def work(connection: Connection) -> Registered:
            known = load_devices(connection, [(one.source, one.code) for one in given])
            puts = []
            for new in given:
                there = known.get((new.source, new.code))
                device = new if there is None or keep is None else keep(there.device, new)
                puts.append(_put(device, there, profiles, at))
            return _write_all(
                connection, [one for one in puts if one], known, sqlite=self._sqlite, of=len(given)
            )

        return self._write(work)

    def note_located(self, *, version: str) -> None:
        """Keep with which version of the outlines the devices are located."""
        put = self._insert(published).values(what=LOCATED, version=version)
        put = put.on_conflict_do_update(index_elements=["what"], set_={"version": version})
        self._write(lambda connection: connection.execute(put))

    def known_devices(self, *, keys: Collection[DeviceKey]) -> dict[DeviceKey, DeviceRow]:
        """Return those of these devices that are registered."""
        return self._read(lambda connection: load_devices(connection, keys, lock=False))

    def device(self, *, source: str, code: str) -> DeviceRow | None:
        """Return a device and what is remembered of it, or None."""
        return self.known_devices(keys=[(source, code)]).get((source, code))

    def devices(self, *, where: DeviceFilter, limit: int, cursor: str | None = None) -> DevicePage:
        """Return a page of devices by source and code. Raises UnableToReadCursor."""
        size = max(1, min(limit, _LONGEST))
        statement = _select().where(*_conditions(where))
        if cursor is not None:
            statement = statement.where(tuple_(_DEVICE.source, _DEVICE.code) > tuple_(*_key_of(cursor)))
        statement = statement.order_by(_DEVICE.source, _DEVICE.code).limit(size + 1)
        found = self._read(lambda connection: [_row(one) for one in connection.execute(statement).mappings()])
        end = _cursor(found[size - 1].key) if len(found) > size else None
        return DevicePage(devices=tuple(found[:size]), next_cursor=end)


def load_devices(
    connection: Connection, keys: Collection[DeviceKey], *, lock: bool = True
) -> dict[DeviceKey, DeviceRow]:
    """Return those of these devices that are registered.

    With ``lock`` what is remembered of them is ours until the transaction ends: two messages
    of one device are folded one after the other. Locks are taken in the order of the keys.
    """
    found: dict[DeviceKey, DeviceRow] = {}
    for source, codes in _by_source(keys):
        statement = _select().where(_DEVICE.source == source, _DEVICE.code.in_(codes)).order_by(_DEVICE.code)
        if lock:
            statement = statement.with_for_update(of=device_watches)
        rows = (_row(one) for one in connection.execute(statement).mappings())
        found.update((row.key, row) for row in rows)
    return found


def save_watches(connection: Connection, rows: Iterable[DeviceRow]) -> None:
    """Write what is now remembered of these registered devices, and when they will have been silent too long."""
    values = [
        {
            "of_source": row.device.source,
            "of_code": row.device.code,
            "watch": row.watch,
            "silent": row.watch.silent,
            "silent_at": row.silent_at,
        }
        for row in sorted(rows, key=lambda one: one.key)
    ]
    if values:
        mine = and_(_WATCH.source == bindparam("of_source"), _WATCH.code == bindparam("of_code"))
        connection.execute(update(device_watches).where(mine), values)


def silent_devices(connection: Connection, *, at: datetime, limit: int) -> list[DeviceRow]:
    """Return devices that have been silent for too long by now and are not known to be, the longest first.

    Those another process looks at are left out. Whoever takes them saves them ``silent`` or
    with a later ``silent_at``, or they come again.
    """
    statement = (
        _select()
        .where(_WATCH.silent_at <= at)
        .order_by(_WATCH.silent_at, _DEVICE.source, _DEVICE.code)
        .limit(limit)
        .with_for_update(of=device_watches, skip_locked=True)
    )
    return [_row(one) for one in connection.execute(statement).mappings()]


def behind_gateways(connection: Connection, keys: Collection[DeviceKey]) -> dict[DeviceKey, Behind]:
    """Return, for gateways by source and code, how many devices in service speak through them and are silent."""
    found: dict[DeviceKey, Behind] = {}
    for source, codes in _by_source(keys):
        statement = (
            select(
                _DEVICE.gateway, func.count().label("n"), func.count().filter(_WATCH.silent).label("silent")
            )
            .join(device_watches, _SAME)
            .where(_DEVICE.source == source, _DEVICE.gateway.in_(codes))
            .where(_DEVICE.service == ServiceState.IN_SERVICE.value)
            .group_by(_DEVICE.gateway)
        )
        for row in connection.execute(statement):
            found[source, row.gateway] = Behind(devices=row.n, silent=row.silent)
    return found


def silent_at(
    *, device: Device, watch: Watch, profile: DeviceProfile | None, since: datetime
) -> datetime | None:
    """Return when a device will have been silent for too long; None: it is already, or need not speak.

    ``since`` is from when on it is expected to speak where it has not been heard later.
    """
    if profile is None or watch.silent:
        return None
    heard_at = since if watch.heard_at is None else max(since, watch.heard_at)
    return device.silent_at(profile=profile, heard_at=heard_at)


def _select() -> Select[Any]:
    return select(_DEVICE.device, _DEVICE.changed_at, _WATCH.watch, _WATCH.silent_at).join(
        device_watches, _SAME
    )


def _row(row: RowMapping) -> DeviceRow:
    return DeviceRow(
        device=row["device"], watch=row["watch"], silent_at=row["silent_at"], changed_at=row["changed_at"]
    )


def _by_source(keys: Collection[DeviceKey]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the codes of each source, sorted, a bounded number at once."""
    for source in sorted({source for source, _ in keys}):
        codes = sorted({code for of, code in keys if of == source})
        for start in range(0, len(codes), _AT_ONCE):
            yield source, codes[start : start + _AT_ONCE]


def _put(
    device: Device, known: DeviceRow | None, profiles: Mapping[str, DeviceProfile], at: datetime
) -> DeviceRow | None:
    """Return the row a registration makes; None where nothing changes."""
    profile = profiles.get(device.profile)
    if known is None:
        when = silent_at(device=device, watch=Watch(), profile=profile, since=at)
        return DeviceRow(device=device, watch=Watch(), silent_at=when, changed_at=at)
    serving = ServiceState.IN_SERVICE
    back = device.service is serving and known.device.service is not serving
    watch = replace(known.watch, silent=False) if back else known.watch
    since = at if back else known.changed_at
    when = silent_at(device=device, watch=watch, profile=profile, since=since)
    same = (device.profile, device.heartbeat) == (known.device.profile, known.device.heartbeat)
    if when is not None and known.silent_at is not None and same:
        when = max(when, known.silent_at)  # nobody could hear it for a while (store.listening)
    changed_at = known.changed_at if device == known.device else at
    row = DeviceRow(device=device, watch=watch, silent_at=when, changed_at=changed_at)
    return None if row == known else row


def _write_all(
    connection: Connection,
    rows: Sequence[DeviceRow],
    known: Mapping[DeviceKey, DeviceRow],
    *,
    sqlite: bool,
    of: int,
) -> Registered:
    changed = [row for row in rows if row.key not in known or row.device != known[row.key].device]
    if changed:
        put = insert_into(devices, sqlite=sqlite)
        names = [column.name for column in devices.columns if not column.primary_key]
        put = put.on_conflict_do_update(
            index_elements=["source", "code"], set_={name: put.excluded[name] for name in names}
        )
        connection.execute(put, [_values(row) for row in changed])
    fresh = [row for row in rows if row.key not in known]
    if fresh:
        remember = insert_into(device_watches, sqlite=sqlite).on_conflict_do_nothing()
        connection.execute(
            remember,
            [
                {
                    "source": row.device.source,
                    "code": row.device.code,
                    "watch": row.watch,
                    "silent_at": row.silent_at,
                }
                for row in fresh
            ],
        )
    save_watches(connection, [row for row in rows if row.key in known])
    return Registered(added=len(fresh), changed=len(changed) - len(fresh), same=of - len(changed))


def _values(row: DeviceRow) -> dict[str, Any]:
    device = row.device
    return {
        "source": device.source,
        "code": device.code,
        "profile": device.profile,
        "gateway": device.gateway,
        "unit": device.unit,
        "district": device.area(Level.DISTRICT.name.lower()),
        "street": device.area(Level.STREET.name.lower()),
        "service": device.service.value,
        "device": device,
        "changed_at": row.changed_at,
    }


def _conditions(where: DeviceFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        _DEVICE[name] == value for name in _EQUAL if (value := getattr(where, name)) is not None
    ]
    if where.silent is not None:
        found.append(_WATCH.silent.is_(where.silent))
    if where.scope is not None:
        found += on_ground(where.scope, unit=_DEVICE.unit, district=_DEVICE.district, street=_DEVICE.street)
    return found


def _cursor(key: DeviceKey) -> str:
    return base64.urlsafe_b64encode("\0".join(key).encode()).decode().rstrip("=")


def _key_of(cursor: str) -> DeviceKey:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        source, code = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split("\0")
    except (binascii.Error, ValueError):
        raise UnableToReadCursor("not a cursor of this list; start again without one") from None
    return source, code
