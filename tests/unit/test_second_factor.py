"""Codes of the second factor: which step they belong to, how their secret is sealed."""

import base64
from datetime import UTC, datetime

import pytest

from usecases.second_factor import (
    UnableToUnseal,
    drawn_recovery,
    drawn_secret,
    enrolment,
    sealed,
    step_of,
    unsealed,
)
from usecases.secret import Secret

# RFC 6238, appendix B: the secret of the examples with SHA-1; the last six of their eight digits.
RFC = base64.b32encode(b"12345678901234567890").decode()
SECRET = Secret(key=b"0123456789abcdef")


def bits(count: int) -> int:
    return (1 << count) - 12345 % (1 << count)


@pytest.mark.parametrize(
    ("at", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_the_codes_are_those_of_the_standard(at: int, code: str) -> None:
    moment = datetime.fromtimestamp(at, UTC)
    assert step_of(secret=RFC, code=code, at=moment) == at // 30
    assert step_of(secret=RFC, code=f" {code[:3]} {code[3:]} ", at=moment) == at // 30


def test_one_step_early_or_late_does_two_do_not() -> None:
    for seconds, found in ((0, 1), (31, 1), (59, 1), (89, 1), (90, None)):
        at = datetime.fromtimestamp(seconds, UTC)
        assert step_of(secret=RFC, code="287082", at=at) == found
    assert step_of(secret=RFC, code="٢٨٧٠٨٢", at=datetime.fromtimestamp(59, UTC)) is None


def test_a_sealed_secret_opens_for_its_account_and_installation_only() -> None:
    box = sealed(secret=SECRET, account="wang", text=RFC, random_bits=bits)
    assert RFC not in box
    assert unsealed(secret=SECRET, account="wang", text=box) == RFC
    other = Secret(key=b"fedcba9876543210")
    for secret, account, text in (
        (SECRET, "li", box),
        (other, "wang", box),
        (SECRET, "wang", box[:-4] + "AAA="),
    ):
        with pytest.raises(UnableToUnseal):
            unsealed(secret=secret, account=account, text=text)
    with pytest.raises(UnableToUnseal):
        unsealed(secret=SECRET, account="wang", text="not a box")


def test_an_app_reads_the_address_and_secrets_have_160_bits() -> None:
    secret = drawn_secret(bits)
    assert len(base64.b32decode(secret)) == 20
    uri = enrolment(secret=secret, account="wang", issuer="武汉市").uri
    assert uri.startswith("otpauth://totp/")
    assert f"secret={secret}" in uri


def test_recovery_codes_are_kept_as_digests_of_their_account() -> None:
    count = iter(range(10_000, 11_000))
    drawn = drawn_recovery(secret=SECRET, account="wang", random_bits=lambda _: next(count) * 7919**3)
    assert len(set(drawn.codes)) == len(set(drawn.digests)) == 10
    assert not any(code in "".join(drawn.digests) for code in drawn.codes)
