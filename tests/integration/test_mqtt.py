"""MQTT against a real broker: nothing is acknowledged that is not durable, and nothing is lost."""

import asyncio
import json
import os
import socket
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiomqtt
import pytest
from sqlalchemy import distinct, func, select
from structlog.testing import capture_logs

from boot.mqtt import Listener, UnableToListen
from boot.settings import Mqtt, Settings
from boot.stack import Ports, Stack
from boot.wiring import connect
from domain.envelope import Envelope, EnvelopeKind
from domain.source import Source
from store.engine import Store, open_store
from store.group_commit import GroupCommit
from store.rows_intake import InboundRow
from store.tables_sources import inbound, signals
from tests.integration.temporal_env import eventually
from tests.mqtt_broker import broker
from usecases.city import City, Grounds
from usecases.gateway import CaseGateway
from usecases.inbound import keep
from usecases.ingest import ingest, parts_of
from usecases.signals import take

__all__ = ["broker"]

NOW = datetime(2026, 11, 22, 0, 16, tzinfo=UTC)
USER = "vendor"
MAPPING = {"subject": "$topic[1]", "value": "v", "occurred_at": "t"}
WILL = {"body": "text", "subject": "$topic[1]", "kind": ".", "kind:lost": "offline", "kind:here": "online"}


DRILL = {
    **MAPPING,
    "kind": "=alarm",
    "exercise": "=test",
    "category": "=S-FLD-01",
    "lon": "=114.3",
    "lat": "=30.6",
}


async def city_on(store: Store, grounds: Grounds) -> City:
    """Return Wuhan on a store; Temporal is not there."""
    return City(
        grounds=grounds,
        store=store,
        intake=GroupCommit(store=store),
        cases=CaseGateway(client=await connect()),
        now=lambda: NOW,
        random_bits=lambda bits: bits,
    )


@pytest.fixture
async def city(store: Store, wuhan: Grounds) -> AsyncIterator[City]:
    """Return a city with the sources of these tests."""
    add_sources(store)
    made = await city_on(store, wuhan)
    yield made
    await made.intake.close()


def add_sources(store: Store) -> None:
    for name, mapping in (("wl", MAPPING), ("gw", WILL), ("state", {**WILL, "retained": "yes"})):
        store.put_source(source=Source(name=name, channel="sensor", mapping=mapping), at=NOW)
    store.put_source(source=Source(name="drill", channel="sensor", mapping=DRILL), at=NOW)
    store.put_source(source=Source(name="gone", channel="sensor", enabled=False), at=NOW)


def settings(port: int, name: str, **topics: str) -> Mqtt:
    """Return the settings of one listener: a pattern for each source, and a session nobody had before."""
    patterns = topics or {"wl": "+/up"}
    return Mqtt(
        url=f"mqtt://127.0.0.1:{port}",
        client_id=f"cityops-{name}-{uuid.uuid4().hex}",
        username=USER,
        topics={f"{name}/{pattern}": source for source, pattern in patterns.items()},
    )


@asynccontextmanager
async def listening(city: City, mqtt: Mqtt, memory: Path) -> AsyncIterator[None]:
    """Have a listener run; it is stopped as by SIGTERM."""
    stop = asyncio.Event()
    with capture_logs() as logs:
        task = asyncio.create_task(Listener(city=city, settings=mqtt, memory=memory).run(stop))
        try:
            await until(lambda: any(entry["event"] == "listening" for entry in logs))
            yield
        finally:
            stop.set()
            await task


@asynccontextmanager
async def vendor(port: int) -> AsyncIterator[aiomqtt.Client]:
    """Return a connection that publishes."""
    async with aiomqtt.Client("127.0.0.1", port, username=USER) as client:
        yield client


async def until(true: Callable[[], object]) -> None:
    async def ask() -> bool:
        return bool(true())

    await eventually(ask)


def waiting(store: Store) -> int:
    """Count what is kept and not yet read."""
    return store.backlog().waiting


def claimed(store: Store) -> list[InboundRow]:
    """Take all that is kept, as who reads it does."""
    return store.claim_inbound(limit=1000, now=NOW, worker="test", lease_s=30)


async def publish(client: aiomqtt.Client, topic: str, said: object, *, retain: bool = False) -> None:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    await client.publish(topic, body, qos=1, retain=retain)


def reading(n: int) -> dict[str, object]:
    return {"v": n, "t": f"2026-11-22T00:{12 + n // 60:02}:{n % 60:02}Z"}


