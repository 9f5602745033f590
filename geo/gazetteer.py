"""Address text to area, from the names in the pack: as far as it is certain and no further.

All names are found in one pass (Aho–Corasick), the longest of the strongest first; parents
named in the same text decide between areas of one name (李集街道 exists in two districts, and
186 community names of Wuhan repeat). No coordinates are invented (reference: geo.md §4).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from domain.place import Level
from geo.editions import AreaTable, Edition
from geo.place_names import Strength, forms, normalise, stands_for_area

_MOST_CANDIDATES = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressMatch:
    """What an address says. ``row`` is the finest certain area, -1 for none.

    ``candidates`` are the areas that are equally possible (empty when there is no doubt);
    ``zones`` are the rows of overlays that the text names or that hold the area.
    """

    row: int = -1
    candidates: tuple[int, ...] = ()
    zones: tuple[int, ...] = ()


NO_MATCH = AddressMatch()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Hit:
    start: int
    end: int
    strength: Strength
    rows: tuple[int, ...]


class Gazetteer:
    """The names of all areas and overlays of a city, of all its editions."""

    __slots__ = ("_automaton", "_table")

    def __init__(self, *, table: AreaTable) -> None:
        self._table = table
        self._automaton: Any = None

    def resolve(self, address: str, *, edition: Edition) -> AddressMatch:
        """Find the area that an address names, among those valid in the edition."""
        hits = self._hits(normalise(address), edition)
        zones = {row for hit in hits for row in hit.rows if not self._table.levels[row]}
        scores = self._scores(hits, edition)
        if not scores:
            return self._only_zones(zones, edition)
        best = max(scores.values())
        leaders = sorted(row for row, score in scores.items() if score == best)
        leaders += self._contradictions(leaders, hits, zones, edition)
        if len(leaders) > 1:
            row = self._common(leaders, edition)
            return AddressMatch(row=row, candidates=tuple(leaders[:_MOST_CANDIDATES]))
        certain = leaders[0]
        if self._table.levels[certain] <= Level.CITY:
            return self._only_zones(zones, edition)
        near = {zone for zone in zones if self._meets(zone, certain, edition)}
        return AddressMatch(row=certain, zones=tuple(sorted(near | set(edition.zones_holding(certain)))))

    def _only_zones(self, zones: set[int], edition: Edition) -> AddressMatch:
        """An address that names an overlay and no area is certain of the city and the overlay."""
        if len(zones) != 1:
            return NO_MATCH
        cities = [row for row in edition.areas() if self._table.levels[row] == Level.CITY]
        return AddressMatch(row=cities[0] if len(cities) == 1 else -1, zones=tuple(zones))

    def _hits(self, text: str, edition: Edition) -> list[_Hit]:
        """Return what the text names: no two overlap, stronger and longer forms first."""
        found = [
            _Hit(start=end + 1 - len(form), end=end + 1, strength=strength, rows=rows)
            for end, (form, entries) in self._names().iter(text)
            for strength, rows in self._valid(entries, edition)
        ]
        found.sort(key=lambda hit: (-hit.strength, hit.start - hit.end, hit.start))
        taken: list[_Hit] = []
        for hit in found:
            if any(hit.start < other.end and other.start < hit.end for other in taken):
                continue
            follows = min((h.start for h in taken if h.start >= hit.end), default=len(text))
            meant = stands_for_area(
                strength=hit.strength,
                form=text[hit.start : hit.end],
                before=text[hit.start - 1 : hit.start],
                after=text[hit.end : follows],
            )
            if meant:
                taken.append(hit)
        return taken

    def _valid(
        self, entries: list[tuple[Strength, tuple[int, ...]]], edition: Edition
    ) -> list[tuple[Strength, tuple[int, ...]]]:
        """Return a form's meanings in the edition, weaker where the bare name means others too."""
        valid = {strength: tuple(row for row in rows if edition.valid(row)) for strength, rows in entries}
        short, inside = valid.get(Strength.SHORT, ()), valid.get(Strength.INSIDE, ())
        if short and any(set(short).isdisjoint(edition.lineage(row)) for row in inside):
            # 和平 alone may be the street or any community of that name elsewhere.
            del valid[Strength.SHORT]
            valid[Strength.INSIDE] = short + inside
        return [(strength, rows) for strength, rows in valid.items() if rows]

    def _scores(self, hits: list[_Hit], edition: Edition) -> dict[int, int]:
        """Score every named area by the names it explains: its own, its parents', its overlays'."""
        scores: dict[int, int] = {}
        for hit in hits:
            for row in hit.rows:
                if not self._table.levels[row]:
                    continue
                line = {*edition.lineage(row), *edition.zones_holding(row)}
                explained = [other for other in hits if not line.isdisjoint(other.rows)]
                if hit.strength is Strength.INSIDE and not self._inside(explained, row):
                    continue
                scores[row] = sum(other.strength for other in explained)
        return scores

    def _inside(self, explained: list[_Hit], row: int) -> bool:
        """A bare community name counts within its street, a bare type word within its district."""
        above = self._table.levels[row] - 1
        return any(
            other.strength > Strength.INSIDE and any(self._table.levels[r] == above for r in other.rows)
            for other in explained
        )

    def _contradictions(
        self, leaders: list[int], hits: list[_Hit], zones: set[int], edition: Edition
    ) -> list[int]:
        """Return areas that the text names in full and that the only leader does not explain."""
        if len(leaders) != 1:
            return []
        line = edition.lineage(leaders[0])
        others = [hit for hit in hits if hit.strength is Strength.FULL and not zones.issuperset(hit.rows)]
        return [
            row
            for hit in others
            if set(line).isdisjoint(hit.rows)
            for row in hit.rows
            if self._table.levels[row] and leaders[0] not in edition.lineage(row)
        ]

    def _common(self, rows: Iterable[int], edition: Edition) -> int:
        """Return the finest area above all of these, -1 when that is only the city."""
        lines = [edition.lineage(row) for row in rows]
        shared = set(lines[0]).intersection(*lines[1:])
        row = next((row for row in lines[0] if row in shared), -1)
        return row if row >= 0 and self._table.levels[row] > Level.CITY else -1

    def _meets(self, zone: int, area: int, edition: Edition) -> bool:
        """Tell whether some part of the area lies in the overlay."""
        return any(
            zone in edition.zones_holding(row) and area in edition.lineage(row) for row in edition.areas()
        )

    def _names(self) -> Any:
        """Return the automaton over all forms, made at the first address."""
        if self._automaton is None:
            import ahocorasick

            known: dict[str, dict[Strength, list[int]]] = {}
            for row, name in enumerate(self._table.names):
                level = Level(self._table.levels[row]) if self._table.levels[row] else None
                for form, strength in forms(name, level=level).items():
                    known.setdefault(form, {}).setdefault(strength, []).append(row)
            automaton = ahocorasick.Automaton()
            for form, entries in known.items():
                automaton.add_word(form, (form, [(s, tuple(rows)) for s, rows in entries.items()]))
            automaton.make_automaton()
            self._automaton = automaton
        return self._automaton
