"""Dead letters for a person: lists, a look into one, the mapping on trial, replay and closing."""

import base64
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from api.actors import person_of
from api.answers import answers
from api.doors import needs
from api.instruction_schemas import Code, Words
from api.media import json_only
from api.plain import plain
from api.state import service
from domain.account import Permission
from domain.envelope import DeadCode, Envelope, Unreadable
from domain.source import Source
from usecases import dead_letters as letters
from usecases.dead_letters import Previewed, Proposal
from usecases.dead_words import says

router = APIRouter(prefix="/api/v1", tags=["dead letters"])

SEEN = Depends(needs(Permission.DEAD_LETTERS))
MOST_TEXT = 20_000
"""Characters of a body shown as text; all of it is in ``body_base64``."""
Number = Annotated[int, Path(ge=1, lt=2**62)]
Reason = Annotated[Words, Field(max_length=500)]
Mapped = Annotated[dict[str, str], Field(max_length=500)]
Graded = Annotated[dict[str, int], Field(max_length=200)]


class _Strict(BaseModel):
    """Unknown fields are refused: a mistake must not lose a value silently."""

    model_config = ConfigDict(extra="forbid", strict=True)


class LetterQuery(BaseModel):
    """Filters of the list; all given ones must hold."""

    model_config = ConfigDict(extra="forbid")

    source: Code | None = None
    code: DeadCode | None = None
    closed: Annotated[bool, Field(description="those that were seen to, instead of the open ones")] = False
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=200)] = None


class ProposalIn(_Strict):
    """A mapping and a table of severities on trial, on these letters or on a source's latest. Nothing is stored."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {"source": "gas", "mapping": {"event_id": "sn", "subject": "dev.no"}, "severities": {"高": 1}}
            ]
        },
    )

    ids: Annotated[list[Annotated[int, Field(ge=1, lt=2**62)]], Field(max_length=20)] = []
    source: Code | None = None
    mapping: Mapped | None = None
    severities: Graded | None = None


class MappingIn(_Strict):
    """A source's mapping (field → path) and severities (word → 1 … 4); what is left out stays."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"mapping": {"event_id": "sn", "subject": "dev.no"}, "severities": {"高": 1}}]
        },
    )

    mapping: Mapped | None = None
    severities: Graded | None = None


class ReasonIn(_Strict):
    """Why."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"reason": "厂家测试报文，无需处理 a test message of the maker"}]},
    )

    reason: Reason


class ReplayIn(_Strict):
    """Which letters of a source to send through again: all, or those of one code."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"source": "iot-gateway", "code": "unknown_device", "reason": "设备已登记"}]
        },
    )

    source: Code
    code: DeadCode | None = None
    reason: Annotated[str, Field(max_length=500)] = ""


class LetterOut(BaseModel):
    """A dead letter. ``zh`` and ``en`` say why it is dead and what to do about it."""

    model_config = ConfigDict(extra="allow")

    id: int
    source: str
    state: str
    code: str
    zh: str
    en: str
    event_id: str
    received_at: datetime
    size: int
    parent: int | None
    replayed_as: int | None


class LetterPageOut(BaseModel):
    """A page of dead letters, newest first."""

    letters: list[LetterOut]
    next_cursor: str | None


class LookedOut(LetterOut):
    """A dead letter with what came, and who did what with it."""

    headers: dict[str, str]
    body_base64: str
    body_text: Annotated[str, Field(description=f"the first {MOST_TEXT} characters")]
    acts: list[dict[str, Any]]


class PreviewedOut(BaseModel):
    """Per letter: the parts it would be read as, each an envelope or a code with its words."""

    letters: list[dict[str, Any]]


class MappingOut(BaseModel):
    """A source's mapping as it is in force."""

    source: str
    mapping: dict[str, str]
    severities: dict[str, int]
    mapping_version: int


class ReplayedOut(BaseModel):
    """Letters that were sent through again, and the messages they became."""

    replayed: list[dict[str, int]]


@router.get("/dead-letters", dependencies=[SEEN], responses=answers(LetterPageOut, 400, 401, 403, 422))
def get_letters(request: Request, query: Annotated[LetterQuery, Query()]) -> dict[str, Any]:
    """List what nobody could read, newest first, without contents."""
    return plain(
        letters.page(
            city=service(request).city,
            actor=person_of(request),
            limit=query.limit,
            cursor=query.cursor,
            source=query.source,
            code=None if query.code is None else query.code.value,
            closed=query.closed,
        )
    )


