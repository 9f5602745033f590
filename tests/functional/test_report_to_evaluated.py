"""The life of a case as it should be, from the report to the last reporter's answer."""

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.functional.lives import CHECKED, UNCHECKED, checked, closed, rows, seen, submitted, visited
from tests.functional.town import OPERATOR, Town, checker, handler, supervisor

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]
WUHAN = ZoneInfo("Asia/Shanghai")


async def test_a_report_is_located_and_given_to_the_unit_that_has_the_duty(town: Town) -> None:
    spot = await town.spot(CHECKED)
    receipt = await town.file(spot, category=CHECKED)
    assert (receipt["repeated"], receipt["warnings"]) == (False, [])
    case = await town.wait(receipt["case_no"], "dispatched")
    assert [area["level"] for area in case["place"]["chain"]] == [1, 2, 3, 4, 5]
    assert (case["owner"], case["level"]) == (f"{spot.area(5)}-GRID", "grid")
    assert case["co_handlers"] == [f"{spot.area(3)}-SANITATION"]
    assert case["decision"]["lead"] == case["owner"]
    assert {reason["aspect"] for reason in case["decision"]["reasons"]} >= {"rule", "lead", "limit"}
    # Four working hours from ten in the morning, over the noon break from 12:00 to 14:00.
    dispatched, due = (datetime.fromisoformat(case[name]) for name in ("dispatched_at", "handling_due"))
    assert (due - dispatched).total_seconds() == 6 * 3600
    assert due.astimezone(WUHAN).hour == 16


async def test_the_preview_says_what_is_decided_later(town: Town) -> None:
    spot = await town.spot("E0113")
    case = await town.wait((await town.file(spot, category="E0113"))["case_no"], "dispatched")
    shown = spot.preview
    assert shown["place"] == case["place"]
    assert shown["decision"] == case["decision"]
    assert shown["lead_name"]
    # Both clocks run on working time, a few seconds apart.
    expected, due = (datetime.fromisoformat(text) for text in (shown["handling_due"], case["handling_due"]))
    assert 0 <= (due - expected).total_seconds() < 300


@pytest.mark.rows(1, 2, 12, 13, 14, 20, 26, 28, 30, "31a", 32)
async def test_a_case_lives_to_its_reporters_answer(town: Town) -> None:
    case = await closed(town)
    number = case["case_no"]
    assert (case["status"], case["close_kind"], case["on_time"]) == ("visiting", "solved", True)
    case = await visited(town, case, number)
    assert (case["status"], case["status_zh"]) == ("evaluated", "已评价")
    facts = await town.facts(number)
    assert rows(facts) == [1, 2, 12, 13, 14, 20, 26, 28, 30, 31, 32]
    assert [fact["seq"] for fact in facts] == list(range(1, len(facts) + 1))
    assert all(before["at"] <= after["at"] for before, after in pairwise(facts))


@pytest.mark.rows(2, 12, 13, 14, 26)
async def test_the_history_says_who_and_why(town: Town) -> None:
    case = await submitted(town)
    facts = {
        fact["row"]: fact for fact in await town.facts(case["case_no"]) if fact["row"] in (2, 12, 13, 14, 26)
    }
    assert facts[2]["data"]["areas"] == [area["code"] for area in case["place"]["chain"]]
    assert (facts[12]["data"]["condition"], facts[12]["data"]["limit"]) == ("exposed", "4WH")
    assert facts[13]["data"]["owner"] == case["owner"]
    assert datetime.fromisoformat(facts[13]["due"]) == datetime.fromisoformat(case["handling_due"])
    assert facts[14]["actor"] == {
        "id": f"handler-of-{case['owner']}",
        "role": "handler",
        "unit": case["owner"],
    }
    assert facts[26]["data"]["on_time"] is True


async def test_a_case_says_what_may_be_done_with_it(town: Town) -> None:
    case = await town.case((await town.dispatched())["case_no"])
    actions = {action["kind"]: action["roles"] for action in case["actions"]}
    assert actions["sign_in"] == ["handler", "leader"]
    assert {"request_return", "reassign", "report_up", "cancel_case"} <= set(actions)
    assert not {"record_visit", "close_case", "join_report"} & set(actions)


async def test_the_reporter_reads_where_the_report_stands(town: Town) -> None:
    case = await closed(town)
    status = await town.json("GET", f"/api/v1/reports/{case['case_no']}")
    assert (status["status"], status["case_no"], status["merged_into"]) == ("visiting", case["case_no"], None)
    assert status["closed_at"]
    assert "phone" not in str(status)


async def test_the_owner_finds_the_assignment_in_its_inbox(town: Town) -> None:
    case = await town.dispatched()
    path = f"/api/v1/units/{case['owner']}/messages"

    async def mine() -> list[str]:
        page = await town.json("GET", path, actor=handler(case["owner"]))
        return [one["template"] for one in page["messages"] if one["case_no"] == case["case_no"]]

    assert await town.until(mine, bool) == ["assignment"]


