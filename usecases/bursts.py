"""E8: is this case part of a burst, and what event is that (domain.md §4.2)?

Every case whose category a burst rule counts is written with an order to look at it (the
outbox). The look counts the reports of the area around it: when they are a burst, one parent
event is opened and the cases become its children; while that event is open, later ones join
it. A look may be repeated: the parent of a rule and area is one row, joins have fixed ids.

A case that triage classifies by hand is counted when the next report of its group comes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import structlog

from domain.actor import ENGINE
from domain.beginning import Begin
from domain.burst import BurstRule
from domain.case import SETTLED, Status, Trigger
from domain.messages import Command
from domain.messages_command import JoinParent, Regrade
from domain.place import ReportedPlace
from domain.rows_joint import MOST_CHILDREN, MOST_LEVELS
from domain.transitions import ACTIVE
from domain.views import CaseView, Record
from store.bursts import BurstArea, BurstCase, BurstLook, BurstParent
from usecases.city import City
from usecases.command_joint import above, fresh_number, height
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

TRIES = 5
"""How often a look that lost a race looks again; the winner's parent is there the next time."""
OPEN = frozenset(status.value for status in ACTIVE if status is not Status.RECEIVED)
CLOSED = frozenset(status.value for status in SETTLED)
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """What lies around a case by one rule. ``tops`` maps each case that counts to the event it belongs to."""

    cases: tuple[BurstCase, ...]
    tops: dict[str, CaseView]


def looks_of(*, city: City, records: Iterable[Record]) -> tuple[BurstLook, ...]:
    """Return the looks these first records of cases call for."""
    return tuple(
        BurstLook(
            rule=rule.id,
            case_no=record.view.case_no,
            at=record.facts[-1].at if record.facts else record.view.received_at,
            priority=record.view.severity,
        )
        for record in records
        for rule in city.pack.bursts
        if rule.takes(record.view.category) and area_of(rule, record.view) is not None
    )


def area_of(rule: BurstRule, view: CaseView) -> str | None:
    """Return the code of the rule's area that a case lies in, or None where it is not known."""
    code: str | None = getattr(view, rule.area.name.lower())
    return code


def look(*, city: City, case_no: str, rule: str, again: bool = False) -> str | None:
    """Look around a case by a rule; return the event it now belongs to, or None where there is no burst.

    ``again`` says that an earlier look may have been broken off in the middle.
    """
    found = next((one for one in city.pack.bursts if one.id == rule), None)
    view = city.store.case(case_no=case_no)
    area = area_of(found, view) if found is not None and view is not None else None
    if found is None or view is None or area is None:
        return None  # the rule has left the pack, or triage has moved the case
    key = f"{found.id}:{area}" + (":exercise" if view.exercise else "")
    for _ in range(TRIES):
        parent = city.store.burst_parent(key=key)
        running = None if parent is None else city.store.case(case_no=parent.case_no)
        if parent is not None and running is not None and running.status not in CLOSED:
            return _join_open(city=city, rule=found, view=view, area=area, parent=parent, again=again)
        near = _near(city=city, rule=found, view=view, area=area)
        if not _is_burst(city=city, rule=found, cases=near):
            return None  # not even if all of them count; what they belong to need not be asked one by one
        around = _around(city=city, rule=found, found=near)
        if not _is_burst(city=city, rule=found, cases=around.cases):
            return None
        begin = _begin(city=city, rule=found, area=area, around=around, exercise=view.exercise)
        before = parent.case_no if parent is not None else None
        if city.store.open_burst(key=key, instead_of=before, begin=begin, at=city.now()):
            log.info("burst", rule=found.id, area=area, parent=begin.case_no, reports=len(around.cases))
            # Looked around once more: a case written since then may have looked before there was a parent.
            again = True
    return None


def _join_open(
    *, city: City, rule: BurstRule, view: CaseView, area: str, parent: BurstParent, again: bool
) -> str | None:
    """Let the case join the open event, and after a look that opened it or was broken off, all around it."""
    late = view.received_at - parent.opened_at > rule.window
    if not (late or again):
        top = _top(city, view)
        _join(city=city, rule=rule, area=area, parent=parent.case_no, tops=[top] if top is not None else [])
        return parent.case_no
    near = _near(city=city, rule=rule, view=view, area=area)
    around = _around(city=city, rule=rule, found=near, but=parent.case_no)
    if late and not _is_burst(city=city, rule=rule, cases=around.cases):
        return None
    _join(city=city, rule=rule, area=area, parent=parent.case_no, tops=list(around.tops.values()))
    return parent.case_no


def _near(*, city: City, rule: BurstRule, view: CaseView, area: str) -> list[BurstCase]:
    """Return the reported cases of the rule's group within a window before and after the case."""
    return city.store.burst_cases(
        area=BurstArea(
            categories=tuple(code for code in city.pack.catalogue if rule.takes(code)),
            level=rule.area,
            code=area,
            since=view.received_at - rule.window,
            until=view.received_at + rule.window,
            exercise=view.exercise,
        )
    )


def _around(*, city: City, rule: BurstRule, found: Sequence[BurstCase], but: str | None = None) -> Around:
    """Gather what counts: not what already belongs to an event that has closed, or is commanded as high.

    ``but`` is the burst's own parent, whose children count.
    """
    known: dict[str, CaseView | None] = {}
    counted: list[BurstCase] = []
    tops: dict[str, CaseView] = {}
    for case in found:
        top = _top_of(city, case, known)
        if top is None or _taken(rule, case, top, but):
            continue
        counted.append(case)
        tops[case.case_no] = top
    return Around(cases=tuple(counted), tops=tops)


