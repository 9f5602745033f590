"""What of a citizen's own words may be read by everybody: numbers and addresses of people are blotted out."""

import re

HIDDEN = "***"
_ASCII_EDGE = r"(?<![0-9A-Za-z])"
# It begins where its signs do: tried from each of them, a long word would take seconds.
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBERS = re.compile(
    "|".join(
        (
            _ASCII_EDGE + r"\d{17}[\dXx](?![0-9A-Za-z])",  # an identity number (GB 11643)
            _ASCII_EDGE + r"(?:(?:\+|00)86[\s-]?)?1[3-9]\d[\s-]?\d{4}[\s-]?\d{4}(?!\d)",  # a mobile telephone
            _ASCII_EDGE + r"0\d{2,3}[\s-]?\d{7,8}(?!\d)",  # a telephone at home
            r"[\u4e00-\u9fff][A-Z][·\s]?[A-Z0-9]{5,6}(?![0-9A-Za-z])",  # a number plate
            _ASCII_EDGE + r"\d{16,19}(?!\d)",  # a bank card
        )
    )
)


def public_text(text: str) -> str:
    """Return a text without telephone, identity, card and plate numbers and without mail addresses."""
    return _NUMBERS.sub(HIDDEN, _MAIL.sub(HIDDEN, text))
