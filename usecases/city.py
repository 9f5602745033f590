"""Everything a use case needs of the city it serves, gathered once by ``boot``."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from domain.pack import CityPack
from domain.policy import CityClock
from geo.atlas import Atlas
from geo.place_book import PlaceBook
from geo.placeholders import PlaceholderDetector
from routing.book import RouteBook
from store.engine import Store
from store.group_commit import GroupCommit
from usecases.access import Access
from usecases.fresh import Fresh
from usecases.gateway import CaseGateway
from usecases.secret import Secret

NO_SECRET = Secret()
MEDIA = Path("var") / "media"
ACCESS = Access()


@dataclass(frozen=True, kw_only=True, slots=True)
class Grounds:
    """What decides where an event is and whose it is: no server and no store needed.

    ``clock`` is pinned to every case. ``placeholders`` learns, in this process, which exact
    points a channel writes when it knows no place; ``places`` is filled by the first place search.
    """

    pack: CityPack
    book: RouteBook
    atlas: Atlas
    clock: CityClock
    placeholders: PlaceholderDetector
    places: PlaceBook = field(default_factory=PlaceBook, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class City:
    """The services of one city.

    ``now`` gives city time (UTC-aware), ``random_bits(n)`` n random bits: use cases read
    no clock and draw no number by themselves. ``secret`` is the installation's,
    ``media`` the folder attachments lie in, ``call_bridge`` how the city's telephone platform is
    dialled so that nobody sees a number (``usecases.reporters``), ``access`` how people are let in.
    """

    grounds: Grounds
    store: Store
    intake: GroupCommit
    cases: CaseGateway
    now: Callable[[], datetime]
    random_bits: Callable[[int], int]
    secret: Secret = NO_SECRET
    media: Path = MEDIA
    call_bridge: str = ""
    fresh: Fresh = field(default_factory=Fresh, compare=False)
    access: Access = ACCESS

    @property
    def pack(self) -> CityPack:
        """Return the city's pack."""
        return self.grounds.pack

    @property
    def clock(self) -> CityClock:
        """Return the clock that is pinned to every case."""
        return self.grounds.clock
