"""City time for the players of the demonstration: when it is, and waiting until it is."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.clock import city_time, real_time
from domain.policy import CityClock


@dataclass(frozen=True, kw_only=True, slots=True)
class DayClock:
    """The clock of the stack, read by its players. Instants are UTC-aware city time."""

    clock: CityClock

    def now(self) -> datetime:
        """Return the city's time."""
        return city_time(self.clock, datetime.now(UTC))

    async def until(self, moment: datetime) -> None:
        """Wait until the city's clock shows ``moment``; at once when it has passed."""
        wait = (real_time(self.clock, moment) - datetime.now(UTC)).total_seconds()
        await asyncio.sleep(max(wait, 0.0))

    async def minutes(self, amount: float) -> None:
        """Let so many city minutes pass."""
        await self.until(self.now() + timedelta(minutes=amount))
