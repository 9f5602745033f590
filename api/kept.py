"""What an endpoint that answers at once refuses to a known source is kept as a dead letter.

Give a router ``route_class=kept_route(form="report", scope=Scope.REPORTS_WRITE)``: every POST,
PUT or PATCH of it whose answer is a 4xx is kept with its body and its problem, also where the
framework itself refused it (no JSON at all, a body that does not fit). Nothing is kept of a
request that shows no key, a wrong one, or one beyond its quota.
"""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlencode

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from api.clients import client_of, known_client
from api.state import service
from domain.errors import CommandRefused
from domain.source import Scope, Source
from usecases.inbound import keep_refused
from usecases.problems import BadRequest, ProblemCode

MOST_KEPT = 1024 * 1024
"""A larger body (pictures) is not read twice for its refusal: of a form its texts are kept."""
WRITES = frozenset({"POST", "PUT", "PATCH"})
NOT_KEPT = frozenset({401, 403, 429})
"""Refusals that say nothing about the message: whose it is was wrong, or there were too many."""
TAKEN = frozenset({ProblemCode.MESSAGE_REPLAYED.value})
"""The very message is there already."""
log = structlog.get_logger()
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def kept_route(*, form: str, scope: Scope) -> type[APIRoute]:
    """Return a class of routes that keep what they refuse. ``form`` names how bodies are written here."""

    class KeptRoute(APIRoute):
        """A route that keeps what it refuses."""

        def get_route_handler(self) -> Handler:
            """Wrap the framework's handler."""
            return _keeping(super().get_route_handler(), form=form, scope=scope)

    return KeptRoute


def raw_of(*, content_type: str, body: bytes) -> dict[str, object]:
    """Return a body as it is kept with its report: as text where it is UTF-8."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {"content_type": content_type, "body_hex": body.hex()}
    return {"content_type": content_type, "body": text.replace("\x00", "")}


def _keeping(handler: Handler, *, form: str, scope: Scope) -> Handler:
    async def keeping(request: Request) -> Response:
        if request.method not in WRITES:
            return await handler(request)
        if _small(request):
            await request.body()  # the framework reads these same bytes; a form could not be read again
        try:
            response = await handler(request)
        except (RequestValidationError, BadRequest, CommandRefused, HTTPException) as error:
            status, code = _problem(error)
            await _keep(request, form=form, scope=scope, status=status, code=code)
            raise
        if response.status_code >= 400:
            code = ProblemCode.INVALID_BODY.value
            await _keep(request, form=form, scope=scope, status=response.status_code, code=code)
        return response

    return keeping


def _small(request: Request) -> bool:
    declared = request.headers.get("content-length", "")
    return declared.isdigit() and int(declared) <= MOST_KEPT


def _problem(error: Exception) -> tuple[int, str]:
    if isinstance(error, BadRequest):
        return error.finding.status, error.finding.code.value
    if isinstance(error, CommandRefused):
        return 409, error.code.value
    if isinstance(error, HTTPException):
        return error.status_code, ProblemCode.MALFORMED_JSON.value
    return 422, ProblemCode.INVALID_BODY.value


async def _keep(request: Request, *, form: str, scope: Scope, status: int, code: str) -> None:
    if not 400 <= status < 500 or status in NOT_KEPT or code in TAKEN:
        return
    try:
        source = await _sender(request, scope)
        if source is not None:
            await keep_refused(
                city=service(request).city,
                source=source.name,
                channel=source.channel,
                form=form,
                content_type=request.headers.get("content-type", ""),
                body=await _body(request),
                problem=code,
            )
    except Exception as error:  # noqa: BLE001 - the sender is told of the refusal in any case
        log.error("refused body not kept", path=request.url.path, error=type(error).__name__)  # noqa: TRY400


async def _sender(request: Request, scope: Scope) -> Source | None:
    """Return who sent it. What is no JSON at all was refused before anybody looked at its key."""
    known = known_client(request)
    if known is not None:
        return known
    try:
        return await client_of(request, scope=scope, cost=0)
    except BadRequest:
        return None


async def _body(request: Request) -> bytes:
    if hasattr(request, "_body"):  # read already: as JSON by the framework, or above
        return await request.body()
    form: FormData | None = getattr(request, "_form", None)
    if form is None:
        return b""
    return urlencode([(name, value) for name, value in form.multi_items() if isinstance(value, str)]).encode()
