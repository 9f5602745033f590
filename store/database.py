"""One database, SQLite or PostgreSQL: connections, and the two kinds of transaction.

A read sees one snapshot. A write is retried as a whole when PostgreSQL asks for that
(deadlock, serialisation); on SQLite it takes the write lock at its start, so that it can
wait for it but never loses it half-way.
"""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.exc import ArgumentError, DBAPIError

from store.codec import adapter

T = TypeVar("T")

_WRITES = "cityops_writes"
_TRY_AGAIN = frozenset({"40001", "40P01"})
_TRIES = 5
_BUSY_MS = 10_000
_PAUSE_MS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class _Manners:
    """How a process behaves on SQLite, where all processes share one write lock and one log.

    It asks for the lock every ``ask_again_s`` seconds, and copies the write-ahead log into
    the database (a checkpoint: some tens of milliseconds of disk) when its own commit finds
    ``checkpoint_pages`` in it.
    """

    ask_again_s: float
    checkpoint_pages: int


FIRST = _Manners(ask_again_s=0.0005, checkpoint_pages=50_000)
OTHERS = _Manners(ask_again_s=0.005, checkpoint_pages=1_000)


class UnableToOpenStore(ValueError):
    """The address names no database we know."""


class Database:
    """An engine with its two kinds of transaction. The base of every part of the store."""

    def __init__(self, *, engine: Engine) -> None:
        """Keep an engine made by ``engine_of``."""
        self._engine = engine
        self._sqlite = engine.dialect.name == "sqlite"
        self._writer = engine.execution_options(**{_WRITES: True})
        # One snapshot over several statements. SQLite has that anyway.
        self._reader = engine if self._sqlite else engine.execution_options(isolation_level="REPEATABLE READ")
        # SQLite has one writer. Threads of this process queue here instead of polling for its lock.
        self._turn: AbstractContextManager[Any] = Lock() if self._sqlite else nullcontext()

    def ping(self) -> None:
        """Ask the database for an answer; SQLAlchemy's OperationalError if it has none."""
        self._read(lambda connection: connection.execute(text("SELECT 1")))

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self._reader.begin() as connection:
            return work(connection)

    def _write(self, work: Callable[[Connection], T]) -> T:
        for _ in range(_TRIES - 1):
            try:
                return self._write_once(work)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _TRY_AGAIN:
                    raise
        return self._write_once(work)

    def _write_once(self, work: Callable[[Connection], T]) -> T:
        with self._turn, self._writer.begin() as connection:
            return work(connection)

    def _insert(self, table: Table) -> "SqliteInsert | PostgresqlInsert":
        return insert_into(table, sqlite=self._sqlite)


def insert_into(table: Table, *, sqlite: bool) -> "SqliteInsert | PostgresqlInsert":
    """Return an INSERT that knows ON CONFLICT in the words of the database."""
    return SqliteInsert(table) if sqlite else PostgresqlInsert(table)


def engine_of(*, url: str, pool: int, right_of_way: bool) -> Engine:
    """Make the engine of ``sqlite:///PATH`` or ``postgresql+psycopg://…``.

    Parameters are hidden from error texts: they hold phones and names. Raises
    UnableToOpenStore for anything else, an in-memory SQLite included: what is kept
    in memory is lost with the process.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UnableToOpenStore(
            "not a database address (want sqlite:///PATH or postgresql+psycopg://…)"
        ) from None
    if parsed.drivername == "postgresql+psycopg":
        return create_engine(
            parsed, pool_size=pool, max_overflow=pool, pool_pre_ping=True, hide_parameters=True,
            connect_args={"application_name": "cityops", "connect_timeout": 10},
            json_serializer=_json,
        )  # fmt: skip
    if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return _sqlite_engine(parsed, pool, FIRST if right_of_way else OTHERS)
    raise UnableToOpenStore(
        f"no store for {parsed.drivername} (want sqlite:///PATH or postgresql+psycopg://…)"
    )


def _json(value: Any) -> str:
    """Write JSON-plain data several times faster than the standard library: a case has twelve documents."""
    return adapter(Any).dump_json(value).decode()


def _sqlite_engine(url: URL, pool: int, manners: _Manners) -> Engine:
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=pool,
        max_overflow=pool,
        hide_parameters=True,
        connect_args={"timeout": _BUSY_MS / 1000},
    )
    event.listen(engine, "connect", lambda connection, _: _prepare_sqlite(connection, manners))

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(_WRITES, False):
            _take_write_lock(connection.connection.driver_connection, manners.ask_again_s)
        else:
            connection.exec_driver_sql("BEGIN")

    event.listen(engine, "begin", begin)
    return engine


def _prepare_sqlite(connection: Any, manners: _Manners) -> None:
    """Set what every connection needs. FULL: an answer given is on the disk."""
    connection.isolation_level = None  # the driver would begin transactions by its own idea
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}").close()
    _use_wal(connection)
    checkpoint = f"wal_autocheckpoint = {manners.checkpoint_pages}"
    for pragma in ("synchronous = FULL", "foreign_keys = ON", "cache_size = -32000", checkpoint):
        connection.execute(f"PRAGMA {pragma}").close()


def _use_wal(connection: Any) -> None:
    """Turn a new file to WAL. SQLite does not wait when another process does that now, so we do."""
    for _ in range(_BUSY_MS // _PAUSE_MS):
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            sleep(_PAUSE_MS / 1000)
        else:
            return
    raise sqlite3.OperationalError("database is locked")


def _take_write_lock(connection: Any, ask_again_s: float) -> None:
    """Begin a write, asking for the lock at a steady pace: who asks more often gets it first.

    SQLite's own waiting sleeps longer each time, up to a tenth of a second, while other
    processes hold the lock for a few milliseconds: whoever files a report would wait for
    nothing.
    """
    end = monotonic() + _BUSY_MS / 1000
    connection.execute("PRAGMA busy_timeout = 0").close()
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE").close()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > end:
                    raise
                sleep(ask_again_s)
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}").close()
