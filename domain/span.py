"""How far an event reaches, and which level commands it therefore (E7 and E8, domain.md §4.2).

Crossing a street's border makes it the district's, crossing a district's border the city's
(an emergency that touches two regions belongs to their common upper government). Districts
are governance polygons: a functional zone counts as one, whatever its streets' codes say.
"""

from collections.abc import Iterable

from domain.actor import ENGINE
from domain.case import Trigger
from domain.escalation import raise_level
from domain.place import Level, Place
from domain.step import Step


def level_of_span(*, districts: Iterable[str], streets: Iterable[str]) -> Level | None:
    """Return the lowest level that commands all these areas, or None when one street holds them."""
    if len(set(districts)) > 1:
        return Level.CITY
    return Level.DISTRICT if len(set(streets)) > 1 else None


def governing(place: Place) -> str | None:
    """Return the code of what governs a place as a district: its functional zone, else its district."""
    if place.zones:
        return place.zones[0].code
    district = place.area(Level.DISTRICT)
    return district.code if district is not None else None


def street_of(place: Place) -> str | None:
    """Return the code of a place's street, or None where the chain does not reach it."""
    street = place.area(Level.STREET)
    return street.code if street is not None else None


def reach(step: Step, trigger: Trigger, floor: Level) -> bool:
    """Let ``floor`` or a level above it command; the owner stays. False when one does already.

    A case whose ladder has nobody there goes on as it is: the ladder says why.
    """
    if step.state.level <= floor:
        return False
    return raise_level(step, trigger, start=step.now, floor=floor)


def enter_wide(step: Step, trigger: Trigger, floor: Level, areas: tuple[str, ...]) -> None:
    """Record what a case began with that lifts it (a span, a burst), and lift it. Needs the rulebook."""
    if step.book is None:
        return
    kind = "span_marked" if trigger is Trigger.SPAN else "burst"
    step.record(kind, row=22, actor=ENGINE, trigger=trigger.value, floor=floor.name, areas=list(areas))
    reach(step, trigger, floor)
