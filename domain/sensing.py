"""From readings to what they mean: threshold with hysteresis and hold time, rate, silence, flapping.

Pure: ``observe`` folds one reading into what is known of a device. Observation is not alarm:
most readings change nothing (reference: domain.md §5, escalation.md §6.3).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Sense(StrEnum):
    """What became of a device because of a reading, a word of its maker, or its silence."""

    RAISED = "raised"
    WORSE = "worse"
    MILDER = "milder"
    BACK_IN_BAND = "back_in_band"
    FLAPPING = "flapping"
    STEADY = "steady"
    FAULT = "fault"
    FAULT_OVER = "fault_over"
    SILENT = "silent"
    HEARD_AGAIN = "heard_again"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sensed:
    """One change. ``severity`` and ``condition`` are those of the limit that is tripped now.

    ``reason`` of a fault is out_of_range, clock or stuck.
    """

    sense: Sense
    at: datetime
    severity: int | None = None
    condition: str | None = None
    value: float | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """What is remembered of one device between readings. JSON-plain; empty for a new one.

    ``severity`` is that of the alarm it is in, None in band. ``tripped`` lists, by place in
    the profile's limits, since when each limit is tripped without having been held long
    enough. ``recent`` are the last readings as (instant, value), newest last, as many as the
    rules need. ``changes`` are the instants of changes between alarm and normal, for flapping.
    """

    last_at: datetime | None = None
    heard_at: datetime | None = None
    severity: int | None = None
    condition: str | None = None
    tripped: tuple[tuple[int, datetime], ...] = ()
    recent: tuple[tuple[datetime, float], ...] = ()
    changes: tuple[datetime, ...] = ()
    flapping: bool = False
    silent: bool = False
    fault: str = ""
    late: int = 0
