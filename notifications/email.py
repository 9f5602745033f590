"""E-mail over SMTP: one recipient, plain text, one connection an attempt.

What the server says decides (RFC 5321): 250 after the body is a hand-over, 4xx is
temporary, 5xx is permanent. Two refinements:

* Refusals that concern us and not the recipient (the greeting, TLS, our password) are
  temporary whatever their first digit: a wrong password for five minutes must not lose
  the notices of those five minutes.
* From the DATA command on, a lost connection, a time-out or an answer nobody can read is
  ``unknown``. The client library does not tell whether the body was already on its way
  when the connection broke, so the few cases in which it was not count as unknown too.

The Message-ID is derived from the message's key, so every attempt carries the same one
and mailbox or gateway can recognise the duplicate that at-least-once allows.
"""

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from enum import StrEnum

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from notifications.delivery import DeliveryOutcome, Rendered, State

# 7 bit: the body is base64 or quoted-printable, so no server needs the 8BITMIME extension.
_POLICY = SMTP_POLICY.clone(cte_type="7bit")

# Replies about our own account or connection (RFC 4954, RFC 3207), not about the recipient.
_OUR_FAULT = frozenset({530, 534, 535, 538})

_ENHANCED = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})\b")


class UnableToUseSmtpSettings(ValueError):
    """The settings cannot work or would send a password in the clear. Raised at start."""


class UnableToComposeMail(ValueError):
    """No safe mail can be made of this message. ``code`` goes into the outbox row."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Tls(StrEnum):
    """How the connection is protected: from the first byte (465), upgraded (587), or not (a relay on this host)."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class SmtpSettings:
    """The mail server of the city. ``sender`` is a bare address; ``sender_name`` is shown beside it.

    ``ca_file`` names the certificate authorities of a city's own network (PEM), None for
    the system's. ``timeout_s`` bounds each command, ``data_timeout_s`` the body. The
    host's name in the greeting and the right half of Message-IDs is the sender's domain.
    """

    host: str
    port: int
    sender: str
    sender_name: str = ""
    tls: Tls = Tls.STARTTLS
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    timeout_s: float = 30.0
    data_timeout_s: float = 120.0


class EmailChannel:
    """Sends mail with the settings given. ``clock`` returns POSIX seconds, for the Date header."""

    def __init__(self, *, settings: SmtpSettings, clock: Callable[[], float]) -> None:
        """Raise UnableToUseSmtpSettings for a sender that is no address or a password without TLS."""
        try:
            sender = address_of(text=settings.sender)
        except UnableToComposeMail:
            raise UnableToUseSmtpSettings("the sender is not a mail address") from None
        if not settings.sender_name.isprintable():
            raise UnableToUseSmtpSettings("the sender's name has control characters")
        if settings.username is not None and settings.tls is Tls.NONE:
            raise UnableToUseSmtpSettings("a password is only sent over TLS; choose starttls or implicit")
        self._settings = settings
        self._clock = clock
        self._domain = sender.domain
        self._sender = Address(
            display_name=settings.sender_name, username=sender.username, domain=sender.domain
        )

    @property
    def name(self) -> str:
        return "email"

    async def send(self, *, message: Rendered, to: str) -> DeliveryOutcome:
        """Make one attempt and judge it from the server's answers; never raises."""
        try:
            mail = self._compose(message=message, to=to)
        except UnableToComposeMail as unable:
            return DeliveryOutcome(state=State.FAILED_PERMANENT, code=unable.code)
        settings = self._settings
        client = self._client()
        phase = "connect"
        try:
            await client.connect()
            phase = "envelope"
            await client.mail(settings.sender)
            await client.rcpt(to)
            phase = "data"
            reply = await client.data(mail.as_bytes(policy=_POLICY), timeout=settings.data_timeout_s)
        except (SMTPException, OSError, EOFError) as error:  # time-outs and TLS errors are OSErrors
            return judge(error=error, phase=phase, message_id=str(mail["Message-ID"]))
        finally:
            await _say_goodbye(client)
        return DeliveryOutcome(
            state=State.HANDED_OVER,
            provider_id=str(mail["Message-ID"]),
            code=f"smtp_{reply.code}",
            detail=_enhanced(reply.message),
        )

    def _client(self) -> SMTP:
        settings = self._settings
        return SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=settings.password,
            local_hostname=self._domain,
            timeout=settings.timeout_s,
            use_tls=settings.tls is Tls.IMPLICIT,
            start_tls=settings.tls is Tls.STARTTLS,
            cert_bundle=settings.ca_file,
        )

    def _compose(self, *, message: Rendered, to: str) -> EmailMessage:
        if not message.subject.isprintable():
            raise UnableToComposeMail("header_injection")
        mail = EmailMessage(policy=_POLICY)
        try:
            mail["From"] = self._sender
            mail["To"] = address_of(text=to)
            mail["Subject"] = message.subject
            mail["Date"] = format_datetime(datetime.fromtimestamp(self._clock(), tz=UTC))
            mail["Message-ID"] = message_id(key=message.key, domain=self._domain)
            mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
            mail.set_content(message.body)
            mail["Content-Language"] = ", ".join(message.language.split("+"))  # set_content drops Content-*
        except (MessageError, ValueError) as error:
            code = error.code if isinstance(error, UnableToComposeMail) else "not_composable"
            raise UnableToComposeMail(code) from None
        return mail


