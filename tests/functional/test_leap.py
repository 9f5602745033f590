"""Time leaps for a whole town, and what it does on the way is what people would have seen."""

from datetime import timedelta

from tests.functional.leap import Leap
from tests.functional.town import handler


async def test_a_night_passes_in_a_moment_and_the_case_has_climbed(leap: Leap) -> None:
    case = await leap.dispatched("E0110")
    before = leap.time.now()
    after = await leap.leap(timedelta(days=2))
    assert after - before >= timedelta(days=2)
    climbed = await leap.case(case["case_no"])
    assert climbed["supervisors"], "nobody signed in for two working days and nobody was told"
    kinds = [fact["kind"] for fact in await leap.facts(case["case_no"])]
    assert kinds.count("sign_in_reminded") >= 1
    assert "escalated" in kinds
    signed = await leap.act(case["case_no"], "sign_in", handler(case["owner"]))
    assert signed["status"] == "accepted"


async def test_a_case_that_begins_after_a_leap_lives_in_that_day(leap: Leap) -> None:
    await leap.leap(timedelta(days=3))
    case = await leap.dispatched("E0110")
    signed = await leap.act(case["case_no"], "sign_in", handler(case["owner"]))
    assert signed["signed_in_at"] >= case["dispatched_at"]
