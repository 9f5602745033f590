"""The rules of a pack, indexed for deciding.

Rules are ranked once. The order is the same for every request, so that which rule wins
can be told by reading the pack:

1. the more circumstances asked for, out of tag, hours, channel and severity;
2. the finer place: grid, then community, street, zone, district, anywhere;
3. the closer category: exact code, then the glob with more literal characters, then
   department type, then any; a filing condition makes each of them closer;
4. the lower rule id.

An exception (a night shift, a season's tag) therefore beats the everyday rule, a local
arrangement beats the city-wide one, and the everyday rule for one category beats the rule
for its department.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from domain.catalogue import Category
from domain.org import AreaTable, OrgTree
from domain.pack import CityPack, RoutingRule, ZoneLayer
from domain.place import Level
from domain.rota import Rota

GLOB = "*?["
EXACT = 1000
BY_DEPARTMENT = 0
ANY = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Rank:
    """How specific a rule is: circumstances 0–4, place 0–5, category closeness; higher wins."""

    circumstances: int
    place: int
    category: int

    @property
    def key(self) -> tuple[int, int, int]:
        """Return the three parts in the order they are compared."""
        return self.circumstances, self.place, self.category


@dataclass(frozen=True, kw_only=True, slots=True)
class RankedRule:
    """A rule with its rank for one category."""

    rule: RoutingRule
    rank: Rank


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteBook:
    """A pack prepared for routing. ``rules`` holds, by category, the rules best first."""

    version: str
    areas: AreaTable
    tree: OrgTree
    zones: Mapping[str, ZoneLayer]
    zone_kinds: Mapping[str, str]
    catalogue: Mapping[str, Category]
    condition_departments: Mapping[tuple[str, str], tuple[str, ...]]
    floors: Mapping[int, Level]
    rules: Mapping[str, tuple[RankedRule, ...]]
    taken: frozenset[tuple[str, str]]
    rotas: tuple[Rota, ...] = ()

    def takes(self, *, zone: str, category: str) -> bool:
        """Tell whether an overlay answers for this category."""
        return (zone, category) in self.taken


def build_book(pack: CityPack) -> RouteBook:
    """Index a pack. Takes milliseconds; do it once per pack version."""
    kinds = _zone_kinds(pack)
    return RouteBook(
        version=pack.version,
        areas=pack.areas,
        tree=pack.tree,
        zones=pack.zones,
        zone_kinds=kinds,
        catalogue=pack.catalogue,
        condition_departments=pack.condition_departments,
        floors={severity: policy.escalation.floor for severity, policy in pack.severities.items()},
        rules={code: rank_rules(pack.rules, category=code) for code in pack.catalogue},
        taken=frozenset(
            (zone, category)
            for zone, kind in kinds.items()
            for category in pack.catalogue
            if pack.zones[kind].takes(zone=zone, category=category)
        ),
        rotas=pack.rotas,
    )


def _zone_kinds(pack: CityPack) -> dict[str, str]:
    """Which layer an overlay belongs to: the layer that names it, else the pack's first layer."""
    first = next(iter(pack.zones), None)
    named = {code: kind for kind, layer in pack.zones.items() for code in layer.narrowed}
    return {} if first is None else {zone.code: named.get(zone.code, first) for zone in pack.areas.zones}


def rank_rules(rules: tuple[RoutingRule, ...], *, category: str) -> tuple[RankedRule, ...]:
    """Return the rules that may match this category, best first."""
    ranked = [
        RankedRule(rule=rule, rank=rank(rule, category=category))
        for rule in rules
        if not rule.categories or any(fits(pattern, category) for pattern in rule.categories)
    ]
    ranked.sort(key=lambda item: item.rule.id)
    ranked.sort(key=lambda item: item.rank.key, reverse=True)
    return tuple(ranked)


def rank(rule: RoutingRule, *, category: str) -> Rank:
    """Return a rule's rank for a category it may match."""
    places = (rule.district, rule.zone, rule.street, rule.community, rule.grid)
    circumstances = (rule.tag, rule.hours, rule.channel, rule.severity_at_most)
    return Rank(
        place=max((i for i, code in enumerate(places, start=1) if code is not None), default=0),
        circumstances=sum(part is not None for part in circumstances),
        category=_closeness(rule, category),
    )


def fits(pattern: str, category: str) -> bool:
    """Tell whether an exact code or glob names the category."""
    return pattern == category or fnmatchcase(category, pattern)


def _closeness(rule: RoutingRule, category: str) -> int:
    if category in rule.categories:
        closeness = EXACT
    elif rule.categories:
        closeness = 1 + max(sum(c not in GLOB for c in p) for p in rule.categories if fits(p, category))
    else:
        closeness = BY_DEPARTMENT if rule.department is not None else ANY
    return 2 * closeness + (rule.condition is not None)
