"""What two replays of the same case have in common and where they part, and the figures over many."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.case import ENDED, CaseState, Fact, Notice, Status
from domain.whatif import Fidelity, Life, Refusal

TASKS = frozenset({"task_assigned", "check_request", "verify_request"})
"""Messages that ask a unit other than the owner to do something."""

Change = tuple[object, object]
"""A value under the rules in force, and under the draft."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Raised:
    """A level a case reached by escalation: when (UTC), by which trigger, whom it called."""

    level: str
    at: datetime
    trigger: str
    unit: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """A life in the words of a comparison. Times are UTC; the first dispatch and sign-in count.

    ``overdue`` says that the handling limit ended before the result came in.
    """

    status: str
    owner: str
    dispatched_at: datetime | None
    signed_in_at: datetime | None
    closed_at: datetime | None
    handling_due: datetime | None
    total_due: datetime | None
    overdue: bool
    raised: tuple[Raised, ...]
    refused: tuple[Refusal, ...]


def course_of(life: Life) -> Course:
    """Return the course of a life."""
    state = life.state
    return Course(
        status=state.status.value,
        owner=state.owner,
        dispatched_at=_first(life.facts, Status.DISPATCHED),
        signed_in_at=_first(life.facts, Status.ACCEPTED),
        closed_at=state.closed_at,
        handling_due=state.handling_due,
        total_due=state.total_due,
        overdue=_overdue(life.facts, state),
        raised=tuple(
            Raised(
                level=str(fact.data.get("level", "")).lower(),
                at=fact.at,
                trigger=str(fact.data.get("trigger", "")),
                unit=str(fact.data.get("supervisor", "")),
            )
            for fact in life.facts
            if fact.kind == "escalated"
        ),
        refused=life.refused,
    )


def _first(facts: Sequence[Fact], target: Status) -> datetime | None:
    return next((fact.at for fact in facts if fact.target is target and fact.source is not target), None)


