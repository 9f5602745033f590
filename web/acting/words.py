"""What forms call things: acts, fields, choices, and what an act brings about."""

from collections.abc import Mapping

from domain.messages import COMMAND_ZH
from web.words import N_

FIELDS: Mapping[str, str] = {
    "about": N_("Appeal about"),
    "accepted": N_("Accepted"),
    "address": N_("Place"),
    "answer": N_("Answer given"),
    "areas": N_("Codes of the areas, with commas"),
    "assignee": N_("Who does it"),
    "at_fault": N_("The unit is answerable"),
    "category": N_("Category"),
    "checker": N_("Checker's unit"),
    "child": N_("Child case"),
    "children": N_("Child cases"),
    "close_kind": N_("Closed as"),
    "condition": N_("Filing condition"),
    "contacted": N_("The reporter was contacted"),
    "dead": N_("Dead"),
    "decision": N_("Decision"),
    "due": N_("Due"),
    "evidence": N_("Evidence"),
    "finding": N_("Finding"),
    "grade": N_("Grade given"),
    "granted": N_("Granted"),
    "injured": N_("Injured"),
    "interim_measure": N_("Interim safety measure"),
    "lead": N_("Owner"),
    "legal_basis": N_("Legal basis"),
    "level": N_("Level"),
    "mandatory": N_("The case waits for it"),
    "master": N_("Number of the main case"),
    "means": N_("By what means"),
    "milestone": N_("Stage"),
    "missing": N_("What is missing"),
    "note": N_("Note"),
    "orders": N_("Orders"),
    "parent": N_("Number of the parent case"),
    "passed": N_("Passed"),
    "photos": N_("Photos"),
    "plan": N_("Plan"),
    "proposed_unit": N_("Proposed owner"),
    "question": N_("Question"),
    "reached": N_("Reached"),
    "reason": N_("Reason"),
    "reference": N_("Their number"),
    "refused_for": N_("Not accepted because"),
    "reply": N_("Reply"),
    "report": N_("Kind of report"),
    "report_no": N_("Report"),
    "response": N_("Response level"),
    "result": N_("Result"),
    "service": N_("Service called"),
    "severity": N_("Severity"),
    "solved": N_("Solved"),
    "supervision": N_("Supervision order"),
    "tags": N_("Tags, with commas"),
    "task": N_("Task"),
    "task_kind": N_("Kind of task"),
    "text": N_("Text"),
    "to": N_("To whom"),
    "to_level": N_("Up to level"),
    "told": N_("Where the reporter was sent"),
    "unit": N_("Unit"),
    "until": N_("Until"),
    "verifier": N_("Who looks on site"),
    "warning": N_("Warning level"),
}
CHOICES: Mapping[str, str] = {
    "cannot_tell": N_("cannot tell"),
    "co_handling": N_("co-handling"),
    "evidence": N_("evidence"),
    "exists": N_("exists"),
    "explained": N_("explained"),
    "final": N_("final report"),
    "follow_up": N_("follow-up report"),
    "forced": N_("closed by order"),
    "grade": N_("grade"),
    "illegal": N_("illegal"),
    "in_hand": N_("already in hand"),
    "not_found": N_("not found"),
    "orders": N_("send it back with orders"),
    "other": N_("other"),
    "out_of_scope": N_("out of scope"),
    "overdue": N_("overdue"),
    "owner": N_("owner"),
    "partly": N_("partly solved"),
    "phone": N_("by telephone"),
    "place": N_("place"),
    "return": N_("return"),
    "rework": N_("rework"),
    "secret": N_("state secret"),
    "sms": N_("by SMS"),
    "solved": N_("solved"),
    "statutory_channel": N_("statutory channel"),
    "subtask": N_("sub-task"),
    "visit": N_("by visit"),
    "whistle": N_("whistle (街道吹哨)"),
    "written": N_("written report"),
    "accept": N_("take it over"),
    "lead": N_("name a lead"),
}
CONSEQUENCES: Mapping[str, str] = {
    "answer_at_once": N_("The report ends here with this answer; the reporter is told."),
    "cancel_case": N_("The case ends for good and counts nowhere; whoever reported is told."),
    "close_case": N_(
        "The case is closed; every reporter is told and may be asked whether they are satisfied."
    ),
    "file_appeal": N_("One appeal a case: two people review it, and their word is final."),
    "grant_return": N_("The new owner gets a fresh handling limit; the total limit runs on."),
    "jump_level": N_("The level named is called at once; those between are told that they were passed over."),
    "merge_into": N_("This case ends; its reporters are told about the main case from now on."),
    "reassign": N_(
        "The new owner gets a fresh handling limit; the total limit runs on. The owner until now is told."
    ),
    "refuse_report": N_("The report ends here; the reporter is told why and where to go."),
    "refuse_return": N_("The case stays with its owner; the limit has run on meanwhile."),
    "regrade": N_("The limits are those of the new severity and may end earlier."),
    "request_extension": N_("A case is extended once; until it is granted the limit runs on."),
    "request_return": N_("A unit returns a case once; the limit runs on until it is decided."),
    "rule": N_("The ruling binds: the unit named cannot return the case again."),
    "suspend": N_("The clocks stop until the date; the interim measure must hold that long."),
    "transfer_out": N_("The case leaves the city's own clocks; its reporters are told who has it."),
    "open_supervision": N_("The case does not close before this order is answered and reviewed."),
}
"""What follows from an act with legal or lasting effect; the sender confirms having read it."""
OVERDUE_NOTE = N_("It counts as overdue since %(since)s, whatever is done now.")
LEGAL = frozenset(
    {
        "answer_at_once", "cancel_case", "close_case", "jump_level", "merge_into", "refuse_report", "rule",
        "suspend", "transfer_out",
    }
)  # fmt: skip
"""Acts that are confirmed before they are sent."""


def act_name(kind: str, *, chinese: bool) -> str:
    """Return what an act is called."""
    return COMMAND_ZH.get(kind, kind) if chinese else kind.replace("_", " ").capitalize()
