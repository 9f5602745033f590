"""Open311 against the served stack: the published clients as they are, and others by what they send and expect."""

import asyncio
import importlib
import itertools
import warnings
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import httpx
import jsonschema
import pytest
import pytest_asyncio
from georeport import GeoReport  # type: ignore[import-untyped]
from lxml import etree
from PIL import Image

from boot.stack import Stack
from domain.dock import Handover
from notifications.egress import public_and
from notifications.open311 import EndpointSettings, Open311Dock
from tests.functional.lives import checked
from tests.functional.open311_clients import FixMyStreet, Refused, gem_reads, poll, text, validator_reads
from tests.functional.outside import new_source
from tests.functional.town import Json, Town, handler

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

BASE = "/open311/v2"
TIME = "%Y-%m-%dT%H:%M:%SZ"
SCOPES = ("--scope", "updates:write")
_STRING, _NULLABLE = {"type": "string"}, {"type": ["string", "null"]}
_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
_REQUEST: Json = {
    "type": "object",
    "required": ["service_request_id", "status", "service_code", "requested_datetime"],
    "properties": {
        **dict.fromkeys(("service_request_id", "service_code", "service_name", "status_notes"), _STRING),
        "status": {"enum": ["open", "closed"]},
        **dict.fromkeys(("requested_datetime", "updated_datetime"), _TIME),
        "expected_datetime": {"anyOf": [_TIME, {"type": "null"}]},
        **dict.fromkeys(("address", "address_id", "zipcode", "media_url", "description"), _NULLABLE),
        **dict.fromkeys(("agency_responsible", "service_notice"), _NULLABLE),
        "lat": {"type": ["number", "null"]},
        "long": {"type": ["number", "null"]},
    },
    "minProperties": 17,
    "additionalProperties": False,
}
_VALUE = {"type": "object", "required": ["key", "name"], "properties": {"key": _STRING, "name": _STRING}}
_ATTRIBUTE: Json = {
    "type": "object",
    "required": ["variable", "code", "datatype", "required", "order", "description"],
    "properties": {
        "variable": {"type": "boolean"},
        "required": {"type": "boolean"},
        "order": {"type": "integer"},
        **dict.fromkeys(("code", "description", "datatype_description"), _STRING),
        "datatype": {"enum": ["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]},
        "values": {"type": "array", "items": _VALUE},
    },
}
_SERVICE: Json = {
    "type": "object",
    "required": ["service_code", "service_name", "metadata", "type"],
    "properties": {
        **dict.fromkeys(("service_code", "service_name", "description", "keywords", "group"), _STRING),
        "metadata": {"type": "boolean"},
        "type": {"enum": ["realtime", "batch", "blackbox"]},
    },
}
SCHEMAS: Json = {
    "services": {"type": "array", "items": _SERVICE},
    "definition": {
        "type": "object",
        "required": ["service_code", "attributes"],
        "properties": {"service_code": _STRING, "attributes": {"type": "array", "items": _ATTRIBUTE}},
    },
    "requests": {"type": "array", "items": _REQUEST},
    "request": {"type": "array", "items": _REQUEST, "minItems": 1, "maxItems": 1},
}
"""Our own schemas of the standard's answers, from its words; additional fields are what it leaves open."""


@pytest_asyncio.fixture(scope="session")
async def key(stack: Stack) -> str:
    """Return the key of a city's app that files requests and sends updates."""
    return await new_source(stack, "citizens-app", *SCOPES, channel="open311", scope="reports:write")


@pytest_asyncio.fixture
async def fms(town: Town, key: str) -> FixMyStreet:
    """Return FixMyStreet's consumer: its base address ends with a slash."""
    return FixMyStreet(http=town.http, base=f"{BASE}/", api_key=key)


async def city_now(town: Town) -> datetime:
    return datetime.fromisoformat((await town.json("GET", "/api/v1/city"))["now"])


async def read(town: Town, path: str, **given: str) -> Any:
    answer = await town.http.get(f"{BASE}/{path}", params=given)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_fixmystreet_goes_the_whole_way(town: Town, fms: FixMyStreet) -> None:
    codes = await fms.categories()
    assert "E0110" in codes
    assert "missing" in (await fms.questions("P0101"))["condition"]
    began = await city_now(town) - timedelta(minutes=1)
    spot = await town.spot()
    first = await fms.send_report(
        "E0110", spot.lat, spot.lon, email="li@example.com", first_name="San", last_name="Li",
        phone="13812345678", media_url=["https://photos.example/1.jpeg", "https://photos.example/2.jpeg"],
        **{"attribute[external_id]": "9", "attribute[title]": "垃圾"},
    )  # fmt: skip
    case = await town.wait(first, "dispatched")
    second = await fms.send_report("E0110", spot.lat, spot.lon, email="wang@example.com", deviceid="fms-2")
    await town.wait(second, "merged")
    (shown,) = await fms.fetch_requests(service_request_id=first)
    assert text(shown, "expected_datetime") == case["handling_due"][:19] + "Z"
    assert text(shown, "agency_responsible")
    assert "三天了 & <很暗>" in text(shown, "description")
    assert text(shown, "media_url").startswith("https://photos.example/")

    await town.act(first, "sign_in", handler(case["owner"]), assignee="crew-7")
    case = await town.act(first, "submit_result", handler(case["owner"]), result="已清理", contacted=True)
    assert await fms.send_comment(first, "c-1", "FIXED", "好了，谢谢", datetime.now(UTC))
    await checked(town, case)
    now = await city_now(town)
    await fms.fetch_updates(began, now)
    assert fms.told[first][-1] == fms.told[second][-1] == "FIXED"
    assert fms.told[first].index("ACTION_SCHEDULED") < fms.told[first].index("IN_PROGRESS")
    assert "DUPLICATE" in fms.told[second]
    before = {number: list(states) for number, states in fms.told.items()}
    await fms.fetch_updates(began, now)
    assert fms.told == before, "asked again, the updates have the same ids"

    for shown in await fms.fetch_requests(service_request_id=f"{first},{second}"):
        assert (text(shown, "status"), text(shown, "updated_datetime")) == ("closed", fms.last[first])
    window = {"start_date": began.strftime(TIME), "end_date": now.strftime("%Y-%m-%dT%H:%M:%S+00:00")}
    listed = await fms.fetch_requests(**window)
    assert {first, second} <= {text(one, "service_request_id") for one in listed}


async def test_fixmystreet_is_refused_in_its_own_words_and_sends_nothing_twice(
    town: Town, fms: FixMyStreet
) -> None:
    spot = await town.spot()
    number = await fms.send_report("E0110", spot.lat, spot.lon, email="li@example.com")
    assert await fms.send_report("E0110", spot.lat, spot.lon, email="li@example.com") == number
    ids = [await fms.send_comment(number, "c-9", "OPEN", "还在", datetime.now(UTC)) for _ in range(2)]
    assert ids[0] == ids[1] != ""
    with pytest.raises(Refused) as refused:
        await fms.send_report("nothing", spot.lat, spot.lon)
    assert (refused.value.status, refused.value.told[0][0]) == (404, "404")
    fms.api_key = "wrong"
    with pytest.raises(Refused) as refused:
        await fms.send_report("E0110", spot.lat, spot.lon)
    assert (refused.value.status, [code for code, _ in refused.value.told]) == (403, ["403"])
    fms.jurisdiction = "atlantis"
    with pytest.raises(Refused) as refused:
        await fms.categories()
    assert refused.value.status == 404


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_georeport_reads_everything_in_both_formats(
    town: Town, fms: FixMyStreet, stack: Stack, form: str
) -> None:
    spot = await town.spot()
    numbers = [await fms.send_report("E0110", spot.lat, spot.lon, email=f"{n}@example.com") for n in range(2)]
    client = GeoReport(f"{stack.api_url}{BASE}", jurisdiction="wuhan", output_format=form)

    def use() -> None:
        services = client.get_service_list()
        assert len(services) > 80
        definition = client.get_service_definition("P0101")
        assert definition["service_code"] == "P0101"
        one = client.get_service_request(numbers[0])
        assert (one["service_request_id"], one["service_code"]) == (numbers[0], "E0110")
        both = client.get_service_requests(service_request_id=",".join(numbers))
        assert {found["service_request_id"] for found in both} == set(numbers)
        listed = client.get_service_requests(service_code="E0110,P0101", status="open,closed")
        assert set(numbers) <= {found["service_request_id"] for found in listed}
        none = client.get_service_requests(
            start_date="2026-11-18T00:00:00Z", end_date="2026-12-31T00:00:00Z", status="open"
        )
        assert set(numbers) <= {found["service_request_id"] for found in none}

    await asyncio.to_thread(use)


async def test_three_reads_and_posts_with_a_picture(town: Town, stack: Stack, key: str) -> None:
    # Written for Python 2; with the one name it misses it works.
    itertools.ifilter = filter  # type: ignore[attr-defined]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        three = importlib.import_module("three")
    client = three.Three(f"{stack.api_url}{BASE}", jurisdiction="wuhan", api_key=key)
    spot = await town.spot()
    picture = BytesIO()
    Image.new("RGB", (16, 16), "green").save(picture, "PNG")

    def use() -> str:
        assert [one["type"] for one in client.discovery()["endpoints"]] == ["production", "test"]
        assert client.services("P0101")["service_code"] == "P0101"
        assert len(client.services()) > 80
        (posted,) = client.post(
            "E0110", address="解放大道1号", name="San Li", description="有图有真相", lat=spot.lat, long=spot.lon,
            media=("photo.png", picture.getvalue(), "image/png"), phone="555-5555",
        )  # fmt: skip
        number: str = posted["service_request_id"]
        assert client.token(number) == [{"service_request_id": number, "token": number}]
        (one,) = client.request(number)
        assert (one["status"], one["address"]) == ("open", "解放大道1号")
        assert requests_get(one["media_url"]) == "image/png"
        assert number in {found["service_request_id"] for found in client.requests("E0110", count=1000)}
        assert len(client.requests(count=1)) == 1
        # Its start without an end means up to today, by the machine's day.
        start = (datetime.now(UTC) - timedelta(days=30)).strftime("%m-%d-%Y")
        assert isinstance(client.requests(start=start, status="open"), list)
        (told,) = client.requests(start="01-01-2020")
        assert told["code"] == 400
        assert "90" in told["description"]
        (told,) = three.Three(f"{stack.api_url}{BASE}").post("E0110", address="x")
        assert told["code"] == 403
        return number

    number = await asyncio.to_thread(use)
    case = await town.wait(number, "dispatched")
    assert case["channel"] == "open311"


def requests_get(url: str) -> str:
    """Return the content type of what lies there."""
    answer = httpx.get(url, timeout=60.0)
    assert answer.status_code == 200, answer.text
    return answer.headers["content-type"].partition(";")[0]


async def test_every_answer_fits_the_standard(town: Town, fms: FixMyStreet) -> None:
    spot = await town.spot()
    numbers = [await fms.send_report("E0110", spot.lat, spot.lon, deviceid=f"d{n}") for n in range(2)]
    services = await read(town, "services.json")
    answers = {
        "services": services,
        "requests": await read(town, "requests.json"),
        "request": await read(town, f"requests/{numbers[0]}.json"),
    }
    for one in services[::8]:
        answers["definition"] = await read(town, f"services/{one['service_code']}.json")
        for name, answer in answers.items():
            jsonschema.validate(answer, SCHEMAS[name])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{**answers["request"][0], "service_request_id": 7}], SCHEMAS["request"])

    # The Ruby gem: XML, a single element being a list as well.
    for path, root, item in (
        ("services.xml", "services", "service"),
        (f"requests/{numbers[0]}.xml", "service_requests", "request"),
        (f"requests.xml?service_request_id={','.join(numbers)}", "service_requests", "request"),
        (f"tokens/{numbers[0]}.xml", "service_requests", "request"),
    ):
        answer = await town.http.get(f"{BASE}/{path}")
        found = etree.fromstring(answer.content)
        assert found.tag == root
        assert gem_reads(found, item)
    assert await read(town, "requests.json", service_code="E\x00", status="open") == []
    # The poller of open311status narrows its window while an answer is as long as its page.
    newest = await poll(town.http, BASE, await city_now(town) + timedelta(seconds=5))
    assert newest == sorted(set(newest), key=newest.index)


