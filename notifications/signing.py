"""Standard Webhooks signatures (standardwebhooks.com, version v1, symmetric).

Signed is ``webhook-id.webhook-timestamp.body`` with HMAC-SHA256. While a secret is being
replaced both are used: the header carries one signature per secret, separated by spaces,
and a receiver accepts the message if any of them is right.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64


class UnableToUseSecret(ValueError):
    """Not ``whsec_`` followed by base64 of 24 to 64 bytes. The message never shows the secret."""


def key_of(*, secret: str) -> bytes:
    """Return the bytes of a secret as the specification writes it, prefix optional."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise UnableToUseSecret("a webhook secret is not base64") from None
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise UnableToUseSecret(f"a webhook secret has {len(key)} bytes (want {_SHORTEST} to {_LONGEST})")
    return key


def webhook_id(*, key: str) -> str:
    """Return the id of a message: the same in every attempt, so the receiver can drop repetitions."""
    return f"msg_{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def signature_header(*, keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of ``webhook-signature``, one ``v1,BASE64`` per key. ``timestamp`` is POSIX seconds."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.digest(key, signed, hashlib.sha256) for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
