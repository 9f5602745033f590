"""What the rules cost: whole lives decided in memory, instructions fanned out, both beside a bare peer."""

import json
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from time import perf_counter

from domain.simulate import whole_future
from store.engine import open_store
from tests.bench.bench_stack import Row
from tests.integration.instruction_samples import issue, order, told
from tests.unit.builders import a_full_case

LIVES = 300
RECEIVERS = 3_500
ROUNDS = 5


def run() -> list[Row]:
    """Measure, median of several rounds each."""
    life = median(_seconds(_lives) for _ in range(ROUNDS)) / LIVES
    copy = median(_seconds(_copies) for _ in range(ROUNDS)) / LIVES
    future = median(_seconds(_future) for _ in range(ROUNDS))
    ours, bare = zip(*(_fan_out() for _ in range(ROUNDS)), strict=True)
    return [
        (
            "one standard life decided in memory",
            f"{life * 1e3:.2f} ms, {1 / life:,.0f}/s a core",
            _times(life, copy, "copying a state as often"),
        ),
        ("a case's whole future if nobody acts", f"{future * 1e3:.1f} ms", "what `cityops simulate` prints"),
        (
            f"instruction to {RECEIVERS:,} units, durable",
            f"{median(ours) * 1e3:.0f} ms",
            _times(median(ours), median(bare), "a bare executemany"),
        ),
    ]


def _times(ours: float, bare: float, what: str) -> str:
    return f"{ours / bare:.1f} × {what} ({bare * 1e3:.2f} ms)"


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _lives() -> None:
    for _ in range(LIVES):
        case = a_full_case().closed()
        case.visited(grade=5)


def _copies() -> None:
    """Copy a state as often as a life records facts: what an engine without rules would do at least."""
    case = a_full_case().closed()
    for _ in range(LIVES):
        for fact in case.facts:
            replace(case.state, seq=fact.seq)


def _future() -> None:
    whole_future(state=a_full_case().state)


def _fan_out() -> tuple[float, float]:
    receivers = told(RECEIVERS)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'bench.db'}")
        store.migrate()
        ours = _seconds(lambda: issue(store, order(), receivers))
        store.close()
        rows = [(one.unit, json.dumps(asdict(one), default=str)) for one in receivers]
        bare = sqlite3.connect(Path(folder) / "bare.db")
        bare.execute("PRAGMA journal_mode=WAL")
        bare.execute("CREATE TABLE receivers (unit TEXT PRIMARY KEY, body TEXT)")

        def insert() -> None:
            with bare:
                bare.executemany("INSERT INTO receivers VALUES (?, ?)", rows)

        plain = _seconds(insert)
        bare.close()
    return ours, plain
