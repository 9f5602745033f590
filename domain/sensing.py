"""From readings to what they mean: threshold with hysteresis and hold time, rate, silence, flapping.

Pure: ``observe`` folds one reading into what is known of a device. Observation is not alarm:
most readings change nothing (reference: domain.md §5, escalation.md §6.3).

A limit is tripped from the reading that reaches ``value`` until the one that reaches ``reset``.
It is an alarm once it has been tripped for ``hold`` while ``samples`` of the last ``of``
readings reached ``value``, and stays one until it is reset. Time passes with readings only.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import isfinite

from domain.device import AlarmLimit, DeviceProfile, Trip

OUT_OF_RANGE = "out_of_range"
_MINUTE = timedelta(minutes=1)


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

    ``reason`` of a fault is out_of_range, or what else the caller of ``faulty`` found (clock).
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

    ``severity`` is that of the alarm it is in, None in band: the worst of its ``held`` limits
    and of what its maker says (``maker``, last said ``maker_at``). ``tripped`` lists, by place in
    the device's limits, since when each is tripped; ``held`` those that have been long enough.
    ``recent`` are the last readings as (instant, value), newest last, as many as the
    rules need. ``changes`` are the instants of changes between alarm and normal, for flapping.
    ``last_at`` is when the newest reading was taken, ``heard_at`` when it was last heard at all.
    ``late`` counts readings that came after a newer one; they change nothing else. ``behind_since``
    is since when everything it sent came with a time long past, None where the last did not.
    """

    last_at: datetime | None = None
    heard_at: datetime | None = None
    severity: int | None = None
    condition: str | None = None
    tripped: tuple[tuple[int, datetime], ...] = ()
    held: tuple[int, ...] = ()
    maker: int | None = None
    maker_at: datetime | None = None
    recent: tuple[tuple[datetime, float], ...] = ()
    changes: tuple[datetime, ...] = ()
    flapping: bool = False
    silent: bool = False
    fault: str = ""
    late: int = 0
    behind_since: datetime | None = None


def observe(
    *, profile: DeviceProfile, limits: tuple[AlarmLimit, ...], watch: Watch, at: datetime, value: float
) -> tuple[Watch, tuple[Sensed, ...]]:
    """Fold in a reading taken at ``at`` (UTC); return what is remembered now and what changed.

    ``limits`` are those of the device (``Device.limits_by``), ``value`` in the profile's unit.
    A reading older than the newest is counted and ignored; the same instant and value again
    is the same reading, another value of the same instant stands instead of the first.
    One out of ``lowest`` … ``highest``, or not finite, is a fault of the device: it raises
    nothing and ends nothing.
    """
    if watch.last_at is not None and at < watch.last_at:
        return replace(watch, late=watch.late + 1), ()
    if watch.recent and watch.recent[-1] == (at, value):
        return watch, ()
    watch, changed = heard(watch=watch, at=at)
    watch = replace(watch, last_at=at)
    if not _plausible(profile, value):
        watch, found = faulty(watch=watch, at=at, reason=OUT_OF_RANGE)
        return watch, (*changed, *found)
    watch, over = fault_over(watch=watch, at=at, reason=OUT_OF_RANGE)
    before = watch.recent[:-1] if watch.recent and watch.recent[-1][0] == at else watch.recent
    recent = (*before, (at, value))[-_remembered(limits) :]
    watch = _fold(replace(watch, recent=recent), limits, at)
    after, found = _judged(profile=profile, limits=limits, watch=watch, at=at, value=value)
    return after, (*changed, *over, *found)


def maker_says(
    *,
    profile: DeviceProfile,
    limits: tuple[AlarmLimit, ...] = (),
    watch: Watch,
    at: datetime,
    level: int | None,
    severity: int | None = None,
) -> tuple[Watch, tuple[Sensed, ...]]:
    """Fold in what the device itself says of its alarm: a ``level`` of its maker's, or None when it is over.

    A level the profile declares is read in the profile's direction, whatever a table of the
    source makes of that number: level 1 of a gas detector is mild (GB/T 50493), level 1 of a
    warning centre the worst. ``severity`` (1 worst … 4) stands where there is no such level;
    for an alarm without any give ``profile.severity``. A word older than the maker's last is
    counted late and ignored.
    """
    if watch.maker_at is not None and at < watch.maker_at:
        return replace(watch, late=watch.late + 1), ()
    watch, changed = heard(watch=watch, at=at)
    watch = replace(watch, maker=_said(profile, level, severity), maker_at=at)
    after, found = _judged(profile=profile, limits=limits, watch=watch, at=at, value=None)
    return after, (*changed, *found)


def heard(*, watch: Watch, at: datetime) -> tuple[Watch, tuple[Sensed, ...]]:
    """Note that it was heard at ``at``, whatever it said: a reading, an alarm, a heartbeat."""
    silent = watch.silent
    heard_at = at if watch.heard_at is None else max(watch.heard_at, at)
    after = replace(watch, heard_at=heard_at, silent=False)
    return after, (Sensed(sense=Sense.HEARD_AGAIN, at=at),) if silent else ()


def fall_silent(*, watch: Watch, at: datetime) -> tuple[Watch, tuple[Sensed, ...]]:
    """Note that it has been silent for too long. An alarm it is in goes on: nobody saw it end."""
    if watch.silent:
        return watch, ()
    return replace(watch, silent=True), (Sensed(sense=Sense.SILENT, at=at),)


