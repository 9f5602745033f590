"""What seasons and classes of areas change about a decided case, each with its reason. Pure.

The class of the finest area comes first, since it belongs to the place; an overlay then sets
its own limits over it. What comes out is pinned to the case: an overlay that ends the next
day changes nothing about it.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain.calendar import WorkCalendar
from domain.clock import due
from domain.decision import RoutingDecision
from domain.limit import Limit, LimitUnit
from domain.overlay import GridClass, RuleOverlay
from domain.pack import CityPack
from domain.place import Place
from domain.policy import Rulebook, SeverityPolicy, StageLimits
from domain.worktime import MINUTE, day_length
from routing import words

SEVERE = 2
"""Severities up to this one never get more time from the class of an area."""
HANDLING = "limit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """What seasons and classes ask about: category, tags, place, and when the report was received (UTC)."""

    category: str
    tags: tuple[str, ...]
    place: Place
    received_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Adjusted:
    """The decision with its adjusted handling limit and reasons, and the policy to pin."""

    decision: RoutingDecision
    policy: SeverityPolicy


def adjust(*, pack: CityPack, decision: RoutingDecision, event: Event) -> Adjusted:
    """Apply the pack's grid classes, then its overlays, to a decision made from the pack."""
    policy = pack.severities[decision.severity]
    classed = _by_class(pack=pack, decision=decision, event=event)
    return _by_overlays(pack=pack, found=Adjusted(decision=classed, policy=policy), event=event)


def class_of(*, classes: Iterable[GridClass], place: Place) -> GridClass | None:
    """Return the class that names the finest area of a place; the pack's order breaks ties."""
    every = tuple(classes)
    for area in sorted(place.chain, key=lambda ref: ref.level, reverse=True):
        for one in every:
            if one.names(area.code):
                return one
    return None


def _by_class(*, pack: CityPack, decision: RoutingDecision, event: Event) -> RoutingDecision:
    found = class_of(classes=pack.grid_classes, place=event.place)
    if found is None or decision.limit is None:
        return decision
    factor = min(found.factor, 1.0) if decision.severity <= SEVERE else found.factor
    limit = stretched(limit=decision.limit, factor=factor, calendar=pack.calendar)
    if limit == decision.limit:
        return decision
    reason = words.classed(found, factor=factor, before=decision.limit, after=limit)
    return replace(decision, limit=limit, reasons=(*decision.reasons, reason))


def stretched(*, limit: Limit, factor: float, calendar: WorkCalendar) -> Limit:
    """Return a limit times a factor in its own unit: to four decimals, and never below a minute."""
    if factor == 1.0:
        return limit
    amount = max(round(limit.amount * factor, 4), _minute(limit.unit, calendar))
    return replace(limit, amount=amount)


def _minute(unit: LimitUnit, calendar: WorkCalendar) -> float:
    """Return one minute in this unit, rounded up to four decimals."""
    minutes = {LimitUnit.MIN: 1.0, LimitUnit.UH: 60.0, LimitUnit.WH: 60.0}.get(unit, 24 * 60.0)
    if unit is LimitUnit.WD:
        minutes = day_length(calendar) / MINUTE or minutes
    return math.ceil(10_000 / minutes) / 10_000


def _by_overlays(*, pack: CityPack, found: Adjusted, event: Event) -> Adjusted:
    holding = sorted(
        (
            one
            for one in pack.overlays
            if one.holds(category=event.category, tags=event.tags, at=event.received_at)
        ),
        key=lambda one: (-one.priority, one.id),
    )
    settled: set[str] = set()
    for overlay in holding:
        names = [name for name, _ in _limits(overlay) if name not in settled]
        settled.update(names)
        found = _apply(overlay, names=names, found=found, event=event, calendar=pack.calendar)
    return found


def _limits(overlay: RuleOverlay) -> tuple[tuple[str, Limit], ...]:
    own = ((HANDLING, overlay.limit),) if overlay.limit is not None else ()
    return (*own, *overlay.stages)


def _apply(
    overlay: RuleOverlay, *, names: list[str], found: Adjusted, event: Event, calendar: WorkCalendar
) -> Adjusted:
    """Set an overlay's limits, except those that would give more time than there is now."""
    changed: dict[str, Limit] = {}
    for name, limit in _limits(overlay):
        before = _now(found, name)
        longer = before is not None and _longer(limit, before, at=event.received_at, calendar=calendar)
        if name in names and before not in (None, limit) and (overlay.may_lengthen or not longer):
            changed[name] = limit
    if not changed:
        return found
    reason = words.overlaid(overlay, changed)
    handling = changed.pop(HANDLING, None)
    decision = replace(found.decision, reasons=(*found.decision.reasons, reason))
    policy = _with_stages(found.policy, changed)
    if handling is not None and decision.limit is None:
        policy = replace(policy, default_limit=handling)
    elif handling is not None:
        decision = replace(decision, limit=handling)
    return Adjusted(decision=decision, policy=policy)


def _now(found: Adjusted, name: str) -> Limit | None:
    """Return what a limit is at present; None where the policy has none of this name."""
    policy = found.policy
    if name == HANDLING:
        return found.decision.limit or policy.default_limit
    holder: StageLimits | Rulebook | None = policy.stages if hasattr(policy.stages, name) else policy.book
    return getattr(holder, name, None)


def _longer(limit: Limit, before: Limit, *, at: datetime, calendar: WorkCalendar) -> bool:
    """Compare two limits by when they would end for this report: units cannot be compared otherwise."""
    return (
        due(start=at, limit=limit, calendar=calendar).at > due(start=at, limit=before, calendar=calendar).at
    )


def _with_stages(policy: SeverityPolicy, changed: Mapping[str, Limit]) -> SeverityPolicy:
    # Any: the loader has made sure that these names are fields that hold limits.
    staged = {name: limit for name, limit in changed.items() if hasattr(policy.stages, name)}
    booked: dict[str, Any] = {name: limit for name, limit in changed.items() if name not in staged}
    book = replace(policy.book, **booked) if policy.book is not None and booked else policy.book
    return replace(policy, stages=replace(policy.stages, **staged), book=book)
