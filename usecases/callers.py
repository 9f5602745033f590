"""Who called before, without keeping who: a keyed digest of the telephone number."""

from unicodedata import normalize

from usecases.city import City

DESK = "desk"
"""What reports, supplements and urges of the operator's desk name as their source."""
SHORTEST_NUMBER = 6
LONGEST_NUMBER = 17
"""Digits of a telephone number that tells callers apart; 12345 and 110 do not."""
NATIONAL = 10
"""Digits behind the calling code, at least, of a number that is written with it and without plus."""


def caller_of(*, city: City, phone: str) -> str:
    """Return the keyed digest by which a caller's number is found again; empty where there is none to tell.

    ``+86 138 0000 0000``, ``0086-138…`` and ``138…`` are one number where the pack says the
    city's calling code.
    """
    number = plain_number(phone=phone, calling_code=city.pack.city.calling_code)
    if not number or not city.secret.key:
        return ""
    return city.secret.digest(purpose="caller", text=number)


def plain_number(*, phone: str, calling_code: str) -> str:
    """Return a number as E.164 has it, without the plus; empty for what is no telephone number.

    Without a calling code a national number stays as it is written, but for its leading noughts.
    """
    text = normalize("NFKC", phone).strip()
    digits = "".join(char for char in text if char.isascii() and char.isdigit())
    # What is typed where no number is known: 000000, 11111111.
    if len(set(digits)) < 2 or not SHORTEST_NUMBER <= len(digits) <= LONGEST_NUMBER:
        return ""
    if text.startswith("+"):
        return digits
    if digits.startswith("00"):
        return digits.lstrip("0")
    national = digits.lstrip("0")
    whole = len(national) >= len(calling_code) + NATIONAL and national.startswith(calling_code)
    return national if whole else calling_code + national
