"""People: accounts with posts, sessions, sign-ins under way, the log of what they did"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_UTC = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
_JSON = sa.Text().with_variant(JSONB(), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    _accounts()
    _grants()
    _sessions()
    _sign_ins()
    _deeds()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False, server_default="zh"),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("former", _JSON, nullable=False, server_default="[]"),
        sa.Column("password_at", _UTC, nullable=True),
        sa.Column("must_change", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("locked_until", _UTC, nullable=True),
        sa.Column("totp", sa.Text(), nullable=True),
        sa.Column("totp_step", sa.Integer(), nullable=True),
        sa.Column("recovery", _JSON, nullable=False, server_default="[]"),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("preferences", _JSON, nullable=False, server_default="{}"),
        sa.Column("created_at", _UTC, nullable=False),
        sa.Column("seen_at", _UTC, nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("demo", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("account", name="pk_accounts"),
        sa.UniqueConstraint("subject", name="uq_accounts_subject"),
    )


def _grants() -> None:
    op.create_table(
        "grants",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("areas", _JSON, nullable=False, server_default="[]"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name="fk_grants_account_accounts"),
        sa.PrimaryKeyConstraint("account", "post", "unit", name="pk_grants"),
    )
    op.create_index("ix_grants_unit", "grants", ["unit"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("strong", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("created_at", _UTC, nullable=False),
        sa.Column("seen_at", _UTC, nullable=False),
        sa.Column("expires_at", _UTC, nullable=False),
        sa.Column("idle_s", sa.Integer(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name="fk_sessions_account_accounts"),
        sa.PrimaryKeyConstraint("digest", name="pk_sessions"),
    )
    op.create_index("ix_sessions_account", "sessions", ["account"])
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])


def _sign_ins() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("data", _JSON, nullable=False),
        sa.Column("expires_at", _UTC, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sign_ins"),
    )
    op.create_index("ix_sign_ins_expires_at", "sign_ins", ["expires_at"])


def _deeds() -> None:
    op.create_table(
        "deeds",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("at", _UTC, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False, server_default=""),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("detail", _JSON, nullable=False, server_default="{}"),
        sa.PrimaryKeyConstraint("id", name="pk_deeds"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deeds_account_id", "deeds", ["account", "id"])
    op.create_index("ix_deeds_kind_id", "deeds", ["kind", "id"])
    op.create_index("ix_deeds_object_id", "deeds", ["object", "id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("deeds")
    op.drop_table("sign_ins")
    op.drop_table("sessions")
    op.drop_table("grants")
    op.drop_table("accounts")
