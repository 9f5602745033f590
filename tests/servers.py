"""The embedded stack as tests run it: the real processes on free ports, in a folder of their own."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from boot.settings import Clock, Settings
from boot.stack import Ports, Stack, free_port
from boot.wiring import prepare

WEDNESDAY_MORNING = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
"""10:00 in Wuhan on an ordinary working day: deadlines are the same whenever the tests run."""


FAULTS = ("Traceback", "unhandled", "fault in a loop")


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


def faults(data: Path) -> list[str]:
    """Return what our processes logged that nobody should ever see: a fault of ours, in whatever room."""
    found = []
    for file in sorted((data / "log").glob("*.log")):
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        bad = [at for at, line in enumerate(lines) if any(word in line for word in FAULTS)]
        found += [f"{file.name}: {' | '.join(lines[at : at + 40])}" for at in bad[:3]]
    return found


async def start_parts(stack: Stack, *names: str) -> None:
    """Start some of a stack's processes, unwatched: one that dies stays dead. ``stack.stop()`` ends them."""
    stack.data.mkdir(parents=True, exist_ok=True)
    for name in names:
        await stack._spawn(stack.part(name))


async def stop_parts(stack: Stack, *names: str) -> None:
    """Stop processes that ``start_parts`` started, and wait until they are gone."""
    for name in names:
        process = stack.part(name).process
        assert process is not None
        process.terminate()
        await process.wait()


async def answering(http: httpx.AsyncClient, path: str = "/readyz", *, within_s: float = 60.0) -> None:
    """Wait until an API answers with a success. Raises TimeoutError."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            if (await http.get(path)).is_success:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise TimeoutError(f"{http.base_url}{path} did not answer within {within_s:g} s")


async def listening(port: int, *, within_s: float = 60.0) -> None:
    """Wait until somebody listens on a port of this machine. Raises TimeoutError."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            await writer.wait_closed()
            return
    raise TimeoutError(f"nobody listens on port {port} after {within_s:g} s")
