"""Rows 16, 19, 27–34 and 36–38 through the public API; time leaps where a row waits."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from tests.functional.leap import Leap
from tests.functional.lives import (
    UNCHECKED,
    checked,
    closed,
    rows,
    seen,
    signed_in,
    submitted,
    supervised,
    visited,
)
from tests.functional.town import (
    COMMAND,
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


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def kinds(facts: list[Json]) -> list[str]:
    return [fact["kind"] for fact in facts]


async def reminded(town: Town, unit: str, case_no: str, about: str) -> int:
    """Return how often a unit was reminded of something about a case, by its inbox."""
    page = await town.json("GET", f"/api/v1/units/{unit}/messages?limit=200", actor=handler(unit))
    return sum(one["case_no"] == case_no and one["context"].get("about") == about for one in page["messages"])


async def told(town: Town, unit: str, case_no: str) -> list[str]:
    """Return the kinds of message a unit got about a case, oldest first."""
    page = await town.json("GET", f"/api/v1/units/{unit}/messages?limit=200", actor=handler(unit))
    return [one["template"] for one in reversed(page["messages"]) if one["case_no"] == case_no]


# --- row 38 -----------------------------------------------------------------------------------------


@pytest.mark.rows(38)
async def test_row_38_an_order_is_replied_to_reviewed_and_keeps_the_case_open(town: Town) -> None:
    case = await signed_in(town, UNCHECKED)
    number, owner, above = case["case_no"], case["owner"], f"{case['district']}-COMMAND"
    order = {"text": "限期处置并说明原因"}
    assert await town.refused(number, "open_supervision", leader(owner), **order) == (403, "not_a_supervisor")
    assert await town.refused(number, "open_supervision", OPERATOR, **order) == (403, "role_not_allowed")
    unknown = await town.refused(number, "open_supervision", supervisor(above), **order, unit="nobody")
    assert unknown == (422, "unknown_unit")
    own_word = await town.refused(number, "open_supervision", leader(owner), **order, above_owner=True)
    assert own_word == (422, "invalid_body"), "who stands above whom is the tree's to say"
    case = await town.act(number, "open_supervision", supervisor(above), **order)
    (opened,) = case["aspects"]["supervisions"]
    assert (opened["id"], opened["by"], opened["unit"], opened["status"]) == ("S1", above, owner, "open")
    assert case["task_units"] == [owner]
    assert "supervision" in await town.until(
        lambda: told(town, owner, number), lambda got: "supervision" in got
    )

    await town.act(number, "submit_result", handler(owner), result="已处置")
    for kind, by in (("solved", OPERATOR), ("forced", supervisor())):
        refused = await town.refused(number, "close_case", by, close_kind=kind, reason="x")
        assert refused == (409, "supervision_open")

    reply = {"supervision": "S1", "reply": "已派员到场"}
    assert await town.refused(number, "reply_supervision", handler(above), **reply) == (403, "not_your_item")
    await town.act(number, "reply_supervision", handler(owner), **reply)
    review = {"supervision": "S1", "accepted": False}
    mine = supervisor(above)
    assert await town.refused(number, "review_supervision", mine, **review) == (422, "reason_required")
    case = await town.act(number, "review_supervision", mine, **review, reason="未附照片")
    assert case["aspects"]["supervisions"][0]["status"] == "open"
    case = await supervised(town, number)
    (sealed,) = case["aspects"]["supervisions"]
    assert (sealed["status"], sealed["replies"], case["task_units"]) == ("closed", 2, [])
    assert (await town.act(number, "close_case", OPERATOR))["status"] == "visiting"
    course = [kind for kind in kinds(await town.facts(number)) if kind.startswith("supervision")]
    assert course == [
        "supervision_opened", "supervision_replied", "supervision_returned", "supervision_replied",
        "supervision_closed",
    ]  # fmt: skip


async def test_row_38_a_passed_check_is_kept_until_the_order_is_sealed(town: Town) -> None:
    case = await submitted(town)
    number = case["case_no"]
    await town.act(number, "open_supervision", supervisor(), text="查明原因")
    case = await checked(town, case)
    assert (case["status"], case["aspects"]["check_passed"]) == ("checking", True)
    assert await town.refused(number, "close_case", OPERATOR) == (409, "supervision_open")
    await supervised(town, number)
    case = await town.act(number, "close_case", OPERATOR)
    assert (case["status"], case["close_kind"]) == ("visiting", "solved")


@pytest.mark.rows(38)
@pytest.mark.triggers("E4")
async def test_row_38_overdue_opens_an_order_and_no_reply_is_late_and_told_above(leap: Leap) -> None:
    case = await signed_in(leap, UNCHECKED)
    number = case["case_no"]
    due = await leap.leap_to_due(number, "handling.overdue")
    case = await leap.case(number)
    (order,) = case["aspects"]["supervisions"]
    assert (order["cause"], order["unit"], order["status"]) == ("E4", case["owner"], "open")
    assert when(order["opened_at"]) >= due
    late = await leap.leap_to_due(number, "supervision.reply", "S1")
    assert late == when(order["due"])
    (order,) = (await leap.case(number))["aspects"]["supervisions"]
    assert (order["late"], order["status"]) == (True, "open")
    for unit in (case["owner"], order["by"]):
        assert await leap.until(partial(reminded, leap, unit, number, "supervision"), bool) == 1

    await leap.act(number, "reply_supervision", handler(case["owner"]), supervision="S1", reply="已派员")
    await leap.leap_to_due(number, "supervision.review", "S1")
    assert "supervision_review_late" in kinds(await leap.facts(number))
    await supervised(leap, number)
    await leap.act(number, "submit_result", handler(case["owner"]), result="已处置")
    case = await leap.act(number, "close_case", OPERATOR)
    assert (case["status"], case["on_time"]) == ("visiting", False)


# --- rows 16, 19, 27, 28, 29 ------------------------------------------------------------------------


@pytest.mark.rows(15, 16, 18, 19)
@pytest.mark.triggers("E5")
async def test_row_19_a_ruling_binds_only_whom_it_named(town: Town) -> None:
    case = await town.dispatched()
    number, first, other = case["case_no"], case["owner"], f"{case['street']}-URBAN_MGMT"
    await town.act(number, "request_return", handler(first), reason="不在职责范围")
    await town.act(number, "grant_return", DISPATCHER, lead=other)
    case = await town.act(number, "request_return", handler(other), reason="也不在职责范围")
    await town.act(number, "rule", supervisor(case["arbiter"]), lead=first, reason="属地责任")
    assert (await town.refused(number, "request_return", handler(first), reason="不服"))[
        1
    ] == "bound_by_ruling"
    third = f"{case['street']}-COMMAND"
    await town.act(number, "reassign", supervisor(), lead=third, reason="由街道中心牵头")
    case = await town.act(number, "request_return", handler(third), reason="无处置力量")
    assert case["status"] == "arbitration", "the next owner may say that it is not theirs"
    assert rows(await town.facts(number))[-7:] == [15, 16, 15, 18, 19, 15, 18]


@pytest.mark.rows(26, 27)
async def test_row_27_a_result_nobody_judges_is_reminded_and_then_goes_up(leap: Leap) -> None:
    case = await submitted(leap, UNCHECKED)
    number = case["case_no"]
    level = case["level"]
    await leap.leap_to_due(number, "stage.check")
    facts = await leap.facts(number)
    assert (facts[-1]["kind"], facts[-1]["row"]) == ("decision_late", 27)
    assert (await leap.case(number))["level"] == level
    await leap.leap_to_due(number, "stage.check")
    case = await leap.case(number)
    assert "check_late" in kinds(await leap.facts(number))
    assert case["level"] != level
    back = await leap.act(number, "send_back", DISPATCHER, reason="未见处置后照片")
    assert (back["status"], back["handling_due"]) == ("handling", case["handling_due"])
    last = next(
        fact for fact in await leap.facts(number) if fact["row"] == 27 and fact["target"] == "handling"
    )
    assert when(last["due"]) == when(case["handling_due"])


@pytest.mark.rows(28, 29, 30)
async def test_rows_28_29_a_check_has_a_photo_from_within_fifty_metres(town: Town) -> None:
    case = await submitted(town)
    number, of = case["case_no"], checker(case["checker"])
    evidence = seen(case)
    for changes, code in (
        ({"photos": []}, (422, "check_photo_required")),
        ({"lat": None}, (422, "check_position_required")),
        ({"lat": evidence["lat"] + 0.0006}, (422, "check_too_far")),
    ):
        assert await town.refused(number, "record_check", of, passed=True, **(evidence | changes)) == code
    stranger = checker(f"{case['street']}-COMMAND")
    assert (await town.refused(number, "record_check", stranger, passed=True, **evidence))[
        1
    ] == "not_the_checker"
    near = {"lat": evidence["lat"] + 0.0003}
    case = await checked(town, case, passed=False, **near)
    assert (case["status"], case["reworks"]) == ("handling", 1)
    case = await town.act(number, "submit_result", handler(case["owner"]), result="再次清理")
    case = await checked(town, case, by=supervisor(), **near)
    assert case["status"] == "visiting"
    closing = next(fact for fact in await town.facts(number) if fact["row"] == 30)
    assert (closing["data"]["photos"], closing["data"]["lat"]) == (evidence["photos"], near["lat"])


async def test_row_28_by_hand_and_somebody_else_while_it_is_under_way(town: Town) -> None:
    case = await submitted(town, UNCHECKED)
    number = case["case_no"]
    case = await town.act(number, "request_check", OPERATOR)
    first, clock = case["checker"], case["next_due"]
    case = await town.act(number, "request_check", DISPATCHER, checker=f"{case['district']}-COMMAND")
    assert (case["status"], case["next_due"]) == ("checking", clock)
    late = await town.refused(number, "record_check", checker(first), passed=True, **seen(case))
    assert late == (403, "not_the_checker")
    assert (await checked(town, case))["status"] == "visiting"


# --- rows 31–34 -------------------------------------------------------------------------------------


@pytest.mark.rows("31a", 32)
async def test_rows_31_32_visits_begin_within_a_day_or_are_reminded_and_end_in_three(leap: Leap) -> None:
    case = await closed(leap)
    number = case["case_no"]
    await leap.leap_to_due(number, "visit.start")
    assert "visit_not_started" in kinds(await leap.facts(number))
    await leap.leap_to_due(number, "stage.visit")
    case = await leap.case(number)
    last = (await leap.facts(number))[-1]
    assert (case["status"], last["data"]) == ("evaluated", {"reached": 0, "no_answer": 1})


@pytest.mark.rows(33, 34)
@pytest.mark.triggers("E6")
async def test_rows_33_34_a_bad_grade_is_put_right_in_time_or_goes_up(leap: Leap) -> None:
    case = await closed(leap)
    number, total = case["case_no"], case["total_due"]
    case = await visited(leap, case, number, grade=1)
    assert (case["status"], case["reopened"]) == ("dispatched", 1)
    assert case["total_due"] >= max(total, case["handling_due"])
    facts = await leap.facts(number)
    assert rows(facts)[-2:] == [33, 34]
    await leap.act(number, "sign_in", handler(case["owner"]), assignee="crew-7")
    await leap.leap_to_due(number, "rectify.due")
    assert "rectify_late" in kinds(await leap.facts(number))
    await supervised(leap, number)
    case = await leap.act(number, "submit_result", handler(case["owner"]), result="再次清理")
    case = await checked(leap, case)
    assert case["status"] == "visiting"
    case = await visited(leap, case, number, solved=False)
    assert (case["status"], case["reopened"]) == ("dispatched", 2)
    assert "E6" in [fact["data"].get("trigger") for fact in await leap.facts(number)]


# --- row 36 -----------------------------------------------------------------------------------------


@pytest.mark.rows(36)
async def test_row_36_an_illegal_act_is_not_cancelled_and_all_concerned_hear_of_an_end(town: Town) -> None:
    illegal = await town.dispatched(UNCHECKED, tags=["illegal_act"])
    refused = await town.refused(illegal["case_no"], "cancel_case", OPERATOR, reason="诉求人撤回")
    assert refused == (409, "illegal_act_not_cancellable")
    case = await town.dispatched(UNCHECKED, tags=["media"])
    number = case["case_no"]
    others = {*case["supervisors"], *(order["by"] for order in case["aspects"]["supervisions"])}
    assert others, "the tag opened an order"
    case = await town.act(number, "cancel_case", OPERATOR, reason="诉求人撤回")
    assert (case["status"], case["next_due"], case["task_units"]) == ("cancelled", None, [])
    assert rows(await town.facts(number))[-1] == 36
    for unit in (case["owner"], *others):
        await town.until(partial(told, town, unit, number), lambda got: got[-1:] == ["cancelled"])


# --- row 37 -----------------------------------------------------------------------------------------


async def late_and_closed(leap: Leap) -> Json:
    """Return a case closed after its time, its order sealed, its reporter asked."""
    case = await signed_in(leap, UNCHECKED)
    number = case["case_no"]
    await leap.leap_to_due(number, "handling.overdue")
    await supervised(leap, number)
    await leap.act(number, "submit_result", handler(case["owner"]), result="已处置")
    case = await leap.act(number, "close_case", OPERATOR)
    return await visited(leap, case, number)


@pytest.mark.rows(37)
async def test_row_37_two_people_grant_an_appeal_and_the_fact_stays(leap: Leap) -> None:
    case = await late_and_closed(leap)
    number, of = case["case_no"], leader(case["owner"])
    grade = await leap.refused(number, "file_appeal", of, about="grade", reason="x")
    assert grade == (409, "nothing_to_appeal")
    appeal = {"about": "overdue", "reason": "现场被围挡，无法进入", "evidence": ["photo://gate"]}
    case = await leap.act(number, "file_appeal", of, **appeal)
    assert (case["aspects"]["appeal"]["status"], case["aspects"]["appeal"]["stage"]) == ("pending", "first")
    assert await leap.refused(number, "file_appeal", of, **appeal) == (409, "appeal_once")
    granted = {"granted": True, "reason": "属实"}
    assert await leap.refused(number, "review_appeal", OPERATOR, **granted) == (403, "not_your_step")

    await leap.leap_to_due(number, "appeal.review")
    assert "appeal_review_late" in kinds(await leap.facts(number))
    case = await leap.act(number, "review_appeal", DISPATCHER, **granted)
    assert (case["exempt"], case["aspects"]["appeal"]["stage"]) == ([], "second")
    same = f"id=dispatcher-1; role=supervisor; unit={COMMAND}"
    assert await leap.refused(number, "review_appeal", same, **granted) == (403, "second_reviewer")
    case = await leap.act(number, "review_appeal", OPERATOR, **granted)
    assert (case["exempt"], case["on_time"], case["aspects"]["appeal"]["status"]) == (
        ["overdue"], False, "approved",
    )  # fmt: skip
    assert "overdue" in kinds(await leap.facts(number))


@pytest.mark.rows(35, 37)
async def test_row_37_the_archive_waits_and_a_late_appeal_is_refused(leap: Leap) -> None:
    case, appeal = await late_and_closed(leap), {"about": "overdue", "reason": "现场被围挡"}
    number = case["case_no"]
    await leap.act(number, "file_appeal", leader(case["owner"]), **appeal)
    other = await late_and_closed(leap)
    await leap.leap(timedelta(days=14))
    too_late = await leap.refused(other["case_no"], "file_appeal", leader(other["owner"]), **appeal)
    assert too_late == (409, "appeal_too_late")
    await leap.leap_to_due(number, "stage.retention")
    assert (await leap.case(number))["status"] == "evaluated"
    await leap.act(number, "review_appeal", DISPATCHER, granted=False, reason="不属实")
    await leap.leap_to_due(number, "stage.retention")
    assert (await leap.case(number))["status"] == "archived"
    facts = await leap.facts(number)
    assert ("archive_waits" in kinds(facts), facts[-1]["row"]) == (True, 35)


# --- exercises --------------------------------------------------------------------------------------


async def test_every_message_of_an_exercise_says_so(town: Town) -> None:
    case = await submitted(town, exercise=True)
    number = case["case_no"]
    await town.act(number, "open_supervision", supervisor(), text="演练督办")
    await town.act(number, "cancel_case", OPERATOR, reason="演练结束")
    for unit in {case["owner"], case["checker"]}:
        await town.until(partial(told, town, unit, number), bool)
        page = await town.json("GET", f"/api/v1/units/{unit}/messages?limit=200", actor=handler(unit))
        mine = [one for one in page["messages"] if one["case_no"] == number]
        assert all(one["context"]["exercise"] is True for one in mine)
