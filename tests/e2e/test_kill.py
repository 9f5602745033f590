"""``kill -9`` of every process in turn while reports are filed and acted on: nothing lost, nothing twice."""

import asyncio
import itertools
import os
import random
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from boot.settings import Settings
from boot.stack import Stack
from boot.wiring import city_clock, connect_store, grounds_of
from domain.clock import city_time
from domain.place import ReportedPlace
from domain.views import CaseView, Timeline, view_of
from store.engine import Store
from tests.servers import faults, place_of, running
from usecases.city import Grounds
from usecases.gateway import CaseGateway
from usecases.place_and_owner import Question, answer

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

REPORTS = 300
CLIENTS = 16
CATEGORIES = ("E0110", "E0112", "E0137", "E0201", "E0405")
KILLED = ("worker", "api", "temporal", "relay")
EVERY = 70
"""Answers between two kills: each one meets a system at work, not one that is still starting."""
OPEN = frozenset({"dispatched", "accepted", "handling", "feedback", "checking"})


@dataclass(kw_only=True, slots=True)
class Acknowledged:
    """What the clients were told. ``commands`` maps an Idempotency-Key to its case and kind."""

    receipts: dict[str, str] = field(default_factory=dict)
    commands: dict[str, tuple[str, str]] = field(default_factory=dict)
    later: int = 0
    strange: list[str] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)

    @property
    def answers(self) -> int:
        return len(self.receipts) + len(self.commands)


class Public:
    """A client that repeats what got no answer, under the same key, until it gets one."""

    def __init__(self, *, http: httpx.AsyncClient, told: Acknowledged) -> None:
        self._http = http
        self._told = told

    async def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        while True:
            try:
                answered = await self._http.request(method, path, **request)
            except httpx.TransportError:
                await asyncio.sleep(0.2)
                continue
            if answered.status_code >= 500:
                self._told.strange.append(f"{method} {path}: {answered.status_code} {answered.text[:300]}")
                await asyncio.sleep(0.2)
                continue
            return answered

    async def file(self, *, key: str, body: dict[str, Any]) -> str:
        answered = await self.ask("POST", "/api/v1/reports", json=body, headers={"Idempotency-Key": key})
        assert answered.status_code in (200, 201), answered.text
        receipt = answered.json()
        self._told.receipts[key] = receipt["report_no"]
        return str(receipt["case_no"])

    async def until(self, case_no: str, *statuses: str) -> dict[str, Any]:
        while True:
            case: dict[str, Any] = (await self.ask("GET", f"/api/v1/cases/{case_no}")).json()
            if case["status"] in statuses:
                return case
            await asyncio.sleep(0.3)

    async def act(self, case_no: str, *, key: str, unit: str, **command: Any) -> None:
        answered = await self.ask(
            "POST",
            f"/api/v1/cases/{case_no}/commands",
            json=command,
            headers={"Idempotency-Key": key, "X-Cityops-Actor": f"id={key}; role=handler; unit={unit}"},
        )
        assert answered.status_code in (200, 202), f"{command} {answered.status_code} {answered.text}"
        self._told.later += answered.status_code == 202
        self._told.commands[key] = (case_no, command["kind"])


async def life(public: Public, *, number: int, body: dict[str, Any]) -> None:
    """File a report, take the case and hand in a result."""
    case_no = await public.file(key=f"report-{number}", body=body)
    case = await public.until(case_no, *OPEN)
    await public.act(case_no, key=f"take-{number}", unit=case["owner"], kind="sign_in", assignee="zhang")
    await public.until(case_no, "handling")
    await public.act(case_no, key=f"done-{number}", unit=case["owner"], kind="submit_result", result="done")
    await public.until(case_no, "feedback", "checking")


def bodies(grounds: Grounds, *, at: datetime) -> list[dict[str, Any]]:
    """Return reports whose owner is certain, none near another one of its category."""
    chance = random.Random(300)
    west, south, east, north = 114.20, 30.50, 114.42, 30.66
    found: list[dict[str, Any]] = []
    taken: set[tuple[str, int, int]] = set()
    while len(found) < REPORTS:
        lon, lat = round(chance.uniform(west, east), 5), round(chance.uniform(south, north), 5)
        category = chance.choice(CATEGORIES)
        cells = {(category, int(lon * 500) + x, int(lat * 500) + y) for x in (-1, 0, 1) for y in (-1, 0, 1)}
        question = Question(
            reported=ReportedPlace(lon=lon, lat=lat), channel="hotline", category=category, at=at
        )
        decision = answer(grounds=grounds, question=question).decision
        if taken & cells or decision.lead is None or decision.confidence < grounds.pack.city.confirm_below:
            continue
        taken.add((category, int(lon * 500), int(lat * 500)))
        place = {"lon": lon, "lat": lat}
        found.append({"channel": "hotline", "category": category, "description": "垃圾堆放", "place": place})
    return found


