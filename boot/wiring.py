"""Wiring: settings in, services out. The only place that knows every room."""

import asyncio
import os
import random
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

import structlog
from temporalio.client import Client
from temporalio.envconfig import ClientConfig

from boot.people import access_of, publish_people
from boot.settings import Settings
from domain.clock import city_time
from domain.place import Level
from domain.policy import CityClock
from geo.placeholders import PlaceholderDetector
from geo.publish import open_atlas, publish
from routing import build_book
from store.engine import Store, open_store
from store.group_commit import GroupCommit
from store.pack import load as load_pack
from store.rows import AreaRow
from usecases.city import City, Grounds
from usecases.devices import located, relocate
from usecases.gateway import CaseGateway
from usecases.secret import Secret, UnableToDerive
from workflows.converter import DATA_CONVERTER

log = structlog.get_logger()


def city_clock(settings: Settings) -> CityClock:
    """Return the clock that is pinned to every case."""
    clock = settings.clock
    return CityClock(origin=clock.origin, city_origin=clock.city_origin, speed=clock.speed)


async def connect(*, lazy: bool = True) -> Client:
    """Return a Temporal client for this process and loop; lazy, so that intake starts without a server."""
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "127.0.0.1:7233")
    return await Client.connect(**config, lazy=lazy, data_converter=DATA_CONVERTER)


async def connect_when_up(*, every_s: float = 0.5) -> Client:
    """Return a client that is connected, waiting for the server as long as it takes (workers need one)."""
    while True:
        try:
            return await connect(lazy=False)
        except RuntimeError as error:
            log.info("waiting for Temporal", error=str(error)[:120])
            await asyncio.sleep(every_s)


def grounds_of(settings: Settings) -> Grounds:
    """Load the pack with its atlas and its routing; needs no store and no server."""
    pack = load_pack(folder=settings.pack)
    atlas = open_atlas(publish(pack_folder=settings.pack, cache=atlas_cache(settings)))
    return Grounds(
        pack=pack,
        book=build_book(pack=pack),
        atlas=atlas,
        clock=city_clock(settings),
        placeholders=PlaceholderDetector(
            share=pack.locate.placeholder_share, min_rows=pack.locate.placeholder_min
        ),
    )


def open_city(*, settings: Settings, store: Store, client: Client) -> City:
    """Bind a city's grounds to the store and to Temporal."""
    grounds = grounds_of(settings)
    return City(
        grounds=grounds,
        store=store,
        intake=GroupCommit(store=store),
        cases=CaseGateway(client=client),
        now=lambda: city_time(grounds.clock, datetime.now(UTC)),
        random_bits=random.SystemRandom().getrandbits,
        secret=secret_of(settings),
        media=settings.media,
        access=access_of(settings),
        call_bridge=settings.call_bridge,
    )


def secret_of(settings: Settings) -> Secret:
    """Return the installation's secret: the one set, else a file in the data folder, made once, readable by its owner."""
    given = settings.secret_key.get_secret_value()
    if given:
        return Secret(key=given.encode())
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    path = settings.data_dir.resolve() / "secret.key"
    try:
        fresh = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _kept_secret(path)
    with os.fdopen(fresh, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32))
    return _kept_secret(path)


def _kept_secret(path: Path) -> Secret:
    """Read the file; another process may be writing its one line just now."""
    for _ in range(100):
        text = path.read_text(encoding="ascii").strip()
        if len(text) == 64:
            return Secret(key=text.encode())
        time.sleep(0.02)
    raise UnableToDerive(f"{path} holds no secret")


def atlas_cache(settings: Settings) -> Path:
    """Return where published atlases are kept."""
    return settings.data_dir.resolve() / "atlas"


def connect_store(settings: Settings, *, pool: int = 5, right_of_way: bool = False) -> Store:
    """Open the database, creating the data folder for an embedded one."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return open_store(settings.database, pool=pool, right_of_way=right_of_way)


def prepare(settings: Settings) -> None:
    """Bring the database up to date and publish units, areas and the atlas of the pack."""
    store = connect_store(settings)
    store.migrate()
    publish_pack(settings=settings, store=store)
    publish_people(settings=settings, store=store)
    store.close()


def publish_pack(*, settings: Settings, store: Store) -> bool:
    """Put units, areas and atlas of the pack on this disk in force; False when they are already.

    Devices are located again where the outlines are others.
    Sources the database does not have yet are added; those it has are people's (``cityops source apply``).
    The atlas comes first and the units last: processes that see the units' version find the
    rest there.
    """
    pack = load_pack(folder=settings.pack)
    atlas = open_atlas(publish(pack_folder=settings.pack, cache=atlas_cache(settings)))
    areas = (
        AreaRow(level=int(area.level), code=area.code, name=area.name, parent=area.parent)
        for level in Level
        for area in pack.areas.at(level)
    )
    store.publish_areas(areas=areas, version=pack.version)
    store.publish_sources(sources=pack.sources, at=datetime.now(UTC))
    if not located(atlas=atlas, store=store):
        relocate(pack=pack, atlas=atlas, store=store, at=city_time(city_clock(settings), datetime.now(UTC)))
    return store.publish_units(units=pack.tree.units(), version=pack.version)
