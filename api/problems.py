"""RFC 9457 problems with stable codes, in the reader's language, for every error there is."""

import secrets
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from domain.errors import CommandRefused, RefusalCode
from usecases.command import UnableToBuildCommand
from usecases.problems import BadRequest, Finding, ProblemCode

MEDIA_TYPE = "application/problem+json"
TYPE = "/problems/"
log = structlog.get_logger()

REFUSED_STATUS = {
    RefusalCode.ROLE_NOT_ALLOWED: 403,
    RefusalCode.NOT_THE_OWNER: 403,
    RefusalCode.NOT_THE_ARBITER: 403,
    RefusalCode.HANDLER_MAY_NOT_CLOSE: 403,
    RefusalCode.REASON_REQUIRED: 422,
    RefusalCode.LEAD_REQUIRED: 422,
    RefusalCode.UNKNOWN_REPORT: 404,
}
"""Refusals that are not a conflict with the case's state (409)."""


def language(request: Request) -> str:
    """Return en where the reader prefers it, else zh."""
    return "en" if request.headers.get("accept-language", "").lower().startswith("en") else "zh"


def problem(
    *, request: Request, status: int, code: str, zh: str, en: str, errors: list[dict[str, str]] | None = None
) -> JSONResponse:
    """Build a problem. ``detail`` is in the reader's language, ``detail_en`` always English."""
    body: dict[str, Any] = {
        "type": f"{TYPE}{code}",
        "title": code.replace("_", " "),
        "status": status,
        "code": code,
        "detail": en if language(request) == "en" else zh,
        "detail_en": en,
        "instance": request.url.path,
    }
    if errors:
        body["errors"] = errors
    headers = {"Retry-After": "5"} if status == 503 else None
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def of_finding(
    request: Request, finding: Finding, errors: list[dict[str, str]] | None = None
) -> JSONResponse:
    """Return the problem of a finding."""
    return problem(
        request=request,
        status=finding.status,
        code=finding.code.value,
        zh=finding.text(lang="zh"),
        en=finding.text(lang="en"),
        errors=errors,
    )


async def on_bad_request(request: Request, error: Exception) -> JSONResponse:
    """Answer a request that is wrong in itself."""
    error = cast("BadRequest", error)
    errors = error.errors if isinstance(error, UnableToBuildCommand) else None
    return of_finding(request, error.finding, errors)


async def on_refused(request: Request, error: Exception) -> JSONResponse:
    """Answer a command the case does not take."""
    error = cast("CommandRefused", error)
    status = REFUSED_STATUS.get(error.code, 409)
    return problem(
        request=request,
        status=status,
        code=error.code.value,
        zh=error.text(lang="zh"),
        en=error.text(lang="en"),
    )


async def on_invalid(request: Request, error: Exception) -> JSONResponse:
    """Answer a body that is no JSON or does not fit its schema; never echoes the values."""
    error = cast("RequestValidationError", error)
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        detail = str(found[0].get("ctx", {}).get("error", "not JSON"))
        return of_finding(request, Finding(code=ProblemCode.MALFORMED_JSON, params={"detail": detail}))
    errors = [
        {
            "pointer": "/" + "/".join(str(part) for part in one["loc"][1:]),
            "code": one["type"],
            "detail": one["msg"],
        }
        for one in found
    ]
    return of_finding(request, Finding(code=ProblemCode.INVALID_BODY, params={}), errors)


async def on_http(request: Request, error: Exception) -> JSONResponse:
    """Answer what the router itself refuses (404, 405)."""
    error = cast("HTTPException", error)
    params = {"path": request.url.path, "method": request.method}
    code = ProblemCode.METHOD_NOT_ALLOWED if error.status_code == 405 else ProblemCode.NOT_FOUND
    if error.status_code not in (404, 405):
        finding = Finding(code=ProblemCode.MALFORMED_JSON, params={"detail": str(error.detail)})
        return of_finding(request, finding)
    return of_finding(request, Finding(code=code, params=params))


async def on_fault(request: Request, error: Exception) -> JSONResponse:
    """Answer a fault of ours: logged with a trace number, told without details."""
    trace = secrets.token_hex(4)
    log.error("unhandled", trace=trace, path=request.url.path, exc_info=error)
    return of_finding(request, Finding(code=ProblemCode.INTERNAL, params={"trace": trace}))


def install(app: FastAPI) -> None:
    """Register all of it."""
    app.add_exception_handler(BadRequest, on_bad_request)
    app.add_exception_handler(CommandRefused, on_refused)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_fault)
