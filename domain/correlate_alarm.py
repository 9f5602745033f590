"""What a word means to an alarm: the first one raises it, a further one is said to it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.alarm import WITH_READINGS, Alarm, AlarmOrigin, AlarmPhase
from domain.alarm_life import AlarmWord, SaidAgain, Withdrawn
from domain.correlate_said import Said, SaidKind
from domain.hazard import Hazard
from domain.place import metres_between


@dataclass(frozen=True, kw_only=True, slots=True)
class Witness:
    """A citizen's report that came before the alarm, and the open case it belongs to. The point is WGS-84."""

    report_no: str
    case_no: str
    category: str
    lon: float
    lat: float
    at: datetime


def witnesses_of(
    alarm: Alarm, *, hazard: Hazard, categories: Iterable[str], known: Iterable[Witness]
) -> list[Witness]:
    """Return the reports that say what an alarm says: of its hazard's categories, so near and so soon before."""
    if alarm.lon is None or alarm.lat is None or alarm.exercise:
        return []
    matching = frozenset(categories)
    found: list[tuple[float, Witness]] = []
    for one in known:
        metres = metres_between(lon=alarm.lon, lat=alarm.lat, other_lon=one.lon, other_lat=one.lat)
        soon = alarm.raised_at - hazard.window <= one.at
        if one.category in matching and soon and metres <= hazard.radius_m:
            found.append((metres, one))
    return [one for _, one in sorted(found, key=lambda pair: (pair[0], pair[1].report_no))]


def word_of(alarm: Alarm, said: Said, worst: int | None) -> AlarmWord:
    """Return what a further word means to an open alarm."""
    if said.kind is SaidKind.WITHDRAWN:
        return Withdrawn(at=said.at, reason=said.text[:200] or "withdrawn")
    unsent = alarm.phase is AlarmPhase.RAISED and alarm.case_no is None
    if worst is None and alarm.origin not in WITH_READINGS:
        return Withdrawn(at=said.at, reason="cleared")
    if worst is None and alarm.origin is AlarmOrigin.SILENCE and unsent:
        return Withdrawn(at=said.at, reason="heard_again")
    return SaidAgain(
        at=said.at,
        severity=worst,
        condition=said.condition,
        value=said.value,
        text=said.text,
        event_id=said.event_id,
        flapping=said.flapping,
        expires_at=said.expires_at,
    )


def raised_by(said: Said, *, number: str, group: str, confidence: float) -> Alarm:
    """Return the alarm a first word raises, not begun."""
    return Alarm(
        alarm_no=number,
        key=said.key,
        origin=said.origin,
        source=said.source,
        device=said.device,
        asset=said.asset,
        gateway=said.gateway,
        hazard=said.hazard,
        category=said.category,
        condition=said.condition,
        severity=said.severity,
        current=said.severity,
        exercise=said.exercise,
        lon=said.spot.lon,
        lat=said.spot.lat,
        chain=said.spot.chain,
        unit=said.unit,
        title=said.title,
        text=said.text,
        raised_at=said.at,
        last_at=said.at,
        expires_at=said.expires_at,
        flapping=said.flapping,
        muted_by=said.muted_by,
        voices=((said.voice, said.severity),),
        group=group,
        confidence=confidence,
    )
