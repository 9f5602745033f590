"""Rows 20, 21, 23, 24, 25 and the stages of a case, as the people of a town see them."""

from datetime import datetime, timedelta

import pytest

from boot.notices import context_of
from tests.functional.leap import Leap
from tests.functional.lives import checked, signed_in
from tests.functional.town import (
    DISPATCHER,
    Json,
    Town,
    handler,
    leader,
    supervisor,
)

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

CO_HANDLED = "E0114"
STAGED = "E0101"
HELD = {"reason": "汛期不能开挖", "plan": "汛后施工", "interim_measure": "围挡并设警示"}


def of_kind(facts: list[Json], kind: str) -> list[Json]:
    return [fact for fact in facts if fact["kind"] == kind]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def community(case: Json) -> str:
    return f"{case['community']}-COMMUNITY"


def grid_worker(case: Json) -> str:
    return f"{case['grid']}-GRID"


def district_department(case: Json) -> str:
    return f"{case['district']}-URBAN_MGMT"


async def task(town: Town, case: Json, kind: str, unit: str, **given: object) -> Json:
    """Ask a unit in, in the owner's name; return the task."""
    fields = {"task_kind": kind, "unit": unit, "text": "请到场配合", **given}
    case = await town.act(case["case_no"], "assign_task", handler(case["owner"]), **fields)
    found: Json = case["aspects"]["tasks"][-1]
    return found


def in_words(town: Leap, case_no: str, template: str, said: Json) -> Json:
    """Return the variables of a notice to a reporter of the case."""
    view = town.city.store.case(case_no=case_no)
    assert view is not None
    payload = {"template": template, "report_no": case_no, "context": said}
    context = context_of(
        city=town.city, view=view, payload=payload, public_url="http://city.example", at=town.time.now()
    )
    return dict(context)


@pytest.mark.rows(20)
async def test_row_20_the_owner_logs_its_tries_until_the_reporter_is_reached(town: Town) -> None:
    case = await signed_in(town)
    number, of = case["case_no"], handler(case["owner"])
    assert case["aspects"]["contact_due"] > case["dispatched_at"]

    case = await town.act(number, "log_contact", of, reached=False, means="phone", note="无人接听")
    assert case["contacted_at"] is None
    case = await town.act(number, "log_contact", of, reached=True, means="phone")
    assert case["contacted_at"] is not None
    assert await town.refused(number, "log_contact", handler(community(case)), reached=True) == (
        403,
        "not_the_owner",
    )
    facts = await town.facts(number)
    assert [fact["row"] for fact in facts if fact["kind"] in ("contact_tried", "contacted")] == [20, 20]


@pytest.mark.rows(20)
async def test_row_20_a_late_contact_counts_and_goes_up_once(leap: Leap) -> None:
    case = await signed_in(leap, STAGED, condition="staged")
    number = case["case_no"]
    await leap.leap_to_due(number, "contact.due", "")
    case = await leap.case(number)
    assert case["aspects"]["contact_late"] is True
    await leap.leap_to_due(number, "contact.due", "above")
    facts = await leap.facts(number)
    assert len(of_kind(facts, "contact_late")) == 1
    told = of_kind(facts, "contact_still_owed")[0]["data"]["told"]
    assert told.endswith("-COMMAND")


@pytest.mark.rows(21, 26)
async def test_row_21_a_sub_task_goes_down_and_the_case_waits_for_it(town: Town) -> None:
    case = await signed_in(town, STAGED)
    number, of = case["case_no"], handler(case["owner"])
    asked = await task(town, case, "subtask", grid_worker(case))
    assert (asked["id"], asked["mandatory"], asked["due"]) == ("T1", True, case["handling_due"])
    listed = await town.json("GET", f"/api/v1/cases?task_unit={grid_worker(case)}")
    assert number in [one["case_no"] for one in listed["cases"]], "its unit finds what it owes"

    case = await town.act(number, "submit_result", of, result="已清理", contacted=True)
    forced = {"close_kind": "forced", "reason": "领导决定"}
    assert await town.refused(number, "close_case", supervisor(), **forced) == (409, "tasks_open")
    assert await town.refused(number, "report_task", of, task="T1", result="完成") == (403, "not_your_item")
    case = await town.act(number, "report_task", handler(grid_worker(case)), task="T1", result="已劝导")
    assert case["aspects"]["tasks"][0]["status"] == "reported"
    assert case["checker"] != grid_worker(case), "who had a task does not check"
    case = await checked(town, case)
    assert case["closed_at"] is not None
    facts = await town.facts(number)
    assert of_kind(facts, "feedback")[0]["data"]["open_tasks"] == ["T1"]


