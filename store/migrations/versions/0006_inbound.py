"""Every inbound message is kept as it came, before anybody reads it"""

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
    _signals()


def _inbound() -> None:
    op.create_table(
        "inbound",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False, server_default=""),
        sa.Column("headers", _JSON, nullable=False, server_default="{}"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("received_at", _UTC, nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default="new"),
        sa.Column("code", sa.Text(), nullable=False, server_default=""),
        sa.Column("params", _JSON, nullable=False, server_default="{}"),
        sa.Column("event_id", sa.Text(), nullable=False, server_default=""),
        sa.Column("parent", _SERIAL, nullable=True),
        sa.Column("mapping_version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("taken", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("refused", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("outcome", _JSON, nullable=False, server_default="{}"),
        sa.Column("not_before", _UTC, nullable=True),
        sa.Column("lease_until", _UTC, nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("finished_at", _UTC, nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_inbound"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_inbound_dead",
        "inbound",
        ["source", "id"],
        sqlite_where=sa.text("state = 'dead'"),
        postgresql_where=sa.text("state = 'dead'"),
    )
    op.create_index(
        "ix_inbound_new",
        "inbound",
        ["id"],
        sqlite_where=sa.text("state = 'new'"),
        postgresql_where=sa.text("state = 'new'"),
    )
    op.create_index("ix_inbound_parent", "inbound", ["parent"])
    op.create_index("ix_inbound_received_at", "inbound", ["received_at"])


def _signals() -> None:
    op.create_table(
        "signals",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("inbound", _SERIAL, nullable=False),
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
    op.drop_table("inbound")
