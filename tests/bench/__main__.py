"""``make bench``: what this machine does, beside a peer or the bare library measured in the same run.

``--quick`` takes a fifth of the samples. Machines are noisy: read ratios and medians.
"""

import asyncio
import importlib.util
import os
import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from tests.bench import bench_alerts, bench_pages, bench_rules
from tests.bench.bench_stack import Row, measure

console = Console(width=110)


def show(title: str, rows: list[Row]) -> None:
    """Print one table."""
    table = Table("what", "measured", "target / peer", title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def main() -> None:
    """Measure everything and print it."""
    quick = "--quick" in sys.argv
    console.print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")
    show("stack: SQLite, embedded Temporal, one machine", asyncio.run(measure(scale=0.2 if quick else 1.0)))
    show("alerts: store first, then read", bench_alerts.run(scale=0.2 if quick else 1.0))
    show("pages over 100,000 cases, SQLite", bench_pages.run(scale=0.2 if quick else 1.0))
    show("rules", bench_rules.run())
    if importlib.util.find_spec("tests.bench.bench_locate") is not None:
        run: Callable[..., list[Row]] = importlib.import_module("tests.bench.bench_locate").run
        show("location", run())
    if importlib.util.find_spec("tests.bench.bench_places") is not None:
        show("places", importlib.import_module("tests.bench.bench_places").run())


if __name__ == "__main__":
    main()
