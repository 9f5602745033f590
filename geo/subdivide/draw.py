"""Draw one district: its grids, each with the community, street and number it gets."""

import hashlib
from dataclasses import dataclass

import numpy as np
import shapely

from geo.subdivide.cells import Geometries, Points, apportion, borders, cut_cells
from geo.subdivide.groups import Labels, cluster, connect, reading_order, split_with_anchors
from geo.subdivide.plan import District, Plan, Street


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnGrid:
    """One grid: its 15-digit code, its community, street and district, and its polygon."""

    code: str
    number: int
    community: str
    street: str
    district: str
    shape: shapely.Geometry


def draw_district(*, plan: Plan, district: District) -> list[DrawnGrid]:
    """Draw the grids of one district, in code order, in degrees rounded to six decimals.

    Depends on this district and on the plan's seed and total alone, so any district can be
    drawn again by itself; only ``coverage.node_cells`` joins it to its neighbours.
    """
    stretch = float(np.cos(np.radians(shapely.centroid(district.outline).y)))
    count = round(plan.grids * district.communities / sum(each.communities for each in plan.districts))
    cells = cut_cells(
        area=shapely.transform(district.outline, lambda xy: xy * (stretch, 1.0)),
        count=count,
        seed=_seed(plan.seed, district.code),
    )
    points = shapely.get_coordinates(shapely.centroid(cells))
    street_of, community_of = _label(district, cells, points, stretch)
    degrees = shapely.transform(cells, lambda xy: np.round(xy / (stretch, 1.0), 6))
    return _numbered(district, street_of, community_of, degrees)


def _seed(text: str, code: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{text}/{code}".encode()).digest()[:8], "big")


def _label(district: District, cells: Geometries, points: Points, stretch: float) -> tuple[Labels, Labels]:
    """Return the street index and the running community index of every cell."""
    shared = borders(cells=cells)
    streets = district.streets
    counts = apportion(weights=[float(len(street.communities)) for street in streets], total=len(cells))
    anchors = [_anchor(street, stretch) for street in streets]
    everywhere = np.zeros(len(cells), dtype=np.intp)
    street_of = split_with_anchors(points=points, counts=counts, anchors=anchors)
    street_of = connect(labels=street_of, within=everywhere, shared=shared)
    community_of = np.zeros(len(cells), dtype=np.intp)
    first = 0
    for index, street in enumerate(streets):
        own = np.flatnonzero(street_of == index)
        community_of[own] = first + cluster(points=points[own], groups=len(street.communities))
        first += len(street.communities)
    return street_of, connect(labels=community_of, within=street_of, shared=shared)


def _anchor(street: Street, stretch: float) -> tuple[float, float] | None:
    return None if street.zone is None else (street.zone.anchor[0] * stretch, street.zone.anchor[1])


def _numbered(
    district: District, street_of: Labels, community_of: Labels, degrees: Geometries
) -> list[DrawnGrid]:
    communities = [community for street in district.streets for community in street.communities]
    drawn = []
    for index, (code, _) in enumerate(communities):
        own = np.flatnonzero(community_of == index)
        order = reading_order(points=shapely.get_coordinates(shapely.centroid(degrees[own])))
        for number, cell in enumerate(own[order], start=1):
            drawn.append(
                DrawnGrid(
                    code=f"{code}{number:03d}",
                    number=number,
                    community=code,
                    street=district.streets[street_of[cell]].code,
                    district=district.code,
                    shape=degrees[cell],
                )
            )
    return sorted(drawn, key=lambda grid: grid.code)
