"""A real Temporal server for tests, with its own skipping of time, and a desk to work cases at.

The skipping is experimental in the SDK and in the server, so it is wrapped here and used
nowhere else. Every desk has a task queue of its own: no test runs another one's cases.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import pytest
import pytest_asyncio
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from boot.settings import Settings
from boot.stack import temporal_binary
from boot.wiring import grounds_of
from boot.worker import case_worker
from domain.actor import Actor
from domain.begin import begin
from domain.beginning import Begin
from domain.case import CaseState
from domain.clock import city_time
from domain.identifiers import RANDOM_BITS, number
from domain.messages import Command
from domain.policy import CityClock
from domain.views import Timeline, record_of
from geo.placeholders import PlaceholderDetector
from store.engine import Store
from store.group_commit import GroupCommit
from tests.unit.builders import MONDAY
from usecases.act import Acted, act
from usecases.city import City, Grounds
from usecases.file_report import FileReport, file_report
from usecases.gateway import CaseGateway, UnableToReachCase
from usecases.start_case import Start, start_cases
from workflows.contract import SEARCH_ATTRIBUTES

T = TypeVar("T")
FLAGS = (
    # Both names of the switch: which one a server knows depends on its version, the other is ignored.
    "frontend.WorkflowTimeSkippingEnabled=true",
    "system.workflowTimeSkippingEnabled=true",
    'history.timerProcessorMaxTimeShift="10ms"',
)
DAY = date(2026, 9, 14)
BREATH = timedelta(milliseconds=500)
"""How far beyond a deadline time is skipped."""
SKIPPING = frozenset({"WORKFLOW_EXECUTION_OPTIONS_UPDATED", "WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED"})
"""Events of the skipping of time, which no case in a city has."""


@asynccontextmanager
async def temporal_server(*flags: str) -> AsyncIterator[WorkflowEnvironment]:
    """Run a server that can skip time; further ``flags`` are its dynamic configuration."""
    extra = [part for flag in (*FLAGS, *flags) for part in ("--dynamic-config-value", flag)]
    environment = await WorkflowEnvironment.start_time_skipping_v2(
        dev_server_existing_path=temporal_binary(),
        dev_server_extra_args=extra,
        dev_server_log_level="error",
        data_converter=pydantic_data_converter,
        search_attributes=SEARCH_ATTRIBUTES,
    )
    async with environment:
        yield environment


@pytest_asyncio.fixture(scope="session")
async def temporal_env() -> AsyncIterator[WorkflowEnvironment]:
    """Return the session's server."""
    async with temporal_server() as environment:
        yield environment


@pytest.fixture(scope="session")
def wuhan_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the settings of the flagship city, its published atlas kept for the session."""
    return Settings(data_dir=tmp_path_factory.mktemp("wuhan"))


@pytest.fixture(scope="session")
def wuhan(wuhan_settings: Settings) -> Grounds:
    """Return what decides where an event is and whose it is, from the flagship's pack."""
    return grounds_of(wuhan_settings)


@contextmanager
def executor() -> Iterator[ThreadPoolExecutor]:
    """Return threads for the activities, whose end is waited for."""
    with ThreadPoolExecutor(4, thread_name_prefix="activity") as threads:
        yield threads


def clock_at(city_now: datetime, *, speed: float = 1.0) -> CityClock:
    """Return a clock by which it is now ``city_now`` in the city."""
    return CityClock(origin=time.time(), city_origin=city_now.timestamp(), speed=speed)


def of_ones_own(grounds: Grounds, clock: CityClock) -> Grounds:
    """Return grounds with a clock and a memory of their own: what one test reports, no other has heard of."""
    locate = grounds.pack.locate
    placeholders = PlaceholderDetector(share=locate.placeholder_share, min_rows=locate.placeholder_min)
    return replace(grounds, clock=clock, placeholders=placeholders)


async def eventually(ask: Callable[[], Awaitable[T | None]]) -> T:
    """Return the first answer that is one. What never comes ends with the time a test is given."""
    while not (answer := await ask()):  # noqa: ASYNC110 - neither a server nor a database tells us
        await asyncio.sleep(0.05)
    return answer


