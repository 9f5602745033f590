"""A city's rules about alarms, as data (``alarms.toml``): what belongs together, what mutes what, who answers.

Grouping follows Alertmanager's three times (wait, interval, repeat); the alarm's life is
domain.md §5; shelving and return to normal are ISA-18.2's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from domain.place import Level


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupRule:
    """When many alarms of a hazard in one area are one event (a storm).

    A first alarm milder than severity 1 waits ``wait`` for others before its case opens.
    ``count`` or more assets in alarm within ``window`` in one area of level ``area`` make one parent;
    its owner hears of new children every ``interval`` and, while nothing changes, every
    ``repeat``. The parent's case is of ``category`` and ``condition``.
    """

    area: Level = Level.STREET
    count: int = 5
    window: timedelta = timedelta(minutes=10)
    wait: timedelta = timedelta(seconds=30)
    interval: timedelta = timedelta(minutes=5)
    repeat: timedelta = timedelta(minutes=60)
    category: str = ""
    condition: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Hazard:
    """What is feared. Alarms of the same asset and hazard are one alarm.

    A citizen's report of one of ``citizen_categories`` (codes or globs) within ``radius_m``
    metres and ``window`` of an open alarm joins it and raises its confidence.
    ``release_hold`` is how long a reading must be back in band before the alarm may be released.
    """

    id: str
    name_zh: str
    name_en: str
    citizen_categories: tuple[str, ...] = ()
    radius_m: float = 200.0
    window: timedelta = timedelta(minutes=30)
    release_hold: timedelta = timedelta(minutes=10)
    group: GroupRule | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Inhibition:
    """While a case or alarm of ``categories`` is open in an area, silence of devices there raises nothing.

    It is recorded as muted, with what mutes it, and looked at again when that ends.
    """

    id: str
    name_zh: str
    name_en: str
    categories: tuple[str, ...]
    area: Level = Level.STREET


class Unanswered(StrEnum):
    """What an assessment nobody answers in time turns into."""

    TRUE = "true"
    ESCALATE = "escalate"


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmRules:
    """Everything about alarms a city decides.

    ``unanswered`` maps severities to what silence means; severity 1 counts as true whatever
    stands there. A category whose filing condition has a milestone ``assess`` waits for a
    duty officer that long; ``assess_within`` is for alarms without a category's own limit.
    ``false_reasons`` are the codes a false alarm must give; ``fault_after`` false alarms of one
    device within ``fault_within`` open a case of ``device_category``. ``gateway_share`` of a
    gateway's devices silent at once means the gateway is dead.
    """

    hazards: Mapping[str, Hazard] = field(default_factory=dict)
    inhibitions: tuple[Inhibition, ...] = ()
    unanswered: Mapping[int, Unanswered] = field(default_factory=dict)
    assess_within: timedelta = timedelta(minutes=15)
    false_reasons: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    fault_after: int = 3
    fault_within: timedelta = timedelta(days=7)
    device_category: str = ""
    device_condition: str | None = None
    critical_condition: str | None = None
    gateway_share: float = 0.5
