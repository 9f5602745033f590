"""Intake and commands while the Temporal server is away: taken, kept, carried out once when it is back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from boot.stack import Stack
from tests.functional.conftest import KINDS, database
from tests.functional.lives import rows
from tests.functional.town import Town, handler
from tests.servers import answering, faults, free_ports, listening, place_of, start_parts, stop_parts

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]
BEHIND = ("temporal", "worker", "relay")


@pytest_asyncio.fixture(params=KINDS)
async def alone(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, atlas_folder: Path
) -> AsyncIterator[tuple[Stack, Town]]:
    """Return a stack of which only the API runs, and the town on it."""
    data = tmp_path_factory.mktemp(f"alone-{request.param}")
    with database(request) as url:
        place = place_of(data=data, atlas=atlas_folder, database_url=url)
        stack = Stack(data=data, ports=free_ports(), env=place.env)
        try:
            await start_parts(stack, "api")
            async with httpx.AsyncClient(base_url=stack.api_url, timeout=60.0) as http:
                await answering(http)
                yield stack, Town(http=http, data=data)
        finally:
            await stack.stop()
    assert faults(data) == []


async def start_behind(stack: Stack) -> None:
    """Start what carries out: the server first, as an operator would."""
    await start_parts(stack, "temporal")
    await listening(stack.ports.temporal)
    await start_parts(stack, "worker", "relay")


async def test_what_is_taken_while_temporal_is_away_is_carried_out_once(alone: tuple[Stack, Town]) -> None:
    stack, town = alone
    first, second = await town.spot(), await town.spot()
    early = await town.file(first)
    # Nobody has decided yet whose it is; the command waits for that as well.
    unit = f"{first.area(5)}-GRID"
    waiting = await town.send(early["case_no"], "sign_in", handler(unit), key="early")
    assert (waiting.status_code, waiting.json()["pending"]) == (202, True)
    assert waiting.json()["case"]["status"] == "received"

    await start_behind(stack)
    case = await town.wait(early["case_no"], "accepted")
    assert rows(await town.facts(early["case_no"])).count(14) == 1

    await stop_parts(stack, *reversed(BEHIND))
    late = await town.file(second)
    answers = [
        await town.send(case["case_no"], "submit_result", handler(unit), key="late", result="已清理")
        for _ in range(2)
    ]
    assert [(answer.status_code, answer.json()["pending"]) for answer in answers] == [(202, True)] * 2
    at_once = await asyncio.gather(
        *(town.send(case["case_no"], "report_up", handler(unit), key=f"up-{n}", reason="x") for n in range(5))
    )
    assert {answer.status_code for answer in at_once} == {202}

    await start_behind(stack)
    await town.wait(late["case_no"], "dispatched")
    await town.wait(case["case_no"], "checking")
    again = await town.send(case["case_no"], "submit_result", handler(unit), key="late", result="已清理")
    assert (again.status_code, again.json()["pending"]) == (200, False)
    assert rows(await town.facts(case["case_no"])).count(26) == 1
