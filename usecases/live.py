"""Live changes: everybody who has a page open hears of what changed, once, in order, without a gap.

The store keeps what changed (``store.changes``); a hub in each API process follows it and hands it
on to whoever listens. Alone on a machine it asks the store a few times a second. With Redis it reads
the stream the relays write (``usecases.live_stream``) and asks the store only where the stream
is away, empty or does not connect to what came before. The store is what counts; whatever
happens to the stream costs at most a moment.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

import structlog

from domain.account import Permission, Principal
from domain.change import Change, ChangeKind, Position, UnableToReadPosition, position_of
from domain.scope import CaseScope
from store.changes import UnableToGoOn
from store.engine import Store
from usecases.city import City
from usecases.live_stream import AWAY, AWAY_S, Entry, Stream
from usecases.permits import scope_of

__all__ = ["Change", "End", "Hearing", "Hub", "Subscription", "UnableToFollow", "hearing_of"]

OFTEN_S = 0.15
"""How often the store is asked while somebody listens."""
SELDOM_S = 2.0
AT_ONCE = 500
"""Changes read at a time."""
QUEUE = 2_000
"""Changes that wait for one listener. Whoever is slower is cut off and comes back with its last id."""
FAR_BEHIND = 2_000
"""Changes after which a page is better loaded again than brought up to date."""
PATIENCE_S = 10.0
BLOCK_S = 0.5
"""How long the stream is waited for before the store is asked whether the stream has missed something."""
log = structlog.get_logger()


class End(StrEnum):
    """Why somebody hears no more: load the page again, come back with the last id, or come back later."""

    TOO_OLD = "too_old"
    SLOW = "slow"
    CLOSING = "closing"


class UnableToFollow(RuntimeError):
    """A subscription has ended. ``end`` says why."""

    def __init__(self, end: End) -> None:
        """Keep the reason."""
        super().__init__(end.value)
        self.end = end


class Subscription:
    """What one listener has not heard yet. Made by ``Hub.subscribe``; used in the hub's loop."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self._waiting: list[Change] = []
        self._wake = asyncio.Event()
        self._end: End | None = None
        self._heard = self._last = Position(-1, 0)

    @property
    def position(self) -> str:
        """Return how far this listener has heard."""
        return str(self._heard)

    async def take(self, *, wait_s: float) -> list[Change]:
        """Return what is new, in order, waiting for it at most this long; nothing then. Raises UnableToFollow."""
        if not self._waiting and self._end is None:
            try:
                await asyncio.wait_for(self._wake.wait(), wait_s)
            except TimeoutError:
                return []
        self._wake.clear()
        if not self._waiting and self._end is not None:
            raise UnableToFollow(self._end)
        found, self._waiting = self._waiting, []
        if found:
            self._heard = found[-1].position
        return found

    def give(self, changes: Sequence[Change]) -> None:
        """Add what the hub read; cut off a listener for whom too much is waiting."""
        if self._end is None:
            self._add(changes)
            if len(self._waiting) > QUEUE:
                # What is waiting may be half of what was missed: the listener keeps what it has heard.
                self._waiting = []
                self.end(End.SLOW)

    def end(self, end: End) -> None:
        """Say that no more will come. What is waiting is still heard."""
        self._end = self._end or end
        self._wake.set()

    def begin(self, *, heard: Position, missed: Sequence[Change]) -> None:
        """Put what was missed before what has come meanwhile; repetitions are left out by their position."""
        self._heard = self._last = heard
        come, self._waiting = self._waiting, []
        self._add(missed)
        self._add(come)

    def _add(self, changes: Sequence[Change]) -> None:
        fresh = [one for one in changes if one.position > self._last]
        if fresh:
            self._waiting += fresh
            self._last = fresh[-1].position
            self._wake.set()


