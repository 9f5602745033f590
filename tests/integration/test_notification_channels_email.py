"""Mail against a real SMTP server on the loopback: what it answers is what we conclude."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from pathlib import Path

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from notifications.delivery import DeliveryOutcome, Message, Rendered, State, deliver
from notifications.email import EmailChannel, SmtpSettings, Tls
from notifications.render import TemplateRenderer
from notifications.samples import sample_message

SENDER = "cityops@city.example"
NOW = 1795348800.0  # 2026-11-22 12:00:00 UTC


@dataclass(kw_only=True)
class Mailbox:
    """The server's side: what it answers, and what it got."""

    at_mail: str = "250 OK"
    at_rcpt: str = "250 OK"
    at_data: str = "250 2.0.0 queued"
    drop_after_data: bool = False
    never_answer: bool = False
    envelopes: list[Envelope] = field(default_factory=list)
    over_tls: list[bool] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.at_mail

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.at_rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        self.over_tls.append(session.ssl is not None)
        if self.drop_after_data:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        if self.never_answer:
            await asyncio.Event().wait()
        return self.at_data

    def mail(self) -> EmailMessage:
        content = self.envelopes[-1].content
        assert isinstance(content, bytes)
        parsed = message_from_bytes(content, policy=default_policy)
        assert isinstance(parsed, EmailMessage)
        return parsed


@asynccontextmanager
async def listening(
    factory: Callable[[], asyncio.BaseProtocol], *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[SmtpSettings]:
    """Serve on a free loopback port; yield the settings that reach it."""
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0, ssl=tls)
    try:
        port = server.sockets[0].getsockname()[1]
        yield SmtpSettings(
            host="127.0.0.1", port=port, sender=SENDER, sender_name="城市运行中心", tls=Tls.NONE, timeout_s=20
        )
    finally:
        server.close()
        await server.wait_closed()


async def sent(
    *, settings: SmtpSettings, to: str = "duty@example.org", language: str = "zh+en"
) -> DeliveryOutcome:
    message = replace(sample_message(template="assignment", channel="email", language=language), recipient=to)
    return await deliver_mail(settings=settings, message=message)


async def deliver_mail(*, settings: SmtpSettings, message: Message) -> DeliveryOutcome:
    channel = EmailChannel(settings=settings, clock=lambda: NOW)
    return await deliver(message=message, channels={"email": channel}, renderer=TemplateRenderer())


async def sent_to(mailbox: Mailbox, **changes: float) -> DeliveryOutcome:
    async with listening(lambda: SMTP(mailbox, hostname="mx.example")) as settings:
        return await sent(settings=replace(settings, **changes))  # type: ignore[arg-type]


async def test_a_mail_arrives_as_it_was_written() -> None:
    mailbox = Mailbox()
    outcome = await sent_to(mailbox)
    mail = mailbox.mail()
    assert outcome.state is State.HANDED_OVER
    assert (outcome.code, outcome.detail) == ("smtp_250", "2.0.0")
    assert outcome.rendered is not None
    assert mailbox.envelopes[0].mail_from == SENDER
    assert mailbox.envelopes[0].rcpt_tos == ["duty@example.org"]
    assert mail["From"] == f"城市运行中心 <{SENDER}>"
    assert mail["To"] == "duty@example.org"
    assert mail["Subject"] == outcome.rendered.subject
    assert mail["Date"] == "Sun, 22 Nov 2026 12:00:00 +0000"
    assert mail["Message-ID"] == outcome.provider_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "zh, en"
    assert mail.get_content().replace("\r\n", "\n").strip() == outcome.rendered.body
    raw = mailbox.envelopes[0].content
    assert isinstance(raw, bytes)
    assert raw.isascii()


