"""Joint handling, spatial span (E7) and bursts (E8), as the people of a town see them."""

import asyncio
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.functional.lives import UNCHECKED, signed_in
from tests.functional.town import DISPATCHER, OPERATOR, Json, Spot, Town, handler, supervisor

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

LEAD_OF_FLOODS = "E0506"
NEAR = 0.0002
"""Degrees, some twenty metres: too far to be merged at once, near enough to be one event."""


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def child_of(town: Town, parent: str, actor: str, **fields: Any) -> Json:
    """Open a child and return it once a unit has it."""
    said = {"text": "清理路面", "category": UNCHECKED, **fields}
    case = await town.act(parent, "open_child", actor, **said)
    return await town.wait(case["aspects"]["children"][-1]["case_no"], "dispatched")


async def children(town: Town, parent: str, **where: Any) -> list[Json]:
    answer = await town.json("GET", f"/api/v1/cases/{parent}/children?{urlencode(where)}")
    found: list[Json] = answer["children"]
    return found


async def heard(town: Town, parent: str, child: str, *statuses: str) -> Json:
    """Return the child as its parent knows it, once it has heard of one of these states."""

    async def ask() -> Json:
        return next(one for one in await children(town, parent) if one["case_no"] == child)

    known: Json = await town.until(ask, lambda one: one["status"] in statuses)
    return known


async def done(town: Town, case: Json) -> Json:
    """Let a unit handle a case and the desk close it."""
    number, of = case["case_no"], handler(case["owner"])
    if case["status"] == "dispatched":
        await town.act(number, "sign_in", of, assignee="crew-7")
    await town.act(number, "submit_result", of, result="已处理", contacted=True)
    return await town.act(number, "close_case", OPERATOR)


async def test_a_joint_case_from_its_children_to_its_end(town: Town) -> None:
    parent = await signed_in(town, UNCHECKED)
    number, lead = parent["case_no"], handler(parent["owner"])
    first = await child_of(town, number, lead)
    second = await child_of(town, number, DISPATCHER, mandatory=False)
    assert first["parent"] == number
    assert first["reports"] == []
    assert moment(first["handling_due"]) <= moment(parent["handling_due"])
    assert first["street"] == parent["street"]
    page = await town.json("GET", f"/api/v1/cases?{urlencode({'parent': number})}")
    assert {case["case_no"] for case in page["cases"]} == {first["case_no"], second["case_no"]}

    for child in (first, second):
        await heard(town, number, child["case_no"], "dispatched")
    await town.act(number, "see_children", lead)
    assert await children(town, number, changed="true") == []
    await town.act(first["case_no"], "sign_in", handler(first["owner"]), assignee="crew-8")
    await heard(town, number, first["case_no"], "handling")
    (new,) = await children(town, number, changed="true")
    assert (new["case_no"], new["owner"]) == (first["case_no"], first["owner"])

    await town.act(number, "submit_result", lead, result="已处理", contacted=True)
    assert await town.refused(number, "close_case", OPERATOR) == (409, "children_open")
    await done(town, await town.case(first["case_no"]) | {"status": "handling"})
    await heard(town, number, first["case_no"], "closed", "visiting")
    case = await town.act(number, "close_case", OPERATOR)
    assert case["closed_at"] is not None
    kinds = [fact["kind"] for fact in await town.facts(number)]
    assert (kinds.count("child_opened"), kinds.count("children_done")) == (2, 1)


async def test_a_child_is_waived_with_a_reason_and_goes_on_by_itself(town: Town) -> None:
    parent = await signed_in(town, UNCHECKED)
    number, lead = parent["case_no"], handler(parent["owner"])
    child = await child_of(town, number, lead, lead=f"{parent['district']}-URBAN_MGMT")
    assert child["owner"] == f"{parent['district']}-URBAN_MGMT"
    assert await town.refused(number, "cancel_case", OPERATOR, reason="误报") == (409, "children_open")
    of = {"child": child["case_no"]}
    assert await town.refused(number, "waive_child", lead, reason=" ", **of) == (422, "reason_required")
    await town.act(number, "waive_child", lead, reason="路面已干", **of)
    assert await town.refused(number, "waive_child", lead, reason="路面已干", **of) == (409, "item_settled")
    unit = child["owner"]
    messages = await town.json("GET", f"/api/v1/units/{unit}/messages?limit=50", actor=handler(unit))
    assert number in [one["case_no"] for one in messages["messages"] if one["template"] == "joint"]
    await done(town, parent | {"status": "handling"})
    assert (await town.case(child["case_no"]))["status"] == "dispatched"


