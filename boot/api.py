"""The API process."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import socket
from typing import cast

import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.app import create_app
from api.state import Service
from boot.channels import renderer_of
from boot.listening import keep_listening
from boot.live import keep_live
from boot.reload import Reloader
from boot.settings import Settings
from boot.site import Site
from boot.templates import Shelf
from boot.wiring import connect, connect_store, open_city
from usecases.city import City
from usecases.clients import clients_of
from usecases.live import Hub
from web.app import create_web
from web.state import Service as Pages

UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout, sqlite3.OperationalError)
"""The database does not answer; nothing was acknowledged that is not there."""


def build(settings: Settings) -> Site:
    """Return the API and the pages; their services are opened when it starts and closed when it stops."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        store = connect_store(settings, pool=20, right_of_way=True)
        city = open_city(settings=settings, store=store, client=await connect())
        clients = clients_of(city=city, redis_url=settings.redis_url)
        stop = asyncio.Event()
        hub = Hub(store=store)
        site.on_ending(hub.end)
        shelf = Shelf(renderer_of(settings))

        def serve_with(served: City) -> None:
            app.state.service = Service(
                city=served, clients=clients, demo_mode=settings.demo_mode,
                secure=settings.public_url.startswith("https://"),
            )  # fmt: skip
            pages.state.service = Pages(
                city=served, demo_mode=settings.demo_mode, public_url=settings.public_url, live=hub,
                templates=shelf,
            )  # fmt: skip

        serve_with(city)
        beside = (
            Reloader(settings=settings, city=city).run(swap=serve_with, stop=stop),
            keep_listening(city=lambda: app.state.service.city, name="api", stop=stop),
            keep_live(hub=hub, store=store, settings=settings, stop=stop),
        )
        running = [asyncio.create_task(one) for one in beside]
        yield
        stop.set()
        await asyncio.gather(*running)
        await city.intake.close()
        await clients.quotas.close()
        store.close()

    pages = create_web(unavailable=UNAVAILABLE)
    site = Site(api=create_app(life=life, unavailable=UNAVAILABLE), pages=pages)
    return site


class _Server(uvicorn.Server):
    """Lets go of those who listen before it waits for what is still being answered."""

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Stop."""
        cast("Site", self.config.app).end()
        await super().shutdown(sockets)


def serve(*, settings: Settings, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        build(settings), host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=10,
        # Left to itself the server believes whoever is on this machine about where a request came from.
        proxy_headers=bool(settings.trusted_proxies), forwarded_allow_ips=settings.trusted_proxies or None,
    )  # fmt: skip
    _Server(config).run()
