"""``cityops up``: the embedded stack until Ctrl-C."""

import asyncio
import signal

from rich.console import Console

from boot.settings import Settings
from boot.stack import Ports, Stack
from boot.wiring import prepare

console = Console()


async def run(*, settings: Settings, ports: Ports) -> int:
    """Start, print where everything is, and stop at SIGINT or SIGTERM."""
    await asyncio.to_thread(prepare, settings)
    stack = Stack(data=settings.data_dir, ports=ports, env={"CITYOPS_PUBLIC_URL": settings.public_url})
    try:
        await stack.start()
        addresses(ports)
        await until_interrupted()
    finally:
        console.print("停止 / stopping …")
        await stack.stop()
    return 0


def addresses(ports: Ports) -> None:
    """Print where people find things."""
    console.print(f"  API        http://127.0.0.1:{ports.api}/docs")
    console.print(f"  健康 health http://127.0.0.1:{ports.api}/healthz")
    console.print(f"  Temporal   http://127.0.0.1:{ports.temporal_ui}")
    console.print("  Ctrl-C 停止 / Ctrl-C stops")


async def until_interrupted() -> None:
    """Wait for Ctrl-C or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    await stop.wait()
