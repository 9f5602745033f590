"""Writing what a case did by itself. The only activity a case needs."""

from temporalio import activity

from domain.views import Record
from store.engine import Store


class CaseActivities:
    """Activities of the case workflow, bound to this process's store."""

    def __init__(self, *, store: Store) -> None:
        """Keep the store."""
        self._store = store

    @activity.defn(name="record_step")
    def record(self, record: Record) -> None:
        """Write view, facts and notices in one transaction; safe to repeat (epoch, seq)."""
        self._store.record(record=record)
