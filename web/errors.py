"""What went wrong, as a page or as a notice on the page: the code and a sentence in people's language."""

import secrets
from http import HTTPStatus
from typing import cast
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from domain.errors import CommandRefused
from usecases.problems import BadRequest, Finding, ProblemCode
from usecases.refusals import REFUSED_STATUS, refusal_status
from web.guard import SignInNeeded, visitor
from web.render import is_fragment, page
from web.words import language_of

log = structlog.get_logger()
JOINING = "/wall/join/"
"""How an address begins whose rest lets somebody in."""
MOST_ONWARD = 500
"""Characters of the way back that the sign-in takes."""
FORBIDDEN = frozenset(code.value for code, status in REFUSED_STATUS.items() if status == HTTPStatus.FORBIDDEN)


async def problem(request: Request, *, status: int, code: str, text: str) -> Response:
    """Answer with a notice where a part of a page was asked for (what was typed stays), else with a page."""
    if is_fragment(request):
        headers = {"HX-Retarget": "#notices", "HX-Reswap": "innerHTML"}
        return page(request, "parts/problem.html", status=status, headers=headers, code=code, text=text)
    await visitor(request)
    return page(request, "error.html", status=status, code=code, text=text, http_status=status)


async def on_sign_in(request: Request, error: Exception) -> Response:
    """Send a reader to the sign-in and back; a part of a page is told, and keeps what was typed."""
    del error
    if is_fragment(request) or request.method != "GET":
        return await _finding(request, Finding(code=ProblemCode.SIGN_IN_NEEDED, params={}))
    query = f"?{request.url.query}" if request.url.query else ""
    back = request.url.path + query
    # The sign-in takes no longer way back: it would refuse to be shown at all.
    onward = f"?next={quote(back)}" if len(back) <= MOST_ONWARD else ""
    return RedirectResponse(f"/sign-in{onward}", status_code=303)


async def on_bad_request(request: Request, error: Exception) -> Response:
    """Answer a request that is wrong in itself."""
    return await _finding(request, cast("BadRequest", error).finding)


async def on_refused(request: Request, error: Exception) -> Response:
    """Answer a command the case does not take."""
    refused = cast("CommandRefused", error)
    text = refused.text(lang=language_of(request))
    status = refusal_status(refused.code)
    return await problem(request, status=status, code=refused.code.value, text=text)


async def on_invalid(request: Request, error: Exception) -> Response:
    """Answer a form or an address that does not fit; never echoes the values."""
    found = cast("RequestValidationError", error).errors()
    fields = ", ".join(sorted({str(one["loc"][-1]) for one in found}))
    log.info("form does not fit", path=_told(request), fields=fields)
    return await _finding(request, Finding(code=ProblemCode.INVALID_PARAMETER, params={}))


async def on_http(request: Request, error: Exception) -> Response:
    """Answer what the router refuses: no such page, not this way."""
    refused = cast("HTTPException", error)
    params = {"path": request.url.path, "method": request.method, "detail": "", "most": refused.detail}
    codes = {
        404: ProblemCode.NOT_FOUND,
        405: ProblemCode.METHOD_NOT_ALLOWED,
        413: ProblemCode.BODY_TOO_LARGE,
    }
    code = codes.get(refused.status_code, ProblemCode.INVALID_PARAMETER)
    return await _finding(request, Finding(code=code, params=params))


async def on_unavailable(request: Request, error: Exception) -> Response:
    """Answer while the store is away: try again."""
    log.warning("store unavailable", path=_told(request), error=type(error).__name__)
    request.state.visitor = None
    return await _finding(request, Finding(code=ProblemCode.OVERLOADED, params={}))


async def on_gone(request: Request, error: Exception) -> Response:
    """Answer nobody: the line broke while a telephone was sending, and it will send again."""
    log.info("gone while sending", path=_told(request), error=type(error).__name__)
    return Response(status_code=400)


async def on_fault(request: Request, error: Exception) -> Response:
    """Answer a fault of ours: logged with a trace number, told without details."""
    trace = secrets.token_hex(4)
    log.error("unhandled", trace=trace, path=_told(request), exc_info=error)
    return await _finding(request, Finding(code=ProblemCode.INTERNAL, params={"trace": trace}))


def _told(request: Request) -> str:
    """Return the path for the log: of a screen's address without its token."""
    path = request.url.path
    return f"{JOINING}…" if path.startswith(JOINING) else path


async def _finding(request: Request, finding: Finding) -> Response:
    text = finding.text(lang=language_of(request))
    return await problem(request, status=finding.status, code=finding.code.value, text=text)


def install(app: FastAPI) -> None:
    """Register all of it."""
    app.add_exception_handler(SignInNeeded, on_sign_in)
    app.add_exception_handler(BadRequest, on_bad_request)
    app.add_exception_handler(CommandRefused, on_refused)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(ClientDisconnect, on_gone)
    app.add_exception_handler(Exception, on_fault)
