"""What changes the limits of a case besides its filing condition: seasons and classes of areas.

A rule overlay is a temporary arrangement with a start and an end (reference: domain.md §1.4,
the summer fast track 清爽度夏: respond within 2 hours, close within 3 working days). A grid
class is lasting: a city is stricter in its centre than in its outskirts (管理等级, §1.3). Both
are data of the pack, and what they change is pinned to the case with the rest of its rules.
"""

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from domain.limit import Limit


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleOverlay:
    """A temporary change of limits for the events it selects.

    It holds for reports received from ``starts`` (included) to ``ends`` (excluded), UTC-aware.
    ``tags`` selects by any of them, ``categories`` by any code or glob; where both are given,
    both must fit. ``limit`` is the handling limit; ``stages`` holds pairs of a stage
    (a field of StageLimits or a limit of the Rulebook) and its limit. Where several overlays
    set the same limit, the one with the higher ``priority`` decides, then the lower id. A
    limit is only ever shortened, unless ``may_lengthen``.
    """

    id: str
    name_zh: str
    name_en: str
    starts: datetime
    ends: datetime
    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    limit: Limit | None = None
    stages: tuple[tuple[str, Limit], ...] = ()
    priority: int = 0
    may_lengthen: bool = False

    def holds(self, *, category: str, tags: tuple[str, ...], at: datetime) -> bool:
        """Tell whether an event of this category and these tags, received then, is selected."""
        return (
            self.starts <= at < self.ends
            and (not self.tags or not set(self.tags).isdisjoint(tags))
            and (not self.categories or any(fnmatchcase(category, one) for one in self.categories))
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class GridClass:
    """A class of areas (管理等级) whose handling limits are multiplied by ``factor`` (more than 0).

    ``areas`` are codes or globs over the codes of the area chain, of any level; the finest
    area that some class names decides.
    """

    name: str
    name_zh: str
    name_en: str
    factor: float
    areas: tuple[str, ...]

    def names(self, code: str) -> bool:
        """Tell whether an area of this code is in the class."""
        return any(fnmatchcase(code, one) for one in self.areas)
