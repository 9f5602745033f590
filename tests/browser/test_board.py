"""Board and wall in a real browser: they follow the cases, keep the focus, say how old they are, and do not grow."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from boot.settings import Settings
from boot.wiring import prepare
from domain.views import Record
from tests.bench.many_cases import seed
from tests.browser.map_site import CHROMIUM, FLAGS, MapSite, map_site
from tests.integration.store_samples import case_no, view

AXE = Path(__file__).parents[2] / "web" / "front" / "node_modules" / "axe-core" / "axe.min.js"
CASES = 150
OFFLINE = ("ERR_INTERNET_DISCONNECTED", "Failed to fetch")
"""What a browser says when a test takes its network away."""
WARM, UPDATES = 150, 350
GROWTH = 1.1
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="NO CHROMIUM: board and wall were not looked at in a browser"),
    pytest.mark.timeout(300),
]
UPDATE = """async (times) => {
  for (let n = 0; n < times; n += 1) {
    const shown = new Promise((done) => document.addEventListener("wall:shown", done, { once: true }));
    document.dispatchEvent(new Event("wall:refresh"));
    await shown;
  }
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MapSite]:
    """Serve the pages with some cases."""
    data = tmp_path_factory.mktemp("board")
    settings = Settings(data_dir=data)
    prepare(settings)
    with map_site(settings, data=data) as found:
        seed(store=found.city.store, grounds=found.city.grounds, count=CASES, now=found.city.now())
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start a browser without WebGL: board and wall need none."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-3d-apis"])
        yield found
        found.close()


