"""From an accepted report to a running case: locate, route, decide, start, record.

Run by the relay for outbox rows of kind ``start_case``. History first (ADR 0010): the
workflow is started with the decided state, and only then is the step written to the
store. A crash between the two starts again, finds the workflow running and records what
that one was given. A report that belongs to an open case joins that case's history before
it is recorded as merged.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.alarm import ALARM_SOURCE
from domain.begin import BEGIN, begin
from domain.beginning import Begin
from domain.case import CaseState, Outcome, Status, Trigger
from domain.errors import CommandRefused
from domain.messages import JoinReport
from domain.report import NewReport
from domain.views import Record, record_of, view_of
from store.rows import Done as Delivered
from usecases.alarm_rules import about_alarm
from usecases.bursts import looks_of
from usecases.city import City, Grounds
from usecases.deliver import deliver, join_of
from usecases.duplicates import (
    MOST_PROPOSALS,
    NONE_FOUND,
    Duplicates,
    find_duplicates,
    find_repeated,
    in_each_others_way,
)
from usecases.gateway import UnableToReachCase
from usecases.join_alarm import follow_master, join_alarm
from usecases.place_and_owner import (
    Answer,
    Question,
    answer,
    category_name,
    category_of,
    learn_point,
    site_check,
    triage_unit,
)
from usecases.repeat_demands import find_demand

AGAIN = "filed again"
"""Why a repeated demand joins, when it was found before a first try failed."""
ROUNDS = 8
"""How many reports of one event are decided one after the other before others have their turn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """One outbox row to carry out: its id, the report, and whether it was tried before."""

    outbox_id: int
    report: NewReport
    again: bool = False


async def start_cases(*, city: City, starts: Sequence[Start]) -> list[Start]:
    """Start these cases; return those that were not started and must be tried again.

    Of reports that may be about one event one goes on and the others are decided again when
    it can be found: at once, in rounds, for many report the same thing in the same minute.
    """
    failed: list[Start] = []
    waiting = list(starts)
    for _ in range(ROUNDS):
        unstarted, waiting = await _round(city, waiting)
        failed += unstarted
        if unstarted or not waiting:
            break
    return failed + waiting


async def _round(city: City, starts: Sequence[Start]) -> tuple[list[Start], list[Start]]:
    """Start those that are in nobody's way; return the ones that could not be started, and those that wait."""
    outcomes = await asyncio.to_thread(_decide_all, city, starts)
    people = [
        outcome.state
        for start, outcome in zip(starts, outcomes, strict=True)
        if start.report.source != ALARM_SOURCE
    ]
    waits = in_each_others_way(settings=city.pack.merge, states=people)
    waiting = [start for start in starts if start.report.case_no in waits]
    ready = [pair for pair in zip(starts, outcomes, strict=True) if pair[0] not in waiting]
    records = await asyncio.gather(*(_start(city, start, outcome) for start, outcome in ready))
    failed: list[Start] = []
    done: list[tuple[Record, Delivered]] = []
    for (start, _), record in zip(ready, records, strict=True):
        if record is None:
            failed.append(start)
        else:
            done.append((record, Delivered(outbox_id=start.outbox_id)))
    if done:
        looks = looks_of(city=city, records=[record for record, _ in done])
        await asyncio.to_thread(lambda: city.store.record_many(records=done, looks=looks))
    return failed, waiting


def _decide_all(city: City, starts: Sequence[Start]) -> list[Outcome]:
    return [begin(prepare(city=city, report=start.report, same=_same(city, start))) for start in starts]


def _same(city: City, start: Start) -> Duplicates | None:
    """Return what an earlier try has settled about duplicates; None when nothing has."""
    kept = city.store.command(request_id=_join_id(start.report.report_no)) if start.again else None
    if kept is None:
        return None
    if kept.status == "refused":
        return _refused_by(city, kept.case_no)
    repeated = isinstance(kept.command, JoinReport) and kept.command.repeated
    return Duplicates(master=kept.case_no, repeated=AGAIN if repeated else "")


def prepare(
    *, city: City, report: NewReport, same: Duplicates | None = None, apart_from: str | None = None
) -> Begin:
    """Gather what a case begins with: place, owner, rules, duplicates (looked for unless given), repetition.

    ``apart_from`` is the former master of a report that was split off.
    """
    learn_point(grounds=city.grounds, channel=report.channel, place=report.reported)
    found = answer(grounds=city.grounds, question=question_of(report))
    at = max(city.now(), report.received_at)
    known = _same_event(city, report, found) if same is None else same
    start = about_alarm(
        city=city,
        report=report,
        start=begin_with(grounds=city.grounds, report=report, found=found, at=at, same=known),
    )
    if start.master is not None:
        return start
    before = find_repeated(city=city, report=report, place=found.place, apart_from=apart_from)
    if before is None:
        return start
    return replace(start, repeat_of=before.case_no, repeats=before.aspects.repeats + 1)


