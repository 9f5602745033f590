"""Tables of devices and of what they say: the registry, what is remembered between readings, alarms. The store's own."""

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from domain.alarm import Alarm
from domain.device import Device
from domain.sensing import Watch
from store.codec import JsonOf, Utc
from store.tables import _PLAIN, _SERIAL, metadata

devices = Table(
    "devices",
    metadata,
    Column("source", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("gateway", Text, nullable=False, server_default=""),
    Column("unit", Text, nullable=False, server_default=""),
    Column("district", Text, nullable=False, server_default=""),
    Column("street", Text, nullable=False, server_default=""),
    Column("service", Text, nullable=False),
    Column("device", JsonOf[Device](Device), nullable=False),
    Column("changed_at", Utc, nullable=False),
    PrimaryKeyConstraint("source", "code"),
    Index(None, "code"),
    Index(None, "source", "gateway"),
    Index(None, "district", "code"),
    Index(None, "street", "code"),
    Index(None, "unit", "code"),
)

# What is remembered between readings changes with every reading, what the registry knows hardly ever.
device_watches = Table(
    "device_watches",
    metadata,
    Column("source", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("watch", JsonOf[Watch](Watch), nullable=False),
    Column("silent", Boolean, nullable=False, server_default=false()),
    Column("silent_at", Utc),  # when it will have been silent for too long; None: it is not expected to speak
    PrimaryKeyConstraint("source", "code"),
    Index(None, "silent_at"),
)

# Until when each kind of process that hears devices has listened.
listeners = Table(
    "listeners",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Utc, nullable=False),
)

maintenance_windows = Table(
    "maintenance_windows",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("gateway", Boolean, nullable=False, server_default=false()),
    Column("begins_at", Utc, nullable=False),
    Column("ends_at", Utc, nullable=False),
    Column("reason", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("looked_at_end", Boolean, nullable=False, server_default=false()),
    Index(None, "source", "code", "ends_at"),
    Index(None, "looked_at_end", "ends_at"),
    sqlite_autoincrement=True,
)

_OPEN = text("open")
_MUTED = text("open AND muted")

alarms = Table(
    "alarms",
    metadata,
    Column("alarm_no", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("open", Boolean, nullable=False, server_default=true()),
    Column("phase", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("device", Text, nullable=False, server_default=""),
    Column("gateway", Text, nullable=False, server_default=""),
    Column("hazard", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("severity", SmallInteger, nullable=False),
    Column("current", SmallInteger),  # what readings say; none in band and when it has ended
    Column("muted", Boolean, nullable=False, server_default=false()),
    Column("exercise", Boolean, nullable=False, server_default=false()),
    Column("unit", Text, nullable=False, server_default=""),
    Column("district", Text, nullable=False, server_default=""),
    Column("street", Text, nullable=False, server_default=""),
    Column("lon", Double),
    Column("lat", Double),
    Column("grouped", Text, nullable=False, server_default=""),  # the group's key
    Column("parent", Text),
    Column("case_no", Text),
    Column("reason", Text, nullable=False, server_default=""),
    Column("raised_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("next_due", Utc),
    Column("alarm", JsonOf[Alarm](Alarm), nullable=False),
    Index("uq_alarms_key_open", "key", unique=True, postgresql_where=_OPEN, sqlite_where=_OPEN),
    Index("ix_alarms_due", "next_due", postgresql_where=_OPEN, sqlite_where=_OPEN),
    Index("ix_alarms_grouped_open", "grouped", "raised_at", postgresql_where=_OPEN, sqlite_where=_OPEN),
    Index("ix_alarms_muted", "alarm_no", postgresql_where=_MUTED, sqlite_where=_MUTED),
    Index("ix_alarms_near", "hazard", "lat", "lon", postgresql_where=_OPEN, sqlite_where=_OPEN),
    Index(None, "raised_at", "alarm_no"),
    Index(None, "phase", "raised_at", "alarm_no"),
    Index(None, "device", "raised_at"),
    Index(None, "parent", "current"),
    Index(None, "case_no"),
)

alarm_facts = Table(
    "alarm_facts",
    metadata,
    Column("alarm_no", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Utc, nullable=False),
    Column("kind", Text, nullable=False),
    Column("source", Text),
    Column("target", Text),
    Column("by", Text, nullable=False),
    Column("data", _PLAIN, nullable=False),
    PrimaryKeyConstraint("alarm_no", "seq"),
    Index(None, "kind", "at"),
)

alarm_acts = Table(
    "alarm_acts",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("request_id", Text, nullable=False),
    Column("alarm_no", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("at", Utc, nullable=False),
    UniqueConstraint("request_id"),
    sqlite_autoincrement=True,
)