async def test_row_21_a_task_is_waived_with_a_reason(town: Town) -> None:
    case = await signed_in(town, STAGED)
    number, of = case["case_no"], handler(case["owner"])
    await task(town, case, "subtask", grid_worker(case))
    assert await town.refused(number, "waive_task", of, task="T1", reason=" ") == (422, "reason_required")
    case = await town.act(number, "waive_task", of, task="T1", reason="已由本单位完成")
    assert case["aspects"]["tasks"][0]["waived"] == "已由本单位完成"
    assert await town.refused(number, "sign_in_task", handler(grid_worker(case)), task="T1") == (
        409,
        "item_settled",
    )
    assert await town.refused(number, "sign_in_task", handler(grid_worker(case)), task="T9") == (
        404,
        "unknown_item",
    )


@pytest.mark.rows(21)
async def test_row_21_a_street_whistles_and_both_sides_times_are_kept(town: Town) -> None:
    case = await signed_in(town, STAGED)
    number, unit = case["case_no"], district_department(case)
    asked = await task(town, case, "whistle", unit)
    case = await town.act(number, "sign_in_task", handler(unit), task="T1")
    case = await town.act(number, "report_task", handler(unit), task="T1", result="已处置")
    done = case["aspects"]["tasks"][0]
    assert asked["asked_at"] <= done["signed_in_at"] <= done["reported_at"]
    facts = await town.facts(number)
    assert of_kind(facts, "task_signed_in")[0]["data"]["asked_at"] == asked["asked_at"].replace("Z", "+00:00")


async def test_row_21_tree_and_duty_list_decide_who_may_be_asked(town: Town) -> None:
    tidy, building = await signed_in(town), await signed_in(town, STAGED)
    street = building["street"]
    command = supervisor(f"{tidy['street']}-COMMAND")
    asked = {"task_kind": "subtask", "unit": community(tidy), "text": "劝导居民"}
    case = await town.act(tidy["case_no"], "assign_task", command, **asked)
    assert case["aspects"]["tasks"][-1]["by"] == f"{tidy['street']}-COMMAND"
    wrong: list[tuple[Json, str, str, Json, str]] = [
        (building, "subtask", community(building), {}, "not_on_duty_list"),
        (tidy, "subtask", district_department(tidy), {}, "not_below"),
        (tidy, "subtask", "no-such-unit", {}, "unknown_unit"),
        (building, "whistle", f"{street}-COMMAND", {}, "not_a_department"),
        (
            building,
            "whistle",
            district_department(building),
            {"due": "2030-01-01T10:00:00"},
            "time_without_zone",
        ),
        (building, "whistle", district_department(building), {"due": "2099-01-01T10:00:00Z"}, "due_outside"),
        (building, "whistle", district_department(building), {"text": " "}, "task_text_required"),
    ]
    for case, kind, unit, more, code in wrong:
        fields = {"task_kind": kind, "unit": unit, "text": "请到场", **more}
        answer = await town.refused(case["case_no"], "assign_task", handler(case["owner"]), **fields)
        assert answer == (422, code)
    by_city = {"task_kind": "whistle", "unit": district_department(tidy), "text": "请到场"}
    assert await town.refused(tidy["case_no"], "assign_task", supervisor(), **by_city) == (
        422,
        "not_a_street",
    )


