"""A clock that stands still: what is left of a limit, and when it ends once the clock goes on.

A suspended case (挂账) loses nothing of its time and gains none: what was left on the unit's
own clock when it stopped is what is left when it goes on. Pure arithmetic over `domain.clock`.
"""

from datetime import datetime, timedelta

from domain.calendar import WorkCalendar
from domain.clock import due, used
from domain.limit import Limit, LimitUnit

AT_LEAST = timedelta(minutes=1)
"""What people have at the least when a clock goes on on which nothing was left: never less than nothing."""
_RESOLUTION = timedelta(microseconds=1)


def between(*, start: datetime, end: datetime, unit: LimitUnit, calendar: WorkCalendar) -> Limit:
    """Return the time from ``start`` to ``end`` on a unit's own clock, as a limit of that unit."""
    one = Limit(amount=1.0, unit=unit)
    return Limit(amount=used(start=start, now=end, limit=one, calendar=calendar), unit=unit)


def carried(
    *, at: datetime, since: datetime, now: datetime, unit: LimitUnit, calendar: WorkCalendar
) -> datetime:
    """Return when a deadline ``at`` ends that stood still from ``since`` (before it) to ``now``.

    Never earlier than it was, and never at once: see AT_LEAST.
    """
    left = between(start=since, end=at, unit=unit, calendar=calendar)
    moved = due(start=now, limit=left, calendar=calendar).at
    return max(at, moved if moved > now else now + AT_LEAST)


def shifted_start(
    *, start: datetime, since: datetime, now: datetime, limit: Limit, calendar: WorkCalendar
) -> datetime:
    """Return the latest start from which as much of ``limit`` is used at ``now`` as was at ``since``.

    Every share of the limit that starts there ends as if the clock had never run between
    ``since`` and ``now``.
    """
    spent = used(start=start, now=since, limit=limit, calendar=calendar)
    # ``used`` falls as the start gets later: the latest one that still has ``spent`` behind it.
    early, late = start, now
    while late - early > _RESOLUTION:
        middle = early + (late - early) // 2
        if used(start=middle, now=now, limit=limit, calendar=calendar) >= spent:
            early = middle
        else:
            late = middle
    return late if used(start=late, now=now, limit=limit, calendar=calendar) >= spent else early
