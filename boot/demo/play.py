"""Plays the day: reports come at their times, and the staff around each case do their part."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from boot.demo.client import Refused
from boot.demo.day import DayData
from boot.demo.generate import Item, occurred
from boot.demo.lives import LIVES
from boot.demo.staff import City, Staff

REPEAT_AFTER_MIN = 5.0
"""City minutes after which a nervous client sends its report again."""


@dataclass(slots=True, kw_only=True)
class Played:
    """One report as it was played: the case it became, and why its life broke off, if it did."""

    item: Item
    staff: Staff
    case_no: str = ""
    done: bool = False
    broke: str = ""


@dataclass(slots=True, kw_only=True)
class Play:
    """The running day. ``lives`` hold every report of it, followers included."""

    city: City
    day: DayData
    lives: list[Played] = field(default_factory=list)
    repeated: int = 0

    async def run(self, items: Sequence[Item], *, patience_s: float) -> None:
        """Play all of it; what is not finished ``patience_s`` after the day's end is broken off."""
        watch = asyncio.create_task(self.city.board.watch())
        players = [asyncio.create_task(self._item(item)) for item in items]
        try:
            await self.city.clock.until(self.day.ends)
            await asyncio.wait(players, timeout=patience_s)
        finally:
            await ended(watch, *players)

    async def _item(self, item: Item) -> None:
        first = self._prepare(item)
        companions = [self._prepare(follower) for follower in item.followers]
        first.staff.companions = [companion.staff for companion in companions]
        await self.city.clock.until(self.day.begins + timedelta(seconds=item.at))
        calls = [asyncio.create_task(self._follow(first, companion)) for companion in companions]
        try:
            await self._live(first)
            await asyncio.gather(*calls)
        finally:
            await ended(*calls)

    def _prepare(self, item: Item) -> Played:
        played = Played(item=item, staff=Staff(city=self.city, item=item))
        self.lives.append(played)
        return played

    async def _follow(self, first: Played, companion: Played) -> None:
        await first.staff.settled.wait()
        await companion.staff.pause(2, 10)
        await self._live(companion)

    async def _live(self, played: Played) -> None:
        """Report it and let its people act; a life that breaks says where and lets others go on."""
        try:
            await self._report(played)
            await LIVES[played.item.life](played.staff)
            played.done = True
        except asyncio.CancelledError:
            played.broke = played.broke or "not finished in time"
            raise
        except Exception as error:  # noqa: BLE001 - one broken life must not end the day; it fails at the end
            played.broke = f"{type(error).__name__}: {error}"
        finally:
            played.staff.settled.set()

    async def _report(self, played: Played) -> None:
        item = played.item
        now_s = (self.city.clock.now() - self.day.begins).total_seconds()
        body = {**item.body, "source_no": item.key, "occurred_at": occurred(item, now_s=now_s, day=self.day)}
        receipt = await self.city.client.file(body, key=item.key)
        played.case_no = played.staff.case_no = receipt["case_no"]
        self.city.board.opened(receipt)
        if item.repeat:
            await self.city.clock.minutes(REPEAT_AFTER_MIN)
            again = await self.city.client.file(body, key=item.key if item.repeat == "key" else None)
            self.repeated += 1
            if not again["repeated"] or again["case_no"] != played.case_no:
                raise Refused(status=200, code="not_idempotent", detail=f"{again['case_no']} for the same")


async def ended(*tasks: "asyncio.Task[None]") -> None:
    """Break off what still runs, and wait until it has ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
