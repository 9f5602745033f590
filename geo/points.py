"""Is the reported point a point at all? Judged before anything is looked up.

Rules of reference geo.md §4: not-a-number, (0, 0), projected metres, swapped axes,
placeholder coordinates (one default geocode held 14 % of Boston's rows), and the coordinate
system that the channel declares.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass

from domain.pack import Channel
from domain.place import Crs, PlaceFlag, ReportedPlace
from geo.crs import to_wgs84
from geo.shapes import metres_per_degree

Box = tuple[float, float, float, float]
Point = tuple[float, float]

# Degrees around the city's box: a datum shift (0.012) and some water.
_BOX_MARGIN = 0.05
# Placeholders are compared at 6 decimals (0.1 m): files and forms round differently.
_SAME_POINT_DECIMALS = 6
# One degree with no decimals says nothing about a border; beyond this nothing is compared.
_COARSEST_M = 2_000.0


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedPoint:
    """A reported point after judgement. ``lon``/``lat`` are WGS-84 degrees, None when not usable.

    ``resolution_m`` is what one unit of the last reported decimal is worth on the ground.
    """

    lon: float | None = None
    lat: float | None = None
    crs: Crs
    resolution_m: float = 0.0
    flags: tuple[PlaceFlag, ...] = ()
    notes: tuple[str, ...] = ()


def same_point(lon: float, lat: float) -> Point:
    """Return the key under which equal coordinates are counted and compared."""
    return round(lon, _SAME_POINT_DECIMALS), round(lat, _SAME_POINT_DECIMALS)


def judge_point(
    *, reported: ReportedPlace, channel: Channel | None, hot_points: Collection[Point], bbox: Box
) -> JudgedPoint:
    """Judge a reported point. ``hot_points`` are :func:`same_point` keys learned from the channel.

    A channel's declared system holds unless the report itself names one other than WGS-84.
    """
    crs = channel.crs if channel is not None and reported.crs is Crs.WGS84 else reported.crs
    lon, lat = reported.lon, reported.lat
    if lon is None or lat is None:
        return JudgedPoint(crs=crs, flags=(PlaceFlag.NO_POINT,))
    raw = f"{lon:.10g}, {lat:.10g}"
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return _refused(
            crs, PlaceFlag.NO_POINT, f"坐标不是数字（{raw}） · coordinates are not numbers ({raw})"
        )
    if _is_placeholder(lon, lat, channel, _learned(channel, hot_points)):
        note = f"坐标 {raw} 为占位点，不采信 · {raw} is a placeholder point and not trusted"
        return _refused(crs, PlaceFlag.PLACEHOLDER_POINT, note)
    swapped = not _in_box(lon, lat, bbox) and _in_box(lat, lon, bbox)
    if swapped:
        lon, lat = lat, lon
    elif abs(lon) > 180.0 or abs(lat) > 90.0:
        note = f"坐标不是经纬度（{raw}） · coordinates are not degrees ({raw})"
        return _refused(crs, PlaceFlag.NOT_DEGREES, note)
    resolution = min(10.0 ** -max(_decimals(lon), _decimals(lat)) * metres_per_degree(lat)[1], _COARSEST_M)
    lon, lat = to_wgs84(lon, lat, crs=crs)
    return JudgedPoint(
        lon=lon,
        lat=lat,
        crs=crs,
        resolution_m=resolution,
        flags=(PlaceFlag.SWAPPED_AXES,) if swapped else (),
        notes=(f"经纬度写反，已互换（{raw}） · axes were swapped ({raw})",) if swapped else (),
    )


def _refused(crs: Crs, flag: PlaceFlag, note: str) -> JudgedPoint:
    return JudgedPoint(crs=crs, flags=(flag,), notes=(note,))


def _is_placeholder(lon: float, lat: float, channel: Channel | None, hot: Collection[Point]) -> bool:
    key = same_point(lon, lat)
    if key == (0.0, 0.0) or key in hot:
        return True
    declared = channel.placeholder_points if channel is not None else ()
    return any(key == same_point(*point) for point in declared)


def _learned(channel: Channel | None, hot: Collection[Point]) -> Collection[Point]:
    """A sensor always reports from where it stands; what it repeats is no placeholder."""
    return () if channel is not None and channel.kind == "sensor" else hot


def _in_box(lon: float, lat: float, bbox: Box) -> bool:
    west, south, east, north = bbox
    return (
        west - _BOX_MARGIN <= lon <= east + _BOX_MARGIN and south - _BOX_MARGIN <= lat <= north + _BOX_MARGIN
    )


def _decimals(value: float) -> int:
    text = repr(value)
    if "e" in text:
        return 17
    fraction = text.partition(".")[2]
    return 0 if fraction == "0" else len(fraction)
