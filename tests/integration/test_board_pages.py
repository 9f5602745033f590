"""Board, wall and instructions as pages: what they show is what the store counts, and nothing personal on a wall."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx

from boot.settings import Settings
from domain.account import Grant, Post, Principal
from domain.case import Status
from domain.figures import FIGURES
from domain.report import Reporter
from domain.views import Record
from store.rows import Conflict
from tests.integration.signed_in_site import CITY_UNIT, DISTRICT_UNIT, SignedInSite, signed_in_site
from tests.integration.store_samples import PLACE, case_no, fact, report, view
from usecases.deeds import DeedFilter
from usecases.screens import make_screen
from usecases.signing import Passed, digest_of, open_session

CITY = (Grant(post=Post.CITY_SUPERVISOR, unit=CITY_UNIT),)
DISTRICT = (Grant(post=Post.DISTRICT_SUPERVISOR, unit=DISTRICT_UNIT),)
OTHER_DISTRICT = "420106"
PHONE, NAME, ADDRESS, SAID = "13912345678", "欧阳朝暮", "解放大道1234号3栋502", "家里只有老人和孩子"
MARK = re.compile(
    r'id="(?:kpi|wall)-(\w+)".*?class="(?:kpi|wall)-value">\s*(?:<svg.*?</svg>)?\s*([^<]*)<', re.DOTALL
)


@asynccontextmanager
async def opened(
    settings: Settings, database_url: str, *grants: Grant
) -> AsyncIterator[tuple[SignedInSite, httpx.AsyncClient, Principal]]:
    """Serve the pages on this database, with somebody of these posts signed in."""
    outside = {"database_url": database_url, "demo_mode": False, "public_url": "http://127.0.0.1:8000"}
    async with signed_in_site(settings.model_copy(update=outside)) as town:
        account = town.hired(*grants)
        transport = httpx.ASGITransport(app=town.site)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8000", headers=town.session(account)
        ) as http:
            yield town, http, Principal(account=account, name=account, grants=grants)


def filled(town: SignedInSite) -> None:
    """Keep 4 cases of the first district, one of them urgent and two overdue, and one of another; all with reporters."""
    now = town.city.now()
    place = replace(PLACE, address=ADDRESS)
    for n in range(5):
        made = replace(
            report(n), received_at=now, reporter=Reporter(name=NAME, phone=PHONE), description=SAID,
            reported=replace(report(n).reported, address=ADDRESS),
        )  # fmt: skip
        assert not isinstance(town.city.store.accept_many(reports=[made])[0], Conflict)
        case = view(
            n, received_at=now - timedelta(hours=3), filed_at=now - timedelta(hours=3), place=place,
            dispatched_at=now - timedelta(hours=2), district=OTHER_DISTRICT if n == 4 else "420102", street=None,
            owner="420102-URBAN_MGMT", co_handlers=(), category="E0506", severity=1 if n == 0 else 3,
            handling_due=now + timedelta(hours=-1 if n < 2 else 9), status=Status.HANDLING.value,
        )  # fmt: skip
        climbed = fact(
            2, kind="escalated", at=now - timedelta(minutes=5),
            data={"trigger": "E4", "from_level": "STREET", "level": "DISTRICT", "supervisor": DISTRICT_UNIT},
        )  # fmt: skip
        facts = (climbed,) if n == 0 else ()
        town.city.store.record(record=Record(view=replace(case, seq=3), facts=facts, notices=()))


async def asked(http: httpx.AsyncClient, path: str) -> str:
    """Ask for a part of a page until it is counted."""
    for _ in range(100):
        answer = await http.get(path, headers={"hx-request": "true"})
        assert answer.status_code == 200, answer.text[:500]
        if "正在统计" not in answer.text:
            return answer.text
    raise AssertionError("never counted")


def shown(text: str) -> dict[str, str]:
    return dict(MARK.findall(text))


async def test_the_board_shows_what_is_counted_within_ones_reach(
    wuhan_settings: Settings, sqlite_url: str
) -> None:
    async with opened(wuhan_settings, sqlite_url, *CITY) as (town, http, _):
        filled(town)
        whole = await http.get("/board")
        assert whole.status_code == 200
        assert all(f'id="def-{one.id}"' in whole.text and one.formula_zh in whole.text for one in FIGURES)
        numbers = shown(await asked(http, "/board/live?first=1"))
        assert {name: numbers[name] for name in ("in_hand", "overdue", "urgent")} == {
            "in_hand": "5", "overdue": "2", "urgent": "1"
        }  # fmt: skip
        assert numbers["on_time"] == "—"
        assert shown(await asked(http, f"/board/live?district={OTHER_DISTRICT}"))["in_hand"] == "1"
        assert shown(await asked(http, "/board/live?severity=urgent"))["in_hand"] == "1"
        assert shown(await asked(http, "/board/live?exercise=1"))["in_hand"] == "0"
        own = town.session(town.hired(*DISTRICT))
        http.headers.update(own)
        assert shown(await asked(http, "/board/live"))["in_hand"] == "4"


async def test_the_board_lists_who_is_late_who_climbs_and_ranks(
    wuhan_settings: Settings, sqlite_url: str
) -> None:
    async with opened(wuhan_settings, sqlite_url, *CITY) as (town, http, _):
        filled(town)
        text = await asked(http, "/board/live?by=owner&sort=in_hand")
        late = re.findall(r'id="late-([^"]+)"', text)
        assert sorted(one for one in late if one != "title") == sorted([case_no(0), case_no(1)])
        assert f'id="climb-{case_no(0)}-' in text
        assert "超期未处置" in text
        assert 'id="rank-owner-420102-URBAN_MGMT"' in text
        assert 'aria-sort="descending"' in text


async def test_a_parameter_that_does_not_fit_is_refused(wuhan_settings: Settings, sqlite_url: str) -> None:
    queries = (
        "sort=nothing",
        "by=nothing",
        "span=1y",
        "severity=9",
        "shows=nothing",
        "district=%00",
        "district=xx",
    )
    async with opened(wuhan_settings, sqlite_url, *CITY) as (_, http, _who):
        for query in queries:
            assert (await http.get(f"/board?{query}")).status_code == 422, query
        assert (await http.get("/wall?scene=nothing")).status_code == 422


async def test_an_act_from_the_board_says_what_the_case_says(
    wuhan_settings: Settings, sqlite_url: str
) -> None:
    async with opened(wuhan_settings, sqlite_url, *CITY) as (town, http, _):
        filled(town)
        form = await http.get(f"/board/cases/{case_no(0)}/open_supervision")
        assert form.status_code == 200
        assert "督办" in form.text
        outside = town.session(town.hired(*DISTRICT))
        answer = await http.get(f"/board/cases/{case_no(4)}/open_supervision", headers=outside)
        assert answer.status_code == 403


async def test_a_wall_shows_nothing_personal(wuhan_settings: Settings, sqlite_url: str) -> None:
    async with opened(wuhan_settings, sqlite_url, *CITY) as (town, http, who):
        filled(town)
        made = make_screen(city=town.city, who=who, name="大厅", days=3, at=datetime.now(UTC))
        async with httpx.AsyncClient(transport=http._transport, base_url="http://127.0.0.1:8000") as screen:
            assert (await screen.get("/wall")).status_code == 303, "nobody is signed in there"
            joined = await screen.get(f"/wall/join/{made.token}")
            assert joined.headers["location"] == "/wall?every=60"
            for scene in ("overview", "urgent", "districts", "water"):
                page = await screen.get(f"/wall?scene={scene}")
                text = page.text + await asked(screen, f"/wall/live?scene={scene}&first=1")
                assert page.status_code == 200
                for secret in (PHONE, NAME, ADDRESS, "1234", SAID, case_no(0)[-9:], made.token):
                    assert secret not in text, secret
            assert shown(await asked(screen, "/wall/live"))["in_hand"] == "5"
            assert (await screen.get("/board")).status_code == 303, "a screen sees walls and nothing else"
            assert (await screen.post("/wall/screens", data={"name": "x"})).status_code in (401, 403)


async def test_a_screen_ends_by_hand_and_by_time_and_both_are_on_record(
    wuhan_settings: Settings, sqlite_url: str
) -> None:
    async with opened(wuhan_settings, sqlite_url, *CITY) as (town, http, who):
        page = await http.post("/wall/screens", data={"name": "指挥大厅", "days": "2"})
        found = re.search(r"/wall/join/([\w-]+)", page.text)
        assert found is not None
        assert found[1] not in (await http.get("/wall/screens")).text, "shown once"
        screen_id = town.city.store.all_screens()[0].screen_id
        async with httpx.AsyncClient(transport=http._transport, base_url="http://127.0.0.1:8000") as screen:
            assert (await screen.get(f"/wall/join/{found[1]}")).status_code == 303
            assert (await screen.get("/wall")).status_code == 200
            assert (await http.post(f"/wall/screens/{screen_id}/end")).status_code == 303
            assert (await screen.get("/wall")).status_code == 303
            assert (await screen.get(f"/wall/join/{found[1]}")).status_code == 404
        long_ago = datetime.now(UTC) - timedelta(days=4)
        old = make_screen(city=town.city, who=who, name="旧", days=3, at=long_ago)
        assert (await http.get(f"/wall/join/{old.token}")).status_code == 404
        kinds = {row.kind for row in town.city.store.deeds(where=DeedFilter(), limit=20, cursor=None).deeds}
        assert {"screen_made", "screen_ended"} <= kinds


async def test_a_screen_of_a_district_shows_the_district(wuhan_settings: Settings, sqlite_url: str) -> None:
    async with opened(wuhan_settings, sqlite_url, *DISTRICT) as (town, http, who):
        filled(town)
        made = make_screen(city=town.city, who=who, name="区大厅", days=3, at=datetime.now(UTC))
        http.headers.pop("cookie")
        await http.get(f"/wall/join/{made.token}")
        assert shown(await asked(http, "/wall/live"))["in_hand"] == "4"
        other = town.hired(Grant(post=Post.DISTRICT_SUPERVISOR, unit="420106-COMMAND"))
        answer = await http.post(f"/wall/screens/{made.screen.screen_id}/end", headers=town.session(other))
        assert answer.status_code == 404, "another district's screen is nothing of theirs"


async def test_an_instruction_goes_to_many_units_and_comes_back_with_receipts(
    wuhan_settings: Settings, sqlite_url: str
) -> None:
    async with opened(wuhan_settings, sqlite_url, *CITY) as (town, http, _):
        filled(town)
        form = await http.get(f"/instructions/new?case={case_no(0)}")
        assert form.status_code == 200
        assert '<option value="420102-URBAN_MGMT" selected' in form.text
        many = await http.get("/instructions/reach?whom=districts&unit=420102-URBAN_MGMT")
        count = re.search(r"(\d+) 个单位", many.text)
        assert count is not None
        sent = {
            "title": "防汛排查", "text": "排查辖区渍水点", "amount": "4", "limit_unit": "UH", "whom": "districts",
            "unit": "420102-URBAN_MGMT", "reply": "1", "case_no": case_no(0), "request_id": "a-request-1",
        }  # fmt: skip
        first = await http.post("/instructions", data=sent)
        again = await http.post("/instructions", data=sent)
        assert first.status_code == 303
        assert first.headers["location"] == again.headers["location"], "sent twice it is given once"
        one = first.headers["location"]
        assert f'<span class="count">{count[1]}</span>' in (await http.get(one)).text
        leader = town.session(town.hired(Grant(post=Post.LEADER, unit="420102-URBAN_MGMT")))
        told = await http.post(
            f"{one}/answer", data={"text": "已排查", "request_id": "a-request-2"}, headers=leader
        )
        assert told.status_code == 303
        assert "已排查" in (await http.get(f"{one}?missing=0")).text
        stranger = town.session(town.hired(Grant(post=Post.LEADER, unit="420106-URBAN_MGMT")))
        assert (await http.get(one, headers=stranger)).status_code == 403
        end = {"how": "close", "reason": "汛情解除", "request_id": "a-request-3"}
        assert (await http.post(f"{one}/end", data=end)).status_code == 303
        assert "汛情解除" in (await http.get(one)).text
        assert "防汛排查" in (await http.get("/instructions")).text


async def test_an_instruction_is_about_no_case_beyond_its_giver(
    wuhan_settings: Settings, sqlite_url: str
) -> None:
    async with opened(wuhan_settings, sqlite_url, *DISTRICT) as (town, http, _):
        filled(town)
        sent = {
            "title": "查", "text": "查一查", "amount": "4", "limit_unit": "UH", "unit": "420102-URBAN_MGMT",
            "case_no": case_no(4), "request_id": "a-request-9",
        }  # fmt: skip
        page = await http.post("/instructions", data=sent)
        asked = {
            "title": "查", "text": "查一查", "limit": "4UH", "case_no": case_no(4),
            "to": {"units": ["420102-URBAN_MGMT"]},
        }  # fmt: skip
        api = await http.post("/api/v1/instructions", json=asked)
        own = await http.post("/api/v1/instructions", json={**asked, "case_no": case_no(0)})
    assert (page.status_code, "outside_scope" in page.text) == (403, True)
    assert (api.status_code, api.json().get("code")) == (403, "outside_scope")
    assert own.status_code == 201


async def test_a_page_that_only_listens_keeps_no_session_alive(
    wuhan_settings: Settings, sqlite_url: str
) -> None:
    async with opened(wuhan_settings, sqlite_url, *DISTRICT) as (town, _, who):
        store, at = town.city.store, datetime.now(UTC) - timedelta(minutes=10)
        account = store.account(account=who.account)
        assert account is not None
        old = open_session(city=town.city, account=account, passed=Passed(way="password", strong=True), at=at)
        headers = {"cookie": f"cityops_session={old.token}"}

        async def seen(path: str, **more: str) -> datetime:
            assert (await town.ask("GET", path, headers={**headers, **more})).status == 200
            held = store.held_session(digest=digest_of(old.token))
            assert held is not None
            return held.session.seen_at

        assert await seen("/live", accept="text/event-stream") == at
        assert await seen("/board/live", **{"x-cityops-by-itself": "1"}) == at
        assert await seen("/board/live") > at
