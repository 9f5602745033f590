"""Open311's errors: an array of codes and descriptions, one per fault, in the format asked for.

The standard knows 403 for a key that is missing or wrong, 404 for what is not there and 400
for everything else. Beside it we answer 413 (too large), 429 (too many) and 503 (try again).
The header ``X-Problem-Codes`` names our own stable codes in the same order.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import cast

import structlog
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from api.open311.written import Format, written
from api.problems import RETRY_AFTER_S, language
from usecases.open311.answers import UnableToAnswer
from usecases.problems import BadRequest, Finding, ProblemCode

CODES_HEADER = "x-problem-codes"
log = structlog.get_logger()
KEPT_STATUS = frozenset({404, 405, 429, 500, 503})


def status_of(finding: Finding) -> int:
    """Return the HTTP status of one fault by the standard's words."""
    if finding.status in (401, 403):
        return 403
    if finding.code is ProblemCode.BODY_TOO_LARGE:
        return 413
    return finding.status if finding.status in KEPT_STATUS else 400


def format_of(request: Request) -> Format:
    """Return the format of an answer to a request that may name none: the extension's, else what it accepts."""
    extension = request.url.path.rpartition(".")[2]
    if extension in set(Format):
        return Format(extension)
    accepts = request.headers.get("accept", "")
    return Format.XML if "xml" in accepts and "json" not in accepts else Format.JSON


def answer(
    request: Request, findings: Sequence[Finding], headers: Mapping[str, str] | None = None
) -> Response:
    """Return the errors of a request. One status of several different ones is 400, unless a key is at fault."""
    statuses = {status_of(one) for one in findings}
    status = statuses.pop() if len(statuses) == 1 else 403 if 403 in statuses else 400
    body = [{"code": status_of(one), "description": _description(request, one)} for one in findings]
    retry = {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else {}
    told = {CODES_HEADER: ", ".join(one.code.value for one in findings), **retry, **(headers or {})}
    return written(body, root="errors", form=format_of(request), status=status, headers=told)


def _description(request: Request, finding: Finding) -> str:
    """Return the sentence: in English for who wants that, else in both languages; clients log it for developers."""
    english = finding.text(lang="en")
    return english if language(request) == "en" else f"{finding.text(lang='zh')} / {english}"


async def on_unable(request: Request, error: Exception) -> Response:
    """Answer with every fault."""
    error = cast("UnableToAnswer", error)
    return answer(request, error.findings)


async def on_bad_request(request: Request, error: Exception) -> Response:
    """Answer with the one fault a use case found."""
    error = cast("BadRequest", error)
    return answer(request, [error.finding], error.headers)


async def on_http(request: Request, error: Exception) -> Response:
    """Answer what the router refuses."""
    error = cast("HTTPException", error)
    params = {"path": request.url.path[:200], "method": request.method, "detail": str(error.detail)[:200]}
    codes = {404: ProblemCode.NOT_FOUND, 405: ProblemCode.METHOD_NOT_ALLOWED}
    code = codes.get(error.status_code, ProblemCode.BAD_FORM)
    return answer(request, [Finding(code=code, params=params)], error.headers)


async def on_unavailable(request: Request, error: Exception) -> Response:
    """Answer while the store is away."""
    log.warning("store unavailable", path=request.url.path, error=type(error).__name__)
    return answer(request, [Finding(code=ProblemCode.OVERLOADED, params={})])


async def on_fault(request: Request, error: Exception) -> Response:
    """Answer a fault of ours without details."""
    trace = secrets.token_hex(4)
    log.error("unhandled", trace=trace, path=request.url.path, exc_info=error)
    return answer(request, [Finding(code=ProblemCode.INTERNAL, params={"trace": trace})])


def install(app: FastAPI, unavailable: Sequence[type[Exception]]) -> None:
    """Register all of it."""
    app.add_exception_handler(UnableToAnswer, on_unable)
    app.add_exception_handler(BadRequest, on_bad_request)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_fault)
    for error in unavailable:
        app.add_exception_handler(error, on_unavailable)
