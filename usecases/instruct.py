"""Instructions down to the base: issue, read, reply, pass on, close, withdraw, and look at them.

Everything people do carries a request id: repeated, it gets the first answer. The rules
are ``domain.instruction``'s; the store carries them out behind the instruction's lock.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from domain.actor import Actor
from domain.clock import UnableToKeepTime, due
from domain.errors import CommandRefused, RefusalCode
from domain.identifiers import RANDOM_BITS, is_number, number
from domain.instruction import (
    Act,
    ActKind,
    Counts,
    Instruction,
    InstructionRefused,
    InstructionState,
    Receiver,
    ReceiverState,
    Wave,
    check_issuer,
    check_passing,
    timers,
)
from domain.limit import Limit
from domain.place import Level
from domain.unit import Unit
from store.filters import UnableToReadCursor
from store.instructions import UnableToFindInstruction, UnableToTellSoMany
from store.rows import Answered, Conflict, InstructionAct, InstructionPage, OutboxRow, ReceiverPage
from usecases.addressees import MOST_TRACKED, Addressees, expand
from usecases.city import City
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import case_view
from usecases.texts import check_values

T = TypeVar("T")

PREFIX = "INS-"
"""Tells the number of an instruction from that of a case."""
LONGEST = timedelta(days=366)
MOST = {"title": 60, "text": 20_000}
MOST_OTHERWISE = 5_000
NUMBER_TAKEN = "number_taken"


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """What a commander wants told. ``title`` goes out in notices: it holds no personal data."""

    title: str
    text: str
    to: Addressees
    time_limit: Limit
    reply_required: bool = False
    urgency: int = 3
    exercise: bool = False
    case_no: str | None = None
    corrects: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """An instruction with its receivers counted, and the caller's own receipt where it has one."""

    instruction: Instruction
    counts: Counts
    by_level: dict[Level, Counts]
    receiver: Receiver | None = None
    told: int = 0
    repeated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiverFilter:
    """Which receivers to show; all given ones must hold."""

    state: ReceiverState | None = None
    level: Level | None = None
    parent: str | None = None
    missing: bool | None = None


def issue(*, city: City, ask: Issue, actor: Actor, request_id: str) -> Overview:
    """Issue an instruction; durable, with everything it owes, when this returns.

    Raises BadRequest and CommandRefused.
    """
    check_values(values={"title": ask.title, "text": ask.text}, most=MOST, otherwise=MOST_OTHERWISE)
    unit = _ruled(lambda: check_issuer(actor=actor, unit=_unit(city, actor)))
    meant = _ruled(lambda: expand(tree=city.pack.tree, commander=unit, to=ask.to))
    drill = ask.case_no is not None and case_view(city=city, case_no=ask.case_no).exercise
    if ask.corrects is not None:
        _existing(city, ask.corrects)
    answer = _put(city, _new(city, ask, actor, unit, drill=drill), meant, ask, request_id)
    while isinstance(answer, Conflict) and answer.code == NUMBER_TAKEN:
        answer = _put(city, _new(city, ask, actor, unit, drill=drill), meant, ask, request_id)
    return _answer(city, _kept(answer), actor)


def read(*, city: City, number: str, actor: Actor, request_id: str) -> Overview:
    """Keep that the actor's unit has read it; reading again changes nothing. Raises BadRequest."""
    act = Act(kind=ActKind.READ, actor=actor, at=city.now())
    return _receive(city=city, number=number, act=act, request_id=request_id)


def reply(*, city: City, number: str, text: str, actor: Actor, request_id: str) -> Overview:
    """Keep the reply of the actor's unit; a later one supplements it. Raises BadRequest, CommandRefused."""
    check_values(values={"reply": text}, most=MOST, otherwise=MOST_OTHERWISE)
    act = Act(kind=ActKind.REPLY, actor=actor, at=city.now(), text=text)
    return _receive(city=city, number=number, act=act, request_id=request_id)


