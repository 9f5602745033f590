"""The organisation tree and the areas of the pack in force, as the database's own copy."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, select

from domain.place import Level
from domain.unit import DutyHours, Unit
from store.database import Database
from store.rows import AreaRow
from store.tables import areas, published, units

_UNIT = (
    "code", "name_zh", "name_en", "kind", "level", "area_code", "zone", "parent", "duty", "duty_list", "contacts",
)  # fmt: skip


class Units(Database):
    """The part of the store that knows who there is to be told."""

    def publish_units(self, *, units: Iterable[Unit], version: str) -> bool:
        """Put the units of a pack's version in force; return False when they are already.

        Units the version does not have stay, with their old version: old cases name them.
        """
        return self._publish("units", version, (_unit_values(unit, version) for unit in units))

    def publish_areas(self, *, areas: Iterable[AreaRow], version: str) -> bool:
        """Put the areas of a version in force; return False when they are already. Old ones stay."""
        return self._publish("areas", version, (_area_values(area, version) for area in areas))

    def unit(self, *, code: str) -> Unit | None:
        """Return a unit, one that is in force no longer included, or None."""
        statement = select(*(units.c[name] for name in _UNIT)).where(units.c.code == code)
        row = self._read(lambda connection: connection.execute(statement).mappings().one_or_none())
        return None if row is None else _unit(row)

    def areas(self, *, level: int, parent: str | None = None) -> list[AreaRow]:
        """Return the areas in force of a level (1 city … 5 grid), of one parent or all, by code."""
        in_force = select(published.c.version).where(published.c.what == "areas").scalar_subquery()
        statement = (
            select(areas.c.level, areas.c.code, areas.c.name, areas.c.parent)
            .where(areas.c.level == level, areas.c.version == in_force)
            .order_by(areas.c.code)
        )
        if parent is not None:
            statement = statement.where(areas.c.parent == parent)
        return self._read(
            lambda connection: [AreaRow(**row) for row in connection.execute(statement).mappings()]
        )

    def _publish(self, what: str, version: str, values: Iterable[Mapping[str, Any]]) -> bool:
        return self._write(lambda connection: self._put_in_force(connection, what, version, list(values)))

    def _put_in_force(
        self, connection: Connection, what: str, version: str, rows: Sequence[Mapping[str, Any]]
    ) -> bool:
        """Replace the version first: its row is the lock that keeps two publishers apart."""
        blank = self._insert(published).values(what=what, version="")
        connection.execute(blank.on_conflict_do_nothing())
        held = select(published.c.version).where(published.c.what == what).with_for_update()
        if connection.execute(held).scalar_one() == version:
            return False
        table, keys = (units, ("code",)) if what == "units" else (areas, ("level", "code"))
        if rows:
            connection.execute(self._upsert(table, keys), rows)
        connection.execute(published.update().where(published.c.what == what).values(version=version))
        return True

    def _upsert(self, table: Table, keys: Sequence[str]) -> Any:
        statement = self._insert(table)
        changed = {
            column.name: statement.excluded[column.name] for column in table.c if column.name not in keys
        }
        return statement.on_conflict_do_update(index_elements=list(keys), set_=changed)


def _unit_values(unit: Unit, version: str) -> dict[str, Any]:
    return {**{name: getattr(unit, name) for name in _UNIT}, "version": version}


def _area_values(area: AreaRow, version: str) -> dict[str, Any]:
    return {
        "level": area.level, "code": area.code, "name": area.name, "parent": area.parent, "version": version,
    }  # fmt: skip


def _unit(row: RowMapping) -> Unit:
    values = {**row, "level": Level(row["level"]), "duty": DutyHours(row["duty"])}
    return Unit(**values)