async def kill_in_turn(stack: Stack, told: Acknowledged) -> None:
    """Kill one process after another, as long as work goes on; the stack starts each again."""
    for name in itertools.cycle(KILLED):
        enough = told.answers + EVERY
        while told.answers < enough:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        process = stack.part(name).process
        if process is not None and process.returncode is None:
            os.kill(process.pid, signal.SIGKILL)
            told.kills[name] += 1


async def everybody(stack: Stack, reports: Sequence[dict[str, Any]]) -> Acknowledged:
    """Let all clients do their work while processes die around them."""
    told = Acknowledged()
    queue = list(enumerate(reports))

    async def client(public: Public) -> None:
        while queue:
            number, body = queue.pop()
            await life(public, number=number, body=body)

    limits = httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
    async with httpx.AsyncClient(
        base_url=stack.api_url, timeout=30.0, limits=limits, trust_env=False
    ) as http:
        killer = asyncio.create_task(kill_in_turn(stack, told))
        try:
            await asyncio.gather(*(client(Public(http=http, told=told)) for _ in range(CLIENTS)))
        finally:
            killer.cancel()
    return told


async def settled(store: Store, stack: Stack) -> None:
    """Wait until nothing is owed to a case any more and the auditor is content."""
    while store.pending(kinds=("start_case", "deliver_command")):  # noqa: ASYNC110
        await asyncio.sleep(0.2)
    await stack.wait_ready()
    async with httpx.AsyncClient(base_url=stack.api_url, trust_env=False) as http:
        answered = await http.get("/healthz")
    assert answered.status_code == 200, answered.text


async def updates(client: Client, case_no: str) -> Counter[str]:
    """Return how often each client's key was accepted in a case's history (behind who sent it)."""
    counted: Counter[str] = Counter()
    async for event in client.get_workflow_handle(case_no).fetch_history_events():
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
            request = event.workflow_execution_update_accepted_event_attributes.accepted_request
            counted[request.meta.update_id.rpartition(":")[2]] += 1
    return counted


def check_facts(timeline: Timeline, *, commands: set[str]) -> None:
    """Each step once and in order, each command's doer named once."""
    assert [fact.seq for fact in timeline.facts] == list(range(1, timeline.case.seq + 1))
    kinds = Counter(fact.kind for fact in timeline.facts)
    steps = ("received", "triaging", "filed", "dispatched", "accepted", "handling", "feedback")
    assert {kind: kinds[kind] for kind in steps} == dict.fromkeys(steps, 1)
    doers = Counter(fact.actor.id for fact in timeline.facts if fact.kind in ("accepted", "feedback"))
    assert doers == dict.fromkeys(commands, 1)


def check_row(view: CaseView, *, now: datetime) -> None:
    """Nobody's case, or one that sleeps, must not be."""
    assert view.owner
    assert view.next_due is not None
    assert view.next_due > now


@pytest.fixture
async def place(tmp_path: Path) -> Any:
    return await asyncio.to_thread(place_of, data=tmp_path / "var", atlas=tmp_path / "atlas")


async def test_nothing_is_lost_and_nothing_happens_twice(place: Any) -> None:
    settings: Settings = place.settings
    grounds = await asyncio.to_thread(grounds_of, settings)
    clock = city_clock(settings)
    reports = await asyncio.to_thread(bodies, grounds, at=city_time(clock, datetime.now(UTC)))
    store = connect_store(settings)
    async with running(place=place) as stack:
        told = await everybody(stack, reports)
        await settled(store, stack)
        client = await Client.connect(
            f"127.0.0.1:{stack.ports.temporal}", data_converter=pydantic_data_converter
        )
        await check(store, client, told, now=city_time(clock, datetime.now(UTC)))
    assert min(told.kills[name] for name in KILLED) >= 2
    assert told.strange == []
    assert faults(place.data) == []
    store.close()


async def check(store: Store, client: Client, told: Acknowledged, *, now: datetime) -> None:
    """Compare what clients were told with the store, the store with history."""
    cases = CaseGateway(client=client)
    assert len(told.receipts) == len(set(told.receipts.values())) == REPORTS
    assert sum(store.counts(by="status").values()) == REPORTS
    for report_no in told.receipts.values():
        report = store.report(report_no=report_no)
        assert report is not None
        commands = {key for key, (case_no, _) in told.commands.items() if case_no == report.case_no}
        timeline = store.timeline(case_no=report.case_no)
        assert timeline is not None
        assert timeline.case.reports == (report_no,)
        check_row(timeline.case, now=now)
        check_facts(timeline, commands=commands)
        assert await updates(client, report.case_no) == dict.fromkeys(commands, 1)
        state = await cases.state(case_no=report.case_no)
        assert state is not None
        assert view_of(state) == timeline.case