async def test_the_validator_finds_its_way_from_discovery(town: Town) -> None:
    """SeeClickFix's validator; it wants content types without a charset, which the standard asks for."""
    discovery = await read(town, "discovery.json")
    root = etree.fromstring((await town.http.get(f"{BASE}/discovery.xml")).content)
    assert len(root.findall("endpoints/endpoint")) >= 2
    for url in validator_reads(discovery, now=datetime.now(UTC)):
        for form, kind in (("json", "application/json"), ("xml", "text/xml")):
            answer = await town.http.get(f"{url}/services.{form}")
            assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
        asked = [
            one["service_code"]
            for one in (await town.http.get(f"{url}/services.json")).json()
            if one["metadata"]
        ]
        for code in asked[::20]:
            definition = (await town.http.get(f"{url}/services/{code}.json")).json()
            assert all(one["values"] for one in definition["attributes"])
            assert (await town.http.get(f"{url}/services/{code}.xml")).status_code == 200


async def test_what_is_filed_at_the_endpoint_for_drills_is_a_drill(
    town: Town, stack: Stack, key: str
) -> None:
    spot = await town.spot()
    drill = FixMyStreet(http=town.http, base="/open311/test/v2/", api_key=key)
    number = await drill.send_report("E0110", spot.lat, spot.lon)
    case = await town.wait(number, "dispatched")
    assert case["exercise"] is True
    assert [
        text(one, "service_request_id") for one in await drill.fetch_requests(service_request_id=number)
    ] == [number]
    assert await read(town, "requests.json", service_request_id=number) == []


