"""``cityops up``: the embedded stack until Ctrl-C."""

import asyncio
import signal

from rich.console import Console

from boot.only_one import AlreadyRunning, only_one
from boot.settings import Settings
from boot.stack import Ports, Stack, listening
from boot.wiring import prepare

console = Console()


async def run(*, settings: Settings, ports: Ports) -> int:
    """Start, print where everything is, and stop at SIGINT or SIGTERM.

    Returns 2 when the data folder is in use or a port is taken.
    """
    taken = [port for port in (ports.api, ports.temporal, ports.temporal_ui) if listening(port)]
    if taken:
        console.print(f"[red]端口已被占用 / ports taken: {', '.join(map(str, taken))}[/] (--help)")
        return 2
    try:
        with only_one(settings.data_dir / "up.lock"):
            await _serve(settings, ports)
    except AlreadyRunning as problem:
        console.print(str(problem), style="red")
        return 2
    return 0


async def _serve(settings: Settings, ports: Ports) -> None:
    await asyncio.to_thread(prepare, settings)
    if settings.demo_mode:
        console.print("[yellow]演示模式 demo mode: 任何人可以任何身份操作 / anybody may act as anybody[/]")
    set_by_hand = "public_url" in settings.model_fields_set
    url = settings.public_url if set_by_hand else f"http://127.0.0.1:{ports.api}"
    stack = Stack(data=settings.data_dir, ports=ports, env={"CITYOPS_PUBLIC_URL": url})
    try:
        await stack.start()
        addresses(ports)
        await until_interrupted()
    finally:
        console.print("停止 / stopping …")
        await stack.stop()


def addresses(ports: Ports) -> None:
    """Print where people find things."""
    console.print(f"  页面 pages  http://127.0.0.1:{ports.api}/")
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
