"""Learns placeholder coordinates: one exact point that too many reports of a channel share.

Forms and geocoders write a default when they know no place (Boston 2015: one point held 14 %
of all rows). A detector counts every channel's exact points in bounded memory.
"""

from collections.abc import Mapping
from typing import Any

from geo.points import Point, same_point


class PlaceholderDetector:
    """Counts exact points per channel; more than ``share`` of at least ``min_rows`` rows is hot.

    The counter (Misra–Gries) keeps at most ``8 / share`` points per channel. It never counts
    too much, so no point is hot that is not over the share; it may count up to an eighth of
    the share too little, so a point must be that much over to be certain to be found.
    """

    def __init__(self, *, share: float, min_rows: int) -> None:
        if not 0.0 < share <= 1.0:
            raise ValueError(f"share must be over 0 and at most 1, not {share}")
        self._share = share
        self._min_rows = min_rows
        self._capacity = round(8 / share)
        self._counts: dict[str, dict[Point, int]] = {}
        self._rows: dict[str, int] = {}
        self._frequent: dict[str, set[Point]] = {}  # those with at least min_rows: few

    def observe(self, *, channel: str, lon: float, lat: float) -> None:
        """Count one reported point, as reported (in the channel's own coordinate system)."""
        counts = self._counts.setdefault(channel, {})
        self._rows[channel] = self._rows.get(channel, 0) + 1
        key = same_point(lon, lat)
        if key in counts or len(counts) < self._capacity:
            counts[key] = counts.get(key, 0) + 1
            if counts[key] >= self._min_rows:
                self._frequent.setdefault(channel, set()).add(key)
        else:
            self._counts[channel] = {point: count - 1 for point, count in counts.items() if count > 1}
            self._find_frequent(channel)

    def hot_points(self, channel: str) -> frozenset[Point]:
        """Return the channel's hot points, for ``Atlas.locate(hot_points=…)``.

        ``min_rows`` is the least number of rows on the one point itself, so that a quiet
        channel's first reports from one street corner are not taken for a default.
        """
        most_innocent = self._share * self._rows.get(channel, 0)
        counts = self._counts.get(channel, {})
        return frozenset(p for p in self._frequent.get(channel, ()) if counts[p] > most_innocent)

    def _find_frequent(self, channel: str) -> None:
        counts = self._counts[channel]
        self._frequent[channel] = {point for point, count in counts.items() if count >= self._min_rows}

    def snapshot(self) -> dict[str, Any]:
        """Return the counts as plain JSON values, to be kept over a restart."""
        return {
            channel: {
                "rows": self._rows[channel],
                "points": [[*point, count] for point, count in counts.items()],
            }
            for channel, counts in self._counts.items()
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Take over what :meth:`snapshot` returned, in place of what was counted."""
        self._rows = {channel: int(kept["rows"]) for channel, kept in snapshot.items()}
        self._counts = {
            channel: {(lon, lat): int(count) for lon, lat, count in kept["points"]}
            for channel, kept in snapshot.items()
        }
        self._frequent = {}
        for channel in self._counts:
            self._find_frequent(channel)
