"""Tables of who may send us something, and of what they sent before anybody read it. The store's own."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    false,
    text,
    true,
)

from domain.source import Scope
from store.codec import JsonOf, Utc
from store.tables import _PLAIN, _SERIAL, _TEXTS, _count, metadata

_SCOPES = JsonOf[tuple[Scope, ...]](tuple[Scope, ...])
_WORDS = JsonOf[dict[str, str]](dict[str, str])
_NUMBERS = JsonOf[dict[str, int]](dict[str, int])

sources = Table(
    "sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("title_zh", Text, nullable=False, server_default=""),
    Column("title_en", Text, nullable=False, server_default=""),
    Column("citizen", Boolean, nullable=False, server_default=false()),
    Column("scopes", _SCOPES, nullable=False, server_default="[]"),
    _count("per_minute"),
    _count("per_day"),
    Column("form", Text, nullable=False, server_default="json"),
    Column("mapping", _WORDS, nullable=False, server_default="{}"),
    Column("severities", _NUMBERS, nullable=False, server_default="{}"),
    Column("mapping_version", Integer, nullable=False, server_default="1"),
    Column("enabled", Boolean, nullable=False, server_default=true()),
    Column("created_at", Utc, nullable=False),
)

source_keys = Table(
    "source_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("source", Text, ForeignKey("sources.name"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("digest", Text, nullable=False, server_default=""),
    Column("networks", _TEXTS, nullable=False, server_default="[]"),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc),
    Column("revoked_at", Utc),
    Column("last_used_at", Utc),
    Index(None, "source"),
)

# What a signed message was called, so that it is not taken twice; the database is the authority.
webhook_ids = Table(
    "webhook_ids",
    metadata,
    Column("source", Text, nullable=False),
    Column("webhook_id", Text, nullable=False),
    Column("received_at", Utc, nullable=False),
    PrimaryKeyConstraint("source", "webhook_id"),
    Index(None, "received_at"),
)

_NEW = text("state = 'new'")
_DEAD = text("state = 'dead'")

inbound = Table(
    "inbound",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("content_type", Text, nullable=False, server_default=""),
    Column("headers", _WORDS, nullable=False, server_default="{}"),
    Column("body", LargeBinary, nullable=False),
    Column("digest", Text, nullable=False),  # SHA-256 of the body
    Column("received_at", Utc, nullable=False),
    Column("kept_at", Utc, nullable=False),  # later than received where it is a replay
    Column("state", Text, nullable=False, server_default="new"),  # new | done | dead | closed
    Column("code", Text, nullable=False, server_default=""),
    Column("params", _WORDS, nullable=False, server_default="{}"),
    Column("event_id", Text, nullable=False, server_default=""),
    Column("parent", _SERIAL),  # the message it was a part of, or the letter it replays
    _count("mapping_version"),
    _count("attempts"),
    _count("lost"),  # claims whose worker let the lease run out
    _count("faults"),  # claims that ended in a fault of ours
    _count("taken"),
    _count("refused"),
    Column("outcome", _PLAIN, nullable=False, server_default="{}"),
    Column("not_before", Utc),
    Column("lease_until", Utc),
    Column("worker", Text),
    Column("finished_at", Utc),
    Column("closed_by", Text, nullable=False, server_default=""),
    Index("ix_inbound_new", "id", postgresql_where=_NEW, sqlite_where=_NEW),
    Index("ix_inbound_dead", "source", "id", postgresql_where=_DEAD, sqlite_where=_DEAD),
    Index(None, "parent"),
    Index(None, "received_at"),
    sqlite_autoincrement=True,
)

# What people did with a letter: seen, closed, replayed. A body may hold personal data.
inbound_acts = Table(
    "inbound_acts",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("inbound", _SERIAL, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False, server_default=""),
    Column("at", Utc, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Index(None, "inbound"),
    sqlite_autoincrement=True,
)

# Every event a source named, with the message it came in: a second one of the same name is a replay.
signals = Table(
    "signals",
    metadata,
    Column("source", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("inbound", _SERIAL, nullable=False),
    Column("digest", Text, nullable=False, server_default=""),  # of what it said
    Column("alarm_no", Text, nullable=False, server_default=""),
    Column("outcome", Text, nullable=False),
    Column("received_at", Utc, nullable=False),
    PrimaryKeyConstraint("source", "event_id"),
    Index(None, "alarm_no"),
    Index(None, "inbound"),
)
