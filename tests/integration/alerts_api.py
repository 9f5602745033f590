"""The API in this process on a store of one's own, with two sources that have keys."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from api.app import create_app
from api.state import Service
from boot.api import UNAVAILABLE
from boot.wiring import connect
from domain.source import KeyKind, Scope, Source
from store.engine import Store
from store.group_commit import GroupCommit
from usecases.city import MEDIA, City, Grounds
from usecases.clients import clients_of
from usecases.gateway import CaseGateway
from usecases.secret import Secret
from usecases.sources import NewKey, new_key

OPERATOR = {"x-cityops-actor": "id=anna; role=operator; unit=4201-COMMAND"}
HANDLER = {"x-cityops-actor": "id=bert; role=handler; unit=4201-COMMAND"}
NOW = datetime.now(UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """The API from outside, the city behind it, and the keys of its sources."""

    http: httpx.AsyncClient
    city: City
    keys: dict[str, NewKey]

    async def alert(self, source: str, body: bytes, **headers: str) -> httpx.Response:
        """Send a message with the source's key."""
        sent = {"authorization": f"Bearer {self.keys[source].shown}", **headers}
        return await self.http.post(f"/api/v1/alerts/{source}", content=body, headers=sent)

    async def json(self, method: str, path: str, *, status: int = 200, **given: Any) -> Any:
        """Ask as an operator and return the answer's body."""
        answer = await self.http.request(method, path, **{"headers": OPERATOR, **given})
        assert answer.status_code == status, answer.text
        return answer.json()


@asynccontextmanager
async def door(*, store: Store, grounds: Grounds, media: Path = MEDIA) -> AsyncIterator[Door]:
    """Open the API on a migrated database. Temporal is not there."""
    city = City(
        grounds=grounds,
        store=store,
        intake=GroupCommit(store=store),
        cases=CaseGateway(client=await connect()),
        now=lambda: datetime.now(UTC),
        random_bits=secrets.randbits,
        secret=Secret(key=b"0123456789abcdef"),
        media=media,
    )
    clients = clients_of(city=city)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.service = Service(city=city, clients=clients, demo_mode=True)
        yield
        await city.intake.close()
        await clients.quotas.close()

    app = create_app(life=life, unavailable=UNAVAILABLE)
    async with app.router.lifespan_context(app):
        for name in ("gas", "rain"):
            scopes = (Scope.ALERTS_WRITE, Scope.REPORTS_WRITE)
            store.put_source(source=Source(name=name, channel="sensor", scopes=scopes), at=NOW)
        keys = {name: make_key(city, name, KeyKind.API_KEY) for name in ("gas", "rain")}
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://city") as http:
            yield Door(http=http, city=city, keys=keys)


def make_key(city: City, source: str, kind: KeyKind) -> NewKey:
    """Make a key for a source."""
    return new_key(
        store=city.store, secret=city.secret, random_bits=city.random_bits, source=source, kind=kind, at=NOW
    )
