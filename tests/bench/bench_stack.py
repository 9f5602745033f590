"""Measures the whole stack on this machine: intake, dispatch, full lives, beside a bare insert.

Everything runs on the cores the stack runs on, the load included. Loads are bounded; the
stack is our own, on loopback, in a temporary folder.
"""

import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from boot.settings import Settings
from boot.stack import Ports, Stack, free_port
from boot.wiring import prepare
from tests.bench.wire import Timing, Wire, pour

HANDLER = "id=bench; role=handler; unit={owner}"
CHECKER = "id=bench-check; role=checker; unit={checker}"
HOTLINE = "id=bench-hotline; role=operator; unit=4201-COMMAND"
Row = tuple[str, str, str]
LATE: list[str] = []
"""Commands that were answered with 202."""


SPACING = 0.003
"""Degrees between two reports: farther apart than any city pack merges or proposes to merge."""


def lattice() -> Iterator[tuple[float, float]]:
    """Yield points of the urban core in random order, no two near each other."""
    points = [(114.12 + SPACING * x, 30.42 + SPACING * y) for x in range(130) for y in range(80)]
    random.Random(20261122).shuffle(points)
    return iter(points)


POINTS = lattice()


def report() -> dict[str, Any]:
    """Return a report nobody else made."""
    lon, lat = next(POINTS)
    phone = f"+86138{round(lon * 1000) % 10_000:04d}{round(lat * 1000) % 10_000:04d}"
    return {
        "channel": "hotline",
        "category": "E0110",
        "description": "小区门口垃圾堆放无人清理",
        "place": {"lon": lon, "lat": lat},
        "reporter": {"phone": phone},
    }


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Stack]:
    """Run a stack in a folder of its own."""
    settings = Settings(data_dir=folder, demo_mode=True)
    await asyncio.to_thread(prepare, settings)
    ports = Ports(api=free_port(), temporal=free_port(), temporal_ui=free_port())
    stack = Stack(data=folder, ports=ports, env={"CITYOPS_DEMO_MODE": "true"})
    try:
        await stack.start()
        yield stack
    finally:
        await stack.stop()


class Watch:
    """Looks into the store from outside: what is dispatched, what is owed. Reads only."""

    def __init__(self, file: Path) -> None:
        """Open the database read-only."""
        self._db = sqlite3.connect(f"file:{file}?mode=ro", uri=True)

    def owed(self) -> int:
        """Count the cases that are not started yet."""
        (count,) = self._db.execute(
            "SELECT count(*) FROM outbox WHERE kind = 'start_case' AND state = 'pending'"
        ).fetchone()
        return int(count)

    def dispatched(self, number: str) -> bool:
        """Tell whether a case has left the intake."""
        found = self._db.execute("SELECT status FROM cases WHERE case_no = ?", (number,)).fetchone()
        return found is not None and found[0] != "received"

    async def until_dispatched(self, number: str) -> None:
        """Wait until a case has left the intake. The database is another process's: there is no event to await."""
        while not self.dispatched(number):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def drained(self, *, within_s: float = 300.0) -> None:
        """Wait until every accepted report has become a running case."""
        end = time.monotonic() + within_s
        while self.owed():
            if time.monotonic() > end:
                raise TimeoutError("the relay did not catch up")
            await asyncio.sleep(0.05)


async def paced(*, stack: Stack, watch: Watch, per_s: float, total: int) -> Timing:
    """File at a steady pace and measure from the answer to the dispatched row."""
    timing, wire = Timing(), await Wire.open(host="127.0.0.1", port=stack.ports.api)
    waiting = set()

    async def until_dispatched(number: str, begin: float) -> None:
        await watch.until_dispatched(number)
        timing.seconds.append(time.perf_counter() - begin)

    begin = time.perf_counter()
    for count in range(total):
        await asyncio.sleep(max(0.0, begin + count / per_s - time.perf_counter()))
        _, receipt = await wire.ask("POST", "/api/v1/reports", report())
        waiting.add(asyncio.create_task(until_dispatched(receipt["case_no"], time.perf_counter())))
    await asyncio.gather(*waiting)
    timing.elapsed = time.perf_counter() - begin
    await wire.close()
    return timing


async def dispatched_case(wire: Wire, watch: Watch) -> dict[str, Any]:
    """File reports until one is dispatched at once (a point on a border waits for a dispatcher)."""
    while True:
        _, receipt = await wire.ask("POST", "/api/v1/reports", report())
        number = receipt["case_no"]
        await watch.until_dispatched(number)
        _, case = await wire.ask("GET", f"/api/v1/cases/{number}")
        if case["status"] == "dispatched":
            return dict(case)


async def life(wire: Wire, watch: Watch) -> None:
    """Live one standard life: file, dispatch, sign in, submit, check, visit."""
    case = await dispatched_case(wire, watch)
    number = case["case_no"]
    path, owner = f"/api/v1/cases/{number}/commands", HANDLER.format(owner=case["owner"])
    await _must(wire, path, {"kind": "sign_in"}, owner)
    done = await _must(wire, path, {"kind": "submit_result", "result": "已清理", "contacted": True}, owner)
    checker = CHECKER.format(checker=done["case"]["checker"])
    seen = {"photos": ["sha256-bench"], "lon": case["lon"], "lat": case["lat"]}
    await _must(wire, path, {"kind": "record_check", "passed": True, **seen}, checker)
    visit = {"kind": "record_visit", "report_no": number, "reached": True, "solved": True, "grade": 5}
    await _must(wire, path, visit, HOTLINE)


