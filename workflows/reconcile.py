"""Runs the reconciler once. A schedule starts it every few minutes; its last runs are its log."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.reconcile import Reconciled, Reconciler

RECONCILE = "Reconcile"
EVERY = timedelta(minutes=5)
LONGEST = timedelta(minutes=30)
SILENCE = timedelta(minutes=2)
"""Without a sign of life for this long, the activity is given to another worker."""


@workflow.defn(name=RECONCILE)
class ReconcileWorkflow:
    """One look at all open cases."""

    @workflow.run
    async def run(self) -> Reconciled:
        """Return what was found and repaired. Fails, for all to see, where cases are lost."""
        found = await workflow.execute_activity_method(
            Reconciler.reconcile,
            start_to_close_timeout=LONGEST,
            heartbeat_timeout=SILENCE,
            retry_policy=RetryPolicy(maximum_attempts=3),
        )
        workflow.set_current_details(str(found))
        if found.lost:
            raise ApplicationError(f"no trace of open cases: {', '.join(found.lost)}", type="CasesLost")
        return found