@pytest.mark.rows(21)
async def test_row_21_a_department_that_does_not_come_is_told_upward(leap: Leap) -> None:
    case = await signed_in(leap, STAGED, condition="staged")
    number, unit = case["case_no"], district_department(case)
    due = moment(case["dispatched_at"]) + timedelta(hours=7)
    await task(leap, case, "whistle", unit, due=due.isoformat())
    await leap.leap_to_due(number, "task.sign_in", "T1")
    await leap.leap_to_due(number, "task.due", "T1")
    facts = await leap.facts(number)
    assert of_kind(facts, "task_not_signed_in")[0]["data"]["told"].endswith("-COMMAND")
    late = of_kind(facts, "task_late")[0]
    assert (late["data"]["unit"], late["data"]["told"].endswith("-COMMAND")) == (unit, True)
    case = await leap.case(number)
    assert (case["aspects"]["tasks"][0]["late"], case["status"]) == (True, "handling")


async def test_row_21_co_handlers_report_to_the_lead_and_bind_nobody(town: Town) -> None:
    case = await signed_in(town, CO_HANDLED)
    tasks = case["aspects"]["tasks"]
    assert [(one["kind"], one["unit"], one["mandatory"]) for one in tasks] == [
        ("co_handling", unit, False) for unit in case["co_handlers"]
    ]
    assert tasks
    of = handler(tasks[0]["unit"])
    case = await town.act(case["case_no"], "report_task", of, task=tasks[0]["id"], result="已取证")
    assert case["aspects"]["tasks"][0]["status"] == "reported"


async def test_row_23_two_steps_and_two_people_extend_it_twice_at_most(town: Town) -> None:
    case = await signed_in(town)
    number, unit = case["case_no"], case["owner"]
    for granted in (1, 2):
        due = case["handling_due"]
        case = await town.act(number, "request_extension", handler(unit), reason="等待配件")
        again = await town.refused(number, "request_extension", handler(unit), reason="再申请")
        assert again == (409, "extension_pending")
        early = await town.refused(number, "decide_extension", DISPATCHER, granted=True)
        assert early == (403, "not_your_step")
        case = await town.act(number, "decide_extension", leader(unit), granted=True)
        assert case["aspects"]["extension"]["stage"] == "dispatcher"
        case = await town.act(number, "decide_extension", DISPATCHER, granted=True, reason="情况属实")
        assert (case["aspects"]["extensions"], case["handling_due"] > due) == (granted, True)
        assert case["total_due"] > case["handling_due"]
    most = await town.refused(number, "request_extension", handler(unit), reason="还要")
    assert most == (409, "extensions_used")


async def test_row_23_a_refusal_does_not_count(town: Town) -> None:
    case = await signed_in(town)
    number, unit = case["case_no"], case["owner"]
    await town.act(number, "request_extension", handler(unit), reason="等待配件")
    after = await town.act(number, "decide_extension", leader(unit), granted=False, reason="时间充足")
    assert (after["aspects"]["extension"], after["aspects"]["extensions"]) == (None, 0)
    assert after["handling_due"] == case["handling_due"]


@pytest.mark.rows(23)
async def test_row_23_it_goes_on_by_itself_and_is_never_asked_for_too_late(leap: Leap) -> None:
    case = await signed_in(leap, STAGED, condition="in_progress")
    number, unit = case["case_no"], case["owner"]
    await leap.act(number, "request_extension", handler(unit), reason="等待鉴定")
    await leap.leap_to_due(number, "extension.decision")
    case = await leap.case(number)
    assert case["aspects"]["extension"]["stage"] == "dispatcher"
    await leap.leap_to_due(number, "extension.decision")
    facts = await leap.facts(number)
    assert of_kind(facts, "extension_undecided")[0]["data"]["told"].endswith("-COMMAND")
    await leap.leap_to(moment(case["handling_due"]) + timedelta(minutes=1))
    case = await leap.act(number, "decide_extension", DISPATCHER, granted=True)
    assert moment(case["handling_due"]) > leap.time.now(), "asked in time, granted late"
    said = {"due": case["handling_due"], "limit": "2UD", "words": "等待鉴定"}
    assert in_words(leap, number, "extended", said)["words"] == "等待鉴定"

    await leap.leap_to(moment(case["handling_due"]) + timedelta(minutes=1))
    late = await leap.refused(number, "request_extension", handler(unit), reason="太晚")
    assert late == (409, "extension_overdue")


