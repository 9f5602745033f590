"""The relay's side of docked systems: carry rows there, and ask at intervals what is new."""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from boot.rounds import rounds
from boot.settings import Settings
from domain.dock import Dock, Handover, UnableToAsk
from notifications.delivery import DeliveryOutcome, State
from notifications.retry import next_attempt_s
from store.rows import OutboxRow
from usecases.city import City
from usecases.dock_updates import poll
from usecases.docks import Handed, HandedOver, hand_over

NOT_SET_UP = HandedOver(fate=Handed.NOT_FOR_IT, code="channel_not_configured")
CARRY_S = 25.0
"""How long carrying one row may take: less than its lease, or another relay would carry it beside us."""
Served = Callable[[], City]
"""The city as it is served now: a published pack changes it."""
log = structlog.get_logger()


async def carry(*, city: City, row: OutboxRow, docks: Mapping[str, Dock]) -> tuple[HandedOver, float | None]:
    """Carry a row to its unit's system; return its fate, and in how many seconds to try again."""
    dock = docks.get(row.recipient or "")
    if dock is None:
        return NOT_SET_UP, None
    try:
        async with asyncio.timeout(CARRY_S):
            handed = await hand_over(city=city, row=row, dock=dock)
    except TimeoutError:
        # What was sent is searched for the next time.
        handed = HandedOver(fate=Handed.LATER, code=f"{Handover.UNKNOWN.value}:no_end")
    if handed.fate is not Handed.LATER:
        return handed, None
    state = State.UNKNOWN if handed.code.startswith(f"{Handover.UNKNOWN.value}:") else State.FAILED_TEMPORARY
    outcome = DeliveryOutcome(state=state, code=handed.code)
    return handed, next_attempt_s(channel="open311", outcome=outcome, attempts=row.attempts)


async def watch(*, settings: Settings, city: Served, docks: Mapping[str, Dock], stop: asyncio.Event) -> None:
    """Poll every docked system at its interval until stopped."""
    await asyncio.gather(
        *(_watch(settings.docks[url].poll_s, city, dock, stop) for url, dock in docks.items())
    )


async def _watch(every_s: float, city: Served, dock: Dock, stop: asyncio.Event) -> None:
    async def work() -> float:
        try:
            carried = await poll(city=city(), dock=dock)
        except UnableToAsk as unable:
            log.warning("docked system does not answer", code=unable.code)
            return every_s
        if carried:
            log.info("updates of a docked system", carried=carried)
        return every_s

    await rounds(name="docks", stop=stop, work=work)
