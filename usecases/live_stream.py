"""Changes on their way through Redis: one stream, written by relays, read by every API process.

An entry has the position of its change as its own id, so Redis refuses whatever is written twice:
several relays may write the same. It names the change before it, so a reader notices when the
stream does not connect, whatever happened to it, and asks the store. Nothing is
lost with the stream, so it is short and need not be kept on a disk.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from domain.change import Change, Position, position_of
from store.changes import UnableToGoOn
from store.engine import Store

MOST = 10_000
"""About how many entries the stream keeps."""
PATIENCE_S = 0.5
AT_ONCE = 500
PAUSE_S = 0.1
AWAY_S = 1.0
AWAY = (RedisError, OSError, TimeoutError)
"""What is raised while Redis cannot be reached."""
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A change as it stands in the stream, and the position of the one before it."""

    change: Change
    before: Position


class Stream:
    """The stream of one database's changes. Used in one event loop."""

    def __init__(self, *, url: str, name: str) -> None:
        """Name the Redis (``redis://``, ``rediss://``, ``unix://``) and the database. Connects to nothing yet."""
        self._key = f"cityops:changes:{name}"
        self._redis = Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=PATIENCE_S,
            socket_timeout=PATIENCE_S * 4,
            retry=Retry(NoBackoff(), 0),
            protocol=2,  # the shape of an answer depends on it
        )

    async def read(self, *, after: Position, wait_s: float, most: int) -> list[Entry]:
        """Return entries after a position, waiting for the first at most this long. Raises AWAY."""
        block = max(1, int(wait_s * 1000))
        found: Any = await self._redis.xread({self._key: str(after)}, count=most, block=block)
        return [_entry(place, fields) for _, entries in found for place, fields in entries]

    async def write(self, *, changes: Sequence[Change], before: Position) -> None:
        """Add changes that follow each other, the first one ``before``. What is there already stays. Raises AWAY."""
        pipe = self._redis.pipeline(transaction=False)
        for change in changes:
            fields = cast("Any", {"change": _packed(change, before)})
            pipe.xadd(self._key, fields, id=change.id, maxlen=MOST, approximate=True)
            before = change.position
        for answer in await pipe.execute(raise_on_error=False):
            if isinstance(answer, Exception) and not _is_there(answer):
                raise answer

    async def last(self) -> Position | None:
        """Return the last entry's position, None for an empty stream. Raises AWAY."""
        found: Any = await self._redis.xrevrange(self._key, count=1)
        return position_of(found[0][0]) if found else None

    async def forget(self) -> None:
        """Delete the stream. Raises AWAY."""
        await self._redis.delete(self._key)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


class Publisher:
    """Carries changes from the store into the stream. Any number of relays may do it at once."""

    def __init__(self, *, store: Store, stream: Stream) -> None:
        """Keep both."""
        self._store = store
        self._stream = stream
        self._written: Position | None = None
        self._away = False

    async def run(self, stop: asyncio.Event) -> None:
        """Carry until stopped. Outlives every fault; readers then ask the store."""
        while not stop.is_set():
            try:
                carried = await self.carry()
            except Exception as error:  # noqa: BLE001 - the loop must outlive any fault
                self._written = None
                if not self._away:
                    log.warning("live changes are not published", error=type(error).__name__)
                self._away = True
                await _pause(stop, AWAY_S)
            else:
                self._away = False
                if not carried:
                    await _pause(stop, PAUSE_S)

    async def carry(self) -> int:
        """Write what is new into the stream; return how many changes. Raises AWAY and the store's errors."""
        if self._written is None:
            self._written = await self._begin()
        try:
            more = await asyncio.to_thread(self._store.changes_after, after=self._written, limit=AT_ONCE)
        except UnableToGoOn:
            # The stream ends before what is still kept. Readers notice the gap and ask the store.
            self._written = await asyncio.to_thread(self._store.last_change)
            return 0
        if more:
            await self._stream.write(changes=more, before=self._written)
            self._written = more[-1].position
        return len(more)

    async def _begin(self) -> Position:
        """Return where to go on: after the stream's last entry, or from now where there is none."""
        there = await self._stream.last()
        newest = await asyncio.to_thread(self._store.last_change)
        if there is not None and there > newest:
            log.warning("the stream of live changes is ahead of the database and begins anew")
            await self._stream.forget()
            there = None
        return newest if there is None else there


def _packed(change: Change, before: Position) -> str:
    return json.dumps(
        {
            "kind": change.kind,
            "number": change.number,
            "status": change.status,
            "severity": change.severity,
            "units": change.units,
            "areas": change.areas,
            "at": change.at.isoformat(),
            "before": str(before),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _entry(place: str, fields: dict[str, str]) -> Entry:
    data = json.loads(fields["change"])
    change = Change(
        position=position_of(place),
        kind=data["kind"],
        number=data["number"],
        status=data["status"],
        severity=data["severity"],
        units=tuple(data["units"]),
        areas=tuple(data["areas"]),
        at=datetime.fromisoformat(data["at"]),
    )
    return Entry(change=change, before=position_of(data["before"]))


def _is_there(answer: Exception) -> bool:
    """Tell whether Redis refused an entry because it is not later than the stream's last one."""
    return isinstance(answer, ResponseError) and "equal or smaller" in str(answer)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
