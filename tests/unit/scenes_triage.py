"""Scenes of the refusals before a case is filed."""

from domain.actor import Role
from domain.errors import RefusalCode
from domain.messages import MergeInto
from domain.messages_triage import (
    AnswerAtOnce,
    AskReporter,
    ConfirmTransfer,
    HandBack,
    Missing,
    RecordVerification,
    ReporterAnswered,
    SplitReport,
    TransferOut,
    VerifyFirst,
)
from domain.rows_triage_doubt import MOST_ROUNDS
from tests.unit.builders import OPERATOR, WATER, Played, a_case, a_full_case, actor, decision
from tests.unit.scenes import Refused

FIRE, POLICE = "PEER-119", "PEER-110"
UNSURE = decision(confidence=0.4)


def in_triage(severity: int = 3, **changes: object) -> Played:
    """Return a case under the whole rulebook that waits for the desk: routing is not sure of its owner."""
    return a_full_case(severity, **({"decision": UNSURE} | changes))


def transferred(to: str = FIRE) -> Played:
    """Return a case handed to a peer that has not confirmed it yet."""
    case = in_triage()
    case.do(TransferOut, by=OPERATOR, to=to)
    return case


def confirmed() -> Played:
    case = transferred()
    case.do(ConfirmTransfer, by=OPERATOR, reference="119-7")
    return case


def handed_back() -> Played:
    case = transferred()
    case.do(HandBack, by=actor(Role.PEER, FIRE), reason="not a fire")
    return case


def verifying() -> Played:
    case = in_triage()
    case.do(VerifyFirst, by=OPERATOR)
    return case


def asked_often() -> Played:
    """Return a case whose reporter was asked as often as one is."""
    case = in_triage()
    for _ in range(MOST_ROUNDS):
        case.do(AskReporter, by=OPERATOR, **QUESTION)
        case.do(ReporterAnswered, by=OPERATOR, answer="by the lake")
    return case


QUESTION = {"missing": Missing.PLACE, "question": "which road?"}
SCENES: dict[RefusalCode, Refused] = {
    RefusalCode.RULEBOOK_REQUIRED: (
        lambda: a_case(decision=UNSURE), AnswerAtOnce, OPERATOR, {"answer": "Saturday mornings"},
    ),
    RefusalCode.SEVERE_CASE_NOT_SETTLED: (
        lambda: in_triage(2), AnswerAtOnce, OPERATOR, {"answer": "Saturday mornings"},
    ),
    RefusalCode.ASKED_OFTEN: (asked_often, AskReporter, OPERATOR, QUESTION),
    RefusalCode.HANDED_BACK: (handed_back, TransferOut, OPERATOR, {"to": FIRE}),
    RefusalCode.ALREADY_CONFIRMED: (confirmed, ConfirmTransfer, OPERATOR, {"reference": "119-8"}),
    RefusalCode.RECEIPT_REQUIRED: (transferred, ConfirmTransfer, OPERATOR, {"reference": " "}),
    RefusalCode.NOT_YOUR_ITEM: (
        transferred, ConfirmTransfer, actor(Role.PEER, POLICE), {"reference": "110-1"},
    ),
    RefusalCode.NOT_THE_CHECKER: (
        verifying, RecordVerification, actor(Role.CHECKER, WATER), {"finding": "exists"},
    ),
    RefusalCode.BEING_MERGED: (
        lambda: in_triage().joined("R-2"), MergeInto, OPERATOR, {"master": "case-of-R-2"},
    ),
    RefusalCode.ONLY_REPORT: (
        lambda: a_full_case().joined("R-2"), SplitReport, OPERATOR, {"report_no": "R-1", "reason": "another"},
    ),
}  # fmt: skip
