"""Commands of joint handling, completed with what only the city's tables know.

A child's place, category, owner and number; the cases above a parent; the districts and
streets of a span. What was found out once is kept with the command, so that the same request
sent again is the same command.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from domain.actor import Actor
from domain.beginning import Begin
from domain.case import ENDED, Status
from domain.catalogue import Category
from domain.errors import CommandRefused, RefusalCode
from domain.identifiers import RANDOM_BITS, number
from domain.messages_command import JoinParent, MarkSpan, OpenChild
from domain.pack import CityPack
from domain.place import ReportedPlace
from domain.rows_joint import MOST_CHILDREN, MOST_LEVELS
from domain.span import governing, street_of
from domain.views import CaseFilter, CaseView
from routing import canonical
from routing.resolve import may_have
from usecases.city import City
from usecases.file_report import check_condition
from usecases.governors import distinct, districts_and_streets
from usecases.place_and_owner import (
    Answer,
    Question,
    answer,
    by_hand,
    category_name,
    category_of,
    site_check,
    triage_unit,
)
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import case_view

MOST_TAGS = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildByHand:
    """What somebody says to open a child; what is left out is the parent's. ``text`` says what is to be done."""

    text: str
    category: str | None = None
    condition: str | None = None
    lon: float | None = None
    lat: float | None = None
    address: str | None = None
    area_code: str | None = None
    severity: Annotated[int | None, Field(ge=1, le=4)] = None
    lead: str | None = None
    mandatory: bool = True
    tags: Annotated[tuple[str, ...], Field(max_length=MOST_TAGS)] = ()


def open_child_of(
    *, city: City, case_no: str, asked: ChildByHand, actor: Actor, request_id: str
) -> OpenChild:
    """Build a child's beginning: place and owner as for a report, unless a person names them."""
    digest = hashlib.sha256(repr(asked).encode()).hexdigest()
    kept = city.store.command(request_id=request_id)
    if kept is not None and isinstance(kept.command, OpenChild) and kept.command.asked == digest:
        return kept.command
    parent = case_view(city=city, case_no=case_no)
    category = _category(city, parent, asked)
    now = city.now()
    question = _question(city=city, parent=parent, asked=asked, category=category, now=now)
    found = answer(grounds=city.grounds, question=question)
    if asked.lead is not None:
        _check_duty_list(pack=city.pack, lead=asked.lead, category=category.code)
        found = replace(
            found, decision=by_hand(grounds=city.grounds, decision=found.decision, lead=asked.lead)
        )
    return OpenChild(
        request_id=request_id,
        actor=actor,
        begin=_begin(city=city, parent=parent, category=category, found=found, tags=question.tags, now=now),
        text=asked.text,
        mandatory=asked.mandatory,
        asked=digest,
        levels=len(above(city=city, case_no=case_no)) + 1,
    )


def _category(city: City, parent: CaseView, asked: ChildByHand) -> Category:
    code = asked.category or parent.category
    category = category_of(grounds=city.grounds, code=code)
    if category is None:
        raise BadRequest(ProblemCode.UNKNOWN_CATEGORY, category=code[:50])
    check_condition(category=category, condition=asked.condition)
    return category


def _question(
    *, city: City, parent: CaseView, asked: ChildByHand, category: Category, now: datetime
) -> Question:
    if asked.area_code is not None and city.pack.areas.get(asked.area_code) is None:
        raise BadRequest(ProblemCode.UNKNOWN_AREA, area=asked.area_code[:50])
    named = any(one is not None for one in (asked.lon, asked.lat, asked.address, asked.area_code))
    place = ReportedPlace(lon=asked.lon, lat=asked.lat, address=asked.address, area_code=asked.area_code)
    tags = canonical(given=(*parent.tags, *asked.tags), known=city.pack.tags)
    return Question(
        reported=place if named else reported_of(parent),
        channel=parent.channel,
        category=category.code,
        condition=asked.condition,
        severity=asked.severity or parent.severity,
        tags=tags,
        at=now,
        by_hand=True,
    )


def reported_of(view: CaseView) -> ReportedPlace:
    """Return a case's own place as if somebody had reported it: its point (WGS-84) and its finest area."""
    finest = view.place.finest
    return ReportedPlace(
        lon=view.lon,
        lat=view.lat,
        address=view.place.address,
        area_code=finest.code if finest is not None else None,
    )


