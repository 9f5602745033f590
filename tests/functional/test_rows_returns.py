"""Rows 14 to 19: signed in, given back, decided, ruled on; and what happens when nobody decides."""

from datetime import datetime, timedelta

import pytest

from tests.functional.leap import Leap
from tests.functional.lives import UNCHECKED
from tests.functional.town import COMMAND, DISPATCHER, Json, Town, handler, supervisor

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

NOT_OURS = {"reason": "不在职责范围", "legal_basis": "三定方案第四条"}


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def moved(facts: list[Json], row: int) -> Json:
    return next(fact for fact in facts if fact["row"] == row and fact["source"] != fact["target"])


def of_kind(facts: list[Json], kind: str) -> list[Json]:
    return [fact for fact in facts if fact["kind"] == kind]


def other(case: Json) -> str:
    """Return a street unit that is not the owner."""
    return f"{case['street']}-URBAN_MGMT"


@pytest.mark.rows(14, 15, 16)
async def test_rows_14_to_16_a_granted_return_is_on_record(town: Town) -> None:
    case = await town.dispatched()
    number, first = case["case_no"], case["owner"]
    await town.act(number, "sign_in", handler(first))
    await town.act(number, "request_return", handler(first), proposed_unit=other(case), **NOT_OURS)
    after = await town.act(number, "grant_return", DISPATCHER, lead=other(case), reason="属实")

    facts = await town.facts(number)
    signed, asked, granted = moved(facts, 14), moved(facts, 15), moved(facts, 16)
    assert (signed["actor"]["role"], signed["actor"]["unit"]) == ("handler", first)
    assert (asked["source"], asked["data"]) == (
        "accepted",
        NOT_OURS | {"proposed": other(case)},
    )
    assert when(asked["due"]) > when(asked["at"]), "to be decided by then"
    assert (granted["actor"]["id"], granted["data"]["owner"]) == ("dispatcher-1", other(case))
    assert when(granted["due"]) == when(after["handling_due"]) > when(case["handling_due"])
    assert after["total_due"] == case["total_due"]


@pytest.mark.rows(15, 17)
async def test_row_17_a_refused_return_is_on_record_and_cannot_be_asked_for_again(town: Town) -> None:
    case = await town.dispatched()
    number, first = case["case_no"], case["owner"]
    await town.act(number, "request_return", handler(first), **NOT_OURS)
    after = await town.act(number, "refuse_return", DISPATCHER, reason="属于你单位职责")
    refused = moved(await town.facts(number), 17)
    assert (refused["source"], refused["target"], refused["actor"]["role"]) == (
        "return_requested",
        "accepted",
        "dispatcher",
    )
    assert refused["data"] == {"reason": "属于你单位职责"}
    assert (after["owner"], after["handling_due"]) == (first, case["handling_due"])
    again = await town.refused(number, "request_return", handler(first), **NOT_OURS)
    assert again == (409, "return_once_per_unit")


@pytest.mark.rows(18, 19)
@pytest.mark.triggers("E5")
async def test_row_18_by_silence_and_row_19_late_go_up_to_who_rules(leap: Leap) -> None:
    case = await leap.dispatched(UNCHECKED)
    number, first = case["case_no"], case["owner"]
    await leap.act(number, "request_return", handler(first), **NOT_OURS)
    due = await leap.leap_to_due(number, "stage.return_decision")
    arbitrated = moved(await leap.facts(number), 18)
    assert (arbitrated["actor"]["role"], arbitrated["data"]["trigger"]) == ("engine", "E5")
    assert due.isoformat() in arbitrated["data"]["reason"]
    arbiter = (await leap.case(number))["arbiter"]
    assert (arbiter, (await leap.case(number))["owner"]) == (f"{case['district']}-COMMAND", first)

    ruling_due = await leap.leap_to_due(number, "stage.arbitration")
    assert ruling_due == when(arbitrated["due"])
    late = of_kind(await leap.facts(number), "escalated")[-1]
    assert (late["data"]["trigger"], late["data"]["supervisor"], when(late["due"])) == (
        "E5", COMMAND, ruling_due,
    )  # fmt: skip
    assert (await leap.case(number))["arbiter"] == COMMAND
    await leap.leap_to_due(number, "stage.arbitration")
    reminded = of_kind(await leap.facts(number), "top_reminded")
    assert "E5" in [fact["data"]["trigger"] for fact in reminded], "nobody stands above the city"

    wrong = await leap.refused(number, "rule", supervisor(arbiter), lead=first, reason="属地责任")
    assert wrong == (403, "not_the_arbiter")
    await leap.act(number, "rule", supervisor(), lead=first, reason="属地责任")
    ruled = moved(await leap.facts(number), 19)
    assert (ruled["actor"]["unit"], ruled["data"]["owner"], ruled["data"]["reason"]) == (
        COMMAND, first, "属地责任",
    )  # fmt: skip
    assert when(ruled["due"]) == when((await leap.case(number))["handling_due"])


async def test_row_15_is_never_asked_for_too_late(leap_sqlite: Leap) -> None:
    mild = await leap_sqlite.dispatched(UNCHECKED)
    severe = await leap_sqlite.dispatched(UNCHECKED, severity=1)
    await leap_sqlite.leap(timedelta(minutes=31))
    of = {case["case_no"]: handler(case["owner"]) for case in (mild, severe)}
    case = await leap_sqlite.act(mild["case_no"], "request_return", of[mild["case_no"]], **NOT_OURS)
    assert case["status"] == "return_requested", "one working day"
    late = await leap_sqlite.refused(severe["case_no"], "request_return", of[severe["case_no"]], **NOT_OURS)
    assert late == (409, "return_too_late"), "thirty minutes where it is urgent"
