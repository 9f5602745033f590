"""Tables and migrations say the same, and any number of processes may migrate at once."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from store.codec import UnableToStoreTime, instant, microseconds
from store.database import UnableToOpenStore
from store.engine import Store, open_store
from store.migrate import UnableToMigrate, alembic_config
from store.schema import metadata
from tests.integration.store_samples import report, report_no

ROOT = Path(__file__).resolve().parents[2]
MIGRATE = """
import sys
from store.engine import open_store
store = open_store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
store.migrate()
store.close()
"""


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(alembic_config()).get_heads()) == 1


def _differs(
    _context: object, _found: object, _table: object, found: str | None, _default: object, ours: str | None
) -> bool | None:
    """Alembic reads an empty text back from SQLite as ('') and takes that for another default."""
    return False if found == "('')" and ours == "" else None


def test_migrations_make_what_the_tables_say(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": _differs}
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_every_constraint_and_index_has_the_name_of_the_convention(database_url: str) -> None:
    engine = create_engine(database_url)
    found = inspect(engine)
    for table in metadata.tables.values():
        counting = table.dialect_options["sqlite"]["autoincrement"]  # such a key has no name there
        inline = engine.dialect.name == "sqlite" and counting
        assert found.get_pk_constraint(table.name)["name"] == (None if inline else f"pk_{table.name}")
        named = {index["name"] for index in found.get_indexes(table.name)}
        assert {index.name for index in table.indexes} <= named
        assert all(
            str(key["name"]).startswith(f"fk_{table.name}_") for key in found.get_foreign_keys(table.name)
        )
    engine.dispose()


def test_processes_that_migrate_at_once_do_not_disturb_each_other(empty_database_url: str) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, empty_database_url],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    ends = []
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        _, problem = process.communicate(timeout=120)
        ends.append((process.returncode, problem))
    assert ends == [(0, "")] * 3
    store = open_store(empty_database_url)
    store.accept_many(reports=[report(1)])
    assert store.report(report_no=report_no(1)) is not None
    store.close()


def test_migrating_again_keeps_everything(store: Store) -> None:
    store.accept_many(reports=[report(1)])
    store.migrate()
    assert store.report(report_no=report_no(1)) is not None


def test_a_database_of_a_newer_version_is_left_alone(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    store = open_store(database_url)
    with pytest.raises(UnableToMigrate):
        store.migrate()
    store.ping()
    store.close()


@pytest.mark.parametrize(
    "url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://x/y", "postgresql://x"]
)
def test_what_is_no_lasting_database_is_refused(url: str) -> None:
    with pytest.raises(UnableToOpenStore):
        open_store(url)


def test_sqlite_is_set_to_keep_what_it_acknowledged(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    with store._engine.connect() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        values = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in pragmas]
    assert values == ["wal", 2, 1, 10000]
    store.close()


def test_times_are_instants_whatever_their_zone_and_naive_ones_are_refused(store: Store) -> None:
    wuhan = timezone(timedelta(hours=8))
    moment = datetime(2026, 2, 28, 23, 59, 59, 999999, tzinfo=wuhan)
    store.accept_many(reports=[report(1, received_at=moment, occurred_at=moment)])
    kept = store.report(report_no=report_no(1))
    assert kept is not None
    assert kept.received_at == moment
    assert kept.received_at.tzinfo is UTC
    assert instant(microseconds(moment)) == moment
    before = datetime(1901, 5, 6, 7, 8, 9, 1, tzinfo=UTC)
    assert instant(microseconds(before)) == before
    with pytest.raises(UnableToStoreTime):
        microseconds(moment.replace(tzinfo=None))
