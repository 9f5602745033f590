"""A running process takes over a changed pack: published by ``cityops apply``, found by looking every few seconds.

What is in force is named by the database; what it says is read from the folder on this
machine's disk. A process takes the folder over only when its content is what was published,
so that no process ever serves rules of its own. A request in flight ends with the pack it
began with.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from boot.settings import Settings
from boot.wiring import grounds_of
from store.pack.loader import content_hash
from usecases.city import City, Grounds

LOOK_EVERY_S = 2.0
log = structlog.get_logger()


class Reloader:
    """Looks for a pack that was published after this process loaded its own."""

    def __init__(self, *, settings: Settings, city: City) -> None:
        """Keep the city as it is served now."""
        self._settings = settings
        self._city = city
        self._told = ""

    async def run(
        self, *, swap: Callable[[City], None], stop: asyncio.Event, every_s: float = LOOK_EVERY_S
    ) -> None:
        """Look until stopped; hand every new city to ``swap``. What fails is tried again at the next look."""
        while not stop.is_set():
            try:
                fresh = await asyncio.to_thread(self.look)
            except Exception:
                # A database that is away or a folder half-written: the old pack serves on meanwhile.
                log.exception("cannot look for a new pack")
                fresh = None
            if fresh is not None:
                swap(fresh)
            try:
                await asyncio.wait_for(stop.wait(), every_s)
            except TimeoutError:
                continue

    def look(self) -> City | None:
        """Return the city with the pack in force, None when that is the one it has."""
        served = self._city.pack.version
        version = self._city.store.published_version()
        if version in ("", served):
            return None
        folder = self._settings.pack
        fresh = grounds_of(self._settings) if version.endswith(f"+{content_hash(folder=folder)}") else None
        if fresh is None or fresh.pack.version != version:
            if self._told != version:
                log.warning("published pack is not on this disk", published=version, serving=served)
                self._told = version
            return None
        self._city = replace(self._city, grounds=_learned(fresh, self._city.grounds))
        log.info("new pack in force", version=version, before=served)
        return self._city


def _learned(fresh: Grounds, old: Grounds) -> Grounds:
    """Keep the placeholder points this process has learned, unless the pack changes how they are told."""
    same = fresh.pack.locate == old.pack.locate
    return replace(fresh, placeholders=old.placeholders) if same else fresh
