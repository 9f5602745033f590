"""A department's telephone, 390 px wide: accepts, submits with a photo, with and without a line, each once."""

import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from boot.stack import Stack
from domain.account import Grant, Post
from store.engine import Store, open_store
from store.rows_people import Account
from tests.browser.chromium import FLAGS, chromium
from tests.browser.line import Line, line_to
from tests.functional.town import Json, Town, handler
from tests.people import sign_in
from tests.unit.pictures import exif

ACCOUNT = "street.staff"
READY = "html[data-offline=ready]"
SENT = "html[data-waiting='0']"
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
WORDS = "已清运，现场无残留"
TAKEN = "2026:11:18 10:05:00"


@pytest.fixture(scope="module")
def kept(stack: Stack) -> Store:
    """Return the stack's own store."""
    return open_store(f"sqlite:///{stack.data / 'cityops.db'}")


@pytest_asyncio.fixture
async def line(stack: Stack) -> AsyncIterator[Line]:
    """Return the telephone's line to the server."""
    async with line_to(stack.api_url) as found:
        yield found


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a photo as a telephone takes it: large, with time and position."""
    noise = Image.frombytes("RGB", (2400, 1800), random.Random(7).randbytes(2400 * 1800 * 3))
    said = exif(lon=114.3, lat=30.6, taken=TAKEN, offset="+08:00", orientation=6)
    path = tmp_path_factory.mktemp("photo") / "现场.jpg"
    noise.save(path, "JPEG", quality=80, exif=said.tobytes())
    return path


async def given(town: Town, kept: Store) -> Json:
    """Return a case that was just given to a unit, with somebody of the unit who can sign in."""
    case = await town.dispatched("E0110", description="小区门口垃圾堆放，联系我 13812345678")
    join(kept, account_of(case), Grant(post=Post.STAFF, unit=case["owner"]))
    return case


def join(kept: Store, account: str, grant: Grant) -> None:
    now = datetime.now(UTC)
    made = Account(account=account, name="陈一", created_at=now, password_at=now, demo=True, grants=(grant,))
    kept.add_account(account=made)


def account_of(case: Json, who: str = "staff") -> str:
    return f"{who}.{case['case_no'].lower()}"


async def cookies(line: Line, case: Json, *, who: str = "staff") -> list[dict[str, Any]]:
    async with httpx.AsyncClient(base_url=line.url, timeout=60.0) as http:
        await sign_in(http, account_of(case, who))
        found = {"cityops_session": http.cookies["cityops_session"], "cityops_lang": "zh"}
    return [{"name": name, "value": value, "url": line.url} for name, value in found.items()]


@asynccontextmanager
async def telephone(folder: Path, known: list[dict[str, Any]]) -> AsyncIterator[Page]:
    """Open the browser of a telephone; what it keeps lies in the folder and is there when it is opened again."""
    async with async_playwright() as playwright:
        context: BrowserContext = await playwright.chromium.launch_persistent_context(
            folder,
            executable_path=chromium(),
            args=list(FLAGS),
            viewport={"width": 390, "height": 844},
            is_mobile=True,
            has_touch=True,
            locale="zh-CN",
            geolocation={"longitude": 114.3001, "latitude": 30.6001, "accuracy": 9},
            permissions=["geolocation"],
        )
        context.set_default_timeout(PATIENCE_MS)
        await context.add_cookies(known)  # type: ignore[arg-type]
        try:
            yield context.pages[0]
        finally:
            await context.close()


async def open_case(page: Page, line: Line, case: Json) -> None:
    await page.goto(f"{line.url}/tasks/{case['case_no']}")
    await page.wait_for_selector(READY)


async def accept(page: Page) -> None:
    await page.locator("[data-thumb] button").click()


async def fill_in(page: Page, photo: Path | None, words: str = WORDS) -> None:
    form = page.locator("form[data-act=submit_result]")
    await form.locator("[name=result]").fill(words)
    if photo is not None:
        await form.locator("[data-photos=after] input").first.set_input_files(photo)
        await expect(form.locator("[data-photos=after] .thumb-photo")).to_have_count(1)


def kinds(facts: list[Json]) -> list[str]:
    return [fact["kind"] for fact in facts]


async def once(town: Town, case: Json) -> None:
    """Insist that the case was taken and submitted, each once."""
    found = kinds(await town.facts(case["case_no"]))
    assert (found.count("accepted"), found.count("feedback")) == (1, 1), found


async def test_a_department_accepts_and_submits_with_a_photo_on_a_narrow_screen(
    town: Town, kept: Store, line: Line, photo: Path, tmp_path: Path
) -> None:
    case = await given(town, kept)
    async with telephone(tmp_path, await cookies(line, case)) as page:
        await page.goto(f"{line.url}/tasks")
        await page.get_by_role("link", name=re.compile(case["case_no"])).click()
        assert "138****5678" in await page.locator(".words").inner_text()
        await accept(page)
        await expect(page.get_by_role("status").filter(has_text="签收")).to_be_visible()
        await fill_in(page, photo)
        await page.locator("[data-thumb] button").click()
        await page.wait_for_url(re.compile("done=submit_result"))
        assert await page.evaluate("() => document.documentElement.scrollWidth") <= 390
    await once(town, case)
    (row,) = kept.attachments_of(report_nos=(), case_no=case["case_no"])
    assert (row.kind, row.facts["width"], row.facts["height"]) == ("after", 1200, 1600)
    assert (row.facts["taken_at"], row.facts["lon"]) == ("2026-11-18T10:05:00+08:00", pytest.approx(114.3))
    assert (row.facts["phone_lon"], row.facts["phone_accuracy_m"]) == (114.3001, 9.0)


async def test_without_a_line_it_is_kept_closed_opened_again_and_done_once(
    town: Town, kept: Store, line: Line, photo: Path, tmp_path: Path
) -> None:
    case = await given(town, kept)
    known = await cookies(line, case)
    async with telephone(tmp_path, known) as page:
        await open_case(page, line, case)
        await line.cut()
        await page.context.set_offline(True)
        await page.reload()
        await expect(page.locator(".strip")).to_contain_text("本机存留")
        await accept(page)
        await expect(page.locator(".unsent")).to_contain_text("1")
        await fill_in(page, photo)
        await page.locator("[data-thumb] button").click()
        await expect(page.locator(".unsent")).to_contain_text("2")
    async with telephone(tmp_path, known) as page:
        await page.goto(f"{line.url}/tasks/outbox")
        await expect(page.locator("[data-item-state=waiting]")).to_have_count(2)
        await expect(page.locator("[data-outbox]")).to_contain_text(WORDS)
        assert (await town.case(case["case_no"]))["signed_in_at"] is None
        await line.mend()
        await page.reload()
        await page.wait_for_selector(SENT)
        await town.until(lambda: town.case(case["case_no"]), lambda one: one["submitted_at"] is not None)
        await page.reload()
        await page.wait_for_selector(SENT)
    await once(town, case)
    (row,) = kept.attachments_of(report_nos=(), case_no=case["case_no"])
    facts = await town.facts(case["case_no"])
    submitted = next(fact for fact in facts if fact["kind"] == "feedback")
    assert row.id in str(submitted["data"])
    assert "离线办理，手机时间" in str(submitted["data"])


async def test_what_was_not_taken_meanwhile_stays_with_the_servers_words(
    town: Town, kept: Store, line: Line, tmp_path: Path
) -> None:
    case = await given(town, kept)
    number = case["case_no"]
    async with telephone(tmp_path, await cookies(line, case)) as page:
        await open_case(page, line, case)
        await accept(page)
        await page.wait_for_url(re.compile("done=sign_in"))
        await page.wait_for_selector(READY)
        await line.cut()
        await fill_in(page, None)
        await page.locator("[data-thumb] button").click()
        await expect(page.locator("[data-item-state=waiting]")).to_have_count(1)
        await town.act(number, "submit_result", handler(case["owner"]), result="同事已办")
        await line.mend()
        await page.goto(f"{line.url}/tasks/outbox")
        box = page.locator("[data-item-state=refused]")
        await expect(box).to_contain_text(WORDS)
        await expect(box.locator(".server-words")).to_contain_text("服务器答复")
        await page.reload()
        await expect(box).to_contain_text(WORDS)

        # Signing out asks, and keeps it on a no; after a person decided, nothing is left.
        await page.locator(".user summary").click()
        async with page.expect_event("dialog") as asked:
            await page.get_by_role("button", name="退出").click(no_wait_after=True)
            await (await asked.value).dismiss()
        await expect(box).to_have_count(1)
        page.on("dialog", lambda dialog: dialog.accept())
        await box.get_by_role("button", name="放弃").click()
        await page.wait_for_selector(SENT)
        await page.locator(".user summary").click()
        await page.get_by_role("button", name="退出").click()
        await page.wait_for_url(re.compile("/sign-in"))
        left = await page.evaluate("async () => (await caches.keys()).filter((one) => one.includes('pages'))")
        assert left == []
    assert kinds(await town.facts(number)).count("feedback") == 1


async def test_a_photo_that_breaks_in_the_middle_goes_on_where_it_was(
    town: Town, kept: Store, line: Line, photo: Path, tmp_path: Path
) -> None:
    case = await given(town, kept)
    async with telephone(tmp_path, await cookies(line, case)) as page:
        await open_case(page, line, case)
        await accept(page)
        await page.wait_for_url(re.compile("done=sign_in"))
        await page.wait_for_selector(READY)
        line.break_after(500_000)
        await fill_in(page, photo)
        await expect(page.locator(".photo-state")).to_contain_text("已发送")
        await town.until(lambda: _broken(line), lambda broken: broken)
        before = line.sent
        await line.cut()
        await line.mend()
        await page.evaluate("() => window.dispatchEvent(new Event('online'))")
        await page.locator("[data-thumb] button").click()
        await town.until(lambda: town.case(case["case_no"]), lambda one: one["submitted_at"] is not None)
        after = line.sent - before
    (row,) = kept.attachments_of(report_nos=(), case_no=case["case_no"])
    assert row.size > 600_000
    assert after < row.size - 300_000, "it began again"
    await once(town, case)


async def _broken(line: Line) -> bool:
    return line._server is None


async def test_a_check_that_was_not_taken_is_put_right_in_its_form(
    town: Town, kept: Store, line: Line, photo: Path, tmp_path: Path
) -> None:
    case = await given(town, kept)
    number = case["case_no"]
    await town.act(number, "sign_in", handler(case["owner"]), assignee="crew")
    await town.act(number, "submit_result", handler(case["owner"]), result="已清运")
    case = await town.wait(number, "checking")
    join(kept, account_of(case, "looker"), Grant(post=Post.CHECKER, unit=case["checker"]))
    async with telephone(tmp_path, await cookies(line, case, who="looker")) as page:
        await page.goto(f"{line.url}/verify")
        await page.locator("[data-near]").click()
        await expect(page.locator("[data-away]").first).to_contain_text("距")
        await page.get_by_role("link", name=re.compile(number)).click()
        form = page.locator("form[data-act=record_check]")
        await form.locator("[name=passed][value=yes]").check()
        await form.locator("[data-photos] input").first.set_input_files(photo)
        await expect(form.locator(".thumb-photo")).to_have_count(1)
        await page.locator("[data-thumb] button").click()
        await expect(page.locator(".server-words")).to_contain_text("50 米")
        await page.get_by_role("button", name="修改后发送").click()
        await expect(form.locator(".thumb-photo")).to_have_count(1)
        await expect(form.locator("[name=passed][value=yes]")).to_be_checked()
        await form.locator(".by-hand summary").click()
        await form.locator("[name=lon]").fill(str(case["place"]["lon"]))
        await form.locator("[name=lat]").fill(str(case["place"]["lat"]))
        await form.get_by_role("button", name="向北 5 米").click()
        await page.locator("[data-thumb] button").click()
        await page.wait_for_url(re.compile("/verify\\?done=record_check"))
    found = kinds(await town.facts(number))
    assert "checking" in found
    assert found.count("closed") == 1, found
