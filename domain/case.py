"""The state of one case and what a step of it leaves behind.

``CaseState`` is the workflow's whole state: its input, its continue-as-new payload and
what the simulator runs on. It is JSON-plain, frozen and complete: given the state and a
message, nothing else decides what happens (except the time).
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.actor import Actor
from domain.aspects import (
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
    Suspension,
    Task,
    Transfer,
    Verification,
)
from domain.decision import RoutingDecision
from domain.limit import Limit
from domain.order import Order
from domain.place import Level, Place
from domain.policy import CaseRules


class Status(StrEnum):
    """States of the transition table (reference: domain.md §8)."""

    RECEIVED = "received"
    TRIAGING = "triaging"
    ANSWERED = "answered"
    REFUSED = "refused"
    TRANSFERRED_OUT = "transferred_out"
    MERGED = "merged"
    NEED_INFO = "need_info"
    VERIFYING_PRE = "verifying_pre"
    FILED = "filed"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    HANDLING = "handling"
    SUSPENDED = "suspended"
    RETURN_REQUESTED = "return_requested"
    ARBITRATION = "arbitration"
    FEEDBACK = "feedback"
    CHECKING = "checking"
    CLOSED = "closed"
    VISITING = "visiting"
    EVALUATED = "evaluated"
    REOPENED = "reopened"
    ARCHIVED = "archived"
    CANCELLED = "cancelled"


STATUS_ZH: dict[Status, str] = {
    Status.RECEIVED: "已受理",
    Status.TRIAGING: "甄别中",
    Status.ANSWERED: "已答复",
    Status.REFUSED: "不予受理",
    Status.TRANSFERRED_OUT: "已转出",
    Status.MERGED: "已并案",
    Status.NEED_INFO: "待补充",
    Status.VERIFYING_PRE: "核实中",
    Status.FILED: "已立案",
    Status.DISPATCHED: "已派遣",
    Status.ACCEPTED: "已签收",
    Status.HANDLING: "处置中",
    Status.SUSPENDED: "挂账",
    Status.RETURN_REQUESTED: "申请退回",
    Status.ARBITRATION: "争议裁定",
    Status.FEEDBACK: "已反馈",
    Status.CHECKING: "核查中",
    Status.CLOSED: "已结案",
    Status.VISITING: "回访中",
    Status.EVALUATED: "已评价",
    Status.REOPENED: "重办",
    Status.ARCHIVED: "已归档",
    Status.CANCELLED: "已作废",
}

ENDED = frozenset({Status.MERGED, Status.ARCHIVED, Status.CANCELLED})
"""States that take no message any more."""

SETTLED = ENDED | {
    Status.ANSWERED, Status.REFUSED, Status.TRANSFERRED_OUT, Status.CLOSED, Status.VISITING, Status.EVALUATED
}  # fmt: skip
"""States in which nobody handles the case: no owner is accountable for new work."""


class Trigger(StrEnum):
    """Why a case went up (E1–E9 of reference domain.md §4.2), or was sent up by somebody."""

    SEVERITY = "E1"
    NO_MEANS = "E2"
    NOT_SIGNED_IN = "E3"
    OVERDUE = "E4"
    RETURNED_AGAIN = "E5"
    NOT_SOLVED = "E6"
    SPAN = "E7"
    BURST = "E8"
    TAG = "E9"
    JUMP = "jump"
    NO_ACKNOWLEDGEMENT = "ack"


class Alarm(StrEnum):
    """Names of the deadlines a case can have armed. Each is one line of its future."""

    TRIAGE = "triage"
    SIGN_IN_REMIND = "sign_in.remind"
    SIGN_IN_CALL = "sign_in.call"
    SIGN_IN_RAISE = "sign_in.raise"
    SIGN_IN_REPEAT = "sign_in.repeat"
    HANDLING_WARN = "handling.warn"
    HANDLING_OVERDUE = "handling.overdue"
    HANDLING_RAISE = "handling.raise"
    RETURN_DECISION = "stage.return_decision"
    ARBITRATION = "stage.arbitration"
    CHECK = "stage.check"
    VISIT = "stage.visit"
    RETENTION = "stage.retention"
    INFO = "info.wait"
    VERIFY = "verify.wait"
    TRANSFER = "transfer.receipt"
    CONTACT = "contact.due"
    TASK_SIGN_IN = "task.sign_in"
    TASK_WARN = "task.warn"
    TASK_DUE = "task.due"
    MILESTONE = "milestone.due"
    EXTENSION = "extension.decision"
    SUSPENSION = "suspension.end"
    ACKNOWLEDGE = "acknowledge.due"
    DECIDE_UP = "report_up.decision"
    SUPERVISION_REPLY = "supervision.reply"
    SUPERVISION_REVIEW = "supervision.review"
    APPEAL = "appeal.review"
    RECTIFY = "rectify.due"
    VISIT_START = "visit.start"
    EMERGENCY_PHONE = "emergency.phone"
    EMERGENCY_WRITTEN = "emergency.written"
    EMERGENCY_FOLLOW_UP = "emergency.follow_up"


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadline:
    """An armed deadline: its name and the instant (UTC) it fires.

    ``item`` tells several of one name apart: the id of a task, an order, a milestone.
    """

    name: Alarm
    at: datetime
    item: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportRef:
    """One report of the case. ``visit`` is open, reached, no_answer or not_wanted.

    ``came_from`` is the case number of a report that was merged in: it can be split off again.
    """

    report_no: str
    visit: str = "open"
    tries: int = 0
    solved: bool | None = None
    grade: int | None = None
    came_from: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """One thing that happened. ``row`` is the transition table's; ``due`` the deadline it answers.

    ``seq`` counts up through the whole life of the case and never resets. ``data`` is
    JSON-plain and holds no personal data.
    """

    seq: int
    at: datetime
    kind: str
    row: int
    source: Status | None
    target: Status | None
    actor: Actor
    due: datetime | None = None
    data: dict[str, str | int | float | bool | list[str] | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A message owed to a unit, or to a reporter (then ``report_no`` is set).

    ``n`` numbers the notices of one fact, so that (case, epoch, seq, n) is unique.
    """

    seq: int
    n: int
    template: str
    unit: str | None = None
    report_no: str | None = None
    context: dict[str, str | int | float | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """A command that was carried out, kept so that its repetition answers the same."""

    request_id: str
    facts: tuple[Fact, ...]
    notices: tuple[Notice, ...]
    orders: tuple[Order, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseState:
    """Everything about a case. See the fields' groups.

    Identity: ``case_no``, ``epoch`` (raised when a workflow is reset by the runbook).
    Subject: ``category`` … ``decision``; ``uncertain`` means that a dispatcher confirms the
    owner. Duty: ``owner`` is the one accountable unit, ``supervisors`` were added by
    escalation and never replace it. Clocks: all instants are UTC; ``handling_limit`` is the
    limit of the filing condition; ``total_due`` never resets. ``deadlines`` is the armed
    future, sorted by time.

    Beside it run the parts of ``domain.aspects``. ``base_limit`` is the limit an extension
    adds once more; ``span`` the further areas of E7; ``exempt`` what a granted appeal takes
    out of the figures; ``awaiting`` the supervisor who has not acknowledged yet.
    ``urges`` counts urges, ``demands`` the same demand filed again; owner and supervisors were
    last told of either at ``urged_at`` and ``urged_up_at``. ``alarm`` is the alarm the case is
    about, ``linked`` it and those of merged cases, as they last said.
    """

    case_no: str
    epoch: int = 1
    seq: int = 0
    status: Status
    rules: CaseRules

    category: str
    category_name: str = ""
    severity: int = 4
    channel: str = ""
    exercise: bool = False
    place: Place = Place()
    decision: RoutingDecision | None = None
    site_check: bool = False
    reports: tuple[ReportRef, ...] = ()
    master: str | None = None
    proposals: tuple[str, ...] = ()
    uncertain: bool = False

    triage_unit: str
    owner: str
    co_handlers: tuple[str, ...] = ()
    supervisors: tuple[str, ...] = ()
    handlers: tuple[str, ...] = ()
    checker: str | None = None
    arbiter: str | None = None
    bound: bool = False
    returned_by: tuple[str, ...] = ()

    level: Level = Level.STREET
    level_since: datetime
    received_at: datetime
    filed_at: datetime | None = None
    dispatched_at: datetime | None = None
    signed_in_at: datetime | None = None
    contacted_at: datetime | None = None
    submitted_at: datetime | None = None
    closed_at: datetime | None = None
    handling_limit: Limit | None = None
    handling_from: datetime | None = None
    handling_due: datetime | None = None
    return_due: datetime | None = None
    total_due: datetime | None = None
    on_time: bool | None = None
    close_kind: str | None = None
    reworks: int = 0
    reopened: int = 0
    unsolved: int = 0
    unknown_year: bool = False
    deadlines: tuple[Deadline, ...] = ()
    recent: tuple[Done, ...] = ()

    tags: tuple[str, ...] = ()
    span: tuple[str, ...] = ()
    parent: str | None = None
    children: tuple[Child, ...] = ()
    repeat_of: str | None = None
    repeats: int = 0
    tasks: tuple[Task, ...] = ()
    milestones: tuple[ReachedMilestone, ...] = ()
    supervisions: tuple[Supervision, ...] = ()
    base_limit: Limit | None = None
    extension: Extension | None = None
    extensions: int = 0
    suspension: Suspension | None = None
    suspensions: int = 0
    pauses: tuple[Pause, ...] = ()
    info: InfoRequest | None = None
    verification: Verification | None = None
    transfer: Transfer | None = None
    handed_back_by: tuple[str, ...] = ()
    refused_for: str | None = None
    contact_due: datetime | None = None
    contact_late: bool = False
    check_passed: bool = False
    appeal: Appeal | None = None
    exempt: tuple[str, ...] = ()
    report_up: ReportedUp | None = None
    awaiting: str | None = None
    emergency: Emergency | None = None
    urges: int = 0
    demands: int = 0
    urged_at: datetime | None = None
    urged_up_at: datetime | None = None
    alarm: str | None = None
    linked: tuple[LinkedAlarm, ...] = ()

    @property
    def urgent(self) -> bool:
        """Severity 1 and 2 run on emergency clocks."""
        return self.severity <= 2

    @property
    def next_due(self) -> datetime | None:
        """Return the next armed deadline, or None when nothing is armed."""
        return self.deadlines[0].at if self.deadlines else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a message did: the new state, the facts to record, the notices and orders owed."""

    state: CaseState
    facts: tuple[Fact, ...] = ()
    notices: tuple[Notice, ...] = ()
    orders: tuple[Order, ...] = ()
