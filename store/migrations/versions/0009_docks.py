"""Tasks of ours in other systems' books, and updates of requests by the id of who wrote them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_UTC = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
_JSON = sa.Text().with_variant(JSONB(), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    _dock_tasks()
    _service_updates()


def _dock_tasks() -> None:
    op.create_table(
        "dock_tasks",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("case_no", sa.Text(), nullable=False),
        sa.Column("epoch", sa.SmallInteger(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False, server_default=""),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("foreign_id", sa.Text(), nullable=True),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("seen_until", _UTC, nullable=True),
        sa.Column("last_status", sa.Text(), nullable=False, server_default=""),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_at", _UTC, nullable=True),
        sa.Column("created_at", _UTC, nullable=False),
        sa.ForeignKeyConstraint(["case_no"], ["cases.case_no"], name="fk_dock_tasks_case_no_cases"),
        sa.PrimaryKeyConstraint("key", name="pk_dock_tasks"),
    )
    op.create_index("ix_dock_tasks_case_no", "dock_tasks", ["case_no"])
    op.create_index("ix_dock_tasks_endpoint_foreign_id", "dock_tasks", ["endpoint", "foreign_id"])
    op.create_index("ix_dock_tasks_next_at", "dock_tasks", ["next_at"])


def _service_updates() -> None:
    op.create_table(
        "service_updates",
        sa.Column("serial", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("update_id", sa.Text(), nullable=False),
        sa.Column("case_no", sa.Text(), nullable=False),
        sa.Column("report_no", sa.Text(), nullable=False, server_default=""),
        sa.Column("status", sa.Text(), nullable=False, server_default=""),
        sa.Column("description", sa.Text(), nullable=False, server_default=""),
        sa.Column("updated_at", _UTC, nullable=False),
        sa.Column("received_at", _UTC, nullable=False),
        sa.Column("acted", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("detail", _JSON, nullable=False, server_default="{}"),
        sa.PrimaryKeyConstraint("serial", name="pk_service_updates"),
        sa.UniqueConstraint("source", "update_id", name="uq_service_updates_source_update_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_service_updates_case_no_updated_at", "service_updates", ["case_no", "updated_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("service_updates")
    op.drop_table("dock_tasks")
