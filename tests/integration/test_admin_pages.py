"""Administration and queues as pages: what they show is what the use cases say, and every act is checked and on record."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from boot.settings import Settings
from domain.account import Grant, Permission, Post, Principal
from domain.case import Notice
from domain.report import Reporter
from store.rows import OutboxKind, OutboxState
from tests.integration.signed_in_site import CITY_UNIT, SignedInSite, signed_in_site
from tests.integration.store_samples import NOW, case_no, fact, record, report, report_no, unit
from usecases import rule_pages
from usecases.deeds import DeedFilter
from usecases.deliveries import masked
from usecases.inbound import keep_refused
from usecases.problems import BadRequest, ProblemCode
from usecases.queues import Item, Queue, item, waiting
from web.tasks.forms import _moment

ADMIN = (Grant(post=Post.SYSTEM_ADMIN, unit=CITY_UNIT),)
SUPERVISOR = (Grant(post=Post.CITY_SUPERVISOR, unit=CITY_UNIT),)
TRIAGE = (Grant(post=Post.TRIAGE, unit=CITY_UNIT),)
PAGES = ("", "/units?q=岳飞", "/duty", "/calendar?year=2026", "/catalogue?q=E0110", "/templates")


@asynccontextmanager
async def opened(
    settings: Settings, database_url: str, *grants: Grant
) -> AsyncIterator[tuple[SignedInSite, httpx.AsyncClient, Principal]]:
    """Serve the pages on this database, with somebody of these posts signed in."""
    outside = {"database_url": database_url, "demo_mode": False, "public_url": "http://127.0.0.1:8000"}
    async with signed_in_site(settings.model_copy(update=outside)) as town:
        account = town.hired(*grants)
        headers = town.session(account)
        headers["cookie"] += "; cityops_lang=en"
        transport = httpx.ASGITransport(app=town.site)
        who = Principal(account=account, name=account, grants=grants)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8000", headers=headers
        ) as http:
            yield town, http, who


async def test_a_report_on_trial_is_decided_by_the_rules_that_dispatch(
    wuhan_settings: Settings, sqlite_url: str
) -> None:
    asked = "category=E0110&channel=hotline&lon=114.2925&lat=30.5871"
    async with opened(wuhan_settings, sqlite_url, *SUPERVISOR) as (town, http, who):
        shown = await http.get(f"/admin/rules/routing?{asked}")
        nowhere = await http.get("/admin/rules/routing?category=E0110&channel=nothing")
        units = rule_pages.units(city=town.city, who=who, text="排水")
        pages = [
            await http.get(f"/admin/rules{path}")
            for path in (
                "",
                "/units?q=岳飞",
                "/duty",
                "/calendar?year=2026",
                "/catalogue?q=E0110",
                "/templates",
            )
        ]
    assert shown.status_code == nowhere.status_code == 200
    fired = shown.text.split('class="fired"')
    assert len(fired) == 2
    assert "grid-tidy" in fired[1][:200]
    assert "no channel nothing" in nowhere.text
    assert units
    assert all("排水" in one.name_zh for one in units)
    assert [page.status_code for page in pages] == [200] * 6
    assert "make-up working day" in pages[3].text


async def test_a_message_that_did_not_arrive_is_sent_again_once(
    wuhan_settings: Settings, database_url: str
) -> None:
    async with opened(wuhan_settings, database_url, *ADMIN) as (town, http, _):
        store = town.city.store
        store.publish_units(units=[unit("street-1", ("email", "duty@street.example"))], version="v1")
        store.accept_many(reports=[report(1)])
        told = Notice(seq=1, n=0, template="assignment", unit="street-1")
        store.record(record=record(1, notices=(told,)))
        later = NOW + timedelta(days=9000)
        row = store.claim(kinds=(OutboxKind.NOTIFY,), limit=1, now=later, worker="w", lease_s=30)[0]
        store.finish(id=row.id, state=OutboxState.FAILED, outcome={"code": "refused"}, now=NOW)
        lost = await http.get("/admin/deliveries?state=lost")
        again = await http.post(f"/admin/deliveries/{row.id}/again")
        twice = await http.post(f"/admin/deliveries/{row.id}/again")
        after = await http.get("/admin/deliveries?state=lost")
        owed = store.pending(kinds=(OutboxKind.NOTIFY,))
        deeds = store.deeds(where=DeedFilter(kind="delivery_again"), limit=9).deeds
    assert "…@street.example" in lost.text
    assert "duty@street.example" not in lost.text
    assert "refused" in lost.text
    assert again.status_code == 303
    assert (twice.status_code, "delivery_settled" in twice.text) == (409, True)
    assert "…@street.example" not in after.text
    assert owed == 1
    assert [one.object for one in deeds] == [str(row.id)]


async def test_a_letter_is_looked_at_with_a_reason_and_closed(
    wuhan_settings: Settings, sqlite_url: str
) -> None:
    async with opened(wuhan_settings, sqlite_url, *ADMIN) as (town, http, who):
        await keep_refused(
            city=town.city, source="probe", channel="console", form="report", content_type="application/json",
            body=b'{"a": "<b>1</b>"}', problem="invalid_body",
        )  # fmt: skip
        listed = await http.get("/admin/dead-letters")
        number = listed.text.split('href="/admin/dead-letters/')[1].split('"')[0]
        asked = await http.get(f"/admin/dead-letters/{number}")
        nameless = await http.post(f"/admin/dead-letters/{number}", data={"reason": " "})
        looked = await http.post(f"/admin/dead-letters/{number}", data={"reason": "厂家来电"})
        tried = await http.post(
            f"/admin/dead-letters/{number}/try", data={"reason": "厂家来电", "mapping": "event_id = a"}
        )
        wrong = await http.post(
            f"/admin/dead-letters/{number}/try", data={"reason": "厂家来电", "mapping": "no equals"}
        )
        closed = await http.post(f"/admin/dead-letters/{number}/close", data={"reason": "测试来文"})
        empty = await http.get("/admin/dead-letters")
        deeds = town.city.store.deeds(
            where=DeedFilter(account=who.account, kind="letter_viewed"), limit=9
        ).deeds
    assert "&lt;b&gt;1" not in asked.text
    assert nameless.status_code == 422
    assert "&lt;b&gt;1&lt;/b&gt;" in looked.text
    assert tried.status_code == 200
    assert (wrong.status_code, "bad_mapping" in wrong.text) == (422, True)
    assert closed.status_code == 303
    assert f"dead-letters/{number}" not in empty.text
    assert {one.reason for one in deeds} == {"厂家来电"}


async def test_a_queue_shows_who_waits_and_what_its_decision_needs(
    wuhan_settings: Settings, database_url: str
) -> None:
    async with opened(wuhan_settings, database_url, *TRIAGE) as (town, http, who):
        store = town.city.store
        asked = fact(2, kind="return_requested", data={"reason": "不属我单位", "proposed": "420102-COMMAND"})
        for n, status in enumerate(("triaging", "return_requested", "visiting", "handling")):
            store.accept_many(reports=[report(n)])
            kept = record(n, status=status)
            facts = (*kept.facts, asked) if status == "return_requested" else kept.facts
            store.record(record=type(kept)(view=kept.view, facts=facts, notices=()))
        counted = waiting(city=town.city, who=who)
        triage, visits = await http.get("/queue"), await http.get("/visits")
        returned = item(city=town.city, who=who, case_no=case_no(1)).returned
        part = await http.get(f"/queue/{case_no(1)}?name=returns", headers={"hx-request": "true"})
        called = item(city=town.city, who=who, case_no=case_no(2)).visits
    assert counted == {Queue.TRIAGE: 1, Queue.RETURNS: 1, Queue.ARBITRATION: 0, Queue.VISITS: 1}
    assert case_no(0) in triage.text
    assert case_no(3) not in triage.text
    assert case_no(2) in visits.text
    assert report_no(2) in visits.text
    assert returned is not None
    assert (returned.reason, returned.proposed) == ("不属我单位", "420102-COMMAND")
    assert "不属我单位" in part.text
    assert "<html" not in part.text
    assert [(one.report_no, one.tries, one.done) for one in called] == [(report_no(2), 0, False)]


def test_an_address_is_shown_by_as_much_as_tells_two_apart() -> None:
    assert masked("13800001234") == "…1234"
    assert masked("https://hooks.example/secret/token") == "https://hooks.example/…"
    assert masked("420102-COMMAND") == "420102-COMMAND"
    assert masked(None) == ""


async def test_a_post_without_a_queue_counts_none_of_it(wuhan_settings: Settings, sqlite_url: str) -> None:
    async with opened(wuhan_settings, sqlite_url, *SUPERVISOR) as (town, _, who):
        assert not who.may(Permission.VISIT)
        assert Queue.VISITS not in waiting(city=town.city, who=who)


async def test_a_queue_tells_the_words_of_reporters_only_to_whoever_may_know_them(
    wuhan_settings: Settings, sqlite_url: str
) -> None:
    async with opened(wuhan_settings, sqlite_url, *TRIAGE) as (town, _, who):
        store = town.city.store
        unnamed = report(0, reporter=Reporter(name="李", phone="13800000000", confidential=True))
        store.accept_many(reports=[unnamed, report(1)])
        store.record(record=record(0, status="triaging", district="420106", proposals=(case_no(1),)))
        store.record(record=record(1, status="triaging", district="420102"))

        def found(*grants: Grant) -> Item:
            return item(city=town.city, who=replace(who, grants=grants), case_no=case_no(0))

        desk = found(*TRIAGE)
        # Sees every case as an auditor, but works and knows reporters in another district only.
        stranger = found(
            Grant(post=Post.TRIAGE, unit="420102-COMMAND"), Grant(post=Post.AUDITOR, unit=CITY_UNIT)
        )
        # Sees the one case, not the other that is near.
        local = found(Grant(post=Post.TRIAGE, unit="420106-COMMAND"))
        with pytest.raises(BadRequest) as refused:
            found(Grant(post=Post.AUDITOR, unit=CITY_UNIT))
    assert (desk.words, [one.case_no for one in desk.near]) == ((unnamed.description,), [case_no(1)])
    assert stranger.words == ()
    assert (local.words, local.near) == ((unnamed.description,), ())
    assert refused.value.finding.code is ProblemCode.NOT_PERMITTED


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_no_day_of_the_calendar_breaks_a_filter(
    wuhan_settings: Settings, sqlite_url: str, day: str
) -> None:
    audit = Grant(post=Post.AUDIT_ADMIN, unit=CITY_UNIT)
    async with opened(wuhan_settings, sqlite_url, *SUPERVISOR) as (town, http, _):
        cases = [await http.get(f"/cases?{name}={day}") for name in ("since", "until")]
        headers = town.session(town.hired(audit))
        log = [await http.get(f"/admin/audit?{name}={day}", headers=headers) for name in ("since", "until")]
        nowhere = await http.get("/admin/rules/routing?category=E0110&lon=nan&lat=inf")
    assert [one.status_code for one in (*cases, *log)] == [422] * 4
    assert nowhere.status_code == 200


def test_a_telephones_time_no_zone_reaches_is_not_said() -> None:
    assert [_moment(f"{day}T23:59:00+00:00") for day in ("0001-01-01", "9999-12-31")] == [None, None]
    assert _moment("2026-11-22T23:59:00+08:00") is not None
