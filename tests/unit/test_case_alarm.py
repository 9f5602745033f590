"""A case and its alarm: each hears what becomes of the other, and nothing is solved out of band."""

from dataclasses import replace

import pytest

from domain.case import Outcome, Status
from domain.errors import RefusalCode
from domain.messages import CloseCase, CloseKind
from domain.messages_alarm import AlarmChanged
from domain.views import view_of
from tests.unit.builders import (
    CITY,
    OPERATOR,
    SYSTEM,
    WATER,
    Played,
    a_case,
    a_full_case,
    decision,
    refused,
    supervisor,
)
from tests.unit.case_draws import milestone
from tests.unit.scenes_alarm import about_an_alarm


def said(
    case: Played, word: str = "in_band", *, in_band: bool = True, seq: int = 1, **given: object
) -> Outcome:
    fields = {"alarm_no": "AL-1", "phase": "responding", "severity": 2} | given
    return case.do(AlarmChanged, by=SYSTEM, current_in_band=in_band, reason=word, seq=seq, **fields)


def to_alarm(case: Played) -> list[tuple[str, str, str | None]]:
    words = [one.tell_alarm for one in case.orders if one.tell_alarm is not None]
    return [(word.alarm_no, word.status, word.close_kind) for word in words]


def test_a_case_tells_its_alarm_each_change_of_status_and_nothing_else() -> None:
    case = about_an_alarm(out=False)
    assert to_alarm(case) == [("AL-1", "dispatched", None)]
    assert {one.case_no for one in case.orders} == {case.state.case_no}
    case.submitted()
    case.do(CloseCase, by=OPERATOR)
    assert to_alarm(case)[1:] == [
        ("AL-1", "accepted", None), ("AL-1", "handling", None), ("AL-1", "feedback", None),
        ("AL-1", case.state.status.value, "solved"),
    ]  # fmt: skip
    assert view_of(case.state).aspects.alarm == "AL-1"
    assert to_alarm(a_case().closed()) == []


def test_a_merged_case_names_its_master_to_the_alarm() -> None:
    case = a_case(master="20260914-0000-0002", alarm="AL-1")
    (order,) = [one for one in case.orders if one.tell_alarm is not None]
    assert (order.tell_alarm.status, order.tell_alarm.master) == ("merged", "20260914-0000-0002")  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", CloseKind)
def test_only_solved_is_refused_out_of_band(kind: CloseKind) -> None:
    case = about_an_alarm().submitted()
    if kind is CloseKind.SOLVED:
        with refused(case, RefusalCode.ALARM_OUT_OF_BAND):
            case.do(CloseCase, by=supervisor(CITY), close_kind=kind)
        said(case)
    case.do(CloseCase, by=supervisor(CITY), close_kind=kind, reason="a building site, known")
    assert case.state.close_kind == kind.value


def test_a_passed_check_out_of_band_is_kept_and_closes_nothing() -> None:
    case = about_an_alarm(2).submitted()
    case.checked()
    assert (case.state.status, case.state.check_passed) == (Status.CHECKING, True)
    assert case.facts[-1].data["waits_for"] == ["alarm_out_of_band"]
    said(case, "false_alarm", in_band=True, phase="false_alarm")
    case.do(CloseCase, by=supervisor(CITY))
    assert case.state.close_kind == "solved"


def test_an_overtaken_word_changes_nothing_and_each_alarm_counts() -> None:
    case = a_case()
    bound = said(case, "linked", in_band=False, seq=3)
    assert (case.state.alarm, bound.notices) == ("AL-1", ())
    assert to_alarm(case) == [("AL-1", "dispatched", None)], "it is told where the case stands"
    assert said(case, "in_band", seq=2).facts == ()
    said(case, "worse", in_band=False, alarm_no="AL-2")
    said(case, "in_band", seq=4)
    case.submitted()
    with refused(case, RefusalCode.ALARM_OUT_OF_BAND):
        case.do(CloseCase, by=supervisor(CITY))
    said(case, "released", alarm_no="AL-2", seq=2, phase="released")
    case.do(CloseCase, by=supervisor(CITY))


def test_people_hear_of_what_matters_to_them() -> None:
    case = a_full_case(4)
    case.keep(Outcome(state=replace(case.state, supervisors=(CITY,))))
    heard = {
        word: [(one.template, one.unit) for one in said(case, word, seq=n, children=5).notices]
        for n, word in enumerate(("linked", "warning", "in_band", "worse", "children"), start=1)
    }
    assert heard == {
        "linked": [],
        "warning": [],
        "in_band": [("alarm_changed", WATER)],
        "worse": [("alarm_changed", WATER), ("alarm_changed", CITY)],
        "children": [("storm_told", WATER)],
    }
    case.closed()
    assert said(case, "relapse", seq=9, in_band=False).notices == ()


def test_the_assessment_is_no_stage_the_case_still_owes() -> None:
    stages = (milestone("assess", "30MIN"), milestone("on_site", "1UH"))
    case = a_full_case(2, decision=decision(WATER, milestones=stages), alarm="AL-1")
    said(case, "warning", phase="assessing")
    assert case.armed("milestone.due", "assess") is not None
    said(case, "warning", seq=2, phase="warning")
    assert (case.armed("milestone.due", "assess"), case.armed("milestone.due", "on_site") is None) == (
        None,
        False,
    )
    assert case.facts[-1].data["milestone"] == "assess"
