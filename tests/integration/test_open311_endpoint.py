"""The Open311 endpoint line by line of the profile that satisfies the published clients, in both formats."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lxml import etree

from domain.case import Status
from domain.open311 import Open311Settings
from domain.place import ReportedPlace
from tests.integration.open311_city import Open311, errors, rows
from tests.integration.test_open311_reads import counted
from usecases.file_report import FileReport, file_report

FIELDS = [
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description",
    "agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime",
    "address", "address_id", "zipcode", "lat", "long", "media_url",
]  # fmt: skip


@contextmanager
def replaced_pack(served: Open311, settings: Open311Settings) -> Iterator[None]:
    """Let the city's pack say something else of its endpoint for a while."""
    grounds = served.city.grounds
    changed = replace(grounds, pack=replace(grounds.pack, open311=settings))
    object.__setattr__(served.city, "grounds", changed)
    yield
    object.__setattr__(served.city, "grounds", grounds)


async def test_1_the_extension_decides_the_format_of_everything_errors_too(open311: Open311) -> None:
    number = await open311.filed()
    for path in (
        "discovery",
        "services",
        "services/E0110",
        "requests",
        f"requests/{number}",
        f"tokens/{number}",
    ):
        await open311.json(path)
        await open311.xml(path)
    for path, given in (("servicerequestupdates", {}), ("requests", {"status": "closed"})):
        assert await open311.json(path, **given) == []
        assert len(await open311.xml(path, **given)) == 0
    for path in ("services/none.json", "services/none.xml", "requests/none.json", "requests/none.xml"):
        answer = await open311.get(path)
        assert (answer.status_code, errors(answer)[0][0]) == (404, 404), path
        assert answer.headers["x-problem-codes"] in ("service_not_found", "report_not_found")
    for path in ("services.yaml", "requests", "requests/x.pdf", "nothing/at/all.json", "discovery."):
        answer = await open311.get(path)
        assert (answer.status_code, errors(answer)[0][0]) == (404, 404), path
    wanting_xml = await open311.http.get(f"{open311.base}/services.yaml", headers={"accept": "text/xml"})
    assert (wanting_xml.status_code, len(errors(wanting_xml))) == (404, 1)
    assert (await open311.http.delete(f"{open311.base}/requests.xml")).status_code == 405
    posted = await open311.post("requests.xml", service_code="E0110", lat="30.5", long="114.3")
    assert (posted.status_code, posted.headers["content-type"]) == (201, "text/xml; charset=utf-8")


async def test_2_and_3_ids_are_strings_booleans_are_real_and_lists_have_their_names(open311: Open311) -> None:
    services = await open311.json("services")
    assert len(services) > 80
    assert all(isinstance(one["metadata"], bool) and isinstance(one["service_code"], str) for one in services)
    in_xml = rows(await open311.xml("services"))
    assert {one["metadata"] for one in in_xml} <= {"true", "false"}
    assert [one["service_code"] for one in in_xml] == [one["service_code"] for one in services]
    with_questions = next(one["service_code"] for one in services if one["metadata"])
    definition = await open311.json(f"services/{with_questions}")
    (question,) = definition["attributes"]
    assert (question["variable"], question["required"], question["order"]) == (True, False, 1)
    assert all(isinstance(value["key"], str) and value["name"] for value in question["values"])
    root = await open311.xml(f"services/{with_questions}")
    assert [part.tag for part in root] == ["service_code", "attributes"]
    assert [part.tag for part in root[1]] == ["attribute"]
    assert [part.tag for part in root[1][0]] == list(question)
    assert [part.tag for part in root[1][0][-1]] == ["value"] * len(question["values"])
    without = next(one["service_code"] for one in services if not one["metadata"])
    assert await open311.json(f"services/{without}") == {"service_code": without, "attributes": []}
    english = await open311.http.get(f"{open311.base}/services.json", headers={"accept-language": "en"})
    assert english.json()[0]["service_name"].isascii()
    assert not any(one["group"] == "" for one in services)


