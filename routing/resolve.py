"""Selectors → units: the zone first, then the civil area, then one level up at a time."""

from dataclasses import dataclass

from domain.org import OrgTree
from domain.pack import COMMAND, COMMUNITY, Selector
from domain.place import Level
from domain.unit import DutyHours, Unit
from routing.book import RouteBook, fits
from routing.facts import Facts


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A unit and how it was found: the level asked for, the zone that took over, levels passed over."""

    unit: Unit
    asked: Level
    zone: str | None = None
    passed: tuple[Level, ...] = ()


def on_duty(unit: Unit | None) -> bool:
    """Tell whether somebody ever answers at this unit; one without duty cannot be given anything."""
    return unit is not None and unit.duty is not DutyHours.NONE


def at_level(*, kind: str, level: Level, facts: Facts, tree: OrgTree) -> tuple[Unit | None, str | None]:
    """Return the unit of a kind at exactly this level, and the zone it belongs to, if any."""
    for zone in facts.taking:
        unit = tree.responsible(kind=kind, level=level, area_code=zone.code)
        if unit is not None and on_duty(unit):
            return unit, zone.name
    code = facts.codes.get(level)
    unit = tree.responsible(kind=kind, level=level, area_code=code) if code is not None else None
    return (unit, None) if on_duty(unit) else (None, None)


def bubble(*, kind: str, level: Level, facts: Facts, book: RouteBook) -> Found | None:
    """Return the unit of a kind at this level or the next one up that has it; None above the city."""
    passed: list[Level] = []
    here: Level | None = level
    while here is not None:
        unit, zone = at_level(kind=kind, level=here, facts=facts, tree=book.tree)
        if unit is not None:
            return Found(unit=unit, asked=level, zone=zone, passed=tuple(passed))
        passed.append(here)
        here = here.up()
    return None


def resolve(*, selector: Selector, entry: Level, facts: Facts, book: RouteBook) -> Found | None:
    """Return the unit a selector names at this place, before floor and community guard."""
    if selector.unit is not None:
        unit = book.tree.find(selector.unit)
        return Found(unit=unit, asked=unit.level) if unit is not None and on_duty(unit) else None
    return bubble(kind=selector.kind or COMMAND, level=selector.level or entry, facts=facts, book=book)


def lift(*, found: Found, facts: Facts, book: RouteBook) -> Found | None:
    """Return a unit no lower than the severity's floor (E1); the same one where it is high enough.

    A grid worker or community has no counterpart higher up: then the category's own
    department takes it at the floor, or the command centre there.
    """
    if found.unit.level <= facts.floor:
        return found
    for kind in (found.unit.kind, *facts.departments[:1], COMMAND):
        higher = bubble(kind=kind, level=facts.floor, facts=facts, book=book)
        if higher is not None:
            return higher
    return None


def may_have(unit: Unit, category: str) -> bool:
    """Tell whether a unit may be given this category: a community only what its duty list names."""
    return unit.kind != COMMUNITY or any(fits(pattern, category) for pattern in unit.duty_list)


def command(*, level: Level, facts: Facts, book: RouteBook) -> Found | None:
    """Return the command centre at this level, or the next one above."""
    return bubble(kind=COMMAND, level=level, facts=facts, book=book)
