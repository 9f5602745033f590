"""The place search beside rapidfuzz's own ``process.extract`` over the same names, in the same run.

``python -m tests.bench.bench_places``. The peer is what one would write first: the likest of all
names of the flagship (areas, streets, crossings), without pinyin, initials or narrowing. Wall
time of one search; both lists are made before the clock runs.
"""

import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from rapidfuzz import fuzz, process

from domain.place import Level
from geo.place_index import PlaceIndex
from geo.places import PlaceSearch
from geo.publish import open_atlas, publish
from store.pack import load

ON = date(2026, 11, 22)
PACK = Path(__file__).parents[2] / "cities" / "wuhan"
NEAR = (114.30, 30.59)
TYPED = (
    "武昌区", "wcq", "w", "wuchang", "4201", "珞喻路1037号", "武昌区 中南路", "珞喻路与卓刀泉路", "lyl zdql", "社区",
    "第5网格", "rhsq", "guanshna", "珞俞路", "武汉市洪山区珞喻路1037号", "zhongnan raod", "在黄鹤楼公园门口有一堆垃圾",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One method: wall time of one search in milliseconds over all typed texts."""

    method: str
    p50_ms: float
    p99_ms: float
    worst: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What was measured. ``build_s`` and ``memory_mb`` are of making the index once."""

    entries: int
    build_s: float
    memory_mb: float
    figures: tuple[Figure, ...]


def measure(*, rounds: int = 20) -> Measured:
    """Build the search of the flagship and time both methods in turn."""
    pack = load(folder=PACK)
    english = {area.code: area.name_en for level in Level for area in pack.areas.at(level) if area.name_en}
    with tempfile.TemporaryDirectory() as cache:
        edition = open_atlas(publish(pack_folder=PACK, cache=Path(cache))).edition(ON)
        edition.chain_at(*NEAR)
        before = _resident_mb()
        started = time.perf_counter()
        index = PlaceIndex(edition=edition, places=pack.places, english=english, readings=pack.readings)
        search = PlaceSearch(index=index)
        built = time.perf_counter() - started
        grown = _resident_mb() - before
    names = [entry.name_zh for entry in index.entries]
    methods: dict[str, Callable[[str], object]] = {
        "place search": lambda text: search.search(text, near=NEAR, limit=10),
        "rapidfuzz process.extract": lambda text: process.extract(text, names, scorer=fuzz.WRatio, limit=10),
    }
    times: dict[str, list[tuple[float, str]]] = {name: [] for name in methods}
    for _ in range(rounds):
        for text in TYPED:
            for name, method in methods.items():
                begun = time.perf_counter_ns()
                method(text)
                times[name].append(((time.perf_counter_ns() - begun) / 1e6, text))
    return Measured(
        entries=len(names),
        build_s=built,
        memory_mb=grown,
        figures=tuple(_figure(name, found) for name, found in times.items()),
    )


def _figure(name: str, found: Sequence[tuple[float, str]]) -> Figure:
    p50, p99 = np.percentile([took for took, _ in found], [50, 99]).tolist()
    typical = {text: float(np.median([took for took, of in found if of == text])) for _, text in found}
    return Figure(method=name, p50_ms=p50, p99_ms=p99, worst=max(typical, key=typical.__getitem__))


def _resident_mb() -> float:
    """Return the process's memory: now where the system tells it, else the most it ever had."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 1e6


def run(*, rounds: int = 20) -> list[tuple[str, str, str]]:
    """Measure, and return rows of (what, measured, target or peer) for ``make bench``."""
    found = measure(rounds=rounds)
    ours, peer = found.figures
    return [
        (
            f"place search, {found.entries:,} names",
            f"p50 {ours.p50_ms:.1f} ms, p99 {ours.p99_ms:.1f} ms (slowest: {ours.worst})",
            f"< 10 ms; {peer.method}: p50 {peer.p50_ms:.1f} ms, p99 {peer.p99_ms:.1f} ms",
        ),
        ("its index, made once", f"{found.build_s:.1f} s, {found.memory_mb:.0f} MB", "only where people ask"),
    ]


if __name__ == "__main__":
    for row in run():
        print(" | ".join(row))
