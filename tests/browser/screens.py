"""Takes the pictures of every page for ``docs/screens``: ``python -m tests.browser.screens [NAME …]`` (make screens).

Every page in Chinese, light, 1280 and 390 wide; those people look at most also dark and in English.
The city is the seeded one of the tests, so pictures change only where pages do (or times are shown).
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page

from tests.browser.chromium import NO_BROWSER, chromium, context_of, launched
from tests.browser.pages import WIDTHS, address, all_pages, looker, name_of
from tests.browser.site import Site, served

SCREENS = Path(__file__).resolve().parents[2] / "docs" / "screens"
HIGHEST = 1800
"""Pixels of a picture's height: what is below has been seen above."""
QUALITY = 55
ALSO = ("board", "cases", "cases-one", "desk", "tasks", "tasks-one", "sign-in", "queue", "wall")
"""Pages that are also shown dark and in English."""
SETTLED_MS = 1200
"""Maps and charts draw after the page is there."""
EXTRA = (("zh", "dark", 1280), ("en", "light", 1280), ("zh", "dark", 390))


def main(names: Iterable[str]) -> None:
    """Take the pictures of these pages, of all without a name."""
    if not chromium():
        raise SystemExit(NO_BROWSER)
    wanted = set(names)
    paths = [path for path in all_pages() if not wanted or name_of(path) in wanted]
    SCREENS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        atlas = Path(folder) / "atlas"
        atlas.mkdir()
        with served(data=Path(folder) / "data", atlas=atlas) as site:
            asyncio.run(take_all(site, paths))
    if not wanted:
        forget_others()
    write_index()


async def take_all(site: Site, paths: list[str]) -> None:
    """Take every picture of these pages."""
    async with launched(webgl=True) as browser:
        for path in paths:
            looks = [("zh", "light", width) for width in WIDTHS]
            looks += EXTRA if name_of(path) in ALSO else ()
            for language, scheme, width in looks:
                await take(browser, site, path, language=language, scheme=scheme, width=width)
            sys.stdout.write(f"{name_of(path)}\n")


async def take(browser: Browser, site: Site, path: str, *, language: str, scheme: str, width: int) -> None:
    """Take one picture."""
    context = await context_of(
        browser,
        origin=site.url,
        cookies=site.cookies(looker(path, site.people)),
        width=width,
        height=900 if width > 600 else 844,
        language=language,
        scheme=scheme,
    )
    page = await context.new_page()
    await page.goto(site.url + address(path, site.samples))
    await page.wait_for_timeout(SETTLED_MS)
    (SCREENS / f"{name_of(path)}.{language}-{scheme}-{width}.webp").write_bytes(await picture(page, width))
    await context.close()


async def picture(page: Page, width: int) -> bytes:
    """Return a page as WebP, cut where it becomes long."""
    high = min(HIGHEST, int(await page.evaluate("() => document.documentElement.scrollHeight")))
    viewport = page.viewport_size
    high = max(high, viewport["height"] if viewport else 0)
    shot = await page.screenshot(
        full_page=True, clip={"x": 0, "y": 0, "width": width, "height": high}, animations="disabled"
    )
    packed = BytesIO()
    Image.open(BytesIO(shot)).convert("RGB").save(packed, "WEBP", quality=QUALITY, method=6)
    return packed.getvalue()


def forget_others() -> None:
    """Delete pictures of pages that are gone."""
    names = {name_of(path) for path in all_pages()}
    for picture_file in SCREENS.glob("*.webp"):
        if picture_file.name.split(".")[0] not in names:
            picture_file.unlink()


def write_index() -> None:
    """Write the folder's README from what is there."""
    lines = [
        "# Pages",
        "",
        "Every page of the consoles, taken by `make screens` from a seeded city (synthetic data). Generated.",
        "",
        "| page | who looks | pictures |",
        "|---|---|---|",
    ]
    for path in all_pages():
        name = name_of(path)
        looks = [one.name.split(".")[1] for one in sorted(SCREENS.glob(f"{name}.*.webp"))]
        shown = " · ".join(f"[{look}]({name}.{look}.webp)" for look in looks)
        lines.append(f"| `{path}` {name} | {looker(path, {}) or '—'} | {shown} |")
    (SCREENS / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
