"""The words behind codes, per language: levels, urgency, triggers, dates. Used as template filters.

Each filter takes what the context holds and answers a readable word; an unknown code is
shown as it is, because a notice with an odd word in it is better than none.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from domain.limit import Limit, LimitUnit, UnableToReadLimit

TITLES: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "assignment": "派单",
        "reminder": "催办提醒",
        "duty_call": "值班呼叫",
        "escalation": "逐级上报",
        "overdue": "超时督办",
        "return_requested": "退单申请",
        "return_decided": "退单裁定",
        "arbitration": "权属裁决",
        "rework": "返工",
        "check_request": "现场核查",
        "result": "办理结果",
        "closed": "结案",
        "reopened": "重新办理",
        "merged": "并案",
        "cancelled": "作废",
        "answered": "答复",
        "refused": "不予受理",
        "transfer": "转接",
        "transferred": "已转出",
        "info_wanted": "补充信息",
        "verify_request": "现场核实",
        "split": "分开办理",
        "report_up": "报请决定",
        "report_up_decided": "报请答复",
        "event_report": "信息报送",
        "event_report_late": "迟报提醒",
        "emergency_call": "联动处置",
        "rules_changed": "规则调整",
        "joint": "联合处置",
        "supplement": "诉求人补充",
        "urge": "诉求人催办",
        "alarm_assess": "报警研判",
        "alarm_unanswered": "研判逾期",
        "alarm_changed": "报警变化",
        "storm_told": "集中报警",
        "supervision": "督办",
        "supervision_reply": "督办回复",
        "supervision_closed": "督办销号",
        "appeal_review": "申诉审核",
        "appeal_decided": "申诉结果",
        "task_assigned": "任务派发",
        "task_signed_in": "任务签收",
        "task_reported": "任务反馈",
        "task_late": "任务超时",
        "task_ended": "任务终止",
        "stage_late": "阶段超时",
        "extension_requested": "延期申请",
        "extension_decided": "延期审批",
        "extended": "延期告知",
        "suspended": "挂账",
        "resumed": "恢复处置",
        "instruction": "指令",
        "instruction_reminder": "指令催办",
        "instruction_report": "指令报告",
    },
    "en": {
        "assignment": "Assignment",
        "reminder": "Reminder",
        "duty_call": "Duty call",
        "escalation": "Escalation",
        "overdue": "Overdue, supervised",
        "return_requested": "Return requested",
        "return_decided": "Return decided",
        "arbitration": "Arbitration",
        "rework": "Rework",
        "check_request": "Site check",
        "result": "Result",
        "closed": "Closed",
        "reopened": "Reopened",
        "merged": "Merged",
        "cancelled": "Cancelled",
        "answered": "Answered",
        "refused": "Not taken",
        "transfer": "Transfer",
        "transferred": "Transferred",
        "info_wanted": "Information wanted",
        "verify_request": "Look on site",
        "split": "Handled by itself",
        "report_up": "Decision wanted",
        "report_up_decided": "Decided",
        "event_report": "Event report",
        "event_report_late": "Report late",
        "emergency_call": "Emergency call",
        "rules_changed": "Rules changed",
        "joint": "Joint handling",
        "supplement": "Reporter added",
        "urge": "Reporter urges",
        "alarm_assess": "Alarm to assess",
        "alarm_unanswered": "Alarm not assessed",
        "alarm_changed": "Alarm changed",
        "storm_told": "Many alarms",
        "supervision": "Supervision order",
        "supervision_reply": "Supervision order, reply",
        "supervision_closed": "Supervision order, closed",
        "appeal_review": "Appeal to review",
        "appeal_decided": "Appeal decided",
        "task_assigned": "Task",
        "task_signed_in": "Task taken",
        "task_reported": "Task reported",
        "task_late": "Task late",
        "task_ended": "Task ended",
        "stage_late": "Stage late",
        "extension_requested": "Extension requested",
        "extension_decided": "Extension decided",
        "extended": "More time needed",
        "suspended": "Suspended",
        "resumed": "Resumed",
        "instruction": "Instruction",
        "instruction_reminder": "Instruction, reminder",
        "instruction_report": "Instruction, report",
    },
}

_LEVELS = {
    "zh": {1: "市级", 2: "区级", 3: "街道", 4: "社区", 5: "网格"},
    "en": {1: "city", 2: "district", 3: "street", 4: "community", 5: "grid"},
}
_SEVERITIES = {
    "zh": {1: "特急", 2: "紧急", 3: "较急", 4: "一般"},
    "en": {1: "critical", 2: "urgent", 3: "elevated", 4: "normal"},
}
_ROLES = {
    "zh": {"owner": "责任单位", "co_handler": "协办单位", "copy": "抄送"},
    "en": {"owner": "accountable unit", "co_handler": "co-handler", "copy": "for information"},
}
_CLOCKS = {
    "zh": {
        "contact": "联系诉求人",
        "milestone": "阶段节点",
        "extension": "延期审批",
        "task": "协同任务",
        "task_sign_in": "任务签收",
        "subtask": "下派",
        "whistle": "吹哨报到",
        "co_handling": "协办",
        "triage": "受理分拨",
        "sign_in": "签收",
        "handling": "处置",
        "check": "核查",
        "transfer": "对方接收转接",
        "acknowledge": "确认知悉",
        "supervision": "督办回复",
        "supervision_review": "督办审核",
        "appeal": "申诉审核",
        "visit": "回访",
        "closing": "审核办结",
        "make_safe": "先行采取安全措施（责任裁定之前由属地兜底）",
    },
    "en": {
        "contact": "contact with the reporter",
        "milestone": "a stage of the work",
        "extension": "the decision on an extension",
        "task": "a task",
        "task_sign_in": "taking a task",
        "subtask": "sub-task",
        "whistle": "whistle: a street calls a department",
        "co_handling": "co-handling",
        "triage": "triage",
        "sign_in": "sign-in",
        "handling": "handling",
        "check": "site check",
        "transfer": "receipt of a transfer",
        "acknowledge": "a word that you have seen it",
        "supervision": "a reply to a supervision order",
        "supervision_review": "the review of a reply",
        "appeal": "the review of an appeal",
        "visit": "the visits of its reporters",
        "closing": "a decision on its result",
        "make_safe": "the locality to keep the place safe until it is ruled who is accountable",
    },
}
_ENDED_ZH, _ENDED_EN = "子案件已结案", "a child case has been closed"
# What a lead hears of its children, and a child's owner of the joint case.
_JOINT = {
    "zh": {
        "closed": _ENDED_ZH,
        "visiting": _ENDED_ZH,
        "evaluated": _ENDED_ZH,
        "archived": _ENDED_ZH,
        "answered": "子案件已直接答复",
        "cancelled": "子案件已作废",
        "merged": "子案件已并案",
        "refused": "子案件不予受理",
        "transferred_out": "子案件已转出",
        "overdue": "子案件已超时",
        "returned": "子案件申请退回",
        "reopened": "子案件重新办理",
        "escalated": "子案件已提级",
        "joined": "本案件已并入联合处置",
        "waived": "牵头单位不再等待该子案件，请继续办理",
        "all_done": "必办子案件已全部办结，可以反馈结果",
    },
    "en": {
        "closed": _ENDED_EN,
        "visiting": _ENDED_EN,
        "evaluated": _ENDED_EN,
        "archived": _ENDED_EN,
        "answered": "a child case was answered at once",
        "cancelled": "a child case was cancelled",
        "merged": "a child case was merged into another",
        "refused": "a child case was refused",
        "transferred_out": "a child case was transferred out",
        "overdue": "a child case is overdue",
        "returned": "the unit of a child case asks to return it",
        "reopened": "a child case is handled again",
        "escalated": "a child case has gone up a level",
        "joined": "this case is now part of a joint case",
        "waived": "the lead no longer waits for this child case; please carry on with it",
        "all_done": "every mandatory child case has ended: the result can be reported",
    },
}
# What becomes of the alarm a case is about.
_ALARM = {
    "zh": {
        "worse": "报警已加重",
        "regraded": "报警等级已由人工调整",
        "relapse": "监测值再次超限",
        "in_band": "监测值已恢复正常，尚需现场确认",
        "withdrawn": "报警已由来源撤回或已失效，尚需现场确认",
        "released": "报警已解除",
        "false_alarm": "已研判为误报；本案不自动作废，请现场确认后办结",
        "device_fault": "已研判为设备故障；本案不自动作废，请现场确认后办结",
        "merged": "报警已并入其他报警",
    },
    "en": {
        "worse": "it has got worse",
        "regraded": "a person has graded it anew",
        "relapse": "the readings are out of band again",
        "in_band": "the readings are back in band; somebody on site still has to say so",
        "withdrawn": "its sender took it back or it has expired; somebody on site still has to say so",
        "released": "it is released",
        "false_alarm": "it was found false; the case goes on until somebody on site ends it",
        "device_fault": "the device is at fault; the case goes on until somebody on site ends it",
        "merged": "it is now part of another alarm",
    },
}
# The nine triggers of the escalation policy (reference: domain.md §4.2).
_TRIGGERS = {
    "zh": {
        "E1": "事件等级达到上级指挥标准",
        "E2": "本级无权限或无力量处置",
        "E3": "超过签收时限未签收",
        "E4": "超过处置时限未办结",
        "E5": "多次退单或多单位推诿",
        "E6": "多次返工或回访未解决",
        "E7": "跨行政区域",
        "E8": "同类事件短时集中发生",
        "E9": "重点督办标签",
        "jump": "越级提级",
        "ack": "督办单位未确认知悉",
    },
    "en": {
        "E1": "severity calls for a higher level",
        "E2": "no authority or means at this level",
        "E3": "not signed in within its limit",
        "E4": "not handled within its limit",
        "E5": "returned repeatedly or refused by several units",
        "E6": "repeated rework, or unsolved after visits",
        "E7": "crosses administrative areas",
        "E8": "many of one kind in a short time",
        "E9": "tagged for supervision",
        "jump": "sent straight to this level",
        "ack": "the supervisor called has not answered",
    },
}
_UNITS = {
    "zh": {
        "MIN": "分钟",
        "UH": "紧急工作时",
        "UD": "紧急工作日",
        "WH": "工作时",
        "WD": "工作日",
        "ND": "自然日",
    },
    "en": {
        "MIN": "minutes",
        "UH": "hours, nights included",
        "UD": "days, nights included",
        "WH": "working hours",
        "WD": "working days",
        "ND": "calendar days",
    },
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NO_PLACE = {"zh": "地点待定", "en": "place not yet known"}

Words = Callable[[object], str]


def title(*, template: str, language: str) -> str:
    """Return the heading of a notice, or a general one for a template nobody knows."""
    general = "事件通知" if language == "zh" else "Notice"
    return TITLES[language].get(template, general)


def filters(*, language: str) -> dict[str, Words]:
    """Return the filters that turn codes into words of this language ("zh" or "en")."""
    return {
        "alarm_news": _looked_up(_ALARM[language]),
        "city_time": city_time_zh if language == "zh" else city_time_en,
        "clock_name": _looked_up(_CLOCKS[language]),
        "joint_news": _looked_up(_JOINT[language]),
        "level_name": _looked_up(_LEVELS[language]),
        "limit_text": _limit_text(_UNITS[language]),
        "place": _place(_NO_PLACE[language]),
        "role_name": _looked_up(_ROLES[language]),
        "severity_name": _looked_up(_SEVERITIES[language]),
        "trigger_name": _looked_up(_TRIGGERS[language]),
    }


def city_time_zh(value: object) -> str:
    """Show an ISO 8601 time as it stands, ``2026年11月22日 17:30``; ValueError if it is none."""
    at = datetime.fromisoformat(str(value))
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


def city_time_en(value: object) -> str:
    """Show an ISO 8601 time as it stands, ``22 Nov 2026, 17:30``; ValueError if it is none."""
    at = datetime.fromisoformat(str(value))
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M}"


def _looked_up(words: Mapping[int, str] | Mapping[str, str]) -> Words:
    known = {str(code): word for code, word in words.items()}
    return lambda code: known.get(str(code), str(code))


def _limit_text(units: Mapping[str, str]) -> Words:
    def words(value: object) -> str:
        try:
            limit = Limit.parse(str(value))
        except UnableToReadLimit:
            return str(value)
        return f"{limit.amount:g} {units[LimitUnit(limit.unit).value]}"

    return words


def _place(unknown: str) -> Words:
    def words(areas: object) -> str:
        if not isinstance(areas, Sequence) or isinstance(areas, str):
            return unknown
        return " / ".join(str(area) for area in areas) or unknown

    return words


def tidy(*, text: str) -> str:
    """Return a body without control characters, trailing blanks or runs of empty lines."""
    plain = "".join(char if char == "\n" or char.isprintable() else " " for char in text)
    lines = "\n".join(line.rstrip() for line in plain.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")
