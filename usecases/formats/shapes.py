"""Points, rings and circles of a message as one place: its middle, and how far it reaches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.envelope import DeadCode
from domain.place import Crs, ReportedPlace, metres_between
from usecases.formats.faults import UnableToRead

MOST_POINTS = 20_000
Box = tuple[float, float, float, float]
"""West, south, east, north in WGS-84 degrees."""
Point = tuple[float, float]
"""Longitude and latitude in WGS-84 degrees."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """Where something is: points (of rings, or single ones), each reaching ``radius_m`` metres further."""

    points: tuple[Point, ...]
    radius_m: float = 0.0


def place_of(shapes: Sequence[Shape], *, bbox: Box | None, address: str | None = None) -> ReportedPlace:
    """Return the middle of all shapes and the distance to the furthest point of any.

    Raises UnableToRead (too_many, swapped_axes, bad_position).
    """
    points = [point for shape in shapes for point in shape.points]
    if len(points) > MOST_POINTS:
        raise UnableToRead(DeadCode.TOO_MANY, count=str(len(points)), most=str(MOST_POINTS))
    if not points:
        return ReportedPlace(address=address)
    check_axes(points, bbox=bbox)
    lons, lats = [lon for lon, _ in points], [lat for _, lat in points]
    lon, lat = (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2
    reach = max(
        metres_between(lon=lon, lat=lat, other_lon=each[0], other_lat=each[1]) + shape.radius_m
        for shape in shapes
        for each in shape.points
    )
    return ReportedPlace(
        lon=round(lon, 7),
        lat=round(lat, 7),
        crs=Crs.WGS84,
        address=address,
        radius_m=round(reach, 1) if reach > 0 else None,
    )


def check_axes(points: Iterable[Point], *, bbox: Box | None) -> None:
    """Refuse positions that only make sense with their axes swapped. Raises UnableToRead (swapped_axes, bad_position).

    Swapped means: a latitude over 90 whose longitude could be one; or, where the city's box is
    known, every point far from it as written and every point within it when swapped.
    """
    several = list(points)
    if any(abs(lat) > 90 or abs(lon) > 180 for lon, lat in several):
        swapped = all(abs(lat) <= 180 and abs(lon) <= 90 for lon, lat in several)
        raise UnableToRead(DeadCode.SWAPPED_AXES if swapped else DeadCode.BAD_POSITION, field="position")
    if bbox is None or any(_within(point, bbox) for point in several):
        return
    if all(_within((lat, lon), bbox) for lon, lat in several):
        raise UnableToRead(DeadCode.SWAPPED_AXES, field="position")


def _within(point: Point, bbox: Box) -> bool:
    west, south, east, north = bbox
    return west <= point[0] <= east and south <= point[1] <= north
