"""Rows 30 to 36 by their recorded facts: closed, visited, reopened with half the time, archived, cancelled."""

from datetime import datetime, timedelta

import pytest

from tests.functional.leap import Leap
from tests.functional.lives import UNCHECKED, checked, closed, rows, signed_in, submitted, visited
from tests.functional.town import (
    DISPATCHER,
    OPERATOR,
    Json,
    Town,
    checker,
    handler,
    leader,
    supervisor,
)

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

ENQUIRY = "H-ENQ-01"


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def moved(facts: list[Json], row: int) -> list[Json]:
    return [fact for fact in facts if fact["row"] == row and fact["source"] != fact["target"]]


# --- rows 30, 31, 32 --------------------------------------------------------------------------------


@pytest.mark.rows(26, 30, "31a", 32)
async def test_rows_30_to_32_closed_by_another_unit_and_every_reporter_asked(town: Town) -> None:
    case = await submitted(town, UNCHECKED)
    number = case["case_no"]
    own = await town.refused(number, "close_case", f"id=o; role=operator; unit={case['owner']}")
    assert own == (403, "handler_may_not_close")
    await town.act(number, "close_case", OPERATOR)
    await town.act(number, "record_visit", OPERATOR, report_no=number, reached=False)
    case = await visited(town, await town.case(number), number, grade=4)
    facts = await town.facts(number)
    (result,), (end,) = moved(facts, 26), moved(facts, 30)
    assert (result["actor"]["unit"], when(result["due"])) == (case["owner"], when(case["handling_due"]))
    assert (end["source"], end["actor"]["role"], when(end["due"])) == (
        "feedback",
        "operator",
        when(case["total_due"]),
    )
    (visiting,), (evaluated,) = moved(facts, 31), moved(facts, 32)
    assert (visiting["actor"]["role"], evaluated["data"]) == ("engine", {"reached": 1, "no_answer": 0})
    tries = [fact["data"] for fact in facts if fact["kind"] == "visited"]
    assert [(one["tries"], one["reached"], one.get("grade")) for one in tries] == [
        (1, False, None),
        (2, True, 4),
    ]


@pytest.mark.rows(32)
async def test_row_32_silence_after_three_tries_is_no_grade(town: Town) -> None:
    case = await closed(town)
    number = case["case_no"]
    for _ in range(3):
        await town.act(number, "record_visit", OPERATOR, report_no=number, reached=False)
    (evaluated,) = moved(await town.facts(number), 32)
    assert (evaluated["actor"]["role"], evaluated["data"]) == ("operator", {"reached": 0, "no_answer": 1})
    again = await town.refused(number, "record_visit", OPERATOR, report_no=number, reached=True)
    assert again[0] == 409


# --- rows 33, 34 ------------------------------------------------------------------------------------


@pytest.mark.rows(33, 34)
async def test_rows_33_34_the_same_unit_has_half_the_time_and_the_level_above_a_copy(
    leap_sqlite: Leap,
) -> None:
    leap = leap_sqlite
    case = await _closed_unchecked(leap)
    number, owner, total = case["case_no"], case["owner"], case["total_due"]
    await visited(leap, case, number, solved=False, grade=2)
    case = await leap.case(number)
    facts = await leap.facts(number)
    (reopened,), (given,) = moved(facts, 33), moved(facts, 34)
    assert (reopened["actor"]["role"], reopened["data"]) == ("operator", {"unsolved": 1})
    assert (given["data"]["owner"], given["data"]["limit"]) == (owner, "3.5WD")
    assert when(given["due"]) == when(case["handling_due"])
    assert when(case["total_due"]) >= when(total)
    rectify = await leap.leap_to_due(number, "rectify.due")
    late = next(fact for fact in await leap.facts(number) if fact["kind"] == "rectify_late")
    assert (late["row"], late["data"]["owner"], when(late["due"])) == (34, owner, rectify)
    page = await leap.json("GET", "/api/v1/units/4201-COMMAND/messages?limit=200", actor=supervisor())
    mine = [one["template"] for one in page["messages"] if one["case_no"] == number]
    assert "reopened" in mine


async def _closed_unchecked(town: Town) -> Json:
    case = await submitted(town, UNCHECKED)
    return await town.act(case["case_no"], "close_case", OPERATOR)


# --- row 35 -----------------------------------------------------------------------------------------


