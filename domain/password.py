"""Which account names and passwords do, and how long a run of failures keeps somebody out. Pure.

Length counts most (NIST SP 800-63B); that shorter ones mix kinds of characters, change and are
locked after failures is asked for by GB/T 22239 (等保, identity verification).
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

SHORTEST = 10
LONG = 16
"""From this length on any characters do."""
LONGEST = 128
KINDS = 3
FORMER = 5
"""So many of the last passwords may not come back."""
MOST_REPEATED = 3
TRIES = 5
"""Failures in a row before somebody is locked out."""
FIRST_LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(hours=24)

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}[a-z0-9]")
_COMMON_WORDS = """
    password passw0rd p@ssword p@ssw0rd admin admin123 administrator root welcome letmein qwerty qwertyuiop
    qwerty123 asdfghjkl zxcvbnm 1qaz2wsx 1q2w3e4r 1q2w3e4r5t abc123 abcd1234 iloveyou woaini 5201314 wuhan
    12345678 123456789 1234567890 0123456789 111111 000000 888888 666666 112233 123123 147258369 987654321
    changeme default guest test test123 user login master dragon monkey sunshine princess football
    cityops citycenter hotline 12345 huawei chinamobile zhongguo beijing shanghai
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_SEQUENCES = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")


class PasswordFault(StrEnum):
    """Why a password does not do."""

    SHORT = "short"
    LONG = "long"
    KINDS = "kinds"
    NAME = "name"
    COMMON = "common"
    REPEATED = "repeated"


FAULTS: Mapping[PasswordFault, tuple[str, str]] = {
    PasswordFault.SHORT: (f"至少 {SHORTEST} 个字符", f"{SHORTEST} characters at least"),
    PasswordFault.LONG: (f"最多 {LONGEST} 个字符", f"{LONGEST} characters at most"),
    PasswordFault.KINDS: (
        f"须含大写、小写、数字、符号中的三类，或不少于 {LONG} 个字符",
        f"three of capitals, small letters, digits, signs, or {LONG} characters",
    ),
    PasswordFault.NAME: ("不得包含账号名", "not with the account's name in it"),
    PasswordFault.COMMON: ("过于常见，容易被猜到", "too common, easily guessed"),
    PasswordFault.REPEATED: (
        "不得由重复或连续的字符组成",
        "not of repeated or consecutive characters",
    ),
}


def plain_account(text: str) -> str:
    """Return an account's name as it is kept: narrow, small letters, no blanks around it."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def account_name(text: str) -> bool:
    """Tell whether this can be an account's name: a–z, 0–9, dots and hyphens, 2 to 64."""
    return _NAME.fullmatch(text) is not None


def plain_password(text: str) -> str:
    """Return a password as it is hashed, however the keyboard composed it (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", text)


def faults(*, password: str, account: str) -> tuple[PasswordFault, ...]:
    """Return everything that is wrong with a password; nothing: it does."""
    found = []
    if len(password) < SHORTEST:
        found.append(PasswordFault.SHORT)
    if len(password) > LONGEST:
        found.append(PasswordFault.LONG)
    if len(password) < LONG and _kinds(password) < KINDS:
        found.append(PasswordFault.KINDS)
    if _names(password.lower(), account.lower()):
        found.append(PasswordFault.NAME)
    if _core(password) in _COMMON or password.lower() in _COMMON:
        found.append(PasswordFault.COMMON)
    if _monotonous(password):
        found.append(PasswordFault.REPEATED)
    return tuple(found)


def lock_after(failures: int) -> timedelta | None:
    """Return how long this many failures in a row keep somebody out; None: not yet.

    A quarter of an hour from the fifth on, twice as long each further time, a day at most.
    """
    if failures < TRIES:
        return None
    doubled: int = 2 ** min(failures - TRIES, 10)
    return min(FIRST_LOCK * doubled, LONGEST_LOCK)


def _names(password: str, account: str) -> bool:
    """Tell whether a password is built on the account's name; a short name stands in many words by chance."""
    if len(account) < SHORTEST // 2:
        return bool(account) and password.rstrip("0123456789.-_!@#") == account
    return account in password


def _kinds(password: str) -> int:
    return sum(
        (
            any(char.isupper() for char in password),
            any(char.islower() for char in password),
            any(char.isdigit() for char in password),
            any(not (char.isupper() or char.islower() or char.isdigit()) for char in password),
        )
    )


def _core(password: str) -> str:
    """Return a password without what people hang on to a common word: digits and signs at its end."""
    return re.sub(r"[\d\W_]+$", "", password.lower()) or password.lower()


def _monotonous(password: str) -> bool:
    """Tell whether a password is few characters repeated, or a walk along the alphabet or the keyboard."""
    if len(set(password.lower())) <= MOST_REPEATED:
        return True
    runs = (sequence[start : start + 4] for sequence in _SEQUENCES for start in range(len(sequence) - 3))
    rest = password.lower()
    for run in runs:
        rest = rest.replace(run, "").replace(run[::-1], "")
    return len(rest) < SHORTEST // 2 and len(rest) < len(password) - 3
