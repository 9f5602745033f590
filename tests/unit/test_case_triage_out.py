"""Rows 3 to 6: answered at once, refused, transferred out, handed back; and the visits that follow row 3."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actor import Role
from domain.case import Status
from domain.decision import Shortfall
from domain.errors import RefusalCode
from domain.messages import Command, RecordVisit, SignIn
from domain.messages_triage import (
    AnswerAtOnce,
    ConfirmTransfer,
    HandBack,
    RefusedFor,
    RefuseReport,
    TransferOut,
)
from domain.place import Level
from tests.unit.builders import (
    CITY,
    COMMUNITY,
    DISTRICT,
    GRID,
    OPERATOR,
    POWER,
    REPORT,
    STREET,
    TRIAGE,
    WATER,
    Played,
    a_case,
    actor,
    at,
    decision,
    full_rules,
    handler,
    limit,
    refused,
    rulebook,
)
from tests.unit.scenes_triage import FIRE, POLICE, UNSURE, handed_back, in_triage, transferred

PEER = actor(Role.PEER, FIRE)
NOBODY = decision(None, shortfall=Shortfall.NO_UNIT)


def state_of(case: Played) -> Status:
    """Return the state anew each time it is asked for."""
    return case.state.status


def enquiry(share: float = 1.0, severity: int = 3, **changes: Any) -> Played:
    """Return an enquiry in triage, under rules that visit this share of those answered at once."""
    book = rulebook(severity, answered_visit_share=share)
    return in_triage(severity, **({"rules": full_rules(severity, book=book)} | changes))


def answered(share: float = 1.0, **changes: Any) -> Played:
    case = enquiry(share, **changes)
    case.do(AnswerAtOnce, by=OPERATOR, answer="open on Saturday mornings")
    return case


def test_row_3_tells_the_reporter_and_ends_the_time_of_triage() -> None:
    case = answered(0.0)

    fact = next(fact for fact in case.facts if fact.row == 3)
    assert (fact.source, fact.target, fact.actor) == (Status.TRIAGING, Status.ANSWERED, OPERATOR)
    assert fact.data == {"answer": "open on Saturday mornings"}
    assert case.told("answered") == [REPORT]
    assert case.notices[-1].context == {"words": "open on Saturday mornings"}
    assert [deadline.name.value for deadline in case.future] == ["stage.retention"]
    assert case.armed("stage.retention") == at("2026-10-14 09:00"), "30 natural days"


def test_row_3_visits_those_of_the_share_who_want_to_be_asked() -> None:
    case = answered(1.0)

    assert state_of(case) is Status.VISITING
    assert case.armed("stage.visit") == at("2026-09-17 09:00"), "tries for three work days"
    assert case.armed("stage.retention") is None


@pytest.mark.parametrize(("share", "wants"), [(0.0, True), (1.0, False)])
def test_an_enquiry_of_which_nobody_is_visited_is_kept_and_archived(share: float, wants: bool) -> None:
    case = answered(share, wants_visit=wants)

    assert state_of(case) is Status.ANSWERED
    assert [report.visit for report in case.state.reports] == ["not_wanted"]
    case.next()
    assert (case.state.status, case.facts[-1].row) == (Status.ARCHIVED, 35)
    assert case.future == ()


@given(share=st.floats(min_value=0.0, max_value=1.0), n=st.integers(min_value=1, max_value=10**6))
def test_the_share_is_drawn_from_the_case_number_alone(share: float, n: int) -> None:
    number = f"20260914-{n:06d}"
    case = answered(share, case_no=number)

    drawn = int.from_bytes(sha256(number.encode()).digest()[:8]) / 2**64
    assert (state_of(case) is Status.VISITING) == (drawn < share)


def test_about_the_share_of_many_enquiries_is_visited() -> None:
    visited = sum(
        answered(0.3, case_no=f"20260914-{n:06d}").state.status is Status.VISITING for n in range(400)
    )

    assert 90 <= visited <= 150


def test_a_visit_that_went_well_ends_an_enquiry_like_any_case() -> None:
    case = answered()
    case.visited(solved=True, grade=5)

    assert state_of(case) is Status.EVALUATED
    case.next()
    assert state_of(case) is Status.ARCHIVED


def test_a_bad_visit_gives_the_enquiry_to_the_unit_routing_knows() -> None:
    case = answered(decision=decision(confidence=0.4, co_handlers=(POWER,), limit=limit("2WD")))
    case.visited(solved=False)

    state = case.state
    assert (state.status, state.owner, state.handlers) == (Status.DISPATCHED, WATER, (WATER,))
    assert state.co_handlers == (POWER,)
    assert state.handling_limit == limit("1WD"), "half of the original limit"
    assert state.handling_due == at("2026-09-15 09:00")
    assert state.filed_at == case.now
    assert state.total_due == at("2026-09-16 09:00"), "with one work day to check and close it"
    assert case.told("assignment") == [WATER, POWER]
    case.do(SignIn, by=handler(WATER))
    assert case.closed().state.status is Status.VISITING


def test_a_bad_visit_without_a_routed_owner_goes_to_the_desk_that_answered() -> None:
    case = answered(decision=NOBODY)
    case.visited(grade=1)

    assert (case.state.status, case.state.owner) == (Status.DISPATCHED, TRIAGE)
    assert case.state.handling_due is not None


def test_an_answer_needs_words() -> None:
    case = enquiry()
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(AnswerAtOnce, by=OPERATOR, answer="  ")


@pytest.mark.parametrize("why", RefusedFor)
def test_row_4_keeps_the_reason_and_tells_where_to_go(why: RefusedFor) -> None:
    case = in_triage()
    case.do(RefuseReport, by=OPERATOR, refused_for=why, told="please call 12315")

    fact = next(fact for fact in case.facts if fact.row == 4)
    assert fact.data == {"reason": why.value, "told": "please call 12315"}
    assert (case.state.status, case.state.refused_for) == (Status.REFUSED, why.value)
    assert case.told("refused") == [REPORT]
    assert case.notices[-1].context == {"refused_for": why.value, "words": "please call 12315"}
    assert [deadline.name.value for deadline in case.future] == ["stage.retention"]
    case.next()
    assert state_of(case) is Status.ARCHIVED


def test_row_4_without_telling_where_to_go_is_no_refusal() -> None:
    case = in_triage()
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(RefuseReport, by=OPERATOR, refused_for=RefusedFor.ILLEGAL, told="")


@pytest.mark.parametrize("severity", [1, 4])
def test_row_5_hands_over_at_once_and_waits_for_the_receipt(severity: int) -> None:
    case = in_triage(severity)
    case.do(TransferOut, by=OPERATOR, to=FIRE, reason="a fire")

    assert state_of(case) is Status.TRANSFERRED_OUT
    assert case.state.owner == TRIAGE, "who got it first stays accountable"
    assert (case.told("transfer"), case.told("transferred")) == ([FIRE], [REPORT])
    assert case.armed("triage") is None
    assert case.armed("transfer.receipt") == case.now + timedelta(minutes=30)
    fact = next(fact for fact in case.facts if fact.row == 5)
    assert fact.data == {"peer": FIRE, "reason": "a fire"}
    assert fact.due == case.now + timedelta(minutes=30)


def test_an_exercise_never_reaches_a_peer_unmarked() -> None:
    case = in_triage(exercise=True)
    case.do(TransferOut, by=OPERATOR, to=FIRE)
    case.next()

    to_peer = [notice for notice in case.notices if notice.unit == FIRE]
    assert len(to_peer) == 2
    assert all(notice.context["exercise"] is True for notice in to_peer)


@pytest.mark.parametrize("by", [OPERATOR, PEER])
def test_the_receipt_is_kept_by_its_number_and_the_case_archived(by: Any) -> None:
    case = transferred()
    case.wait(timedelta(minutes=5)).do(ConfirmTransfer, by=by, reference="119-7")

    assert case.state.transfer is not None
    assert (case.state.transfer.reference, case.state.transfer.confirmed_at) == ("119-7", case.now)
    assert case.of_kind("transfer_confirmed")[0].data == {"peer": FIRE, "reference": "119-7"}
    assert [deadline.name.value for deadline in case.future] == ["stage.retention"]
    case.next()
    assert state_of(case) is Status.ARCHIVED


def test_a_receipt_given_on_the_phone_confirms_at_once() -> None:
    case = in_triage()
    case.do(TransferOut, by=OPERATOR, to=FIRE, reference="119-7")

    assert case.state.transfer is not None
    assert case.state.transfer.confirmed_at == case.now
    assert case.armed("transfer.receipt") is None


def test_without_a_receipt_the_desk_and_the_peer_are_reminded_and_it_goes_up_to_the_top_and_on() -> None:
    case = transferred()
    for level in (Level.DISTRICT, Level.CITY):
        case.next()
        assert case.state.level is level
    assert [fact.data["supervisor"] for fact in case.of_kind("escalated")] == [DISTRICT, CITY]
    for _ in range(3):
        case.next()
    assert len(case.of_kind("transfer_late")) == 5
    assert len(case.of_kind("top_reminded")) == 3
    assert case.told("reminder").count(TRIAGE) >= 5
    assert case.told("transfer") == [FIRE] * 6
    assert case.armed("transfer.receipt") is not None, "it never falls asleep"
    assert state_of(case) is Status.TRANSFERRED_OUT
    case.do(ConfirmTransfer, by=OPERATOR, reference="119-7")
    assert case.armed("transfer.receipt") is None


def test_the_first_reminder_comes_after_half_an_hour_by_day_and_by_night() -> None:
    case = in_triage(start=at("2026-09-14 23:50"))
    case.do(TransferOut, by=OPERATOR, to=FIRE)

    assert case.armed("transfer.receipt") == at("2026-09-15 00:20")


@pytest.mark.parametrize("first", [False, True])
def test_row_6_brings_it_back_with_a_fresh_time_of_triage(first: bool) -> None:
    case = transferred()
    if first:
        case.do(ConfirmTransfer, by=PEER, reference="119-7")
    case.wait(timedelta(minutes=20)).do(HandBack, by=PEER, reason="not a fire")

    fact = next(fact for fact in case.facts if fact.row == 6)
    assert fact.data == {"peer": FIRE, "reason": "not a fire"}
    assert (case.state.status, case.state.owner) == (Status.TRIAGING, TRIAGE)
    assert (case.state.handed_back_by, case.state.transfer) == ((FIRE,), None)
    assert [deadline.name.value for deadline in case.future] == ["triage"]
    assert case.armed("triage") == at("2026-09-14 10:20"), "one working hour from now"
    assert case.told("reminder")[-1] == TRIAGE


def test_the_first_receiver_accepts_what_came_back_but_another_peer_may_have_it() -> None:
    case = handed_back()
    with refused(case, RefusalCode.HANDED_BACK):
        case.do(TransferOut, by=OPERATOR, to=FIRE)
    case.do(TransferOut, by=OPERATOR, to=POLICE)
    with refused(case, RefusalCode.NOT_YOUR_ITEM):
        case.do(HandBack, by=PEER, reason="still not a fire")
    case.do(HandBack, by=actor(Role.PEER, POLICE), reason="nor a crime")
    assert case.state.handed_back_by == (FIRE, POLICE)
    assert case.filed().state.status is Status.DISPATCHED


def test_a_peer_states_why_it_hands_back() -> None:
    case = transferred()
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(HandBack, by=PEER, reason=" ")


OLD: list[tuple[type[Command], dict[str, Any]]] = [
    (AnswerAtOnce, {"answer": "x"}),
    (RefuseReport, {"refused_for": RefusedFor.SECRET, "told": "x"}),
    (TransferOut, {"to": FIRE}),
]


@pytest.mark.parametrize(("kind", "fields"), OLD)
def test_a_case_from_before_the_rulebook_goes_on_as_it_began(kind: type[Command], fields: Any) -> None:
    case = a_case(decision=UNSURE)
    with refused(case, RefusalCode.RULEBOOK_REQUIRED):
        case.do(kind, by=OPERATOR, **fields)
    assert [deadline.name.value for deadline in case.future] == ["triage"]


def test_nobody_but_the_desk_settles_a_report_before_it_is_filed() -> None:
    case = enquiry()
    for unit in (GRID, COMMUNITY, STREET):
        with refused(case, RefusalCode.ROLE_NOT_ALLOWED):
            case.do(AnswerAtOnce, by=handler(unit), answer="x")
    case.filed()
    with refused(case, RefusalCode.NOT_ALLOWED_IN_STATE):
        case.do(AnswerAtOnce, by=OPERATOR, answer="x")


def test_a_reporter_not_reached_is_asked_again_until_the_tries_are_over() -> None:
    case = answered()
    for _ in range(3):
        case.do(RecordVisit, by=OPERATOR, report_no=REPORT, reached=False)

    assert state_of(case) is Status.EVALUATED
    assert [report.visit for report in case.state.reports] == ["no_answer"]
