"""The auditor: says "healthy" only when it has checked that nothing has fallen asleep."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from store.rows import OutboxKind
from usecases.city import City

GRACE = timedelta(minutes=2)
"""How late (machine time) a deadline may fire before the auditor complains."""
QUEUES_GRACE = timedelta(minutes=10)
"""How long (machine time) a row may be owed before the auditor complains."""
TRIES = 6
"""How often a row that was owed longer than that must have failed."""
KINDS = tuple(kind.value for kind in OutboxKind if kind is not OutboxKind.INSTRUCTION_TIMER)
"""Queues that are counted. A timer is not owed before its time; one that is late is found as stuck."""
MUST_MOVE = tuple(kind.value for kind in OutboxKind if kind not in (OutboxKind.NOTIFY, OutboxKind.HAND_OVER))
"""A notice may wait for hours by its channel's own schedule; what the engine owes itself may not."""
MOST_SHOWN = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """What was found. ``late`` are open cases whose deadline passed unfired, or that have none.

    None is also what the reconciler writes for a case of which Temporal has no trace any more.
    ``stuck`` names what is owed and does not move: the kind of outbox row and the number of its
    case or instruction, or ``inbound``. ``inbound`` counts the messages that wait to be read, how long
    (seconds of machine time) the oldest of them has waited, and the dead letters nobody has seen to.
    """

    healthy: bool
    late: tuple[str, ...]
    stuck: tuple[str, ...]
    pending: dict[str, int]
    inbound: dict[str, int]
    calendar_ends: int | None

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-plain."""
        return asdict(self)


def audit(*, city: City) -> Audit:
    """Check all open cases and the queues."""
    grace = GRACE * city.clock.speed
    late = tuple(view.case_no for view in city.store.overdue_alarms(now=city.now(), grace=grace))
    pending = {kind: city.store.pending(kinds=(kind,)) for kind in KINDS}
    since = city.now() - QUEUES_GRACE * city.clock.speed
    found = city.store.stuck(kinds=MUST_MOVE, since=since, tries=TRIES, most=MOST_SHOWN)
    stuck = tuple(f"{kind} {number}" for kind, number in found)
    inbound = _inbound(city)
    if inbound["oldest_s"] > QUEUES_GRACE.total_seconds():
        stuck = (*stuck, "inbound")
    known = city.pack.calendar.known_years
    return Audit(
        healthy=not (late or stuck),
        late=late[:MOST_SHOWN],
        stuck=stuck,
        pending=pending,
        inbound=inbound,
        calendar_ends=max(known, default=None),
    )


def _inbound(city: City) -> dict[str, int]:
    found = city.store.backlog()
    waited = timedelta() if found.oldest_at is None else city.now() - found.oldest_at
    oldest_s = int(waited.total_seconds() / city.clock.speed)
    return {"waiting": found.waiting, "oldest_s": max(0, oldest_s), "dead_letters": found.dead}
