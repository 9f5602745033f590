"""Sources are clients: who they are, their keys, and the ids of the signed messages they sent"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_UTC = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
_JSON = sa.Text().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Make them."""
    _sources()
    _source_keys()
    _webhook_ids()


def _sources() -> None:
    op.create_table(
        "sources",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False, server_default=""),
        sa.Column("title_en", sa.Text(), nullable=False, server_default=""),
        sa.Column("citizen", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("scopes", _JSON, nullable=False, server_default="[]"),
        sa.Column("per_minute", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("per_day", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("form", sa.Text(), nullable=False, server_default="json"),
        sa.Column("mapping", _JSON, nullable=False, server_default="{}"),
        sa.Column("severities", _JSON, nullable=False, server_default="{}"),
        sa.Column("mapping_version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("enabled", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("created_at", _UTC, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_sources"),
    )


def _source_keys() -> None:
    op.create_table(
        "source_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, server_default=""),
        sa.Column("networks", _JSON, nullable=False, server_default="[]"),
        sa.Column("created_at", _UTC, nullable=False),
        sa.Column("expires_at", _UTC, nullable=True),
        sa.Column("revoked_at", _UTC, nullable=True),
        sa.Column("last_used_at", _UTC, nullable=True),
        sa.ForeignKeyConstraint(["source"], ["sources.name"], name="fk_source_keys_source_sources"),
        sa.PrimaryKeyConstraint("id", name="pk_source_keys"),
    )
    op.create_index("ix_source_keys_source", "source_keys", ["source"])


def _webhook_ids() -> None:
    op.create_table(
        "webhook_ids",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("received_at", _UTC, nullable=False),
        sa.PrimaryKeyConstraint("source", "webhook_id", name="pk_webhook_ids"),
    )
    op.create_index("ix_webhook_ids_received_at", "webhook_ids", ["received_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("webhook_ids")
    op.drop_table("source_keys")
    op.drop_table("sources")
