"""Pages over a hundred thousand cases on SQLite: server time through the real application, in this process.

Beside each stands the bare statement that finds its cases, asked of the same file in the same run.
"""

import asyncio
import sqlite3
import tempfile
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

import httpx

from boot.settings import Settings
from domain.account import Grant, Post
from store.engine import open_store
from tests.bench.bench_stack import Row
from tests.bench.many_cases import seed
from tests.integration.signed_in_site import CITY_UNIT, DISTRICT_UNIT, signed_in_site

CASES = 100_000
ROUNDS = 40
ORIGIN = "http://127.0.0.1:8000"
WARM = 3
BARE = "SELECT case_no FROM cases WHERE open = 1 ORDER BY received_at DESC, case_no DESC LIMIT 51"
PEER_S = 1.7
"""Signalen's list of a hundred on a machine like this: 1.7 s at the median, 715 statements."""
PAGES = (
    ("list", "/cases"),
    ("list, gravest and due soon", "/cases?severity=1&severity=2&due=24h&sort=due"),
    ("list, all by grade", "/cases?tab=all&sort=severity"),
    ("list, words of an address", "/cases?tab=all&q=%E5%A4%A7%E9%81%931900"),
    ("board of columns", "/cases?view=board"),
    ("one case", "/cases/{number}"),
)


def run(*, scale: float = 1.0) -> list[Row]:
    """Seed, then measure every page for a city's and for a district's supervisor."""
    with tempfile.TemporaryDirectory(prefix="cityops-pages-") as folder:
        return asyncio.run(_measured(Path(folder), rounds=max(5, int(ROUNDS * scale))))


async def _measured(folder: Path, *, rounds: int) -> list[Row]:
    url = f"sqlite:///{folder / 'pages.db'}"
    store = open_store(url)
    store.migrate()
    store.close()
    settings = Settings(data_dir=folder, database_url=url, demo_mode=False, public_url=ORIGIN)
    rows: list[Row] = []
    async with signed_in_site(settings) as town:
        began = perf_counter()
        city = town.city
        numbers = seed(store=city.store, grounds=city.grounds, count=CASES, now=city.now())
        rows.append((f"{CASES:,} cases seeded", f"{perf_counter() - began:.0f} s", "bulk insert"))
        bare = _bare(folder / "pages.db", rounds)
        transport = httpx.ASGITransport(app=town.site)
        for post, unit in ((Post.CITY_SUPERVISOR, CITY_UNIT), (Post.DISTRICT_SUPERVISOR, DISTRICT_UNIT)):
            headers = town.session(town.hired(Grant(post=post, unit=unit)))
            async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as http:
                for name, path in PAGES:
                    if "{number}" in path and post is not Post.CITY_SUPERVISOR:
                        continue
                    took = await _asked(http, path.format(number=numbers[0]), rounds)
                    rows.append(_row(f"{name} ({post.value})", took, bare))
    return rows


async def _asked(http: httpx.AsyncClient, path: str, rounds: int) -> list[float]:
    took = []
    for _ in range(WARM + rounds):
        began = perf_counter()
        answer = await http.get(path)
        took.append(perf_counter() - began)
        answer.raise_for_status()
    return took[WARM:]


def _bare(path: Path, rounds: int) -> float:
    connection = sqlite3.connect(path)
    took = []
    for _ in range(rounds):
        began = perf_counter()
        connection.execute(BARE).fetchall()
        took.append(perf_counter() - began)
    connection.close()
    return median(took)


def _row(name: str, took: list[float], bare: float) -> Row:
    half, most = median(took), quantiles(took, n=20)[-1]
    against = f"p95 < 100 ms; {half / bare:.0f} × the bare statement ({bare * 1e3:.2f} ms)"
    if name.startswith("list ("):
        against += f"; Signalen's list {PEER_S / half:.0f} × as long"
    return (name, f"{half * 1e3:.0f} ms median, {most * 1e3:.0f} ms p95", against)


if __name__ == "__main__":
    for what, measured, beside in run():
        print(f"{what:50} {measured:32} {beside}")
