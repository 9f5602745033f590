"""A supervisor's page stays up to date by itself and takes nothing from whoever is at it."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visit
from tests.functional.town import Town, handler

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]
PATIENCE_MS = 30_000
STATE = "() => { const at = document.activeElement; return [at.name, at.value, at.selectionStart, at.selectionEnd]; }"


async def live(page: Page) -> None:
    """Wait until the page says that it is live."""
    await expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=PATIENCE_MS)


async def test_a_list_shows_a_case_change_and_keeps_focus_text_and_place(town: Town, visit: Visit) -> None:
    case = await town.dispatched()
    page = await visit("/cases", as_="supervisor.city")
    await live(page)
    row = page.locator(f'[data-live~="case:{case["case_no"]}"]').first
    before = await row.inner_text()
    await row.get_by_role("checkbox").check()
    field = page.locator('main input[type="search"]')
    await field.click()
    await field.press_sequentially("解放大道")
    await field.evaluate("(at) => at.setSelectionRange(1, 3)")
    at = await page.evaluate(STATE)
    assert at[1:] == ["解放大道", 1, 3]
    place = await row.bounding_box()
    # A new case belongs to the list and stands above the row: it is announced, not put in.
    other = await town.dispatched()
    bar = page.locator("[data-live-count] button")
    await expect(bar).to_be_visible(timeout=PATIENCE_MS)
    assert await page.locator(f'[data-live~="case:{other["case_no"]}"]').count() == 0
    assert await row.bounding_box() == place
    await town.act(case["case_no"], "sign_in", handler(case["owner"]), assignee="crew-7")
    await expect(row).not_to_have_text(before, timeout=PATIENCE_MS, use_inner_text=True)
    assert await page.evaluate(STATE) == at
    assert await row.get_by_role("checkbox").is_checked()
    now = await row.bounding_box()
    assert now is not None
    assert place is not None
    assert (now["x"], now["y"]) == (place["x"], place["y"])
    await bar.click()
    await expect(page.locator(f'[data-live~="case:{other["case_no"]}"]').first).to_be_visible(
        timeout=PATIENCE_MS
    )


async def test_a_page_that_was_cut_off_comes_back_and_shows_what_it_missed(town: Town, visit: Visit) -> None:
    case = await town.dispatched()
    page = await visit(f"/cases/{case['case_no']}", as_="supervisor.city")
    await live(page)
    part = page.locator(f'[data-live~="case:{case["case_no"]}"]').first
    opened = page.locator("main details:not([open]) > summary").first
    await opened.click()
    kept = await page.locator("main details[open]").count()
    before = await part.inner_text()
    await page.evaluate("() => dispatchEvent(new PageTransitionEvent('pagehide'))")  # the connection ends
    await expect(page.locator("#live")).to_have_attribute("data-state", "off")
    await town.act(case["case_no"], "sign_in", handler(case["owner"]), assignee="crew-7")
    assert await part.inner_text() == before
    await page.evaluate("() => dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    await live(page)
    await expect(part).not_to_have_text(before, timeout=PATIENCE_MS, use_inner_text=True)
    assert await page.locator("main details[open]").count() >= kept


async def test_a_form_somebody_fills_in_is_left_alone_and_they_are_told(town: Town, visit: Visit) -> None:
    case = await town.dispatched()
    page = await visit(f"/cases/{case['case_no']}", as_="supervisor.city")
    await live(page)
    # The whole of the page is kept fresh here, the form for its reporters included.
    await page.evaluate(
        "(name) => Object.assign(document.getElementById('main').dataset, {live: name, liveGet: location.href})",
        f"case:{case['case_no']}",
    )
    field = page.locator('form[action$="/reveal"] :is(input:not([type=hidden]), textarea)').first
    await field.evaluate("(at) => { at.closest('details').open = true; }")
    await field.fill("回访核实")
    before = await page.locator("#case").inner_text()
    await town.act(case["case_no"], "sign_in", handler(case["owner"]), assignee="crew-7")
    await expect(page.locator("[data-live-others]")).to_be_visible(timeout=PATIENCE_MS)
    await expect(page.locator("#case")).not_to_have_text(before, timeout=PATIENCE_MS, use_inner_text=True)
    assert await field.input_value() == "回访核实"
    assert await page.locator("[data-live-others]").count() == 1
