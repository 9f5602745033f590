"""CRS conversions: the inverse undoes the definition, scalar and vector agree."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.place import Crs
from geo.crs import from_wgs84, from_wgs84_many, to_wgs84, to_wgs84_many

# Well inside the rectangle of the Chinese series, where the shift is continuous.
lons = st.floats(74.0, 135.0)
lats = st.floats(3.0, 53.0)
shifted = st.sampled_from([Crs.GCJ02, Crs.BD09])

# A micrometre. Away from longitude 105 the noise is two ulps; there the series has a root whose slope is
# infinite, and a picometre's kink is all the definition itself allows to be undone.
NOISE = 1e-11


@given(lon=lons, lat=lats, crs=st.sampled_from(Crs))
def test_there_and_back(lon: float, lat: float, crs: Crs) -> None:
    back = to_wgs84(*from_wgs84(lon, lat, crs=crs), crs=crs)
    assert back == pytest.approx((lon, lat), abs=NOISE, rel=0)


@given(lon=lons, lat=lats, crs=st.sampled_from(Crs))
def test_back_and_there(lon: float, lat: float, crs: Crs) -> None:
    there = from_wgs84(*to_wgs84(lon, lat, crs=crs), crs=crs)
    assert there == pytest.approx((lon, lat), abs=NOISE, rel=0)


@given(points=st.lists(st.tuples(lons, lats), min_size=1, max_size=30), crs=st.sampled_from(Crs))
def test_arrays_agree_with_scalars(points: list[tuple[float, float]], crs: Crs) -> None:
    xs, ys = np.array(points).T
    before = xs.copy(), ys.copy()
    there = from_wgs84_many(xs, ys, crs=crs)
    back = to_wgs84_many(xs, ys, crs=crs)
    for i, (lon, lat) in enumerate(points):
        assert (there[0][i], there[1][i]) == pytest.approx(from_wgs84(lon, lat, crs=crs), abs=NOISE, rel=0)
        assert (back[0][i], back[1][i]) == pytest.approx(to_wgs84(lon, lat, crs=crs), abs=NOISE, rel=0)
    assert np.array_equal([xs, ys], before)


@given(lon=lons, lat=lats, crs=shifted)
def test_the_shift_is_of_the_known_size(lon: float, lat: float, crs: Crs) -> None:
    there_lon, there_lat = from_wgs84(lon, lat, crs=crs)
    metres = math.hypot((there_lon - lon) * math.cos(math.radians(lat)), there_lat - lat) * 111_320
    assert 10 < metres < 2_500


def test_wuhan_shift_matches_the_measured_one() -> None:
    # Best-fit shift of AMap's Wuhan districts against the official ones (geo.md §1): about 583 m.
    lon, lat = from_wgs84(114.30, 30.59, crs=Crs.GCJ02)
    assert lon - 114.30 == pytest.approx(0.0055, abs=0.0007)
    assert lat - 30.59 == pytest.approx(-0.0024, abs=0.0007)


def test_published_pair_of_points() -> None:
    # Tiananmen, the pair every public description of the series gives.
    lon, lat = from_wgs84(116.404, 39.915, crs=Crs.GCJ02)
    assert (lon, lat) == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-9)
    bd = from_wgs84(*to_wgs84(116.404, 39.915, crs=Crs.GCJ02), crs=Crs.BD09)
    assert bd == pytest.approx((116.41036949371029, 39.92133699351022), abs=1e-9)


def test_cgcs2000_is_taken_as_equal_and_abroad_nothing_moves() -> None:
    assert to_wgs84(114.3, 30.6, crs=Crs.CGCS2000) == (114.3, 30.6)
    assert to_wgs84(-71.06, 42.36, crs=Crs.GCJ02) == (-71.06, 42.36)
