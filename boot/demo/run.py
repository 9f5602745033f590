"""``cityops demo``: the embedded stack in demo mode, a generated day, its closing figures."""

import asyncio
import shutil
import signal
import socket
import time
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from boot.demo import show
from boot.demo.board import Board
from boot.demo.client import Client, Tally, Unanswered
from boot.demo.clock import DayClock
from boot.demo.day import DayData, UnableToReadDay, read_day
from boot.demo.figures import figures
from boot.demo.generate import FEWEST, Item, generate
from boot.demo.places import Spots
from boot.demo.play import Play, ended
from boot.demo.staff import City
from boot.demo.verify import History, misses
from boot.only_one import AlreadyRunning, only_one
from boot.settings import Clock, Settings
from boot.stack import Ports, Stack, free_port
from boot.up import until_interrupted
from boot.wiring import atlas_cache, city_clock, prepare
from domain.pack import CityPack
from geo.publish import open_atlas, publish
from store.pack import load as load_pack

PATIENCE = 0.75
"""How long after the day's end unfinished lives are waited for, as a share of the day."""
LEAST_PATIENCE_S = 60.0
SETTLE_S = 30.0
READERS = 8
STOPPED = 130
"""Exit status after Ctrl-C in the middle of the day, as shells expect it."""
KEPT = "atlas"
"""What survives in the demonstration's data folder: derived from the pack, named by its hash."""

console = Console()


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How to play: ``minutes`` are machine minutes the day takes; ``leave`` ends after the figures."""

    reports: int
    minutes: float
    seed: int
    leave: bool


async def run(*, settings: Settings, plan: Plan) -> int:
    """Play the day; return 0 when every case reached the state it should have, else 1 (2: cannot start)."""
    ours = settings.model_copy(
        update={
            "data_dir": settings.data_dir / "demo",
            "database_url": "",
            "redis_url": "",
            "demo_mode": True,
        }
    )
    if plan.reports < FEWEST:
        show.say(console, f"至少 {FEWEST} 件 / at least {FEWEST} reports make a day", style="red")
        return 2
    try:
        with _alone(ours.data_dir):
            return await _unless_stopped(_play_in(ours, plan))
    except (AlreadyRunning, UnableToReadDay) as problem:
        show.say(console, str(problem), style="red")
        return 2


async def _unless_stopped(playing: Coroutine[None, None, int]) -> int:
    """Run it; Ctrl-C or SIGTERM ends it in order, so that no process of the stack is left behind."""
    task = asyncio.ensure_future(playing)
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return STOPPED


async def _play_in(settings: Settings, plan: Plan) -> int:
    pack = load_pack(folder=settings.pack)
    day = read_day(pack=pack, folder=settings.pack)
    show.say(console, f"{pack.city.name_zh} {pack.city.name_en}: {plan.reports} 件 reports, seed {plan.seed}")
    show.say(console, "任何人可以任何身份操作；切勿对外开放 / anybody may act as anybody: never on a network")
    began = time.time()
    await asyncio.to_thread(prepare, settings)
    # The stack takes about as long to start as the pack took to publish; the day begins then.
    lead_s = max(5.0, min(time.time() - began, 20.0))
    clocked = settings.model_copy(update={"clock": _clock(day, plan, lead_s)})
    ports = _ports()
    stack = Stack(data=settings.data_dir, ports=ports, env=_env(clocked, ports))
    try:
        generated = asyncio.create_task(asyncio.to_thread(_generate, clocked, pack, day, plan))
        await stack.start()
        return await _show_day(clocked, plan, Scene(pack=pack, day=day, items=await generated, ports=ports))
    finally:
        show.say(console, "停止 / stopping …")
        await stack.stop()


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """The day about to be played, and where."""

    pack: CityPack
    day: DayData
    items: list[Item]
    ports: Ports


async def _show_day(settings: Settings, plan: Plan, scene: Scene) -> int:
    tally = Tally()
    client = Client(base_url=f"http://127.0.0.1:{scene.ports.api}", tally=tally)
    city = City(
        client=client,
        board=Board(client=client),
        clock=DayClock(clock=city_clock(settings)),
        pack=scene.pack,
        colleagues=scene.day.colleagues,
        seed=plan.seed,
    )
    try:
        show.addresses(console, scene.ports)
        play = Play(city=city, day=scene.day)
        shown = asyncio.create_task(show.progress(console, play))
        try:
            await play.run(scene.items, patience_s=max(LEAST_PATIENCE_S, PATIENCE * plan.minutes * 60.0))
        finally:
            await ended(shown)
        status = await _close(play, speed=settings.clock.speed)
        if not plan.leave:
            show.say(console, "系统仍在运行 / the stack stays up:")
            show.addresses(console, scene.ports)
            await until_interrupted()
        return status
    finally:
        await client.close()


async def _close(play: Play, *, speed: float) -> int:
    """Wait until nothing is owed any more, then print the figures and the verdict."""
    client, tally = play.city.client, play.city.client.tally
    owed = await _settled(client)
    histories = await _histories(client)
    numbers = figures(histories=list(histories.values()), speed=speed, owed=owed)
    show.closing(console, numbers, repeated=play.repeated, tally=tally)
    missed = misses(lives=play.lives, histories=histories)
    show.verdict(console, missed=missed, lives=len(play.lives), faults=tally.faults)
    return 1 if missed or tally.faults else 0


async def _settled(client: Client) -> Mapping[str, int]:
    """Return what is still owed after some patience: nothing, normally. A sleeping case is a fault."""
    end = time.monotonic() + SETTLE_S
    while True:
        finding = await client.health()
        pending: dict[str, int] = finding["pending"]
        if (finding["healthy"] and not any(pending.values())) or time.monotonic() > end:
            break
        await asyncio.sleep(0.5)
    if not finding["healthy"]:
        client.tally.faults.append(f"not healthy: {finding['late']} {finding.get('stuck', [])}")
    if any(pending.values()):
        client.tally.faults.append(f"still owed after {SETTLE_S:g} s: {pending}")
    return pending


async def _histories(client: Client) -> dict[str, History]:
    """Read every case the lists show, with its history."""
    numbers = [case["case_no"] for case in await client.cases()]
    turn = asyncio.Semaphore(READERS)

    async def read(number: str) -> tuple[str, History] | None:
        async with turn:
            try:
                return number, await client.history(number)
            except Unanswered:
                return None  # counted as a fault; the case then counts as lost

    return dict(pair for pair in await asyncio.gather(*map(read, numbers)) if pair is not None)


def _generate(settings: Settings, pack: CityPack, day: DayData, plan: Plan) -> list[Item]:
    atlas = open_atlas(publish(pack_folder=settings.pack, cache=atlas_cache(settings)))
    spots = Spots(atlas=atlas, on=day.begins.date(), weights=day.districts, seed=plan.seed)
    return generate(pack=pack, day=day, spots=spots, reports=plan.reports, seed=plan.seed)


def _clock(day: DayData, plan: Plan, lead_s: float) -> Clock:
    """Return the clock that shows the day's beginning ``lead_s`` machine seconds from now."""
    speed = day.seconds / (plan.minutes * 60.0)
    return Clock(origin=time.time() + lead_s, city_origin=day.begins.timestamp(), speed=max(1.0, speed))


