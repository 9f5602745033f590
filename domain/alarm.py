"""The life of an alarm: raised → assessing → false alarm, device fault, merged or warning → … → released.

An alarm is a row with clocks, like an instruction (ADR 0016): tens of thousands may stand at
once, and most never become anybody's case. What must be done about one is a case, opened
in the same transaction as the step that asks for it. Reference: domain.md §5.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class AlarmPhase(StrEnum):
    """States of an alarm."""

    RAISED = "raised"
    ASSESSING = "assessing"
    FALSE_ALARM = "false_alarm"
    DEVICE_FAULT = "device_fault"
    MERGED = "merged"
    WARNING = "warning"
    RESPONDING = "responding"
    RECOVERING = "recovering"
    RELEASED = "released"


ALARM_PHASE_ZH: dict[AlarmPhase, str] = {
    AlarmPhase.RAISED: "已报警",
    AlarmPhase.ASSESSING: "研判中",
    AlarmPhase.FALSE_ALARM: "误报",
    AlarmPhase.DEVICE_FAULT: "设备故障",
    AlarmPhase.MERGED: "已合并",
    AlarmPhase.WARNING: "预警",
    AlarmPhase.RESPONDING: "响应中",
    AlarmPhase.RECOVERING: "恢复中",
    AlarmPhase.RELEASED: "已解除",
}

ALARM_ENDED = frozenset({AlarmPhase.FALSE_ALARM, AlarmPhase.DEVICE_FAULT, AlarmPhase.RELEASED})
"""Phases after which the same asset and hazard raise a new alarm."""


ALARM_SOURCE = "alarms"
"""The source of reports that alarms make; their ``source_no`` is the alarm's number."""


class AlarmOrigin(StrEnum):
    """What raised it: a limit of ours, the maker's own alarm, a warning service, silence, a storm of others."""

    LIMIT = "limit"
    MAKER = "maker"
    SERVICE = "service"
    SILENCE = "silence"
    STORM = "storm"


WITH_READINGS = frozenset({AlarmOrigin.LIMIT, AlarmOrigin.SILENCE, AlarmOrigin.STORM})
"""Origins of which readings tell that the danger is over; of the others only a withdrawal or a person does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """Everything about one alarm. All instants are UTC.

    ``key`` is its dedupe key, unique while it is open (source, asset or device, hazard,
    exercise). ``severity`` is what it counts as; ``current`` what readings say now, None
    in band since ``in_band_at``. ``graded`` is a person's grade, ``graded_over`` what the readings
    said then: the same readings do not undo it. ``count`` is how many words it is made of.
    ``confidence`` 0–1. ``case_no`` is the case about it; ``parent`` the number of the storm it
    is a child of. ``opens_at`` ends the wait for others, ``assess_due`` is when an answer is
    owed, ``tell_due`` when a storm's owner hears of new children; ``next_due`` is the next
    deadline of any kind, which the relay watches. ``muted_by`` names what inhibits it.
    ``withdrawn_at`` is when its sender took it back, or it expired.
    """

    alarm_no: str
    seq: int = 0
    key: str
    origin: AlarmOrigin
    phase: AlarmPhase = AlarmPhase.RAISED
    source: str
    device: str = ""
    asset: str = ""
    gateway: str = ""
    hazard: str
    category: str
    condition: str | None = None
    severity: int
    current: int | None = None
    exercise: bool = False
    lon: float | None = None
    lat: float | None = None
    chain: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    title: str = ""
    text: str = ""
    raised_at: datetime
    last_at: datetime
    count: int = 1
    reports: tuple[str, ...] = ()
    confidence: float = 0.5
    case_no: str | None = None
    case_status: str = ""
    parent: str | None = None
    children: int = 0
    told_children: int = 0
    group: str = ""
    assess_due: datetime | None = None
    assessments_missed: int = 0
    verdict: str = ""
    reason: str = ""
    assessed_by: str = ""
    assessed_at: datetime | None = None
    in_band_at: datetime | None = None
    confirmed_at: datetime | None = None
    confirmed_by: str = ""
    released_at: datetime | None = None
    expires_at: datetime | None = None
    flapping: bool = False
    muted_by: str = ""
    next_due: datetime | None = None
    opens_at: datetime | None = None
    withdrawn_at: datetime | None = None
    graded: int | None = None
    graded_over: int | None = None
    tell_due: datetime | None = None
    told_at: datetime | None = None
    case_seq: int = 0
    voices: tuple[tuple[str, int], ...] = ()
    """Which devices of the asset are in alarm now, and how badly: it is in band when none is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmFact:
    """One thing that happened to an alarm; ``seq`` counts up from 1. ``data`` is JSON-plain, no personal data."""

    alarm_no: str
    seq: int
    at: datetime
    kind: str
    source: AlarmPhase | None
    target: AlarmPhase | None
    by: str
    data: dict[str, str | int | float | bool | list[str] | None] = field(default_factory=dict)
