"""Commands before a case is filed (rows 3–11) and of reports merged into it (row 7)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from domain.command import CommandBase


class RefusedFor(StrEnum):
    """Why a report is not filed (接诉即办条例 11): each is told where to go."""

    OUT_OF_SCOPE = "out_of_scope"
    STATUTORY_CHANNEL = "statutory_channel"
    IN_HAND = "in_hand"
    SECRET = "secret"  # noqa: S105 - state secrets, a reason, not a password
    ILLEGAL = "illegal"


class Missing(StrEnum):
    """What a reporter is asked for (row 8)."""

    PLACE = "place"
    OWNER = "owner"
    EVIDENCE = "evidence"
    OTHER = "other"


class Finding(StrEnum):
    """What was seen on site before filing (row 11)."""

    EXISTS = "exists"
    NOT_FOUND = "not_found"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerAtOnce(CommandBase):
    """Row 3: an enquiry is answered on the spot."""

    kind: Literal["answer_at_once"] = "answer_at_once"
    answer: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RefuseReport(CommandBase):
    """Row 4: not for this platform; ``told`` is where the reporter was sent."""

    kind: Literal["refuse_report"] = "refuse_report"
    refused_for: RefusedFor
    told: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferOut(CommandBase):
    """Row 5: handed to a peer (a unit of kind PEER: 110, 119, 120, 122, another city)."""

    kind: Literal["transfer_out"] = "transfer_out"
    to: str
    reason: str = ""
    reference: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfirmTransfer(CommandBase):
    """Row 5: the peer's receipt, by its number."""

    kind: Literal["confirm_transfer"] = "confirm_transfer"
    reference: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HandBack(CommandBase):
    """Row 6: the peer returns it; who got it first then accepts it."""

    kind: Literal["hand_back"] = "hand_back"
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AskReporter(CommandBase):
    """Row 8: place, owner or evidence is missing."""

    kind: Literal["ask_reporter"] = "ask_reporter"
    missing: Missing
    question: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReporterAnswered(CommandBase):
    """Row 9: the answer came."""

    kind: Literal["reporter_answered"] = "reporter_answered"
    answer: str


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifyFirst(CommandBase):
    """Row 10: somebody near looks before the report is filed; the nearest one unless named."""

    kind: Literal["verify_first"] = "verify_first"
    verifier: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordVerification(CommandBase):
    """Row 11: what was seen. Position in WGS-84 degrees."""

    kind: Literal["record_verification"] = "record_verification"
    finding: Finding
    note: str = ""
    photos: tuple[str, ...] = ()
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitReport(CommandBase):
    """Row 7 undone: a merged report is about something else and becomes a case again."""

    kind: Literal["split_report"] = "split_report"
    report_no: str
    reason: str


TriageCommand = (
    AnswerAtOnce
    | RefuseReport
    | TransferOut
    | ConfirmTransfer
    | HandBack
    | AskReporter
    | ReporterAnswered
    | VerifyFirst
    | RecordVerification
    | SplitReport
)

TRIAGE_ZH: dict[str, str] = {
    "answer_at_once": "直接答复",
    "refuse_report": "不予受理",
    "transfer_out": "转出",
    "confirm_transfer": "确认转出",
    "hand_back": "转回",
    "ask_reporter": "补充信息",
    "reporter_answered": "诉求人答复",
    "verify_first": "派发核实",
    "record_verification": "登记核实",
    "split_report": "拆分并案",
}
