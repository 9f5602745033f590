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
class SeverityPolicy:
    """Stage limits and escalation rules of one severity (1 worst … 4)."""

    severity: int
    stages: StageLimits
    escalation: EscalationRules
    default_limit: Limit


@dataclass(frozen=True, kw_only=True, slots=True)
class Rung:
    """Who commands this case at one level. ``unit`` is None where the level has nobody."""

    level: Level
    unit: str | None
    duty: DutyHours = DutyHours.ALWAYS
    why_empty: str = ""


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
