"""``make storm``: tens of thousands of alerts in minutes against a running stack, and what must be true after it.

Everything is checked against the plan: every alert is stored, there are as many cases as there
must be and none twice, severity 1 is dispatched in time all along, memory does not grow.
``--seconds 60 --scale 0.1`` is a small one.
"""

import argparse
import asyncio
import sqlite3
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from boot.settings import Settings
from boot.stack import Stack
from boot.wiring import connect_store, grounds_of, prepare
from tests.bench.bench_stack import running
from tests.bench.storm_plan import SOURCE, Plan, plan
from tests.bench.wire import Timing, Wire

EVERY_S = 0.5
BATCH = 100
SAMPLE_S = 5.0
SETTLED_WITHIN_S = 600.0
_MIB = 1024 * 1024


@dataclass(kw_only=True)
class Result:
    """What was seen. ``memory`` maps a process to its resident MiB, sampled all along."""

    sent: int = 0
    answers: Timing = field(default_factory=Timing)
    settled_s: float = 0.0
    backlog: int = 0
    memory: dict[str, list[float]] = field(default_factory=dict)
    cases: dict[str, int] = field(default_factory=dict)
    severe_s: list[float] = field(default_factory=list)
    taken: int = 0
    refused: int = 0
    dead: int = 0
    kept: int = 0
    twice: int = 0
    children: int = 0
    owed: int = 0


class Eye:
    """Looks into the store from outside. Reads only."""

    def __init__(self, file: Path) -> None:
        """Open the database read-only."""
        self._db = sqlite3.connect(f"file:{file}?mode=ro", uri=True)

    def one(self, sql: str, *values: Any) -> int:
        """Return one number."""
        return int(self._db.execute(sql, values).fetchone()[0] or 0)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return rows."""
        return self._db.execute(sql, values).fetchall()

    def unread(self) -> int:
        """Count messages nobody has read yet."""
        return self.one("SELECT count(*) FROM inbound WHERE state = 'new'")

    def unstarted(self) -> int:
        """Count cases owed."""
        return self.one("SELECT count(*) FROM outbox WHERE kind = 'start_case' AND state = 'pending'")


async def storm(*, stack: Stack, file: Path, made: Plan, speed: float = 1.0) -> Result:
    """Pour the storm at its own pace, let it settle, and look. ``speed`` is that of the city's clock."""
    result, eye = Result(), Eye(file)
    stop = asyncio.Event()
    watching = asyncio.create_task(_watch(stack, eye, result, stop))
    begin = time.perf_counter()
    await _pour(stack, made, result)
    await _settle(eye, made)
    result.settled_s = time.perf_counter() - begin
    stop.set()
    await watching
    _look(eye, result)
    result.severe_s = [seconds / speed for seconds in result.severe_s]
    return result


async def _pour(stack: Stack, made: Plan, result: Result) -> None:
    """Send what is due every half second, in batches, over two connections."""
    wires = [await Wire.open(host="127.0.0.1", port=stack.ports.api) for _ in range(2)]
    begin, position = time.perf_counter(), 0
    while position < len(made.alerts):
        elapsed = time.perf_counter() - begin
        due = []
        while position < len(made.alerts) and made.alerts[position].at_s <= elapsed:
            due.append(made.alerts[position].body)
            position += 1
        parts = [due[first : first + BATCH] for first in range(0, len(due), BATCH)]
        await asyncio.gather(*(_send(wires, n, parts, result) for n in range(len(wires))))
        await asyncio.sleep(max(0.0, EVERY_S - (time.perf_counter() - begin - elapsed)))
    result.answers.elapsed = time.perf_counter() - begin
    for wire in wires:
        await wire.close()


async def _send(wires: list[Wire], n: int, parts: list[list[dict[str, Any]]], result: Result) -> None:
    for part in parts[n :: len(wires)]:
        begin = time.perf_counter()
        status, answer = await wires[n].ask("POST", f"/api/v1/alerts/{SOURCE}", part)
        result.answers.seconds.append(time.perf_counter() - begin)
        if status != 202:
            raise RuntimeError(f"alerts answered {status}: {answer}")
        result.sent += len(part)


async def _settle(eye: Eye, made: Plan) -> None:
    """Wait until nothing is owed and all cases that must come have come, or it takes too long."""
    end = time.monotonic() + SETTLED_WITHIN_S
    while time.monotonic() < end:
        waiting = eye.one("SELECT count(*) FROM alarms WHERE open AND phase = 'raised'")
        if not eye.unread() and not eye.unstarted() and not waiting:
            return
        await asyncio.sleep(1.0)
    raise TimeoutError(f"not settled: {eye.unread()} unread, {eye.unstarted()} not started")


async def _watch(stack: Stack, eye: Eye, result: Result, stop: asyncio.Event) -> None:
    while not stop.is_set():
        for part in stack.parts:
            if part.process is not None:
                result.memory.setdefault(part.name, []).append(resident(part.process.pid))
        result.backlog = max(result.backlog, eye.unread())
        try:
            await asyncio.wait_for(stop.wait(), SAMPLE_S)
        except TimeoutError:
            continue


