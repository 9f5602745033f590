"""Plain JSON by a source's mapping: where things stand, what words mean, which clock is believed."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from domain.envelope import DeadCode, Envelope, EnvelopeKind, Exercise, Unreadable
from domain.place import Crs
from tests.unit.format_reading import NOW, code, dead, one, parts
from usecases.formats.mapping import mapping_faults

VENDOR = {
    "event_id": "header.msgNo",
    "subject": "$topic[1]",
    "kind": "data.state",
    "kind:1": "alarm",
    "kind:0": "clear",
    "hazard": "=waterlogging",
    "metric": "=level",
    "value": "data.values[0].v",
    "unit": "data.values[0].u|=cm",
    "severity": "data.level",
    "occurred_at": "data.time@Asia/Shanghai",
    "lon": "data.pos[0]",
    "lat": "data.pos[1]",
    "crs": "=GCJ02",
}
SAID = {
    "header": {"msgNo": 7001},
    "data": {
        "state": 1,
        "level": "红",
        "time": "2026-11-22 08:15:30",
        "values": [{"v": "27.5"}],
        "pos": [114.30, 30.59],
    },
}


def test_a_vendor_s_message_is_read_where_its_mapping_says() -> None:
    found = one(
        parts(SAID, mapping=VENDOR, severities={"红": 1, "黄": 3}, headers={"MQTT-Topic": "wl/0042/up"})
    )
    assert found == Envelope(
        source="vendor",
        event_id="7001",
        kind=EnvelopeKind.ALARM,
        subject="0042",
        metric="level",
        value=27.5,
        unit="cm",
        hazard="waterlogging",
        raw_severity="红",
        severity=1,
        place=found.place,
        occurred_at=datetime(2026, 11, 22, 0, 15, 30, tzinfo=UTC),
        received_at=NOW,
    )
    assert (found.place.lon, found.place.lat, found.place.crs) == (114.30, 30.59, Crs.GCJ02)


def test_without_a_mapping_usual_names_are_found_and_the_rest_is_kept() -> None:
    found = one(parts({"deviceId": "d1", "value": 3, "lng": 114.3, "lat": 30.6, "battery": 81}, crs=Crs.BD09))
    assert (found.kind, found.subject, found.value) == (EnvelopeKind.OBSERVATION, "d1", 3.0)
    assert (found.place.lon, found.place.crs) == (114.3, Crs.BD09)
    assert found.data == {"battery": 81}
    assert found.exercise is Exercise.REAL


def test_a_batch_loses_only_its_bad_parts_and_they_keep_their_bytes() -> None:
    body = (
        b'[ {"device":"a","value":1}, {"device":"b","value":NaN},\n'
        b'{"device":"c", "value":1, "value":2}, 5, {"device":"d","value":"x"}, {"device":"e","value":1e999},'
        b'{"device":"\\ud800\\u0000f","value":6}]'
    )
    found = parts(body)
    assert [each.code if isinstance(each, Unreadable) else each.subject for each in found] == [
        "a", DeadCode.BAD_VALUE, DeadCode.SCHEMA, DeadCode.MISSING_FIELD, DeadCode.BAD_VALUE,
        DeadCode.BAD_VALUE, "\ufffdf",
    ]  # fmt: skip
    bodies = [each.body for each in found if isinstance(each, Unreadable)]
    assert bodies[0] == b'{"device":"b","value":NaN}'
    assert bodies[1] == b'{"device":"c", "value":1, "value":2}'
    # What is laid aside can be replayed by itself and says the same.
    assert [code(parts(each)) for each in bodies] == [
        each.code for each in found if isinstance(each, Unreadable)
    ]


def test_parts_within_a_message_see_what_stands_around_them() -> None:
    body = {"gateway": "g7", "data": {"rows": [{"n": "a", "v": 1}, {"n": "b", "v": "?"}]}}
    mapping = {"items": "data.rows", "subject": "n", "value": "v", "text": "^gateway"}
    good, bad = parts(body, mapping=mapping)
    assert isinstance(good, Envelope)
    assert (good.subject, good.value, good.text, good.part) == ("a", 1.0, "g7", b'{"n": "a", "v": 1}')
    assert isinstance(bad, Unreadable)
    assert bad.body == b'{"n": "b", "v": "?"}'


def test_plain_text_is_a_message_too() -> None:
    will = {"body": "text", "subject": "$topic[1]", "kind": ".", "kind:lost": "offline"}
    found = one(parts(b"lost", mapping=will, headers={"mqtt-topic": "gw/7/status"}))
    assert (found.kind, found.subject) == (EnvelopeKind.OFFLINE, "7")


@pytest.mark.parametrize(
    ("written", "mapping", "expected"),
    [
        ("2026-11-22T08:15:00+08:00", "t", "2026-11-22T00:15:00+00:00"),
        ("2026-11-22T00:15:00.1234567Z", "t", "2026-11-22T00:15:00.123456+00:00"),
        (1795306500, "t", "2026-11-22T00:15:00+00:00"),
        (1795306500123, "t", "2026-11-22T00:15:00.123000+00:00"),
        ("1795306500123", "t", "2026-11-22T00:15:00.123000+00:00"),
        ("2026/11/22 08:15", "t@Asia/Shanghai", "2026-11-22T00:15:00+00:00"),
        ("20261122081500", "t@+08:00", "2026-11-22T00:15:00+00:00"),
        ("2026-11-22T00:14:60Z", "t", "2026-11-22T00:14:59+00:00"),
    ],
)
def test_times_as_systems_write_them(written: object, mapping: str, expected: str) -> None:
    found = one(parts({"value": 1, "t": written}, mapping={"occurred_at": mapping}))
    assert (found.occurred_at.isoformat(), found.sent_at) == (expected, None)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-22 08:15:00",
        "yesterday",
        "2026-02-30T00:00:00Z",
        -5,
        10**30,
        [1],
        True,
        "9999-12-31T23:59:59Z",
    ],
)
def test_a_time_nobody_can_know_is_not_guessed(written: object) -> None:
    found = dead(parts({"value": 1, "t": written, "event_id": "e1"}, mapping={"occurred_at": "t"}))
    assert (found.code, found.params["field"]) == (DeadCode.BAD_TIME, "occurred_at")


def test_a_clock_that_runs_wrong_is_not_believed_and_not_forgotten() -> None:
    for off in (timedelta(minutes=6), timedelta(minutes=-6)):
        told = NOW + off
        found = one(parts({"value": 1, "time": told.isoformat()}))
        assert (found.occurred_at, found.sent_at) == (NOW, told)
    trusted = {"clock": "trusted"}
    late = NOW - timedelta(days=2)
    found = one(parts({"value": 1, "time": late.isoformat()}, mapping=trusted))
    assert (found.occurred_at, found.sent_at) == (late, None)
    early = NOW + timedelta(minutes=6)
    assert one(parts({"value": 1, "time": early.isoformat()}, mapping=trusted)).sent_at == early


def test_a_message_without_id_is_the_same_however_late_it_comes_again() -> None:
    told = {"value": 1, "time": "2026-11-22T00:15:00Z"}
    again = one(parts(told, at=NOW + timedelta(minutes=3)))
    assert one(parts(told)).event_id == again.event_id
    elsewhere = one(parts(told, headers={"mqtt-topic": "a/b"}))
    assert elsewhere.event_id != again.event_id
    # One that tells no time is one statement within its minute, and another in the next.
    silent = [one(parts({"value": 1}, at=NOW + timedelta(seconds=each))).event_id for each in (0, 59, 60)]
    assert silent[0] == silent[1] != silent[2]
    assert code(parts({"value": 1}, mapping={"event_id": "no"})) is DeadCode.MISSING_ID


@pytest.mark.parametrize(
    ("raw", "severities", "subject", "expected"),
    [
        ("高", {}, "", None),
        ("高", {"高": 2}, "", 2),
        ("HIGH", {"high": 2}, "", 2),
        (2, {"1": 4, "2": 3}, "", 3),
        (3, {"高": 1}, "wl-1", None),  # may be one of its maker's levels
        ("中", {"高": 1}, "wl-1", DeadCode.UNKNOWN_SEVERITY),
        (3, {"高": 1}, "", DeadCode.UNKNOWN_SEVERITY),
    ],
)
def test_words_of_severity(raw: object, severities: dict[str, int], subject: str, expected: object) -> None:
    body = {"kind": "alarm", "level": raw, "device": subject}
    found = parts(body, severities=severities)
    got = found[0].code if isinstance(found[0], Unreadable) else one(found).severity
    assert got == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"value": 1, "lon": 30.6, "lat": 114.3}, DeadCode.SWAPPED_AXES),
        ({"value": 1, "lon": 114.3}, DeadCode.BAD_POSITION),
        ({"value": 1, "lon": 514.3, "lat": 230.6}, DeadCode.BAD_POSITION),
        ({"value": 1, "exercise": "perhaps"}, DeadCode.BAD_VALUE),
        ({"kind": "boom"}, DeadCode.BAD_VALUE),
        ({"device": "a"}, DeadCode.MISSING_FIELD),
        ({"value": 1, "device": "x" * 201}, DeadCode.TOO_LARGE),
        ({"value": 10**400}, DeadCode.BAD_VALUE),
        (b"\xff\xfe{", DeadCode.ENCODING),
        (b"", DeadCode.NOT_JSON),
        (b"[" * 50_000, DeadCode.TOO_DEEP),
        (b"[" * 60 + b"]" * 60, DeadCode.TOO_DEEP),
        (b"[" + b"1," * 10_000 + b"1]", DeadCode.TOO_MANY),
        (b" " * (4 * 1024 * 1024 + 1), DeadCode.TOO_LARGE),
    ],
)
def test_what_cannot_be_read_says_why(body: object, expected: DeadCode) -> None:
    found = dead(parts(body))
    assert found.code is expected


def test_marks_and_character_sets() -> None:
    assert one(parts(b'\xef\xbb\xbf{"value":1}')).value == 1
    gbk = '{"device":"江滩一号","value":1}'.encode("gbk")
    assert one(parts(gbk, content_type="application/json; charset=GB2312")).subject == "江滩一号"
    assert code(parts(gbk)) is DeadCode.ENCODING
    assert code(parts(gbk, content_type="application/json; charset=martian")) is DeadCode.ENCODING


@pytest.mark.parametrize(
    ("mapping", "word"),
    [
        ({"colour": "a"}, "unknown field"),
        ({"value": "a..b["}, "no path"),
        ({"value": ""}, "no path"),
        ({"occurred_at": "t@Mars/Olympus"}, "unknown zone"),
        ({"kind": "=boom"}, "'boom'"),
        ({"kind:1": "boom"}, "'boom'"),
        ({"kind:": "alarm"}, "no word"),
        ({"lon:1": "2"}, "unknown field of words"),
        ({"crs": "=EPSG:4326"}, "EPSG"),
        ({"items": "a[0]"}, "keys only"),
        ({"clock": "yes"}, "trusted"),
        ({"value": "a" * 501}, "500"),
    ],
)
def test_a_mapping_that_is_not_sound_is_told_so(mapping: dict[str, str], word: str) -> None:
    (fault,) = mapping_faults(mapping)
    assert fault.startswith(next(iter(mapping)))
    assert word in fault
    assert code(parts({"value": 1}, mapping=mapping)) is DeadCode.NO_MAPPING


def test_sound_mappings() -> None:
    assert mapping_faults(VENDOR) == ()
    assert mapping_faults({}) == ()
    assert (
        mapping_faults({"value": 'a["@iot.id"]|b|=7', "occurred_at": 'a["x@y"]', "exercise": "=test"}) == ()
    )
    found = one(
        parts({"a": {"@iot.id": 4}, "b": 5}, mapping={"value": 'a["@iot.id"]|b', "exercise": "=test"})
    )
    assert (found.value, found.exercise) == (4.0, Exercise.TEST)


@pytest.mark.parametrize("charset", ["gbk", "gb18030", "utf-16", "utf-8"])
def test_a_dead_part_is_read_again_in_the_character_set_it_came_in(charset: str) -> None:
    kind = f"application/json; charset={charset}"
    batch = [{"event_id": "1", "subject": "一", "kind": "alarm"}, {"event_id": "2", "subject": "井盖二号"}]
    lost = parts(json.dumps(batch, ensure_ascii=False).encode(charset), content_type=kind)[1]
    assert isinstance(lost, Unreadable)
    assert one(parts(lost.body, content_type=kind, mapping={"kind": "=alarm"})).subject == "井盖二号"
