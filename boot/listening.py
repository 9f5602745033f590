"""The loop of a process that hears devices: it says that it listens."""

import asyncio
from collections.abc import Callable

import structlog

from usecases.city import City
from usecases.listening import EVERY_S, listen

log = structlog.get_logger()


async def keep_listening(*, city: Callable[[], City], name: str, stop: asyncio.Event) -> None:
    """Say so until stopped. While the store is away nobody listens, and nothing is said."""
    while not stop.is_set():
        try:
            await asyncio.to_thread(lambda: listen(city=city(), name=name))
        except Exception as error:  # noqa: BLE001 - it is said again, whatever went wrong
            log.warning("cannot say that we listen", error=type(error).__name__)
        try:
            await asyncio.wait_for(stop.wait(), EVERY_S)
        except TimeoutError:
            continue
