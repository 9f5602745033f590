"""Lists of cases: who has a part in a case, tags, supervision orders and addresses, as lists filter by them"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_LISTED = (
    "open", "received_at", "case_no", "status", "severity", "level", "category", "owner", "district", "street",
    "community", "grid", "channel", "handling_due", "submitted_at", "under_order", "lon", "lat",
)  # fmt: skip
_REPLACED = ("status", "severity", "level", "channel")
"""Columns that pick too many cases for an index of their own beside the one lists walk."""


def upgrade() -> None:
    """Add the columns, fill them and the links, change the indexes."""
    op.add_column("cases", sa.Column("under_order", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("cases", sa.Column("address", sa.Text(), nullable=True))
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _filling(sqlite=sqlite):
        op.execute(statement)
    for name in _REPLACED:
        op.drop_index(f"ix_cases_{name}_received_at_case_no", "cases")
    op.create_index("ix_cases_listed", "cases", list(_LISTED))
    placed = sa.text("address IS NOT NULL")
    op.create_index(
        "ix_cases_open_address_case_no",
        "cases",
        ["open", "address", "case_no"],
        sqlite_where=placed,
        postgresql_where=placed,
    )


def _filling(*, sqlite: bool) -> list[str]:
    """Return what fills the new columns and links from the cases as they are."""
    address = "json_extract(place, '$.address')" if sqlite else "place->>'address'"
    orders = (
        "SELECT 1 FROM json_each(cases.aspects, '$.supervisions') AS given"
        " WHERE json_extract(given.value, '$.status') <> 'closed'"
        if sqlite
        else "SELECT 1 FROM jsonb_array_elements(coalesce(cases.aspects->'supervisions', '[]')) AS given(value)"
        " WHERE given.value->>'status' <> 'closed'"
    )
    linked = [
        f"SELECT 'part', {name}, case_no FROM cases WHERE {name} <> ''"  # noqa: S608 - our own columns
        for name in ("owner", "checker", "arbiter")
    ]
    linked += [_each("part", name, sqlite=sqlite) for name in ("co_handlers", "supervisors", "task_units")]
    linked.append(_looking(sqlite=sqlite))
    linked.append(_each("tag", "tags", sqlite=sqlite))
    return [
        f"UPDATE cases SET address = {address}",  # noqa: S608
        f"UPDATE cases SET under_order = {'1' if sqlite else 'true'} WHERE EXISTS ({orders})",  # noqa: S608
        "INSERT INTO case_links (kind, code, case_no) " + " UNION ".join(linked),
    ]


def _looking(*, sqlite: bool) -> str:
    """Return who was asked to look on site and has not said yet what they found."""
    unit = "json_extract(aspects, '$.verification.unit')" if sqlite else "aspects->'verification'->>'unit'"
    found = (
        "json_extract(aspects, '$.verification.found_at')"
        if sqlite
        else "aspects->'verification'->>'found_at'"
    )
    return f"SELECT 'part', {unit}, case_no FROM cases WHERE {unit} IS NOT NULL AND {found} IS NULL"  # noqa: S608


def _each(kind: str, column: str, *, sqlite: bool) -> str:
    each = f"json_each(cases.{column})" if sqlite else f"jsonb_array_elements_text(cases.{column})"
    given = "given" if sqlite else "given(value)"
    return f"SELECT '{kind}', given.value, case_no FROM cases, {each} AS {given}"  # noqa: S608


def downgrade() -> None:
    """Take them away again."""
    op.drop_index("ix_cases_open_address_case_no", "cases")
    op.drop_index("ix_cases_listed", "cases")
    for name in _REPLACED:
        op.create_index(f"ix_cases_{name}_received_at_case_no", "cases", [name, "received_at", "case_no"])
    op.execute("DELETE FROM case_links WHERE kind IN ('part', 'tag')")
    op.drop_column("cases", "address")
    op.drop_column("cases", "under_order")
