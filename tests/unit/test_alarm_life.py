"""The laws of an alarm's life, whatever is said in whatever order, and its turns by example."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.alarm import ALARM_ENDED, WITH_READINGS, Alarm, AlarmOrigin, AlarmPhase
from domain.alarm_life import (
    AlarmProblem,
    AlarmRefused,
    AlarmWord,
    Assessed,
    CaseTold,
    Confirmed,
    Corroborated,
    Due,
    FaultOfDevice,
    Gathered,
    JoinedStorm,
    Regraded,
    SaidAgain,
    TellUnit,
    Unmuted,
    Verdict,
    Withdrawn,
)
from domain.hazard import Unanswered
from tests.unit.alarm_lives import AUTOMATIC, CREW, MINUTE, OFFICER, T0, TIMES, Life, begun, warned

SEVERITY = st.integers(1, 4)
STATUS = st.sampled_from(["triaging", "dispatched", "handling", "closed", "cancelled", "reopened"])
STEPS = st.integers(0, 20).map(lambda minutes: minutes * MINUTE)


@st.composite
def words(draw: st.DrawFn, case_no: str) -> AlarmWord:
    """Draw a word about an alarm whose case is this one; the instant is filled in later."""
    said = st.one_of(
        st.builds(SaidAgain, at=st.just(T0), severity=st.none() | SEVERITY),
        st.builds(Corroborated, at=st.just(T0), report_no=st.sampled_from("AB"), case_no=st.just("C9")),
        st.builds(
            Assessed, at=st.just(T0), actor=st.just(OFFICER), verdict=st.sampled_from(Verdict),
            severity=st.none() | SEVERITY, reason=st.sampled_from(["", "drift"]), text=st.just("seen"),
            into=st.sampled_from([None, "AL9"]),
        ),
        st.builds(Confirmed, at=st.just(T0), actor=st.just(CREW)),
        st.builds(Regraded, at=st.just(T0), actor=st.just(OFFICER), severity=SEVERITY, reason=st.just("seen")),
        st.builds(
            CaseTold, at=st.just(T0), case_no=st.just(case_no), status=STATUS,
            close_kind=st.sampled_from(["solved", "explained"]),
        ),
        st.builds(JoinedStorm, at=st.just(T0), parent=st.just("AL8"), case_no=st.just("C8")),
        st.builds(Gathered, at=st.just(T0), children=st.integers(1, 9), worst=st.none() | SEVERITY),
        st.builds(Unmuted, at=st.just(T0)),
        st.builds(Withdrawn, at=st.just(T0), reason=st.just("cancel")),
        st.builds(Due, at=st.just(T0)),
    )  # fmt: skip
    word: AlarmWord = draw(said)
    return word


@settings(max_examples=80, deadline=None)
@given(
    data=st.data(),
    severity=SEVERITY,
    origin=st.sampled_from(AlarmOrigin),
    unanswered=st.sampled_from(Unanswered),
)
def test_laws(data: st.DataObject, severity: int, origin: AlarmOrigin, unanswered: Unanswered) -> None:
    wait, assess = (
        data.draw(st.sampled_from([timedelta(), MINUTE])),
        data.draw(st.sampled_from([None, 5 * MINUTE])),
    )
    times = replace(
        TIMES, unanswered=unanswered, wait=wait, assess=assess, interval=5 * MINUTE, repeat=60 * MINUTE
    )
    life = begun(times=times, severity=severity, current=severity, origin=origin,
                 muted_by=data.draw(st.sampled_from(["", "C7"])))  # fmt: skip
    now = T0
    for _ in range(data.draw(st.integers(0, 14))):
        before = life.alarm
        now += data.draw(STEPS)
        word = replace(data.draw(words(before.case_no or "C0")), at=now)
        try:
            life.say(word)
        except AlarmRefused:
            continue
        _hold_laws(before, word, life)


def _hold_laws(before: Alarm, word: AlarmWord, life: Life) -> None:
    after, facts = life.alarm, life.last.facts
    assert [fact.seq for fact in facts] == list(range(before.seq + 1, after.seq + 1))
    assert all(one.target == next_.source for one, next_ in pairwise(facts))
    assert (after.phase == before.phase) or (facts[-1].target is after.phase)
    assert after.count >= before.count
    if before.phase in ALARM_ENDED:
        assert (after, facts, life.last.owes) == (before, (), ())
    if isinstance(word, Corroborated):
        assert after.confidence >= before.confidence
    if after.severity == 1 and after.phase not in ALARM_ENDED:
        assert after.case_no is not None, "severity 1 has a case from its first step on"
    if after.phase in (AlarmPhase.WARNING, AlarmPhase.RESPONDING):
        assert after.case_no is not None
    _hold_grade(before, word, after)
    _hold_release(before, word, after, life)
    _hold_future(word, after)


def _hold_grade(before: Alarm, word: AlarmWord, after: Alarm) -> None:
    if isinstance(word, SaidAgain | Gathered):
        if before.severity == 1:
            assert after.severity == 1, "milder than 1 only by a person"
        if before.graded is not None and after.severity > before.severity:
            assert after.severity <= before.graded
    elif not isinstance(word, Assessed | Regraded):
        assert after.severity == before.severity


def _hold_release(before: Alarm, word: AlarmWord, after: Alarm, life: Life) -> None:
    facts, times = life.last.facts, life.times
    if after.phase is not AlarmPhase.RELEASED or before.phase is AlarmPhase.RELEASED:
        return
    assert after.current is None, "never released out of band"
    assert after.withdrawn_at is not None or (after.in_band_at or T0) + times.hold <= word.at
    if after.severity <= 2 and AlarmPhase.MERGED not in (before.phase, *(fact.target for fact in facts)):
        assert after.confirmed_at is not None
    if isinstance(word, Due | SaidAgain | Gathered) and before.origin in WITH_READINGS:
        assert after.confirmed_at is not None or after.parent is not None or after.withdrawn_at is not None


def _hold_future(word: AlarmWord, after: Alarm) -> None:
    if after.phase in ALARM_ENDED:
        assert after.next_due is None
    elif after.phase is AlarmPhase.ASSESSING:
        assert after.next_due is not None, "an assessment never falls off"
    if isinstance(word, Due) and after.next_due is not None and after.phase is not AlarmPhase.ASSESSING:
        assert after.next_due > word.at, "a deadline that was carried out does not come again"


def test_severity_1_is_dispatched_in_parallel_with_its_assessment_and_unanswered_counts_as_true() -> None:
    life = begun(severity=1, current=1, times=replace(TIMES, wait=MINUTE))
    assert (life.alarm.phase, life.opened) == (AlarmPhase.ASSESSING, ["severity_1"])
    assert life.units == [("alarm_assess", "420000-OPS")]
    assert life.alarm.next_due == T0 + 5 * MINUTE
    life.say(CaseTold(at=T0 + MINUTE, case_no="C1", status="handling"))
    assert life.alarm.phase is AlarmPhase.ASSESSING
    life.say(Due(at=T0 + 5 * MINUTE))
    assert life.kinds == ["warning", "responding"]
    assert life.units == [("alarm_unanswered", "420000-OPS")]
    assert life.told == ["unanswered"]
    assert life.opened == ["severity_1"]


def test_an_unanswered_milder_one_goes_from_assessor_to_assessor_for_ever() -> None:
    life = begun(severity=3, current=3)
    asked = []
    for minutes in (5, 10, 15, 20):
        assert life.alarm.next_due == T0 + minutes * MINUTE
        life.say(Due(at=T0 + minutes * MINUTE))
        asked += life.units
    assert asked == [("alarm_unanswered", "420000-CMD")] * 4
    assert (life.alarm.phase, life.alarm.assessments_missed, life.opened) == (AlarmPhase.ASSESSING, 4, [])
    true = begun(severity=3, current=3, times=replace(TIMES, unanswered=Unanswered.TRUE))
    true.say(Due(at=T0 + 5 * MINUTE))
    assert (true.alarm.phase, true.opened) == (AlarmPhase.WARNING, ["unanswered"])


def test_a_milder_one_waits_for_others_and_severity_1_does_not() -> None:
    waiting = replace(TIMES, wait=MINUTE)
    life = begun(times=waiting)
    assert (life.alarm.phase, life.alarm.next_due, life.opened) == (AlarmPhase.RAISED, T0 + MINUTE, [])
    assert life.say(Due(at=T0 + 30 * timedelta(seconds=1))).last.facts == ()
    assert life.say(Due(at=T0 + MINUTE)).alarm.phase is AlarmPhase.ASSESSING
    worse = begun(times=waiting).say(SaidAgain(at=T0, severity=1))
    assert (worse.kinds, worse.opened) == (["worse", "assessing"], ["severity_1"])
    automatic = begun(times=replace(AUTOMATIC, wait=MINUTE)).say(Due(at=T0 + MINUTE))
    assert (automatic.alarm.phase, automatic.opened) == (AlarmPhase.WARNING, ["automatic"])


def test_released_only_in_band_for_the_hold_and_confirmed() -> None:
    life = warned().say(CaseTold(at=T0, case_no="C1", status="dispatched"))
    assert life.kinds == ["case_told", "responding"]
    life.say(SaidAgain(at=T0 + MINUTE, severity=None))
    assert (life.alarm.phase, life.told, life.alarm.next_due) == (AlarmPhase.RECOVERING, ["in_band"], None)
    assert life.say(Due(at=T0 + 60 * MINUTE)).kinds == []
    life.say(SaidAgain(at=T0 + 61 * MINUTE, severity=2))
    assert (life.alarm.phase, life.told, life.alarm.in_band_at) == (AlarmPhase.RESPONDING, ["relapse"], None)
    life.say(SaidAgain(at=T0 + 62 * MINUTE, severity=None)).say(
        CaseTold(at=T0 + 63 * MINUTE, case_no="C1", status="closed", close_kind="solved")
    )
    assert (life.alarm.phase, life.alarm.next_due) == (AlarmPhase.RECOVERING, T0 + 72 * MINUTE)
    assert life.say(Due(at=T0 + 72 * MINUTE)).alarm.phase is AlarmPhase.RELEASED
    said = warned().say(Confirmed(at=T0, actor=CREW)).say(SaidAgain(at=T0, severity=None))
    assert said.say(Due(at=T0 + 10 * MINUTE)).kinds == ["released"]


def test_readings_that_get_worse_undo_a_word_that_it_was_safe() -> None:
    life = warned(severity=3, current=3).say(Confirmed(at=T0, actor=CREW)).say(SaidAgain(at=T0, severity=2))
    life.say(SaidAgain(at=T0, severity=None))
    assert (life.alarm.phase, life.alarm.next_due) == (AlarmPhase.RECOVERING, None)


def test_a_mild_ones_case_may_end_any_way_a_severe_ones_must_be_solved() -> None:
    for severity, due in ((3, T0 + 10 * MINUTE), (2, None)):
        life = warned(severity=severity, current=severity).say(SaidAgain(at=T0, severity=None))
        life.say(CaseTold(at=T0, case_no="C1", status="closed", close_kind="explained"))
        assert life.alarm.next_due == due


def test_a_relapse_after_the_case_was_closed_opens_another() -> None:
    life = warned().say(SaidAgain(at=T0, severity=None))
    life.say(CaseTold(at=T0, case_no="C1", status="closed", close_kind="solved"))
    life.say(SaidAgain(at=T0 + 5 * MINUTE, severity=2))
    assert (life.alarm.phase, life.alarm.confirmed_at) == (AlarmPhase.WARNING, None)
    assert life.opened == ["automatic", "relapse"]


def test_an_alarm_without_readings_ends_by_withdrawal_by_expiry_or_by_people() -> None:
    maker: dict[str, Any] = {"origin": AlarmOrigin.MAKER}
    mild = begun(severity=3, current=3, **maker).say(Withdrawn(at=T0 + MINUTE, reason="clear"))
    assert (mild.kinds, mild.opened) == (["withdrawn", "released"], [])
    expiring = begun(severity=4, current=4, expires_at=T0 + MINUTE, **maker)
    assert expiring.alarm.next_due == T0 + MINUTE
    assert expiring.say(Due(at=T0 + MINUTE)).alarm.phase is AlarmPhase.RELEASED
    severe = warned(severity=2, **maker).say(Withdrawn(at=T0 + MINUTE, reason="clear"))
    assert severe.alarm.phase is AlarmPhase.RECOVERING
    assert severe.say(Confirmed(at=T0 + 2 * MINUTE, actor=CREW)).alarm.phase is AlarmPhase.RELEASED
    solved = warned(severity=2, **maker)
    solved.say(CaseTold(at=T0 + MINUTE, case_no="C1", status="closed", close_kind="solved"))
    assert solved.alarm.phase is AlarmPhase.RELEASED


def test_verdicts() -> None:
    false = Assessed(at=T0, actor=OFFICER, verdict=Verdict.FALSE, reason="drift", text="calibrated")
    life = begun(severity=1, current=1).say(replace(false, suspect=True))
    assert (life.alarm.phase, life.told) == (AlarmPhase.FALSE_ALARM, ["false_alarm"])
    assert life.owes(FaultOfDevice) == [FaultOfDevice(reason="false_alarms")]
    fault = begun().say(replace(false, verdict=Verdict.DEVICE_FAULT, reason="broken"))
    assert (fault.alarm.phase, fault.owes(FaultOfDevice)) == (
        AlarmPhase.DEVICE_FAULT,
        [FaultOfDevice(reason="broken")],
    )
    into = begun().say(replace(false, verdict=Verdict.MERGED, into="AL9", case_no="C9"))
    assert (into.alarm.phase, into.alarm.parent, into.alarm.case_no) == (AlarmPhase.MERGED, "AL9", "C9")
    into.say(SaidAgain(at=T0, severity=1))
    assert (into.alarm.severity, into.told, into.alarm.phase) == (1, ["worse"], AlarmPhase.MERGED)
    true = begun().say(replace(false, verdict=Verdict.TRUE, severity=1))
    assert (true.alarm.phase, true.alarm.severity, true.opened) == (AlarmPhase.WARNING, 1, ["assessed"])
    for word, code in (
        (replace(false, text=" "), AlarmProblem.REASON),
        (replace(false, verdict=Verdict.TRUE, severity=4, reason="", text=""), AlarmProblem.REASON),
        (Regraded(at=T0, actor=OFFICER, severity=5, reason="x"), AlarmProblem.SEVERITY),
        (Regraded(at=T0, actor=OFFICER, severity=3, reason=""), AlarmProblem.REASON),
    ):
        with pytest.raises(AlarmRefused) as refused:
            begun().say(word)
        assert refused.value.code is code
    assert (
        begun()
        .say(Regraded(at=T0, actor=OFFICER, severity=2, reason="x", request_id="r1"))
        .last.facts[0]
        .data["request"]
        == "r1"
    )
    for ended in (life, fault):
        with pytest.raises(AlarmRefused) as refused:
            ended.say(Confirmed(at=T0, actor=CREW))
        assert refused.value.code is AlarmProblem.PHASE


def test_a_persons_grade_stands_against_the_same_readings_and_not_against_worse_ones() -> None:
    life = warned(severity=2, current=2).say(Regraded(at=T0, actor=OFFICER, severity=3, reason="small"))
    assert life.told == ["regraded"]
    assert life.say(SaidAgain(at=T0, severity=2)).alarm.severity == 3
    assert life.say(SaidAgain(at=T0, severity=4)).alarm.severity == 3
    assert life.say(SaidAgain(at=T0, severity=1)).alarm.severity == 1
    assert life.told == ["worse"]
    assert life.say(SaidAgain(at=T0, severity=3)).alarm.severity == 1
    assert warned().say(SaidAgain(at=T0, severity=4)).told == ["milder"]


def test_a_citizens_report_makes_a_warning_and_lends_its_case() -> None:
    report = Corroborated(at=T0, report_no="R1", case_no="C7")
    life = begun(severity=3, current=3).say(report)
    assert (life.alarm.phase, life.alarm.case_no, life.opened) == (AlarmPhase.WARNING, "C7", [])
    assert (life.alarm.confidence, life.told) == (0.75, ["warning"])
    assert life.say(report).last.facts == ()
    own = warned().say(report)
    assert (own.alarm.case_no, own.alarm.reports) == ("C1", ("R1",))


def test_a_storm_speaks_for_its_children() -> None:
    child = begun(severity=3, current=3).say(JoinedStorm(at=T0, parent="AL0", case_no="C0"))
    assert (child.alarm.phase, child.alarm.case_no, child.alarm.next_due) == (AlarmPhase.MERGED, "C0", None)
    child.say(SaidAgain(at=T0, severity=None))
    assert (child.told, child.alarm.next_due, child.alarm.count) == ([], T0 + 10 * MINUTE, 2)
    assert child.say(Due(at=T0 + 10 * MINUTE)).alarm.phase is AlarmPhase.RELEASED
    severe = begun(severity=1, current=1).say(JoinedStorm(at=T0, parent="AL0", case_no="C0"))
    assert (severe.alarm.phase, severe.alarm.case_no, severe.kinds) == (
        AlarmPhase.ASSESSING,
        "C1",
        ["joined_storm"],
    )
    storm = begun(
        times=replace(AUTOMATIC, interval=5 * MINUTE, repeat=60 * MINUTE), origin=AlarmOrigin.STORM,
        severity=3, current=3,
    )  # fmt: skip
    storm.say(Gathered(at=T0 + MINUTE, children=7, worst=2))
    assert (storm.kinds, storm.alarm.next_due) == (["children", "worse"], T0 + 5 * MINUTE)
    storm.say(Due(at=T0 + 5 * MINUTE))
    assert (storm.told, storm.alarm.told_children, storm.alarm.next_due) == (
        ["children"],
        7,
        T0 + 65 * MINUTE,
    )
    storm.say(Gathered(at=T0 + 6 * MINUTE, children=8, worst=2))
    assert storm.alarm.next_due == T0 + 10 * MINUTE
    storm.say(Gathered(at=T0 + 7 * MINUTE, children=8, worst=None))
    assert storm.alarm.phase is AlarmPhase.RECOVERING


def test_a_case_of_a_child_is_told_that_it_is_one() -> None:
    """Its case would wait for ever for readings that only the storm speaks of."""
    child = warned(severity=3, current=3).say(JoinedStorm(at=T0, parent="AL0", case_no=None))
    assert (child.alarm.phase, child.alarm.case_no, child.told) == (AlarmPhase.MERGED, "C1", ["merged"])


def test_a_child_that_becomes_severity_1_has_its_own_life_again() -> None:
    child = begun(severity=3, current=3).say(JoinedStorm(at=T0, parent="AL0", case_no=None))
    child.say(SaidAgain(at=T0, severity=1))
    assert (child.alarm.phase, child.alarm.parent, child.opened) == (
        AlarmPhase.ASSESSING,
        "AL0",
        ["severity_1"],
    )
    assert child.say(Due(at=T0 + 5 * MINUTE)).alarm.phase is AlarmPhase.WARNING
    child.say(SaidAgain(at=T0 + 6 * MINUTE, severity=None))
    assert child.told == ["in_band"]
    assert child.say(Due(at=T0 + 20 * MINUTE)).alarm.phase is AlarmPhase.RECOVERING  # nobody has confirmed it


def test_a_relapse_that_crosses_the_closing_of_its_case_opens_another() -> None:
    life = warned().say(CaseTold(at=T0, case_no="C1", status="handling"))
    life.say(SaidAgain(at=T0, severity=None)).say(SaidAgain(at=T0 + MINUTE, severity=2))
    life.say(CaseTold(at=T0 + MINUTE, case_no="C1", status="closed", close_kind="solved"))
    assert (life.alarm.phase, life.opened) == (AlarmPhase.WARNING, ["automatic", "relapse"])
    assert (life.alarm.case_no, life.alarm.confirmed_at) == ("C2", None)


def test_what_is_muted_waits_until_what_mutes_it_has_ended() -> None:
    life = begun(severity=3, current=3, origin=AlarmOrigin.SILENCE, muted_by="C5")
    assert (life.alarm.phase, life.alarm.next_due) == (AlarmPhase.RAISED, None)
    assert life.say(Unmuted(at=T0 + MINUTE)).kinds == ["unmuted", "assessing"]
    assert begun(severity=1, current=1, muted_by="C5").opened == ["severity_1"]


def test_a_word_of_the_case_that_was_overtaken_changes_nothing() -> None:
    life = warned().say(SaidAgain(at=T0, severity=None))
    life.say(CaseTold(at=T0, case_no="C1", status="closed", close_kind="solved", seq=9))
    assert life.say(CaseTold(at=T0, case_no="C1", status="handling", seq=7)).last.facts == ()
    assert (life.alarm.case_status, life.alarm.confirmed_by) == ("closed", "case")
    assert life.say(CaseTold(at=T0, case_no="C1", status="dispatched", seq=12)).alarm.confirmed_at is None


def test_a_case_that_ends_unsolved_leaves_a_warning_nobody_works_on() -> None:
    life = warned().say(CaseTold(at=T0, case_no="C1", status="handling"))
    life.say(CaseTold(at=T0, case_no="C1", status="closed", close_kind="explained"))
    assert (life.alarm.phase, life.alarm.confirmed_at) == (AlarmPhase.WARNING, None)
    assert life.say(SaidAgain(at=T0, severity=1)).opened == ["automatic", "worse"]
    merged = warned().say(CaseTold(at=T0, case_no="C1", status="merged", master="C5"))
    assert (merged.alarm.case_no, merged.kinds, merged.told) == ("C5", ["case_merged"], ["linked"])
    assert merged.say(CaseTold(at=T0, case_no="C1", status="closed")).last.facts == ()


def test_an_exercise_says_so_in_every_notice() -> None:
    told = begun(exercise=True).owes(TellUnit)
    assert [one.context["exercise"] for one in told if isinstance(one, TellUnit)] == [True]