def resident(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except FileNotFoundError:
        return 0.0
    return next(int(line.split()[1]) * 1024 / _MIB for line in text.splitlines() if line.startswith("VmRSS"))


def _look(eye: Eye, result: Result) -> None:
    result.kept = eye.one("SELECT count(*) FROM inbound WHERE parent IS NULL")
    result.taken = eye.one("SELECT sum(taken) FROM inbound WHERE parent IS NULL")
    result.refused = eye.one("SELECT sum(refused) FROM inbound WHERE parent IS NULL")
    result.dead = eye.one("SELECT count(*) FROM inbound WHERE state = 'dead'")
    result.cases = dict(eye.rows("SELECT category, count(*) FROM cases GROUP BY category"))
    result.twice = eye.one(
        "SELECT count(*) FROM (SELECT source_no FROM reports WHERE source = 'alarms' "
        "GROUP BY source_no HAVING count(*) > 1)"
    )
    result.children = eye.one("SELECT count(*) FROM alarms WHERE parent IS NOT NULL")
    result.owed = eye.one("SELECT count(*) FROM cases WHERE status = 'received'")
    rows = eye.rows(
        "SELECT c.dispatched_at, a.raised_at FROM alarms a JOIN cases c ON c.case_no = a.case_no "
        "WHERE a.severity = 1"
    )
    result.severe_s = [(done - raised) / 1e6 if done is not None else float("inf") for done, raised in rows]


def verdict(made: Plan, result: Result) -> list[str]:
    """Return what is not as it must be."""
    sent, late = len(made.alerts), [one for one in result.severe_s if one > 60]
    checks = (
        (result.sent == sent, f"sent {result.sent} of {sent}"),
        (
            result.taken + result.refused == sent,
            f"{result.taken} taken + {result.refused} refused, sent {sent}",
        ),
        (result.refused == made.unknown, f"{result.refused} refused, {made.unknown} devices are unknown"),
        (result.dead == made.unknown, f"{result.dead} dead letters, want {made.unknown}"),
        (result.cases == made.expected, f"cases {result.cases}, want {made.expected}"),
        (result.twice == 0, f"{result.twice} alarms have two cases"),
        (result.owed == 0, f"{result.owed} cases were never decided"),
        (len(result.severe_s) == len(made.severe), f"{len(result.severe_s)} severe, want {len(made.severe)}"),
        (not late, f"{len(late)} of severity 1 dispatched after more than 60 s"),
    )
    return [text for holds, text in checks if not holds]


def register(*, settings: Settings, made: Plan, at: datetime) -> None:
    """Put the devices into the registry."""
    grounds = grounds_of(settings)
    store = connect_store(settings)
    store.put_devices(devices=made.devices, profiles=grounds.pack.profiles, at=at)
    store.close()


async def run(*, scale: float, seconds: float) -> tuple[Plan, Result]:
    """Run a storm against a stack of its own."""
    with tempfile.TemporaryDirectory(prefix="cityops-storm-") as name:
        folder = Path(name)
        settings = Settings(data_dir=folder, demo_mode=True)
        prepare(settings)
        made = plan(grounds=grounds_of(settings), scale=scale, seconds=seconds)
        register(settings=settings, made=made, at=datetime.now(UTC))
        async with running(folder) as stack:
            return made, await storm(stack=stack, file=folder / "cityops.db", made=made)


def show(made: Plan, result: Result) -> None:
    """Print what was seen."""
    worst = max(result.severe_s, default=0.0)
    print(f"{len(made.devices)} devices, {result.sent} alerts in {result.answers.elapsed:.0f} s")
    print(f"answered: {len(result.answers.seconds)} messages, p50 {result.answers.ms(0.5):.1f} ms, "
          f"p95 {result.answers.ms(0.95):.1f} ms, slowest {result.answers.ms(1.0):.0f} ms")  # fmt: skip
    print(f"settled after {result.settled_s:.0f} s; at most {result.backlog} messages unread")
    print(
        f"taken {result.taken}, dead letters {result.dead}, cases {result.cases}, children {result.children}"
    )
    print(f"severity 1: {len(result.severe_s)}, slowest from alarm to dispatch {worst:.1f} s")
    for name, samples in result.memory.items():
        third = max(1, len(samples) // 3)
        early, late = max(samples[:third]), max(samples[-third:])
        print(f"memory of {name}: {early:.0f} MiB in the first third, {late:.0f} in the last")
    for problem in verdict(made, result):
        print(f"NOT AS IT MUST BE: {problem}")


def main() -> int:
    """Run one and say whether all is as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=600.0)
    given = parser.parse_args()
    made, result = asyncio.run(run(scale=given.scale, seconds=given.seconds))
    show(made, result)
    return 1 if verdict(made, result) else 0


if __name__ == "__main__":
    raise SystemExit(main())
