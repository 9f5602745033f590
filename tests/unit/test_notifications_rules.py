"""Signatures against a known answer, addresses that may be reached, addresses mail may go to, judgements."""

import base64
from collections.abc import Sequence
from ipaddress import ip_address

import pytest
from aiosmtplib import SMTPDataError, SMTPReadTimeoutError, SMTPResponseException, SMTPServerDisconnected
from hypothesis import given
from hypothesis import strategies as st

from notifications import email, webhook
from notifications.delivery import State
from notifications.egress import Target, UnableToReach, checked_addresses, public_and, public_only
from notifications.email import EmailChannel, SmtpSettings, Tls, UnableToComposeMail, UnableToUseSmtpSettings
from notifications.signing import UnableToUseSecret, key_of, signature_header, webhook_id
from notifications.webhook import WebhookChannel, WebhookSettings, wait_of

# The worked example that the specification's reference libraries are tested with.
EXAMPLE_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EXAMPLE_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_signature_of_the_worked_example() -> None:
    header = signature_header(
        keys=[key_of(secret=EXAMPLE_SECRET)],
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert header == EXAMPLE_SIGNATURE


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "whsec_%%%", "whsec_" + base64.b64encode(b"x" * 23).decode(), "whsec_" + "A" * 90],
)
def test_a_malformed_secret_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(UnableToUseSecret) as caught:
        WebhookChannel(settings=WebhookSettings(default_secrets=(secret,)), clock=lambda: 0.0)
    assert secret == "" or secret.removeprefix("whsec_") == "" or secret not in str(caught.value)


@given(st.text())
def test_a_webhook_id_is_stable_and_has_no_separator(key: str) -> None:
    assert webhook_id(key=key) == webhook_id(key=key)
    assert "." not in webhook_id(key=key)


def test_settings_do_not_show_their_secrets() -> None:
    assert "hunter2" not in repr(SmtpSettings(host="h", port=25, sender="a@b.example", password="hunter2"))
    assert EXAMPLE_SECRET not in repr(WebhookSettings(default_secrets=(EXAMPLE_SECRET,)))


def target(address: str) -> Target:
    return Target(scheme="https", host="h", port=443, address=ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
    ],
)
def test_inner_addresses_are_not_public(address: str) -> None:
    assert not public_only(target(address))


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f::1", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_outer_addresses_are_public(address: str) -> None:
    assert public_only(target(address))


def test_an_intranet_is_allowed_by_naming_it() -> None:
    allow = public_and("10.20.0.0/16")
    assert allow(target("10.20.3.4"))
    assert allow(target("8.8.8.8"))
    assert not allow(target("10.21.3.4"))
    assert not allow(target("::1"))


async def addresses(*answers: str) -> tuple[str, ...]:
    async def resolve(host: str, port: int) -> Sequence[str]:
        if not answers:
            raise OSError
        return answers

    return await checked_addresses(scheme="https", host="h", port=443, allow=public_only, resolve=resolve)


async def test_one_inner_address_refuses_the_name() -> None:
    assert await addresses("8.8.8.8", "1.1.1.1") == ("8.8.8.8", "1.1.1.1")
    with pytest.raises(UnableToReach, match="not_allowed"):
        await addresses("8.8.8.8", "10.0.0.1")


async def test_a_name_without_addresses_is_not_resolved() -> None:
    with pytest.raises(UnableToReach, match="not_resolved"):
        await addresses()
    with pytest.raises(UnableToReach, match="not_resolved"):
        await addresses("not an address")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "@b.example",
        "a@",
        "a@b.example\r\nBcc: c@d.example",
        "a@b.example\nX: y",
        "a@b.example, c@d.example",
        "A <a@b.example>",
        "a@b.example>",
        "a@b.example (comment)",
        '"a b"@c.example',
        "a@b.example\0",
        "a b@c.example",
        "用户@b.example",
        " a@b.example",
    ],
)
def test_what_is_not_one_bare_address_is_refused(text: str) -> None:
    with pytest.raises(UnableToComposeMail, match="bad_address"):
        email.address_of(text=text)


