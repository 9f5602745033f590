"""Row 22 by hand, E2, E9, the emergency track, grades and policies, as the people of a town see them."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.functional.leap import Leap
from tests.functional.lives import UNCHECKED, signed_in
from tests.functional.town import (
    COMMAND,
    DISPATCHER,
    OPERATOR,
    Json,
    Town,
    handler,
    leader,
    supervisor,
)

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

PRESS = {"reason": "现场有媒体"}
STREETS = "E0101"
"""A category whose owner is a department of the street."""


def of_kind(facts: list[Json], kind: str) -> list[Json]:
    return [fact for fact in facts if fact["kind"] == kind]


def command_of(case: Json, level: str) -> str:
    """Return the command centre of the case's street or district."""
    return f"{case[level]}-COMMAND"


async def reported_up(town: Town) -> Json:
    """Return a case of a street whose owner has asked the district to decide."""
    case = await signed_in(town, STREETS)
    return await town.act(case["case_no"], "report_up", handler(case["owner"]), reason="无吊车")


async def told(town: Town, case: Json, **said: Any) -> Json:
    """Report the event upward, by the district's command; return the case after it."""
    fields = {"report": "phone", "to_level": "city", "text": "现场燃气泄漏", **said}
    by = supervisor(command_of(case, "district"))
    return await town.act(case["case_no"], "report_event", by, **fields)


# --- levels by hand --------------------------------------------------------------------------------------


@pytest.mark.rows(22)
async def test_a_jump_past_levels_is_acknowledged_by_whom_it_called(town: Town) -> None:
    case = await signed_in(town)
    number = case["case_no"]
    assert await town.refused(number, "jump_level", DISPATCHER, level="city", reason="") == (
        422,
        "reason_required",
    )
    stranger = leader("4201-POLICE")
    assert (await town.refused(number, "jump_level", stranger, level="city", **PRESS))[0] == 403
    case = await town.act(number, "jump_level", leader(case["owner"]), level="city", **PRESS)

    assert (case["level"], case["aspects"]["awaiting"]) == ("city", COMMAND)
    assert COMMAND in case["supervisors"]
    facts = await town.facts(number)
    assert of_kind(facts, "jumped")[0]["data"]["reason"] == PRESS["reason"]
    assert "DISTRICT" in [fact["data"]["level"] for fact in of_kind(facts, "level_skipped")]
    assert await town.refused(number, "acknowledge", supervisor(command_of(case, "street"))) == (
        403,
        "nobody_to_acknowledge",
    )
    case = await town.act(number, "acknowledge", supervisor(), note="已知悉")
    assert case["aspects"]["awaiting"] is None
    assert await town.refused(number, "jump_level", DISPATCHER, level="street", **PRESS) == (
        409,
        "not_above",
    )


@pytest.mark.rows(22)
async def test_who_does_not_acknowledge_is_passed_over(leap: Leap) -> None:
    case = await signed_in(leap)
    number = case["case_no"]
    await leap.act(number, "jump_level", DISPATCHER, level="district", **PRESS)
    await leap.leap_to_due(number, "acknowledge.due", "")

    case = await leap.case(number)
    assert (case["level"], case["aspects"]["awaiting"]) == ("city", COMMAND)
    facts = await leap.facts(number)
    assert [fact["data"]["trigger"] for fact in of_kind(facts, "escalated")] == ["jump", "ack"]
    assert len(of_kind(facts, "acknowledge_reminded")) == 2
    await leap.leap_to_due(number, "acknowledge.due", "")
    reminded = of_kind(await leap.facts(number), "top_reminded")
    assert "ack" in [fact["data"]["trigger"] for fact in reminded]


# --- the two clocks of a level ---------------------------------------------------------------------------


