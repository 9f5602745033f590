"""Since when we can hear what devices send: their silence while we were down is ours"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_UTC = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "listeners",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", _UTC, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_listeners"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("listeners")
