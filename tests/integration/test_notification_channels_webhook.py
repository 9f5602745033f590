"""Webhooks against a real HTTP server on the loopback, checked by a receiver of our own."""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import trustme

from notifications.context import VARIABLES
from notifications.delivery import DeliveryOutcome, Message, Rendered, State, deliver
from notifications.egress import EgressPolicy, Resolver, public_and, system_resolver
from notifications.render import TemplateRenderer
from notifications.samples import sample_message
from notifications.webhook import GONE, LONGEST_BODY_BYTES, WebhookChannel, WebhookSettings

NOW = 1795348800.0  # 2026-11-22 12:00:00 UTC
OLD = "whsec_" + base64.b64encode(b"the old secret of this receiver!").decode()
NEW = "whsec_" + base64.b64encode(b"the new secret of this receiver!").decode()
LOOPBACK = public_and("127.0.0.0/8", "::1/128")
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass(frozen=True, kw_only=True)
class Received:
    line: str
    headers: dict[str, str]
    body: bytes


@dataclass(kw_only=True)
class Receiver:
    """A receiver that reads one request a connection and answers as told."""

    answer: bytes = OK
    hang: bool = False
    drop: bool = False
    drip: bool = False
    received: list[Received] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has seen enough
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        body = await reader.readexactly(int(headers["content-length"]))
        self.received.append(Received(line=head[0], headers=headers, body=body))
        if self.hang:
            await reader.read()  # until the client gives up
        if self.drop:
            writer.transport.abort()
            return
        writer.write(self.answer)
        while self.drip:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)
        await writer.drain()


@asynccontextmanager
async def listening(receiver: Receiver, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve on a free loopback port; yield the port."""
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def verified(*, secret: str, request: Received, now: float = NOW) -> bool:
    """Verify as the specification's receiver section says, sharing no code with the sender."""
    identity, timestamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    if abs(now - int(timestamp)) > 300:
        return False
    key = base64.b64decode(secret.split("_", 1)[1])
    content = b".".join([identity.encode(), timestamp.encode(), request.body])
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())
    offered = [part.split(",", 1) for part in request.headers["webhook-signature"].split(" ")]
    return any(
        version == "v1" and hmac.compare_digest(expected, value.encode()) for version, value in offered
    )


SETTINGS = WebhookSettings(default_secrets=(NEW,), https_only=False)


async def sent(
    *,
    url: str,
    settings: WebhookSettings = SETTINGS,
    allow: EgressPolicy = LOOPBACK,
    resolve: Resolver = system_resolver,
    key: str = "C-1:1:7:0:webhook:u",
) -> DeliveryOutcome:
    channel = WebhookChannel(settings=settings, clock=lambda: NOW, allow=allow, resolve=resolve)
    sample = sample_message(template="escalation", channel="webhook", language="zh")
    message: Message = replace(sample, key=key, recipient=url)
    return await deliver(message=message, channels={"webhook": channel}, renderer=TemplateRenderer())


async def answered(answer: bytes) -> DeliveryOutcome:
    async with listening(Receiver(answer=answer)) as port:
        return await sent(url=f"http://127.0.0.1:{port}/hook")


async def test_a_receiver_can_verify_and_read_it() -> None:
    receiver = Receiver()
    async with listening(receiver) as port:
        outcome = await sent(url=f"http://127.0.0.1:{port}/hook?a=1#part")
    request = receiver.received[0]
    assert (outcome.state, outcome.code) == (State.HANDED_OVER, "http_204")
    assert request.line == "POST /hook?a=1 HTTP/1.1"
    assert request.headers["host"] == f"127.0.0.1:{port}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == outcome.provider_id
    assert request.headers["webhook-timestamp"] == "1795348800"
    assert verified(secret=NEW, request=request)
    assert not verified(secret=OLD, request=request)
    assert not verified(secret=NEW, request=replace(request, body=request.body + b" "))
    assert not verified(secret=NEW, request=request, now=NOW + 600)
    content = json.loads(request.body)
    assert content["type"] == "case.escalation"
    assert content["timestamp"] == "2026-11-22T15:30:00+08:00"
    assert set(content["data"]) == VARIABLES | {"language", "subject", "text"}
    assert content["data"]["category"] == {"zh": "污水井盖缺失", "en": "Sewage manhole cover missing"}
    assert outcome.rendered is not None
    assert content["data"]["text"] == outcome.rendered.body


