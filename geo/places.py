"""The place search: what a caller says, typed in any of the ways people type it.

Exact names stand before beginnings, those before pinyin initials, those before parts of names
and slips of the key; within one of these, what is nearer to the map's middle or in its area
comes first, then what is larger. Any text is answered: what names nothing gives nothing.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.named_place import FoundPlace, MatchedBy, PlaceKind
from geo.place_index import WAYS, PlaceIndex
from geo.place_typos import Typos
from geo.place_words import area_in_front, fold, has_han, plain, two_streets, without_house
from geo.shapes import metres_per_degree

# Base scores by what was met; bonuses below 0.05 decide within one of them.
_EXACT = {
    MatchedBy.CODE: 0.95, MatchedBy.NAME: 0.95, MatchedBy.ALIAS: 0.90, MatchedBy.ENGLISH: 0.90,
    MatchedBy.PINYIN: 0.85, MatchedBy.INITIALS: 0.78,
}  # fmt: skip
_BEGINS = {
    MatchedBy.CODE: 0.70, MatchedBy.NAME: 0.70, MatchedBy.ALIAS: 0.65, MatchedBy.ENGLISH: 0.65,
    MatchedBy.PINYIN: 0.60, MatchedBy.INITIALS: 0.50,
}  # fmt: skip
_CROSSING, _NEARLY_CROSSING = 0.90, 0.73
_TEXT, _PART = 0.55, 0.45
_TYPO = 0.38  # times the likeness
_EXACT_OF: NDArray[np.float64] = np.array([_EXACT.get(way, 0.0) for way in WAYS])
_BEGINS_OF: NDArray[np.float64] = np.array([_BEGINS.get(way, 0.0) for way in WAYS])
_BY_RANK, _BY_DISTANCE, _BY_AREA = 0.01, 0.025, 0.01
_NEAR_KM = 3.0
_MOST_PARTS = 1_000
_MOST_HALVES = 8
_DEEPEST = 5
_SHORTEST_TEXT = 4

MOST = 50
"""Results of one search at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """An entry, by number, with its score, what met the text, and what was typed beyond it."""

    number: int
    score: float
    by: MatchedBy
    matched: str
    note: str = ""
    within: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Query:
    """One search: its middle on the map, how many hits are wanted, areas it is narrowed to."""

    near: tuple[float, float] | None
    limit: int
    within: tuple[int, ...] = ()


