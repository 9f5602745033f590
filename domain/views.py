"""Read models: what the store answers with. Plain data, one shape per question."""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from domain.aspects import (
    UNFINISHED,
    Appeal,
    Child,
    Emergency,
    Extension,
    InfoRequest,
    LinkedAlarm,
    Pause,
    ReachedMilestone,
    ReportedUp,
    Supervision,
    SupervisionStatus,
    Suspension,
    Task,
    Transfer,
    Verification,
)
from domain.case import CaseState, Fact, Notice, Outcome
from domain.decision import RoutingDecision
from domain.order import Order
from domain.place import Place
from domain.scope import CaseScope


@dataclass(frozen=True, kw_only=True, slots=True)
class Aspects:
    """What runs beside a case: the parts of ``CaseState`` that pages show and lists do not filter by."""

    span: tuple[str, ...] = ()
    children: tuple[Child, ...] = ()
    tasks: tuple[Task, ...] = ()
    milestones: tuple[ReachedMilestone, ...] = ()
    supervisions: tuple[Supervision, ...] = ()
    extension: Extension | None = None
    extensions: int = 0
    suspension: Suspension | None = None
    pauses: tuple[Pause, ...] = ()
    info: InfoRequest | None = None
    verification: Verification | None = None
    transfer: Transfer | None = None
    refused_for: str | None = None
    contact_due: datetime | None = None
    contact_late: bool = False
    check_passed: bool = False
    appeal: Appeal | None = None
    report_up: ReportedUp | None = None
    awaiting: str | None = None
    emergency: Emergency | None = None
    repeats: int = 0
    urges: int = 0
    demands: int = 0
    alarm: str | None = None
    linked: tuple[LinkedAlarm, ...] = ()


NO_ASPECTS = Aspects()


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseView:
    """One case as lists, pages and figures need it: the flat part of ``CaseState``.

    Written together with the facts of a step, guarded by ``(epoch, seq)``. ``areas`` maps
    a level's name in lower case to the code of that level; ``task_units`` owe a task or a
    reply to a supervision order; ``exempt`` is what a granted appeal takes out of the figures.
    """

    case_no: str
    epoch: int
    seq: int
    status: str
    category: str
    category_name: str
    severity: int
    channel: str
    exercise: bool
    owner: str
    co_handlers: tuple[str, ...]
    supervisors: tuple[str, ...]
    checker: str | None
    arbiter: str | None
    level: int
    master: str | None
    proposals: tuple[str, ...]
    city: str | None
    district: str | None
    street: str | None
    community: str | None
    grid: str | None
    zones: tuple[str, ...]
    lon: float | None
    lat: float | None
    place: Place
    decision: RoutingDecision | None
    reports: tuple[str, ...]
    received_at: datetime
    filed_at: datetime | None
    dispatched_at: datetime | None
    signed_in_at: datetime | None
    contacted_at: datetime | None
    submitted_at: datetime | None
    closed_at: datetime | None
    handling_due: datetime | None
    total_due: datetime | None
    next_due: datetime | None
    on_time: bool | None
    close_kind: str | None
    reworks: int
    returns: int
    reopened: int
    unknown_year: bool
    rules_version: str
    parent: str | None = None
    repeat_of: str | None = None
    tags: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()
    task_units: tuple[str, ...] = ()
    aspects: Aspects = NO_ASPECTS


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """A case with its recorded facts in order."""

    case: CaseView
    facts: tuple[Fact, ...]


def parts_of(view: CaseView) -> frozenset[str]:
    """Return the units that have a part in a case: who owns, shares, supervises, checks, arbitrates or owes."""
    asked = view.aspects.verification
    looks = asked.unit if asked is not None and asked.found_at is None else None
    single = (unit for unit in (view.owner, view.checker, view.arbiter, looks) if unit)
    return frozenset({*single, *view.co_handlers, *view.supervisors, *view.task_units})


class CaseSort(StrEnum):
    """Orders of a list. What has no deadline comes last; equals stand newest first (due: by number)."""

    NEWEST = "newest"
    DUE = "due"
    SEVERITY = "severity"


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseFilter:
    """Filters of a list; None or nothing does not filter, all given ones must hold.

    ``overdue_at`` keeps open cases past their due, ``due_before`` open ones whose handling limit
    ends earlier and whose unit has not submitted yet. Of ``owners``, ``severities``, ``categories``
    and ``numbers`` one must fit, of ``tags`` all. ``text`` is a number, the first or last part of one, a report's
    number, or words of the address. ``box`` is west, south, east, north in WGS-84 degrees.
    ``part`` is a unit that has a part in the case. ``scope`` keeps what somebody may see.
    """

    status: tuple[str, ...] = ()
    owner: str | None = None
    supervisor: str | None = None
    category: str | None = None
    severity: int | None = None
    level: int | None = None
    district: str | None = None
    street: str | None = None
    community: str | None = None
    grid: str | None = None
    zone: str | None = None
    channel: str | None = None
    parent: str | None = None
    task_unit: str | None = None
    received_from: datetime | None = None
    received_to: datetime | None = None
    overdue_at: datetime | None = None
    scope: CaseScope | None = None
    text: str | None = None
    owners: tuple[str, ...] = ()
    severities: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    due_before: datetime | None = None
    part: str | None = None
    tags: tuple[str, ...] = ()
    under_order: bool | None = None
    box: tuple[float, float, float, float] | None = None
    numbers: tuple[str, ...] = ()
    sort: CaseSort = CaseSort.NEWEST


@dataclass(frozen=True, kw_only=True, slots=True)
class CasePage:
    """A page of cases in the filter's order, and the cursor of the next one (None at the end)."""

    cases: tuple[CaseView, ...]
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What one step of a case leaves to be written, in one transaction, by whoever delivered it."""

    view: CaseView
    facts: tuple[Fact, ...]
    notices: tuple[Notice, ...]
    orders: tuple[Order, ...] = ()


def record_of(outcome: Outcome) -> Record:
    """Return what is to be written of a step."""
    return Record(
        view=view_of(outcome.state), facts=outcome.facts, notices=outcome.notices, orders=outcome.orders
    )


_SAME = tuple(
    field.name
    for field in fields(CaseView)
    if field.name in {one.name for one in fields(CaseState)}
    and field.name not in ("status", "level", "reports")
)
"""Fields a view takes from the state as they are."""
_ASPECTS = tuple(field.name for field in fields(Aspects))


def view_of(state: CaseState) -> CaseView:
    """Flatten a state."""
    areas = {area.level.name.lower(): area.code for area in state.place.chain}
    return CaseView(
        **{name: getattr(state, name) for name in _SAME},
        status=state.status.value,
        level=int(state.level),
        city=areas.get("city"),
        district=areas.get("district"),
        street=areas.get("street"),
        community=areas.get("community"),
        grid=areas.get("grid"),
        zones=tuple(zone.code for zone in state.place.zones),
        lon=state.place.lon,
        lat=state.place.lat,
        reports=tuple(report.report_no for report in state.reports),
        next_due=state.next_due,
        returns=len(state.returned_by),
        rules_version=state.rules.version,
        task_units=_owing(state),
        aspects=Aspects(**{name: getattr(state, name) for name in _ASPECTS}),
    )


def _owing(state: CaseState) -> tuple[str, ...]:
    """Return the units beside the owner that owe this case something."""
    tasks = (task.unit for task in state.tasks if task.status in UNFINISHED)
    replies = (order.unit for order in state.supervisions if order.status is SupervisionStatus.OPEN)
    return tuple(sorted({*tasks, *replies}))