def _env(settings: Settings, ports: Ports) -> dict[str, str]:
    """Return the processes' settings. No database, mail server or webhook of a real city is used."""
    clock = settings.clock
    return {
        "CITYOPS_DEMO_MODE": "true",
        "CITYOPS_PACK": str(settings.pack.resolve()),
        "CITYOPS_PUBLIC_URL": f"http://127.0.0.1:{ports.api}",
        "CITYOPS_DATABASE_URL": "",
        "CITYOPS_REDIS_URL": "",
        "CITYOPS_SMTP__HOST": "",
        "CITYOPS_WEBHOOK__SECRETS": "{}",
        "CITYOPS_CLOCK__ORIGIN": repr(clock.origin),
        "CITYOPS_CLOCK__CITY_ORIGIN": repr(clock.city_origin),
        "CITYOPS_CLOCK__SPEED": repr(clock.speed),
    }


def _ports() -> Ports:
    """Return the usual ports, or free ones where somebody has them."""
    usual = Ports()
    return replace(
        usual,
        api=_free(usual.api),
        temporal=_free(usual.temporal),
        temporal_ui=_free(usual.temporal_ui),
    )


def _free(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return free_port()
    return port


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the demonstration's data folder, wiped but for what is derived from the pack."""
    folder.mkdir(parents=True, exist_ok=True)
    with only_one(folder.parent / "demo.lock"):
        for entry in folder.iterdir():
            if entry.name == KEPT:
                continue
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        yield
