"""What did not arrive is found without reading everything that did"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    lost = sa.text("state IN ('failed', 'unknown')")
    op.create_index("ix_outbox_lost", "outbox", ["id"], sqlite_where=lost, postgresql_where=lost)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_outbox_lost", "outbox")
