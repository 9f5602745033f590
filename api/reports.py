"""Filing reports and looking at them, with a preview of place and owner before filing."""

import asyncio
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response

from api.answers import PreviewOut, ReportStatusOut, answers
from api.clients import BY_KEY, client_of, message_key, of_channel
from api.doors import asks_freely, needs, who_asks
from api.kept import kept_route, raw_of
from api.media import json_only
from api.plain import plain
from api.schemas import PreviewIn, ReceiptOut, ReportIn, WarningOut
from api.state import service
from domain.account import Permission
from domain.source import Scope, Source
from usecases import reading
from usecases.file_report import file_report
from usecases.preview import PreviewReport, preview
from usecases.problems import BadRequest, ProblemCode

router = APIRouter(prefix="/api/v1", tags=["reports"])
_filing = APIRouter(route_class=kept_route(form="report", scope=Scope.REPORTS_WRITE))

KEY = Header(max_length=200, description="repeat a request with the same key and get the first answer")


async def _reporting(request: Request) -> Source | None:
    """Return the source; None for whoever is signed in, and for anybody in demo mode."""
    return None if who_asks(request) is not None else await client_of(request, scope=Scope.REPORTS_WRITE)


@_filing.post(
    "/reports",
    status_code=201,
    openapi_extra=BY_KEY,
    dependencies=[Depends(needs(Permission.FILE, sources=True)), Depends(json_only)],
    responses=answers(
        ReceiptOut, 400, 401, 403, 413, 415, 422, 429, 503, description="Filed before: the first answer again"
    ),
)
async def post_report(
    request: Request,
    response: Response,
    body: ReportIn,
    client: Annotated[Source | None, Depends(_reporting)],
    idempotency_key: Annotated[str | None, KEY] = None,
) -> ReceiptOut:
    """File a report. The answer is given when the report is durable; 200 when it was filed before.

    A report that cannot be located or routed is accepted with a warning and waits in triage.
    Outside demo mode it needs somebody signed in who may file, or a key with the scope
    reports:write; then it comes through the channel of the source whose key it is.
    """
    of_channel(client, channel=body.channel)
    ask = body.ask(idempotency_key=_key(request, client, idempotency_key))
    if client is not None:
        ask = replace(ask, source=client.name)
    raw = raw_of(content_type=request.headers.get("content-type", ""), body=await request.body())
    filed = await file_report(city=service(request).city, ask=ask, raw=raw)
    if filed.accepted.repeated:
        response.status_code = 200
    return ReceiptOut(
        report_no=filed.accepted.report_no,
        case_no=filed.accepted.case_no,
        received_at=filed.accepted.received_at,
        repeated=filed.accepted.repeated,
        warnings=[WarningOut.of(finding) for finding in filed.warnings],
    )


def _key(request: Request, client: Source | None, given: str | None) -> str | None:
    """Return the key a report is found again by, a person's or a source's own."""
    who = who_asks(request)
    if who is None:
        return message_key(request, client=client, given=given)
    return f"by:{who.account}:{given.strip()}" if given and given.strip() else None


router.include_router(_filing)


@router.get(
    "/reports/{report_no}",
    openapi_extra=BY_KEY,
    dependencies=[Depends(needs(Permission.SEE_CASES, sources=True))],
    responses=answers(ReportStatusOut, 401, 403, 404, 429, 503),
)
async def get_report(request: Request, report_no: str) -> dict[str, Any]:
    """Say where a report stands, without personal data.

    Outside demo mode: to the source that sent it, by its key with the scope reports:read or
    reports:write, and to people in whose reach its case is.
    """
    city, who = service(request).city, who_asks(request)
    source = None if who is not None or asks_freely(request) else await _asking(request)
    name = None if source is None else source.name
    found = await asyncio.to_thread(
        lambda: reading.report(city=city, who=who, source=name, report_no=report_no)
    )
    return plain(found)


async def _asking(request: Request) -> Source | None:
    """Return the source that asks; either scope of reports will do."""
    try:
        return await client_of(request, scope=Scope.REPORTS_READ)
    except BadRequest as refused:
        if refused.finding.code is not ProblemCode.KEY_SCOPE:
            raise
        return await client_of(request, scope=Scope.REPORTS_WRITE)


@router.post(
    "/preview",
    openapi_extra=BY_KEY,
    dependencies=[Depends(needs(Permission.SEE_RULES, sources=True)), Depends(json_only)],
    responses=answers(PreviewOut, 400, 401, 403, 413, 415, 422, 429, 503),
)
async def post_preview(request: Request, body: PreviewIn) -> dict[str, Any]:
    """Show the area chain, the proposed owner, the deadline and the reasons; nothing is stored."""
    if who_asks(request) is None and not asks_freely(request):
        await client_of(request, scope=Scope.REPORTS_WRITE)
    city = service(request).city
    ask = PreviewReport(
        channel=body.channel,
        category=body.category,
        condition=body.condition,
        place=body.place.reported(),
        severity=body.severity,
        tags=body.tags,
        at=body.at,
    )
    return plain(await asyncio.to_thread(lambda: preview(city=city, ask=ask)))
