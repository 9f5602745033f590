"""One HTTP exchange with somebody else's system: only where we may connect, no redirect, bounded.

Connecting to the address that was checked: httpx resolves names by itself, so it is given
the address in the URL, the name in the Host header and, for TLS, in the ``sni_hostname``
extension, against which the certificate is verified. Each exchange has a client of its own:
pooled connections are kept by address, and two names at one address must not share one.
Proxies from the environment are ignored, since they would resolve the name again.
"""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import httpx

from notifications.egress import EgressPolicy, Resolver, UnableToReach, checked_addresses


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Status, headers (names in lower case) and at most as much of the body as was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class UnableToExchange(Exception):
    """No answer came. ``written`` says that the other side may have got the request all the same.

    ``code``: not_allowed (for ever), not_resolved, timeout, connection_lost or answer_too_large.
    """

    def __init__(self, code: str, *, written: bool = False, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.written = written
        self.detail = detail


class Progress:
    """Learns from httpx's trace whether anything of the request was written."""

    def __init__(self) -> None:
        self.writing = False

    async def trace(self, event: str, info: Mapping[str, object]) -> None:  # noqa: ARG002
        """Listen to the transport."""
        if event.endswith(".send_request_headers.started"):
            self.writing = True


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedHttp:
    """How to reach others: certificates, time for the whole exchange (seconds), where one may connect."""

    tls: ssl.SSLContext
    timeout_s: float
    allow: EgressPolicy
    resolve: Resolver

    async def exchange(
        self, *, method: str, url: httpx.URL, headers: Mapping[str, str], content: bytes = b"", most: int = 0
    ) -> Answer:
        """Send one request and read up to ``most`` bytes of the answer. Raises UnableToExchange."""
        progress = Progress()
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._send(method, url, headers, (content, most), progress)
        except UnableToReach as unable:
            raise UnableToExchange(unable.code) from unable
        except (httpx.HTTPError, OSError) as error:  # TimeoutError is an OSError
            timed_out = isinstance(error, TimeoutError | httpx.TimeoutException)
            code = "timeout" if timed_out else "connection_lost"
            raise UnableToExchange(code, written=progress.writing, detail=type(error).__name__) from error

    async def _send(
        self,
        method: str,
        url: httpx.URL,
        headers: Mapping[str, str],
        body: tuple[bytes, int],
        progress: Progress,
    ) -> Answer:
        """Try the checked addresses in order until one lets us connect."""
        content, most = body
        port = url.port or (443 if url.scheme == "https" else 80)
        host = url.raw_host.decode("ascii")
        addresses = await checked_addresses(
            scheme=url.scheme, host=host, port=port, allow=self.allow, resolve=self.resolve
        )
        async with self._client() as client:
            for place, address in enumerate(addresses, start=1):
                request = client.build_request(
                    method,
                    url.copy_with(host=address),
                    content=content or None,
                    headers={"host": url.netloc.decode("ascii"), **headers},
                    extensions={"sni_hostname": host, "trace": progress.trace},
                )
                try:
                    response = await client.send(request, stream=True)
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    if place == len(addresses):
                        raise
                    continue
                return await _read(response, most)
        raise UnableToReach("not_resolved")

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=self.tls, timeout=self.timeout_s, follow_redirects=False, trust_env=False
        )


async def _read(response: httpx.Response, most: int) -> Answer:
    """Read as much as was asked for. Without a wish the body is nobody's business: it could be endless."""
    body = bytearray()
    if most:
        async for part in response.aiter_bytes():
            body += part
            if len(body) > most:
                await response.aclose()
                raise UnableToExchange("answer_too_large", written=True)
    with suppress(httpx.HTTPError, OSError):
        await response.aclose()
    return Answer(status=response.status_code, headers=dict(response.headers), body=bytes(body))