async def test_the_same_request_opens_one_child(town: Town) -> None:
    parent = await signed_in(town, UNCHECKED)
    number, lead = parent["case_no"], handler(parent["owner"])
    said = {"text": "清理路面", "category": UNCHECKED}
    answers = [
        await town.send(number, "open_child", lead, key=f"child-of-{number}", **said) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(await children(town, number)) == 1
    other = await town.send(
        number, "open_child", lead, key=f"child-of-{number}", **{**said, "text": "另一件"}
    )
    assert other.status_code == 422


async def test_a_child_nobody_can_place_is_filed_by_hand(town: Town) -> None:
    parent = await signed_in(town, UNCHECKED)
    said = {"text": "查明位置", "category": UNCHECKED, "address": "没有这条路"}
    case = await town.act(parent["case_no"], "open_child", handler(parent["owner"]), **said)
    number = case["aspects"]["children"][-1]["case_no"]
    child = await town.wait(number, "triaging")
    assert child["place"]["chain"] == []
    spot = await town.spot(UNCHECKED)
    filed = await town.act(number, "file_case", OPERATOR, **spot.place)
    assert (filed["status"], filed["grid"]) == ("dispatched", spot.area(5))
    assert filed["parent"] == parent["case_no"]
    known = await heard(town, parent["case_no"], number, "dispatched")
    assert (known["owner"], known["street"]) == (filed["owner"], spot.area(3))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"category": "E9999"}, "unknown_category"),
        ({"condition": "none"}, "unknown_condition"),
        ({"area_code": "none"}, "unknown_area"),
        ({"lead": "nobody"}, "unknown_unit"),
        ({"begin": {}}, "invalid_body"),
        ({"severity": 5}, "invalid_body"),
        ({"text": 7}, "invalid_body"),
    ],
)
async def test_what_is_wrong_with_a_child_is_said(town: Town, fields: Json, code: str) -> None:
    parent = await signed_in(town, UNCHECKED)
    said = {"text": "清理路面", "category": UNCHECKED, **fields}
    status, found = await town.refused(parent["case_no"], "open_child", handler(parent["owner"]), **said)
    assert (status, found) == (422, code)


async def test_a_community_gets_no_child_outside_its_duty_list(town: Town) -> None:
    parent = await signed_in(town, "E0501")
    unit = f"{parent['community']}-COMMUNITY"
    said = {"text": "止漏", "category": "E0501", "lead": unit}
    number, lead = parent["case_no"], handler(parent["owner"])
    assert await town.refused(number, "open_child", lead, **said) == (422, "not_on_duty_list")


async def test_a_case_joins_another_and_no_circle_closes(town: Town) -> None:
    parent, case = await signed_in(town, UNCHECKED), await signed_in(town, UNCHECKED)
    number, other = parent["case_no"], case["case_no"]
    assert await town.refused(other, "join_parent", DISPATCHER, parent="20260101-0000-0000") == (
        404, "case_not_found",
    )  # fmt: skip
    await town.act(other, "join_parent", DISPATCHER, parent=number, reason="同一根水管")
    known = await town.until(lambda: children(town, number), bool)
    assert [(one["case_no"], one["mandatory"]) for one in known] == [(other, True)]
    assert await town.refused(other, "join_parent", DISPATCHER, parent=number) == (409, "has_parent")
    assert await town.refused(number, "join_parent", DISPATCHER, parent=other) == (409, "own_parent")
    assert await town.refused(number, "join_parent", handler(parent["owner"]), parent=other) == (
        403, "role_not_allowed",
    )  # fmt: skip
    drill = await signed_in(town, UNCHECKED, exercise=True)
    assert await town.refused(drill["case_no"], "join_parent", DISPATCHER, parent=number) == (
        422, "parent_target",
    )  # fmt: skip


async def test_five_levels_and_no_more(town: Town) -> None:
    case = await signed_in(town, UNCHECKED)
    for _ in range(4):
        case = await child_of(town, case["case_no"], handler(case["owner"]))
    said = {"text": "再下一级", "category": UNCHECKED}
    assert await town.refused(case["case_no"], "open_child", handler(case["owner"]), **said) == (
        409, "too_many_levels",
    )  # fmt: skip


