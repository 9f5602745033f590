"""Reports that cannot be located or routed are taken all the same, and people in triage file them."""

import math

import pytest

from tests.functional.lives import checked, visited
from tests.functional.town import (
    COMMAND,
    DISPATCHER,
    OPERATOR,
    Json,
    Town,
    handler,
    is_problem,
)

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]
EAST_LAKE = 30e-5
"""Some 30 m of longitude: near enough to be shown to an operator, too far to merge at once."""


def codes(receipt: Json) -> list[str]:
    """Return the codes of a receipt's warnings."""
    return [warning["code"] for warning in receipt["warnings"]]


async def begun(town: Town, receipt: Json) -> Json:
    """Return the case once the engine has looked at it."""
    case: Json = await town.until(
        lambda: town.case(receipt["case_no"]), lambda case: case["status"] != "received"
    )
    return case


async def in_triage(town: Town, receipt: Json) -> Json:
    """Return the case once it waits in triage, with the command centre accountable."""
    case = await town.wait(receipt["case_no"], "triaging")
    assert (case["owner"], case["next_due"] is None) == (COMMAND, False)
    return case


async def test_a_report_without_a_place_waits_in_triage_until_an_operator_files_it(town: Town) -> None:
    receipt = await town.file()
    assert codes(receipt) == ["no_place"]
    case = await in_triage(town, receipt)
    assert case["place"]["chain"] == []
    spot = await town.spot("E0110")
    case = await town.act(case["case_no"], "file_case", OPERATOR, **spot.place, reason="电话核实地点")
    assert (case["status"], case["owner"]) == ("dispatched", f"{spot.area(5)}-GRID")
    triaged = next(fact for fact in await town.facts(case["case_no"]) if fact["kind"] == "triaged")
    assert triaged["data"]["reason"] == "电话核实地点"


async def test_half_a_point_is_no_point(town: Town) -> None:
    receipt = await town.file(place={"lon": 114.3})
    assert codes(receipt) == ["no_place"]
    await in_triage(town, receipt)


@pytest.mark.parametrize(
    "point", [(100.0, 20.0), (114.3, 1000.0), (1e300, -1e300), (12_734_000.0, 3_580_000.0)]
)
async def test_a_place_outside_the_city_is_said_and_waits_in_triage(
    town: Town, point: tuple[float, float]
) -> None:
    receipt = await town.file(place={"lon": point[0], "lat": point[1]})
    assert codes(receipt) == ["outside_city"]
    case = await in_triage(town, receipt)
    assert {"outside_city", "not_degrees"} & set(case["place"]["flags"])


async def test_swapped_axes_are_seen(town: Town) -> None:
    spot = await town.spot()
    receipt = await town.file(place={"lon": spot.lat, "lat": spot.lon})
    case = await begun(town, receipt)
    assert "swapped_axes" in case["place"]["flags"]
    assert [area["code"] for area in case["place"]["chain"]][-1] == spot.area(5)


async def test_a_report_without_a_category_waits_until_somebody_classifies_it(town: Town) -> None:
    spot = await town.spot()
    case = await in_triage(town, await town.file(spot, category=None))
    assert case["category"] == "unclassified"
    number = case["case_no"]
    assert await town.refused(number, "file_case", OPERATOR) == (422, "unknown_category")
    case = await town.act(number, "file_case", DISPATCHER, category="E0110")
    assert (case["status"], case["category"], case["owner"]) == (
        "dispatched",
        "E0110",
        f"{spot.area(5)}-GRID",
    )
    assert case["category_name"] == "暴露生活垃圾"


async def test_an_operator_names_the_owner_by_hand(town: Town) -> None:
    case = await in_triage(town, await town.file())
    area = (await town.spot()).area(3)
    case = await town.act(
        case["case_no"], "file_case", OPERATOR, area_code=area, lead=f"{area}-SANITATION", reason="属地处置"
    )
    assert (case["owner"], case["place"]["method"]) == (f"{area}-SANITATION", "manual")
    assert case["decision"]["reasons"][-1]["rule"] == "manual"


async def test_the_point_a_hotline_writes_when_it_knows_no_place_is_flagged(town: Town) -> None:
    receipt = await town.file(channel="hotline", place={"lon": 114.3055, "lat": 30.5928})
    case = await in_triage(town, receipt)
    assert "placeholder_point" in case["place"]["flags"]
    assert (case["lon"], case["place"]["chain"]) == (None, [])


async def test_an_address_is_located_as_far_as_it_is_certain(town: Town) -> None:
    receipt = await town.file(place={"address": "江岸区大智街道"})
    assert receipt["warnings"] == []
    case = await begun(town, receipt)
    assert case["place"]["method"] == "address"
    assert [area["name"] for area in case["place"]["chain"]] == ["武汉市", "江岸区", "大智街道"]


