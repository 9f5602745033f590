"""One search: from a judged point, a named area or an operator's choice to the rows of a place."""

import math
from dataclasses import dataclass, replace

from domain.pack import LocateSettings
from domain.place import LocateMethod, PlaceFlag
from geo.editions import AreaTable, Edition, IndexedLayer
from geo.gazetteer import AddressMatch
from geo.points import JudgedPoint

# Metres: a point moved onto a border is still taken to lie in the overlays that end there.
_ON_BORDER_M = 1.0
# A phone that knows no better than this says nothing about borders; no wider search is made.
_WIDEST_M = 2_000.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The rows of a place: ``row`` -1 when there is no area; ``border_m`` in metres."""

    row: int = -1
    method: LocateMethod = LocateMethod.NONE
    border_m: float | None = None
    alternates: tuple[int, ...] = ()
    zones: tuple[int, ...] = ()
    flags: tuple[PlaceFlag, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """The rules for one report: the day's areas, the tolerances, and what the address says."""

    edition: Edition
    table: AreaTable
    settings: LocateSettings
    named: AddressMatch

    def by_point(self, point: JudgedPoint, lon: float, lat: float, accuracy_m: float | None) -> Found:
        """Find the finest level that covers the point, else the nearest area within tolerance."""
        accuracy = accuracy_m if accuracy_m is not None and math.isfinite(accuracy_m) else 0.0
        doubt = min(max(self.settings.near_border_m, accuracy, point.resolution_m), _WIDEST_M)
        for layer in self.edition.layers:
            positions = layer.index.find_all(lon, lat)
            if positions:
                return self._checked(self._inside(layer, positions, (lon, lat), doubt))
        return self._checked(self._nearest(lon, lat, doubt))

    def _inside(
        self, layer: IndexedLayer, positions: tuple[int, ...], at: tuple[float, float], doubt: float
    ) -> Found:
        """Take the lowest code of the areas that cover the point; name those it may also lie in."""
        own = positions[0]
        border_m = layer.index.shapes.nearest_on_border(own, *at)[0]
        others = list(positions[1:])
        if border_m <= doubt:
            near = [area for _, area in layer.index.shapes.within(*at, radius_m=doubt)]
            others += [area for area in near if area not in positions]
        return Found(
            row=layer.rows[own],
            method=LocateMethod.BORDER if len(positions) > 1 else LocateMethod.EXACT,
            border_m=border_m,
            alternates=tuple(layer.rows[area] for area in others),
            zones=self.edition.zones_at(*at),
            flags=(PlaceFlag.NEAR_BORDER,) if others else (),
        )

    def _nearest(self, lon: float, lat: float, doubt: float) -> Found:
        """Water, a gap, or just outside: the nearest area within tolerance (geo.md §4), else none."""
        for layer in self.edition.layers:
            shapes = layer.index.shapes
            near = shapes.within(lon, lat, radius_m=self.settings.nearest_m)
            if not near:
                continue
            metres, own = near[0]
            others = [area for distance, area in near[1:] if distance <= metres + doubt]
            _, border_lon, border_lat = shapes.nearest_on_border(own, lon, lat)
            return Found(
                row=layer.rows[own],
                method=LocateMethod.NEAREST,
                border_m=metres,
                alternates=tuple(layer.rows[area] for area in others),
                zones=self.edition.zones_within(border_lon, border_lat, radius_m=_ON_BORDER_M),
                flags=(PlaceFlag.NEAR_BORDER,) if others else (),
                notes=(
                    f"不在任何区域内，取 {metres:.0f} 米外最近的 · in no area, nearest is {metres:.0f} m away",
                ),
            )
        note = "坐标在本市范围之外 · the point lies outside the city"
        return Found(alternates=self._named_rows(), flags=(PlaceFlag.OUTSIDE_CITY,), notes=(note,))

    def by_address(self) -> Found:
        """Go down to the level that the address is certain of."""
        named = self.named
        return Found(
            row=named.row,
            method=LocateMethod.ADDRESS if named.row >= 0 else LocateMethod.NONE,
            alternates=named.candidates,
            zones=named.zones or (self.edition.zones_holding(named.row) if named.row >= 0 else ()),
            flags=(PlaceFlag.AMBIGUOUS_ADDRESS,) if named.candidates else (),
        )

    def by_hand(self, code: str, found: Found) -> Found:
        """Put an operator's choice above what was found, and keep what is finer within it."""
        row = self.edition.row_of(code)
        if row < 0:
            note = f"未知的区域编码 {code} · unknown area code {code}"
            return replace(found, notes=(*found.notes, note))
        if found.row >= 0 and row in self.edition.lineage(found.row):
            others = tuple(other for other in found.alternates if row in self.edition.lineage(other))
            flags = tuple(flag for flag in found.flags if others or flag is not PlaceFlag.NEAR_BORDER)
            return replace(found, method=LocateMethod.MANUAL, alternates=others, flags=flags)
        notes = found.notes
        if found.row >= 0:
            other = self.table.names[found.row]
            notes += (f"人工指定，坐标或地址指向{other} · chosen by hand; point or address says {other}",)
        chosen = Found(
            row=row,
            method=LocateMethod.MANUAL,
            zones=self.edition.zones_holding(row),
            flags=tuple(flag for flag in found.flags if flag is PlaceFlag.OUTSIDE_CITY),
            notes=notes,
        )
        return self._checked(chosen)

    def _checked(self, found: Found) -> Found:
        """Flag a place whose address names, for certain, somewhere else."""
        named = self._named_rows()
        if not named or (found.row >= 0 and any(self._agree(found.row, row) for row in named)):
            return found
        names = "、".join(self.table.names[row] for row in named)
        note = f"地址指向{names}，与位置不符 · the address says {names}, which the place contradicts"
        return replace(found, flags=(*found.flags, PlaceFlag.ADDRESS_DISAGREES), notes=(*found.notes, note))

    def _named_rows(self) -> tuple[int, ...]:
        """Return the areas that the address may mean, below the city."""
        rows = self.named.candidates or (self.named.row,)
        return tuple(row for row in rows if row >= 0 and self.table.levels[row] > 1)

    def _agree(self, one: int, other: int) -> bool:
        return one in self.edition.lineage(other) or other in self.edition.lineage(one)
