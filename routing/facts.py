"""What rules are matched against: one request, looked up in the book once."""

from dataclasses import dataclass

from domain.catalogue import Category, FilingCondition
from domain.decision import RouteRequest
from domain.pack import RoutingRule
from domain.place import Level
from routing.book import RouteBook


@dataclass(frozen=True, kw_only=True, slots=True)
class Overlay:
    """A zone that contains the place, with its precedence (higher first)."""

    code: str
    name: str
    precedence: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """A request with everything rules ask for.

    ``codes`` are the chain's area codes by level; ``zones`` all overlays at the place,
    ``taking`` those that answer for the category, both by falling precedence;
    ``departments`` the department types, the lead first; ``owner_unit`` the asset owner's
    unit code when the request names one.
    """

    request: RouteRequest
    category: Category
    condition: FilingCondition
    condition_known: bool
    severity: int
    floor: Level
    departments: tuple[str, ...]
    owner_unit: str | None
    codes: dict[Level, str]
    zones: tuple[Overlay, ...]
    taking: tuple[Overlay, ...]


def gather(*, request: RouteRequest, category: Category, book: RouteBook) -> Facts:
    """Look up what a request means in this city."""
    try:
        condition, known = category.condition(request.condition), True
    except KeyError:
        condition, known = category.conditions[0], False
    departments = book.condition_departments.get((category.code, condition.code), category.departments)
    owner = request.asset_owner
    owner_unit = owner if owner is not None and book.tree.find(owner) is not None else None
    if owner is not None and owner_unit is None:
        departments = (owner, *(kind for kind in departments[1:] if kind != owner))
    codes = {ref.level: ref.code for ref in request.place.chain}
    zones = overlays(request=request, codes=codes, book=book)
    asked = request.severity
    severity = asked if asked is not None and asked in book.floors else category.severity
    return Facts(
        request=request,
        category=category,
        condition=condition,
        condition_known=known,
        severity=severity,
        floor=book.floors.get(severity, Level.GRID),
        departments=departments,
        owner_unit=owner_unit,
        codes=codes,
        zones=zones,
        taking=tuple(z for z in zones if book.takes(zone=z.code, category=category.code)),
    )


def overlays(*, request: RouteRequest, codes: dict[Level, str], book: RouteBook) -> tuple[Overlay, ...]:
    """Return the overlays at a place, highest precedence first, ties by code.

    The located place names them. A place chosen by hand has no point to find them with; then
    the area table tells who runs its streets.
    """
    found = [Overlay(code=z.code, name=z.name, precedence=z.precedence) for z in request.place.zones]
    if not found:
        found = _zone_of_areas(codes=codes, book=book)
    return tuple(sorted(found, key=lambda zone: (-zone.precedence, zone.code)))


def _zone_of_areas(*, codes: dict[Level, str], book: RouteBook) -> list[Overlay]:
    for level in reversed(Level):
        area = book.areas.get(codes.get(level, ""))
        zone = book.areas.zone(area.zone) if area is not None and area.zone else None
        if zone is not None:
            kind = book.zone_kinds.get(zone.code)
            precedence = book.zones[kind].precedence if kind is not None else 0
            return [Overlay(code=zone.code, name=zone.name, precedence=precedence)]
    return []


def matches(rule: RoutingRule, facts: Facts) -> bool:
    """Tell whether a rule that may match the category matches this request."""
    request = facts.request
    return (
        (rule.department is None or rule.department in facts.departments[:1])
        and _at_place(rule, facts)
        and (rule.condition is None or rule.condition == facts.condition.code)
        and (rule.severity_at_most is None or facts.severity <= rule.severity_at_most)
        and (rule.channel is None or rule.channel == request.channel)
        and (rule.tag is None or rule.tag in request.tags)
        and (rule.hours is None or within(rule.hours, request.minute_of_day))
    )


def _at_place(rule: RoutingRule, facts: Facts) -> bool:
    codes = facts.codes
    return (
        (rule.district is None or rule.district == codes.get(Level.DISTRICT))
        and (rule.street is None or rule.street == codes.get(Level.STREET))
        and (rule.community is None or rule.community == codes.get(Level.COMMUNITY))
        and (rule.grid is None or rule.grid == codes.get(Level.GRID))
        and (rule.zone is None or any(rule.zone == zone.code for zone in facts.zones))
    )


def within(hours: tuple[int, int], minute: int | None) -> bool:
    """Tell whether a minute of the day lies in a span, from included to excluded, over midnight too."""
    if minute is None:
        return False
    start, end = hours
    return start <= minute < end if start < end else minute >= start or minute < end
