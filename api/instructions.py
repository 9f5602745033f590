"""Instructions down to the base: issue, read, reply, pass on, close, withdraw; lists and receipts."""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.actors import actor_of, reader_of
from api.answers import answers
from api.doors import needs, who_asks
from api.instruction_schemas import (
    ActsOut,
    Code,
    InstructionIn,
    InstructionPageOut,
    LevelName,
    OverviewOut,
    PassOnIn,
    ReasonIn,
    ReplyIn,
    TrackedOut,
)
from api.media import json_only
from api.plain import plain
from api.reports import KEY
from api.state import service
from domain.account import Permission, Principal
from domain.actor import Actor
from domain.instruction import STATE_ZH, Instruction, InstructionState, Receiver, ReceiverState, is_late
from domain.org import OrgTree
from domain.place import Level
from usecases import instruct, instruct_people, instruct_staff
from usecases.city import City
from usecases.instruct import Overview, ReceiverFilter
from usecases.instruct_staff import InstructionPage

router = APIRouter(prefix="/api/v1/instructions", tags=["instructions"])
ACTING = Depends(needs(Permission.ACT))
INSTRUCTING = Depends(needs(Permission.INSTRUCT))

Key = Annotated[str | None, KEY]
Cursor = Annotated[str | None, Query(max_length=200)]
_WRITE = answers(OverviewOut, 400, 401, 403, 404, 409, 413, 415, 422, 503, description="Done")


class InstructionQuery(BaseModel):
    """Filters of the list. With ``unit`` it is what that unit was told, else what was issued."""

    model_config = ConfigDict(extra="forbid")

    unit: Code | None = None
    missing: Annotated[bool | None, Field(description="with unit: it still owes a receipt or reply")] = None
    issuer: Code | None = None
    case_no: Code | None = None
    state: InstructionState | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=200)] = None


class ReceiverQuery(BaseModel):
    """Which receivers to show; all given ones must hold."""

    model_config = ConfigDict(extra="forbid")

    state: ReceiverState | None = None
    level: LevelName | None = None
    parent: Annotated[Code | None, Field(description="those this unit passed it on to")] = None
    missing: bool | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=200)] = None

    def where(self) -> ReceiverFilter:
        """Return the use case's filter."""
        level = None if self.level is None else self.level.level
        return ReceiverFilter(state=self.state, level=level, parent=self.parent, missing=self.missing)


@router.post(
    "",
    status_code=201,
    dependencies=[INSTRUCTING, Depends(json_only)],
    responses=answers(OverviewOut, 400, 401, 403, 404, 409, 413, 415, 422, 503, description="Issued before"),
)
def post_instruction(
    request: Request, response: Response, body: InstructionIn, idempotency_key: Key = None
) -> dict[str, Any]:
    """Issue an instruction to every unit that is meant. 201: durable, everybody will be told; 200: was before."""
    actor, who, ask = actor_of(request), who_asks(request), body.ask()
    if who is not None and ask.case_no is not None:
        instruct_people.about(city=service(request).city, who=who, case_no=ask.case_no)
    found = instruct.issue(
        city=service(request).city,
        ask=ask,
        actor=actor,
        request_id=_request_id(actor, idempotency_key),
    )
    if found.repeated:
        response.status_code = 200
    return _overview(request, found)


@router.get("", dependencies=[ACTING], responses=answers(InstructionPageOut, 401, 403, 422))
def get_instructions(request: Request, query: Annotated[InstructionQuery, Query()]) -> dict[str, Any]:
    """List instructions, newest first: what a unit was told, or what was issued."""
    who = reader_of(request)
    city = service(request).city
    page = _listed(city, query) if who is None else _listed_for(city, who, query)
    found = [_instruction(city.pack.tree, one.instruction, one.receiver) for one in page.instructions]
    return {"instructions": found, "next_cursor": page.next_cursor}


@router.get("/{number}", dependencies=[ACTING], responses=answers(TrackedOut, 401, 403, 404, 422))
def get_instruction(
    request: Request, number: str, query: Annotated[ReceiverQuery, Query()]
) -> dict[str, Any]:
    """Return an instruction, its receivers by state and level, and a page of them as told."""
    city = service(request).city
    found = instruct.overview(city=city, number=number, actor=_answerer(request, number))
    page = instruct.receivers(
        city=city, number=number, where=query.where(), limit=query.limit, cursor=query.cursor
    )
    told = [_receiver(city.pack.tree, found.instruction, one) for one in page.receivers]
    return {**_overview(request, found), "receivers": told, "next_cursor": page.next_cursor}


@router.get("/{number}/history", dependencies=[ACTING], responses=answers(ActsOut, 401, 403, 404))
def get_acts(request: Request, number: str) -> dict[str, Any]:
    """Return the latest things done with an instruction, by whom and when."""
    _answerer(request, number)
    return {"acts": [plain(act) for act in instruct.acts(city=service(request).city, number=number)]}


