"""Works out the editions of a city when its pack is published: periods, parents, overlays.

Needs the outlines in memory and builds the indexes; nothing here runs at look-up time.
"""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.index import build_index, content_hash
from geo.layers import FIRST_DAY, LAST_DAY, AreaRow, PackAreas

Array = NDArray[Any]
_NONE, _NOT_VALID = -1, -2
# An overlay holds an area when all but this share of it lies inside: outlines drawn by two
# hands never agree to the metre.
_HELD = 0.99


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerDraft:
    """The rows of one layer in one edition, ordered by code, and the folder of their index."""

    rows: Array
    index: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EditionDraft:
    """One period. ``layers`` by key: ``level-5`` … ``level-1``, ``zone-0`` …; see Edition for the rest."""

    begin: int
    layers: dict[str, LayerDraft]
    parents: Array
    held: Array


def draft_editions(areas: PackAreas, folder: Path, known: dict[str, Path]) -> list[EditionDraft]:
    """Build every edition; indexes go into ``folder``, or are linked there when ``known``."""
    days = {day for row in areas.rows for day in (row.begin, row.end)}
    begins = [FIRST_DAY, *sorted(days - {FIRST_DAY, LAST_DAY})]
    indexes: dict[bytes, LayerDraft] = {}
    return [_draft(areas, begin, _Indexer(areas, folder, known, indexes)) for begin in begins]


class _Indexer:
    """Makes the index of some rows, once however many editions have the same rows."""

    def __init__(
        self, areas: PackAreas, folder: Path, known: dict[str, Path], made: dict[bytes, LayerDraft]
    ) -> None:
        self._areas, self._folder, self._known, self._made = areas, folder, known, made

    def layer(self, rows: list[int]) -> LayerDraft:
        ordered = np.array(sorted(rows, key=lambda row: self._areas.rows[row].code), dtype=np.int32)
        key = ordered.tobytes()
        if key not in self._made:
            shapes = _shapes(self._areas.rows, ordered)
            name = f"index-{content_hash(shapes)}"
            self._provide(name, shapes)
            self._made[key] = LayerDraft(rows=ordered, index=name)
        return self._made[key]

    def _provide(self, name: str, shapes: Array) -> None:
        target = self._folder / name
        if target.exists():
            return
        if name in self._known and _link(self._known[name], target):
            return
        target.mkdir()
        build_index(shapes).save(target)


def _link(source: Path, target: Path) -> bool:
    """Take over a finished index without copying; False when the file system or a clean-up prevents it."""
    try:
        shutil.copytree(source, target, copy_function=os.link)
    except (OSError, shutil.Error):
        shutil.rmtree(target, ignore_errors=True)
        return False
    return True


def _draft(areas: PackAreas, begin: int, indexer: _Indexer) -> EditionDraft:
    valid = [n for n, row in enumerate(areas.rows) if row.begin <= begin < row.end]
    kinds = list(dict.fromkeys(layer.kind for layer in areas.layers if layer.level is None))
    groups: dict[str, list[int]] = {}
    for number in valid:
        layer = areas.layers[areas.rows[number].layer]
        if areas.rows[number].shape is not None:
            key = f"level-{int(layer.level)}" if layer.level else f"zone-{kinds.index(layer.kind):02}"
            groups.setdefault(key, []).append(number)
    layers = {key: indexer.layer(rows) for key, rows in groups.items()}
    zones = [number for number in valid if areas.layers[areas.rows[number].layer].level is None]
    return EditionDraft(
        begin=begin,
        layers=layers,
        parents=_parents(areas, valid),
        held=_held(areas, [number for number in valid if number not in set(zones)], zones),
    )


def _parents(areas: PackAreas, valid: list[int]) -> Array:
    """Return the row of every row's parent: by code, else by outline, else the city if there is one."""
    parents = np.full(len(areas.rows), _NOT_VALID, dtype=np.int32)
    by_level: dict[int, list[int]] = {}
    for number in valid:
        own = areas.layers[areas.rows[number].layer].level
        parents[number] = _NONE
        if own is not None:
            by_level.setdefault(int(own), []).append(number)
    above: dict[str, int] = {}
    higher: list[int] = []
    for level in sorted(by_level):
        orphans = []
        for number in by_level[level]:
            parents[number] = above.get(areas.rows[number].parent, _NONE)
            if parents[number] < 0 and higher:
                orphans.append(number)
        _adopt(areas, parents, orphans, higher)
        above |= {areas.rows[number].code: number for number in by_level[level]}
        higher = by_level[level]
    return parents


def _adopt(areas: PackAreas, parents: Array, orphans: list[int], higher: list[int]) -> None:
    """Give areas without a named parent the one of the next level that holds their inner point."""
    if not orphans:
        return
    if len(higher) == 1:
        parents[orphans] = higher[0]
        return
    outlined = np.array([number for number in higher if areas.rows[number].shape is not None])
    points = shapely.point_on_surface(_shapes(areas.rows, orphans))
    orphan, holder = shapely.STRtree(_shapes(areas.rows, outlined)).query(points, predicate="intersects")
    for position, found in zip(orphan[::-1].tolist(), holder[::-1].tolist(), strict=True):
        parents[orphans[position]] = outlined[found]


def _held(areas: PackAreas, inner: list[int], zones: list[int]) -> Array:
    """Return (area, overlay) for every area that lies in an overlay as a whole."""
    outlined = np.array([n for n in inner if areas.rows[n].shape is not None], dtype=np.int64)
    if not len(outlined) or not zones:
        return np.zeros((0, 2), dtype=np.int64)
    shapes = _shapes(areas.rows, outlined)
    tree = shapely.STRtree(shapes)
    pairs = []
    for zone in zones:
        shape = areas.rows[zone].shape
        within = tree.query(shape, predicate="contains")
        near = np.setdiff1d(tree.query(shape), within)
        shared = shapely.area(shapely.intersection(shapes[near], shape))
        mostly = near[shared >= _HELD * shapely.area(shapes[near])]
        held = outlined[np.union1d(within, mostly)]
        pairs.append(np.column_stack([held, np.full(len(held), zone)]))
    return np.concatenate(pairs)


def _shapes(rows: tuple[AreaRow, ...], numbers: Iterable[int]) -> Array:
    wanted = [rows[number].shape for number in numbers]
    shapes = np.empty(len(wanted), dtype=object)
    shapes[:] = wanted
    return shapes
