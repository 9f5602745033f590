"""Why a command is refused: stable codes with a sentence in both languages.

The texts say what to do next. Parameters are filled with ``str.format``; they never hold
personal data, since refusals are logged.
"""

from enum import StrEnum


class RefusalCode(StrEnum):
    """Stable machine-readable reason of a refusal."""

    NOT_ALLOWED_IN_STATE = "command_not_allowed_in_state"
    CASE_ENDED = "case_ended"
    ROLE_NOT_ALLOWED = "role_not_allowed"
    NOT_THE_OWNER = "not_the_owner"
    HANDLER_MAY_NOT_CLOSE = "handler_may_not_close"
    UNIT_REQUIRED = "unit_required"
    CHECK_OUTSTANDING = "check_outstanding"
    REASON_REQUIRED = "reason_required"
    RETURN_ONCE_PER_UNIT = "return_once_per_unit"
    RETURN_TOO_LATE = "return_too_late"
    BOUND_BY_RULING = "bound_by_ruling"
    SAME_OWNER = "same_owner"
    LEAD_REQUIRED = "lead_required"
    NOT_THE_ARBITER = "not_the_arbiter"
    SEVERE_CASE_NOT_CANCELLABLE = "severe_case_not_cancellable"
    UNKNOWN_REPORT = "unknown_report"
    REPORT_ALREADY_VISITED = "report_already_visited"
    MERGE_INTO_ITSELF = "merge_into_itself"
    TOP_LEVEL = "top_level"
    SUPERVISION_OPEN = "supervision_open"
    CHILDREN_OPEN = "children_open"
    TASKS_OPEN = "tasks_open"
    DECISION_OWED = "decision_owed"
    UNKNOWN_ITEM = "unknown_item"
    ITEM_SETTLED = "item_settled"
    NOT_YOUR_ITEM = "not_your_item"
    DUE_OUTSIDE = "due_outside"
    EXTENSION_OVERDUE = "extension_overdue"
    EXTENSIONS_USED = "extensions_used"
    EXTENSION_PENDING = "extension_pending"
    NO_EXTENSION = "no_extension"
    NOT_YOUR_STEP = "not_your_step"
    SUSPENDED_ONCE = "suspended_once"
    SUSPENSION_TOO_LONG = "suspension_too_long"
    SUSPENSION_NEEDS_DISTRICT = "suspension_needs_district"
    INTERIM_MEASURE_REQUIRED = "interim_measure_required"
    APPEAL_ONCE = "appeal_once"
    APPEAL_TOO_LATE = "appeal_too_late"
    NOTHING_TO_APPEAL = "nothing_to_appeal"
    NO_APPEAL = "no_appeal"
    SECOND_REVIEWER = "second_reviewer"
    CHECK_PHOTO_REQUIRED = "check_photo_required"
    CHECK_POSITION_REQUIRED = "check_position_required"
    CHECK_TOO_FAR = "check_too_far"
    NOT_THE_CHECKER = "not_the_checker"
    ILLEGAL_ACT_NOT_CANCELLABLE = "illegal_act_not_cancellable"
    NOT_ABOVE = "not_above"
    NOBODY_TO_ACKNOWLEDGE = "nobody_to_acknowledge"
    NOTHING_REPORTED_UP = "nothing_reported_up"
    NOT_THE_UPPER_UNIT = "not_the_upper_unit"
    NO_EMERGENCY = "no_emergency"
    OUT_OF_SCALE = "out_of_scale"
    HANDED_BACK = "handed_back"
    ALREADY_CONFIRMED = "already_confirmed"
    ONLY_REPORT = "only_report"
    OWN_PARENT = "own_parent"
    HAS_PARENT = "has_parent"
    RULEBOOK_REQUIRED = "rulebook_required"
    TASK_TEXT_REQUIRED = "task_text_required"
    TASK_TO_OWNER = "task_to_owner"
    TOO_MANY_TASKS = "too_many_tasks"
    RECEIPT_REQUIRED = "receipt_required"
    BEING_MERGED = "being_merged"
    EMERGENCY_OPEN = "emergency_open"
    NOT_A_SUPERVISOR = "not_a_supervisor"
    NOT_REPLIED = "not_replied"
    RETURNED_BEFORE = "returned_before"
    TOO_MANY_LEVELS = "too_many_levels"
    TOO_MANY_CHILDREN = "too_many_children"
    SEVERE_CASE_NOT_SETTLED = "severe_case_not_settled"
    TOO_MANY_ORDERS = "too_many_orders"
    ASKED_OFTEN = "asked_often"
    NOTHING_TO_URGE = "nothing_to_urge"
    ALARM_OUT_OF_BAND = "alarm_out_of_band"


