"""Every table there is, for migrations and the test that compares them."""

from store import (
    tables,
    tables_alarms,
    tables_board,
    tables_console,
    tables_desk,
    tables_people,
    tables_sources,
    tables_uploads,
)

ALL = (
    tables, tables_sources, tables_alarms, tables_desk, tables_people, tables_console, tables_board, tables_uploads,
)  # fmt: skip
metadata = tables.metadata