@pytest.mark.rows(22)
@pytest.mark.triggers("E3")
async def test_e3_nobody_signs_in_and_the_top_is_reminded_again_and_again(leap: Leap) -> None:
    case = await leap.dispatched(STREETS)
    number = case["case_no"]
    for name, item in (("sign_in.remind", ""), ("sign_in.remind", "second"), ("sign_in.call", "")):
        await leap.leap_to_due(number, name, item)
    facts = await leap.facts(number)
    assert (len(of_kind(facts, "sign_in_reminded")), len(of_kind(facts, "duty_called"))) == (2, 1)
    await leap.leap_to_due(number, "sign_in.raise")
    raised = of_kind(await leap.facts(number), "escalated")[0]
    assert (raised["data"]["trigger"], raised["data"]["level"]) == ("E3", "DISTRICT")

    await leap.act(number, "jump_level", DISPATCHER, level="city", **PRESS)
    await leap.act(number, "acknowledge", supervisor())
    await leap.leap_to_due(number, "sign_in.raise")
    await leap.leap_to_due(number, "sign_in.repeat")
    top = of_kind(await leap.facts(number), "top_reminded")
    assert [fact["data"]["trigger"] for fact in top] == ["E3", "E3"]
    after = await leap.case(number)
    assert (after["owner"], after["status"]) == (case["owner"], "dispatched")


@pytest.mark.triggers("E4")
async def test_e4_each_level_has_its_own_clock_to_see_the_case_solved(leap: Leap) -> None:
    case = await signed_in(leap, STREETS)
    number, of = case["case_no"], handler(case["owner"])
    await leap.act(number, "log_contact", of, reached=True, means="phone")
    await leap.leap_to_due(number, "handling.warn", "first")
    await leap.leap_to_due(number, "handling.warn", "")
    assert len(of_kind(await leap.facts(number), "handling_warned")) == 2
    await leap.leap_to_due(number, "handling.overdue")
    await leap.leap_to_due(number, "handling.raise")
    raised = of_kind(await leap.facts(number), "escalated")[-1]
    assert (raised["data"]["trigger"], raised["data"]["owner"]) == ("E4", case["owner"])
    await leap.act(number, "acknowledge", supervisor())
    await leap.leap_to_due(number, "handling.warn", "level.first")
    reminded = of_kind(await leap.facts(number), "level_reminded")[0]
    assert reminded["data"]["supervisor"] == raised["data"]["supervisor"]


# --- E2 ---------------------------------------------------------------------------------------------------


async def test_e2_the_upper_level_takes_the_case(town: Town) -> None:
    case = await reported_up(town)
    number, asked = case["case_no"], case["aspects"]["report_up"]
    assert (asked["by"], asked["reason"]) == (case["owner"], "无吊车")
    assert asked["due"] is not None
    again = await town.refused(number, "report_up", handler(case["owner"]), reason="还是没有")
    assert again == (409, "decision_owed")
    wrong = await town.refused(number, "decide_report_up", supervisor(case["owner"]), decision="accept")
    assert wrong == (403, "not_the_upper_unit")
    taken = await town.act(number, "decide_report_up", supervisor(asked["to"]), decision="accept")

    assert (taken["owner"], taken["status"]) == (asked["to"], "dispatched")
    assert taken["aspects"]["report_up"] is None
    assert taken["handling_due"] > case["handling_due"]


@pytest.mark.triggers("E2")
@pytest.mark.rows(22)
async def test_e2_the_upper_level_sends_it_back_with_orders(town: Town) -> None:
    case = await reported_up(town)
    number, to = case["case_no"], case["aspects"]["report_up"]["to"]
    assert await town.refused(number, "decide_report_up", supervisor(to), decision="orders") == (
        422,
        "reason_required",
    )
    after = await town.act(number, "decide_report_up", supervisor(to), decision="orders", orders="租用吊车")
    assert (after["owner"], after["status"], after["handling_due"]) == (
        case["owner"],
        case["status"],
        case["handling_due"],
    )
    decided = of_kind(await town.facts(number), "report_up_decided")[0]
    assert (decided["data"]["orders"], decided["data"]["decision"]) == ("租用吊车", "orders")
    assert of_kind(await town.facts(number), "escalated")[0]["data"]["trigger"] == "E2"
    none = await town.refused(number, "decide_report_up", supervisor(to), decision="accept")
    assert none == (409, "nothing_reported_up")


