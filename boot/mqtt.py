"""The MQTT listener: what sensors publish is kept, and acknowledged only when it is durable.

A message is acknowledged after ``usecases.inbound.keep`` has committed it. Whoever dies before has
acknowledged nothing, and the broker delivers again. While the store is away nothing is
acknowledged and the broker, whose window of unacknowledged messages is full, holds the rest.
So a message may come twice and never not at all; that twice is once is the business of its event id.

MQTT 3.1.1, quality of service 1, one session that outlives the connection. Reference: escalation.md §6.6.
"""

import asyncio
import hashlib
import json
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiomqtt
import structlog

from boot.listening import keep_listening
from boot.settings import Mqtt, Settings
from boot.wiring import connect, connect_store, open_city
from boot.worker import stop_event
from domain.source import Source, WireFormat
from store.inbound import STORE_AWAY
from usecases.city import City
from usecases.formats.frame import TOPIC_HEADER
from usecases.formats.mapping import UnableToMap, rules_of
from usecases.inbound import keep, keep_refused
from usecases.problems import BadRequest, Finding, ProblemCode

QOS = 1
BATCH = 128
"""Messages kept together at most: one commit writes as many for about the price of one."""
PAUSES_S = (0.5, 1.0, 2.0, 5.0, 15.0, 30.0)
"""How long to wait for a broker, or for the store, after the first, second … failure."""
TRIES = 4
"""So many faults of ours leave a message unacknowledged; it comes again with the next connection."""
SOURCE_FOR_S = 5.0
"""How long what is known of a source is believed."""
NOBODY = "mqtt"
"""The source a message is laid aside under when its topic belongs to none."""
CONTENT_TYPES: Mapping[WireFormat, str] = {
    WireFormat.CAP: "application/cap+xml",
    WireFormat.CLOUDEVENTS: "application/cloudevents+json",
}
log = structlog.get_logger()


class UnableToListen(ValueError):
    """The settings of MQTT cannot be used; the text says which."""


class Line(aiomqtt.Client):
    """A connection whose messages are acknowledged by hand.

    ``resumed`` tells whether the broker still had our session.
    """

    resumed = False

    def by_hand(self) -> "Line":
        """Have nothing acknowledged by itself; the library has no option of its own for this."""
        self._client.manual_ack_set(True)
        return self

    def ack(self, message: aiomqtt.Message) -> None:
        """Tell the broker that a message is ours now. On a line that is gone this does nothing."""
        self._client.ack(message.mid, message.qos)

    def _on_connect(self, client: Any, userdata: Any, flags: Any, *more: Any, **named: Any) -> None:
        self.resumed = bool(flags.session_present)
        super()._on_connect(client, userdata, flags, *more, **named)


@dataclass(frozen=True, kw_only=True, slots=True)
class Broker:
    """Where the broker is."""

    host: str
    port: int
    tls: bool


