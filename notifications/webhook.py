"""Signed webhooks (Standard Webhooks): one POST an attempt, no redirects, 15 seconds in all.

The receiver's status decides: any 2xx is a hand-over; 410 is permanent and means that the
endpoint wants no more (``GONE``; whoever owns the endpoints switches it off); a redirect
is permanent and not followed, because following it would sign a message for whoever
answers there; statuses that say the content itself is wrong are permanent; all others,
429 and 503 with their Retry-After among them, are temporary. Once the request is being
written, a broken connection or a time-out is ``unknown``.

Where it connects to is checked by ``notifications.checked_http``.
"""

import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from notifications.checked_http import CheckedHttp, UnableToExchange
from notifications.delivery import DeliveryOutcome, Rendered, State
from notifications.egress import EgressPolicy, Resolver, public_only, system_resolver
from notifications.signing import key_of, signature_header, webhook_id

GONE = "http_410"

LONGEST_BODY_BYTES = 20_000
_LONGEST_WAIT_S = 86_400.0

# The same bytes would be refused again: the content or the method is wrong, not the moment.
_CONTENT_REFUSED = frozenset({400, 405, 413, 414, 415, 422})


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookSettings:
    """Secrets per endpoint URL, newest first; an endpoint has its own or ``default_secrets``.

    A receiver that shares its secret with another could forge messages to it, so the
    default is for installations with one receiver. ``timeout_s`` bounds the whole attempt.
    ``ca_file`` names a city's own certificate authorities (PEM). Plain http is refused
    unless ``https_only`` is switched off.
    """

    secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    default_secrets: tuple[str, ...] = field(default=(), repr=False)
    timeout_s: float = 15.0
    https_only: bool = True
    ca_file: str | None = None


class WebhookChannel:
    """Posts notices. ``clock`` returns POSIX seconds; ``allow`` decides about addresses."""

    def __init__(
        self,
        *,
        settings: WebhookSettings,
        clock: Callable[[], float],
        allow: EgressPolicy = public_only,
        resolve: Resolver = system_resolver,
    ) -> None:
        """Raise UnableToUseSecret for a malformed secret, OSError for an unreadable ``ca_file``."""
        self._settings = settings
        self._clock = clock
        self._keys = {url: _keys(secrets) for url, secrets in settings.secrets.items()}
        self._default_keys = _keys(settings.default_secrets)
        self._http = CheckedHttp(
            tls=ssl.create_default_context(cafile=settings.ca_file),
            timeout_s=settings.timeout_s,
            allow=allow,
            resolve=resolve,
        )

    @property
    def name(self) -> str:
        return "webhook"

    async def send(self, *, message: Rendered, to: str) -> DeliveryOutcome:
        """Make one attempt and judge it from the receiver's status; never raises."""
        identity = webhook_id(key=message.key)
        keys = self._keys.get(to, self._default_keys)
        if not keys:
            return _failed(State.FAILED_PERMANENT, "no_secret", identity)
        url = self._url(to)
        if url is None:
            return _failed(State.FAILED_PERMANENT, "bad_url", identity)
        body = payload(message=message)
        if len(body) > LONGEST_BODY_BYTES:
            return _failed(State.FAILED_PERMANENT, "payload_too_large", identity)
        timestamp = int(self._clock())
        headers = {
            "content-type": "application/json",
            "user-agent": "cityops-webhook/1",
            "webhook-id": identity,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature_header(
                keys=keys, message_id=identity, timestamp=timestamp, body=body
            ),
        }
        return await self._attempt(url=url, headers=headers, body=body, identity=identity)

    async def _attempt(
        self, *, url: httpx.URL, headers: Mapping[str, str], body: bytes, identity: str
    ) -> DeliveryOutcome:
        try:
            answer = await self._http.exchange(method="POST", url=url, headers=headers, content=body)
        except UnableToExchange as unable:
            state = State.UNKNOWN if unable.written else State.FAILED_TEMPORARY
            state = State.FAILED_PERMANENT if unable.code == "not_allowed" else state
            return _failed(state, unable.code, identity, detail=unable.detail)
        return judge(
            status=answer.status,
            retry_after=answer.headers.get("retry-after"),
            now=self._clock(),
            identity=identity,
        )

    def _url(self, text: str) -> httpx.URL | None:
        """Return an absolute URL without user or password, or None. A fragment is never sent."""
        try:
            url = httpx.URL(text)
        except (httpx.InvalidURL, ValueError):
            return None
        schemes = ("https",) if self._settings.https_only else ("https", "http")
        if url.scheme not in schemes or not url.host or url.userinfo:
            return None
        return url


def payload(*, message: Rendered) -> bytes:
    """Return the body: type, time of the event, and the notice in words and figures, as UTF-8 JSON.

    It is the same in every attempt. ``data`` holds the known variables only
    (``notifications.context``), so no personal data.
    """
    content = {
        "type": f"case.{message.template}",
        "timestamp": message.data.get("at"),
        "data": {
            **message.data,
            "language": message.language,
            "subject": message.subject,
            "text": message.body,
        },
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def judge(*, status: int, retry_after: str | None, now: float, identity: str) -> DeliveryOutcome:
    """Say what a status means. ``now`` is POSIX seconds, for a Retry-After that is a date."""
    code = f"http_{status}"
    if HTTPStatus.OK <= status <= 299:
        return DeliveryOutcome(state=State.HANDED_OVER, provider_id=identity, code=code)
    if status == HTTPStatus.GONE or 300 <= status <= 399 or status in _CONTENT_REFUSED:
        return _failed(State.FAILED_PERMANENT, code, identity)
    wait = wait_of(header=retry_after, now=now)
    return _failed(State.FAILED_TEMPORARY, code, identity, retry_after_s=wait)


def wait_of(*, header: str | None, now: float) -> float | None:
    """Return the seconds of a Retry-After header (a number or an HTTP date), within a day; None if unreadable."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT_S)
    try:
        at = parsedate_to_datetime(text)
        seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT_S)


def _failed(
    state: State, code: str, identity: str, *, detail: str = "", retry_after_s: float | None = None
) -> DeliveryOutcome:
    return DeliveryOutcome(
        state=state, provider_id=identity, code=code, detail=detail, retry_after_s=retry_after_s
    )


def _keys(secrets: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(key_of(secret=secret) for secret in secrets)