@pytest.mark.triggers("E2")
async def test_e2_who_decides_too_late_is_passed_over(leap: Leap) -> None:
    case = await reported_up(leap)
    number, first = case["case_no"], case["aspects"]["report_up"]["to"]
    await leap.act(number, "acknowledge", supervisor(first))
    await leap.leap_to_due(number, "report_up.decision")

    asked = (await leap.case(number))["aspects"]["report_up"]
    assert asked["to"] == COMMAND != first
    late = await leap.refused(number, "decide_report_up", supervisor(first), decision="accept")
    assert late == (403, "not_the_upper_unit")
    street = command_of(case, "street")
    named = await leap.act(number, "decide_report_up", supervisor(), decision="lead", lead=street)
    assert named["owner"] == street
    raised = of_kind(await leap.facts(number), "escalated")
    assert [fact["data"]["trigger"] for fact in raised] == ["E2", "E2"]


# --- E9 ----------------------------------------------------------------------------------------------------


@pytest.mark.triggers("E9")
async def test_e9_a_tagged_report_is_the_districts_and_supervised_at_once(town: Town) -> None:
    case = await town.dispatched(UNCHECKED, tags=["领导批示"])

    assert case["level"] == "district"
    order = case["aspects"]["supervisions"][0]
    assert (order["cause"], order["unit"], order["text"]) == ("E9", case["owner"], "leader_instruction")
    assert order["by"] in (COMMAND, command_of(case, "district"))
    assert order["by"] != case["owner"]
    tagged = of_kind(await town.facts(case["case_no"]), "tagged")[0]
    assert (tagged["data"]["tags"], tagged["data"]["trigger"]) == (["leader_instruction"], "E9")


# --- the emergency track -------------------------------------------------------------------------------------


@pytest.mark.triggers("E1")
@pytest.mark.rows(22)
async def test_an_emergency_is_graded_reported_and_closed_by_its_final_report(town: Town) -> None:
    case = await town.dispatched(UNCHECKED, severity=1)
    number = case["case_no"]
    assert case["aspects"]["emergency"]["since"] == case["filed_at"]
    assert await town.refused(number, "declare_emergency", OPERATOR, grade=5, reason="燃气泄漏") == (
        422,
        "out_of_scale",
    )
    case = await town.act(number, "declare_emergency", OPERATOR, grade=4, warning=2, reason="燃气泄漏")
    emergency = case["aspects"]["emergency"]
    assert (emergency["grade"], emergency["warning"], emergency["response"]) == (4, 2, None)
    case = await told(town, case, dead=3, injured=1)
    assert (case["aspects"]["emergency"]["grade"], case["level"]) == (3, "city")
    graded = of_kind(await town.facts(number), "emergency_graded")[-1]
    assert (graded["actor"]["role"], graded["data"]["dead"]) == ("engine", 3)
    refused = await town.send(
        number, "report_event", OPERATOR, report="written", to_level="city", text="x", dead=-1
    )
    assert refused.status_code == 422

    assert (await town.refused(number, "call_emergency", OPERATOR, service=COMMAND))[1] == "not_a_peer"
    case = await town.act(number, "call_emergency", OPERATOR, service="PEER-119", reference="119-77")
    assert of_kind(await town.facts(number), "emergency_called")[0]["data"]["service"] == "PEER-119"

    await town.act(number, "sign_in", handler(case["owner"]), assignee="crew-7")
    await town.act(number, "submit_result", handler(case["owner"]), result="已封堵", contacted=True)
    close = {"close_kind": "explained", "reason": "现场已安全"}
    assert await town.refused(number, "close_case", OPERATOR, **close) == (409, "emergency_open")
    case = await told(town, case, report="final", text="处置完毕")
    assert case["aspects"]["emergency"]["final_at"] is not None
    closed = await town.act(number, "close_case", OPERATOR, **close)
    assert closed["close_kind"] == "explained"


