"""What happened to a case, fact by fact, in plain sentences: every kind has one, in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.actor import Role
from domain.case import Fact
from domain.place import Level
from web.acting.words import CHOICES
from web.shown import Shown
from web.words import N_

SENTENCES: Mapping[str, str] = {
    # States a case comes to.
    "received": N_("Report received"),
    "triaging": N_("Looked into: category, place and urgency"),
    "answered": N_("Answered at once"),
    "refused": N_("Not accepted"),
    "transferred_out": N_("Handed over to %(peer)s"),
    "merged": N_("Merged into %(master)s"),
    "need_info": N_("The reporter is asked for what is missing"),
    "verifying_pre": N_("%(verifier)s is asked to look on site first"),
    "filed": N_("Filed as a case"),
    "dispatched": N_("Dispatched to %(owner)s"),
    "accepted": N_("Signed in"),
    "handling": N_("Being handled"),
    "suspended": N_("Suspended: the clocks stand still"),
    "return_requested": N_("The unit asks to return it and proposes %(proposed)s"),
    "arbitration": N_("In dispute: %(arbiter)s rules"),
    "feedback": N_("The unit submitted its result"),
    "checking": N_("Given to %(checker)s to check"),
    "closed": N_("Closed"),
    "visiting": N_("Reporters are being asked whether they are satisfied"),
    "evaluated": N_("Evaluated"),
    "reopened": N_("Reopened"),
    "archived": N_("Archived"),
    "cancelled": N_("Cancelled"),
    # What runs beside it.
    "acknowledge_reminded": N_("%(supervisor)s was reminded to acknowledge"),
    "acknowledged": N_("%(unit)s has seen it"),
    "alarm_changed": N_("Its alarm changed: %(word)s"),
    "appeal_decided": N_("The appeal was decided: %(status)s"),
    "appeal_filed": N_("The unit appealed against its mark"),
    "appeal_review_late": N_("The review of the appeal is late"),
    "appeal_reviewed": N_("The appeal was reviewed: %(verdict)s"),
    "archive_waits": N_("Not archived yet: something is still open"),
    "asked_again": N_("The reporter was asked again"),
    "burst": N_("Many of one kind: a higher level commands"),
    "check_late": N_("The check is late"),
    "check_passed": N_("The check passed"),
    "checker_named": N_("%(checker)s checks it"),
    "child_changed": N_("Child case %(child)s: %(status)s"),
    "child_joined": N_("Child case %(child)s joined"),
    "child_opened": N_("Child case %(child)s opened for %(owner)s"),
    "child_waived": N_("Not waiting for child case %(child)s any more"),
    "children_done": N_("All child cases are done"),
    "children_seen": N_("The lead has seen what changed in the child cases"),
    "contact_late": N_("The reporter was not contacted in time"),
    "contact_still_owed": N_("The reporter has still not been contacted"),
    "contact_tried": N_("Tried to contact the reporter: %(means)s"),
    "contacted": N_("The reporter was contacted: %(means)s"),
    "decision_late": N_("The decision is late"),
    "duty_called": N_("The duty desk of %(owner)s was called: not signed in yet"),
    "emergency_called": N_("%(service)s was called"),
    "emergency_graded": N_("The emergency was graded"),
    "emergency_started": N_("The emergency track began"),
    "escalated": N_("Escalated to %(level)s: %(supervisor)s supervises (%(trigger)s)"),
    "event_reported": N_("The emergency was reported up: %(report)s"),
    "extended": N_("Extended"),
    "extension_approved": N_("The extension was approved at the first stage"),
    "extension_ended": N_("The request for an extension ended"),
    "extension_passed_on": N_("The request for an extension was passed on"),
    "extension_refused": N_("The extension was refused"),
    "extension_requested": N_("The unit asks for an extension"),
    "extension_undecided": N_("The request for an extension is not decided in time"),
    "handling_warned": N_("%(owner)s was warned: the limit ends soon"),
    "joined_parent": N_("Became a child of %(parent)s"),
    "jumped": N_("Sent straight up to %(level)s"),
    "level_reminded": N_("%(supervisor)s was reminded"),
    "level_skipped": N_("%(level)s was skipped"),
    "milestone_late": N_("Stage %(milestone)s is late"),
    "milestone_reached": N_("Stage %(milestone)s is reached"),
    "not_acknowledged": N_("%(supervisor)s did not acknowledge in time"),
    "overdue": N_("Overdue with %(owner)s"),
    "policy_applied": N_("The city's new rules apply"),
    "proposals_not_confirmed": N_("Nobody confirmed the proposed merge"),
    "reassigned": N_("Re-assigned to %(owner)s"),
    "rectify_late": N_("The rework is late"),
    "regraded": N_("Graded anew: %(severity)s"),
    "repeated": N_("The same demand again, after %(repeat_of)s"),
    "report_joined": N_("Report %(report)s joined"),
    "report_late": N_("A report on the emergency is late: %(report)s"),
    "report_split": N_("Report %(report)s was split off"),
    "report_up_decided": N_("%(unit)s decided on what was reported up: %(decision)s"),
    "report_up_late": N_("%(supervisor)s has not decided on what was reported up"),
    "reported_up": N_("Reported up: no means at this level"),
    "sign_in_reminded": N_("%(owner)s was reminded to sign in"),
    "span_marked": N_("The event reaches into further areas"),
    "supervision_closed": N_("Supervision order %(supervision)s closed"),
    "supervision_late": N_("The reply to supervision order %(supervision)s is late"),
    "supervision_opened": N_("Supervision order %(supervision)s to %(unit)s"),
    "supervision_replied": N_("Reply to supervision order %(supervision)s"),
    "supervision_returned": N_("Supervision order %(supervision)s: a better reply is wanted"),
    "supervision_review_late": N_("The review of supervision order %(supervision)s is late"),
    "supplemented": N_("The reporter added something"),
    "tagged": N_("Tagged: %(tags)s"),
    "task_assigned": N_("Task %(task)s to %(unit)s"),
    "task_late": N_("Task %(task)s of %(unit)s is late"),
    "task_not_signed_in": N_("Task %(task)s: %(unit)s has not signed in"),
    "task_reported": N_("Task %(task)s: %(unit)s reported"),
    "task_signed_in": N_("Task %(task)s: %(unit)s signed in"),
    "task_waived": N_("Task %(task)s of %(unit)s is not needed any more"),
    "task_warned": N_("Task %(task)s: %(unit)s was warned"),
    "top_reminded": N_("The highest level was reminded: %(supervisor)s"),
    "transfer_confirmed": N_("%(peer)s confirmed that they have it"),
    "transfer_late": N_("%(peer)s has not confirmed in time"),
    "triage_late": N_("Triage is late"),
    "triage_waits": N_("Waits for a person in triage"),
    "triaged": N_("Triaged: %(category)s"),
    "urged": N_("The reporter urges: %(urges)s times so far"),
    "visit_not_started": N_("The visits have not begun"),
    "visited": N_("A reporter was called back"),
}
"""Every kind of fact: the states' own names, and what ``Step.record`` writes."""

