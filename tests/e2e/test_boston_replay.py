"""Real requests of another city through the public API: Boston, 311, first half of 2015.

The pack is imported from the city's own layers; who handles what was learned from the rows
with even numbers, and only rows with odd numbers are replayed. What cannot be located is
filed by hand as a dispatcher would, so that every case ends up with a unit.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from domain.place import Level
from store.pack import load
from tests.bench.wire import Wire
from tests.servers import place_of, running
from usecases.import_pack import FeedRow, RowSet, feed_rows, import_pack

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("CITYOPS_DATA", ROOT.parent / "shared" / "data")) / "boston"
SPEC = ROOT / "docs" / "howto" / "boston.toml"
REQUESTS = 2_200
TOGETHER = 24
Recorder = Callable[[str, object], None]
DISPATCHER = "id=replay; role=dispatcher; unit={unit}"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(),
    reason=f"NO BOSTON DATA at {DATA}: two thousand real requests are NOT replayed; set CITYOPS_DATA",
)


@dataclass(slots=True)
class Replay:
    """What was sent and what became of it, by the record's number."""

    rows: dict[str, FeedRow] = field(default_factory=dict)
    cases: dict[str, dict[str, Any]] = field(default_factory=dict)
    by_hand: set[str] = field(default_factory=set)

    def pairs(self, *, placeholder: bool) -> list[tuple[FeedRow, dict[str, Any]]]:
        """Return the located rows on (or not on) the placeholder point, each with its case."""
        return [
            (row, self.cases[number])
            for number, row in self.rows.items()
            if row.placeholder is placeholder and row.lon is not None
        ]


