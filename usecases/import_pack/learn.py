"""Learn from a feed who handles what: a majority per tag and per category, with its counts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from usecases.import_pack.feed import FeedRow

_ENOUGH_TARGETS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Vote:
    """The department that most rows name: ``rows`` of ``total``."""

    department: str
    rows: int
    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Learned:
    """What a set of rows taught. ``hours`` is the median time allowed per category, in hours."""

    rows: int
    by_category: Mapping[str, Vote]
    by_tag: Mapping[str, Vote]
    hours: Mapping[str, float]

    def department(self, row: FeedRow, *, tags: bool = True) -> str | None:
        """Return the department these rules give a row: by its tag if known, else by its category."""
        for tag in row.tags if tags else ():
            if tag in self.by_tag:
                return self.by_tag[tag].department
        vote = self.by_category.get(row.category)
        return vote.department if vote else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """How learned rules did on rows: agreements of all rows that name a department."""

    right: int
    right_by_category: int
    total: int


def learn(rows: Iterable[FeedRow]) -> Learned:
    """Count departments per category and per tag. Ties go to the alphabetically first."""
    categories: dict[str, Counter[str]] = defaultdict(Counter)
    tags: dict[str, Counter[str]] = defaultdict(Counter)
    allowed: dict[str, list[float]] = defaultdict(list)
    number = 0
    for row in rows:
        number += 1
        if row.opened_at and row.target_at and row.target_at > row.opened_at:
            allowed[row.category].append((row.target_at - row.opened_at).total_seconds() / 3600)
        if row.department:
            categories[row.category][row.department] += 1
            for tag in row.tags:
                tags[tag][row.department] += 1
    return Learned(
        rows=number,
        by_category={code: _vote(counts) for code, counts in sorted(categories.items())},
        by_tag={tag: _vote(counts) for tag, counts in sorted(tags.items())},
        hours={code: median(hours) for code, hours in allowed.items() if len(hours) >= _ENOUGH_TARGETS},
    )


def score(*, learned: Learned, rows: Iterable[FeedRow]) -> Score:
    """Compare learned departments with the records' own."""
    judged = [row for row in rows if row.department]
    return Score(
        right=sum(learned.department(row) == row.department for row in judged),
        right_by_category=sum(learned.department(row, tags=False) == row.department for row in judged),
        total=len(judged),
    )


def _vote(counts: Counter[str]) -> Vote:
    department, rows = min(counts.items(), key=lambda item: (-item[1], item[0]))
    return Vote(department=department, rows=rows, total=counts.total())
