"""Every table there is, for migrations and the test that compares them."""

from store import tables, tables_alarms, tables_desk, tables_sources

ALL = (tables, tables_sources, tables_alarms, tables_desk)
metadata = tables.metadata