def address_of(*, text: str) -> Address:
    """Return a bare ASCII mail address parsed; UnableToComposeMail("bad_address") for anything else.

    Lists, names in front, comments, line breaks and control characters are all refused:
    what goes into RCPT TO and the To header is one address and nothing more. Addresses
    outside ASCII would need SMTPUTF8 along the whole way and are refused too.
    """
    try:
        address = Address(addr_spec=text)
    except (MessageError, ValueError, IndexError):
        raise UnableToComposeMail("bad_address") from None
    plain = text.isascii() and text.isprintable() and not set(text) & set(" ,;<>()\"'\\")
    if not plain or not address.username or not address.domain or address.addr_spec != text:
        raise UnableToComposeMail("bad_address")
    return address


def message_id(*, key: str, domain: str) -> str:
    """Return the Message-ID of a message: the same in every attempt, and it tells nothing."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


def judge(*, error: Exception, phase: str, message_id: str) -> DeliveryOutcome:
    """Say what a failed attempt means. ``phase`` is connect, envelope or data."""
    if not isinstance(error, SMTPResponseException):
        state = State.UNKNOWN if phase == "data" else State.FAILED_TEMPORARY
        code = "timeout" if isinstance(error, TimeoutError) else "connection_lost"
        return DeliveryOutcome(
            state=state, provider_id=message_id, code=code, detail=f"{phase}: {type(error).__name__}"
        )
    state = _state_of(code=error.code, phase=phase)
    detail = f"{phase} {_enhanced(error.message)}".strip()
    return DeliveryOutcome(state=state, provider_id=message_id, code=f"smtp_{error.code}", detail=detail)


def _state_of(*, code: int, phase: str) -> State:
    if phase == "connect" or code in _OUR_FAULT or 400 <= code <= 499:
        return State.FAILED_TEMPORARY
    if 500 <= code <= 599:
        return State.FAILED_PERMANENT
    # Neither yes nor no. Before the body that is a server out of order, after it nobody knows.
    return State.UNKNOWN if phase == "data" else State.FAILED_TEMPORARY


def _enhanced(text: str) -> str:
    """Return only the enhanced status code (RFC 3463) of a reply: its words often repeat the address."""
    found = _ENHANCED.match(text)
    return found[1] if found else ""


async def _say_goodbye(client: SMTP) -> None:
    """Quit politely; whatever comes of it changes nothing about the message."""
    with suppress(SMTPException, OSError):
        await client.quit(timeout=5)
    client.close()
