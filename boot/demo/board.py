"""What the simulated staff see: one poll of the list for all who wait, never one per case."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from boot.demo.client import Client, Refused, Unanswered

View = dict[str, Any]
EVERY_S = 0.3


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wait:
    """Somebody waits for a case to be in one of these states and to look a certain way."""

    statuses: frozenset[str]
    seen: Callable[[View], bool]
    future: "asyncio.Future[View]"


def always(_view: View) -> bool:
    """See it as soon as its state fits."""
    return True


class Board:
    """The latest known view of every case, and who waits for what."""

    def __init__(self, *, client: Client) -> None:
        """Know nothing yet."""
        self._client = client
        self._waits: dict[str, _Wait] = {}
        self._received: dict[str, str] = {}
        self.views: dict[str, View] = {}

    def opened(self, receipt: View) -> None:
        """Note a receipt: its time narrows what has to be polled."""
        self._received.setdefault(receipt["case_no"], receipt["received_at"])

    def note(self, view: View) -> None:
        """Take over a view unless a newer one is known, and wake who waits for it."""
        number = view["case_no"]
        known = self.views.get(number)
        if known is not None and (known["epoch"], known["seq"]) > (view["epoch"], view["seq"]):
            return
        self.views[number] = view
        wait = self._waits.get(number)
        if wait is not None and view["status"] in wait.statuses and wait.seen(view):
            del self._waits[number]
            if not wait.future.done():
                wait.future.set_result(view)

    async def until(
        self, case_no: str, statuses: Iterable[str], *, seen: Callable[[View], bool] = always
    ) -> View:
        """Return the case's view once it is in one of these states and ``seen`` says so."""
        wait = _Wait(
            statuses=frozenset(statuses), seen=seen, future=asyncio.get_running_loop().create_future()
        )
        self._waits[case_no] = wait
        try:
            if case_no in self.views:
                self.note(self.views[case_no])
            return await wait.future
        finally:
            if self._waits.get(case_no) is wait:
                del self._waits[case_no]

    async def watch(self) -> None:
        """Poll until cancelled. What cannot be read now is a fault, and is read next time."""
        while True:
            await asyncio.sleep(EVERY_S)
            if not self._waits:
                continue
            statuses = sorted({status for wait in self._waits.values() for status in wait.statuses})
            since = min(self._received[number] for number in self._waits)
            try:
                found = await self._client.cases(status=statuses, received_from=since)
            except (Refused, Unanswered) as problem:
                self._client.tally.faults.append(f"list: {problem}")
                continue
            for view in found:
                self.note(view)
