"""Whom a commanding unit reaches: the units at or below its level in the area it runs.

A functional zone (功能区) and a district that another one runs for it are areas of their
own here: the runner commands what it runs, the district it was taken from does not. A
district therefore never reaches another district's units, and none of a zone's.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.org import OrgTree
from domain.place import Level
from domain.unit import Unit


@dataclass(frozen=True, kw_only=True, slots=True)
class Selector:
    """Units of one level, of one kind or of all, in an area (or overlay) or everywhere in reach."""

    level: Level
    kind: str | None = None
    area: str | None = None


def commanding_areas(*, tree: OrgTree, unit: Unit) -> tuple[str, ...]:
    """Return the codes of the areas whose command units stand above a unit, its own first, the city last."""
    lineage = tree.areas.lineage(unit.area_code)
    if not lineage:  # an overlay stands beside the districts
        return (unit.area_code, *(city.code for city in tree.areas.at(Level.CITY)))
    found, zone = [], None
    for area in lineage:
        zone = zone or area.zone
        if area.level is Level.DISTRICT:
            found.append(zone or tree.run_by.get(area.code) or area.code)
        else:
            found.append(area.code)
    return tuple(found)


def reaches(*, tree: OrgTree, commander: Unit, unit: Unit, below: bool = False) -> bool:
    """Tell whether a unit may be instructed: another one, in the commander's area, not above it.

    ``below`` asks for a lower level as well, as passing on does.
    """
    if unit.code == commander.code or unit.level < commander.level:
        return False
    if below and unit.level == commander.level:
        return False
    return commander.area_code in commanding_areas(tree=tree, unit=unit)


def select(*, tree: OrgTree, commander: Unit, selector: Selector, below: bool = False) -> Iterator[Unit]:
    """Yield the units a selector means that the commander reaches, each once, units of templates last."""
    seen: set[str] = set()
    for unit in _of_level(tree, selector):
        if unit.code in seen or not reaches(tree=tree, commander=commander, unit=unit, below=below):
            continue
        if selector.area is None or selector.area in _inside(tree, unit):
            seen.add(unit.code)
            yield unit


def _inside(tree: OrgTree, unit: Unit) -> set[str]:
    """A selector's area may be one by the map as well: the district a zone was taken from."""
    by_map = {area.code for area in tree.areas.lineage(unit.area_code)}
    return by_map | set(commanding_areas(tree=tree, unit=unit))


def _of_level(tree: OrgTree, selector: Selector) -> Iterator[Unit]:
    for unit in tree.explicit:
        if unit.level is selector.level and selector.kind in (None, unit.kind):
            yield unit
    for template in tree.templates:
        if template.level is not selector.level or selector.kind not in (None, template.kind):
            continue
        for area in tree.areas.at(template.level):
            unit_of = tree.responsible(kind=template.kind, level=template.level, area_code=area.code)
            if unit_of is not None:
                yield unit_of
