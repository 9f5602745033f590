"""What a case begins with: gathered by use cases, decided by ``domain.begin``."""

from dataclasses import dataclass
from datetime import datetime

from domain.decision import RoutingDecision
from domain.place import Level, Place
from domain.policy import CaseRules


@dataclass(frozen=True, kw_only=True, slots=True)
class Begin:
    """What is known when a report becomes a case.

    ``at`` is when the engine decides, ``received_at`` when the report was accepted.
    ``master`` is an open case about the same event that routing is sure of (merge at
    once); ``proposals`` are cases an operator should look at first. ``triage_unit`` is
    accountable as long as no unit owns the case. ``report_no`` is empty for a case nobody
    reported: the child or the parent of others.

    ``parent`` is the case this one is a child of; ``repeat_of`` a case closed lately at the
    same place about the same thing, of which this is repetition ``repeats`` (row 39).
    ``repeated`` says why the reporter's earlier case ``master`` is
    joined (重复诉求). ``span`` holds codes of further streets or districts the event reaches into (E7); ``floor`` is
    the lowest level that may command it because of ``trigger``, E7 or E8. A case
    split off again goes on in a new ``epoch`` from ``seq``; ``apart_from`` is the former master.
    ``alarm`` is the alarm the case is about, ``alarm_out`` that its readings are out of band.
    """

    case_no: str
    report_no: str
    at: datetime
    received_at: datetime
    category: str
    category_name: str
    channel: str
    severity: int
    place: Place
    decision: RoutingDecision
    rules: CaseRules
    triage_unit: str
    site_check: bool = False
    wants_visit: bool = True
    exercise: bool = False
    master: str | None = None
    proposals: tuple[str, ...] = ()
    confirm_below: float = 0.5
    tags: tuple[str, ...] = ()
    parent: str | None = None
    repeat_of: str | None = None
    repeats: int = 0
    repeated: str = ""
    span: tuple[str, ...] = ()
    floor: Level | None = None
    trigger: str = ""
    epoch: int = 1
    seq: int = 0
    apart_from: str | None = None
    alarm: str | None = None
    alarm_out: bool = False
