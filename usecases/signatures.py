"""Signed messages in the form of Standard Webhooks, checked over the bytes that came.

The form: ``webhook-id``, ``webhook-timestamp`` (seconds since 1970) and ``webhook-signature``
(``v1,BASE64`` once for each secret in use, separated by blanks), signed as
HMAC-SHA256 of ``id.timestamp.body``. The published library decodes bodies as text and lets
malformed signatures raise what they like, so the few lines of it stand here; tests let it
sign what we check.
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from usecases.problems import BadRequest, ProblemCode

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE_S = 300
SECRET_PREFIX = "whsec_"  # noqa: S105 - no password
MOST_ID = 200
MOST_SIGNATURES = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """What a message says of its own signature; ``timestamp`` is the sender's text, as it was signed."""

    id: str
    timestamp: str
    signatures: tuple[str, ...]


def signed(headers: Mapping[str, str]) -> Signed | None:
    """Return what the headers say, None where there are none of them. Raises BadRequest for half of them."""
    message_id, timestamp, signature = (headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not (message_id or timestamp or signature):
        return None
    sound = 0 < len(message_id) <= MOST_ID and message_id.isascii() and message_id.isprintable()
    signatures = tuple(signature.split())
    if not (sound and _seconds(timestamp) is not None and 0 < len(signatures) <= MOST_SIGNATURES):
        raise BadRequest(ProblemCode.SIGNATURE_INVALID)
    return Signed(id=message_id, timestamp=timestamp, signatures=signatures)


def check_signature(*, message: Signed, body: bytes, secrets: Sequence[bytes], at: datetime) -> int:
    """Return the index of the secret that signed the message. Raises BadRequest.

    ``at`` is the machine's time, never the city's: the sender's clock is real. A message
    older or newer than five minutes is refused whatever its signature.
    """
    seconds = _seconds(message.timestamp)
    if seconds is None:
        raise BadRequest(ProblemCode.SIGNATURE_INVALID)
    given = [found for text in message.signatures if (found := _digest(text)) is not None]
    for index, secret in enumerate(secrets):
        wanted = _mac(secret=secret, message_id=message.id, timestamp=message.timestamp, body=body)
        if any(hmac.compare_digest(wanted, one) for one in given):
            if abs(at.timestamp() - seconds) > TOLERANCE_S:
                raise BadRequest(ProblemCode.SIGNATURE_STALE)
            return index
    raise BadRequest(ProblemCode.SIGNATURE_INVALID)


def sign(*, secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of ``webhook-signature`` for a message."""
    mac = _mac(secret=secret, message_id=message_id, timestamp=str(timestamp), body=body)
    return f"v1,{b64encode(mac).decode()}"


def shown_secret(secret: bytes) -> str:
    """Return a secret as its owner is told it: ``whsec_`` and base64."""
    return SECRET_PREFIX + b64encode(secret).decode()


def _mac(*, secret: bytes, message_id: str, timestamp: str, body: bytes) -> bytes:
    return hmac.digest(secret, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)


def _seconds(text: str) -> int | None:
    """Read whole seconds; no sign, no exponent, nothing that overflows."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


def _digest(text: str) -> bytes | None:
    version, comma, value = text.partition(",")
    if version != "v1" or not comma:
        return None
    try:
        return b64decode(value, validate=True)
    except (NotBase64, ValueError):
        return None
