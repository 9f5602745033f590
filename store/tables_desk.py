"""Tables of what comes after a report: attachments, supplements and urges, and other systems' side of a case. The store's own."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
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

# The bytes lie in the media folder (or an object store) under their own digest; this says what they are.
attachments = Table(
    "attachments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("report_no", Text),
    Column("case_no", Text),
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),  # near | far | before | after | other (近景/远景/处置前/处置后)
    Column("name", Text, nullable=False, server_default=""),
    Column("media_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("public_digest", Text),  # the copy without metadata; None where there is none to show
    Column("public_type", Text),
    Column("facts", _PLAIN, nullable=False, server_default="{}"),  # taken_at, lon, lat, width, height, camera
    Column("url", Text),  # where it was said to be, of one that was only named
    Column("received_at", Utc, nullable=False),
    Index(None, "report_no"),
    Index(None, "case_no"),
    Index(None, "digest"),
)

# What a reporter added: a supplement (补充) or an urge (催办). The text may be personal: not in facts.
supplements = Table(
    "supplements",
    metadata,
    Column("id", Text, primary_key=True),
    Column("report_no", Text, ForeignKey("reports.report_no"), nullable=False),
    Column("case_no", Text, nullable=False),
    Column("kind", Text, nullable=False),  # supplement | urge
    Column("source", Text, nullable=False),
    Column("text", Text, nullable=False, server_default=""),
    Column("digest", Text, nullable=False, server_default=""),
    _texts("attachments"),
    Column("received_at", Utc, nullable=False),
    Index(None, "report_no", "received_at"),
    Index(None, "case_no", "received_at"),
)

# A task of ours in another system's book (a district's own platform that speaks Open311).
dock_tasks = Table(
    "dock_tasks",
    metadata,
    Column("key", Text, primary_key=True),  # of the notice that carried it there
    Column("case_no", Text, ForeignKey("cases.case_no"), nullable=False),
    Column("epoch", SmallInteger, nullable=False),
    Column("unit", Text, nullable=False),
    Column("task", Text, nullable=False, server_default=""),  # of row 21; empty for the case itself
    Column("endpoint", Text, nullable=False),
    Column("foreign_id", Text),
    Column("token", Text),
    Column("state", Text, nullable=False),  # sending | token | open | closed | failed
    Column("seen_until", Utc),
    Column("last_status", Text, nullable=False, server_default=""),
    _count("attempts"),
    Column("next_at", Utc),
    Column("created_at", Utc, nullable=False),
    Index(None, "endpoint", "foreign_id"),
    Index(None, "case_no"),
    Index(None, "next_at"),
)

# Updates, by the id of whoever wrote them: theirs about our requests, and ours about theirs.
service_updates = Table(
    "service_updates",
    metadata,
    Column("serial", _SERIAL, primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False),
    Column("update_id", Text, nullable=False),
    Column("case_no", Text, nullable=False),
    Column(
        "report_no", Text, nullable=False, server_default=""
    ),  # the request it is about, where it was ours
    Column("status", Text, nullable=False, server_default=""),
    Column("description", Text, nullable=False, server_default=""),
    Column("updated_at", Utc, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("acted", Boolean, nullable=False, server_default=false()),
    Column("detail", _PLAIN, nullable=False, server_default="{}"),
    UniqueConstraint("source", "update_id"),
    Index(None, "case_no", "updated_at"),
    sqlite_autoincrement=True,
)