async def test_4_a_request_has_its_seventeen_fields_always(open311: Open311) -> None:
    number = await open311.filed(description="坏了 13812345678 <b>&\x0b")
    (fresh,) = await open311.json(f"requests/{number}")
    assert list(fresh) == FIELDS
    assert (fresh["status"], fresh["expected_datetime"], fresh["agency_responsible"]) == ("open", None, None)
    assert fresh["description"] == "坏了 *** <b>&", "a telephone number is nobody's business"
    assert (fresh["lat"], fresh["long"], fresh["zipcode"]) == (30.5965, 114.2862, None)
    assert fresh["requested_datetime"] == fresh["updated_datetime"] == "2026-11-18T02:00:00Z"
    (in_xml,) = rows(await open311.xml(f"requests/{number}"))
    assert list(in_xml) == FIELDS
    assert in_xml == {name: "" if value is None else str(value) for name, value in fresh.items()}

    due = open311.clock.now + timedelta(days=2)
    open311.clock.now += timedelta(hours=1)
    changes: dict[str, Any] = {
        "owner": "4201-COMMAND",
        "handling_due": due,
        "total_due": due + timedelta(days=1),
    }
    open311.becomes(number, Status.DISPATCHED, **changes)
    (given,) = await open311.json(f"requests/{number}")
    assert given["agency_responsible"] == "武汉市城市运行管理中心"
    assert (given["expected_datetime"], given["updated_datetime"]) == (
        "2026-11-20T02:00:00Z",
        "2026-11-18T03:00:00Z",
    )
    open311.clock.now += timedelta(hours=1)
    open311.becomes(number, Status.CLOSED, seq=6, **changes, closed_at=open311.clock.now, close_kind="solved")
    open311.clock.now += timedelta(hours=1)
    open311.becomes(
        number, Status.VISITING, seq=7, **changes, closed_at=open311.clock.now - timedelta(hours=1)
    )
    (closed,) = await open311.json(f"requests/{number}")
    assert (closed["status"], closed["updated_datetime"]) == ("closed", "2026-11-18T04:00:00Z")
    assert closed["status_notes"] == "已结案，正在回访报告人。"
    english = await open311.http.get(
        f"{open311.base}/requests/{number}.json", headers={"accept-language": "en"}
    )
    assert english.json()[0]["status_notes"] == "Closed; the reporters are being asked whether it is solved."


async def test_4_other_channels_words_and_drills_and_alarms_are_not_told(open311: Open311) -> None:
    ask = FileReport(
        channel="hotline", category="E0110", description="王女士家门口", source="12345",
        place=ReportedPlace(lon=114.28, lat=30.59, address="解放大道1号2栋501"),
    )  # fmt: skip
    hotline = (await file_report(city=open311.city, ask=ask)).accepted.report_no
    drill = (await file_report(city=open311.city, ask=replace(ask, exercise=True))).accepted.report_no
    alarm = (await file_report(city=open311.city, ask=replace(ask, channel="sensor"))).accepted.report_no
    (shown,) = await open311.json("requests")
    assert (shown["service_request_id"], shown["description"], shown["address"]) == (hotline, None, None)
    assert {(await open311.get(f"requests/{one}.json")).status_code for one in (drill, alarm)} == {404}
    mine = await open311.filed(
        description="别删", first_name="小明", last_name="王", phone="027-87654321", email="w@x.cn"
    )
    assert "小明" not in str(await open311.json("requests"))
    assert "87654321" not in str(await open311.json("requests"))
    open311.becomes(mine, Status.REFUSED)
    (refused,) = await open311.json(f"requests/{mine}")
    assert (refused["status"], refused["description"]) == ("closed", None)
    open311.base = "/open311/test/v2"
    assert [one["service_request_id"] for one in await open311.json("requests")] == [drill]
    tested = await open311.filed()
    assert open311.city.store.report(report_no=tested).exercise  # type: ignore[union-attr]


async def test_5_keys_are_403_and_every_other_fault_is_told_by_name(open311: Open311) -> None:
    whole = {"service_code": "P0101", "lat": "30.5965", "long": "114.2862"}
    for key in ("", "wrong", "ck_0000000000_x", open311.reader):
        for path in ("requests.json", "requests.xml", "servicerequestupdates.xml"):
            answer = await open311.post(path, **{**whole, "api_key": key})
            assert (answer.status_code, errors(answer)[0][0]) == (403, 403), key
    answer = await open311.post(lat="30", description="x" * 4001, **{"attribute[condition]": "no"})
    told = errors(answer)
    assert (answer.status_code, [code for code, _ in told]) == (400, [400] * 3)
    assert [text for _, text in told if "service_code required" in text]
    assert [text for _, text in told if "long required" in text]
    assert answer.headers["x-problem-codes"] == "attribute_required, attribute_required, too_long"
    unknown = await open311.post(**{**whole, "service_code": "none"})
    assert (unknown.status_code, errors(unknown)[0][0]) == (404, 404)
    wrong = await open311.post(**whole, **{"attribute[condition]": "no"})
    assert (wrong.status_code, "missing" in errors(wrong)[0][1]) == (400, True)
    (letter, *_) = open311.city.store.letters(source="fixmystreet", limit=9)
    assert (letter.code, letter.params["problem"]) == ("refused", "unknown_condition")
    assert b"P0101" in letter.body
    assert open311.key.encode() not in letter.body
    nowhere = await open311.post(service_code="P0101", address_id="#NOTPINPOINTED#")
    assert "address_string" in errors(nowhere)[0][1]


