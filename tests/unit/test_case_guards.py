"""Guards that no other way leads round: what is severe, what is one's own, what somebody above asked for."""

from datetime import timedelta

import pytest

from domain.actor import Role
from domain.aspects import TaskKind, TaskStatus
from domain.case import Status
from domain.decide import MOST_OWED
from domain.errors import RefusalCode
from domain.messages import (
    CancelCase,
    CloseCase,
    Command,
    GrantReturn,
    Reassign,
    RefuseReturn,
    ReportUp,
    RequestCheck,
    RequestReturn,
    Rule,
)
from domain.messages_command import (
    DecideReportUp,
    DeclareEmergency,
    EventReport,
    Regrade,
    ReportEvent,
    UpperDecision,
)
from domain.messages_duty import AssignTask, DecideExtension, RequestExtension, Resume, Suspend, WaiveTask
from domain.messages_triage import AnswerAtOnce, AskReporter, Missing, RefusedFor, RefuseReport, TransferOut
from domain.place import Level
from tests.unit.builders import (
    CITY,
    DISPATCHER,
    DISTRICT,
    OPERATOR,
    POWER,
    ROADS,
    STREET,
    WATER,
    Played,
    a_case,
    a_full_case,
    actor,
    decision,
    full_rules,
    handler,
    limit,
    refused,
    rulebook,
    supervisor,
    without,
)
from tests.unit.case_laws import STATE_JSON
from tests.unit.scenes_triage import FIRE, UNSURE, in_triage

SETTLING: list[tuple[type[Command], dict[str, object]]] = [
    (AnswerAtOnce, {"answer": "open on Saturdays"}),
    (RefuseReport, {"refused_for": RefusedFor.OUT_OF_SCOPE, "told": "please call 12315"}),
]
LEAVING = [*SETTLING, (TransferOut, {"to": FIRE}), (CancelCase, {"reason": "a mistake"})]


def emergency() -> Played:
    """Return a case of severity 3 in triage that somebody has declared an emergency."""
    case = in_triage()
    case.do(DeclareEmergency, by=OPERATOR, reason="gas on the road")
    return case


@pytest.mark.parametrize(("kind", "fields"), SETTLING)
@pytest.mark.parametrize("severity", [1, 2])
def test_a_severe_report_is_not_settled_at_the_desk(
    kind: type[Command], fields: dict[str, object], severity: int
) -> None:
    case, drill = in_triage(severity), in_triage(severity, exercise=True)
    with refused(case, RefusalCode.SEVERE_CASE_NOT_SETTLED):
        case.do(kind, by=OPERATOR, **fields)
    drill.do(kind, by=OPERATOR, **fields)
    assert drill.state.status is not Status.TRIAGING


def test_what_was_misjudged_is_regraded_first_and_a_fire_goes_to_119() -> None:
    case, fire = in_triage(2), in_triage(1)
    case.do(Regrade, by=OPERATOR, severity=4, reason="a question only", rules=full_rules(4))
    case.do(AnswerAtOnce, by=OPERATOR, answer="open on Saturdays")
    fire.do(TransferOut, by=OPERATOR, to=FIRE)

    assert case.state.status is Status.ANSWERED
    assert case.of_kind("regraded")[0].data["reason"] == "a question only"
    assert fire.state.status is Status.TRANSFERRED_OUT


@pytest.mark.parametrize(("kind", "fields"), LEAVING)
def test_an_emergency_neither_ends_nor_leaves_before_its_final_report(
    kind: type[Command], fields: dict[str, object]
) -> None:
    case = emergency()
    with refused(case, RefusalCode.EMERGENCY_OPEN):
        case.do(kind, by=OPERATOR, **fields)
    case.do(ReportEvent, by=OPERATOR, report=EventReport.FINAL, to_level=Level.CITY, text="made safe")
    case.do(kind, by=OPERATOR, **fields)

    assert case.state.status is not Status.TRIAGING


def test_an_emergency_nobody_answers_for_goes_on() -> None:
    case = emergency()
    case.do(AskReporter, by=OPERATOR, missing=Missing.PLACE, question="which road?")
    while case.state.status is Status.NEED_INFO:
        case.next()

    assert case.state.status is Status.TRIAGING
    assert case.armed("emergency.phone") is not None


