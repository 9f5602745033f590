"""The Open311 endpoint line by line of the profile that satisfies the published clients, in both formats."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest_asyncio
from lxml import etree
from PIL import Image

from domain.case import Status
from domain.open311 import Open311Settings
from domain.place import ReportedPlace
from store.engine import open_store
from tests.integration.open311_city import Open311, errors, rows, serving
from tests.integration.test_open311_reads import counted
from usecases.city import Grounds
from usecases.file_report import FileReport, file_report

_drawn = BytesIO()
Image.new("RGB", (8, 8), "red").save(_drawn, "PNG")
PICTURE = _drawn.getvalue()
FIELDS = [
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description",
    "agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime",
    "address", "address_id", "zipcode", "lat", "long", "media_url",
]  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session")
async def city(sqlite_url: str, wuhan: Grounds, tmp_path: Path) -> AsyncIterator[Open311]:
    """Return a client of an endpoint on SQLite: what the kind of database decides, other tests show."""
    store = open_store(sqlite_url)
    async with serving(store=store, grounds=wuhan, folder=tmp_path / "media") as served:
        yield served
    store.close()


@contextmanager
def replaced_pack(served: Open311, settings: Open311Settings) -> Iterator[None]:
    """Let the city's pack say something else of its endpoint for a while."""
    grounds = served.city.grounds
    changed = replace(grounds, pack=replace(grounds.pack, open311=settings))
    object.__setattr__(served.city, "grounds", changed)
    yield
    object.__setattr__(served.city, "grounds", grounds)


async def test_1_the_extension_decides_the_format_of_everything_errors_too(city: Open311) -> None:
    number = await city.filed()
    for path in (
        "discovery",
        "services",
        "services/E0110",
        "requests",
        f"requests/{number}",
        f"tokens/{number}",
    ):
        await city.json(path)
        await city.xml(path)
    for path, given in (("servicerequestupdates", {}), ("requests", {"status": "closed"})):
        assert await city.json(path, **given) == []
        assert len(await city.xml(path, **given)) == 0
    for path in ("services/none.json", "services/none.xml", "requests/none.json", "requests/none.xml"):
        answer = await city.get(path)
        assert (answer.status_code, errors(answer)[0][0]) == (404, 404), path
        assert answer.headers["x-problem-codes"] in ("service_not_found", "report_not_found")
    for path in ("services.yaml", "requests", "requests/x.pdf", "nothing/at/all.json", "discovery."):
        answer = await city.get(path)
        assert (answer.status_code, errors(answer)[0][0]) == (404, 404), path
    wanting_xml = await city.http.get(f"{city.base}/services.yaml", headers={"accept": "text/xml"})
    assert (wanting_xml.status_code, len(errors(wanting_xml))) == (404, 1)
    assert (await city.http.delete(f"{city.base}/requests.xml")).status_code == 405
    posted = await city.post("requests.xml", service_code="E0110", lat="30.5", long="114.3")
    assert (posted.status_code, posted.headers["content-type"]) == (201, "text/xml; charset=utf-8")


async def test_2_and_3_ids_are_strings_booleans_are_real_and_lists_have_their_names(city: Open311) -> None:
    services = await city.json("services")
    assert len(services) > 80
    assert all(isinstance(one["metadata"], bool) and isinstance(one["service_code"], str) for one in services)
    in_xml = rows(await city.xml("services"))
    assert {one["metadata"] for one in in_xml} <= {"true", "false"}
    assert [one["service_code"] for one in in_xml] == [one["service_code"] for one in services]
    with_questions = next(one["service_code"] for one in services if one["metadata"])
    definition = await city.json(f"services/{with_questions}")
    (question,) = definition["attributes"]
    assert (question["variable"], question["required"], question["order"]) == (True, False, 1)
    assert all(isinstance(value["key"], str) and value["name"] for value in question["values"])
    root = await city.xml(f"services/{with_questions}")
    assert [part.tag for part in root] == ["service_code", "attributes"]
    assert [part.tag for part in root[1]] == ["attribute"]
    assert [part.tag for part in root[1][0]] == list(question)
    assert [part.tag for part in root[1][0][-1]] == ["value"] * len(question["values"])
    without = next(one["service_code"] for one in services if not one["metadata"])
    assert await city.json(f"services/{without}") == {"service_code": without, "attributes": []}
    english = await city.http.get(f"{city.base}/services.json", headers={"accept-language": "en"})
    assert english.json()[0]["service_name"].isascii()
    assert not any(one["group"] == "" for one in services)


