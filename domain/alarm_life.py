"""What an alarm does when something is said about it or time passes. Pure: ``step`` holds every rule of its life.

Reference: domain.md §5. The words below are all that can happen to an alarm; what a step owes
others (a case to open, a word to a case, a notice, a device fault) is written in the same
transaction as the step.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from domain.actor import Actor
from domain.alarm import Alarm, AlarmFact
from domain.hazard import Unanswered


class Verdict(StrEnum):
    """What an assessor found."""

    TRUE = "true"
    FALSE = "false"
    DEVICE_FAULT = "device_fault"
    MERGED = "merged"


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """The alarm was raised; ``at`` is when the engine took it."""

    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SaidAgain:
    """Another word about the same asset and hazard. ``severity`` None means back in band."""

    at: datetime
    severity: int | None
    condition: str | None = None
    value: float | None = None
    text: str = ""
    event_id: str = ""
    flapping: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Corroborated:
    """A citizen reported the same; ``case_no`` is the report's own case where the alarm has none yet."""

    at: datetime
    report_no: str
    case_no: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessed:
    """A duty officer's answer. ``reason`` of a false alarm is one of the pack's codes."""

    at: datetime
    actor: Actor
    verdict: Verdict
    severity: int | None = None
    reason: str = ""
    text: str = ""
    into: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmed:
    """Somebody on site says that it is safe."""

    at: datetime
    actor: Actor
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Regraded:
    """A person grades it anew; milder than severity 1 only a person may."""

    at: datetime
    actor: Actor
    severity: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseTold:
    """The case about it has moved (``status`` of the case's table)."""

    at: datetime
    case_no: str
    status: str
    close_kind: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class JoinedStorm:
    """It is a child of a storm now: the parent's case is about it."""

    at: datetime
    parent: str
    case_no: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawn:
    """Its sender takes it back (CAP Cancel, a maker's clear of an alarm without readings), or it has expired."""

    at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """A deadline of it has passed."""

    at: datetime


AlarmWord = (
    Begun
    | SaidAgain
    | Corroborated
    | Assessed
    | Confirmed
    | Regraded
    | CaseTold
    | JoinedStorm
    | Withdrawn
    | Due
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmTimes:
    """The times of one alarm, from its category, hazard and severity.

    ``assess`` None: nobody assesses, the automatic checks suffice. ``wait`` collects others
    before a case opens (never for severity 1). ``hold`` in band before a release. ``fault_category``
    is what a device fault is filed under.
    """

    assess: timedelta | None
    wait: timedelta = timedelta()
    hold: timedelta = timedelta(minutes=10)
    unanswered: Unanswered = Unanswered.ESCALATE
    assessors: tuple[str, ...] = ()
    """Who is asked, the first one first; an unanswered assessment goes to the next, the last one again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenCase:
    """A case is to be opened about the alarm, in this transaction."""

    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TellCase:
    """The case is told what became of the alarm (``domain.messages_alarm.AlarmChanged``)."""

    case_no: str
    word: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TellUnit:
    """A notice to a unit. ``context`` is JSON-plain."""

    template: str
    unit: str
    context: dict[str, str | int | float | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultOfDevice:
    """The device is to be looked at: a case of the device category, once while one is open."""

    reason: str


Owed = OpenCase | TellCase | TellUnit | FaultOfDevice


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmStep:
    """What a word did. ``alarm.next_due`` is armed for what comes next."""

    alarm: Alarm
    facts: tuple[AlarmFact, ...] = ()
    owes: tuple[Owed, ...] = ()
