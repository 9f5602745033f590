"""A browser for all tests of a session, a site with something on every page, and pages that must not complain."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from boot.stack import Stack
from tests.browser.chromium import NO_BROWSER, Complaints, chromium, context_of, launched
from tests.browser.site import Site, served
from tests.functional.town import Town
from tests.people import sign_in
from tests.servers import faults, place_of, running

Visit = Callable[..., Awaitable[Page]]
"""``await visit("/cases", as_="operator1", width=390)`` opens a page of the stack as somebody signed in."""


@pytest_asyncio.fixture(scope="session")
async def browser_here() -> AsyncIterator[Browser]:
    """Return the machine's browser, started once. Without one the test is skipped, and the run says so loudly."""
    if not chromium():
        pytest.skip(NO_BROWSER)
    async with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def atlas_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the published areas are kept for all sites of the session."""
    return tmp_path_factory.mktemp("atlas")


@pytest.fixture(scope="session")
def seeded_site(tmp_path_factory: pytest.TempPathFactory, atlas_folder: Path) -> Iterator[Site]:
    """Return the site of a seeded city, without Temporal: pages to look at."""
    with served(data=tmp_path_factory.mktemp("site") / "data", atlas=atlas_folder) as site:
        yield site


@pytest_asyncio.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory, atlas_folder: Path) -> AsyncIterator[Stack]:
    """Return a whole running stack on SQLite: cases that go on."""
    if not chromium():
        pytest.skip(NO_BROWSER)
    data = tmp_path_factory.mktemp("stack")
    async with running(place=place_of(data=data, atlas=atlas_folder)) as started:
        yield started
    assert faults(data) == []


@pytest_asyncio.fixture(scope="session")
async def town(stack: Stack) -> AsyncIterator[Town]:
    """Return the town on that stack."""
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=60.0) as http:
        yield Town(http=http, data=stack.data)


@pytest_asyncio.fixture
async def visit(stack: Stack, browser_here: Browser) -> AsyncIterator[Visit]:
    """Open pages of the stack as people of the demonstration; at the end none of them may have complained."""
    complaints = Complaints()
    async with AsyncExitStack() as opened:

        async def open_page(path: str, *, as_: str, **looks: Any) -> Page:
            cookies = await _cookies(stack.api_url, as_)
            context = await context_of(browser_here, origin=stack.api_url, cookies=cookies, **looks)
            opened.push_async_callback(context.close)
            page = await context.new_page()
            complaints.watch(page, origin=stack.api_url)
            await page.goto(stack.api_url + path)
            return page

        yield open_page
    assert complaints == []


async def _cookies(url: str, account: str) -> dict[str, str]:
    async with httpx.AsyncClient(base_url=url, timeout=60.0) as http:
        await sign_in(http, account)
        return {name: value for name, value in http.cookies.items() if name == "cityops_session"}
