"""A city's Open311 endpoint in this process: the real application on a real store, with no Temporal behind it."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from fastapi import FastAPI
from lxml import etree
from temporalio.client import Client

from api.app import create_app
from api.state import Service
from domain.case import Fact, Status
from domain.place import Place
from domain.source import KeyKind, Scope, Source
from domain.views import Record
from store.engine import Store, open_store
from store.group_commit import GroupCommit
from tests.integration.store_samples import HANDLER
from usecases.city import City, Grounds
from usecases.clients import clients_of
from usecases.gateway import CaseGateway
from usecases.secret import Secret
from usecases.sources import new_key

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
BASE = "/open311/v2"
CLIENT = "fixmystreet"
Answer = Any


@dataclass(kw_only=True)
class Clock:
    """The city's time; a test moves it."""

    now: datetime = NOW


@dataclass(kw_only=True)
class Open311:
    """A client before the endpoint, with a key and without."""

    http: httpx.AsyncClient
    city: City
    clock: Clock
    key: str
    reader: str
    base: str = BASE
    sent: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **given: str) -> httpx.Response:
        """Ask."""
        return await self.http.get(f"{self.base}/{path}", params=given)

    async def json(self, path: str, **given: str) -> Answer:
        """Ask in JSON and return the body of a success."""
        answer = await self.get(f"{path}.json", **given)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        return answer.json()

    async def xml(self, path: str, **given: str) -> etree._Element:
        """Ask in XML and return the root of a success."""
        answer = await self.get(f"{path}.xml", **given)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        return etree.fromstring(answer.content)

    async def post(self, path: str = "requests.json", *, files: Any = None, **fields: Any) -> httpx.Response:
        """Send a form with the key."""
        body = {"api_key": self.key, **fields}
        headers = fields.pop("headers", None)
        body.pop("headers", None)
        return await self.http.post(f"{self.base}/{path}", data=body, files=files, headers=headers)

    async def filed(self, **fields: Any) -> str:
        """File a request and return its number."""
        answer = await self.post(**{"service_code": "E0110", "lat": "30.5965", "long": "114.2862", **fields})
        assert answer.status_code == 201, answer.text
        (one,) = answer.json()
        return str(one["service_request_id"])

    def becomes(self, number: str, status: Status, *, seq: int = 5, **changes: Any) -> None:
        """Write a step of the case: its state now and the fact of it."""
        view = self.city.store.case(case_no=number)
        assert view is not None
        at = self.clock.now
        kept = replace(view, epoch=1, seq=seq, status=status.value, place=Place(), **changes)
        data = {"close_kind": changes["close_kind"]} if changes.get("close_kind") else {}
        fact = Fact(
            seq=seq, at=at, kind=status.value, row=1, source=None, target=status, actor=HANDLER, data=data
        )
        self.city.store.record(record=Record(view=kept, facts=(fact,), notices=()))


def rows(root: etree._Element) -> list[dict[str, str]]:
    """Return the children of an element, each as its children's texts by name."""
    return [{str(part.tag): part.text or "" for part in one} for one in root]


def errors(answer: httpx.Response) -> list[tuple[int, str]]:
    """Return the errors of an answer in either format, and check their form."""
    if answer.headers["content-type"] == "text/xml; charset=utf-8":
        root = etree.fromstring(answer.content)
        assert root.tag == "errors"
        found = rows(root)
    else:
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        found = answer.json()
        assert isinstance(found, list)
    assert found
    for one in found:
        assert set(one) == {"code", "description"}, one
    return [(int(one["code"]), str(one["description"])) for one in found]


@asynccontextmanager
async def serving(
    *, store: Store, grounds: Grounds, folder: Path, demo_mode: bool = False
) -> AsyncIterator[Open311]:
    """Serve a city's endpoint on this store."""
    clock = Clock()
    city = City(
        grounds=grounds,
        store=store,
        intake=GroupCommit(store=store),
        cases=CaseGateway(client=await Client.connect("127.0.0.1:1", lazy=True)),
        now=lambda: clock.now,
        random_bits=lambda bits: uuid.uuid4().int >> (128 - bits) if bits <= 128 else uuid.uuid4().int << 128,
        secret=Secret(key=b"open311" * 4),
        media=folder,
    )
    keys = [_key(city, CLIENT, scopes) for scopes in (tuple(Scope), (Scope.REPORTS_READ,))]

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.service = Service(city=city, clients=clients_of(city=city), demo_mode=demo_mode)
        yield

    app = create_app(life=life)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://city.example") as http:
            yield Open311(http=http, city=city, clock=clock, key=keys[0], reader=keys[1])
    await city.intake.close()


def _key(city: City, name: str, scopes: tuple[Scope, ...]) -> str:
    name = name if Scope.REPORTS_WRITE in scopes else f"{name}-reader"
    at = datetime.now(UTC) - timedelta(minutes=1)
    city.store.put_source(source=Source(name=name, channel="open311", citizen=True, scopes=scopes), at=at)
    made = new_key(
        store=city.store, secret=city.secret, random_bits=city.random_bits, source=name, kind=KeyKind.API_KEY, at=at
    )  # fmt: skip
    return made.shown


@pytest_asyncio.fixture(loop_scope="session")
async def open311(sqlite_url: str, wuhan: Grounds, tmp_path: Path) -> AsyncIterator[Open311]:
    """Return a client of an endpoint on SQLite: what the kind of database decides, other tests show."""
    store = open_store(sqlite_url)
    async with serving(store=store, grounds=wuhan, folder=tmp_path / "media") as served:
        yield served
    store.close()
