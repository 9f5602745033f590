"""Row 7 undone, and those who join late: whose report it is, and that nobody is left without an answer."""

from datetime import timedelta

import pytest

from domain.aspects import Transfer
from domain.begin import begin
from domain.case import Status
from domain.errors import RefusalCode
from domain.messages import MergeInto
from domain.messages_triage import AnswerAtOnce, RefusedFor, RefuseReport, SplitReport
from domain.order import Order, Revive
from tests.unit.builders import (
    DISPATCHER,
    OPERATOR,
    REPORT,
    WATER,
    Played,
    a_case,
    a_full_case,
    at,
    beginning,
    full_rules,
    handler,
    refused,
    rulebook,
    supervisor,
)
from tests.unit.scenes_triage import UNSURE, in_triage, transferred

MASTER = "20260914-0000-0001"


def state_of(case: Played) -> Status:
    """Return the state anew each time it is asked for."""
    return case.state.status


def split(case: Played, report: str = "R-2") -> Played:
    case.do(SplitReport, by=OPERATOR, report_no=report, reason="another pipe")
    return case


def test_the_master_forgets_the_report_and_orders_its_case_to_live_again() -> None:
    case = split(a_full_case().joined("R-2").joined("R-3"))

    assert [report.report_no for report in case.state.reports] == [REPORT, "R-3"]
    fact = case.facts[-1]
    assert (fact.kind, fact.row) == ("report_split", 7)
    assert fact.data == {"report": "R-2", "merged_case": "case-of-R-2", "reason": "another pipe"}
    assert case.orders == [
        Order(seq=fact.seq, n=0, case_no="case-of-R-2", revive=Revive(report_no="R-2", apart_from=MASTER))
    ]
    assert case.state.owner == WATER, "the master goes on as it was"


@pytest.mark.parametrize("step", ["dispatched", "handling", "submitted", "closed"])
def test_a_report_can_be_split_off_until_the_archive(step: str) -> None:
    case = a_full_case().joined("R-2")
    if step != "dispatched":
        getattr(case, step)()
    before = case.state.status
    split(case)

    assert state_of(case) is before
    assert [report.report_no for report in case.state.reports] == [REPORT]


def test_splitting_off_the_last_one_to_be_visited_ends_the_visits() -> None:
    case = a_full_case().joined("R-2").closed()
    case.visited(solved=True, grade=5)
    assert state_of(case) is Status.VISITING
    split(case)

    assert state_of(case) is Status.EVALUATED
    assert case.armed("stage.retention") is not None
    assert case.armed("stage.visit") is None


@pytest.mark.parametrize(
    ("report", "code"),
    [(REPORT, RefusalCode.ONLY_REPORT), ("R-9", RefusalCode.UNKNOWN_REPORT)],
)
def test_only_what_was_merged_in_is_split_off(report: str, code: RefusalCode) -> None:
    case = a_full_case().joined("R-2")
    with refused(case, code):
        split(case, report)


def test_a_split_states_its_reason_and_is_the_desks() -> None:
    case = a_full_case().joined("R-2")
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(SplitReport, by=DISPATCHER, report_no="R-2", reason=" ")
    with refused(case, RefusalCode.ROLE_NOT_ALLOWED):
        case.do(SplitReport, by=handler(WATER), report_no="R-2", reason="mine")
    case.do(SplitReport, by=supervisor("city"), report_no="R-2", reason="two events")
    with refused(case, RefusalCode.UNKNOWN_REPORT):
        split(case)


def test_a_case_from_before_the_rulebook_gives_its_report_back_too() -> None:
    assert split(a_case().joined("R-2")).orders[0].case_no == "case-of-R-2"


def test_the_case_lives_on_in_a_new_epoch_says_so_and_tells_its_reporter() -> None:
    start = beginning(
        case_no="case-of-R-2", report_no="R-2", epoch=2, seq=3, apart_from=MASTER, rules=full_rules()
    )
    outcome = begin(start)

    assert (outcome.state.epoch, outcome.facts[0].seq) == (2, 4)
    assert outcome.state.status is Status.DISPATCHED
    assert outcome.facts[1].data["apart_from"] == MASTER
    told = [notice for notice in outcome.notices if notice.template == "split"]
    assert [(notice.report_no, notice.context) for notice in told] == [("R-2", {"master": MASTER})]


