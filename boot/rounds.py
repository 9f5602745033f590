"""A loop that outlives any fault of a round: what is due stays due, and comes again."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

AFTER_FAULT_S = 2.0
log = structlog.get_logger()


async def rounds(*, name: str, stop: asyncio.Event, work: Callable[[], Awaitable[float]]) -> None:
    """Do rounds until stopped; ``work`` returns the seconds to wait before the next one."""
    while not stop.is_set():
        try:
            wait = await work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the loop goes on
            # Not logged with its text: that may quote what people wrote.
            log.error("fault in a loop", loop=name, error=type(error).__name__, at=where(error))  # noqa: TRY400
            wait = AFTER_FAULT_S
        try:
            await asyncio.wait_for(stop.wait(), wait)
        except TimeoutError:
            continue


def where(error: BaseException) -> str:
    """Return the lines of code that led to a fault, the innermost first."""
    frames = traceback.extract_tb(error.__traceback__, limit=-6)
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