async def test_every_attempt_of_a_message_has_the_same_message_id_and_another_message_another() -> None:
    mailbox = Mailbox()
    first = sample_message(template="assignment", channel="email", language="zh")
    async with listening(lambda: SMTP(mailbox)) as settings:
        for message in (first, first, replace(first, key=first.key + "x")):
            await deliver_mail(settings=settings, message=message)
    ids = [
        message_from_bytes(content, policy=default_policy)["Message-ID"]
        for envelope in mailbox.envelopes
        if isinstance(content := envelope.content, bytes)
    ]
    assert ids[0] == ids[1] != ids[2]
    assert first.key not in ids[0]


@pytest.mark.parametrize(
    ("mailbox", "state", "code"),
    [
        (Mailbox(at_mail="451 4.3.0 later"), State.FAILED_TEMPORARY, "smtp_451"),
        (Mailbox(at_mail="553 5.7.1 not you"), State.FAILED_PERMANENT, "smtp_553"),
        (Mailbox(at_rcpt="450 4.2.0 greylisted duty@example.org"), State.FAILED_TEMPORARY, "smtp_450"),
        (Mailbox(at_rcpt="550 5.1.1 no such user duty@example.org"), State.FAILED_PERMANENT, "smtp_550"),
        (Mailbox(at_data="421 4.3.2 shutting down"), State.FAILED_TEMPORARY, "smtp_421"),
        (Mailbox(at_data="452 4.3.1 disk full"), State.FAILED_TEMPORARY, "smtp_452"),
        (Mailbox(at_data="554 5.7.1 looks like spam"), State.FAILED_PERMANENT, "smtp_554"),
    ],
)
async def test_the_servers_refusal_decides(mailbox: Mailbox, state: State, code: str) -> None:
    outcome = await sent_to(mailbox)
    assert (outcome.state, outcome.code) == (state, code)
    assert "duty@example.org" not in repr(outcome)
    assert outcome.detail.split()[-1][0] == code[5], "the enhanced status code is kept"


async def test_a_connection_lost_after_the_body_is_unknown() -> None:
    mailbox = Mailbox(drop_after_data=True)
    outcome = await sent_to(mailbox)
    assert len(mailbox.envelopes) == 1, "the server had it all"
    assert (outcome.state, outcome.code) == (State.UNKNOWN, "connection_lost")
    assert outcome.provider_id == mailbox.mail()["Message-ID"]


async def test_no_answer_after_the_body_is_unknown() -> None:
    mailbox = Mailbox(never_answer=True)
    outcome = await sent_to(mailbox, data_timeout_s=2)
    assert len(mailbox.envelopes) == 1
    assert (outcome.state, outcome.code) == (State.UNKNOWN, "timeout")


async def test_nobody_listening_is_temporary() -> None:
    async with listening(lambda: SMTP(Mailbox())) as settings:
        pass
    outcome = await sent(settings=settings)
    assert (outcome.state, outcome.code) == (State.FAILED_TEMPORARY, "connection_lost")


