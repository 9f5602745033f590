"""What only the city's tables can refuse: an owner that may not have the case, a master that would lose it."""

import pytest

from tests.functional.town import DISPATCHER, OPERATOR, Town, handler, supervisor

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]


async def test_nobody_makes_a_community_the_owner_of_what_is_not_on_its_duty_list(town: Town) -> None:
    case = await town.dispatched("E0501")
    number, community = case["case_no"], f"{case['community']}-COMMUNITY"
    off, peer = (422, "not_on_duty_list"), (422, "not_a_department")
    named = {"lead": community, "reason": "就近"}
    assert await town.refused(number, "reassign", supervisor(), **named) == off
    outside = {"lead": "PEER-119", "reason": "就近"}
    assert await town.refused(number, "reassign", supervisor(), **outside) == peer
    await town.act(number, "request_return", handler(case["owner"]), reason="不属本单位")
    assert await town.refused(number, "grant_return", DISPATCHER, **named) == off
    assert (await town.case(number))["owner"] == case["owner"]


async def test_no_master_is_milder_or_a_drill(town: Town) -> None:
    receipt = await town.file(category="H-ENQ-01", severity=3)
    real = await town.wait(receipt["case_no"], "triaging")
    mild = await town.dispatched("E0110", severity=4)
    drill = await town.dispatched("E0110", severity=3, exercise=True)
    for master, code in ((mild, "merge_milder"), (drill, "merge_exercise")):
        found = await town.refused(real["case_no"], "merge_into", OPERATOR, master=master["case_no"])
        assert found == (422, code)
    assert (await town.case(real["case_no"]))["status"] == "triaging"


async def test_filing_by_hand_keeps_the_grade_somebody_gave_and_makes_nothing_milder_without_a_word(
    town: Town,
) -> None:
    receipt = await town.file(category="E0110", place={"address": "不知何处"})
    case = await town.wait(receipt["case_no"], "triaging")
    number, spot = case["case_no"], await town.spot()
    await town.act(number, "regrade", OPERATOR, severity=2, reason="有人受伤")
    here = {"lon": spot.lon, "lat": spot.lat}
    mild = {**here, "severity": 4}
    assert await town.refused(number, "file_case", OPERATOR, **mild) == (422, "reason_required")
    case = await town.act(number, "file_case", OPERATOR, **here)
    assert (case["status"], case["severity"]) == ("dispatched", 2)
