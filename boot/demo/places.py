"""Points for a generated day: inside the city's areas, away from borders and from each other."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from domain.place import AreaRef, Level
from geo.atlas import Atlas
from geo.shapes import metres_per_degree

DRAWN = 90_000
"""Points drawn over the city's box: enough for some hundred in the smallest urban district."""
CLEAR_M = 45.0
"""A point's area reaches at least this far around it: its owner is certain."""
APART_M = 300.0
"""Two events of one category are this far apart unless they are meant to be the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """A WGS-84 point in degrees and the chain of areas around it, city first."""

    lon: float
    lat: float
    chain: tuple[AreaRef, ...]

    def name(self, level: Level) -> str:
        """Return the name of the area of a level, empty where there is none."""
        return next((area.name for area in self.chain if area.level is level), "")

    def moved(self, *, east_m: float, north_m: float) -> tuple[float, float]:
        """Return the point so many metres away."""
        lon_m, lat_m = metres_per_degree(self.lat)
        return self.lon + east_m / lon_m, self.lat + north_m / lat_m


class Spots:
    """Draws spots by the districts' weights; the same seed and atlas draw the same spots."""

    def __init__(self, *, atlas: Atlas, on: date, weights: Mapping[str, float], seed: int) -> None:
        """Scatter points over the city's box and sort them by district."""
        self._atlas = atlas
        self._on = on
        self._random = random.Random(f"{seed}:places")  # noqa: S311 - a generated day, no secret
        self._taken: dict[str, list[Spot]] = {}
        self._pools = self._scatter()
        self._districts = [code for code in weights if self._pools.get(code)]
        self._weights = [weights[code] for code in self._districts]

    def draw(self, *, category: str) -> Spot:
        """Return a spot that no other event of this category is near. LookupError when all are used up."""
        while any(self._pools[district] for district in self._districts):
            (district,) = self._random.choices(self._districts, self._weights)
            pool = self._pools[district]
            if not pool:
                continue
            lon, lat = pool.pop()
            spot = Spot(lon=lon, lat=lat, chain=self._atlas.chain_at(lon, lat, on=self._on))
            others = self._taken.setdefault(category, [])
            if self._is_clear(spot) and all(distance_m(spot, other) > APART_M for other in others):
                others.append(spot)
                return spot
        raise LookupError("no points left for so long a day")

    def _scatter(self) -> dict[str, list[tuple[float, float]]]:
        west, south, east, north = self._atlas.bbox
        draw = self._random.uniform
        points = [(round(draw(west, east), 6), round(draw(south, north), 6)) for _ in range(DRAWN)]
        lons, lats = (np.array(values) for values in zip(*points, strict=True))
        pools: dict[str, list[tuple[float, float]]] = {}
        for point, code in zip(points, self._atlas.codes_at(lons, lats, on=self._on), strict=True):
            chain = self._atlas.chain(code, on=self._on) if code is not None else ()
            district = next((area.code for area in chain if area.level is Level.DISTRICT), None)
            if district is not None and chain[-1].level is Level.GRID:
                pools.setdefault(district, []).append(point)
        return pools

    def _is_clear(self, spot: Spot) -> bool:
        turns = [math.tau * part / 8 for part in range(8)]
        around = [
            spot.moved(east_m=CLEAR_M * math.cos(turn), north_m=CLEAR_M * math.sin(turn)) for turn in turns
        ]
        lons, lats = (np.array(values) for values in zip(*around, strict=True))
        return set(self._atlas.codes_at(lons, lats, on=self._on)) == {spot.chain[-1].code}


def distance_m(one: Spot, other: Spot) -> float:
    """Return the distance in metres; flat, which is enough within a city."""
    lon_m, lat_m = metres_per_degree(one.lat)
    return math.hypot((one.lon - other.lon) * lon_m, (one.lat - other.lat) * lat_m)
