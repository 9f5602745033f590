"""Row 22 by hand and under the rulebook: a supervisor answers or is passed over, clocks per level, jumps."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.actor import Role
from domain.case import Trigger
from domain.errors import RefusalCode
from domain.messages import Reassign
from domain.messages_command import Acknowledge, JumpLevel
from domain.place import Level
from domain.policy import Rung
from domain.unit import DutyHours
from tests.unit.builders import (
    CITY,
    COMMUNITY,
    DISTRICT,
    GRID,
    LADDER,
    MONDAY,
    POWER,
    STREET,
    TRIAGE,
    WATER,
    Played,
    a_case,
    a_full_case,
    actor,
    at,
    decision,
    full_rules,
    limit,
    refused,
    supervisor,
    without,
)

AT_THE_GRID = decision(GRID, level=Level.GRID, limit=limit("15ND"))


def escalations(case: Played) -> list[tuple[timedelta, object, object]]:
    return [
        (fact.at - MONDAY, fact.data["trigger"], fact.data["supervisor"])
        for fact in case.of_kind("escalated")
    ]


# --- the word of a supervisor -------------------------------------------------------------------


def test_a_supervisor_called_is_awaited_and_its_clock_has_two_reminders_and_an_end() -> None:
    case = a_full_case(2)
    case.until(MONDAY + timedelta(minutes=22, seconds=30))

    assert case.state.awaiting == DISTRICT
    called = case.now
    assert [(one.item, one.at - called) for one in case.future if one.name.value == "acknowledge.due"] == [
        ("first", timedelta(minutes=7, seconds=30)),
        ("second", timedelta(minutes=12)),
        ("", timedelta(minutes=15)),
    ]


def test_the_word_of_a_normal_case_is_awaited_in_working_hours() -> None:
    case = a_full_case(3, start=at("2026-09-18 16:00"))
    case.do(JumpLevel, by=supervisor(STREET), level=Level.DISTRICT, reason="press on site")

    # Four work hours from Friday 16:00: two on Friday, two on the make-up Sunday.
    assert case.armed("acknowledge.due", "") == at("2026-09-20 10:30")
    assert case.armed("acknowledge.due", "first") == at("2026-09-18 18:00")


@pytest.mark.parametrize("unit", [DISTRICT, CITY])
def test_the_supervisor_called_or_a_level_above_acknowledges(unit: str) -> None:
    case = a_full_case(2).until(MONDAY + timedelta(minutes=23))
    case.do(Acknowledge, by=supervisor(unit), note="seen")

    assert case.state.awaiting is None
    assert case.armed("acknowledge.due") is None
    assert case.facts[-1].kind == "acknowledged"
    assert case.facts[-1].data == {"supervisor": DISTRICT, "unit": unit, "note": "seen"}


@pytest.mark.parametrize("unit", [STREET, WATER, TRIAGE])
def test_nobody_below_or_beside_acknowledges(unit: str) -> None:
    case = a_full_case(2).until(MONDAY + timedelta(minutes=23))
    with refused(case, RefusalCode.NOBODY_TO_ACKNOWLEDGE):
        case.do(Acknowledge, by=supervisor(unit))


def test_once_is_enough() -> None:
    case = a_full_case(2).until(MONDAY + timedelta(minutes=23))
    case.do(Acknowledge, by=supervisor(DISTRICT))
    with refused(case, RefusalCode.NOBODY_TO_ACKNOWLEDGE):
        case.do(Acknowledge, by=supervisor(DISTRICT))


def test_who_does_not_answer_is_passed_over_and_the_top_is_reminded_for_ever() -> None:
    case = a_full_case(2, decision=decision(limit=limit("24UH"))).signed_in()
    case.do(JumpLevel, by=supervisor(STREET), level=Level.DISTRICT, reason="press on site")
    case.until(MONDAY + timedelta(minutes=95))

    assert escalations(case) == [
        (timedelta(0), "jump", DISTRICT),
        (timedelta(minutes=15), "ack", CITY),
    ]
    assert [(fact.at - MONDAY, fact.data["supervisor"]) for fact in case.of_kind("acknowledge_reminded")] == [
        (timedelta(minutes=7, seconds=30), DISTRICT),
        (timedelta(minutes=12), DISTRICT),
        (timedelta(minutes=22, seconds=30), CITY),
        (timedelta(minutes=27), CITY),
    ]
    assert [fact.at - MONDAY for fact in case.of_kind("top_reminded")] == [
        timedelta(minutes=30),
        timedelta(minutes=60),
        timedelta(minutes=90),
    ]
    assert case.state.owner == WATER
    assert case.state.awaiting == CITY
    case.do(Acknowledge, by=supervisor(CITY))
    assert case.armed("acknowledge.due") is None


def test_of_several_escalations_the_newest_is_awaited() -> None:
    case = a_full_case(2)
    case.do(JumpLevel, by=supervisor(STREET), level=Level.DISTRICT, reason="press on site")
    case.do(JumpLevel, by=supervisor(DISTRICT), level=Level.CITY, reason="more press on site")

    assert case.state.awaiting == CITY
    assert len([one for one in case.future if one.name.value == "acknowledge.due"]) == 3


def test_an_engine_that_was_down_leaves_the_awaited_its_time() -> None:
    case = a_full_case(2, decision=AT_THE_GRID).signed_in()
    case.do(JumpLevel, by=supervisor(COMMUNITY), level=Level.STREET, reason="too big")
    case.wait(timedelta(hours=5)).fire()

    assert [unit for _, trigger, unit in escalations(case) if trigger == "ack"] == [DISTRICT]
    assert case.armed("acknowledge.due", "") == case.now + timedelta(minutes=15)


def test_who_gives_the_case_to_somebody_has_seen_it() -> None:
    case = a_full_case(2).until(MONDAY + timedelta(minutes=23))
    case.do(Reassign, by=supervisor(DISTRICT), lead=POWER, reason="a cable")

    assert case.state.awaiting is None


def test_nobody_waits_for_the_word_of_the_new_owner() -> None:
    case = a_full_case(2).until(MONDAY + timedelta(minutes=23))
    case.do(Reassign, by=supervisor(CITY), lead=DISTRICT, reason="take it yourselves")

    assert (case.state.owner, case.state.awaiting) == (DISTRICT, None)


def test_a_closed_case_awaits_nobody() -> None:
    case = a_full_case(3)
    case.do(JumpLevel, by=supervisor(STREET), level=Level.DISTRICT, reason="press on site")
    case.closed()

    assert case.state.awaiting is None
    assert case.armed("acknowledge.due") is None


def test_a_case_begun_before_the_rulebook_awaits_nobody_and_has_no_second_reminders() -> None:
    case = a_case(2).until(MONDAY + timedelta(minutes=23))

    assert case.of_kind("escalated")
    assert case.state.awaiting is None
    assert all(not one.item for one in case.future)


# --- two clocks at each level --------------------------------------------------------------------


def test_both_clocks_of_the_owner_are_reminded_at_50_and_80_percent() -> None:
    case = a_full_case(2, decision=decision(limit=limit("10UH"))).until(MONDAY + timedelta(minutes=16))
    reminded = [(fact.at - MONDAY, fact.kind) for fact in case.facts if fact.row == 22]
    assert reminded == [
        (timedelta(minutes=7, seconds=30), "sign_in_reminded"),
        (timedelta(minutes=12), "sign_in_reminded"),
        (timedelta(minutes=15), "duty_called"),
    ]
    case.handling().until(MONDAY + timedelta(hours=9))
    assert [fact.at - MONDAY for fact in case.of_kind("handling_warned")] == [
        timedelta(hours=5),
        timedelta(hours=8),
    ]


def test_each_level_has_a_whole_limit_to_see_it_solved_and_is_reminded_twice() -> None:
    case = a_full_case(2, decision=decision(limit=limit("10UH"))).handling()
    case.until(MONDAY + timedelta(hours=20))
    assert escalations(case) == [(timedelta(hours=20), "E4", DISTRICT)]
    case.do(Acknowledge, by=supervisor(DISTRICT))
    case.until(MONDAY + timedelta(hours=30))

    assert [(fact.at - MONDAY, fact.data["supervisor"]) for fact in case.of_kind("level_reminded")] == [
        (timedelta(hours=25), DISTRICT),
        (timedelta(hours=28), DISTRICT),
    ]
    assert escalations(case)[1:] == [(timedelta(hours=30), "E4", CITY)]


def test_a_level_called_for_another_reason_has_its_whole_limit_too() -> None:
    case = a_full_case(2, decision=decision(limit=limit("10UH"))).handling()
    case.until(MONDAY + timedelta(hours=19, minutes=59))
    case.do(JumpLevel, by=supervisor(STREET), level=Level.DISTRICT, reason="press on site")

    assert case.armed("handling.raise") == case.now + timedelta(hours=10)


def test_a_level_called_early_takes_nothing_from_the_clock() -> None:
    case = a_full_case(2, decision=decision(limit=limit("10UH"))).handling()
    case.do(JumpLevel, by=supervisor(STREET), level=Level.DISTRICT, reason="press on site")

    assert case.armed("handling.raise") == MONDAY + timedelta(hours=20)


# --- straight to a level (越级) --------------------------------------------------------------------


def test_a_jump_records_what_it_skipped_and_why() -> None:
    case = a_full_case(3, decision=AT_THE_GRID)
    case.do(JumpLevel, by=supervisor(COMMUNITY), level=Level.DISTRICT, reason="gas smell")

    assert [(fact.kind, fact.data.get("level"), fact.data.get("reason")) for fact in case.facts[-4:]] == [
        ("jumped", "DISTRICT", "gas smell"),
        ("level_skipped", "COMMUNITY", "gas smell"),
        ("level_skipped", "STREET", "gas smell"),
        ("escalated", "DISTRICT", None),
    ]
    assert (case.state.level, case.state.owner) == (Level.DISTRICT, GRID)
    assert case.facts[-1].data["trigger"] == Trigger.JUMP.value
    assert case.told("escalation") == [DISTRICT, GRID]


def test_nobody_there_is_the_next_above_that_has_somebody() -> None:
    case = a_full_case(3, decision=AT_THE_GRID, rules=full_rules(3, ladder=without(Level.DISTRICT)))
    case.do(JumpLevel, by=supervisor(STREET), level=Level.DISTRICT, reason="gas smell")

    assert case.state.level is Level.CITY
    assert ("DISTRICT", "vacant") in [
        (fact.data["level"], fact.data["reason"]) for fact in case.of_kind("level_skipped")
    ]


@pytest.mark.parametrize("level", [Level.STREET, Level.COMMUNITY])
def test_a_jump_goes_up(level: Level) -> None:
    case = a_full_case(3)
    with refused(case, RefusalCode.NOT_ABOVE):
        case.do(JumpLevel, by=supervisor(DISTRICT), level=level, reason="down")


def test_a_jump_where_there_is_nobody_above_at_all_is_refused() -> None:
    case = a_full_case(3, rules=full_rules(3, ladder=without(Level.DISTRICT, Level.CITY)))
    with refused(case, RefusalCode.TOP_LEVEL):
        case.do(JumpLevel, by=supervisor(STREET), level=Level.CITY, reason="gas smell")


def test_the_owners_leader_jumps_and_its_dispatcher_does_not() -> None:
    case = a_full_case(3)
    with refused(case, RefusalCode.NOT_YOUR_ITEM):
        case.do(JumpLevel, by=actor(Role.DISPATCHER, WATER), level=Level.CITY, reason="gas smell")
    with refused(case, RefusalCode.NOT_YOUR_ITEM):
        case.do(JumpLevel, by=actor(Role.LEADER, POWER), level=Level.CITY, reason="gas smell")
    case.do(JumpLevel, by=actor(Role.LEADER, WATER), level=Level.CITY, reason="gas smell")
    assert case.state.supervisors == (CITY,)


def test_a_jump_says_why() -> None:
    case = a_full_case(3)
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(JumpLevel, by=supervisor(CITY), level=Level.CITY, reason=" ")


# --- a level with nobody there ------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "called"), [("2026-09-14 10:00", STREET), ("2026-09-14 22:00", DISTRICT)])
def test_a_rota_says_who_is_skipped_at_night(start: str, called: str) -> None:
    days = tuple((day * 1440 + 480, day * 1440 + 1080) for day in range(7))
    ladder = tuple(
        replace(rung, duty=DutyHours.ROTA, windows=days) if rung.level is Level.STREET else rung
        for rung in LADDER
    )
    case = a_full_case(
        2,
        start=at(start),
        decision=decision(COMMUNITY, level=Level.COMMUNITY),
        rules=full_rules(2, ladder=ladder),
    )
    case.until(at(start) + timedelta(minutes=23))

    assert case.state.supervisors == (called,)
    skipped = [fact.data["reason"] for fact in case.of_kind("level_skipped")]
    assert skipped == ([] if called == STREET else ["nobody on duty by the rota"])


def test_a_rota_without_any_hours_is_nobody() -> None:
    empty = Rung(level=Level.DISTRICT, unit=DISTRICT, duty=DutyHours.ROTA)
    ladder = tuple(empty if rung.level is Level.DISTRICT else rung for rung in LADDER)
    case = a_full_case(3, rules=full_rules(3, ladder=ladder))
    case.do(JumpLevel, by=supervisor(STREET), level=Level.DISTRICT, reason="press on site")

    assert case.state.level is Level.CITY
