"""Rows 8 to 11: the reporter is asked, or somebody near looks, before a report is filed."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.actor import Role
from domain.aspects import Pause
from domain.case import Status
from domain.errors import RefusalCode
from domain.messages import CancelCase, MergeInto
from domain.messages_command import ChildChanged, Regrade
from domain.messages_triage import (
    AnswerAtOnce,
    AskReporter,
    Finding,
    Missing,
    RecordVerification,
    ReporterAnswered,
    TransferOut,
    VerifyFirst,
)
from domain.place import Level
from domain.policy import Rung
from domain.unit import DutyHours
from tests.unit.builders import (
    COMMUNITY,
    GRID,
    LADDER,
    MONDAY,
    OPERATOR,
    POWER,
    REPORT,
    STREET,
    SYSTEM,
    TRIAGE,
    WATER,
    Played,
    a_case,
    actor,
    at,
    decision,
    full_rules,
    handler,
    refused,
    without,
)
from tests.unit.scenes_triage import UNSURE, in_triage

OTHER = "20260914-0000-0002"
SURE = decision()


def asked(severity: int = 3, **changes: Any) -> Played:
    case = in_triage(severity, **changes)
    case.do(AskReporter, by=OPERATOR, missing=Missing.PLACE, question="which crossing, Mr Wang?")
    return case


def looked_at(severity: int = 3, **changes: Any) -> Played:
    return sent(in_triage(severity, **changes))


def certain(severity: int) -> Played:
    """Return a case routing is sure of, held back by a possible duplicate until it was graded up."""
    case = in_triage(4, decision=SURE, proposals=(OTHER,))
    case.do(Regrade, by=OPERATOR, severity=severity, reason="it spreads", rules=full_rules(severity))
    assert case.state.status is Status.TRIAGING
    return case


def sent(case: Played) -> Played:
    case.do(VerifyFirst, by=OPERATOR)
    return case


def texts(case: Played) -> str:
    return repr([(fact.kind, fact.data) for fact in case.facts])


def test_row_8_asks_every_reporter_and_stops_the_total_clock_for_all_to_see() -> None:
    case = in_triage().joined("R-2")
    case.do(AskReporter, by=OPERATOR, missing=Missing.PLACE, question="which crossing?")

    assert case.state.status is Status.NEED_INFO
    assert case.told("info_wanted") == [REPORT, "R-2"]
    assert [deadline.name.value for deadline in case.future] == ["info.wait"]
    assert case.armed("info.wait") == at("2026-09-16 09:00"), "two work days"
    assert case.state.pauses == (Pause(why="need_info", since=MONDAY),)
    assert case.state.info is not None
    assert (case.state.info.missing, case.state.info.question) == ("place", "which crossing?")


def test_nobody_is_called_up_for_triage_while_the_reporter_is_asked() -> None:
    case = asked()
    case.until(at("2026-09-16 08:59"))

    assert case.of_kind("triage_late") == []
    assert case.of_kind("escalated") == []


def test_row_9_goes_on_with_the_answer_and_a_fresh_time_of_triage() -> None:
    case = asked()
    case.wait(timedelta(hours=5)).do(ReporterAnswered, by=OPERATOR, answer="Jiefang Road 7, call 13812345678")

    assert (case.state.status, case.state.owner) == (Status.TRIAGING, TRIAGE)
    assert case.state.pauses == (Pause(why="need_info", since=MONDAY, until=case.now),)
    assert [deadline.name.value for deadline in case.future] == ["triage"]
    assert case.armed("triage") == at("2026-09-14 15:00")
    moved = next(fact for fact in case.facts if fact.row == 9)
    assert moved.due == at("2026-09-16 09:00")
    assert moved.actor == OPERATOR
    assert case.filed().state.total_due == at("2026-09-17 14:00"), "the total clock starts from the filing"


def test_what_was_asked_and_answered_stands_beside_the_case_and_in_no_fact() -> None:
    case = asked()
    case.do(ReporterAnswered, by=OPERATOR, answer="call 13812345678")
    case.do(AskReporter, by=OPERATOR, missing=Missing.EVIDENCE, question="any photo, Mr Wang?")
    case.do(ReporterAnswered, by=OPERATOR, answer="see mail")

    assert case.state.info is not None
    assert case.state.info.answers == ("call 13812345678", "see mail")
    assert case.state.info.tries == 1
    assert len(case.state.pauses) == 2
    for words in ("13812345678", "Wang", "see mail"):
        assert words not in texts(case)


def test_row_9_asks_again_and_then_ends_a_case_nobody_can_solve() -> None:
    case = asked(4)
    case.next()

    assert case.state.status is Status.NEED_INFO
    assert case.of_kind("asked_again")[0].data == {"missing": "place", "tries": 2}
    assert case.armed("info.wait") == at("2026-09-18 09:00")
    assert case.told("info_wanted") == [REPORT, REPORT]
    case.next()
    assert (case.state.status, case.facts[-1].row) == (Status.CANCELLED, 9)
    assert case.facts[-1].data == {"reason": "no_answer"}
    assert case.told("cancelled") == [REPORT]
    assert case.future == ()
    assert case.state.pauses[0].until == case.now
    assert [report.visit for report in case.state.reports] == ["not_wanted"]


@pytest.mark.parametrize("severity", [1, 2])
def test_row_9_never_ends_a_severe_case_whose_owner_is_not_certain(severity: int) -> None:
    case = asked(severity)
    case.next()
    case.next()

    assert case.state.status is Status.TRIAGING
    assert case.armed("triage") == case.now + timedelta(minutes=10)
    assert case.told("cancelled") == []


@pytest.mark.parametrize("severity", [1, 2])
def test_row_9_files_a_severe_case_routing_is_sure_of(severity: int) -> None:
    case = certain(severity)
    case.do(AskReporter, by=OPERATOR, missing=Missing.PLACE, question="which crossing?")
    case.next()
    case.next()

    assert (case.state.status, case.state.owner) == (Status.DISPATCHED, WATER)
    assert [fact.row for fact in case.facts if fact.source != fact.target][-3:] == [9, 12, 13]
    assert case.facts[-1].actor.role is Role.ENGINE


def test_an_illegal_act_is_never_cancelled_for_want_of_an_answer() -> None:
    case = asked(4, tags=("illegal_act",))
    case.next()
    case.next()

    assert case.state.status is Status.TRIAGING
    assert case.armed("triage") is not None


@pytest.mark.parametrize(
    ("severity", "start", "due"),
    [
        (2, "2026-09-14 23:50", "2026-09-15 00:20"),
        (4, "2026-09-14 17:00", "2026-09-15 11:30"),
    ],
)
def test_row_10_sends_the_nearest_who_is_no_party(severity: int, start: str, due: str) -> None:
    case = looked_at(severity, start=at(start))

    assert (case.state.status, case.told("verify_request")) == (Status.VERIFYING_PRE, [GRID])
    assert [deadline.name.value for deadline in case.future] == ["verify.wait"]
    assert case.armed("verify.wait") == at(due)
    assert next(fact for fact in case.facts if fact.row == 10).data == {"verifier": GRID}


NO_DUTY = (*LADDER[:4], Rung(level=Level.GRID, unit=GRID, duty=DutyHours.NONE))


@pytest.mark.parametrize(
    ("changes", "unit"),
    [
        ({"rules": full_rules(ladder=without(Level.GRID))}, COMMUNITY),
        ({"rules": full_rules(ladder=NO_DUTY)}, COMMUNITY),
        ({"decision": decision(GRID, confidence=0.4)}, COMMUNITY),
        ({"decision": decision(COMMUNITY, confidence=0.4, co_handlers=(GRID,))}, STREET),
        ({"rules": full_rules(ladder=())}, TRIAGE),
    ],
)
def test_row_10_skips_who_is_not_there_and_who_may_get_the_case(changes: Any, unit: str) -> None:
    assert looked_at(**changes).told("verify_request") == [unit]


def test_row_10_takes_a_named_unit_unless_it_is_a_party() -> None:
    case = in_triage(decision=decision(confidence=0.4, co_handlers=(POWER,)))
    for party in (WATER, POWER):
        with refused(case, RefusalCode.HANDLER_MAY_NOT_CLOSE):
            case.do(VerifyFirst, by=OPERATOR, verifier=party)
    case.do(VerifyFirst, by=OPERATOR, verifier=STREET)
    assert case.told("verify_request") == [STREET]


def found(case: Played, finding: Finding, **fields: Any) -> Played:
    case.do(RecordVerification, by=actor(Role.CHECKER, GRID), finding=finding, **fields)
    return case


def test_row_11_files_what_exists_in_the_same_step_where_the_owner_is_certain() -> None:
    case = sent(certain(2))
    outcome = case.do(
        RecordVerification, by=handler(GRID), finding=Finding.EXISTS, photos=("p1",), lon=114.3, lat=30.6
    )

    assert [fact.row for fact in outcome.facts if fact.source != fact.target] == [11, 12, 13]
    assert (case.state.status, case.state.owner) == (Status.DISPATCHED, WATER)
    assert outcome.facts[0].data == {"finding": "exists", "photos": ["p1"], "lon": 114.3, "lat": 30.6}
    assert case.state.verification is not None
    assert (case.state.verification.finding, case.state.verification.assumed) == ("exists", False)
    assert case.state.verification.found_at == case.now


@pytest.mark.parametrize("finding", [Finding.NOT_FOUND, Finding.CANNOT_TELL])
def test_row_11_leaves_what_is_not_sure_to_the_desk(finding: Finding) -> None:
    case = found(sent(certain(2)), finding, note="nothing there")

    assert (case.state.status, case.state.owner) == (Status.TRIAGING, TRIAGE)
    assert case.armed("triage") == at("2026-09-14 09:10")
    assert case.told("reminder")[-1] == TRIAGE


def test_row_11_leaves_a_possible_duplicate_and_an_uncertain_owner_to_the_desk() -> None:
    assert found(looked_at(decision=SURE, proposals=(OTHER,)), Finding.EXISTS).state.status is Status.TRIAGING
    assert found(looked_at(decision=UNSURE), Finding.EXISTS).state.status is Status.TRIAGING
    case = found(looked_at(decision=SURE, proposals=(OTHER,)), Finding.EXISTS)
    case.do(MergeInto, by=OPERATOR, master=OTHER)
    assert case.state.status is Status.MERGED


def test_only_the_one_who_was_sent_records_what_was_seen_and_the_desk_what_it_was_told() -> None:
    case = looked_at()
    for somebody in (handler(STREET), actor(Role.LEADER, WATER), actor(Role.CHECKER, COMMUNITY)):
        with refused(case, RefusalCode.NOT_THE_CHECKER):
            case.do(RecordVerification, by=somebody, finding=Finding.EXISTS)
    case.do(RecordVerification, by=OPERATOR, finding=Finding.NOT_FOUND)
    assert case.state.status is Status.TRIAGING


@pytest.mark.parametrize(
    ("severity", "finding", "status"),
    [
        (1, "exists", Status.DISPATCHED),
        (2, "cannot_tell", Status.TRIAGING),
        (4, "cannot_tell", Status.TRIAGING),
    ],
)
def test_row_11_by_time_counts_severity_1_as_true(severity: int, finding: str, status: Status) -> None:
    case = sent(certain(severity))
    due_at = case.armed("verify.wait")
    case.next()

    assert case.state.verification is not None
    assert (case.state.verification.finding, case.state.verification.assumed) == (finding, True)
    assert case.state.status is status
    moved = next(fact for fact in case.facts if fact.row == 11)
    assert (moved.actor.role, moved.due) == (Role.ENGINE, due_at)
    assert moved.data == {"finding": finding, "assumed": True}
    assert case.future, "somebody is woken next"


def test_severity_1_without_a_certain_owner_goes_to_the_desk_on_its_urgent_clock() -> None:
    case = looked_at(1)
    case.next()

    assert case.state.status is Status.TRIAGING
    assert case.armed("triage") == case.now + timedelta(minutes=10)


def test_a_look_on_site_may_be_followed_by_a_question_and_another_look() -> None:
    case = found(looked_at(), Finding.CANNOT_TELL)
    case.do(AskReporter, by=OPERATOR, missing=Missing.PLACE, question="where?")
    case.do(ReporterAnswered, by=OPERATOR, answer="there")
    case.do(VerifyFirst, by=OPERATOR)
    assert case.state.verification is not None
    assert (case.state.status, case.state.verification.finding) == (Status.VERIFYING_PRE, "")


@pytest.mark.parametrize("words", ["", " \n"])
def test_questions_and_answers_need_words(words: str) -> None:
    case = in_triage()
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(AskReporter, by=OPERATOR, missing=Missing.OTHER, question=words)
    case = asked()
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(ReporterAnswered, by=OPERATOR, answer=words)


def test_a_case_from_before_the_rulebook_is_neither_asked_about_nor_looked_at() -> None:
    case = a_case(decision=UNSURE)
    before: tuple[datetime, ...] = tuple(deadline.at for deadline in case.future)
    with refused(case, RefusalCode.RULEBOOK_REQUIRED):
        case.do(AskReporter, by=OPERATOR, missing=Missing.PLACE, question="where?")
    with refused(case, RefusalCode.RULEBOOK_REQUIRED):
        case.do(VerifyFirst, by=OPERATOR)
    assert tuple(deadline.at for deadline in case.future) == before


def test_a_case_withdrawn_while_its_reporter_is_asked_leaves_no_pause_open() -> None:
    case = asked()
    case.wait(timedelta(hours=1)).do(CancelCase, by=OPERATOR, reason="withdrawn")

    assert case.state.pauses == (Pause(why="need_info", since=MONDAY, until=case.now),)


def parent() -> Played:
    """Return a case in triage that an open child waits under."""
    case = in_triage()
    case.do(
        ChildChanged,
        by=SYSTEM,
        child=OTHER,
        status="handling",
        owner=WATER,
        severity=4,
        epoch=1,
        seq=5,
        mandatory=True,
    )
    return case


def test_a_parent_is_never_settled_over_the_heads_of_its_children() -> None:
    case = parent()
    assert case.state.children
    with refused(case, RefusalCode.CHILDREN_OPEN):
        case.do(AnswerAtOnce, by=OPERATOR, answer="x")
    with refused(case, RefusalCode.CHILDREN_OPEN):
        case.do(TransferOut, by=OPERATOR, to="PEER-119")
    case.do(AskReporter, by=OPERATOR, missing=Missing.PLACE, question="where?")
    case.next()
    case.next()
    assert case.state.status is Status.TRIAGING, "nor cancelled for want of an answer"
