"""What a supervisor's board shows beside figures: the latest, the climbing, where it is dense, the trend."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.figures import NOTHING, Counts
from domain.place import Level


class Dimension(StrEnum):
    """By what figures are broken down; each is a column of a case."""

    DISTRICT = "district"
    STREET = "street"
    UNIT = "owner"
    CATEGORY = "category"
    LEVEL = "level"
    SEVERITY = "severity"


class Span(StrEnum):
    """How far back the figures of a period look from now."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"

    @property
    def length(self) -> timedelta:
        """Return how long it is."""
        return {Span.DAY: timedelta(days=1), Span.WEEK: timedelta(days=7), Span.MONTH: timedelta(days=30)}[
            self
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """A stretch of time, its start left out, its end included: adjoining ones count nothing twice."""

    start: datetime
    end: datetime

    def earlier(self, by: timedelta) -> "Period":
        """Return the stretch that long before."""
        return Period(start=self.start - by, end=self.end - by)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """The counters of a period, in all and by every dimension; "" stands for cases that have no such code."""

    period: Period
    by: Mapping[Dimension, Mapping[str, Counts]]

    @property
    def total(self) -> Counts:
        """Return all of it: every case has a severity."""
        return sum(self.by.get(Dimension.SEVERITY, {}).values(), start=NOTHING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """A step of a trend: what came in, was closed and went overdue from ``start`` on."""

    start: datetime
    received: int = 0
    closed: int = 0
    overdue: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Late:
    """A case past its handling deadline, as far as a screen in public view may say."""

    case_no: str
    category: str
    category_name: str
    severity: int
    level: Level
    district: str | None
    street: str | None
    owner: str
    supervisors: tuple[str, ...]
    status: str
    received_at: datetime
    handling_due: datetime
    under_order: bool
    exercise: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Climb:
    """A case that went up a level: by which trigger (E1–E9 …), from where to where, and whom it calls.

    ``status`` and ``owner`` are the case's of now; ``trigger`` and the levels are of the escalation.
    """

    case_no: str
    at: datetime
    trigger: str
    source: Level | None
    level: Level | None
    supervisor: str
    category: str
    category_name: str
    severity: int
    district: str | None
    street: str | None
    owner: str
    status: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Newest:
    """A case that came in, at street level."""

    case_no: str
    category: str
    category_name: str
    severity: int
    district: str | None
    street: str | None
    status: str
    received_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Hotspot:
    """Cases in hand around a point (WGS-84 degrees) that is rounded to ``CELL``: no address can be told from it."""

    lon: float
    lat: float
    cases: int
    severity: int


CELL = 0.0025
"""Degrees between the points of a heat map: some 250 m, the precision of a street."""
