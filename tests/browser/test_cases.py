"""Cases in a real browser: the list by keyboard, acts on several with a result each, addresses that can be shared, conflicts."""

import re

from playwright.async_api import Browser, expect

from boot.stack import Stack
from tests.browser.chromium import Complaints, context_of
from tests.browser.conftest import Visit, _cookies
from tests.functional.town import Town, handler

SUPERVISOR = "supervisor.city"


async def test_the_list_is_worked_by_keys_and_several_cases_get_a_result_each(
    town: Town, visit: Visit
) -> None:
    cases = [await town.dispatched() for _ in range(2)]
    page = await visit("/cases?tab=waiting", as_=SUPERVISOR)
    await expect(page.locator(f"#case-{cases[0]['case_no']}")).to_be_visible()
    await page.keyboard.press("j")
    await expect(page.locator("tr.here")).to_have_count(1)
    await page.keyboard.press("x")
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await expect(page.locator("[data-bulk]")).to_be_visible()
    chosen = await page.locator("[data-pick]:checked").evaluate_all("boxes => boxes.map((box) => box.value)")
    assert len(chosen) == 2
    await page.keyboard.press("a")
    dialog = page.locator("dialog#act[open]")
    await dialog.locator('[data-act="open_supervision"]').click()
    await dialog.locator('[name="text"]').fill("限时办结，逐件反馈")
    await page.keyboard.press("Control+Enter")
    await expect(dialog.locator("[data-bulk-done]")).to_be_visible(timeout=60_000)
    results = await dialog.locator("tr[data-result]").evaluate_all(
        "rows => rows.map((row) => row.dataset.number)"
    )
    assert sorted(results) == sorted(chosen)
    assert await dialog.locator('tr[data-result="refused"]').count() == 0
    await page.keyboard.press("Escape")
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/cases/\d{8}-"))
    await expect(page.locator("#orders-title")).to_be_visible()


async def test_a_filtered_list_is_an_address_that_can_be_shared_and_gone_back_to(
    town: Town, visit: Visit
) -> None:
    case = await town.dispatched()
    page = await visit("/cases", as_=SUPERVISOR)
    await page.keyboard.press("/")
    await page.keyboard.type(case["case_no"])
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("q="))
    await expect(page.locator("tr[data-case]")).to_have_count(1)
    shared = page.url
    await page.locator("tr[data-case] [data-open]").click()
    await page.wait_for_url(re.compile(case["case_no"] + "$"))
    await page.go_back()
    assert page.url == shared
    await expect(page.locator("tr[data-case]")).to_have_count(1)
    await page.locator(".tags .tag a").first.click()
    await expect(page).not_to_have_url(re.compile("q="))


async def test_an_act_somebody_was_faster_at_keeps_the_words_and_goes_through_the_second_time(
    stack: Stack, town: Town, browser_here: Browser
) -> None:
    case = await town.dispatched()
    complaints = Complaints()
    cookies = await _cookies(stack.api_url, SUPERVISOR)
    async with await context_of(browser_here, origin=stack.api_url, cookies=cookies) as context:
        page = await context.new_page()
        complaints.watch(page, origin=stack.api_url)
        await page.goto(f"{stack.api_url}/cases/{case['case_no']}/act/open_supervision")
        await page.locator('[name="text"]').fill("请于今日办结")
        await town.act(case["case_no"], "sign_in", handler(case["owner"]), assignee="张")
        await page.locator(".act-form button[type=submit]").click()
        await expect(page.locator("[data-changed]")).to_be_visible()
        await expect(page.locator('[name="text"]')).to_have_value("请于今日办结")
        await page.locator(".act-form button[type=submit]").click()
        await expect(page.locator("[data-done], .case-head").first).to_be_visible(timeout=30_000)
    facts = await town.facts(case["case_no"])
    assert [fact["data"]["text"] for fact in facts if fact["kind"] == "supervision_opened"] == [
        "请于今日办结"
    ]
    # The browser itself writes an answer of 409 to the console.
    assert [one for one in complaints if "409 (Conflict)" not in one] == []
