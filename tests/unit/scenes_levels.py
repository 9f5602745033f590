"""Scenes of the refusals of levels, policies and emergencies."""

from domain.actor import Role
from domain.errors import RefusalCode
from domain.messages import CloseCase, CloseKind, ReportUp
from domain.messages_command import (
    Acknowledge,
    DecideReportUp,
    DeclareEmergency,
    EventReport,
    JumpLevel,
    Regrade,
    ReportEvent,
    UpperDecision,
)
from domain.place import Level
from tests.unit.builders import OPERATOR, WATER, Played, a_case, a_full_case, actor, handler, supervisor
from tests.unit.scenes import Refused


def reported_up() -> Played:
    """Return a case that waits for the district's decision."""
    case = a_full_case().handling()
    case.do(ReportUp, by=handler(WATER), reason="no crane")
    return case


CITY_LEVEL = {"level": Level.CITY, "reason": "press on site"}
ACCEPT = {"decision": UpperDecision.ACCEPT}
PHONED = {"report": EventReport.PHONE, "to_level": Level.CITY, "text": "two hurt"}
SCENES: dict[RefusalCode, Refused] = {
    RefusalCode.NOBODY_TO_ACKNOWLEDGE: (a_full_case, Acknowledge, supervisor("city"), {}),
    RefusalCode.NOT_ABOVE: (
        a_full_case,
        JumpLevel,
        supervisor("city"),
        {"level": Level.GRID, "reason": "press on site"},
    ),
    RefusalCode.NOT_YOUR_ITEM: (a_full_case, JumpLevel, actor(Role.LEADER, "power-1"), CITY_LEVEL),
    RefusalCode.NOTHING_REPORTED_UP: (a_full_case, DecideReportUp, supervisor("city"), ACCEPT),
    RefusalCode.NOT_THE_UPPER_UNIT: (reported_up, DecideReportUp, supervisor("street-1"), ACCEPT),
    RefusalCode.DECISION_OWED: (reported_up, ReportUp, handler(WATER), {"reason": "still no crane"}),
    RefusalCode.RULEBOOK_REQUIRED: (a_case, Regrade, OPERATOR, {"severity": 2, "reason": "worse"}),
    RefusalCode.OUT_OF_SCALE: (a_full_case, DeclareEmergency, OPERATOR, {"grade": 5, "reason": "flood"}),
    RefusalCode.NO_EMERGENCY: (a_full_case, ReportEvent, OPERATOR, PHONED),
    RefusalCode.EMERGENCY_OPEN: (
        lambda: a_full_case(1).submitted(),
        CloseCase,
        supervisor("city"),
        {"close_kind": CloseKind.EXPLAINED, "reason": "as ordered"},
    ),
}
