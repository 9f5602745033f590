"""The API process."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from api.app import create_app
from api.state import Service
from boot.settings import Settings
from boot.wiring import connect, connect_store, open_city

UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout, sqlite3.OperationalError)
"""The database does not answer; nothing was acknowledged that is not there."""


def build(settings: Settings) -> FastAPI:
    """Return the application; its services are opened when it starts and closed when it stops."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        store = connect_store(settings, pool=20, right_of_way=True)
        city = open_city(settings=settings, store=store, client=await connect())
        app.state.service = Service(city=city, demo_mode=settings.demo_mode)
        yield
        await city.intake.close()
        store.close()

    return create_app(life=life, unavailable=UNAVAILABLE)


def serve(*, settings: Settings, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        build(settings), host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=10
    )
    uvicorn.Server(config).run()
