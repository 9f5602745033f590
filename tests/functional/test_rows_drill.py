"""A whole drill: it goes the whole way, and not one message of it reaches anybody unmarked (演练)."""

from typing import Any

import pytest

from tests.functional.leap import Leap
from tests.functional.lives import CHECKED, checked, supervised, visited
from tests.functional.town import COMMAND, OPERATOR, Json, Town, handler, supervisor

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

TOLD = {
    "assignment", "reminder", "duty_call", "escalation", "overdue", "supervision", "supervision_reply",
    "supervision_closed", "task_assigned", "report_up", "check_request", "rework", "closed",
    "cancelled",
}  # fmt: skip
"""Kinds of message a drill as below sends, each at least once."""


def units_of(facts: list[Json], *cases: Json) -> set[str]:
    """Return every unit that the case or a recorded fact of it names."""
    named: set[str] = {COMMAND}
    for case in cases:
        named |= {case["owner"], *case["co_handlers"], *case["supervisors"], case["checker"] or COMMAND}
    for fact in facts:
        words = (*fact["data"].values(), fact["actor"].get("unit"))
        named |= {word for word in words if isinstance(word, str) and word[:4] == "4201" and "-" in word}
    return named


async def inbox(town: Town, unit: str, case_no: str) -> list[Json]:
    """Return the messages a unit got about a case."""
    page = await town.json("GET", f"/api/v1/units/{unit}/messages?limit=200", actor=handler(unit))
    return [one for one in page["messages"] if one["case_no"] == case_no]


async def owed(leap: Leap) -> int:
    """Return how many messages wait to be sent."""
    health = await leap.json("GET", "/healthz")
    return sum(health["pending"].values())


async def drilled(leap: Leap) -> tuple[Json, Json]:
    """Play a drill that nobody takes in time, that is raised, worked over, reopened and ended; return both ends."""
    drill: dict[str, Any] = {"exercise": True, "tags": ["media"]}
    case = await leap.dispatched(CHECKED, **drill)
    number, of = case["case_no"], handler(case["owner"])
    await leap.leap_to_due(number, "sign_in.call")
    await leap.act(number, "sign_in", of, assignee="crew-7")
    asked = {"task_kind": "subtask", "unit": f"{case['grid']}-GRID", "text": "演练:到场"}
    case = await leap.act(number, "assign_task", of, **asked)
    task = case["aspects"]["tasks"][-1]["id"]
    await leap.act(number, "report_task", handler(asked["unit"]), task=task, result="演练:已到场")
    await leap.act(number, "report_up", of, reason="演练:请求支援")
    up = (await leap.case(number))["aspects"]["report_up"]
    await leap.act(
        number, "decide_report_up", supervisor(up["to"]), decision="orders", orders="演练:就地处置"
    )
    await supervised(leap, number)
    case = await leap.act(number, "submit_result", of, result="演练:已清理", contacted=True)
    case = await checked(leap, case, passed=False)
    case = await leap.act(number, "submit_result", of, result="演练:再次清理")
    worked = case = await checked(leap, case)
    assert case["status"] == "visiting"
    case = await visited(leap, case, number, solved=False, grade=1)
    case = await leap.act(number, "cancel_case", OPERATOR, reason="演练结束")
    return worked, case


@pytest.mark.rows(14, 26, 29, 30, 33, 34, 36, 38)
@pytest.mark.triggers("E2", "E4", "E9")
async def test_a_whole_drill_reaches_everybody_marked_as_one(leap: Leap) -> None:
    worked, case = await drilled(leap)
    number = case["case_no"]
    assert (case["status"], case["exercise"]) == ("cancelled", True)
    await leap.until(lambda: owed(leap), lambda waiting: waiting == 0)
    facts = await leap.facts(number)
    heard: set[str] = set()
    for unit in sorted(units_of(facts, worked, case)):
        mine = await inbox(leap, unit, number)
        assert [one for one in mine if one["context"].get("exercise") is not True] == [], unit
        heard |= {one["template"] for one in mine}
    assert TOLD - heard == set()
