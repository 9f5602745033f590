"""The auditor: says "healthy" only when it has checked that nothing has fallen asleep."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from usecases.city import City

GRACE = timedelta(minutes=2)
"""How late (machine time) a deadline may fire before the auditor complains."""
KINDS = ("start_case", "deliver_command", "notify")


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """What was found. ``late`` are open cases whose deadline passed unfired, or that have none.

    None is also what the reconciler writes for a case of which Temporal has no trace any more.
    """

    healthy: bool
    late: tuple[str, ...]
    pending: dict[str, int]
    calendar_ends: int | None

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-plain."""
        return asdict(self)


def audit(*, city: City) -> Audit:
    """Check all open cases and the queues."""
    grace = GRACE * city.clock.speed
    late = tuple(view.case_no for view in city.store.overdue_alarms(now=city.now(), grace=grace))
    pending = {kind: city.store.pending(kinds=(kind,)) for kind in KINDS}
    known = city.pack.calendar.known_years
    return Audit(healthy=not late, late=late[:20], pending=pending, calendar_ends=max(known, default=None))
