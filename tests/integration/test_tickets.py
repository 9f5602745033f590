"""Hotline tickets over the API: each answered for itself, none lost for a code nobody knows."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from api.ticket_schemas import EXAMPLE, TicketIn
from domain.source import KeyKind, Scope, Source
from domain.views import CaseFilter
from geo.crs import from_wgs84
from store.engine import Store
from tests.integration.alerts_api import NOW, Door, door, make_key
from usecases.city import Grounds
from usecases.tickets import CRS_NAMES

HOTLINE = Source(
    name="hotline-12345",
    channel="hotline",
    citizen=True,
    scopes=(Scope.REPORTS_WRITE,),
    mapping={"category:010203": "E0110"},
    severities={"特急": 2},
)
LON, LAT = 114.2862, 30.5965
Json = dict[str, Any]


@pytest.fixture
async def desk(store: Store, wuhan: Grounds) -> AsyncIterator[Door]:
    """Open the API with a hotline that has a key and a mapping."""
    async with door(store=store, grounds=wuhan) as opened:
        store.put_source(source=HOTLINE, at=NOW)
        opened.keys[HOTLINE.name] = make_key(opened.city, HOTLINE.name, KeyKind.API_KEY)
        yield opened


def ticket(number: str, **given: Any) -> Json:
    return {
        "ticket_no": number,
        "description": "三天无人清理",
        "category": "E0110",
        "lon": LON,
        "lat": LAT,
        **given,
    }


async def send(desk: Door, body: Any, *, status: int = 201) -> Json:
    headers = {"authorization": f"Bearer {desk.keys[HOTLINE.name].shown}", "content-type": "application/json"}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await desk.http.post("/api/v1/tickets", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    found: Json = answer.json()
    return found


async def test_a_ticket_becomes_a_report_with_all_the_trade_says(desk: Door) -> None:
    receipt = await send(desk, EXAMPLE)
    assert [one["code"] for one in receipt["warnings"]] == []
    report = desk.city.store.report(report_no=receipt["report_no"])
    assert report is not None
    assert (report.source, report.source_no, report.channel) == (
        "hotline-12345",
        EXAMPLE["ticket_no"],
        "hotline",
    )
    assert report.description == f"{EXAMPLE['title']}\n{EXAMPLE['description']}"
    assert {"demand:complaint", "urgency:urgent", "media"} <= set(report.tags)
    assert (report.reporter.name, report.reporter.wants_visit) == ("王", True)
    assert report.occurred_at.isoformat() == "2026-11-22T00:10:00+00:00"
    assert len(report.caller) == 64
    assert json.loads(str(report.raw["body"])) == EXAMPLE
    (named,) = desk.city.store.attachments_of(report_nos=(report.report_no,))
    assert (named.url, named.kind, named.size) == (EXAMPLE["attachments"][0]["url"], "near", 0)
    again = await send(desk, EXAMPLE, status=200)
    assert (again["report_no"], again["repeated"]) == (receipt["report_no"], True)
    assert len(desk.city.store.attachments_of(report_nos=(report.report_no,))) == 1


@pytest.mark.parametrize(
    ("given", "category", "warned"),
    [
        ({"category": "010203"}, "E0110", []),
        ({"category": "99.ZZ"}, "unclassified", ["category_unmapped"]),
        ({"category": ""}, "unclassified", []),
        ({"crs": "UTM 50N"}, "E0110", ["crs_unknown"]),
        (
            {"lon": None, "lat": None, "grid_path": ["武汉市", "火星区"]},
            "E0110",
            ["grid_unknown", "no_place"],
        ),
        ({"handler_of_ours": "x", "深度": {"a": [1]}}, "E0110", ["fields_unread"]),
    ],
    ids=["mapped", "unknown category", "no category", "unknown crs", "unknown grid", "unknown fields"],
)
async def test_what_is_not_understood_is_a_warning_and_no_refusal(
    desk: Door, given: Json, category: str, warned: list[str]
) -> None:
    receipt = await send(desk, ticket("T1", **given))
    assert [one["code"] for one in receipt["warnings"]] == warned
    assert all(one["detail"] and one["detail_en"] for one in receipt["warnings"])
    report = desk.city.store.report(report_no=receipt["report_no"])
    assert report is not None
    assert report.category == category


async def test_a_point_is_converted_and_a_path_walked_down(desk: Door) -> None:
    declared = desk.city.pack.channels["hotline"].crs
    for number, crs in enumerate(("WGS84", "GCJ02", "BD-09", "CGCS2000")):
        lon, lat = from_wgs84(LON, LAT, crs=CRS_NAMES[crs])
        receipt = await send(desk, ticket(f"P{number}", lon=lon, lat=lat, crs=crs))
        report = desk.city.store.report(report_no=receipt["report_no"])
        assert report is not None
        there = from_wgs84(LON, LAT, crs=declared)
        assert (report.reported.lon, report.reported.lat) == pytest.approx(there, abs=1e-7)
    path = ["武汉市", "江岸区", "大智街道"]
    receipt = await send(desk, ticket("P9", lon=None, lat=None, grid_path=path))
    report = desk.city.store.report(report_no=receipt["report_no"])
    assert report is not None
    assert report.reported.area_code is not None
    area = desk.city.pack.areas.get(report.reported.area_code)
    assert area is not None
    assert area.name.startswith("大智")


async def test_words_of_urgency_are_severities_only_where_the_source_says_so(desk: Door) -> None:
    grades = {}
    words: list[Json] = [{"urgency": "特急"}, {"urgency": "紧急"}, {"urgency": "一般", "severity": 1}, {}]
    for number, given in enumerate(words):
        receipt = await send(desk, ticket(f"U{number}", **given))
        report = desk.city.store.report(report_no=receipt["report_no"])
        grades[number] = None if report is None else report.severity
    assert grades == {0: 2, 1: None, 2: 1, 3: None}


BAD: list[Any] = [
    None,
    7,
    "ticket",
    [],
    {},
    {"ticket_no": 7},
    ticket(""),
    ticket("B1", lon="114"),
    ticket("B2", severity=9),
    ticket("B3", demand_type="愤怒"),
    ticket("B4", occurred_at="2026-11-22"),
    ticket("B5", occurred_at="2999-01-01T00:00:00+08:00"),
    ticket("B6", description="长" * 20_001),
    ticket("B7", description="\x00"),
    ticket("B8", category="\ud800" * 3, description="\ud800"),
    ticket("B9", attachments=[{"url": "javascript:alert(1)"}]),
    ticket("\ud800"),
    ticket("B10", lon=10**400),
    ticket("B11", tags=["t"] * 21),
    ticket("B12", related_tickets=["\x00"]),
]
GOOD = [
    ticket("G1"),
    ticket("G2", category="?"),
    ticket("G1"),
    ticket("G3", grid_path=["?"], crs="?"),
]


async def test_of_a_batch_each_is_answered_in_its_place_and_the_refused_are_kept(desk: Door) -> None:
    mixed = [*GOOD, *BAD]
    answer = await send(desk, mixed, status=207)
    assert [one["index"] for one in answer["results"]] == list(range(len(mixed)))
    assert [one["status"] for one in answer["results"][:4]] == [201, 201, 200, 201]
    assert (answer["accepted"], answer["repeated"], answer["refused"]) == (3, 1, len(BAD))
    first, again = answer["results"][0]["report"], answer["results"][2]["report"]
    assert (again["report_no"], again["repeated"]) == (first["report_no"], True)
    for one in answer["results"][4:]:
        assert 400 <= one["status"] < 500
        assert one["report"] is None
        assert one["problem"]["status"] == one["status"]
        assert one["problem"]["code"]
        assert one["problem"]["detail"]
    assert answer["results"][4 + 6]["ticket_no"] == ""
    letters = desk.city.store.letter_ids(source=HOTLINE.name, code=None, formats=("ticket",), limit=100)
    assert len(letters) == len(BAD)


async def test_five_hundred_are_one_call_and_one_more_is_too_many(desk: Door) -> None:
    many = [ticket(f"M{n}") for n in range(500)]
    answer = await send(desk, many, status=200)
    assert (answer["accepted"], answer["refused"]) == (500, 0)
    assert len({one["report"]["report_no"] for one in answer["results"]}) == 500
    again = await send(desk, many, status=200)
    assert again["repeated"] == 500
    assert [one["report"]["report_no"] for one in again["results"]] == [
        one["report"]["report_no"] for one in answer["results"]
    ]
    refused = await send(desk, [*many, ticket("N")], status=413)
    assert refused["code"] == "batch_too_large"
    assert sum(desk.city.store.counts(by="status", where=CaseFilter()).values()) == 500


async def test_what_is_no_ticket_at_all_is_refused_as_a_whole(desk: Door) -> None:
    for body, status, code in (
        (b"{", 400, "malformed_json"),
        (b"[" * 100_000, 400, "malformed_json"),
        (b'"text"', 422, "invalid_body"),
        (b'[{"ticket_no": "' + b"x" * 5_000_000 + b'"}]', 413, "body_too_large"),
    ):
        refused = await send(desk, body, status=status)
        assert refused["code"] == code
    assert (await send(desk, [], status=200))["results"] == []
    without = await desk.http.post("/api/v1/tickets", content=b"x", headers={"content-type": "text/plain"})
    assert without.status_code == 415


def test_the_example_is_a_ticket() -> None:
    assert TicketIn.model_validate(EXAMPLE).ticket().unread == ()
