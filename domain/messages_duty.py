"""Commands while a case is handled: contact, tasks, milestones, extension, suspension (rows 20–25)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.aspects import TaskKind
from domain.command import CommandBase


@dataclass(frozen=True, kw_only=True, slots=True)
class LogContact(CommandBase):
    """Row 20: a try to reach the reporter (响应); ``means`` is phone, sms or visit."""

    kind: Literal["log_contact"] = "log_contact"
    reached: bool
    means: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignTask(CommandBase):
    """Row 21: a sub-task down the chain, a whistle, or a co-handler. ``due`` lies inside the case's own."""

    kind: Literal["assign_task"] = "assign_task"
    task_kind: TaskKind = TaskKind.SUBTASK
    unit: str
    text: str
    due: datetime | None = None
    mandatory: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class SignInTask(CommandBase):
    """Row 21: the unit takes its task; for a whistle, it reports for duty (报到)."""

    kind: Literal["sign_in_task"] = "sign_in_task"
    task: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportTask(CommandBase):
    """Row 21: the unit reports to the lead what it did."""

    kind: Literal["report_task"] = "report_task"
    task: str
    result: str
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class WaiveTask(CommandBase):
    """Row 21: the task is not needed any more."""

    kind: Literal["waive_task"] = "waive_task"
    task: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReachMilestone(CommandBase):
    """A stage of the case is done (分阶段时限)."""

    kind: Literal["reach_milestone"] = "reach_milestone"
    milestone: str
    note: str = ""
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestExtension(CommandBase):
    """Row 23: the unit asks for one more limit, before the deadline."""

    kind: Literal["request_extension"] = "request_extension"
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DecideExtension(CommandBase):
    """Row 23: the department, then the dispatcher, grants or refuses it."""

    kind: Literal["decide_extension"] = "decide_extension"
    granted: bool
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Suspend(CommandBase):
    """Row 24: an objective block; the interim safety measure is mandatory. ``until`` is UTC-aware."""

    kind: Literal["suspend"] = "suspend"
    until: datetime
    reason: str
    plan: str
    interim_measure: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Resume(CommandBase):
    """Row 25: earlier than the date."""

    kind: Literal["resume"] = "resume"
    reason: str = ""


DutyCommand = (
    LogContact
    | AssignTask
    | SignInTask
    | ReportTask
    | WaiveTask
    | ReachMilestone
    | RequestExtension
    | DecideExtension
    | Suspend
    | Resume
)

DUTY_ZH: dict[str, str] = {
    "log_contact": "登记联系",
    "assign_task": "派发任务",
    "sign_in_task": "签收任务",
    "report_task": "反馈任务",
    "waive_task": "免除任务",
    "reach_milestone": "完成阶段",
    "request_extension": "申请延期",
    "decide_extension": "审批延期",
    "suspend": "挂账",
    "resume": "恢复处置",
}
