"""The tables. The store's own: nobody outside this room imports them.

Columns of ``cases`` that a ``CaseView`` has carry its field names. A case that was
accepted and not yet decided has a row with epoch 0, seq 0 and the defaults below.
Migrations are written by hand; a test compares them with this module.
"""

from typing import Annotated, Any

from pydantic import Discriminator
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from domain.actor import Actor
from domain.decision import RoutingDecision
from domain.limit import Limit
from domain.messages import Command
from domain.place import Place, ReportedPlace
from domain.report import Reporter
from domain.unit import Contact
from domain.views import Aspects
from store.codec import JsonOf, Utc

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts rows by itself only in a column of the very type INTEGER.
_SERIAL = BigInteger().with_variant(Integer(), "sqlite")
_TEXTS = JsonOf[tuple[str, ...]](tuple[str, ...])
_COMMAND = JsonOf[Command](Annotated[Command, Discriminator("kind")])
_PLAIN = JsonOf[dict[str, Any]](dict[str, Any])


def _texts(name: str) -> "Column[tuple[str, ...]]":
    return Column(name, _TEXTS, nullable=False, server_default="[]")


def _count(name: str) -> "Column[int]":
    return Column(name, Integer, nullable=False, server_default="0")


LISTED = (
    "open", "received_at", "case_no", "status", "severity", "level", "category", "owner", "district", "street",
    "community", "grid", "channel", "handling_due", "submitted_at", "under_order", "lon", "lat",
)  # fmt: skip
"""Columns of the index that lists walk."""
_PLACED = text("address IS NOT NULL")
FIGURED = (
    "exercise", "district", "street", "owner", "category", "level", "severity", "status", "received_at", "filed_at",
    "dispatched_at", "signed_in_at", "contacted_at", "submitted_at", "closed_at", "handling_due", "total_due",
    "exempt", "case_no",
)  # fmt: skip
"""Columns of the index that the board's figures are counted from; those they are broken down by come first."""

cases = Table(
    "cases",
    metadata,
    Column("case_no", Text, primary_key=True),
    _count("epoch"),
    _count("seq"),
    Column("status", Text, nullable=False),
    Column("open", Boolean, nullable=False, server_default=true()),  # the status is not an end
    Column("category", Text, nullable=False),
    Column("category_name", Text, nullable=False, server_default=""),
    Column("severity", SmallInteger, nullable=False),
    Column("channel", Text, nullable=False),
    Column("exercise", Boolean, nullable=False, server_default=false()),
    Column("owner", Text, nullable=False, server_default=""),
    _texts("co_handlers"),
    _texts("supervisors"),
    Column("checker", Text),
    Column("arbiter", Text),
    Column("level", SmallInteger, nullable=False, server_default="3"),
    Column("master", Text),
    _texts("proposals"),
    Column("city", Text),
    Column("district", Text),
    Column("street", Text),
    Column("community", Text),
    Column("grid", Text),
    _texts("zones"),
    Column("lon", Double),
    Column("lat", Double),
    Column("place", JsonOf[Place](Place), nullable=False, server_default="{}"),
    Column("decision", JsonOf[RoutingDecision](RoutingDecision)),
    _texts("reports"),
    Column("received_at", Utc, nullable=False),
    Column("filed_at", Utc),
    Column("dispatched_at", Utc),
    Column("signed_in_at", Utc),
    Column("contacted_at", Utc),
    Column("submitted_at", Utc),
    Column("closed_at", Utc),
    Column("handling_due", Utc),
    Column("total_due", Utc),
    Column("next_due", Utc),
    Column("on_time", Boolean),
    Column("close_kind", Text),
    _count("reworks"),
    _count("returns"),
    _count("reopened"),
    Column("unknown_year", Boolean, nullable=False, server_default=false()),
    Column("parent", Text),
    Column("repeat_of", Text),
    _texts("tags"),
    _texts("exempt"),
    _texts("task_units"),
    Column("aspects", JsonOf[Aspects](Aspects), nullable=False, server_default="{}"),
    Column("rules_version", Text, nullable=False, server_default=""),
    Column(
        "under_order", Boolean, nullable=False, server_default=false()
    ),  # a supervision order is not closed
    Column("address", Text),  # of the place, for search
    # What picks few cases has its index, ended by the order of the list.
    Index(None, "received_at", "case_no"),
    Index(None, "owner", "received_at", "case_no"),
    Index(None, "category", "received_at", "case_no"),
    Index(None, "district", "received_at", "case_no"),
    Index(None, "street", "received_at", "case_no"),
    Index(None, "community", "received_at", "case_no"),
    Index(None, "grid", "received_at", "case_no"),
    Index(None, "open", "next_due"),
    Index(None, "open", "handling_due"),
    Index(None, "category", "open", "lat", "lon"),
    Index(None, "parent", "received_at", "case_no"),
    # Everything else a list is filtered, sorted and counted by: no row is read that is not shown.
    Index("ix_cases_listed", *LISTED),
    Index(None, "open", "address", "case_no", postgresql_where=_PLACED, sqlite_where=_PLACED),
    Index("ix_cases_figured", *FIGURED),
)

