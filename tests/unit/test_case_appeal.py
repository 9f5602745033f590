"""Row 37: an appeal: what about, by whom, in time, two reviews by two people; the raw fact stays."""

from datetime import timedelta
from typing import Any

import pytest

from domain.actor import Actor, Role
from domain.case import Status
from domain.errors import RefusalCode
from domain.messages import CancelCase, GrantReturn, Reassign, RefuseReturn
from domain.messages_command import AppealAbout, FileAppeal, ReviewAppeal
from tests.unit.builders import (
    CITY,
    DISPATCHER,
    DISTRICT,
    OPERATOR,
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
    handler,
    limit,
    refused,
    supervisor,
)
from tests.unit.scenes_supervision import appealed, closed_late, granted_once

SECOND = actor(Role.SUPERVISOR, CITY)
YES: dict[str, Any] = {"granted": True, "reason": "so it was"}
NO: dict[str, Any] = {"granted": False, "reason": "it was not"}
FROM_WATER = handler(WATER)


def filed(case: Played, about: AppealAbout) -> Played:
    case.do(FileAppeal, by=FROM_WATER, about=about, reason="not our fault", evidence=("p1",))
    return case


def retained(case: Played) -> Played:
    """Let everybody be visited, so that only the archive is ahead."""
    for report in case.state.reports:
        case.visited(report=report.report_no, solved=True, grade=5)
    assert case.state.status is Status.EVALUATED
    return case


# --- filed ------------------------------------------------------------------------------------------


def test_the_owner_appeals_and_a_dispatcher_is_asked() -> None:
    case = closed_late()
    case.do(
        FileAppeal, by=actor(Role.LEADER, WATER), about=AppealAbout.OVERDUE, reason="locked", evidence=("p1",)
    )
    appeal = case.state.appeal
    assert appeal is not None
    assert (appeal.about, appeal.status, appeal.stage, appeal.by) == ("overdue", "pending", "first", WATER)
    assert (appeal.filed_at, appeal.due) == (case.now, case.armed("appeal.review"))
    assert case.told("appeal_review") == [STREET]
    fact = case.facts[-1]
    assert (fact.row, fact.kind) == (37, "appeal_filed")
    assert fact.data == {"about": "overdue", "reason": "locked", "evidence": ["p1"]}
    assert case.state.status is Status.VISITING, "it runs beside the case"


@pytest.mark.parametrize(
    ("severity", "start", "due_at"),
    [(3, "2026-09-14 09:00", "2026-09-23 09:05"), (2, "2026-09-14 09:00", "2026-09-18 09:05")],
)
def test_each_review_has_three_working_days_urgent_or_not(severity: int, start: str, due_at: str) -> None:
    long = limit("24UH" if severity == 2 else "5WD")
    case = appealed(a_full_case(severity, start=at(start), decision=decision(limit=long)))
    assert case.armed("appeal.review") == at(due_at)


def test_five_working_days_after_closing_and_not_a_moment_more() -> None:
    case = closed_late()
    closed_at = case.now
    assert closed_at == at("2026-09-16 09:05")
    case.wait(at("2026-09-22 09:05") - closed_at)
    late = closed_late().wait(at("2026-09-22 09:05") - closed_at + timedelta(seconds=1))
    filed(case, AppealAbout.OVERDUE)
    with refused(late, RefusalCode.APPEAL_TOO_LATE):
        filed(late, AppealAbout.OVERDUE)


def test_not_before_closing_nor_by_others_nor_without_a_reason_nor_under_old_rules() -> None:
    open_case = a_full_case()
    with refused(open_case, RefusalCode.NOT_ALLOWED_IN_STATE):
        filed(open_case, AppealAbout.OVERDUE)
    case = closed_late()
    with refused(case, RefusalCode.NOT_THE_OWNER):
        case.do(FileAppeal, by=handler(POWER), about=AppealAbout.OVERDUE, reason="we helped")
    with refused(case, RefusalCode.ROLE_NOT_ALLOWED):
        case.do(FileAppeal, by=OPERATOR, about=AppealAbout.OVERDUE, reason="for them")
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(FileAppeal, by=FROM_WATER, about=AppealAbout.OVERDUE, reason=" ")
    old = a_case().handling().wait(timedelta(days=5)).closed()
    assert old.state.on_time is False
    with refused(old, RefusalCode.RULEBOOK_REQUIRED):
        filed(old, AppealAbout.OVERDUE)