@pytest.mark.parametrize("form", ["xml", "json"])
async def test_two_of_our_own_dock_to_each_other(town: Town, stack: Stack, key: str, form: str) -> None:
    """What our client sends, our server takes: a city's centre and a district's own platform (两级平台)."""
    settings = EndpointSettings(
        url=f"{stack.api_url}{BASE}", api_key=key, form=form, https_only=False, default_service="E0110"
    )
    dock = Open311Dock(settings=settings, allow=public_and("127.0.0.0/8"))
    spot = await town.spot()
    fields = {
        "service_code": dock.service_code("anything"),
        "description": "小区门口垃圾堆放\n[cityops 20261118-TEST]",
        "lat": str(spot.lat),
        "long": str(spot.lon),
        "account_id": "20261118-TEST",
    }
    made = await dock.create(fields=fields, key=f"own-{form}")
    again = await dock.create(fields=fields, key=f"own-{form}")
    assert (made.state, made.foreign_id) == (Handover.DONE, again.foreign_id)
    number = made.foreign_id or ""
    case = await town.wait(number, "dispatched")
    assert await dock.id_of(token=number) == number
    (shown,) = await dock.requests(ids=(number,))
    assert shown.status == "OPEN"
    await town.act(number, "sign_in", handler(case["owner"]), assignee="crew")
    now = datetime.now(UTC)
    updates = await dock.updates(since=now - timedelta(days=40), until=now + timedelta(days=40))
    assert "IN_PROGRESS" in [one.status for one in updates if one.service_request_id == number]
    said = {"service_request_id": number, "update_id": f"u-{form}", "status": "OPEN", "description": "催办",
            "updated_datetime": now.strftime(TIME)}  # fmt: skip
    assert (await dock.add_update(fields=said, key="u")).state is Handover.DONE
    settings = EndpointSettings(url=settings.url, api_key="wrong", form=form, https_only=False)
    refused = await Open311Dock(settings=settings, allow=public_and("127.0.0.0/8")).create(
        fields=fields, key="x"
    )
    assert (refused.state, refused.code) == (Handover.REFUSED, "http_403")
