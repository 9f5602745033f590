"""Row 20's response clock (响应) and the stages of one case (分阶段时限)."""

from datetime import timedelta

import pytest

from domain.case import Status
from domain.catalogue import Milestone
from domain.errors import RefusalCode
from domain.messages import (
    CloseCase,
    GrantReturn,
    Reassign,
    RecordVisit,
    RefuseReturn,
    StartHandling,
    SubmitResult,
)
from domain.messages_duty import LogContact, ReachMilestone
from tests.unit.builders import (
    DISPATCHER,
    DISTRICT,
    OPERATOR,
    POWER,
    REPORT,
    STREET,
    WATER,
    Played,
    a_case,
    a_full_case,
    at,
    decision,
    full_rules,
    handler,
    limit,
    refused,
    rulebook,
    supervisor,
)

STAGES = (
    Milestone(code="stop", name_zh="责令停工", name_en="stop work", limit=limit("4WH")),
    Milestone(code="fine", name_zh="立案处罚", name_en="fine", limit=limit("7WH")),
    Milestone(code="demolish", name_zh="拆除", name_en="pull down", limit=limit("20WD")),
)


def staged() -> Played:
    """Return a case of an illegal building: stop, fine, pull down."""
    return a_full_case(decision=decision(WATER, limit=limit("20WD"), milestones=STAGES))


def in_hand(case: Played) -> Played:
    """Sign in and start without having reached the reporter."""
    case.signed_in().do(StartHandling, by=handler(case.state.owner), assignee="zhang")
    return case


@pytest.mark.parametrize(("severity", "due"), [(2, "2026-09-14 11:00"), (3, "2026-09-15 09:00")])
def test_the_response_clock_runs_from_dispatch(severity: int, due: str) -> None:
    case = a_full_case(severity)
    assert case.state.contact_due == case.armed("contact.due") == at(due)


def test_nobody_to_ask_no_clock() -> None:
    assert a_full_case(wants_visit=False).armed("contact.due") is None
    assert a_full_case(report_no="").armed("contact.due") is None
    off = full_rules(book=rulebook(3, contact=False))
    assert a_full_case(rules=off).armed("contact.due") is None
    assert a_case().state.contact_due is None, "an old case has no such clock"


def test_a_logged_contact_stops_the_clock_and_a_try_does_not() -> None:
    case = in_hand(a_full_case()).wait(timedelta(hours=1))
    case.do(LogContact, by=handler(WATER), reached=False, means="phone", note="no answer")
    assert case.armed("contact.due") is not None
    assert case.of_kind("contact_tried")[0].data == {"means": "phone", "note": "no answer"}

    case.wait(timedelta(hours=1)).do(LogContact, by=handler(WATER), reached=True, means="phone")
    first = case.now
    assert case.state.contacted_at == first
    assert case.armed("contact.due") is None
    assert case.of_kind("contacted")[0].data["late"] is False

    case.wait(timedelta(hours=1)).do(LogContact, by=handler(WATER), reached=True, means="visit")
    assert case.state.contacted_at == first, "the first contact is what counts"
    assert len(case.of_kind("contacted")) == 2


def test_only_the_owner_logs_a_contact() -> None:
    case = in_hand(a_full_case())
    with refused(case, RefusalCode.NOT_THE_OWNER):
        case.do(LogContact, by=handler(POWER), reached=True)
    with refused(case, RefusalCode.ROLE_NOT_ALLOWED):
        case.do(LogContact, by=DISPATCHER, reached=True)


def test_start_and_result_count_as_contact_too() -> None:
    started = a_full_case().signed_in()
    started.do(StartHandling, by=handler(WATER), assignee="zhang", contacted=True)
    assert started.armed("contact.due") is None

    submitted = in_hand(a_full_case())
    submitted.do(SubmitResult, by=handler(WATER), result="repaired", contacted=True)
    assert submitted.armed("contact.due") is None

    silent = in_hand(a_full_case())
    silent.do(SubmitResult, by=handler(WATER), result="repaired")
    assert silent.armed("contact.due") is not None, "a result without a word to the reporter is no response"


def test_late_contact_counts_is_told_to_the_owner_and_once_to_the_level_above() -> None:
    case = in_hand(a_full_case())
    case.until(at("2026-09-15 09:00"))
    late = case.of_kind("contact_late")[0]
    assert (late.row, late.due, late.data["owner"]) == (20, at("2026-09-15 09:00"), WATER)
    assert case.state.contact_late
    assert case.told("stage_late") == [WATER]

    case.until(at("2026-09-16 09:00"))
    assert case.of_kind("contact_still_owed")[0].data["told"] == DISTRICT
    assert case.told("stage_late") == [WATER, DISTRICT]
    assert case.armed("contact.due") is None, "told once; the figure keeps it"

    case.do(LogContact, by=handler(WATER), reached=True)
    assert case.of_kind("contacted")[0].data["late"] is True
    assert case.state.contact_late, "the raw fact stays"