def reworked() -> Played:
    case = a_full_case(2).submitted()
    case.checked(passed=False)
    return case.closed()


def badly_graded() -> Played:
    case = a_full_case(4).joined("R-2").closed()
    case.visited(solved=True, grade=2, at_fault=False)
    return case


def reopened_for_a_grade() -> Played:
    case = a_full_case(4).closed()
    case.visited(solved=True, grade=1)
    return case.closed()


def return_refused() -> Played:
    case = a_full_case(4).returning()
    case.do(RefuseReturn, by=DISPATCHER, reason="it is yours")
    return case.closed()


def return_granted_to_water() -> Played:
    case = a_full_case(4, decision=decision(POWER)).returning()
    case.do(GrantReturn, by=DISPATCHER, lead=WATER)
    return case.closed()


MARKED = {
    AppealAbout.OVERDUE: (closed_late,),
    AppealAbout.GRADE: (badly_graded, reopened_for_a_grade),
    AppealAbout.RETURN: (return_refused,),
    AppealAbout.REWORK: (reworked,),
}


@pytest.mark.parametrize(("about", "make"), [(about, make) for about in MARKED for make in MARKED[about]])
def test_only_about_a_mark_that_exists(about: AppealAbout, make: Any) -> None:
    for other in AppealAbout:
        case = make()
        if other is about:
            assert filed(case, about).state.appeal is not None
        else:
            with refused(case, RefusalCode.NOTHING_TO_APPEAL):
                filed(case, other)


def test_a_return_that_was_granted_is_no_mark_of_the_next_owner() -> None:
    case = return_granted_to_water()
    with refused(case, RefusalCode.NOTHING_TO_APPEAL):
        filed(case, AppealAbout.RETURN)


# --- reviewed ---------------------------------------------------------------------------------------


def test_granted_twice_the_figure_is_exempt_and_the_fact_stays() -> None:
    case = granted_once()
    appeal = case.state.appeal
    assert appeal is not None
    assert (appeal.stage, appeal.status, appeal.first_reviewer) == ("second", "pending", DISPATCHER.id)
    assert case.told("appeal_review") == [STREET, TRIAGE]
    assert case.armed("appeal.review") == appeal.due
    assert not case.state.exempt, "one review is not enough"

    case.do(ReviewAppeal, by=SECOND, **YES)
    appeal = case.state.appeal
    assert appeal is not None
    assert (appeal.status, appeal.decided_at) == ("approved", case.now)
    assert case.state.exempt == ("overdue",)
    assert case.state.on_time is False
    assert case.of_kind("overdue"), "the raw fact stays"
    assert case.armed("appeal.review") is None
    assert [fact.data.get("stage") for fact in case.of_kind("appeal_reviewed")] == ["first", "second"]
    notice = case.notices[-1]
    assert (notice.template, notice.unit, notice.context["granted"]) == ("appeal_decided", WATER, True)


@pytest.mark.parametrize("second", [SECOND, OPERATOR])
def test_an_operator_or_a_supervisor_makes_the_second_review(second: Actor) -> None:
    case = granted_once()
    case.do(ReviewAppeal, by=second, **YES)
    assert case.state.exempt == ("overdue",)


@pytest.mark.parametrize("stage", ["first", "second"])
def test_rejected_at_either_stage_ends_it_for_good(stage: str) -> None:
    case = appealed() if stage == "first" else granted_once()
    case.do(ReviewAppeal, by=DISPATCHER if stage == "first" else SECOND, **NO)
    appeal = case.state.appeal
    assert appeal is not None
    assert (appeal.status, case.state.exempt, case.armed("appeal.review")) == ("rejected", (), None)
    assert case.notices[-1].context["granted"] is False
    with refused(case, RefusalCode.NO_APPEAL):
        case.do(ReviewAppeal, by=SECOND, **YES)
    with refused(case, RefusalCode.APPEAL_ONCE):
        filed(case, AppealAbout.OVERDUE)


