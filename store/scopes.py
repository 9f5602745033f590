"""What a ``CaseScope`` means in SQL for what stands in a place and belongs to a unit: devices and alarms."""

from typing import Any

from sqlalchemy import Column, ColumnElement, false, or_

from domain.scope import CaseScope


def on_ground(
    scope: CaseScope, *, unit: Column[Any], district: Column[Any], street: Column[Any]
) -> list[ColumnElement[bool]]:
    """Return the condition that one of the scope's units, districts or streets holds; nothing where all is in scope."""
    if scope.everything:
        return []
    pairs = ((unit, scope.units), (district, scope.districts), (street, scope.streets))
    held = [column.in_(codes) for column, codes in pairs if codes]
    return [or_(*held) if held else false()]
