"""The pages of signing in as a browser meets them: cookies, forms from elsewhere, steps, the way back."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from boot.api import build
from boot.settings import Oidc, Settings
from domain.account import Grant, Post
from tests.integration.people_city import COMMAND, FIRST, KEEPER, NOW, PASSWORD, code_at, quick_hashing
from usecases.accounts import close_account, open_account
from usecases.city import City
from usecases.demo_people import DEMO_PASSWORD

__all__ = ["quick_hashing"]
ORIGIN = "http://127.0.0.1:8000"
NEW = "Gelbe-Tonne-42"


class Browser(httpx.AsyncClient):
    """A browser that fills in the forms it is shown."""

    async def fill(self, path: str, to: str = "", **fields: str) -> httpx.Response:
        """Open a page and send its form, with its token."""
        shown = await self.get(path, follow_redirects=True)
        found = re.search(r'name="csrf" value="([^"]+)"', shown.text)
        assert found, shown.text[:200]
        onward = re.search(r'name="next" value="([^"]*)"', shown.text)
        kept = {"csrf": found.group(1), "next": onward.group(1) if onward else ""}
        return await self.post(to or path.partition("?")[0], data={**kept, **fields})


@asynccontextmanager
async def site(settings: Settings) -> AsyncIterator[tuple[Browser, City]]:
    app = build(settings)
    transport = httpx.ASGITransport(app=app)
    life = app.api.router.lifespan_context(app.api)
    async with life, Browser(transport=transport, base_url=settings.public_url) as browser:
        yield browser, app.api.state.service.city


@pytest.fixture
def settings(wuhan_settings: Settings, sqlite_url: str) -> Settings:
    changed = {"database_url": sqlite_url, "public_url": ORIGIN, "demo_mode": False}
    return wuhan_settings.model_copy(update=changed)


def hired(city: City, account: str = "wang", post: Post = Post.OPERATOR) -> None:
    open_account(
        city=city, who=KEEPER, account=account, name="王一", posts=[Grant(post=post, unit=COMMAND)], at=NOW,
        password=FIRST,
    )  # fmt: skip


async def test_the_first_start_says_how_to_make_an_account_and_has_no_people_of_a_demonstration(
    settings: Settings,
) -> None:
    async with site(settings) as (browser, city):
        city.store.add_account(account=_demo())
        assert "cityops account add" in (await browser.get("/sign-in")).text
        clicked = await browser.fill("/sign-in", "/sign-in/as", account="demo1")
        assert clicked.status_code == 401
        assert "cityops_session" not in browser.cookies
        hired(city)
        shown = (await browser.get("/sign-in")).text
        assert "cityops account add" not in shown
        assert DEMO_PASSWORD not in shown
        assert 'autocomplete="current-password"' in shown
        assert 'autocomplete="username"' in shown


async def test_somebody_signs_in_changes_the_first_password_and_lands_where_they_wanted(
    settings: Settings,
) -> None:
    async with site(settings) as (browser, city):
        hired(city)
        wanted = await browser.get("/profile?x=1")
        assert wanted.headers["location"] == "/sign-in?next=/profile%3Fx%3D1"
        answer = await browser.fill(wanted.headers["location"], account="wang", password=FIRST)
        assert answer.headers["location"] == "/sign-in/step?next=/profile%3Fx%3D1"
        assert "cityops_session" not in browser.cookies
        step = answer.headers["location"]
        differ = await browser.fill(step, "/sign-in/password", password=NEW, again="x")
        assert (differ.status_code, "两次输入的密码不一致" in differ.text) == (422, True)
        weak = await browser.fill(step, "/sign-in/password", password="kurz", again="kurz")
        assert (weak.status_code, "至少 10 个字符" in weak.text) == (422, True)
        done = await browser.fill(step, "/sign-in/password", password=NEW, again=NEW)
        assert (done.status_code, done.headers["location"]) == (303, "/profile?x=1")
        cookie = next(
            one for one in done.headers.get_list("set-cookie") if one.startswith("cityops_session=")
        )
        assert all(word in cookie for word in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43"))
        assert "Secure" not in cookie
        mine = await browser.get("/profile")
        assert mine.status_code == 200
        assert mine.headers["cache-control"] == "no-store"
        assert NEW not in mine.text


async def test_over_https_cookies_are_bound_to_our_host(settings: Settings) -> None:
    secure = settings.model_copy(update={"public_url": "https://events.city.example"})
    async with site(secure) as (browser, city):
        hired(city)
        answer = await browser.fill("/sign-in", account="wang", password=FIRST)
        cookies = [one for one in answer.headers.get_list("set-cookie") if "Max-Age=0" not in one]
        assert cookies
        assert all(one.startswith("__Host-cityops_") and "Secure" in one for one in cookies)
        assert answer.headers["strict-transport-security"]


async def test_a_session_is_never_one_the_browser_had_before_and_ends_with_the_sign_out(
    settings: Settings,
) -> None:
    async with site(settings) as (browser, city):
        hired(city)
        await _in(browser, city)
        first = browser.cookies["cityops_session"]
        planted = "planted-by-somebody-else"
        browser.cookies.set("cityops_session", planted, domain="127.0.0.1", path="/")
        assert (await browser.get("/profile")).status_code == 303
        browser.cookies.delete("cityops_session")
        await browser.fill("/sign-in", account="wang", password=NEW)
        second = browser.cookies["cityops_session"]
        assert len({first, second, planted}) == 3
        assert (await browser.post("/sign-out")).status_code == 403
        gone = await browser.fill("/profile", "/sign-out")
        assert gone.headers["location"] == "/sign-in"
        assert "cityops_session" not in browser.cookies
        browser.cookies.set("cityops_session", second, domain="127.0.0.1", path="/")
        assert (await browser.get("/profile")).status_code == 303


async def test_forms_from_elsewhere_change_nothing(settings: Settings) -> None:
    async with site(settings) as (browser, city):
        hired(city)
        await browser.get("/sign-in")
        given = {"account": "wang", "password": FIRST}
        bare = await browser.post("/sign-in", data=given)
        assert (bare.status_code, "csrf_failed" in bare.text) == (403, True)
        browser.headers["sec-fetch-site"] = "cross-site"
        assert (await browser.fill("/sign-in", account="wang", password=FIRST)).status_code == 403
        browser.headers["sec-fetch-site"] = "same-origin"
        assert (await browser.fill("/sign-in", account="wang", password=FIRST)).status_code == 303
        async with Browser(transport=browser._transport, base_url=ORIGIN) as other:
            token = re.search(r'name="csrf" value="([^"]+)"', (await other.get("/sign-in")).text)
            assert token
            browser.cookies.clear()
            stolen = await browser.post("/sign-in", data={**given, "csrf": token.group(1)})
            assert stolen.status_code == 403


async def test_no_text_tells_which_accounts_there_are(settings: Settings) -> None:
    async with site(settings) as (browser, city):
        hired(city)
        hired(city, "gone")
        close_account(city=city, who=KEEPER, account="gone")
        told = {name: await _failures(browser, name) for name in ("wang", "gone", "nobody")}
        assert told["wang"] == told["gone"] == told["nobody"]
        assert [status for status, _ in told["wang"]] == [401] * 5 + [403]


async def _failures(browser: Browser, account: str) -> list[tuple[int, str]]:
    found = []
    for _ in range(6):
        answer = await browser.fill("/sign-in", account=account, password="falsch")
        text = re.sub(r'content="[^"]*"|value="[^"]*"|\d\d:\d\d', "", answer.text)
        found.append((answer.status_code, text))
    return found


async def test_nobody_is_sent_to_another_site(settings: Settings) -> None:
    elsewhere = (
        "https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/sign-out",
        "/\t/evil.example",
    )  # fmt: skip
    async with site(settings.model_copy(update={"demo_mode": True})) as (browser, city):
        city.store.add_account(account=_demo())
        for onward in elsewhere:
            answer = await browser.fill("/sign-in", "/sign-in/as", account="demo1", next=onward)
            assert (answer.status_code, answer.headers["location"]) == (303, "/admin/accounts")
        shown = await browser.get("/sign-in")
        assert DEMO_PASSWORD in shown.text
        assert "demo1" in shown.text


def _demo() -> Any:
    from store.rows_people import Account

    held = (Grant(post=Post.SECURITY_ADMIN, unit=COMMAND),)
    return Account(account="demo1", name="甲", created_at=NOW, password_at=NOW, grants=held, demo=True)


async def test_an_administrator_sets_the_factor_up_opens_an_account_and_closes_it(settings: Settings) -> None:
    async with site(settings) as (browser, city):
        hired(city, "keeper", Post.SECURITY_ADMIN)
        started = await browser.fill("/sign-in", account="keeper", password=FIRST)
        step = await browser.get(started.headers["location"])
        secret = re.search(r'class="key">([A-Z2-7 ]+)<', step.text)
        assert secret
        from datetime import UTC, datetime

        code = code_at(secret.group(1).replace(" ", ""), datetime.now(UTC))
        codes = await browser.fill("/sign-in/step", "/sign-in/enrol", code=code)
        assert len(re.findall(r"<li><code>\w{5}-\w{5}</code>", codes.text)) == 10
        done = await browser.fill("/sign-in/step", "/sign-in/password", password=NEW, again=NEW)
        assert done.headers["location"] == "/admin/accounts"
        opened = await browser.fill(
            "/admin/accounts", account="li", name="李", post="staff", unit="420102-DRAINAGE", areas=""
        )
        assert re.search(r'class="secret">[\w-]{19}<', opened.text)
        wrong = await browser.fill("/admin/accounts", account="li", post="staff", unit="nowhere")
        assert (wrong.status_code, 'value="nowhere"' in wrong.text) == (422, True)
        page = "/admin/accounts/li"
        given = await browser.fill(page, f"{page}/posts", post="checker", unit=COMMAND, areas="420106")
        assert given.status_code == 303
        conflict = await browser.fill(page, f"{page}/posts", post="audit_admin", unit=COMMAND)
        assert (conflict.status_code, "不得兼任" in conflict.text) == (409, True)
        last = await browser.fill("/admin/accounts/keeper", "/admin/accounts/keeper/close", reason="x")
        assert (last.status_code, "最后一名安全管理员" in last.text) == (409, True)
        assert (await browser.fill(page, f"{page}/close", reason="离职")).status_code == 303
        assert (await browser.get("/admin/audit")).status_code == 403


async def test_the_audit_administrator_reads_filters_and_takes_out_the_log(settings: Settings) -> None:
    relaxed = settings.model_copy(
        update={"sign_in": settings.sign_in.model_copy(update={"factor_posts": []})}
    )
    async with site(relaxed) as (browser, city):
        hired(city, "audit1", Post.AUDIT_ADMIN)
        await _in(browser, city, "audit1")
        shown = await browser.get("/admin/audit?account=console")
        assert "开立账号" in shown.text
        assert "audit1" in shown.text
        assert (await browser.get("/admin/audit?since=gestern")).status_code == 422
        file = await browser.get("/admin/audit/log.csv?kind=account_opened")
        assert file.headers["content-disposition"] == 'attachment; filename="audit.csv"'
        assert file.text.startswith("\ufeffat,account,kind,object,reason,detail")
        assert len(file.text.splitlines()) == 2
        assert "导出列表" in (await browser.get("/admin/audit?kind=export")).text
        assert (await browser.get("/admin/accounts")).status_code == 403


async def test_somebody_keeps_how_pages_look_and_changes_the_password(settings: Settings) -> None:
    async with site(settings) as (browser, city):
        hired(city)
        await _in(browser, city)
        kept = await browser.fill("/profile", "/profile/looks", language="en", theme="dark")
        assert kept.headers["location"] == "/profile?done=looks"
        shown = (await browser.get("/profile")).text
        assert all(
            word in shown for word in ('lang="en"', 'data-theme="dark"', 'data-keys="off"', "My account")
        )
        wrong = await browser.fill(
            "/profile", "/profile/password", old="x", password=PASSWORD, again=PASSWORD
        )
        assert (wrong.status_code, "account or password is wrong" in wrong.text) == (422, True)
        before = browser.cookies["cityops_session"]
        done = await browser.fill("/profile", "/profile/password", old=NEW, password=PASSWORD, again=PASSWORD)
        assert done.status_code == 303
        assert browser.cookies["cityops_session"] != before
        assert (await browser.get("/profile")).status_code == 200


async def test_the_provider_s_button_is_there_only_where_there_is_one(settings: Settings) -> None:
    async with site(settings) as (browser, _):
        assert "/sign-in/provider" not in (await browser.get("/sign-in")).text
        assert (await browser.get("/sign-in/provider")).status_code == 404
    away = settings.model_copy(update={"oidc": Oidc(issuer="http://127.0.0.1:9", client_id="cityops")})
    async with site(away) as (browser, _):
        assert "统一身份认证" in (await browser.get("/sign-in")).text
        assert (await browser.get("/sign-in/provider")).status_code == 502
        back = await browser.get("/sign-in/provider/back?state=x&code=y")
        assert back.status_code == 401


async def _in(browser: Browser, city: City, account: str = "wang") -> None:
    """Sign somebody in whose first password must be changed."""
    started = await browser.fill("/sign-in", account=account, password=FIRST)
    done = await browser.fill(started.headers["location"], "/sign-in/password", password=NEW, again=NEW)
    assert done.status_code == 303, done.text


async def test_a_form_of_any_size_is_not_read_to_its_end(settings: Settings) -> None:
    async with site(settings) as (browser, _):
        large = await browser.post("/sign-in", data={"account": "wang", "password": "x" * 3_000_000})
        file = await browser.post("/sign-in", files={"password": b"x" * 3_000_000})
    assert [(one.status_code, "body_too_large" in one.text) for one in (large, file)] == [(413, True)] * 2


async def test_a_way_back_that_is_too_long_does_not_keep_the_sign_in_away(settings: Settings) -> None:
    async with site(settings) as (browser, _):
        short = await browser.get("/cases?q=x")
        long = await browser.get(f"/cases?q={'x' * 600}")
        shown = await browser.get(long.headers["location"])
    assert short.headers["location"] == "/sign-in?next=/cases%3Fq%3Dx"
    assert long.headers["location"] == "/sign-in"
    assert shown.status_code == 200
