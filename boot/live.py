"""Live changes, wired: the hub of an API process, and what a relay does for all of them."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from boot.settings import Settings
from store.engine import Store
from usecases.city import City
from usecases.live import Hub
from usecases.live_stream import Publisher, Stream

KEPT = timedelta(days=1)
"""How long a page may have been away and still be brought up to date, by the machine's time."""
PRUNE_EVERY_S = 60.0
PRUNED_AT_ONCE = 2_000
AGAIN_S = 2.0
log = structlog.get_logger()


async def keep_live(*, hub: Hub, store: Store, settings: Settings, stop: asyncio.Event) -> None:
    """Follow what changes until stopped, through Redis where an address is set."""
    stream = await _stream(store, settings, stop)
    if stream is not None:
        hub.follow(stream)
    await hub.run(stop)
    if stream is not None:
        await stream.close()


async def publish_live(*, store: Store, settings: Settings, stop: asyncio.Event) -> None:
    """Carry what changes into Redis until stopped, where an address is set."""
    stream = await _stream(store, settings, stop)
    if stream is not None:
        await Publisher(store=store, stream=stream).run(stop)
        await stream.close()


async def prune_live(*, city: Callable[[], City], stop: asyncio.Event) -> None:
    """Delete what nobody comes back for, a little at a time."""
    while not stop.is_set():
        deleted = 0
        try:
            deleted = await asyncio.to_thread(_prune, city())
        except Exception as error:  # noqa: BLE001 - it is done again, whatever went wrong
            log.warning("old changes are not deleted", error=type(error).__name__)
        await _pause(stop, 0.1 if deleted == PRUNED_AT_ONCE else PRUNE_EVERY_S)


def _prune(city: City) -> int:
    before = city.now() - KEPT * city.clock.speed
    return city.store.prune_changes(before=before, limit=PRUNED_AT_ONCE)


async def _stream(store: Store, settings: Settings, stop: asyncio.Event) -> Stream | None:
    """Return the stream of this database's changes as soon as the store says how it is named; None without Redis."""
    while settings.redis_url and not stop.is_set():
        try:
            name = await asyncio.to_thread(store.name_of_changes)
        except Exception as error:  # noqa: BLE001 - the store is away: asked again
            log.info("live changes wait for the store", error=type(error).__name__)
            await _pause(stop, AGAIN_S)
        else:
            return Stream(url=settings.redis_url, name=name)
    return None


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
