"""The same thing sent twice happens once, and is answered as the first time."""

import asyncio

import pytest

from tests.functional.lives import rows
from tests.functional.town import DISPATCHER, OPERATOR, Json, Town, handler, is_problem, leader

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]


async def numbers_at(town: Town, grid: str) -> list[str]:
    """Return the cases of a grid."""
    page = await town.json("GET", f"/api/v1/cases?grid={grid}")
    return [case["case_no"] for case in page["cases"]]


def same(first: Json, second: Json) -> bool:
    """Tell whether two receipts are of one report, the second saying that it is a repetition."""
    return second["repeated"] and {**second, "repeated": False} == {**first, "repeated": False}


async def test_a_report_sent_again_with_its_key_gets_the_first_answer(town: Town) -> None:
    spot = await town.spot()
    key = f"key-{spot.lon}-{spot.lat}"
    first = await town.file(spot, key=key)
    await town.wait(first["case_no"], "dispatched")
    assert same(first, await town.file(spot, key=key))
    assert await numbers_at(town, spot.area(5)) == [first["case_no"]]


async def test_a_report_sent_ten_times_at_once_is_one_report(town: Town) -> None:
    spot = await town.spot()
    key = f"burst-{spot.lon}-{spot.lat}"
    answers = await asyncio.gather(*(town.file(spot, key=key) for _ in range(10)))
    assert len({answer["report_no"] for answer in answers}) == 1
    assert sum(not answer["repeated"] for answer in answers) == 1
    await town.wait(answers[0]["case_no"], "dispatched")
    assert await numbers_at(town, spot.area(5)) == [answers[0]["case_no"]]


async def test_a_number_of_the_sender_identifies_its_report(town: Town) -> None:
    spot = await town.spot()
    number = f"T-{spot.lon}-{spot.lat}"
    first = await town.file(spot, source="12345", source_no=number)
    assert same(first, await town.file(spot, source="12345", source_no=number, description="再次推送"))
    other = await town.file(await town.spot(), source="other", source_no=number)
    assert other["repeated"] is False


async def test_blank_numbers_and_keys_identify_nothing(town: Town) -> None:
    receipts = [
        await town.file(await town.spot(), source="legacy", source_no=blank) for blank in ("", "", " ")
    ]
    assert len({receipt["report_no"] for receipt in receipts}) == 3


@pytest.mark.parametrize(
    "change", [{"description": "别的事"}, {"reporter": {"name": "李四"}}, {"severity": 2}]
)
async def test_a_key_is_not_used_for_another_report(town: Town, change: Json) -> None:
    spot = await town.spot()
    key = f"other-{spot.lon}-{spot.lat}"
    body = {"channel": "console", "category": "E0110", "description": "垃圾", "place": spot.place}
    for given, status in ((body, 201), ({**body, **change}, 422), (body, 200)):
        response = await town.http.post("/api/v1/reports", json=given, headers={"idempotency-key": key})
        assert response.status_code == status, response.text
        if status == 422:
            assert is_problem(response)["code"] == "idempotency_key_reused"


async def test_a_command_sent_again_is_carried_out_once(town: Town) -> None:
    case = await town.dispatched()
    number, of = case["case_no"], handler(case["owner"])
    first = await town.send(number, "sign_in", of, key="sign-1")
    second = await town.send(number, "sign_in", of, key="sign-1")
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["case"]["signed_in_at"] == second.json()["case"]["signed_in_at"]
    assert rows(await town.facts(number)).count(14) == 1
    # Without the key it is another command, and the case is past that.
    assert await town.refused(number, "sign_in", of) == (409, "command_not_allowed_in_state")


async def test_a_command_sent_five_times_at_once_is_carried_out_once(town: Town) -> None:
    case = await town.dispatched()
    number, of = case["case_no"], handler(case["owner"])
    answers = await asyncio.gather(*(town.send(number, "sign_in", of, key="burst") for _ in range(5)))
    assert {answer.status_code for answer in answers} <= {200, 202}
    await town.wait(number, "accepted")
    assert rows(await town.facts(number)).count(14) == 1


async def test_a_refused_command_sent_again_is_refused_alike(town: Town) -> None:
    case = await town.dispatched()
    sent = [await town.send(case["case_no"], "close_case", OPERATOR, key="too-early") for _ in range(2)]
    first, second = (is_problem(answer) for answer in sent)
    assert first == second


async def test_a_key_is_not_used_for_another_command(town: Town) -> None:
    case = await town.dispatched()
    number, of = case["case_no"], handler(case["owner"])
    assert (await town.send(number, "sign_in", of, key="once")).status_code == 200
    for kind, fields in (("report_up", {"reason": "x"}), ("sign_in", {"assignee": "crew-7"})):
        response = await town.send(number, kind, of, key="once", **fields)
        assert is_problem(response)["code"] == "request_id_reused"
    other = await town.dispatched()
    response = await town.send(other["case_no"], "sign_in", of, key="once")
    assert is_problem(response)["code"] == "request_id_reused"


async def test_two_peoples_keys_do_not_meet_and_the_engines_ids_are_out_of_reach(town: Town) -> None:
    case = await town.dispatched()
    number = case["case_no"]
    assert (await town.send(number, "sign_in", handler(case["owner"]), key="1")).status_code == 200
    up = await town.send(number, "report_up", leader(case["owner"]), key="1", reason="缺少设备")
    assert up.status_code == 200
    # The engine's own first step is remembered under this id.
    begun = await town.send(number, "log_contact", handler(case["owner"]), key="begin", reached=False)
    assert begun.status_code == 200
    kinds = [fact["kind"] for fact in await town.facts(number)]
    assert (kinds.count("reported_up"), kinds.count("contact_tried")) == (1, 1)


async def test_a_return_sent_again_after_it_was_granted_is_still_the_same(town: Town) -> None:
    case = await town.dispatched("H-MKT-01")
    number, of = case["case_no"], handler(case["owner"])
    district = next(code for code in ("420102", "420106") if code != case["district"])
    asked = {"reason": "不在本区", "proposed_unit": f"{district}-MARKET_REG"}
    assert (await town.send(number, "request_return", of, key="return", **asked)).status_code == 200
    await town.act(number, "grant_return", DISPATCHER, lead=asked["proposed_unit"])
    again = await town.send(number, "request_return", of, key="return", **asked)
    assert (again.status_code, again.json()["case"]["owner"]) == (200, asked["proposed_unit"])
