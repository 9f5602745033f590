"""Rows 2, 7, 12 and 13 by hand and by time: who triages, and what happens when nobody does."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.functional.leap import Leap
from tests.functional.lives import UNCHECKED
from tests.functional.town import COMMAND, DISPATCHER, OPERATOR, Json, Spot, Town

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

BESIDE = 30e-5
"""Some 30 m of longitude: near enough to be shown to an operator, too far to merge at once."""


def of_kind(facts: list[Json], kind: str) -> list[Json]:
    return [fact for fact in facts if fact["kind"] == kind]


def moves(facts: list[Json], row: int) -> list[Json]:
    return [fact for fact in facts if fact["row"] == row and fact["source"] != fact["target"]]


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def doubtful(town: Town, **given: Any) -> tuple[Spot, str, str]:
    """Return a place, an open case there, and one that came after it from 30 m away."""
    spot = await town.spot()
    first = await town.file(spot, **given)
    await town.wait(first["case_no"], "dispatched")
    second = await town.file(place={"lon": spot.lon + BESIDE, "lat": spot.lat}, **given)
    return spot, first["case_no"], second["case_no"]


@pytest.mark.rows(1, 2)
@pytest.mark.triggers("E3")
async def test_row_2_a_report_nobody_triages_is_reminded_and_goes_up(leap: Leap) -> None:
    receipt = await leap.file(category=UNCHECKED)
    case = await leap.wait(receipt["case_no"], "triaging")
    number = case["case_no"]
    due = await leap.leap_to_due(number, "triage")
    assert due - when(case["received_at"]) < timedelta(hours=1, minutes=1), "one working hour from ten"

    facts = await leap.facts(number)
    (late,) = of_kind(facts, "triage_late")
    assert (late["row"], late["actor"]["role"], when(late["due"])) == (2, "engine", due)
    assert (late["data"]["owner"], (await leap.case(number))["owner"]) == (COMMAND, COMMAND)
    called = [fact for fact in facts if fact["kind"] in ("escalated", "top_reminded")]
    assert (called[0]["data"]["trigger"], when(called[0]["due"])) == ("E3", due)
    again = await leap.leap_to_due(number, "triage")
    assert again > due
    assert len(of_kind(await leap.facts(number), "triage_late")) == 2, "and again, until somebody does"


@pytest.mark.rows(7)
async def test_row_7_an_operator_confirms_a_proposed_duplicate(town: Town) -> None:
    _, master, number = await doubtful(town)
    case = await town.wait(number, "triaging")
    assert case["proposals"] == [master]
    await town.act(number, "merge_into", OPERATOR, master=master, reason="同一处")
    (merged,) = moves(await town.facts(number), 7)
    assert (merged["actor"]["role"], merged["actor"]["id"]) == ("operator", "operator-1")
    assert merged["data"] == {"master": master, "reason": "同一处"}

    async def joined() -> list[Json]:
        return of_kind(await town.facts(master), "report_joined")

    (fact,) = await town.until(joined, bool)
    assert (fact["row"], fact["data"]["merged_case"]) == (7, number)


@pytest.mark.rows(7)
async def test_row_7_the_engine_merges_the_same_place_at_once(town: Town) -> None:
    spot = await town.spot()
    master = (await town.wait((await town.file(spot))["case_no"], "dispatched"))["case_no"]
    number = (await town.wait((await town.file(spot))["case_no"], "merged"))["case_no"]
    (merged,) = moves(await town.facts(number), 7)
    assert (merged["actor"]["role"], merged["data"]["master"]) == ("engine", master)


@pytest.mark.rows(12, 13)
async def test_row_7_a_proposal_nobody_confirms_in_time_is_a_case_of_its_own(leap_sqlite: Leap) -> None:
    _, master, number = await doubtful(leap_sqlite)
    await leap_sqlite.wait(number, "triaging")
    due = await leap_sqlite.leap_to_due(number, "triage")

    case = await leap_sqlite.case(number)
    assert (case["status"], case["proposals"], case["master"]) == ("dispatched", [], None)
    facts = await leap_sqlite.facts(number)
    (unconfirmed,) = of_kind(facts, "proposals_not_confirmed")
    assert (unconfirmed["row"], when(unconfirmed["due"])) == (7, due)
    assert {moves(facts, row)[0]["actor"]["role"] for row in (12, 13)} == {"engine"}
    assert (await leap_sqlite.case(master))["reports"] == [master]


async def test_row_7_an_urgent_matter_waits_for_no_confirmation(town: Town) -> None:
    _, master, number = await doubtful(town, severity=1)
    case = await town.wait(number, "dispatched")
    assert case["proposals"] == [master], "shown all the same"


@pytest.mark.rows(12, 13)
async def test_rows_12_13_the_engine_files_what_is_certain_and_a_dispatcher_what_is_not(town: Town) -> None:
    certain = await town.dispatched(UNCHECKED)
    facts = await town.facts(certain["case_no"])
    for row in (12, 13):
        assert moves(facts, row)[0]["actor"]["role"] == "engine"
    spot = await town.spot(UNCHECKED)
    doubt = await town.wait((await town.file(spot, category=None))["case_no"], "triaging")
    case = await town.act(doubt["case_no"], "file_case", DISPATCHER, category=UNCHECKED)
    facts = await town.facts(case["case_no"])
    filed, given = moves(facts, 12)[0], moves(facts, 13)[0]
    assert {filed["actor"]["role"], given["actor"]["role"]} == {"dispatcher"}
    assert (filed["data"]["condition"], filed["data"]["limit"]) == ("accept", "7WD")
    assert (given["data"]["owner"], when(given["due"])) == (case["owner"], when(case["handling_due"]))
    assert when(filed["due"]) == when(case["total_due"])