def _taken(rule: BurstRule, case: BurstCase, top: CaseView, but: str | None) -> bool:
    if top.case_no in (case.case_no, but) or top.case_no == case.master:
        return False
    return top.status in CLOSED or top.level <= rule.level


def _top_of(city: City, case: BurstCase, known: dict[str, CaseView | None]) -> CaseView | None:
    """Return the event a case belongs to in the end: itself, its master, or the topmost parent of these."""
    start = case.master or case.parent or case.case_no
    if start not in known:
        view = city.store.case(case_no=start)
        known[start] = _top(city, view) if view is not None else None
    return known[start]


def _top(city: City, view: CaseView) -> CaseView | None:
    """Follow merges and parents upwards."""
    current: CaseView | None = view
    for _ in range(2 * MOST_LEVELS):
        above = (current.master or current.parent) if current is not None else None
        if above is None:
            return current
        current = city.store.case(case_no=above)
    return current


def _is_burst(*, city: City, rule: BurstRule, cases: Sequence[BurstCase]) -> bool:
    alarms = [case.received_at for case in cases if _is_alarm(city, case.channel)]
    others = [case.received_at for case in cases if not _is_alarm(city, case.channel)]
    return rule.reached(reports=others, alarms=alarms)


def _is_alarm(city: City, channel: str) -> bool:
    known = city.pack.channels.get(channel)
    return known is not None and known.kind == "sensor"


def _begin(*, city: City, rule: BurstRule, area: str, around: Around, exercise: bool) -> Begin:
    """Put together the parent event: where the area is, as bad as the worst, owned as its category is."""
    worst = min(around.cases, key=lambda case: (case.severity, case.received_at))
    category = category_of(grounds=city.grounds, code=rule.parent_category)
    now = city.now()
    found = _answer(city=city, rule=rule, area=area, channel=worst.channel, severity=worst.severity)
    decision = found.decision
    if decision.lead is None:
        commander = next((rung.unit for rung in found.rules.ladder if rung.level is rule.level), None)
        lead = commander or triage_unit(grounds=city.grounds)
        decision = by_hand(grounds=city.grounds, decision=decision, lead=lead)
    return Begin(
        case_no=fresh_number(city=city, now=now),
        report_no="",
        at=now,
        received_at=now,
        category=rule.parent_category,
        category_name=category_name(category),
        channel=worst.channel,
        severity=decision.severity,
        place=replace(found.place, lon=worst.lon, lat=worst.lat),
        decision=decision,
        rules=found.rules,
        triage_unit=triage_unit(grounds=city.grounds),
        site_check=site_check(category),
        wants_visit=False,
        exercise=exercise,
        confirm_below=0.0,
        span=(area,),
        floor=rule.level,
        trigger=Trigger.BURST.value,
    )


def _answer(*, city: City, rule: BurstRule, area: str, channel: str, severity: int) -> Answer:
    question = Question(
        reported=ReportedPlace(area_code=area),
        channel=channel,
        category=rule.parent_category,
        condition=rule.parent_condition,
        severity=severity,
        at=city.now(),
        by_hand=True,
    )
    return answer(grounds=city.grounds, question=question)


def _join(*, city: City, rule: BurstRule, area: str, parent: str, tops: Sequence[CaseView]) -> None:
    """Owe the joins of these events; those that have ended or belong to another stay where they are.

    The event is as bad as the worst of them: a worse one that joins grades it anew.
    """
    view = city.store.case(case_no=parent)
    room = MOST_CHILDREN - (len(view.aspects.children) if view is not None else 0)
    fit = {top.case_no: top for top in tops if top.status in OPEN and top.case_no != parent}
    if len(fit) > room:
        log.warning("burst too large", parent=parent, rule=rule.id, left_out=len(fit) - max(room, 0))
    ancestors = above(city=city, case_no=parent)
    joins: list[tuple[str, Command]] = [
        (
            top.case_no,
            JoinParent(
                request_id=f"burst:{parent}:{top.case_no}",
                actor=ENGINE,
                parent=parent,
                mandatory=rule.mandatory,
                reason=f"E8 {rule.name_zh} {rule.name_en}",
                ancestors=ancestors,
                levels=len(ancestors) + height(city=city, view=top),
            ),
        )
        for top in list(fit.values())[: max(room, 0)]
        if top.parent is None
    ]
    worst = min(fit.values(), key=lambda top: top.severity, default=None)
    graded: list[tuple[str, Command]] = []
    if view is not None and worst is not None and worst.severity < view.severity:
        graded = [(parent, _regrade(city=city, rule=rule, area=area, parent=parent, worst=worst))]
    city.store.send_commands(commands=[*joins, *graded], at=city.now())


def _regrade(*, city: City, rule: BurstRule, area: str, parent: str, worst: CaseView) -> Regrade:
    found = _answer(city=city, rule=rule, area=area, channel=worst.channel, severity=worst.severity)
    return Regrade(
        request_id=f"burst:{parent}:severity:{worst.severity}",
        actor=ENGINE,
        severity=worst.severity,
        reason=f"E8 {worst.case_no}",
        rules=found.rules,
    )
