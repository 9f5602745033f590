"""The detector finds default coordinates, never accuses an innocent point, and stays small."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.placeholders import PlaceholderDetector

DEFAULT = (-71.0587, 42.3594)


def fed(points: list[tuple[float, float]], *, share: float, min_rows: int) -> PlaceholderDetector:
    detector = PlaceholderDetector(share=share, min_rows=min_rows)
    for lon, lat in points:
        detector.observe(channel="app", lon=lon, lat=lat)
    return detector


def test_one_default_among_many_places() -> None:
    rng = np.random.default_rng(1)
    rows = [DEFAULT if rng.random() < 0.14 else tuple(rng.uniform(-1, 1, 2).tolist()) for _ in range(20_000)]
    detector = fed(rows, share=0.005, min_rows=50)
    assert detector.hot_points("app") == {DEFAULT}
    assert detector.hot_points("hotline") == frozenset()


def test_needs_the_share_and_the_rows() -> None:
    rows = [DEFAULT] * 49
    assert fed(rows, share=0.005, min_rows=50).hot_points("app") == frozenset()
    assert fed([*rows, DEFAULT], share=0.005, min_rows=50).hot_points("app") == {DEFAULT}
    diluted = [DEFAULT] * 60 + [(i / 1000, 1.0) for i in range(11_940)]
    assert fed(diluted, share=0.005, min_rows=50).hot_points("app") == frozenset()


@given(
    rows=st.lists(st.integers(0, 400), min_size=1, max_size=600),
    heavy=st.lists(st.integers(0, 3), max_size=200),
    share=st.sampled_from([0.02, 0.1, 0.3]),
    min_rows=st.integers(1, 20),
    seed=st.randoms(use_true_random=False),
)
def test_against_exact_counts(
    rows: list[int], heavy: list[int], share: float, min_rows: int, seed: object
) -> None:
    mixed = rows + heavy
    seed.shuffle(mixed)  # type: ignore[attr-defined]
    detector = fed([(float(n), 1.0) for n in mixed], share=share, min_rows=min_rows)
    counts = Counter((float(n), 1.0) for n in mixed)
    total = len(mixed)
    hot = detector.hot_points("app")
    assert hot <= {point for point, n in counts.items() if n >= min_rows and n > share * total}
    certain = {
        p for p, n in counts.items() if n * 1.0 - share * total / 8 >= min_rows and n > share * total * 9 / 8
    }
    assert certain <= hot
    assert len(detector.snapshot()["app"]["points"]) <= round(8 / share)


def test_snapshot_survives_json() -> None:
    detector = fed([DEFAULT] * 60 + [(1.0, 2.0)] * 3, share=0.005, min_rows=50)
    other = PlaceholderDetector(share=0.005, min_rows=50)
    other.restore(json.loads(json.dumps(detector.snapshot())))
    assert other.hot_points("app") == {DEFAULT}
    assert other.snapshot() == detector.snapshot()
    other.observe(channel="app", lon=DEFAULT[0], lat=DEFAULT[1])
    assert other.snapshot()["app"]["rows"] == 64


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5, float("nan")])
def test_a_share_is_a_share(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        PlaceholderDetector(share=share, min_rows=50)
