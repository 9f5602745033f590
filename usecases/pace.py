"""How many failed sign-ins one address may make: somebody who tries one password on many names is slowed too.

Counted in each process for itself; the lock of an account is counted in its row.
"""

from math import ceil
from time import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from usecases.problems import BadRequest, ProblemCode

MOST = 60
MINUTES = 10
"""A whole hotline signs in from behind one address, so that only failures count."""
_RULE = RateLimitItemPerMinute(MOST, MINUTES, namespace="sign-in")


class Pace:
    """Counts the failures of addresses. One for each process."""

    def __init__(self) -> None:
        """Begin with none."""
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def look(self, *, address: str) -> None:
        """Raise BadRequest (too_many_tries) when an address has used its failures up."""
        if not self._limiter.test(_RULE, address):
            reset = self._limiter.get_window_stats(_RULE, address).reset_time
            raise BadRequest(ProblemCode.TOO_MANY_TRIES, minutes=str(max(1, ceil((reset - time()) / 60))))

    def failed(self, *, address: str) -> None:
        """Count a failure."""
        self._limiter.hit(_RULE, address)
