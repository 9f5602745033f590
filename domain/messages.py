"""Every command that can reach a case. Arguments of use cases, updates and inbox rows alike.

Messages are for ever: a field is never renamed or removed, a new one has a default, and a
golden JSON of each is committed (ADR 0004). ``kind`` tells them apart on the wire.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from domain.command import CommandBase
from domain.decision import RoutingDecision
from domain.messages_alarm import ALARM_ZH, AlarmCommand
from domain.messages_command import SUPERVISION_ZH, SupervisionCommand
from domain.messages_duty import DUTY_ZH, DutyCommand
from domain.messages_reporter import REPORTER_ZH, ReporterCommand
from domain.messages_triage import TRIAGE_ZH, TriageCommand
from domain.place import Place
from domain.policy import CaseRules


class CloseKind(StrEnum):
    """How a case ended: solved, explained (no legal basis), partly, or forced by a leader."""

    SOLVED = "solved"
    EXPLAINED = "explained"
    PARTLY = "partly"
    FORCED = "forced"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileCase(CommandBase):
    """Row 12 by hand: triage names category, place and, through routing, the owner.

    ``rules`` re-pins the case, since category and place decide limits and ladder.
    ``asked`` is a digest of what the person said: the rest was found out by the engine
    and may be found differently when the same request comes again.
    """

    kind: Literal["file_case"] = "file_case"
    category: str
    category_name: str = ""
    place: Place
    decision: RoutingDecision
    site_check: bool = False
    reason: str = ""
    rules: CaseRules | None = None
    asked: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeInto(CommandBase):
    """Row 7 by hand: this report is about the open case ``master``."""

    kind: Literal["merge_into"] = "merge_into"
    master: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class JoinReport(CommandBase):
    """A merged report joins its master; its reporter will get feedback like the first.

    ``repeated``: the same caller or ticket said it before (重复诉求); its owner hears of that.
    """

    kind: Literal["join_report"] = "join_report"
    report_no: str
    merged_case: str
    wants_visit: bool = True
    repeated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SignIn(CommandBase):
    """Row 14: the unit takes the case. With an assignee it starts handling at once (row 20)."""

    kind: Literal["sign_in"] = "sign_in"
    assignee: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestReturn(CommandBase):
    """Row 15: not ours, with reason, proposed owner and legal basis."""

    kind: Literal["request_return"] = "request_return"
    reason: str
    proposed_unit: str | None = None
    legal_basis: str = ""
    crosses_district: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantReturn(CommandBase):
    """Row 16: the dispatcher gives the case to another unit with a fresh handling limit."""

    kind: Literal["grant_return"] = "grant_return"
    lead: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RefuseReturn(CommandBase):
    """Row 17: the return is refused; the unit has it, and it counts as signed in."""

    kind: Literal["refuse_return"] = "refuse_return"
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule(CommandBase):
    """Row 19: the binding ruling of an arbitration."""

    kind: Literal["rule"] = "rule"
    lead: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StartHandling(CommandBase):
    """Row 20: a person is assigned and the reporter contacted (响应)."""

    kind: Literal["start_handling"] = "start_handling"
    assignee: str = ""
    contacted: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmitResult(CommandBase):
    """Row 26: the unit forwards its result. Overdue is judged at this moment."""

    kind: Literal["submit_result"] = "submit_result"
    result: str
    solved: bool = True
    photos: tuple[str, ...] = ()
    contacted: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SendBack(CommandBase):
    """Row 27: the result is not done (返工)."""

    kind: Literal["send_back"] = "send_back"
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestCheck(CommandBase):
    """Row 28 by hand: somebody other than the handler looks on site."""

    kind: Literal["request_check"] = "request_check"
    checker: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordCheck(CommandBase):
    """Rows 29 and 30: the check's finding. A pass closes the case as solved."""

    kind: Literal["record_check"] = "record_check"
    passed: bool
    note: str = ""
    photos: tuple[str, ...] = ()
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseCase(CommandBase):
    """Row 30: the supervising side closes the case."""

    kind: Literal["close_case"] = "close_case"
    close_kind: CloseKind = CloseKind.SOLVED
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordVisit(CommandBase):
    """Rows 32 and 33: one try to reach one reporter (回访).

    ``grade`` runs 1 (very dissatisfied) to 5 (very satisfied); silence is no grade.
    ``at_fault`` says whether a bad answer is the handler's fault.
    """

    kind: Literal["record_visit"] = "record_visit"
    report_no: str
    reached: bool
    contacted: bool | None = None
    solved: bool | None = None
    grade: int | None = None
    at_fault: bool = True
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportUp(CommandBase):
    """E2 (报请): no authority or means at this level, stated with a reason."""

    kind: Literal["report_up"] = "report_up"
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reassign(CommandBase):
    """A commanding level names another owner (row 22: the owner is kept until this)."""

    kind: Literal["reassign"] = "reassign"
    lead: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelCase(CommandBase):
    """Row 36: the reporter withdrew, a mistake, a drill's end. Never for severity 1–2."""

    kind: Literal["cancel_case"] = "cancel_case"
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TimePassed:
    """The engine's own message: fire every deadline that is due."""

    kind: Literal["time_passed"] = "time_passed"


FirstCommand = (
    FileCase
    | MergeInto
    | JoinReport
    | SignIn
    | RequestReturn
    | GrantReturn
    | RefuseReturn
    | Rule
    | StartHandling
    | SubmitResult
    | SendBack
    | RequestCheck
    | RecordCheck
    | CloseCase
    | RecordVisit
    | ReportUp
    | Reassign
    | CancelCase
)
Command = FirstCommand | TriageCommand | DutyCommand | SupervisionCommand | ReporterCommand | AlarmCommand
Message = Command | TimePassed

COMMANDS: dict[str, type[Command]] = {
    command.__dataclass_fields__["kind"].default: command for command in Command.__args__
}

COMMAND_ZH: dict[str, str] = {
    **TRIAGE_ZH,
    **DUTY_ZH,
    **SUPERVISION_ZH,
    **REPORTER_ZH,
    **ALARM_ZH,
    "file_case": "立案派遣",
    "merge_into": "并案",
    "join_report": "并入报告",
    "sign_in": "签收",
    "request_return": "申请退回",
    "grant_return": "同意退回",
    "refuse_return": "不同意退回",
    "rule": "裁定",
    "start_handling": "开始处置",
    "submit_result": "反馈结果",
    "send_back": "退回返工",
    "request_check": "派发核查",
    "record_check": "登记核查",
    "close_case": "结案",
    "record_visit": "登记回访",
    "report_up": "报请上级",
    "reassign": "改派",
    "cancel_case": "作废",
}
"""What people see for each command."""
