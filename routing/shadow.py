"""Rules that can never win: another one always matches when they do, and ranks higher."""

from domain.org import AreaTable
from domain.pack import CityPack, RoutingRule
from routing.book import fits, rank


def shadowed_by(*, rule: RoutingRule, pack: CityPack) -> str | None:
    """Return the id of a rule that always wins against this one, or None.

    Sound but not complete: a rule is reported only when for each of its categories some rule
    with no further demands beats it. Rules by department are left alone as far as an asset's
    owner may bring any department to any category.
    """
    winners: list[str] = []
    for category in pack.catalogue:
        if rule.categories and not any(fits(pattern, category) for pattern in rule.categories):
            continue
        winner = next(
            (o.id for o in pack.rules if _beats(o, rule, category=category, areas=pack.areas)), None
        )
        if winner is None:
            return None
        winners.append(winner)
    return winners[0] if winners else None


def _beats(other: RoutingRule, rule: RoutingRule, *, category: str, areas: AreaTable) -> bool:
    if other.id == rule.id:
        return False
    if other.categories and not any(fits(pattern, category) for pattern in other.categories):
        return False
    mine, theirs = rank(rule, category=category).key, rank(other, category=category).key
    if theirs < mine or (theirs == mine and other.id > rule.id):
        return False
    return _asks_no_more(other, rule) and _is_no_narrower(other, rule, areas=areas)


def _asks_no_more(other: RoutingRule, rule: RoutingRule) -> bool:
    """Tell whether whatever meets the rule's circumstances meets the other's."""
    same = all(
        getattr(other, name) is None or getattr(other, name) == getattr(rule, name)
        for name in ("department", "condition", "channel", "tag", "hours")
    )
    worst = other.severity_at_most
    return same and (worst is None or (rule.severity_at_most is not None and rule.severity_at_most <= worst))


def _is_no_narrower(other: RoutingRule, rule: RoutingRule, *, areas: AreaTable) -> bool:
    """Tell whether the other's place holds the rule's."""
    finest = rule.grid or rule.community or rule.street or rule.district
    inside = {area.code for area in areas.lineage(finest)} if finest is not None else set()
    inside |= {code for code in (rule.district, rule.street, rule.community, rule.grid) if code is not None}
    places = (other.district, other.street, other.community, other.grid)
    return all(code is None or code in inside for code in places) and other.zone in (None, rule.zone)
