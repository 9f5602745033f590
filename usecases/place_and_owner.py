"""Where a report is and who would own it: the same two questions for the preview, triage and the engine."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.catalogue import Category, CategoryKind
from domain.decision import Reason, RouteRequest, RoutingDecision
from domain.pack import COMMAND
from domain.place import Level, Place, ReportedPlace
from domain.policy import CaseRules, Rung
from geo.atlas import UnableToLocateOnDay
from routing import case_rules, decide, ladder
from usecases.city import Grounds


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is asked: a place as reported, a category and the circumstances.

    ``by_hand`` says that a person gave the place in WGS-84, so that the channel's own
    coordinate system and placeholder points do not apply to it.
    """

    reported: ReportedPlace
    channel: str
    category: str
    condition: str | None = None
    severity: int | None = None
    tags: tuple[str, ...] = ()
    at: datetime
    by_hand: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The located place, the decision with its reasons, and the rules a case would be pinned to."""

    place: Place
    decision: RoutingDecision
    rules: CaseRules


def answer(*, grounds: Grounds, question: Question) -> Answer:
    """Locate and route. Never raises for a bad place or an unknown category: the decision says so."""
    place = locate(grounds=grounds, question=question)
    decision = decide(request=_request(grounds, question, place), book=grounds.book)
    rules = pinned(grounds=grounds, place=place, category=question.category, decision=decision)
    return Answer(place=place, decision=decision, rules=rules)


def locate(*, grounds: Grounds, question: Question) -> Place:
    """Find the area chain with the boundaries of the day it happened."""
    day = question.at.astimezone(ZoneInfo(grounds.pack.city.timezone)).date()
    try:
        return grounds.atlas.locate(
            reported=question.reported,
            on=day,
            channel=None if question.by_hand else grounds.pack.channels.get(question.channel),
            settings=grounds.pack.locate,
            hot_points=() if question.by_hand else grounds.placeholders.hot_points(question.channel),
        )
    except UnableToLocateOnDay as problem:
        # No boundaries are published for that day: a person decides, nothing is guessed.
        reported = question.reported
        return Place(notes=(str(problem),), source_crs=reported.crs, address=reported.address)


def pinned(*, grounds: Grounds, place: Place, category: str, decision: RoutingDecision) -> CaseRules:
    """Return the rules a case of this place, category and severity is pinned to."""
    top = Rung(level=Level.CITY, unit=triage_unit(grounds=grounds))
    rungs: tuple[Rung, ...] = ()
    if category in grounds.pack.catalogue:
        rungs = ladder(place=place, category=category, book=grounds.book)
    if all(rung.level is not Level.CITY or rung.unit is None for rung in rungs):
        # Nothing falls off the ladder's end, whatever is unknown about it.
        rungs = (*(rung for rung in rungs if rung.level is not Level.CITY), top)
    rules = case_rules(pack=grounds.pack, decision=decision, ladder=rungs)
    return replace(rules, clock=grounds.clock)


def _request(grounds: Grounds, question: Question, place: Place) -> RouteRequest:
    local = question.at.astimezone(ZoneInfo(grounds.pack.city.timezone))
    return RouteRequest(
        place=place,
        category=question.category,
        condition=question.condition,
        severity=question.severity,
        channel=question.channel,
        tags=question.tags,
        minute_of_day=local.hour * 60 + local.minute,
    )


def by_hand(*, grounds: Grounds, decision: RoutingDecision, lead: str) -> RoutingDecision:
    """Return the decision with the owner a person named, and the reason that a person did."""
    unit = grounds.pack.tree.get(lead)
    reason = Reason(
        aspect="lead", rule="manual", zh=f"人工指定 {unit.name_zh}", en=f"named by hand: {unit.name_en}"
    )
    return replace(
        decision,
        lead=lead,
        level=unit.level,
        co_handlers=tuple(one for one in decision.co_handlers if one != lead),
        reasons=(*decision.reasons, reason),
        shortfall=None,
        confidence=1.0,
    )


def category_of(*, grounds: Grounds, code: str) -> Category | None:
    """Return the catalogue's category, or None for a report nobody has classified yet."""
    return grounds.pack.catalogue.get(code)


def category_name(category: Category | None) -> str:
    """Return the name people see, Chinese first."""
    return category.name_zh if category is not None else ""


def site_check(category: Category | None) -> bool:
    """Parts and events are looked at on site before closing (row 28), and what the catalogue marks."""
    if category is None:
        return False
    return category.site_check or category.kind in (CategoryKind.PART, CategoryKind.EVENT)


def triage_unit(*, grounds: Grounds) -> str:
    """Return the unit accountable while no other is: the city's command centre."""
    top = grounds.pack.areas.at(Level.CITY)[0]
    unit = grounds.pack.tree.responsible(kind=COMMAND, level=Level.CITY, area_code=top.code)
    if unit is None:
        raise LookupError("the pack has no command centre at city level")
    return unit.code