@pytest.mark.rows(22)
async def test_a_report_that_is_not_made_is_asked_for_until_it_is(leap: Leap) -> None:
    case = await signed_in(leap, UNCHECKED, severity=1)
    number = case["case_no"]
    since = datetime.fromisoformat(case["aspects"]["emergency"]["since"])
    assert await leap.leap_to_due(number, "emergency.phone", "") == since + timedelta(minutes=30)
    assert await leap.leap_to_due(number, "emergency.written", "") == since + timedelta(hours=1)
    await leap.leap_to_due(number, "emergency.written", "again")
    assert (await leap.case(number))["aspects"]["emergency"]["late"] == 2
    late = of_kind(await leap.facts(number), "report_late")
    assert [fact["data"]["report"] for fact in late].count("written") == 2

    case = await told(leap, case, report="written")
    reported = of_kind(await leap.facts(number), "event_reported")[0]
    assert reported["data"]["on_time"] is False
    await leap.leap_to_due(number, "emergency.follow_up", "")
    assert (await leap.case(number))["aspects"]["emergency"]["late"] == 3


async def test_reporting_past_a_level_says_which(town: Town) -> None:
    case = await town.dispatched(UNCHECKED)
    number, by = case["case_no"], supervisor(command_of(case, "street"))
    early = await town.refused(number, "report_event", by, report="phone", to_level="city", text="汛情")
    assert early == (409, "no_emergency")
    await town.act(number, "declare_emergency", OPERATOR, warning=3, reason="汛情预警")
    case = await town.act(number, "report_event", by, report="phone", to_level="city", text="汛情")

    reported = of_kind(await town.facts(number), "event_reported")[0]
    assert (reported["data"]["skipped"], reported["data"]["to"]) == (["DISTRICT"], COMMAND)
    assert COMMAND in case["supervisors"]


# --- grades and policies ---------------------------------------------------------------------------------------


@pytest.mark.rows(22)
async def test_another_grade_brings_its_own_rules(town: Town) -> None:
    case = await town.dispatched(UNCHECKED, severity=4)
    number = case["case_no"]
    assert await town.refused(number, "regrade", OPERATOR, severity=9, reason="更严重") == (
        422,
        "out_of_scale",
    )
    assert await town.refused(number, "regrade", OPERATOR, severity=1, reason=" ") == (422, "reason_required")
    forged = await town.send(
        number, "regrade", OPERATOR, severity=1, reason="更严重", rules={"version": "mine"}
    )
    assert forged.status_code == 422
    worse = await town.act(number, "regrade", OPERATOR, severity=1, reason="有人受伤")

    assert (worse["severity"], worse["level"]) == (1, "district")
    assert worse["aspects"]["emergency"] is not None
    assert worse["next_due"] < case["next_due"]
    fact = of_kind(await town.facts(number), "regraded")[0]
    assert (fact["data"]["former"], fact["data"]["severity"], fact["data"]["downgrade"]) == (4, 1, False)
    milder = await town.act(number, "regrade", supervisor(), severity=3, reason="轻伤，已处置")
    assert (milder["severity"], milder["level"]) == (3, "district")
    assert of_kind(await town.facts(number), "regraded")[1]["data"]["downgrade"] is True


async def test_the_policy_in_force_is_on_record_as_applied_again(town: Town) -> None:
    case = await town.dispatched(UNCHECKED)
    number = case["case_no"]
    assert (await town.refused(number, "apply_policy", OPERATOR, reason="新规则"))[0] == 403
    forged = await town.send(number, "apply_policy", supervisor(), reason="新规则", rules={"version": "mine"})
    assert forged.status_code == 422
    after = await town.act(number, "apply_policy", supervisor(), reason="新规则")

    assert (after["handling_due"], after["rules_version"]) == (case["handling_due"], case["rules_version"])
    fact = of_kind(await town.facts(number), "policy_applied")[0]
    assert (fact["data"]["changed"], fact["data"]["rules"]) == (False, case["rules_version"])
