"""A telephone's acts over HTTP: sent twice they are one, late they say so, refused they show what was typed."""

import hashlib
import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from boot.stack import Stack
from tests.functional.town import Json, Town, handler, supervisor
from tests.people import CSRF, sign_in
from tests.unit.pictures import picture

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]
UNIT, STAFF = "4201-GAS_UTILITY", "gas.staff"
LATE = {"occurred_at": "2026-11-18T01:30:00.000Z"}
JSON = {"accept": "application/json", "hx-request": "true"}


@pytest_asyncio.fixture
async def phone(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Return the browser of somebody of the gas company's staff."""
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=60.0) as http:
        await sign_in(http, STAFF)
        yield http


async def given(town: Town) -> Json:
    """Return a case that was given to the gas company."""
    case = await town.dispatched("E0110", description="请回电 13812345678")
    return await town.act(case["case_no"], "reassign", supervisor(), lead=UNIT, reason="由燃气公司处置")


async def sent(phone: httpx.AsyncClient, case: Json, kind: str, **fields: str) -> httpx.Response:
    token = (await phone.get("/tasks/session", headers=JSON)).json()["csrf"]
    path = f"/tasks/{case['case_no']}/act/{kind}"
    return await phone.post(path, data=fields, headers={**JSON, "x-csrf-token": token})


def counted(facts: list[Json], kind: str) -> int:
    return sum(1 for fact in facts if fact["kind"] == kind)


async def test_what_is_replayed_is_done_once_and_says_when_it_was_done(
    town: Town, phone: httpx.AsyncClient
) -> None:
    case = await given(town)
    number = case["case_no"]
    listed = await phone.get("/tasks")
    assert number in listed.text
    assert listed.headers["x-cityops-keep"]
    sheet = await phone.get(f"/tasks/{number}")
    assert "138****5678" in sheet.text
    assert "13812345678" not in sheet.text
    accept = {"request_id": "0f0e-accept-1", "mine": "1"}
    first = await sent(phone, case, "sign_in", **accept)
    assert first.json() == {"ok": True, "pending": False, "status": "handling"}
    # The answer was lost on the way, so the telephone sends it again, now as late.
    assert (await sent(phone, case, "sign_in", **accept, **LATE)).json()["ok"] is True
    result = {"request_id": "0f0e-result-1", "result": "已更换阀门", "solved": "yes"}
    assert (await sent(phone, case, "submit_result", **result, **LATE)).json()["ok"] is True
    assert (await sent(phone, case, "submit_result", **result, **LATE)).json()["ok"] is True
    facts = await town.facts(number)
    assert (counted(facts, "accepted"), counted(facts, "feedback")) == (1, 1)
    submitted = next(fact for fact in facts if fact["kind"] == "feedback")
    assert "已更换阀门（离线办理，手机时间 2026-11-18 09:30）" in str(submitted["data"])


async def test_what_the_case_does_not_take_comes_back_with_the_reason_and_what_was_typed(
    town: Town, phone: httpx.AsyncClient
) -> None:
    case = await given(town)
    await town.act(case["case_no"], "sign_in", handler(UNIT), assignee="crew")
    late = await sent(phone, case, "sign_in", request_id="0f0e-accept-2", **LATE)
    assert late.status_code == 409
    assert late.json()["ok"] is False
    assert late.json()["text"]
    page = await phone.get(f"/tasks/{case['case_no']}")
    token = CSRF.search(page.text)
    assert token is not None
    form = {
        "csrf": token[1],
        "request_id": "0f0e-return-1",
        "reason": "管线不归我司",
        "proposed_unit": "没有这家",
    }
    plain = await phone.post(f"/tasks/{case['case_no']}/act/request_return", data=form)
    assert plain.status_code in (409, 422)
    assert "管线不归我司" in plain.text
    assert "没有这家" in plain.text
    assert re.search(r'role="alert".*<code>', plain.text, re.DOTALL)


async def test_a_photo_in_pieces_belongs_to_whoever_began_it(
    town: Town, phone: httpx.AsyncClient, stack: Stack
) -> None:
    case = await given(town)
    await sent(phone, case, "sign_in", request_id="0f0e-accept-3", mine="1")
    body = picture()
    token = {"x-csrf-token": (await phone.get("/tasks/session", headers=JSON)).json()["csrf"], **JSON}
    named = {"case_no": case["case_no"], "digest": hashlib.sha256(body).hexdigest(), "size": str(len(body)), "kind": "after"}  # fmt: skip
    begun = (await phone.post("/tasks/uploads", data=named, headers=token)).json()
    assert (begun["received"], begun["done"]) == (0, False)
    path = f"/tasks/uploads/{begun['id']}"
    gap = await phone.put(path, params={"offset": "9"}, content=body[9:], headers=token)
    assert (gap.status_code, gap.json()["code"], gap.json()["params"]) == (
        409,
        "upload_offset",
        {"received": "0"},
    )
    assert (await phone.put(path, params={"offset": "0"}, content=body)).status_code == 403  # no token
    whole = await phone.put(path, params={"offset": "0"}, content=body, headers=token)
    assert whole.json() == {"received": len(body)}
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=60.0) as other:
        await sign_in(other, "bridge.staff")
        own = {"x-csrf-token": (await other.get("/tasks/session", headers=JSON)).json()["csrf"], **JSON}
        assert (await other.post(f"{path}/done", headers=own)).status_code == 404
        assert (await other.post("/tasks/uploads", data=named, headers=own)).status_code == 403
    photo = (await phone.post(f"{path}/done", headers=token)).json()["photo"]
    assert (await phone.post(f"{path}/done", headers=token)).json()["photo"] == photo
    fields = {"request_id": "0f0e-result-3", "result": "已处置", "photo_ref": photo}
    assert (await sent(phone, case, "submit_result", **fields)).json()["ok"] is True
    submitted = next(fact for fact in await town.facts(case["case_no"]) if fact["kind"] == "feedback")
    assert photo in str(submitted["data"])
    elsewhere = await given(town)
    foreign = await sent(
        phone, elsewhere, "submit_result", request_id="0f0e-result-4", result="x", photo_ref=photo
    )
    assert foreign.json()["code"] == "attachment_not_found"


async def test_the_installed_page_has_its_worker_manifest_and_icons(phone: httpx.AsyncClient) -> None:
    worker = await phone.get("/tasks/sw.js")
    assert worker.headers["service-worker-allowed"] == "/"
    shell = re.findall(r'"(/static/[^"]+)"', worker.text.splitlines()[0])
    assert len(shell) > 8
    for path in shell:
        assert (await phone.get(path)).status_code == 200, path
    manifest = (await phone.get("/tasks/app.webmanifest")).json()
    assert (manifest["start_url"], manifest["display"]) == ("/tasks", "standalone")
    for icon in manifest["icons"]:
        assert (await phone.get(icon["src"])).headers["content-type"] == icon["type"]
    called = await phone.get("/tasks/20261118-0000-0000/reporters")
    assert "x-cityops-keep" not in called.headers
