"""After a report: supplements, urges, attachments, the same demand again, several reporters of one case."""

import pytest

from tests.functional.lives import closed
from tests.functional.town import COMMAND, OPERATOR, Json, Spot, Town, handler, is_problem
from tests.unit.pictures import exif, picture

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

NORTH = 0.001
"""Some 111 m of latitude."""


def of_kind(facts: list[Json], kind: str) -> list[Json]:
    return [fact for fact in facts if fact["kind"] == kind]


async def told(town: Town, unit: str, case_no: str) -> list[tuple[str, object]]:
    """Return what a unit was told of a case: template and which time it was."""
    page = await town.json("GET", f"/api/v1/units/{unit}/messages?limit=200", actor=handler(unit))
    return [
        (one["template"], one["context"].get("times"))
        for one in reversed(page["messages"])
        if one["case_no"] == case_no
    ]


async def ticket(town: Town, spot: Spot, number: str, **given: object) -> Json:
    body = {"ticket_no": number, "category": "E0110", "description": "垃圾", **spot.place, **given}
    receipt: Json = await town.json("POST", "/api/v1/tickets", {"crs": "WGS84", **body})
    return receipt


async def test_urges_and_supplements_reach_the_owner_and_move_no_deadline(town: Town) -> None:
    case = await town.dispatched()
    number, unit = case["case_no"], case["owner"]
    promised = {name: case[name] for name in ("status", "owner", "level", "handling_due", "total_due")}
    for _ in range(2):
        said = await town.json("POST", f"/api/v1/reports/{number}/urges", {}, actor=OPERATOR)
        assert (said["case_no"], said["repeated"]) == (number, False)
    await town.until(lambda: town.case(number), lambda case: case["aspects"]["urges"] == 2)
    path = f"/api/v1/reports/{number}/supplements"
    first = await town.json("POST", path, {"text": "王女士:已经塌了"}, actor=OPERATOR, key="s1")
    again = await town.json("POST", path, {"text": "王女士:已经塌了"}, actor=OPERATOR, key="s1")
    assert (again["id"], again["repeated"]) == (first["id"], True)

    facts = await town.facts(number)
    assert [fact["data"]["urges"] for fact in of_kind(facts, "urged")] == [1, 2]
    (added,) = of_kind(facts, "supplemented")
    assert (added["data"]["supplement"], added["data"]["after_closing"]) == (first["id"], False)
    assert "王女士" not in str(facts)
    case = await town.case(number)
    assert {name: case[name] for name in promised} == promised
    about = [one for one in await told(town, unit, number) if one[0] in ("urge", "supplement")]
    assert about == [("urge", 1), ("supplement", None)]
    assert ("urge", 2) in await told(town, COMMAND, number)


async def test_after_the_closing_an_urge_is_refused_and_a_supplement_goes_to_the_desk(town: Town) -> None:
    number = (await closed(town))["case_no"]
    refused = await town.http.post(
        f"/api/v1/reports/{number}/urges", json={}, headers={"x-cityops-actor": OPERATOR}
    )
    assert (refused.status_code, is_problem(refused)["code"]) == (409, "nothing_to_urge")
    await town.json("POST", f"/api/v1/reports/{number}/supplements", {"text": "又堆上了"}, actor=OPERATOR)
    (added,) = of_kind(await town.facts(number), "supplemented")
    assert added["data"]["after_closing"] is True
    assert ("supplement", None) in await told(town, COMMAND, number)


async def test_the_same_caller_joins_the_open_case_and_nobody_is_dispatched_twice(town: Town) -> None:
    spot = await town.spot()
    caller = {"reporter": {"phone": "13912340001"}}
    first = await ticket(town, spot, f"R1-{spot.lon}", **caller)
    number = first["case_no"]
    await town.wait(number, "dispatched")
    other = await ticket(town, spot, f"R2-{spot.lon}", reporter={"phone": "13912340002"})
    moved = {"lat": round(spot.lat + NORTH, 6), "reporter": {"phone": "+86 139 1234 0001"}}
    again = await ticket(town, spot, f"R3-{spot.lon}", **moved)
    named = await ticket(town, spot, f"R4-{spot.lon}", lat=None, lon=None, related_tickets=[f"R1-{spot.lon}"])
    for one in (other, again, named):
        await town.wait(one["case_no"], "merged")
        assert (await town.case(one["case_no"]))["master"] == number
    case = await town.until(lambda: town.case(number), lambda case: len(case["reports"]) == 4)
    assert case["aspects"]["demands"] == 2
    facts = await town.facts(number)
    assert len(of_kind(facts, "dispatched")) == 1
    assert [fact["data"].get("demands") for fact in of_kind(facts, "report_joined")].count(None) == 1
    assert ("urge", 2) in await told(town, case["owner"], number)

    listed = await town.json("GET", f"/api/v1/cases/{number}/reports")
    by_number = {one["source_no"]: one for one in listed["reports"]}
    assert len(by_number) == 4
    assert {name: one["same_caller"] for name, one in by_number.items() if one["same_caller"]} == {
        f"R3-{spot.lon}": True
    }
    assert "139" not in str(listed)
    status = await town.json("GET", f"/api/v1/reports/{again['report_no']}")
    assert (status["case_no"], status["merged_into"]) == (number, number)


async def test_of_one_batch_the_same_caller_has_one_case(town: Town) -> None:
    spot = await town.spot()
    one = {"category": "E0110", "description": "垃圾", "crs": "WGS84", **spot.place}
    batch = [{**one, "ticket_no": f"B{n}-{spot.lon}", "reporter": {"phone": "13912340003"}} for n in range(4)]
    answer = await town.http.post("/api/v1/tickets", json=batch)
    receipts = [each["report"] for each in answer.json()["results"]]
    first, *others = sorted(receipts, key=lambda one: (one["received_at"], one["report_no"]))
    number = first["case_no"]
    case = await town.until(lambda: town.case(number), lambda case: len(case["reports"]) == 4)
    assert case["aspects"]["demands"] == 3
    assert {(await town.wait(one["case_no"], "merged"))["master"] for one in others} == {number}
    await town.wait(number, "dispatched")


async def test_a_picture_says_how_far_from_the_case_it_was_taken(town: Town) -> None:
    case = await town.dispatched()
    number, unit, place = case["case_no"], case["owner"], case["place"]
    body = picture(made=exif(lon=place["lon"], lat=place["lat"] + NORTH))
    path = f"/api/v1/cases/{number}/attachments"
    headers = {"x-cityops-actor": handler(unit)}
    answer = await town.http.post(path, files={"file": ("1.jpg", body, "image/jpeg")}, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.json()["metres_from_place"] == pytest.approx(111.2, abs=1)
    (kept,) = (await town.json("GET", path, actor=handler(unit)))["attachments"]
    assert kept == answer.json()
    shown = await town.http.get(kept["url"])
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert (
        town.data / "media" / kept["digest"][:2] / kept["digest"][2:4] / kept["digest"]
    ).read_bytes() == body
