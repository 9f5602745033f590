"""Alembic's entry: runs the migrations on the connection that ``store.migrate`` opened."""

from alembic import context
from sqlalchemy import Connection, text

from store.schema import metadata


def _run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # A migration that waits for a lock makes everybody behind it wait. Better to fail and try again.
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


_run(context.config.attributes["connection"])