DETAILS: Mapping[str, str] = {
    "reason": N_("Reason"),
    "note": N_("Note"),
    "result": N_("Result"),
    "text": N_("Text"),
    "answer": N_("Answer given"),
    "told": N_("Told"),
    "reply": N_("Reply"),
    "plan": N_("Plan"),
    "interim_measure": N_("Interim safety measure"),
    "orders": N_("Orders"),
    "legal_basis": N_("Legal basis"),
    "missing": N_("What is missing"),
    "finding": N_("Finding"),
    "limit": N_("Limit"),
    "grade": N_("Grade given"),
    "solved": N_("Solved"),
    "assignee": N_("Who does it"),
    "close_kind": N_("Closed as"),
    "reference": N_("Their number"),
    "on_time": N_("On time"),
    "photos": N_("Photos"),
    "confidence": N_("Confidence"),
    "proposals": N_("Perhaps the same as"),
    "areas": N_("Areas reached"),
    "dead": N_("Dead"),
    "injured": N_("Injured"),
}
TRIGGERS: Mapping[str, str] = {
    "E1": N_("E1 severity"),
    "E2": N_("E2 no means"),
    "E3": N_("E3 not signed in"),
    "E4": N_("E4 overdue"),
    "E5": N_("E5 returned again"),
    "E6": N_("E6 not solved"),
    "E7": N_("E7 span"),
    "E8": N_("E8 many of one kind"),
    "E9": N_("E9 tag of the city"),
    "jump": N_("sent up by somebody"),
    "ack": N_("not acknowledged"),
}
_UNITS = frozenset(
    {
        "owner",
        "unit",
        "supervisor",
        "checker",
        "arbiter",
        "peer",
        "service",
        "verifier",
        "proposed",
        "former",
        "lead",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One fact as a reader sees it. ``kind`` chooses its symbol; ``moved`` says that the state changed."""

    at: datetime
    kind: str
    sentence: str
    by: str
    engine: bool
    due: datetime | None
    moved: bool
    details: tuple[tuple[str, str], ...]


def told(fact: Fact, *, shown: Shown) -> Said:
    """Return a fact in words."""
    values = _Values({key: _value(key, value, shown) for key, value in fact.data.items()})
    sentence = shown.text(SENTENCES.get(fact.kind, fact.kind)) % values
    engine = fact.actor.role is Role.ENGINE
    details = tuple(
        (shown.text(label), values[key])
        for key, label in DETAILS.items()
        if fact.data.get(key) not in (None, "", [])
    )
    return Said(
        at=fact.at,
        kind=fact.kind,
        sentence=sentence,
        by=shown.text(N_("the system")) if engine else _who(fact, shown),
        engine=engine,
        due=fact.due,
        moved=fact.source != fact.target,
        details=details,
    )


class _Values(dict[str, str]):
    """Values of a sentence; what a fact does not say is a dash."""

    def __missing__(self, key: str) -> str:
        return "—"


def _who(fact: Fact, shown: Shown) -> str:
    role = shown.role(fact.actor.role.value)
    return f"{shown.unit(fact.actor.unit)} {role}" if fact.actor.unit else role


def _value(key: str, value: Any, shown: Shown) -> str:
    if isinstance(value, bool):
        return shown.text(N_("yes")) if value else shown.text(N_("no"))
    if key == "photos" and isinstance(value, list):
        return str(len(value))
    if isinstance(value, list):
        names = (shown.area(one) if key == "areas" else str(one) for one in value)
        return ("、" if shown.chinese else ", ").join(names)
    text = str(value)
    if key in _UNITS:
        return shown.unit(text)
    if key in ("level", "from_level", "to_level", "floor"):
        return _level(text, shown)
    if key == "severity":
        return f"{text} {shown.severity(int(text))}" if text.isdecimal() else text
    if key == "category":
        return shown.category(text)
    if key == "trigger":
        return shown.text(TRIGGERS.get(text, text))
    if key == "status":
        return _status(text, shown)
    return shown.text(CHOICES[text]) if text in CHOICES else text


def _level(text: str, shown: Shown) -> str:
    named = {level.name: level for level in Level} | {str(int(level)): level for level in Level}
    return shown.level(named[text.upper()]) if text.upper() in named else text


def _status(text: str, shown: Shown) -> str:
    try:
        return shown.status(text)
    except ValueError:
        return shown.text(CHOICES.get(text, text))
