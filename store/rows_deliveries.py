"""Messages to people and to other systems, as the log shows them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryRow:
    """One message to one recipient, who may be a person. ``code`` is what the channel answered last."""

    id: int
    kind: str
    case_no: str
    template: str
    channel: str
    recipient: str | None
    state: str
    attempts: int
    created_at: datetime
    not_before: datetime
    finished_at: datetime | None
    last_error: str
    code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryFilter:
    """Which messages: a state (``lost``: failed or unknown), those of one case; None does not filter."""

    state: str | None = None
    case_no: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryPage:
    """A page, the newest first, and the cursor of the next one (None at the end)."""

    rows: tuple[DeliveryRow, ...]
    next_cursor: str | None
