"""Scenes of the refusals of supervision, appeal, checking and closing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.actor import Role
from domain.errors import RefusalCode
from domain.messages import CancelCase, CloseCase, GrantReturn, RecordCheck
from domain.messages_command import (
    AppealAbout,
    FileAppeal,
    OpenSupervision,
    ReplySupervision,
    ReviewAppeal,
    ReviewSupervision,
)
from domain.rows_supervision import MOST_ORDERS
from tests.unit.builders import (
    CHECKER,
    COMMUNITY,
    DISPATCHER,
    DISTRICT,
    OPERATOR,
    PLACE,
    POWER,
    WATER,
    Played,
    a_full_case,
    actor,
    full_rules,
    handler,
    supervisor,
)
from tests.unit.scenes import Refused

SEEN: dict[str, Any] = {"passed": True, "photos": ("p1",), "lon": PLACE.lon, "lat": PLACE.lat}
"""What a check on site carries."""


def ordered(case: Played | None = None, **fields: Any) -> Played:
    """Return a case being handled that the district supervises by an order."""
    played = (case or a_full_case()).handling()
    played.do(OpenSupervision, by=supervisor(DISTRICT), **({"text": "act at once"} | fields))
    return played


def ordered_often() -> Played:
    """Return a case with as many orders as one can have."""
    played = a_full_case().handling()
    for _ in range(MOST_ORDERS):
        ordered(played)
    return played


def replied(case: Played | None = None) -> Played:
    """Return a case whose order was replied to."""
    played = ordered(case)
    played.do(ReplySupervision, by=handler(WATER), supervision="S1", reply="a crew is there")
    return played


def sealed(case: Played | None = None) -> Played:
    """Return a case whose order was reviewed and closed."""
    played = replied(case)
    played.do(ReviewSupervision, by=supervisor(DISTRICT), supervision="S1", accepted=True)
    return played


def closed_late(case: Played | None = None) -> Played:
    """Return a case closed after its time: there is something to appeal against."""
    played = (case or a_full_case(4)).handling()
    assert played.state.handling_due is not None
    played.until(played.state.handling_due + timedelta(minutes=5)).supervised()
    return played.closed()


def appealed(case: Played | None = None) -> Played:
    """Return a closed case whose owner appeals against the overdue mark."""
    played = closed_late(case)
    played.do(FileAppeal, by=handler(WATER), about=AppealAbout.OVERDUE, reason="the gate was locked")
    return played


def granted_once() -> Played:
    """Return an appeal after its first review."""
    played = appealed()
    played.do(ReviewAppeal, by=DISPATCHER, granted=True, reason="so it was")
    return played


def thrice_returnable() -> Played:
    """Return a case given back by the water company and now by the power company, in a city of three returns."""
    rules = full_rules()
    patient = replace(rules.severity.escalation, returns=3)
    played = a_full_case(
        rules=replace(rules, severity=replace(rules.severity, escalation=patient))
    ).returning()
    played.do(GrantReturn, by=DISPATCHER, lead=POWER)
    return played.returning()


SCENES: dict[RefusalCode, Refused] = {
    RefusalCode.SUPERVISION_OPEN: (lambda: ordered().submitted(), CloseCase, OPERATOR, {}),
    RefusalCode.NOT_A_SUPERVISOR: (
        a_full_case, OpenSupervision, actor(Role.LEADER, POWER), {"text": "act at once"},
    ),
    RefusalCode.NOT_REPLIED: (
        ordered, ReviewSupervision, supervisor(DISTRICT), {"supervision": "S1", "accepted": True},
    ),
    RefusalCode.APPEAL_ONCE: (
        appealed, FileAppeal, handler(WATER), {"about": AppealAbout.OVERDUE, "reason": "once more"},
    ),
    RefusalCode.APPEAL_TOO_LATE: (
        lambda: closed_late().wait(timedelta(days=20)), FileAppeal, handler(WATER),
        {"about": AppealAbout.OVERDUE, "reason": "the gate was locked"},
    ),
    RefusalCode.NOTHING_TO_APPEAL: (
        lambda: a_full_case(4).closed(), FileAppeal, handler(WATER), {"about": AppealAbout.OVERDUE, "reason": "no"},
    ),
    RefusalCode.NO_APPEAL: (closed_late, ReviewAppeal, DISPATCHER, {"granted": True, "reason": "so it was"}),
    RefusalCode.SECOND_REVIEWER: (
        granted_once, ReviewAppeal, actor(Role.SUPERVISOR, WATER), {"granted": True, "reason": "so it was"},
    ),
    RefusalCode.CHECK_PHOTO_REQUIRED: (
        lambda: a_full_case(2).submitted(), RecordCheck, CHECKER, SEEN | {"photos": ()},
    ),
    RefusalCode.CHECK_POSITION_REQUIRED: (
        lambda: a_full_case(2).submitted(), RecordCheck, CHECKER, SEEN | {"lat": None},
    ),
    RefusalCode.CHECK_TOO_FAR: (
        lambda: a_full_case(2).submitted(), RecordCheck, CHECKER, SEEN | {"lat": 30.601},
    ),
    RefusalCode.NOT_THE_CHECKER: (
        lambda: a_full_case(2).submitted(), RecordCheck, actor(Role.CHECKER, COMMUNITY), SEEN,
    ),
    RefusalCode.ILLEGAL_ACT_NOT_CANCELLABLE: (
        lambda: a_full_case(4, tags=("illegal_act",)), CancelCase, OPERATOR, {"reason": "mistake"},
    ),
    RefusalCode.TOO_MANY_ORDERS: (
        ordered_often, OpenSupervision, supervisor(DISTRICT), {"text": "act at once"},
    ),
    RefusalCode.RETURNED_BEFORE: (thrice_returnable, GrantReturn, DISPATCHER, {"lead": WATER}),
}  # fmt: skip
