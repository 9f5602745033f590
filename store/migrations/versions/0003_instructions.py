"""Instructions with a row per receiver; notices may belong to an instruction instead of a case"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_UTC = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
_JSON = sa.Text().with_variant(JSONB(), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; take the tie to cases off the messages."""
    with op.batch_alter_table("messages", table_kwargs={"sqlite_autoincrement": True}) as messages:
        messages.drop_constraint("fk_messages_case_no_cases", type_="foreignkey")
    _instructions()
    _receivers()
    _acts()


def _id() -> "sa.Column[Any]":
    return sa.Column("id", _SERIAL, autoincrement=True, nullable=False)


def _must(name: str, kind: Any, default: Any = None) -> "sa.Column[Any]":
    return sa.Column(name, kind, nullable=False, server_default=default)


def _may(name: str, kind: Any) -> "sa.Column[Any]":
    return sa.Column(name, kind, nullable=True)


def _index(table: str, *columns: str) -> None:
    op.create_index("_".join(("ix", table, *columns)), table, list(columns))


def _instructions() -> None:
    op.create_table(
        "instructions",
        _id(),
        *(_must(name, sa.Text()) for name in ("number", "title", "text", "issuer")),
        _must("level", sa.SmallInteger()),
        _must("issued_by", _JSON),
        _must("issued_at", _UTC),
        _must("time_limit", _JSON),
        _must("due_at", _UTC),
        *(_must(name, sa.Boolean(), sa.false()) for name in ("unknown_year", "reply_required")),
        _must("urgency", sa.SmallInteger()),
        _must("exercise", sa.Boolean(), sa.false()),
        *(_may(name, sa.Text()) for name in ("case_no", "corrects", "corrected_by")),
        _must("state", sa.Text()),
        _may("ended_at", _UTC),
        _must("reason", sa.Text(), ""),
        _may("reported_at", _UTC),
        _must("receivers", sa.Integer(), "0"),
        sa.PrimaryKeyConstraint("id", name="pk_instructions"),
        sa.UniqueConstraint("number", name="uq_instructions_number"),
        sa.ForeignKeyConstraint(["case_no"], ["cases.case_no"], name="fk_instructions_case_no_cases"),
        sqlite_autoincrement=True,
    )
    for column in ("issuer", "state", "case_no"):
        _index("instructions", column, "id")


def _receivers() -> None:
    table = "instruction_receivers"
    op.create_table(
        table,
        _id(),
        _must("number", sa.Text()),
        _must("n", sa.Integer()),
        _must("unit", sa.Text()),
        _must("level", sa.SmallInteger()),
        _may("parent", sa.Text()),
        _must("told_at", _UTC),
        _may("read_at", _UTC),
        _may("reply", sa.Text()),
        _may("replied_at", _UTC),
        _must("reminded", sa.Integer(), "0"),
        _must("done", sa.Boolean(), sa.false()),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("number", "unit", name=f"uq_{table}_number_unit"),
        sa.ForeignKeyConstraint(["number"], ["instructions.number"], name=f"fk_{table}_number_instructions"),
        sqlite_autoincrement=True,
    )
    _index(table, "number", "done", "n")
    _index(table, "number", "n")
    _index(table, "unit", "id")


def _acts() -> None:
    table = "instruction_acts"
    op.create_table(
        table,
        _id(),
        *(_must(name, sa.Text()) for name in ("request_id", "number", "kind")),
        _must("actor", _JSON),
        _must("at", _UTC),
        _must("text", sa.Text(), ""),
        _must("told", sa.Integer(), "0"),
        _must("digest", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("request_id", name=f"uq_{table}_request_id"),
        sqlite_autoincrement=True,
    )
    _index(table, "number", "id")


def downgrade() -> None:
    """Take them away again, with the notices that belong to no case."""
    for table in ("instruction_acts", "instruction_receivers", "instructions"):
        op.drop_table(table)
    op.execute("DELETE FROM messages WHERE case_no NOT IN (SELECT case_no FROM cases)")
    op.execute("DELETE FROM outbox WHERE kind = 'instruction_timer'")
    with op.batch_alter_table("messages", table_kwargs={"sqlite_autoincrement": True}) as messages:
        messages.create_foreign_key("fk_messages_case_no_cases", "cases", ["case_no"], ["case_no"])
