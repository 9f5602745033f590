"""How sure a decision is, from 0 to 1. Below the pack's threshold a dispatcher confirms.

Only doubts that could change the owner count: a point on the border of two grids of one
district does not matter to a district's department.
"""

from domain.decision import Reason
from domain.place import AreaRef, Level, LocateMethod, PlaceFlag
from domain.unit import Unit
from routing import words
from routing.book import RouteBook
from routing.facts import Facts

FALLBACK = 0.4
OTHER_OWNER_NEAR = 0.45
COARSE_PLACE = 0.4
PLACEHOLDER = 0.3
BY_ADDRESS = 0.8
NEAREST_AREA = 0.8
UNKNOWN_CONDITION = 0.9


def certainty(
    *, facts: Facts, lead: Unit, fallback: bool, book: RouteBook
) -> tuple[float, tuple[Reason, ...]]:
    """Return the confidence, the lowest of all doubts, and the doubts in words."""
    place = facts.request.place
    doubts: list[tuple[float, Reason]] = []
    if fallback:
        doubts.append((FALLBACK, words.DOUBT_FALLBACK))
    if place.alternates and lead.level != Level.CITY and _owner_differs(facts=facts, lead=lead, book=book):
        doubts.append((OTHER_OWNER_NEAR, words.DOUBT_BORDER))
    finest = place.finest
    if finest is not None and finest.level < min(facts.category.level, Level.STREET):
        doubts.append((COARSE_PLACE, words.DOUBT_COARSE))
    if PlaceFlag.PLACEHOLDER_POINT in place.flags and place.method != LocateMethod.ADDRESS:
        doubts.append((PLACEHOLDER, words.DOUBT_PLACEHOLDER))
    if PlaceFlag.ADDRESS_DISAGREES in place.flags or PlaceFlag.AMBIGUOUS_ADDRESS in place.flags:
        doubts.append((OTHER_OWNER_NEAR, words.DOUBT_DISAGREES))
    if place.method == LocateMethod.ADDRESS:
        doubts.append((BY_ADDRESS, words.DOUBT_ADDRESS))
    if place.method == LocateMethod.NEAREST:
        doubts.append((NEAREST_AREA, words.DOUBT_NEAREST))
    if not facts.condition_known:
        doubts.append((UNKNOWN_CONDITION, words.DOUBT_CONDITION))
    return min((weight for weight, _ in doubts), default=1.0), tuple(reason for _, reason in doubts)


def _owner_differs(*, facts: Facts, lead: Unit, book: RouteBook) -> bool:
    """Tell whether an equally possible area belongs to another area, or zone, at the lead's level."""
    own = facts.request.place.finest
    if own is None:
        return True
    mine = _owner_at(own, lead=lead, book=book)
    return any(_owner_at(other, lead=lead, book=book) != mine for other in facts.request.place.alternates)


def _owner_at(ref: AreaRef, *, lead: Unit, book: RouteBook) -> str | None:
    lineage = book.areas.lineage(ref.code)
    if lead.level <= Level.DISTRICT:
        zone = next((area.zone for area in lineage if area.zone), None)
        if zone is not None:
            return zone
    return next((area.code for area in lineage if area.level == lead.level), None)
