"""Map and place field in a real browser: by keyboard, with an input method, without WebGL, in both themes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, Request, sync_playwright

from tests.bench.many_cases import seed
from tests.browser.map_site import CHROMIUM, FLAGS, WEBGL, MapSite, map_site
from tests.servers import place_of
from usecases import map_data

AXE = Path(__file__).parents[2] / "web" / "front" / "node_modules" / "axe-core" / "axe.min.js"
PAGE = "/maps/components"
CROSSING = "珞喻路与卓刀泉路路口"
CASES = 120
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="NO CHROMIUM: the map was not looked at in a browser"),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, atlas_folder: Path) -> Iterator[MapSite]:
    """Serve the pages with 120 cases."""
    data = tmp_path_factory.mktemp("maps") / "data"
    place = place_of(data=data, atlas=atlas_folder, demo_mode=False)
    with map_site(place.settings, data=data) as found:
        seed(store=found.city.store, grounds=found.city.grounds, count=CASES, now=found.city.now())
        yield found


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Start the driver once."""
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Start a browser that draws WebGL in software."""
    found = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *WEBGL])
    yield found
    found.close()


def opened(
    browser: Browser, site: MapSite, *, theme: str = "light", language: str = "zh", width: int = 1280
) -> Page:
    """Open the page as somebody signed in; ``page.wrong`` collects what the browser complains of."""
    context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=False)
    values = {"cityops_session": site.cookie, "cityops_theme": theme, "cityops_lang": language}
    context.add_cookies([{"name": name, "value": value, "url": site.url} for name, value in values.items()])
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((site.url, "blob:", "data:")) else wrong.append(asked.url),
    )
    page.wrong = wrong  # type: ignore[attr-defined]
    page.goto(site.url + PAGE)
    for name in ("place-map", "case-map", "plain-map"):
        page.wait_for_selector(f"#{name}[data-ready]", timeout=120_000)
    return page


@pytest.fixture(scope="module")
def shared(browser: Browser, site: MapSite) -> Page:
    """Open the page once: three maps drawn in software take seconds."""
    return opened(browser, site)


@pytest.fixture
def page(shared: Page) -> Iterator[Page]:
    """Return the page with an empty field; nothing may have gone wrong at the end."""
    shared.get_by_role("combobox").fill("")
    shared.locator("h1").click()
    yield shared
    wrong = shared.wrong  # type: ignore[attr-defined]
    assert wrong == []


def typed(page: Page, text: str) -> None:
    field = page.get_by_role("combobox")
    field.focus()
    page.keyboard.type(text)
    page.wait_for_selector("[role=option]")


def pin(page: Page, name: str = "place-map") -> dict[str, float]:
    """Return where a map's pin is."""
    answer: dict[str, float] = page.evaluate(
        "async (name) => { const {makeMap} = await import(document.querySelector('script[src$=\"/map.js\"]').src);"
        " const {pin} = makeMap(document.getElementById(name)); return {lon: pin.lon, lat: pin.lat}; }",
        name,
    )
    return answer


def test_a_crossing_is_chosen_by_initials_and_the_pin_goes_there(page: Page) -> None:
    typed(page, "lyl zdql")
    page.keyboard.press("ArrowDown")
    active = page.get_by_role("combobox").get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    page.keyboard.press("Enter")
    assert page.get_by_role("combobox").input_value() == CROSSING
    assert page.locator("[name=place]").input_value().startswith("X:")
    page.locator("#place-map [data-map-said]", has_text="卓刀泉街道").wait_for()
    assert page.url.endswith(PAGE), "the Enter that chooses does not submit"
    assert pin(page)["lon"] == pytest.approx(114.3724, abs=0.002)


def test_keys_are_those_of_the_pattern_and_what_was_typed_stays(page: Page) -> None:
    field = page.get_by_role("combobox")
    typed(page, "武昌")
    count = page.get_by_role("option").count()
    assert count > 2
    page.keyboard.press("ArrowUp")
    assert field.get_attribute("aria-activedescendant") == f"f-place-list-{count - 1}"
    page.keyboard.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == "f-place-list-0"
    page.keyboard.press("Escape")
    assert (field.get_attribute("aria-expanded"), field.input_value()) == ("false", "武昌")
    page.keyboard.press("Alt+ArrowDown")
    page.get_by_role("listbox").wait_for()
    assert field.get_attribute("aria-activedescendant") is None
    page.keyboard.press("Alt+ArrowUp")
    assert not page.get_by_role("listbox").is_visible()
    page.keyboard.press("ArrowDown")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("Tab")
    assert (field.input_value(), page.locator("[name=place]").input_value()) == ("武昌", "")
    assert field.get_attribute("aria-expanded") == "false"


def test_a_choice_no_longer_holds_once_something_else_is_typed(page: Page) -> None:
    typed(page, "wcq")
    page.get_by_role("option").first.click()
    assert page.locator("[name=place]").input_value() == "420106"
    page.keyboard.type("x")
    page.wait_for_function("() => document.querySelector('[name=place]').value === ''")


