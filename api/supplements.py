"""What reporters add: supplements (补充) and urges (催办), and the reports of a case."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.answers import answers
from api.clients import BY_KEY
from api.doors import needs, who_asks
from api.media import json_only
from api.plain import plain
from api.reports import KEY
from api.senders import DESK, sender_of, staff_of
from api.state import service
from domain.account import Permission
from domain.messages_reporter import SaidKind
from usecases import reading
from usecases.supplements import MOST_TEXT, Said, Say, say

router = APIRouter(prefix="/api/v1", tags=["reports"])
ADDING = Depends(needs(Permission.FILE, sources=True))

Text = Annotated[str, Field(max_length=MOST_TEXT)]


class SupplementIn(BaseModel):
    """What the reporter adds: words, attachments of this report by their ids, or both."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"text": "井盖已经完全塌陷 / the cover has fallen in"}]},
    )

    text: Text = ""
    attachments: Annotated[tuple[str, ...], Field(max_length=20, strict=False)] = ()


class UrgeIn(BaseModel):
    """An urge needs no words."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"text": "已等三天 / three days now"}]}
    )

    text: Text = ""


class SaidOut(BaseModel):
    """Kept. ``pending`` (202): the case hears of it soon; ``repeated``: it was said before under this key."""

    id: str
    report_no: str
    case_no: str
    received_at: datetime
    pending: bool
    repeated: bool


class SupplementOut(BaseModel):
    """What a reporter added, in its words."""

    id: str
    report_no: str
    kind: Annotated[str, Field(description="supplement 补充, urge 催办")]
    source: str
    text: str
    attachments: list[str]
    received_at: datetime


class SupplementsOut(BaseModel):
    """All that reporters added to a case, oldest first."""

    case_no: str
    supplements: list[SupplementOut]


class CaseReportOut(BaseModel):
    """A report of a case, without who made it and what was said."""

    report_no: str
    source: str
    source_no: str | None
    channel: str
    category: str
    tags: list[str]
    received_at: datetime
    occurred_at: datetime
    filed_as: Annotated[str, Field(description="the case number it got when it was filed")]
    merged: bool
    same_caller: Annotated[bool, Field(description="the caller had reported it before: 重复诉求")]


class CaseReportsOut(BaseModel):
    """Every report of a case, oldest first."""

    case_no: str
    reports: list[CaseReportOut]


SAYING = {
    **answers(SaidOut, 400, 401, 403, 404, 409, 413, 415, 422, 429, 503, description="Said before"),
    201: {"model": SaidOut, "description": "Kept, and the case knows"},
    202: {"model": SaidOut, "description": "Kept; the case hears of it soon"},
}


def _kept(response: Response, said: Said) -> dict[str, Any]:
    if said.pending:
        response.status_code = 202
    elif said.repeated:
        response.status_code = 200
    return plain(said)


async def _ask(
    request: Request, *, report_no: str, body: SupplementIn | UrgeIn, kind: SaidKind, key: str | None
) -> Say:
    sender = await sender_of(request, what=kind.value, roles=DESK)
    city, who = service(request).city, who_asks(request)
    report = await asyncio.to_thread(
        lambda: reading.filed(city=city, who=who, report_no=report_no, source=sender.sees)
    )
    return Say(
        report_no=report.report_no,
        kind=kind,
        text=body.text,
        attachments=body.attachments if isinstance(body, SupplementIn) else (),
        source=sender.name or report.source,
        key=sender.key(request, key),
    )


@router.post(
    "/reports/{report_no}/supplements",
    status_code=201,
    openapi_extra=BY_KEY,
    dependencies=[ADDING, Depends(json_only)],
    responses=SAYING,
)
async def post_supplement(
    request: Request,
    response: Response,
    report_no: str,
    body: SupplementIn,
    idempotency_key: Annotated[str | None, KEY] = None,
) -> dict[str, Any]:
    """Add to a report (补充). The case's owner is told; after the closing the desk is. No deadline changes."""
    ask = await _ask(request, report_no=report_no, body=body, kind=SaidKind.SUPPLEMENT, key=idempotency_key)
    return _kept(response, await say(city=service(request).city, ask=ask))


@router.post(
    "/reports/{report_no}/urges",
    status_code=201,
    openapi_extra=BY_KEY,
    dependencies=[ADDING, Depends(json_only)],
    responses=SAYING,
)
async def post_urge(
    request: Request,
    response: Response,
    report_no: str,
    body: UrgeIn,
    idempotency_key: Annotated[str | None, KEY] = None,
) -> dict[str, Any]:
    """Urge (催办). Counted; the owner hears of it, from the second on who supervises too, once an hour at most."""
    ask = await _ask(request, report_no=report_no, body=body, kind=SaidKind.URGE, key=idempotency_key)
    return _kept(response, await say(city=service(request).city, ask=ask))


@router.get(
    "/cases/{case_no}/supplements",
    dependencies=[Depends(needs(Permission.SEE_REPORTERS))],
    responses=answers(SupplementsOut, 401, 403, 404),
)
def get_supplements(request: Request, case_no: str) -> dict[str, Any]:
    """Return what reporters added to a case, in their words: for staff."""
    who = who_asks(request)
    if who is None:
        staff_of(request, what="supplements")
    rows = reading.said(city=service(request).city, who=who, case_no=case_no)
    return {"case_no": case_no, "supplements": [plain(row) for row in rows]}


@router.get(
    "/cases/{case_no}/reports",
    dependencies=[Depends(needs(Permission.SEE_CASES))],
    responses=answers(CaseReportsOut, 401, 403, 404),
)
def get_case_reports(request: Request, case_no: str) -> dict[str, Any]:
    """Return every report of a case: who else reported it and when, without anything personal."""
    found = reading.reports(city=service(request).city, who=who_asks(request), case_no=case_no)
    return {"case_no": case_no, "reports": [plain(one) for one in found]}
