"""What runs beside a case: parents, repetitions, tags, tasks and orders; bursts of one kind"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_UTC = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
_JSON = sa.Text().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Add the columns and the table of bursts."""
    for name in ("parent", "repeat_of"):
        op.add_column("cases", sa.Column(name, sa.Text(), nullable=True))
    for name, default in (("tags", "[]"), ("exempt", "[]"), ("task_units", "[]"), ("aspects", "{}")):
        op.add_column("cases", sa.Column(name, _JSON, nullable=False, server_default=default))
    op.create_index("ix_cases_parent_received_at_case_no", "cases", ["parent", "received_at", "case_no"])
    op.create_index("ix_cases_category_closed_at", "cases", ["category", "closed_at"])
    op.create_table(
        "bursts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=False),
        sa.Column("opened_at", _UTC, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_bursts"),
        sa.ForeignKeyConstraint(["parent"], ["cases.case_no"], name="fk_bursts_parent_cases"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.execute("DELETE FROM case_links WHERE kind = 'task'")
    op.drop_table("bursts")
    op.drop_index("ix_cases_category_closed_at", "cases")
    op.drop_index("ix_cases_parent_received_at_case_no", "cases")
    for name in ("parent", "repeat_of", "tags", "exempt", "task_units", "aspects"):
        op.drop_column("cases", name)
