"""Attachments, supplements and urges; a caller is found again by a keyed digest of the number"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_UTC = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
_JSON = sa.Text().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Make them."""
    _attachments()
    _supplements()
    op.add_column("reports", sa.Column("caller", sa.Text(), nullable=False, server_default=""))
    op.add_column("reports", sa.Column("related", _JSON, nullable=False, server_default="[]"))
    called = sa.text("caller <> ''")
    op.create_index(
        "ix_reports_caller",
        "reports",
        ["caller", "received_at"],
        sqlite_where=called,
        postgresql_where=called,
    )


def _attachments() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("report_no", sa.Text(), nullable=True),
        sa.Column("case_no", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, server_default=""),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("public_digest", sa.Text(), nullable=True),
        sa.Column("public_type", sa.Text(), nullable=True),
        sa.Column("facts", _JSON, nullable=False, server_default="{}"),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("received_at", _UTC, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
    )
    op.create_index("ix_attachments_case_no", "attachments", ["case_no"])
    op.create_index("ix_attachments_digest", "attachments", ["digest"])
    op.create_index("ix_attachments_report_no", "attachments", ["report_no"])


def _supplements() -> None:
    op.create_table(
        "supplements",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("report_no", sa.Text(), nullable=False),
        sa.Column("case_no", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, server_default=""),
        sa.Column("digest", sa.Text(), nullable=False, server_default=""),
        sa.Column("attachments", _JSON, nullable=False, server_default="[]"),
        sa.Column("received_at", _UTC, nullable=False),
        sa.ForeignKeyConstraint(
            ["report_no"], ["reports.report_no"], name="fk_supplements_report_no_reports"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_supplements"),
    )
    op.create_index("ix_supplements_case_no_received_at", "supplements", ["case_no", "received_at"])
    op.create_index("ix_supplements_report_no_received_at", "supplements", ["report_no", "received_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_reports_caller", "reports")
    op.drop_column("reports", "related")
    op.drop_column("reports", "caller")
    op.drop_table("supplements")
    op.drop_table("attachments")
