"""The board: the index its figures are counted from, and screens on walls"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_UTC = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
_JSON = sa.Text().with_variant(JSONB(), "postgresql")
_FIGURED = (
    "exercise", "district", "street", "owner", "category", "level", "severity", "status", "received_at", "filed_at",
    "dispatched_at", "signed_in_at", "contacted_at", "submitted_at", "closed_at", "handling_due", "total_due",
    "exempt", "case_no",
)  # fmt: skip


def upgrade() -> None:
    """Make them."""
    op.create_index("ix_cases_figured", "cases", list(_FIGURED))
    op.create_table(
        "screens",
        sa.Column("screen_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("scope", _JSON, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", _UTC, nullable=False),
        sa.Column("expires_at", _UTC, nullable=False),
        sa.Column("ended_at", _UTC, nullable=True),
        sa.PrimaryKeyConstraint("screen_id", name="pk_screens"),
        sa.UniqueConstraint("digest", name="uq_screens_digest"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("screens")
    op.drop_index("ix_cases_figured", "cases")
