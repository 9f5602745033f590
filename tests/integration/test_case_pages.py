"""The pages of cases on the real site: what they show, in how few statements, and what comes back when it does not fit."""

import csv
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO, StringIO
from typing import Any, Self
from zipfile import ZipFile

import httpx
import pytest
from sqlalchemy import event

from boot.settings import Settings
from domain.account import Grant, Post
from domain.actor import Actor, Role
from domain.views import CaseView, Record
from store.deeds import DeedFilter
from store.engine import Store
from tests.bench.many_cases import seed
from tests.integration.signed_in_site import CITY_UNIT, DISTRICT_UNIT, SignedInSite, signed_in_site
from tests.integration.store_samples import fact

SUPERVISOR = Grant(post=Post.CITY_SUPERVISOR, unit=CITY_UNIT)
DISTRICT = Grant(post=Post.DISTRICT_SUPERVISOR, unit=DISTRICT_UNIT)
OPERATOR = Grant(post=Post.OPERATOR, unit=CITY_UNIT)
HTML = {"hx-request": "true"}
CASES = 130


class Statements(list[str]):
    """The statements a store is asked while a block runs, those of transactions apart."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._engine = store._engine

    def __enter__(self) -> Self:
        event.listen(self._engine, "before_cursor_execute", self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._heard)

    def _heard(self, _connection: object, _cursor: object, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "SELECT 1", "UPDATE sessions")):
            self.append(statement)


@asynccontextmanager
async def opened(
    settings: Settings, database_url: str, *grants: Grant
) -> AsyncIterator[tuple[SignedInSite, httpx.AsyncClient, list[CaseView]]]:
    """Serve a city with some cases, somebody of these posts signed in; the cases newest first."""
    outside = {"database_url": database_url, "demo_mode": False, "public_url": "http://127.0.0.1:8000"}
    async with signed_in_site(settings.model_copy(update=outside)) as town:
        store = town.city.store
        numbers = seed(store=store, grounds=town.city.grounds, count=CASES, now=town.city.now())
        known = store.cases_of(case_numbers=numbers)
        headers = town.session(town.hired(*grants))
        headers["cookie"] += "; cityops_lang=en"
        transport = httpx.ASGITransport(app=town.site)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8000", headers=headers
        ) as http:
            yield town, http, [known[number] for number in numbers]


def rows(html: str) -> list[str]:
    return re.findall(r'<tr id="case-([\w-]+)"', html)


async def test_a_page_of_the_list_takes_three_statements_however_long_the_list_is(
    wuhan_settings: Settings, database_url: str
) -> None:
    """Signalen's list of a hundred takes 715. One says who asks, one counts, one lists."""
    async with opened(wuhan_settings, database_url, DISTRICT) as (town, http, cases):
        await http.get("/cases")  # notes that the session is in use
        district = next(one.district for one in cases if one.district)
        counted = {}
        for path in (
            "/cases",
            f"/cases?tab=all&severity=1&severity=2&sort=due&due=24h&district={district}&tag=summer&ordered=1",
            "/cases?tab=all&q=%E5%A4%A7%E9%81%93&sort=severity",
            "/cases?view=board",
        ):
            with Statements(town.city.store) as asked:
                answer = await http.get(path)
            assert answer.status_code == 200
            counted[path] = len(asked)
        with Statements(town.city.store) as asked:
            assert (await http.get("/cases?view=map")).status_code == 200
    assert set(counted.values()) == {3}, counted
    assert len(asked) == 2


async def test_filters_stand_in_the_address_and_pages_follow_each_other(
    wuhan_settings: Settings, sqlite_url: str
) -> None:
    async with opened(wuhan_settings, sqlite_url, SUPERVISOR) as (_, http, cases):
        found: list[str] = []
        path = "/cases?tab=all&severity=3&sort=severity"
        for _ in range(9):
            answer = await http.get(path, headers=HTML if found else {})
            found += rows(answer.text)
            more = re.search(r'hx-get="([^"]*cursor=[^"]*)"', answer.text)
            if more is None:
                break
            path = more[1].replace("&amp;", "&")
        first = (await http.get("/cases?tab=all&severity=3&q=%E5%A4%A7%E9%81%93")).text
        wrong = [
            await http.get(f"/cases?{query}")
            for query in ("severity=9", "tab=nothing", "cursor=xx", "since=tomorrow", f"q={'x' * 101}")
        ]
        matched = await http.get(
            f"/cases/match?tab=all&severity=3&numbers={','.join(one.case_no for one in cases[:40])}"
        )
    assert sorted(found) == sorted(one.case_no for one in cases if one.severity == 3)
    assert len(found) == len(set(found))
    assert "Take off: Severity 3" in first
    assert "Take off: Search" in first
    assert 'href="/cases?q=%E5%A4%A7%E9%81%93&amp;tab=all"' in first or "tab=all&amp;q=" in first
    assert {one.status_code for one in wrong} == {422}
    assert set(matched.json()) == {one.case_no for one in cases[:40] if one.severity == 3}