def question_of(report: NewReport) -> Question:
    """Return what a report asks of location and routing."""
    return Question(
        reported=report.reported,
        channel=report.channel,
        category=report.category,
        condition=report.condition,
        severity=report.severity,
        tags=report.tags,
        at=report.occurred_at,
        received_at=report.received_at,
    )


def _same_event(city: City, report: NewReport, found: Answer) -> Duplicates:
    """Return the case its reporter filed before, the one about an alarm it says the same as, or one near by.

    What an alarm's own report is part of was decided when the alarm was raised.
    """
    if report.source == ALARM_SOURCE:
        return NONE_FOUND
    demand = find_demand(city=city, report=report, found=found)
    if demand is not None and demand.master is not None:
        return demand
    joined = join_alarm(city=city, report=report, found=found)
    if joined.master is not None:
        return joined
    near = demand or _duplicates(city, report, found)
    if near.master is not None or not joined.proposals:
        return near
    return replace(
        near, proposals=tuple(dict.fromkeys((*joined.proposals, *near.proposals)))[:MOST_PROPOSALS]
    )


def _duplicates(city: City, report: NewReport, found: Answer) -> Duplicates:
    if report.exercise:
        return NONE_FOUND
    return find_duplicates(
        city=city,
        case_no=report.case_no,
        category=report.category,
        severity=found.decision.severity,
        place=found.place,
        at=report.received_at,
    )


def begin_with(
    *, grounds: Grounds, report: NewReport, found: Answer, at: datetime, same: Duplicates = NONE_FOUND
) -> Begin:
    """Put together what a case begins with, decided at ``at`` (city time, UTC-aware)."""
    category = category_of(grounds=grounds, code=report.category)
    return Begin(
        case_no=report.case_no,
        report_no=report.report_no,
        at=at,
        received_at=report.received_at,
        category=report.category,
        category_name=category_name(category),
        channel=report.channel,
        severity=found.decision.severity,
        place=found.place,
        decision=found.decision,
        rules=found.rules,
        triage_unit=triage_unit(grounds=grounds),
        site_check=site_check(category),
        wants_visit=wants_visit(grounds=grounds, report=report),
        exercise=report.exercise,
        tags=report.tags,
        master=same.master,
        proposals=same.proposals,
        repeated=same.repeated,
        confirm_below=grounds.pack.city.confirm_below,
        span=found.span,
        floor=found.floor,
        trigger=Trigger.SPAN.value if found.floor is not None else "",
    )


def wants_visit(*, grounds: Grounds, report: NewReport) -> bool:
    """Tell whether somebody can be visited: a person who can be reached and wants to be asked."""
    person = grounds.pack.channels[report.channel].kind != "sensor"
    reporter = report.reporter
    reachable = bool(reporter.phone or reporter.email)
    return person and reachable and reporter.wants_visit


async def _start(city: City, start: Start, outcome: Outcome) -> Record | None:
    if outcome.state.status is Status.MERGED:
        return await _join(city, start, outcome)
    return await _run(city, outcome)


async def _run(city: City, outcome: Outcome) -> Record | None:
    try:
        first = await city.cases.start(state=outcome.state)
    except UnableToReachCase:
        return None
    return record_of(outcome) if first is None else first_record(first)


async def _join(city: City, start: Start, outcome: Outcome) -> Record | None:
    """Let the master take the report, then say that it is merged.

    The intention is kept first, so that a second try joins the same master. A master that
    ended meanwhile refuses: then the report is a case of its own after all.
    """
    state, master = outcome.state, outcome.state.master or ""
    join = join_of(state, state.reports[0], request_id=_join_id(start.report.report_no))
    join = replace(join, repeated=any(fact.data.get("repeated") for fact in outcome.facts))
    try:
        await asyncio.to_thread(
            lambda: city.store.put_command(case_no=master, command=join, received_at=city.now(), grace_s=0.0)
        )
        delivered = await deliver(city=city, case_no=master, command=join)
    except CommandRefused:
        own = await asyncio.to_thread(
            lambda: begin(prepare(city=city, report=start.report, same=_refused_by(city, master)))
        )
        return await _run(city, own)
    if not delivered:
        return None
    await asyncio.to_thread(lambda: follow_master(city=city, case_no=state.case_no, master=master))
    return record_of(outcome)


def _join_id(report_no: str) -> str:
    return f"join:{report_no}"


def _refused_by(city: City, master: str) -> Duplicates:
    """Return what is left to look at when a master has ended: the case it was merged into, if it was."""
    view = city.store.case(case_no=master)
    return Duplicates(proposals=(view.master,)) if view is not None and view.master else NONE_FOUND


def first_record(state: CaseState) -> Record:
    """Return the record of the step a running case was started with."""
    for done in state.recent:
        if done.request_id == BEGIN:
            return Record(view=view_of(state), facts=done.facts, notices=done.notices, orders=done.orders)
    return Record(view=view_of(state), facts=(), notices=())
