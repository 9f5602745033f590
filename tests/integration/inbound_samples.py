"""Messages as they come, for tests of the store."""

from typing import Any

from domain.envelope import DeadCode, Unreadable
from store.rows_intake import NewInbound
from tests.integration.store_samples import NOW


def message(n: int = 1, **other: Any) -> NewInbound:
    """Return a message of the source ``gas``, told apart by a number."""
    given: dict[str, Any] = {
        "source": "gas",
        "channel": "sensor",
        "format": "json",
        "content_type": "application/json",
        "headers": {"ce-id": f"e{n}"},
        "body": b'{"n": %d}' % n,
        "received_at": NOW,
        **other,
    }
    return NewInbound(**given)


def unreadable(n: int = 1, **other: Any) -> Unreadable:
    """Return a part nobody could read."""
    given: dict[str, Any] = {
        "code": DeadCode.MISSING_FIELD,
        "params": {"field": "id"},
        "body": b"part %d" % n,
        "event_id": f"e{n}",
        **other,
    }
    return Unreadable(**given)