async def test_while_a_secret_is_replaced_both_verify() -> None:
    receiver = Receiver()
    async with listening(receiver) as port:
        await sent(url=f"http://127.0.0.1:{port}/", settings=replace(SETTINGS, default_secrets=(NEW, OLD)))
    assert verified(secret=NEW, request=receiver.received[0])
    assert verified(secret=OLD, request=receiver.received[0])


async def test_an_endpoint_has_its_own_secret() -> None:
    receiver = Receiver()
    async with listening(receiver) as port:
        url = f"http://127.0.0.1:{port}/"
        await sent(url=url, settings=replace(SETTINGS, secrets={url: (OLD,)}))
    assert verified(secret=OLD, request=receiver.received[0])
    assert not verified(secret=NEW, request=receiver.received[0])


async def test_attempts_of_one_message_carry_one_id_and_one_body() -> None:
    receiver = Receiver(answer=b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n")
    async with listening(receiver) as port:
        for key in ("a", "a", "b"):
            await sent(url=f"http://127.0.0.1:{port}/", key=key)
    ids = [request.headers["webhook-id"] for request in receiver.received]
    assert ids[0] == ids[1] != ids[2]
    assert receiver.received[0].body == receiver.received[1].body


async def test_without_a_secret_nothing_is_sent() -> None:
    receiver = Receiver()
    async with listening(receiver) as port:
        outcome = await sent(url=f"http://127.0.0.1:{port}/", settings=replace(SETTINGS, default_secrets=()))
    assert (outcome.state, outcome.code) == (State.FAILED_PERMANENT, "no_secret")
    assert receiver.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    elsewhere = Receiver()
    async with listening(elsewhere) as other:
        answer = (
            f"HTTP/1.1 {status} Moved\r\nlocation: http://127.0.0.1:{other}/\r\ncontent-length: 0\r\n\r\n"
        )
        outcome = await answered(answer.encode())
    assert (outcome.state, outcome.code) == (State.FAILED_PERMANENT, f"http_{status}")
    assert elsewhere.connections == 0


async def test_gone_is_final() -> None:
    outcome = await answered(b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n")
    assert (outcome.state, outcome.code) == (State.FAILED_PERMANENT, GONE)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("header", "wait"), [("90", 90.0), ("Sun, 22 Nov 2026 12:05:00 GMT", 300.0)])
async def test_retry_after_is_passed_on(status: int, header: str, wait: float) -> None:
    answer = f"HTTP/1.1 {status} Later\r\nretry-after: {header}\r\ncontent-length: 0\r\n\r\n"
    outcome = await answered(answer.encode())
    assert (outcome.state, outcome.code) == (State.FAILED_TEMPORARY, f"http_{status}")
    assert outcome.retry_after_s == wait


async def test_no_answer_in_time_is_unknown() -> None:
    receiver = Receiver(hang=True)
    async with listening(receiver) as port:
        outcome = await sent(url=f"http://127.0.0.1:{port}/", settings=replace(SETTINGS, timeout_s=2))
    assert len(receiver.received) == 1
    assert (outcome.state, outcome.code) == (State.UNKNOWN, "timeout")


async def test_a_connection_dropped_after_the_request_is_unknown() -> None:
    receiver = Receiver(drop=True)
    async with listening(receiver) as port:
        outcome = await sent(url=f"http://127.0.0.1:{port}/")
    assert len(receiver.received) == 1
    assert (outcome.state, outcome.code) == (State.UNKNOWN, "connection_lost")


async def test_an_answer_that_is_not_http_is_unknown() -> None:
    outcome = await answered(b"SSH-2.0-OpenSSH_9.9\r\n")
    assert outcome.state is State.UNKNOWN


async def test_nobody_listening_is_temporary() -> None:
    async with listening(Receiver()) as port:
        pass
    outcome = await sent(url=f"http://127.0.0.1:{port}/")
    assert (outcome.state, outcome.code) == (State.FAILED_TEMPORARY, "connection_lost")


async def test_an_endless_answer_is_not_read() -> None:
    receiver = Receiver(answer=b"HTTP/1.1 200 OK\r\n\r\n", drip=True)
    async with listening(receiver) as port:
        outcome = await sent(url=f"http://127.0.0.1:{port}/")
    assert (outcome.state, outcome.code) == (State.HANDED_OVER, "http_200")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hook",
        "ftp://127.0.0.1/",
        "http:///x",
        "http://user:pass@127.0.0.1/",
        "http://[::1",
        "javascript:1",
    ],
)
async def test_a_bad_url_is_refused(url: str) -> None:
    outcome = await sent(url=url)
    assert (outcome.state, outcome.code) == (State.FAILED_PERMANENT, "bad_url")


