"""The device registry on both databases: many at once, memory that stays, locks, silence, windows, pages."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from sqlalchemy import Connection

from domain.device import Device, DeviceProfile, MaintenanceWindow, ServiceState
from domain.sensing import Watch, fall_silent, heard
from store.devices import behind_gateways, load_devices, save_watches, silent_at, silent_devices
from store.engine import Store
from store.filters import UnableToReadCursor
from store.rows_devices import Behind, DeviceFilter, DeviceRow, Registered
from store.windows import ended_windows, windows_in_force, windows_looked_at

T = TypeVar("T")

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PROFILE = DeviceProfile(
    id="level",
    name_zh="水位计",
    name_en="Water level",
    category="S-FLD-01",
    hazard="water",
    heartbeat=10 * MINUTE,
    misses=3,
)
PROFILES = {"level": PROFILE}
CHAIN = (("city", "420100"), ("district", "420111"), ("street", "420111001"))
EVERYTHING = DeviceFilter()


def device(code: str, **more: object) -> Device:
    plain = Device(source="iot", code=code, profile="level", lon=114.3, lat=30.5, chain=CHAIN)
    return replace(plain, **more)  # type: ignore[arg-type]


def write(store: Store, work: Callable[[Connection], T]) -> T:
    return store._write(work)


def put(store: Store, *devices: Device, at: datetime = NOW) -> Registered:
    return store.put_devices(devices=devices, profiles=PROFILES, at=at)


def codes(store: Store, where: DeviceFilter) -> list[str]:
    return [row.device.code for row in store.devices(where=where, limit=500).devices]


def test_many_are_registered_at_once_and_again(store: Store) -> None:
    many = [device(f"d{n:05}", name_zh=f"设备{n}") for n in range(2500)]
    assert put(store, *many) == Registered(added=2500)
    assert put(store, *many, at=NOW + MINUTE) == Registered(same=2500)
    renamed = replace(many[7], name_en="seven")
    assert put(store, renamed, *many[8:], device("new"), at=NOW + MINUTE) == Registered(
        added=1, changed=1, same=2492
    )
    found = store.device(source="iot", code="d00007")
    assert found == DeviceRow(
        device=renamed, watch=Watch(), silent_at=NOW + 30 * MINUTE, changed_at=NOW + MINUTE
    )
    assert store.device(source="other", code="d00007") is None


def test_pages_and_filters(store: Store) -> None:
    put(store, *(device(f"d{n}") for n in range(5)), device("gw", profile="gateway"))
    put(store, device("b", source="app"), device("z", gateway="gw", unit="U1", chain=()))
    first = store.devices(where=EVERYTHING, limit=3)
    second = store.devices(where=EVERYTHING, limit=30, cursor=first.next_cursor)
    assert [row.key for row in (*first.devices, *second.devices)] == [
        ("app", "b"), *(("iot", f"d{n}") for n in range(5)), ("iot", "gw"), ("iot", "z"),
    ]  # fmt: skip
    assert second.next_cursor is None
    for where, wanted in (
        (DeviceFilter(source="app"), ["b"]),
        (DeviceFilter(unit="U1"), ["z"]),
        (DeviceFilter(gateway="gw"), ["z"]),
        (DeviceFilter(profile="gateway"), ["gw"]),
        (DeviceFilter(street="420111001", source="app"), ["b"]),
        (DeviceFilter(district="420111", profile="gateway"), ["gw"]),
        (DeviceFilter(service="retired"), []),
        (DeviceFilter(silent=True), []),
    ):
        assert codes(store, where) == wanted
    with pytest.raises(UnableToReadCursor):
        store.devices(where=EVERYTHING, limit=3, cursor="bm9uZQ")


def test_what_is_remembered_outlives_registration(store: Store) -> None:
    put(store, device("a"))
    seen, _ = heard(watch=Watch(severity=2, held=(0,), condition="deep"), at=NOW + 5 * MINUTE)

    def remember(connection: Connection) -> None:
        (row,) = load_devices(connection, [("iot", "a"), ("iot", "nobody")]).values()
        when = silent_at(device=row.device, watch=seen, profile=PROFILE, since=row.changed_at)
        save_watches(connection, [replace(row, watch=seen, silent_at=when)])

    write(store, remember)
    assert put(store, device("a", name_en="renamed"), at=NOW + 20 * MINUTE) == Registered(changed=1)
    found = store.device(source="iot", code="a")
    assert found is not None
    assert (found.watch, found.silent_at) == (seen, NOW + 35 * MINUTE)


def test_the_silent_are_found_once_and_expected_anew_when_back_in_service(store: Store) -> None:
    put(store, device("a", gateway="g"), device("b", gateway="g", heartbeat=timedelta()), device("g"))
    put(store, device("late", gateway="g"), at=NOW + 30 * MINUTE)

    def sweep(connection: Connection) -> list[str]:
        found = silent_devices(connection, at=NOW + 30 * MINUTE, limit=10)
        changed = [
            replace(row, watch=fall_silent(watch=row.watch, at=NOW)[0], silent_at=None) for row in found
        ]
        save_watches(connection, changed)
        return [row.device.code for row in found]

    assert write(store, sweep) == ["a", "g"]
    assert write(store, sweep) == []
    assert codes(store, DeviceFilter(silent=True)) == ["a", "g"]
    behind = store._read(lambda connection: behind_gateways(connection, [("iot", "g"), ("iot", "a")]))
    assert behind == {("iot", "g"): Behind(devices=3, silent=1)}
    put(store, device("a", service=ServiceState.OUT_OF_SERVICE, gateway="g"), at=NOW + 40 * MINUTE)
    put(store, device("a", gateway="g"), at=NOW + 50 * MINUTE)
    found = store.device(source="iot", code="a")
    assert found is not None
    assert (found.watch.silent, found.silent_at) == (False, NOW + 80 * MINUTE)


def test_two_messages_of_one_device_are_folded_one_after_the_other(store: Store) -> None:
    put(store, *(device(f"d{n}") for n in range(4)))
    keys = [("iot", f"d{n}") for n in range(4)]

    def fold(backwards: bool) -> None:
        def work(connection: Connection) -> None:
            rows = load_devices(connection, keys[::-1] if backwards else keys).values()
            changed = [replace(row, watch=replace(row.watch, late=row.watch.late + 1)) for row in rows]
            save_watches(connection, changed)

        for _ in range(10):
            write(store, work)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(fold, (False, True)))
    assert {row.watch.late for row in store.devices(where=EVERYTHING, limit=10).devices} == {20}


def test_windows_mute_a_device_or_all_behind_a_gateway(store: Store) -> None:
    put(store, device("a", gateway="g"), device("b", gateway="g"), device("g"), device("c"))
    devices = [row.device for row in store.devices(where=EVERYTHING, limit=10).devices]

    def add(code: str, begins: int, ends: int, *, gateway: bool = False) -> MaintenanceWindow:
        window = MaintenanceWindow(
            source="iot", code=code, gateway=gateway, reason="calibration", by="meng",
            begins_at=NOW + begins * MINUTE, ends_at=NOW + ends * MINUTE,
        )  # fmt: skip
        return store.add_window(window=window)

    def muted(minute: int) -> dict[str, int]:
        found = store._read(
            lambda connection: windows_in_force(connection, devices, at=NOW + minute * MINUTE)
        )
        return {code: window.id for (_, code), window in found.items()}

    own, whole, other = add("a", 0, 60), add("g", 30, 90, gateway=True), add("c", 10, 20)
    assert muted(29) == {"a": own.id}
    assert muted(30) == {"a": whole.id, "b": whole.id, "g": whole.id}
    assert muted(60) == muted(89)
    assert muted(90) == {}
    assert store.windows_of(source="iot", code="a", gateway="g") == [whole, own]
    assert store.windows_of(source="iot", code="a") == [own]

    ended = store.end_window(source="iot", code="g", number=whole.id, at=NOW + 40 * MINUTE)
    assert ended == replace(whole, ends_at=NOW + 40 * MINUTE)
    assert store.end_window(source="iot", code="g", number=whole.id, at=NOW + 41 * MINUTE) is None
    assert store.end_window(source="iot", code="a", number=whole.id, at=NOW) is None
    assert muted(45) == {"a": own.id}

    def look(connection: Connection) -> list[int]:
        found = [window.id for window in ended_windows(connection, at=NOW + 50 * MINUTE, limit=10)]
        windows_looked_at(connection, found)
        return found

    assert write(store, look) == [other.id, whole.id]
    assert write(store, look) == []
