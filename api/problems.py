"""RFC 9457 problems with stable codes, in the reader's language, for every error there is."""

import json
import secrets
from collections.abc import Mapping
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from domain.errors import CommandRefused
from usecases.command import UnableToBuildCommand
from usecases.problems import BadRequest, Finding, ProblemCode
from usecases.refusals import refusal_status

MEDIA_TYPE = "application/problem+json"
TYPE = "/problems/"
RETRY_AFTER_S = 5
ALWAYS = {401: {"WWW-Authenticate": 'Bearer realm="cityops"'}, 503: {"Retry-After": str(RETRY_AFTER_S)}}
"""Headers that answers of a status have, whatever else they have."""
log = structlog.get_logger()


class ProblemResponse(JSONResponse):
    """A problem. What a sender got wrong may be no text at all (half a surrogate pair): it is escaped."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        """Write JSON in UTF-8, whatever is in it."""
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")


def language(request: Request) -> str:
    """Return en where the reader prefers it to Chinese, else zh."""
    wanted: dict[str, float] = {}
    for part in request.headers.get("accept-language", "").lower().split(","):
        tag, _, weight = part.strip().partition(";q=")
        wanted.setdefault(tag.split("-")[0], _weight(weight))
    return "en" if wanted.get("en", 0.0) > wanted.get("zh", 0.0) else "zh"


def _weight(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0


def problem(
    *,
    request: Request,
    status: int,
    code: str,
    zh: str,
    en: str,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> ProblemResponse:
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
    return ProblemResponse(body, status_code=status, headers={**ALWAYS.get(status, {}), **(headers or {})})


def of_finding(
    request: Request,
    finding: Finding,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> ProblemResponse:
    """Return the problem of a finding."""
    return problem(
        request=request,
        status=finding.status,
        code=finding.code.value,
        zh=finding.text(lang="zh"),
        en=finding.text(lang="en"),
        errors=errors,
        headers=headers,
    )


async def on_bad_request(request: Request, error: Exception) -> ProblemResponse:
    """Answer a request that is wrong in itself."""
    error = cast("BadRequest", error)
    errors = error.errors if isinstance(error, UnableToBuildCommand) else None
    return of_finding(request, error.finding, errors, headers=error.headers)


async def on_refused(request: Request, error: Exception) -> ProblemResponse:
    """Answer a command the case does not take."""
    error = cast("CommandRefused", error)
    return problem(
        request=request,
        status=refusal_status(error.code),
        code=error.code.value,
        zh=error.text(lang="zh"),
        en=error.text(lang="en"),
    )


async def on_invalid(request: Request, error: Exception) -> ProblemResponse:
    """Answer a body that is no JSON or does not fit its schema; never echoes the values."""
    found = cast("RequestValidationError", error).errors()
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
    in_body = any(one["loc"][0] == "body" for one in found)
    code = ProblemCode.INVALID_BODY if in_body else ProblemCode.INVALID_PARAMETER
    return of_finding(request, Finding(code=code, params={}), errors)


async def on_http(request: Request, error: Exception) -> ProblemResponse:
    """Answer what the router itself refuses: nothing there (404), not so (405), no JSON at all (400)."""
    error = cast("HTTPException", error)
    params = {"path": request.url.path, "method": request.method, "detail": str(error.detail)}
    codes = {404: ProblemCode.NOT_FOUND, 405: ProblemCode.METHOD_NOT_ALLOWED}
    code = codes.get(error.status_code, ProblemCode.MALFORMED_JSON)
    return of_finding(request, Finding(code=code, params=params), headers=error.headers)


async def on_unavailable(request: Request, error: Exception) -> ProblemResponse:
    """Answer while the store is away: try again."""
    log.warning("store unavailable", path=request.url.path, error=type(error).__name__)
    return of_finding(request, Finding(code=ProblemCode.OVERLOADED, params={}))


async def on_fault(request: Request, error: Exception) -> ProblemResponse:
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
