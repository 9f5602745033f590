"""Rows 1, 2, 7, 12 and 13: a report becomes a case, and the case gets its owner."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.case import ReportRef, Status
from domain.decide import REMEMBERED, decide
from domain.decision import Shortfall
from domain.errors import RefusalCode
from domain.messages import FileCase, JoinReport, MergeInto, SignIn
from domain.place import Level, Place
from domain.policy import CityClock
from tests.unit.builders import (
    CITY,
    COMMUNITY,
    DISTRICT,
    GRID,
    MONDAY,
    OPERATOR,
    POWER,
    REPORT,
    ROADS,
    STREET,
    TRIAGE,
    WATER,
    ZONE_LADDER,
    a_case,
    at,
    decision,
    handler,
    limit,
    refused,
    rules,
)

OTHER = "20260914-0000-0002"
NO_UNIT = decision(None, shortfall=Shortfall.NO_UNIT)


def test_rows_1_2_12_13_follow_each_other_at_once_where_routing_is_sure() -> None:
    case = a_case()

    assert [(fact.row, fact.source, fact.target) for fact in case.facts] == [
        (1, None, Status.RECEIVED),
        (2, Status.RECEIVED, Status.TRIAGING),
        (12, Status.TRIAGING, Status.FILED),
        (13, Status.FILED, Status.DISPATCHED),
    ]
    assert case.facts[0].data == {"channel": "hotline", "report": REPORT}
    assert case.facts[1].data["areas"] == ["c", "c-d1", "c-d1-s1", "c-d1-s1-c1", "c-d1-s1-c1-g1"]
    assert (case.state.owner, case.state.handlers) == (WATER, (WATER,))
    assert case.state.reports == (ReportRef(report_no=REPORT),)


def test_row_13_starts_the_handling_clock_and_row_12_fixes_the_total_one() -> None:
    case = a_case(decision=decision(limit=limit("2WD")))

    assert case.state.handling_from == case.state.dispatched_at == MONDAY
    assert case.state.handling_due == at("2026-09-16 09:00")
    assert case.state.total_due == at("2026-09-17 09:00"), "two days to handle, one to check and close"
    assert case.armed("sign_in.remind") == at("2026-09-14 11:00")
    assert case.armed("sign_in.call") == at("2026-09-14 15:00")
    assert case.armed("sign_in.raise") == at("2026-09-14 17:00")
    assert case.armed("handling.raise") == at("2026-09-18 09:00")


def test_the_owner_the_co_handlers_and_those_who_get_a_copy_are_told() -> None:
    case = a_case(decision=decision(co_handlers=(POWER, ROADS), copy_to=(DISTRICT, WATER)))

    assert case.told("assignment") == [WATER, POWER, ROADS, DISTRICT]
    assert [notice.context.get("copy") for notice in case.notices] == [None, None, None, True]
    assert [notice.n for notice in case.notices] == [0, 1, 2, 3]


def test_a_condition_without_a_limit_gets_that_of_its_severity() -> None:
    assert a_case(4, decision=decision(limit=None)).state.handling_limit == limit("15ND")


def test_a_missing_cover_on_the_eve_of_a_holiday_is_due_in_the_night() -> None:
    case = a_case(1, start=at("2026-09-30 23:50"), decision=decision(limit=limit("2UH")))

    assert case.state.handling_due == at("2026-10-01 01:50")


def test_five_working_days_count_a_make_up_sunday() -> None:
    case = a_case(3, start=at("2026-09-17 10:00"), decision=decision(limit=limit("5WD")))

    assert case.state.handling_due == at("2026-09-23 10:00"), "Friday, Sunday the 20th, Monday to Wednesday"


def test_a_shop_outside_its_shop_on_friday_evening_runs_on_after_the_weekend() -> None:
    case = a_case(3, start=at("2026-09-11 17:30"), decision=decision(limit=limit("2WH")))

    assert case.state.handling_due == at("2026-09-14 10:00")


def test_a_year_nobody_has_published_is_said_so() -> None:
    far = a_case(4, start=at("2027-12-30 10:00"), decision=decision(limit=limit("5WD")))

    assert far.state.unknown_year
    assert not a_case().state.unknown_year


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("no unit found", {"decision": NO_UNIT}),
        ("routing is not sure", {"decision": decision(confidence=0.4)}),
        ("perhaps a duplicate", {"proposals": (OTHER,)}),
    ],
)
def test_row_2_waits_for_triage_and_somebody_is_accountable(why: str, changes: dict[str, Any]) -> None:
    case = a_case(**changes)

    assert case.state.status is Status.TRIAGING, why
    assert case.state.owner == TRIAGE
    assert case.armed("triage") == at("2026-09-14 10:00")
    assert case.told("reminder") == [TRIAGE]
    assert case.facts[-1].kind == "triage_waits"


def test_an_urgent_case_is_not_kept_waiting_for_a_possible_duplicate() -> None:
    case = a_case(2, proposals=(OTHER,))

    assert case.state.status is Status.DISPATCHED
    assert case.state.proposals == (OTHER,)


def test_a_duplicate_nobody_confirms_goes_to_its_owner() -> None:
    case = a_case(proposals=(OTHER,))
    case.next()

    assert case.state.status is Status.DISPATCHED
    assert [fact.kind for fact in case.facts[-3:]] == ["proposals_not_confirmed", "filed", "dispatched"]
    assert case.state.handling_from == at("2026-09-14 10:00")


def test_an_owner_routing_is_not_sure_of_is_never_taken_unseen() -> None:
    case = a_case(decision=decision(confidence=0.4), proposals=(OTHER,))
    case.until(MONDAY + timedelta(days=30))

    assert case.state.status is Status.TRIAGING
    assert case.state.supervisors == (DISTRICT, CITY)
    assert case.of_kind("top_reminded"), "the city hears of it again and again"


def test_rows_12_13_by_hand_use_what_triage_found() -> None:
    case = a_case(decision=NO_UNIT, place=Place())
    case.wait(timedelta(minutes=20)).filed(
        category="roads.hole",
        category_name="路面坑洞",
        decision=decision(ROADS),
        site_check=True,
        reason="seen",
    )

    assert (case.state.status, case.state.owner) == (Status.DISPATCHED, ROADS)
    assert (case.state.category, case.state.category_name) == ("roads.hole", "路面坑洞")
    assert case.state.place.chain
    assert case.state.site_check
    assert case.state.handling_from == MONDAY + timedelta(minutes=20)
    assert [fact.kind for fact in case.facts[-3:]] == ["triaged", "filed", "dispatched"]
    assert {fact.actor for fact in case.facts[-3:]} == {OPERATOR}
    assert case.armed("triage") is None


def test_triage_by_hand_grades_and_places_anew_but_leaves_the_clock_alone() -> None:
    case = a_case(4, decision=NO_UNIT, rules=replace(rules(4, ladder=ZONE_LADDER), clock=CityClock(speed=60)))
    case.filed(decision=decision(GRID, level=Level.GRID, limit=limit("2UH")), rules=rules(1))

    assert (case.state.severity, case.state.urgent) == (1, True)
    assert case.state.rules == replace(rules(1), clock=CityClock(speed=60))
    case.until(MONDAY + timedelta(minutes=23))
    assert case.state.supervisors == (COMMUNITY,), "the new place's ladder, on the new severity's clock"


def test_triage_cannot_file_without_an_owner() -> None:
    case = a_case(decision=NO_UNIT)
    with refused(case, RefusalCode.LEAD_REQUIRED):
        case.filed(decision=NO_UNIT)


def test_a_case_is_filed_once() -> None:
    case = a_case()
    with refused(case, RefusalCode.NOT_ALLOWED_IN_STATE):
        case.do(FileCase, by=OPERATOR, category="x", place=Place(), decision=decision())


def test_row_7_at_once_where_routing_knows_the_master() -> None:
    case = a_case(1, master=OTHER)

    assert (case.state.status, case.state.master) == (Status.MERGED, OTHER)
    assert case.future == ()
    assert case.told("merged") == [REPORT]


def test_row_7_by_hand_answers_every_reporter_of_the_case() -> None:
    case = a_case(proposals=(OTHER,)).joined("R-2")
    case.do(MergeInto, by=OPERATOR, master=OTHER)

    assert case.state.status is Status.MERGED
    assert case.told("merged") == [REPORT, "R-2"]
    assert case.facts[-1].data == {"master": OTHER, "reason": "confirmed by operator"}


def test_a_case_is_not_merged_into_itself() -> None:
    case = a_case(proposals=(OTHER,))
    with refused(case, RefusalCode.MERGE_INTO_ITSELF):
        case.do(MergeInto, by=OPERATOR, master=case.state.case_no)


def test_an_ended_case_takes_nothing_more() -> None:
    case = a_case(master=OTHER)
    with refused(case, RefusalCode.CASE_ENDED):
        case.filed()
    assert case.wait(timedelta(days=90)).fire().facts == ()


def test_a_joined_report_is_counted_once_and_answered_like_the_first() -> None:
    case = a_case().joined("R-2").joined("R-2").joined("R-3", wants_visit=False)
    assert [report.report_no for report in case.state.reports] == [REPORT, "R-2", "R-3"]
    assert [fact.data["report"] for fact in case.of_kind("report_joined")] == ["R-2", "R-3"]

    case.closed()
    assert case.told("result") == [REPORT, "R-2", "R-3"]


def test_who_joins_a_closed_case_hears_its_result_at_once() -> None:
    case = a_case().closed().joined("R-2")

    assert case.told("result") == [REPORT, "R-2"]
    assert case.notices[-1].context["close_kind"] == "solved"
    assert case.state.status is Status.VISITING


def test_only_the_engine_joins_reports() -> None:
    case = a_case()
    with refused(case, RefusalCode.ROLE_NOT_ALLOWED):
        case.do(JoinReport, by=OPERATOR, report_no="R-2", merged_case=OTHER)


def test_e1_a_severe_case_is_commanded_from_the_level_of_its_severity_at_once() -> None:
    case = a_case(1, rules=rules(1, floor=Level.DISTRICT))

    assert (case.state.level, case.state.owner) == (Level.DISTRICT, WATER)
    assert case.state.supervisors == (DISTRICT,)
    assert case.of_kind("escalated")[0].data["trigger"] == "E1"
    assert DISTRICT in case.told("escalation")


def test_e1_leaves_a_case_alone_that_enters_high_enough() -> None:
    case = a_case(1, rules=rules(1, floor=Level.STREET))

    assert case.of_kind("escalated") == []
    assert case.state.level is Level.STREET


def test_the_same_request_answers_the_same_and_changes_nothing() -> None:
    case = a_case()
    sign_in = SignIn(request_id="q-1", actor=handler(WATER), assignee="zhang")
    first = decide(case.state, sign_in, MONDAY)
    again = decide(first.state, sign_in, MONDAY + timedelta(days=20))

    assert again == first


def test_only_the_owner_signs_in() -> None:
    case = a_case()
    with refused(case, RefusalCode.NOT_THE_OWNER):
        case.do(SignIn, by=handler(STREET))


def test_a_request_is_remembered_through_the_next_sixty_three() -> None:
    case = a_case()
    sign_in = SignIn(request_id="first", actor=handler(WATER))
    first = case.keep(decide(case.state, sign_in, MONDAY))
    for number in range(REMEMBERED - 1):
        case.joined(f"R-{number + 2}")

    assert decide(case.state, sign_in, MONDAY).facts == first.facts
    case.joined("R-99")
    with refused(case, RefusalCode.NOT_ALLOWED_IN_STATE):
        decide(case.state, sign_in, MONDAY)