async def test_what_is_outside_ones_reach_is_neither_listed_nor_opened(
    wuhan_settings: Settings, sqlite_url: str
) -> None:
    async with opened(wuhan_settings, sqlite_url, DISTRICT) as (_, http, cases):
        listed: set[str] = set()
        for one in (await http.get("/cases?tab=all"), await http.get("/cases?tab=all&sort=due")):
            listed |= set(rows(one.text))
        other = next(one for one in cases if one.district not in ("420102", None) and not one.supervisors)
        own = next(one for one in cases if one.district == "420102")
        refused = [
            await http.get(f"/cases/{other.case_no}{part}")
            for part in ("", "/row", "/body", "/card", "/acts", "/act/reassign")
        ]
        shown = [
            await http.get(f"/cases/{own.case_no}{part}") for part in ("", "/row", "/body", "/card", "/acts")
        ]
    by_no = {one.case_no: one for one in cases}
    assert listed
    assert all(
        by_no[number].district == "420102" or DISTRICT_UNIT in by_no[number].supervisors for number in listed
    )
    assert {one.status_code for one in refused} == {403}
    assert {one.status_code for one in shown} == {200}


async def test_an_act_on_what_somebody_else_changed_comes_back_with_what_was_typed(
    wuhan_settings: Settings, sqlite_url: str
) -> None:
    async with opened(wuhan_settings, sqlite_url, SUPERVISOR) as (town, http, cases):
        case = next(one for one in cases if one.status == "handling")
        form = (await http.get(f"/cases/{case.case_no}/act/reassign", headers=HTML)).text
        seen = re.search(r'name="seen" value="([^"]+)"', form)
        assert seen is not None
        reminded = replace(fact(10, kind="handling_warned"), source=None, target=None)
        reminded = replace(reminded, actor=Actor(id="engine", role=Role.ENGINE, unit=None))
        town.city.store.record(record=Record(view=replace(case, seq=10), facts=(reminded,), notices=()))
        typed = {
            "kind": "reassign",
            "seen": seen[1],
            "lead": "no-such-unit",
            "lead_text": "无",
            "reason": "须改派 <b>",
        }
        harmless = await http.post(f"/cases/{case.case_no}/act", data=typed, headers=HTML)
        moved = fact(11, kind="contacted", actor=Actor(id="li", role=Role.HANDLER, unit=case.owner))
        town.city.store.record(record=Record(view=replace(case, seq=11), facts=(moved,), notices=()))
        conflict = await http.post(f"/cases/{case.case_no}/act", data=typed, headers=HTML)
    assert (harmless.status_code, "unknown_unit" in harmless.text) == (422, True)
    assert (conflict.status_code, "data-changed" in conflict.text) == (409, True)
    assert "The reporter was contacted" in conflict.text
    assert "须改派 &lt;b&gt;" in conflict.text
    assert 'name="seen" value="1.11"' in conflict.text


async def test_a_form_that_does_not_fit_comes_back_with_what_was_typed(
    wuhan_settings: Settings, sqlite_url: str
) -> None:
    async with opened(wuhan_settings, sqlite_url, SUPERVISOR) as (_, http, cases):
        case = next(one for one in cases if one.status == "handling")
        missing = await http.post(
            f"/cases/{case.case_no}/act",
            data={"kind": "reassign", "lead_text": "江堤街道", "reason": ""},
            headers=HTML,
        )
        unsure = await http.post(
            f"/cases/{case.case_no}/act", data={"kind": "close_case", "reason": "x"}, headers=HTML
        )
        unknown = await http.post(f"/cases/{case.case_no}/act", data={"kind": "child_changed"}, headers=HTML)
        whole = await http.get(f"/cases/{case.case_no}/act/reassign?reason=filled")
    assert missing.status_code == 422
    assert 'value="江堤街道"' in missing.text
    assert missing.text.count('aria-invalid="true"') == 2
    assert unsure.status_code == 422
    assert unknown.status_code == 422
    assert ">filled</textarea>" in whole.text
    assert "<html" in whole.text