class PlaceSearch:
    """Searches one index. Safe to share between threads."""

    __slots__ = ("_index", "_typos")

    def __init__(self, *, index: PlaceIndex) -> None:
        self._index = index
        self._typos = Typos(index=index)

    def __len__(self) -> int:
        return len(self._index.entries)

    def search(self, text: str, *, near: tuple[float, float] | None, limit: int) -> tuple[FoundPlace, ...]:
        """Return the best places for a text, best first. ``near`` is lon, lat in WGS-84 degrees or None."""
        limit = max(0, min(limit, MOST))
        if near is not None and not (abs(near[0]) <= 180 and abs(near[1]) <= 90):
            near = None
        query = _Query(near=near, limit=limit)
        best: dict[int, Hit] = {}
        for hit in self._hits(plain(text), query, depth=0):
            known = best.get(hit.number)
            if known is None or hit.score > known.score:
                best[hit.number] = hit
        ranked = sorted(best.values(), key=lambda hit: (-hit.score, hit.number))[:limit]
        return tuple(self._found(hit, near) for hit in ranked)

    def _hits(self, text: str, query: _Query, *, depth: int) -> Iterator[Hit]:
        key = fold(text)
        if not key or not query.limit:
            return
        named = self._named(key, query)
        yield from named
        if any(hit.score >= _EXACT[MatchedBy.INITIALS] for hit in named):
            yield from self._parts(key, query, wanted=query.limit - len(named))
            return
        crossed = list(self._crossed(text, query))
        yield from crossed
        narrowed = [] if crossed or depth >= _DEEPEST else list(self._narrowed(text, query, depth))
        yield from narrowed
        wanted = query.limit - len(named) - len(crossed) - len(narrowed)
        yield from self._parts(key, query, wanted=wanted)
        housed = without_house(text) if depth < _DEEPEST else None
        if housed is not None:
            for hit in self._hits(housed[0], query, depth=_DEEPEST):
                yield replace(hit, note=hit.note or housed[1])
        elif not named and not crossed and not narrowed:
            told = list(self._told(key, query))
            yield from told
            if not told or max(hit.score for hit in told) < _TEXT:
                yield from self._mistyped(key, query)

    def _named(self, key: str, query: _Query) -> list[Hit]:
        """Return entries with a key that equals or begins with this one."""
        index = self._index
        exact, begins = index.exact(key), index.beginning(key)
        bases = _BEGINS_OF[index.ways[begins]]
        bases[: exact.stop - exact.start] = _EXACT_OF[index.ways[exact]]
        return self._best(np.arange(begins.start, begins.stop), index.owners[begins], bases, query)

    def _best(
        self, places: NDArray[Any], owners: NDArray[Any], bases: NDArray[np.float64], query: _Query
    ) -> list[Hit]:
        """Rank keys and return the best entries. ``places`` are the keys' numbers."""
        index = self._index
        if query.within and len(owners):
            kept = index.inside(owners, query.within)
            places, owners, bases = places[kept], owners[kept], bases[kept]
        scores = bases + self._bonus(owners, query.near)
        wanted = 6 * query.limit  # an entry has several keys
        if len(scores) > wanted:
            best = np.argpartition(-scores, wanted)[:wanted]
            places, owners, scores = places[best], owners[best], scores[best]
        found: dict[int, Hit] = {}
        for place in np.argsort(-scores, kind="stable").tolist():
            number, at = int(owners[place]), int(places[place])
            if number not in found:
                found[number] = Hit(
                    number=number,
                    score=float(scores[place]),
                    by=WAYS[index.ways[at]],
                    matched=index.keys[at],
                    within=query.within,
                )
        return list(found.values())[: query.limit]

    def _bonus(self, owners: NDArray[Any], near: tuple[float, float] | None) -> NDArray[np.float64]:
        """Return up to 0.045 for what is likelier, nearer, and in the same street or district."""
        index = self._index
        bonus: NDArray[np.float64] = _BY_RANK * (1.0 - owners / max(1, len(index.entries)))
        if near is None or not len(owners):
            return bonus
        east, north = metres_per_degree(near[1])
        km = np.hypot((index.lons[owners] - near[0]) * east, (index.lats[owners] - near[1]) * north) / 1000
        bonus += np.nan_to_num(_BY_DISTANCE / (1.0 + km / _NEAR_KM))
        here = index.edition.rows_at(np.array([near[0]]), np.array([near[1]]))[0]
        for row in index.edition.lineage(int(here)):
            level = index.edition.table.levels[row]
            if level in (2, 3):
                bonus += np.where(index.above[owners, level - 1] == row, _BY_AREA / 2, 0.0)
        return bonus

    def _parts(self, key: str, query: _Query, *, wanted: int) -> list[Hit]:
        """Return entries with this key somewhere in their name."""
        if wanted <= 0 or len(key) < (1 if has_han(key) else 3):
            return []
        index = self._index
        found = islice(re.finditer(re.escape(key), index.text), _MOST_PARTS)
        offsets = np.fromiter((match.start() for match in found), dtype=np.int64)
        owners = index.text_owners[np.searchsorted(index.text_starts, offsets, side="right") - 1]
        return self._plainly(owners, _PART, MatchedBy.PART, key, query)

    def _plainly(
        self, owners: NDArray[Any], base: float, by: MatchedBy, matched: str, query: _Query
    ) -> list[Hit]:
        """Rank entries that all met the text in the same way."""
        owners = np.unique(owners)
        if query.within and len(owners):
            owners = owners[self._index.inside(owners, query.within)]
        scores = base + self._bonus(owners, query.near)
        best = np.argsort(-scores, kind="stable")[: query.limit]
        return [
            Hit(number=int(owners[n]), score=float(scores[n]), by=by, matched=matched, within=query.within)
            for n in best.tolist()
        ]

    def _crossed(self, text: str, query: _Query) -> Iterator[Hit]:
        """Yield crossings of two streets that the text names."""
        if not self._index.pairs:
            return
        for one, other in two_streets(text):
            first = self._streets(one)
            second = self._streets(other) if first else {}
            pairs = [
                (number, a and b)
                for left, a in first.items()
                for right, b in second.items()
                for number in self._index.pairs.get((min(left, right), max(left, right)), ())
            ]
            for surely in (True, False):
                owners = np.array([number for number, sure in pairs if sure is surely], dtype=np.int64)
                base = _CROSSING if surely else _NEARLY_CROSSING
                yield from self._plainly(owners, base, MatchedBy.CROSSING, f"{one} × {other}", query)
            if pairs:
                return

    def _streets(self, text: str) -> dict[int, bool]:
        """Return the streets that a half of a crossing may name; True for exactly."""
        index, key = self._index, fold(text)
        if not key:
            return {}
        found: dict[int, bool] = {}
        for where, sure in ((index.exact(key), True), (index.beginning(key), False)):
            for number in np.unique(index.owners[where]).tolist():
                if index.entries[number].kind is PlaceKind.ROAD and len(found) < _MOST_HALVES:
                    found.setdefault(number, sure)
            if found:
                break
        return found

    def _narrowed(self, text: str, query: _Query, depth: int) -> Iterator[Hit]:
        """Yield what the rest names within the area that the text begins with."""
        beyond: list[Hit] = []
        for front, rest in area_in_front(text):
            rows = self._areas(fold(front), query)
            if not rows:
                continue
            found = list(self._hits(rest, replace(query, within=rows), depth=depth + 1))
            if found:
                yield from found
                return
            if not beyond:  # the rest is beyond our names: the area is certain, the rest stays a note
                numbers = [n for n in self._numbers(fold(front)) if self._index.entries[n].row in rows]
                hits = self._plainly(np.array(numbers), _TEXT, MatchedBy.TEXT, front, query)
                beyond = [replace(hit, note=rest) for hit in hits]
        yield from beyond

    def _numbers(self, key: str) -> list[int]:
        return np.unique(self._index.owners[self._index.exact(key)]).tolist() if key else []

    def _areas(self, key: str, query: _Query) -> tuple[int, ...]:
        """Return the rows of the areas with this key, within the query's own areas."""
        rows = [self._index.entries[n].row for n in self._numbers(key)]
        rows = [row for row in rows if row >= 0]
        if query.within:
            rows = [row for row in rows if not set(query.within).isdisjoint(self._index.edition.lineage(row))]
        return tuple(rows[:_MOST_HALVES])

    def _told(self, key: str, query: _Query) -> Iterator[Hit]:
        """Yield entries whose whole name stands within a longer text, the longest names first."""
        if len(key) < _SHORTEST_TEXT or not has_han(key):
            return
        left = query.limit
        taken: list[tuple[int, int]] = []
        for size in range(min(len(key), 20), 2, -1):
            for start in range(len(key) - size + 1):
                if left <= 0 or any(start < end and begin < start + size for begin, end in taken):
                    continue
                part = key[start : start + size]
                owners = self._numbers(part) if has_han(part) else []
                if not owners:
                    continue
                taken.append((start, start + size))
                base = _TEXT - 0.04 * (1 - size / len(key))
                rest = key[start + size :]
                for hit in self._plainly(np.array(owners), base, MatchedBy.TEXT, part, query):
                    left -= 1
                    yield replace(hit, note=rest)

    def _mistyped(self, key: str, query: _Query) -> Iterator[Hit]:
        """Yield entries that sound the same (a wrong character of an input method), or are like the text."""
        for full, _ in self._index.speaker.spoken(key):
            numbers = np.array(self._numbers(full), dtype=np.int64)
            yield from self._plainly(numbers, _TYPO, MatchedBy.TYPO, full, query)
        for number, likeness, matched in self._typos.like(key, limit=query.limit):
            hits = self._plainly(np.array([number]), _TYPO * likeness, MatchedBy.TYPO, matched, query)
            yield from hits

    def _found(self, hit: Hit, near: tuple[float, float] | None) -> FoundPlace:
        entry = self._index.entries[hit.number]
        lon, lat = self._position(hit, near)
        edition = self._index.edition
        chain = edition.chain(entry.row) if entry.row >= 0 else edition.chain_at(lon, lat)
        somewhere = math.isfinite(lon) and math.isfinite(lat)
        return FoundPlace(
            code=entry.code,
            kind=entry.kind,
            name_zh=entry.name_zh,
            name_en=entry.name_en,
            chain=chain,
            lon=round(lon, 7) if somewhere else None,
            lat=round(lat, 7) if somewhere else None,
            score=round(min(1.0, hit.score), 4),
            matched_by=hit.by,
            matched=hit.matched,
            note=hit.note,
            approximate=entry.approximate or entry.lines is not None,
        )

    def _position(self, hit: Hit, near: tuple[float, float] | None) -> tuple[float, float]:
        """Return where to put the pin: of a street, within the areas asked for and nearest to ``near``."""
        entry = self._index.entries[hit.number]
        along = self._index.along.get(hit.number)
        if along is None:
            return entry.lon, entry.lat
        points = along.points
        if hit.within:
            lines = [self._index.edition.lineage(row) for row in along.rows.tolist()]
            kept = [n for n, line in enumerate(lines) if not set(hit.within).isdisjoint(line)]
            points = points[kept] if kept else points
        elif near is None:
            return entry.lon, entry.lat
        if near is None:
            middle = points[len(points) // 2]
        else:
            east, north = metres_per_degree(near[1])
            middle = points[
                np.argmin(np.hypot((points[:, 0] - near[0]) * east, (points[:, 1] - near[1]) * north))
            ]
        return float(middle[0]), float(middle[1])
