"""The benchmark of the place search runs, whatever it takes."""

from tests.bench.bench_places import TYPED, measure


def test_both_methods_are_measured_on_the_same_names() -> None:
    found = measure(rounds=1)
    assert found.entries > 23_000
    assert [figure.method for figure in found.figures] == ["place search", "rapidfuzz process.extract"]
    assert all(figure.p50_ms <= figure.p99_ms and figure.worst in TYPED for figure in found.figures)
