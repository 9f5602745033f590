"""The place searches and map drawings of a process, each made at its first use and kept while its pack is in use.

Only a process that answers people asks; a worker or a relay never pays for the index.
"""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from geo.editions import Edition
from geo.place_index import PlaceIndex
from geo.places import PlaceSearch

Drawn = TypeVar("Drawn")
_MOST_DRAWN = 64


class PlaceBook:
    """Makes and keeps the search of the newest edition asked for. Safe to share between threads."""

    __slots__ = ("_drawn", "_edition", "_lock", "_search")

    def __init__(self) -> None:
        self._lock = Lock()
        self._edition: Edition | None = None
        self._search: PlaceSearch | None = None
        self._drawn: OrderedDict[tuple[Edition, object], object] = OrderedDict()

    def search_of(self, edition: Edition, *, make: Callable[[Edition], PlaceIndex]) -> PlaceSearch:
        """Return the search over an edition; the first call makes it, which takes about a second.

        One book serves one pack: ``make`` is taken to give the same index for the same edition.
        """
        search = self._search
        if search is not None and self._edition is edition:
            return search
        with self._lock:  # of many who ask at once, one builds
            if self._search is None or self._edition is not edition:
                self._search = PlaceSearch(index=make(edition))
                self._edition = edition
            return self._search

    def drawn(self, edition: Edition, what: object, *, draw: Callable[[], Drawn]) -> Drawn:
        """Return a drawing of an edition, made at the first request; the last few dozen are kept.

        ``what`` names it and is hashable; the same name always means the same type.
        """
        key = (edition, what)
        with self._lock:
            if key not in self._drawn:
                self._drawn[key] = draw()
                while len(self._drawn) > _MOST_DRAWN:
                    self._drawn.popitem(last=False)
            self._drawn.move_to_end(key)
            return self._drawn[key]  # type: ignore[return-value]