async def test_4_a_request_has_its_seventeen_fields_always(city: Open311) -> None:
    number = await city.filed(description="坏了 13812345678 <b>&\x0b")
    (fresh,) = await city.json(f"requests/{number}")
    assert list(fresh) == FIELDS
    assert (fresh["status"], fresh["expected_datetime"], fresh["agency_responsible"]) == ("open", None, None)
    assert fresh["description"] == "坏了 *** <b>&", "a telephone number is nobody's business"
    assert (fresh["lat"], fresh["long"], fresh["zipcode"]) == (30.5965, 114.2862, None)
    assert fresh["requested_datetime"] == fresh["updated_datetime"] == "2026-11-18T02:00:00Z"
    (in_xml,) = rows(await city.xml(f"requests/{number}"))
    assert list(in_xml) == FIELDS
    assert in_xml == {name: "" if value is None else str(value) for name, value in fresh.items()}

    due = city.clock.now + timedelta(days=2)
    city.clock.now += timedelta(hours=1)
    changes: dict[str, Any] = {
        "owner": "4201-COMMAND",
        "handling_due": due,
        "total_due": due + timedelta(days=1),
    }
    city.becomes(number, Status.DISPATCHED, **changes)
    (given,) = await city.json(f"requests/{number}")
    assert given["agency_responsible"] == "武汉市城市运行管理中心"
    assert (given["expected_datetime"], given["updated_datetime"]) == (
        "2026-11-20T02:00:00Z",
        "2026-11-18T03:00:00Z",
    )
    city.clock.now += timedelta(hours=1)
    city.becomes(number, Status.CLOSED, seq=6, **changes, closed_at=city.clock.now, close_kind="solved")
    city.clock.now += timedelta(hours=1)
    city.becomes(number, Status.VISITING, seq=7, **changes, closed_at=city.clock.now - timedelta(hours=1))
    (closed,) = await city.json(f"requests/{number}")
    assert (closed["status"], closed["updated_datetime"]) == ("closed", "2026-11-18T04:00:00Z")
    assert closed["status_notes"] == "已结案，正在回访报告人。"
    english = await city.http.get(f"{city.base}/requests/{number}.json", headers={"accept-language": "en"})
    assert english.json()[0]["status_notes"] == "Closed; the reporters are being asked whether it is solved."


async def test_4_other_channels_words_and_drills_and_alarms_are_not_told(city: Open311) -> None:
    ask = FileReport(
        channel="hotline", category="E0110", description="王女士家门口", source="12345",
        place=ReportedPlace(lon=114.28, lat=30.59, address="解放大道1号2栋501"),
    )  # fmt: skip
    hotline = (await file_report(city=city.city, ask=ask)).accepted.report_no
    drill = (await file_report(city=city.city, ask=replace(ask, exercise=True))).accepted.report_no
    alarm = (await file_report(city=city.city, ask=replace(ask, channel="sensor"))).accepted.report_no
    (shown,) = await city.json("requests")
    assert (shown["service_request_id"], shown["description"], shown["address"]) == (hotline, None, None)
    assert {(await city.get(f"requests/{one}.json")).status_code for one in (drill, alarm)} == {404}
    mine = await city.filed(
        description="别删", first_name="小明", last_name="王", phone="027-87654321", email="w@x.cn"
    )
    assert "小明" not in str(await city.json("requests"))
    assert "87654321" not in str(await city.json("requests"))
    city.becomes(mine, Status.REFUSED)
    (refused,) = await city.json(f"requests/{mine}")
    assert (refused["status"], refused["description"]) == ("closed", None)
    city.base = "/open311/test/v2"
    assert [one["service_request_id"] for one in await city.json("requests")] == [drill]
    tested = await city.filed()
    assert city.city.store.report(report_no=tested).exercise  # type: ignore[union-attr]


