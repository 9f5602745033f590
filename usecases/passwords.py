"""Passwords: hashed by argon2id with the parameters of RFC 9106, checked in the same time for everybody."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.password import FAULTS, FORMER, LONGEST, PasswordFault, faults, plain_password
from store.rows_people import Account
from usecases.problems import BadRequest, ProblemCode

_HASHER = PasswordHasher()


class WeakPassword(BadRequest):
    """A password that does not do; ``faults`` says all that is wrong with it."""

    def __init__(self, found: Sequence[PasswordFault]) -> None:
        """Keep the faults and their sentences."""
        texts = (f"{FAULTS[one][0]} / {FAULTS[one][1]}" for one in found)
        super().__init__(ProblemCode.PASSWORD_WEAK, detail="; ".join(texts))
        self.faults = tuple(found)


def hashed(password: str) -> str:
    """Return the digest of a password with its parameters. Takes a tenth of a second: in a thread."""
    return _HASHER.hash(_bytes(plain_password(password)))


def fits(*, password: str, digest: str | None) -> bool:
    """Tell whether a password is the one; without a digest it takes as long and never is."""
    given = plain_password(password)
    if len(given) > LONGEST:
        given, digest = "", None
    try:
        _HASHER.verify(digest or _nobodys(), _bytes(given))
    except (VerificationError, InvalidHashError):
        return False
    return digest is not None


def outdated(digest: str) -> bool:
    """Tell whether a digest was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(digest)


def aged(*, account: Account, at: datetime, most: timedelta) -> bool:
    """Tell whether somebody must choose another password: told so, or theirs is too old."""
    if account.must_change:
        return True
    return bool(most) and account.password_at is not None and at - account.password_at >= most


def new_digest(*, account: Account, password: str) -> str:
    """Return the digest of somebody's new password. Raises BadRequest (password_weak, password_reused)."""
    given = plain_password(password)
    found = faults(password=given, account=account.account)
    if found:
        raise WeakPassword(found)
    before = (account.password, *account.former)
    if any(fits(password=given, digest=digest) for digest in before[:FORMER] if digest):
        raise BadRequest(ProblemCode.PASSWORD_REUSED, count=str(FORMER))
    return hashed(given)


def former_of(account: Account) -> tuple[str, ...]:
    """Return the digests that may not come back once the present password has gone."""
    present = (account.password,) if account.password else ()
    return (*present, *account.former)[: FORMER - 1]


def _bytes(text: str) -> bytes:
    """Return what is hashed, also of half a character that a broken client sent."""
    return text.encode("utf-8", "surrogatepass")


@cache
def _nobodys() -> str:
    """Return the digest of no password: looked at where there is none, so that the time taken tells nothing."""
    return _HASHER.hash("nobody has this password")
