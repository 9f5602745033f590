"""Row 38: what a supervision order keeps open: no closing of any kind, and a passed check is kept."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.aspects import SupervisionStatus
from domain.case import Status
from domain.errors import CommandRefused, RefusalCode
from domain.messages import CancelCase, CloseCase, CloseKind, Reassign, SubmitResult
from domain.messages_command import OpenSupervision, ReplySupervision, ReviewSupervision
from tests.unit.builders import (
    CHECKER,
    CITY,
    DISTRICT,
    OPERATOR,
    POWER,
    ROADS,
    TRIAGE,
    WATER,
    Played,
    a_full_case,
    handler,
    refused,
    supervisor,
)
from tests.unit.scenes_supervision import ordered, sealed

S1 = {"supervision": "S1"}


# --- what it keeps open -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CloseKind)
def test_no_closing_of_any_kind_over_an_open_order(kind: CloseKind) -> None:
    case = ordered(a_full_case(4)).submitted()
    with refused(case, RefusalCode.SUPERVISION_OPEN):
        case.do(CloseCase, by=supervisor(CITY), close_kind=kind, reason="enough")
    case.do(ReplySupervision, by=handler(WATER), **S1, reply="done")
    with refused(case, RefusalCode.SUPERVISION_OPEN):
        case.do(CloseCase, by=supervisor(CITY), close_kind=kind, reason="replied to is not reviewed")
    case.do(ReviewSupervision, by=supervisor(DISTRICT), **S1, accepted=True)
    case.do(CloseCase, by=supervisor(CITY), close_kind=kind, reason="enough")
    assert case.state.close_kind == kind.value


def test_a_passed_check_is_not_lost_while_an_order_is_open() -> None:
    case = ordered(a_full_case(2)).submitted()
    clock = case.armed("stage.check")
    case.checked()

    assert (case.state.status, case.state.check_passed, case.state.closed_at) == (Status.CHECKING, True, None)
    fact = case.facts[-1]
    assert (fact.kind, fact.actor, fact.data["waits_for"]) == ("check_passed", CHECKER, ["supervision_open"])
    assert (fact.data["photos"], fact.data["lon"], fact.data["reason"]) == (["p1"], 114.3, "seen")
    assert case.armed("stage.check") == clock, "the clock of the check goes on"
    with refused(case, RefusalCode.SUPERVISION_OPEN):
        case.do(CloseCase, by=OPERATOR)
    case.supervised()
    case.do(CloseCase, by=OPERATOR)
    assert (case.state.status, case.state.close_kind) == (Status.VISITING, "solved")


def test_after_a_pass_it_is_the_closing_that_is_late_and_no_longer_the_checker() -> None:
    case = ordered(a_full_case(2)).submitted()
    case.checked()
    clock = case.armed("stage.check")
    assert clock is not None
    case.notices.clear()
    case.until(clock)
    assert case.of_kind("check_late")[-1].data["checker"] == TRIAGE
    assert [one.unit for one in case.notices if one.context.get("about") == "closing"] == [TRIAGE]


def test_a_pass_is_worth_nothing_after_a_rework() -> None:
    case = ordered(a_full_case(2)).submitted()
    case.checked()
    case.checked(passed=False, note="it leaks again")
    assert (case.state.status, case.state.check_passed) == (Status.HANDLING, False)
    case.supervised().submitted()
    with refused(case, RefusalCode.CHECK_OUTSTANDING):
        case.do(CloseCase, by=OPERATOR)


def test_a_check_without_anything_open_closes_at_once() -> None:
    case = sealed(a_full_case(2)).submitted()
    case.checked()
    assert case.state.status is Status.VISITING


def test_cancelling_seals_what_was_ordered_and_tells_the_unit() -> None:
    case = a_full_case(4)
    case.do(OpenSupervision, by=supervisor(DISTRICT), unit=ROADS, text="close the road")
    case.do(CancelCase, by=OPERATOR, reason="a mistake")
    assert (case.state.supervisions[0].status, case.future) == (SupervisionStatus.CLOSED, ())
    assert ROADS in case.told("cancelled")


# --- any course -------------------------------------------------------------------------------------

ACTS = st.sampled_from(["open", "reply", "accept", "reject", "submit", "check", "close", "wait", "reassign"])


@given(acts=st.lists(st.tuples(ACTS, st.integers(0, 2)), max_size=40), severity=st.sampled_from([2, 4]))
def test_whatever_people_do_no_case_closes_over_an_open_order(
    acts: list[tuple[str, int]], severity: int
) -> None:
    case = a_full_case(severity).handling()
    for act, which in acts:
        before = case.state
        try:
            _do(case, act, f"S{which + 1}")
        except CommandRefused:
            assert case.state == before
        open_orders = {
            one.id for one in case.state.supervisions if one.status is not SupervisionStatus.CLOSED
        }
        assert case.state.closed_at is None or not open_orders
        armed = [one for one in case.future if one.name.value.startswith("supervision")]
        assert {one.item for one in armed} == open_orders, "each open order has its one clock"
        assert len(armed) == len(open_orders)


def _do(case: Played, act: str, number: str) -> None:
    order = next((one for one in case.state.supervisions if one.id == number), None)
    unit, by = (order.unit, order.by) if order is not None else (WATER, CITY)
    if act == "open":
        case.do(OpenSupervision, by=supervisor(CITY), text="act", unit=ROADS if number == "S2" else None)
    elif act == "reply":
        case.do(ReplySupervision, by=handler(unit), supervision=number, reply="done")
    elif act in ("accept", "reject"):
        case.do(
            ReviewSupervision, by=supervisor(by), supervision=number, accepted=act == "accept", reason="so"
        )
    elif act == "submit":
        case.do(SubmitResult, by=handler(case.state.owner), result="repaired")
    elif act == "check":
        case.checked()
    elif act == "close":
        case.do(CloseCase, by=supervisor(CITY), close_kind=CloseKind.FORCED, reason="enough")
    elif act == "reassign":
        case.do(Reassign, by=supervisor(CITY), lead=POWER, reason="they are there")
    else:
        case.until(case.now + timedelta(days=1))
