"""What a case can be about. Class codes are data with a scheme, never an enum.

Deadlines hang on the filing condition (立案条件), not on the category: one category has
several conditions, each with its own limit and closing condition.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.limit import Limit
from domain.place import Level


class CategoryKind(StrEnum):
    """Part (部件), event (事件), hotline demand (诉求) or sensor alarm (报警)."""

    PART = "part"
    EVENT = "event"
    DEMAND = "demand"
    SENSOR = "sensor"


@dataclass(frozen=True, kw_only=True, slots=True)
class Milestone:
    """One of several deadlines of a case, counted from dispatch (illegal building: stop, fine, pull down)."""

    code: str
    name_zh: str
    name_en: str
    limit: Limit


@dataclass(frozen=True, kw_only=True, slots=True)
class FilingCondition:
    """A filing condition with its handling limit. The first one of a category is its default."""

    code: str
    name_zh: str
    name_en: str
    limit: Limit
    closing_zh: str = ""
    closing_en: str = ""
    milestones: tuple[Milestone, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    """One type of the catalogue.

    ``departments`` are department types, the lead first, co-handlers after it.
    ``level`` is who gets it first; ``severity`` runs 1 (worst) to 4; ``site_check`` asks
    for a check on site before closing whatever the severity.
    """

    code: str
    scheme: str
    kind: CategoryKind
    name_zh: str
    name_en: str
    departments: tuple[str, ...]
    level: Level
    severity: int
    conditions: tuple[FilingCondition, ...]
    site_check: bool = False
    keywords: tuple[str, ...] = ()

    def condition(self, code: str | None) -> FilingCondition:
        """Return the named condition or, for None, the default one. KeyError if unknown."""
        if code is None:
            return self.conditions[0]
        for condition in self.conditions:
            if condition.code == code:
                return condition
        raise KeyError(code)