async def test_5_a_pack_may_require_the_condition_and_take_requests_without_a_key(open311: Open311) -> None:
    settings = Open311Settings(public=True, condition_required=("P01*",))
    with replaced_pack(open311, settings):
        (question,) = (await open311.json("services/P0101"))["attributes"]
        assert question["required"] is True
        whole = {"service_code": "P0101", "lat": "30.5965", "long": "114.2862", "api_key": ""}
        answer = await open311.post(**whole)
        assert (answer.status_code, "condition required" in errors(answer)[0][1]) == (400, True)
        answer = await open311.post(**whole, **{"attribute[condition]": "missing"})
        assert answer.status_code == 201
        assert (await open311.post(**{**whole, "api_key": "wrong"})).status_code == 403
        about = {
            "update_id": "1",
            "service_request_id": answer.json()[0]["service_request_id"],
            "status": "OPEN",
        }
        assert (await open311.post("servicerequestupdates.json", api_key="", **about)).status_code == 403


async def test_7_filters_are_all_kept_and_numbers_override_them(open311: Open311) -> None:
    first = await open311.filed()
    open311.clock.now += timedelta(days=1)
    second = await open311.filed(service_code="P0101", lat="30.40", long="114.30")
    open311.becomes(first, Status.CLOSED, closed_at=open311.clock.now, lon=114.2862, lat=30.5965)
    open311.becomes(second, Status.FILED, lon=114.30, lat=30.40)

    async def found(**given: str) -> list[str]:
        answers = [one["service_request_id"] for one in await open311.json("requests", **given)]
        assert answers == [one["service_request_id"] for one in rows(await open311.xml("requests", **given))]
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
    open311.clock.now += timedelta(days=120)
    assert await found() == []
    assert await found(start_date="2026-11-01T00:00:00Z") == [second, first], (
        "one date alone means ninety days"
    )
    assert await found(end_date="2026-11-18T12:00:00Z") == [first]


async def test_7_every_fault_of_a_question_is_told_at_once(open311: Open311) -> None:
    first = await open311.filed()
    bad = {
        "start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z", "status": "done",
        "updated_after": "yesterday", "page": "0", "bbox": "1,2,3", "jurisdiction_id": "atlantis",
    }  # fmt: skip
    answer = await open311.get("requests.xml", **bad)
    assert answer.status_code == 400
    assert sorted(code for code, _ in errors(answer)) == [400] * 5 + [404]
    assert "jurisdiction_not_found" in answer.headers["x-problem-codes"]
    backwards = {"end_date": "2026-01-01T00:00:00Z", "start_date": "2026-02-01T00:00:00Z"}
    points = ({"lat": "1"}, {"lat": "nan", "long": "1"}, {"radius": "1e9"}, {"bbox": "110,30,116,31"})
    for given in ({"start_date": "2026-11-18T02:00:00"}, {"page": "1e3"}, backwards, *points):
        assert (await open311.get("requests.json", **given)).status_code == 400, given
    for path in ("services.json", "services/E0110.xml", f"requests/{first}.json", f"tokens/{first}.xml"):
        assert (await open311.get(path, jurisdiction_id="atlantis")).status_code == 404


async def test_8_pages_are_counted_from_one_and_linked(open311: Open311) -> None:
    numbers = [await open311.filed(description=str(n)) for n in range(5)]
    # All came at the same instant: then the number orders them.
    expected = sorted(numbers, reverse=True)
    pages = [
        await open311.get("requests.json", page=str(n), page_size="2", status="open", api_key="k")
        for n in (1, 2, 3, 4)
    ]
    shown = [[one["service_request_id"] for one in page.json()] for page in pages]
    assert shown == [expected[:2], expected[2:4], expected[4:], []]
    assert {page.headers["x-total-count"] for page in pages} == {"5"}
    assert 'rel="next"' in pages[0].headers["link"]
    assert "page=2" in pages[0].headers["link"]
    assert "status=open" in pages[0].headers["link"]
    assert "api_key" not in pages[0].headers["link"]
    assert 'rel="next"' not in pages[2].headers["link"]
    assert (await open311.get("requests.json", page_size="5000")).headers["x-page-size"] == "1000"


