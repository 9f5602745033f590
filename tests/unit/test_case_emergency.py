"""The emergency track: three scales, reports upward with their timers, levels skipped, calls beside the case (§4.4)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.actor import ENGINE, Role
from domain.aspects import Emergency
from domain.case import Status
from domain.errors import RefusalCode
from domain.messages import CloseCase, CloseKind, MergeInto
from domain.messages_command import CallEmergency, DeclareEmergency, EventReport, ReportEvent
from domain.place import Level
from domain.policy import EmergencyRules
from tests.unit.builders import (
    CITY,
    COMMUNITY,
    DISTRICT,
    GRID,
    MONDAY,
    OPERATOR,
    POWER,
    ROADS,
    STREET,
    SYSTEM,
    TRIAGE,
    WATER,
    Played,
    a_case,
    a_full_case,
    actor,
    decision,
    full_rules,
    handler,
    limit,
    refused,
    rulebook,
    supervisor,
    without,
)

HALF_HOUR, HOUR = timedelta(minutes=30), timedelta(hours=1)
AT_THE_GRID = decision(GRID, level=Level.GRID, limit=limit("24UH"))


def track(case: Played) -> Emergency:
    assert case.state.emergency is not None
    return case.state.emergency


def report(case: Played, kind: EventReport, **fields: Any) -> None:
    given: dict[str, Any] = {"by": supervisor(DISTRICT), "to_level": Level.CITY, "text": "gas on the road"}
    case.do(ReportEvent, report=kind, **(given | fields))


def owed(case: Played) -> dict[str, timedelta]:
    return {
        one.name.value.removeprefix("emergency."): one.at - MONDAY
        for one in case.future
        if one.name.value.startswith("emergency.")
    }


def lates(case: Played) -> list[tuple[timedelta, object]]:
    return [(fact.at - MONDAY, fact.data["report"]) for fact in case.of_kind("report_late")]


# --- the track begins -------------------------------------------------------------------------------


def test_filing_a_case_of_severity_1_starts_the_track() -> None:
    case = a_full_case(1)

    assert track(case) == Emergency(since=MONDAY)
    assert owed(case) == {"phone": HALF_HOUR, "written": HOUR}
    assert case.of_kind("emergency_started")[0].due == MONDAY + HALF_HOUR


@pytest.mark.parametrize("case", [a_full_case(2), a_case(1)], ids=["severity 2", "before the rulebook"])
def test_no_other_case_is_on_it_by_itself(case: Played) -> None:
    assert case.state.emergency is None
    assert owed(case) == {}


def test_it_starts_when_a_case_is_filed_not_before() -> None:
    case = a_full_case(1, decision=decision(None))
    assert case.state.emergency is None
    case.filed()
    assert track(case).since == MONDAY


def test_a_person_declares_it_on_any_severity_with_the_usual_limits() -> None:
    case = a_full_case(4)
    case.do(DeclareEmergency, by=OPERATOR, warning=2, reason="flood warning orange")

    assert (track(case).grade, track(case).warning, track(case).response) == (None, 2, None)
    assert owed(case) == {"phone": HALF_HOUR, "written": HOUR}
    assert case.state.level is Level.STREET, "a warning is no grade of the event"


def test_limits_of_the_rules_win_over_the_usual_ones() -> None:
    swift = EmergencyRules(phone=limit("10MIN"), written=limit("20MIN"), follow_up=limit("30MIN"))
    case = a_full_case(1, rules=full_rules(1, book=rulebook(1, emergency=swift)))
    assert owed(case) == {"phone": timedelta(minutes=10), "written": timedelta(minutes=20)}
    report(case, EventReport.WRITTEN)
    assert owed(case) == {"follow_up": HALF_HOUR}


# --- the scales ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grade", "level", "unit"),
    [(1, "CITY", CITY), (2, "CITY", CITY), (3, "CITY", CITY), (4, "DISTRICT", DISTRICT)],
)
def test_the_grade_says_who_leads_at_once(grade: int, level: str, unit: str) -> None:
    case = a_full_case(3, decision=AT_THE_GRID)
    case.do(DeclareEmergency, by=OPERATOR, grade=grade, reason="gas explosion")

    assert (case.state.level.name, case.state.supervisors) == (level, (unit,))
    assert case.of_kind("escalated")[0].data["trigger"] == "E1"
    assert (case.state.owner, case.state.awaiting) == (GRID, unit)


def test_a_case_the_city_commands_already_stays_there() -> None:
    case = a_full_case(1, decision=decision(level=Level.CITY))
    case.do(DeclareEmergency, by=OPERATOR, grade=4, reason="small after all")

    assert case.state.level is Level.CITY
    assert case.of_kind("escalated") == []


def test_the_three_scales_are_three_fields_and_keep_what_is_not_named() -> None:
    case = a_full_case(1)
    case.do(DeclareEmergency, by=OPERATOR, grade=3, reason="first look")
    case.do(DeclareEmergency, by=supervisor(CITY), response=2, warning=1, reason="city order")

    assert (track(case).grade, track(case).warning, track(case).response) == (3, 1, 2)
    assert track(case).since == MONDAY, "one track, not two"
    graded = case.of_kind("emergency_graded")[-1]
    assert graded.data == {"warning": 1, "response": 2, "reason": "city order"}
    assert graded.actor == supervisor(CITY)


@pytest.mark.parametrize("scale", ["grade", "warning", "response"])
@pytest.mark.parametrize("value", [0, 5, -1])
def test_every_scale_runs_from_1_to_4(scale: str, value: int) -> None:
    case = a_full_case(1)
    with refused(case, RefusalCode.OUT_OF_SCALE):
        case.do(DeclareEmergency, by=OPERATOR, reason="flood", **{scale: value})


def test_an_emergency_is_declared_with_a_reason_under_the_rulebook() -> None:
    case, old = a_full_case(3), a_case(3)
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(DeclareEmergency, by=OPERATOR, grade=1, reason="")
    with refused(old, RefusalCode.RULEBOOK_REQUIRED):
        old.do(DeclareEmergency, by=OPERATOR, grade=1, reason="flood")


def test_a_grade_given_in_triage_counts_when_the_case_is_filed() -> None:
    case = a_full_case(3, decision=decision(None))
    case.do(DeclareEmergency, by=OPERATOR, grade=2, reason="gas explosion")
    assert case.state.status is Status.TRIAGING
    case.filed()

    assert case.state.level is Level.CITY
    assert track(case).since == MONDAY


# --- reports upward -----------------------------------------------------------------------------------------


def test_the_ordinary_course_of_reports() -> None:
    case = a_full_case(1)
    case.wait(timedelta(minutes=20))
    report(case, EventReport.PHONE)
    assert owed(case) == {"written": HOUR, "follow_up": timedelta(minutes=140)}
    case.until(MONDAY + timedelta(minutes=50))
    report(case, EventReport.WRITTEN)
    assert owed(case) == {"follow_up": timedelta(minutes=170)}
    case.until(MONDAY + timedelta(hours=2))
    report(case, EventReport.FOLLOW_UP)
    assert owed(case) == {"follow_up": timedelta(hours=4)}
    report(case, EventReport.FINAL)

    assert owed(case) == {}
    made = track(case)
    assert (made.phoned_at, made.written_at) == (
        MONDAY + timedelta(minutes=20),
        MONDAY + timedelta(minutes=50),
    )
    assert (made.last_at, made.final_at) == (case.now, case.now)
    assert (made.reports, made.late) == (4, 0)
    facts = case.of_kind("event_reported")
    assert [fact.due for fact in facts] == [
        MONDAY + HALF_HOUR,
        MONDAY + HOUR,
        MONDAY + timedelta(minutes=170),
        None,
    ]
    assert all(fact.data["on_time"] for fact in facts)


def test_what_is_in_writing_first_needs_no_call() -> None:
    case = a_full_case(1)
    report(case, EventReport.WRITTEN)
    assert owed(case) == {"follow_up": timedelta(hours=2)}


def test_a_follow_up_replaces_neither_call_nor_writing() -> None:
    case = a_full_case(1)
    report(case, EventReport.FOLLOW_UP)
    assert owed(case) == {"phone": HALF_HOUR, "written": HOUR, "follow_up": timedelta(hours=2)}


def test_reports_that_are_not_made_are_facts_told_above_and_asked_for_until_they_are() -> None:
    case = a_full_case(1).signed_in()
    case.until(MONDAY + timedelta(minutes=95))

    assert lates(case) == [
        (HALF_HOUR, "phone"),
        (HOUR, "phone"),
        (HOUR, "written"),
        (timedelta(minutes=90), "phone"),
        (timedelta(minutes=90), "written"),
    ]
    assert track(case).late == 2, "each report is late once"
    assert case.told("event_report_late")[:2] == [WATER, DISTRICT]
    report(case, EventReport.WRITTEN)
    fact = case.of_kind("event_reported")[0]
    assert (fact.due, fact.data["on_time"]) == (MONDAY + HOUR, False)
    assert owed(case) == {"follow_up": timedelta(minutes=215)}
    case.until(MONDAY + timedelta(hours=4))
    assert lates(case)[5:] == [(timedelta(minutes=215), "follow_up")]
    assert track(case).late == 3
    report(case, EventReport.FOLLOW_UP)
    assert case.of_kind("event_reported")[-1].data["on_time"] is False
    assert owed(case) == {"follow_up": timedelta(hours=6)}


def test_late_at_the_top_is_told_to_triage() -> None:
    case = a_full_case(1, decision=decision(level=Level.CITY)).signed_in()
    case.until(MONDAY + HALF_HOUR)
    assert case.told("event_report_late") == [WATER, TRIAGE]


def test_a_report_past_levels_says_which_and_the_addressed_joins_the_command() -> None:
    case = a_full_case(1, decision=AT_THE_GRID)
    report(case, EventReport.PHONE, by=actor(Role.LEADER, GRID), to_level=Level.DISTRICT)

    fact = case.of_kind("event_reported")[0]
    assert (fact.data["skipped"], fact.data["to"]) == (["COMMUNITY", "STREET"], DISTRICT)
    assert case.state.supervisors == (DISTRICT,)
    assert case.told("event_report") == [DISTRICT]
    assert (case.state.owner, case.state.level) == (GRID, Level.GRID)


@pytest.mark.parametrize(
    ("by", "to", "skipped"),
    [
        (STREET, Level.DISTRICT, None),
        (COMMUNITY, Level.CITY, ["STREET", "DISTRICT"]),
        (CITY, Level.CITY, None),
    ],
)
def test_levels_are_skipped_from_where_the_reporter_stands(
    by: str, to: Level, skipped: list[str] | None
) -> None:
    case = a_full_case(1)
    report(case, EventReport.PHONE, by=supervisor(by), to_level=to)
    assert case.of_kind("event_reported")[0].data.get("skipped") == skipped


def test_a_level_without_anybody_is_the_next_above() -> None:
    case = a_full_case(1, rules=full_rules(1, ladder=without(Level.DISTRICT)))
    report(case, EventReport.PHONE, by=handler(WATER), to_level=Level.DISTRICT)
    assert case.of_kind("event_reported")[0].data["to"] == CITY
    nobody = a_full_case(1, rules=full_rules(1, ladder=without(*Level)))
    report(nobody, EventReport.PHONE, by=handler(WATER))
    assert nobody.of_kind("event_reported")[0].data["to"] == TRIAGE


def test_what_a_report_needs() -> None:
    case, calm = a_full_case(1), a_full_case(2)
    with refused(calm, RefusalCode.NO_EMERGENCY):
        report(calm, EventReport.PHONE)
    with refused(case, RefusalCode.REASON_REQUIRED):
        report(case, EventReport.PHONE, text=" ")
    report(case, EventReport.FINAL)
    with refused(case, RefusalCode.ITEM_SETTLED):
        report(case, EventReport.FOLLOW_UP)


@pytest.mark.parametrize(
    ("dead", "injured", "grade"),
    [(0, 9, None), (2, 0, None), (3, 0, 3), (0, 10, 3), (10, 0, 2), (9, 50, 2), (30, 0, 1), (0, 100, 1)],
)
def test_figures_that_reach_an_accident_grade_raise_the_events(
    dead: int, injured: int, grade: int | None
) -> None:
    case = a_full_case(1)
    report(case, EventReport.PHONE, dead=dead, injured=injured)

    assert track(case).grade == grade
    graded = case.of_kind("emergency_graded")
    assert len(graded) == (0 if grade is None else 1)
    if grade is not None:
        assert graded[0].actor == ENGINE
        assert str(graded[0].data["rule"]).startswith("生产安全事故报告和调查处理条例 3")
        assert case.state.level is Level.CITY


def test_figures_never_lower_a_grade() -> None:
    case = a_full_case(1)
    case.do(DeclareEmergency, by=OPERATOR, grade=2, reason="gas explosion")
    report(case, EventReport.PHONE, dead=3)
    assert track(case).grade == 2
    report(case, EventReport.WRITTEN, dead=30)
    assert track(case).grade == 1


# --- its end ------------------------------------------------------------------------------------------------


def test_no_case_closes_without_the_final_report() -> None:
    case = a_full_case(1).submitted()
    explained: dict[str, Any] = {"close_kind": CloseKind.EXPLAINED, "reason": "made safe by others"}
    with refused(case, RefusalCode.EMERGENCY_OPEN):
        case.do(CloseCase, by=supervisor(CITY), **explained)
    report(case, EventReport.FINAL)
    case.do(CloseCase, by=supervisor(CITY), **explained)

    assert case.state.status is Status.VISITING
    assert owed(case) == {}


def test_a_track_that_ended_can_begin_again() -> None:
    case = a_full_case(1)
    report(case, EventReport.FINAL)
    case.wait(HOUR)
    case.do(DeclareEmergency, by=OPERATOR, grade=3, reason="it burns again")

    assert (track(case).since, track(case).final_at) == (MONDAY + HOUR, None)
    assert owed(case) == {"phone": HOUR + HALF_HOUR, "written": HOUR + HOUR}


def test_a_merged_case_owes_no_report() -> None:
    case = a_full_case(2, decision=decision(None))
    case.do(DeclareEmergency, by=OPERATOR, grade=4, reason="smoke")
    case.do(MergeInto, by=OPERATOR, master="20260914-0000-0002")
    assert case.future == ()


# --- 110, 119, 120 ---------------------------------------------------------------------------------------------


def test_a_service_is_called_beside_the_case() -> None:
    case = a_full_case(1)
    before = case.future
    case.do(CallEmergency, by=handler(WATER), service="PEER-119", note="smoke", reference="119-77")

    fact = case.facts[-1]
    assert (fact.kind, fact.data) == (
        "emergency_called",
        {"service": "PEER-119", "note": "smoke", "reference": "119-77"},
    )
    assert case.told("emergency_call") == ["PEER-119"]
    assert (case.future, case.state.owner) == (before, WATER)


def test_a_unit_that_has_no_part_in_the_case_neither_reports_nor_calls() -> None:
    case = a_full_case(1, decision=decision(co_handlers=(ROADS,)))
    with refused(case, RefusalCode.NOT_YOUR_ITEM):
        report(case, EventReport.PHONE, by=handler(POWER))
    with refused(case, RefusalCode.NOT_YOUR_ITEM):
        case.do(CallEmergency, by=actor(Role.LEADER, POWER), service="PEER-119")
    report(case, EventReport.PHONE, by=handler(ROADS))
    assert track(case).reports == 1


def test_nobody_is_called_by_the_engine() -> None:
    case = a_full_case(1, tags=("leader_instruction",)).until(MONDAY + timedelta(days=2))
    assert case.told("emergency_call") == []
    with refused(case, RefusalCode.ROLE_NOT_ALLOWED):
        case.do(CallEmergency, by=SYSTEM, service="PEER-119")


def test_an_engine_that_was_down_asks_once_and_goes_on_from_now() -> None:
    case = a_full_case(1).signed_in()
    case.wait(timedelta(hours=7)).fire()

    assert [fact.data["report"] for fact in case.of_kind("report_late")] == ["phone", "written"]
    back: datetime = case.now
    assert case.armed("emergency.phone") == back + HALF_HOUR