async def caught_up(*, stack: Stack, watch: Watch) -> None:
    """Wait until the worker has taken up every case: only then does the newest one answer a command at once."""
    wire = await Wire.open(host="127.0.0.1", port=stack.ports.api)
    end = time.monotonic() + 300
    while True:
        case = await dispatched_case(wire, watch)
        path = f"/api/v1/cases/{case['case_no']}/commands"
        begin = time.perf_counter()
        status, _ = await wire.ask(
            "POST", path, {"kind": "sign_in"}, actor=HANDLER.format(owner=case["owner"])
        )
        if status == 200 and time.perf_counter() - begin < 1.0:
            break
        if time.monotonic() > end:
            raise TimeoutError("the worker did not catch up")
    await wire.close()


async def _must(wire: Wire, path: str, body: dict[str, Any], actor: str) -> Any:
    status, answer = await wire.ask("POST", path, body, actor=actor)
    if status == 202:
        # Taken, to be carried out by the relay: a life goes on when it was.
        LATE.append(body["kind"])
        before = answer["case"]["seq"]
        while answer["case"]["seq"] == before:
            await asyncio.sleep(0.1)
            answer = {"case": (await wire.ask("GET", path.removesuffix("/commands")))[1]}
    elif status != 200:
        raise RuntimeError(f"{body['kind']} answered {status}: {answer}")
    return answer


async def lives(*, stack: Stack, watch: Watch, total: int, together: int) -> Timing:
    """Live many lives, some at a time."""
    timing, left = Timing(), [total]

    async def one() -> None:
        wire = await Wire.open(host="127.0.0.1", port=stack.ports.api)
        while left[0] > 0:
            left[0] -= 1
            begin = time.perf_counter()
            await life(wire, watch)
            timing.seconds.append(time.perf_counter() - begin)
        await wire.close()

    begin = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(together)))
    timing.elapsed = time.perf_counter() - begin
    return timing


@asynccontextmanager
async def standing(*, folder: Path) -> AsyncIterator[int]:
    """Run the bare server; yield its port."""
    port = free_port()
    command = (sys.executable, "-m", "tests.bench.bare", str(port), str(folder / "bare.db"))
    server = await asyncio.create_subprocess_exec(*command)
    try:
        await _listens(port)
        yield port
    finally:
        server.terminate()
        await server.wait()


async def bare(*, folder: Path, total: int) -> Timing:
    """Measure a bare FastAPI insert into SQLite with the same client, body and durability."""
    async with standing(folder=folder) as port:
        return await pour(port=port, path="/insert", bodies=report, total=total, connections=32, expect=201)


async def _listens(port: int) -> None:
    for _ in range(200):
        try:
            await (await Wire.open(host="127.0.0.1", port=port)).close()
        except OSError:
            await asyncio.sleep(0.1)
        else:
            return
    raise TimeoutError("the bare server did not start")


async def measure(*, scale: float) -> list[Row]:
    """Run every measurement; ``scale`` 1.0 is a full run of some minutes."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="cityops-bench-") as name:
        folder = Path(name)
        yardstick = await bare(folder=folder, total=int(3000 * scale))
        async with running(folder / "stack") as stack:
            watch = Watch(folder / "stack" / "cityops.db")
            port, path = stack.ports.api, "/api/v1/reports"
            await pour(port=port, path=path, bodies=report, total=50, connections=4, expect=201)
            await watch.drained()
            alone = await pour(
                port=port, path=path, bodies=report, total=int(300 * scale), connections=1, expect=201
            )
            await watch.drained()
            begin = time.perf_counter()
            storm = await pour(
                port=port, path=path, bodies=report, total=int(3000 * scale), connections=32, expect=201
            )
            await watch.drained()
            sustained = len(storm.seconds) / (time.perf_counter() - begin)
            await caught_up(stack=stack, watch=watch)
            running_s = len(storm.seconds) / (time.perf_counter() - begin)
            steady = await paced(stack=stack, watch=watch, per_s=5, total=int(150 * scale))
            whole = await lives(stack=stack, watch=watch, total=int(150 * scale), together=8)
    ratio = storm.rate / yardstick.rate
    rows.append(("reports accepted/s, 32 connections", f"{storm.rate:.0f}", "≥ 400"))
    rows.append(("  answer p50 / p95 / p99 ms", _spread(storm), "p95 < 80"))
    rows.append(
        ("  bare FastAPI + SQLite insert/s", f"{yardstick.rate:.0f} (ours is {ratio:.2f} of it)", "same run")
    )
    rows.append(("answer at 1 connection p50 / p95 / p99 ms", _spread(alone), "p95 < 20"))
    rows.append(("dispatched/s sustained after the storm began", f"{sustained:.1f}", "≥ 15"))
    rows.append(("  and taken up by the worker (timer armed)/s", f"{running_s:.1f}", "≥ 15"))
    rows.append(("accepted → dispatched at 5/s p50 / p95 / p99 ms", _spread(steady), "p95 < 2000"))
    rows.append(("full lives/s, 8 at a time", f"{whole.rate:.1f}", "–"))
    rows.append(("  one life p50 / p95 / p99 ms", _spread(whole), "–"))
    rows.append(("  commands answered 202 instead of 200", f"{len(LATE)}", "0"))
    return rows


def _spread(timing: Timing) -> str:
    return f"{timing.ms(0.5):.1f} / {timing.ms(0.95):.1f} / {timing.ms(0.99):.1f}"
