"""Whose case it is: sign-in, returns, arbitration, re-assignment, reporting up, cancelling."""

import pytest

from tests.functional.lives import rows, signed_in
from tests.functional.town import (
    COMMAND,
    DISPATCHER,
    OPERATOR,
    Json,
    Town,
    checker,
    handler,
    leader,
    supervisor,
)

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]


def other(case: Json, kind: str = "URBAN_MGMT") -> str:
    """Return a street unit that is not the owner."""
    return f"{case['street']}-{kind}"


async def returned(town: Town, case: Json, to: str) -> Json:
    """Return the case after its owner gave it back and the dispatcher gave it on."""
    number = case["case_no"]
    case = await town.act(
        number, "request_return", handler(case["owner"]), reason="不在职责范围", proposed_unit=to
    )
    assert case["status"] == "return_requested"
    return await town.act(number, "grant_return", DISPATCHER, lead=to, reason="同意")


async def test_only_people_of_the_owner_sign_in(town: Town) -> None:
    case = await town.dispatched()
    number = case["case_no"]
    assert await town.refused(number, "sign_in", handler(other(case))) == (403, "not_the_owner")
    assert await town.refused(number, "sign_in", checker(case["owner"])) == (403, "role_not_allowed")
    assert await town.refused(number, "sign_in", "id=nobody; role=handler") == (403, "not_the_owner")
    case = await town.act(number, "sign_in", leader(case["owner"]))
    assert (case["status"], case["signed_in_at"] is None) == ("accepted", False)


async def test_signing_in_with_a_person_starts_handling(town: Town) -> None:
    assert (await signed_in(town))["status"] == "handling"


async def test_handling_starts_when_a_person_is_named_later(town: Town) -> None:
    case = await town.dispatched()
    of = handler(case["owner"])
    await town.act(case["case_no"], "sign_in", of)
    case = await town.act(case["case_no"], "start_handling", of, assignee="crew-7", contacted=True)
    assert (case["status"], case["contacted_at"] is None) == ("handling", False)


async def test_a_granted_return_gives_the_next_owner_a_fresh_limit_and_leaves_the_total_clock(
    town: Town,
) -> None:
    before = await town.dispatched()
    case = await returned(town, before, other(before))
    assert (case["status"], case["owner"], case["returns"]) == ("dispatched", other(before), 1)
    assert case["handling_due"] > before["handling_due"]
    assert case["dispatched_at"] > before["dispatched_at"]
    assert (case["total_due"], case["signed_in_at"]) == (before["total_due"], None)
    assert await town.refused(case["case_no"], "sign_in", handler(before["owner"])) == (403, "not_the_owner")


async def test_a_refused_return_counts_as_sign_in_and_the_clock_has_run_on(town: Town) -> None:
    before = await town.dispatched()
    number, of = before["case_no"], handler(before["owner"])
    await town.act(number, "request_return", of, reason="不在职责范围")
    assert await town.refused(number, "refuse_return", DISPATCHER, reason=" ") == (422, "reason_required")
    case = await town.act(number, "refuse_return", DISPATCHER, reason="属于你单位职责")
    assert (case["status"], case["owner"]) == ("accepted", before["owner"])
    assert case["handling_due"] == before["handling_due"]
    assert await town.refused(number, "request_return", of, reason="再退") == (409, "return_once_per_unit")


@pytest.mark.rows(15, 16, 18, 19)
async def test_a_second_return_goes_to_arbitration_and_the_ruling_binds(town: Town) -> None:
    first = await town.dispatched()
    number = first["case_no"]
    second = await returned(town, first, other(first))
    case = await town.act(number, "request_return", handler(second["owner"]), reason="也不在职责范围")
    assert (case["status"], case["arbiter"]) == ("arbitration", f"{first['district']}-COMMAND")
    assert case["arbiter"] in case["supervisors"]
    ruling = {"lead": first["owner"], "reason": "属地责任"}
    assert await town.refused(number, "rule", DISPATCHER, **ruling) == (403, "role_not_allowed")
    wrong = supervisor(f"{first['street']}-COMMAND")
    assert await town.refused(number, "rule", wrong, **ruling) == (403, "not_the_arbiter")
    case = await town.act(number, "rule", supervisor(case["arbiter"]), **ruling)
    assert (case["status"], case["owner"], case["total_due"]) == (
        "dispatched",
        first["owner"],
        first["total_due"],
    )
    bound = await town.refused(number, "request_return", handler(first["owner"]), reason="不服裁定")
    assert bound == (409, "bound_by_ruling")
    assert rows(await town.facts(number)) == [1, 2, 12, 13, 15, 16, 15, 18, 19]


