"""Devices, what is remembered of them between readings, and alarms with their lives"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_UTC = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")
_JSON = sa.Text().with_variant(JSONB(), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    _devices()
    _device_watches()
    _maintenance_windows()
    _alarms()
    _alarms_listed()
    _alarms_open()
    _alarm_facts()
    _alarm_acts()


def _devices() -> None:
    op.create_table(
        "devices",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Text(), nullable=False, server_default=""),
        sa.Column("unit", sa.Text(), nullable=False, server_default=""),
        sa.Column("district", sa.Text(), nullable=False, server_default=""),
        sa.Column("street", sa.Text(), nullable=False, server_default=""),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("device", _JSON, nullable=False),
        sa.Column("changed_at", _UTC, nullable=False),
        sa.PrimaryKeyConstraint("source", "code", name="pk_devices"),
    )
    op.create_index("ix_devices_code", "devices", ["code"])
    op.create_index("ix_devices_district_code", "devices", ["district", "code"])
    op.create_index("ix_devices_source_gateway", "devices", ["source", "gateway"])
    op.create_index("ix_devices_street_code", "devices", ["street", "code"])
    op.create_index("ix_devices_unit_code", "devices", ["unit", "code"])


def _device_watches() -> None:
    op.create_table(
        "device_watches",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("watch", _JSON, nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("silent_at", _UTC, nullable=True),
        sa.PrimaryKeyConstraint("source", "code", name="pk_device_watches"),
    )
    op.create_index("ix_device_watches_silent_at", "device_watches", ["silent_at"])


def _maintenance_windows() -> None:
    op.create_table(
        "maintenance_windows",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("gateway", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("begins_at", _UTC, nullable=False),
        sa.Column("ends_at", _UTC, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("looked_at_end", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("id", name="pk_maintenance_windows"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_maintenance_windows_looked_at_end_ends_at", "maintenance_windows", ["looked_at_end", "ends_at"]
    )
    op.create_index(
        "ix_maintenance_windows_source_code_ends_at", "maintenance_windows", ["source", "code", "ends_at"]
    )


def _alarms() -> None:
    op.create_table(
        "alarms",
        sa.Column("alarm_no", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False, server_default=""),
        sa.Column("gateway", sa.Text(), nullable=False, server_default=""),
        sa.Column("hazard", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("current", sa.SmallInteger(), nullable=True),
        sa.Column("muted", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("exercise", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("unit", sa.Text(), nullable=False, server_default=""),
        sa.Column("district", sa.Text(), nullable=False, server_default=""),
        sa.Column("street", sa.Text(), nullable=False, server_default=""),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("grouped", sa.Text(), nullable=False, server_default=""),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("case_no", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("raised_at", _UTC, nullable=False),
        sa.Column("ended_at", _UTC, nullable=True),
        sa.Column("next_due", _UTC, nullable=True),
        sa.Column("alarm", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("alarm_no", name="pk_alarms"),
    )


def _alarms_listed() -> None:
    op.create_index("ix_alarms_case_no", "alarms", ["case_no"])
    op.create_index("ix_alarms_device_raised_at", "alarms", ["device", "raised_at"])
    op.create_index("ix_alarms_parent_current", "alarms", ["parent", "current"])
    op.create_index("ix_alarms_phase_raised_at_alarm_no", "alarms", ["phase", "raised_at", "alarm_no"])
    op.create_index("ix_alarms_raised_at_alarm_no", "alarms", ["raised_at", "alarm_no"])


def _alarms_open() -> None:
    op.create_index(
        "ix_alarms_due",
        "alarms",
        ["next_due"],
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    )
    op.create_index(
        "ix_alarms_grouped_open",
        "alarms",
        ["grouped", "raised_at"],
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    )
    op.create_index(
        "ix_alarms_muted",
        "alarms",
        ["alarm_no"],
        sqlite_where=sa.text("open AND muted"),
        postgresql_where=sa.text("open AND muted"),
    )
    op.create_index(
        "ix_alarms_near",
        "alarms",
        ["hazard", "lat", "lon"],
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    )
    op.create_index(
        "uq_alarms_key_open",
        "alarms",
        ["key"],
        unique=True,
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    )


def _alarm_facts() -> None:
    op.create_table(
        "alarm_facts",
        sa.Column("alarm_no", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", _UTC, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("data", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("alarm_no", "seq", name="pk_alarm_facts"),
    )
    op.create_index("ix_alarm_facts_kind_at", "alarm_facts", ["kind", "at"])


def _alarm_acts() -> None:
    op.create_table(
        "alarm_acts",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("alarm_no", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", _UTC, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alarm_acts"),
        sa.UniqueConstraint("request_id", name="uq_alarm_acts_request_id"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("alarm_acts")
    op.drop_table("alarm_facts")
    op.drop_table("alarms")
    op.drop_table("maintenance_windows")
    op.drop_table("device_watches")
    op.drop_table("devices")
