"""Where the stack does not run as a demonstration nobody acts by merely saying who they are."""

import asyncio
import sys
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from boot.stack import Stack, free_port
from tests.functional.town import OPERATOR, Town, headers, is_problem
from tests.servers import answering

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]


@pytest_asyncio.fixture(scope="session")
async def strict(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of a second API process on the same data, outside demo mode."""
    port = free_port()
    log = (stack.data / "log" / "api-strict.log").open("ab")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "boot", "api", "--port", str(port),
        env={**stack.part("api").env, "CITYOPS_DEMO_MODE": "false"},
        stdout=log, stderr=log,
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60.0) as http:
            await answering(http)
            yield http
    finally:
        process.terminate()
        await process.wait()
        log.close()


async def test_a_header_names_no_actor(town: Town, strict: httpx.AsyncClient) -> None:
    case = await town.dispatched()
    path = f"/api/v1/cases/{case['case_no']}/commands"
    body = {"kind": "cancel_case", "reason": "x"}
    refused = await strict.post(path, json=body, headers=headers(actor=OPERATOR))
    assert (refused.status_code, is_problem(refused)["code"]) == (403, "header_actor_outside_demo")
    refused = await strict.post(path, json=body)
    assert (refused.status_code, is_problem(refused)["code"]) == (401, "actor_required")
    inbox = await strict.get("/api/v1/units/4201-COMMAND/messages", headers=headers(actor=OPERATOR))
    assert (inbox.status_code, is_problem(inbox)["code"]) == (403, "header_actor_outside_demo")
    assert (await town.case(case["case_no"]))["status"] == "dispatched"


async def test_reports_are_taken_all_the_same(town: Town, strict: httpx.AsyncClient) -> None:
    spot = await town.spot()
    body = {"channel": "console", "category": "E0110", "description": "垃圾", "place": spot.place}
    answer = await strict.post("/api/v1/reports", json=body)
    assert answer.status_code == 201
    await town.wait(answer.json()["case_no"], "dispatched")
