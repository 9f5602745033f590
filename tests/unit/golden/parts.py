"""Samples of the whole rulebook: its commands, and what runs beside a case, every field filled."""

from datetime import timedelta
from typing import Any

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
    SupervisionStatus,
    Suspension,
    Task,
    TaskKind,
    TaskStatus,
    Transfer,
    Verification,
)
from domain.beginning import Begin
from domain.catalogue import Milestone
from domain.decision import RoutingDecision
from domain.messages import Command
from domain.messages_alarm import AlarmChanged
from domain.messages_command import (
    Acknowledge,
    AppealAbout,
    ApplyPolicy,
    CallEmergency,
    ChildChanged,
    DecideReportUp,
    DeclareEmergency,
    EventReport,
    FileAppeal,
    JoinParent,
    JumpLevel,
    MarkSpan,
    OpenChild,
    OpenSupervision,
    Regrade,
    ReplySupervision,
    ReportEvent,
    ReviewAppeal,
    ReviewSupervision,
    SeeChildren,
    UpperDecision,
    WaiveChild,
)
from domain.messages_duty import (
    AssignTask,
    DecideExtension,
    LogContact,
    ReachMilestone,
    ReportTask,
    RequestExtension,
    Resume,
    SignInTask,
    Suspend,
    WaiveTask,
)
from domain.messages_reporter import Supplement, Urge
from domain.messages_triage import (
    AnswerAtOnce,
    AskReporter,
    ConfirmTransfer,
    Finding,
    HandBack,
    Missing,
    RecordVerification,
    RefusedFor,
    RefuseReport,
    ReporterAnswered,
    SplitReport,
    TransferOut,
    VerifyFirst,
)
from domain.place import Level
from domain.policy import CaseRules, EmergencyRules
from tests.unit.builders import DISTRICT, GRID, MONDAY, POWER, STREET, WATER, limit, rulebook

CHILD = "20260914-0000-0006"
LATER = MONDAY + timedelta(hours=3)
MILESTONE = Milestone(code="stop", name_zh="制止", name_en="stop it", limit=limit("4WH"))
BOOK = rulebook(
    2, info_tries=3, extensions=1, visit_tries=4, suspend_days=20, suspend_most_days=200, check_within_m=60.0,
    answered_visit_share=0.25, contact=False, supervise_overdue=False,
    emergency=EmergencyRules(phone=limit("30MIN"), written=limit("1UH"), follow_up=limit("2UH")),
)  # fmt: skip

COMMANDS: tuple[tuple[type[Command], dict[str, Any]], ...] = (
    (Supplement, {"supplement_id": "0f", "report_no": "R-2", "source": "hotline", "attachments": 2}),
    (
        AlarmChanged,
        {
            "alarm_no": "AL-1", "phase": "responding", "severity": 1, "current_in_band": False, "reason": "worse",
            "seq": 4, "children": 6,
        },
    ),
    (Urge, {"urge_id": "1f", "report_no": "R-2", "source": "hotline"}),
    (AnswerAtOnce, {"answer": "工作日九时至十七时办理"}),
    (RefuseReport, {"refused_for": RefusedFor.STATUTORY_CHANNEL, "told": "请向人民法院起诉"}),
    (TransferOut, {"to": "PEER-110", "reason": "斗殴", "reference": "jq-1"}),
    (ConfirmTransfer, {"reference": "jq-1"}),
    (HandBack, {"reason": "不属警情"}),
    (AskReporter, {"missing": Missing.PLACE, "question": "请问在哪个路口？"}),
    (ReporterAnswered, {"answer": "一街与二街路口"}),
    (VerifyFirst, {"verifier": GRID}),
    (
        RecordVerification,
        {"finding": Finding.EXISTS, "note": "属实", "photos": ("sha256-3",), "lon": 114.3, "lat": 30.6},
    ),
    (SplitReport, {"report_no": "R-2", "reason": "另一处"}),
    (LogContact, {"reached": False, "means": "phone", "note": "无人接听"}),
    (
        AssignTask,
        {"task_kind": TaskKind.WHISTLE, "unit": POWER, "text": "断电配合", "due": LATER, "mandatory": False},
    ),
    (SignInTask, {"task": "T1"}),
    (ReportTask, {"task": "T1", "result": "已断电", "photos": ("sha256-4",)}),
    (WaiveTask, {"task": "T1", "reason": "无需断电"}),
    (ReachMilestone, {"milestone": "stop", "note": "已停工", "photos": ("sha256-5",)}),
    (RequestExtension, {"reason": "等待配件"}),
    (DecideExtension, {"granted": True, "reason": "情况属实"}),
    (
        Suspend,
        {
            "until": LATER, "reason": "汛期不能开挖", "plan": "汛后施工", "interim_measure": "围挡并设警示",
            "evidence": ("sha256-6",),
        },
    ),
    (Resume, {"reason": "提前具备条件"}),
    (Acknowledge, {"note": "已知悉"}),
    (JumpLevel, {"level": Level.CITY, "reason": "跨区"}),
    (DecideReportUp, {"decision": UpperDecision.LEAD, "lead": WATER, "orders": "限今日"}),
    (OpenSupervision, {"text": "限期办结", "unit": WATER, "above_owner": True}),
    (ReplySupervision, {"supervision": "S1", "reply": "今晚完成"}),
    (ReviewSupervision, {"supervision": "S1", "accepted": False, "reason": "未说明原因"}),
    (FileAppeal, {"about": AppealAbout.OVERDUE, "reason": "停电所致", "evidence": ("sha256-7",)}),
    (ReviewAppeal, {"granted": True, "reason": "属实"}),
    (DeclareEmergency, {"grade": 3, "warning": 2, "response": 1, "reason": "多人被困"}),
    (
        ReportEvent,
        {"report": EventReport.FOLLOW_UP, "to_level": Level.CITY, "text": "续报", "dead": 1, "injured": 2},
    ),
    (CallEmergency, {"service": "PEER-119", "note": "燃气泄漏", "reference": "h-9"}),
    (JoinParent, {"parent": CHILD, "mandatory": False, "reason": "同一积水点", "ancestors": (CHILD,), "levels": 3}),
    (
        ChildChanged,
        {
            "child": CHILD, "status": "closed", "owner": WATER, "severity": 2, "epoch": 1, "seq": 9,
            "district": "c-d1", "street": "c-d1-s1", "close_kind": "solved", "mandatory": True,
            "raised": True, "overdue": True,
        },
    ),
    (WaiveChild, {"child": CHILD, "reason": "已由邻区办理"}),
    (SeeChildren, {"children": (CHILD,)}),
    (
        MarkSpan,
        {"areas": ("c-d2-s1",), "reason": "积水漫入", "districts": ("c-d2",), "streets": ("c-d2-s1",)},
    ),
)  # fmt: skip


