"""CloudEvents, SensorThings and NGSI-LD as their standards write them, and with their usual faults."""

import base64
import json
from datetime import UTC, datetime

import pytest

from domain.envelope import DeadCode, Envelope, EnvelopeKind, Unreadable
from domain.source import WireFormat
from tests.unit.format_reading import DATA, NOW, code, one, parts

EVENT = {
    "specversion": "1.0",
    "id": "a-1",
    "source": "//iot.example.city/gateways/7",
    "type": "city.sensor.water_level.breach",
    "subject": "wl-0042",
    "time": "2026-11-22T08:15:00+08:00",
    "datacontenttype": "application/json",
    "data": {"value": 3.9, "unit": "m"},
}
CE = WireFormat.CLOUDEVENTS
STA = WireFormat.SENSORTHINGS
NGSI = WireFormat.NGSI_LD


def test_a_cloudevent_in_all_its_modes_is_the_same() -> None:
    structured = one(parts(EVENT, form=CE, content_type="application/cloudevents+json"))
    assert structured.event_id == "//iot.example.city/gateways/7#a-1"
    assert (structured.subject, structured.value, structured.unit) == ("wl-0042", 3.9, "m")
    assert structured.occurred_at == datetime(2026, 11, 22, 0, 15, tzinfo=UTC)
    batch = parts([EVENT, {**EVENT, "id": ""}], form=CE, content_type="application/cloudevents-batch+json")
    assert isinstance(batch[0], Envelope)
    assert (batch[0].event_id, batch[0].value) == (structured.event_id, 3.9)
    assert isinstance(batch[1], Unreadable)
    assert (batch[1].code, json.loads(batch[1].body)["id"]) == (DeadCode.MISSING_ID, "")
    headers = {f"CE-{name.title()}": str(each) for name, each in EVENT.items() if name != "data"}
    binary = one(parts(EVENT["data"], form=CE, headers=headers))
    assert binary == structured
    coded = {name: each for name, each in EVENT.items() if name != "data"}
    coded["data_base64"] = base64.b64encode(json.dumps(EVENT["data"]).encode()).decode()
    assert one(parts(coded, form=CE)) == structured


def test_a_cloudevent_s_attributes_can_be_mapped() -> None:
    mapping = {"kind": "$ce.type", "kind:city.sensor.water_level.breach": "alarm", "event_id": "$ce.id"}
    found = one(parts(EVENT, form=CE, mapping=mapping))
    assert (found.kind, found.event_id) == (EnvelopeKind.ALARM, "a-1")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"id": None}, DeadCode.MISSING_ID),
        ({"source": ""}, DeadCode.MISSING_FIELD),
        ({"type": None}, DeadCode.MISSING_FIELD),
        ({"specversion": None}, DeadCode.MISSING_FIELD),
        ({"specversion": "0.3"}, DeadCode.UNKNOWN_FORMAT),
        ({"id": 5}, DeadCode.SCHEMA),
        ({"Sensor-Id": "x"}, DeadCode.SCHEMA),
        ({"ext": {"a": 1}}, DeadCode.SCHEMA),
        ({"time": "noon"}, DeadCode.BAD_TIME),
        ({"data": {"value": "x"}}, DeadCode.BAD_VALUE),
        ({"data_base64": "e30="}, DeadCode.SCHEMA),
        ({"id": "x" * 600}, DeadCode.TOO_LARGE),
    ],
)
def test_a_cloudevent_that_is_none(change: dict[str, object], expected: DeadCode) -> None:
    assert code(parts({**EVENT, **change}, form=CE)) is expected


