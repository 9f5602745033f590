"""What can be wrong with a request: stable codes with a sentence in both languages.

Refusals of a case have their own codes in ``domain.errors``; both end up as RFC 9457
problems. Every text says what to do.
"""

from dataclasses import dataclass

from usecases.problem_codes import ProblemCode
from usecases.problems_intake import PROBLEMS_INTAKE
from usecases.problems_people import PROBLEMS_PEOPLE

__all__ = ["PROBLEMS", "BadRequest", "Finding", "ProblemCode"]

PROBLEMS: dict[ProblemCode, tuple[int, str, str]] = {
    ProblemCode.MALFORMED_JSON: (
        400,
        "请求体不是合法的 JSON（{detail}）；请改正后重发，编码用 UTF-8",
        "the body is not valid JSON ({detail}); correct it and send again, in UTF-8",
    ),
    ProblemCode.INVALID_BODY: (
        422,
        "请求内容不合要求；请按 errors 所列逐项改正后重发",
        "the body does not fit the schema; correct what errors names and send again",
    ),
    ProblemCode.INVALID_PARAMETER: (
        422,
        "地址或请求头中的参数不合要求；请按 errors 所列逐项改正",
        "a parameter of the address or a header does not fit; correct what errors names",
    ),
    ProblemCode.UNSUPPORTED_MEDIA_TYPE: (
        415,
        "不支持的内容类型“{given}”；请以 Content-Type: application/json 发送",
        "content type {given} is not taken; send Content-Type: application/json",
    ),
    ProblemCode.UNKNOWN_CATEGORY: (
        422,
        "没有编码为“{category}”的类别；请从 GET /api/v1/categories 选择，或留空由受理员定类",
        "no category {category}; take one of GET /api/v1/categories, or leave it out and triage will classify",
    ),
    ProblemCode.UNKNOWN_CONDITION: (
        422,
        "类别 {category} 没有立案条件“{condition}”；可用：{known}",
        "category {category} has no filing condition {condition}; known: {known}",
    ),
    ProblemCode.UNKNOWN_CHANNEL: (
        422,
        "没有名为“{channel}”的渠道；可用：{known}",
        "no channel {channel}; known: {known}",
    ),
    ProblemCode.UNKNOWN_AREA: (
        422,
        "没有编码为“{area}”的区域；请核对编码，或改填坐标、地址",
        "no area {area}; check the code, or send a point or an address instead",
    ),
    ProblemCode.UNKNOWN_UNIT: (
        422,
        "没有编码为“{unit}”的单位；请核对编码，可用 GET /api/v1/units/{{code}} 查询",
        "no unit {unit} in the organisation tree; check the code, GET /api/v1/units/{{code}} knows them",
    ),
    ProblemCode.NOT_A_PEER: (
        422,
        "“{unit}”不是 110、119、120、122 等对接平台；请填写对接平台的编码",
        "{unit} is not a platform outside such as 110, 119, 120 or 122; name the code of one",
    ),
    ProblemCode.UNKNOWN_COMMAND: (
        422,
        "没有名为“{kind}”的指令；可用：{known}",
        "no command {kind}; known: {known}",
    ),
    ProblemCode.UNKNOWN_ACTOR: (
        401,
        "操作者无效：{detail}；格式为 X-Cityops-Actor: id=账号; role=角色; unit=单位编码",
        "unknown actor: {detail}; send X-Cityops-Actor: id=ACCOUNT; role=ROLE; unit=UNIT",
    ),
    ProblemCode.ACTOR_REQUIRED: (
        401,
        "此操作需要操作者；演示模式下请发送 X-Cityops-Actor 头",
        "this needs an actor; in demo mode send the X-Cityops-Actor header",
    ),
    ProblemCode.HEADER_ACTOR_OUTSIDE_DEMO: (
        403,
        "仅演示模式接受 X-Cityops-Actor 头；本系统未运行在演示模式",
        "the X-Cityops-Actor header is accepted in demo mode only, and this stack does not run in it",
    ),
    ProblemCode.OCCURRED_IN_FUTURE: (
        422,
        "发生时间 {occurred_at} 在未来（现在 {now}）；请检查来源系统的时钟和时区",
        "occurred_at {occurred_at} is in the future (now {now}); check the sender's clock and time zone",
    ),
    ProblemCode.TOO_LONG: (
        413,
        "字段 {field} 有 {length} 个字符，超过上限 {most}；请缩短或作为附件提交",
        "{field} has {length} characters, more than {most}; shorten it or send it as an attachment",
    ),
    ProblemCode.BODY_TOO_LARGE: (
        413,
        "请求体超过 {most} 字节；请缩短后重发",
        "the body is larger than {most} bytes; shorten it and send again",
    ),
    ProblemCode.CONTROL_CHARACTERS: (
        422,
        "字段 {field} 含有控制字符（U+{point}）；请去除后重发",
        "{field} holds a control character (U+{point}); remove it and send again",
    ),
    ProblemCode.NOT_A_NUMBER: (
        422,
        "字段 {field} 不是有限的数（NaN 或 Infinity）；请填写数值或留空",
        "{field} is no finite number (NaN or Infinity); send a number or leave it out",
    ),
    ProblemCode.TOO_DEEP: (
        422,
        "字段 {field} 嵌套超过 {most} 层；请简化后重发",
        "{field} is nested deeper than {most} levels; simplify it and send again",
    ),
    ProblemCode.IDEMPOTENCY_KEY_REUSED: (
        422,
        "同一 Idempotency-Key 已用于内容不同的请求；请为新请求使用新的键",
        "this Idempotency-Key was used with another body; use a new key for a new request",
    ),
    ProblemCode.REQUEST_ID_REUSED: (
        422,
        "同一请求编号已用于内容不同的指令；请为新指令使用新的编号",
        "this request id was used with another command; use a new id for a new command",
    ),
    ProblemCode.CASE_NOT_FOUND: (
        404,
        "没有编号为 {case_no} 的案件；请核对编号（末位是校验位）",
        "no case {case_no}; check the number (its last character is a check digit)",
    ),
    ProblemCode.REPORT_NOT_FOUND: (
        404,
        "没有编号为 {report_no} 的报告；请核对回执上的编号",
        "no report {report_no}; check the number on the receipt",
    ),
    ProblemCode.UNIT_NOT_FOUND: (
        404,
        "没有编码为“{unit}”的单位；请核对编码",
        "no unit {unit} in the organisation tree; check the code",
    ),
    ProblemCode.NOT_FOUND: (
        404,
        "没有此地址：{path}；可用地址见 /docs",
        "nothing at {path}; /docs lists what there is",
    ),
    ProblemCode.METHOD_NOT_ALLOWED: (
        405,
        "{path} 不支持 {method}；可用的方法见 Allow 头",
        "{path} does not take {method}; the Allow header names what it takes",
    ),
    ProblemCode.BAD_CURSOR: (
        422,
        "分页游标无效；请从第一页重新开始",
        "the cursor is not valid; start from the first page",
    ),
    ProblemCode.MERGE_TARGET: (
        422,
        "案件 {master} 已结束（{detail}），不能作为并案主案；请选择在办案件",
        "case {master} has ended ({detail}) and cannot take a merged report; choose an open case",
    ),
    ProblemCode.MERGE_EXERCISE: (
        422,
        "案件 {master} 与本案一为演练、一为实际事件，不能并案",
        "case {master} and this one are a drill and a real event: they are not merged",
    ),
    ProblemCode.MERGE_MILDER: (
        422,
        "案件 {master} 的等级轻于本案（{severity} 级），不能作为并案主案；请先调整主案等级，或单独立案",
        "case {master} is graded milder than this one ({severity}): regrade the master first, or file this one",
    ),
    ProblemCode.PARENT_TARGET: (
        422,
        "案件 {parent} 不能作为上级案件：已结束、尚未开始，或一为演练一为实案；请选择在办案件",
        "case {parent} cannot be a parent: it has ended, not begun, or one of the two is an exercise",
    ),
    ProblemCode.NOT_BELOW: (
        422,
        "{unit} 不在 {sender} 之下，不能向其下派；同级或上级部门请用吹哨或协办",
        "{unit} does not stand below {sender}: no sub-task; whistle for it or make it a co-handler",
    ),
    ProblemCode.NOT_A_STREET: (
        422,
        "吹哨由街道（乡镇）单位发起，{sender} 不是街道单位；请改用下派或协办",
        "a street whistles, and {sender} is none; send a sub-task or name a co-handler instead",
    ),
    ProblemCode.NOT_A_DEPARTMENT: (
        422,
        "{unit} 不是可接受此任务的部门；请改选职能部门或专业单位",
        "{unit} is no department that takes this; name a department or a utility",
    ),
    ProblemCode.TIME_WITHOUT_ZONE: (
        422,
        "字段 {field} 的时间没有时区或超出范围；请写成 2026-09-30T18:00:00+08:00",
        "{field} has no time zone or is out of range; write 2026-09-30T18:00:00+08:00",
    ),
    ProblemCode.NOT_ON_DUTY_LIST: (
        422,
        "类别 {category} 不在社区 {unit} 的职责清单内；请改派街道或部门",
        "{category} is not on the duty list of community {unit}; name a street or a department",
    ),
    ProblemCode.INSTRUCTION_NOT_FOUND: (
        404,
        "没有编号为 {number} 的指令；请核对编号（末位是校验位）",
        "no instruction {number}; check the number (its last character is a check digit)",
    ),
    ProblemCode.INSTRUCTION_ENDED: (
        409,
        "指令已结束（{state}），不再接受操作；如被更正，请查看新的指令",
        "the instruction has ended ({state}) and takes no more; if it was corrected, see the new one",
    ),
    ProblemCode.NOT_A_COMMANDER: (
        403,
        "角色“{role}”、单位 {unit} 不能下达指令；须为市、区、街道指挥机构的督办员、负责人或派遣员",
        "{role} of {unit} may not instruct; a supervisor, leader or dispatcher of a command unit may",
    ),
    ProblemCode.OUTSIDE_COMMAND: (
        403,
        "{commander} 不能向 {unit} 下达指令：只能向本辖区内本级及以下（转达时为下级）单位下达",
        "{commander} may not instruct {unit}: only units of its area, not above it (passing on: below it)",
    ),
    ProblemCode.MAY_NOT_PASS_ON: (
        403,
        "角色“{role}”、单位 {unit} 不能转达指令；须为指挥机构或社区的督办员、负责人或派遣员",
        "{role} of {unit} may not pass it on; a supervisor, leader or dispatcher of a command unit or community may",
    ),
    ProblemCode.NOT_A_RECEIVER: (
        403,
        "单位 {unit} 不是此指令的接收单位；请由接收单位操作",
        "unit {unit} is no receiver of this instruction; one of its receivers must do this",
    ),
    ProblemCode.NOT_THE_ISSUER: (
        403,
        "只有下达单位 {issuer} 的督办员、负责人或派遣员可以关闭、撤回或更正此指令",
        "only a supervisor, leader or dispatcher of its issuer {issuer} may close, withdraw or correct it",
    ),
    ProblemCode.NO_RECEIVERS: (
        422,
        "没有选中任何单位；请填写单位编码，或核对选择条件的层级、类型和区域",
        "no unit was chosen; name units by code, or check level, kind and area of the selectors",
    ),
    ProblemCode.TOO_MANY_RECEIVERS: (
        422,
        "选中的单位超过上限 {most} 个；请缩小范围，或下达到街道、社区由其转达",
        "more than {most} units; narrow the choice, or instruct streets or communities and let them pass it on",
    ),
    ProblemCode.LIMIT_OUT_OF_RANGE: (
        422,
        "时限 {limit} 超出范围；须大于零且不超过 {most} 天",
        "limit {limit} is out of range; more than nothing and at most {most} days",
    ),
    ProblemCode.OVERLOADED: (
        503,
        "系统繁忙，请按 Retry-After 重试",
        "busy; retry after the time in Retry-After",
    ),
    ProblemCode.INTERNAL: (
        500,
        "系统内部错误，编号 {trace}；请联系管理员",
        "internal error {trace}; tell the operator",
    ),
    **{ProblemCode(code): problem for code, problem in {**PROBLEMS_INTAKE, **PROBLEMS_PEOPLE}.items()},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One problem of a request, or a warning of an accepted one."""

    code: ProblemCode
    params: dict[str, str]

    @property
    def status(self) -> int:
        """Return the HTTP status the code stands for."""
        return PROBLEMS[self.code][0]

    def text(self, *, lang: str) -> str:
        """Return the sentence in ``zh`` or ``en``."""
        _, zh, en = PROBLEMS[self.code]
        return (zh if lang == "zh" else en).format(**self.params)


class BadRequest(Exception):
    """The request cannot be carried out as it is; carries the finding, and headers the answer must have."""

    def __init__(self, code: ProblemCode, **params: str) -> None:
        """Keep the finding."""
        super().__init__(code.value)
        self.finding = Finding(code=code, params=params)
        self.headers: dict[str, str] = {}
