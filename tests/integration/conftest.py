"""Fixtures of the tests that need real servers."""

from tests.fixtures_db import (
    database_url,
    empty_database_url,
    empty_postgresql_url,
    postgresql_server,
    postgresql_template,
    postgresql_url,
    sqlite_template,
    sqlite_url,
    store,
)
from tests.integration.open311_city import open311
from tests.integration.temporal_env import desk, temporal_env, wuhan, wuhan_settings

__all__ = [
    "database_url",
    "desk",
    "empty_database_url",
    "empty_postgresql_url",
    "open311",
    "postgresql_server",
    "postgresql_template",
    "postgresql_url",
    "sqlite_template",
    "sqlite_url",
    "store",
    "temporal_env",
    "wuhan",
    "wuhan_settings",
]
