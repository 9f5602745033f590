"""Every page, in both languages, light and dark, wide and narrow: usable by everybody, and without complaint."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.browser.chromium import Complaints, context_of, violations
from tests.browser.pages import (
    LANGUAGES,
    NOT_PAGES,
    SCHEMES,
    WIDTHS,
    address,
    all_pages,
    gets,
    looker,
    name_of,
)
from tests.browser.site import SESSION, Site

SCREENS = Path(__file__).resolve().parents[2] / "docs" / "screens"


class Looker:
    """One person's browser in one language, kept open from page to page."""

    def __init__(self, page: Page, complaints: Complaints) -> None:
        """Keep both."""
        self.page = page
        self.complaints = complaints


@pytest_asyncio.fixture(scope="module")
async def lookers(browser_here: Browser) -> AsyncIterator[dict[tuple[str, str], Looker]]:
    """Return browsers by person and language, made when they are first needed."""
    found: dict[tuple[str, str], Looker] = {}
    yield found
    for one in found.values():
        await one.page.context.close()


async def looking(
    found: dict[tuple[str, str], Looker], browser: Browser, site: Site, account: str, language: str
) -> Looker:
    key = (account, language)
    if key not in found:
        context = await context_of(
            browser, origin=site.url, cookies=site.cookies(account), language=language, height=900
        )
        complaints = Complaints()
        page = await context.new_page()
        complaints.watch(page, origin=site.url)
        found[key] = Looker(page, complaints)
    return found[key]


@pytest.mark.parametrize("path", all_pages())
async def test_nobody_is_kept_out_by_a_page(
    path: str, seeded_site: Site, browser_here: Browser, lookers: dict[tuple[str, str], Looker]
) -> None:
    account = looker(path, seeded_site.people)
    found: list[str] = []
    for language in LANGUAGES:
        one = await looking(lookers, browser_here, seeded_site, account, language)
        page = one.page
        one.complaints.clear()
        await page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        await page.emulate_media(color_scheme="light")
        answer = await page.goto(seeded_site.url + address(path, seeded_site.samples))
        assert answer is not None
        assert answer.status == 200, f"{account or 'nobody'} got {answer.status}"
        assert "<!doctype html" in (await answer.text())[:200].lower(), "no page: say so in NOT_PAGES"
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 900})
            wide = await page.evaluate("() => document.documentElement.scrollWidth")
            if wide > width + 1:
                found.append(f"{language} {width}: the page is {wide} wide")
            for scheme in SCHEMES:
                await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                found += [f"{language} {scheme} {width}: {what}" for what in await violations(page)]
        found += [f"{language}: {what}" for what in one.complaints]
    assert found == []


async def test_what_is_said_to_be_no_page_is_none(seeded_site: Site) -> None:
    """An address leaves the list of pages only when it really answers no whole page."""
    assert {route.path for route in gets()} >= NOT_PAGES
    async with httpx.AsyncClient(base_url=seeded_site.url, timeout=60.0) as http:
        http.cookies.set(SESSION, seeded_site.cookies("supervisor.city")[SESSION])
        for path in sorted(NOT_PAGES - {"/live", "/wall/stream"}):
            filled = path.format(
                case_no=seeded_site.samples["/cases/{case_no}"]["case_no"],
                level="district",
                language="zh",
                theme="auto",
                form="csv",
                kind="close",
                token="none",
                size="192",
            )
            answer = await http.get(filled)
            whole = answer.status_code == 200 and "<!doctype html" in answer.text[:200].lower()
            assert not whole, f"{path} answers a page"


@pytest.mark.parametrize("path", all_pages())
def test_every_page_has_its_pictures(path: str) -> None:
    for width in WIDTHS:
        picture = SCREENS / f"{name_of(path)}.zh-light-{width}.webp"
        assert picture.exists(), "make screens takes the pictures"
    assert name_of(path) in (SCREENS / "README.md").read_text(encoding="utf-8")
