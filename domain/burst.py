"""E8: many reports or alarms of one kind in one area and a short time are one event (domain.md §4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from domain.place import Level


@dataclass(frozen=True, kw_only=True, slots=True)
class BurstRule:
    """From when on reports of a group of categories become one parent event.

    ``categories`` are exact codes or globs. ``reports`` of any channel, or ``alarms`` of
    sensors, within ``window`` inside one area of level ``area`` (STREET or DISTRICT) make a
    burst; 0 switches a count off. The parent has ``parent_category`` and is commanded at
    ``level`` (DISTRICT or CITY) or above; it waits for its children only when they are
    ``mandatory``.
    """

    id: str
    name_zh: str
    name_en: str
    categories: tuple[str, ...]
    parent_category: str
    parent_condition: str | None = None
    reports: int = 0
    alarms: int = 0
    window: timedelta
    area: Level = Level.STREET
    level: Level = Level.DISTRICT
    mandatory: bool = False

    def takes(self, category: str) -> bool:
        """Tell whether the group holds this category."""
        return any(fnmatchcase(category, pattern) for pattern in self.categories)

    def reached(self, *, reports: Sequence[datetime], alarms: Sequence[datetime]) -> bool:
        """Tell whether this many at these instants (UTC) are a burst; alarms count as reports too."""
        return (0 < self.reports <= densest([*reports, *alarms], window=self.window)) or (
            0 < self.alarms <= densest(alarms, window=self.window)
        )


def densest(instants: Sequence[datetime], *, window: timedelta) -> int:
    """Return how many of the instants lie in the fullest stretch of this length, its ends included."""
    ordered = sorted(instants)
    first = most = 0
    for last, instant in enumerate(ordered):
        while instant - ordered[first] > window:
            first += 1
        most = max(most, last - first + 1)
    return most