def broker_of(url: str) -> Broker:
    """Read ``mqtt://host:1883`` or ``mqtts://host:8883``. Raises UnableToListen."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UnableToListen("CITYOPS_MQTT__URL: not an address") from None
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
        raise UnableToListen("CITYOPS_MQTT__URL: mqtt://host:1883 or mqtts://host:8883")
    if parts.username or parts.password:
        raise UnableToListen("CITYOPS_MQTT__URL: name and password have settings of their own")
    tls = parts.scheme == "mqtts"
    return Broker(host=parts.hostname, port=port or (8883 if tls else 1883), tls=tls)


class Listener:
    """Listens to one broker for as long as it runs."""

    def __init__(self, *, city: City, settings: Mqtt, memory: Path) -> None:
        """Look the settings over. ``memory`` is a file that knows what is subscribed. Raises UnableToListen."""
        self._city = city
        self._settings = settings
        self._broker = broker_of(settings.url)
        self._memory = memory
        self._sources: dict[str, tuple[float, Source | None]] = {}
        self._fresh: frozenset[str] = frozenset()
        if not settings.topics:
            raise UnableToListen("CITYOPS_MQTT__TOPICS: no topic filter, so nothing would ever be heard")
        for pattern in settings.topics:
            try:
                aiomqtt.Wildcard(pattern)
            except ValueError:
                raise UnableToListen(f"CITYOPS_MQTT__TOPICS: {pattern!r} is no topic filter") from None

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until stopped, connecting again whenever the line is lost."""
        failures = 0
        while not stop.is_set():
            try:
                async with self._line() as line:
                    await self._subscribe(line)
                    log.info("listening", broker=self._broker.host, resumed=line.resumed)
                    failures = 0
                    await self._heard(line, stop)
            except aiomqtt.MqttError as error:
                pause = PAUSES_S[min(failures, len(PAUSES_S) - 1)]
                failures += 1
                log.warning("broker away", error=type(error).__name__, again_in_s=pause)
                await _pause(stop, pause)

    async def _heard(self, line: Line, stop: asyncio.Event) -> None:
        """Listen, and say that we do for as long as the line holds. Raises MqttError when it is lost."""
        over = asyncio.Event()
        saying = asyncio.create_task(keep_listening(city=lambda: self._city, name="mqtt", stop=over))
        try:
            await self._listen(line, stop)
        finally:
            over.set()
            await saying

    def _line(self) -> Line:
        password = self._settings.password.get_secret_value()
        return Line(
            hostname=self._broker.host,
            port=self._broker.port,
            username=self._settings.username or None,
            password=password or None,
            identifier=self._settings.client_id,
            clean_session=False,
            tls_context=ssl.create_default_context() if self._broker.tls else None,
        ).by_hand()

    async def _subscribe(self, line: Line) -> None:
        """Ask for what the session does not have yet, and no more for what it should not have.

        A topic asked for anew sends its retained message; those of a resumed session do not,
        so that whatever comes then is new.
        """
        wanted = {self._pattern(pattern): pattern for pattern in self._settings.topics}
        known = self._remembered() if line.resumed else frozenset()
        for gone in sorted(known - set(wanted)):
            await line.unsubscribe(gone)
        fresh = sorted(set(wanted) - known)
        self._fresh = frozenset(wanted[pattern] for pattern in fresh)
        if fresh:
            answers = await line.subscribe([(pattern, QOS) for pattern in fresh])
            refused = [one for one, answer in zip(fresh, answers, strict=False) if _refused(answer)]
            if refused:
                log.error("the broker refuses topics", topics=refused)
                fresh = [one for one in fresh if one not in refused]
        self._remember((known & set(wanted)) | set(fresh))

    def _pattern(self, pattern: str) -> str:
        return f"$share/{self._settings.shared}/{pattern}" if self._settings.shared else pattern

    def _remembered(self) -> frozenset[str]:
        try:
            return frozenset(json.loads(self._memory.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return frozenset()

    def _remember(self, patterns: Iterable[str]) -> None:
        self._memory.parent.mkdir(parents=True, exist_ok=True)
        self._memory.write_text(json.dumps(sorted(patterns)), encoding="utf-8")

    async def _listen(self, line: Line, stop: asyncio.Event) -> None:
        """Take messages as they come, many at a time when many wait. Raises MqttError when the line is lost."""
        messages = line.messages
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                coming = asyncio.ensure_future(messages.__anext__())
                await asyncio.wait({coming, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if not coming.done():
                    coming.cancel()
                    await asyncio.gather(coming, return_exceptions=True)
                    return
                batch = [coming.result()]
                while len(messages) and len(batch) < BATCH:
                    batch.append(await messages.__anext__())
                await self._take(line, batch, stop)
        finally:
            stopping.cancel()

    async def _take(self, line: Line, batch: list[aiomqtt.Message], stop: asyncio.Event) -> None:
        """Keep messages, then acknowledge those that are durable, in the order they came (as MQTT asks)."""
        kept = await asyncio.gather(*(self._kept(message, stop) for message in batch))
        for message, durable in zip(batch, kept, strict=True):
            if durable:
                line.ack(message)

    async def _kept(self, message: aiomqtt.Message, stop: asyncio.Event) -> bool:
        """Keep a message, waiting for the store as long as it takes; False leaves it with the broker."""
        received_at = self._city.now()
        faults = away = 0
        while True:
            try:
                await self._keep(message, received_at)
                return True
            except STORE_AWAY as error:
                log.warning("store away, nothing is acknowledged", error=type(error).__name__)
                await _pause(stop, PAUSES_S[min(away, len(PAUSES_S) - 1)])
                away += 1
            except BadRequest as error:
                log.warning("not kept", code=error.finding.code.value)
                return False
            except Exception as error:  # noqa: BLE001 - one message's fault holds up no other
                faults += 1
                # Not logged with its text: that may quote what people wrote.
                log.error("message not kept", error=type(error).__name__, topic=_topic(message))  # noqa: TRY400
                if faults == TRIES:
                    return False
                await _pause(stop, PAUSES_S[0])
            if stop.is_set():
                return False

    async def _keep(self, message: aiomqtt.Message, received_at: datetime) -> None:
        topic, body = _topic(message), bytes(message.payload)
        pattern = next((each for each in self._settings.topics if message.topic.matches(each)), "")
        name = self._settings.topics.get(pattern, NOBODY)
        if message.retain and not pattern:
            return  # old news of a topic nobody asked for, which some brokers send to a resumed session
        source = await self._source(name)
        if source is None or not source.enabled:
            await keep_refused(
                city=self._city,
                source=name,
                channel=source.channel if source else NOBODY,
                form=(source.form if source else WireFormat.JSON).value,
                content_type="",
                headers={TOPIC_HEADER: topic},
                body=body,
                problem=Finding(code=ProblemCode.SOURCE_NOT_FOUND, params={"source": name}),
            )
            return
        if message.retain and pattern in self._fresh and not _tells_state(source):
            return
        await keep(
            city=self._city,
            source=source,
            form=source.form,
            content_type=CONTENT_TYPES.get(source.form, "application/json"),
            headers={TOPIC_HEADER: topic},
            body=body,
            received_at=received_at,
        )

    async def _source(self, name: str) -> Source | None:
        until, found = self._sources.get(name, (0.0, None))
        if time.monotonic() >= until:
            found = await asyncio.to_thread(lambda: self._city.store.source(name=name))
            self._sources[name] = (time.monotonic() + SOURCE_FOR_S, found)
        return found


def _tells_state(source: Source) -> bool:
    """Tell whether a source's topics say how things are, so that what was retained still counts."""
    try:
        return rules_of(source.mapping).retained
    except UnableToMap:
        return True  # it becomes a dead letter and waits for its mapping


def _topic(message: aiomqtt.Message) -> str:
    return str(message.topic)


def _refused(answer: Any) -> bool:
    """Tell whether the broker's answer to a topic filter is no: 0x80 and above."""
    return int(getattr(answer, "value", answer)) >= 0x80


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


def memory_of(settings: Settings) -> Path:
    """Return the file that knows what is subscribed, one for each client of a broker."""
    key = hashlib.sha256(f"{settings.mqtt.url} {settings.mqtt.client_id}".encode()).hexdigest()[:16]
    return settings.data_dir.resolve() / "mqtt" / f"{key}.json"


async def run(settings: Settings) -> None:
    """Listen until SIGTERM or SIGINT. Raises UnableToListen."""
    broker_of(settings.mqtt.url)
    stop = stop_event()
    store = connect_store(settings)
    city = open_city(settings=settings, store=store, client=await connect())
    try:
        await Listener(city=city, settings=settings.mqtt, memory=memory_of(settings)).run(stop)
    finally:
        await city.intake.close()
        store.close()