REFUSALS: dict[RefusalCode, tuple[str, str]] = {
    RefusalCode.ALARM_OUT_OF_BAND: (
        "报警 {alarms} 的监测值尚未恢复正常，不能以“已解决”结案；请待其恢复，或由研判人员认定误报、设备故障",
        "alarm {alarms} is out of band, so nothing is solved: wait until it is back, or have it assessed as false or faulty",
    ),
    RefusalCode.NOTHING_TO_URGE: (
        "报告 {report} 已办结，无可催办；如未解决，请在回访时说明，或提交新的诉求并注明此编号",
        "report {report} is settled: if it is not solved say so when visited, or file a new one naming this number",
    ),
    RefusalCode.NOT_ALLOWED_IN_STATE: (
        "案件处于“{status}”状态，不能执行“{command}”；请刷新后查看可执行的操作",
        "a case in state {status} does not take {command}; reload it and see the actions it allows",
    ),
    RefusalCode.CASE_ENDED: (
        "案件已结束（{status}），不再接受操作",
        "the case has ended ({status}) and takes no more commands",
    ),
    RefusalCode.ROLE_NOT_ALLOWED: (
        "角色“{role}”不能执行“{command}”；允许的角色：{allowed}",
        "role {role} may not {command}; allowed: {allowed}",
    ),
    RefusalCode.NOT_THE_OWNER: (
        "只有当前主办单位 {owner} 可以执行此操作",
        "only the present owner {owner} may do this",
    ),
    RefusalCode.HANDLER_MAY_NOT_CLOSE: (
        "处置单位不得核查或办结自己的案件，请由监督方操作",
        "a handler never checks or closes its own case; let the supervising side do it",
    ),
    RefusalCode.UNIT_REQUIRED: (
        "核查、结案和审核必须由某一单位作出，请注明操作者的单位",
        "checking, closing and reviewing are acts of a unit; name the actor's unit",
    ),
    RefusalCode.CHECK_OUTSTANDING: (
        "核查尚未完成，不能按“已解决”结案；请派员现场核查并录入结果",
        "the check is outstanding: send somebody and record the finding instead of closing as solved",
    ),
    RefusalCode.REASON_REQUIRED: ("必须填写理由", "a reason is required"),
    RefusalCode.RETURN_ONCE_PER_UNIT: (
        "同一单位对同一案件只能申请退回一次",
        "a unit may ask to return a case once only",
    ),
    RefusalCode.RETURN_TOO_LATE: (
        "已超过申请退回的时限（{due}），请处置或向上级报请",
        "the time to ask for a return ended at {due}; handle the case or report it up",
    ),
    RefusalCode.BOUND_BY_RULING: (
        "本案已有裁定，主办单位不得再退回",
        "a binding ruling names this owner; it cannot return the case",
    ),
    RefusalCode.SAME_OWNER: (
        "新的主办单位与当前主办单位相同",
        "the new owner is the present owner",
    ),
    RefusalCode.LEAD_REQUIRED: ("必须指定主办单位", "name the unit that will own the case"),
    RefusalCode.NOT_THE_ARBITER: (
        "只有 {arbiter} 可以作出裁定",
        "only {arbiter} may rule on this case",
    ),
    RefusalCode.SEVERE_CASE_NOT_CANCELLABLE: (
        "严重程度 1–2 级的案件不得作废，必须处置到底",
        "a case of severity 1 or 2 is never cancelled; it is handled to its end",
    ),
    RefusalCode.UNKNOWN_REPORT: (
        "本案没有编号为 {report} 的报告",
        "the case has no report {report}",
    ),
    RefusalCode.REPORT_ALREADY_VISITED: (
        "报告 {report} 已完成回访",
        "the reporter of {report} was visited already",
    ),
    RefusalCode.MERGE_INTO_ITSELF: ("不能并入自身", "a case cannot be merged into itself"),
    RefusalCode.TOP_LEVEL: (
        "案件已在最高一级，请由该级作出决定",
        "the case is at the top level already; that level must decide",
    ),
    RefusalCode.SUPERVISION_OPEN: (
        "尚有未销的督办 {supervisions}，不能结案；请先回复并由督办方销号",
        "supervision order {supervisions} is open: the case closes when it is replied to and reviewed",
    ),
    RefusalCode.CHILDREN_OPEN: (
        "必办子案件 {children} 尚未办结，不能结案；请等待或说明理由后免除",
        "mandatory children {children} are open: wait for them, or waive them with a reason",
    ),
    RefusalCode.TASKS_OPEN: (
        "必办任务 {tasks} 尚未完成；请等待反馈或说明理由后免除",
        "mandatory tasks {tasks} are not finished: wait for their reports, or waive them with a reason",
    ),
    RefusalCode.DECISION_OWED: (
        "{unit} 尚未对报请作出决定；请等待答复",
        "{unit} still owes a decision on what was reported up: wait for it",
    ),
    RefusalCode.UNKNOWN_ITEM: (
        "本案没有编号为 {item} 的事项",
        "the case has no item {item}",
    ),
    RefusalCode.ITEM_SETTLED: (
        "事项 {item} 已完成，不能再次操作",
        "item {item} is settled already",
    ),
    RefusalCode.NOT_YOUR_ITEM: (
        "只有 {unit} 可以办理此事项",
        "only {unit} may act on this item",
    ),
    RefusalCode.DUE_OUTSIDE: (
        "期限 {due} 必须晚于现在且不晚于本案时限 {limit}",
        "the deadline {due} must lie in the future and not after the case's own, {limit}",
    ),
    RefusalCode.EXTENSION_OVERDUE: (
        "已超期，不能申请延期",
        "an overdue case is not extended",
    ),
    RefusalCode.EXTENSIONS_USED: (
        "延期次数已用完（{most} 次）",
        "no more extensions: {most} were granted",
    ),
    RefusalCode.EXTENSION_PENDING: (
        "已有一项延期申请待审批",
        "an extension is being decided already",
    ),
    RefusalCode.NO_EXTENSION: (
        "没有待审批的延期申请",
        "no extension waits for a decision",
    ),
    RefusalCode.NOT_YOUR_STEP: (
        "此步由{who}审批",
        "this step is decided by {who}",
    ),
    RefusalCode.SUSPENDED_ONCE: (
        "本案已挂账过一次，不能再次挂账",
        "a case is suspended once only, and this one was",
    ),
    RefusalCode.SUSPENSION_TOO_LONG: (
        "挂账最长 {most} 天",
        "a suspension lasts at most {most} days",
    ),
    RefusalCode.SUSPENSION_NEEDS_DISTRICT: (
        "挂账超过 {days} 天须由区级以上决定",
        "over {days} days a district or the city suspends",
    ),
    RefusalCode.INTERIM_MEASURE_REQUIRED: (
        "必须说明方案和临时安全措施",
        "state the plan and the interim safety measure",
    ),
    RefusalCode.APPEAL_ONCE: (
        "每案只能申诉一次",
        "a case is appealed once only",
    ),
    RefusalCode.APPEAL_TOO_LATE: (
        "申诉期限已过（{due}）",
        "the time to appeal ended at {due}",
    ),
    RefusalCode.NOTHING_TO_APPEAL: (
        "本案没有可申诉的“{about}”记录",
        "the case has no {about} mark to appeal against",
    ),
    RefusalCode.NO_APPEAL: (
        "没有待审核的申诉",
        "no appeal waits for a review",
    ),
    RefusalCode.SECOND_REVIEWER: (
        "申诉须由两人先后审核，且均不得来自处置单位",
        "an appeal is reviewed by two different people, neither of a unit that handled the case",
    ),
    RefusalCode.CHECK_PHOTO_REQUIRED: (
        "现场核查须附照片",
        "a check on site carries a photo",
    ),
    RefusalCode.CHECK_POSITION_REQUIRED: (
        "现场核查须附位置",
        "a check on site carries its position",
    ),
    RefusalCode.CHECK_TOO_FAR: (
        "核查位置距事发地 {metres} 米，超过 {most} 米",
        "the check was recorded {metres} m from the place; at most {most} m",
    ),
    RefusalCode.NOT_THE_CHECKER: (
        "核查由 {checker} 承担",
        "{checker} makes this check",
    ),
    RefusalCode.ILLEGAL_ACT_NOT_CANCELLABLE: (
        "涉嫌违法的案件不得作废",
        "a case of an illegal act is never cancelled",
    ),
    RefusalCode.NOT_ABOVE: (
        "只能提至高于当前的层级",
        "name a level above the present one",
    ),
    RefusalCode.NOBODY_TO_ACKNOWLEDGE: (
        "没有待确认的提级，或不由该单位确认",
        "no escalation waits for this unit's word",
    ),
    RefusalCode.NOTHING_REPORTED_UP: (
        "没有待答复的报请",
        "nothing was reported up that waits for a decision",
    ),
    RefusalCode.NOT_THE_UPPER_UNIT: (
        "由 {unit} 或其上级作出决定",
        "{unit}, or a level above it, decides",
    ),
    RefusalCode.NO_EMERGENCY: (
        "本案未启动应急",
        "the case is not on the emergency track",
    ),
    RefusalCode.OUT_OF_SCALE: (
        "等级必须为 1 至 4",
        "a grade runs from 1 to 4",
    ),
    RefusalCode.HANDED_BACK: (
        "{to} 已退回本案，首接者须受理",
        "{to} handed it back: the first receiver keeps it",
    ),
    RefusalCode.ALREADY_CONFIRMED: (
        "对方已确认接收",
        "the other side has confirmed it already",
    ),
    RefusalCode.ONLY_REPORT: (
        "本案只有这一件报告，或该报告不是并入的，不能拆分",
        "the report was not merged into this case: nothing to split off",
    ),
    RefusalCode.OWN_PARENT: (
        "案件不能成为自身的子案件",
        "a case cannot be its own parent",
    ),
    RefusalCode.HAS_PARENT: (
        "案件已属于 {parent}",
        "the case belongs to {parent} already",
    ),
    RefusalCode.EMERGENCY_OPEN: (
        "应急信息尚未终报，案件不能结束或移出；请先报送终报",
        "the emergency has no final report yet: make it first; until then the case neither ends nor leaves",
    ),
    RefusalCode.RULEBOOK_REQUIRED: (
        "本案按旧规则立案，请先“适用新规则”",
        "the case began under older rules: apply the new policy to it first",
    ),
    RefusalCode.RECEIPT_REQUIRED: (
        "必须填写对方的回执编号",
        "the other side's receipt number is required",
    ),
    RefusalCode.BEING_MERGED: (
        "案件 {case} 正在并案，请稍后刷新再试",
        "case {case} is being merged itself: reload it in a moment and try again",
    ),
    RefusalCode.NOT_A_SUPERVISOR: (
        "督办由本案各级指挥机构、督办单位或主办单位的上级下达，主办单位不得下达，任何单位不得督办自身",
        "a level of the case's ladder, a supervisor or a unit above the owner orders; nobody orders itself",
    ),
    RefusalCode.NOT_REPLIED: (
        "督办 {item} 尚未回复，不能审核",
        "order {item} was not replied to yet: there is nothing to review",
    ),
    RefusalCode.RETURNED_BEFORE: (
        "{unit} 已退回过本案，不能再派给该单位；如有争议请提请裁定",
        "{unit} has given this case back before; only a ruling may give it there again",
    ),
    RefusalCode.TOO_MANY_LEVELS: (
        "联合处置最多 {most} 级",
        "parents and children make a chain of at most {most} cases",
    ),
    RefusalCode.TOO_MANY_CHILDREN: (
        "一个案件最多 {most} 个子案件；请在子案件之下再分",
        "a case has at most {most} children: divide further under one of them",
    ),
    RefusalCode.SEVERE_CASE_NOT_SETTLED: (
        "严重程度 1–2 级的事件不能直接答复或不予受理；请立案派遣或转出 110/119/120/122，确属定级有误的先调整等级",
        "severity 1 or 2 is neither answered nor refused: file it or transfer it out; regrade it first if misjudged",
    ),
    RefusalCode.TOO_MANY_ORDERS: (
        "一个案件最多 {most} 次督办；请在已有督办上审核退回，要求重新回复",
        "a case has at most {most} supervision orders: return the reply to one of them instead",
    ),
    RefusalCode.ASKED_OFTEN: (
        "已向诉求人询问 {most} 次；请派员核实、立案，或作出处理",
        "the reporter was asked {most} times: send somebody to look, file it, or settle it",
    ),
    RefusalCode.TASK_TEXT_REQUIRED: (
        "请写明任务内容或完成情况",
        "say what is to be done, or what was done",
    ),
    RefusalCode.TASK_TO_OWNER: (
        "{owner} 是本案主办单位，不能再作为任务单位",
        "{owner} owns the case: it cannot be given a task of it",
    ),
    RefusalCode.TOO_MANY_TASKS: (
        "一个案件最多 {most} 项任务；请改为联合处置，下派子案件",
        "a case has at most {most} tasks: make it a joint case with children",
    ),
}


class CommandRefused(Exception):
    """The case does not take this command. Carries a stable code and its parameters."""

    def __init__(self, code: RefusalCode, **params: str) -> None:
        """Keep the code and the parameters of its sentence."""
        super().__init__(code.value)
        self.code = code
        self.params = params

    def text(self, *, lang: str) -> str:
        """Return the sentence in ``zh`` or ``en``."""
        zh, en = REFUSALS[self.code]
        return (zh if lang == "zh" else en).format(**self.params)
