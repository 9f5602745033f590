"""The second factor: time-based codes (RFC 6238) of an app on somebody's phone, and recovery codes.

The shared secret is kept sealed with a key drawn from the installation's secret and bound to
its account. A code counts once: its time step is used up with it.
"""

import base64
import binascii
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyotp import HOTP, TOTP

from store.engine import Store
from store.rows_people import Account
from usecases.secret import Secret

STEP_S = 30
DRIFT = 1
"""Steps a phone's clock may be off, either way."""
CODES = 10
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_PURPOSE = "second-factor"


class UnableToUnseal(ValueError):
    """Sealed with another secret than the installation's, or for another account."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Enrolment:
    """A second factor that is being set up: the secret in base 32, and the address its app reads from a picture."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovery:
    """Recovery codes as they are shown once, and the digests that are kept."""

    codes: tuple[str, ...] = field(repr=False)
    digests: tuple[str, ...] = field(repr=False)


def drawn_secret(random_bits: Callable[[int], int]) -> str:
    """Return a new shared secret: 160 bits in base 32, as RFC 4226 recommends."""
    return base64.b32encode(random_bits(160).to_bytes(20, "big")).decode()


def enrolment(*, secret: str, account: str, issuer: str) -> Enrolment:
    """Return what somebody's app needs."""
    return Enrolment(secret=secret, uri=TOTP(secret).provisioning_uri(name=account, issuer_name=issuer))


def sealed(*, secret: Secret, account: str, text: str, random_bits: Callable[[int], int]) -> str:
    """Return a text sealed for an account (AES-256-GCM). Raises UnableToDerive."""
    nonce = random_bits(96).to_bytes(12, "big")
    box = AESGCM(secret.derive(_PURPOSE)).encrypt(nonce, text.encode(), account.encode())
    return base64.b64encode(nonce + box).decode()


def unsealed(*, secret: Secret, account: str, text: str) -> str:
    """Return what was sealed. Raises UnableToUnseal, UnableToDerive."""
    try:
        raw = base64.b64decode(text, validate=True)
        return AESGCM(secret.derive(_PURPOSE)).decrypt(raw[:12], raw[12:], account.encode()).decode()
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise UnableToUnseal("the second factor cannot be read with this installation's secret") from error


def step_of(*, secret: str, code: str, at: datetime) -> int | None:
    """Return the time step a code belongs to, one step of drift allowed; None: it is wrong."""
    given = "".join(code.split())
    now = int(at.timestamp()) // STEP_S
    found = None
    for step in range(max(0, now - DRIFT), now + DRIFT + 1):
        if hmac.compare_digest(HOTP(secret).at(step).encode(), given.encode()):
            found = step if found is None else found
    return found


def spent(*, store: Store, secret: Secret, account: Account, code: str, at: datetime) -> bool:
    """Take a code of somebody's app or one of their recovery codes; False: wrong, or used before."""
    if account.totp is None:
        return False
    shared = unsealed(secret=secret, account=account.account, text=account.totp)
    step = step_of(secret=shared, code=code, at=at)
    if step is not None:
        return store.spend_step(account=account.account, step=step)
    digest = _recovery_digest(secret, account.account, code)
    return store.spend_recovery(account=account.account, digest=digest)


def drawn_recovery(*, secret: Secret, account: str, random_bits: Callable[[int], int]) -> Recovery:
    """Return new recovery codes: 50 bits each, in two groups."""
    codes = tuple(_code(random_bits(50)) for _ in range(CODES))
    return Recovery(codes=codes, digests=tuple(_recovery_digest(secret, account, code) for code in codes))


def _code(bits: int) -> str:
    letters = "".join(_LETTERS[bits >> 5 * place & 31] for place in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def _recovery_digest(secret: Secret, account: str, code: str) -> str:
    plain = "".join(char for char in code.lower() if char.isalnum())
    return secret.digest(purpose=f"recovery:{account}", text=plain)