def test_a_case_is_never_merged_into_one_that_is_on_its_way_into_it() -> None:
    case = in_triage().joined("R-2")
    with refused(case, RefusalCode.BEING_MERGED):
        case.do(MergeInto, by=OPERATOR, master="case-of-R-2")
    split(case).do(MergeInto, by=OPERATOR, master="case-of-R-2")
    assert (state_of(case), case.told("merged")) == (Status.MERGED, [REPORT])


def test_a_repetition_is_counted_and_linked() -> None:
    case = a_full_case(repeat_of="20260901-0000-0007", repeats=3)

    fact = case.of_kind("repeated")[0]
    assert (fact.row, fact.data) == (39, {"repeat_of": "20260901-0000-0007", "repeats": 3})
    assert (case.state.repeat_of, case.state.repeats) == ("20260901-0000-0007", 3)


def test_who_joins_a_case_in_visits_is_told_the_result_and_has_the_full_time() -> None:
    case = a_full_case().closed()
    first = case.armed("stage.visit")
    assert first is not None
    case.wait(timedelta(days=1)).joined("R-2")

    assert case.told("result") == [REPORT, "R-2"]
    later = case.armed("stage.visit")
    assert later is not None
    assert later == first + timedelta(days=1)
    case.visited(solved=True)
    assert state_of(case) is Status.VISITING, "the late one is owed a visit too"
    case.visited(report="R-2", solved=True)
    assert state_of(case) is Status.EVALUATED


def test_who_joins_an_evaluated_case_is_visited_and_may_reopen_it() -> None:
    case = a_full_case().closed()
    case.visited(solved=True, grade=5)
    case.wait(timedelta(days=2)).joined("R-2")

    assert state_of(case) is Status.VISITING
    assert case.armed("stage.retention") is None
    assert case.armed("stage.visit") == at("2026-09-20 09:00"), "that Sunday is a work day"
    assert case.facts[-1].row == 31
    case.visited(report="R-2", solved=False)
    assert state_of(case) is Status.DISPATCHED
    assert case.state.reopened == 1


def test_who_joins_late_and_wants_no_visit_leaves_everything_as_it_was() -> None:
    case = a_full_case().closed()
    case.visited(solved=True, grade=5)
    before = case.future
    case.joined("R-2", wants_visit=False)

    assert (case.state.status, case.future) == (Status.EVALUATED, before)
    assert case.told("result") == [REPORT, "R-2"]


def test_who_joins_a_closed_case_nobody_had_to_be_visited_for_is_visited() -> None:
    case = a_full_case(wants_visit=False).closed()
    assert state_of(case) is Status.CLOSED
    case.joined("R-2")

    assert state_of(case) is Status.VISITING
    assert case.armed("stage.visit") is not None


def test_a_case_from_before_the_rulebook_tells_the_late_one_the_result_as_it_always_did() -> None:
    case = a_case().closed()
    case.visited(solved=True)
    before = case.future
    case.joined("R-2")

    assert (case.state.status, case.future) == (Status.EVALUATED, before)
    assert case.told("result") == [REPORT, "R-2"]


@pytest.mark.parametrize(("share", "status"), [(0.0, Status.ANSWERED), (1.0, Status.VISITING)])
def test_who_joins_an_answered_enquiry_hears_so_and_is_of_its_share(share: float, status: Status) -> None:
    book = rulebook(3, answered_visit_share=share)
    case = in_triage(wants_visit=False, rules=full_rules(book=book))
    case.do(AnswerAtOnce, by=OPERATOR, answer="open")
    case.joined("R-2")

    assert case.told("answered") == [REPORT, "R-2"]
    assert state_of(case) is status
    if status is Status.VISITING:
        case.joined("R-3")
        assert case.told("answered")[-1] == "R-3"


def test_who_joins_a_refused_or_transferred_case_hears_where_it_went() -> None:
    case = in_triage()
    case.do(RefuseReport, by=OPERATOR, refused_for=RefusedFor.IN_HAND, told="see the notice")
    case.joined("R-2")
    assert case.told("refused") == [REPORT, "R-2"]
    assert case.notices[-1].context == {"refused_for": "in_hand"}

    case = transferred().joined("R-2")
    assert isinstance(case.state.transfer, Transfer)
    assert case.told("transferred") == [REPORT, "R-2"]
    assert case.notices[-1].context == {"to": "PEER-119"}


def test_who_joins_an_open_case_is_answered_when_it_closes() -> None:
    case = a_full_case(decision=UNSURE).joined("R-2")
    assert case.told("result") == []
    assert case.filed().closed().told("result") == [REPORT, "R-2"]