def with_rules(
    rules: CaseRules, decision: RoutingDecision, begin: Begin
) -> tuple[tuple[type[Command], dict[str, Any]], ...]:
    """Return the samples that carry rules, a decision or a beginning."""
    return (
        (Regrade, {"severity": 2, "reason": "有人受伤", "rules": rules}),
        (ApplyPolicy, {"rules": rules, "decision": decision, "reason": "2027 版"}),
        (OpenChild, {"begin": begin, "text": "排水", "mandatory": False, "asked": "sha256-8", "levels": 3}),
    )


def aspects() -> dict[str, Any]:
    """Return everything that runs beside a case, as fields of its state."""
    return {**_links_and_tasks(), **_clocks(), **_before_and_above()}


def _links_and_tasks() -> dict[str, Any]:
    child = Child(
        case_no=CHILD, text="排水", mandatory=False, status="handling", owner=WATER, severity=2, district="c-d1",
        street="c-d1-s1", close_kind="solved", epoch=1, seq=4, changed=True, changed_at=LATER, waived="邻区办理",
    )  # fmt: skip
    task = Task(
        id="T1", kind=TaskKind.WHISTLE, unit=POWER, by=STREET, text="断电", mandatory=False,
        status=TaskStatus.REPORTED, asked_at=MONDAY, sign_in_due=LATER, due=LATER, signed_in_at=LATER,
        reported_at=LATER, result="已断电", photos=("sha256-4",), late=True, waived="无需",
    )  # fmt: skip
    stage = ReachedMilestone(
        code="stop", name_zh="制止", name_en="stop it", due=LATER, reached_at=LATER, late=True
    )
    order = Supervision(
        id="S1", by=DISTRICT, unit=WATER, cause="E4", text="限期", status=SupervisionStatus.REPLIED,
        opened_at=MONDAY, due=LATER, replies=1, reply="今晚", replied_at=LATER, late=True, reviewed_at=LATER,
        review="同意",
    )  # fmt: skip
    return {
        "tags": ("media",),
        "span": ("c-d2",),
        "parent": "20260914-0000-0003",
        "children": (child,),
        "repeat_of": "20260914-0000-0004",
        "repeats": 2,
        "urges": 3,
        "demands": 2,
        "urged_at": MONDAY,
        "urged_up_at": LATER,
        "alarm": "AL-1",
        "linked": (LinkedAlarm(alarm_no="AL-1", seq=4, phase="responding", out=True),),
        "tasks": (task,),
        "milestones": (stage,),
        "supervisions": (order,),
    }


def _clocks() -> dict[str, Any]:
    return {
        "base_limit": limit("2WD"),
        "extension": Extension(asked_at=MONDAY, reason="等待配件", stage="dispatcher", due=LATER),
        "extensions": 1,
        "suspension": Suspension(
            since=MONDAY,
            until=LATER,
            reason="汛期",
            plan="汛后",
            interim_measure="围挡",
            evidence=("sha256-6",),
            left=limit("1.5WD"),
        ),
        "suspensions": 1,
        "pauses": (Pause(why="need_info", since=MONDAY, until=LATER),),
    }


def _before_and_above() -> dict[str, Any]:
    return {
        "info": InfoRequest(missing="place", question="在哪？", asked_at=MONDAY, tries=2),
        "verification": Verification(
            unit=GRID, asked_at=MONDAY, finding="exists", found_at=LATER, assumed=True
        ),
        "transfer": Transfer(to="PEER-110", at=MONDAY, reference="jq-1", confirmed_at=LATER),
        "handed_back_by": ("PEER-110",),
        "refused_for": "out_of_scope",
        "contact_due": LATER,
        "contact_late": True,
        "check_passed": True,
        "appeal": Appeal(
            about="overdue", reason="停电", filed_at=MONDAY, by=WATER, status="approved", stage="second",
            first_reviewer="zhang", due=LATER, decided_at=LATER,
        ),
        "exempt": ("overdue",),
        "report_up": ReportedUp(
            by=WATER, reason="无吊车", at=MONDAY, to=DISTRICT, level=Level.DISTRICT, due=LATER
        ),
        "awaiting": DISTRICT,
        "emergency": Emergency(
            since=MONDAY, grade=3, warning=2, response=1, phoned_at=LATER, written_at=LATER, last_at=LATER,
            final_at=LATER, reports=3, late=1,
        ),
    }  # fmt: skip
