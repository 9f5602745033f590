"""``cityops up`` as a person runs it: start, stop, start again; open cases go on."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from boot.stack import free_port, listening

REPORT = {
    "channel": "hotline",
    "category": "E0110",
    "description": "小区门口垃圾堆放",
    "place": {"lon": 114.2925, "lat": 30.5871},
}
WITHIN_S = 120.0


def ports() -> dict[str, int]:
    """Return free ports by the name of their option."""
    return {"--port": free_port(), "--temporal-port": free_port(), "--ui-port": free_port()}


async def launch(folder: Path, options: dict[str, int]) -> Process:
    """Start the command."""
    env = {**os.environ, "CITYOPS_DATA_DIR": str(folder), "CITYOPS_DEMO_MODE": "true"}
    words = [word for name, port in options.items() for word in (name, str(port))]
    with (folder.parent / "up.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "boot", "up", *words, env=env, stdout=log, stderr=log
        )


@asynccontextmanager
async def up(folder: Path, options: dict[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    """Run the stack until it takes reports; stop it as Ctrl-C does, and see that nothing is left."""
    process = await launch(folder, options)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{options['--port']}", timeout=30) as http:
            await _ready(http, process)
            yield http
    finally:
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 60) == 0
        assert not any(listening(port) for port in options.values())


async def _ready(http: httpx.AsyncClient, process: Process) -> None:
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        assert process.returncode is None
        try:
            if (await http.get("/readyz")).status_code == 200:
                return
        except httpx.HTTPError:
            await asyncio.sleep(0.2)
    raise TimeoutError("not ready")


async def _dispatched(http: httpx.AsyncClient, number: str) -> dict[str, Any]:
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        case: dict[str, Any] = (await http.get(f"/api/v1/cases/{number}")).json()
        if case["status"] == "dispatched":
            return case
        await asyncio.sleep(0.2)
    raise TimeoutError("not dispatched")


async def test_a_second_start_goes_on_with_every_open_case(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    async with up(folder, ports()) as http:
        number = (await http.post("/api/v1/reports", json=REPORT)).json()["case_no"]
        case = await _dispatched(http, number)
        beside = await launch(folder, ports())
        assert await asyncio.wait_for(beside.wait(), 60) == 2, "two stacks in one folder"
    async with up(folder, ports()) as http:
        actor = f"id=li; role=handler; unit={case['owner']}"
        answer = await http.post(
            f"/api/v1/cases/{number}/commands", json={"kind": "sign_in"}, headers={"X-Cityops-Actor": actor}
        )
        assert (answer.status_code, answer.json()["case"]["status"]) == (200, "accepted")
        facts = (await http.get(f"/api/v1/cases/{number}/history")).json()["facts"]
        assert [fact["kind"] for fact in facts] == ["received", "triaging", "filed", "dispatched", "accepted"]
