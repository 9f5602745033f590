"""One secret of the installation, and keys for single purposes drawn from it.

Nothing secret is stored: a webhook's signing secret and the digest of a caller's number can be
made again by whoever has the one secret, and by nobody else.
"""

import hashlib
import hmac
from dataclasses import dataclass, field

SHORTEST = 16


class UnableToDerive(RuntimeError):
    """The installation has no secret: set CITYOPS_SECRET_KEY, or let ``cityops`` make one in its data folder."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Secret:
    """The installation's secret; ``key`` has at least 16 bytes, or none at all."""

    key: bytes = field(default=b"", repr=False)

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose, always the same. Raises UnableToDerive."""
        if len(self.key) < SHORTEST:
            raise UnableToDerive("the installation has no secret key")
        return hmac.digest(self.key, purpose.encode(), hashlib.sha256)

    def digest(self, *, purpose: str, text: str) -> str:
        """Return a keyed digest (64 hexadecimal digits) by which a text is found again and not read."""
        return hmac.new(self.derive(purpose), text.encode(), hashlib.sha256).hexdigest()