class Garbage(asyncio.Protocol):
    """Greets with something that is not SMTP."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"SSH-2.0-OpenSSH_9.9\r\n")


class Mute(asyncio.Protocol):
    """Accepts the connection and says nothing."""


@pytest.mark.parametrize("protocol", [Garbage, Mute])
async def test_a_server_that_does_not_speak_smtp_is_temporary(protocol: type[asyncio.Protocol]) -> None:
    async with listening(protocol) as settings:
        outcome = await sent(settings=replace(settings, timeout_s=0.3))
    assert outcome.state is State.FAILED_TEMPORARY


@pytest.mark.parametrize(
    "to", ["duty@example.org\r\nBcc: other@example.org", "a@example.org, b@example.org", ""]
)
async def test_a_bad_address_never_reaches_the_server(to: str) -> None:
    mailbox = Mailbox()
    async with listening(lambda: SMTP(mailbox)) as settings:
        outcome = await sent(settings=settings, to=to)
    assert (outcome.state, outcome.code) == (State.FAILED_PERMANENT, "bad_address")
    assert mailbox.envelopes == []


async def test_a_subject_cannot_inject_a_header() -> None:
    mailbox = Mailbox()
    async with listening(lambda: SMTP(mailbox)) as settings:
        channel = EmailChannel(settings=settings, clock=lambda: NOW)
        for subject in ("x\r\nBcc: other@example.org", "x\nBcc: y", "x\0y"):
            message = Rendered(
                key="k", template="closed", channel="email", language="zh", subject=subject, body="b"
            )
            outcome = await channel.send(message=message, to="duty@example.org")
            assert (outcome.state, outcome.code) == (State.FAILED_PERMANENT, "header_injection")
    assert mailbox.envelopes == []


async def test_a_body_with_dots_and_odd_line_ends_stays_one_mail() -> None:
    mailbox = Mailbox()
    body = "first\n.\nRCPT TO:<other@example.org>\n..last 中文"
    async with listening(lambda: SMTP(mailbox)) as settings:
        channel = EmailChannel(settings=settings, clock=lambda: NOW)
        message = Rendered(key="k", template="closed", channel="email", language="zh", subject="s", body=body)
        outcome = await channel.send(message=message, to="duty@example.org")
    assert outcome.state is State.HANDED_OVER
    assert len(mailbox.envelopes) == 1
    assert mailbox.mail().get_content().replace("\r\n", "\n") == body + "\n"


@dataclass(frozen=True, kw_only=True)
class Authority:
    server: ssl.SSLContext
    ca_file: str


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    ca = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    ca_file: Path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(ca_file)
    return Authority(server=context, ca_file=str(ca_file))


async def test_starttls_before_anything_is_said(authority: Authority) -> None:
    mailbox = Mailbox()
    async with listening(
        lambda: SMTP(mailbox, tls_context=authority.server, require_starttls=True)
    ) as settings:
        outcome = await sent(settings=replace(settings, tls=Tls.STARTTLS, ca_file=authority.ca_file))
    assert outcome.state is State.HANDED_OVER
    assert mailbox.over_tls == [True]


async def test_tls_from_the_first_byte(authority: Authority) -> None:
    mailbox = Mailbox()
    async with listening(lambda: SMTP(mailbox), tls=authority.server) as settings:
        outcome = await sent(settings=replace(settings, tls=Tls.IMPLICIT, ca_file=authority.ca_file))
    assert outcome.state is State.HANDED_OVER
    assert len(mailbox.envelopes) == 1


async def test_a_server_without_starttls_gets_no_mail() -> None:
    mailbox = Mailbox()
    async with listening(lambda: SMTP(mailbox)) as settings:
        outcome = await sent(settings=replace(settings, tls=Tls.STARTTLS))
    assert outcome.state is State.FAILED_TEMPORARY
    assert mailbox.envelopes == []


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
async def test_a_certificate_nobody_vouches_for_gets_no_mail(authority: Authority, tls: Tls) -> None:
    mailbox = Mailbox()
    implicit = authority.server if tls is Tls.IMPLICIT else None
    async with listening(lambda: SMTP(mailbox, tls_context=authority.server), tls=implicit) as settings:
        outcome = await sent(settings=replace(settings, tls=tls))
    assert outcome.state is State.FAILED_TEMPORARY
    assert mailbox.envelopes == []


@pytest.mark.parametrize(
    ("password", "state", "code"),
    [("right", State.HANDED_OVER, "smtp_250"), ("wrong", State.FAILED_TEMPORARY, "smtp_535")],
)
async def test_a_wrong_password_is_our_fault_and_temporary(
    authority: Authority, password: str, state: State, code: str
) -> None:
    mailbox = Mailbox()

    def check(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        return AuthResult(success=data.password == b"right", handled=False)

    async with listening(
        lambda: SMTP(mailbox, tls_context=authority.server, authenticator=check, auth_required=True)
    ) as settings:
        outcome = await sent(
            settings=replace(
                settings, tls=Tls.STARTTLS, ca_file=authority.ca_file, username="city", password=password
            )
        )
    assert (outcome.state, outcome.code) == (state, code)
    assert len(mailbox.envelopes) == (state is State.HANDED_OVER)