async def test_a_dispute_between_districts_is_ruled_by_the_city(town: Town) -> None:
    first = await town.dispatched("H-MKT-01")
    number = first["case_no"]
    district = next(code for code in ("420102", "420106") if code != first["district"])
    second = await returned(town, first, f"{district}-MARKET_REG")
    case = await town.act(
        number, "request_return", handler(second["owner"]), reason="不在本区", proposed_unit=first["owner"]
    )
    assert (case["status"], case["arbiter"]) == ("arbitration", COMMAND)


async def test_a_supervisor_gives_the_case_to_another_unit(town: Town) -> None:
    before = await signed_in(town)
    number = before["case_no"]
    same = {"lead": before["owner"], "reason": "x"}
    assert await town.refused(number, "reassign", supervisor(), **same) == (409, "same_owner")
    assert await town.refused(
        number, "reassign", handler(before["owner"]), lead=other(before), reason="x"
    ) == (
        403,
        "role_not_allowed",
    )
    case = await town.act(number, "reassign", supervisor(), lead=other(before), reason="原单位无力处置")
    assert (case["status"], case["owner"], case["signed_in_at"]) == ("dispatched", other(before), None)
    assert case["total_due"] == before["total_due"]


@pytest.mark.triggers("E2")
async def test_a_unit_without_the_means_reports_up_and_stays_the_owner(town: Town) -> None:
    before = await signed_in(town)
    case = await town.act(before["case_no"], "report_up", handler(before["owner"]), reason="缺少设备")
    assert (case["level"], case["owner"], case["status"]) == ("community", before["owner"], "handling")
    assert case["supervisors"] == [f"{before['community']}-COMMUNITY"]
    kinds = [fact["kind"] for fact in await town.facts(case["case_no"])]
    assert kinds[-2:] == ["escalated", "reported_up"]


@pytest.mark.rows(36)
async def test_an_operator_cancels_a_mistake_with_a_reason(town: Town) -> None:
    case = await town.dispatched()
    number = case["case_no"]
    assert await town.refused(number, "cancel_case", OPERATOR, reason="") == (422, "reason_required")
    case = await town.act(number, "cancel_case", OPERATOR, reason="诉求人撤回")
    assert (case["status"], rows(await town.facts(number))[-1]) == ("cancelled", 36)
    assert await town.refused(number, "sign_in", handler(case["owner"])) == (409, "case_ended")
    assert (await town.case(number))["actions"] == []


async def test_a_severe_case_is_never_cancelled_unless_it_is_an_exercise(town: Town) -> None:
    real = await town.dispatched("P0101")
    assert real["severity"] == 2
    refused = await town.refused(real["case_no"], "cancel_case", OPERATOR, reason="诉求人撤回")
    assert refused == (409, "severe_case_not_cancellable")
    drill = await town.dispatched("P0101", exercise=True)
    assert drill["exercise"] is True
    assert (await town.act(drill["case_no"], "cancel_case", OPERATOR, reason="演练结束"))[
        "status"
    ] == "cancelled"


async def test_a_severe_case_enters_above_the_grid_which_helps(town: Town) -> None:
    case = await town.dispatched("E0110", severity=1)
    assert (case["severity"], case["level"]) == (1, "district")
    assert case["owner"] == f"{case['district']}-SANITATION"
    assert f"{case['grid']}-GRID" in case["co_handlers"]
    assert "builtin:severity-floor" in {reason["rule"] for reason in case["decision"]["reasons"]}