async def test_nobody_but_the_engine_speaks_for_a_child(town: Town) -> None:
    case = await signed_in(town, UNCHECKED)
    assert await town.refused(case["case_no"], "child_changed", DISPATCHER, child="x") == (
        422, "unknown_command",
    )  # fmt: skip


@pytest.mark.triggers("E7")
async def test_e7_a_marked_span_is_commanded_by_whoever_holds_all_of_it(town: Town) -> None:
    case = await signed_in(town, UNCHECKED)
    number, lead = case["case_no"], handler(case["owner"])
    assert await town.refused(number, "mark_span", lead, areas=["none"]) == (422, "unknown_area")
    elsewhere = await town.spot()
    while elsewhere.area(2) == case["district"]:
        elsewhere = await town.spot()
    after = await town.act(number, "mark_span", lead, areas=[elsewhere.area(3)], reason="积水已漫过边界")
    assert (after["level"], after["owner"]) == ("city", case["owner"])
    assert after["supervisors"]
    assert after["aspects"]["span"] == [elsewhere.area(3)]
    escalated = [fact for fact in await town.facts(number) if fact["kind"] == "escalated"]
    assert escalated[-1]["data"]["trigger"] == "E7"


async def test_e7_an_event_with_a_radius_begins_where_most_of_it_lies(town: Town) -> None:
    spot = await town.spot(UNCHECKED)
    wide = {**spot.place, "radius_m": 6000.0}
    shown = await town.json(
        "POST", "/api/v1/preview", {"channel": "console", "category": UNCHECKED, "place": wide}
    )
    assert "E7" in [reason["rule"] for reason in shown["decision"]["reasons"]]
    receipt = await town.file(None, category=UNCHECKED, place=wide)
    case = await town.wait(receipt["case_no"], "dispatched")
    assert case["level"] in ("city", "district")
    assert case["aspects"]["span"]
    small = await town.file(None, category=UNCHECKED, place={**spot.place, "radius_m": 5.0})
    near = await town.until(lambda: town.case(small["case_no"]), lambda one: one["epoch"] == 1)
    assert near["aspects"]["span"] == []
    too_wide = {"channel": "console", "description": "x", "place": {**spot.place, "radius_m": 1e6}}
    answer = await town.http.post("/api/v1/reports", json=too_wide)
    assert answer.status_code == 422


def _as_bad_as_its_worst(event: Json, cases: list[Json]) -> bool:
    """Tell whether an event has all these cases and the severity of the worst of its children."""
    children = {child["case_no"]: child["severity"] for child in event["aspects"]["children"]}
    return {case["case_no"] for case in cases} <= set(children) and event["severity"] == min(
        children.values()
    )


@pytest.mark.triggers("E8")
async def test_e8_many_reports_of_one_street_are_one_event(town: Town) -> None:
    spot = await town.spot(LEAD_OF_FLOODS)
    receipts = await asyncio.gather(*(town.file(near(spot, n), category=LEAD_OF_FLOODS) for n in range(8)))
    cases = [await joined(town, receipt["case_no"]) for receipt in receipts]
    (parent,) = {case["parent"] for case in cases}
    # A severe alarm of another test may flood the same street: then it is a child too, and counts.
    event = await town.until(lambda: town.case(parent), lambda case: _as_bad_as_its_worst(case, cases))
    assert (event["category"], event["reports"], event["street"]) == (LEAD_OF_FLOODS, [], spot.area(3))
    assert event["level"] in ("city", "district")
    (fact,) = [fact for fact in await town.facts(parent) if fact["kind"] == "burst"]
    assert fact["data"]["trigger"] == "E8"
    later = await town.file(near(spot, 9), category=LEAD_OF_FLOODS)
    assert (await joined(town, later["case_no"]))["parent"] == parent
    assert await town.refused(parent, "see_children", supervisor(), children=["x"]) == (404, "unknown_item")
    await town.act(parent, "see_children", supervisor())


def near(spot: Spot, n: int) -> Spot:
    """Return a point beside a spot, in the middle of the same grid."""
    return Spot(lon=spot.lon + NEAR * (n % 3), lat=spot.lat + NEAR * (n // 3), preview=spot.preview)


async def joined(town: Town, case_no: str) -> Json:
    """Return a case once it is part of another."""
    case: Json = await town.until(lambda: town.case(case_no), lambda one: one["parent"] is not None)
    return case