@pytest.mark.rows(35)
async def test_row_35_after_thirty_days_it_is_archived_and_takes_nothing_any_more(leap: Leap) -> None:
    case = await closed(leap)
    number = case["case_no"]
    await visited(leap, case, number)
    before = await leap.case(number)
    evaluated = when((await leap.facts(number))[-1]["at"])
    due = await leap.leap_to_due(number, "stage.retention")
    assert due - evaluated == timedelta(days=30)
    case = await leap.wait(number, "archived")
    assert (case["next_due"], case["actions"]) == (None, [])
    (archived,) = moved(await leap.facts(number), 35)
    assert (archived["actor"]["role"], archived["source"]) == ("engine", "evaluated")

    reopening = {"report_no": number, "reached": True, "solved": False, "grade": 1}
    for kind, by, fields in (
        ("record_visit", OPERATOR, reopening),
        ("file_appeal", leader(case["owner"]), {"about": "overdue", "reason": "x"}),
        ("open_supervision", supervisor(), {"text": "x"}),
        ("cancel_case", OPERATOR, {"reason": "x"}),
        ("apply_policy", supervisor(), {"reason": "x"}),
    ):
        assert await leap.refused(number, kind, by, **fields) == (409, "case_ended"), kind
    seq = case["seq"]
    again = await leap.file(category=case["category"], place={"lon": case["lon"], "lat": case["lat"]})
    new = await leap.wait(again["case_no"], "dispatched")
    assert (new["master"], new["repeat_of"]) == (None, None), "a month later it is another event"
    after = await leap.case(number)
    assert (after["seq"], after["reports"]) == (seq, before["reports"])


@pytest.mark.rows(3, 4, 5, 35)
async def test_row_35_whatever_is_settled_without_a_visit_is_archived_too(leap_sqlite: Leap) -> None:
    leap = leap_sqlite
    nobody = {"anonymous": True}
    ends: dict[str, Json] = {}
    for status, kind, fields in (
        ("answered", "answer_at_once", {"answer": "周六上午办公"}),
        ("refused", "refuse_report", {"refused_for": "illegal", "told": "请向公安机关报案"}),
        ("transferred_out", "transfer_out", {"to": "PEER-119", "reference": "119-7"}),
    ):
        receipt = await leap.file(category=ENQUIRY, reporter=nobody)
        number = (await leap.wait(receipt["case_no"], "triaging"))["case_no"]
        ends[number] = await leap.act(number, kind, OPERATOR, **fields)
        assert ends[number]["status"] == status
    unvisited = await submitted(leap, UNCHECKED, reporter=nobody)
    number = unvisited["case_no"]
    ends[number] = await leap.act(number, "close_case", OPERATOR)
    await leap.leap_to_due(number, "stage.retention")
    for number, case in ends.items():
        await leap.wait(number, "archived")
        (archived,) = moved(await leap.facts(number), 35)
        assert (archived["source"], archived["actor"]["role"]) == (case["status"], "engine")


# --- row 36 -----------------------------------------------------------------------------------------


@pytest.mark.rows(36)
async def test_row_36_who_may_cancel_and_from_where_and_never_once_it_is_closed(town: Town) -> None:
    case = await signed_in(town, UNCHECKED)
    number, of = case["case_no"], handler(case["owner"])
    for by in (DISPATCHER, of, leader(case["owner"]), supervisor(), checker("4201-COMMAND")):
        refused = await town.refused(number, "cancel_case", by, reason="误报")
        assert refused == (403, "role_not_allowed")
    assert await town.refused(number, "cancel_case", OPERATOR, reason=" ") == (422, "reason_required")
    await town.act(number, "cancel_case", OPERATOR, reason="诉求人撤回")
    (cancelled,) = moved(await town.facts(number), 36)
    assert (cancelled["source"], cancelled["actor"]["role"]) == ("handling", "operator")
    assert cancelled["data"] == {"reason": "诉求人撤回"}
    done = await _closed_unchecked(town)
    assert (await town.refused(done["case_no"], "cancel_case", OPERATOR, reason="误报"))[0] == 409
    severe = await town.dispatched(UNCHECKED, severity=1)
    refused = await town.refused(severe["case_no"], "cancel_case", OPERATOR, reason="误报")
    assert refused == (409, "severe_case_not_cancellable")


@pytest.mark.rows(29, 36)
async def test_row_36_a_case_in_any_hands_before_its_end_can_be_cancelled(town: Town) -> None:
    checking = await submitted(town)
    reworked = await checked(town, await submitted(town), passed=False)
    triaging = await town.wait((await town.file())["case_no"], "triaging")
    for case in (checking, reworked, triaging):
        before = case["status"]
        after = await town.act(case["case_no"], "cancel_case", OPERATOR, reason="误报")
        facts = await town.facts(case["case_no"])
        assert (after["status"], after["next_due"], rows(facts)[-1]) == ("cancelled", None, 36)
        assert moved(facts, 36)[0]["source"] == before