async def test_without_a_look_on_site_the_operator_closes(town: Town) -> None:
    case = await submitted(town, UNCHECKED)
    assert case["status"] == "feedback"
    case = await town.act(case["case_no"], "close_case", OPERATOR)
    assert (case["status"], case["close_kind"]) == ("visiting", "solved")


@pytest.mark.parametrize(
    ("kind", "by"), [("explained", OPERATOR), ("partly", OPERATOR), ("forced", supervisor())]
)
async def test_closing_otherwise_than_solved_states_a_reason(town: Town, kind: str, by: str) -> None:
    case = await submitted(town, UNCHECKED)
    number = case["case_no"]
    assert await town.refused(number, "close_case", by, close_kind=kind) == (422, "reason_required")
    case = await town.act(number, "close_case", by, close_kind=kind, reason="已向诉求人说明")
    assert (case["status"], case["close_kind"]) == ("visiting", kind)


async def test_only_a_supervisor_forces_a_case_to_its_end(town: Town) -> None:
    case = await submitted(town, UNCHECKED)
    refused = await town.refused(case["case_no"], "close_case", OPERATOR, close_kind="forced", reason="x")
    assert refused == (403, "role_not_allowed")


async def test_a_failed_check_means_rework_within_the_first_deadline(town: Town) -> None:
    before = await submitted(town)
    number = before["case_no"]
    case = await checked(town, before, passed=False)
    assert (case["status"], case["reworks"]) == ("handling", 1)
    assert (case["owner"], case["handling_due"]) == (before["owner"], before["handling_due"])
    case = await town.act(number, "submit_result", handler(case["owner"]), result="再次清理")
    assert (case["status"], case["submitted_at"] > before["submitted_at"]) == ("checking", True)


async def test_a_result_that_is_not_done_is_sent_back_from_the_desk(town: Town) -> None:
    case = await submitted(town, UNCHECKED)
    case = await town.act(case["case_no"], "send_back", "id=d; role=dispatcher", reason="未附照片")
    assert (case["status"], case["reworks"]) == ("handling", 1)


async def test_a_unit_never_checks_its_own_case(town: Town) -> None:
    case = await submitted(town)
    for unit in (case["owner"], *case["co_handlers"]):
        refused = await town.refused(
            case["case_no"], "record_check", checker(unit), passed=True, **seen(case)
        )
        assert refused == (403, "handler_may_not_close")
    assert (await town.case(case["case_no"]))["status"] == "checking"


@pytest.mark.rows(33, 34)
async def test_an_unsatisfied_reporter_reopens_the_case_with_half_the_limit(town: Town) -> None:
    case = await closed(town)
    number, first = case["case_no"], case["total_due"]
    case = await visited(town, case, number, solved=False, grade=1)
    assert (case["status"], case["reopened"], case["closed_at"]) == ("dispatched", 1, None)
    facts = await town.facts(number)
    assert rows(facts)[-2:] == [33, 34]
    assert [fact["data"]["limit"] for fact in facts if fact["row"] in (13, 34)] == ["4WH", "2WH"]
    assert case["total_due"] >= first, "it covers the reopened limit, and never ends earlier"


async def test_a_bad_answer_that_is_nobodys_fault_does_not_reopen(town: Town) -> None:
    case = await closed(town)
    case = await visited(town, case, case["case_no"], solved=False, grade=2, at_fault=False)
    assert case["status"] == "evaluated"


@pytest.mark.rows(32)
async def test_three_tries_without_an_answer_end_the_visit_and_are_no_satisfaction(town: Town) -> None:
    case = await closed(town)
    number = case["case_no"]
    for status in ("visiting", "visiting", "evaluated"):
        case = await visited(town, case, number, reached=False)
        assert case["status"] == status
    last = (await town.facts(number))[-1]
    assert (last["row"], last["data"]) == (32, {"reached": 0, "no_answer": 1})
    # What the operator wrote down although nobody answered is nobody's grade.
    assert all(fact["data"].get("grade") is None for fact in await town.facts(number))


async def test_nobody_is_visited_for_a_sensors_alarm_or_who_does_not_want_it(town: Town) -> None:
    for given in (
        {"reporter": {"phone": "+8613800000000", "wants_visit": False}},
        {"reporter": {"anonymous": True}},
        {"channel": "video", "reporter": {}},
    ):
        case = await closed(town, **given)
        assert case["status"] == "closed", given


async def test_the_stack_is_healthy_and_owes_nothing(town: Town) -> None:
    await town.dispatched()
    health = await town.until(
        lambda: town.json("GET", "/healthz"), lambda said: not any(said["pending"].values())
    )
    assert (health["healthy"], health["late"], health["calendar_ends"]) == (True, [], 2026)
    assert (await town.json("GET", "/livez"))["status"] == "ok"
    assert (await town.json("GET", "/readyz"))["pack"].startswith("2026.1+")
