"""Alarms become one event on the running stack: a storm is one case, severity 1 its own, a citizen joins."""

from typing import Any

import pytest

from tests.functional.town import OPERATOR, Json, Spot, Town, supervisor

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

SOURCE = "iot-gateway"
APART = 0.00002
"""Degrees between two gauges, two metres: one spot, but each its own asset."""


async def gauges(town: Town, spot: Spot, many: int) -> list[str]:
    """Register gauges around a point; return their codes."""
    codes = [f"storm-{spot.lon}-{n}" for n in range(many)]
    for n, code in enumerate(codes):
        body = {"profile": "road-water", "lon": spot.lon + n * APART, "lat": spot.lat, "crs": "WGS84"}
        await town.json("PUT", f"/api/v1/devices/{SOURCE}/{code}", body, actor=supervisor())
    return codes


async def say(town: Town, *alerts: Json) -> Json:
    """Send alerts in one message; return what became of it, once it was read."""
    answer = await town.http.post(f"/api/v1/alerts/{SOURCE}", json=list(alerts))
    assert answer.status_code == 202, answer.text
    number = answer.json()["message_id"]
    found: Json = await town.until(
        lambda: town.json("GET", f"/api/v1/messages/{number}"), lambda said: said["state"] != "new"
    )
    assert (found["taken"], found["refused"]) == (len(alerts), 0)
    return found


def reading(code: str, depth: float) -> Json:
    return {
        "event_id": f"{code}-{depth}",
        "kind": "observation",
        "device": code,
        "value": depth,
        "unit": "cm",
    }


async def listed(town: Town, where: str) -> list[Json]:
    page = await town.json("GET", f"/api/v1/alarms?open=true&source={SOURCE}&{where}", actor=OPERATOR)
    found: list[Json] = page["alarms"]
    return found


async def test_a_storm_is_one_case_with_its_children_and_severity_1_has_its_own(town: Town) -> None:
    spot = await town.spot("E0506")
    codes = await gauges(town, spot, 6)
    deep = [30.0, *[16.0] * 5]
    for rise in (0.0, 0.5, 1.0):  # a limit wants two of three readings above it
        found = await say(
            town, *(reading(code, value + rise) for code, value in zip(codes, deep, strict=True))
        )
        assert found["taken"] == 6
    street = f"street={spot.area(3)}"
    (storm,) = [one for one in await listed(town, street) if one["origin"] == "storm"]
    assert (storm["children"], storm["hazard"], storm["severity"]) == (6, "water", 1)
    children = await listed(town, f"parent={storm['alarm_no']}")
    own = {one["device"]: one["case_no"] for one in children if one["case_no"] is not None}
    assert set(own) == {codes[0]}
    event = await town.wait(storm["case_no"], "dispatched")
    assert event["category"] == "E0506"
    await town.wait(own[codes[0]], "dispatched")
    child = await town.until(
        lambda: town.case(own[codes[0]]), lambda case: case["parent"] == storm["case_no"]
    )
    assert (child["severity"], child["aspects"]["alarm"]) == (1, next(iter(_numbers(children, codes[0]))))
    report = await town.file(spot, category="E0506", channel="console")
    joined = await town.wait(report["case_no"], "merged")
    assert joined["master"] in {own[codes[0]], storm["case_no"]}
    said = await town.until(
        lambda: listed(town, street), lambda found: any(one["confidence"] > 0.5 for one in found)
    )
    assert sum(one["confidence"] > 0.5 for one in said) == 1
    cases = {one["case_no"] for one in said if one["case_no"] is not None}
    assert cases == {storm["case_no"], own[codes[0]]}


def _numbers(alarms: list[Json], device: str) -> Any:
    return (one["alarm_no"] for one in alarms if one["device"] == device)
