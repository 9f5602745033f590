"""E1, E3, E4 and E6 with their shares of the limit, and levels where nobody is: each at its minute."""

from datetime import datetime, timedelta

import pytest

from domain.case import Deadline
from tests.functional.leap import Leap
from tests.functional.lives import CHECKED, checked, signed_in, submitted
from tests.functional.town import OPERATOR, Json, Town, handler, supervisor

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]


def of_kind(facts: list[Json], *kinds: str) -> list[Json]:
    return [fact for fact in facts if fact["kind"] in kinds]


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def rounded(duration: timedelta) -> str:
    """Return a duration to the second; a share of a limit is rounded up to a microsecond."""
    return str(timedelta(seconds=round(duration.total_seconds())))


async def inbox(town: Town, unit: str, case_no: str) -> list[Json]:
    """Return the messages a unit got about a case, oldest first."""
    page = await town.json("GET", f"/api/v1/units/{unit}/messages?limit=200", actor=handler(unit))
    return [one for one in reversed(page["messages"]) if one["case_no"] == case_no]


# --- E1 ---------------------------------------------------------------------------------------------


@pytest.mark.rows(22)
@pytest.mark.triggers("E1")
async def test_e1_what_endangers_life_is_the_districts_and_reported_from_its_first_minute(town: Town) -> None:
    case = await town.dispatched(CHECKED, severity=1)
    assert (case["level"], case["owner"]) == ("district", f"{case['district']}-SANITATION")
    (started,) = of_kind(await town.facts(case["case_no"]), "emergency_started")
    assert (started["row"], started["data"]["trigger"]) == (22, "E1")
    assert when(started["due"]) - when(started["at"]) == timedelta(minutes=30)


@pytest.mark.rows(22)
@pytest.mark.triggers("E1")
async def test_e1_a_case_found_to_be_worse_enters_at_its_floor_and_its_owner_stays(town: Town) -> None:
    case = await signed_in(town, CHECKED)
    number = case["case_no"]
    assert case["level"] == "grid"
    worse = await town.act(number, "regrade", OPERATOR, severity=1, reason="有人受伤")
    assert (worse["level"], worse["owner"]) == ("district", case["owner"])
    (raised,) = of_kind(await town.facts(number), "escalated")
    assert raised["data"] == {
        "trigger": "E1",
        "from_level": "GRID",
        "level": "DISTRICT",
        "supervisor": f"{case['district']}-COMMAND",
        "owner": case["owner"],
    }


# --- E3 ---------------------------------------------------------------------------------------------


@pytest.mark.rows(22)
@pytest.mark.triggers("E3")
async def test_e3_reminded_called_raised_and_then_the_top_again_and_again(leap: Leap) -> None:
    case = await leap.dispatched(CHECKED)
    number, owner = case["case_no"], case["owner"]
    times = [
        await leap.leap_to_due(number, "sign_in.remind", ""),
        await leap.leap_to_due(number, "sign_in.remind", "second"),
        await leap.leap_to_due(number, "sign_in.call"),
    ]
    assert (await leap.case(number))["level"] == "grid"
    times.append(await leap.leap_to_due(number, "sign_in.raise"))
    # Four working hours from ten: half of them, four fifths, all of them (over noon, two hours),
    # half as much again (over the night).
    start = when(case["dispatched_at"])
    assert [rounded(at - start) for at in times] == ["4:00:00", "5:12:00", "6:00:00", "23:00:00"]
    case = await leap.case(number)
    assert (case["level"], case["owner"], case["status"]) == ("community", owner, "dispatched")
    facts = await leap.facts(number)
    said = of_kind(facts, "sign_in_reminded", "duty_called", "escalated")
    assert [when(fact["due"]) for fact in said] == times
    assert {(fact["row"], fact["actor"]["role"]) for fact in said} == {(22, "engine")}
    assert said[-1]["data"]["trigger"] == "E3"
    templates = [one["template"] for one in await inbox(leap, owner, number)]
    assert templates.count("duty_call") == 1

    while "sign_in.repeat" not in [one.name.value for one in await armed(leap, number)]:
        await leap.leap_to_due(number, "sign_in.raise")
    assert (await leap.case(number))["level"] == "city"
    await leap.leap_to_due(number, "sign_in.repeat")
    await leap.leap_to_due(number, "sign_in.repeat")
    reminded = [
        fact for fact in of_kind(await leap.facts(number), "top_reminded") if fact["data"]["trigger"] == "E3"
    ]
    assert len(reminded) >= 3
    assert (await leap.act(number, "sign_in", handler(owner)))["status"] == "accepted"


