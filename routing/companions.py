"""Who else is told: co-handlers, and the higher level that supervises."""

from dataclasses import dataclass

from domain.decision import Reason
from domain.pack import RoutingRule, Selector
from domain.place import Level
from domain.unit import Unit
from routing import words
from routing.book import RouteBook
from routing.facts import Facts
from routing.resolve import command, may_have, resolve


@dataclass(frozen=True, kw_only=True, slots=True)
class Companions:
    """Unit codes beside the lead, each once, with the reasons."""

    co_handlers: tuple[str, ...]
    copy_to: tuple[str, ...]
    reasons: tuple[Reason, ...]


def companions(
    *, rule: RoutingRule, lead: Unit, helped: tuple[Unit, ...], facts: Facts, book: RouteBook
) -> Companions:
    """Return co-handlers and copies of a lead.

    Co-handlers are the rule's, or those the catalogue joins to the lead. The district gets a
    copy when a street owns a case, so that somebody supervises it (接诉即办 article 12).
    """
    reasons: list[Reason] = []
    co = {unit.code: unit for unit in helped}
    for selector in _co_selectors(rule, facts):
        unit = _co_unit(selector=selector, facts=facts, book=book, reasons=reasons)
        if unit is not None:
            co.setdefault(unit.code, unit)
    co.pop(lead.code, None)
    co_handlers = tuple(co)
    copies = [_copy(selector, facts=facts, book=book) for selector in rule.copy_to]
    if lead.level == Level.STREET:
        above = command(level=Level.DISTRICT, facts=facts, book=book)
        if above is not None:
            copies.append(above.unit.code)
            reasons.append(words.copied(above.unit))
    if co_handlers:
        reasons.append(words.joined(rule, tuple(co.values())))
    told = {lead.code, *co_handlers}
    copy_to = tuple(dict.fromkeys(code for code in copies if code is not None and code not in told))
    return Companions(co_handlers=co_handlers, copy_to=copy_to, reasons=tuple(reasons))


def _co_selectors(rule: RoutingRule, facts: Facts) -> tuple[Selector, ...]:
    if rule.co is not None:
        return rule.co
    return tuple(Selector(kind=kind, level=facts.category.level) for kind in facts.departments[1:])


def _co_unit(*, selector: Selector, facts: Facts, book: RouteBook, reasons: list[Reason]) -> Unit | None:
    found = resolve(selector=selector, entry=facts.category.level, facts=facts, book=book)
    if found is None:
        reasons.append(words.nobody_to_join(selector))
        return None
    if may_have(found.unit, facts.category.code):
        return found.unit
    street = command(level=Level.STREET, facts=facts, book=book)
    if street is None:
        return None
    reasons.append(words.guarded(found.unit, street.unit, facts.category))
    return street.unit


def _copy(selector: Selector, *, facts: Facts, book: RouteBook) -> str | None:
    found = resolve(selector=selector, entry=Level.DISTRICT, facts=facts, book=book)
    return found.unit.code if found is not None else None
