"""Coordinate systems of area files: what is declared, what the numbers say, and the likely truth."""

from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.checks.problems import AreaProblem, UnableToReadLayer

Box = tuple[float, float, float, float]
_NAMED = 3


def check_frame(
    *, shapes: NDArray[np.object_], file: str, own: str | None, declared: str | None, near: Box | None
) -> str:
    """Return the coordinate system to read the file in, or refuse it.

    A declaration wins over what the file says of itself, since many published files say
    nothing and GDAL then takes GeoJSON for WGS-84 (RFC 7946). Raises UnableToReadLayer:
    ``undeclared_crs``, ``unknown_crs``, ``not_degrees``, ``swapped_axes``, ``outside_city``.
    """
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    chosen = declared or own
    box: Box = tuple(float(side) for side in shapely.total_bounds(shapes))  # type: ignore[assignment]
    if chosen is None:
        raise _refusal(
            file,
            "undeclared_crs",
            f"文件未写明坐标系，须声明{_guess(box, near, 'zh')}",
            f"does not say its coordinate system: declare it{_guess(box, near, 'en')}",
        )
    try:
        system = CRS.from_user_input(chosen)
    except CRSError as problem:
        zh, en = f"未知的坐标系“{chosen}”", f"unknown coordinate system {chosen!r}"
        raise _refusal(file, "unknown_crs", zh, en) from problem
    if system.is_geographic:
        _check_degrees(file, box, near, chosen)
    elif near is not None and not _overlap(_degrees_box(box, chosen), near):
        zh = f"按 {chosen} 解读时不在本市范围内{_guess(box, near, 'zh')}"
        en = f"read as {chosen} it does not lie in the city{_guess(box, near, 'en')}"
        raise _refusal(file, "outside_city", zh, en)
    return chosen


def _check_degrees(file: str, box: Box, near: Box | None, chosen: str) -> None:
    west, south, east, north = box
    if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 180:
        zh = f"坐标不是经纬度（x 为 {west:,.0f} 至 {east:,.0f}），却按 {chosen} 解读{_guess(box, near, 'zh')}"
        en = f"not degrees (x runs {west:,.0f} to {east:,.0f}) though read as {chosen}{_guess(box, near, 'en')}"
        raise _refusal(file, "not_degrees", zh, en)
    if near is None or _overlap(box, near):
        return
    if _overlap((south, west, north, east), near):
        zh, en = "经度和纬度写反了", "longitude and latitude are swapped"
        raise _refusal(file, "swapped_axes", zh, en)
    where = ", ".join(f"{side:.3f}" for side in box)
    zh, en = f"位于本市范围之外（{where}）", f"lies outside the city ({where})"
    raise _refusal(file, "outside_city", zh, en)


def _refusal(file: str, code: str, zh: str, en: str) -> UnableToReadLayer:
    return UnableToReadLayer(AreaProblem(file=file, feature="", code=code, zh=zh, en=en))


def _overlap(one: Box, other: Box) -> bool:
    return bool(shapely.box(*one).intersects(shapely.box(*other)))


def _guess(box: Box, near: Box | None, language: str) -> str:
    likely = likely_crs(box=box, near=near)
    if not likely:
        return ""
    names = f"{likely[0][0]} ({likely[0][1]})" + "".join(f", {code}" for code, _ in likely[1:])
    return f"，可能是 {names}" if language == "zh" else f"; likely {names}"


@cache
def likely_crs(*, box: Box, near: Box | None) -> tuple[tuple[str, str], ...]:
    """Return up to three (code, name) of projected systems in which ``box`` falls on the city.

    ``near`` is the city's box in degrees. Every system that EPSG offers for the place is
    tried; among those that fit equally well the oldest code, usually the one meant, is first.
    """
    from pyproj.aoi import AreaOfInterest
    from pyproj.database import query_crs_info
    from pyproj.enums import PJType
    from pyproj.exceptions import ProjError

    if near is None:
        return ()
    place = AreaOfInterest(*near)
    offered = query_crs_info(
        auth_name="EPSG", pj_types=[PJType.PROJECTED_CRS], area_of_interest=place, contains=True
    )
    ranked = []
    for info in offered:
        try:
            fit = _fit(_degrees_box(box, f"EPSG:{info.code}"), near)
        except ProjError:  # a frame of many zones, not a system
            continue
        if fit > 0:
            ranked.append((-round(fit, 2), int(info.code), info.name))
    return tuple((f"EPSG:{code}", name) for _, code, name in sorted(ranked)[:_NAMED])


def _fit(box: Box, near: Box) -> float:
    """Return how well two boxes coincide (0 … 1), 0 unless the first lies mostly in the second."""
    if not np.isfinite(box).all():
        return 0.0
    inner, outer = shapely.box(*box), shapely.box(*near)
    common = inner.intersection(outer).area
    if common < 0.5 * inner.area or inner.area == 0:
        return 0.0
    return float(common / inner.union(outer).area)


def _degrees_box(box: Box, crs: str) -> Box:
    from pyproj import Transformer

    west, south, east, north = box
    move = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform
    xs, ys = move([west, west, east, east], [south, north, south, north])
    return float(min(xs)), float(min(ys)), float(max(xs)), float(max(ys))