class Hub:
    """Follows what changes and hands it on. One in each API process, used in one event loop."""

    def __init__(self, *, store: Store) -> None:
        """Follow a store. Connects to nothing yet."""
        self._store = store
        self._stream: Stream | None = None
        self._listeners: set[Subscription] = set()
        self._head = Position(-1, 0)
        self._started = asyncio.Event()
        self._wake = asyncio.Event()
        self._stream_away = False
        self._stream_again = 0.0
        self._trusted = False
        self._ending = False

    @property
    def position(self) -> str:
        """Return how far this hub has read. A page that is read from the store after this misses nothing since."""
        return str(self._head) if self._started.is_set() else ""

    def follow(self, stream: Stream) -> None:
        """Read through a stream from now on, as far as it goes."""
        self._stream = stream

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until stopped. Outlives every fault; while the store is away nobody hears anything."""
        away = False
        while not stop.is_set():
            try:
                if not self._started.is_set():
                    self._head = await asyncio.to_thread(self._store.last_change)
                    self._started.set()
                self._hand_on(await self._next(stop))
                away = False
            except UnableToGoOn:
                await self._start_over()
            except Exception as error:  # noqa: BLE001 - the loop must outlive any fault
                if not away:
                    log.warning("live changes wait for the store", error=type(error).__name__)
                away = True
                await _pause(stop, 1.0)
        self.end()

    def end(self) -> None:
        """Let everybody go: this process stops."""
        self._ending = True
        for one in tuple(self._listeners):
            one.end(End.CLOSING)

    @asynccontextmanager
    async def subscribe(self, *, after: str | None) -> AsyncIterator[Subscription]:
        """Listen: first to what was missed since a position, then to what comes. None: from now on.

        ``take`` raises UnableToFollow: ``too_old`` when the position means nothing (any more). Raises
        the store's errors and TimeoutError while the store is away.
        """
        await asyncio.wait_for(self._started.wait(), PATIENCE_S)
        mine = Subscription()
        # Registered first, so that whatever the hub reads from here on waits for this listener.
        self._listeners.add(mine)
        self._wake.set()
        try:
            try:
                await self._catch_up(mine, after)
            except (UnableToGoOn, UnableToReadPosition):
                mine.end(End.TOO_OLD)
            if self._ending:
                mine.end(End.CLOSING)
            yield mine
        finally:
            self._listeners.discard(mine)

    async def _catch_up(self, mine: Subscription, after: str | None) -> None:
        """Read from the store what came after a position. Raises UnableToGoOn, UnableToReadPosition."""
        last = await asyncio.to_thread(self._store.last_change)
        begun = last if after is None else position_of(after)
        if begun > last:
            raise UnableToGoOn(str(begun))  # of another database, or of one that was set back
        missed: list[Change] = []
        at = begun
        while True:
            more = await asyncio.to_thread(self._store.changes_after, after=at, limit=AT_ONCE)
            missed += more
            if len(missed) > FAR_BEHIND:
                raise UnableToGoOn(str(begun))
            if len(more) < AT_ONCE:
                break
            at = more[-1].position
        mine.begin(heard=begun, missed=missed)

    async def _next(self, stop: asyncio.Event) -> Sequence[Change]:
        """Return what comes after the head, waiting a little for it."""
        entries = None if self._stream is None else await self._from_stream(self._stream)
        if entries is not None and _connected(self._head, entries):
            return [entry.change for entry in entries]
        if entries is None:
            await self._wait(stop)
        found = await asyncio.to_thread(self._store.changes_after, after=self._head, limit=AT_ONCE)
        if entries and not found:
            await _pause(stop, OFTEN_S)  # a stream that says what the store does not: never in a hurry
        return found

    async def _from_stream(self, stream: Stream) -> list[Entry] | None:
        """Return what the stream has after the head; None when it is away: the store has it all."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._stream_again:
            return None
        try:
            if not self._trusted and not await self._is_of_this_database(stream):
                self._stream_again = loop.time() + AWAY_S
                return None
            found = await stream.read(after=self._head, wait_s=BLOCK_S, most=AT_ONCE)
        except AWAY as error:
            self._trusted = False
            self._stream_again = loop.time() + AWAY_S
            if not self._stream_away:
                log.warning("redis away, live changes come from the store", error=type(error).__name__)
            self._stream_away = True
            return None
        if self._stream_away:
            log.info("redis is back, live changes come through it again")
        self._stream_away = False
        return found

    async def _is_of_this_database(self, stream: Stream) -> bool:
        """Tell whether a stream ends where the store does, or before: one that is ahead waits for a relay to begin it anew."""
        end = await stream.last()
        self._trusted = end is None or end <= await asyncio.to_thread(self._store.last_change)
        return self._trusted

    async def _wait(self, stop: asyncio.Event) -> None:
        if not self._listeners:
            self._wake.clear()
            waiting = [asyncio.ensure_future(one.wait()) for one in (self._wake, stop)]
            await asyncio.wait(waiting, timeout=SELDOM_S, return_when=asyncio.FIRST_COMPLETED)
            for one in waiting:
                one.cancel()
        else:
            await _pause(stop, OFTEN_S)

    def _hand_on(self, changes: Sequence[Change]) -> None:
        if changes:
            self._head = changes[-1].position
            for one in tuple(self._listeners):
                one.give(changes)

    async def _start_over(self) -> None:
        """Go on from now: what came in between is deleted, so every page is loaded again."""
        self._started.clear()
        for one in tuple(self._listeners):
            one.end(End.TOO_OLD)
        await asyncio.sleep(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hearing:
    """What somebody may hear of: cases and instructions by the one scope, alarms by the other."""

    cases: CaseScope
    alarms: CaseScope

    def hears(self, change: Change) -> bool:
        """Tell whether somebody may hear of a change: its unit or its place, before or after, is theirs."""
        scope = self.alarms if change.kind == ChangeKind.ALARM.value else self.cases
        if scope.everything or not set(scope.units).isdisjoint(change.units):
            return True
        areas = {*scope.districts, *scope.streets, *scope.communities, *scope.grids, *scope.zones}
        return not areas.isdisjoint(change.areas)


def hearing_of(*, city: City, who: Principal) -> Hearing:
    """Return what somebody may hear of, by their posts; whoever may see no cases hears of none."""
    return Hearing(cases=_scope(city, who, Permission.SEE_CASES), alarms=_scope(city, who, Permission.ALARMS))


def _scope(city: City, who: Principal, permission: Permission) -> CaseScope:
    return scope_of(city=city, who=who, permission=permission) if who.may(permission) else CaseScope()


def _connected(head: Position, entries: Sequence[Entry]) -> bool:
    """Tell whether each entry follows the one before it, the first the head: else the store is asked."""
    for entry in entries:
        if entry.before != head:
            return False
        head = entry.change.position
    return bool(entries)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
