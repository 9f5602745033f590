"""The first schema: cases and their history, reports, outbox, inbox, units and areas"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_UTC = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
_JSON = sa.Text().with_variant(JSONB(), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make all tables."""
    _cases()
    _case_indexes()
    _case_links()
    _history()
    _reports()
    _outbox()
    _commands()
    _messages()
    _units()
    _areas()


def _must(name: str, kind: Any, default: Any = None) -> "sa.Column[Any]":
    return sa.Column(name, kind, nullable=False, server_default=default)


def _may(name: str, kind: Any) -> "sa.Column[Any]":
    return sa.Column(name, kind, nullable=True)


def _case_key(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["cases.case_no"], name=f"fk_{table}_{column}_cases")


def _index(table: str, *columns: str) -> None:
    op.create_index("_".join(("ix", table, *columns)), table, list(columns))


def _cases() -> None:
    op.create_table(
        "cases",
        _must("case_no", sa.Text()),
        _must("epoch", sa.Integer(), "0"),
        _must("seq", sa.Integer(), "0"),
        _must("status", sa.Text()),
        _must("open", sa.Boolean(), sa.true()),
        _must("category", sa.Text()),
        _must("category_name", sa.Text(), ""),
        _must("severity", sa.SmallInteger()),
        _must("channel", sa.Text()),
        _must("exercise", sa.Boolean(), sa.false()),
        _must("owner", sa.Text(), ""),
        *(_must(name, _JSON, "[]") for name in ("co_handlers", "supervisors")),
        *(_may(name, sa.Text()) for name in ("checker", "arbiter")),
        _must("level", sa.SmallInteger(), "3"),
        _may("master", sa.Text()),
        _must("proposals", _JSON, "[]"),
        *(_may(name, sa.Text()) for name in ("city", "district", "street", "community", "grid")),
        _must("zones", _JSON, "[]"),
        *(_may(name, sa.Double()) for name in ("lon", "lat")),
        _must("place", _JSON, "{}"),
        _may("decision", _JSON),
        _must("reports", _JSON, "[]"),
        _must("received_at", _UTC),
        *(_may(f"{name}_at", _UTC) for name in ("filed", "dispatched", "signed_in", "contacted")),
        *(_may(f"{name}_at", _UTC) for name in ("submitted", "closed")),
        *(_may(f"{name}_due", _UTC) for name in ("handling", "total", "next")),
        _may("on_time", sa.Boolean()),
        _may("close_kind", sa.Text()),
        *(_must(name, sa.Integer(), "0") for name in ("reworks", "returns", "reopened")),
        _must("unknown_year", sa.Boolean(), sa.false()),
        _must("rules_version", sa.Text(), ""),
        sa.PrimaryKeyConstraint("case_no", name="pk_cases"),
    )


def _case_indexes() -> None:
    _index("cases", "received_at", "case_no")
    for name in ("status", "owner", "category", "severity", "level", "channel"):
        _index("cases", name, "received_at", "case_no")
    for name in ("district", "street", "community", "grid"):
        _index("cases", name, "received_at", "case_no")
    _index("cases", "open", "next_due")
    _index("cases", "open", "handling_due")
    _index("cases", "category", "open", "lat", "lon")


def _case_links() -> None:
    op.create_table(
        "case_links",
        *(_must(name, sa.Text()) for name in ("kind", "code", "case_no")),
        sa.PrimaryKeyConstraint("kind", "code", "case_no", name="pk_case_links"),
        _case_key("case_links", "case_no"),
    )
    _index("case_links", "case_no")


def _history() -> None:
    op.create_table(
        "history",
        _must("case_no", sa.Text()),
        _must("epoch", sa.Integer()),
        _must("seq", sa.Integer()),
        _must("at", _UTC),
        _must("kind", sa.Text()),
        _must("row", sa.SmallInteger()),
        _may("source", sa.Text()),
        _may("target", sa.Text()),
        _must("actor", _JSON),
        _may("due", _UTC),
        _must("data", _JSON),
        sa.PrimaryKeyConstraint("case_no", "epoch", "seq", name="pk_history"),
        _case_key("history", "case_no"),
    )
    _index("history", "kind", "at")


