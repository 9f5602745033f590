"""Case and report numbers: readable aloud, checkable, without personal data.

A case number is ``YYYYMMDD-XXXX-XXXX``: the city's date and eight Crockford base-32
digits, the last a check digit. The workflow id is the case number.
"""

from datetime import date

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_BITS = 35


def number(*, day: date, random_bits: int) -> str:
    """Build a number from a day and 35 random bits."""
    digits = [(random_bits >> shift) & 31 for shift in range(30, -1, -5)]
    body = "".join(ALPHABET[digit] for digit in digits)
    text = body + check_digit(f"{day:%Y%m%d}{body}")
    return f"{day:%Y%m%d}-{text[:4]}-{text[4:]}"


def check_digit(text: str) -> str:
    """Return the check digit of digits and letters: position-weighted sum modulo 31."""
    total = sum(place * ALPHABET.index(char) for place, char in enumerate(text, start=2))
    return ALPHABET[total % 31]


def is_number(text: str) -> bool:
    """Tell whether a text is a well-formed number with the right check digit."""
    parts = text.split("-")
    if [len(part) for part in parts] != [8, 4, 4] or not parts[0].isdigit():
        return False
    body = "".join(parts)
    return all(char in ALPHABET for char in body) and check_digit(body[:-1]) == body[-1]
