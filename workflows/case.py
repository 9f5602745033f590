"""The durable life of one case: takes commands, watches one timer, asks ``domain.decide``.

No rule lives here. A person's command is an update: its validator and its handler both
ask ``decide``; the answer carries the facts, which the deliverer writes to the store (ADR
0010). Only what the case does by itself, when a deadline fires, is written from here, by
a local activity. One timer is armed at a time and re-armed only when it fires or when a
deadline moved before it, so a standard life costs 25 history events.
"""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.record import CaseActivities
    from domain.case import ENDED, CaseState, Outcome
    from domain.clock import city_time, real_time
    from domain.decide import decide
    from domain.errors import CommandRefused
    from domain.messages import TimePassed
    from domain.views import Record, record_of
    from workflows.contract import ACT, LEVEL, STATE, WORKFLOW, Act, details

SHORTEST_TIMER = timedelta(milliseconds=1)
RECORD_TIMEOUT = timedelta(seconds=10)
RECORD_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=30)
)


@workflow.defn(name=WORKFLOW)
class CaseWorkflow:
    """One case. Its id is the case number; its input is its state."""

    @workflow.init
    def __init__(self, state: CaseState) -> None:
        """Hold the state from the first moment, so that an early update finds it."""
        self._state = state
        workflow.set_current_details(details(state))

    @workflow.run
    async def run(self, state: CaseState) -> str:  # noqa: ARG002 - taken by __init__
        """Live until the case has ended; return its last status."""
        while self._state.status not in ENDED:
            if workflow.info().is_continue_as_new_suggested():
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(self._state)
            due = self._state.next_due
            if due is None or due > self._now():
                await self._wait(due)
            else:
                outcome = decide(self._state, TimePassed(), self._now())
                self._apply(outcome)
                await self._write(record_of(outcome))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._state.status.value

    @workflow.update(name=ACT)
    def act(self, act: Act) -> Record:
        """Carry out a command and answer with what is to be recorded."""
        outcome = self._decide(act)
        self._apply(outcome)
        return record_of(outcome)

    @act.validator
    def allowed(self, act: Act) -> None:
        """Refuse before anything is written to history."""
        self._decide(act)

    @workflow.query(name=STATE)
    def state(self) -> CaseState:
        """Return the state, for the reconciler."""
        return self._state

    def _decide(self, act: Act) -> Outcome:
        try:
            return decide(self._state, act.command, self._now())
        except CommandRefused as refused:
            raise ApplicationError(refused.code.value, refused.params, type="CommandRefused") from refused

    def _apply(self, outcome: Outcome) -> None:
        before = self._state
        self._state = outcome.state
        if outcome.state.level != before.level:
            workflow.upsert_search_attributes([LEVEL.value_set(int(outcome.state.level))])
        workflow.set_current_details(details(outcome.state))

    def _now(self) -> datetime:
        return city_time(self._state.rules.clock, workflow.now())

    async def _wait(self, due: datetime | None) -> None:
        """Sleep until the deadline, an earlier one, or the end of the case."""
        timeout: timedelta | None = None
        if due is not None:
            timeout = max(real_time(self._state.rules.clock, due) - workflow.now(), SHORTEST_TIMER)
        try:
            await workflow.wait_condition(
                lambda: self._moved_before(due), timeout=timeout, timeout_summary="next deadline"
            )
        except TimeoutError:
            return

    def _moved_before(self, armed: datetime | None) -> bool:
        due = self._state.next_due
        earlier = due is not None and (armed is None or due < armed)
        full = workflow.info().is_continue_as_new_suggested()
        return earlier or full or self._state.status in ENDED

    async def _write(self, record: Record) -> None:
        await workflow.execute_local_activity_method(
            CaseActivities.record,
            record,
            start_to_close_timeout=RECORD_TIMEOUT,
            retry_policy=RECORD_RETRY,
            summary="record",
        )