async def test_5_keys_are_403_and_every_other_fault_is_told_by_name(city: Open311) -> None:
    whole = {"service_code": "P0101", "lat": "30.5965", "long": "114.2862"}
    for key in ("", "wrong", "ck_0000000000_x", city.reader):
        for path in ("requests.json", "requests.xml", "servicerequestupdates.xml"):
            answer = await city.post(path, **{**whole, "api_key": key})
            assert (answer.status_code, errors(answer)[0][0]) == (403, 403), key
    answer = await city.post(lat="30", description="x" * 4001, **{"attribute[condition]": "no"})
    told = errors(answer)
    assert (answer.status_code, [code for code, _ in told]) == (400, [400] * 3)
    assert [text for _, text in told if "service_code required" in text]
    assert [text for _, text in told if "long required" in text]
    assert answer.headers["x-problem-codes"] == "attribute_required, attribute_required, too_long"
    unknown = await city.post(**{**whole, "service_code": "none"})
    assert (unknown.status_code, errors(unknown)[0][0]) == (404, 404)
    wrong = await city.post(**whole, **{"attribute[condition]": "no"})
    assert (wrong.status_code, "missing" in errors(wrong)[0][1]) == (400, True)
    (letter, *_) = city.city.store.letters(source="fixmystreet", limit=9)
    assert (letter.code, letter.params["problem"]) == ("refused", "unknown_condition")
    assert b"P0101" in letter.body
    assert city.key.encode() not in letter.body
    nowhere = await city.post(service_code="P0101", address_id="#NOTPINPOINTED#")
    assert "address_string" in errors(nowhere)[0][1]


async def test_5_a_pack_may_require_the_condition_and_take_requests_without_a_key(city: Open311) -> None:
    settings = Open311Settings(public=True, condition_required=("P01*",))
    with replaced_pack(city, settings):
        (question,) = (await city.json("services/P0101"))["attributes"]
        assert question["required"] is True
        whole = {"service_code": "P0101", "lat": "30.5965", "long": "114.2862", "api_key": ""}
        answer = await city.post(**whole)
        assert (answer.status_code, "condition required" in errors(answer)[0][1]) == (400, True)
        answer = await city.post(**whole, **{"attribute[condition]": "missing"})
        assert answer.status_code == 201
        assert (await city.post(**{**whole, "api_key": "wrong"})).status_code == 403
        about = {
            "update_id": "1",
            "service_request_id": answer.json()[0]["service_request_id"],
            "status": "OPEN",
        }
        assert (await city.post("servicerequestupdates.json", api_key="", **about)).status_code == 403


