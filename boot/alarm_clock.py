"""The relay's loops over alarms: their deadlines, silence, and what was muted for a time."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from boot.rounds import rounds
from usecases import alarm_timers
from usecases.city import City

DEADLINES_IDLE_S = 0.5
SILENCE_IDLE_S = 3.0
ENDED_IDLE_S = 3.0


class Round(Protocol):
    """One look at what is due; returns how much there was."""

    __name__: str

    def __call__(self, *, city: City) -> int:
        """Carry out some of what is due."""


async def keep_alarms(*, city: Callable[[], City], stop: asyncio.Event) -> None:
    """Run until stopped. ``city`` is asked each time: a changed pack is taken up at once."""
    await asyncio.gather(
        _loop(city, stop, alarm_timers.deadlines, idle_s=DEADLINES_IDLE_S),
        _loop(city, stop, alarm_timers.silence, idle_s=SILENCE_IDLE_S),
        _loop(city, stop, alarm_timers.ended, idle_s=ENDED_IDLE_S),
    )


async def _loop(city: Callable[[], City], stop: asyncio.Event, work: Round, *, idle_s: float) -> None:
    async def round_() -> float:
        return 0.0 if await asyncio.to_thread(work, city=city()) else idle_s

    await rounds(name=f"alarms.{work.__name__}", stop=stop, work=round_)
