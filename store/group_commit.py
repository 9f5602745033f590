"""Many callers, one transaction: what queues up while one commit runs is the next commit.

A commit that is safe on a disk takes about as long for a hundred reports as for one. No
caller waits for others to come; under load there are others anyway.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import cast

from domain.report import Accepted, NewReport
from store.engine import Store
from store.inbound import STORE_AWAY
from store.rows import Conflict
from store.rows_intake import NewInbound

Item = NewReport | NewInbound
Answer = Accepted | Conflict | int

MOST_BYTES = 8 * 1024 * 1024
"""Messages of one transaction: a report must not wait for a hundred megabytes of sensors."""


class UnableToSubmit(RuntimeError):
    """The group commit was closed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Waiting:
    item: Item
    loop: asyncio.AbstractEventLoop
    answer: "asyncio.Future[Answer]" = field(compare=False)


class GroupCommit:
    """Collects reports and messages of any number of tasks and loops and has one thread write them."""

    def __init__(self, *, store: Store, most: int = 128) -> None:
        """Start the writing thread. ``most`` bounds what is written at a time."""
        self._store = store
        self._most = most
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._gate = Lock()
        self._open = True
        self._thread = Thread(target=self._run, name="group-commit", daemon=True)
        self._thread.start()

    async def submit(self, report: NewReport) -> Accepted | Conflict:
        """Return when the report is durable. Raises what the store raised for it, or UnableToSubmit."""
        return cast("Accepted | Conflict", await self._put(report))

    async def keep(self, message: NewInbound) -> int:
        """Return the message's number when it is durable. Raises as ``submit`` does."""
        return cast("int", await self._put(message))

    async def _put(self, item: Item) -> Answer:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        with self._gate:
            if not self._open:
                raise UnableToSubmit("closed")
            self._queue.put(_Waiting(item=item, loop=loop, answer=answer))
        return await answer

    async def close(self) -> None:
        """Write what is queued, then stop. Safe to call twice."""
        with self._gate:
            if self._open:
                self._open = False
                self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            size = _size(first)
            ended = False
            while len(batch) < self._most and size < MOST_BYTES and not ended:
                try:
                    more = self._queue.get_nowait()
                except Empty:
                    break
                if more is None:
                    ended = True
                else:
                    batch.append(more)
                    size += _size(more)
            self._write(batch)
            if ended:
                return

    def _write(self, batch: Sequence[_Waiting]) -> None:
        """Write reports first: somebody waits for each."""
        reports = [one for one in batch if isinstance(one.item, NewReport)]
        messages = [one for one in batch if isinstance(one.item, NewInbound)]
        for some in (reports, messages):
            if some:
                self._commit(some)

    def _commit(self, batch: Sequence[_Waiting]) -> None:
        try:
            answers = self._answers([one.item for one in batch])
        except STORE_AWAY as error:
            # The database is away, full or locked, or has no connection free: that is nobody's report's fault, and would only
            # be waited for again, once per report.
            _hand_out(batch, [error] * len(batch))
        except Exception as error:  # noqa: BLE001  it is handed to its caller
            if len(batch) == 1:
                _hand_out(batch, [error])
                return
            for one in batch:
                self._commit([one])
        else:
            _hand_out(batch, answers)

    def _answers(self, items: Sequence[Item]) -> Sequence[Answer]:
        """Write items of one kind in one transaction."""
        reports = [item for item in items if isinstance(item, NewReport)]
        if reports:
            return self._store.accept_many(reports=reports)
        return self._store.keep_many(messages=[item for item in items if isinstance(item, NewInbound)])


def _size(waiting: _Waiting) -> int:
    return len(waiting.item.body) if isinstance(waiting.item, NewInbound) else 0


def _hand_out(batch: Sequence[_Waiting], answers: Sequence[Answer | Exception]) -> None:
    """Answer each caller on its own loop, waking each loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Answer], Answer | Exception]]] = {}
    for one, answer in zip(batch, answers, strict=True):
        by_loop.setdefault(one.loop, []).append((one.answer, answer))
    for loop, pairs in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: "Sequence[tuple[asyncio.Future[Answer], Answer | Exception]]") -> None:
    for future, answer in pairs:
        if future.done():  # the caller was cancelled; its report is stored all the same
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
