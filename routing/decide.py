"""Place, category and circumstances → responsible unit, with the reasons. Pure.

The order (reference: domain.md §9.2): zone before district; asset owner before catalogue;
catalogue rule by specificity (``routing.book``); severity floor E1; community guard (GB-wide
practice, Beijing's 接诉即办 article 17); and where no rule or unit is found, the locality's
street takes it (属地兜底) until a dispatcher confirms.
"""

from dataclasses import dataclass

from domain.catalogue import Category
from domain.decision import Reason, RouteRequest, RoutingDecision, Shortfall
from domain.limit import Limit
from domain.pack import COMMAND, RoutingRule, Selector
from domain.place import Level, PlaceFlag
from domain.unit import Unit
from routing import words
from routing.book import RankedRule, RouteBook
from routing.certainty import certainty
from routing.companions import Companions, companions
from routing.facts import Facts, gather, matches
from routing.resolve import Found, command, lift, may_have, resolve
from routing.runners_up import runners_up

FALLBACK = RoutingRule(
    id=words.FALLBACK, lead=Selector(kind=COMMAND, level=Level.STREET), note_zh="属地兜底", note_en="locality"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Choice:
    """The lead with the rule that named it; ``helped`` are units moved aside that still join."""

    rule: RoutingRule
    found: Found
    reasons: tuple[Reason, ...]
    helped: tuple[Unit, ...] = ()
    fallback: bool = False


def decide(*, request: RouteRequest, book: RouteBook) -> RoutingDecision:
    """Return who gets a case, how fast and why; or the shortfall that sends it to triage."""
    place = request.place
    if PlaceFlag.OUTSIDE_CITY in place.flags:
        return _short(Shortfall.OUTSIDE_CITY, request=request, book=book)
    if not place.chain:
        return _short(Shortfall.NO_LOCATION, request=request, book=book)
    category = book.catalogue.get(request.category)
    if category is None:
        return _short(Shortfall.UNKNOWN_CATEGORY, request=request, book=book)
    facts = gather(request=request, category=category, book=book)
    matching = [ranked for ranked in book.rules[category.code] if matches(ranked.rule, facts)]
    choice = _choose(facts=facts, matching=matching, book=book)
    if choice is None:
        gap = Shortfall.NO_UNIT if matching else Shortfall.NO_RULE
        return _short(gap, request=request, book=book)
    return _decision(facts=facts, choice=choice, matching=matching, book=book)


def _choose(*, facts: Facts, matching: list[RankedRule], book: RouteBook) -> _Choice | None:
    """Take the asset owner's unit, else the best rule's, else the locality's street."""
    rule = matching[0].rule if matching else None
    if facts.owner_unit is not None:
        rule = RoutingRule(id=words.ASSET_OWNER, lead=Selector(unit=facts.owner_unit))
    if rule is None:
        return _locality(rule=None, facts=facts, book=book)
    entry = entry_level(rule, facts)
    found = resolve(selector=rule.lead, entry=entry, facts=facts, book=book)
    if found is None:
        return _locality(rule=rule, facts=facts, book=book)
    return _settle(rule=rule, found=found, matching=matching, facts=facts, book=book)


def _settle(
    *, rule: RoutingRule, found: Found, matching: list[RankedRule], facts: Facts, book: RouteBook
) -> _Choice | None:
    """Apply the severity floor, then the community guard."""
    reasons = [words.rule_won(rule, matching)]
    helped: list[Unit] = []
    lifted = lift(found=found, facts=facts, book=book)
    if lifted is None:
        return _locality(rule=rule, facts=facts, book=book)
    if lifted is not found:
        reasons.append(words.lifted(found.unit, lifted.unit, facts.severity))
        helped += [found.unit] if may_have(found.unit, facts.category.code) else []
    guarded = _guard(found=lifted, facts=facts, book=book)
    if guarded is None:
        return None
    if guarded is not lifted:
        reasons.append(words.guarded(lifted.unit, guarded.unit, facts.category))
    return _Choice(rule=rule, found=guarded, reasons=tuple(reasons), helped=tuple(helped))


def entry_level(rule: RoutingRule, facts: Facts) -> Level:
    """Return the level a case enters at: the rule's or the category's, never below the floor."""
    return min(rule.level or facts.category.level, facts.floor)


def _guard(*, found: Found, facts: Facts, book: RouteBook) -> Found | None:
    """Keep from a community what its duty list does not name; the street takes it instead."""
    if may_have(found.unit, facts.category.code):
        return found
    return command(level=Level.STREET, facts=facts, book=book)


def _locality(*, rule: RoutingRule | None, facts: Facts, book: RouteBook) -> _Choice | None:
    found = command(level=min(Level.STREET, facts.floor), facts=facts, book=book)
    if found is None:
        return None
    reason = words.fell_back(rule, found.unit)
    return _Choice(rule=FALLBACK, found=found, reasons=(reason,), fallback=True)


def _decision(
    *, facts: Facts, choice: _Choice, matching: list[RankedRule], book: RouteBook
) -> RoutingDecision:
    lead = choice.found.unit
    others = companions(rule=choice.rule, lead=lead, helped=choice.helped, facts=facts, book=book)
    confidence, doubts = certainty(facts=facts, lead=lead, fallback=choice.fallback, book=book)
    return RoutingDecision(
        lead=lead.code,
        co_handlers=others.co_handlers,
        copy_to=others.copy_to,
        level=lead.level,
        condition=facts.condition.code,
        limit=limit_of(choice.rule, facts),
        severity=facts.severity,
        reasons=_reasons(facts=facts, choice=choice, others=others, doubts=doubts),
        runners_up=runners_up(winner=choice.rule, matching=matching, facts=facts, book=book),
        confidence=confidence,
        version=book.version,
        category=facts.category.code,
        milestones=facts.condition.milestones,
    )


def limit_of(rule: RoutingRule, facts: Facts) -> Limit:
    """Return the handling limit: the rule's own, else that of the filing condition."""
    return rule.limit or facts.condition.limit


def _reasons(
    *, facts: Facts, choice: _Choice, others: Companions, doubts: tuple[Reason, ...]
) -> tuple[Reason, ...]:
    lead = words.leads(choice.rule, choice.found)
    level = words.level(choice.rule, facts, choice.found)
    limit = words.limit(choice.rule, facts, limit_of(choice.rule, facts))
    return (*choice.reasons, lead, level, words.condition(facts), limit, *others.reasons, *doubts)


def _short(gap: Shortfall, *, request: RouteRequest, book: RouteBook) -> RoutingDecision:
    """Return a decision without a lead: the case goes to triage, never away."""
    category: Category | None = book.catalogue.get(request.category)
    severity = request.severity if request.severity in book.floors else None
    return RoutingDecision(
        lead=None,
        level=category.level if category else Level.STREET,
        severity=severity or (category.severity if category else 4),
        reasons=(words.shortfall(gap, request),),
        shortfall=gap,
        confidence=0.0,
        version=book.version,
        category=request.category,
    )