def pass_on(*, city: City, number: str, to: Addressees, actor: Actor, request_id: str) -> Overview:
    """Tell units below the actor's, under the same instruction; ``told`` says how many were new to it.

    Raises BadRequest.
    """
    unit = _ruled(lambda: check_passing(actor=actor, unit=_unit(city, actor)))
    meant = _ruled(lambda: expand(tree=city.pack.tree, commander=unit, to=to, below=True))
    act = Act(kind=ActKind.PASS_ON, actor=actor, at=city.now())
    below = tuple(
        Receiver(n=n, unit=one.code, level=one.level, told_at=act.at, parent=unit.code)
        for n, one in enumerate(meant, start=1)
    )
    return _receive(city=city, number=number, act=act, request_id=request_id, to=to, below=below)


def close(*, city: City, number: str, reason: str, actor: Actor, request_id: str) -> Overview:
    """Close an instruction although somebody is missing. Raises BadRequest, CommandRefused."""
    return _end(city, number, Act(kind=ActKind.CLOSE, actor=actor, at=city.now(), text=reason), request_id)


def withdraw(*, city: City, number: str, reason: str, actor: Actor, request_id: str) -> Overview:
    """Take an instruction back and tell everybody who was told. Raises BadRequest, CommandRefused."""
    return _end(city, number, Act(kind=ActKind.WITHDRAW, actor=actor, at=city.now(), text=reason), request_id)


def overview(*, city: City, number: str, actor: Actor) -> Overview:
    """Return an instruction with its counts. Raises BadRequest when there is none."""
    return _answer(city, Answered(number=_existing(city, number).number), actor)


def receivers(
    *, city: City, number: str, where: ReceiverFilter, limit: int, cursor: str | None
) -> ReceiverPage:
    """Return a page of receivers in the order they were told. Raises BadRequest."""
    return _paged(
        lambda: city.store.instruction_receivers(
            number=number,
            limit=limit,
            cursor=cursor,
            state=where.state,
            level=where.level,
            parent=where.parent,
            missing=where.missing,
        )
    )


def received(
    *,
    city: City,
    unit: str,
    state: InstructionState | None,
    missing: bool | None,
    limit: int,
    cursor: str | None,
) -> InstructionPage:
    """Return what a unit was told, newest first, with its receipts. Raises BadRequest."""
    return _paged(
        lambda: city.store.received_instructions(
            unit=unit, limit=limit, cursor=cursor, state=state, missing=missing
        )
    )


def issued(
    *,
    city: City,
    issuer: str | None,
    case_no: str | None,
    state: InstructionState | None,
    limit: int,
    cursor: str | None,
) -> InstructionPage:
    """Return instructions, newest first, of one issuer, of one case, or all. Raises BadRequest."""
    return _paged(
        lambda: city.store.issued_instructions(
            issuer=issuer, case_no=case_no, limit=limit, cursor=cursor, state=state
        )
    )


def acts(*, city: City, number: str) -> list[InstructionAct]:
    """Return the latest things done with an instruction, newest first. Raises BadRequest when there is none."""
    return city.store.instruction_acts(number=_existing(city, number).number)


def fire(*, city: City, row: OutboxRow) -> int:
    """Carry out a timer's row: remind whoever is missing, report at the deadline; return how many."""
    return city.store.fire_instruction(
        outbox_id=row.id, key=row.key, number=row.case_no, wave=Wave(row.payload["wave"]), now=city.now()
    )


def _new(city: City, ask: Issue, actor: Actor, unit: Unit, *, drill: bool) -> Instruction:
    """Number an instruction and count its deadline. An instruction about a drill is a drill."""
    now = city.now()
    try:
        end = due(start=now, limit=ask.time_limit, calendar=city.pack.calendar)
    except UnableToKeepTime:
        end = None
    if end is None or not now < end.at <= now + LONGEST:
        raise BadRequest(ProblemCode.LIMIT_OUT_OF_RANGE, limit=str(ask.time_limit), most=str(LONGEST.days))
    day = now.astimezone(ZoneInfo(city.pack.city.timezone)).date()
    return Instruction(
        number=PREFIX + number(day=day, random_bits=city.random_bits(RANDOM_BITS)),
        title=ask.title,
        text=ask.text,
        issuer=unit.code,
        level=unit.level,
        issued_by=actor,
        issued_at=now,
        time_limit=ask.time_limit,
        due_at=end.at,
        unknown_year=end.crosses_unknown_year,
        reply_required=ask.reply_required,
        urgency=ask.urgency,
        exercise=ask.exercise or drill,
        case_no=ask.case_no,
        corrects=ask.corrects,
    )


