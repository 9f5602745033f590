"""Instructions down to the base (指挥调度指令): who may issue, what a receiver owes, how they end.

An instruction is told to units of any level below its issuer, each with a receipt of its
own, and has one deadline for all. It is no case: nothing is handled, checked or visited.
A receiver that commands units of its own may pass it on; those receivers are tracked under
the same instruction, so that its issuer sees the last one.

What a receiver owes is a read receipt or, where a reply is asked for, a reply. Whoever
still owes it is *missing*: reminded when half of the limit is used and again at the
deadline, when the issuer is told who is missing. A receipt after the deadline counts as
late and is taken all the same. Nothing here reads a clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum

from domain.actor import Actor, Role
from domain.calendar import WorkCalendar
from domain.case import Notice
from domain.clock import due, fraction
from domain.limit import Limit
from domain.place import Level
from domain.unit import Unit

COMMAND = "COMMAND"
"""The kind of unit that commands a city, district or street."""
COMMANDING_LEVELS = frozenset({Level.CITY, Level.DISTRICT, Level.STREET})
COMMANDING_ROLES = frozenset({Role.SUPERVISOR, Role.LEADER, Role.DISPATCHER})
PASSING_KINDS = frozenset({COMMAND, "COMMUNITY"})
"""Kinds of units that have units below them to pass an instruction on to."""
NAMED_MISSING = 10
"""How many missing units a report names; the rest is counted and shown on the page."""


class InstructionState(StrEnum):
    """``complete``: every receiver has done its part. The last three are ends."""

    OPEN = "open"
    COMPLETE = "complete"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    CORRECTED = "corrected"


STATE_ZH = {
    InstructionState.OPEN: "执行中",
    InstructionState.COMPLETE: "已全部完成",
    InstructionState.CLOSED: "已关闭",
    InstructionState.WITHDRAWN: "已撤回",
    InstructionState.CORRECTED: "已更正",
}
LIVING = frozenset({InstructionState.OPEN, InstructionState.COMPLETE})
"""States in which receivers still act. A complete one opens again when it is passed on further."""


class ReceiverState(StrEnum):
    """How far a receiver is."""

    TOLD = "told"
    READ = "read"
    REPLIED = "replied"


class ActKind(StrEnum):
    """What people, and the engine, do with an instruction."""

    ISSUE = "issue"
    READ = "read"
    REPLY = "reply"
    PASS_ON = "pass_on"  # noqa: S105 - no password
    CLOSE = "close"
    WITHDRAW = "withdraw"
    REMIND = "remind"


class Wave(IntEnum):
    """What the notices of an instruction are about; with the receiver's number it names each once."""

    TOLD = 0
    HALF = 1
    DUE = 2
    REPORT = 3
    ENDED = 4


class InstructionProblem(StrEnum):
    """Stable code of a refusal."""

    NOT_A_COMMANDER = "not_a_commander"
    OUTSIDE_COMMAND = "outside_command"
    MAY_NOT_PASS_ON = "may_not_pass_on"  # noqa: S105 - no password
    NOT_A_RECEIVER = "not_a_receiver"
    NOT_THE_ISSUER = "not_the_issuer"
    INSTRUCTION_ENDED = "instruction_ended"


class InstructionRefused(Exception):
    """The rules do not allow this. Carries a stable code and the parameters of its sentence."""

    def __init__(self, code: InstructionProblem, **params: str) -> None:
        """Keep code and parameters."""
        super().__init__(code.value)
        self.code = code
        self.params = params


