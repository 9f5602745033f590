"""Rows 3 to 11, the undoing of row 7, and row 39, as the people of a town see them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from store.engine import Store
from tests.functional.leap import Leap, leaping
from tests.functional.lives import closed, visited
from tests.functional.town import COMMAND, OPERATOR, Json, Spot, Town, checker, handler
from usecases.city import Grounds

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

FIRE, POLICE = "PEER-119", "PEER-110"
PEER = f"id=desk-119; role=peer; unit={FIRE}"
ENQUIRY = "H-ENQ-01"
BESIDE = 30e-5
"""Some 30 m of longitude: near enough to be shown to an operator, too far to merge at once."""
SHARE = 0.1
"""Of the enquiries answered at once in Wuhan this share is visited."""


@pytest_asyncio.fixture(loop_scope="session")
async def asking(temporal_env: WorkflowEnvironment, store: Store, wuhan: Grounds) -> AsyncIterator[Leap]:
    """Return a town that visits everybody whose enquiry was answered at once."""
    severities = {
        number: replace(rules, book=replace(rules.book, answered_visit_share=1.0))
        for number, rules in wuhan.pack.severities.items()
        if rules.book is not None
    }
    pack = replace(wuhan.pack, severities=MappingProxyType(severities))
    async with leaping(env=temporal_env, store=store, grounds=replace(wuhan, pack=pack)) as town:
        yield town


async def unplaced(town: Town, category: str = ENQUIRY, **given: Any) -> Json:
    """Return a case that waits in triage: nobody knows where it is."""
    receipt = await town.file(category=category, **given)
    return await town.wait(receipt["case_no"], "triaging")


async def doubtful(town: Town) -> tuple[Spot, Json]:
    """Return a place, and a case in triage that may be about the same as another 30 m away."""
    spot = await town.spot()
    first = await town.file(spot)
    await town.wait(first["case_no"], "dispatched")
    receipt = await town.file(place={"lon": spot.lon + BESIDE, "lat": spot.lat})
    case = await town.wait(receipt["case_no"], "triaging")
    assert case["proposals"] == [first["case_no"]]
    return spot, case


def row_of(facts: list[Json], row: int) -> Json:
    return next(fact for fact in facts if fact["row"] == row)


def drawn(case_no: str) -> bool:
    return int.from_bytes(sha256(case_no.encode()).digest()[:8]) < SHARE * 2**64


@pytest.mark.rows(3)
async def test_row_3_an_enquiry_is_answered_at_once_and_archived_or_visited(leap: Leap) -> None:
    case = await unplaced(leap)
    number = case["case_no"]
    case = await leap.act(number, "answer_at_once", OPERATOR, answer="窗口周六上午办公")
    assert case["status"] == ("visiting" if drawn(number) else "answered")
    assert row_of(await leap.facts(number), 3)["data"]["answer"] == "窗口周六上午办公"
    await leap.leap_to_due(number, "stage.visit" if drawn(number) else "stage.retention")
    assert (await leap.case(number))["status"] == ("evaluated" if drawn(number) else "archived")


@pytest.mark.rows("31a", 33, 34)
async def test_row_3_an_enquiry_answered_badly_goes_to_the_unit_that_should_have_had_it(asking: Leap) -> None:
    spot, case = await doubtful(asking)
    number = case["case_no"]
    case = await asking.act(number, "answer_at_once", OPERATOR, answer="已有人清理")
    assert case["status"] == "visiting"
    case = await visited(asking, case, number, solved=False, grade=1)
    assert (case["status"], case["owner"], case["reopened"]) == ("dispatched", f"{spot.area(5)}-GRID", 1)
    assert case["handling_due"] is not None
    assert case["total_due"] > case["handling_due"]
    facts = await asking.facts(number)
    assert [fact["row"] for fact in facts if fact["source"] != fact["target"]][-3:] == [31, 33, 34]


@pytest.mark.rows(4)
async def test_row_4_is_refused_with_a_reason_and_told_where_to_go(leap: Leap) -> None:
    case = await unplaced(leap)
    number = case["case_no"]
    status, _ = await leap.refused(number, "refuse_report", OPERATOR, refused_for="too_hard", told="x")
    assert status == 422
    refused = await leap.refused(number, "refuse_report", OPERATOR, refused_for="out_of_scope", told=" ")
    assert refused == (422, "reason_required")
    case = await leap.act(
        number, "refuse_report", OPERATOR, refused_for="statutory_channel", told="请向法院起诉"
    )
    assert (case["status"], case["aspects"]["refused_for"]) == ("refused", "statutory_channel")
    assert row_of(await leap.facts(number), 4)["data"] == {
        "reason": "statutory_channel",
        "told": "请向法院起诉",
    }
    await leap.leap_to_due(number, "stage.retention")
    assert (await leap.case(number))["status"] == "archived"


@pytest.mark.rows(5)
async def test_row_5_is_transferred_at_once_reminded_and_confirmed_by_its_receipt(leap: Leap) -> None:
    case = await unplaced(leap, severity=2)
    number = case["case_no"]
    assert await leap.refused(number, "transfer_out", OPERATOR, to=COMMAND) == (422, "not_a_peer")
    assert await leap.refused(number, "transfer_out", OPERATOR, to="PEER-000") == (422, "not_a_peer")
    case = await leap.act(number, "transfer_out", OPERATOR, to=FIRE, reason="冒烟")
    assert (case["status"], case["aspects"]["transfer"]["to"]) == ("transferred_out", FIRE)

    await leap.leap_to_due(number, "transfer.receipt")
    await leap.leap_to_due(number, "transfer.receipt")
    late = [fact for fact in await leap.facts(number) if fact["kind"] == "transfer_late"]
    assert [fact["data"]["peer"] for fact in late] == [FIRE, FIRE]
    box = await leap.json("GET", f"/api/v1/units/{FIRE}/messages", actor=PEER)
    mine = [one for one in box["messages"] if one["case_no"] == number]
    assert {one["template"] for one in mine} == {"transfer"}
    assert len(mine) == 3

    assert await leap.refused(number, "confirm_transfer", PEER, reference=" ") == (422, "receipt_required")
    police = f"id=desk-110; role=peer; unit={POLICE}"
    assert (await leap.refused(number, "confirm_transfer", police, reference="7"))[1] == "not_your_item"
    case = await leap.act(number, "confirm_transfer", PEER, reference="119-2026-7")
    assert case["aspects"]["transfer"]["reference"] == "119-2026-7"
    assert (await leap.refused(number, "confirm_transfer", PEER, reference="8"))[1] == "already_confirmed"
    await leap.leap_to_due(number, "stage.retention")
    assert (await leap.case(number))["status"] == "archived"


@pytest.mark.rows(5, 6, 12, 13)
async def test_row_6_comes_back_and_the_first_receiver_accepts_it(town: Town) -> None:
    case = await unplaced(town)
    number = case["case_no"]
    await town.act(number, "transfer_out", OPERATOR, to=FIRE)
    case = await town.act(number, "hand_back", PEER, reason="不属消防")
    assert (case["status"], case["owner"], case["aspects"]["transfer"]) == ("triaging", COMMAND, None)
    assert case["next_due"] is not None
    assert (await town.refused(number, "transfer_out", OPERATOR, to=FIRE))[1] == "handed_back"
    spot = await town.spot()
    case = await town.act(number, "file_case", OPERATOR, category="E0110", **spot.place)
    assert case["status"] == "dispatched"
    rows = [fact["row"] for fact in await town.facts(number) if fact["source"] != fact["target"]]
    assert rows == [1, 2, 5, 6, 12, 13]


@pytest.mark.rows(7)
async def test_row_7_is_undone_and_the_report_is_a_case_of_its_own_again(town: Town) -> None:
    spot = await town.spot()
    master = (await town.wait((await town.file(spot))["case_no"], "dispatched"))["case_no"]
    second = (await town.wait((await town.file(spot))["case_no"], "merged"))["case_no"]
    assert (await town.refused(master, "split_report", OPERATOR, report_no=master, reason="x"))[
        1
    ] == "only_report"
    assert (await town.refused(master, "split_report", OPERATOR, report_no="R-0", reason="x"))[
        1
    ] == "unknown_report"
    case = await town.act(master, "split_report", OPERATOR, report_no=second, reason="另一处垃圾")
    assert case["reports"] == [master]

    case = await town.wait(second, "dispatched")
    assert (case["master"], case["reports"], case["epoch"]) == (None, [second], 2)
    facts = await town.facts(second)
    assert [fact["seq"] for fact in facts] == list(range(1, len(facts) + 1))
    assert [fact["kind"] for fact in facts].count("merged") == 1
    case = await town.act(second, "sign_in", handler(case["owner"]))
    assert case["status"] == "accepted"
    assert (await town.refused(master, "split_report", OPERATOR, report_no=second, reason="x"))[
        1
    ] == "unknown_report"


async def test_a_reporter_who_joins_after_the_closing_is_visited_too(town: Town) -> None:
    spot, case = await doubtful(town)
    master, number = case["proposals"][0], case["case_no"]
    first = await town.case(master)
    await town.act(master, "sign_in", handler(first["owner"]), assignee="crew-7")
    first = await town.act(master, "submit_result", handler(first["owner"]), result="已清理", contacted=True)
    evidence = {"photos": ["p1"], **spot.place}
    first = await town.act(master, "record_check", checker(first["checker"]), passed=True, **evidence)
    first = await visited(town, first, master)
    assert first["status"] == "evaluated"

    await town.act(number, "merge_into", OPERATOR, master=master)
    first = await town.case(master)
    assert (first["status"], first["reports"]) == ("visiting", [master, number])
    first = await visited(town, first, number)
    assert first["status"] == "evaluated"


@pytest.mark.rows(8, "9a")
async def test_rows_8_and_9_the_reporter_is_asked_and_the_total_clock_stands_still(town: Town) -> None:
    case = await unplaced(town, "E0110")
    number = case["case_no"]
    case = await town.act(number, "ask_reporter", OPERATOR, missing="place", question="在哪个路口？")
    assert case["status"] == "need_info"
    assert (case["aspects"]["info"]["question"], case["aspects"]["pauses"][0]["until"]) == (
        "在哪个路口？",
        None,
    )
    case = await town.act(number, "reporter_answered", OPERATOR, answer="解放大道口，电话13812345678")
    assert case["status"] == "triaging"
    assert case["aspects"]["info"]["answers"] == ["解放大道口，电话13812345678"]
    assert case["aspects"]["pauses"][0]["until"] is not None
    facts = await town.facts(number)
    assert [fact["row"] for fact in facts if fact["source"] != fact["target"]] == [1, 2, 8, 9]
    assert "13812345678" not in str(facts)
    logs = "".join(path.read_text(errors="replace") for path in town.data.rglob("*.log"))
    assert logs, "the processes of the town write logs"
    assert "13812345678" not in logs
    assert "哪个路口" not in logs


@pytest.mark.rows("9b")
async def test_row_9_ends_a_case_nobody_answers_for_after_the_second_question(leap: Leap) -> None:
    mild, severe = await unplaced(leap, "E0110"), await unplaced(leap, "E0110", severity=2)
    for case in (mild, severe):
        await leap.act(case["case_no"], "ask_reporter", OPERATOR, missing="place", question="在哪？")
    await leap.leap_to_due(mild["case_no"], "info.wait")
    assert (await leap.case(mild["case_no"]))["aspects"]["info"]["tries"] == 2
    state = await leap.city.cases.state(case_no=mild["case_no"])
    assert state is not None
    await leap.leap_to(state.deadlines[0].at)

    cancelled = await leap.wait(mild["case_no"], "cancelled")
    assert cancelled["next_due"] is None
    assert row_of((await leap.facts(mild["case_no"]))[::-1], 9)["data"] == {"reason": "no_answer"}
    assert (await leap.case(severe["case_no"]))["status"] == "triaging", "a severe case goes on regardless"


async def test_rows_10_and_11_the_nearest_who_is_no_party_looks_before_it_is_filed(town: Town) -> None:
    spot, case = await doubtful(town)
    number = case["case_no"]
    party = f"{spot.area(5)}-GRID"
    assert (await town.refused(number, "verify_first", OPERATOR, verifier=party))[
        1
    ] == "handler_may_not_close"
    assert await town.refused(number, "verify_first", OPERATOR, verifier="nobody") == (422, "unknown_unit")
    case = await town.act(number, "verify_first", OPERATOR)
    nearest = f"{spot.area(4)}-COMMUNITY"
    assert (case["status"], case["aspects"]["verification"]["unit"]) == ("verifying_pre", nearest)
    seen = {"finding": "exists", "photos": ["p1"], **spot.place}
    assert (await town.refused(number, "record_verification", checker(party), **seen))[1] == "not_the_checker"
    case = await town.act(number, "record_verification", checker(nearest), **seen)
    assert case["status"] == "triaging", "a possible duplicate is the desk's to decide"
    assert case["aspects"]["verification"]["finding"] == "exists"
    case = await town.act(number, "file_case", OPERATOR)
    assert case["status"] == "dispatched"


@pytest.mark.rows(11)
async def test_row_11_when_nobody_looks_in_time_the_desk_decides(leap: Leap) -> None:
    _, case = await doubtful(leap)
    number = case["case_no"]
    await leap.act(number, "verify_first", OPERATOR)
    await leap.leap_to_due(number, "verify.wait")
    case = await leap.case(number)
    found = case["aspects"]["verification"]
    assert (case["status"], found["finding"], found["assumed"]) == ("triaging", "cannot_tell", True)
    assert row_of(await leap.facts(number), 11)["actor"]["role"] == "engine"


@pytest.mark.rows(10, 11, 12, 13)
async def test_row_11_severity_1_counts_as_true_and_is_filed(leap: Leap) -> None:
    _, case = await doubtful(leap)
    number = case["case_no"]
    await leap.act(number, "regrade", OPERATOR, severity=1, reason="有毒")
    await leap.act(number, "verify_first", OPERATOR)
    await leap.leap_to_due(number, "verify.wait")
    facts = await leap.facts(number)
    assert row_of(facts, 11)["data"] == {"finding": "exists", "assumed": True}
    assert [fact["row"] for fact in facts if fact["source"] != fact["target"]] == [1, 2, 10, 11, 12, 13]


@pytest.mark.rows(39)
async def test_row_39_the_same_again_after_the_closing_is_linked_and_counted(town: Town) -> None:
    case = await closed(town)
    before, spot = case["case_no"], {"lon": case["lon"], "lat": case["lat"]}
    receipt = await town.file(category=case["category"], place=spot)
    again = await town.wait(receipt["case_no"], "dispatched")
    assert (again["repeat_of"], again["aspects"]["repeats"]) == (before, 1)
    assert row_of(await town.facts(again["case_no"]), 39)["data"] == {"repeat_of": before, "repeats": 1}
    assert (await town.case(before))["reports"] == [before]