def _begin(
    *, city: City, parent: CaseView, category: Category, found: Answer, tags: tuple[str, ...], now: datetime
) -> Begin:
    return Begin(
        case_no=fresh_number(city=city, now=now),
        report_no="",
        at=now,
        received_at=now,
        category=category.code,
        category_name=category_name(category),
        channel=parent.channel,
        severity=found.decision.severity,
        place=found.place,
        decision=found.decision,
        rules=found.rules,
        triage_unit=triage_unit(grounds=city.grounds),
        site_check=site_check(category),
        wants_visit=False,
        exercise=parent.exercise,
        tags=tags,
        confirm_below=city.pack.city.confirm_below,
        parent=parent.case_no,
    )


def fresh_number(*, city: City, now: datetime) -> str:
    """Draw a case number nobody has, like a report's."""
    day = now.astimezone(ZoneInfo(city.pack.city.timezone)).date()
    while True:
        drawn = number(day=day, random_bits=city.random_bits(RANDOM_BITS))
        if city.store.case(case_no=drawn) is None:
            return drawn


def _check_duty_list(*, pack: CityPack, lead: str, category: str) -> None:
    """Raise BadRequest where a community would get what is not on its duty list (design, the case, 5)."""
    if not may_have(pack.tree.get(lead), category):
        raise BadRequest(ProblemCode.NOT_ON_DUTY_LIST, unit=lead[:60], category=category[:50])


def above(*, city: City, case_no: str) -> tuple[str, ...]:
    """Return a case and the cases above it, nearest first; a circle or an endless chain is cut."""
    found: list[str] = []
    following: str | None = case_no
    while following is not None and following not in found and len(found) <= MOST_LEVELS:
        found.append(following)
        view = city.store.case(case_no=following)
        following = view.parent if view is not None else None
    return tuple(found)


def height(*, city: City, view: CaseView, most: int = MOST_LEVELS) -> int:
    """Return how many levels a case and its descendants make, up to ``most`` and one more."""
    parents = [child for child in _children(city, view) if child.aspects.children]
    if most <= 0 or not view.aspects.children:
        return 1
    deeper = (height(city=city, view=child, most=most - 1) for child in parents)
    return 1 + max(deeper, default=1)


def _children(city: City, view: CaseView) -> Iterable[CaseView]:
    if not view.aspects.children:
        return ()
    return city.store.list_cases(where=CaseFilter(parent=view.case_no), limit=200, cursor=None).cases


def join_parent_of(*, city: City, case_no: str, command: JoinParent) -> JoinParent:
    """Note the cases above the parent and how deep the chain becomes. Raises BadRequest for a wrong parent."""
    kept = city.store.command(request_id=command.request_id)
    if kept is not None and isinstance(kept.command, JoinParent):
        return replace(command, ancestors=kept.command.ancestors, levels=kept.command.levels)
    view = case_view(city=city, case_no=case_no)
    parent = case_view(city=city, case_no=command.parent)
    if Status(parent.status) in ENDED or parent.exercise != view.exercise or parent.epoch == 0:
        raise BadRequest(ProblemCode.PARENT_TARGET, parent=parent.case_no)
    if len(parent.aspects.children) >= MOST_CHILDREN:
        raise CommandRefused(RefusalCode.TOO_MANY_CHILDREN, most=str(MOST_CHILDREN))
    ancestors = above(city=city, case_no=parent.case_no)
    return replace(command, ancestors=ancestors, levels=len(ancestors) + height(city=city, view=view))


def mark_span_of(*, city: City, case_no: str, command: MarkSpan) -> MarkSpan:
    """Sort the areas a person names, and the case's own place, into districts and streets."""
    kept = city.store.command(request_id=command.request_id)
    if kept is not None and isinstance(kept.command, MarkSpan):
        return replace(command, districts=kept.command.districts, streets=kept.command.streets)
    view = case_view(city=city, case_no=case_no)
    for code in command.areas:
        if city.pack.areas.get(code) is None and city.pack.areas.zone(code) is None:
            raise BadRequest(ProblemCode.UNKNOWN_AREA, area=code[:50])
    own = (governing(view.place), street_of(view.place))
    districts, streets = districts_and_streets(pack=city.pack, areas=command.areas)
    return replace(
        command,
        districts=distinct((own[0], *districts)),
        streets=distinct((own[1], *streets)),
    )
