"""What Temporal starts by the clock: the reconciler. Created by every relay, there once."""

import asyncio

import structlog
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError

from workflows.contract import TASK_QUEUE
from workflows.reconcile import EVERY, RECONCILE

SCHEDULE = "reconcile"
TRY_AGAIN_S = 5.0
log = structlog.get_logger()


def schedule(*, task_queue: str = TASK_QUEUE) -> Schedule:
    """Return when the reconciler runs: never two at a time, one that was missed is left out."""
    return Schedule(
        action=ScheduleActionStartWorkflow(RECONCILE, id=SCHEDULE, task_queue=task_queue),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=EVERY)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=EVERY),
    )


async def put_schedule(client: Client, *, task_queue: str = TASK_QUEUE) -> None:
    """Create the schedule, or bring the one that is there up to date. Safe to repeat. Raises RPCError."""
    wanted = schedule(task_queue=task_queue)
    try:
        await client.create_schedule(SCHEDULE, wanted)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(SCHEDULE).update(lambda there: _updated(there, wanted))


def _updated(there: ScheduleUpdateInput, wanted: Schedule) -> ScheduleUpdate:
    """Keep what an operator has set: paused stays paused."""
    wanted.state = there.description.schedule.state
    return ScheduleUpdate(schedule=wanted)


async def keep_schedule(client: Client, stop: asyncio.Event) -> None:
    """Put the schedule there as soon as Temporal can be reached; relays start without it."""
    while not stop.is_set():
        try:
            await put_schedule(client)
        except (RPCError, RuntimeError) as error:
            log.info("schedule waits for Temporal", error=str(error)[:120])
        else:
            return
        try:
            await asyncio.wait_for(stop.wait(), TRY_AGAIN_S)
        except TimeoutError:
            continue