async def test_views_are_kept_by_name_for_their_owner_alone(
    wuhan_settings: Settings, database_url: str
) -> None:
    async with opened(wuhan_settings, database_url, SUPERVISOR) as (town, http, _):
        query = "tab=open&due=overdue"
        kept = await http.post("/cases/views", data={"name": "  超时  案件 ", "query": query}, headers=HTML)
        again = await http.post("/cases/views", data={"name": "超时 案件", "query": "tab=all"}, headers=HTML)
        nameless = await http.post("/cases/views", data={"name": " ", "query": query}, headers=HTML)
        number = re.search(r"/cases/views/(\d+)/forget", again.text)
        assert number is not None
        other = town.session(town.hired(OPERATOR))
        theirs = await http.get("/cases/views", headers=other)
        refused = await http.post(f"/cases/views/{number[1]}/forget", headers={**other, **HTML})
        gone = await http.post(f"/cases/views/{number[1]}/forget", headers=HTML)
    assert "超时 案件" in kept.text
    assert "due=overdue" in kept.text
    assert again.text.count("/forget") == 2  # action and hx-post of one view
    assert "tab=all" in again.text
    assert nameless.status_code == 422
    assert "forget" not in theirs.text
    assert refused.status_code == 404
    assert "forget" not in gone.text


async def test_a_list_is_taken_out_as_it_is_filtered_harmless_and_on_record(
    wuhan_settings: Settings, sqlite_url: str
) -> None:
    async with opened(wuhan_settings, sqlite_url, SUPERVISOR) as (town, http, cases):
        store = town.city.store
        evil = replace(
            cases[0], seq=20, category_name='=HYPERLINK("http://x","y")', category="no-such", severity=1
        )
        store.record(record=Record(view=evil, facts=(), notices=()))
        answer = await http.get("/cases/export.csv?tab=all&severity=1")
        book = await http.get("/cases/export.xlsx?tab=all&severity=1")
        deeds = store.deeds(where=DeedFilter(kind="export"), limit=9).deeds
        refused = await http.get("/cases/export.csv", headers=town.session(town.hired(OPERATOR)))
    text = answer.content.decode("utf-8")
    assert text.startswith("\ufeff")
    table = list(csv.DictReader(StringIO(text.removeprefix("\ufeff"))))
    wanted = [one.case_no for one in cases if one.severity == 1 or one.case_no == evil.case_no]
    assert [line["案件编号"] for line in table] == wanted
    assert table[0]["类别"] == """'=HYPERLINK("http://x","y")"""
    assert not any(cell.startswith(("=", "+", "-", "@")) for line in table for cell in line.values())
    assert "attachment" in answer.headers["content-disposition"]
    with ZipFile(BytesIO(book.content)) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == len(wanted) + 1
    assert "<f>" not in sheet
    assert len(deeds) == 2
    assert deeds[0].detail["filter"]["severities"] == "(1,)"
    assert refused.status_code == 403


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_case_of_the_city_has_a_page(
    wuhan_settings: Settings, sqlite_url: str, language: str
) -> None:
    async with opened(wuhan_settings, sqlite_url, SUPERVISOR) as (_, http, cases):
        http.headers["cookie"] = http.headers["cookie"].replace("lang=en", f"lang={language}")
        some = {one.status: one for one in cases}
        some |= (
            {"order": next(one for one in cases if one.aspects.supervisions)}
            if any(one.aspects.supervisions for one in cases)
            else {}
        )
        answers = {status: await http.get(f"/cases/{one.case_no}") for status, one in some.items()}
    assert {status: one.status_code for status, one in answers.items()} == dict.fromkeys(some, 200)
    assert all(some[status].case_no in one.text for status, one in answers.items())