def _overdue(facts: Sequence[Fact], state: CaseState) -> bool:
    return state.on_time is False or any(fact.kind == "overdue" for fact in facts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """One case twice: under the rules in force and under the draft. ``changes`` is by field, empty if none."""

    case_no: str
    category: str
    base: Life
    draft: Life
    changes: Mapping[str, Change]


COMPARED = (
    "status", "owner", "dispatched_at", "signed_in_at", "closed_at", "handling_due", "total_due", "overdue",
)  # fmt: skip


def compare(*, case_no: str, category: str, base: Life, draft: Life) -> Compared:
    """Return where the two lives part."""
    before, after = course_of(base), course_of(draft)
    changes: dict[str, Change] = {
        name: (getattr(before, name), getattr(after, name))
        for name in COMPARED
        if getattr(before, name) != getattr(after, name)
    }
    if before.raised != after.raised:
        changes["raised"] = (before.raised, after.raised)
    lost, gained = _apart(base.refused, draft.refused)
    if lost or gained:
        changes["refused"] = (gained, lost)
    return Compared(case_no=case_no, category=category, base=base, draft=draft, changes=changes)


def _apart(
    base: Sequence[Refusal], draft: Sequence[Refusal]
) -> tuple[tuple[Refusal, ...], tuple[Refusal, ...]]:
    """Return what only the draft refuses, and what only the rules in force refuse."""
    ours, theirs = {one.request_id for one in base}, {one.request_id for one in draft}
    return (
        tuple(one for one in draft if one.request_id not in ours),
        tuple(one for one in base if one.request_id not in theirs),
    )


@dataclass(slots=True)
class Load:
    """What fell to one unit: cases it ever owned, tasks, messages, and escalations among them."""

    cases: int = 0
    tasks: int = 0
    notices: int = 0
    escalations: int = 0

    def figures(self) -> tuple[int, int, int, int]:
        """Return cases, tasks, messages, escalations."""
        return self.cases, self.tasks, self.notices, self.escalations


@dataclass(slots=True)
class World:
    """The figures of one set of rules over all cases; ``loads`` by unit code."""

    figures: Counter[str] = field(default_factory=Counter)
    loads: dict[str, Load] = field(default_factory=dict)

    def add(self, life: Life) -> None:
        """Count a life."""
        course = course_of(life)
        self._count(course, life)
        for unit in life.owners:
            self._load(unit).cases += 1
        for notice in life.notices:
            if notice.unit is not None:
                self._tell(self._load(notice.unit), notice)

    def _count(self, course: Course, life: Life) -> None:
        counts = {
            "dispatched": course.dispatched_at is not None,
            "signed_in": course.signed_in_at is not None,
            "closed": course.closed_at is not None,
            "ended": life.state.status in ENDED,
            "overdue": course.overdue,
            "escalated": bool(course.raised),
        }
        self.figures.update({name: int(true) for name, true in counts.items()})
        self.figures.update({f"reached_{level}": 1 for level in {one.level for one in course.raised}})
        kinds = Counter(fact.kind for fact in life.facts)
        named = {"sign_in_reminded": "reminders", "duty_called": "duty_calls", "escalated": "escalations"}
        self.figures.update({figure: kinds[kind] for kind, figure in named.items()})
        self.figures["notices"] += len(life.notices)
        self.figures["refused"] += len(life.refused)
        self.figures["handed_on"] += life.handed_on

    def _load(self, unit: str) -> Load:
        return self.loads.setdefault(unit, Load())

    def _tell(self, load: Load, notice: Notice) -> None:
        load.notices += 1
        load.escalations += notice.template == "escalation"
        load.tasks += notice.template in TASKS


@dataclass(slots=True)
class Tally:
    """The figures of a whole period, one case after the other.

    ``fidelity`` counts how the replays under the rules in force repeat the recorded
    lives; ``fidelity_same_rules`` does so for the cases that were pinned to exactly these
    rules. ``changed`` is by field.
    """

    cases: int = 0
    fidelity: Counter[Fidelity] = field(default_factory=Counter)
    fidelity_same_rules: Counter[Fidelity] = field(default_factory=Counter)
    different: int = 0
    earlier: int = 0
    later: int = 0
    base: World = field(default_factory=World)
    draft: World = field(default_factory=World)
    changed: Counter[str] = field(default_factory=Counter)
    refused_only: Counter[tuple[str, str]] = field(default_factory=Counter)
    accepted_only: Counter[tuple[str, str]] = field(default_factory=Counter)
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, found: Compared, *, fidelity: Fidelity, same_rules: bool) -> None:
        """Count a case."""
        self.cases += 1
        self.fidelity[fidelity] += 1
        self.fidelity_same_rules[fidelity] += same_rules
        self.base.add(found.base)
        self.draft.add(found.draft)
        self.different += bool(found.changes)
        self.changed.update(list(found.changes))
        self._deadline(found)
        lost, gained = _apart(found.base.refused, found.draft.refused)
        self.refused_only.update((one.kind, one.code) for one in lost)
        self.accepted_only.update((one.kind, one.code) for one in gained)
        before, after = found.base.state.owner, found.draft.state.owner
        if before != after:
            self.moves[before, after] += 1

    def _deadline(self, found: Compared) -> None:
        before, after = found.base.state.handling_due, found.draft.state.handling_due
        if before is not None and after is not None:
            self.earlier += after < before
            self.later += after > before

    def loads(self) -> list[tuple[str, Load, Load]]:
        """Return every unit with its load before and after, the greatest difference first."""
        units = sorted({*self.base.loads, *self.draft.loads})
        none = Load()
        rows = [(unit, self.base.loads.get(unit, none), self.draft.loads.get(unit, none)) for unit in units]
        rows.sort(key=lambda row: -_apart_by(row[1], row[2]))
        return rows


def _apart_by(one: Load, other: Load) -> int:
    return sum(abs(a - b) for a, b in zip(one.figures(), other.figures(), strict=True))
