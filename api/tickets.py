"""Hotline tickets: one, or up to 500 at once, each answered for itself."""

import asyncio
import json
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import JSONResponse

from api.answers import answers
from api.clients import BY_KEY, charge, client_of
from api.doors import SOURCES
from api.kept import kept_route, raw_of
from api.media import json_only
from api.problems import ProblemResponse, on_bad_request, on_invalid
from api.schemas import ReceiptOut, WarningOut
from api.state import service
from api.ticket_schemas import EXAMPLE, MOST_TICKETS, TicketIn, TicketsOut, inlined
from domain.source import Scope, Source
from usecases.file_report import Filed
from usecases.inbound import keep_refused
from usecases.problems import BadRequest, ProblemCode
from usecases.tickets import file_ticket

router = APIRouter(
    prefix="/api/v1", tags=["tickets"], route_class=kept_route(form="ticket", scope=Scope.REPORTS_WRITE)
)

JSON = "application/json"
_TICKET = inlined(TicketIn)
_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        JSON: {
            "schema": {"oneOf": [_TICKET, {"type": "array", "maxItems": MOST_TICKETS, "items": _TICKET}]},
            "example": EXAMPLE,
        }
    },
}


class Answer(ProblemResponse):
    """What a sender wrote may be no text at all (half a surrogate pair): told back, it is escaped."""

    media_type = JSON


Refused = tuple[str, ProblemResponse]
"""A refused ticket: the code and the problem it would have got alone."""


@router.post(
    "/tickets",
    response_class=JSONResponse,
    openapi_extra={**BY_KEY, "requestBody": _BODY},
    dependencies=[Depends(SOURCES), Depends(json_only)],
    responses={
        **answers(
            ReceiptOut | TicketsOut, 400, 401, 403, 413, 415, 422, 429, 503,
            description="Filed before; or every ticket of a batch is filed",
        ),
        201: {"model": ReceiptOut, "description": "Filed"},
        207: {"model": TicketsOut, "description": "Some tickets of the batch are refused: each says why"},
    },
)  # fmt: skip
async def post_tickets(request: Request) -> JSONResponse:
    """File a ticket (工单) of a 12345-type hotline, or an array of at most 500.

    A single ticket is answered as a report is. Of a batch each is answered in its place: accepted,
    accepted before, or refused with its own problem; the others are filed all the same. What is
    not understood (category, coordinate system, grid) is a warning, not a refusal.
    """
    client = await client_of(request, scope=Scope.REPORTS_WRITE)
    body = await request.body()
    sent = _parsed(body)
    if not isinstance(sent, list):
        filed = await _file(request, client=client, item=sent, raw=body)
        status = 200 if filed.accepted.repeated else 201
        return Answer(plain_receipt(filed), status_code=status)
    if len(sent) > MOST_TICKETS:
        raise BadRequest(ProblemCode.BATCH_TOO_LARGE, count=str(len(sent)), most=str(MOST_TICKETS))
    if client is not None and len(sent) > 1:
        await charge(request, source=client, cost=len(sent) - 1)
    return await _batch(request, client=client, items=sent)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(ProblemCode.MALFORMED_JSON, detail=type(error).__name__) from error


async def _file(request: Request, *, client: Source | None, item: Any, raw: bytes) -> Filed:
    """File one ticket. Raises BadRequest and RequestValidationError."""
    try:
        ticket = TicketIn.model_validate(item).ticket()
    except ValidationError as error:
        found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        raise RequestValidationError(found) from error
    kept = raw_of(content_type=JSON, body=raw)
    return await file_ticket(city=service(request).city, client=client, ticket=ticket, raw=kept)


def plain_receipt(filed: Filed) -> dict[str, Any]:
    """Return the receipt of a ticket, as a report's."""
    receipt = ReceiptOut(
        report_no=filed.accepted.report_no,
        case_no=filed.accepted.case_no,
        received_at=filed.accepted.received_at,
        repeated=filed.accepted.repeated,
        warnings=[WarningOut.of(finding) for finding in filed.warnings],
    )
    return receipt.model_dump(mode="json")


async def _batch(request: Request, *, client: Source | None, items: list[Any]) -> JSONResponse:
    """File all at once, so that they are written together; the store being away refuses the whole batch."""
    found = await asyncio.gather(*(_one(request, client, item) for item in items), return_exceptions=True)
    results, refused = [], 0
    for index, (item, one) in enumerate(zip(items, found, strict=True)):
        if isinstance(one, BaseException):
            raise one
        number = item.get("ticket_no") if isinstance(item, dict) else None
        result: dict[str, Any] = {"index": index, "ticket_no": number if isinstance(number, str) else ""}
        if isinstance(one, Filed):
            status = 200 if one.accepted.repeated else 201
            results.append({**result, "status": status, "report": plain_receipt(one), "problem": None})
            continue
        code, problem = one
        refused += 1
        problem_body = json.loads(bytes(problem.body))
        results.append({**result, "status": problem.status_code, "report": None, "problem": problem_body})
        await _keep(request, client=client, item=item, code=code)
    repeated = sum(1 for one in results if one["status"] == 200)
    counts = {"accepted": len(items) - refused - repeated, "repeated": repeated, "refused": refused}
    return Answer({**counts, "results": results}, status_code=207 if refused else 200)


async def _one(request: Request, client: Source | None, item: Any) -> Filed | Refused:
    try:
        return await _file(request, client=client, item=item, raw=_written(item))
    except BadRequest as error:
        if error.finding.status >= 500:
            raise
        return error.finding.code.value, await on_bad_request(request, error)
    except RequestValidationError as error:
        return ProblemCode.INVALID_BODY.value, await on_invalid(request, error)


async def _keep(request: Request, *, client: Source | None, item: Any, code: str) -> None:
    """Keep a refused ticket of a known source as a dead letter: a person looks at it."""
    if client is None:
        return
    await keep_refused(
        city=service(request).city,
        source=client.name,
        channel=client.channel,
        form="ticket",
        content_type=JSON,
        body=_written(item),
        problem=code,
    )


def _written(item: Any) -> bytes:
    return json.dumps(item, ensure_ascii=False).encode("utf-8", "backslashreplace")
