"""Guards that no other way leads round: what is severe, what is one's own, what somebody above asked for."""

import pytest

from domain.case import Status
from domain.errors import RefusalCode
from domain.messages import CancelCase, Command
from domain.messages_command import DeclareEmergency, EventReport, Regrade, ReportEvent
from domain.messages_triage import AnswerAtOnce, AskReporter, Missing, RefusedFor, RefuseReport, TransferOut
from domain.place import Level
from tests.unit.builders import OPERATOR, Played, full_rules, refused
from tests.unit.scenes_triage import FIRE, in_triage

SETTLING: list[tuple[type[Command], dict[str, object]]] = [
    (AnswerAtOnce, {"answer": "open on Saturdays"}),
    (RefuseReport, {"refused_for": RefusedFor.OUT_OF_SCOPE, "told": "please call 12315"}),
]
LEAVING = [*SETTLING, (TransferOut, {"to": FIRE}), (CancelCase, {"reason": "a mistake"})]


def emergency() -> Played:
    """Return a case of severity 3 in triage that somebody has declared an emergency."""
    case = in_triage()
    case.do(DeclareEmergency, by=OPERATOR, reason="gas on the road")
    return case


@pytest.mark.parametrize(("kind", "fields"), SETTLING)
@pytest.mark.parametrize("severity", [1, 2])
def test_a_severe_report_is_not_settled_at_the_desk(
    kind: type[Command], fields: dict[str, object], severity: int
) -> None:
    case, drill = in_triage(severity), in_triage(severity, exercise=True)
    with refused(case, RefusalCode.SEVERE_CASE_NOT_SETTLED):
        case.do(kind, by=OPERATOR, **fields)
    drill.do(kind, by=OPERATOR, **fields)
    assert drill.state.status is not Status.TRIAGING


def test_what_was_misjudged_is_regraded_first_and_a_fire_goes_to_119() -> None:
    case, fire = in_triage(2), in_triage(1)
    case.do(Regrade, by=OPERATOR, severity=4, reason="a question only", rules=full_rules(4))
    case.do(AnswerAtOnce, by=OPERATOR, answer="open on Saturdays")
    fire.do(TransferOut, by=OPERATOR, to=FIRE)

    assert case.state.status is Status.ANSWERED
    assert case.of_kind("regraded")[0].data["reason"] == "a question only"
    assert fire.state.status is Status.TRANSFERRED_OUT


@pytest.mark.parametrize(("kind", "fields"), LEAVING)
def test_an_emergency_neither_ends_nor_leaves_before_its_final_report(
    kind: type[Command], fields: dict[str, object]
) -> None:
    case = emergency()
    with refused(case, RefusalCode.EMERGENCY_OPEN):
        case.do(kind, by=OPERATOR, **fields)
    case.do(ReportEvent, by=OPERATOR, report=EventReport.FINAL, to_level=Level.CITY, text="made safe")
    case.do(kind, by=OPERATOR, **fields)

    assert case.state.status is not Status.TRIAGING


def test_an_emergency_nobody_answers_for_goes_on() -> None:
    case = emergency()
    case.do(AskReporter, by=OPERATOR, missing=Missing.PLACE, question="which road?")
    while case.state.status is Status.NEED_INFO:
        case.next()

    assert case.state.status is Status.TRIAGING
    assert case.armed("emergency.phone") is not None
