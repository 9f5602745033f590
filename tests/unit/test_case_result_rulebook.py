"""Rows 16, 19, 27–29, 31–34, 36 under the whole rulebook; a case begun before it goes on as it began."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actor import Role
from domain.aspects import TaskKind
from domain.case import Status
from domain.errors import RefusalCode
from domain.messages import (
    CancelCase,
    CloseCase,
    GrantReturn,
    Reassign,
    RecordCheck,
    RequestCheck,
    RequestReturn,
    Rule,
    SendBack,
)
from domain.messages_duty import AssignTask
from domain.place import LocateMethod, metres_between
from domain.policy import CheckRule
from tests.unit.builders import (
    CHECKER,
    CITY,
    COMMUNITY,
    DISPATCHER,
    DISTRICT,
    GRID,
    OPERATOR,
    PLACE,
    POWER,
    REPORT,
    ROADS,
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
    handler,
    limit,
    refused,
    rulebook,
    rules,
    supervisor,
)
from tests.unit.scenes_supervision import SEEN, thrice_returnable


def judged_at_the_desk(severity: int = 4, **changes: Any) -> Played:
    """Return a case with a result nobody looks at on site."""
    given = {"rules": full_rules(severity, check=CheckRule.NEVER), "decision": decision(limit=limit("15WD"))}
    return a_full_case(severity, **(given | changes)).submitted()


# --- row 27 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "find", "close"),
    [(4, "2026-09-14 15:00", "2026-09-15 09:00"), (2, "2026-09-14 10:00", "2026-09-14 13:00")],
)
def test_row_27_a_result_without_a_check_is_judged_in_time_or_reminded_and_then_goes_up(
    severity: int, find: str, close: str
) -> None:
    case = judged_at_the_desk(severity)
    level = case.state.level
    assert case.armed("stage.check") == at(find)
    case.until(at(find))
    late = case.of_kind("decision_late")
    assert [(fact.row, fact.due) for fact in late] == [(27, at(find))]
    assert [one.unit for one in case.notices if one.context.get("about") == "closing"] == [TRIAGE, WATER]
    assert (case.armed("stage.check"), case.state.level) == (at(close), level)
    case.until(at(close))
    assert case.of_kind("check_late")
    assert case.state.level < level, "not closed in its time it goes up"


def test_row_27_rework_stands_by_the_original_deadline() -> None:
    case = judged_at_the_desk()
    case.do(SendBack, by=DISPATCHER, reason="no photo of it")
    assert case.facts[-1].due == case.state.handling_due == case.of_kind("dispatched")[0].due
    assert case.armed("stage.check") is None

    old = a_case(4, rules=rules(4, check=CheckRule.NEVER)).submitted()
    assert old.armed("stage.check") == at("2026-09-15 09:00"), "one clock, as before"
    old.do(SendBack, by=DISPATCHER, reason="no photo of it")
    assert old.facts[-1].due == at("2026-09-14 15:00")


def test_row_27_an_engine_that_slept_goes_up_at_once_and_once() -> None:
    case = judged_at_the_desk()
    case.wait(timedelta(days=3)).fire()
    assert (len(case.of_kind("decision_late")), len(case.of_kind("escalated"))) == (0, 1)


# --- rows 28, 29 ------------------------------------------------------------------------------------


def test_row_28_who_had_a_task_in_it_checks_only_where_nobody_else_can() -> None:
    case = a_full_case(2).handling()
    case.do(
        AssignTask, by=handler(WATER), task_kind=TaskKind.SUBTASK, unit=GRID, text="fence it", mandatory=False
    )
    assert case.submitted().state.checker == COMMUNITY


def test_rows_28_29_a_check_has_a_photo_from_the_place_whatever_it_finds() -> None:
    case = a_full_case(2).submitted()
    for missing, code in (
        ({"photos": ()}, RefusalCode.CHECK_PHOTO_REQUIRED),
        ({"lon": None}, RefusalCode.CHECK_POSITION_REQUIRED),
        ({"lat": None}, RefusalCode.CHECK_POSITION_REQUIRED),
        ({"lat": 30.61}, RefusalCode.CHECK_TOO_FAR),
        ({"lon": float("nan")}, RefusalCode.CHECK_TOO_FAR),
    ):
        for passed in (True, False):
            with refused(case, code):
                case.do(RecordCheck, by=CHECKER, **(SEEN | {"passed": passed, "note": "seen"} | missing))
    case.do(RecordCheck, by=CHECKER, **SEEN | {"passed": False, "note": "it leaks"})
    assert (case.state.status, case.facts[-1].row, case.state.reworks) == (Status.HANDLING, 29, 1)


def test_row_28_a_case_begun_before_the_rulebook_is_checked_as_before() -> None:
    case = a_case(2).submitted()
    case.do(RecordCheck, by=actor(Role.CHECKER, COMMUNITY), passed=True)
    assert case.state.status is Status.VISITING


@given(north=st.floats(-0.002, 0.002), east=st.floats(-0.002, 0.002), most=st.floats(1.0, 200.0))
def test_row_28_within_the_metres_of_the_rulebook(north: float, east: float, most: float) -> None:
    case = a_full_case(2, rules=full_rules(2, book=rulebook(2, check_within_m=most))).submitted()
    assert PLACE.lon is not None
    assert PLACE.lat is not None
    lon, lat = PLACE.lon + east, PLACE.lat + north
    seen = SEEN | {"lon": lon, "lat": lat}
    if metres_between(lon=PLACE.lon, lat=PLACE.lat, other_lon=lon, other_lat=lat) <= most:
        case.do(RecordCheck, by=CHECKER, **seen)
        assert case.state.status is Status.VISITING
    else:
        with refused(case, RefusalCode.CHECK_TOO_FAR):
            case.do(RecordCheck, by=CHECKER, **seen)


@pytest.mark.parametrize(
    "place",
    [
        replace(PLACE, lon=None, lat=None),
        replace(PLACE, method=LocateMethod.ADDRESS),
        replace(PLACE, method=LocateMethod.MANUAL),
    ],
)
def test_row_28_no_distance_where_nobody_knows_the_point(place: Any) -> None:
    case = a_full_case(2, place=place).submitted()
    case.do(RecordCheck, by=CHECKER, passed=True, photos=("p1",))
    assert case.state.status is Status.VISITING


def test_row_28_the_named_checkers_unit_or_a_supervisor() -> None:
    case = a_full_case(2).submitted()
    with refused(case, RefusalCode.NOT_THE_CHECKER):
        case.do(RecordCheck, by=actor(Role.CHECKER, COMMUNITY), **SEEN)
    with refused(case, RefusalCode.HANDLER_MAY_NOT_CLOSE):
        case.do(RecordCheck, by=supervisor(WATER), **SEEN)
    case.do(RecordCheck, by=supervisor(STREET), **SEEN)
    assert case.state.status is Status.VISITING


def test_row_28_another_checker_is_named_while_the_check_is_under_way_and_its_clock_goes_on() -> None:
    case = a_full_case(2).submitted()
    clock = case.armed("stage.check")
    with refused(case, RefusalCode.HANDLER_MAY_NOT_CLOSE):
        case.do(RequestCheck, by=OPERATOR, checker=WATER)
    case.wait(timedelta(hours=1)).do(RequestCheck, by=OPERATOR, checker=COMMUNITY)
    assert (case.state.status, case.state.checker, case.armed("stage.check")) == (
        Status.CHECKING, COMMUNITY, clock,
    )  # fmt: skip
    assert case.facts[-1].data == {"checker": COMMUNITY, "former": GRID}
    assert case.told("check_request") == [GRID, COMMUNITY]
    with refused(case, RefusalCode.NOT_THE_CHECKER):
        case.checked()
    case.checked(by=actor(Role.CHECKER, COMMUNITY))
    assert case.state.status is Status.VISITING
    old = a_case(2).submitted()
    with refused(old, RefusalCode.RULEBOOK_REQUIRED):
        old.do(RequestCheck, by=OPERATOR, checker=COMMUNITY)


# --- rows 31, 32 ------------------------------------------------------------------------------------


def test_row_31_nobody_tried_in_a_day_is_reminded_once() -> None:
    case = a_full_case(4).closed()
    case.notices.clear()
    assert case.armed("visit.start") == at("2026-09-15 09:00")
    case.until(at("2026-09-15 09:00"))
    assert [fact.row for fact in case.of_kind("visit_not_started")] == [31]
    assert case.told("reminder") == [TRIAGE]
    assert case.notices[-1].context["about"] == "visit"
    assert case.armed("visit.start") is None
    case.until(at("2026-09-17 09:00"))
    assert case.state.status is Status.EVALUATED


def test_row_31_a_try_is_a_beginning() -> None:
    case = a_full_case(4).joined("R-2").closed()
    case.visited(reached=False)
    assert case.armed("visit.start") is None
    assert a_case(4).closed().armed("visit.start") is None, "not in a case begun before the rulebook"


@pytest.mark.parametrize("tries", [1, 2, 5])
def test_row_32_as_many_tries_as_the_rulebook_says(tries: int) -> None:
    case = a_full_case(4, rules=full_rules(4, book=rulebook(4, visit_tries=tries))).closed()
    for _ in range(tries):
        assert case.state.status is Status.VISITING
        case.visited(reached=False)
    assert (case.state.status, case.state.reports[0].visit) == (Status.EVALUATED, "no_answer")


# --- rows 33, 34 ------------------------------------------------------------------------------------


def test_row_33_once_to_the_unit_alone_then_e6() -> None:
    case = a_full_case(4).closed()
    case.visited(solved=False)
    assert (case.of_kind("escalated"), case.told("reopened")) == ([], [DISTRICT])
    case.closed()
    case.visited(solved=False)
    assert [fact.data["trigger"] for fact in case.of_kind("escalated")] == ["E6"]
    assert (case.state.status, case.state.reopened) == (Status.DISPATCHED, 2)


@pytest.mark.parametrize(("severity", "due_at"), [(4, "2026-10-09 09:00"), (2, "2026-10-09 09:00")])
def test_row_34_a_bad_grade_is_put_right_in_fifteen_working_days_or_goes_up(
    severity: int, due_at: str
) -> None:
    case = a_full_case(severity, decision=decision(limit=limit("365UD"))).closed()
    case.visited(grade=2)
    assert case.armed("rectify.due") == at(due_at)
    assert case.of_kind("rectify_late") == []
    case.handling().until(at(due_at))
    late = case.of_kind("rectify_late")
    assert [(fact.row, fact.due) for fact in late] == [(34, at(due_at))]
    after = [fact for fact in case.facts if fact.seq > late[0].seq]
    assert after[0].data["trigger"] == "E6"
    again = case.armed("rectify.due")
    assert again is not None
    assert again > at(due_at)
    case.until(at("2027-06-01 09:00"))
    assert case.of_kind("top_reminded"), "at the top it is reminded for ever"


def test_row_34_closing_again_puts_a_bad_grade_right_and_nothing_else_arms_it() -> None:
    case = a_full_case(4).closed()
    case.visited(grade=1)
    assert case.closed().armed("rectify.due") is None
    for said in ({"solved": False}, {"grade": 1, "at_fault": False}, {"grade": 3}):
        other = a_full_case(4).closed()
        other.visited(**said)
        assert other.armed("rectify.due") is None
    old = a_case(4).closed()
    old.visited(grade=1)
    assert old.armed("rectify.due") is None


def test_row_34_the_total_clock_covers_the_reopened_limit_and_never_ends_earlier() -> None:
    case = a_full_case(4, decision=decision(limit=limit("4WD"))).closed()
    total = case.state.total_due
    case.visited(solved=False)
    assert case.state.total_due == total, "half the limit from the first day lies within"
    case.handling().wait(timedelta(days=7))
    late = a_full_case(4, decision=decision(limit=limit("4WD"))).handling().wait(timedelta(days=3)).closed()
    late.visited(solved=False)
    assert late.state.handling_due == at("2026-09-20 09:00")
    assert late.state.total_due == at("2026-09-21 09:00")

    old = a_case(4, decision=decision(limit=limit("4WD"))).handling().wait(timedelta(days=3)).closed()
    first = old.state.total_due
    old.visited(solved=False)
    assert old.state.total_due == first


# --- rows 16, 19 ------------------------------------------------------------------------------------


def test_row_16_never_back_to_a_unit_that_returned_it_itself() -> None:
    case = thrice_returnable()
    assert case.state.returned_by == (WATER, POWER)
    with refused(case, RefusalCode.RETURNED_BEFORE):
        case.do(GrantReturn, by=DISPATCHER, lead=WATER)
    case.do(GrantReturn, by=DISPATCHER, lead=ROADS)
    assert case.state.owner == ROADS


def test_row_19_a_ruling_binds_the_lead_it_named_and_not_the_next() -> None:
    def ruled(case: Played) -> Played:
        case.returning()
        undecided = case.armed("stage.return_decision")
        assert undecided is not None
        case.until(undecided)
        case.do(Rule, by=supervisor(CITY), lead=POWER, reason="it is theirs")
        return case

    case = ruled(a_full_case())
    with refused(case, RefusalCode.BOUND_BY_RULING):
        case.do(RequestReturn, by=handler(POWER), reason="not ours")
    case.do(Reassign, by=supervisor(CITY), lead=ROADS, reason="their crane is there")
    assert case.state.bound is False
    case.do(RequestReturn, by=handler(ROADS), reason="not ours")

    old = ruled(a_case())
    old.do(Reassign, by=supervisor(CITY), lead=ROADS, reason="their crane is there")
    assert old.state.bound is True


# --- row 36 -----------------------------------------------------------------------------------------


def test_row_36_an_illegal_act_is_never_cancelled_but_in_an_exercise() -> None:
    case = a_full_case(4, tags=("media", "illegal_act"))
    with refused(case, RefusalCode.ILLEGAL_ACT_NOT_CANCELLABLE):
        case.do(CancelCase, by=OPERATOR, reason="withdrawn")
    for other in (a_full_case(4, tags=("media",)), a_full_case(4, tags=("illegal_act",), exercise=True)):
        other.do(CancelCase, by=OPERATOR, reason="withdrawn")
        assert (other.state.status, other.future) == (Status.CANCELLED, ())


def test_row_36_all_who_had_it_on_the_desk_are_told_once() -> None:
    case = a_full_case(4, decision=decision(co_handlers=(POWER,))).handling()
    case.do(AssignTask, by=handler(WATER), task_kind=TaskKind.SUBTASK, unit=GRID, text="fence it")
    case.until(at("2026-09-16 09:00"))
    case.notices.clear()
    case.do(CancelCase, by=OPERATOR, reason="withdrawn")
    told = case.told("cancelled")
    assert told[:3] == [WATER, POWER, GRID]
    assert set(case.state.supervisors) < set(told)
    assert told[-1] == REPORT
    assert len(set(told)) == len(told)

    old = a_case(4, decision=decision(co_handlers=(POWER,)))
    old.do(CancelCase, by=OPERATOR, reason="withdrawn")
    assert old.told("cancelled") == [WATER, REPORT]


# --- closing ----------------------------------------------------------------------------------------


def test_closing_ends_every_clock_and_every_word_that_was_awaited() -> None:
    case = a_full_case(4).handling()
    case.until(at("2026-09-18 09:00")).supervised()
    assert case.state.awaiting is not None
    case.submitted()
    case.do(CloseCase, by=OPERATOR)
    assert {one.name.value for one in case.future} == {"stage.visit", "visit.start"}
    assert case.state.awaiting is None
