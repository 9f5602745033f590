"""Where the stack does not run as a demonstration nobody acts by merely saying who they are."""

import httpx
import pytest

from boot.stack import Stack
from tests.functional.outside import new_source
from tests.functional.town import OPERATOR, Town, headers, is_problem

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]


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


async def test_reports_are_taken_from_a_source_that_shows_its_key(
    town: Town, stack: Stack, strict: httpx.AsyncClient
) -> None:
    spot = await town.spot()
    body = {"channel": "console", "category": "E0110", "description": "垃圾", "place": spot.place}
    refused = await strict.post("/api/v1/reports", json=body)
    assert (refused.status_code, is_problem(refused)["code"]) == (401, "key_required")
    key = await new_source(stack, "front-desk", channel="console", scope="reports:write")
    answer = await strict.post("/api/v1/reports", json=body, headers={"x-api-key": key})
    assert answer.status_code == 201
    await town.wait(answer.json()["case_no"], "dispatched")