async def test_row_24_an_objective_block_suspends_it_once_with_an_interim_measure(town: Town) -> None:
    case = await signed_in(town)
    number, unit = case["case_no"], case["owner"]
    start = moment(case["received_at"])
    until = (start + timedelta(days=10)).isoformat()
    bare = HELD | {"interim_measure": " "}
    assert await town.refused(number, "suspend", DISPATCHER, until=until, **bare) == (
        422,
        "interim_measure_required",
    )
    far = (start + timedelta(days=40)).isoformat()
    street = f"id=d; role=dispatcher; unit={case['street']}-COMMAND"
    assert await town.refused(number, "suspend", street, until=far, **HELD) == (
        403,
        "suspension_needs_district",
    )
    years = (start + timedelta(days=400)).isoformat()
    assert await town.refused(number, "suspend", supervisor(), until=years, **HELD) == (
        409,
        "suspension_too_long",
    )
    case = await town.act(number, "suspend", supervisor(), until=far, **HELD)
    assert (case["status"], case["aspects"]["suspension"]["interim_measure"]) == ("suspended", "围挡并设警示")
    assert (await town.refused(number, "submit_result", handler(unit), result="已处置"))[0] == 409

    case = await town.act(number, "resume", handler(unit), reason="汛期结束")
    assert (case["status"], case["aspects"]["suspension"]) == ("handling", None)
    assert case["aspects"]["pauses"][0]["until"] is not None
    assert await town.refused(number, "suspend", supervisor(), until=until, **HELD) == (409, "suspended_once")


@pytest.mark.rows(24, 25)
async def test_row_25_it_goes_on_at_its_date_with_what_was_left(leap: Leap) -> None:
    case = await signed_in(leap, STAGED, condition="in_progress")
    number = case["case_no"]
    await leap.leap(timedelta(hours=5))
    before, now = await leap.case(number), leap.time.now()
    until = now + timedelta(days=20)
    await leap.act(number, "suspend", DISPATCHER, until=until.isoformat(), **HELD)
    await leap.leap_to(until + timedelta(minutes=1))
    after = await leap.case(number)
    assert after["status"] == "handling"
    facts = await leap.facts(number)
    stopped, resumed = of_kind(facts, "suspended")[0], of_kind(facts, "handling")[-1]
    stretch = moment(resumed["at"]) - moment(stopped["at"])
    moved = moment(after["handling_due"]) - moment(before["handling_due"])
    assert abs(moved - stretch) < timedelta(milliseconds=1), "two days that run through nights and holidays"
    assert (resumed["row"], resumed["actor"]["role"]) == (25, "engine")
    assert not of_kind(facts, "overdue")


async def test_one_case_has_several_deadlines(leap: Leap) -> None:
    case = await signed_in(leap, STAGED, condition="staged")
    number, of = case["case_no"], handler(case["owner"])
    assert [one["code"] for one in case["aspects"]["milestones"]] == ["stop", "penalty", "demolition"]
    assert await leap.refused(number, "reach_milestone", of, milestone="rebuild") == (404, "unknown_item")
    await leap.act(number, "reach_milestone", of, milestone="stop", note="已停工")
    await leap.leap_to_due(number, "milestone.due", "penalty")
    case = await leap.act(number, "reach_milestone", of, milestone="penalty")
    assert [(one["reached_at"] is not None, one["late"]) for one in case["aspects"]["milestones"]] == [
        (True, False), (True, True), (False, False),
    ]  # fmt: skip
    facts = await leap.facts(number)
    assert of_kind(facts, "milestone_late")[0]["data"]["milestone"] == "penalty"
