"""Where a report is and who would own it: the same two questions for the preview, triage and the engine."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.catalogue import Category, CategoryKind
from domain.decision import Reason, RouteRequest, RoutingDecision
from domain.pack import COMMAND, CityPack
from domain.place import Level, Place, ReportedPlace
from domain.policy import CaseRules, Rung, SeverityPolicy
from geo.atlas import UnableToLocateOnDay
from routing import Event, RouteBook, adjust, canonical, case_rules, decide, ladder
from usecases.city import Grounds
from usecases.spread import Spread, explained, moved_to_main, spread_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is asked: a place as reported, a category and the circumstances.

    ``at`` is when it happened, ``received_at`` when the report was accepted (None: the same),
    which is what seasons go by. ``by_hand`` says that a person gave the place in WGS-84, so
    that the channel's own coordinate system and placeholder points do not apply to it.
    """

    reported: ReportedPlace
    channel: str
    category: str
    condition: str | None = None
    severity: int | None = None
    tags: tuple[str, ...] = ()
    at: datetime
    by_hand: bool = False
    received_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The located place, the decision with its reasons, and the rules a case would be pinned to.

    ``span`` holds the further areas an event with a radius reaches into, ``floor`` the lowest
    level that may command it therefore (E7), or None.
    """

    place: Place
    decision: RoutingDecision
    rules: CaseRules
    span: tuple[str, ...] = ()
    floor: Level | None = None


def answer(*, grounds: Grounds, question: Question) -> Answer:
    """Locate and route. Never raises for a bad place or an unknown category: the decision says so."""
    place, spread = _where(grounds, question)
    request = _request(grounds, question, place)
    decided = decide(request=request, book=grounds.book)
    event = Event(
        category=question.category,
        tags=request.tags,
        place=place,
        received_at=question.received_at or question.at,
    )
    found = adjust(pack=grounds.pack, decision=decided, event=event)
    rules = pinned(
        grounds=grounds, place=place, category=question.category, decision=found.decision, policy=found.policy
    )
    if spread is None:
        return Answer(place=place, decision=found.decision, rules=rules)
    decision = explained(decision=found.decision, spread=spread, place=place)
    return Answer(place=place, decision=decision, rules=rules, span=spread.codes, floor=spread.floor)


def _where(grounds: Grounds, question: Question) -> tuple[Place, Spread | None]:
    """Locate; an event with a radius lies where most of it does (E7)."""
    place = locate(grounds=grounds, question=question)
    if not question.reported.radius_m or not place.chain:
        return place, None
    day = _day(grounds, question)
    spread = spread_of(
        atlas=grounds.atlas, pack=grounds.pack, place=place, radius_m=question.reported.radius_m, on=day
    )
    if spread is None or question.reported.area_code is not None:
        return place, spread
    return moved_to_main(atlas=grounds.atlas, place=place, spread=spread, on=day), spread


def _day(grounds: Grounds, question: Question) -> date:
    return question.at.astimezone(ZoneInfo(grounds.pack.city.timezone)).date()


def locate(*, grounds: Grounds, question: Question) -> Place:
    """Find the area chain with the boundaries of the day it happened."""
    try:
        return grounds.atlas.locate(
            reported=question.reported,
            on=_day(grounds, question),
            channel=None if question.by_hand else grounds.pack.channels.get(question.channel),
            settings=grounds.pack.locate,
            hot_points=() if question.by_hand else grounds.placeholders.hot_points(question.channel),
        )
    except UnableToLocateOnDay as problem:
        # No boundaries are published for that day: a person decides, nothing is guessed.
        reported = question.reported
        return Place(notes=(str(problem),), source_crs=reported.crs, address=reported.address)


def pinned(
    *,
    grounds: Grounds,
    place: Place,
    category: str,
    decision: RoutingDecision,
    policy: SeverityPolicy | None = None,
) -> CaseRules:
    """Return the rules a case of this place, category and severity is pinned to.

    ``policy`` is what seasons made of the severity's own limits.
    """
    rungs = full_ladder(pack=grounds.pack, book=grounds.book, place=place, category=category)
    rules = case_rules(pack=grounds.pack, decision=decision, ladder=rungs, policy=policy)
    return replace(rules, clock=grounds.clock)


def full_ladder(*, pack: CityPack, book: RouteBook, place: Place, category: str) -> tuple[Rung, ...]:
    """Return who commands at each level; nothing falls off its end, whatever is unknown about the place."""
    rungs: tuple[Rung, ...] = ()
    if category in pack.catalogue:
        rungs = ladder(place=place, category=category, book=book)
    if all(rung.level is not Level.CITY or rung.unit is None for rung in rungs):
        top = Rung(level=Level.CITY, unit=top_unit(pack))
        rungs = (*(rung for rung in rungs if rung.level is not Level.CITY), top)
    return rungs


def _request(grounds: Grounds, question: Question, place: Place) -> RouteRequest:
    local = question.at.astimezone(ZoneInfo(grounds.pack.city.timezone))
    return RouteRequest(
        place=place,
        category=question.category,
        condition=question.condition,
        severity=question.severity,
        channel=question.channel,
        tags=canonical(given=question.tags, known=grounds.pack.tags),
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
    return top_unit(grounds.pack)


def top_unit(pack: CityPack) -> str:
    """Return the command centre at city level. LookupError for a pack without one."""
    areas = pack.areas.at(Level.CITY)
    found = [pack.tree.responsible(kind=COMMAND, level=Level.CITY, area_code=area.code) for area in areas[:1]]
    unit = found[0] if found else None
    if unit is None:
        raise LookupError("the pack has no command centre at city level")
    return unit.code


def learn_point(*, grounds: Grounds, channel: str, place: ReportedPlace) -> None:
    """Let the detector count a reported point, so that it finds what a channel writes when it knows no place.

    A sensor stands where it stands: that it says so again and again is no sign of that.
    """
    known = grounds.pack.channels.get(channel)
    sensor = known is not None and known.kind == "sensor"
    if not sensor and place.lon is not None and place.lat is not None:
        grounds.placeholders.observe(channel=channel, lon=place.lon, lat=place.lat)
