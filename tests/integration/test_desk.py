"""The operator's desk on both databases: drafts, callers, what is shown while typing, filing, enquiry."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from boot.settings import Settings
from domain.account import Post
from domain.beginning import Begin
from domain.messages_reporter import SaidKind
from domain.report import Reporter
from store.engine import Store
from tests.integration.desk_people import SPOT, WORDS, DeskTown, desk_city, desk_town
from usecases import desk_drafts
from usecases.city import Grounds
from usecases.deeds import DeedFilter
from usecases.desk import look
from usecases.desk_ask import Question, find, plain_number, standing
from usecases.desk_callers import add, cases_of
from usecases.desk_filing import HAND_OVER, file_draft, hand_over
from usecases.desk_sheet import sheet_of
from usecases.file_report import FileReport, file_report
from usecases.problems import BadRequest, ProblemCode
from usecases.start_case import prepare

PHONE = "13800001111"


def refused(code: ProblemCode) -> "pytest.RaisesExc[BadRequest]":
    return pytest.raises(BadRequest, check=lambda error: error.finding.code is code)


async def test_a_draft_is_kept_by_version_and_two_windows_notice_each_other(
    wuhan: Grounds, store: Store
) -> None:
    async with desk_city(wuhan, store) as town:
        city, who = town.city, town.who
        first = desk_drafts.save(city=city, who=who, ask=town.save("d1", description="甲"))
        again = desk_drafts.save(city=city, who=who, ask=town.save("d1", description="甲乙"))
        assert (first.version, again.version) == (1, 2), "one's own window writes over its own last words"
        with refused(ProblemCode.DRAFT_CHANGED):
            desk_drafts.save(
                city=city, who=who, ask=town.save("d1", window="w2", version=1, description="丙")
            )
        assert desk_drafts.opened(city=city, who=who, draft_id="d1").fields == {"description": "甲乙"}
        taken = desk_drafts.save(
            city=city, who=who, ask=town.save("d1", window="w2", version=2, description="丁")
        )
        assert (taken.version, taken.window) == (3, "w2")
        with refused(ProblemCode.DRAFT_CHANGED):
            desk_drafts.save(city=city, who=who, ask=town.save("d1", version=2, description="甲乙丙"))
        forced = town.save("d1", version=2, force=True, description="甲乙丙")
        assert desk_drafts.save(city=city, who=who, ask=forced).version == 4


async def test_a_draft_is_its_operators_own_and_ends(wuhan: Grounds, store: Store) -> None:
    async with desk_city(wuhan, store) as town:
        city, who = town.city, town.who
        other = town.colleague(Post.OPERATOR, "4201-COMMAND")
        desk_drafts.save(city=city, who=who, ask=town.save("d1", description="甲", phone=PHONE))
        for attempt in (
            lambda: desk_drafts.opened(city=city, who=other, draft_id="d1"),
            lambda: desk_drafts.save(city=city, who=other, ask=town.save("d1", description="乙")),
            lambda: desk_drafts.drop(city=city, who=other, draft_id="d1"),
            lambda: desk_drafts.opened(city=city, who=who, draft_id="../d1"),
        ):
            with refused(ProblemCode.DRAFT_NOT_FOUND):
                attempt()
        with refused(ProblemCode.NOT_PERMITTED):
            desk_drafts.mine(city=city, who=town.colleague(Post.STAFF, "420102-URBAN_MGMT"))
        assert [one.draft_id for one in desk_drafts.mine(city=city, who=who)] == ["d1"]
        later = city.now() + desk_drafts.KEEP + timedelta(days=1)
        assert city.store.drop_old_drafts(account=who.account, before=later - desk_drafts.KEEP) == 1
        assert desk_drafts.mine(city=city, who=who) == []


async def test_a_draft_becomes_a_report_once_however_often_it_is_sent(wuhan: Grounds, store: Store) -> None:
    async with desk_city(wuhan, store) as town:
        city, who = town.city, town.who
        ask = town.save("d1", description=WORDS, phone=PHONE, category="P0123", **SPOT)
        receipts = await asyncio.gather(*(file_draft(city=city, who=who, ask=ask) for _ in range(6)))
        assert len({one.report_no for one in receipts}) == 1
        kept = city.store.report(report_no=receipts[0].report_no)
        assert kept is not None
        assert (kept.category, kept.condition, kept.source, kept.channel) == (
            "P0123",
            "missing",
            "desk",
            "hotline",
        )
        assert kept.reporter.phone == PHONE
        settled = desk_drafts.opened(city=city, who=who, draft_id="d1")
        assert (settled.report_no, settled.fields) == (kept.report_no, {}), "personal words leave the draft"
        assert desk_drafts.mine(city=city, who=who) == []


async def test_a_server_that_dies_between_filing_and_its_answer_gives_the_same_receipt(
    wuhan: Grounds, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk_city(wuhan, store) as town:
        city, who = town.city, town.who
        ask = town.save("d1", description=WORDS, phone=PHONE)

        def dies(_store: object, **_values: object) -> None:
            raise ConnectionError("the process is gone")

        with monkeypatch.context() as patch:
            patch.setattr(type(city.store), "settle_draft", dies)
            with pytest.raises(ConnectionError):
                await file_draft(city=city, who=who, ask=ask)
        changed = town.save("d1", version=1, description=WORDS + "，请尽快", phone=PHONE)
        receipt = await file_draft(city=city, who=who, ask=changed)
        assert (receipt.repeated, receipt.changed) == (True, True)
        assert cases_of(city=city, who=who, phone=PHONE).open[0].report_no == receipt.report_no
        assert len(city.store.latest_of_caller(caller=_caller(town), limit=5)) == 1


def _caller(town: DeskTown) -> str:
    report = town.city.store.report(
        report_no=cases_of(city=town.city, who=town.who, phone=PHONE).open[0].report_no
    )
    assert report is not None
    return report.caller


async def test_nothing_said_is_not_filed_and_stays_a_draft(wuhan: Grounds, store: Store) -> None:
    async with desk_city(wuhan, store) as town:
        with refused(ProblemCode.DESCRIPTION_REQUIRED):
            await file_draft(city=town.city, who=town.who, ask=town.save("d1", phone=PHONE))
        assert desk_drafts.opened(city=town.city, who=town.who, draft_id="d1").fields == {"phone": PHONE}


async def test_a_callers_cases_are_found_by_the_number_however_it_is_written(
    wuhan: Grounds, store: Store
) -> None:
    async with desk_city(wuhan, store) as town:
        city, who = town.city, town.who
        receipt = await file_draft(city=city, who=who, ask=town.save("d1", description=WORDS, phone=PHONE))
        for phone in ("+86 138 0000 1111", "0086-13800001111", "１３８００００１１１１"):
            (found,) = cases_of(city=city, who=who, phone=phone).open
            assert (found.report_no, found.takes_words, found.takes_urge) == (receipt.report_no, True, True)
        assert not cases_of(city=city, who=who, phone="12345").known
        blind = town.colleague(Post.GRID_WORKER, "420102-COMMAND")
        assert not cases_of(city=city, who=blind, phone=PHONE).known, (
            "who may not see reporters learns nothing"
        )


async def test_words_and_urges_are_added_once(wuhan: Grounds, store: Store) -> None:
    async with desk_city(wuhan, store) as town:
        city, who = town.city, town.who
        receipt = await file_draft(city=city, who=who, ask=town.save("d1", description=WORDS, phone=PHONE))
        for _ in range(2):
            said = await add(
                city=city,
                who=who,
                report_no=receipt.report_no,
                kind=SaidKind.SUPPLEMENT,
                text="又塌了",
                key="k",
            )
        await add(city=city, who=who, report_no=receipt.report_no, kind=SaidKind.URGE, text="", key="k2")
        kept = city.store.said_in(case_no=said.case_no, report_nos=(receipt.report_no,))
        assert [(one.kind, one.text, one.source) for one in kept] == [
            ("supplement", "又塌了", "desk"), ("urge", "", "desk"),
        ]  # fmt: skip
        outside = town.colleague(Post.TRIAGE, "420115-COMMAND")
        with refused(ProblemCode.OUTSIDE_SCOPE):
            await add(
                city=city, who=outside, report_no=receipt.report_no, kind=SaidKind.URGE, text="", key="k"
            )


async def test_what_is_shown_while_typing_is_what_would_happen(wuhan: Grounds, store: Store) -> None:
    async with desk_city(wuhan, store) as town:
        city, who = town.city, town.who
        typed: dict[str, Any] = {"description": "积水很深，车里有人被困", **SPOT}
        found = look(city=city, who=who, sheet=sheet_of(typed))
        assert (found.category and found.category.code, found.assumed) == ("E0506", True)
        assert [area.level for area in found.outlook.place.chain] == [1, 2, 3, 4, 5]
        assert found.dangers[0].code == "trapped"
        assert "flood-people" in {one.code for one in found.questions}
        assert found.outlook.decision is not None
        assert found.outlook.decision.severity == 2
        answered: dict[str, Any] = {**typed, "category": "E0506", "answer:flood-people": "yes"}
        graded = look(city=city, who=who, sheet=sheet_of(answered))
        assert (graded.severity, graded.assumed) == (1, False)
        by_hand = look(city=city, who=who, sheet=sheet_of({**answered, "severity": "3"}))
        assert by_hand.severity == 3, "the operator's own word goes before the answers'"
        receipt = await file_draft(city=city, who=who, ask=town.save("d1", **answered))
        view = town.decided(receipt.report_no)
        assert (view.owner, view.severity) == (graded.outlook.decision and graded.outlook.decision.lead, 1)
        kept = city.store.report(report_no=receipt.report_no)
        assert kept is not None
        assert kept.raw["desk"]["answers"] == {"flood-people": "yes"}  # type: ignore[index]


async def test_open_cases_nearby_are_listed_and_one_takes_the_report(wuhan: Grounds, store: Store) -> None:
    async with desk_city(wuhan, store) as town:
        city, who = town.city, town.who
        first = await file_draft(
            city=city, who=who, ask=town.save("d1", description=WORDS, category="P0123", phone=PHONE, **SPOT)
        )
        town.decided(first.report_no)
        near: dict[str, Any] = {"lon": "114.2856", "lat": "30.5998"}
        typed: dict[str, Any] = {"description": "井盖没了", "phone": "13900002222", **near}
        (one,) = look(city=city, who=who, sheet=sheet_of(typed)).nearby
        assert (one.view.case_no, one.takes, 20 < one.metres < 60) == (first.report_no, True, True)
        receipt = await file_draft(
            city=city, who=who, ask=town.save("d2", category="P0123", joins=first.report_no, **typed)
        )
        assert receipt.joined == first.report_no
        # Another caller: one more reporter. The same caller: the same demand again (重复诉求).
        report = city.store.report(report_no=receipt.report_no)
        assert report is not None
        joined = _prepared(town, receipt.report_no)
        assert (joined.master, joined.repeated) == (first.report_no, "")
        same = await file_draft(
            city=city,
            who=who,
            ask=town.save("d3", category="P0123", joins=first.report_no, **(typed | {"phone": PHONE})),
        )
        again = _prepared(town, same.report_no)
        assert again.master == first.report_no
        assert again.repeated


def _prepared(town: DeskTown, report_no: str) -> Begin:
    report = town.city.store.report(report_no=report_no)
    assert report is not None
    return prepare(city=town.city, report=report)


async def test_a_hand_over_is_in_the_log_at_once_and_goes_to_the_case_with_the_filing(
    wuhan: Grounds, store: Store
) -> None:
    async with desk_city(wuhan, store) as town:
        city, who = town.city, town.who
        ask = town.save("d1", description="江边有人落水", phone=PHONE)
        for _ in range(2):
            kept = hand_over(city=city, who=who, ask=ask, service="PEER-110")
            ask = replace(ask, version=kept.version, fields=kept.fields)
        assert kept.fields["handed"] == "PEER-110"
        (deed,) = city.store.deeds(where=DeedFilter(kind=HAND_OVER), limit=5).deeds
        assert (deed.object, deed.detail, deed.account) == ("d1", {"service": "PEER-110"}, who.account)
        with refused(ProblemCode.NOT_A_PEER):
            hand_over(city=city, who=who, ask=ask, service="4201-COMMAND")
        receipt = await file_draft(city=city, who=who, ask=ask)
        command = city.store.command(request_id="desk:d1:PEER-110")
        assert command is not None
        assert (command.case_no, command.status, command.command.kind) == (
            receipt.report_no, "pending", "call_emergency",
        )  # fmt: skip


async def test_the_pages_keep_show_and_file(wuhan_settings: Settings, sqlite_url: str) -> None:
    async with desk_town(wuhan_settings, sqlite_url) as town:
        page = await town.http.get("/desk?ani=13800001111")
        assert (page.status_code, 'value="13800001111"' in page.text) == (200, True)
        looked = await town.http.post("/desk/look", data=town.window("d1", description=WORDS, **SPOT))
        assert (looked.status_code, 'data-category="P0123"' in looked.text) == (200, True)
        assert 'name="version" value="1"' in looked.text
        clash = await town.http.post(
            "/desk/look", data=town.window("d1", window="w2", version=0, description="别的")
        )
        assert (clash.status_code, "data-desk-mine" in clash.text) == (409, True)
        form = town.window("d1", version=1, description=WORDS, category="P0123", **SPOT)
        first, second = [await town.http.post("/desk/file", data=form) for _ in range(2)]
        numbers = [re.findall(r'data-number="([^"]+)"', one.text) for one in (first, second)]
        assert numbers[0] == numbers[1]
        shown = await town.http.get(f"/ask/{numbers[0][0]}")
        assert (shown.status_code, "不明井盖" in shown.text) == (200, True)
        late = await town.http.post("/desk/look", data=town.window("d1", version=1, description=WORDS))
        assert 'id="receipt"' in late.text, "a window that comes late learns that it is filed"
        for path in ("/desk/categories?q=jg", "/desk?draft=nothere", "/ask"):
            assert (await town.http.get(path)).status_code == 200, path
        dropped = await town.http.post("/desk/look", data=town.window("d2", description="别的"))
        assert dropped.status_code == 200
        assert (await town.http.post("/desk/drop/d2")).status_code == 200
        nothing = await town.http.post("/desk/look", data=town.window("d3"))
        assert nothing.status_code == 200
        assert desk_drafts.mine(city=town.city, who=town.who) == []


async def test_an_enquiry_finds_by_number_telephone_and_place(
    wuhan_settings: Settings, sqlite_url: str
) -> None:
    async with desk_town(wuhan_settings, sqlite_url) as town:
        city, who = town.city, town.who
        filed = await file_draft(
            city=city, who=who, ask=town.save("d1", description=WORDS, category="P0123", phone=PHONE, **SPOT)
        )
        view = town.decided(filed.report_no)
        lon, lat = float(SPOT["lon"]), float(SPOT["lat"])
        for asked in (
            Question(number=filed.report_no.lower().replace("-", " - ")),
            Question(phone=PHONE),
            Question(lon=lon, lat=lat, category="P0123"),
        ):
            (found,) = find(city=city, who=who, asked=asked)
            assert (found.view.case_no, found.unit) == (view.case_no, view.owner)
        assert find(city=city, who=who, asked=Question(lon=lon, lat=lat, category="E0110")) == ()
        assert find(city=city, who=who, asked=Question(number="20200101-AAAA-AAAA")) == ()
        assert plain_number(" 2026 1122-ab12—cd34 ") == "20261122-AB12-CD34"
        page = await town.http.post("/ask/find", data={"phone": PHONE})
        assert (page.status_code, view.case_no.split("-")[1] in page.text) == (200, True)
        said = await town.http.post(
            f"/ask/{filed.report_no}/say", data={"kind": "urge", "text": "", "once": "o1"}
        )
        assert (said.status_code, "已为您催办" in said.text) == (200, True)
        with refused(ProblemCode.CASE_NOT_FOUND):
            standing(city=city, who=who, number="20200101-AAAA-AAAA")


async def test_what_may_not_be_taken_back_is_not_offered(wuhan: Grounds, store: Store) -> None:
    async with desk_city(wuhan, store) as town:
        city, who = town.city, town.who
        offered = {}
        for draft, category in (("d1", "P0123"), ("d2", "E0110")):
            ask = town.save(draft, description=WORDS, category=category, **SPOT)
            receipt = await file_draft(city=city, who=who, ask=ask)
            town.decided(receipt.report_no)
            offered[category] = standing(city=city, who=who, number=receipt.report_no).takes_back
        assert offered == {"P0123": False, "E0110": True}


async def test_a_ticket_of_a_source_still_repeats_what_it_names(wuhan: Grounds, store: Store) -> None:
    async with desk_city(wuhan, store) as town:
        first = await file_draft(
            city=town.city, who=town.who, ask=town.save("d1", description=WORDS, category="P0123", **SPOT)
        )
        town.decided(first.report_no)
        ask = FileReport(
            channel="hotline", description="同一件事", category="P0123", related=(first.report_no,),
            reporter=Reporter(phone="13900003333"),
        )  # fmt: skip
        other = await file_report(city=town.city, ask=ask)
        assert _prepared(town, other.accepted.report_no).repeated
