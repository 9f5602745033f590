"""The answer of routing: who is responsible, how fast, and why."""

from dataclasses import dataclass
from enum import StrEnum

from domain.catalogue import Milestone
from domain.limit import Limit
from domain.place import Level, Place


class Shortfall(StrEnum):
    """Why no unit could be chosen. The case then goes to triage, never away."""

    NO_LOCATION = "no_location"
    OUTSIDE_CITY = "outside_city"
    UNKNOWN_CATEGORY = "unknown_category"
    NO_RULE = "no_rule"
    NO_UNIT = "no_unit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One step of the explanation: the aspect decided, the rule that decided, in words."""

    aspect: str
    rule: str
    zh: str
    en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RunnerUp:
    """A rule that matched as well and lost, with the reason it lost."""

    rule: str
    lead: str | None
    why_zh: str
    why_en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteRequest:
    """What routing is asked: a located place, a category, its condition and circumstances.

    ``asset_owner`` is the code of a unit or a department type, when the part or sensor is
    known to belong to it; ``minute_of_day`` is the city's local time in minutes from
    midnight (None = unknown, then no rule bound to hours matches).
    """

    place: Place
    category: str
    condition: str | None = None
    severity: int | None = None
    channel: str = ""
    tags: tuple[str, ...] = ()
    asset_owner: str | None = None
    minute_of_day: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RoutingDecision:
    """Who gets a case. ``lead`` is None exactly when ``shortfall`` is set.

    ``level`` is the level of entry, that of the lead unit; ``limit`` the handling limit of
    the filing condition; ``confidence`` runs 0 to 1, and below the pack's threshold a dispatcher confirms.
    """

    lead: str | None
    co_handlers: tuple[str, ...] = ()
    copy_to: tuple[str, ...] = ()
    level: Level = Level.STREET
    condition: str = ""
    limit: Limit | None = None
    severity: int = 4
    reasons: tuple[Reason, ...] = ()
    runners_up: tuple[RunnerUp, ...] = ()
    shortfall: Shortfall | None = None
    confidence: float = 1.0
    version: str = ""
    category: str = ""
    milestones: tuple[Milestone, ...] = ()
