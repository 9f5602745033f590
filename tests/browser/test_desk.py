"""The operator's desk in a real browser: by keyboard alone, in Chinese through an input method, through crashes."""

import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Error, Page, sync_playwright

from boot.settings import Settings
from boot.wiring import prepare
from domain.account import Grant, Post
from domain.begin import begin
from domain.views import record_of
from store.rows_people import Account
from tests.browser.chromium import AXE, RULES
from tests.browser.map_site import CHROMIUM, FLAGS, MapSite, map_site
from usecases import start_case
from usecases.place_search import warm
from usecases.signing import Passed, open_session

PHONE = "13800001111"
RUN_AXE = """async (rules) => (await axe.run(document, {runOnly: rules, resultTypes: ["violations"]}))
  .violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.target.join(" ")).join(", ")}`)"""
CROSSING = "珞喻路与卓刀泉路路口"
COVER = "路口的井盖不见了"
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="NO CHROMIUM: the desk was not looked at in a browser"),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, atlas_folder: Path) -> Iterator[MapSite]:
    """Serve the pages of a city without cases."""
    data = tmp_path_factory.mktemp("desk")
    (data / "atlas").symlink_to(atlas_folder, target_is_directory=True)
    settings = Settings(data_dir=data)
    prepare(settings)
    with map_site(settings, data=data) as found:
        warm(city=found.city)
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start one browser."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        yield found
        found.close()


@pytest.fixture
def desk(browser: Browser, site: MapSite, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """Return the browser of an operator of one's own; nothing may have gone wrong at the end."""
    city, now = site.city, datetime.now(UTC)
    name = request.node.name.replace("_", "-")[:60]
    grants = (Grant(post=Post.OPERATOR, unit="4201-COMMAND"),)
    city.store.add_account(
        account=Account(account=name, name="王受理", created_at=now, password_at=now, grants=grants)
    )
    found = city.store.account(account=name)
    assert found is not None
    token = open_session(city=city, account=found, passed=Passed(way="password", strong=True), at=now).token
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=site.url, locale="zh-CN")
    context.add_cookies([{"name": "cityops_session", "value": token, "url": site.url}])
    wrong: list[str] = []
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    yield context
    context.close()
    expected = ("409 (Conflict)", "ERR_FAILED", "Failed to fetch")
    assert [text for text in wrong if not any(known in text for known in expected)] == []


def opened(desk: BrowserContext, path: str = "/desk") -> Page:
    page = desk.new_page()
    page.goto(path)
    page.wait_for_function("document.activeElement.id.startsWith('desk-')")
    return page


def saved(page: Page) -> None:
    """Wait until the server has every word."""
    page.wait_for_selector("[data-saved]:has-text('已保存')")


def spell(ime: CDPSession, *steps: str) -> None:
    """Compose: each step is what the input method shows underlined so far."""
    for text in steps:
        ime.send(
            "Input.imeSetComposition",
            {"text": text, "selectionStart": len(text), "selectionEnd": len(text)},
        )


def press_in_composition(ime: CDPSession, key: str) -> None:
    """Press a key the input method takes for itself: pages see key code 229 (UI Events, legacy)."""
    for kind in ("rawKeyDown", "keyUp"):
        ime.send("Input.dispatchKeyEvent", {"type": kind, "key": key, "windowsVirtualKeyCode": 229})


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def receipt(page: Page) -> str:
    page.wait_for_selector("#receipt[data-number]")
    return page.locator("#receipt").get_attribute("data-number") or ""


def compose(page: Page) -> None:
    """Type the words through an input method; its keys are its own, and nothing is asked meanwhile."""
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "/static/" not in one.url else None)
    ime = page.context.new_cdp_session(page)
    spell(ime, "l", "lu", "lu k", "lu kou")
    press_in_composition(ime, "Enter")
    press_in_composition(ime, "F2")
    page.wait_for_timeout(600)
    assert asked == [], "nothing is asked and nothing is filed while an input method composes"
    ime.send("Input.insertText", {"text": "路口的井盖"})
    spell(ime, "bu", "bu jian", "bu jian le")
    ime.send("Input.insertText", {"text": "不见了"})


