"""A running process takes over the pack that is published, when it is on its disk, and not before."""

import asyncio
import shutil
from pathlib import Path

import pytest

from boot.reload import Reloader
from boot.settings import Settings
from boot.wiring import connect, open_city, publish_pack
from store.engine import Store
from usecases.city import City

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def settings(tmp_path: Path, wuhan_settings: Settings) -> Settings:
    """Return settings with a pack folder of one's own; the published areas are the session's."""
    folder = tmp_path / "pack"
    shutil.copytree(wuhan_settings.pack, folder)
    return wuhan_settings.model_copy(update={"pack": folder})


def change(settings: Settings, sign_in: str) -> None:
    """Change a limit in the pack's folder."""
    path = settings.pack / "escalation.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('sign_in = "10MIN"', f'sign_in = "{sign_in}"'), encoding="utf-8")


async def serving(settings: Settings, store: Store) -> City:
    publish_pack(settings=settings, store=store)
    return open_city(settings=settings, store=store, client=await connect())


def sign_in(city: City) -> str:
    return str(city.pack.severities[1].stages.sign_in)


async def test_a_folder_that_was_not_published_is_not_served(settings: Settings, store: Store) -> None:
    reloader = Reloader(settings=settings, city=await serving(settings, store))
    assert reloader.look() is None
    change(settings, "7MIN")
    assert reloader.look() is None


async def test_a_published_pack_is_served_and_keeps_what_was_learned(
    settings: Settings, store: Store
) -> None:
    city = await serving(settings, store)
    reloader = Reloader(settings=settings, city=city)
    city.grounds.placeholders.observe(channel="hotline", lon=114.3, lat=30.6)
    change(settings, "7MIN")
    assert publish_pack(settings=settings, store=store)

    fresh = reloader.look()

    assert fresh is not None
    assert (sign_in(city), sign_in(fresh)) == ("10MIN", "7MIN")
    assert fresh.grounds.placeholders is city.grounds.placeholders
    assert fresh.grounds.book.version == fresh.pack.version
    assert reloader.look() is None
    assert not publish_pack(settings=settings, store=store)


async def test_a_published_pack_that_is_not_on_this_disk_waits(settings: Settings, store: Store) -> None:
    reloader = Reloader(settings=settings, city=await serving(settings, store))
    elsewhere = settings.model_copy(update={"pack": settings.pack.with_name("elsewhere")})
    shutil.copytree(settings.pack, elsewhere.pack)
    change(elsewhere, "7MIN")
    publish_pack(settings=elsewhere, store=store)
    assert reloader.look() is None

    shutil.rmtree(settings.pack)
    assert reloader.look() is None  # half-way through an installation
    elsewhere.pack.rename(settings.pack)
    fresh = reloader.look()

    assert fresh is not None
    assert sign_in(fresh) == "7MIN"


async def test_a_process_swaps_by_itself_and_outlives_a_database_that_is_away(
    settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    reloader = Reloader(settings=settings, city=await serving(settings, store))
    swapped: list[City] = []
    stop = asyncio.Event()
    real, faults = store.published_version, [ConnectionError("away"), None]

    def away(*, what: str = "units") -> str:
        fault = faults.pop(0) if faults else None
        if fault is not None:
            raise fault
        return real(what=what)

    change(settings, "7MIN")
    publish_pack(settings=settings, store=store)
    monkeypatch.setattr(store, "published_version", away)

    def swap(city: City) -> None:
        swapped.append(city)
        stop.set()

    running = asyncio.create_task(reloader.run(swap=swap, stop=stop, every_s=0.02))
    await asyncio.wait_for(running, 60)

    assert [sign_in(city) for city in swapped] == ["7MIN"]