async def armed(leap: Leap, case_no: str) -> tuple[Deadline, ...]:
    state = await leap.city.cases.state(case_no=case_no)
    assert state is not None
    return state.deadlines


# --- E4 ---------------------------------------------------------------------------------------------


@pytest.mark.rows(22, 38)
@pytest.mark.triggers("E4")
async def test_e4_warned_overdue_with_an_order_and_raised_after_one_more_limit(leap: Leap) -> None:
    case = await signed_in(leap, CHECKED)
    number, owner, above = case["case_no"], case["owner"], f"{case['community']}-COMMUNITY"
    times = [
        await leap.leap_to_due(number, "handling.warn", "first"),
        await leap.leap_to_due(number, "handling.warn", ""),
        await leap.leap_to_due(number, "handling.overdue"),
    ]
    late = await leap.case(number)
    assert (late["level"], late["aspects"]["supervisions"][0]["by"]) == ("grid", above)
    times.append(await leap.leap_to_due(number, "handling.raise"))
    start = when(case["dispatched_at"])
    assert [rounded(at - start) for at in times] == ["4:00:00", "5:12:00", "6:00:00", "1 day, 1:00:00"]
    facts = await leap.facts(number)
    said = of_kind(facts, "handling_warned", "overdue", "escalated")
    assert [(fact["kind"], when(fact["due"])) for fact in said] == list(
        zip(("handling_warned", "handling_warned", "overdue", "escalated"), times, strict=True)
    )
    assert (said[-1]["data"]["trigger"], said[-1]["data"]["supervisor"]) == ("E4", above)
    (opened,) = of_kind(facts, "supervision_opened")
    assert (opened["row"], opened["data"]["cause"], opened["data"]["unit"]) == (38, "E4", owner)
    assert (await leap.case(number))["owner"] == owner, "it stays until a higher level gives it to another"
    copies = [one["template"] for one in await inbox(leap, above, number)]
    assert "overdue" in copies


# --- E6 ---------------------------------------------------------------------------------------------


@pytest.mark.rows(26, 28, 29)
@pytest.mark.triggers("E6")
async def test_e6_a_second_rework_goes_one_level_up(town: Town) -> None:
    case = await submitted(town)
    number, of, due = case["case_no"], handler(case["owner"]), case["handling_due"]
    case = await checked(town, case, passed=False)
    assert (case["reworks"], case["level"]) == (1, "grid")
    case = await town.act(number, "submit_result", of, result="再次清理")
    case = await checked(town, case, passed=False)
    assert (case["reworks"], case["level"], case["handling_due"]) == (2, "community", due)
    facts = await town.facts(number)
    failed = [fact for fact in facts if fact["row"] == 29]
    assert [fact["data"]["reworks"] for fact in failed] == [1, 2]
    assert {(fact["actor"]["role"], when(fact["due"])) for fact in failed} == {("checker", when(due))}
    (raised,) = of_kind(facts, "escalated")
    assert (raised["data"]["trigger"], raised["data"]["level"]) == ("E6", "COMMUNITY")


# --- levels where nobody is ---------------------------------------------------------------------------


@pytest.mark.rows(22)
@pytest.mark.triggers("E2")
async def test_a_level_that_owns_the_case_itself_is_skipped_and_the_reason_recorded(town: Town) -> None:
    case = await signed_in(town, CHECKED)
    number, community = case["case_no"], f"{case['community']}-COMMUNITY"
    await town.act(number, "reassign", supervisor(), lead=community, reason="由社区牵头")
    case = await town.act(number, "report_up", handler(community), reason="缺少设备")
    assert (case["level"], case["supervisors"]) == ("street", [f"{case['street']}-COMMAND"])
    facts = await town.facts(number)
    (skipped,) = of_kind(facts, "level_skipped")
    assert (skipped["row"], skipped["actor"]["role"]) == (22, "engine")
    assert skipped["data"] == {"level": "COMMUNITY", "reason": "owns the case itself"}
    assert of_kind(facts, "escalated")[-1]["data"]["trigger"] == "E2"
