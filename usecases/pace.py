"""How many failed sign-ins one address may make: somebody who tries one password on many names is slowed too.

Counted in each process for itself; the lock of an account is counted in its row.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from threading import Lock
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
        self._lock = Lock()
        self._trying: Counter[str] = Counter()

    @contextmanager
    def trying(self, *, address: str) -> Iterator[None]:
        """Count a try while it goes on: sent all at once, no more are looked at than may fail.

        Raises BadRequest (too_many_tries).
        """
        with self._lock:
            self.look(address=address, beside=self._trying[address])
            self._trying[address] += 1
        try:
            yield
        finally:
            with self._lock:
                self._trying[address] -= 1
                if not self._trying[address]:
                    del self._trying[address]

    def look(self, *, address: str, beside: int = 0) -> None:
        """Raise BadRequest (too_many_tries) when an address has used its failures up; ``beside`` may still fail."""
        if not self._limiter.test(_RULE, address, cost=1 + beside):
            reset = self._limiter.get_window_stats(_RULE, address).reset_time
            raise BadRequest(ProblemCode.TOO_MANY_TRIES, minutes=str(max(1, ceil((reset - time()) / 60))))

    def failed(self, *, address: str) -> None:
        """Count a failure."""
        self._limiter.hit(_RULE, address)