bursts = Table(
    "bursts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("parent", Text, ForeignKey("cases.case_no"), nullable=False),
    Column("opened_at", Utc, nullable=False),
)

case_links = Table(
    "case_links",
    metadata,
    Column("kind", Text, nullable=False),  # part (has one in it) | supervisor | zone | task | tag
    Column("code", Text, nullable=False),
    Column("case_no", Text, ForeignKey("cases.case_no"), nullable=False),
    PrimaryKeyConstraint("kind", "code", "case_no"),
    Index(None, "case_no"),
)

history = Table(
    "history",
    metadata,
    Column("case_no", Text, ForeignKey("cases.case_no"), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Utc, nullable=False),
    Column("kind", Text, nullable=False),
    Column("row", SmallInteger, nullable=False),
    Column("source", Text),
    Column("target", Text),
    Column("actor", JsonOf[Actor](Actor), nullable=False),
    Column("due", Utc),
    Column("data", _PLAIN, nullable=False),
    PrimaryKeyConstraint("case_no", "epoch", "seq"),
    Index(None, "kind", "at"),
)

_CALLED = text("caller <> ''")

reports = Table(
    "reports",
    metadata,
    Column("report_no", Text, primary_key=True),
    Column("case_no", Text, ForeignKey("cases.case_no"), nullable=False),
    Column("belongs_to", Text, ForeignKey("cases.case_no"), nullable=False),
    Column("source", Text, nullable=False),
    Column("source_no", Text),
    Column("channel", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("condition", Text),
    Column("description", Text, nullable=False),
    Column("reported", JsonOf[ReportedPlace](ReportedPlace), nullable=False),
    Column("reporter", JsonOf[Reporter](Reporter), nullable=False),
    Column("severity", SmallInteger),
    _texts("tags"),
    Column("exercise", Boolean, nullable=False),
    Column("occurred_at", Utc, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("idempotency_key", Text),
    Column("fingerprint", Text, nullable=False),
    Column("raw", _PLAIN, nullable=False),
    Column("caller", Text, nullable=False, server_default=""),  # keyed digest of the telephone number
    _texts("related"),
    # The number first: it is what a look-up of a whole batch can use alone.
    UniqueConstraint("source_no", "source"),
    UniqueConstraint("idempotency_key"),
    UniqueConstraint("case_no"),
    Index(None, "belongs_to"),
    Index("ix_reports_caller", "caller", "received_at", postgresql_where=_CALLED, sqlite_where=_CALLED),
)

_OWED = text("state = 'pending'")
_LOST = text("state IN ('failed', 'unknown')")

outbox = Table(
    "outbox",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("case_no", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("payload", _PLAIN, nullable=False),
    Column("recipient", Text),
    Column("state", Text, nullable=False, server_default="pending"),
    _count("attempts"),
    _count("lost"),
    Column("created_at", Utc, nullable=False),
    Column("not_before", Utc, nullable=False),
    Column("lease_until", Utc),
    Column("worker", Text),
    Column("last_error", Text, nullable=False, server_default=""),
    Column("outcome", _PLAIN),
    Column("finished_at", Utc),
    UniqueConstraint("key"),
    Index(None, "case_no"),
    Index("ix_outbox_owed", "kind", "priority", "id", postgresql_where=_OWED, sqlite_where=_OWED),
    Index("ix_outbox_lost", "id", postgresql_where=_LOST, sqlite_where=_LOST),
    sqlite_autoincrement=True,
)

commands = Table(
    "commands",
    metadata,
    Column("request_id", Text, primary_key=True),
    Column("case_no", Text, ForeignKey("cases.case_no"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("command", _COMMAND, nullable=False),
    Column("status", Text, nullable=False, server_default="pending"),
    Column("result", _PLAIN),
    Column("code", Text),
    Column("params", JsonOf[dict[str, str]](dict[str, str])),
    Column("received_at", Utc, nullable=False),
    Column("finished_at", Utc),
    Index(None, "case_no"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("case_no", Text, nullable=False),  # of a case or of an instruction
    Column("epoch", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("n", Integer, nullable=False),
    Column("template", Text, nullable=False),
    Column("unit", Text),
    Column("report_no", Text),
    Column("context", _PLAIN, nullable=False),
    Column("at", Utc, nullable=False),
    UniqueConstraint("case_no", "epoch", "seq", "n"),
    Index(None, "unit", "id"),
    Index(None, "report_no", "id"),
    sqlite_autoincrement=True,
)

units = Table(
    "units",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("area_code", Text, nullable=False),
    Column("zone", Boolean, nullable=False),
    Column("parent", Text),
    Column("duty", Text, nullable=False),
    _texts("duty_list"),
    Column("contacts", JsonOf[tuple[Contact, ...]](tuple[Contact, ...]), nullable=False),
    Column("version", Text, nullable=False),
    Index(None, "area_code", "kind"),
)

areas = Table(
    "areas",
    metadata,
    Column("level", SmallInteger, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("parent", Text),
    Column("version", Text, nullable=False),
    PrimaryKeyConstraint("level", "code"),
    Index(None, "parent"),
)

published = Table(
    "published",
    metadata,
    Column("what", Text, primary_key=True),  # units | areas | devices (located with)
    Column("version", Text, nullable=False),
)

instructions = Table(
    "instructions",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("number", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("issued_by", JsonOf[Actor](Actor), nullable=False),
    Column("issued_at", Utc, nullable=False),
    Column("time_limit", JsonOf[Limit](Limit), nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("unknown_year", Boolean, nullable=False, server_default=false()),
    Column("reply_required", Boolean, nullable=False, server_default=false()),
    Column("urgency", SmallInteger, nullable=False),
    Column("exercise", Boolean, nullable=False, server_default=false()),
    Column("case_no", Text, ForeignKey("cases.case_no")),
    Column("corrects", Text),
    Column("corrected_by", Text),
    Column("state", Text, nullable=False),
    Column("ended_at", Utc),
    Column("reason", Text, nullable=False, server_default=""),
    Column("reported_at", Utc),
    _count("receivers"),
    UniqueConstraint("number"),
    Index(None, "issuer", "id"),
    Index(None, "state", "id"),
    Index(None, "case_no", "id"),
    sqlite_autoincrement=True,
)

instruction_receivers = Table(
    "instruction_receivers",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("number", Text, ForeignKey("instructions.number"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("unit", Text, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("parent", Text),
    Column("told_at", Utc, nullable=False),
    Column("read_at", Utc),
    Column("reply", Text),
    Column("replied_at", Utc),
    _count("reminded"),
    Column("done", Boolean, nullable=False, server_default=false()),  # domain.instruction.is_done
    UniqueConstraint("number", "unit"),
    Index(None, "number", "done", "n"),
    Index(None, "number", "n"),
    Index(None, "unit", "id"),
    sqlite_autoincrement=True,
)

instruction_acts = Table(
    "instruction_acts",
    metadata,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("request_id", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", JsonOf[Actor](Actor), nullable=False),
    Column("at", Utc, nullable=False),
    Column("text", Text, nullable=False, server_default=""),
    _count("told"),
    Column("digest", Text, nullable=False),
    UniqueConstraint("request_id"),
    Index(None, "number", "id"),
    sqlite_autoincrement=True,
)
