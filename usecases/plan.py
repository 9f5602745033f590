"""``cityops plan``: what a changed pack would do to the cases that are open, before it does.

Each open case is asked for its own state, and the command that would put the new rules in
force for it is decided on that state by the engine's own ``decide``: what the plan shows is
what ``apply`` will do, as long as nothing happens to the case meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime

from domain.actor import Actor, Role
from domain.case import ENDED, CaseState, Status
from domain.decide import decide
from domain.decision import RoutingDecision
from domain.errors import CommandRefused
from domain.messages import TimePassed
from domain.messages_command import ApplyPolicy
from domain.place import ReportedPlace
from domain.policy import CaseRules
from domain.views import CaseFilter, CasePage, CaseView
from store.engine import Store
from usecases.city import City, Grounds
from usecases.gateway import UnableToReachCase
from usecases.place_and_owner import Answer, Question, answer, triage_unit

AT_ONCE = 16
"""Cases asked for their state at the same time."""
PAGE = 200
OPEN = tuple(status.value for status in Status if status not in ENDED)
UNREACHABLE, NOT_RUNNING = "unreachable", "not_running"
OWNER_GONE, CATEGORY_GONE, UNITS_GONE = "owner_gone", "category_gone", "units_gone"


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What rules make of a case: its limit and deadlines, who is called at each level. Times are UTC."""

    version: str
    limit: str
    handling_due: datetime | None
    total_due: datetime | None
    next_due: datetime | None
    deadlines: tuple[tuple[str, datetime], ...]
    ladder: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CasePlan:
    """What would change for one open case. ``problems`` are stable codes; ``after`` is None when refused."""

    case_no: str
    category: str
    owner: str
    status: str
    before: Terms | None
    after: Terms | None
    problems: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Tell whether anything but the version changes."""
        if self.before is None or self.after is None:
            return False
        return replace(self.before, version="") != replace(self.after, version="")


def terms_of(state: CaseState) -> Terms:
    """Return the terms a case is under."""
    deadlines = ((f"{one.name.value} {one.item}".strip(), one.at) for one in state.deadlines)
    return Terms(
        version=state.rules.version,
        limit=str(state.handling_limit) if state.handling_limit is not None else "",
        handling_due=state.handling_due,
        total_due=state.total_due,
        next_due=state.next_due,
        deadlines=tuple(sorted(deadlines)),
        ladder=tuple((rung.level.name.lower(), rung.unit or "") for rung in state.rules.ladder),
    )


def policy_command(*, grounds: Grounds, state: CaseState, actor: Actor, reason: str) -> ApplyPolicy:
    """Return the command that puts the rules of these grounds in force for a case, once for each version.

    Place and category stay as they are; routing is asked again for its limit. The clock of
    the city stays the one the case began with.
    """
    found = _answer(grounds, state)
    rules: CaseRules = replace(found.rules, clock=state.rules.clock)
    decision: RoutingDecision | None = found.decision if state.decision is not None else None
    return ApplyPolicy(
        request_id=request_id(version=grounds.pack.version, case_no=state.case_no),
        actor=actor,
        rules=rules,
        decision=decision,
        reason=reason,
    )


def request_id(*, version: str, case_no: str) -> str:
    """Return the one request id by which a version is applied to a case."""
    return f"apply:{version}:{case_no}"


def applier(*, grounds: Grounds, who: str) -> Actor:
    """Return the actor of an application: somebody at the city's command centre."""
    return Actor(id=who, role=Role.SUPERVISOR, unit=triage_unit(grounds=grounds))


def _answer(grounds: Grounds, state: CaseState) -> Answer:
    category = grounds.pack.catalogue.get(state.category)
    filed = state.decision.condition if state.decision is not None else ""
    kept = category is not None and any(condition.code == filed for condition in category.conditions)
    question = Question(
        reported=_named(state),
        channel=state.channel,
        category=state.category,
        condition=filed if kept else None,
        severity=state.severity,
        tags=state.tags,
        at=state.received_at,
        by_hand=True,
    )
    return answer(grounds=grounds, question=question)