def test_sensorthings_observations() -> None:
    created = {"result": 3.9, "phenomenonTime": "2026-11-22T00:15:00Z", "Datastream": {"@iot.id": 42}}
    found = one(parts(created, form=STA))
    assert (found.kind, found.subject, found.value) == (EnvelopeKind.OBSERVATION, "42", 3.9)
    assert (found.occurred_at, found.severity) == (datetime(2026, 11, 22, 0, 15, tzinfo=UTC), None)
    pushed = one(
        parts(
            {"result": True, "@iot.id": 9},
            form=STA,
            headers={"mqtt-topic": "v1.1/Datastreams(7)/Observations"},
        )
    )
    assert (pushed.subject, pushed.value, pushed.event_id) == ("7", 1.0, "Observations(9)")
    assert pushed.occurred_at == NOW
    span = {**created, "phenomenonTime": "2026-11-22T00:10:00Z/2026-11-22T00:15:00Z"}
    assert one(parts(span, form=STA)).occurred_at == found.occurred_at
    rows = {
        "Datastream": {"@iot.id": "s"},
        "components": ["phenomenonTime", "result"],
        "dataArray": [["2026-11-22T00:14:00Z", 1], ["2026-11-22T00:15:00Z", 2]],
    }
    taken = parts([rows, created], form=STA)
    assert [each.value for each in taken if isinstance(each, Envelope)] == [1.0, 2.0, 3.9]
    assert len({each.event_id for each in taken}) == 3
    assert len(parts({"value": [created, created]}, form=STA)) == 2


def test_a_row_of_an_array_has_bytes_of_its_own_and_is_the_same_when_read_from_them() -> None:
    """A row nobody knows becomes a letter: a copy of the whole message for each would be gigabytes."""
    group = {
        "Datastream": {"@iot.id": "s"},
        "components": ["phenomenonTime", "result"],
        "dataArray": [["2026-11-22T00:14:00Z", 1.5], ["2026-11-22T00:15:00Z", 2]],
    }
    kind = "application/json; charset=utf-16"
    rows = parts(json.dumps(group).encode("utf-16"), content_type=kind, form=STA)
    for row in rows:
        assert isinstance(row, Envelope)
        again = one(parts(row.part, content_type=kind, form=STA))
        assert (again.event_id, again.value, again.subject) == (row.event_id, row.value, row.subject)
    assert len({row.event_id for row in rows}) == 2


def test_rows_of_arrays_are_bounded_as_parts_are() -> None:
    group = {"Datastream": {"@iot.id": "s"}, "components": ["result"], "dataArray": [[1]] * 6000}
    found = parts([group, group], form=STA)
    assert (len(found), code(found[-1:])) == (6001, DeadCode.TOO_MANY)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"result": 1}, DeadCode.MISSING_FIELD),
        ({"Datastream": {"@iot.id": 1}}, DeadCode.MISSING_FIELD),
        ({"result": "wet", "Datastream": {"@iot.id": 1}}, DeadCode.BAD_VALUE),
        ({"result": {"a": 1}, "Datastream": {"@iot.id": 1}}, DeadCode.BAD_VALUE),
        (
            {"result": 1, "phenomenonTime": "2026-11-22T00:15:00", "Datastream": {"@iot.id": 1}},
            DeadCode.BAD_TIME,
        ),
        (
            {
                "result": 1,
                "phenomenonTime": "2026-11-22T00:15:00Z/2026-11-22T00:10:00Z",
                "Datastream": {"@iot.id": 1},
            },
            DeadCode.BAD_TIME,
        ),
        ({"Datastream": {"@iot.id": 1}, "components": ["result"], "dataArray": [[1, 2]]}, DeadCode.SCHEMA),
        ("x", DeadCode.SCHEMA),
    ],
)
def test_an_observation_that_is_none(body: object, expected: DeadCode) -> None:
    assert code(parts(body, form=STA)) is expected


def alert(**changes: object) -> dict[str, object]:
    """Return an alert in normalized notation, changed."""
    plain: dict[str, object] = {
        "category": "naturalDisaster",
        "subCategory": "flood",
        "severity": "high",
        "alertSource": "urn:ngsi-ld:Device:wl-0042",
        "description": "路面积水",
        **changes,
    }
    return {
        "id": "urn:ngsi-ld:Alert:flood-0001",
        "type": "Alert",
        **{name: {"type": "Property", "value": each} for name, each in plain.items()},
        "dateIssued": {"type": "Property", "value": {"@type": "DateTime", "@value": "2026-11-22T00:15:00Z"}},
        "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [114.3, 30.6]}},
        "@context": ["http://127.0.0.1:1/never-fetched.jsonld"],
    }