async def test_6_forms_of_every_kind_are_understood(city: Open311) -> None:
    place = {"lat": "30.5965", "long": "114.2862"}
    number = await city.filed(
        **place, service_code="P0101", deviceid="d1", account_id="", made_up="x", description="井盖",
        **{"attribute[condition][]": "broken", "attribute[colour]": "red", "media_url[]": ["https://a.example/1", "https://a.example/2"]},
        email="a@b.cn", phone="13812345678", first_name="小明", last_name="王", jurisdiction_id="wuhan",
    )  # fmt: skip
    kept = city.city.store.report(report_no=number)
    assert kept is not None
    assert (kept.category, kept.condition, kept.channel, kept.source) == (
        "P0101",
        "broken",
        "open311",
        "fixmystreet",
    )
    assert (kept.reporter.name, kept.reporter.phone, kept.reporter.email) == (
        "王小明",
        "13812345678",
        "a@b.cn",
    )
    assert kept.raw["form"]["attribute[colour]"] == ["red"]  # type: ignore[index]
    assert city.key not in str(kept.raw)
    (shown,) = await city.json(f"requests/{number}")
    assert shown["media_url"] in ("https://a.example/1", "https://a.example/2")
    files = [("media", ("a.png", PICTURE, "image/png")), ("media", ("b.txt", b"no picture", "image/png"))]
    answer = await city.post(files=files, service_code="E0110", **place, description="有图")
    assert answer.status_code == 201, "a picture that is none keeps no report away"
    assert "image/png" in answer.json()[0]["service_notice"]
    (shown,) = await city.json(f"requests/{answer.json()[0]['service_request_id']}")
    assert shown["media_url"].startswith("http://city.example/api/v1/attachments/")
    body = {
        "api_key": city.key,
        "service_code": "P0101",
        "lat": 30.5965,
        "long": 114.2862,
        "attribute": {"condition": "sunk"},
    }
    answer = await city.http.post(f"{city.base}/requests.json", json=body)
    number = answer.json()[0]["service_request_id"]
    assert city.city.store.report(report_no=number).condition == "sunk"  # type: ignore[union-attr]
    for charset in ("utf-8", "gb18030"):
        raw = f"api_key={city.key}&service_code=E0110&address_string=解放大道&description=垃圾".encode(
            charset
        )
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await city.http.post(f"{city.base}/requests.json", content=raw, headers=headers)
        number = answer.json()[0]["service_request_id"]
        assert city.city.store.report(report_no=number).reported.address == "解放大道"  # type: ignore[union-attr]
    for content, kind in (
        (b"[1]", "application/json"),
        (b"{" * 9999, "application/json"),
        (b"x", "text/xml"),
        (b"x", "multipart/form-data"),
        (b"--b\r\nX", "multipart/form-data; boundary=b"),
    ):
        answer = await city.http.post(
            f"{city.base}/requests.json", content=content, headers={"content-type": kind}
        )
        assert (answer.status_code, answer.headers["x-problem-codes"]) in (
            (400, "bad_form"),
            (403, "key_required"),
        ), kind
    large = await city.http.post(f"{city.base}/servicerequestupdates.xml", content=b"x" * 300_000)
    assert (large.status_code, errors(large)[0][0]) == (413, 413)


