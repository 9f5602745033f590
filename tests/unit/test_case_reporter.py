"""Supplements, urges and the same demand again: heard of, counted, and nobody's deadline."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.case import CaseState, Outcome, Status
from domain.errors import RefusalCode
from domain.messages import JoinReport
from domain.messages_reporter import Supplement, Urge
from domain.rows_reporter import QUIET
from domain.views import view_of
from tests.unit.builders import (
    DISTRICT,
    REPORT,
    SYSTEM,
    TRIAGE,
    WATER,
    Played,
    a_case,
    a_full_case,
    decision,
    refused,
)

MINUTE = timedelta(minutes=1)


def urged(case: Played, number: int = 1) -> Outcome:
    return case.do(Urge, by=SYSTEM, urge_id=f"u-{number}", report_no=REPORT, source="hotline")


def told(outcome: Outcome) -> list[tuple[str | None, object, object]]:
    return [(one.unit, one.context["times"], one.context.get("copy", False)) for one in outcome.notices]


def promised(state: CaseState) -> tuple[object, ...]:
    """Return what an urge may never change."""
    return state.status, state.owner, state.level, state.handling_due, state.total_due, state.deadlines


def test_an_urge_is_counted_and_the_owner_hears_of_it() -> None:
    case = a_case()
    before = promised(case.state)
    outcome = urged(case)
    (fact,) = outcome.facts
    assert (fact.kind, fact.data) == (
        "urged", {"report": REPORT, "urge": "u-1", "source": "hotline", "urges": 1},
    )  # fmt: skip
    assert told(outcome) == [(WATER, 1, False)]
    assert promised(case.state) == before
    assert view_of(case.state).aspects.urges == 1


def test_the_second_urge_is_heard_above_and_nobody_twice_within_an_hour() -> None:
    case = a_case()
    urged(case)
    second = urged(case.wait(MINUTE), 2)
    assert told(second) == [(TRIAGE, 2, True)]
    assert told(urged(case.wait(MINUTE), 3)) == []
    assert told(urged(case.wait(QUIET), 4)) == [(WATER, 4, False), (TRIAGE, 4, True)]
    assert case.state.urges == 4


def test_who_supervises_the_case_hears_of_the_second_urge() -> None:
    case = a_case()
    while not case.state.supervisors:
        case.next()  # nobody signs in
    urged(case)
    assert told(urged(case, 2)) == [(DISTRICT, 2, True)]


def test_before_it_is_filed_the_desk_is_urged_and_told_once() -> None:
    case = a_full_case(decision=decision(confidence=0.4))
    assert case.state.status is Status.TRIAGING
    assert told(urged(case)) == [(TRIAGE, 1, False)]
    assert told(urged(case, 2)) == []


def test_a_stranger_to_the_case_neither_urges_nor_adds() -> None:
    case = a_case()
    with refused(case, RefusalCode.UNKNOWN_REPORT):
        case.do(Urge, by=SYSTEM, urge_id="u-1", report_no="R-9")
    with refused(case, RefusalCode.UNKNOWN_REPORT):
        case.do(Supplement, by=SYSTEM, supplement_id="s-1", report_no="R-9")


def test_a_supplement_is_told_to_the_owner_and_says_nothing_of_its_words() -> None:
    case = a_case()
    before = promised(case.state)
    outcome = case.do(
        Supplement, by=SYSTEM, supplement_id="s-1", report_no=REPORT, source="app", attachments=2
    )
    assert [(one.template, one.unit) for one in outcome.notices] == [("supplement", WATER)]
    assert outcome.facts[0].data == {
        "report": REPORT, "supplement": "s-1", "source": "app", "attachments": 2, "after_closing": False,
    }  # fmt: skip
    assert promised(case.state) == before


def test_a_supplement_after_the_closing_goes_to_the_desk() -> None:
    case = a_case().closed()
    before = promised(case.state)
    outcome = case.do(Supplement, by=SYSTEM, supplement_id="s-1", report_no=REPORT)
    assert [(one.unit, one.context["about"]) for one in outcome.notices] == [(TRIAGE, "after_closing")]
    assert promised(case.state) == before


def again(case: Played, report: str) -> Outcome:
    return case.do(JoinReport, by=SYSTEM, report_no=report, merged_case=f"case-of-{report}", repeated=True)


def test_the_same_demand_again_joins_and_is_told_with_its_number() -> None:
    case = a_case()
    before = promised(case.state)
    outcome = again(case, "R-2")
    assert (outcome.facts[0].kind, outcome.facts[0].data["demands"]) == ("report_joined", 1)
    assert [one.context["about"] for one in outcome.notices] == ["demand", "demand"]
    assert told(outcome) == [(WATER, 2, False), (TRIAGE, 2, True)]
    assert told(again(case.wait(MINUTE), "R-3")) == []
    assert told(again(case.wait(QUIET), "R-4")) == [(WATER, 4, False), (TRIAGE, 4, True)]
    assert promised(case.state) == before
    assert case.state.demands == 3
    assert [one.visit for one in case.state.reports] == ["open"] * 4


def test_another_reporter_who_joins_is_no_repeated_demand() -> None:
    case = a_case().joined("R-2")
    assert case.state.demands == 0
    assert case.told("urge") == []
    assert "demands" not in case.of_kind("report_joined")[0].data


@settings(max_examples=20)
@given(pauses=st.lists(st.integers(0, 90), max_size=12))
def test_however_often_somebody_urges_no_unit_hears_of_it_twice_within_an_hour(pauses: list[int]) -> None:
    case = a_case()
    before = promised(case.state)
    heard: dict[str | None, list[datetime]] = {}
    for number, minutes in enumerate(pauses):
        case.now += timedelta(minutes=minutes)
        if promised(case.state) != before or case.state.next_due is None or case.state.next_due <= case.now:
            return
        for notice in urged(case, number).notices:
            heard.setdefault(notice.unit, []).append(case.now)
    assert case.state.urges == len(pauses)
    for moments in heard.values():
        assert all(later - earlier >= QUIET for earlier, later in pairwise(moments))
