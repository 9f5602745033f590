"""The browser of the machine, and what a page must never do while it is open."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright

GIVEN = "CITYOPS_TEST_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = (
    "NO CHROMIUM: no page was looked at in a browser (apt install chromium, or set CITYOPS_TEST_CHROMIUM)"
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
AXE = Path(__file__).resolve().parents[2] / "web" / "front" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OURS = ("data:", "blob:", "about:")
_RUN_AXE = """async (rules) => {
  const found = await axe.run(document, {runOnly: rules, resultTypes: ["violations"]});
  return found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary.replace(/\\s+/g, " ").slice(0, 240)}`));
}"""


def chromium() -> str:
    """Return the browser's path, an empty text where there is none."""
    given = os.environ.get(GIVEN, "")
    return given or next((path for name in NAMES if (path := shutil.which(name))), "")


@asynccontextmanager
async def launched(*, webgl: bool = False) -> AsyncIterator[Browser]:
    """Run the browser until the block ends. With ``webgl`` it draws maps in software, slowly."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=[*FLAGS, *(WEBGL if webgl else ())]
        )
        try:
            yield browser
        finally:
            await browser.close()


class Complaints(list[str]):
    """What went wrong on pages: errors on their consoles, faults of their scripts, requests to other places."""

    def watch(self, page: Page, *, origin: str) -> None:
        """Listen to a page."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.append(f"script: {error}"))
        page.on("request", lambda asked: self._asked(asked, origin))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _asked(self, asked: Request, origin: str) -> None:
        if not asked.url.startswith((origin, *OURS)):
            self.append(f"elsewhere: {asked.url}")


async def context_of(
    browser: Browser,
    *,
    origin: str,
    cookies: dict[str, str],
    width: int = 1280,
    height: int = 900,
    language: str = "zh",
    scheme: str = "light",
    phone: bool = False,
) -> BrowserContext:
    """Return a browser of somebody's own: their cookies, language, colours and width."""
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="zh-CN" if language == "zh" else "en-GB",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
        has_touch=phone,
        is_mobile=phone,
    )
    values = {"cityops_lang": language, **cookies}
    await context.add_cookies(
        [{"name": name, "value": value, "url": origin} for name, value in values.items()]
    )
    return context


async def violations(page: Page) -> list[str]:
    """Return what axe finds against WCAG 2.2 A and AA on a page as it stands."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = await page.evaluate(_RUN_AXE, RULES)
    return found
