"""What is owed beside a case and does not come: a task's warning, a report in writing, a stage; row 28 by hand."""

from datetime import datetime, timedelta

import pytest

from tests.functional.leap import Leap
from tests.functional.lives import UNCHECKED, seen, signed_in, submitted
from tests.functional.town import DISPATCHER, Json, Town, checker, handler, supervisor

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

STAGED = "E0101"


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def of_kind(facts: list[Json], kind: str) -> list[Json]:
    return [fact for fact in facts if fact["kind"] == kind]


@pytest.mark.rows(21)
async def test_row_21_a_task_is_warned_of_at_four_fifths_and_late_at_its_own_deadline(leap: Leap) -> None:
    case = await signed_in(leap, STAGED, condition="in_progress")
    number, unit = case["case_no"], f"{case['grid']}-GRID"
    due = leap.time.now() + timedelta(hours=10)
    asked = {"task_kind": "subtask", "unit": unit, "text": "劝导", "due": due.isoformat()}
    case = await leap.act(number, "assign_task", handler(case["owner"]), **asked)
    assert due < when(case["handling_due"])
    asked_at = when(case["aspects"]["tasks"][0]["asked_at"])
    await leap.act(number, "sign_in_task", handler(unit), task="T1")
    warned = await leap.leap_to_due(number, "task.warn", "T1")
    assert abs(warned - asked_at - (due - asked_at) * 0.8) < timedelta(milliseconds=1)
    assert await leap.leap_to_due(number, "task.due", "T1") == due

    facts = await leap.facts(number)
    assigned, late = of_kind(facts, "task_assigned")[0], of_kind(facts, "task_late")[0]
    assert (assigned["row"], when(assigned["due"]), assigned["actor"]["unit"]) == (21, due, case["owner"])
    assert (late["row"], when(late["due"]), late["actor"]["role"]) == (21, due, "engine")
    page = await leap.json("GET", f"/api/v1/units/{unit}/messages?limit=50", actor=handler(unit))
    reminders = [one for one in page["messages"] if one["template"] == "reminder"]
    assert number in [one["case_no"] for one in reminders]
    case = await leap.act(number, "report_task", handler(unit), task="T1", result="已劝离")
    assert (case["aspects"]["tasks"][0]["late"], case["aspects"]["tasks"][0]["status"]) == (True, "reported")


@pytest.mark.rows(22)
@pytest.mark.triggers("E1")
async def test_an_emergency_is_reported_in_writing_within_the_hour_or_it_is_on_record(leap: Leap) -> None:
    case = await signed_in(leap, UNCHECKED, severity=1)
    number, by = case["case_no"], supervisor(f"{case['district']}-COMMAND")
    since = when(case["aspects"]["emergency"]["since"])
    said = {"to_level": "city", "text": "现场燃气泄漏"}
    await leap.act(number, "report_event", by, report="phone", **said)
    assert await leap.leap_to_due(number, "emergency.written", "") == since + timedelta(hours=1)
    (late,) = of_kind(await leap.facts(number), "report_late")
    assert (late["row"], late["data"]["report"], when(late["due"])) == (
        22, "written", since + timedelta(hours=1),
    )  # fmt: skip
    await leap.leap_to_due(number, "emergency.written", "again")
    await leap.act(number, "report_event", by, report="written", **said)
    facts = await leap.facts(number)
    assert [fact["data"]["on_time"] for fact in of_kind(facts, "event_reported")] == [True, False]
    assert len(of_kind(facts, "report_late")) == 2


@pytest.mark.rows(28, 29, 30, "31a")
async def test_rows_28_to_31_a_check_asked_for_by_hand_goes_to_nobody_who_took_part(town: Town) -> None:
    case = await submitted(town, UNCHECKED)
    number, grid = case["case_no"], f"{case['grid']}-GRID"
    own = await town.refused(number, "request_check", DISPATCHER, checker=case["owner"])
    assert own == (403, "handler_may_not_close")
    case = await town.act(number, "request_check", DISPATCHER, checker=grid)
    assert (case["status"], case["checker"]) == ("checking", grid)
    (asked,) = [fact for fact in await town.facts(number) if fact["row"] == 28]
    assert (asked["actor"]["role"], asked["data"]["checker"]) == ("dispatcher", grid)
    assert when(asked["due"]) > when(asked["at"])

    case = await town.act(number, "record_check", checker(grid), passed=False, note="未处理", **seen(case))
    await town.act(number, "submit_result", handler(case["owner"]), result="已处理")
    case = await town.act(number, "request_check", DISPATCHER, checker=grid)
    case = await town.act(number, "record_check", checker(grid), passed=True, **seen(case))
    assert (case["status"], case["close_kind"]) == ("visiting", "solved")
    facts = {fact["row"]: fact for fact in await town.facts(number)}
    assert facts[29]["data"]["reason"] == "未处理"
    assert (facts[30]["actor"]["unit"], facts[30]["source"]) == (grid, "checking")
    assert (facts[31]["actor"]["role"], facts[31]["source"]) == ("engine", "closed")
    assert when(facts[31]["due"]) > when(facts[31]["at"])
