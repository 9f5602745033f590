"""A report split off its master becomes a case again, under the number it was filed with (row 7 undone).

Run by the relay for outbox rows of kind ``revive_case``. History first (ADR 0010). The row
names the epoch of the new life; a life in that epoch is never begun twice, wherever the one
before broke off.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from domain.begin import begin
from domain.beginning import Begin
from domain.case import Status
from domain.views import CaseView, Record, record_of
from store.rows import Done as Delivered
from store.rows import OutboxState, StoredReport
from usecases.city import City
from usecases.duplicates import NONE_FOUND
from usecases.gateway import UnableToReachCase
from usecases.start_case import first_record, prepare

PERHAPS_MERGED_SOON = frozenset({Status.RECEIVED, Status.TRIAGING, Status.NEED_INFO, Status.VERIFYING_PRE})
"""States of a case whose master took its report already, and which itself is not merged yet."""


class UnableToFindReport(LookupError):
    """The row names a report nobody has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Revival:
    """One outbox row: the report, the master it leaves, and the epoch of the case's new life."""

    outbox_id: int
    report_no: str
    apart_from: str
    epoch: int


def revival_of(*, outbox_id: int, payload: dict[str, Any]) -> Revival:
    """Return what an outbox row asks."""
    return Revival(
        outbox_id=outbox_id,
        report_no=payload["report_no"],
        apart_from=payload["apart_from"],
        epoch=payload["epoch"],
    )


async def revive(*, city: City, revival: Revival) -> bool:
    """Start the case anew and record it; False when it must be tried again. Raises UnableToFindReport."""
    report = await asyncio.to_thread(lambda: city.store.report(report_no=revival.report_no))
    if report is None:
        raise UnableToFindReport(revival.report_no)
    try:
        state = await city.cases.state(case_no=report.case_no)
        if state is not None and state.epoch >= revival.epoch:
            record: Record | None = first_record(state)
        else:
            view = await asyncio.to_thread(lambda: city.store.case(case_no=report.case_no))
            if view is not None and Status(view.status) in PERHAPS_MERGED_SOON:
                return False
            record = await _start(city, revival, report, view)
    except UnableToReachCase:
        return False
    await asyncio.to_thread(_settle, city, revival, record)
    return True


async def _start(city: City, revival: Revival, report: StoredReport, view: CaseView | None) -> Record | None:
    """Begin the new life; None when the report needs none: its case was never merged, or is again."""
    if view is None or Status(view.status) is not Status.MERGED:
        return None
    if await asyncio.to_thread(_reported_elsewhere, city, report):
        return None
    outcome = begin(await asyncio.to_thread(_beginning, city, revival, report, view))
    first = await city.cases.start(state=outcome.state, revived=True)
    if first is not None and first.epoch < revival.epoch:
        raise UnableToReachCase("the life it was merged in has not ended yet")
    return record_of(outcome) if first is None else first_record(first)


def _reported_elsewhere(city: City, report: StoredReport) -> bool:
    """Tell whether the case it belongs to has the report: then it was merged once more."""
    master = city.store.case(case_no=report.belongs_to)
    return master is not None and master.case_no != report.case_no and report.report_no in master.reports


def _beginning(city: City, revival: Revival, report: StoredReport, view: CaseView) -> Begin:
    """Gather what it begins with now. Nothing is taken for its duplicate: a person has just said so."""
    start = prepare(city=city, report=report, same=NONE_FOUND, apart_from=revival.apart_from)
    return replace(start, epoch=revival.epoch, seq=view.seq, apart_from=revival.apart_from)


def _settle(city: City, revival: Revival, record: Record | None) -> None:
    if record is None:
        city.store.finish(
            id=revival.outbox_id, state=OutboxState.DONE, outcome={"code": "not_merged"}, now=city.now()
        )
        return
    city.store.record(record=record, done=Delivered(outbox_id=revival.outbox_id))
