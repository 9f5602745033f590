"""Maintenance windows of devices and gateways: planned, in force, ended."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, or_, select, update

from domain.device import Device, MaintenanceWindow
from store.database import Database
from store.rows_devices import DeviceKey
from store.tables_alarms import maintenance_windows

_C = maintenance_windows.c
_MOST_SHOWN = 100
_AT_ONCE = 1000


class Windows(Database):
    """The part of the store that knows when a device is being worked on."""

    def add_window(self, *, window: MaintenanceWindow) -> MaintenanceWindow:
        """Keep a window; return it with its id."""
        values = {
            "source": window.source,
            "code": window.code,
            "gateway": window.gateway,
            "begins_at": window.begins_at,
            "ends_at": window.ends_at,
            "reason": window.reason,
            "set_by": window.by,
        }
        put = insert(maintenance_windows).values(values).returning(_C.id)
        number = self._write(lambda connection: connection.execute(put).scalar_one())
        return replace(window, id=number)

    def windows_of(self, *, source: str, code: str, gateway: str = "") -> list[MaintenanceWindow]:
        """Return the windows of a device and of the gateway it speaks through, the latest to end first."""
        own = _C.code == code
        meant = or_(own, (_C.code == gateway) & _C.gateway) if gateway else own
        statement = (
            select(maintenance_windows)
            .where(_C.source == source, meant)
            .order_by(_C.ends_at.desc(), _C.id.desc())
            .limit(_MOST_SHOWN)
        )
        return self._read(
            lambda connection: [_window(one) for one in connection.execute(statement).mappings()]
        )

    def end_window(self, *, source: str, code: str, number: int, at: datetime) -> MaintenanceWindow | None:
        """End a window now, or one to come before it begins; None where there is no such window that still holds."""
        mine = (_C.id == number) & (_C.source == source) & (_C.code == code) & (_C.ends_at > at)

        def work(connection: Connection) -> MaintenanceWindow | None:
            found = (
                connection.execute(select(maintenance_windows).where(mine).with_for_update())
                .mappings()
                .first()
            )
            if found is None:
                return None
            begins_at = min(found["begins_at"], at)
            change: dict[str, Any] = {"begins_at": begins_at, "ends_at": at}
            connection.execute(update(maintenance_windows).where(_C.id == number).values(change))
            return replace(_window(found), **change)

        return self._write(work)


def windows_in_force(
    connection: Connection, devices: Collection[Device], *, at: datetime
) -> dict[DeviceKey, MaintenanceWindow]:
    """Return, for those of these devices whose words are muted at an instant, the window that ends last."""
    found: dict[DeviceKey, MaintenanceWindow] = {}
    for window in _holding(connection, devices, at):
        for device in devices:
            if window.mutes(device=device, at=at):
                found[device.source, device.code] = window
    return found


def ended_windows(connection: Connection, *, at: datetime, limit: int) -> list[MaintenanceWindow]:
    """Return windows that have ended without anybody having looked again at what they muted, oldest first.

    Those another process looks at are left out; ``windows_looked_at`` settles them.
    """
    statement = (
        select(maintenance_windows)
        .where(_C.looked_at_end.is_(False), _C.ends_at <= at)
        .order_by(_C.ends_at, _C.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [_window(one) for one in connection.execute(statement).mappings()]


def windows_looked_at(connection: Connection, numbers: Collection[int]) -> None:
    """Note that what these windows muted was looked at again."""
    if numbers:
        done = update(maintenance_windows).where(_C.id.in_(numbers)).values(looked_at_end=True)
        connection.execute(done)


def _holding(connection: Connection, devices: Collection[Device], at: datetime) -> list[MaintenanceWindow]:
    """Return the windows in force that may mean one of these devices, the one that ends last at the end."""
    found: list[MaintenanceWindow] = []
    for source in sorted({device.source for device in devices}):
        codes = sorted(
            {code for one in devices if one.source == source for code in (one.code, one.gateway) if code}
        )
        for start in range(0, len(codes), _AT_ONCE):
            some = codes[start : start + _AT_ONCE]
            statement = select(maintenance_windows).where(
                _C.source == source, _C.code.in_(some), _C.begins_at <= at, _C.ends_at > at
            )
            found += [_window(one) for one in connection.execute(statement).mappings()]
    return sorted(found, key=lambda one: (one.ends_at, one.id))


def _window(row: RowMapping) -> MaintenanceWindow:
    return MaintenanceWindow(
        id=row["id"],
        source=row["source"],
        code=row["code"],
        gateway=row["gateway"],
        begins_at=row["begins_at"],
        ends_at=row["ends_at"],
        reason=row["reason"],
        by=row["set_by"],
    )
