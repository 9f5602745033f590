"""Operators at their desks, on a real store: what they type, as their browser would send it."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from temporalio.client import Client

from boot.settings import Settings
from domain.account import Grant, Post, Principal
from domain.begin import begin
from domain.views import CaseView, record_of
from store.engine import Store
from store.group_commit import GroupCommit
from tests.integration.signed_in_site import CITY_UNIT, signed_in_site
from usecases.city import City, Grounds
from usecases.desk_drafts import Save
from usecases.gateway import CaseGateway
from usecases.secret import Secret
from usecases.start_case import prepare

SPOT: dict[str, Any] = {"lon": "114.2852", "lat": "30.5998"}
"""A point in the middle of a grid of the inner city."""
WORDS = "路口的井盖不见了，有人差点掉下去"


@dataclass(frozen=True, kw_only=True)
class DeskTown:
    """The site, its city, an operator with their browser."""

    city: City
    who: Principal
    http: httpx.AsyncClient

    def window(self, draft: str, *, window: str = "w1", version: int = 0, **fields: str) -> dict[str, str]:
        """Return what a window's form holds."""
        return {"draft": draft, "window": window, "version": str(version), **fields}

    def save(
        self, draft: str, *, window: str = "w1", version: int = 0, force: bool = False, **fields: str
    ) -> Save:
        """Return the same for the use case."""
        return Save(draft_id=draft, version=version, window=window, fields=fields, force=force)

    def decided(self, report_no: str) -> CaseView:
        """Decide a case as the relay does, and write it down; nothing goes on with it, there is no Temporal."""
        report = self.city.store.report(report_no=report_no)
        assert report is not None
        record = record_of(begin(prepare(city=self.city, report=report)))
        self.city.store.record(record=record)
        return record.view

    def colleague(self, post: Post, unit: str, *areas: str) -> Principal:
        """Return somebody of another post."""
        grant = Grant(post=post, unit=unit, areas=areas)
        return Principal(account=f"{post.value}-{unit}", name="", grants=(grant,))


@asynccontextmanager
async def desk_city(grounds: Grounds, store: Store) -> AsyncIterator[DeskTown]:
    """Return an operator in a city without pages; Temporal is away."""
    client = await Client.connect("127.0.0.1:1", lazy=True)
    grant = Grant(post=Post.OPERATOR, unit=CITY_UNIT)
    city = City(
        grounds=grounds,
        store=store,
        intake=GroupCommit(store=store),
        cases=CaseGateway(client=client),
        now=lambda: datetime.now(UTC),
        random_bits=secrets.randbits,
        secret=Secret(key=b"for tests only, thirty-two bytes"),
    )
    try:
        async with httpx.AsyncClient() as nobody:
            who = Principal(account="operator", name="operator", grants=(grant,))
            yield DeskTown(city=city, who=who, http=nobody)
    finally:
        await city.intake.close()


@asynccontextmanager
async def desk_town(settings: Settings, database_url: str) -> AsyncIterator[DeskTown]:
    """Serve the desk on this database, with an operator signed in."""
    outside = {"database_url": database_url, "demo_mode": False, "public_url": "http://127.0.0.1:8000"}
    grant = Grant(post=Post.OPERATOR, unit=CITY_UNIT)
    async with signed_in_site(settings.model_copy(update=outside)) as town:
        account = town.hired(grant)
        headers = town.session(account) | {"hx-request": "true"}
        transport = httpx.ASGITransport(app=town.site)
        who = Principal(account=account, name=account, grants=(grant,))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8000", headers=headers
        ) as http:
            yield DeskTown(city=town.city, http=http, who=who)
