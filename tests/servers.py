"""The embedded stack as tests run it: the real processes on free ports, in a folder of their own."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from boot.settings import Clock, Settings
from boot.stack import Ports, Stack, free_port
from boot.wiring import prepare

WEDNESDAY_MORNING = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
"""10:00 in Wuhan on an ordinary working day: deadlines are the same whenever the tests run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a stack keeps its data and what it is told."""

    data: Path
    settings: Settings
    env: dict[str, str]


def place_of(
    *,
    data: Path,
    atlas: Path,
    database_url: str = "",
    demo_mode: bool = True,
    begins: datetime = WEDNESDAY_MORNING,
    speed: float = 1.0,
    pack: Path | None = None,
) -> Place:
    """Prepare a data folder: database and published areas. The atlas is shared: it takes seconds to make.

    The city's clock stands at ``begins`` now and runs ``speed`` times as fast as the machine's.
    """
    data.mkdir(parents=True, exist_ok=True)
    atlas.mkdir(parents=True, exist_ok=True)
    if not (data / "atlas").exists():
        (data / "atlas").symlink_to(atlas, target_is_directory=True)
    clock = Clock(origin=time.time(), city_origin=begins.timestamp(), speed=speed)
    settings = Settings(data_dir=data, database_url=database_url, demo_mode=demo_mode, clock=clock)
    if pack is not None:
        settings.pack = pack
    prepare(settings)
    return Place(data=data, settings=settings, env=_environment(settings))


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "CITYOPS_PACK": str(settings.pack),
        "CITYOPS_DATA_DIR": str(settings.data_dir),
        "CITYOPS_DATABASE_URL": settings.database_url,
        "CITYOPS_DEMO_MODE": str(settings.demo_mode).lower(),
        "CITYOPS_CLOCK__ORIGIN": repr(settings.clock.origin),
        "CITYOPS_CLOCK__CITY_ORIGIN": repr(settings.clock.city_origin),
        "CITYOPS_CLOCK__SPEED": repr(settings.clock.speed),
    }


def free_ports() -> Ports:
    """Return ports nobody listens on."""
    return Ports(api=free_port(), temporal=free_port(), temporal_ui=free_port())


@asynccontextmanager
async def running(
    *, place: Place, ports: Ports | None = None, extra_env: Mapping[str, str] | None = None
) -> AsyncIterator[Stack]:
    """Run the whole stack. A start that fails shows the logs of its processes."""
    stack = Stack(data=place.data, ports=ports or free_ports(), env={**place.env, **(extra_env or {})})
    try:
        try:
            await stack.start()
        except TimeoutError as error:
            error.add_note(await asyncio.to_thread(logs, place.data))
            raise
        yield stack
    finally:
        await stack.stop()


def logs(data: Path, *, most: int = 4_000) -> str:
    """Return the ends of a stack's logs."""
    parts = []
    for file in sorted((data / "log").glob("*.log")):
        text = file.read_text(encoding="utf-8", errors="replace")
        parts.append(f"--- {file.name}\n{text[-most:]}")
    return "\n".join(parts)