@dataclass(frozen=True, kw_only=True, slots=True)
class Instruction:
    """One instruction. ``level`` and ``issuer`` are of the issuing unit; times are UTC.

    ``urgency`` runs from 1 (worst) to 4, as a case's severity. ``unknown_year``: the
    deadline needed a year the calendar does not know. ``reason`` is that of its end.
    """

    number: str
    title: str
    text: str
    issuer: str
    level: Level
    issued_by: Actor
    issued_at: datetime
    time_limit: Limit
    due_at: datetime
    unknown_year: bool = False
    reply_required: bool = False
    urgency: int = 3
    exercise: bool = False
    case_no: str | None = None
    corrects: str | None = None
    corrected_by: str | None = None
    state: InstructionState = InstructionState.OPEN
    ended_at: datetime | None = None
    reason: str = ""
    reported_at: datetime | None = None
    receivers: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Receiver:
    """A unit an instruction was told to. ``n`` numbers them from 1; ``parent`` is who passed it on.

    ``reply`` is the latest one, ``replied_at`` the time of the first: a supplement does not
    make a unit late. ``reminded`` counts reminders.
    """

    n: int
    unit: str
    level: Level
    told_at: datetime
    parent: str | None = None
    read_at: datetime | None = None
    reply: str | None = None
    replied_at: datetime | None = None
    reminded: int = 0

    @property
    def state(self) -> ReceiverState:
        """Return how far this receiver is."""
        if self.replied_at is not None:
            return ReceiverState.REPLIED
        return ReceiverState.TOLD if self.read_at is None else ReceiverState.READ


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """What somebody does. ``text`` is a reply, or the reason of an end."""

    kind: ActKind
    actor: Actor
    at: datetime
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timer:
    """When an instruction is looked at again, and whether at half or all of its limit."""

    wave: Wave
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """Receivers by state; ``told`` + ``read`` + ``replied`` = ``total``. ``missing`` still owe something."""

    total: int = 0
    told: int = 0
    read: int = 0
    replied: int = 0
    missing: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Add up levels."""
        return Counts(
            total=self.total + other.total,
            told=self.told + other.told,
            read=self.read + other.read,
            replied=self.replied + other.replied,
            missing=self.missing + other.missing,
        )


def check_issuer(*, actor: Actor, unit: Unit | None) -> Unit:
    """Return the commanding unit an actor issues for. Raises InstructionRefused (not_a_commander)."""
    commands = unit is not None and unit.kind == COMMAND and unit.level in COMMANDING_LEVELS
    if unit is None or not commands or actor.role not in COMMANDING_ROLES:
        raise InstructionRefused(
            InstructionProblem.NOT_A_COMMANDER, role=actor.role.value, unit=actor.unit or "-"
        )
    return unit


def check_passing(*, actor: Actor, unit: Unit | None) -> Unit:
    """Return the unit that passes an instruction on. Raises InstructionRefused (may_not_pass_on)."""
    passes = unit is not None and unit.kind in PASSING_KINDS and unit.level < Level.GRID
    if unit is None or not passes or actor.role not in COMMANDING_ROLES:
        raise InstructionRefused(
            InstructionProblem.MAY_NOT_PASS_ON, role=actor.role.value, unit=actor.unit or "-"
        )
    return unit


def timers(*, issued_at: datetime, limit: Limit, calendar: WorkCalendar) -> tuple[Timer, Timer]:
    """Return the two moments an instruction is looked at: half and all of its limit by the city's calendar.

    Raises UnableToKeepTime.
    """
    half = fraction(start=issued_at, limit=limit, calendar=calendar, share=0.5)
    whole = due(start=issued_at, limit=limit, calendar=calendar)
    return Timer(wave=Wave.HALF, at=half.at), Timer(wave=Wave.DUE, at=whole.at)


def is_wanted(*, instruction: Instruction, wave: Wave, now: datetime) -> bool:
    """Tell whether a timer still has something to do: not once it ended or is complete.

    A reminder of half the limit that nobody could send until the deadline is not sent any
    more: the deadline's own comes at the same moment.
    """
    overtaken = wave is Wave.HALF and now >= instruction.due_at
    return instruction.state is InstructionState.OPEN and not overtaken


def is_done(*, instruction: Instruction, receiver: Receiver) -> bool:
    """Tell whether a receiver has given what the instruction asks of it."""
    given = receiver.replied_at if instruction.reply_required else receiver.read_at
    return given is not None


def is_late(*, instruction: Instruction, receiver: Receiver) -> bool:
    """Tell whether what was asked of a receiver came after the deadline. Nobody is late before giving it."""
    given = receiver.replied_at if instruction.reply_required else receiver.read_at
    return given is not None and given > instruction.due_at


def missing(*, instruction: Instruction, receivers: Iterable[Receiver]) -> tuple[Receiver, ...]:
    """Return who still owes a receipt or reply, in order."""
    return tuple(one for one in receivers if not is_done(instruction=instruction, receiver=one))


def count(*, instruction: Instruction, receivers: Iterable[Receiver]) -> Counts:
    """Count receivers by state."""
    found = Counts()
    for one in receivers:
        found += Counts(
            total=1,
            told=int(one.state is ReceiverState.TOLD),
            read=int(one.state is ReceiverState.READ),
            replied=int(one.state is ReceiverState.REPLIED),
            missing=int(not is_done(instruction=instruction, receiver=one)),
        )
    return found


def receive(*, receiver: Receiver | None, instruction: Instruction, act: Act) -> Receiver:
    """Return a receiver after its own act: read, reply or pass on, each of which is a read receipt.

    Reading is taken in every state; to reply or to pass on, the instruction must live.
    Raises InstructionRefused.
    """
    if receiver is None:
        raise InstructionRefused(InstructionProblem.NOT_A_RECEIVER, unit=act.actor.unit or "-")
    if act.kind is not ActKind.READ:
        _must_live(instruction)
    read = replace(receiver, read_at=receiver.read_at or act.at)
    if act.kind is ActKind.REPLY:
        return replace(read, reply=act.text, replied_at=receiver.replied_at or act.at)
    return read


def end(*, instruction: Instruction, act: Act) -> Instruction:
    """Return an instruction its issuer closes or withdraws. Raises InstructionRefused."""
    _must_be_issuer(instruction, act.actor)
    _must_live(instruction)
    withdrawn = act.kind is ActKind.WITHDRAW
    state = InstructionState.WITHDRAWN if withdrawn else InstructionState.CLOSED
    return replace(instruction, state=state, ended_at=act.at, reason=act.text)


def correct(*, instruction: Instruction, by: str, act: Act) -> Instruction:
    """Return an instruction that the one numbered ``by`` takes the place of. Raises InstructionRefused."""
    _must_be_issuer(instruction, act.actor)
    _must_live(instruction)
    return replace(instruction, state=InstructionState.CORRECTED, ended_at=act.at, corrected_by=by)


def settle(*, instruction: Instruction, missing: int, at: datetime) -> Instruction:
    """Return a living instruction as open or complete, whichever the number of missing receivers says."""
    if instruction.state not in LIVING:
        return instruction
    if missing:
        return replace(instruction, state=InstructionState.OPEN, ended_at=None)
    if instruction.state is InstructionState.COMPLETE:
        return instruction
    return replace(instruction, state=InstructionState.COMPLETE, ended_at=at)


def tell(*, instruction: Instruction, receivers: Iterable[Receiver], wave: Wave) -> list[Notice]:
    """Return the notices of a wave to receivers: told, reminded, or that it has ended."""
    reminder = wave in (Wave.HALF, Wave.DUE)
    template = "instruction_reminder" if reminder else "instruction"
    about = instruction.state.value if wave is Wave.ENDED else wave.name.lower()
    context = {**_context(instruction), "about": about}
    return [Notice(seq=one.n, n=0, template=template, unit=one.unit, context=context) for one in receivers]


def report(*, instruction: Instruction, missing: Iterable[Receiver]) -> Notice:
    """Return the report to the issuer: at the deadline who is missing, or that nobody is any more."""
    units = [one.unit for one in missing]
    complete = instruction.state is InstructionState.COMPLETE
    return Notice(
        # The report of the deadline comes once; of being complete, once per number of receivers.
        seq=instruction.receivers if complete else 0,
        n=int(complete),
        template="instruction_report",
        unit=instruction.issuer,
        context={
            **_context(instruction),
            "about": "complete" if complete else "due",
            "total": instruction.receivers,
            "missing": len(units),
            "missing_units": " ".join(units[:NAMED_MISSING]),
        },
    )


def _context(instruction: Instruction) -> dict[str, str | int | float | bool | None]:
    return {
        "instruction": instruction.number,
        "title": instruction.title,
        "issuer": instruction.issuer,
        "due": instruction.due_at.isoformat(),
        "limit": str(instruction.time_limit),
        "reply": instruction.reply_required,
        "exercise": instruction.exercise,
        "case_no": instruction.case_no,
        "corrects": instruction.corrects,
    }


def _must_be_issuer(instruction: Instruction, actor: Actor) -> None:
    if actor.unit != instruction.issuer or actor.role not in COMMANDING_ROLES:
        raise InstructionRefused(InstructionProblem.NOT_THE_ISSUER, issuer=instruction.issuer)


def _must_live(instruction: Instruction) -> None:
    if instruction.state not in LIVING:
        raise InstructionRefused(InstructionProblem.INSTRUCTION_ENDED, state=instruction.state.value)
