"""Work that waits for a dispatcher or a visitor: cases to place, returns to decide, disputes, people to call back.

A queue is a list of the cases in one's scope in the states that wait for somebody, the worst first.
What a person needs to decide an item is gathered here in one answer.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.account import Permission, Principal
from domain.case import Fact, Status
from domain.views import CaseFilter, CasePage, CaseSort, CaseView
from usecases.case_lists import named, page_of
from usecases.city import City
from usecases.permits import own_units, permit, scope_of
from usecases.queries import AllowedAction, case_history
from usecases.reading import case, knows_reporters
from usecases.reporters import MaskedReporter, contacts, knows_all
from usecases.staff import allowed

AT_ONCE = 50


class Queue(StrEnum):
    """What waits: to be placed and dispatched, a return to be decided, a dispute, a reporter to be asked."""

    TRIAGE = "triage"
    RETURNS = "returns"
    ARBITRATION = "arbitration"
    VISITS = "visits"


STATES: dict[Queue, tuple[Status, ...]] = {
    Queue.TRIAGE: (Status.TRIAGING, Status.NEED_INFO, Status.VERIFYING_PRE, Status.REOPENED),
    Queue.RETURNS: (Status.RETURN_REQUESTED,),
    Queue.ARBITRATION: (Status.ARBITRATION,),
    Queue.VISITS: (Status.VISITING,),
}
NEEDS: dict[Queue, Permission] = {
    Queue.TRIAGE: Permission.TRIAGE,
    Queue.RETURNS: Permission.TRIAGE,
    Queue.ARBITRATION: Permission.TRIAGE,
    Queue.VISITS: Permission.VISIT,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Return:
    """A return that was asked for: by whom, why, and whom they propose instead."""

    at: datetime
    unit: str
    reason: str
    proposed: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One reporter to call back. ``tries`` so far, ``done``: reached, or asked not to be."""

    report_no: str
    reporter: MaskedReporter | None
    tries: int
    last_at: datetime | None
    done: bool
    solved: bool | None
    grade: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One case of a queue with what its decision needs; ``mine``: it waits for one's own unit.

    ``words`` are what reporters said, for whoever may know them; ``near`` is what one may see.
    """

    view: CaseView
    actions: tuple[AllowedAction, ...]
    words: tuple[str, ...] = field(repr=False)
    returned: Return | None
    near: tuple[CaseView, ...]
    visits: tuple[Visit, ...]
    mine: bool


def queue(*, city: City, who: Principal, name: Queue, cursor: str | None = None) -> CasePage:
    """Return a page of a queue, the worst first. Raises BadRequest (not_permitted, bad_cursor)."""
    permit(who, NEEDS[name])
    return page_of(city=city, who=who, where=_where(name), limit=AT_ONCE, cursor=cursor)


def waiting(*, city: City, who: Principal) -> dict[Queue, int]:
    """Return how many wait in each queue one may see; one statement. Raises BadRequest (not_permitted)."""
    seen = tuple(name for name in Queue if who.may(NEEDS[name]))
    found = city.store.case_counts(where=CaseFilter(scope=scope_of(city=city, who=who)), most=1)
    return {name: sum(found.get(state.value, 0) for state in STATES[name]) for name in seen}


def item(*, city: City, who: Principal, case_no: str) -> Item:
    """Return what somebody needs to decide a case. Raises BadRequest (not_permitted, outside_scope, case_not_found)."""
    if not (who.may(Permission.TRIAGE) or who.may(Permission.VISIT)):
        permit(who, Permission.TRIAGE)
    view = case(city=city, who=who, case_no=case_no)
    facts = case_history(city=city, case_no=case_no).facts
    knows = who.may(Permission.SEE_REPORTERS) and knows_reporters(city, who, view)
    reporters = {one.report_no: one for one in contacts(city=city, who=who, view=view)} if knows else {}
    known = named(city=city, who=who, numbers=view.proposals)
    return Item(
        view=view,
        actions=allowed(city=city, who=who, view=view),
        words=_words(city, who, view) if knows else (),
        returned=_returned(facts),
        near=tuple(known),
        visits=_visits(view, facts, reporters) if view.status == Status.VISITING else (),
        mine=view.arbiter in own_units(city=city, who=who),
    )


def _words(city: City, who: Principal, view: CaseView) -> tuple[str, ...]:
    """Return what reporters said; those who asked to stay unnamed only to whoever may know even them."""
    every = knows_all(city=city, who=who, view=view)
    reports = city.store.reports_of(case_no=view.case_no)
    hidden = (one.reporter.confidential or one.reporter.anonymous for one in reports)
    pairs = zip(reports, hidden, strict=True)
    return tuple(one.description for one, unnamed in pairs if one.description and (every or not unnamed))


def _where(name: Queue) -> CaseFilter:
    sort = CaseSort.DUE if name is Queue.VISITS else CaseSort.SEVERITY
    return CaseFilter(status=tuple(state.value for state in STATES[name]), sort=sort)


def _returned(facts: tuple[Fact, ...]) -> Return | None:
    """Return the last return that was asked for."""
    asked = next((fact for fact in reversed(facts) if fact.kind == "return_requested"), None)
    if asked is None:
        return None
    return Return(
        at=asked.at,
        unit=asked.actor.unit or "",
        reason=str(asked.data.get("reason", "")),
        proposed=str(asked.data.get("proposed") or "") or None,
    )


def _visits(
    view: CaseView, facts: tuple[Fact, ...], reporters: dict[str, MaskedReporter]
) -> tuple[Visit, ...]:
    tried: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.kind == "visited" and fact.data.get("report"):
            tried.setdefault(str(fact.data["report"]), []).append(fact)
    return tuple(_visit(number, tried.get(number, []), reporters.get(number)) for number in view.reports)


def _visit(number: str, tried: list[Fact], reporter: MaskedReporter | None) -> Visit:
    last = tried[-1] if tried else None
    solved, grade = (None, None) if last is None else (last.data.get("solved"), last.data.get("grade"))
    return Visit(
        report_no=number,
        reporter=reporter,
        tries=len(tried),
        last_at=None if last is None else last.at,
        done=last is not None and bool(last.data.get("reached")),
        solved=solved if isinstance(solved, bool) else None,
        grade=grade if isinstance(grade, int) else None,
    )
