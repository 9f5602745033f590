"""What runs beside a case's own state: tasks, children, orders, requests, each with its own clock.

Every part is JSON-plain and frozen like the state it belongs to. All instants are UTC. A
part that has deadlines arms them under its own ``id`` (``Deadline.item``).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.limit import Limit
from domain.place import Level


class TaskKind(StrEnum):
    """How another unit is brought in (row 21)."""

    SUBTASK = "subtask"
    """Down the chain (下派), deadline inside the parent's."""
    WHISTLE = "whistle"
    """A street calls a department (吹哨报到); both sides' times are kept."""
    CO_HANDLING = "co_handling"
    """A co-handler (协办) who reports to the lead."""


class TaskStatus(StrEnum):
    """What became of a task."""

    OPEN = "open"
    SIGNED_IN = "signed_in"
    REPORTED = "reported"
    WAIVED = "waived"


UNFINISHED = frozenset({TaskStatus.OPEN, TaskStatus.SIGNED_IN})
"""States of a task in which its unit still owes something."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """Work of another unit inside a case. The owner stays the one accountable unit.

    For a whistle ``signed_in_at`` is when the department reported for duty (报到).
    ``by`` is the unit that asked, ``late`` that the deadline passed before the report.
    """

    id: str
    kind: TaskKind
    unit: str
    by: str
    text: str = ""
    mandatory: bool = True
    status: TaskStatus = TaskStatus.OPEN
    asked_at: datetime
    sign_in_due: datetime | None = None
    due: datetime | None = None
    signed_in_at: datetime | None = None
    reported_at: datetime | None = None
    result: str = ""
    photos: tuple[str, ...] = ()
    late: bool = False
    waived: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """A child case as its parent knows it. ``changed`` puts it into the lead's inbox until seen.

    ``seq`` is the child's own counter at its last word, so that an old word changes nothing.
    """

    case_no: str
    text: str = ""
    mandatory: bool = True
    status: str = ""
    owner: str = ""
    severity: int = 4
    district: str | None = None
    street: str | None = None
    close_kind: str | None = None
    epoch: int = 0
    seq: int = 0
    changed: bool = False
    changed_at: datetime | None = None
    waived: str = ""


class SupervisionStatus(StrEnum):
    """Where a supervision order stands (row 38)."""

    OPEN = "open"
    REPLIED = "replied"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Supervision:
    """A supervision order (督办): opened, replied, reviewed. ``cause`` is E4, E9 or "leader"."""

    id: str
    by: str
    unit: str
    cause: str
    text: str = ""
    status: SupervisionStatus = SupervisionStatus.OPEN
    opened_at: datetime
    due: datetime | None = None
    replies: int = 0
    reply: str = ""
    replied_at: datetime | None = None
    late: bool = False
    reviewed_at: datetime | None = None
    review: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Extension:
    """An extension asked for and not decided: first the department, then the dispatcher (row 23).

    ``by`` is the account that asked: nobody approves what they asked for themselves.
    """

    asked_at: datetime
    reason: str
    stage: str = "department"
    due: datetime | None = None
    by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Suspension:
    """A suspension (挂账) until a date, with the measure that keeps the place safe (row 24).

    ``left`` is what remained of the handling limit; None when it had run out before.
    """

    since: datetime
    until: datetime
    reason: str
    plan: str
    interim_measure: str
    evidence: tuple[str, ...] = ()
    left: Limit | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """A stretch in which the total clock stood still: ``need_info`` or ``suspended``. Always shown."""

    why: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class InfoRequest:
    """A question to the reporter: what is missing (place, owner, evidence), asked how often (row 8).

    ``answers`` are all that came so far, oldest first; ``answered_at`` is None while one is awaited.
    Both question and answers may be personal: they stay here, never in facts or logs.
    """

    missing: str
    question: str
    asked_at: datetime
    tries: int = 1
    answered_at: datetime | None = None
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """A look on site before filing by the nearest grid worker (rows 10, 11).

    ``finding`` is "", exists, not_found or cannot_tell; ``assumed`` that nobody looked in time.
    """

    unit: str
    asked_at: datetime
    finding: str = ""
    found_at: datetime | None = None
    assumed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Transfer:
    """A case handed to somebody outside: 110/119/120/122 or another city (rows 5, 6)."""

    to: str
    at: datetime
    reference: str = ""
    confirmed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReachedMilestone:
    """One of several deadlines of a case (分阶段时限) and when it was reached."""

    code: str
    name_zh: str = ""
    name_en: str = ""
    due: datetime
    reached_at: datetime | None = None
    late: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Appeal:
    """An appeal (申诉) against an overdue mark or a bad grade: two reviews, once (row 37).

    ``status`` is pending, approved, rejected, or lapsed with its case; ``stage`` first or second.
    The raw fact stays whatever is decided; only the figure is exempt.
    """

    about: str
    reason: str
    filed_at: datetime
    by: str
    status: str = "pending"
    stage: str = "first"
    first_reviewer: str = ""
    due: datetime | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportedUp:
    """What a unit could not do and reported up (E2): the upper level must decide."""

    by: str
    reason: str
    at: datetime
    to: str
    level: Level
    due: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Emergency:
    """The emergency track: event grade, warning level and response level are three scales.

    ``grade`` 1 特别重大 … 4 一般; ``warning`` 1 red … 4 blue; ``response`` 1 … 4; None where
    nobody has set it. ``late`` counts reports that were not made in time.
    """

    since: datetime
    grade: int | None = None
    warning: int | None = None
    response: int | None = None
    phoned_at: datetime | None = None
    written_at: datetime | None = None
    last_at: datetime | None = None
    final_at: datetime | None = None
    reports: int = 0
    late: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkedAlarm:
    """An alarm the case is about, as it last said. ``out``: its readings keep the case from being solved."""

    alarm_no: str
    seq: int = 0
    phase: str = ""
    out: bool = False
