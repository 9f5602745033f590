"""The future of a case if nobody acts: the same ``decide`` on a virtual clock."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from domain.case import ENDED, Alarm, CaseState, Fact, Outcome
from domain.clock import due
from domain.decide import decide
from domain.limit import Limit
from domain.messages import TimePassed

STEADY = 2
"""A deadline that fired so often without anything new is taken to go on like that."""
OWN_TIMES = frozenset({"due", "until"})
"""Data of a fact that changes with every repetition."""

Armed = tuple[Alarm, str]


def future(*, state: CaseState, until: datetime, most: int = 200) -> Iterator[Outcome]:
    """Yield an outcome per deadline that fires up to ``until`` (UTC), at most ``most`` of them.

    The last state of an outcome is the case as it will then be.
    """
    for _ in range(most):
        at = state.next_due
        if at is None or at > until or state.status in ENDED:
            return
        outcome = decide(state, TimePassed(), at)
        state = outcome.state
        yield outcome


class Close(StrEnum):
    """Why a future is told no further: it ends, it repeats, nothing is armed, or the look ends."""

    ENDS = "ends"
    REPEATS = "repeats"
    ASLEEP = "asleep"
    LOOK_ENDS = "look_ends"


@dataclass(slots=True)
class Line:
    """What happens at a moment; ``more`` times the very same happens again, last at ``last``."""

    outcome: Outcome
    at: datetime
    more: int = 0
    last: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Again:
    """A deadline that from ``next_at`` (UTC) on fires for ever.

    ``limit`` is the limit it is armed with, ``every`` the interval where it is always the
    same; both None where neither can be told.
    """

    name: Alarm
    item: str
    next_at: datetime
    every: timedelta | None
    limit: Limit | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Future:
    """A whole future: what is new in it, how it closes, and what then goes on for ever."""

    lines: tuple[Line, ...]
    state: CaseState
    close: Close
    then: tuple[Again, ...] = ()


def whole_future(*, state: CaseState, until: datetime | None = None, most: int = 20_000) -> Future:
    """Play a case forward until it ends or only repeats itself.

    ``until`` (UTC) and ``most`` deadlines bound the look.
    """
    look = _Look(state)
    for _ in range(most):
        at = look.state.next_due
        if look.state.status in ENDED:
            return look.close(Close.ENDS)
        if at is None:
            return look.close(Close.ASLEEP)
        if until is not None and at > until:
            break
        look.fire(at)
        if look.steady:
            return look.close(Close.REPEATS)
    return look.close(Close.LOOK_ENDS)


class _Look:
    """A look ahead in the making."""

    def __init__(self, state: CaseState) -> None:
        self.state = state
        self._lines: list[Line] = []
        self._known: dict[object, Line] = {}
        self._shape = _shape(state)
        self._fired: dict[Armed, list[datetime]] = defaultdict(list)
        self._quiet: Counter[Armed] = Counter()

    def fire(self, at: datetime) -> None:
        """Fire what is due, and see whether it is anything new."""
        names = [(one.name, one.item) for one in self.state.deadlines if one.at <= at]
        outcome = decide(self.state, TimePassed(), at)
        self.state = outcome.state
        if (shape := _shape(self.state)) != self._shape:
            self._shape = shape
            self._known.clear()
        facts = [_essence(fact) for fact in outcome.facts]
        old = next((self._known[fact] for fact in facts if fact in self._known), None)
        if old is not None and all(fact in self._known for fact in facts):
            old.more, old.last = old.more + 1, at
        elif facts:
            line = Line(outcome, at)
            self._lines.append(line)
            self._known.update(dict.fromkeys(facts, line))
            self._quiet.clear()
        self._quiet.update(names)
        for name in names:
            self._fired[name] = [*self._fired[name], at][-3:]

    @property
    def steady(self) -> bool:
        """Tell whether every armed deadline has shown that it only repeats itself."""
        armed = self.state.deadlines
        return bool(armed) and all(self._quiet[one.name, one.item] > STEADY for one in armed)

    def close(self, how: Close) -> Future:
        """Freeze it."""
        then = tuple(self._again()) if how is Close.REPEATS else ()
        return Future(lines=tuple(self._lines), state=self.state, close=how, then=then)

    def _again(self) -> Iterator[Again]:
        for one in self.state.deadlines:
            times = [*self._fired[one.name, one.item], one.at]
            steps = {later - earlier for earlier, later in pairwise(times)}
            yield Again(
                name=one.name,
                item=one.item,
                next_at=one.at,
                every=steps.pop() if len(steps) == 1 else None,
                limit=_limit_of(self.state, times),
            )


def _shape(state: CaseState) -> tuple[object, ...]:
    """Return what makes two moments of a case the same but for the time."""
    armed = frozenset((one.name, one.item) for one in state.deadlines)
    return state.status, state.level, state.owner, state.supervisors, state.checker, state.arbiter, armed


def _essence(fact: Fact) -> tuple[object, ...]:
    data = tuple(
        (key, tuple(value) if isinstance(value, list) else value)
        for key, value in sorted(fact.data.items())
        if key not in OWN_TIMES
    )
    return fact.kind, fact.row, fact.source, fact.target, data


def _limit_of(state: CaseState, times: list[datetime]) -> Limit | None:
    """Return the pinned limit that leads from each of these times to the next, None if none does."""
    calendar = state.rules.calendar
    for limit in _limits(state):
        if all(
            due(start=earlier, limit=limit, calendar=calendar).at == later
            for earlier, later in pairwise(times)
        ):
            return limit
    return None


def _limits(state: CaseState) -> Iterator[Limit]:
    policy = state.rules.severity
    yield policy.escalation.repeat
    if state.handling_limit is not None:
        yield state.handling_limit
    for part in (policy.stages, policy.book):
        if is_dataclass(part):
            yield from (value for one in fields(part) if isinstance(value := getattr(part, one.name), Limit))
