"""What can be said about an alarm, and what it owes others because of it.

``domain.alarm_steps.step`` holds every rule of its life (reference: domain.md §5). The words below
are all that can happen to an alarm; what a step owes others (a case to open, a word to a case, a
notice, a device fault) is written in the same transaction as the step.
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


class AlarmProblem(StrEnum):
    """Why an alarm does not take what a person says."""

    PHASE = "phase"
    REASON = "reason"
    SEVERITY = "severity"


class AlarmRefused(Exception):
    """The alarm does not take a person's word. ``params`` fill the sentence."""

    def __init__(self, code: AlarmProblem, **params: str) -> None:
        """Keep code and parameters."""
        super().__init__(code.value)
        self.code = code
        self.params = params


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """The alarm was raised; ``at`` is when the engine took it."""

    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SaidAgain:
    """Another word about the same asset and hazard. ``severity`` None means back in band.

    ``expires_at`` replaces the alarm's where the word has one.
    """

    at: datetime
    severity: int | None
    condition: str | None = None
    value: float | None = None
    text: str = ""
    event_id: str = ""
    flapping: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Corroborated:
    """A citizen reported the same; ``case_no`` is the report's own case where the alarm has none yet."""

    at: datetime
    report_no: str
    case_no: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessed:
    """A duty officer's answer. ``reason`` of a false alarm is one of the pack's codes, ``text`` its evidence.

    ``into`` and ``case_no`` are the alarm it is merged into and that one's case. ``suspect``:
    with this one the device has given so many false alarms that it is to be looked at.
    """

    at: datetime
    actor: Actor
    verdict: Verdict
    severity: int | None = None
    reason: str = ""
    text: str = ""
    into: str | None = None
    case_no: str | None = None
    suspect: bool = False
    request_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmed:
    """Somebody on site says that it is safe."""

    at: datetime
    actor: Actor
    text: str = ""
    request_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Regraded:
    """A person grades it anew; milder than severity 1 only a person may."""

    at: datetime
    actor: Actor
    severity: int
    reason: str
    request_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseTold:
    """The case about it has moved (``status`` of the case's table). ``master`` is what it was merged into.

    ``seq`` counts up with the case: a word that was overtaken changes nothing; 0 is not counted.
    """

    at: datetime
    case_no: str
    status: str
    close_kind: str | None = None
    master: str | None = None
    seq: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class JoinedStorm:
    """It is a child of a storm now: the parent's case is about it."""

    at: datetime
    parent: str
    case_no: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Gathered:
    """What has become of a storm's children: how many there are, and the worst of those out of band, or None."""

    at: datetime
    children: int
    worst: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unmuted:
    """What inhibited it has ended, and it is still so."""

    at: datetime


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
    | Gathered
    | Unmuted
    | Withdrawn
    | Due
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmTimes:
    """The times of one alarm, from its category, hazard and severity.

    ``assess`` None: nobody assesses, the automatic checks suffice. ``wait`` collects others
    before a case opens (never for severity 1). ``hold`` in band before a release. The owner of a storm hears of new children every
    ``interval``, and while nothing changes every ``repeat``; 0 never.
    """

    assess: timedelta | None
    wait: timedelta = timedelta()
    hold: timedelta = timedelta(minutes=10)
    unanswered: Unanswered = Unanswered.ESCALATE
    assessors: tuple[str, ...] = ()
    """Who is asked, the first one first; an unanswered assessment goes to the next, the last one again."""
    interval: timedelta = timedelta()
    repeat: timedelta = timedelta()


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenCase:
    """A case is to be opened about the alarm, in this transaction."""

    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TellCase:
    """The case is told what became of the alarm (``domain.messages_alarm.AlarmChanged``).

    ``word`` is linked, warning, unanswered, in_band, relapse, worse, milder, regraded, confirmed,
    false_alarm, device_fault, merged, withdrawn, released or children.
    """

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
