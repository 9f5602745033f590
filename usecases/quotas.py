"""How much a source may send, per minute and per day, over a window that moves with it.

Shared by all processes where there is Redis, else each process counts for itself. When Redis
is away we count here meanwhile: a quota keeps one sender from filling the machine, and is
not worth losing an alarm over. A channel of citizens is never counted.
"""

import asyncio
from typing import Any, cast

import structlog
from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from domain.source import Source
from usecases.problems import BadRequest, ProblemCode

PATIENCE_S = 0.3
"""How long an answer of Redis is waited for: a sender waits that long for its receipt."""
AWAY_S = 5.0
"""How long a Redis that failed is left alone."""
log = structlog.get_logger()


class TooManyRequests(BadRequest):
    """More than the quota; its headers say when to come back. Nothing was taken."""

    def __init__(self, *, source: Source, item: RateLimitItem, left: int, seconds: int) -> None:
        """Keep the finding and the headers."""
        super().__init__(ProblemCode.TOO_MANY_REQUESTS, source=source.name, seconds=str(seconds))
        self.headers = {
            "Retry-After": str(seconds),
            "RateLimit-Limit": str(item.amount),
            "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(seconds),
            "RateLimit-Policy": f"{item.amount};w={item.get_expiry()}",
        }


class Quotas:
    """Counts what sources send. Made and used in one event loop."""

    def __init__(self, *, redis_url: str = "") -> None:
        """Count in Redis (``redis://``, ``rediss://`` or ``unix://``), or here without one. Connects to nothing yet."""
        self._pool = _pool(redis_url) if redis_url else None
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = None if self._pool is None else _shared(redis_url, self._pool)
        self._away_until = 0.0
        self._away = False

    async def take(self, *, source: Source, cost: int = 1) -> None:
        """Count messages of a source. Raises TooManyRequests, and then none of them counts."""
        items = _items(source)
        if source.citizen or not items or cost < 1:
            return
        loop = asyncio.get_running_loop()
        if self._shared is None or loop.time() < self._away_until:
            await _take(self._local, source, items, cost)
            return
        try:
            await _take(self._shared, source, items, cost)
        except (RedisError, OSError) as error:
            self._away_until = loop.time() + AWAY_S
            if not self._away:
                log.warning("redis away, quotas are counted here", error=type(error).__name__)
            self._away = True
            await _take(self._local, source, items, cost)
        else:
            if self._away:
                log.info("redis is back, quotas are shared again")
            self._away = False

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            await self._pool.aclose()


async def _take(
    limiter: SlidingWindowCounterRateLimiter, source: Source, items: list[RateLimitItem], cost: int
) -> None:
    """Look at all limits first: what one of them refuses must not use up the other."""
    # A batch larger than the whole quota waits for an empty window instead of for ever.
    costs = [min(cost, item.amount) for item in items]
    for item, part in zip(items, costs, strict=True):
        if not await limiter.test(item, source.name, cost=part):
            raise await _refusal(limiter, source, item, part)
    for item, part in zip(items, costs, strict=True):
        if not await limiter.hit(item, source.name, cost=part):
            raise await _refusal(limiter, source, item, part)


async def _refusal(
    limiter: SlidingWindowCounterRateLimiter, source: Source, item: RateLimitItem, cost: int
) -> TooManyRequests:
    expiry = item.get_expiry()
    storage = cast("MemoryStorage | RedisStorage", limiter.storage)
    before, before_s, now, now_s = await storage.get_sliding_window(item.key_for(source.name), expiry)
    left = max(0, item.amount - int(before * before_s / expiry) - now)
    wait = wait_s(amount=item.amount, cost=cost, window_s=expiry, before=(before, before_s), now=(now, now_s))
    return TooManyRequests(source=source, item=item, left=left, seconds=int(wait) + 1)


def wait_s(
    *, amount: int, cost: int, window_s: float, before: tuple[int, float], now: tuple[int, float]
) -> float:
    """Return the seconds until ``cost`` messages fit, if nobody sends any meanwhile.

    The window before (its count, seconds until it has faded) fades evenly; the present one
    (count, seconds until it will have faded) begins to fade when it becomes the one before.
    """
    room = amount - cost
    fading, fading_s = before
    count, count_s = now
    if count <= room:
        return max(0.0, fading_s - (room - count + 1) * window_s / fading) if fading else 0.0
    return max(0.0, count_s - (room + 1) * window_s / count)


def _items(source: Source) -> list[RateLimitItem]:
    items: list[RateLimitItem] = []
    if source.per_minute:
        items.append(RateLimitItemPerMinute(source.per_minute, namespace="quota"))
    if source.per_day:
        items.append(RateLimitItemPerDay(source.per_day, namespace="quota"))
    return items


def _pool(url: str) -> ConnectionPool:
    """Return a pool that gives up at once: one try, a fraction of a second."""
    return ConnectionPool.from_url(
        url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S, retry=Retry(NoBackoff(), 0)
    )


def _shared(url: str, pool: ConnectionPool) -> SlidingWindowCounterRateLimiter:
    address = url.replace("unix://", "redis+unix://") if url.startswith("unix://") else url
    options: dict[str, Any] = {"connection_pool": pool}
    storage = RedisStorage(f"async+{address}", implementation="redispy", key_prefix="cityops", **options)
    return SlidingWindowCounterRateLimiter(storage)