def ruled(case: Played) -> Played:
    """Return the case bound to POWER by a ruling."""
    case.returning()
    case.next()
    case.do(Rule, by=supervisor(DISTRICT), lead=POWER, reason="so ordered")
    return case


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.SUPERVISOR])
def test_a_unit_does_not_decide_on_its_own_return(role: Role) -> None:
    case, own = a_full_case().returning(), actor(role, WATER)
    with refused(case, RefusalCode.NOT_YOUR_STEP):
        case.do(GrantReturn, by=own, lead=POWER)
    with refused(case, RefusalCode.NOT_YOUR_STEP):
        case.do(RefuseReturn, by=own, reason="no")
    with refused(case, RefusalCode.UNIT_REQUIRED):
        case.do(GrantReturn, by=actor(role, None), lead=POWER)
    case.do(GrantReturn, by=DISPATCHER, lead=POWER)
    assert case.state.owner == POWER

    old = a_case().returning()
    old.do(GrantReturn, by=own, lead=POWER)
    assert old.state.owner == POWER, "a case begun before the rulebook goes on as it began"


def test_a_party_does_not_rule_on_its_own_dispute() -> None:
    case = a_full_case(decision=decision(CITY)).returning()
    case.next()
    assert case.state.arbiter == DISTRICT
    with refused(case, RefusalCode.NOT_THE_ARBITER):
        case.do(Rule, by=supervisor(CITY), lead=POWER, reason="not ours")


def test_who_is_bound_by_a_ruling_does_not_hand_the_case_on() -> None:
    case, old = ruled(a_full_case()), ruled(a_case())
    with refused(case, RefusalCode.BOUND_BY_RULING):
        case.do(Reassign, by=actor(Role.DISPATCHER, POWER), lead=ROADS, reason="busy")
    case.do(Reassign, by=supervisor(CITY), lead=ROADS, reason="a crane is needed")
    assert (case.state.owner, case.state.bound) == (ROADS, False)
    old.do(Reassign, by=actor(Role.DISPATCHER, POWER), lead=ROADS, reason="busy")
    assert old.state.owner == ROADS


def test_a_ruling_does_not_bind_the_lead_an_upper_level_names_later() -> None:
    case = ruled(a_full_case())
    case.do(ReportUp, by=handler(POWER), reason="no crane")
    asked = case.state.report_up
    assert asked is not None
    case.do(DecideReportUp, by=supervisor(asked.to), decision=UpperDecision.LEAD, lead=ROADS)
    assert (case.state.owner, case.state.bound) == (ROADS, False)
    case.do(RequestReturn, by=handler(ROADS), reason="not a road")
    assert case.state.status is Status.ARBITRATION


def test_a_result_that_is_graded_worse_is_looked_at_before_it_is_solved() -> None:
    case = a_full_case().submitted()
    case.do(Regrade, by=OPERATOR, severity=2, reason="gas found", rules=full_rules(2))
    with refused(case, RefusalCode.CHECK_OUTSTANDING):
        case.do(CloseCase, by=OPERATOR)
    case.do(RequestCheck, by=OPERATOR)
    case.checked()
    assert case.state.status is Status.VISITING


def test_a_question_ends_with_the_new_grades_patience() -> None:
    case = in_triage(4)
    case.do(AskReporter, by=OPERATOR, missing=Missing.PLACE, question="which road?")
    quick = full_rules(1, book=rulebook(1, info_wait=limit("30MIN")))
    case.do(Regrade, by=OPERATOR, severity=1, reason="people are hurt", rules=quick)
    assert case.armed("info.wait") == case.now + timedelta(minutes=30)


def test_a_limit_that_a_new_grade_ends_before_the_standstill_is_overdue_when_it_goes_on() -> None:
    case = a_full_case(4, decision=decision(limit=None)).handling().wait(timedelta(days=2))
    case.do(
        Suspend, by=DISPATCHER, until=case.now + timedelta(days=3), reason="flood", plan="wait",
        interim_measure="fence",
    )  # fmt: skip
    case.do(Regrade, by=OPERATOR, severity=2, reason="worse", rules=full_rules(2))
    assert case.of_kind("overdue") == []
    case.next()
    assert case.state.status is Status.HANDLING
    case.next()
    assert [fact.row for fact in case.of_kind("overdue")] == [22]
    assert case.told("supervision") == [WATER]
    assert case.armed("handling.raise") is not None


