"""E1, E3, E4, E6 and the ladder: who is called, when exactly, and that it never ends in silence."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.case import Alarm, Status
from domain.messages import RecordCheck, ReportUp, SendBack
from domain.place import Level
from domain.policy import EscalationRules, Rung
from domain.unit import DutyHours
from tests.unit.builders import (
    CHECKER,
    CITY,
    COMMUNITY,
    DISPATCHER,
    DISTRICT,
    GRID,
    LADDER,
    MONDAY,
    REPORT,
    STREET,
    TRIAGE,
    WATER,
    ZONE,
    ZONE_LADDER,
    Played,
    a_case,
    at,
    decision,
    handler,
    limit,
    rules,
    without,
)

FRIDAY = at("2026-09-18 16:00")
AT_THE_GRID = decision(GRID, level=Level.GRID, limit=limit("15ND"))


def climbs(case: Played) -> list[tuple[datetime, object, object]]:
    """Return when the case went up, to whom, and which level that was."""
    return [(fact.at, fact.data["level"], fact.data["supervisor"]) for fact in case.of_kind("escalated")]


def on_duty(*, work: tuple[Level, ...] = (), none: tuple[Level, ...] = ()) -> tuple[Rung, ...]:
    """Return the ladder with some levels on duty in working hours only, or not at all."""
    duty = dict.fromkeys(work, DutyHours.WORK) | dict.fromkeys(none, DutyHours.NONE)
    return tuple(
        Rung(level=rung.level, unit=rung.unit, duty=duty.get(rung.level, rung.duty)) for rung in LADDER
    )


def test_e3_an_unsigned_case_climbs_five_levels_at_exact_times_of_working_days() -> None:
    case = a_case(3, start=FRIDAY, decision=AT_THE_GRID)
    case.until(at("2026-09-23 15:59"))

    # Four work hours to sign in, up at six; Saturday is off, Sunday the 20th is a make-up day.
    assert climbs(case) == [
        (at("2026-09-20 14:30"), "COMMUNITY", COMMUNITY),
        (at("2026-09-21 11:00"), "STREET", STREET),
        (at("2026-09-22 09:30"), "DISTRICT", DISTRICT),
        (at("2026-09-22 17:30"), "CITY", CITY),
    ]
    assert case.state.supervisors == (COMMUNITY, STREET, DISTRICT, CITY)
    assert (case.state.owner, case.state.level) == (GRID, Level.CITY)
    assert case.state.status is Status.DISPATCHED
    assert all(fact.due == fact.at for fact in case.of_kind("escalated"))


def test_e3_reminds_calls_and_goes_up_at_every_level() -> None:
    case = a_case(3, start=FRIDAY, decision=AT_THE_GRID)
    case.until(at("2026-09-21 11:00"))

    assert [(fact.at, fact.kind) for fact in case.facts if fact.row == 22] == [
        (at("2026-09-18 18:00"), "sign_in_reminded"),
        (at("2026-09-20 10:30"), "duty_called"),
        (at("2026-09-20 14:30"), "escalated"),
        (at("2026-09-20 16:30"), "sign_in_reminded"),
        (at("2026-09-21 09:00"), "duty_called"),
        (at("2026-09-21 11:00"), "escalated"),
    ]
    assert case.told("duty_call") == [GRID, GRID]
    assert case.told("escalation") == [COMMUNITY, GRID, STREET, GRID]
    assert case.state.level_since == at("2026-09-21 11:00")


def test_e3_an_urgent_case_climbs_through_the_night_before_a_holiday() -> None:
    case = a_case(1, start=at("2026-09-30 23:50"), decision=AT_THE_GRID)
    case.until(at("2026-10-01 01:20"))

    assert [time for time, _, _ in climbs(case)] == [
        at("2026-10-01 00:12:30"),
        at("2026-10-01 00:35"),
        at("2026-10-01 00:57:30"),
        at("2026-10-01 01:20"),
    ]


def test_e3_the_top_is_reminded_again_and_again_until_somebody_signs_in() -> None:
    case = a_case(3, start=FRIDAY, decision=AT_THE_GRID)
    case.until(at("2026-09-29 18:00"))

    assert [fact.at for fact in case.of_kind("top_reminded")] == [
        at("2026-09-23 16:00"),
        at("2026-09-24 16:00"),
        at("2026-09-25 16:00"),
        at("2026-09-28 16:00"),
        at("2026-09-29 16:00"),
    ]
    assert {fact.data["supervisor"] for fact in case.of_kind("top_reminded")} == {CITY}
    case.signed_in()
    assert case.armed("sign_in.repeat") is None


def test_e3_never_falls_silent_for_a_year() -> None:
    case = a_case(1, decision=AT_THE_GRID)
    last = MONDAY
    for _ in range(2000):
        assert case.state.deadlines, "nobody would ever look at this case again"
        assert case.state.deadlines[0].at - last <= timedelta(minutes=30)
        last = case.state.deadlines[0].at
        case.next()
    assert last > MONDAY + timedelta(days=20)


def test_an_empty_level_is_skipped_with_its_reason_at_the_same_instant() -> None:
    ladder = without(Level.COMMUNITY, Level.DISTRICT, why="merged with the street")
    case = a_case(3, start=FRIDAY, decision=AT_THE_GRID, rules=rules(3, ladder=ladder))
    case.until(at("2026-09-21 11:00"))

    assert climbs(case) == [
        (at("2026-09-20 14:30"), "STREET", STREET),
        (at("2026-09-21 11:00"), "CITY", CITY),
    ]
    skipped = case.of_kind("level_skipped")
    assert [(fact.at, fact.data["level"], fact.data["reason"]) for fact in skipped] == [
        (at("2026-09-20 14:30"), "COMMUNITY", "merged with the street"),
        (at("2026-09-21 11:00"), "DISTRICT", "merged with the street"),
    ]


def test_a_zone_has_nothing_between_its_units_and_the_city() -> None:
    zone = a_case(
        3,
        decision=decision(WATER, level=Level.STREET, limit=limit("15ND")),
        rules=rules(3, ladder=ZONE_LADDER),
    ).until(at("2026-09-15 18:00"))

    assert [supervisor for _, _, supervisor in climbs(zone)] == [ZONE, CITY]


def test_an_office_is_not_called_at_night_about_an_urgent_case() -> None:
    ladder = on_duty(work=(Level.STREET, Level.COMMUNITY))
    night = a_case(1, start=at("2026-09-14 22:00"), decision=AT_THE_GRID, rules=rules(1, ladder=ladder))
    night.until(at("2026-09-14 22:22:30"))
    assert climbs(night) == [(at("2026-09-14 22:22:30"), "DISTRICT", DISTRICT)]
    assert {fact.data["reason"] for fact in night.of_kind("level_skipped")} == {
        "off duty outside working hours"
    }

    day = a_case(1, start=at("2026-09-14 10:00"), decision=AT_THE_GRID, rules=rules(1, ladder=ladder))
    day.until(at("2026-09-14 10:22:30"))
    assert climbs(day) == [(at("2026-09-14 10:22:30"), "COMMUNITY", COMMUNITY)]


def test_the_last_one_who_can_be_told_is_told_even_off_duty() -> None:
    ladder = tuple(
        rung if rung.level is not Level.CITY else Rung(level=Level.CITY, unit=None)
        for rung in on_duty(none=(Level.COMMUNITY, Level.STREET, Level.DISTRICT))
    )
    case = a_case(1, decision=AT_THE_GRID, rules=rules(1, ladder=ladder))
    case.until(MONDAY + timedelta(minutes=60))

    assert [supervisor for _, _, supervisor in climbs(case)] == [DISTRICT]
    assert {fact.data["supervisor"] for fact in case.of_kind("top_reminded")} == {DISTRICT}


def test_triage_is_reminded_where_the_ladder_has_nobody_at_all() -> None:
    case = a_case(1, decision=AT_THE_GRID, rules=rules(1, ladder=without(*Level)))
    case.until(MONDAY + timedelta(hours=2))

    assert climbs(case) == []
    assert {fact.data["supervisor"] for fact in case.of_kind("top_reminded")} == {TRIAGE}


def test_nobody_supervises_itself() -> None:
    case = a_case(1, decision=decision(STREET, level=Level.COMMUNITY, limit=limit("24UH")))
    case.until(MONDAY + timedelta(minutes=23))

    assert [supervisor for _, _, supervisor in climbs(case)] == [DISTRICT]
    assert case.of_kind("level_skipped")[0].data["reason"] == "owns the case itself"


def test_a_worker_that_was_down_leaves_people_their_time() -> None:
    case = a_case(1, decision=AT_THE_GRID)
    case.wait(timedelta(hours=5)).fire()

    # All three marks of the sign-in clock had passed: reminder, call and one level, not four.
    assert [fact.kind for fact in case.facts if fact.row == 22] == [
        "sign_in_reminded", "duty_called", "escalated",
    ]  # fmt: skip
    assert case.of_kind("escalated")[0].due == MONDAY + timedelta(minutes=22, seconds=30)
    assert case.state.level is Level.COMMUNITY
    assert case.armed("sign_in.raise") == case.now + timedelta(minutes=22, seconds=30)


@pytest.mark.parametrize(("late", "kept"), [(0, True), (1, True), (60, True), (61, False)])
def test_a_little_lateness_does_not_move_the_next_level(late: int, *, kept: bool) -> None:
    case = a_case(1, decision=AT_THE_GRID)
    planned = MONDAY + timedelta(minutes=45)
    case.until(MONDAY + timedelta(minutes=22)).wait(timedelta(seconds=30 + late)).fire()

    assert case.armed("sign_in.raise") == (planned if kept else planned + timedelta(seconds=late))


def test_who_signs_in_late_does_not_undo_the_escalation_that_was_due() -> None:
    case = a_case(1, decision=AT_THE_GRID).wait(timedelta(minutes=30)).signed_in()

    assert [fact.kind for fact in case.facts[-4:]] == [
        "sign_in_reminded", "duty_called", "escalated", "accepted",
    ]  # fmt: skip
    assert case.state.supervisors == (COMMUNITY,)
    assert case.armed("sign_in.raise") is None


def test_e4_warns_at_80_percent_is_overdue_at_100_and_goes_up_after_each_further_limit() -> None:
    case = a_case(2, decision=decision(limit=limit("10UH"))).handling()
    case.until(MONDAY + timedelta(hours=31))

    assert [(fact.at - MONDAY, fact.kind) for fact in case.facts if fact.row == 22] == [
        (timedelta(hours=8), "handling_warned"),
        (timedelta(hours=10), "overdue"),
        (timedelta(hours=20), "escalated"),
        (timedelta(hours=30), "escalated"),
    ]
    assert [supervisor for _, _, supervisor in climbs(case)] == [DISTRICT, CITY]
    assert case.told("overdue") == [WATER, DISTRICT], "the level above gets a copy"
    assert case.state.owner == WATER


def test_e4_at_the_top_is_reminded_at_the_packs_interval() -> None:
    case = a_case(2, decision=decision(limit=limit("10UH"))).handling()
    case.until(MONDAY + timedelta(hours=42))

    reminders = [fact.at - MONDAY for fact in case.of_kind("top_reminded")]
    assert reminders[:3] == [
        timedelta(hours=40),
        timedelta(hours=40, minutes=30),
        timedelta(hours=41),
    ]


def test_e4_and_e3_run_beside_each_other() -> None:
    case = a_case(2, decision=decision(GRID, level=Level.GRID, limit=limit("30MIN")))
    case.until(MONDAY + timedelta(hours=1))

    kinds = {fact.kind for fact in case.facts if fact.row == 22}
    assert {"sign_in_reminded", "duty_called", "handling_warned", "overdue", "escalated"} <= kinds


def test_e4_stops_when_the_result_is_forwarded() -> None:
    case = a_case(2, decision=decision(limit=limit("10UH"))).submitted()

    assert [deadline.name for deadline in case.future] == [Alarm.CHECK]


def test_e6_the_second_rework_goes_up() -> None:
    case = a_case().submitted()
    case.do(SendBack, by=DISPATCHER, reason="still leaking")
    assert case.of_kind("escalated") == []
    case.submitted()
    case.do(SendBack, by=DISPATCHER, reason="still leaking")

    assert case.of_kind("escalated")[0].data["trigger"] == "E6"
    assert (case.state.reworks, case.state.level, case.state.owner) == (2, Level.DISTRICT, WATER)


def test_e6_a_failed_check_counts_as_rework() -> None:
    case = a_case(2).submitted()
    case.do(RecordCheck, by=CHECKER, passed=False, note="still leaking")
    case.submitted()
    case.do(RecordCheck, by=CHECKER, passed=False, note="still leaking")

    assert case.of_kind("escalated")[0].data["trigger"] == "E6"


def test_e6_two_unsolved_visits_go_up() -> None:
    case = a_case(4).closed()
    case.visited(solved=False)
    assert case.of_kind("escalated") == []
    case.closed()
    case.visited(solved=False)

    assert case.state.unsolved == 2
    assert case.of_kind("escalated")[0].data["trigger"] == "E6"


def test_e6_at_the_top_tells_the_top() -> None:
    case = a_case().handling()
    for _ in range(2):
        case.do(ReportUp, by=handler(WATER), reason="no crane")
    assert case.state.level is Level.CITY
    for _ in range(2):
        case.submitted()
        case.do(SendBack, by=DISPATCHER, reason="still leaking")

    assert case.of_kind("top_reminded")[-1].data == {"trigger": "E6", "supervisor": CITY, "owner": WATER}


def test_a_check_nobody_makes_is_reminded_and_goes_up_and_up() -> None:
    case = a_case(2).submitted()
    case.until(MONDAY + timedelta(hours=24))

    assert climbs(case)[0] == (MONDAY + timedelta(hours=4), "DISTRICT", DISTRICT)
    assert climbs(case)[1] == (MONDAY + timedelta(hours=8), "CITY", CITY)
    assert len(case.of_kind("top_reminded")) > 10
    assert case.told("reminder")[0] == case.state.checker


def test_triage_nobody_does_goes_up() -> None:
    case = a_case(1, decision=decision(None, level=Level.STREET))
    case.until(MONDAY + timedelta(minutes=65))

    assert climbs(case) == [
        (MONDAY + timedelta(minutes=10), "DISTRICT", DISTRICT),
        (MONDAY + timedelta(minutes=20), "CITY", CITY),
    ]
    assert case.state.owner == TRIAGE
    assert case.of_kind("top_reminded")[0].at == MONDAY + timedelta(minutes=30)


def test_a_pack_with_an_interval_of_nothing_does_not_hang_the_engine() -> None:
    given = rules(1, ladder=without(*Level))
    severity = given.severity
    nothing = EscalationRules(repeat=limit("0MIN"))

    case = a_case(1, rules=replace(given, severity=replace(severity, escalation=nothing)))
    case.wait(timedelta(days=1)).fire()

    assert case.future[0].at > case.now


def test_rework_long_after_every_mark_does_not_fall_asleep() -> None:
    case = a_case(2, decision=decision(limit=limit("1UH"))).handling()
    case.until(MONDAY + timedelta(hours=5, minutes=30)).submitted()
    due = case.state.handling_due
    case.do(RecordCheck, by=CHECKER, passed=False, note="still leaking")

    assert case.state.status is Status.HANDLING
    assert case.state.handling_due == due, "the original deadline stands"
    assert [(deadline.name, deadline.at) for deadline in case.future] == [
        (Alarm.HANDLING_RAISE, MONDAY + timedelta(hours=6))
    ]


def test_the_report_of_a_case_survives_every_level() -> None:
    case = a_case(3, start=FRIDAY, decision=AT_THE_GRID).until(FRIDAY + timedelta(days=9))
    case.handling().closed().visited(grade=5, solved=True)

    assert case.state.status is Status.EVALUATED
    assert case.told("result") == [REPORT]