@router.post("/{number}/read", dependencies=[ACTING], responses=_WRITE)
def post_read(request: Request, number: str, idempotency_key: Key = None) -> dict[str, Any]:
    """Acknowledge an instruction for the actor's unit."""
    actor = _answerer(request, number)
    found = instruct.read(
        city=service(request).city,
        number=number,
        actor=actor,
        request_id=_request_id(actor, idempotency_key),
    )
    return _overview(request, found)


@router.post("/{number}/reply", dependencies=[ACTING, Depends(json_only)], responses=_WRITE)
def post_reply(request: Request, number: str, body: ReplyIn, idempotency_key: Key = None) -> dict[str, Any]:
    """Reply for the actor's unit; a later reply supplements it."""
    actor = _answerer(request, number)
    found = instruct.reply(
        city=service(request).city,
        number=number,
        text=body.reply,
        actor=actor,
        request_id=_request_id(actor, idempotency_key),
    )
    return _overview(request, found)


@router.post("/{number}/pass_on", dependencies=[ACTING, Depends(json_only)], responses=_WRITE)
def post_pass_on(
    request: Request, number: str, body: PassOnIn, idempotency_key: Key = None
) -> dict[str, Any]:
    """Pass an instruction on to units below the actor's; ``told`` counts those who had not been told."""
    actor = _answerer(request, number)
    found = instruct.pass_on(
        city=service(request).city,
        number=number,
        to=body.to.meant(),
        actor=actor,
        request_id=_request_id(actor, idempotency_key),
    )
    return _overview(request, found)


@router.post("/{number}/close", dependencies=[INSTRUCTING, Depends(json_only)], responses=_WRITE)
def post_close(request: Request, number: str, body: ReasonIn, idempotency_key: Key = None) -> dict[str, Any]:
    """Close an instruction although somebody is missing; those are told."""
    actor = actor_of(request)
    found = instruct.close(
        city=service(request).city,
        number=number,
        reason=body.reason,
        actor=actor,
        request_id=_request_id(actor, idempotency_key),
    )
    return _overview(request, found)


@router.post("/{number}/withdraw", dependencies=[INSTRUCTING, Depends(json_only)], responses=_WRITE)
def post_withdraw(
    request: Request, number: str, body: ReasonIn, idempotency_key: Key = None
) -> dict[str, Any]:
    """Take an instruction back; everybody who was told is told so."""
    actor = actor_of(request)
    found = instruct.withdraw(
        city=service(request).city,
        number=number,
        reason=body.reason,
        actor=actor,
        request_id=_request_id(actor, idempotency_key),
    )
    return _overview(request, found)


def _answerer(request: Request, number: str) -> Actor:
    """Return who reads or answers an instruction: the post that was told. Raises BadRequest."""
    who = who_asks(request)
    if who is None:
        return actor_of(request)
    return instruct_staff.answerer(city=service(request).city, who=who, number=number)


def _listed(city: City, query: InstructionQuery) -> InstructionPage:
    if query.unit is not None:
        return instruct.received(
            city=city,
            unit=query.unit,
            state=query.state,
            missing=query.missing,
            limit=query.limit,
            cursor=query.cursor,
        )
    return instruct.issued(
        city=city,
        issuer=query.issuer,
        case_no=query.case_no,
        state=query.state,
        limit=query.limit,
        cursor=query.cursor,
    )


def _listed_for(city: City, who: Principal, query: InstructionQuery) -> InstructionPage:
    return instruct_staff.listed(city=city, who=who, **query.model_dump())


def _request_id(actor: Actor, key: str | None) -> str:
    """Name the actor in front, as of commands; a key is drawn where there is none."""
    return f"by:{actor.id}:{(key or '').strip() or secrets.token_hex(16)}"


def _overview(request: Request, found: Overview) -> dict[str, Any]:
    levels = {level.name.lower(): plain(counts) for level, counts in found.by_level.items()}
    return {
        **_instruction(service(request).city.pack.tree, found.instruction, found.receiver),
        "counts": plain(found.counts),
        "by_level": levels,
        "told": found.told,
        "repeated": found.repeated,
    }


def _instruction(tree: OrgTree, instruction: Instruction, mine: Receiver | None) -> dict[str, Any]:
    body = plain(instruction)
    body.pop("receivers")
    body["limit"] = str(instruction.time_limit)
    body.pop("time_limit")
    body["level"] = instruction.level.name.lower()
    body["state_zh"] = STATE_ZH[instruction.state]
    body["issuer_name"] = _name(tree, instruction.issuer)
    body["receiver"] = None if mine is None else _receiver(tree, instruction, mine)
    return body


def _receiver(tree: OrgTree, instruction: Instruction, receiver: Receiver) -> dict[str, Any]:
    body = plain(receiver)
    body["level"] = Level(receiver.level).name.lower()
    body["state"] = receiver.state.value
    body["late"] = is_late(instruction=instruction, receiver=receiver)
    body["unit_name"] = _name(tree, receiver.unit)
    return body


def _name(tree: OrgTree, code: str) -> str:
    unit = tree.find(code)
    return code if unit is None else unit.name_zh
