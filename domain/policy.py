"""The rules pinned to a case when it is filed: limits, escalation, ladder, calendar.

A case carries its rules with it, so that a later change of the pack changes nothing
behind anybody's back and a replay needs nothing but the case.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.calendar import WorkCalendar
from domain.limit import Limit
from domain.place import Level
from domain.unit import DutyHours


@dataclass(frozen=True, kw_only=True, slots=True)
class StageLimits:
    """Limits of the stages other than handling, by the transition table's deadline column."""

    triage: Limit
    sign_in: Limit
    return_request: Limit
    return_decision: Limit
    arbitration: Limit
    contact: Limit
    check: Limit
    rework: Limit
    visit_start: Limit
    visit: Limit
    retention: Limit


@dataclass(frozen=True, kw_only=True, slots=True)
class EscalationRules:
    """Fractions and counts of the triggers E1–E6 (reference: domain.md §4.2).

    ``remind_at``, ``call_at`` and ``raise_at`` are fractions of the sign-in limit (E3);
    ``warn_at``, ``overdue_at`` and ``raise_overdue_at`` are fractions of the handling
    limit (E4); ``floor`` is the lowest level a case of this severity may be commanded at
    (E1); ``returns`` and ``reworks`` are the counts of E5 and E6; ``repeat`` is how often
    the city level is reminded, since the top of the ladder never falls off the end.
    """

    remind_at: float = 0.5
    call_at: float = 1.0
    raise_at: float = 1.5
    warn_at: float = 0.8
    overdue_at: float = 1.0
    raise_overdue_at: float = 2.0
    floor: Level = Level.GRID
    returns: int = 2
    reworks: int = 2
    unsolved_visits: int = 2
    repeat: Limit


@dataclass(frozen=True, kw_only=True, slots=True)
class EmergencyRules:
    """Reporting upward in an emergency (信息报送; 突发事件应对法 17, 61; 生产安全事故报告和调查处理条例).

    ``phone`` and ``written`` run from the moment the emergency track begins, ``follow_up``
    from every report until the final one. Nothing is reported late, false or not at all:
    each report is a timer with its evidence.
    """

    phone: Limit
    written: Limit
    follow_up: Limit


@dataclass(frozen=True, kw_only=True, slots=True)
class Rulebook:
    """Limits and counts of the whole rulebook (reference: domain.md §8) for one severity.

    A case begun before there was one has None, and goes on exactly as it began: that is
    what keeps its history replayable (ADR 0013).

    ``info_wait`` is how long a reporter has for one of ``info_tries`` questions (rows 8, 9);
    ``verify`` the look on site before filing (10, 11); ``transfer`` the other side's receipt
    (5, 6); ``task_sign_in`` sub-tasks and whistles (21); ``extension`` each step of deciding
    one, of which ``extensions`` may be granted (23); suspensions over ``suspend_days`` need a
    district, and none is longer than ``suspend_most_days`` (24); ``check_within_m`` is how far
    from the place a check on site may be recorded, in metres (28); ``rectify`` the limit for a
    bad grade (34); ``appeal_file`` and ``appeal_review`` run from closing and from each step
    (37); ``supervision_reply`` and ``supervision_review`` belong to 督办 (38);
    ``acknowledge`` is the ack time-out of a supervisor added by escalation and ``decide_up``
    the time an upper level has to decide what was reported up (E2).
    ``answered_visit_share`` (0–1) of enquiries answered at once are visited (row 3);
    ``contact`` switches the response clock on (row 20).
    """

    info_wait: Limit
    verify: Limit
    transfer: Limit
    task_sign_in: Limit
    extension: Limit
    rectify: Limit
    appeal_file: Limit
    appeal_review: Limit
    supervision_reply: Limit
    supervision_review: Limit
    acknowledge: Limit
    decide_up: Limit
    info_tries: int = 2
    extensions: int = 2
    visit_tries: int = 3
    suspend_days: int = 30
    suspend_most_days: int = 365
    check_within_m: float = 50.0
    answered_visit_share: float = 0.0
    contact: bool = True
    supervise_overdue: bool = True
    emergency: EmergencyRules | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TagRule:
    """What a tag on a report does to its case (E9: 领导批示, 媒体曝光, 群体性, 重大活动).

    The case is commanded at ``floor`` or above from its first minute; ``supervise`` opens a
    supervision order (督办) with it; ``illegal`` marks what is never cancelled (row 36).
    """

    tag: str
    floor: Level = Level.GRID
    supervise: bool = False
    illegal: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SeverityPolicy:
    """Stage limits and escalation rules of one severity (1 worst … 4)."""

    severity: int
    stages: StageLimits
    escalation: EscalationRules
    default_limit: Limit
    book: Rulebook | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """Who commands this case at one level. ``unit`` is None where the level has nobody.

    With ``duty`` ROTA somebody is there in the ``windows`` of the week only: minutes of the
    city's week from Monday 00:00, ascending, from included to excluded.
    """

    level: Level
    unit: str | None
    duty: DutyHours = DutyHours.ALWAYS
    why_empty: str = ""
    windows: tuple[tuple[int, int], ...] = ()


class CheckRule(StrEnum):
    """Whether a result is checked on site before closing (row 28)."""

    ALWAYS = "always"
    SEVERE = "severe"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True, slots=True)
class CityClock:
    """Maps the machine's time to the city's: ``city = origin + (real - origin) * speed``.

    Production has speed 1 and both times are the same. The demonstration plays a day in
    minutes with a higher speed; everything stored is then city time. ``origin`` is a
    POSIX time in seconds, ``city_origin`` the city's POSIX time at that instant.
    """

    origin: float = 0.0
    city_origin: float = 0.0
    speed: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseRules:
    """Everything that decides a case besides its own facts; pinned with its version."""

    version: str
    severity: SeverityPolicy
    calendar: WorkCalendar
    ladder: tuple[Rung, ...]
    check: CheckRule = CheckRule.SEVERE
    clock: CityClock = CityClock()
    tags: tuple[TagRule, ...] = ()