def test_a_report_is_filed_by_keyboard_only_in_chinese(
    desk: BrowserContext, site: MapSite, capsys: pytest.CaptureFixture[str]
) -> None:
    page = opened(desk)
    assert focused(page) == "desk-phone"
    began = time.monotonic()
    page.keyboard.type(PHONE)
    saved(page)
    page.keyboard.press("Alt+2")
    assert focused(page) == "desk-what"
    compose(page)
    page.wait_for_selector("#proposal-1[data-category=P0123]")
    assert page.locator("#desk-what").input_value() == COVER
    page.keyboard.press("Alt+7")
    assert page.locator("[name=category]").input_value() == "P0123"
    page.keyboard.press("F8")
    page.keyboard.type("lyl zdql")
    page.wait_for_selector("#desk-place-list [role=option]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator("#desk-place").input_value() == CROSSING
    page.wait_for_selector("#where li:has-text('卓刀泉街道')")
    assert not page.locator("#receipt").count(), "the Enter that takes a place does not file"
    page.keyboard.press("Alt+5")
    page.keyboard.press("Space")
    page.wait_for_selector("#outlook .desk-owner b")
    page.keyboard.press("Control+Enter")
    number = receipt(page)
    with capsys.disabled():
        sys.stderr.write(f"\nfrom the first key to the receipt: {time.monotonic() - began:.1f} s\n")
    report = site.city.store.report(report_no=number)
    assert report is not None
    assert (report.category, report.description, report.reporter.phone) == ("P0123", COVER, PHONE)
    assert report.reported.lon is not None
    assert page.locator(".desk-big").inner_text().split() == number.split("-")
    page.keyboard.press("F2")
    page.wait_for_function("document.activeElement.id === 'desk-phone' && !document.activeElement.value")


def test_the_main_path_fits_one_screen(desk: BrowserContext) -> None:
    page = opened(desk)
    page.keyboard.press("Alt+2")
    page.keyboard.insert_text("有燃气味")
    page.wait_for_selector("#proposal-1")
    for name in (
        "#desk-phone",
        "#desk-what",
        "#desk-place",
        "#desk-confidential",
        "#desk-condition",
        "#desk-file",
    ):
        box = page.locator(name).bounding_box()
        assert box is not None
        assert box["y"] >= 0, name
        assert box["y"] + box["height"] <= 800, name
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def crash(page: Page) -> None:
    """Have the page's process die: no handler of the page runs any more."""
    with suppress(Error):
        page.goto("chrome://crash", timeout=5_000)


def test_a_crash_loses_nothing(desk: BrowserContext) -> None:
    page = opened(desk)
    page.keyboard.type(PHONE)
    page.keyboard.press("Alt+2")
    page.keyboard.insert_text(COVER)
    saved(page)
    crash(page)
    again = opened(desk)
    again.locator("#drafts a", has_text=COVER).press("Enter")
    again.wait_for_url("**/desk?draft=*")
    assert again.locator("#desk-what").input_value() == COVER
    assert again.locator("#desk-phone").input_value() == PHONE
    # The line breaks, the words stay on this computer, and the next window offers them.
    again.keyboard.press("Alt+2")
    again.route("**/desk/look", lambda asked: asked.abort())
    again.keyboard.press("End")
    again.keyboard.insert_text("，有人差点掉下去")
    again.wait_for_timeout(700)
    crash(again)
    last = opened(desk)
    last.locator("#unsaved button").first.click()
    last.wait_for_url("**/desk?draft=*")
    last.wait_for_function("document.getElementById('desk-what').value.endsWith('掉下去')")
    saved(last)
    last.reload()
    assert last.locator("#desk-what").input_value() == f"{COVER}，有人差点掉下去"
    assert last.evaluate("Object.keys(localStorage).filter((name) => name.includes('draft'))") == []


def test_two_windows_on_one_draft_notice_each_other(desk: BrowserContext) -> None:
    one = opened(desk)
    one.keyboard.press("Alt+2")
    one.keyboard.insert_text("第一个窗口")
    saved(one)
    two = opened(desk, one.url)
    two.keyboard.press("Alt+2")
    two.keyboard.press("End")
    two.keyboard.insert_text("，第二个窗口")
    saved(two)
    one.keyboard.insert_text("，还在写")
    one.wait_for_selector("[data-desk-mine]")
    assert one.locator("#desk-what").input_value() == "第一个窗口，还在写"
    one.keyboard.press("Control+Enter")
    one.wait_for_selector("[data-desk-mine]")
    assert not one.locator("#receipt").count(), "what another window wrote is not filed over"
    one.locator("[data-desk-mine]").first.press("Enter")
    saved(one)
    one.keyboard.press("Control+Enter")
    receipt(one)


def test_an_open_case_nearby_takes_the_report_by_one_key(desk: BrowserContext, site: MapSite) -> None:
    first = opened(desk)
    take(first, COVER)
    first.keyboard.press("Control+Enter")
    master = receipt(first)
    report = site.city.store.report(report_no=master)
    assert report is not None
    site.city.store.record(record=record_of(begin(start_case.prepare(city=site.city, report=report))))
    page = opened(desk)
    take(page, "窨井盖没了，很危险")
    page.wait_for_selector(f"#near-{master}")
    page.keyboard.press("F4")
    assert page.evaluate("document.activeElement.dataset.deskJoin") == master
    page.keyboard.press("Escape")
    assert focused(page) == "desk-what"
    page.keyboard.press("F9")
    number = receipt(page)
    assert number != master
    assert page.locator("#receipt a.number").inner_text() == master
    joined = site.city.store.report(report_no=number)
    assert joined is not None
    assert start_case.prepare(city=site.city, report=joined).master == master


def take(page: Page, words: str) -> None:
    """Type words, take the first proposal and the crossing."""
    page.keyboard.press("Alt+2")
    page.keyboard.insert_text(words)
    page.wait_for_selector("#proposal-1")
    page.keyboard.press("Alt+7")
    page.keyboard.press("F8")
    page.keyboard.insert_text(CROSSING)
    page.wait_for_selector("#desk-place-list [role=option]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("#where li:has-text('卓刀泉街道')")


def test_words_of_danger_are_handed_over_by_one_key(desk: BrowserContext, site: MapSite) -> None:
    page = opened(desk)
    page.keyboard.press("Alt+2")
    page.keyboard.insert_text("江边有人落水")
    page.wait_for_selector("#danger [data-desk-hand=PEER-110]")
    assert focused(page) == "desk-what", "the bar takes no focus: it is not modal"
    assert "不要下水" in page.locator("#danger").inner_text()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert page.evaluate(RUN_AXE, RULES) == [], scheme
    page.keyboard.press("Alt+0")
    page.wait_for_selector("#hand-PEER-110:disabled")
    page.keyboard.insert_text("，请快一点")
    page.wait_for_timeout(600)
    saved(page)
    assert page.locator("#hand-PEER-110").is_disabled()
    page.keyboard.press("Control+Enter")
    report = site.city.store.report(report_no=receipt(page))
    assert report is not None
    assert report.raw["desk"]["handed_over"] == ["PEER-110"]  # type: ignore[index]


def test_a_caller_who_calls_again_is_known_and_urges_by_one_key(desk: BrowserContext) -> None:
    page = opened(desk)
    page.keyboard.type("13712345678")
    page.keyboard.press("Alt+2")
    page.keyboard.insert_text("楼下烧烤摊油烟太大")
    page.wait_for_selector("#proposal-1")
    page.keyboard.press("Control+Enter")
    number = receipt(page)
    page.keyboard.press("F2")
    page.wait_for_function("document.activeElement.id === 'desk-phone' && !document.activeElement.value")
    page.keyboard.type("+86 137 1234 5678")
    page.wait_for_selector(f"#mine-{number}")
    page.keyboard.press("Alt+2")
    page.keyboard.insert_text("还没有人来")
    saved(page)
    page.keyboard.press("Alt+6")
    page.keyboard.press("u")
    page.wait_for_selector("#receipt h2:has-text('已催办')")
    page.goto(f"/ask/{number}")
    assert page.locator("#standing").is_visible()
