"""A machine's message is on the disk when it is answered; what is refused to a known source is kept."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.source import KeyKind
from store.engine import Store
from tests.integration.alerts_api import HANDLER, NOW, OPERATOR, Door, door, make_key
from usecases.city import Grounds
from usecases.ingest import ingest
from usecases.signals import take
from usecases.signatures import sign

REPORT = {"channel": "sensor", "category": "E0110", "description": "路灯不亮"}
AT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
LOCAL = AT.astimezone(timezone(timedelta(hours=8))).strftime("%Y-%m-%d %H:%M:%S")
SAID = {"sn": "e1", "cat": "E0110", "lon": 114.2862, "lat": 30.5965, "time": LOCAL}
PART = json.dumps(SAID).encode()
MAPPING = {
    "event_id": "sn",
    "kind": "=alarm",
    "category": "cat",
    "occurred_at": "time@+08:00",
    "clock": "trusted",
}


@pytest.fixture
async def api(store: Store, wuhan: Grounds) -> AsyncIterator[Door]:
    """Return the API from outside, on an empty database."""
    async with door(store=store, grounds=wuhan) as opened:
        yield opened


def read(api: Door) -> None:
    """Read what waits, as the relay does."""
    while rows := api.city.store.claim_inbound(limit=8, now=api.city.now(), worker="w", lease_s=30):
        ingest(city=api.city, rows=rows, take=take)


async def test_a_message_is_kept_as_it_came_and_its_source_alone_is_told_its_fate(api: Door) -> None:
    body = b"\xff\x00 no json"
    answer = await api.alert("gas", body, **{"content-type": "text/plain", "x-request-id": "r1"})
    assert answer.status_code == 202, answer.text
    told = answer.json()
    row = api.city.store.inbound(id=told["message_id"])
    assert row is not None
    assert (row.body, row.source, row.channel, row.format) == (body, "gas", "sensor", "json")
    assert row.headers["x-request-id"] == "r1"
    assert api.keys["gas"].shown not in str((row.headers, row.content_type))
    mine = {"x-api-key": api.keys["gas"].shown}
    before = (await api.http.get(told["status_url"], headers=mine)).json()
    assert (before["state"], before["received_at"]) == ("new", told["received_at"])
    read(api)
    after = (await api.http.get(told["status_url"], headers=mine)).json()
    assert (after["state"], after["taken"], after["refused"], after["codes"]) == (
        "dead", 0, 1, {"encoding": 1},
    )  # fmt: skip
    assert after["refusals"][0]["detail"]
    theirs = await api.http.get(told["status_url"], headers={"x-api-key": api.keys["rain"].shown})
    assert (theirs.status_code, theirs.json()["code"]) == (404, "message_not_found")


FORMS: list[tuple[dict[str, str], str, str]] = [
    ({"content-type": "application/cap+xml"}, "", "cap"),
    ({"content-type": "application/cloudevents-batch+json; charset=utf-8"}, "?format=cap", "cloudevents"),
    ({"content-type": "application/json", "ce-specversion": "1.0", "ce-id": "a"}, "", "cloudevents"),
    ({"content-type": "application/json"}, "?format=ngsi_ld", "ngsi_ld"),
    ({"content-type": "application/json"}, "", "json"),
    ({}, "", "json"),
]


async def test_the_format_is_the_content_types_then_the_requests_then_the_sources(api: Door) -> None:
    key = {"x-api-key": api.keys["gas"].shown}
    for headers, query, form in FORMS:
        path = f"/api/v1/alerts/gas{query}"
        answer = await api.http.post(path, content=b"{}", headers={**key, **headers})
        row = api.city.store.inbound(id=answer.json()["message_id"])
        assert row is not None
        assert row.format == form
        kept = {name for name in row.headers if name.startswith("ce-")}
        assert kept == {name for name in headers if name.startswith("ce-")}
    unknown = await api.http.post("/api/v1/alerts/gas?format=pdf", content=b"{}", headers=key)
    assert (unknown.status_code, unknown.json()["code"]) == (422, "invalid_parameter")


async def test_a_signed_message_is_taken_once_and_a_wrong_key_not_at_all(api: Door) -> None:
    secret = make_key(api.city, "gas", KeyKind.WEBHOOK).shown
    raw = base64.b64decode(secret.removeprefix("whsec_"))
    at, body = int(datetime.now(UTC).timestamp()), b'{"n": 1}'
    signature = sign(secret=raw, message_id="msg_1", timestamp=at, body=body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signature}
    answers = [await api.http.post("/api/v1/alerts/gas", content=body, headers=headers) for _ in range(2)]
    assert [one.status_code for one in answers] == [202, 409]
    assert answers[1].json()["code"] == "message_replayed"
    forged = await api.http.post("/api/v1/alerts/gas", content=b'{"n": 2}', headers=headers)
    other = await api.http.post(
        "/api/v1/alerts/rain", content=body, headers={"x-api-key": api.keys["gas"].shown}
    )
    unknown = await api.http.post("/api/v1/alerts/nobody", content=body)
    assert [one.json()["code"] for one in (forged, other, unknown)] == [
        "signature_invalid", "key_source", "source_not_found",
    ]  # fmt: skip
    assert api.city.store.backlog().waiting == 1


async def test_a_batch_counts_for_as_many_as_it_holds_and_is_kept_whole_or_not_at_all(api: Door) -> None:
    source = api.city.store.source(name="gas")
    assert source is not None
    api.city.store.put_source(source=replace(source, per_minute=10), at=NOW)
    batches = [b"[1, 2, 3, 4]", b"{}", b" [1, 2, 3, 4]", b"[1, 2, 3]"]
    answers = [await api.alert("gas", batch) for batch in batches]
    assert [one.status_code for one in answers] == [202, 202, 202, 429]
    assert int(answers[3].headers["retry-after"]) > 0
    assert api.city.store.backlog().waiting == 3


async def test_a_report_keeps_its_body_and_a_refused_one_is_a_letter(api: Door) -> None:
    key = {"x-api-key": api.keys["gas"].shown, "content-type": "application/json"}
    sent = json.dumps(REPORT, indent=3).encode()
    filed = await api.http.post("/api/v1/reports", content=sent, headers=key)
    report = api.city.store.report(report_no=filed.json()["report_no"])
    assert report is not None
    assert report.raw == {"content_type": "application/json", "body": sent.decode()}
    refused = [b'{"channel": "sensor", ', b'{"channel": "sensor"}', sent.replace(b"E0110", b"X9")]
    for body in refused:
        answer = await api.http.post("/api/v1/reports", content=body, headers=key)
        assert 400 <= answer.status_code < 500
    await api.http.post("/api/v1/reports", content=b"{}")  # nobody's
    await api.http.post("/api/v1/reports", content=b"{}", headers={**key, "x-api-key": "ck_wrong"})
    await api.http.post("/api/v1/preview", content=b"{}", headers=key)  # nothing to keep
    letters = api.city.store.letters(limit=9)
    assert [(one.body, one.params["problem"]) for one in reversed(letters)] == [
        (refused[0], "invalid_body"), (refused[1], "invalid_body"), (refused[2], "unknown_category"),
    ]  # fmt: skip
    assert {(one.code, one.format, one.source) for one in letters} == {("refused", "report", "gas")}
    number = letters[0].id
    told = await api.json("POST", f"/api/v1/dead-letters/{number}/replay", status=409)
    assert told["code"] == "letter_not_replayable"
    closed = await api.json("POST", f"/api/v1/dead-letters/{number}/close", json={"reason": "已人工登记"})
    assert (closed["state"], closed["closed_by"]) == ("closed", "anna")


async def test_a_mapping_is_mended_with_a_preview_and_the_letter_replayed_once(api: Door) -> None:
    told = (await api.alert("gas", b"[" + PART + b"]", **{"content-type": "application/json"})).json()
    read(api)
    (letter,) = (await api.json("GET", "/api/v1/dead-letters?source=gas"))["letters"]
    assert (letter["code"], letter["parent"]) == ("bad_time", told["message_id"])
    assert "映射" in letter["zh"]
    path = f"/api/v1/dead-letters/{letter['id']}"
    assert (await api.json("GET", path, status=422))["code"] == "invalid_parameter"
    looked = await api.json("GET", f"{path}?reason=查厂商字段")
    assert base64.b64decode(looked["body_base64"]) == PART
    assert [act["kind"] for act in looked["acts"]] == ["viewed"]
    wrong = {"source": "gas", "mapping": {"event_id": "["}}
    refused = await api.json("POST", "/api/v1/dead-letters/preview", json=wrong, status=422)
    assert refused["code"] == "bad_mapping"
    trial = {"ids": [letter["id"]], "mapping": MAPPING}
    shown = await api.json("POST", "/api/v1/dead-letters/preview", json=trial)
    (part,) = shown["letters"][0]["parts"]
    assert "envelope" in part, part
    assert part["envelope"]["event_id"] == "e1"
    assert datetime.fromisoformat(part["envelope"]["occurred_at"]) == AT
    assert (await api.json("GET", "/api/v1/sources/gas/mapping"))["mapping"] == {}
    put = await api.json("PUT", "/api/v1/sources/gas/mapping", json={"mapping": MAPPING})
    assert (put["mapping_version"], put["mapping"]) == (2, MAPPING)
    body = {"source": "gas", "reason": "映射已改"}
    (again,) = (await api.json("POST", "/api/v1/dead-letters/replay", json=body))["replayed"]
    read(api)
    row = api.city.store.inbound(id=again["message"])
    assert row is not None
    assert (row.state, row.taken, row.mapping_version, row.received_at.isoformat()) == (
        "done", 1, 2, datetime.fromisoformat(told["received_at"]).isoformat(),
    )  # fmt: skip
    twice = await api.json("POST", f"{path}/replay", status=409)
    assert (twice["code"], (await api.json("GET", "/api/v1/dead-letters"))["letters"]) == (
        "letter_settled",
        [],
    )
    gone = (await api.json("GET", "/api/v1/dead-letters?closed=true"))["letters"]
    assert [(one["id"], one["replayed_as"]) for one in gone] == [(letter["id"], again["message"])]


DESK: list[tuple[str, str, dict[str, str] | None]] = [
    ("GET", "/api/v1/dead-letters", None),
    ("GET", "/api/v1/dead-letters/1?reason=x", None),
    ("POST", "/api/v1/dead-letters/preview", {"source": "gas"}),
    ("POST", "/api/v1/dead-letters/replay", {"source": "gas"}),
    ("POST", "/api/v1/dead-letters/1/replay", None),
    ("POST", "/api/v1/dead-letters/1/close", {"reason": "x"}),
    ("PUT", "/api/v1/sources/gas/mapping", {}),
]


async def test_letters_are_the_desks_business(api: Door) -> None:
    for method, path, body in DESK:
        refused = await api.http.request(method, path, json=body, headers=HANDLER)
        assert (refused.status_code, refused.json()["code"]) == (403, "role_not_allowed")
        assert (await api.http.request(method, path, json=body)).status_code == 401
        if "/1" in path:
            assert (await api.http.request(method, path, json=body, headers=OPERATOR)).status_code == 404
