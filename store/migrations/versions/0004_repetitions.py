"""Repetitions are found by where they are: an index on category and closing made SQLite read all of a category"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the index that was chosen instead of the one on the place."""
    op.drop_index("ix_cases_category_closed_at", "cases")


def downgrade() -> None:
    """Make it again."""
    op.create_index("ix_cases_category_closed_at", "cases", ["category", "closed_at"])
