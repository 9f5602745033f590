"""The one door to the case workflows: start a case, send it a command, read its state."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.case import CaseState
from domain.errors import CommandRefused, RefusalCode
from domain.messages import Command
from domain.views import Record
from workflows.contract import (
    ACT,
    STATE,
    TASK_QUEUE,
    TASK_TIMEOUT,
    WORKFLOW,
    Act,
    details,
    priority,
    search_attributes,
    summary,
)

RPC_TIMEOUT = timedelta(seconds=8)
"""How long a person waits for the workflow before the answer is "accepted, will be carried out"."""


class UnableToReachCase(ConnectionError):
    """The workflow did not answer in time, or not yet: deliver again later."""


class CaseNotRunning(Exception):
    """No workflow runs for this case: it ended, or was not started yet."""


class CaseGateway:
    """Starts and addresses case workflows by their case number."""

    def __init__(self, *, client: Client, task_queue: str = TASK_QUEUE) -> None:
        """Keep the Temporal client of this process and event loop, and where its workers listen."""
        self._client = client
        self._task_queue = task_queue

    async def start(
        self, *, state: CaseState, again: bool = False, revived: bool = False
    ) -> CaseState | None:
        """Start a case; None when started, else the state another start gave it first.

        The workflow id is the case number, so a second start is refused by the server;
        what the first one was given is read from its history, since that is what counts.
        ``again`` starts a case whose workflow was broken off (terminated, for example);
        ``revived`` one whose workflow came to its end: a merged report that was split off.
        """
        try:
            with _reaching(state.case_no):
                await self._client.start_workflow(
                    WORKFLOW,
                    state,
                    id=state.case_no,
                    task_queue=self._task_queue,
                    task_timeout=TASK_TIMEOUT,
                    id_reuse_policy=_reuse(again=again, revived=revived),
                    id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                    search_attributes=search_attributes(state),
                    static_summary=summary(state),
                    static_details=details(state)[:15_000],
                    priority=priority(state),
                    rpc_timeout=RPC_TIMEOUT,
                )
        except WorkflowAlreadyStartedError:
            return await self._first_state(state.case_no)
        return None

    async def act(self, *, case_no: str, command: Command) -> Record:
        """Send a command; return what is to be recorded, or raise.

        Raises CommandRefused, UnableToReachCase (deliver again) or CaseNotRunning.
        """
        try:
            with _reaching(case_no):
                record: Record = await self._handle(case_no).execute_update(
                    ACT,
                    Act(command=command),
                    id=command.request_id,
                    result_type=Record,
                    rpc_timeout=RPC_TIMEOUT,
                )
        except WorkflowUpdateFailedError as error:
            raise _refusal(error.cause) from error
        return record

    async def state(self, *, case_no: str) -> CaseState | None:
        """Return the workflow's own state; None when there is no such workflow."""
        try:
            with _reaching(case_no):
                state: CaseState = await self._handle(case_no).query(
                    STATE, result_type=CaseState, rpc_timeout=RPC_TIMEOUT
                )
        except CaseNotRunning:
            return None
        return state

    async def running(self) -> AsyncIterator[str]:
        """Yield the numbers of the cases that run. One that began this moment may be missing."""
        query = f"WorkflowType = '{WORKFLOW}' AND ExecutionStatus = 'Running'"
        with _reaching("all cases"):
            async for found in self._client.list_workflows(query, page_size=1000):
                yield found.id

    def _handle(self, case_no: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(case_no)

    async def _first_state(self, case_no: str) -> CaseState:
        with _reaching(case_no):
            async for event in self._handle(case_no).fetch_history_events(page_size=1):
                payloads = event.workflow_execution_started_event_attributes.input.payloads
                (state,) = await self._client.data_converter.decode(payloads, [CaseState])
                return state  # type: ignore[no-any-return]
        raise UnableToReachCase("history not readable")


def _reuse(*, again: bool, revived: bool) -> WorkflowIDReusePolicy:
    """Return after which ends a number may run once more; while it runs, never."""
    if revived:
        return WorkflowIDReusePolicy.ALLOW_DUPLICATE
    if again:
        return WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY
    return WorkflowIDReusePolicy.REJECT_DUPLICATE


@contextmanager
def _reaching(case_no: str) -> Iterator[None]:
    """Say in our words why a case did not answer: it does not run, or it cannot be reached now."""
    try:
        yield
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        raise UnableToReachCase("no answer in time") from error
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise CaseNotRunning(case_no) from error
        raise UnableToReachCase(f"{error.status.name} {error.message[:100]}") from error
    except RuntimeError as error:
        # The SDK's own error of a lazy client whose server was never there.
        if "client connect" not in str(error):
            raise
        raise UnableToReachCase("never connected") from error


def _refusal(cause: BaseException | None) -> Exception:
    if isinstance(cause, ApplicationError) and cause.type == "CommandRefused":
        params: dict[str, str] = cause.details[0] if cause.details else {}
        return CommandRefused(RefusalCode(cause.message), **params)
    return UnableToReachCase(str(cause))