class Desk:
    """A city's services and a door to its cases, as the API process and the relay have them.

    The city's clock starts at a chosen moment, so that the calendar's nights, week-ends
    and holidays are where a test wants them.
    """

    def __init__(
        self,
        *,
        env: WorkflowEnvironment,
        store: Store,
        grounds: Grounds,
        clock: CityClock,
        queue: str | None = None,
    ) -> None:
        self.env = env
        self.store = store
        self.queue = queue or f"desk-{uuid.uuid4()}"
        self._client: Client = env.client
        self._clock = clock
        self.city = City(
            grounds=of_ones_own(grounds, clock),
            store=store,
            intake=GroupCommit(store=store),
            cases=CaseGateway(client=env.client, task_queue=self.queue),
            now=self.now,
            random_bits=lambda bits: uuid.uuid4().int >> (128 - bits),
        )

    def now(self) -> datetime:
        """Return the city's time."""
        return city_time(self._clock, datetime.now(UTC))

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Worker]:
        """Run a worker of this desk's cases."""
        with executor() as threads:
            made = case_worker(client=self._client, store=self.store, executor=threads, task_queue=self.queue)
            async with made:
                yield made

    def handle(self, case_no: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(case_no)

    async def start(self, beginning: Begin) -> CaseState:
        """Begin a case as the relay does: history first, then the store. Time is not skipped by itself."""
        rules = replace(beginning.rules, clock=self.city.clock)
        case_no = number(day=DAY, random_bits=self.city.random_bits(RANDOM_BITS))
        outcome = begin(replace(beginning, case_no=case_no, rules=rules))
        with self.env.with_time_skipping_disabled():
            assert await self.city.cases.start(state=outcome.state) is None
        self.store.record(record=record_of(outcome))
        return outcome.state

    async def filed(self, ask: FileReport) -> str:
        """File a report as the API does; return the number of the case it is to become."""
        return (await file_report(city=self.city, ask=ask)).accepted.case_no

    async def relay(self, *, again: bool = False) -> None:
        """Start what is filed, as the relay does; reports of one event wait for each other for a round."""
        rows = self.store.claim(
            kinds=("start_case",), limit=99, now=self.city.now(), worker="test", lease_s=0.0
        )
        starts = []
        for row in rows:
            report = self.store.report(report_no=row.payload["report_no"])
            assert report is not None
            starts.append(Start(outbox_id=row.id, report=report, again=again))
        for _ in range(len(starts)):
            with self.env.with_time_skipping_disabled():
                starts = await start_cases(city=self.city, starts=starts)
        assert starts == []

    async def send(self, case_no: str, kind: type[Command], *, by: Actor, **fields: Any) -> Acted:
        """Send a command the way a person's request does."""
        return await self.carry(case_no, self.command(kind, by=by, **fields))

    async def carry(self, case_no: str, command: Command) -> Acted:
        """Send a command made before."""
        return await act(city=self.city, case_no=case_no, command=command)

    def command(self, kind: type[Command], *, by: Actor, **fields: Any) -> Command:
        """Return a command with a fresh request id, unless one is given."""
        given: dict[str, Any] = {"request_id": f"{uuid.uuid4()}", "actor": by} | fields
        return kind(**given)

    async def state(self, case_no: str) -> CaseState:
        """Return what the workflow itself holds; a run that has just begun may not answer yet."""
        while True:
            try:
                state = await self.city.cases.state(case_no=case_no)
            except UnableToReachCase:
                await asyncio.sleep(0.05)
            else:
                assert state is not None
                return state

    async def until(self, case_no: str, moment: datetime) -> CaseState:
        """Let time go by for this case to just after a moment of the city; return its state then.

        Every deadline on the way fires at its time. The server may fire one a little late,
        so the answer waits until none is left behind.
        """
        handle = self.handle(case_no)
        now = city_time(self._clock, await self.env.get_current_time(handle))
        assert await self.env.fast_forward(handle, max(moment - now, timedelta(0)) + BREATH)
        state = await self.state(case_no)
        while state.next_due is not None and state.next_due <= moment:
            await asyncio.sleep(0.02)
            state = await self.state(case_no)
        return state

    async def to_the_end(self, case_no: str) -> None:
        """Let time go by until the case has ended by itself."""
        await self.env.fast_forward(self.handle(case_no))

    async def events(self, case_no: str) -> list[str]:
        """Return the names of the events of the present run's history, but for those of time skipping."""
        history = await self.handle(case_no).fetch_history()
        names = (EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in history.events)
        return [name for name in names if name not in SKIPPING]

    def told(self, case_no: str) -> Timeline:
        """Return what the store knows of a case."""
        timeline = self.store.timeline(case_no=case_no)
        assert timeline is not None
        return timeline

    async def written(self, case_no: str, *, seq: int) -> Timeline:
        """Wait until the store knows of a step, which a worker writes after the case has taken it."""

        async def there() -> Timeline | None:
            told = self.told(case_no)
            return told if told.case.seq >= seq else None

        return await eventually(there)

    async def listed(self, case_no: str, *, running: bool = True) -> None:
        """Wait until Temporal's list knows that a case runs, or that it does not: it is told a moment later."""

        async def known() -> bool:
            return running == (case_no in {found async for found in self.city.cases.running()})

        await eventually(known)


@pytest_asyncio.fixture(loop_scope="session")
async def desk(temporal_env: WorkflowEnvironment, store: Store, wuhan: Grounds) -> AsyncIterator[Desk]:
    """Return a desk with a worker; in the city it is Monday, nine in the morning."""
    opened = Desk(env=temporal_env, store=store, grounds=wuhan, clock=clock_at(MONDAY))
    async with opened.worker():
        yield opened
    await opened.city.intake.close()
