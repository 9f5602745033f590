"""One running stack per database and session; every test takes fresh cases on it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from boot.stack import Stack
from tests.fixtures_db import (
    _database,
    _text,
    database_url,
    postgresql_server,
    postgresql_template,
    postgresql_url,
    sqlite_template,
    sqlite_url,
    store,
)
from tests.functional.leap import leap, leap_sqlite
from tests.functional.outside import strict
from tests.functional.shown import named, not_shown
from tests.functional.town import READ, Town
from tests.integration.temporal_env import temporal_env, wuhan, wuhan_settings
from tests.servers import faults, place_of, running

__all__ = [
    "database_url",
    "leap",
    "leap_sqlite",
    "postgresql_server",
    "postgresql_template",
    "postgresql_url",
    "sqlite_template",
    "sqlite_url",
    "store",
    "strict",
    "temporal_env",
    "wuhan",
    "wuhan_settings",
]

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(autouse=True)
def marks_are_true(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that is marked with a row or trigger no fact it read was about."""
    READ.clear()
    yield
    marked = [mark for name in ("rows", "triggers") for mark in request.node.iter_markers(name)]
    assert not_shown({part for mark in marked for part in named(*mark.args)}, READ) == set()


@pytest.fixture(scope="session")
def atlas_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the published areas are kept for all stacks of the session."""
    return tmp_path_factory.mktemp("atlas")


@pytest_asyncio.fixture(scope="session", params=KINDS)
async def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, atlas_folder: Path
) -> AsyncIterator[Stack]:
    """Return the running stack, once on each database."""
    data = tmp_path_factory.mktemp(f"stack-{request.param}")
    with database(request) as url:
        async with running(place=place_of(data=data, atlas=atlas_folder, database_url=url)) as started:
            yield started
    assert faults(data) == []


@contextmanager
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give a stack its database: the file in its own folder, or a new one on the server."""
    if request.param == "sqlite":
        yield ""
        return
    with _database(request.getfixturevalue("postgresql_server"), template=None) as url:
        yield _text(url)


@pytest_asyncio.fixture(scope="session")
async def town(stack: Stack) -> AsyncIterator[Town]:
    """Return the town on that stack."""
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=60.0) as http:
        yield Town(http=http, data=stack.data)