async def test_9_discovery_names_two_endpoints_whatever_the_jurisdiction(open311: Open311) -> None:
    for given in ({}, {"jurisdiction_id": "atlantis"}):
        found = await open311.json("discovery", **given)
        assert [one["type"] for one in found["endpoints"]] == ["production", "test"]
        assert all(one["formats"] == ["text/xml", "application/json"] for one in found["endpoints"])
        times = [found["changeset"], *(one["changeset"] for one in found["endpoints"])]
        assert all(datetime.fromisoformat(time) < datetime.now(UTC) for time in times)
        assert found["contact"]
        assert found["key_service"]
        root = await open311.xml("discovery", **given)
        assert [part.tag for part in root] == ["changeset", "contact", "key_service", "endpoints"]
        assert [[one.text for one in part[4]] for part in root[3]] == [["text/xml", "application/json"]] * 2
    for one in found["endpoints"]:
        assert (await open311.http.get(f"{one['url']}/services.json")).status_code == 200


async def test_10_updates_tell_each_change_once_and_take_others_words_once(open311: Open311) -> None:
    number = await open311.filed()
    for n, status in enumerate((Status.TRIAGING, Status.HANDLING, Status.CLOSED, Status.VISITING)):
        open311.clock.now += timedelta(minutes=10)
        open311.becomes(number, status, seq=n + 2, close_kind="solved" if n > 1 else None)
    told = await open311.json("servicerequestupdates")
    assert [one["status"] for one in told] == ["FOR_TRIAGE", "IN_PROGRESS", "FIXED"]
    assert [one["update_id"] for one in told] == [f"{number}.1.{n}" for n in (2, 3, 4)]
    assert rows(await open311.xml("servicerequestupdates"))[2]["updated_datetime"] == "2026-11-18T02:30:00Z"
    window = {"start_date": "2026-11-18T02:15:00Z", "end_date": "2026-11-18T02:25:00Z", "api_key": "x"}
    assert [one["status"] for one in await open311.json("servicerequestupdates", **window)] == ["IN_PROGRESS"]
    assert (await open311.json("servicerequestupdates", page="2", page_size="2"))[0]["status"] == "FIXED"
    assert await open311.json("servicerequestupdates", service_request_id="none") == []

    mine = {
        "update_id": "77", "service_request_id": number, "status": "open", "description": "又来了",
        "updated_datetime": "2026-11-18T02:31:00+00:00", "public_anonymity_required": "TRUE", "title": "",
    }  # fmt: skip
    first = await open311.post("servicerequestupdates.xml", **mine)
    again = await open311.post("servicerequestupdates.json", **{**mine, "description": "again"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert rows(etree.fromstring(first.content)) == again.json()
    assert open311.city.store.case(case_no=number).status == "visiting"  # type: ignore[union-attr]
    (said,) = open311.city.store.said_in(case_no=number, report_nos=(number,))
    assert (said.text, said.source, said.kind) == ("[OPEN] 又来了", "fixmystreet", "supplement")
    wrong = await open311.post("servicerequestupdates.xml", status="DANCING", updated_datetime="now")
    assert (wrong.status_code, len(errors(wrong))) == (400, 4)
    unknown = await open311.post("servicerequestupdates.xml", **{**mine, "service_request_id": "none"})
    assert (unknown.status_code, errors(unknown)[0][0]) == (404, 404)


async def test_reads_take_the_same_few_statements_whatever_the_page(open311: Open311) -> None:
    for n in range(4):
        await open311.filed(description=str(n), media_url="https://a.example/1")
    taken = []
    for size in ("1", "4"):
        with counted(open311.city.store) as sent:
            assert len(await open311.json("requests", page_size=size)) == int(size)
        taken.append(len([one for one in sent if one.startswith("SELECT")]))
    assert taken[0] == taken[1] <= 3


async def test_the_endpoint_describes_itself(open311: Open311) -> None:
    document = (await open311.get("openapi.json")).json()
    assert len(document["paths"]) == 7
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["description"]
            assert {"400", "403", "404"} <= set(operation["responses"])
