"""How many reports and records a second this machine writes durably to SQLite.

Run: ``python -m tests.bench.bench_store [REPORTS]``. Prints figures; asserts only results.
"""

import asyncio
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time

from domain.case import Notice
from domain.report import Accepted
from domain.views import Record
from store.engine import Store, open_store
from store.group_commit import GroupCommit
from store.rows import Done
from tests.integration.store_samples import fact, report, unit, view

BATCH = 32


def main(reports: int) -> None:
    """Print reports accepted and steps recorded a second, one by one and in batches."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'bench.db'}")
        store.migrate()
        store.publish_units(units=[unit("street-1", ("email", "a@x.test"))], version="v1")
        accept_batched(store, first=0, count=reports)
        asyncio.run(accept_grouped(store, first=reports, count=reports // 2))
        record_each(store, first=0, count=reports // 4)
        record_batched(store, first=reports // 4, count=reports // 2)
        assert store.pending(kinds=["start_case"]) == reports + reports // 2
        store.close()


def accept_batched(store: Store, *, first: int, count: int) -> None:
    """Accept in transactions of 32."""
    batches = [[report(first + n + k) for k in range(BATCH)] for n in range(0, count - BATCH + 1, BATCH)]
    start = perf_counter(), process_time()
    for batch in batches:
        store.accept_many(reports=batch)
    show("accept_many, batches of 32", len(batches) * BATCH, start)
    rest = [report(first + n) for n in range(len(batches) * BATCH, count)]
    store.accept_many(reports=rest)


async def accept_grouped(store: Store, *, first: int, count: int) -> None:
    """Accept through the group commit, as 32 connections would."""
    group = GroupCommit(store=store)
    waiting = iter([report(first + n) for n in range(count)])

    async def client() -> None:
        for one in waiting:
            assert isinstance(await group.submit(one), Accepted)

    start = perf_counter(), process_time()
    await asyncio.gather(*(client() for _ in range(BATCH)))
    show("group commit, 32 callers", count, start)
    await group.close()


def record_each(store: Store, *, first: int, count: int) -> None:
    """Record one step per transaction, each with three facts and a notice."""
    records = [step(first + n) for n in range(count)]
    start = perf_counter(), process_time()
    for one in records:
        store.record(record=one, done=Done(request_id="none"))
    show("record, one by one", count, start)


def record_batched(store: Store, *, first: int, count: int) -> None:
    """Record in transactions of 32."""
    records = [(step(first + n), None) for n in range(count)]
    start = perf_counter(), process_time()
    for n in range(0, count, BATCH):
        store.record_many(records=records[n : n + BATCH])
    show("record_many, batches of 32", count, start)


def step(n: int) -> Record:
    """Return a first step: three facts, one notice."""
    told = Notice(seq=3, n=0, template="assignment", unit="street-1", context={"limit": "2UH"})
    made = replace(view(n), seq=3)
    return Record(view=made, facts=(fact(1), fact(2), fact(3)), notices=(told,))


def show(what: str, count: int, start: tuple[float, float]) -> None:
    """Print one line. The processor's share is what stays when the machine has other things to do."""
    wall, cpu = perf_counter() - start[0], process_time() - start[1]
    print(
        f"{what:30} {count / wall:10.0f} /s   {wall / count * 1e6:7.0f} µs, {cpu / count * 1e6:6.0f} µs of processor"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8000)
