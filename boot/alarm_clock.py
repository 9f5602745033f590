"""The relay's loops over alarms: their deadlines, silence, and what was muted for a time."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from usecases import alarm_timers
from usecases.city import City

DEADLINES_IDLE_S = 0.5
SILENCE_IDLE_S = 3.0
ENDED_IDLE_S = 3.0
AFTER_FAULT_S = 2.0
log = structlog.get_logger()


class Round(Protocol):
    """One look at what is due; returns how much there was."""

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
    while not stop.is_set():
        try:
            done = await asyncio.to_thread(work, city=city())
            wait = 0.0 if done else idle_s
        except Exception as error:  # noqa: BLE001 - the loop must outlive any fault: what is due stays due
            # Not logged with its text: that may quote what people wrote.
            log.error("alarm loop", error=type(error).__name__)  # noqa: TRY400
            wait = AFTER_FAULT_S
        try:
            await asyncio.wait_for(stop.wait(), wait)
        except TimeoutError:
            continue
