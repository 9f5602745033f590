"""Bring a database to the newest schema, from inside the program.

The whole upgrade is one transaction behind one lock, so any number of processes may start
at once: one migrates, the others wait and find nothing to do.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text

from store.database import Database

MIGRATIONS = Path(__file__).resolve().parent / "migrations"

# Any number that is the same for every process and used for nothing else.
_LOCK = 7_420_501


class UnableToMigrate(RuntimeError):
    """The database has a schema this version does not know (it was written by a newer one)."""


def alembic_config() -> Config:
    """Return Alembic's configuration: where the migrations are, and nothing else."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


class Migrations(Database):
    """The part of the store that changes its schema."""

    def migrate(self) -> None:
        """Upgrade to the newest schema; raise UnableToMigrate when the database is newer than we are."""
        self._write(self._upgrade)

    def _upgrade(self, connection: Connection) -> None:
        if not self._sqlite:  # SQLite holds its one write lock already
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config = alembic_config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise UnableToMigrate(str(error)) from error