def faulty(*, watch: Watch, at: datetime, reason: str) -> tuple[Watch, tuple[Sensed, ...]]:
    """Note a fault of the device; said once while it lasts."""
    if watch.fault:
        return watch, ()
    return replace(watch, fault=reason), (Sensed(sense=Sense.FAULT, at=at, reason=reason),)


def fault_over(*, watch: Watch, at: datetime, reason: str) -> tuple[Watch, tuple[Sensed, ...]]:
    """Note that a fault of this kind is over; nothing where it has none."""
    if watch.fault != reason:
        return watch, ()
    return replace(watch, fault=""), (Sensed(sense=Sense.FAULT_OVER, at=at, reason=reason),)


def trips(*, limit: AlarmLimit, value: float | None) -> bool:
    """Tell whether this value (for RISE and FALL: this change per minute) reaches the limit. None does not."""
    if value is None:
        return False
    match limit.trip:
        case Trip.BELOW:
            return value <= limit.value
        case Trip.FALL:
            return -value >= limit.value
        case _:
            return value >= limit.value


def resets(*, limit: AlarmLimit, value: float | None) -> bool:
    """Tell whether this value (or change per minute) clears the limit. Where both hold, it trips."""
    if value is None or trips(limit=limit, value=value):
        return False
    match limit.trip:
        case Trip.BELOW:
            return value >= limit.reset
        case Trip.FALL:
            return -value <= limit.reset
        case _:
            return value <= limit.reset


def _said(profile: DeviceProfile, level: int | None, severity: int | None) -> int | None:
    if level is None:
        return severity
    declared = profile.levels > 0 and 0 <= level <= profile.levels
    return profile.severity_of_level(level) if declared or severity is None else severity


def _plausible(profile: DeviceProfile, value: float) -> bool:
    low, high = profile.lowest, profile.highest
    return isfinite(value) and (low is None or value >= low) and (high is None or value <= high)


def _remembered(limits: tuple[AlarmLimit, ...]) -> int:
    """How many readings the rules need: the longest N-of-M, and one before it to see a rate."""
    return 1 + max((limit.of for limit in limits), default=1)


def _measure(limit: AlarmLimit, recent: tuple[tuple[datetime, float], ...], place: int) -> float | None:
    """Return what the limit looks at in this reading: its value, or its change per minute since the one before."""
    at, value = recent[place]
    if limit.trip in {Trip.ABOVE, Trip.BELOW}:
        return value
    if not place:
        return None
    began, before = recent[place - 1]
    return (value - before) / ((at - began) / _MINUTE)


def _fold(watch: Watch, limits: tuple[AlarmLimit, ...], at: datetime) -> Watch:
    """Bring every limit up to the newest reading."""
    since, held = dict(watch.tripped), set(watch.held)
    tripped: list[tuple[int, datetime]] = []
    alarms: list[int] = []
    for place, limit in enumerate(limits):
        measure = _measure(limit, watch.recent, len(watch.recent) - 1)
        if trips(limit=limit, value=measure):
            since.setdefault(place, at)
        elif resets(limit=limit, value=measure):
            since.pop(place, None)
        if place not in since:
            continue
        tripped.append((place, since[place]))
        if place in held or _held(limit, watch.recent, at - since[place]):
            alarms.append(place)
    return replace(watch, tripped=tuple(tripped), held=tuple(alarms))


def _held(limit: AlarmLimit, recent: tuple[tuple[datetime, float], ...], lasted: timedelta) -> bool:
    if lasted < limit.hold:
        return False
    last = range(max(0, len(recent) - limit.of), len(recent))
    reached = sum(trips(limit=limit, value=_measure(limit, recent, place)) for place in last)
    return reached >= limit.samples


def _judged(
    *,
    profile: DeviceProfile,
    limits: tuple[AlarmLimit, ...],
    watch: Watch,
    at: datetime,
    value: float | None,
) -> tuple[Watch, tuple[Sensed, ...]]:
    """Compare what it is in now with what it was in, and say what changed."""
    found = [(limits[place].severity, limits[place].condition) for place in watch.held if place < len(limits)]
    if watch.maker is not None:
        found.append((watch.maker, profile.condition_of(watch.maker, limits)))
    severity, condition = min(found, key=lambda one: one[0], default=(None, None))
    sense = _sense(watch.severity, severity)
    after = replace(watch, severity=severity, condition=condition)
    if sense in {Sense.RAISED, Sense.BACK_IN_BAND} and profile.flaps:
        after = replace(after, changes=(*after.changes, at)[-(profile.flaps + 1) :])
    changed = () if sense is None else (sense,)
    after, calm = _flapping(profile, after, at)
    said = (
        Sensed(sense=one, at=at, severity=severity, condition=condition, value=value)
        for one in (*changed, *calm)
    )
    return after, tuple(said)


def _sense(before: int | None, now: int | None) -> Sense | None:
    if before == now:
        return None
    if before is None:
        return Sense.RAISED
    if now is None:
        return Sense.BACK_IN_BAND
    return Sense.WORSE if now < before else Sense.MILDER


def _flapping(profile: DeviceProfile, watch: Watch, at: datetime) -> tuple[Watch, Iterator[Sense]]:
    """More than ``flaps`` changes within the window are flapping; a whole window without one is calm."""
    begins = at - profile.flap_window
    if not watch.flapping and profile.flaps and sum(one > begins for one in watch.changes) > profile.flaps:
        return replace(watch, flapping=True), iter((Sense.FLAPPING,))
    if watch.flapping and not any(one > begins for one in watch.changes):
        return replace(watch, flapping=False, changes=()), iter((Sense.STEADY,))
    return watch, iter(())