@pytest.fixture
def context(browser: Browser, site: MapSite) -> Iterator[BrowserContext]:
    """Open a browser of a supervisor's own, as large as a wall."""
    found = browser.new_context(viewport={"width": 1920, "height": 1080}, timezone_id="Asia/Shanghai")
    values = {"cityops_session": site.cookie, "cityops_lang": "zh"}
    found.add_cookies([{"name": name, "value": value, "url": site.url} for name, value in values.items()])
    yield found
    found.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Open a page; no error may be on its console at the end."""
    found = context.new_page()
    wrong: list[str] = []
    found.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    found.on("pageerror", lambda error: wrong.append(str(error)))
    yield found
    assert [one for one in wrong if not any(word in one for word in OFFLINE)] == []


def happens(site: MapSite, n: int, **changes: object) -> None:
    """Let an urgent case come in, overdue from the start."""
    now = site.city.now()
    made = view(
        n, received_at=now, dispatched_at=now, handling_due=now - timedelta(minutes=1), severity=1,
        district="420102", street=None, owner="420102-URBAN_MGMT", category="E0506",
    )  # fmt: skip
    made = replace(made, **{"seq": 2, **changes})  # type: ignore[arg-type]
    site.city.store.record(record=Record(view=made, facts=(), notices=()))


def number(page: Page, figure: str, *, of: str = "kpi") -> int:
    return int(page.locator(f"#{of}-{figure} .{of}-value").inner_text().replace(",", ""))


def test_the_board_changes_when_a_case_does_and_the_focus_stays(page: Page, site: MapSite) -> None:
    page.goto(f"{site.url}/board")
    page.locator("#kpi-urgent").wait_for()
    page.wait_for_selector("#live[data-state=live]")
    page.locator("#sort-urgent").focus()
    before = number(page, "urgent")
    happens(site, 1)
    value = page.locator("#kpi-urgent .kpi-value")
    expect(value).to_have_text(str(before + 1), timeout=20_000)
    page.locator(f"#late-{case_no(1)}").wait_for(state="attached")
    assert page.evaluate("() => document.activeElement.id") == "sort-urgent"
    happens(site, 1, status="archived", closed_at=site.city.now(), submitted_at=site.city.now(), seq=3)
    expect(value).to_have_text(str(before), timeout=20_000)


def test_a_figure_says_what_it_is_and_stays_open_while_it_changes(page: Page, site: MapSite) -> None:
    page.goto(f"{site.url}/board")
    page.locator("#kpi-on_time").click()
    words = page.locator("#def-on_time")
    assert words.is_visible()
    assert "÷ 应结案数" in words.inner_text()
    seen = page.locator("#board-as-of").get_attribute("data-as-of")
    happens(site, 2)
    page.wait_for_function("(seen) => document.getElementById('board-as-of').dataset.asOf !== seen", arg=seen)
    assert words.is_visible()


def test_a_ranking_is_sorted_in_place_and_the_address_can_be_shared(page: Page, site: MapSite) -> None:
    page.goto(f"{site.url}/board")
    page.locator("#by-owner").click()
    page.locator("#by-owner[aria-current]").wait_for()
    page.locator("#sort-in_hand").click()
    page.locator("th[aria-sort=descending] #sort-in_hand").wait_for()
    assert "by=owner" in page.url
    assert "sort=in_hand" in page.url
    page.reload()
    page.locator("th[aria-sort=descending] #sort-in_hand").wait_for()


def test_no_barrier_is_found_on_the_board_its_walls_and_instructions(page: Page, site: MapSite) -> None:
    for path in ("/board", "/wall/screens", "/instructions", "/instructions/new"):
        page.goto(site.url + path)
        page.wait_for_selector("#kpi-overdue, main form, main table")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate(
            "async () => (await axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}))"
            ".violations.map((one) => [one.id, one.nodes.map((node) => node.html.slice(0, 160))])"
        )
        assert found == [], path


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160), (1366, 768)])
def test_a_wall_fills_its_screen_and_nothing_sticks_out(
    page: Page, site: MapSite, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{site.url}/wall")
    page.locator("#wall-in_hand").wait_for()
    page.wait_for_selector("#wall-chart[data-drawn]")
    box = page.locator("#wall-live").bounding_box()
    assert box is not None
    assert box["width"] == pytest.approx(width, rel=0.01)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("#wall-map svg path").count() > 10
    assert page.locator(".wall-kpi").count() == 7


def test_a_wall_follows_the_cases_and_turns_its_scenes(page: Page, site: MapSite) -> None:
    page.goto(f"{site.url}/wall?scenes=overview,urgent&every=5")
    page.locator("#wall-urgent").wait_for()
    happens(site, 3)
    page.locator("#wall-scene", has_text="紧急事件").wait_for(timeout=20_000)
    page.locator("#wall-scene", has_text="城市运行总览").wait_for(timeout=20_000)
    page.locator("#wall-newest .sev-1").first.wait_for(timeout=20_000)


def test_a_wall_says_when_its_data_is_old_and_comes_back(
    page: Page, context: BrowserContext, site: MapSite
) -> None:
    page.clock.install()
    page.goto(f"{site.url}/wall")
    page.locator("#wall-in_hand").wait_for()
    context.set_offline(True)
    page.clock.fast_forward(70_000)
    page.wait_for_selector("body.stale")
    assert "数据已陈旧" in page.locator("#wall-age").inner_text()
    context.set_offline(False)
    page.clock.run_for(30_000)
    page.wait_for_selector("body:not(.stale)")


def test_a_wall_does_not_grow_with_its_updates(page: Page, context: BrowserContext, site: MapSite) -> None:
    page.goto(f"{site.url}/wall")
    page.wait_for_selector("#wall-chart[data-drawn]")
    inside = context.new_cdp_session(page)
    inside.send("Performance.enable")

    def used() -> dict[str, float]:
        for _ in range(3):
            inside.send("HeapProfiler.collectGarbage")
        metrics = inside.send("Performance.getMetrics")["metrics"]
        return {one["name"]: one["value"] for one in metrics if one["name"] in ("JSHeapUsedSize", "Nodes")}

    page.evaluate(UPDATE, WARM)
    before = used()
    page.evaluate(UPDATE, UPDATES)
    after = used()
    assert after["JSHeapUsedSize"] < before["JSHeapUsedSize"] * GROWTH
    assert after["Nodes"] < before["Nodes"] * GROWTH