async def test_7_filters_are_all_kept_and_numbers_override_them(city: Open311) -> None:
    first = await city.filed()
    city.clock.now += timedelta(days=1)
    second = await city.filed(service_code="P0101", lat="30.40", long="114.30")
    city.becomes(first, Status.CLOSED, closed_at=city.clock.now, lon=114.2862, lat=30.5965)
    city.becomes(second, Status.FILED, lon=114.30, lat=30.40)

    async def found(**given: str) -> list[str]:
        answers = [one["service_request_id"] for one in await city.json("requests", **given)]
        assert answers == [one["service_request_id"] for one in rows(await city.xml("requests", **given))]
        return answers

    assert await found() == [second, first]
    assert await found(status="open", service_code="", made_up="x") == [second]
    assert await found(status="closed,open") == [second, first]
    assert await found(service_code="P0101,E0111") == [second]
    assert await found(start_date="2026-11-18T10:00:00+08:00", end_date="2026-11-18T02:00:00Z") == [first]
    assert await found(service_request_id=f"{first}, {second},none", status="open", start_date="x") == [
        second,
        first,
    ]
    assert await found(service_request_id="none") == []
    assert await found(updated_after="2026-11-19T00:00:00Z", updated_before="2026-11-19T02:00:00Z") == [
        second,
        first,
    ]
    assert await found(updated_before="2026-11-18T12:00:00Z") == []
    assert await found(lat="30.4001", long="114.3001", radius="50") == [second]
    assert await found(bbox="114.2,30.5,114.4,30.7") == [first]
    assert await found(jurisdiction_id="武汉市", status="open") == [second]
    city.clock.now += timedelta(days=120)
    assert await found() == []
    assert await found(start_date="2026-11-01T00:00:00Z") == [second, first], (
        "one date alone means ninety days"
    )
    assert await found(end_date="2026-11-18T12:00:00Z") == [first]
    bad = {
        "start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z", "status": "done",
        "updated_after": "yesterday", "page": "0", "bbox": "1,2,3", "jurisdiction_id": "atlantis",
    }  # fmt: skip
    answer = await city.get("requests.xml", **bad)
    assert answer.status_code == 400
    assert sorted(code for code, _ in errors(answer)) == [400] * 5 + [404]
    assert "jurisdiction_not_found" in answer.headers["x-problem-codes"]
    backwards = {"end_date": "2026-01-01T00:00:00Z", "start_date": "2026-02-01T00:00:00Z"}
    points = ({"lat": "1"}, {"lat": "nan", "long": "1"}, {"radius": "1e9"}, {"bbox": "110,30,116,31"})
    for given in ({"start_date": "2026-11-18T02:00:00"}, {"page": "1e3"}, backwards, *points):
        assert (await city.get("requests.json", **given)).status_code == 400, given
    for path in ("services.json", "services/E0110.xml", f"requests/{first}.json", f"tokens/{first}.xml"):
        assert (await city.get(path, jurisdiction_id="atlantis")).status_code == 404


async def test_8_pages_are_counted_from_one_and_linked(city: Open311) -> None:
    numbers = [await city.filed(description=str(n)) for n in range(5)]
    # All came at the same instant: then the number orders them.
    expected = sorted(numbers, reverse=True)
    pages = [await city.get("requests.json", page=str(n), page_size="2", status="open") for n in (1, 2, 3, 4)]
    shown = [[one["service_request_id"] for one in page.json()] for page in pages]
    assert shown == [expected[:2], expected[2:4], expected[4:], []]
    assert {page.headers["x-total-count"] for page in pages} == {"5"}
    assert 'rel="next"' in pages[0].headers["link"]
    assert "page=2" in pages[0].headers["link"]
    assert "status=open" in pages[0].headers["link"]
    assert 'rel="next"' not in pages[2].headers["link"]
    assert (await city.get("requests.json", page_size="5000")).headers["x-page-size"] == "1000"


async def test_9_discovery_names_two_endpoints_whatever_the_jurisdiction(city: Open311) -> None:
    for given in ({}, {"jurisdiction_id": "atlantis"}):
        found = await city.json("discovery", **given)
        assert [one["type"] for one in found["endpoints"]] == ["production", "test"]
        assert all(one["formats"] == ["text/xml", "application/json"] for one in found["endpoints"])
        times = [found["changeset"], *(one["changeset"] for one in found["endpoints"])]
        assert all(datetime.fromisoformat(time) < datetime.now(UTC) for time in times)
        assert found["contact"]
        assert found["key_service"]
        root = await city.xml("discovery", **given)
        assert [part.tag for part in root] == ["changeset", "contact", "key_service", "endpoints"]
        assert [[one.text for one in part[4]] for part in root[3]] == [["text/xml", "application/json"]] * 2
    for one in found["endpoints"]:
        assert (await city.http.get(f"{one['url']}/services.json")).status_code == 200