def _reports() -> None:
    op.create_table(
        "reports",
        *(_must(name, sa.Text()) for name in ("report_no", "case_no", "belongs_to", "source")),
        _may("source_no", sa.Text()),
        *(_must(name, sa.Text()) for name in ("channel", "category")),
        _may("condition", sa.Text()),
        _must("description", sa.Text()),
        *(_must(name, _JSON) for name in ("reported", "reporter")),
        _may("severity", sa.SmallInteger()),
        _must("tags", _JSON, "[]"),
        _must("exercise", sa.Boolean()),
        *(_must(name, _UTC) for name in ("occurred_at", "received_at")),
        _may("idempotency_key", sa.Text()),
        _must("fingerprint", sa.Text()),
        _must("raw", _JSON),
        sa.PrimaryKeyConstraint("report_no", name="pk_reports"),
        sa.UniqueConstraint("source_no", "source", name="uq_reports_source_no_source"),
        sa.UniqueConstraint("idempotency_key", name="uq_reports_idempotency_key"),
        sa.UniqueConstraint("case_no", name="uq_reports_case_no"),
        _case_key("reports", "case_no"),
        _case_key("reports", "belongs_to"),
    )
    _index("reports", "belongs_to")


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        *(_must(name, sa.Text()) for name in ("kind", "key", "case_no")),
        _must("priority", sa.SmallInteger()),
        _must("payload", _JSON),
        _may("recipient", sa.Text()),
        _must("state", sa.Text(), "pending"),
        *(_must(name, sa.Integer(), "0") for name in ("attempts", "lost")),
        *(_must(name, _UTC) for name in ("created_at", "not_before")),
        _may("lease_until", _UTC),
        _may("worker", sa.Text()),
        _must("last_error", sa.Text(), ""),
        _may("outcome", _JSON),
        _may("finished_at", _UTC),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
        sqlite_autoincrement=True,
    )
    _index("outbox", "case_no")
    owed = sa.text("state = 'pending'")
    op.create_index(
        "ix_outbox_owed", "outbox", ["kind", "priority", "id"], postgresql_where=owed, sqlite_where=owed
    )


def _commands() -> None:
    op.create_table(
        "commands",
        *(_must(name, sa.Text()) for name in ("request_id", "case_no", "kind")),
        _must("command", _JSON),
        _must("status", sa.Text(), "pending"),
        _may("result", _JSON),
        _may("code", sa.Text()),
        _may("params", _JSON),
        _must("received_at", _UTC),
        _may("finished_at", _UTC),
        sa.PrimaryKeyConstraint("request_id", name="pk_commands"),
        _case_key("commands", "case_no"),
    )
    _index("commands", "case_no")


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        _must("case_no", sa.Text()),
        *(_must(name, sa.Integer()) for name in ("epoch", "seq", "n")),
        _must("template", sa.Text()),
        *(_may(name, sa.Text()) for name in ("unit", "report_no")),
        _must("context", _JSON),
        _must("at", _UTC),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("case_no", "epoch", "seq", "n", name="uq_messages_case_no_epoch_seq_n"),
        _case_key("messages", "case_no"),
        sqlite_autoincrement=True,
    )
    _index("messages", "unit", "id")
    _index("messages", "report_no", "id")


def _units() -> None:
    op.create_table(
        "units",
        *(_must(name, sa.Text()) for name in ("code", "name_zh", "name_en", "kind")),
        _must("level", sa.SmallInteger()),
        _must("area_code", sa.Text()),
        _must("zone", sa.Boolean()),
        _may("parent", sa.Text()),
        _must("duty", sa.Text()),
        _must("duty_list", _JSON, "[]"),
        _must("contacts", _JSON),
        _must("version", sa.Text()),
        sa.PrimaryKeyConstraint("code", name="pk_units"),
    )
    _index("units", "area_code", "kind")


def _areas() -> None:
    op.create_table(
        "areas",
        _must("level", sa.SmallInteger()),
        *(_must(name, sa.Text()) for name in ("code", "name")),
        _may("parent", sa.Text()),
        _must("version", sa.Text()),
        sa.PrimaryKeyConstraint("level", "code", name="pk_areas"),
    )
    _index("areas", "parent")
    op.create_table(
        "published",
        *(_must(name, sa.Text()) for name in ("what", "version")),
        sa.PrimaryKeyConstraint("what", name="pk_published"),
    )
