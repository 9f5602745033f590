"""Comparing what the store says of open cases with the cases themselves, and repairing what differs.

Nothing here is needed while everything works: it is for a restored backup, a workflow
somebody terminated, an answer whose deliverer was switched off for good.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from temporalio import activity

from domain.case import ENDED, CaseState, Status
from domain.views import CaseFilter, CasePage, CaseView, Record, view_of
from store.engine import Store

OPEN = tuple(status.value for status in Status if status not in ENDED)
PAGE = 200
NAMED = 20
"""How many numbers a report names."""
log = structlog.get_logger()


class Cases(Protocol):
    """What the reconciler needs of the case workflows."""

    def running(self) -> AsyncIterator[str]:
        """Yield the numbers of the cases that run, but for those of the last moment."""

    async def state(self, *, case_no: str) -> CaseState | None:
        """Return a case's own state, also after its end; None where there is no trace of it."""

    async def start(self, *, state: CaseState, again: bool = False) -> CaseState | None:
        """Start a case, ``again`` after its workflow was broken off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconciled:
    """What was found. ``lost`` names cases of which Temporal has no trace (the first few)."""

    looked_at: int
    repaired: int = 0
    restarted: int = 0
    unreachable: int = 0
    lost: tuple[str, ...] = ()


class Reconciler:
    """The reconciling activity, bound to this process's store and Temporal."""

    def __init__(self, *, store: Store, cases: Cases, now: Callable[[], datetime], grace: timedelta) -> None:
        """Keep the services. ``now`` is city time; ``grace`` (city time) is how late a deadline may be."""
        self._store = store
        self._cases = cases
        self._now = now
        self._grace = grace

    @activity.defn(name="reconcile")
    async def reconcile(self) -> Reconciled:
        """Look at every open case once; ask those that look wrong, and repair them."""
        running = {case_no async for case_no in self._cases.running()}
        found = Reconciled(looked_at=0)
        cursor: str | None = None
        while True:
            page = await asyncio.to_thread(self._page, cursor)
            found = replace(found, looked_at=found.looked_at + len(page.cases))
            for view in page.cases:
                if self._suspicious(view, running):
                    found = await self._repair(view, found, runs=view.case_no in running)
                activity.heartbeat(found.looked_at)
            cursor = page.next_cursor
            if cursor is None:
                return found

    def _page(self, cursor: str | None) -> CasePage:
        return self._store.list_cases(where=CaseFilter(status=OPEN), limit=PAGE, cursor=cursor)

    def _suspicious(self, view: CaseView, running: set[str]) -> bool:
        """A case that was accepted and not started yet is the outbox's business, and the auditor's."""
        late = view.next_due is None or view.next_due < self._now() - self._grace
        return view.epoch > 0 and (late or view.case_no not in running)

    async def _repair(self, view: CaseView, found: Reconciled, *, runs: bool) -> Reconciled:
        try:
            state = await self._cases.state(case_no=view.case_no)
            if state is None:
                await asyncio.to_thread(self._lose, view)
                return replace(found, lost=(*found.lost, view.case_no)[:NAMED])
            again = not runs and state.status not in ENDED
            started = again and await self._cases.start(state=state, again=True) is None
        except ConnectionError as error:
            log.warning("case not reached", case_no=view.case_no, why=str(error))
            return replace(found, unreachable=found.unreachable + 1)
        drifted = view_of(state) != view
        if drifted:
            await asyncio.to_thread(self._record, state)
        if started or drifted:
            log.warning("case repaired", case_no=view.case_no, started_again=started, drifted=drifted)
        return replace(found, repaired=found.repaired + drifted, restarted=found.restarted + started)

    def _record(self, state: CaseState) -> None:
        """Write the case as it is, and once more every fact it remembers to have given out."""
        facts = tuple(fact for done in state.recent for fact in done.facts)
        notices = tuple(notice for done in state.recent for notice in done.notices)
        orders = tuple(order for done in state.recent for order in done.orders)
        self._store.record(record=Record(view=view_of(state), facts=facts, notices=notices, orders=orders))

    def _lose(self, view: CaseView) -> None:
        """Say that no deadline of this case is armed, which is the truth: the auditor reports that at once.

        Written at the case's own ``(epoch, seq)``, so that the case itself overrules it, should it
        turn up again.
        """
        log.error("case lost: Temporal has no trace of it", case_no=view.case_no)
        self._store.record(record=Record(view=replace(view, next_due=None), facts=(), notices=()))