async def test_10_updates_tell_each_change_once_and_take_others_words_once(city: Open311) -> None:
    number = await city.filed()
    for n, status in enumerate((Status.TRIAGING, Status.HANDLING, Status.CLOSED, Status.VISITING)):
        city.clock.now += timedelta(minutes=10)
        city.becomes(number, status, seq=n + 2, close_kind="solved" if n > 1 else None)
    told = await city.json("servicerequestupdates")
    assert [one["status"] for one in told] == ["FOR_TRIAGE", "IN_PROGRESS", "FIXED"]
    assert [one["update_id"] for one in told] == [f"{number}.1.{n}" for n in (2, 3, 4)]
    assert rows(await city.xml("servicerequestupdates"))[2]["updated_datetime"] == "2026-11-18T02:30:00Z"
    window = {"start_date": "2026-11-18T02:15:00Z", "end_date": "2026-11-18T02:25:00Z", "api_key": "x"}
    assert [one["status"] for one in await city.json("servicerequestupdates", **window)] == ["IN_PROGRESS"]
    assert (await city.json("servicerequestupdates", page="2", page_size="2"))[0]["status"] == "FIXED"
    assert await city.json("servicerequestupdates", service_request_id="none") == []

    mine = {
        "update_id": "77", "service_request_id": number, "status": "open", "description": "又来了",
        "updated_datetime": "2026-11-18T02:31:00+00:00", "public_anonymity_required": "TRUE", "title": "",
    }  # fmt: skip
    first = await city.post("servicerequestupdates.xml", **mine)
    again = await city.post("servicerequestupdates.json", **{**mine, "description": "again"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert rows(etree.fromstring(first.content)) == again.json()
    assert city.city.store.case(case_no=number).status == "visiting"  # type: ignore[union-attr]
    (said,) = city.city.store.said_in(case_no=number, report_nos=(number,))
    assert (said.text, said.source, said.kind) == ("[OPEN] 又来了", "fixmystreet", "supplement")
    wrong = await city.post("servicerequestupdates.xml", status="DANCING", updated_datetime="now")
    assert (wrong.status_code, len(errors(wrong))) == (400, 4)
    unknown = await city.post("servicerequestupdates.xml", **{**mine, "service_request_id": "none"})
    assert (unknown.status_code, errors(unknown)[0][0]) == (404, 404)


async def test_11_a_request_sent_again_is_one_case(city: Open311) -> None:
    whole = {"service_code": "E0110", "lat": "30.5965", "long": "114.2862", "description": "垃圾"}
    keyed = [await city.post(**whole, headers={"idempotency-key": "k1"}) for _ in range(2)]
    assert [one.status_code for one in keyed] == [201, 200]
    assert keyed[0].json()[0]["service_request_id"] == keyed[1].json()[0]["service_request_id"]
    other = await city.post(**{**whole, "description": "别的"}, headers={"idempotency-key": "k1"})
    assert (other.status_code, other.headers["x-problem-codes"]) == (400, "idempotency_key_reused")

    known = {**whole, "device_id": "d1"}
    city.clock.now = city.clock.now.replace(hour=3, minute=9)  # the stretch of ten minutes ends in between
    one = await city.filed(**known)
    city.clock.now += timedelta(minutes=5)
    assert (await city.post(**known)).json()[0]["service_request_id"] == one
    assert await city.filed(**{**known, "device_id": "d2"}) != one
    assert await city.filed(**known, files=None, account_id="a") != one
    city.clock.now += timedelta(minutes=6)
    assert await city.filed(**known) != one, "ten minutes later it is another one"
    assert await city.filed(**whole) != await city.filed(**whole), "nobody in particular is never the same"


async def test_reads_take_the_same_few_statements_whatever_the_page(city: Open311) -> None:
    for n in range(4):
        await city.filed(description=str(n), media_url="https://a.example/1")
    taken = []
    for size in ("1", "4"):
        with counted(city.city.store) as sent:
            assert len(await city.json("requests", page_size=size)) == int(size)
        taken.append(len([one for one in sent if one.startswith("SELECT")]))
    assert taken[0] == taken[1] <= 3


async def test_the_endpoint_describes_itself(city: Open311) -> None:
    document = (await city.get("openapi.json")).json()
    assert len(document["paths"]) == 7
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["description"]
            assert {"400", "403", "404"} <= set(operation["responses"])
