"""One timer for all deadlines: re-armed when a deadline moves before it, and at no other time."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.testing import WorkflowEnvironment

from domain.case import Alarm
from domain.clock import real_time
from domain.messages import SignIn, SubmitResult
from store.engine import Store
from tests.integration.temporal_env import Desk, clock_at
from tests.unit.builders import MONDAY, WATER, beginning, handler
from usecases.city import Grounds

pytestmark = pytest.mark.temporal


async def timers(desk: Desk, case_no: str) -> Counter[str]:
    return Counter(name for name in await desk.events(case_no) if name.startswith("TIMER_"))


async def test_a_deadline_that_moves_later_leaves_the_timer_alone(desk: Desk) -> None:
    state = await desk.start(beginning(2))
    await desk.send(state.case_no, SignIn, by=handler(WATER))
    assert await timers(desk, state.case_no) == {"TIMER_STARTED": 1}
    assert state.next_due is not None
    after = await desk.until(state.case_no, state.next_due)
    told = desk.told(state.case_no)
    assert after.next_due is not None
    assert after.next_due > state.next_due
    assert [fact.kind for fact in told.facts][-1] == "accepted"  # it fired for nothing, and did nothing
    assert await timers(desk, state.case_no) == {"TIMER_STARTED": 2, "TIMER_FIRED": 1}


async def test_a_deadline_that_moves_earlier_is_kept(desk: Desk) -> None:
    state = await desk.start(beginning(2))
    await desk.send(state.case_no, SignIn, by=handler(WATER))
    assert state.next_due is not None
    await desk.until(state.case_no, state.next_due)  # now armed for the warning, some nineteen hours on
    acted = await desk.send(state.case_no, SubmitResult, by=handler(WATER), result="repaired")
    check = acted.case.next_due
    assert check is not None
    assert timedelta(hours=4) < check - MONDAY < timedelta(hours=5)
    assert await timers(desk, state.case_no) == {"TIMER_STARTED": 3, "TIMER_FIRED": 1, "TIMER_CANCELED": 1}
    await desk.until(state.case_no, check)
    late = [fact for fact in desk.told(state.case_no).facts if fact.kind == "check_late"]
    assert [fact.due for fact in late] == [check]


async def test_a_fast_city_fires_at_the_right_machine_time(
    temporal_env: WorkflowEnvironment, store: Store, wuhan: Grounds
) -> None:
    """Ten city minutes are one second: the timer is set for the machine's time of the deadline."""
    clock = clock_at(MONDAY, speed=600.0)
    desk = Desk(env=temporal_env, store=store, grounds=wuhan, clock=clock)
    async with desk.worker():
        state = await desk.start(beginning(2, start=MONDAY))
        assert state.next_due is not None
        fired = await _wait_for_first_timer(desk, state.case_no)
        starts, timeout = await _first_timer(desk, state.case_no)
        due = real_time(clock, state.next_due)
        # On a slow machine the step's local activity outlives its task, and the timer stands after a later one;
        # and what is due already when it is set fires at once.
        waits = [max(due - start, timedelta()) for start in starts]
        assert any(abs(timeout - wait) < timedelta(milliseconds=2) for wait in waits)
        assert fired >= due - timedelta(milliseconds=2)
        while not any(fact.due == state.next_due for fact in desk.told(state.case_no).facts):
            await desk.state(state.case_no)
    (reminded,) = (fact for fact in desk.told(state.case_no).facts if fact.due == state.next_due)
    assert reminded.kind == "sign_in_reminded"
    assert {deadline.name for deadline in state.deadlines} >= {Alarm.SIGN_IN_REMIND}


async def _wait_for_first_timer(desk: Desk, case_no: str) -> datetime:
    async for event in desk.handle(case_no).fetch_history_events(wait_new_event=True):
        if event.event_type == EventType.EVENT_TYPE_TIMER_FIRED:
            return event.event_time.ToDatetime(tzinfo=MONDAY.tzinfo)
    raise AssertionError("the history ended without a timer")


async def _first_timer(desk: Desk, case_no: str) -> tuple[list[datetime], timedelta]:
    """Return the workflow's times up to its first timer, one of which it was set at, and for how long."""
    starts = []
    async for event in desk.handle(case_no).fetch_history_events():
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED:
            starts.append(event.event_time.ToDatetime(tzinfo=MONDAY.tzinfo))
        if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED:
            return starts, event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
    raise AssertionError("no timer was set")
