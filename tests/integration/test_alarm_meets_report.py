"""An alarm opens a case like everybody's; a citizen's report about the same joins it, and never makes it milder."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.alarm import Alarm, AlarmPhase
from domain.case import Status
from domain.device import Device
from domain.place import ReportedPlace
from domain.source import Scope, Source, WireFormat
from store.rows import OutboxKind
from store.rows_intake import NewInbound
from tests.integration.temporal_env import Desk
from usecases.file_report import FileReport
from usecases.ingest import ingest
from usecases.signals import take

pytestmark = pytest.mark.temporal

HERE = ReportedPlace(lon=114.24759, lat=30.58163)
FAR = ReportedPlace(lon=114.26, lat=30.59)


def gauge(code: str) -> Device:
    return Device(source="gauges", code=code, profile="road-water", lon=114.2477, lat=30.5817)


def flooded(place: ReportedPlace = HERE, *, severity: int | None = None) -> FileReport:
    return FileReport(
        channel="hotline", description="路面积水", category="E0506", place=place, severity=severity
    )


def measured(desk: Desk, code: str, depth: float) -> Alarm:
    """Let a gauge say a depth three times, as a message that is kept, claimed and read."""
    now = desk.now()
    parts = [
        {
            "id": f"{code}-{n}",
            "device": code,
            "value": depth,
            "time": (now - timedelta(seconds=9 - n)).isoformat(),
        }
        for n in range(3)
    ]
    body = json.dumps(parts).encode()
    message = NewInbound(
        source="gauges", channel="sensor", format="json", content_type="application/json", body=body,
        received_at=now,
    )  # fmt: skip
    desk.store.keep_many(messages=[message])
    rows = desk.store.claim_inbound(limit=5, now=now, worker="test", lease_s=60)
    assert ingest(city=desk.city, rows=rows, take=take) == 1
    (alarm,) = desk.store.open_alarms_near(hazards=["water"], lon=114.2477, lat=30.5817, metres=50)
    return alarm


def again(desk: Desk, alarm: Alarm) -> Alarm:
    found = desk.store.alarm(alarm_no=alarm.alarm_no)
    assert found is not None
    return found


async def test_a_report_joins_the_alarms_case_and_raises_its_confidence(desk: Desk) -> None:
    _ready(desk, "a")
    alarm = measured(desk, "a", 30.0)
    assert (alarm.severity, alarm.case_no is not None) == (1, True)
    await desk.relay()
    case_no = alarm.case_no or ""
    case = desk.told(case_no).case
    assert (case.status, case.category, case.severity) == (Status.DISPATCHED, "S-FLD-01", 1)
    far, near = await desk.filed(flooded(FAR)), await desk.filed(flooded())
    await desk.relay()
    told = {number: desk.told(number).case.status for number in (far, near)}
    assert told == {far: Status.DISPATCHED, near: Status.MERGED}
    assert desk.told(near).case.master == case_no
    after = again(desk, alarm)
    assert after.reports == (near,)
    assert after.confidence > alarm.confidence


async def test_a_report_about_an_alarm_without_a_case_ends_the_wait_and_is_its_case(desk: Desk) -> None:
    _ready(desk, "b")
    alarm = measured(desk, "b", 16.0)
    assert (alarm.severity, alarm.case_no, alarm.phase) == (2, None, AlarmPhase.RAISED)
    report = await desk.filed(flooded())
    await desk.relay()
    after = again(desk, alarm)
    assert (after.case_no, after.phase, after.reports) == (report, AlarmPhase.WARNING, (report,))
    worse = await desk.filed(flooded(severity=1))
    await desk.relay()
    assert desk.told(worse).case.status != Status.MERGED
    assert again(desk, alarm).reports == (report, worse)


async def test_an_alarm_goes_with_the_report_whose_case_it_had_into_that_ones_master(desk: Desk) -> None:
    """Or its words would go to a case that never ran, and one that becomes severity 1 would be nobody's."""
    _ready(desk, "d")
    long_ago = replace(flooded(), occurred_at=desk.now() - timedelta(hours=1))
    master = await desk.filed(long_ago)
    await desk.relay()
    alarm = measured(desk, "d", 16.0)
    assert (alarm.severity, alarm.case_no, alarm.phase) == (2, None, AlarmPhase.RAISED)
    report = await desk.filed(flooded())
    await desk.relay()
    assert (desk.told(report).case.status, desk.told(report).case.master) == (Status.MERGED, master)
    after = again(desk, alarm)
    assert (after.reports, after.case_no) == ((report,), master)
    owed = desk.store.claim(
        kinds=(OutboxKind.DELIVER_COMMAND,), limit=9, now=desk.now(), worker="test", lease_s=0.0
    )
    assert master in {row.case_no for row in owed if row.payload["request_id"].startswith("alarm:")}


def _ready(desk: Desk, code: str) -> None:
    source = Source(
        name="gauges", channel="sensor", form=WireFormat.JSON, scopes=(Scope.ALERTS_WRITE,),
        mapping={"event_id": "id", "subject": "device", "value": "value", "occurred_at": "time"},
    )  # fmt: skip
    at = desk.now() - timedelta(minutes=1)
    desk.store.put_source(source=source, at=at)
    desk.store.put_devices(devices=[gauge(code)], profiles=desk.city.pack.profiles, at=at)


async def test_an_alarm_finds_the_report_that_came_before_it(desk: Desk) -> None:
    _ready(desk, "c")
    far, report = await desk.filed(flooded(FAR)), await desk.filed(flooded())
    await desk.relay()
    alarm = measured(desk, "c", 16.0)
    assert (alarm.case_no, alarm.phase, alarm.reports) == (report, AlarmPhase.WARNING, (report,))
    assert alarm.confidence > 0.5
    assert far not in alarm.reports
    severe = measured(desk, "c", 40.0)
    assert (severe.severity, severe.case_no) == (
        1,
        report,
    )  # somebody works on it, and is told that it is worse
