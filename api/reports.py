"""Filing reports and looking at them, with a preview of place and owner before filing."""

import asyncio
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response

from api.answers import PreviewOut, ReportStatusOut, answers
from api.clients import BY_KEY, client_of, message_key, of_channel
from api.kept import kept_route, raw_of
from api.media import json_only
from api.plain import plain
from api.schemas import PreviewIn, ReceiptOut, ReportIn, WarningOut
from api.state import service
from domain.source import Scope, Source
from usecases.file_report import file_report
from usecases.preview import PreviewReport, preview
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import report_status

router = APIRouter(prefix="/api/v1", tags=["reports"])
_filing = APIRouter(route_class=kept_route(form="report", scope=Scope.REPORTS_WRITE))

KEY = Header(max_length=200, description="repeat a request with the same key and get the first answer")


async def _reporting(request: Request) -> Source | None:
    return await client_of(request, scope=Scope.REPORTS_WRITE)


@_filing.post(
    "/reports",
    status_code=201,
    openapi_extra=BY_KEY,
    dependencies=[Depends(json_only)],
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
    Outside demo mode it needs a key with the scope reports:write, and comes through the
    channel of the source whose key it is.
    """
    of_channel(client, channel=body.channel)
    ask = body.ask(idempotency_key=message_key(request, client=client, given=idempotency_key))
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


router.include_router(_filing)


@router.get("/reports/{report_no}", responses=answers(ReportStatusOut, 404))
def get_report(request: Request, report_no: str) -> dict[str, Any]:
    """Say where a report stands, without personal data."""
    found = report_status(city=service(request).city, report_no=report_no)
    if found is None:
        raise BadRequest(ProblemCode.REPORT_NOT_FOUND, report_no=report_no[:40])
    return plain(found)


@router.post(
    "/preview",
    dependencies=[Depends(json_only)],
    responses=answers(PreviewOut, 400, 413, 415, 422),
)
async def post_preview(request: Request, body: PreviewIn) -> dict[str, Any]:
    """Show the area chain, the proposed owner, the deadline and the reasons; nothing is stored."""
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