async def test_the_same_numbers_mean_another_place_on_a_channel_with_shifted_coordinates(town: Town) -> None:
    spot = await town.spot()
    shifted = {}
    for channel in ("console", "weilinli", "message_board"):
        receipt = await town.file(spot, channel=channel)
        case = await begun(town, receipt)
        shifted[channel] = case["place"]
    assert {name: place["source_crs"] for name, place in shifted.items()} == {
        "console": "WGS84",
        "weilinli": "GCJ02",
        "message_board": "BD09",
    }
    assert (shifted["console"]["lon"], shifted["console"]["lat"]) == (spot.lon, spot.lat)
    # GCJ-02 is off by some 500 m in Wuhan, BD-09 by as much again.
    assert 300 < metres(spot.lon, spot.lat, shifted["weilinli"]) < 900
    assert 700 < metres(spot.lon, spot.lat, shifted["message_board"]) < 1800


def metres(lon: float, lat: float, place: Json) -> float:
    """Return the distance on a small plane."""
    east = (place["lon"] - lon) * 111_320 * math.cos(math.radians(lat))
    return math.hypot(east, (place["lat"] - lat) * 110_574)


async def test_a_functional_zone_comes_before_the_district(town: Town) -> None:
    spot = await town.spot("E0113", zone=True)
    case = await town.wait((await town.file(spot, category="E0113"))["case_no"], "dispatched")
    assert case["owner"].startswith(case["zones"][0])


async def test_a_second_report_of_the_same_event_is_merged_and_both_reporters_are_asked(town: Town) -> None:
    spot = await town.spot()
    master = await town.wait((await town.file(spot))["case_no"], "dispatched")
    number = master["case_no"]
    second = await town.file(spot, description="同一处垃圾", reporter={"phone": "+8613900000000"})
    merged = await town.wait(second["case_no"], "merged")
    assert merged["master"] == number
    status = await town.json("GET", f"/api/v1/reports/{second['report_no']}")
    assert (status["case_no"], status["merged_into"], status["status"]) == (number, number, "dispatched")
    joined = await town.until(lambda: town.case(number), lambda case: len(case["reports"]) == 2)
    assert joined["reports"] == [number, second["report_no"]]
    assert await town.refused(second["case_no"], "sign_in", handler(master["owner"])) == (409, "case_ended")

    of = handler(master["owner"])
    await town.act(number, "sign_in", of, assignee="crew-7")
    case = await town.act(number, "submit_result", of, result="已清理")
    case = await checked(town, case)
    assert (await visited(town, case, number))["status"] == "visiting"
    assert (await visited(town, case, second["report_no"]))["status"] == "evaluated"


async def test_a_possible_duplicate_is_shown_to_an_operator_who_merges_it(town: Town) -> None:
    spot = await town.spot()
    master = await town.wait((await town.file(spot))["case_no"], "dispatched")
    near = {"lon": spot.lon + EAST_LAKE, "lat": spot.lat}
    case = await in_triage(town, await town.file(place=near))
    assert case["proposals"] == [master["case_no"]]
    number = case["case_no"]
    assert await town.refused(number, "merge_into", OPERATOR, master=number) == (409, "merge_into_itself")
    case = await town.act(number, "merge_into", OPERATOR, master=master["case_no"], reason="同一处")
    assert (case["status"], case["master"]) == ("merged", master["case_no"])
    await town.until(lambda: town.case(master["case_no"]), lambda case: number in case["reports"])


async def test_an_operator_who_sees_two_events_files_the_possible_duplicate(town: Town) -> None:
    spot = await town.spot()
    await town.wait((await town.file(spot))["case_no"], "dispatched")
    case = await in_triage(town, await town.file(place={"lon": spot.lon + EAST_LAKE, "lat": spot.lat}))
    case = await town.act(case["case_no"], "file_case", OPERATOR, reason="另一处")
    assert (case["status"], case["proposals"]) == ("dispatched", [])


async def test_nothing_is_merged_into_a_case_that_has_ended(town: Town) -> None:
    ended = await town.dispatched()
    await town.act(ended["case_no"], "cancel_case", OPERATOR, reason="误报")
    case = await in_triage(town, await town.file())
    refused = await town.send(case["case_no"], "merge_into", OPERATOR, master=ended["case_no"])
    assert is_problem(refused)["code"] == "merge_target"


async def test_an_exercise_does_not_join_a_real_case(town: Town) -> None:
    spot = await town.spot()
    await town.wait((await town.file(spot))["case_no"], "dispatched")
    drill = await town.wait((await town.file(spot, exercise=True))["case_no"], "dispatched")
    assert (drill["exercise"], drill["master"], drill["proposals"]) == (True, None, [])


async def test_a_real_report_does_not_end_with_an_exercise(town: Town) -> None:
    spot = await town.spot()
    await town.wait((await town.file(spot, exercise=True))["case_no"], "dispatched")
    real = await town.wait((await town.file(spot))["case_no"], "dispatched")
    assert (real["exercise"], real["master"], real["proposals"]) == (False, None, [])