def subjects(city: City, rows: Sequence[InboundRow]) -> dict[str, set[str]]:
    """Read rows; return the event ids of each subject."""
    found: dict[str, set[str]] = {}
    for row in rows:
        source = city.store.source(name=row.source)
        assert source is not None
        for part in parts_of(city=city, row=row, source=source):
            assert isinstance(part, Envelope), part
            found.setdefault(part.subject, set()).add(part.event_id)
    return found


async def test_two_hundred_messages_of_twenty_devices_are_all_kept(
    city: City, broker: int, tmp_path: Path
) -> None:
    async with listening(city, settings(broker, "all"), tmp_path / "m"), vendor(broker) as client:
        await asyncio.gather(*(publish(client, f"all/d{n % 20}/up", reading(n)) for n in range(200)))
        await until(lambda: waiting(city.store) >= 200)
    rows = claimed(city.store)
    assert len(rows) == 200
    assert {row.source for row in rows} == {"wl"}
    assert {row.headers["mqtt-topic"] for row in rows} == {f"all/d{n}/up" for n in range(20)}
    found = subjects(city, rows)
    assert {name: len(ids) for name, ids in found.items()} == {f"d{n}": 10 for n in range(20)}


async def test_wills_retained_states_and_topics_of_nobody(city: City, broker: int, tmp_path: Path) -> None:
    mqtt = settings(broker, "st", wl="+/up", gw="+/status", state="+/state", gone="+/gone", who="+/who")
    async with vendor(broker) as client:
        await publish(client, "st/7/status", b"here", retain=True)  # old news
        await publish(client, "st/7/state", b"here", retain=True)  # how things are
    will = aiomqtt.Will("st/9/status", b"lost", qos=1)
    gateway = aiomqtt.Client("127.0.0.1", broker, username=USER, will=will)
    async with listening(city, mqtt, tmp_path / "m"):
        await gateway.__aenter__()
        line = gateway._client.socket()
        assert isinstance(line, socket.socket)
        line.shutdown(socket.SHUT_RDWR)  # it is cut off
        async with vendor(broker) as client:
            await publish(client, "st/7/gone", b"{}")
            await publish(client, "st/7/who", b"{}")
        await until(lambda: waiting(city.store) >= 2 and city.store.backlog().dead >= 2)
    assert gateway._disconnected.exception() is not None
    await gateway.__aexit__(None, None, None)
    rows = claimed(city.store)
    said = {(row.source, row.headers["mqtt-topic"], row.body) for row in rows}
    assert said == {("gw", "st/9/status", b"lost"), ("state", "st/7/state", b"here")}
    # A letter keeps its topic: when its source is let in it is replayed, and the topic names the device.
    laid_aside = {letter.source: letter.headers for letter in city.store.letters(limit=9)}
    assert laid_aside == {name: {"mqtt-topic": f"st/7/{name}"} for name in ("gone", "who")}
    (lost,) = (row for row in rows if row.source == "gw")
    source = city.store.source(name="gw")
    assert source is not None
    (part,) = parts_of(city=city, row=lost, source=source)
    assert isinstance(part, Envelope)
    assert (part.kind, part.subject) == (EnvelopeKind.OFFLINE, "9")


async def test_while_the_store_is_away_nothing_is_acknowledged_and_nothing_lost(
    wuhan: Grounds, broker: int, tmp_path: Path
) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'away.db'}")  # no tables yet: a store that answers nothing
    city = await city_on(store, wuhan)
    mqtt, memory = settings(broker, "away"), tmp_path / "m"
    with capture_logs() as logs:
        first = asyncio.create_task(Listener(city=city, settings=mqtt, memory=memory).run(asyncio.Event()))
        await until(lambda: any(entry["event"] == "listening" for entry in logs))
        async with vendor(broker) as client:
            for n in range(30):
                await publish(client, f"away/d{n}/up", reading(n))
        await until(lambda: any("store away" in entry["event"] for entry in logs))
        first.cancel()  # killed between receiving and committing
        await asyncio.gather(first, return_exceptions=True)
    async with listening(city, mqtt, memory):
        store.migrate()  # and now it is back
        add_sources(store)
        await until(lambda: waiting(store) >= 30)
    assert {name: len(ids) for name, ids in subjects(city, claimed(store)).items()} == {
        f"d{n}": 1 for n in range(30)
    }
    await city.intake.close()
    store.close()


