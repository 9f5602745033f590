"""Cases as points of a map: no more than a dot needs, so that thousands travel light."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class CasePoint:
    """A case on the map, in WGS-84 degrees. ``late``: its due has passed and it is not settled."""

    case_no: str
    lon: float
    lat: float
    severity: int
    status: str
    late: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseCluster:
    """Cases close together: how many, their middle, the worst severity (1 is worst)."""

    lon: float
    lat: float
    count: int
    severity: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CasePoints:
    """Either all cases as points, or, where there are too many to draw, clusters of them."""

    points: tuple[CasePoint, ...] = ()
    clusters: tuple[CaseCluster, ...] = ()
