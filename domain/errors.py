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


REFUSALS: dict[RefusalCode, tuple[str, str]] = {
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
        "核查和结案必须由某一单位作出，请注明操作者的单位",
        "checking and closing are acts of a unit; name the actor's unit",
    ),
    RefusalCode.CHECK_OUTSTANDING: (
        "核查尚未完成，不能按“已解决”结案；请录入核查结果",
        "the check is outstanding: record its finding instead of closing as solved",
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