def sample(rows: Sequence[FeedRow]) -> list[FeedRow]:
    """Return requests spread evenly over the half year."""
    step = max(1, len(rows) // REQUESTS)
    return list(rows[::step])[:REQUESTS]


def body(row: FeedRow, known: set[str]) -> dict[str, Any]:
    """Return a row as a report. A type the other rows never had is left to triage."""
    return {
        "channel": row.channel,
        "category": row.category if row.category in known else None,
        "description": row.description or row.category_name,
        "place": {"lon": row.lon, "lat": row.lat, "address": row.address or None},
        "tags": list(row.tags),
        "source": "boston-311",
        "source_no": row.number,
        "occurred_at": row.opened_at.isoformat() if row.opened_at is not None else None,
    }


async def each(items: Sequence[Any], port: int, work: Any) -> None:
    """Work on items over a few connections."""
    left = list(items)

    async def one() -> None:
        wire = await Wire.open(host="127.0.0.1", port=port)
        try:
            while left:
                await work(wire, left.pop())
        finally:
            await wire.close()

    await asyncio.gather(*(one() for _ in range(TOGETHER)))


async def until_started(data: Path) -> None:
    """Wait until the relay has made a running case of every report."""
    end = time.monotonic() + 400
    store = sqlite3.connect(f"file:{data / 'cityops.db'}?mode=ro", uri=True)
    query = "SELECT count(*) FROM outbox WHERE kind = 'start_case' AND state = 'pending'"
    try:
        while store.execute(query).fetchone()[0]:
            assert time.monotonic() < end, "the relay did not catch up"
            await asyncio.sleep(0.5)
    finally:
        store.close()


@pytest_asyncio.fixture(scope="module")
async def replay(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Replay]:
    """Import Boston, run its stack, and file the requests through the public API."""
    folder = tmp_path_factory.mktemp("boston")
    pack = folder / "pack"
    report = await asyncio.to_thread(import_pack, spec=SPEC, data=DATA, out=pack, repair=True)
    assert pack.is_dir(), report
    rows = sample(list(feed_rows(spec=SPEC, data=DATA, rows=RowSet.ODD)))
    place = await asyncio.to_thread(place_of, data=folder / "var", atlas=folder / "atlas", pack=pack)
    async with running(place=place) as stack:
        yield await send(stack.ports.api, stack.data, rows, districts=districts_of(pack))


def districts_of(pack: Path) -> set[str]:
    """Return the codes of the police districts the pack has."""
    return {area.code for area in load(folder=pack).areas.at(Level.DISTRICT)}


@dataclass(slots=True)
class Office:
    """Those who file, read and triage the requests over the API."""

    found: Replay
    districts: set[str]
    categories: set[str]
    numbers: dict[str, str] = field(default_factory=dict)

    async def file(self, wire: Wire, number: str) -> None:
        """File a request as it was recorded."""
        status, receipt = await wire.ask(
            "POST", "/api/v1/reports", body(self.found.rows[number], self.categories)
        )
        assert status == 201, receipt
        self.numbers[number] = receipt["case_no"]

    async def read(self, wire: Wire, number: str) -> None:
        """Read a case back."""
        _, self.found.cases[number] = await wire.ask("GET", f"/api/v1/cases/{self.numbers[number]}")

    async def read_filed(self, wire: Wire, number: str) -> None:
        """Read a case back when triage is through (an answer 202 is carried out by the relay)."""
        await self.read(wire, number)
        while self.found.cases[number]["status"] == "triaging":
            await asyncio.sleep(0.5)
            await self.read(wire, number)

    async def triage(self, wire: Wire, number: str) -> None:
        """File by hand what could not be located: read from the record by a person."""
        row, case = self.found.rows[number], self.found.cases[number]
        fields = {"kind": "file_case", "reason": "read from the record by a person"}
        if row.labels.get("district") in self.districts and row.category in self.categories:
            fields["area_code"] = row.labels["district"]
        else:
            known = row.category in self.categories
            fields |= {"category": row.category if known else min(self.categories), "lead": row.unit}
        path = f"/api/v1/cases/{case['case_no']}/commands"
        status, answer = await wire.ask("POST", path, fields, actor=DISPATCHER.format(unit=case["owner"]))
        assert status in (200, 202), answer
        self.found.by_hand.add(number)


async def send(port: int, data: Path, rows: Sequence[FeedRow], *, districts: set[str]) -> Replay:
    """File, wait, triage by hand what waits, and read every case back."""
    found = Replay(rows={row.number: row for row in rows})
    wire = await Wire.open(host="127.0.0.1", port=port)
    _, categories = await wire.ask("GET", "/api/v1/categories")
    await wire.close()
    office = Office(
        found=found, districts=districts, categories={category["code"] for category in categories}
    )
    await each(list(found.rows), port, office.file)
    await until_started(data)
    await each(list(found.rows), port, office.read)
    waiting = [number for number, case in found.cases.items() if case["status"] == "triaging"]
    places = {number: found.cases[number]["place"] for number in waiting}
    await each(waiting, port, office.triage)
    await each(waiting, port, office.read_filed)
    for number in waiting:
        found.cases[number]["place_before_triage"] = places[number]
    return found


def share(hits: Sequence[bool]) -> float:
    """Return the share of hits."""
    return sum(hits) / len(hits)


def labelled(replay: Replay, label: str) -> list[tuple[FeedRow, dict[str, Any]]]:
    """Return the rows off the placeholder point that carry the label."""
    return [(row, case) for row, case in replay.pairs(placeholder=False) if row.labels.get(label)]


async def test_every_request_became_a_case_and_was_dispatched(replay: Replay) -> None:
    assert len(replay.cases) == len(replay.rows) >= 2_000
    assert {case["status"] for case in replay.cases.values()} == {"dispatched"}
    assert all(case["owner"] for case in replay.cases.values())


async def test_the_police_district_is_the_records_own(replay: Replay, record_property: Recorder) -> None:
    pairs = labelled(replay, "district")
    agreed = share([case["district"] == row.labels["district"] for row, case in pairs])
    record_property("police district", f"{agreed:.2%} of {len(pairs)}")
    assert agreed >= 0.99


async def test_the_ward_is_the_records_own(replay: Replay, record_property: Recorder) -> None:
    pairs = labelled(replay, "ward")
    agreed = share([row.labels["ward"] in case["zones"] for row, case in pairs])
    record_property("ward", f"{agreed:.2%} of {len(pairs)}")
    assert agreed >= 0.98


async def test_every_placeholder_is_flagged_and_never_trusted(replay: Replay) -> None:
    pairs = replay.pairs(placeholder=True)
    assert len(pairs) >= 0.1 * len(replay.rows)
    for row, case in pairs:
        first = case.get("place_before_triage", case["place"])
        assert "placeholder_point" in first["flags"], row.number
        assert first["method"] not in ("exact", "border", "nearest"), row.number


async def test_the_department_is_the_records_own(replay: Replay, record_property: Recorder) -> None:
    """Learned from other rows: what a type and queue never showed before cannot be known."""
    routed = [(row, replay.cases[number]) for number, row in replay.rows.items() if row.unit]
    agreed = share([case["owner"] == row.unit for row, case in routed])
    record_property("department", f"{agreed:.2%} of {len(routed)}")
    assert agreed >= 0.98
