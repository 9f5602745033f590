"""Everything published of one city's areas, and the rules that turn a report into a place.

The order of belief (reference: geo.md §4): what an operator chose by hand; the reported point
when it is a point; the address. What was doubtful stands on the place as flags, alternates and
notes, so that a dispatcher sees it and a decision can be replayed.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from domain.pack import Channel, LocateSettings
from domain.place import AreaRef, Level, Place, PlaceFlag, ReportedPlace
from geo.editions import AreaTable, Chain, Edition
from geo.gazetteer import NO_MATCH, Gazetteer
from geo.points import Box, JudgedPoint, Point, judge_point
from geo.search import Found, Search

_DEFAULTS = LocateSettings()
_NO_POINTS: frozenset[Point] = frozenset()
_MOST_ALTERNATES = 8


class UnableToLocateOnDay(Exception):
    """No area of the pack is valid on the day: its layers begin later or ended before."""


class Atlas:
    """The published areas of one city. Safe to share between threads; nothing in it changes."""

    def __init__(
        self, *, version: str, bbox: Sequence[float], table: AreaTable, editions: Sequence[Edition]
    ) -> None:
        west, south, east, north = bbox
        self.version = version
        self.bbox: Box = (west, south, east, north)
        self.table = table
        self.editions = tuple(editions)
        self.gazetteer = Gazetteer(table=table)
        self._begins = [edition.begin for edition in self.editions]

    def edition(self, on: date) -> Edition:
        """Return the edition of a day. Raises UnableToLocateOnDay when it has no areas."""
        edition = self.editions[bisect_right(self._begins, on.toordinal()) - 1]
        if not edition.layers:
            zh, en = f"{on} 没有任何有效的区域边界", f"no area is valid on {on}"
            raise UnableToLocateOnDay(f"{zh} · {en}")
        return edition

    def chain_at(self, lon: float, lat: float, *, on: date) -> Chain:
        """Return the chain at a WGS-84 point from the finest level that covers it, else ()."""
        return self.edition(on).chain_at(lon, lat)

    def codes_at(self, lons: NDArray[np.float64], lats: NDArray[np.float64], *, on: date) -> list[str | None]:
        """Return the code of the finest area at each WGS-84 point, None outside the city."""
        rows = self.edition(on).rows_at(lons, lats)
        codes: list[str | None] = [*self.table.codes, None]  # row -1 takes the last entry
        return [codes[row] for row in rows.tolist()]

    def chain(self, code: str, *, on: date) -> Chain:
        """Return the chain down to the area with this code, () when the day has none."""
        edition = self.edition(on)
        row = edition.row_of(code)
        return edition.chain(row) if row >= 0 else ()

    def areas(self, *, on: date, level: Level | None = None) -> Iterator[AreaRef]:
        """Yield the areas of a day, of one level or of all."""
        edition = self.edition(on)
        for row in edition.areas():
            if level is None or self.table.levels[row] == level:
                yield self.table.area(row)

    def locate(
        self,
        *,
        reported: ReportedPlace,
        on: date,
        channel: Channel | None = None,
        settings: LocateSettings = _DEFAULTS,
        hot_points: Collection[Point] = _NO_POINTS,
    ) -> Place:
        """Find the place of a report with the boundaries of the day ``on``.

        ``channel`` declares coordinate system and placeholder points; ``hot_points`` are
        those learned (``PlaceholderDetector.hot_points``). Never fails for what was reported:
        what cannot be located has an empty chain and the reasons as flags and notes. Raises
        UnableToLocateOnDay when the pack has no areas for the day.
        """
        edition = self.edition(on)
        point = judge_point(reported=reported, channel=channel, hot_points=hot_points, bbox=self.bbox)
        named = self.gazetteer.resolve(reported.address, edition=edition) if reported.address else NO_MATCH
        search = Search(edition=edition, table=self.table, settings=settings, named=named)
        if point.lon is None or point.lat is None:
            found = search.by_address()
        else:
            found = search.by_point(point, point.lon, point.lat, reported.accuracy_m)
        if reported.area_code:
            found = search.by_hand(reported.area_code, found)
        return self._place(edition, reported, point, found)

    def _place(self, edition: Edition, reported: ReportedPlace, point: JudgedPoint, found: Found) -> Place:
        chain = edition.chain(found.row) if found.row >= 0 else ()
        synthetic = found.row >= 0 and any(self.table.synthetic[row] for row in edition.lineage(found.row))
        flags = point.flags + found.flags + ((PlaceFlag.SYNTHETIC_AREAS,) if synthetic else ())
        began = date.fromordinal(edition.begin).isoformat()
        return Place(
            chain=chain,
            lon=point.lon,
            lat=point.lat,
            method=found.method,
            border_m=None if found.border_m is None else round(found.border_m, 2),
            alternates=tuple(self.table.area(row) for row in found.alternates[:_MOST_ALTERNATES]),
            zones=edition.zone_refs(found.zones),
            flags=flags,
            source_crs=point.crs,
            boundary_version=f"{self.version}@{began}" if len(self.editions) > 1 else self.version,
            address=reported.address,
            notes=point.notes + found.notes,
        )