def _named(state: CaseState) -> ReportedPlace:
    place = state.place
    if place.lon is not None and place.lat is not None:
        return ReportedPlace(lon=place.lon, lat=place.lat, address=place.address)
    finest = place.finest
    return ReportedPlace(area_code=finest.code if finest is not None else None, address=place.address)


def plan_case(*, grounds: Grounds, state: CaseState, actor: Actor, now: datetime) -> CasePlan:
    """Return what these grounds would change for a case at this moment."""
    current = decide(state, TimePassed(), now).state
    problems = list(_gone(grounds, current))
    after: Terms | None = None
    if current.status not in ENDED:
        command = policy_command(grounds=grounds, state=current, actor=actor, reason="plan")
        try:
            after = terms_of(decide(current, command, now).state)
        except CommandRefused as refused:
            problems.append(refused.code.value)
    return CasePlan(
        case_no=state.case_no,
        category=state.category,
        owner=state.owner,
        status=current.status.value,
        before=terms_of(current),
        after=after,
        problems=tuple(problems),
    )


def _gone(grounds: Grounds, state: CaseState) -> list[str]:
    """Return what a case has that the new pack has not: its owner above all."""
    tree, problems = grounds.pack.tree, []
    if tree.find(state.owner) is None:
        problems.append(OWNER_GONE)
    others = (*state.co_handlers, *state.supervisors, state.checker, state.arbiter, state.triage_unit)
    if any(unit is not None and tree.find(unit) is None for unit in others):
        problems.append(UNITS_GONE)
    known = grounds.pack.catalogue
    if state.category not in known and state.decision is not None and state.decision.lead is not None:
        problems.append(CATEGORY_GONE)
    return problems


async def plan_cases(*, city: City, draft: Grounds, who: str) -> AsyncIterator[CasePlan]:
    """Yield what the draft would change for each open case, newest first, some at a time.

    Raises UnableToReachCase when none of the first cases answers: then Temporal is away.
    """
    actor = applier(grounds=draft, who=who)
    cursor: str | None = None
    answered = False
    while True:
        page = await asyncio.to_thread(_page, city.store, cursor)
        for first in range(0, len(page.cases), AT_ONCE):
            batch = page.cases[first : first + AT_ONCE]
            planned = await asyncio.gather(*(_plan_one(city, draft, actor, view) for view in batch))
            known = [found for found in planned if found is not None]
            answered = answered or not known or any(UNREACHABLE not in found.problems for found in known)
            if not answered:
                raise UnableToReachCase(f"none of {len(known)} open cases answers: is Temporal running?")
            for found in known:
                yield found
        cursor = page.next_cursor
        if cursor is None:
            return


def _page(store: Store, cursor: str | None) -> CasePage:
    return store.list_cases(where=CaseFilter(status=OPEN), limit=PAGE, cursor=cursor)


async def _plan_one(city: City, draft: Grounds, actor: Actor, view: CaseView) -> CasePlan | None:
    """Ask one case; None for one that ended meanwhile. A case that was not decided yet begins under the new rules."""
    if view.epoch == 0:
        return None
    try:
        state = await city.cases.state(case_no=view.case_no)
    except UnableToReachCase:
        return _unknown(view, UNREACHABLE)
    if state is None:
        return _unknown(view, NOT_RUNNING)
    if state.status in ENDED:
        return None
    return await asyncio.to_thread(lambda: plan_case(grounds=draft, state=state, actor=actor, now=city.now()))


def _unknown(view: CaseView, problem: str) -> CasePlan:
    return CasePlan(
        case_no=view.case_no,
        category=view.category,
        owner=view.owner,
        status=view.status,
        before=None,
        after=None,
        problems=(problem,),
    )
