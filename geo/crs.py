"""Chinese map datums to WGS-84 and back, exact to the last bits a float can hold.

GCJ-02 ("Mars coordinates") shifts WGS-84 by up to 700 m with a published trigonometric
series; BD-09 shifts GCJ-02 once more. The forward series is the definition; the inverse
has no closed form, and the customary single subtraction leaves up to 2.3 m
(reference: geo.md §1). Here it is iterated until the remainder is below float noise.

CGCS2000 differs from WGS-84 by less than a metre and is taken as equal; the caller
records which one was declared. Outside the rectangle of the Chinese series the shift is
zero by definition.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from domain.place import Crs

Floats = NDArray[np.float64]
_Forward = Callable[[Floats, Floats], tuple[Floats, Floats]]

# Krasovsky ellipsoid of the series: semi-major axis in metres and squared eccentricity.
_AXIS = 6378245.0
_ECCENTRICITY2 = 0.00669342162296594323
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_BD_PI = math.pi * 3000.0 / 180.0
_BD_LON, _BD_LAT = 0.0065, 0.006
# Each iteration gains more than two digits (measured: 2 -> 9 mm, 5 -> machine zero).
_ITERATIONS = 8


def to_wgs84(lon: float, lat: float, *, crs: Crs) -> tuple[float, float]:
    """Return ``(lon, lat)`` in WGS-84 degrees of a point given in degrees of ``crs``."""
    if crs is Crs.GCJ02:
        return _gcj02_to_wgs84(lon, lat)
    if crs is Crs.BD09:
        return _gcj02_to_wgs84(*_bd09_to_gcj02(lon, lat))
    return lon, lat


def from_wgs84(lon: float, lat: float, *, crs: Crs) -> tuple[float, float]:
    """Return ``(lon, lat)`` in degrees of ``crs`` of a WGS-84 point in degrees."""
    if crs is Crs.GCJ02:
        return _wgs84_to_gcj02(lon, lat)
    if crs is Crs.BD09:
        return _gcj02_to_bd09(*_wgs84_to_gcj02(lon, lat))
    return lon, lat


def to_wgs84_many(lons: Floats, lats: Floats, *, crs: Crs) -> tuple[Floats, Floats]:
    """Like :func:`to_wgs84` for arrays of equal shape; the input arrays are not changed."""
    if crs is Crs.GCJ02:
        return _invert_many(lons, lats, _wgs84_to_gcj02_many)
    if crs is Crs.BD09:
        return _invert_many(*_invert_many(lons, lats, _gcj02_to_bd09_many), _wgs84_to_gcj02_many)
    return lons, lats


def from_wgs84_many(lons: Floats, lats: Floats, *, crs: Crs) -> tuple[Floats, Floats]:
    """Like :func:`from_wgs84` for arrays of equal shape."""
    if crs is Crs.GCJ02:
        return _wgs84_to_gcj02_many(lons, lats)
    if crs is Crs.BD09:
        return _gcj02_to_bd09_many(*_wgs84_to_gcj02_many(lons, lats))
    return lons, lats


def _wgs84_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    if not (_WEST <= lon <= _EAST and _SOUTH <= lat <= _NORTH):
        return lon, lat
    x, y = lon - 105.0, lat - 35.0
    root = math.sqrt(abs(x))
    wave = (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    north += (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    east += (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    sine = math.sin(math.radians(lat))
    magic = 1.0 - _ECCENTRICITY2 * sine * sine
    meridian = _AXIS * (1.0 - _ECCENTRICITY2) / (magic * math.sqrt(magic))
    parallel = _AXIS / math.sqrt(magic) * math.cos(math.radians(lat))
    return lon + math.degrees(east / parallel), lat + math.degrees(north / meridian)


def _wgs84_to_gcj02_many(lons: Floats, lats: Floats) -> tuple[Floats, Floats]:
    x, y = lons - 105.0, lats - 35.0
    root = np.sqrt(np.abs(x))
    wave = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    magic = 1.0 - _ECCENTRICITY2 * np.sin(np.radians(lats)) ** 2
    meridian = _AXIS * (1.0 - _ECCENTRICITY2) / (magic * np.sqrt(magic))
    parallel = _AXIS / np.sqrt(magic) * np.cos(np.radians(lats))
    inside = (lons >= _WEST) & (lons <= _EAST) & (lats >= _SOUTH) & (lats <= _NORTH)
    out_lons = np.where(inside, lons + np.degrees(east / parallel), lons)
    return out_lons, np.where(inside, lats + np.degrees(north / meridian), lats)


def _gcj02_to_bd09(lon: float, lat: float) -> tuple[float, float]:
    radius = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _BD_PI)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _BD_PI)
    return radius * math.cos(angle) + _BD_LON, radius * math.sin(angle) + _BD_LAT


def _gcj02_to_bd09_many(lons: Floats, lats: Floats) -> tuple[Floats, Floats]:
    radius = np.hypot(lons, lats) + 0.00002 * np.sin(lats * _BD_PI)
    angle = np.arctan2(lats, lons) + 0.000003 * np.cos(lons * _BD_PI)
    return radius * np.cos(angle) + _BD_LON, radius * np.sin(angle) + _BD_LAT


def _gcj02_to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    guess_lon, guess_lat = lon, lat
    for _ in range(_ITERATIONS):
        there_lon, there_lat = _wgs84_to_gcj02(guess_lon, guess_lat)
        step_lon, step_lat = lon - there_lon, lat - there_lat
        guess_lon, guess_lat = guess_lon + step_lon, guess_lat + step_lat
        if step_lon == 0.0 and step_lat == 0.0:
            break
    return guess_lon, guess_lat


def _bd09_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    guess_lon, guess_lat = lon - _BD_LON, lat - _BD_LAT
    for _ in range(_ITERATIONS):
        there_lon, there_lat = _gcj02_to_bd09(guess_lon, guess_lat)
        step_lon, step_lat = lon - there_lon, lat - there_lat
        guess_lon, guess_lat = guess_lon + step_lon, guess_lat + step_lat
        if step_lon == 0.0 and step_lat == 0.0:
            break
    return guess_lon, guess_lat


def _invert_many(lons: Floats, lats: Floats, forward: _Forward) -> tuple[Floats, Floats]:
    guess_lons, guess_lats = lons, lats
    for _ in range(_ITERATIONS):
        there_lons, there_lats = forward(guess_lons, guess_lats)
        guess_lons = guess_lons + (lons - there_lons)
        guess_lats = guess_lats + (lats - there_lats)
    return guess_lons, guess_lats
