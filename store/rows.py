"""What the store hands out and takes in, where the domain has no word for it. Plain frozen data."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.actor import Actor
from domain.instruction import Instruction, Receiver
from domain.messages import Command
from domain.report import NewReport


class OutboxKind(StrEnum):
    """What an outbox row asks the relay to do."""

    START_CASE = "start_case"
    START_CHILD = "start_child"
    LOOK_FOR_BURST = "look_for_burst"
    REVIVE_CASE = "revive_case"
    DELIVER_COMMAND = "deliver_command"
    NOTIFY = "notify"
    HAND_OVER = "hand_over"
    INSTRUCTION_TIMER = "instruction_timer"
    TELL_ALARM = "tell_alarm"


class OutboxState(StrEnum):
    """``pending`` rows are owed; the others are final. ``unknown`` is no success and no failure."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


class InboxStatus(StrEnum):
    """What became of a person's command."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """A repetition that is none. ``code`` is stable.

    ``idempotency_key_reused``: the key was used for another report; ``number_taken``: the
    drawn case or report number belongs to another report (draw again);
    ``request_id_reused``: the request id was used for another command.
    """

    code: str
    number: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What a record settles: an outbox row by id, or a command by request id, or both.

    ``result`` is JSON-plain and is answered to every repetition of the command.
    """

    outbox_id: int | None = None
    request_id: str | None = None
    result: dict[str, Any] = field(default_factory=dict)
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredReport(NewReport):
    """A report and the case it belongs to now.

    ``case_no`` is the number it was filed under and never changes; ``belongs_to`` is the
    master once that case was merged.
    """

    belongs_to: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxRow:
    """A claimed row. ``key`` is unique for ever, whoever inserts it again.

    ``case_no`` is the number of an instruction where the row belongs to one. ``payload`` is
    JSON-plain: ``{"report_no"}`` of a start, a whole ``Begin`` of a child's, ``{"rule"}``
    of a look for a burst, ``{"request_id"}`` of a command, ``{"wave"}`` of an instruction's
    timer, of an alarm to be told a ``TellAlarm``
    and ``"at"``, and of a notice ``{"epoch", "seq", "n", "template", "unit", "report_no", "channel",
    "context"}``. ``recipient`` is the address of a notice and may be personal data.
    ``attempts`` counts this claim; ``lost`` counts earlier claims whose worker let the lease
    run out, so nobody knows what became of them.
    """

    id: int
    kind: str
    key: str
    case_no: str
    priority: int
    payload: dict[str, Any]
    recipient: str | None = field(repr=False)
    state: str
    attempts: int
    lost: int
    created_at: datetime
    not_before: datetime
    lease_until: datetime | None
    last_error: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InboxRow:
    """A person's command and its fate.

    ``result`` is set when done; ``code`` and ``params`` (of ``domain.errors``) when
    refused. ``repeated`` says that the row had been there before.
    """

    request_id: str
    case_no: str
    command: Command
    status: str
    result: dict[str, Any] | None
    code: str | None
    params: dict[str, str] | None
    received_at: datetime
    repeated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class BoxMessage:
    """A notice in the in-app inbox of a unit, or kept for a report. ``at`` is when its fact happened."""

    id: int
    case_no: str
    epoch: int
    seq: int
    n: int
    template: str
    unit: str | None
    report_no: str | None
    context: dict[str, Any]
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class BoxPage:
    """A page of an inbox, newest first, and the cursor of the next one (None at the end)."""

    messages: tuple[BoxMessage, ...]
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaRow:
    """An area as lists and labels need it; its shape stays with geo. ``level`` is 1 city … 5 grid."""

    level: int
    code: str
    name: str
    parent: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What became of an act on an instruction. ``told`` counts the units it told or reminded."""

    number: str
    told: int = 0
    repeated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class InstructionAct:
    """One thing done with an instruction. ``text`` is a reply, a reason, or what a reminder was about."""

    kind: str
    actor: Actor
    at: datetime
    text: str
    told: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """An instruction as a list shows it, with the receipt of the unit whose list it is."""

    instruction: Instruction
    receiver: Receiver | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class InstructionPage:
    """A page of instructions, newest first, and the cursor of the next one (None at the end)."""

    instructions: tuple[Receipt, ...]
    next_cursor: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiverPage:
    """A page of receivers in the order they were told."""

    receivers: tuple[Receiver, ...]
    next_cursor: str | None
