"""Machines' messages come in: kept as they are, answered when they are durable, read a little later."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from api.answers import refusals
from api.clients import BY_KEY, charge, client_of, webhook_id
from api.doors import SOURCES
from api.instruction_schemas import Code
from api.state import service
from domain.source import Scope, Source, WireFormat
from usecases.inbound import Fate, fate, keep
from usecases.problems import BadRequest, ProblemCode
from usecases.sources import source as source_of

router = APIRouter(prefix="/api/v1", tags=["alerts"])

BY_TYPE: dict[str, WireFormat] = {
    "application/cap+xml": WireFormat.CAP,
    "application/cloudevents+json": WireFormat.CLOUDEVENTS,
    "application/cloudevents-batch+json": WireFormat.CLOUDEVENTS,
    "application/ld+json": WireFormat.NGSI_LD,
}
"""Content types that leave no doubt. Plain JSON and XML may be any of several formats."""
EXAMPLE: list[dict[str, Any]] = [
    {
        "id": "a-1",
        "device": "MH-42010600017",
        "kind": "alarm",
        "level": 1,
        "time": "2026-11-22T10:00:00+08:00",
    }
]
_BODY: dict[str, Any] = {
    "required": True,
    "description": "One message or a batch, as the source writes; at most 1 MiB",
    "content": {
        "application/json": {"schema": {}, "example": EXAMPLE},
        "*/*": {"schema": {"type": "string", "format": "binary"}},
    },
}


class KeptOut(BaseModel):
    """The answer to a message: it is durable. What became of it stands at ``status_url``."""

    message_id: int
    received_at: datetime
    status_url: str


class RefusalOut(BaseModel):
    """A part of a message that could not be taken: the code (docs/api.md), words, and its event id if it had one."""

    code: str
    detail: str
    detail_en: str
    event_id: str


class MessageOut(BaseModel):
    """What became of a message. ``new``: not read yet; ``done``; ``dead``: unreadable, a person will look at it."""

    message_id: int
    source: str
    state: Annotated[str, Field(description="new, done, dead or closed")]
    received_at: datetime
    finished_at: datetime | None
    taken: Annotated[int, Field(description="parts that were taken, repetitions included")]
    refused: Annotated[int, Field(description="parts that became dead letters")]
    codes: dict[str, int]
    refusals: list[RefusalOut]
    replayed_as: int | None


@router.post(
    "/alerts/{source}",
    status_code=202,
    openapi_extra={**BY_KEY, "requestBody": _BODY},
    dependencies=[Depends(SOURCES)],
    responses=refusals(400, 401, 403, 404, 409, 413, 422, 429, 503),
)
async def post_alert(
    request: Request,
    source: Code,
    format: Annotated[WireFormat | None, Query(description="where the content type does not say")] = None,  # noqa: A002
) -> KeptOut:
    """Take a message or a batch of a source, of any content type. 202: it is on the disk, and will be read.

    The format is that of the content type where it is one of a standard, else ``format``, else
    the source's own. Needs a key of this source with the scope alerts:write, or a signature.
    """
    city = service(request).city
    client = await client_of(request, scope=Scope.ALERTS_WRITE)
    if client is None:
        client = await asyncio.to_thread(lambda: source_of(city=city, name=source))
    body = await request.body()
    if client.per_minute or client.per_day:
        more = await asyncio.to_thread(messages_in, body) - 1
        if more > 0:
            await charge(request, source=client, cost=more)
    received_at = city.now()
    number = await keep(
        city=city,
        source=client,
        form=form_of(request, given=format, source=client),
        content_type=request.headers.get("content-type", ""),
        headers=request.headers,
        body=body,
        received_at=received_at,
        webhook_id=webhook_id(request),
        webhook_at=datetime.now(UTC),
    )
    return KeptOut(message_id=number, received_at=received_at, status_url=f"/api/v1/messages/{number}")


@router.get(
    "/messages/{number}",
    openapi_extra=BY_KEY,
    dependencies=[Depends(SOURCES)],
    responses=refusals(401, 403, 404, 422, 429, 503),
)
async def get_message(request: Request, number: Annotated[int, Field(ge=1, lt=2**62)]) -> MessageOut:
    """Tell a source what became of one of its messages."""
    city = service(request).city
    client = await client_of(request, scope=Scope.ALERTS_WRITE)
    found = await asyncio.to_thread(lambda: fate(city=city, number=number))
    if found is None or (client is not None and found.message.source != client.name):
        raise BadRequest(ProblemCode.MESSAGE_NOT_FOUND, id=str(number))
    return _told(found)


def messages_in(body: bytes) -> int:
    """Return how many messages a body counts for: the members of a JSON array, one for anything else."""
    if body.lstrip()[:1] != b"[":
        return 1
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return 1
    return max(1, len(found))


def form_of(request: Request, *, given: WireFormat | None, source: Source) -> WireFormat:
    """Return the format of a request's body: by its content type, as asked for, or as the source writes."""
    if "ce-specversion" in request.headers:
        return WireFormat.CLOUDEVENTS
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return BY_TYPE.get(kind) or given or source.form


def _told(found: Fate) -> MessageOut:
    message = found.message
    return MessageOut(
        message_id=message.id,
        source=message.source,
        state=message.state,
        received_at=message.received_at,
        finished_at=message.finished_at,
        taken=message.taken,
        refused=message.refused,
        codes=dict(found.codes),
        refusals=[
            RefusalOut(code=one.code, detail=one.zh, detail_en=one.en, event_id=one.event_id)
            for one in found.refusals
        ],
        replayed_as=found.replayed_as,
    )
