"""The worker process: runs case workflows with the one activity they have, and the reconciler."""

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import structlog
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.reconcile import Reconciler
from activities.record import CaseActivities
from boot.settings import Settings
from boot.wiring import city_clock, connect_store, connect_when_up
from domain.clock import city_time
from domain.policy import CityClock
from store.engine import Store
from usecases.audit import GRACE
from usecases.gateway import CaseGateway
from workflows.case import CaseWorkflow
from workflows.contract import TASK_QUEUE
from workflows.converter import DATA_CONVERTER, warm_up
from workflows.reconcile import ReconcileWorkflow

PASSED_THROUGH = ("domain", "activities", "store", "workflows", "pydantic", "pydantic_core", "sqlalchemy")
"""Our own packages go through the sandbox: a second copy of each per workflow costs 40 % of a worker."""
WORKFLOW_TASKS = 16
"""Few at a time: a restart replays everything at once, and a slow task trips the deadlock detector."""
CACHED = 4_000
REAL_TIME = CityClock()
log = structlog.get_logger()


def sandbox() -> SandboxedWorkflowRunner:
    """Return the sandbox of our workflows."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    return SandboxedWorkflowRunner(restrictions=restrictions)


def case_worker(
    *,
    client: Client,
    store: Store,
    executor: ThreadPoolExecutor,
    task_queue: str = TASK_QUEUE,
    clock: CityClock = REAL_TIME,
) -> Worker:
    """Return a worker bound to a store; run it with ``async with``. ``clock`` is the city's."""
    warm_up()
    config = client.config()
    config["data_converter"] = DATA_CONVERTER
    own = Client(**config)
    reconciler = Reconciler(
        store=store,
        cases=CaseGateway(client=own, task_queue=task_queue),
        now=lambda: city_time(clock, datetime.now(UTC)),
        grace=GRACE * clock.speed,
    )
    return Worker(
        own,
        task_queue=task_queue,
        workflows=[CaseWorkflow, ReconcileWorkflow],
        activities=[CaseActivities(store=store).record, reconciler.reconcile],
        activity_executor=executor,
        workflow_runner=sandbox(),
        max_concurrent_workflow_tasks=WORKFLOW_TASKS,
        max_cached_workflows=CACHED,
        max_concurrent_local_activities=8,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=3),
        graceful_shutdown_timeout=timedelta(seconds=10),
    )


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = stop_event()
    store = connect_store(settings, pool=8)
    with ThreadPoolExecutor(8, thread_name_prefix="activity") as executor:
        client = await connect_when_up()
        async with case_worker(client=client, store=store, executor=executor, clock=city_clock(settings)):
            log.info("worker ready", task_queue=TASK_QUEUE)
            await stop.wait()
    store.close()


def stop_event() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    return stop