def test_two_people_of_units_that_did_not_handle_it() -> None:
    first = appealed(a_full_case(4, decision=decision(co_handlers=(POWER,))))
    for unit in (WATER, POWER):
        with refused(first, RefusalCode.SECOND_REVIEWER):
            first.do(ReviewAppeal, by=actor(Role.DISPATCHER, unit), **YES)
    with refused(first, RefusalCode.UNIT_REQUIRED):
        first.do(ReviewAppeal, by=actor(Role.DISPATCHER, None), **YES)
    with refused(first, RefusalCode.REASON_REQUIRED):
        first.do(ReviewAppeal, by=DISPATCHER, granted=True, reason="")
    for who in (OPERATOR, SECOND):
        with refused(first, RefusalCode.NOT_YOUR_STEP):
            first.do(ReviewAppeal, by=who, **YES)
    first.do(ReviewAppeal, by=DISPATCHER, **YES)
    with refused(first, RefusalCode.NOT_YOUR_STEP):
        first.do(ReviewAppeal, by=DISPATCHER, **YES)
    with refused(first, RefusalCode.SECOND_REVIEWER):
        same_person = Actor(id=DISPATCHER.id, role=Role.SUPERVISOR, unit=CITY)
        first.do(ReviewAppeal, by=same_person, **YES)
    with refused(first, RefusalCode.SECOND_REVIEWER):
        first.do(ReviewAppeal, by=supervisor(WATER), **YES)
    first.do(ReviewAppeal, by=SECOND, **YES)


def test_a_centre_that_handled_the_case_is_not_asked() -> None:
    case = a_full_case(4, decision=decision(STREET))
    case.do(Reassign, by=supervisor(CITY), lead=WATER, reason="it is theirs")
    assert appealed(case).told("appeal_review") == [DISTRICT]


# --- late, archived, reopened -----------------------------------------------------------------------


@pytest.mark.parametrize(("make", "unit"), [(appealed, STREET), (granted_once, TRIAGE)])
def test_no_review_in_time_is_reminded_and_told_the_top_again_and_again(make: Any, unit: str) -> None:
    case = make()
    case.notices.clear()
    due_at = case.armed("appeal.review")
    for _ in range(3):
        assert due_at is not None
        case.until(due_at)
        last = case.of_kind("appeal_review_late")[-1]
        assert (last.row, last.due, last.data["unit"]) == (37, due_at, unit)
        due_at = case.armed("appeal.review")
        assert due_at is not None
        assert due_at > case.now
    told = [one.unit for one in case.notices if one.context.get("about") == "appeal"]
    assert told == [unit, CITY] * 3
    assert case.state.appeal is not None
    assert case.state.appeal.status == "pending", "silence decides nothing"


def test_the_archive_waits_for_the_appeal() -> None:
    case = retained(appealed())
    due_at = case.armed("stage.retention")
    assert due_at is not None
    case.until(due_at)
    assert case.state.status is Status.EVALUATED
    assert case.of_kind("archive_waits")[0].due == due_at
    case.do(ReviewAppeal, by=DISPATCHER, **NO)
    again = case.armed("stage.retention")
    assert again is not None
    assert again > due_at
    case.until(again)
    assert (case.state.status, case.future) == (Status.ARCHIVED, ())


def test_a_reopened_case_keeps_its_appeal_running_beside_it() -> None:
    case = appealed()
    clock = case.armed("appeal.review")
    case.visited(solved=False)
    assert case.state.status is Status.DISPATCHED
    assert case.armed("appeal.review") == clock
    case.do(ReviewAppeal, by=DISPATCHER, **YES)
    second = case.armed("appeal.review")
    case.handling().closed()
    assert case.armed("appeal.review") == second, "a second closing does not end it either"
    case.do(ReviewAppeal, by=SECOND, **YES)
    assert case.state.exempt == ("overdue",)


def test_a_case_cancelled_after_its_reopening_leaves_no_clock_behind() -> None:
    case = appealed()
    case.visited(solved=False)
    case.do(CancelCase, by=OPERATOR, reason="withdrawn")
    assert case.future == ()
    appeal = case.state.appeal
    assert appeal is not None
    assert (appeal.status, appeal.due, appeal.decided_at) == ("lapsed", None, case.now)
