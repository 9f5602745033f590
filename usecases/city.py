"""Everything a use case needs of the city it serves, gathered once by ``boot``."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.pack import CityPack
from domain.policy import CityClock
from geo.atlas import Atlas
from routing.book import RouteBook
from store.engine import Store
from usecases.gateway import CaseGateway


@dataclass(frozen=True, kw_only=True, slots=True)
class City:
    """The services of one city.

    ``now`` gives city time (UTC-aware), ``random_bits(n)`` n random bits: use cases read
    no clock and draw no number by themselves. ``clock`` is pinned to every case.
    """

    pack: CityPack
    book: RouteBook
    atlas: Atlas
    store: Store
    cases: CaseGateway
    clock: CityClock
    now: Callable[[], datetime]
    random_bits: Callable[[int], int]
