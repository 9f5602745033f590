"""Which alarms are one event: a storm of a hazard in an area, a gateway whose devices are all silent. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from domain.alarm import Alarm, AlarmOrigin
from domain.alarm_life import AlarmTimes
from domain.correlate_said import DEVICE_HAZARD, Said, device_key, key_of
from domain.hazard import AlarmRules

LEAST_GATEWAY = 2
"""One silent device is a silent device, whatever share of its gateway's it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Crowd:
    """From when on alarms have one parent, and what that is about.

    ``key`` is the parent's dedupe key. ``count`` different assets within ``window`` (None: at
    all) make it. ``gateway`` is the code of a gateway, empty for a storm.
    """

    key: str
    count: int
    window: timedelta | None
    category: str
    condition: str | None
    gateway: str = ""

    def holds(self, alarm: Alarm, *, at: datetime) -> bool:
        """Tell whether an alarm is recent enough to count."""
        return self.window is None or at - alarm.raised_at <= self.window


def crowd_of(*, rules: AlarmRules, said: Said, sizes: Mapping[str, int]) -> Crowd | None:
    """Return the crowd a first word belongs to, or None where it stands alone."""
    key = crowd_key(rules=rules, said=said)
    if key is None:
        return None
    if _is_of_gateway(said):
        share = ceil(rules.gateway_share * sizes.get(key, 0))
        return Crowd(
            key=key,
            count=max(share, LEAST_GATEWAY),
            window=None,
            category=rules.device_category,
            condition=rules.critical_condition or rules.device_condition,
            gateway=said.gateway,
        )
    group = rules.hazards[said.hazard].group
    if group is None:
        return None
    return Crowd(
        key=key,
        count=group.count,
        window=group.window,
        category=group.category or said.category,
        condition=group.condition,
    )


def crowd_key(*, rules: AlarmRules, said: Said) -> str | None:
    """Return the key of the parent a first word may get, or None.

    Silence of a device behind a gateway belongs to the gateway's own alarm; any other alarm of
    a hazard with a group rule to the storm of its area, gateways and devices without one too.
    """
    if _is_of_gateway(said):
        return device_key(source=said.source, code=said.gateway)
    if said.hazard == DEVICE_HAZARD and said.origin is not AlarmOrigin.SILENCE:
        return None  # faults of devices have nothing to do with each other
    hazard = rules.hazards.get(said.hazard)
    if hazard is None or hazard.group is None:
        return None
    area = dict(said.spot.chain).get(hazard.group.area.name.lower(), "")
    if not area:
        return None
    return key_of(source="", subject=f"storm:{area}", hazard=hazard.id, exercise=said.exercise)


def _is_of_gateway(said: Said) -> bool:
    silent = said.hazard == DEVICE_HAZARD and said.origin is AlarmOrigin.SILENCE
    return silent and bool(said.gateway)


def parent_alarm(
    *, crowd: Crowd, members: Sequence[Alarm], said: Said, number: str, rules: AlarmRules
) -> Alarm:
    """Return the parent of these alarms, not begun: as bad as the worst of them, where the first of those stands."""
    worst = min(members, key=lambda one: (one.severity, one.raised_at, one.key))
    hazard = rules.hazards.get(said.hazard)
    names = (hazard.name_zh, hazard.name_en) if hazard is not None else (crowd.gateway, crowd.gateway)
    return Alarm(
        alarm_no=number,
        key=crowd.key,
        origin=AlarmOrigin.SILENCE if crowd.gateway else AlarmOrigin.STORM,
        source=said.source,
        device=crowd.gateway,
        hazard=said.hazard,
        category=crowd.category,
        condition=crowd.condition,
        severity=worst.severity,
        current=worst.severity,
        exercise=said.exercise,
        lon=worst.lon,
        lat=worst.lat,
        chain=_shared(members),
        unit=worst.unit,
        title=" ".join(names),
        raised_at=said.at,
        last_at=said.at,
        group=crowd.key,
    )


def begun_times(times: AlarmTimes, *, alarm: Alarm, at_least: timedelta) -> AlarmTimes:
    """Return the times an alarm begins with.

    A storm waits for nobody and needs no assessment: that many devices say the same.
    """
    if alarm.origin is AlarmOrigin.STORM:
        return replace(times, wait=timedelta(), assess=None)
    return replace(times, wait=max(times.wait, at_least))


def _shared(members: Sequence[Alarm]) -> tuple[tuple[str, str], ...]:
    """Return the areas all of them lie in."""
    chains = [set(one.chain) for one in members]
    return tuple(one for one in members[0].chain if all(one in chain for chain in chains))