def test_what_a_case_remembers_stays_small_however_many_reports_it_holds() -> None:
    case = a_full_case().handling()
    for number in range(400):
        case.joined(f"20260914-0001-{number:04d}")
    for _ in range(2):
        case.do(RequestExtension, by=handler(WATER), reason="parts are on order")
        case.do(DecideExtension, by=actor(Role.LEADER, WATER), granted=True)
        granted = case.do(DecideExtension, by=DISPATCHER, granted=True)
        assert len(granted.notices) > 400
        last = case.state.recent[-1]
        assert last.notices == granted.notices, "the newest is remembered whole"
    case.do(
        Suspend, by=DISPATCHER, until=case.now + timedelta(days=3), reason="flood", plan="wait",
        interim_measure="fence",
    )  # fmt: skip
    case.do(Resume, by=DISPATCHER)

    assert sum(len(done.notices) for done in case.state.recent[:-1]) <= MOST_OWED
    assert len(STATE_JSON.dump_json(case.state)) < 1_000_000


def test_a_unit_that_gets_the_case_has_no_task_of_it_any_more() -> None:
    case = a_full_case().handling()
    case.do(AssignTask, by=handler(WATER), task_kind=TaskKind.WHISTLE, unit=POWER, text="cut the power")
    case.do(AssignTask, by=handler(WATER), unit=ROADS, text="close the lane")
    case.do(Reassign, by=supervisor(CITY), lead=POWER, reason="a cable")

    assert [(task.unit, task.status) for task in case.state.tasks] == [
        (POWER, TaskStatus.WAIVED),
        (ROADS, TaskStatus.OPEN),
    ]
    assert (case.armed("task.due", "T1"), case.armed("task.sign_in", "T1")) == (None, None)
    assert case.armed("task.sign_in", "T2") is not None


@pytest.mark.parametrize("suspended", [False, True])
def test_a_worse_grade_draws_the_tasks_inside_the_case(suspended: bool) -> None:
    case = a_full_case(4, decision=decision(limit=None)).handling()
    case.do(AssignTask, by=handler(WATER), unit=ROADS, text="close the lane")
    if suspended:
        case.do(
            Suspend, by=DISPATCHER, until=case.now + timedelta(days=3), reason="flood", plan="wait",
            interim_measure="fence",
        )  # fmt: skip
    case.do(Regrade, by=OPERATOR, severity=2, reason="worse", rules=full_rules(2))
    if suspended:
        case.do(Resume, by=DISPATCHER)
    (task,) = case.state.tasks

    assert task.due is not None
    assert case.state.handling_due is not None
    assert task.due <= case.state.handling_due < case.now + timedelta(days=2)
    assert case.armed("task.due", "T1") == task.due


def test_row_18_the_locality_keeps_the_place_safe_until_the_ruling() -> None:
    case, old = a_full_case().returning(), a_case().returning()
    nobody = a_full_case(
        rules=full_rules(ladder=without(Level.STREET, Level.COMMUNITY, Level.GRID))
    ).returning()
    for one in (case, old, nobody):
        one.next()

    (fact,) = (fact for fact in case.facts if fact.row == 18)
    assert fact.data["made_safe_by"] == STREET
    told = [notice for notice in case.notices if notice.context.get("about") == "make_safe"]
    assert [(notice.unit, notice.context["due"]) for notice in told] == [
        (STREET, str(fact.due and fact.due.isoformat()))
    ]
    assert next(fact for fact in nobody.facts if fact.row == 18).data["made_safe_by"] == DISTRICT
    assert "made_safe_by" not in next(fact for fact in old.facts if fact.row == 18).data


def test_what_is_severe_is_filed_as_milder_only_with_a_reason() -> None:
    case, old = in_triage(2), a_case(2, decision=UNSURE)
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.filed(rules=full_rules(3))
    case.filed(rules=full_rules(3), reason="a drip, not a burst")
    assert case.state.severity == 3
    old.filed(rules=full_rules(3))
    assert old.state.severity == 3, "a case begun before the rulebook goes on as it began"


def test_what_a_level_above_asked_for_is_not_the_owners_to_waive() -> None:
    case = a_full_case().handling()
    case.do(AssignTask, by=supervisor(DISTRICT), unit=ROADS, text="close the lane")
    case.do(AssignTask, by=handler(WATER), unit=POWER, text="cut the power")
    with refused(case, RefusalCode.NOT_YOUR_ITEM):
        case.do(WaiveTask, by=handler(WATER), task="T1", reason="no time")
    case.do(WaiveTask, by=supervisor(DISTRICT), task="T1", reason="the road is closed")
    case.do(WaiveTask, by=handler(WATER), task="T2", reason="no cable there")
    assert [task.status for task in case.state.tasks] == [TaskStatus.WAIVED, TaskStatus.WAIVED]
