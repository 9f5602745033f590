"""The transition table of a case as data (reference: domain.md §8, assembled from published city rules).

``decide`` moves a case only along these rows; ``docs/transitions.md`` is generated from
them. A row with two targets, or with different people for each, is written in two parts.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.actor import Role
from domain.case import Status

S = Status
R = Role

ACTIVE = (
    S.RECEIVED, S.TRIAGING, S.NEED_INFO, S.VERIFYING_PRE, S.FILED, S.DISPATCHED, S.ACCEPTED, S.HANDLING,
    S.SUSPENDED, S.RETURN_REQUESTED, S.ARBITRATION, S.FEEDBACK, S.CHECKING, S.REOPENED,
)  # fmt: skip
"""States in which somebody owes the next step before the case is closed."""
DUTY = (
    S.DISPATCHED,
    S.ACCEPTED,
    S.HANDLING,
    S.SUSPENDED,
    S.RETURN_REQUESTED,
    S.ARBITRATION,
    S.FEEDBACK,
    S.CHECKING,
)
"""States in which a unit owns the case."""
AFTER = (S.CLOSED, S.VISITING, S.EVALUATED)
"""States after closing, before the archive."""
RUNS = tuple(status for status in S if status not in (S.MERGED, S.ARCHIVED, S.CANCELLED))
"""States that take messages at all."""
DESK = (R.OPERATOR, R.DISPATCHER)
UNIT = (R.HANDLER, R.LEADER)


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """One row: from which states, to which, by what message and whom, within what time.

    ``target`` is None where the state stays. ``message`` is a command's kind, or the name
    of the engine's own cause. ``roles`` may send the command. ``urgent`` and ``normal``
    are the default deadlines of severity 1–2 and 3–4 as written in the standard's units.
    A row that ``follows`` is taken by the engine in the same step as the row before it:
    nobody ever sends its message in its source state.
    """

    row: int
    sources: tuple[Status | None, ...]
    target: Status | None
    message: str
    roles: tuple[Role, ...]
    urgent: str
    normal: str
    zh: str
    en: str
    follows: bool = False


TRANSITIONS: tuple[Transition, ...] = (
    Transition(
        row=1, sources=(None,), target=S.RECEIVED, message="begin", roles=(R.ENGINE,),
        urgent="0MIN", normal="0MIN", zh="收到报告，给出回执号", en="a report arrives; receipt number to the reporter",
    ),
    Transition(
        row=2, sources=(S.RECEIVED,), target=S.TRIAGING, message="begin", roles=(R.ENGINE,),
        urgent="1MIN", normal="5MIN", zh="定类、定位、定网格、定急缓", en="classify, locate, find grid, score urgency",
    ),
    Transition(
        row=3, sources=(S.TRIAGING,), target=S.ANSWERED, message="answer_at_once", roles=DESK,
        urgent="0MIN", normal="1WD", zh="咨询类当场答复（1–2 级不可）；按比例回访",
        en="an enquiry is answered at once, never severity 1–2; a share is visited",
    ),
    Transition(
        row=4, sources=(S.TRIAGING,), target=S.REFUSED, message="refuse_report", roles=DESK,
        urgent="1WD", normal="1WD", zh="不属受理范围、法定渠道等：说明理由并告知去处（1–2 级不可）",
        en="out of scope, a statutory channel, illegal: reason code, and told where to go; never severity 1–2",
    ),
    Transition(
        row=5, sources=(S.TRIAGING,), target=S.TRANSFERRED_OUT, message="transfer_out", roles=DESK,
        urgent="0MIN", normal="0MIN", zh="110/119/120/122 或外市事项，一键转接并保留回执",
        en="a matter of 110/119/120/122 or another city: one-touch transfer, receipt kept",
    ),
    Transition(
        row=6, sources=(S.TRANSFERRED_OUT,), target=S.TRIAGING, message="hand_back", roles=(R.ENGINE, R.PEER, *DESK),
        urgent="30MIN", normal="30MIN", zh="对方退回，首接者受理",
        en="the other side returns it: the first receiver accepts it",
    ),
    Transition(
        row=7, sources=(S.TRIAGING,), target=S.MERGED, message="merge_into", roles=(R.ENGINE, R.OPERATOR, R.DISPATCHER),
        urgent="10MIN", normal="1WH", zh="与在办同一事件并案", en="the same event is open: merged into it",
    ),
    Transition(
        row=8, sources=(S.TRIAGING,), target=S.NEED_INFO, message="ask_reporter", roles=DESK,
        urgent="2WD", normal="2WD", zh="缺地点、主体或证据，请诉求人补充；仅此处总时钟暂停并公示",
        en="place, owner or evidence missing: asked; the total clock pauses only here, and it shows",
    ),
    Transition(
        row=9, sources=(S.NEED_INFO,), target=S.TRIAGING, message="reporter_answered", roles=(R.ENGINE, *DESK),
        urgent="2WD", normal="2WD", zh="诉求人答复；1–2 级无人答复也继续",
        en="the answer came; severity 1–2 goes on without one",
    ),
    Transition(
        row=9, sources=(S.NEED_INFO,), target=S.CANCELLED, message="time_passed", roles=(R.ENGINE,),
        urgent="-", normal="2WD", zh="两次询问无答复且无法办理，作废并注明",
        en="no answer after the tries and not solvable without: cancelled with a note",
    ),
    Transition(
        row=10, sources=(S.TRIAGING,), target=S.VERIFYING_PRE, message="verify_first", roles=DESK,
        urgent="30MIN", normal="4WH", zh="派最近的网格员现场核实",
        en="the nearest grid worker looks before it is filed",
    ),
    Transition(
        row=11, sources=(S.VERIFYING_PRE,), target=S.TRIAGING, message="record_verification",
        roles=(R.ENGINE, R.CHECKER, R.HANDLER, R.LEADER, *DESK),
        urgent="30MIN", normal="4WH", zh="核实结果：存在、不存在、无法判断；1 级超时视为存在",
        en="exists, not found, cannot tell; no answer on severity 1 counts as exists",
    ),
    Transition(
        row=12, sources=(S.TRIAGING,), target=S.FILED, message="file_case", roles=(R.ENGINE, R.OPERATOR, R.DISPATCHER),
        urgent="10MIN", normal="1WH", zh="符合立案条件，立案", en="the filing condition is met; it fixes the limit",
    ),
    Transition(
        row=13, sources=(S.FILED,), target=S.DISPATCHED, message="file_case", roles=(R.ENGINE, R.OPERATOR, R.DISPATCHER),
        urgent="5MIN", normal="1WH", zh="派遣到主办单位，处置时限起算", en="owner found; the handling clock starts",
        follows=True,
    ),
    Transition(
        row=14, sources=(S.DISPATCHED,), target=S.ACCEPTED, message="sign_in", roles=(R.HANDLER, R.LEADER),
        urgent="15MIN", normal="4WH", zh="主办单位签收", en="the owner signs in",
    ),
    Transition(
        row=15, sources=(S.DISPATCHED, S.ACCEPTED), target=S.RETURN_REQUESTED, message="request_return",
        roles=(R.HANDLER, R.LEADER), urgent="30MIN", normal="1WD",
        zh="申请退回（理由、建议单位、依据），时限照走", en="not ours, with reason; the clock keeps running",
    ),
    Transition(
        row=16, sources=(S.RETURN_REQUESTED,), target=S.DISPATCHED, message="grant_return",
        roles=(R.DISPATCHER, R.SUPERVISOR), urgent="30MIN", normal="4WH",
        zh="同意退回，改派，处置时限重新起算", en="granted: new owner, fresh handling limit, total clock goes on",
    ),
    Transition(
        row=17, sources=(S.RETURN_REQUESTED,), target=S.ACCEPTED, message="refuse_return",
        roles=(R.DISPATCHER, R.SUPERVISOR), urgent="30MIN", normal="4WH",
        zh="不同意退回，视为签收", en="refused: the unit has it",
    ),
    Transition(
        row=18, sources=(S.RETURN_REQUESTED,), target=S.ARBITRATION, message="time_passed", roles=(R.ENGINE,),
        urgent="0MIN", normal="0MIN", zh="再次退回、两家推诿或逾期不决，提请裁定",
        en="second return, two refusals or no answer: to arbitration",
    ),
    Transition(
        row=19, sources=(S.ARBITRATION,), target=S.DISPATCHED, message="rule", roles=(R.SUPERVISOR,),
        urgent="30MIN", normal="1WD", zh="裁定主办单位，不得再退", en="binding ruling: the lead cannot return it",
    ),
    Transition(
        row=20, sources=(S.ACCEPTED,), target=S.HANDLING, message="start_handling", roles=(R.HANDLER, R.LEADER),
        urgent="2UH", normal="1WD", zh="指定人员，联系诉求人（响应）", en="a person is assigned, the reporter contacted",
    ),
    Transition(
        row=21, sources=(S.DISPATCHED, S.ACCEPTED, S.HANDLING), target=None, message="assign_task", roles=(*UNIT, R.SUPERVISOR),
        urgent="≤ limit", normal="≤ limit", zh="下派任务、吹哨报到、协办；时限在主案之内，主案等待必办任务",
        en="sub-task, whistle or co-handler, deadline inside the case's own; mandatory ones are waited for",
    ),
    Transition(
        row=22, sources=ACTIVE, target=None, message="time_passed", roles=(R.ENGINE, R.HANDLER, R.LEADER, R.SUPERVISOR),
        urgent="E1–E9", normal="E1–E9", zh="提级（E1–E9）：增加督办层级，主办不变，直到上级改派",
        en="escalation E1–E9: a supervisor is added, the owner stays until re-assigned",
    ),
    Transition(
        row=23, sources=(S.ACCEPTED, S.HANDLING), target=None, message="request_extension", roles=UNIT,
        urgent="2UH", normal="1WD", zh="到期前申请延期：单位、派遣员两级审批，加一个原时限，至多两次",
        en="asked before expiry: department, then dispatcher; one more limit, at most twice",
    ),
    Transition(
        row=24, sources=(S.ACCEPTED, S.HANDLING), target=S.SUSPENDED, message="suspend", roles=(R.DISPATCHER, R.SUPERVISOR),
        urgent="≤ 1a", normal="≤ 1a", zh="客观受阻挂账至某日，须有临时安全措施，时限暂停，仅一次",
        en="objective block: until a date, with an interim safety measure; the clock pauses, once",
    ),
    Transition(
        row=25, sources=(S.SUSPENDED,), target=S.HANDLING, message="resume", roles=(R.ENGINE, *UNIT, R.DISPATCHER, R.SUPERVISOR),
        urgent="-", normal="-", zh="到期或提前恢复，时限续走",
        en="date reached or earlier: the clock goes on with what was left",
    ),
    Transition(
        row=26, sources=(S.HANDLING,), target=S.FEEDBACK, message="submit_result", roles=(R.HANDLER, R.LEADER),
        urgent="limit", normal="limit", zh="反馈处置结果；此刻判定是否超期", en="result forwarded; overdue is judged now",
    ),
    Transition(
        row=27, sources=(S.FEEDBACK,), target=S.HANDLING, message="send_back", roles=(R.LEADER, R.DISPATCHER, R.SUPERVISOR),
        urgent="1UH", normal="4WH", zh="未完成，返工；原时限不变", en="not done: rework, the original deadline stands",
    ),
    Transition(
        row=28, sources=(S.FEEDBACK,), target=S.CHECKING, message="request_check",
        roles=(R.ENGINE, R.OPERATOR, R.DISPATCHER, R.SUPERVISOR), urgent="4UH", normal="1WD",
        zh="派非处置人员现场核查，附照片和 50 米内定位",
        en="on-site check by somebody other than the handler: photo, position within 50 m",
    ),
    Transition(
        row=29, sources=(S.CHECKING,), target=S.HANDLING, message="record_check", roles=(R.CHECKER, R.SUPERVISOR),
        urgent="4UH", normal="1WD", zh="核查不通过，返工", en="not passed: rework",
    ),
    Transition(
        row=30, sources=(S.CHECKING, S.FEEDBACK), target=S.CLOSED, message="close_case",
        roles=(R.CHECKER, R.OPERATOR, R.DISPATCHER, R.SUPERVISOR), urgent="4UH", normal="1WD",
        zh="符合结案条件，由监督方结案", en="closing condition met; closed by the supervising side",
    ),
    Transition(
        row=31, sources=(S.CLOSED, S.ANSWERED), target=S.VISITING, message="close_case", roles=(R.ENGINE,),
        urgent="1WD", normal="1WD", zh="开始回访每一位诉求人", en="every reporter is visited", follows=True,
    ),
    Transition(
        row=31, sources=(S.EVALUATED,), target=S.VISITING, message="join_report", roles=(R.ENGINE,),
        urgent="1WD", normal="1WD", zh="结案后并入的诉求人同样回访", en="a reporter who joined later is visited as well",
    ),
    Transition(
        row=32, sources=(S.VISITING,), target=S.EVALUATED, message="record_visit", roles=(R.ENGINE, R.OPERATOR),
        urgent="3WD", normal="3WD", zh="回访完成；未接通不等于满意",
        en="reached, or no answer after the tries; silence is not satisfaction",
    ),
    Transition(
        row=33, sources=(S.VISITING,), target=S.REOPENED, message="record_visit", roles=(R.OPERATOR,),
        urgent="1WD", normal="1WD", zh="未解决或差评且属处置原因，重办", en="unsolved through the handler's fault: reopened",
    ),
    Transition(
        row=34, sources=(S.REOPENED,), target=S.DISPATCHED, message="record_visit", roles=(R.ENGINE,),
        urgent="limit/2", normal="limit/2", zh="原单位重办，时限减半，抄送上级", en="same unit, half the limit, upper level copied",
        follows=True,
    ),
    Transition(
        row=35, sources=(S.EVALUATED, S.CLOSED, S.ANSWERED, S.REFUSED, S.TRANSFERRED_OUT), target=S.ARCHIVED,
        message="time_passed", roles=(R.ENGINE,), urgent="30ND", normal="30ND", zh="归档，不可更改", en="archived, immutable",
    ),
    Transition(
        row=36, sources=ACTIVE, target=S.CANCELLED, message="cancel_case", roles=(R.OPERATOR,),
        urgent="-", normal="-", zh="诉求人撤回或误报，作废（1–2 级和违法行为不可）",
        en="withdrawn or a mistake; never for severity 1–2 or an illegal act",
    ),
    Transition(
        row=37, sources=AFTER, target=None, message="file_appeal", roles=UNIT,
        urgent="5WD / 3WD", normal="5WD / 3WD", zh="结案后申诉，两级审核；准予后统计剔除，原始事实保留",
        en="after closing, two reviews: exempt in the figures, the raw fact stays",
    ),
    Transition(
        row=38, sources=DUTY, target=None, message="open_supervision", roles=(R.ENGINE, R.LEADER, R.SUPERVISOR),
        urgent="4UH", normal="2WD", zh="督办：下达、回复、审核；未销督办不得结案",
        en="supervision order: opened, replied, reviewed; with one open the case does not close",
    ),
    Transition(
        row=39, sources=(S.TRIAGING,), target=None, message="begin", roles=(R.ENGINE,),
        urgent="15ND", normal="15ND", zh="结案后短期内同地同类再发，关联前案并计次",
        en="same place and subclass soon after closing: linked, and counted",
    ),
)  # fmt: skip


def row_from(row: int, *, source: Status | None, target: Status | None = None) -> Transition | None:
    """Return the part of a row that starts in a state, and ends in ``target`` where one is named."""
    for transition in TRANSITIONS:
        fits = target is None or transition.target is target
        if transition.row == row and source in transition.sources and fits:
            return transition
    return None


UNMOVED: dict[str, tuple[tuple[Status, ...], tuple[Role, ...]]] = {
    "join_report": (
        RUNS,
        (R.ENGINE,),
    ),
    "report_up": (
        (S.DISPATCHED, S.ACCEPTED, S.HANDLING, S.ARBITRATION),
        (R.HANDLER, R.LEADER, R.SUPERVISOR),
    ),
    "decide_report_up": (DUTY, (R.SUPERVISOR, R.LEADER)),
    "reassign": ((S.DISPATCHED, S.ACCEPTED, S.HANDLING), (R.SUPERVISOR, R.DISPATCHER)),
    "regrade": (ACTIVE[1:], (R.ENGINE, *DESK, R.SUPERVISOR)),
    "apply_policy": (
        (*ACTIVE[1:], *AFTER, S.ANSWERED, S.REFUSED, S.TRANSFERRED_OUT),
        (R.ENGINE, R.SUPERVISOR),
    ),
    "acknowledge": (ACTIVE[1:], (R.DISPATCHER, R.LEADER, R.SUPERVISOR)),
    "jump_level": (ACTIVE[1:], (R.LEADER, R.DISPATCHER, R.SUPERVISOR)),
    "confirm_transfer": ((S.TRANSFERRED_OUT,), (R.ENGINE, R.PEER, *DESK)),
    "split_report": ((*ACTIVE[1:], *AFTER), (*DESK, R.SUPERVISOR)),
    "log_contact": (DUTY, UNIT),
    "sign_in_task": (DUTY, (*UNIT, R.CHECKER)),
    "report_task": (DUTY, (*UNIT, R.CHECKER)),
    "waive_task": (DUTY, (*UNIT, R.SUPERVISOR)),
    "reach_milestone": ((S.ACCEPTED, S.HANDLING, S.FEEDBACK, S.CHECKING), UNIT),
    "decide_extension": (
        (S.ACCEPTED, S.HANDLING, S.RETURN_REQUESTED, S.ARBITRATION),
        (R.LEADER, R.DISPATCHER, R.SUPERVISOR),
    ),
    "reply_supervision": (DUTY, UNIT),
    "request_check": ((S.CHECKING,), (R.OPERATOR, R.DISPATCHER, R.SUPERVISOR)),
    "review_supervision": (DUTY, (R.LEADER, R.SUPERVISOR)),
    "review_appeal": ((*DUTY, *AFTER), (*DESK, R.SUPERVISOR)),
    "declare_emergency": (ACTIVE[1:], (R.ENGINE, *DESK, R.LEADER, R.SUPERVISOR)),
    "report_event": (ACTIVE[1:], (*DESK, *UNIT, R.SUPERVISOR)),
    "call_emergency": (ACTIVE[1:], (*DESK, *UNIT, R.SUPERVISOR)),
    "open_child": (DUTY, (*UNIT, R.DISPATCHER, R.SUPERVISOR)),
    "join_parent": (ACTIVE[1:], (R.ENGINE, R.DISPATCHER, R.SUPERVISOR)),
    "child_changed": (
        RUNS,
        (R.ENGINE,),
    ),
    "waive_child": (ACTIVE[1:], (*UNIT, R.DISPATCHER, R.SUPERVISOR)),
    "see_children": ((*ACTIVE[1:], *AFTER), (*UNIT, *DESK, R.SUPERVISOR)),
    "mark_span": (ACTIVE[1:], (R.ENGINE, *DESK, *UNIT, R.SUPERVISOR)),
    "supplement": (RUNS, (R.ENGINE,)),
    "urge": (RUNS, (R.ENGINE,)),
    "alarm_changed": (RUNS, (R.ENGINE,)),
}
"""Commands that move no state by a row of their own: their states and roles (row 22's family)."""

THROUGH: dict[str, tuple[Status, ...]] = {
    "submit_result": (S.ACCEPTED,),
    "close_case": (),
    "record_check": (),
}
"""States from which a command first takes another row on its way (a result from ACCEPTED starts handling)."""


def commands(status: Status) -> Iterator[tuple[str, tuple[Role, ...]]]:
    """Yield the kinds of command a state takes, each with the roles that may send it.

    This is what a page may offer and what a refusal names; guards may still refuse.
    """
    seen: set[str] = set()
    for transition in TRANSITIONS:
        roles = tuple(role for role in transition.roles if role is not R.ENGINE)
        human = transition.message not in ("begin", "time_passed") and roles and not transition.follows
        reaches = status in transition.sources or status in THROUGH.get(transition.message, ())
        if human and reaches and transition.message not in seen:
            seen.add(transition.message)
            yield transition.message, roles
    for kind, (sources, allowed) in UNMOVED.items():
        people = tuple(role for role in allowed if role is not R.ENGINE)
        if status in sources and people:
            yield kind, people


def roles_for(kind: str, status: Status) -> tuple[Role, ...] | None:
    """Return the roles that may send ``kind`` in ``status``, engine included; None when the state refuses it."""
    found: list[Role] = []
    reached = False
    for transition in TRANSITIONS:
        sources = transition.sources + THROUGH.get(kind, ())
        if transition.message == kind and status in sources and not transition.follows:
            reached = True
            found.extend(transition.roles)
    if kind in UNMOVED and status in UNMOVED[kind][0]:
        reached = True
        found.extend(UNMOVED[kind][1])
    return tuple(dict.fromkeys(found)) if reached else None
