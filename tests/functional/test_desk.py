"""A draft of the desk becomes one report, whatever is sent twice and whoever dies; merged and handed over for real."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from boot.stack import Stack
from tests.functional.town import Json, Spot, Town
from tests.people import CSRF, sign_in
from tests.servers import answering, faults, free_ports, place_of, start_parts

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]
NUMBER = re.compile(r'data-number="([^"]+)"')


@pytest_asyncio.fixture
async def operator(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Return an operator of the demonstration at the desk."""
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=60.0) as http:
        await at_desk(http)
        yield http


async def at_desk(http: httpx.AsyncClient) -> None:
    await sign_in(http, "operator1")
    page = await http.get("/desk")
    found = CSRF.search(page.text)
    assert found is not None, page.text[:300]
    http.headers["x-csrf-token"] = found[1]
    http.headers["hx-request"] = "true"


def sheet(spot: Spot | None = None, *, draft: str = "", **fields: str) -> dict[str, str]:
    """Return a form as a window sends it."""
    place = {} if spot is None else {"lon": str(spot.lon), "lat": str(spot.lat)}
    known = {"draft": draft or secrets.token_hex(8), "window": "w1", "version": "0", "category": "E0110"}
    return {**known, "description": "小区门口垃圾没人清理", **place, **fields}


def number_of(answer: httpx.Response) -> str:
    found = NUMBER.search(answer.text)
    assert found is not None, f"{answer.status_code} {answer.text[:500]}"
    return found[1]


async def test_a_double_submit_is_one_report_with_one_receipt(
    town: Town, operator: httpx.AsyncClient
) -> None:
    spot = await town.spot()
    form = sheet(spot)
    answers = await asyncio.gather(*(operator.post("/desk/file", data=form) for _ in range(5)))
    (number,) = {number_of(one) for one in answers}
    await town.wait(number, "dispatched")
    page = await town.json("GET", f"/api/v1/cases?grid={spot.area(5)}")
    assert [case["case_no"] for case in page["cases"]] == [number]


async def test_another_caller_joins_the_open_case_the_operator_names(
    town: Town, operator: httpx.AsyncClient
) -> None:
    spot = await town.spot()
    master = number_of(await operator.post("/desk/file", data=sheet(spot, phone="13811110001")))
    before = await town.wait(master, "dispatched")
    # From a street away: too far to be merged by itself, so it is the operator's word that counts.
    form = sheet(joins=master, phone="13811110002", lon=str(spot.lon + 0.0006), lat=str(spot.lat))
    joined = number_of(await operator.post("/desk/file", data=form))
    await town.wait(joined, "merged")
    case: Json = await town.until(lambda: town.case(master), lambda case: len(case["reports"]) == 2)
    assert (case["master"], case["owner"], case["handling_due"]) == (
        None,
        before["owner"],
        before["handling_due"],
    )
    facts = await town.facts(master)
    assert not any(fact["data"].get("repeated") for fact in facts)


async def test_a_hand_over_stands_in_the_history_of_the_case(town: Town, operator: httpx.AsyncClient) -> None:
    form = sheet(await town.spot(), description="垃圾堆起火，有人被困")
    handed = await operator.post("/desk/hand-over/PEER-119", data=form)
    assert handed.status_code == 200, handed.text[:300]
    number = number_of(await operator.post("/desk/file", data={**form, "handed": "PEER-119"}))

    def told(facts: list[Json]) -> bool:
        return any(fact["kind"] == "emergency_called" for fact in facts)

    facts = await town.until(lambda: town.facts(number), told)
    called = [fact for fact in facts if fact["kind"] == "emergency_called"]
    assert [fact["data"]["service"] for fact in called] == ["PEER-119"]


async def test_a_killed_server_files_a_draft_once(
    tmp_path_factory: pytest.TempPathFactory, atlas_folder: Path
) -> None:
    data = tmp_path_factory.mktemp("desk-killed")
    place = place_of(data=data, atlas=atlas_folder)
    stack = Stack(data=data, ports=free_ports(), env=place.env)
    try:
        await start_parts(stack, "api")
        async with httpx.AsyncClient(base_url=stack.api_url, timeout=60.0) as http:
            await answering(http)
            await at_desk(http)
            form = sheet(description="井盖不见了", phone="13811110003")
            kept = await http.post("/desk/look", data=form)
            assert kept.status_code == 200
            sent = asyncio.create_task(http.post("/desk/file", data=form))
            await asyncio.sleep(0.02)
            process = stack.part("api").process
            assert process is not None
            process.kill()
            await process.wait()
            await asyncio.gather(sent, return_exceptions=True)
            await start_parts(stack, "api")
            await answering(http)
            page = await http.get(f"/desk?draft={form['draft']}")
            assert page.status_code == 200
            assert ("井盖不见了" in page.text) or NUMBER.search(page.text), (
                "the draft is there, or its receipt"
            )
            receipts = {number_of(await http.post("/desk/file", data=form)) for _ in range(2)}
            assert len(receipts) == 1
            found = await http.get("/api/v1/cases")
            assert [case["case_no"] for case in found.json()["cases"]] == list(receipts)
    finally:
        await stack.stop()
    assert faults(data) == []
