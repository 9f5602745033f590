"""Signed messages: what the published library signs we take, and nothing else, whatever the bytes."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from usecases.problems import BadRequest, ProblemCode
from usecases.signatures import check_signature, shown_secret, sign, signed

SECRET, OTHER = bytes(range(32)), bytes(range(32, 64))
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BODY = '{"level": "一级"}'.encode()


def headers(*, secret: bytes = SECRET, at: datetime = NOW, body: bytes = BODY) -> dict[str, str]:
    """Return the headers the published library makes."""
    signature = Webhook(shown_secret(secret)).sign("msg_1", at, body.decode())
    stamp = str(int(at.timestamp()))
    return {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": signature}


def code_of(given: dict[str, str], *, body: bytes = BODY, at: datetime = NOW) -> ProblemCode | None:
    try:
        message = signed(given)
        assert message is not None
        check_signature(message=message, body=body, secrets=[OTHER, SECRET], at=at)
    except BadRequest as error:
        return error.finding.code
    return None


def test_what_the_published_library_signs_is_taken_and_the_other_way_round() -> None:
    assert code_of(headers()) is None
    ours = sign(secret=SECRET, message_id="msg_1", timestamp=int(NOW.timestamp()), body=BODY)
    assert ours == headers()["webhook-signature"]
    assert b64decode(shown_secret(SECRET).removeprefix("whsec_")) == SECRET


def test_one_good_signature_among_several_is_enough_and_says_which_secret_it_was() -> None:
    given = headers()
    given["webhook-signature"] = f"v1a,AAAA nonsense v1,*** v1,AAAA {given['webhook-signature']}"
    message = signed(given)
    assert message is not None
    assert check_signature(message=message, body=BODY, secrets=[OTHER, SECRET], at=NOW) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"webhook-id": "msg_2"}, ProblemCode.SIGNATURE_INVALID),
        ({"webhook-id": ""}, ProblemCode.SIGNATURE_INVALID),
        ({"webhook-id": "消息"}, ProblemCode.SIGNATURE_INVALID),
        ({"webhook-id": "x" * 201}, ProblemCode.SIGNATURE_INVALID),
        ({"webhook-timestamp": "soon"}, ProblemCode.SIGNATURE_INVALID),
        ({"webhook-timestamp": "nan"}, ProblemCode.SIGNATURE_INVALID),
        ({"webhook-timestamp": "-1"}, ProblemCode.SIGNATURE_INVALID),
        ({"webhook-timestamp": "9" * 30}, ProblemCode.SIGNATURE_INVALID),
        ({"webhook-signature": "v1"}, ProblemCode.SIGNATURE_INVALID),
        ({"webhook-signature": " "}, ProblemCode.SIGNATURE_INVALID),
    ],
)
def test_half_a_signature_or_a_wrong_one_is_refused(change: dict[str, str], code: ProblemCode) -> None:
    assert code_of(headers() | change) is code


def test_the_body_is_signed_to_the_byte_and_need_not_be_text() -> None:
    assert code_of(headers(), body=BODY + b" ") is ProblemCode.SIGNATURE_INVALID
    raw = b"\xff\xfe\x00"
    signature = sign(secret=SECRET, message_id="m", timestamp=int(NOW.timestamp()), body=raw)
    stamp = str(int(NOW.timestamp()))
    given = {"webhook-id": "m", "webhook-timestamp": stamp, "webhook-signature": signature}
    assert code_of(given, body=raw) is None
    assert code_of(headers(secret=bytes(32))) is ProblemCode.SIGNATURE_INVALID


@pytest.mark.parametrize("off", [timedelta(seconds=300), -timedelta(seconds=300)])
def test_five_minutes_either_way_is_the_limit(off: timedelta) -> None:
    assert code_of(headers(at=NOW + off)) is None
    beyond = off + off / 300
    assert code_of(headers(at=NOW + beyond)) is ProblemCode.SIGNATURE_STALE


def test_no_header_of_the_three_means_that_nothing_is_signed() -> None:
    assert signed({"content-type": "application/json"}) is None


@settings(max_examples=200)
@given(st.text(), st.text(), st.text(), st.binary())
def test_whatever_is_sent_is_refused_in_our_own_words(one: str, two: str, three: str, body: bytes) -> None:
    given = {"webhook-id": one, "webhook-timestamp": two, "webhook-signature": three}
    assume(any(given.values()))
    assert code_of(given, body=body) is ProblemCode.SIGNATURE_INVALID


@settings(max_examples=100)
@given(st.binary(min_size=1, max_size=40))
def test_no_changed_signature_fits(changed: bytes) -> None:
    given = headers()
    if b64encode(changed).decode() == given["webhook-signature"].removeprefix("v1,"):
        return
    given["webhook-signature"] = f"v1,{b64encode(changed).decode()}"
    assert code_of(given) is ProblemCode.SIGNATURE_INVALID