@given(st.text() | st.from_regex(r"[a-z.\"@<>,;: \r\n]{1,30}"))
def test_an_accepted_address_is_one_plain_token(text: str) -> None:
    try:
        address = email.address_of(text=text)
    except UnableToComposeMail:
        return
    assert address.addr_spec == text
    assert text.isprintable()
    assert not set(text) & set(" ,;<>")


@pytest.mark.parametrize(
    "settings",
    [
        SmtpSettings(host="h", port=25, sender="nobody"),
        SmtpSettings(host="h", port=25, sender="a@b.example", sender_name="x\r\nBcc: y@z.example"),
        SmtpSettings(host="h", port=25, sender="a@b.example", tls=Tls.NONE, username="u", password="p"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_start(settings: SmtpSettings) -> None:
    with pytest.raises(UnableToUseSmtpSettings):
        EmailChannel(settings=settings, clock=lambda: 0.0)


@pytest.mark.parametrize(
    ("error", "phase", "state"),
    [
        (SMTPResponseException(451, "4.7.1 greylisted"), "envelope", State.FAILED_TEMPORARY),
        (SMTPResponseException(550, "5.1.1 no such user a@b.example"), "envelope", State.FAILED_PERMANENT),
        (SMTPResponseException(535, "5.7.8 wrong password"), "connect", State.FAILED_TEMPORARY),
        (SMTPResponseException(530, "5.7.0 authenticate first"), "envelope", State.FAILED_TEMPORARY),
        (SMTPResponseException(554, "no service"), "connect", State.FAILED_TEMPORARY),
        (SMTPDataError(554, "5.7.1 looks like spam"), "data", State.FAILED_PERMANENT),
        (SMTPDataError(452, "4.2.2 full"), "data", State.FAILED_TEMPORARY),
        (SMTPDataError(-1, "garbage"), "data", State.UNKNOWN),
        (SMTPDataError(251, "odd"), "data", State.UNKNOWN),
        (SMTPResponseException(-1, "garbage"), "envelope", State.FAILED_TEMPORARY),
        (SMTPServerDisconnected("gone"), "data", State.UNKNOWN),
        (SMTPServerDisconnected("gone"), "envelope", State.FAILED_TEMPORARY),
        (SMTPReadTimeoutError("late"), "data", State.UNKNOWN),
        (OSError("no route"), "connect", State.FAILED_TEMPORARY),
    ],
)
def test_judgement_of_mail(error: Exception, phase: str, state: State) -> None:
    outcome = email.judge(error=error, phase=phase, message_id="<m@b>")
    assert outcome.state is state
    assert "a@b.example" not in repr(outcome), "a server's words may hold the address"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, State.HANDED_OVER),
        (204, State.HANDED_OVER),
        (301, State.FAILED_PERMANENT),
        (307, State.FAILED_PERMANENT),
        (400, State.FAILED_PERMANENT),
        (401, State.FAILED_TEMPORARY),
        (404, State.FAILED_TEMPORARY),
        (410, State.FAILED_PERMANENT),
        (413, State.FAILED_PERMANENT),
        (429, State.FAILED_TEMPORARY),
        (500, State.FAILED_TEMPORARY),
        (503, State.FAILED_TEMPORARY),
        (599, State.FAILED_TEMPORARY),
    ],
)
def test_judgement_of_webhooks(status: int, state: State) -> None:
    outcome = webhook.judge(status=status, retry_after=None, now=0.0, identity="msg_1")
    assert (outcome.state, outcome.code) == (state, f"http_{status}")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("99999999999999999999", 86400.0),
        ("Sun, 22 Nov 2026 12:01:00 GMT", 60.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("Sun, 22 Nov 2036 11:00:00 GMT", 86400.0),
        ("-5", None),
        ("soon", None),
        ("١٢", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert wait_of(header=header, now=1795348800.0) == seconds


@given(st.text())
def test_any_retry_after_is_read_or_ignored(header: str) -> None:
    wait = wait_of(header=header, now=0.0)
    assert wait is None or 0 <= wait <= 86400
