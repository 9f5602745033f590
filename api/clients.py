"""Which source a request comes from: by its key, by its signature, or nobody in demo mode.

A key is shown as ``Authorization: Bearer KEY``, ``X-Api-Key: KEY`` or, where the endpoint
reads it, Open311's ``api_key``. A signed message (Standard Webhooks) says whose it is by the
address: ``…/alerts/{source}``, or ``?source=NAME`` elsewhere.
"""

from datetime import UTC, datetime
from typing import Any

from fastapi import Request

from api.state import service
from domain.source import Scope, Source
from usecases.clients import Shown
from usecases.problems import BadRequest, ProblemCode
from usecases.signatures import Signed, signed

BY_KEY: dict[str, Any] = {"security": [{"bearer": []}, {"key": []}, {}]}
"""What an endpoint that calls ``client_of`` says of itself (``openapi_extra``); nothing is shown in demo
mode, and by a message that is signed."""
SCHEMES: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "a source's key"},
    "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "a source's key"},
}


async def client_of(
    request: Request, *, scope: Scope, api_key: str | None = None, cost: int = 1
) -> Source | None:
    """Return the source that sent this request, with ``cost`` messages counted against its quota.

    None only in demo mode, for a request that shows neither key nor signature: a wrong key
    is refused there too. Raises BadRequest: key_required, key_invalid, key_scope,
    key_network, key_source, source_disabled, signature_invalid, signature_stale,
    message_replayed, too_many_requests (whose ``headers`` the answer must carry).
    """
    key, message = _key(request) or api_key or "", signed(request.headers)
    if not key and message is None and service(request).demo_mode:
        return None
    signature = None if key else message
    shown = Shown(
        key=key,
        message=signature,
        named=_named(request, signature),
        host=request.client.host if request.client else "",
        body=await _body(request) if signature is not None else b"",
    )
    # The sender's clock and the key's end are real time, whatever time the city plays.
    at = datetime.now(UTC)
    found = await service(request).clients.admit(shown=shown, scope=scope, at=at, cost=cost)
    request.state.webhook_id = signature.id if signature is not None else None
    request.state.client = found
    return found


async def charge(request: Request, *, source: Source, cost: int) -> None:
    """Count more messages of a source, once a body is read and turns out to hold many. Raises BadRequest."""
    await service(request).clients.quotas.take(source=source, cost=cost)


def webhook_id(request: Request) -> str | None:
    """Return the id of a signed message that ``client_of`` let in, to be noted with the message."""
    found: str | None = getattr(request.state, "webhook_id", None)
    return found


def message_key(request: Request, *, client: Source | None, given: str | None) -> str | None:
    """Return the key under which this request's answer is found again, a client's own.

    A signed message is known by its signed id alone: ``given``, the Idempotency-Key, is not
    part of what was signed. So the same message sent again gets the first answer.
    """
    signed_id = webhook_id(request)
    key = f"webhook:{signed_id}" if signed_id else (given or "").strip()
    if not key:
        return None
    return key if client is None else f"{client.name}:{key}"


def known_client(request: Request) -> Source | None:
    """Return the source ``client_of`` let in, for whoever answers after an error."""
    found: Source | None = getattr(request.state, "client", None)
    return found


def of_channel(client: Source | None, *, channel: str) -> None:
    """Refuse what a client sends through another channel than its own. Raises BadRequest (key_channel)."""
    if client is not None and client.channel != channel:
        raise BadRequest(
            ProblemCode.KEY_CHANNEL, source=client.name, channel=client.channel, given=channel[:50]
        )


def _key(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if kind.lower() == "bearer" else ""
    return bearer or request.headers.get("x-api-key", "").strip()


def _named(request: Request, signature: Signed | None) -> str:
    named = request.path_params.get("source", "")
    # A query parameter of this name means something else to other endpoints.
    return named or ("" if signature is None else request.query_params.get("source", ""))


async def _body(request: Request) -> bytes:
    try:
        return await request.body()
    except RuntimeError as error:
        # A form was read piece by piece: there are no bytes left that could be checked.
        raise BadRequest(ProblemCode.SIGNATURE_INVALID) from error
