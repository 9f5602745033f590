"""What the consoles keep: changes for live pages, drafts of reports, saved views"""

import secrets

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_UTC = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
_JSON = sa.Text().with_variant(JSONB(), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    _changes()
    _drafts()
    _saved_views()


def _changes() -> None:
    op.create_table(
        "changes",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("xact", sa.BigInteger(), nullable=False, server_default="1"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False, server_default=""),
        sa.Column("severity", sa.SmallInteger(), nullable=True),
        sa.Column("units", _JSON, nullable=False, server_default="[]"),
        sa.Column("areas", _JSON, nullable=False, server_default="[]"),
        sa.Column("at", _UTC, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_changes_at", "changes", ["at"])
    op.create_index("ix_changes_xact_id", "changes", ["xact", "id"])
    # The mark before the first change; it names this database (store/changes.py).
    beginning = "to_timestamp(0)" if op.get_bind().dialect.name == "postgresql" else "0"
    name = secrets.token_hex(8)
    op.execute(f"INSERT INTO changes (xact, kind, number, at) VALUES (0, 'mark', '{name}', {beginning})")  # noqa: S608


def _drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("draft_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("fields", _JSON, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("window", sa.Text(), nullable=False, server_default=""),
        sa.Column("created_at", _UTC, nullable=False),
        sa.Column("updated_at", _UTC, nullable=False),
        sa.Column("report_no", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("draft_id", name="pk_drafts"),
    )
    op.create_index("ix_drafts_account_updated_at", "drafts", ["account", "updated_at"])


def _saved_views() -> None:
    op.create_table(
        "saved_views",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("position", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created_at", _UTC, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_views"),
        sa.UniqueConstraint("account", "page", "name", name="uq_saved_views_account_page_name"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("saved_views")
    op.drop_table("drafts")
    op.drop_table("changes")
