"""Devices from files: the demonstration's own, wrong lines with their numbers, relocation, and the commands."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from boot.cli import app
from boot.demo.devices import FILE, text
from boot.settings import Settings
from boot.wiring import publish_pack
from domain.device import AlarmLimit, ServiceState, Trip
from domain.place import Crs, ReportedPlace
from domain.source import Scope, Source
from geo.crs import from_wgs84
from store.engine import Store
from store.rows_devices import DeviceFilter, Registered
from tests.unit.builders import MONDAY
from usecases.city import Grounds
from usecases.device_file import Imported, import_devices
from usecases.devices import NewDevice, located, register, relocate
from usecases.problems import BadRequest, ProblemCode

WUHAN = Path(__file__).parents[2] / "cities" / "wuhan"
IOT = Source(name="iot-gateway", channel="sensor", scopes=(Scope.ALERTS_WRITE,))
HEADER = "code,profile,name_zh,lon,lat,crs,unit,heartbeat_min\n"
INSIDE = (114.2716, 30.5806)


@pytest.fixture
def sourced(store: Store) -> Store:
    """Return a store that knows the source the devices speak through."""
    store.publish_sources(sources=[IOT], at=MONDAY)
    return store


def taken(grounds: Grounds, store: Store, file: Path) -> Imported:
    return import_devices(grounds=grounds, store=store, source=IOT.name, file=file, at=MONDAY)


def ask(code: str, **more: object) -> NewDevice:
    lon, lat = INSIDE
    plain = NewDevice(
        source=IOT.name,
        code=code,
        profile="road-water",
        place=ReportedPlace(lon=lon, lat=lat, crs=Crs.WGS84),
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def test_the_demonstrations_devices_are_what_the_generator_makes_and_are_taken(
    wuhan: Grounds, sourced: Store
) -> None:
    written = (WUHAN / FILE).read_text(encoding="utf-8")
    assert text(pack=wuhan.pack, atlas=wuhan.atlas, folder=WUHAN) == written
    rows = list(csv.DictReader(io.StringIO(written)))
    assert {row["model"] for row in rows} == {"SYNTHETIC"}
    found = taken(wuhan, sourced, WUHAN / FILE)
    assert (found.problems, found.registered) == ((), Registered(added=len(rows)))
    assert taken(wuhan, sourced, WUHAN / FILE).registered == Registered(same=len(rows))
    devices = sourced.devices(where=DeviceFilter(), limit=500).devices
    assert len(devices) == len(rows)
    assert len({row.device.area("street") for row in devices}) > 60
    gateways = {row.device.code for row in devices if row.device.profile == "gateway"}
    assert {row.device.gateway for row in devices} - {""} <= gateways
    row = next(row for row in devices if row.device.profile == "road-water")
    assert row.silent_at == MONDAY + timedelta(minutes=30)
    assert row.device.boundary_version


def test_every_wrong_line_is_told_and_nothing_is_taken(
    wuhan: Grounds, sourced: Store, tmp_path: Path
) -> None:
    lines = (
        "a,road-water,一,114.2716,30.5806,WGS84,,",
        "b,no-such,二,114.2716,30.5806,WGS84,,",
        "c,road-water,三,30.5806,114.2716,WGS84,,",
        "d,road-water,四,114.2716,30.5806,,,",
        "e,road-water,五,east,30.5806,WGS84,,",
        "a,road-water,六,114.2716,30.5806,WGS84,,",
        "f,road-water,七,114.2716,30.5806,WGS84,NOBODY,-5",
        "g,road-water,八,116.4,39.9,WGS84,NOBODY,",
        "h,road-water",
    )
    file = tmp_path / "devices.csv"
    file.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    found = taken(wuhan, sourced, file)
    assert [(one.file, one.line, one.code) for one in found.problems] == [
        ("devices.csv", 3, "unknown_profile"),
        ("devices.csv", 4, "device_place"),
        ("devices.csv", 5, "missing_key"),
        ("devices.csv", 6, "wrong_value"),
        ("devices.csv", 7, "duplicate_device"),
        ("devices.csv", 8, "wrong_value"),
        ("devices.csv", 9, "device_place"),
        ("devices.csv", 9, "unknown_unit"),
        ("devices.csv", 10, "wrong_columns"),
    ]
    assert "swapped_axes" in found.problems[1].en
    assert found.registered == Registered()
    assert sourced.devices(where=DeviceFilter(), limit=10).devices == ()
    file.write_text("code,profile\n", encoding="utf-8")
    assert [one.code for one in taken(wuhan, sourced, file).problems] == ["missing_column"]
    with pytest.raises(BadRequest) as refused:
        import_devices(grounds=wuhan, store=sourced, source="nobody", file=file, at=MONDAY)
    assert refused.value.finding.code is ProblemCode.SOURCE_NOT_FOUND


def test_a_point_in_the_maps_own_datum_is_put_right(wuhan: Grounds, sourced: Store) -> None:
    lon, lat = from_wgs84(*INSIDE, crs=Crs.GCJ02)
    both = [ask("wgs"), ask("gcj", place=ReportedPlace(lon=lon, lat=lat, crs=Crs.GCJ02))]
    _, wrong = register(grounds=wuhan, store=sourced, asks=both, at=MONDAY)
    assert wrong == []
    gcj, wgs = (row.device for row in sourced.devices(where=DeviceFilter(), limit=5).devices)
    assert gcj.chain == wgs.chain
    assert (gcj.lon, gcj.lat) == pytest.approx(INSIDE, abs=1e-5)


def test_own_limits_are_checked_and_outlive_a_file(wuhan: Grounds, sourced: Store) -> None:
    own = AlarmLimit(severity=1, trip=Trip.ABOVE, value=20, reset=15, condition="depth_27")
    bad = [replace(own, reset=30), replace(own, value=900), replace(own, condition="nothing")]
    _, wrong = register(grounds=wuhan, store=sourced, asks=[ask("a"), ask("b", limits=tuple(bad))], at=MONDAY)
    assert [(n, one.code.value) for n, one in wrong] == [
        (1, "bad_limit"), (1, "bad_limit"), (1, "unknown_condition")
    ]  # fmt: skip
    register(grounds=wuhan, store=sourced, asks=[ask("a", limits=(own,))], at=MONDAY)
    row = sourced.device(source=IOT.name, code="a")
    assert row is not None
    out = replace(row.device, service=ServiceState.OUT_OF_SERVICE)
    sourced.put_devices(devices=[out], profiles=wuhan.pack.profiles, at=MONDAY)
    for limits, wanted in ((None, (own,)), ((), ())):
        register(grounds=wuhan, store=sourced, asks=[ask("a", limits=limits)], at=MONDAY)
        row = sourced.device(source=IOT.name, code="a")
        assert row is not None
        assert (row.device.limits, row.device.service) == (wanted, ServiceState.OUT_OF_SERVICE)


def test_devices_are_located_anew_after_the_outlines_changed(wuhan: Grounds, sourced: Store) -> None:
    register(grounds=wuhan, store=sourced, asks=[ask("a"), ask("b")], at=MONDAY)
    rows = sourced.devices(where=DeviceFilter(), limit=5).devices
    before = [row.device for row in rows]
    old = [
        replace(before[0], chain=(("district", "old"),), boundary_version="before"),
        replace(before[1], lon=0.0, lat=0.0),
    ]
    sourced.put_devices(devices=old, profiles=wuhan.pack.profiles, at=MONDAY)
    assert not located(atlas=wuhan.atlas, store=sourced)
    assert relocate(pack=wuhan.pack, atlas=wuhan.atlas, store=sourced, at=MONDAY) == (
        Registered(changed=1), [(IOT.name, "b")]
    )  # fmt: skip
    assert [row.device for row in sourced.devices(where=DeviceFilter(), limit=5).devices] == [
        before[0],
        old[1],
    ]
    assert located(atlas=wuhan.atlas, store=sourced)


def test_publishing_a_pack_locates_the_devices_with_its_outlines(
    wuhan_settings: Settings, wuhan: Grounds, sourced: Store
) -> None:
    register(grounds=wuhan, store=sourced, asks=[ask("a")], at=MONDAY)
    (row,) = sourced.devices(where=DeviceFilter(), limit=5).devices
    moved = replace(row.device, chain=(("district", "old"),), boundary_version="before")
    for version, wanted in (("before", row.device), (wuhan.atlas.version, moved)):
        sourced.put_devices(devices=[moved], profiles=wuhan.pack.profiles, at=MONDAY)
        sourced.note_located(version=version)
        publish_pack(settings=wuhan_settings, store=sourced)
        (found,) = sourced.devices(where=DeviceFilter(), limit=5).devices
        assert found.device == wanted


def test_the_commands(
    wuhan_settings: Settings, wuhan: Grounds, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wuhan  # its atlas is published once for the session
    for name, value in (("DATA_DIR", str(wuhan_settings.data_dir)), ("DATABASE_URL", sqlite_url)):
        monkeypatch.setenv(f"CITYOPS_{name}", value)
    run = CliRunner()
    file = tmp_path / "some.csv"
    file.write_text(f"{HEADER}a,road-water,一,114.2716,30.5806,WGS84,,5\n", encoding="utf-8")
    words = ["devices", "import", str(file), "--source", IOT.name]
    unknown = run.invoke(app, words)
    assert (unknown.exit_code, "no source iot-gateway" in unknown.output) == (1, True)
    added = run.invoke(
        app, ["source", "add", IOT.name, "--channel", "sensor", "--scope", Scope.ALERTS_WRITE.value]
    )
    assert added.exit_code == 0, added.output
    done = run.invoke(app, words)
    assert (done.exit_code, "added 1" in done.output) == (0, True), done.output
    moved = run.invoke(app, ["devices", "relocate"])
    assert (moved.exit_code, "same 1" in moved.output) == (0, True), moved.output
    file.write_text(f"{HEADER}a,no-such,一,114.2716,30.5806,WGS84,,\n", encoding="utf-8")
    wrong = run.invoke(app, words)
    assert wrong.exit_code == 1
    assert "some.csv:2:" in wrong.output
    assert "nothing registered: 1" in wrong.output
