"""The deadlines people are shown are right to the minute, over nights and weekends, and then they hold."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.functional.leap import Leap
from tests.functional.town import COMMAND, DISPATCHER, Json, Town, handler

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]
WUHAN = ZoneInfo("Asia/Shanghai")
ROAD, NOISE = "E0113", "E0128"
"""Five working days, and two hours round the clock."""


def wall(text: str | None) -> str:
    """Return a moment as a clock on the wall in Wuhan shows it."""
    assert text is not None
    return datetime.fromisoformat(text).astimezone(WUHAN).strftime("%a %d %H:%M")


async def at(leap: Leap, day: int, hour: int, minute: int = 0) -> None:
    """Let time go by to a moment of November 2026; the town begins on Wednesday the 18th at ten."""
    await leap.leap_to(datetime(2026, 11, day, hour, minute, tzinfo=WUHAN))


async def assigned(town: Town, case: Json) -> Json:
    """Return what the owner was told when it got the case."""
    path = f"/api/v1/units/{case['owner']}/messages"

    async def mine() -> list[Json]:
        page = await town.json("GET", path, actor=handler(case["owner"]))
        return [one for one in page["messages"] if one["case_no"] == case["case_no"]]

    message: Json = (await town.until(mine, bool))[-1]["context"]
    return message


@pytest.mark.triggers("E4")
async def test_five_working_days_over_a_weekend_end_a_week_later_at_the_same_minute(leap: Leap) -> None:
    await at(leap, 20, 16)
    case = await leap.dispatched(ROAD)
    number, begun = case["case_no"], wall(case["dispatched_at"])
    assert begun.startswith("Fri 20 16:")
    minute = begun[-5:]
    assert wall(case["handling_due"]) == f"Fri 27 {minute}"
    assert wall(case["total_due"]) == f"Mon 30 {minute}", "and one working day to check it"
    assert wall(case["aspects"]["contact_due"]) == f"Mon 23 {minute}"
    assert wall((await assigned(leap, case))["due"]) == f"Fri 27 {minute}"
    report = await leap.json("GET", f"/api/v1/reports/{number}")
    assert report["expected_at"] == case["handling_due"]

    await leap.act(number, "sign_in", handler(case["owner"]), assignee="crew-7")
    assert await leap.leap_to_due(number, "handling.overdue") == datetime.fromisoformat(case["handling_due"])
    facts = await leap.facts(number)
    (overdue,) = [fact for fact in facts if fact["kind"] == "overdue"]
    assert wall(overdue["due"]) == wall(overdue["at"]) == f"Fri 27 {minute}"
    assert (overdue["row"], overdue["data"]["owner"]) == (22, case["owner"])


async def test_what_comes_in_at_the_weekend_begins_on_monday(leap_sqlite: Leap) -> None:
    await at(leap_sqlite, 21, 11)
    spot = await leap_sqlite.spot(ROAD)
    case = await leap_sqlite.wait((await leap_sqlite.file(spot, category=ROAD))["case_no"], "dispatched")
    assert wall(case["dispatched_at"]) == "Sat 21 11:00"
    assert wall(case["handling_due"]) == wall(spot.preview["handling_due"]) == "Mon 30 08:30"
    assert wall(spot.preview["sign_in_due"]) == "Mon 23 14:30", "four working hours from half past eight"
    assert wall(case["aspects"]["contact_due"]) == "Tue 24 08:30"


async def test_two_hours_round_the_clock_end_in_the_night(leap: Leap) -> None:
    await at(leap, 18, 22, 30)
    case = await leap.dispatched(NOISE)
    number = case["case_no"]
    start, due = (datetime.fromisoformat(case[name]) for name in ("dispatched_at", "handling_due"))
    assert wall(case["dispatched_at"]).startswith("Wed 18 22:")
    assert (due - start, wall(case["handling_due"])[:6]) == (timedelta(hours=2), "Thu 19")
    assert datetime.fromisoformat((await assigned(leap, case))["due"]) == due
    await leap.act(number, "sign_in", handler(case["owner"]), assignee="crew-7")
    await leap.leap_to_due(number, "handling.overdue")
    facts = await leap.facts(number)
    warned = [fact for fact in facts if fact["kind"] == "handling_warned"]
    spent = [datetime.fromisoformat(fact["due"]) - start for fact in warned]
    assert [round(one / timedelta(minutes=1)) for one in spent] == [60, 96]
    (opened,) = [fact for fact in facts if fact["kind"] == "supervision_opened"]
    assert wall(opened["due"]) == "Mon 23 08:30", "two working days from Thursday's opening"


@pytest.mark.rows(24, 25)
async def test_row_25_a_suspension_over_a_weekend_leaves_the_working_time_that_was_left(leap: Leap) -> None:
    case = await leap.dispatched(ROAD)
    number = case["case_no"]
    await leap.act(number, "sign_in", handler(case["owner"]), assignee="crew-7")
    before = datetime.fromisoformat(case["handling_due"])
    assert wall(case["handling_due"]).startswith("Wed 25 10:")
    await at(leap, 20, 10)
    until = datetime(2026, 11, 25, 10, tzinfo=WUHAN)
    held = {"reason": "等待管线改迁", "plan": "改迁后修复", "interim_measure": "钢板覆盖并围挡"}
    suspended = await leap.act(number, "suspend", DISPATCHER, until=until.isoformat(), **held)
    assert (suspended["status"], suspended["next_due"] is None) == ("suspended", False)
    assert await leap.leap_to_due(number, "suspension.end") == until

    case = await leap.case(number)
    assert (case["status"], wall(case["handling_due"])[:6]) == ("handling", "Mon 30")
    facts = await leap.facts(number)
    stopped = next(fact for fact in facts if fact["row"] == 24)
    (resumed,) = [fact for fact in facts if fact["row"] == 25]
    assert (stopped["actor"]["unit"], stopped["data"]["interim_measure"]) == (COMMAND, "钢板覆盖并围挡")
    assert wall(stopped["due"]) == wall(resumed["due"]) == "Wed 25 10:00"
    assert resumed["actor"]["role"] == "engine"
    assert not [fact for fact in facts if fact["kind"] in ("handling_warned", "overdue")]
    # From Friday to Wednesday three working days, and from Wednesday to Monday three again.
    moved = datetime.fromisoformat(case["handling_due"]) - before
    stood = datetime.fromisoformat(resumed["at"]) - datetime.fromisoformat(stopped["at"])
    assert abs(moved - stood) < timedelta(milliseconds=1)