async def test_plain_http_is_refused_unless_asked_for() -> None:
    receiver = Receiver()
    async with listening(receiver) as port:
        outcome = await sent(url=f"http://127.0.0.1:{port}/", settings=replace(SETTINGS, https_only=True))
    assert (outcome.state, outcome.code) == (State.FAILED_PERMANENT, "bad_url")
    assert receiver.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_inner_addresses_are_refused_however_they_are_written(host: str) -> None:
    receiver = Receiver()
    channel = WebhookChannel(settings=SETTINGS, clock=lambda: NOW)  # the default policy: public only
    async with listening(receiver) as port:
        message = Rendered(
            key="k", template="closed", channel="webhook", language="zh", subject="s", body="b"
        )
        outcome = await channel.send(message=message, to=f"http://{host}:{port}/")
    assert (outcome.state, outcome.code) == (State.FAILED_PERMANENT, "not_allowed")
    assert receiver.connections == 0


async def test_a_name_is_resolved_once_and_the_checked_address_is_used() -> None:
    receiver, asked = Receiver(), []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

    async with listening(receiver) as port:
        outcome = await sent(url=f"http://hooks.example:{port}/", resolve=rebinding)
    assert outcome.state is State.HANDED_OVER
    assert asked == ["hooks.example"]
    assert receiver.received[0].headers["host"] == f"hooks.example:{port}"


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    receiver = Receiver()

    async def two(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async with listening(receiver) as port:
        outcome = await sent(url=f"http://hooks.example:{port}/", resolve=two)
    assert outcome.state is State.HANDED_OVER
    assert len(receiver.received) == 1


async def test_a_name_that_does_not_resolve_is_temporary() -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    outcome = await sent(url="http://hooks.example/", resolve=nowhere)
    assert (outcome.state, outcome.code) == (State.FAILED_TEMPORARY, "not_resolved")


async def test_a_payload_over_the_limit_is_not_sent() -> None:
    receiver = Receiver()
    channel = WebhookChannel(settings=SETTINGS, clock=lambda: NOW, allow=LOOPBACK)
    message = Rendered(
        key="k",
        template="closed",
        channel="webhook",
        language="zh",
        subject="s",
        body="x" * LONGEST_BODY_BYTES,
    )
    async with listening(receiver) as port:
        outcome = await channel.send(message=message, to=f"http://127.0.0.1:{port}/")
    assert (outcome.state, outcome.code) == (State.FAILED_PERMANENT, "payload_too_large")
    assert receiver.connections == 0


@dataclass(frozen=True, kw_only=True)
class Authority:
    server: ssl.SSLContext
    ca_file: str


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    ca = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("hooks.example").configure_cert(context)
    ca_file: Path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(ca_file)
    return Authority(server=context, ca_file=str(ca_file))


async def to_loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


@pytest.mark.parametrize(
    ("host", "trusted", "state"),
    [
        ("hooks.example", "trusted", State.HANDED_OVER),
        ("other.example", "trusted", State.FAILED_TEMPORARY),
        ("hooks.example", "", State.FAILED_TEMPORARY),
    ],
)
async def test_the_certificate_is_checked_against_the_name_not_the_address(
    authority: Authority, host: str, trusted: str, state: State
) -> None:
    receiver = Receiver()
    settings = WebhookSettings(default_secrets=(NEW,), ca_file=authority.ca_file if trusted else None)
    async with listening(receiver, tls=authority.server) as port:
        outcome = await sent(url=f"https://{host}:{port}/", settings=settings, resolve=to_loopback)
    assert outcome.state is state
    assert len(receiver.received) == (state is State.HANDED_OVER)


async def test_a_proxy_named_in_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, receiver = Receiver(), Receiver()
    async with listening(proxy) as proxy_port, listening(receiver) as port:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy_port}")
        outcome = await sent(url=f"http://127.0.0.1:{port}/")
    assert outcome.state is State.HANDED_OVER
    assert proxy.connections == 0
