"""The benchmark of look-ups runs and compares the answers of all methods, whatever they take."""

from tests.bench.bench_locate import measure, run, table


def test_every_method_gives_the_same_answers() -> None:
    figures = measure(points=2_000, singles=50, runs=1)
    assert len(figures) == 8
    assert {figure.ratio for figure in figures if figure.method == "geopandas.sjoin intersects"} == {1.0}
    assert len(table(figures).splitlines()) == 9


def test_rows_for_make_bench() -> None:
    rows = run(points=500, singles=20, runs=1)
    assert [what.rpartition(": ")[2] for what, _, _ in rows] == ["bulk", "one", "bulk", "one"]
