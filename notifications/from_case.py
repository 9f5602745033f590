"""From what ``decide`` owes to what a template needs: one notice and its case become a context.

Only codes, names and times pass. What people typed (the reason of a return, of a rework,
of a cancellation) stays behind, because it may name somebody; the addressee reads it
behind ``link``. A reporter gets no link into the consoles.
"""

from collections.abc import Mapping
from datetime import datetime

from domain.case import Alarm, CaseState, Notice
from domain.messages import CloseKind
from domain.place import Level
from notifications.context import LocalText, NoticeFacts, case_context
from notifications.delivery import Json, TemplateName

_OUTCOMES: Mapping[str, LocalText] = {
    CloseKind.SOLVED: LocalText(zh="已解决", en="solved"),
    CloseKind.EXPLAINED: LocalText(zh="已作解释说明", en="explained: there is no legal ground to act"),
    CloseKind.PARTLY: LocalText(zh="部分解决", en="solved in part"),
    CloseKind.FORCED: LocalText(zh="经批准结案", en="closed by decision of the supervising side"),
}

# The armed deadline a notice is about, by the clock it names or by its template.
_ALARMS: Mapping[str, Alarm] = {
    "triage": Alarm.TRIAGE,
    "sign_in": Alarm.SIGN_IN_CALL,
    "check": Alarm.CHECK,
    TemplateName.CHECK_REQUEST: Alarm.CHECK,
    TemplateName.RETURN_REQUESTED: Alarm.RETURN_DECISION,
    TemplateName.ARBITRATION: Alarm.ARBITRATION,
}
_ON_THE_HANDLING_CLOCK = frozenset(
    {
        TemplateName.REMINDER,
        TemplateName.DUTY_CALL,
        TemplateName.ESCALATION,
        TemplateName.OVERDUE,
        TemplateName.REWORK,
        TemplateName.REOPENED,
    }
)


def notice_context(
    *,
    notice: Notice,
    state: CaseState,
    at: datetime,
    category: LocalText,
    units: Mapping[str, LocalText],
    link: str | None = None,
) -> dict[str, Json]:
    """Return the context of a notice, for the outbox row.

    ``state`` is the case after the step that owed the notice; ``at`` the instant of the
    fact it hangs on (aware); ``units`` gives names by unit code, a code without a name
    stands for itself; ``link`` is the case's page in the consoles.
    """
    said = notice.context
    owner = _text(said, "owner") or state.owner
    facts = NoticeFacts(
        case_no=state.case_no,
        category=category,
        unit=_name(notice.unit, units),
        owner=_name(owner, units),
        areas=tuple(area.name for area in state.place.chain),
        severity=state.severity,
        level=_level(said, state.level),
        at=at,
        timezone=state.rules.calendar.timezone,
        role=_role(said),
        about=_text(said, "about") or "handling",
        trigger=_text(said, "trigger"),
        deadline=_deadline(notice, state),
        limit=_text(said, "limit"),
        outcome=_OUTCOMES.get(_text(said, "close_kind") or ""),
        other_case_no=_text(said, "master"),
        decision=_decision(said),
        link=link if notice.unit is not None else None,
    )
    return case_context(facts=facts)


Said = Mapping[str, str | int | float | bool | None]


def _text(said: Said, name: str) -> str | None:
    value = said.get(name)
    return value if isinstance(value, str) and value else None


def _name(unit: str | None, units: Mapping[str, LocalText]) -> LocalText | None:
    return units.get(unit, LocalText(zh=unit, en=unit)) if unit else None


def _level(said: Said, current: Level) -> Level:
    name = _text(said, "level")
    return current if name is None else Level.__members__.get(name, current)


def _role(said: Said) -> str:
    if said.get("co_handler"):
        return "co_handler"
    return "copy" if said.get("copy") else "owner"


def _decision(said: Said) -> str | None:
    granted = said.get("granted")
    if granted is None:
        return None
    return "granted" if granted else "refused"


def _deadline(notice: Notice, state: CaseState) -> datetime | None:
    due = _text(notice.context, "due")
    if due is not None:
        return datetime.fromisoformat(due)
    alarm = _ALARMS.get(_text(notice.context, "about") or notice.template)
    if alarm is not None:
        return next((armed.at for armed in state.deadlines if armed.name is alarm), None)
    return state.handling_due if notice.template in _ON_THE_HANDLING_CLOCK else None