def _put(
    city: City, new: Instruction, meant: tuple[Unit, ...], ask: Issue, request_id: str
) -> Answered | Conflict:
    told = tuple(
        Receiver(n=n, unit=unit.code, level=unit.level, told_at=new.issued_at)
        for n, unit in enumerate(meant, start=1)
    )
    return _ruled(
        lambda: city.store.issue_instruction(
            instruction=replace(new, receivers=len(told)),
            receivers=told,
            timers=timers(issued_at=new.issued_at, limit=new.time_limit, calendar=city.pack.calendar),
            request_id=request_id,
            digest=_digest("issue", new.issuer, ask),
        )
    )


def _receive(
    *,
    city: City,
    number: str,
    act: Act,
    request_id: str,
    to: Addressees | None = None,
    below: tuple[Receiver, ...] = (),
) -> Overview:
    _existing(city, number)
    answer = _ruled(
        lambda: city.store.receive_instruction(
            number=number,
            act=act,
            request_id=request_id,
            digest=_digest(number, act.kind.value, act.actor.unit, act.text, to),
            below=below,
            most=MOST_TRACKED,
        )
    )
    return _answer(city, _kept(answer), act.actor)


def _end(city: City, number: str, act: Act, request_id: str) -> Overview:
    if not act.text.strip():
        raise CommandRefused(RefusalCode.REASON_REQUIRED)
    check_values(values={"reason": act.text}, most=MOST, otherwise=MOST_OTHERWISE)
    _existing(city, number)
    digest = _digest(number, act.kind.value, act.actor.unit, act.text)
    answer = _ruled(
        lambda: city.store.end_instruction(number=number, act=act, request_id=request_id, digest=digest)
    )
    return _answer(city, _kept(answer), act.actor)


def _answer(city: City, answered: Answered, actor: Actor) -> Overview:
    instruction = _existing(city, answered.number)
    by_level = city.store.instruction_counts(number=answered.number)
    unit = actor.unit
    mine = city.store.instruction_receiver(number=answered.number, unit=unit) if unit else None
    return Overview(
        instruction=instruction,
        counts=sum(by_level.values(), start=Counts()),
        by_level=by_level,
        receiver=mine,
        told=answered.told,
        repeated=answered.repeated,
    )


def _existing(city: City, number: str) -> Instruction:
    known = number.startswith(PREFIX) and is_number(number.removeprefix(PREFIX))
    found = city.store.instruction(number=number) if known else None
    if found is None:
        raise BadRequest(ProblemCode.INSTRUCTION_NOT_FOUND, number=number[:40])
    return found


def _unit(city: City, actor: Actor) -> Unit | None:
    return city.pack.tree.find(actor.unit) if actor.unit else None


def _kept(answer: Answered | Conflict) -> Answered:
    if isinstance(answer, Conflict):
        raise BadRequest(ProblemCode.REQUEST_ID_REUSED)
    return answer


def _ruled(work: Callable[[], T]) -> T:
    """Do something the rules of instructions may refuse; a refusal becomes the problem of its code."""
    try:
        return work()
    except InstructionRefused as refused:
        raise BadRequest(ProblemCode(refused.code.value), **refused.params) from refused
    except UnableToTellSoMany as error:
        raise BadRequest(ProblemCode.TOO_MANY_RECEIVERS, most=str(error.most)) from error
    except UnableToFindInstruction as error:
        raise BadRequest(ProblemCode.INSTRUCTION_NOT_FOUND, number=str(error)[:40]) from error


def _paged(work: Callable[[], T]) -> T:
    try:
        return work()
    except UnableToReadCursor as error:
        raise BadRequest(ProblemCode.BAD_CURSOR) from error


def _digest(*parts: object) -> str:
    """Return what tells two requests apart under one request id."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()
