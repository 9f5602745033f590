"""Tables of the consoles: what changed (for live pages), drafts of reports, saved views. The store's own."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from store.codec import Utc
from store.tables import _PLAIN, _SERIAL, _count, _texts, metadata

# One row for each step of a case, instruction or alarm, written in the step's own transaction.
# ``xact`` is PostgreSQL's transaction number (1 on SQLite, which has one writer): rows of transactions
# that have all ended are read in the order (xact, id), so that nothing is passed over.
changes = Table(
    "changes",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("xact", BigInteger, nullable=False, server_default="1"),
    Column("kind", Text, nullable=False),  # case | instruction | alarm
    Column("number", Text, nullable=False),
    Column("status", Text, nullable=False, server_default=""),
    Column("severity", SmallInteger),
    _texts("units"),  # that have a part in it
    _texts("areas"),  # the area chain and overlays
    Column("at", Utc, nullable=False),
    Index(None, "xact", "id"),
    Index(None, "at"),
    sqlite_autoincrement=True,
)

drafts = Table(
    "drafts",
    metadata,
    Column("draft_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("fields", _PLAIN, nullable=False),
    _count("version"),  # two windows on one draft notice each other
    Column("window", Text, nullable=False, server_default=""),
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("report_no", Text),  # what it became
    Index(None, "account", "updated_at"),
)

saved_views = Table(
    "saved_views",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("page", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("pinned", Boolean, nullable=False, server_default=false()),
    Column("position", Integer, nullable=False, server_default="0"),
    Column("created_at", Utc, nullable=False),
    UniqueConstraint("account", "page", "name"),
    sqlite_autoincrement=True,
)
