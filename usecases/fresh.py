"""Answers that cost a moment and may be a few seconds old: worked out off the request's path, once for everybody.

Whoever asks gets what there is, with the moment it is from. What has grown old is worked out anew
behind their back, one at a time for each question, however many ask. Only the first of all waits, and
not for long: a page says "counting" and asks again.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from time import monotonic
from typing import Any

MOST_KEPT = 96
WORKERS = 2
IDLE = 4.0
"""What took a second to work out is not worked out anew for so many seconds, whatever was asked for."""


class StillWorking(Exception):
    """There is no answer yet; ask again in a moment."""


@dataclass(slots=True)
class _Kept:
    """One question: its last answer and when it was begun to be worked out; what is being worked out."""

    answer: Any = None
    begun: float = float("-inf")
    cost_s: float = 0.0
    has_answer: bool = False
    running: "Future[Any] | None" = None


class Fresh:
    """Keeps answers by question. Thread-safe. Real seconds, whatever time the city plays."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        """Begin with nothing; threads are started by the first question."""
        self._clock = clock
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def ask(
        self, question: Hashable, work: Callable[[], Any], *, fresh_s: float, useless_s: float, wait_s: float
    ) -> Any:
        """Return an answer not older than ``useless_s``; have it worked out anew when it is older than ``fresh_s``.

        Waits ``wait_s`` at most where there is none. Raises StillWorking, or what ``work`` raised.
        """
        with self._lock:
            kept = self._of(question)
            age = self._clock() - kept.begun
            if kept.running is None and (not kept.has_answer or age > max(fresh_s, IDLE * kept.cost_s)):
                self._start(kept, work)
            if kept.has_answer and age <= useless_s:
                return kept.answer
            running = kept.running
        if running is None:
            raise StillWorking
        try:
            return running.result(timeout=wait_s)
        except TooLate:
            raise StillWorking from None

    def close(self) -> None:
        """Let nothing more begin, and wait for what is running."""
        with self._lock:
            pool, self._pool = self._pool, None
            self._kept.clear()
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)

    def _of(self, question: Hashable) -> _Kept:
        kept = self._kept.setdefault(question, _Kept())
        self._kept.move_to_end(question)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return kept

    def _start(self, kept: _Kept, work: Callable[[], Any]) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="fresh")
        begun = self._clock()

        def run() -> Any:
            try:
                answer = work()
            except BaseException:
                with self._lock:
                    kept.running = None
                raise
            with self._lock:
                kept.answer, kept.begun, kept.has_answer, kept.running = answer, begun, True, None
                kept.cost_s = self._clock() - begun
            return answer

        kept.running = self._pool.submit(run)
