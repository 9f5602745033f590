"""A town whose time can leap: the public API and a relay before a real server that skips time.

Deadlines of days pass in moments, for every case of the town at once, and the city's clock
goes with them. One town a test, with its own database, its own clock and its own worker.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest_asyncio
from fastapi import FastAPI
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from api.app import create_app
from api.state import Service
from boot.channels import channels_of, renderer_of
from boot.relay import Relay
from boot.settings import Settings
from boot.worker import case_worker
from domain.clock import city_time
from domain.dock import Dock
from domain.policy import CityClock
from store.engine import Store, open_store
from store.group_commit import GroupCommit
from tests.functional.town import Json, Town
from tests.integration.temporal_env import BREATH, clock_at, executor, of_ones_own
from usecases.city import City, Grounds
from usecases.clients import clients_of
from usecases.gateway import CaseGateway
from workflows.converter import DATA_CONVERTER

BEGINS = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
"""Wednesday, 10:00 in Wuhan, an ordinary working day."""
ENDED = ("merged", "archived", "cancelled")
"""States of cases whose time is over: nothing of theirs is left to wait for."""


@dataclass(kw_only=True)
class CityTime:
    """The city's clock of one town: the cases' own, and how far it has leapt."""

    clock: CityClock
    ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        """Return the city's time."""
        return city_time(self.clock, datetime.now(UTC)) + self.ahead


@dataclass(kw_only=True)
class Leap(Town):
    """A town that can let time go by. Everything else is a town's."""

    env: WorkflowEnvironment
    city: City
    time: CityTime

    async def wait(self, case_no: str, status: str) -> Json:
        """Return the case once it has this state."""
        case = await super().wait(case_no, status)
        if self.time.ahead and status not in ENDED:
            await self._forward(case_no, self.time.now())
        return case

    async def leap(self, duration: timedelta) -> datetime:
        """Let time go by for the whole town; return the city's time after it."""
        return await self.leap_to(self.time.now() + duration)

    async def leap_to(self, moment: datetime) -> datetime:
        """Let time go by up to just after a moment: every deadline on the way has fired and is recorded."""
        page = await self.json("GET", "/api/v1/cases?limit=200")
        going = [case["case_no"] for case in page["cases"] if case["status"] not in ENDED]
        await asyncio.gather(*(self._forward(case_no, moment) for case_no in going))
        self.time.ahead += max(moment - self.time.now(), timedelta(0))
        for case_no in going:
            await self._recorded(case_no, moment)
        return self.time.now()

    async def leap_to_due(self, case_no: str, name: str, item: str | None = None) -> datetime:
        """Let time go by until an armed deadline of a case fires; return that deadline."""
        state = await self.city.cases.state(case_no=case_no)
        assert state is not None
        due = next(
            (one.at for one in state.deadlines if one.name.value == name and item in (None, one.item)),
            None,
        )
        assert due is not None, f"{name} is not armed: {[one.name.value for one in state.deadlines]}"
        await self.leap_to(due)
        return due

    async def _forward(self, case_no: str, moment: datetime) -> None:
        handle = self.env.client.get_workflow_handle(case_no)
        now = city_time(self.time.clock, await self.env.get_current_time(handle))
        if now < moment:
            await self.env.fast_forward(handle, moment - now + BREATH)

    async def _recorded(self, case_no: str, moment: datetime) -> None:
        """Wait until the workflow has fired what is due and the store has it."""
        while True:
            state = await self.city.cases.state(case_no=case_no)
            view = await asyncio.to_thread(lambda: self.city.store.case(case_no=case_no))
            late = state is None or (state.next_due is not None and state.next_due <= moment)
            if not late and state is not None and view is not None and view.seq >= state.seq:
                return
            await asyncio.sleep(0.02)


@asynccontextmanager
async def leaping(
    *,
    env: WorkflowEnvironment,
    store: Store,
    grounds: Grounds,
    begins: datetime = BEGINS,
    docks: Mapping[str, Dock] | None = None,
) -> AsyncIterator[Leap]:
    """Run a town on this server and store: API, relay and worker in this process."""
    client = await Client.connect(env.client.service_client.config.target_host, data_converter=DATA_CONVERTER)
    queue = f"leap-{uuid.uuid4()}"
    time = CityTime(clock=clock_at(begins))
    city = City(
        grounds=of_ones_own(grounds, time.clock),
        store=store,
        intake=GroupCommit(store=store),
        cases=CaseGateway(client=client, task_queue=queue),
        now=time.now,
        random_bits=lambda bits: uuid.uuid4().int >> (128 - bits),
    )
    app = create_app(life=_life(city))
    stop = asyncio.Event()
    settings = Settings()
    relay = Relay(
        city=city,
        channels=channels_of(settings),
        renderer=renderer_of(settings),
        public_url="http://127.0.0.1",
        docks=docks or {},
    )
    with executor() as threads:
        worker = case_worker(client=client, store=store, executor=threads, task_queue=queue)
        async with worker, app.router.lifespan_context(app):
            carrying = asyncio.create_task(relay.run(stop))
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://leap", timeout=60.0) as http:
                yield Leap(http=http, data=settings.data_dir, env=env, city=city, time=time)
            stop.set()
            await carrying
    await city.intake.close()


def _life(city: City) -> Any:
    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.service = Service(city=city, clients=clients_of(city=city), demo_mode=True)
        yield

    return life


@pytest_asyncio.fixture(loop_scope="session")
async def leap(temporal_env: WorkflowEnvironment, store: Store, wuhan: Grounds) -> AsyncIterator[Leap]:
    """Return a town whose time can leap; it is Wednesday, ten in the morning."""
    async with leaping(env=temporal_env, store=store, grounds=wuhan) as town:
        yield town


@pytest_asyncio.fixture(loop_scope="session")
async def leap_sqlite(
    temporal_env: WorkflowEnvironment, sqlite_url: str, wuhan: Grounds
) -> AsyncIterator[Leap]:
    """Return such a town on SQLite only, for what the kind of database cannot change."""
    store = open_store(sqlite_url)
    async with leaping(env=temporal_env, store=store, grounds=wuhan) as town:
        yield town
    store.close()