@router.get("/dead-letters/{number}", dependencies=[SEEN], responses=answers(LookedOut, 401, 403, 404, 422))
def get_letter(
    request: Request,
    number: Number,
    reason: Annotated[Reason, Query(description="why you look: contents may be personal")],
) -> dict[str, Any]:
    """Return a letter with its contents. Who looked, when and why is written down."""
    found = letters.look(city=service(request).city, actor=person_of(request), number=number, reason=reason)
    return {
        **plain(found.letter),
        "headers": dict(found.headers),
        "body_base64": base64.b64encode(found.body).decode(),
        "body_text": found.body[: 4 * MOST_TEXT].decode(errors="replace")[:MOST_TEXT],
        "acts": [plain(act) for act in found.acts],
    }


@router.post(
    "/dead-letters/preview",
    dependencies=[SEEN, Depends(json_only)],
    responses=answers(PreviewedOut, 400, 401, 403, 404, 413, 415, 422),
)
def post_preview(request: Request, body: ProposalIn) -> dict[str, Any]:
    """Show what open letters would become under another mapping; nothing is stored but that you looked."""
    found = letters.preview(
        city=service(request).city,
        actor=person_of(request),
        ids=body.ids,
        source=body.source,
        proposal=Proposal(mapping=body.mapping, severities=body.severities),
    )
    return {"letters": [_previewed(one) for one in found]}


@router.post(
    "/dead-letters/replay",
    dependencies=[SEEN, Depends(json_only)],
    responses=answers(ReplayedOut, 400, 401, 403, 404, 413, 415, 422),
)
def post_replays(request: Request, body: ReplayIn) -> dict[str, Any]:
    """Send a source's open letters through again, oldest first, at most 500 at once."""
    found = letters.replay_all(
        city=service(request).city,
        actor=person_of(request),
        source=body.source,
        code=None if body.code is None else body.code.value,
        reason=body.reason,
    )
    return {"replayed": [plain(one) for one in found]}


@router.post(
    "/dead-letters/{number}/replay",
    dependencies=[SEEN],
    responses=answers(ReplayedOut, 401, 403, 404, 409, 422),
)
def post_replay(request: Request, number: Number) -> dict[str, Any]:
    """Send one letter through again, dated by when it was received. An event is never taken twice."""
    found = letters.replay(city=service(request).city, actor=person_of(request), number=number)
    return {"replayed": [plain(found)]}


@router.post(
    "/dead-letters/{number}/close",
    dependencies=[SEEN, Depends(json_only)],
    responses=answers(LetterOut, 400, 401, 403, 404, 409, 413, 415, 422),
)
def post_close(request: Request, number: Number, body: ReasonIn) -> dict[str, Any]:
    """Close a letter that needs nothing more."""
    return plain(
        letters.close(city=service(request).city, actor=person_of(request), number=number, reason=body.reason)
    )


@router.get("/sources/{name}/mapping", dependencies=[SEEN], responses=answers(MappingOut, 401, 403, 404, 422))
def get_mapping(request: Request, name: Code) -> dict[str, Any]:
    """Return how a source's messages are read."""
    return _mapping(letters.mapping(city=service(request).city, actor=person_of(request), name=name))


@router.put(
    "/sources/{name}/mapping",
    dependencies=[SEEN, Depends(json_only)],
    responses=answers(MappingOut, 400, 401, 403, 404, 413, 415, 422),
)
def put_mapping(request: Request, name: Code, body: MappingIn) -> dict[str, Any]:
    """Have a source's messages read another way from now on; a change raises ``mapping_version``."""
    proposal = Proposal(mapping=body.mapping, severities=body.severities)
    return _mapping(
        letters.put_mapping(
            city=service(request).city, actor=person_of(request), name=name, proposal=proposal
        )
    )


def _mapping(source: Source) -> dict[str, Any]:
    return {
        "source": source.name,
        "mapping": dict(source.mapping),
        "severities": dict(source.severities),
        "mapping_version": source.mapping_version,
    }


def _previewed(one: Previewed) -> dict[str, Any]:
    return {"letter": plain(one.letter), "parts": [_part(part) for part in one.parts]}


def _part(part: Envelope | Unreadable) -> dict[str, Any]:
    if isinstance(part, Envelope):
        body = plain(replace(part, part=b""))
        body.pop("part")
        return {"envelope": body}
    return {
        "code": part.code.value,
        "zh": says(code=part.code, params=part.params, lang="zh"),
        "en": says(code=part.code, params=part.params, lang="en"),
        "event_id": part.event_id,
    }