def test_a_next_owner_has_its_own_time_to_respond_and_the_formers_clock_is_gone() -> None:
    case = a_full_case().wait(timedelta(hours=2)).returning()
    case.do(GrantReturn, by=DISPATCHER, lead=POWER)
    assert case.state.contact_due == case.armed("contact.due") == at("2026-09-15 11:00")
    assert len([one for one in case.future if one.name.value == "contact.due"]) == 1


def test_the_clock_runs_on_while_a_return_is_decided() -> None:
    case = a_full_case().returning()
    due = case.armed("contact.due")
    case.do(RefuseReturn, by=DISPATCHER, reason="it is yours")
    assert case.armed("contact.due") == due


def test_closing_ends_the_clock_and_reopening_starts_it_where_nobody_was_contacted() -> None:
    case = in_hand(a_full_case())
    case.do(SubmitResult, by=handler(WATER), result="repaired")
    case.do(CloseCase, by=OPERATOR)
    assert case.armed("contact.due") is None
    case.do(RecordVisit, by=OPERATOR, report_no=REPORT, reached=True, solved=False, at_fault=True)
    assert case.state.status is Status.DISPATCHED
    assert case.armed("contact.due") == at("2026-09-15 09:00")


def test_an_old_case_may_log_its_contacts() -> None:
    case = in_hand(a_case())
    case.do(LogContact, by=handler(WATER), reached=True)
    assert case.state.contacted_at == case.now


def test_one_case_has_several_deadlines_from_dispatch() -> None:
    case = staged()
    assert [(one.code, one.due) for one in case.state.milestones] == [
        ("stop", at("2026-09-14 15:00")),
        ("fine", at("2026-09-14 18:00")),
        ("demolish", case.state.handling_due),
    ]
    assert [case.armed("milestone.due", stage.code) for stage in STAGES] == [
        one.due for one in case.state.milestones
    ]
    assert a_case(decision=decision(WATER, milestones=STAGES)).state.milestones == ()


def test_stages_are_reached_in_any_order_in_time_or_late() -> None:
    case = in_hand(staged())
    case.do(ReachMilestone, by=handler(WATER), milestone="fine", note="filed", photos=("p1",))
    assert case.armed("milestone.due", "fine") is None
    fact = case.of_kind("milestone_reached")[0]
    assert (fact.due, fact.data["late"], fact.data["photos"]) == (at("2026-09-14 18:00"), False, ["p1"])

    case.until(at("2026-09-14 15:00"))
    late = case.of_kind("milestone_late")
    assert [(one.data["milestone"], one.due) for one in late] == [("stop", at("2026-09-14 15:00"))]
    assert case.told("stage_late") == [WATER, DISTRICT]

    case.do(ReachMilestone, by=handler(WATER), milestone="stop")
    assert case.of_kind("milestone_reached")[1].data["late"] is True
    assert [(one.code, one.late, one.reached_at is None) for one in case.state.milestones] == [
        ("stop", True, False), ("fine", False, False), ("demolish", False, True),
    ]  # fmt: skip
    with refused(case, RefusalCode.ITEM_SETTLED):
        case.do(ReachMilestone, by=handler(WATER), milestone="stop")
    with refused(case, RefusalCode.UNKNOWN_ITEM):
        case.do(ReachMilestone, by=handler(WATER), milestone="rebuild")
    with refused(case, RefusalCode.NOT_THE_OWNER):
        case.do(ReachMilestone, by=handler(STREET), milestone="demolish")


def test_a_next_owner_starts_only_the_stages_nobody_reached() -> None:
    case = in_hand(staged()).wait(timedelta(hours=1))
    case.do(ReachMilestone, by=handler(WATER), milestone="stop")
    reached = case.now
    case.wait(timedelta(hours=1)).do(Reassign, by=supervisor(DISTRICT), lead=POWER, reason="theirs")

    assert [(one.reached_at, one.due) for one in case.state.milestones][:2] == [
        (reached, at("2026-09-14 15:00")), (None, at("2026-09-15 10:30")),
    ]  # fmt: skip
    assert case.armed("milestone.due", "stop") is None
    assert case.armed("milestone.due", "fine") == at("2026-09-15 10:30")


def test_reopening_keeps_what_was_reached() -> None:
    case = in_hand(staged()).wait(timedelta(hours=1))
    case.do(ReachMilestone, by=handler(WATER), milestone="stop")
    reached = case.now
    case.closed()
    assert case.armed("milestone.due") is None
    case.wait(timedelta(hours=1))
    case.do(RecordVisit, by=OPERATOR, report_no=REPORT, reached=True, solved=False, at_fault=True)
    assert [one.reached_at for one in case.state.milestones] == [reached, None, None]
    assert case.armed("milestone.due", "stop") is None
    assert case.armed("milestone.due", "fine") == case.state.milestones[1].due > case.now
