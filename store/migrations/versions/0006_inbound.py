"""Every inbound message is kept as it came, before anybody reads it"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_UTC = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
_JSON = sa.Text().with_variant(JSONB(), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    _inbound()
    _inbound_acts()
    _signals()


def _inbound() -> None:
    op.create_table(
        "inbound",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        *_what_came(),
        *_what_became_of_it(),
        sa.PrimaryKeyConstraint("id", name="pk_inbound"),
        sqlite_autoincrement=True,
    )
    for name, columns, state in (("dead", ["source", "id"], "dead"), ("new", ["id"], "new")):
        where = sa.text(f"state = '{state}'")
        op.create_index(f"ix_inbound_{name}", "inbound", columns, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_inbound_parent", "inbound", ["parent"])
    op.create_index("ix_inbound_received_at", "inbound", ["received_at"])


def _what_came() -> list[sa.Column[Any]]:
    return [
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False, server_default=""),
        sa.Column("headers", _JSON, nullable=False, server_default="{}"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("received_at", _UTC, nullable=False),
        sa.Column("kept_at", _UTC, nullable=False),
    ]


def _what_became_of_it() -> list[sa.Column[Any]]:
    return [
        sa.Column("state", sa.Text(), nullable=False, server_default="new"),
        sa.Column("code", sa.Text(), nullable=False, server_default=""),
        sa.Column("params", _JSON, nullable=False, server_default="{}"),
        sa.Column("event_id", sa.Text(), nullable=False, server_default=""),
        sa.Column("parent", _SERIAL, nullable=True),
        sa.Column("mapping_version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("lost", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("faults", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("taken", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("refused", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("outcome", _JSON, nullable=False, server_default="{}"),
        sa.Column("not_before", _UTC, nullable=True),
        sa.Column("lease_until", _UTC, nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("finished_at", _UTC, nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=False, server_default=""),
    ]


def _inbound_acts() -> None:
    op.create_table(
        "inbound_acts",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("inbound", _SERIAL, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, server_default=""),
        sa.Column("at", _UTC, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_inbound_acts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inbound_acts_inbound", "inbound_acts", ["inbound"])


def _signals() -> None:
    op.create_table(
        "signals",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("inbound", _SERIAL, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, server_default=""),
        sa.Column("alarm_no", sa.Text(), nullable=False, server_default=""),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("received_at", _UTC, nullable=False),
        sa.PrimaryKeyConstraint("source", "event_id", name="pk_signals"),
    )
    op.create_index("ix_signals_alarm_no", "signals", ["alarm_no"])
    op.create_index("ix_signals_inbound", "signals", ["inbound"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("signals")
    op.drop_table("inbound_acts")
    op.drop_table("inbound")
