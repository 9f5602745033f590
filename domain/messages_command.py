"""Commands of those who command and supervise: levels, policy, orders, appeals, joint cases."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from domain.beginning import Begin
from domain.command import CommandBase
from domain.decision import RoutingDecision
from domain.place import Level
from domain.policy import CaseRules


class UpperDecision(StrEnum):
    """What an upper level decides about what was reported up (E2; 接诉即办条例 20)."""

    ACCEPT = "accept"
    LEAD = "lead"
    ORDERS = "orders"


class AppealAbout(StrEnum):
    """What an appeal wants exempt."""

    OVERDUE = "overdue"
    GRADE = "grade"
    RETURN = "return"
    REWORK = "rework"


class EventReport(StrEnum):
    """A report of an emergency upward: by phone, in writing, follow-up, final."""

    PHONE = "phone"
    WRITTEN = "written"
    FOLLOW_UP = "follow_up"
    FINAL = "final"


@dataclass(frozen=True, kw_only=True, slots=True)
class Regrade(CommandBase):
    """Another severity with its rules; the only act that may move a deadline earlier."""

    kind: Literal["regrade"] = "regrade"
    severity: int
    reason: str
    rules: CaseRules | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplyPolicy(CommandBase):
    """The new version of the city's rules is applied to this open case, explicitly.

    ``decision`` is routing's answer under the new rules; its limit counts, its owner does not.
    """

    kind: Literal["apply_policy"] = "apply_policy"
    rules: CaseRules
    decision: RoutingDecision | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledge(CommandBase):
    """A supervisor added by escalation has seen the case; without this the next level is called."""

    kind: Literal["acknowledge"] = "acknowledge"
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class JumpLevel(CommandBase):
    """Straight to a level, skipping those between (越级)."""

    kind: Literal["jump_level"] = "jump_level"
    level: Level
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DecideReportUp(CommandBase):
    """E2: the upper level accepts the case, names a lead, or sends it back with orders."""

    kind: Literal["decide_report_up"] = "decide_report_up"
    decision: UpperDecision
    lead: str | None = None
    orders: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenSupervision(CommandBase):
    """Row 38: a supervision order (督办) beside the case, to its owner unless ``unit`` is named.

    ``above_owner``: the sender's unit stands above the owner in the tree; the engine's to find out.
    """

    kind: Literal["open_supervision"] = "open_supervision"
    text: str
    unit: str | None = None
    above_owner: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplySupervision(CommandBase):
    """Row 38: the unit replies."""

    kind: Literal["reply_supervision"] = "reply_supervision"
    supervision: str
    reply: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewSupervision(CommandBase):
    """Row 38: the supervisor closes the order, or wants a better reply."""

    kind: Literal["review_supervision"] = "review_supervision"
    supervision: str
    accepted: bool
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileAppeal(CommandBase):
    """Row 37: the mark was not the unit's fault."""

    kind: Literal["file_appeal"] = "file_appeal"
    about: AppealAbout
    reason: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewAppeal(CommandBase):
    """Row 37: one of two reviews, by two people."""

    kind: Literal["review_appeal"] = "review_appeal"
    granted: bool
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclareEmergency(CommandBase):
    """The emergency track, or its new grades. Three scales, each 1 (worst) to 4, None = not set."""

    kind: Literal["declare_emergency"] = "declare_emergency"
    grade: int | None = None
    warning: int | None = None
    response: int | None = None
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportEvent(CommandBase):
    """A report of the emergency upward (信息报送), skipping levels where needed (越级上报)."""

    kind: Literal["report_event"] = "report_event"
    report: EventReport
    to_level: Level
    text: str
    dead: int = 0
    injured: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class CallEmergency(CommandBase):
    """110, 119 or 120 is called beside the case; ``service`` is a unit of kind PEER."""

    kind: Literal["call_emergency"] = "call_emergency"
    service: str
    note: str = ""
    reference: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenChild(CommandBase):
    """Joint handling: a child case begins under this one.

    ``asked`` is a digest of what the person said, as in ``FileCase``; ``levels`` counts the cases
    from the topmost parent down to the child.
    """

    kind: Literal["open_child"] = "open_child"
    begin: Begin
    text: str = ""
    mandatory: bool = True
    asked: str = ""
    levels: int = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class JoinParent(CommandBase):
    """Joint handling: this open case becomes a child of another.

    ``ancestors`` are the parent and all cases above it; ``levels`` counts the cases from the
    topmost of them down to this case's lowest descendant.
    """

    kind: Literal["join_parent"] = "join_parent"
    parent: str
    mandatory: bool = True
    reason: str = ""
    ancestors: tuple[str, ...] = ()
    levels: int = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildChanged(CommandBase):
    """A child says how it stands; sent by the child's own engine.

    ``raised`` says that it has gone up a level, ``overdue`` that its handling limit has just
    passed; ``mandatory`` is said once, by a case that joins.
    """

    kind: Literal["child_changed"] = "child_changed"
    child: str
    status: str
    owner: str
    severity: int
    epoch: int
    seq: int
    district: str | None = None
    street: str | None = None
    close_kind: str | None = None
    mandatory: bool | None = None
    raised: bool = False
    overdue: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class WaiveChild(CommandBase):
    """Joint handling: the parent does not wait for this child any more."""

    kind: Literal["waive_child"] = "waive_child"
    child: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SeeChildren(CommandBase):
    """Joint handling: the lead has seen what changed."""

    kind: Literal["see_children"] = "see_children"
    children: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkSpan(CommandBase):
    """E7: the event reaches into further streets or districts; all their codes, the engine's to sort out."""

    kind: Literal["mark_span"] = "mark_span"
    areas: tuple[str, ...]
    reason: str = ""
    districts: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()


SupervisionCommand = (
    Regrade
    | ApplyPolicy
    | Acknowledge
    | JumpLevel
    | DecideReportUp
    | OpenSupervision
    | ReplySupervision
    | ReviewSupervision
    | FileAppeal
    | ReviewAppeal
    | DeclareEmergency
    | ReportEvent
    | CallEmergency
    | OpenChild
    | JoinParent
    | ChildChanged
    | WaiveChild
    | SeeChildren
    | MarkSpan
)

SUPERVISION_ZH: dict[str, str] = {
    "regrade": "调整等级",
    "apply_policy": "适用新规则",
    "acknowledge": "确认知悉",
    "jump_level": "越级提级",
    "decide_report_up": "答复报请",
    "open_supervision": "下达督办",
    "reply_supervision": "回复督办",
    "review_supervision": "审核督办",
    "file_appeal": "提出申诉",
    "review_appeal": "审核申诉",
    "declare_emergency": "启动应急",
    "report_event": "信息报送",
    "call_emergency": "联动110/119/120",
    "open_child": "下派子案件",
    "join_parent": "并入联合处置",
    "child_changed": "子案件变化",
    "waive_child": "免除子案件",
    "see_children": "查阅子案件",
    "mark_span": "标记跨域",
}