def test_nothing_is_asked_while_an_input_method_composes(page: Page) -> None:
    asked: list[str] = []

    def note(one: Request) -> None:
        if "/maps/places" in one.url:
            asked.append(one.url)

    page.on("request", note)
    page.get_by_role("combobox").focus()
    device = page.context.new_cdp_session(page)
    for text in ("l", "lu", "luo", "luo'yu"):
        device.send(
            "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        )
    page.wait_for_timeout(400)
    assert asked == []
    prevented = page.evaluate(
        """() => { const event = new KeyboardEvent("keydown",
          {key: "Enter", keyCode: 229, isComposing: true, bubbles: true, cancelable: true});
          return !document.querySelector("[role=combobox]").dispatchEvent(event); }"""
    )
    assert prevented, "this Enter takes a candidate: it never submits"
    device.send("Input.insertText", {"text": "珞喻路"})
    page.get_by_role("option").first.wait_for()
    page.wait_for_timeout(300)
    assert len(asked) == 1
    assert page.get_by_role("option").first.locator("span").first.inner_text() == "珞喻路"
    assert page.url.endswith(PAGE)
    page.remove_listener("request", note)


def test_a_server_that_fails_is_said_and_nothing_typed_is_lost(page: Page) -> None:
    page.route("**/maps/places*", lambda route: route.abort())
    page.get_by_role("combobox").focus()
    page.keyboard.type("武昌")
    page.locator("[data-combobox-status]", has_text="已输入的内容不会丢失").wait_for()
    assert page.get_by_role("combobox").input_value() == "武昌"
    page.unroute("**/maps/places*")
    wrong = page.wrong  # type: ignore[attr-defined]
    assert len(wrong) == 1
    assert "ERR_FAILED" in wrong.pop(), "the browser's own word for what we aborted"


@pytest.mark.parametrize("name", ["place-map", "plain-map"])
def test_the_pin_moves_by_arrow_keys(page: Page, name: str) -> None:
    before = pin(page, name)
    page.locator(f"#{name}").get_by_role("button", name="事件位置标记").focus()
    page.keyboard.press("ArrowRight")
    east = pin(page, name)
    page.keyboard.press("Shift+ArrowUp")
    north = pin(page, name)
    assert east["lon"] > before["lon"]
    assert east["lat"] == pytest.approx(before["lat"], abs=1e-3)
    assert 0 < north["lat"] - east["lat"] < east["lon"] - before["lon"], "with Shift finely"
    page.locator(f"#{name} [data-map-said]", has_text="武汉市").wait_for()


def test_enter_on_the_map_puts_the_pin_in_the_middle(page: Page) -> None:
    canvas = page.locator("#place-map canvas")
    assert canvas.get_attribute("aria-label")
    canvas.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(800)
    before = pin(page)
    page.keyboard.press("Enter")
    assert pin(page)["lon"] > before["lon"]


def test_cases_are_on_the_map_and_in_words_beside_it(page: Page) -> None:
    page.locator("#case-map summary").click()
    links = page.locator("#case-map [data-map-list] a")
    links.first.wait_for()
    assert links.count() == 50
    assert links.first.get_attribute("href").startswith("/cases/")  # type: ignore[union-attr]
    assert page.locator("#case-map [data-map-list] li").last.inner_text() == f"另有 {CASES - 50} 件，请放大"


def test_without_webgl_the_map_is_a_picture(playwright: Playwright, site: MapSite) -> None:
    bare = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-3d-apis"])
    page = opened(bare, site)
    assert page.locator("#case-map").get_attribute("data-ready") == "plain"
    assert page.locator("#case-map svg title", has_text="武昌区").count() == 1
    assert page.locator("#case-map .map-dot").count() == CASES
    before = pin(page)
    page.locator("#place-map").get_by_role("button", name="事件位置标记").focus()
    page.keyboard.press("ArrowLeft")
    assert pin(page)["lon"] < before["lon"]
    assert page.wrong == []  # type: ignore[attr-defined]
    bare.close()


@pytest.mark.parametrize(("theme", "language", "width"), [("light", "zh", 1280), ("dark", "en", 390)])
def test_no_barrier_is_found(browser: Browser, site: MapSite, theme: str, language: str, width: int) -> None:
    page = opened(browser, site, theme=theme, language=language, width=width)
    typed(page, "wcq")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "async () => (await axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}))"
        ".violations.map((one) => [one.id, one.nodes.map((node) => node.html.slice(0, 160))])"
    )
    assert found == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
    page.context.close()


def test_clusters_give_way_to_the_cases_in_view(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_data, "MOST_POINTS", 15)
    answer = page.evaluate("async () => (await (await fetch('/maps/cases.geojson')).json()).features.length")
    assert answer > 1
    page.evaluate(
        "async () => { const {makeMap} = await import(document.querySelector('script[src$=\"/map.js\"]').src);"
        " const map = makeMap(document.getElementById('case-map')); await map.setCases('/maps/cases.geojson');"
        " const [one] = map.cases.features.filter((it) => it.properties.count > 1).map((it) => it.geometry.coordinates);"
        " await map.show(one[0], one[1], 15); }"
    )
    page.locator("#case-map [data-map-list] a").first.wait_for(state="attached")
    assert page.locator("#case-map [data-map-list] a").count() <= 15
    monkeypatch.undo()
    page.evaluate(
        "async () => { const {makeMap} = await import(document.querySelector('script[src$=\"/map.js\"]').src);"
        " const map = makeMap(document.getElementById('case-map')); await map.show(114.35, 30.65, 8);"
        " await map.setCases('/maps/cases.geojson'); }"
    )
