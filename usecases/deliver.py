"""Carrying a kept command to its case: by whoever took it, or later by the relay. Safe to repeat.

History first (ADR 0010): the case carries the command out and answers with what is to be
recorded; the deliverer records it, with the command's result, in one transaction.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog

from domain.actor import ENGINE
from domain.case import ENDED, STATUS_ZH, CaseState, ReportRef, Status
from domain.decide import decide
from domain.errors import CommandRefused, RefusalCode
from domain.messages import Command, JoinReport, MergeInto
from domain.views import CaseView, Record, record_of
from store.rows import Done as Delivered
from usecases.city import City
from usecases.gateway import CaseNotRunning, UnableToReachCase

log = structlog.get_logger()


async def deliver(*, city: City, case_no: str, command: Command) -> bool:
    """Carry a kept command to its case and record the answer; False when it must be tried again.

    Raises CommandRefused (recorded as the command's result).
    """
    try:
        record = await _carry_out(city, case_no, command)
    except CommandRefused as refused:
        await asyncio.to_thread(_refuse, city, command, refused)
        raise
    except UnableToReachCase as error:
        log.info("command left to the relay", case_no=case_no, kind=command.kind, why=str(error))
        return False
    done = Delivered(request_id=command.request_id)
    await asyncio.to_thread(lambda: city.store.record(record=record, done=done))
    return True


async def _carry_out(city: City, case_no: str, command: Command) -> Record:
    if isinstance(command, MergeInto):
        return await _merge(city, case_no, command)
    return await _send(city, case_no, command)


async def _send(city: City, case_no: str, command: Command) -> Record:
    try:
        return await city.cases.act(case_no=case_no, command=command)
    except CaseNotRunning:
        return await _after_its_end(city, case_no, command)


async def _merge(city: City, case_no: str, command: MergeInto) -> Record:
    """Let the master take the reports, then end the case for it, so that no reporter is left behind.

    What joined the case between the two, or before a deliverer died, is taken along after it.
    """
    joined = await _join_first(city, case_no, command)
    record = await _send(city, case_no, command)
    if not set(record.view.reports) <= joined:
        await _join_late(city, case_no, command, joined)
    return record


async def _join_late(city: City, case_no: str, command: MergeInto, joined: set[str]) -> None:
    state = await city.cases.state(case_no=case_no)
    if state is None:
        return
    try:
        await _join(city, command, state, [one for one in state.reports if one.report_no not in joined])
    except CommandRefused as refused:
        # The case is merged already; its master ended in the same moment.
        log.warning("a late report stays behind", case_no=case_no, code=refused.code.value)


async def _after_its_end(city: City, case_no: str, command: Command) -> Record:
    """Answer for a case that runs no more. Perhaps this very command ended it, and its deliverer died.

    Raises CommandRefused, or UnableToReachCase for a case that was not started yet.
    """
    state = await city.cases.state(case_no=case_no)
    if state is not None and state.status in ENDED:
        return record_of(decide(state, command, city.now()))
    view = await asyncio.to_thread(lambda: city.store.case(case_no=case_no))
    if view is None or Status(view.status) not in ENDED:
        raise UnableToReachCase("not started yet")
    raise CommandRefused(RefusalCode.CASE_ENDED, status=status_name(view))


async def _join_first(city: City, case_no: str, command: MergeInto) -> set[str]:
    """Let the master take the reports the case has now; return their numbers.

    The case's own rules are asked beforehand, without a trace in its history. Neither may be
    about to be merged by another command: two cases merged into each other would both be gone.
    The commands are kept before they are carried, so of two that meet here one sees the other.
    Raises CommandRefused when this case or the master would refuse, and UnableToReachCase.
    """
    state = await city.cases.state(case_no=case_no)
    if state is None:
        raise UnableToReachCase("not started yet")
    if state.status in ENDED:
        return set()
    merged = decide(state, command, city.now()).state
    busy = await asyncio.to_thread(
        lambda: city.store.being_merged(
            case_numbers=(case_no, command.master), by_others_than=command.request_id
        )
    )
    if busy is not None:
        raise CommandRefused(RefusalCode.BEING_MERGED, case=busy)
    await _join(city, command, state, merged.reports)
    return {report.report_no for report in merged.reports}


async def _join(city: City, command: MergeInto, state: CaseState, reports: Sequence[ReportRef]) -> None:
    """Send reports of a case to its master and record that it has them. Safe to repeat."""
    for report in reports:
        join = join_of(state, report, request_id=f"join:{command.request_id}:{report.report_no}")
        record = await _send(city, command.master, join)
        await asyncio.to_thread(partial(city.store.record, record=record))


def join_of(state: CaseState, report: ReportRef, *, request_id: str) -> JoinReport:
    """Return the message by which a report of a case joins the case's master.

    A report that had been merged into this case keeps its own number: by it, it can be split off.
    """
    return JoinReport(
        request_id=request_id,
        actor=ENGINE,
        report_no=report.report_no,
        merged_case=report.came_from or state.case_no,
        wants_visit=report.visit != "not_wanted",
    )


def status_name(view: CaseView) -> str:
    """Return a case's state as people and machines know it."""
    return f"{STATUS_ZH[Status(view.status)]} {view.status}"


def _refuse(city: City, command: Command, refused: CommandRefused) -> None:
    city.store.refuse_command(request_id=command.request_id, code=refused.code.value, params=refused.params)
