"""Whether a request that changes something carries its session's token, shown plain or under a mask.

Pages show it under a fresh mask each time (``web.tokens``: what is packed beside it could be
guessed from its length); programs that hold the session show it as it is.
"""

import hmac
from base64 import urlsafe_b64decode
from hashlib import sha256


def fits(*, token: str, shown: str) -> bool:
    """Tell whether what a page shows is the session's token under any mask."""
    plain = sha256(token.encode()).digest()
    try:
        raw = urlsafe_b64decode(shown.encode())
    except ValueError:
        return False
    if len(raw) != 2 * len(plain):
        return False
    found = bytes(a ^ b for a, b in zip(raw[: len(plain)], raw[len(plain) :], strict=True))
    return hmac.compare_digest(found, plain)


def is_token(*, token: str, shown: str) -> bool:
    """Tell whether a request shows the session's token, plain or masked."""
    return hmac.compare_digest(shown.encode(), token.encode()) or fits(token=token, shown=shown)
