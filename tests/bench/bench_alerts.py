"""Alerts accepted and taken a second, in batches of a hundred, beside a bare FastAPI that keeps the same bodies."""

import asyncio
import itertools
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from boot.settings import Settings
from boot.wiring import grounds_of, prepare
from tests.bench.bench_stack import Row, running, standing
from tests.bench.storm import Eye, register
from tests.bench.storm_plan import SOURCE, Plan, plan
from tests.bench.wire import Timing, pour

BATCH = 100
CONNECTIONS = 8


def batches(made: Plan) -> Callable[[], list[dict[str, Any]]]:
    """Return a maker of batches: every device speaks in turn, most within their limits."""
    codes = itertools.cycle(device.code for device in made.devices)
    numbers = itertools.count()

    def batch() -> list[dict[str, Any]]:
        return [
            {
                "event_id": f"b-{next(numbers)}",
                "device": next(codes),
                "kind": "observation",
                "metric": "tilt",
                "value": 40 if n % 10 == 0 else 3,
            }
            for n in range(BATCH)
        ]

    return batch


async def measure(*, scale: float) -> list[Row]:
    """Pour alerts into a running stack, and the same into the bare server."""
    with tempfile.TemporaryDirectory(prefix="cityops-alerts-") as name:
        folder = Path(name)
        settings = Settings(data_dir=folder / "stack", demo_mode=True)
        await asyncio.to_thread(prepare, settings)
        made = await asyncio.to_thread(lambda: plan(grounds=grounds_of(settings), scale=0.2, seconds=1.0))
        register(settings=settings, made=made, at=datetime.now(UTC))
        total = int(300 * scale)
        async with standing(folder=folder) as port:
            bare = await pour(
                port=port,
                path="/keep",
                bodies=batches(made),
                total=total,
                connections=CONNECTIONS,
                expect=202,
            )
        async with running(folder / "stack") as stack:
            eye = Eye(folder / "stack" / "cityops.db")
            path = f"/api/v1/alerts/{SOURCE}"
            begin = time.perf_counter()
            ours = await pour(
                port=stack.ports.api, path=path, bodies=batches(made), total=total,
                connections=CONNECTIONS, expect=202,
            )  # fmt: skip
            taken_s = await _read(eye, begin)
    return _rows(ours, bare, total * BATCH / taken_s)


async def _read(eye: Eye, begin: float) -> float:
    """Wait until every message has been read; return the seconds since the first was sent."""
    while eye.unread():  # noqa: ASYNC110 - the database is another process's
        await asyncio.sleep(0.05)
    return time.perf_counter() - begin


def _rows(ours: Timing, bare: Timing, taken: float) -> list[Row]:
    spread = f"{ours.ms(0.5):.1f} / {ours.ms(0.95):.1f} / {ours.ms(0.99):.1f}"
    ratio = ours.rate / bare.rate
    return [
        (
            f"alerts accepted/s, batches of {BATCH}, {CONNECTIONS} connections",
            f"{ours.rate * BATCH:.0f}",
            "≥ 1000",
        ),
        ("  answer p50 / p95 / p99 ms", spread, "–"),
        (
            "  bare FastAPI + SQLite keeps/s",
            f"{bare.rate * BATCH:.0f} (ours is {ratio:.2f} of it)",
            "same run",
        ),
        ("alerts read and decided/s, from the first on", f"{taken:.0f}", "≥ 1000"),
    ]


def run(*, scale: float) -> list[Row]:
    """Measure, with ``scale`` 1.0 for a full run."""
    return asyncio.run(measure(scale=scale))
