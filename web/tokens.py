"""The token a form carries against requests from other sites, shown differently each time.

Pages are sent packed, and what is packed beside a text somebody else chose can be guessed from
its length; so the session's token is never sent as it is (BREACH).
"""

import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256

from fastapi import Request

from usecases.page_tokens import fits

__all__ = ["came_from_our_page", "fits", "masked"]

HEADER = "x-csrf-token"
FIELD = "csrf"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def masked(token: str) -> str:
    """Return the session's token under a fresh mask, for one page."""
    plain = sha256(token.encode()).digest()
    pad = secrets.token_bytes(len(plain))
    return urlsafe_b64encode(pad + bytes(a ^ b for a, b in zip(pad, plain, strict=True))).decode()


async def came_from_our_page(request: Request, *, token: str) -> bool:
    """Tell whether a request that changes something was sent by a page of ours.

    The browser's own word (Sec-Fetch-Site) is taken as a no, never as a yes.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    shown = request.headers.get(HEADER)
    if shown is None and "form" in request.headers.get("content-type", ""):
        given = (await request.form()).get(FIELD)
        shown = given if isinstance(given, str) else None
    return shown is not None and fits(token=token, shown=shown)
