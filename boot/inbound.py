"""The relay's side of what comes in: kept messages are claimed, read and taken, in a thread."""

import asyncio
from collections.abc import Callable

from boot.rounds import rounds
from store.rows_intake import InboundRow
from usecases.city import City
from usecases.ingest import ingest
from usecases.signals import take

LEASE_S = 60.0
"""Several times what a turn takes (``usecases.ingest.TURN_S``)."""
MOST = 8
"""Messages of a turn. Each may be a batch of hundreds, and is a transaction of its own."""
IDLE_S = 0.1
REST_S = 0.01
"""A rest between turns: cases of severity 1 are started in the same process, and by the same database."""
Served = Callable[[], City]
"""The city as it is served now: a published pack changes it."""


async def read_inbound(*, city: Served, worker: str, stop: asyncio.Event) -> None:
    """Read what is kept, oldest first, until stopped. What kills its readers waits until nothing else does."""

    async def work() -> float:
        found = await asyncio.to_thread(lambda: turn(city=city(), worker=worker))
        return REST_S if found else IDLE_S

    await rounds(name="inbound", stop=stop, work=work)


def turn(*, city: City, worker: str) -> int:
    """Claim some messages and take them; return how many were claimed."""
    rows = _claim(city, worker, most=MOST, suspects=False) or _claim(city, worker, most=1, suspects=True)
    if rows:
        ingest(city=city, rows=rows, take=take)
    return len(rows)


def _claim(city: City, worker: str, *, most: int, suspects: bool) -> list[InboundRow]:
    return city.store.claim_inbound(
        limit=most,
        now=city.now(),
        worker=worker,
        lease_s=LEASE_S * city.clock.speed,
        suspects=suspects,
    )