def test_an_ngsi_ld_notification() -> None:
    body = {"id": "urn:n1", "type": "Notification", "data": [alert(), alert(alertSource=""), 5]}
    first, second, third = parts(
        body, form=NGSI, mapping={"hazard:flood": "waterlogging", "category:flood": "0501"}
    )
    assert isinstance(first, Envelope)
    assert first.event_id == "urn:ngsi-ld:Alert:flood-0001#2026-11-22T00:15:00Z"
    assert (first.kind, first.subject) == (EnvelopeKind.ALARM, "urn:ngsi-ld:Device:wl-0042")
    assert (first.hazard, first.category, first.severity, first.text) == (
        "waterlogging",
        "0501",
        2,
        "路面积水",
    )
    assert (first.place.lon, first.place.lat) == (114.3, 30.6)
    assert isinstance(second, Unreadable)
    assert (second.code, second.params, second.event_id) == (
        DeadCode.MISSING_FIELD, {"field": "alertSource"}, "urn:ngsi-ld:Alert:flood-0001",
    )  # fmt: skip
    assert isinstance(third, Unreadable)
    assert (third.code, third.body) == (DeadCode.SCHEMA, b"5")
    changed = {**alert(severity="critical"), "modifiedAt": "2026-11-22T00:15:40Z"}
    again = one(parts(changed, form=NGSI))
    assert (again.event_id != first.event_id, again.severity, again.hazard) == (True, 1, "flood")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"id": ""}, DeadCode.MISSING_ID),
        ({"type": "WaterObserved"}, DeadCode.UNKNOWN_FORMAT),
        ({"dateIssued": "2026-11-22T00:15:00"}, DeadCode.BAD_TIME),
        ({"location": {"type": "Point", "coordinates": [30.6, 114.3]}}, DeadCode.SWAPPED_AXES),
        ({"location": {"type": "Point", "coordinates": [114.3]}}, DeadCode.BAD_POSITION),
        ({"location": {"type": "Polygon", "coordinates": []}}, DeadCode.BAD_POSITION),
        ({"location": {"type": "LineString", "coordinates": [[114.3, 30.6]] * 20_001}}, DeadCode.TOO_MANY),
        ({"category": {"type": "Property", "value": {"a": 1}}}, DeadCode.BAD_VALUE),
    ],
)
def test_an_alert_that_is_none(change: dict[str, object], expected: DeadCode) -> None:
    assert code(parts({**alert(), **change}, form=NGSI)) is expected


@pytest.mark.skipif(
    not (DATA / "ngsi-ld-alert").is_dir(), reason=f"NO NGSI-LD DATA at {DATA}: set CITYOPS_DATA"
)
@pytest.mark.parametrize(
    ("name", "hazard", "severity", "lon"),
    [
        ("example-1.json", "trafficjam", 2, -3.7122472),
        ("example-2.json", "robbery", 4, -3.7122472),
        ("example-agriAlert.json", "fungus", 2, 22.5220585),
        ("example-geojsonfeature.json", "trafficjam", 2, -3.7122472),
        ("example-normalized.json", "trafficjam", 2, -3.7122472),
        ("example-normalized.jsonld", "trafficjam", 2, -3.7122472),
        ("example.json", "trafficjam", 2, -3.7122472),
        ("example.jsonld", "trafficjam", 2, -3.7122472),
    ],
)
def test_the_model_s_own_examples(name: str, hazard: str, severity: int, lon: float) -> None:
    found = one(parts((DATA / "ngsi-ld-alert" / "examples" / name).read_bytes(), form=NGSI))
    assert (found.hazard, found.severity, found.place.lon) == (hazard, severity, lon)
    # They are years old: kept, but not believed as the time of an alarm of today.
    assert found.occurred_at == NOW
    assert found.sent_at is not None
    assert found.sent_at.year in {2017, 2019}


def test_any_other_word_of_a_mapping_is_what_the_star_says() -> None:
    alert = {
        "id": "urn:ngsi-ld:Alert:1", "type": "Alert", "category": "environment", "alertSource": "s",
        "dateIssued": "2026-11-22T00:15:00Z",
    }  # fmt: skip
    mapping = {"category:*": "S-AIR-01", "category:traffic": "E0505", "hazard:*": "air"}
    told = one(parts(alert, form=NGSI, mapping=mapping))
    assert (told.category, told.hazard) == ("S-AIR-01", "air")
    told = one(parts({**alert, "category": "traffic"}, form=NGSI, mapping=mapping))
    assert told.category == "E0505"