async def test_killed_at_any_moment_every_event_is_taken_once(
    wuhan: Grounds, broker: int, sqlite_url: str, wuhan_settings: Settings
) -> None:
    store = open_store(sqlite_url)
    add_sources(store)
    city = await city_on(store, wuhan)
    mqtt = settings(broker, "kill", drill="+/up")
    env = {
        "CITYOPS_DATABASE_URL": sqlite_url,
        "CITYOPS_DATA_DIR": str(wuhan_settings.data_dir),
        "CITYOPS_MQTT__URL": mqtt.url,
        "CITYOPS_MQTT__CLIENT_ID": mqtt.client_id,
        "CITYOPS_MQTT__USERNAME": USER,
        "CITYOPS_MQTT__TOPICS": json.dumps(mqtt.topics),
    }
    process = await start(env)
    async with vendor(broker) as client:
        sending = asyncio.create_task(_send(client, 200))
        await until(lambda: waiting(store) >= 60)
        process.kill()
        await process.wait()
        process = await start(env)
        await sending
        await publish(client, "kill/last/up", reading(200))
    await until(lambda: bodies(store) >= 201)
    process.terminate()
    await process.wait()
    rows = claimed(store)
    assert ingest(city=city, rows=rows, take=take) == len(rows)
    assert letters(store) == []
    assert taken(store) == 201
    await city.intake.close()
    store.close()


async def start(env: dict[str, str]) -> asyncio.subprocess.Process:
    """Start ``cityops mqtt``; return when it listens."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "boot", "mqtt", env={**os.environ, **env},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    while b"listening" not in (line := await process.stdout.readline()):
        assert line, "it ended"
    return process


async def test_a_message_delivered_again_long_after_is_taken_once(city: City) -> None:
    told = {"mqtt-topic": "kill/d1/up"}
    source = city.store.source(name="drill")
    assert source is not None
    # Believed at first; when it comes again its time is too old to be, and yet it is the same.
    for n, late in enumerate((0, 1, 3, 20, 600)):
        body = json.dumps(reading(n % 2)).encode()
        at = datetime(2026, 11, 22, 0, 13, tzinfo=UTC) + timedelta(minutes=late)
        await keep(
            city=city,
            source=source,
            form=source.form,
            content_type="",
            headers=told,
            body=body,
            received_at=at,
        )
    rows = claimed(city.store)
    assert ingest(city=city, rows=rows, take=take) == 5
    assert letters(city.store) == []
    assert taken(city.store) == 2


def letters(store: Store) -> list[tuple[str, dict[str, str], bytes]]:
    """Return what nobody could take, and why."""
    dead = select(inbound.c.code, inbound.c.params, inbound.c.body).where(inbound.c.state == "dead")
    return store._read(lambda connection: [(row[0], row[1], row[2]) for row in connection.execute(dead)])


def bodies(store: Store) -> int:
    """Count the different messages that are kept."""
    return store._read(
        lambda connection: connection.execute(select(func.count(distinct(inbound.c.digest)))).scalar_one()
    )


def taken(store: Store) -> int:
    """Count the events that were taken, each once: their names are unique in the table."""
    return store._read(
        lambda connection: connection.execute(select(func.count()).select_from(signals)).scalar_one()
    )


async def _send(client: aiomqtt.Client, count: int) -> None:
    for n in range(count):
        await publish(client, f"kill/d{n % 20}/up", reading(n))
        await asyncio.sleep(0.005)


def test_the_stack_listens_where_a_broker_is_set(tmp_path: Path) -> None:
    def names(env: dict[str, str]) -> list[str]:
        return [part.name for part in Stack(data=tmp_path, ports=Ports(), env=env).parts]

    assert "mqtt" not in names({"CITYOPS_MQTT__URL": ""})
    assert names({"CITYOPS_MQTT__URL": "mqtt://127.0.0.1"})[-1] == "mqtt"


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://127.0.0.1"},
        {"url": "mqtt://"},
        {"url": "mqtt://user:secret@127.0.0.1"},
        {"url": "mqtt://127.0.0.1:99999"},
        {"topics": {}},
        {"topics": {"a/#/b": "wl"}},
    ],
)
async def test_settings_that_cannot_be_used_are_told_so(
    wuhan: Grounds, sqlite_url: str, tmp_path: Path, wrong: dict[str, object]
) -> None:
    good = {"url": "mqtt://127.0.0.1", "topics": {"a/+": "wl"}}
    store = open_store(sqlite_url)
    city = await city_on(store, wuhan)
    Listener(city=city, settings=Mqtt.model_validate(good), memory=tmp_path / "m")
    with pytest.raises(UnableToListen, match="CITYOPS_MQTT__") as told:
        Listener(city=city, settings=Mqtt.model_validate({**good, **wrong}), memory=tmp_path / "m")
    assert "secret" not in str(told.value)
    await city.intake.close()
    store.close()
