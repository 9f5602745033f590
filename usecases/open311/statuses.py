"""A case's state in Open311's two words, in a sentence, and in mySociety's words for updates; and back."""

from domain.case import SETTLED, Status

OPEN, CLOSED = "open", "closed"

NOTES: dict[Status, tuple[str, str]] = {
    Status.RECEIVED: ("已受理，等待甄别。", "Received; it is about to be looked at."),
    Status.TRIAGING: ("正在甄别类别、地点和责任单位。", "Its kind, its place and who answers for it are being found out."),
    Status.ANSWERED: ("已当场答复。", "Answered at once."),
    Status.REFUSED: ("不属于受理范围，已告知其他渠道。", "Outside what is taken here; the reporter was told where to go."),
    Status.TRANSFERRED_OUT: ("已转其他平台办理。", "Handed to another authority."),
    Status.MERGED: ("与另一诉求为同一事件，已并案办理。", "The same event had been reported; handled together with it."),
    Status.NEED_INFO: ("等待报告人补充信息。", "The reporter was asked for more information."),
    Status.VERIFYING_PRE: ("正在现场核实。", "Somebody near is looking at the place."),
    Status.FILED: ("已立案。", "Filed as a case."),
    Status.DISPATCHED: ("已派遣责任单位，等待签收。", "Given to the unit that answers for it."),
    Status.ACCEPTED: ("责任单位已签收。", "The unit has taken it."),
    Status.HANDLING: ("正在处置。", "Being worked on."),
    Status.SUSPENDED: ("因客观原因暂缓，已采取临时安全措施。", "On hold for an outside reason; the place was made safe meanwhile."),
    Status.RETURN_REQUESTED: ("责任单位申请退回，等待决定。", "The unit says it is not theirs; this is being decided."),
    Status.ARBITRATION: ("责任归属正在裁定。", "Who answers for it is being ruled on."),
    Status.FEEDBACK: ("处置已完成，等待核查。", "The work is reported as done and waits for a check."),
    Status.CHECKING: ("正在现场核查处置结果。", "The result is being checked on site."),
    Status.CLOSED: ("已结案。", "Closed."),
    Status.VISITING: ("已结案，正在回访报告人。", "Closed; the reporters are being asked whether it is solved."),
    Status.EVALUATED: ("已结案，回访完成。", "Closed; the reporters were asked."),
    Status.REOPENED: ("问题未解决，正在重办。", "Not solved; taken up again."),
    Status.ARCHIVED: ("已结案并归档。", "Closed and archived."),
    Status.CANCELLED: ("已撤销。", "Withdrawn."),
}  # fmt: skip
"""What a reporter may know of each state, in Chinese and English."""

UPDATE_STATUS: dict[Status, str] = {
    Status.RECEIVED: "OPEN",
    Status.TRIAGING: "FOR_TRIAGE",
    Status.ANSWERED: "CLOSED",
    Status.REFUSED: "NO_FURTHER_ACTION",
    Status.TRANSFERRED_OUT: "NOT_COUNCILS_RESPONSIBILITY",
    Status.MERGED: "DUPLICATE",
    Status.NEED_INFO: "INVESTIGATING",
    Status.VERIFYING_PRE: "INVESTIGATING",
    Status.FILED: "INVESTIGATING",
    Status.DISPATCHED: "ACTION_SCHEDULED",
    Status.ACCEPTED: "ACTION_SCHEDULED",
    Status.HANDLING: "IN_PROGRESS",
    Status.SUSPENDED: "ACTION_SCHEDULED",
    Status.RETURN_REQUESTED: "INTERNAL_REFERRAL",
    Status.ARBITRATION: "INTERNAL_REFERRAL",
    Status.FEEDBACK: "IN_PROGRESS",
    Status.CHECKING: "IN_PROGRESS",
    Status.CLOSED: "CLOSED",
    Status.VISITING: "CLOSED",
    Status.EVALUATED: "CLOSED",
    Status.REOPENED: "REOPEN",
    Status.ARCHIVED: "CLOSED",
    Status.CANCELLED: "CANCELLED",
}
"""Ours in mySociety's words. A case closed as solved is FIXED (see ``update_status``)."""

SAID: dict[str, str] = {
    "OPEN": OPEN,
    "REOPEN": OPEN,
    "FOR_TRIAGE": OPEN,
    "INVESTIGATING": OPEN,
    "ACTION_SCHEDULED": OPEN,
    "IN_PROGRESS": OPEN,
    "INTERNAL_REFERRAL": OPEN,
    "CLOSED": CLOSED,
    "FIXED": CLOSED,
    "DUPLICATE": CLOSED,
    "NO_FURTHER_ACTION": CLOSED,
    "NOT_COUNCILS_RESPONSIBILITY": CLOSED,
    "CANCELLED": CLOSED,
}
"""Theirs in ours: whether whoever wrote an update thinks the request open or closed."""

_INTERNAL = frozenset({Status.VISITING, Status.EVALUATED, Status.ARCHIVED})
UPDATES: tuple[str, ...] = tuple(sorted(status.value for status in Status if status not in _INTERNAL))
"""The facts that change what the public is told. Asking reporters, and filing away, changes nothing for it."""
SOLVED = "solved"


def public_status(status: Status) -> str:
    """Return open or closed: closed is what nobody has to handle any more."""
    return CLOSED if status in SETTLED else OPEN


def note(*, status: Status, lang: str) -> str:
    """Return the state in a sentence, ``zh`` or ``en``."""
    zh, en = NOTES[status]
    return en if lang == "en" else zh


def update_status(*, status: Status, close_kind: str | None) -> str:
    """Return mySociety's word for a state; ``close_kind`` is how a case was closed."""
    if status is Status.CLOSED and close_kind == SOLVED:
        return "FIXED"
    return UPDATE_STATUS[status]
