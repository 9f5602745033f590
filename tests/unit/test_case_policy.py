"""Another grade and a new policy on an open case: what moves, what stays, and that nothing is taken from anybody."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.actor import Role
from domain.begin import begin
from domain.beginning import Begin
from domain.case import ENDED, Alarm, CaseState, Status
from domain.decide import decide
from domain.decision import RoutingDecision
from domain.errors import CommandRefused, RefusalCode
from domain.limit import Limit
from domain.messages import COMMANDS, CancelCase, Command, TimePassed
from domain.messages_command import ApplyPolicy, JumpLevel, Regrade
from domain.messages_duty import Resume, Suspend
from domain.messages_triage import AskReporter, Missing, TransferOut, VerifyFirst
from domain.place import Level
from domain.policy import CaseRules, CityClock
from domain.transitions import DUTY, commands, roles_for
from tests.unit.builders import (
    CALENDAR,
    CITY,
    DISPATCHER,
    DISTRICT,
    GRID,
    MONDAY,
    OPERATOR,
    SYSTEM,
    WATER,
    ZONE_LADDER,
    Played,
    a_case,
    a_full_case,
    actor,
    at,
    decision,
    full_rules,
    handler,
    limit,
    refused,
    rules,
    supervisor,
)
from tests.unit.case_draws import UNITS, beginnings, decisions, fields_of, rules_of

MINUTE = timedelta(minutes=1)
NO_LIMIT = decision(limit=None)


def renewed(severity: int = 3, *, version: str = "test-2", **changes: Any) -> CaseRules:
    """Return rules of another version."""
    return replace(full_rules(severity, **changes), version=version)


def regraded(case: Played, severity: int, **fields: Any) -> None:
    given: dict[str, Any] = {"by": OPERATOR, "reason": "worse than told", "rules": full_rules(severity)}
    case.do(Regrade, severity=severity, **(given | fields))


def applied(case: Played, new: CaseRules, **fields: Any) -> None:
    case.do(ApplyPolicy, **({"by": supervisor(CITY), "rules": new, "reason": "new year"} | fields))


# --- another grade ------------------------------------------------------------------------------------


def test_a_worse_grade_moves_the_limit_of_the_severity_earlier_from_where_it_began() -> None:
    case = a_full_case(3, decision=NO_LIMIT)
    assert case.state.handling_limit == limit("5WD")
    case.wait(timedelta(hours=1))
    regraded(case, 2)

    assert (case.state.severity, case.state.rules.severity.severity) == (2, 2)
    assert case.state.handling_limit == limit("24UH")
    assert case.state.handling_due == MONDAY + timedelta(hours=24)
    assert case.armed("handling.overdue") == MONDAY + timedelta(hours=24)
    assert case.armed("handling.warn", "") == MONDAY + timedelta(hours=19, minutes=12)
    assert case.state.return_due == MONDAY + timedelta(minutes=30)
    fact = case.of_kind("regraded")[0]
    assert (fact.data["former"], fact.data["severity"], fact.data["downgrade"]) == (3, 2, False)
    assert (fact.data["limit"], fact.data["reason"]) == ("24UH", "worse than told")
    assert case.told("rules_changed") == [WATER]


def test_a_limit_of_the_filing_condition_stays() -> None:
    case = a_full_case(3)
    due = case.state.handling_due
    regraded(case, 2)
    assert (case.state.handling_limit, case.state.handling_due) == (limit("2WD"), due)


def test_the_total_clock_never_ends_earlier() -> None:
    case = a_full_case(3, decision=NO_LIMIT)
    total = case.state.total_due
    regraded(case, 2)
    assert case.state.total_due == total


def test_a_sign_in_that_is_thereby_late_is_escalated_in_a_minute() -> None:
    case = a_full_case(3, decision=NO_LIMIT)
    case.wait(timedelta(hours=1))
    regraded(case, 2)

    assert case.armed("sign_in.remind") is None
    assert case.armed("sign_in.call") is None
    assert case.armed("sign_in.raise") == case.now + MINUTE


def test_a_sign_in_that_is_not_late_keeps_its_beginning() -> None:
    case = a_full_case(3, decision=NO_LIMIT)
    case.wait(timedelta(minutes=10))
    regraded(case, 2)

    assert case.armed("sign_in.remind", "") is None
    assert case.armed("sign_in.remind", "second") == MONDAY + timedelta(minutes=12)
    assert case.armed("sign_in.call") == MONDAY + timedelta(minutes=15)


def test_a_handling_limit_that_is_thereby_over_is_overdue_in_a_minute() -> None:
    case = a_full_case(3, decision=NO_LIMIT).handling()
    case.until(MONDAY + timedelta(hours=30))
    regraded(case, 2)
    assert case.armed("handling.overdue") == case.now + MINUTE
    case.next()
    assert case.of_kind("overdue")[0].data["owner"] == WATER


def test_a_stage_that_runs_has_the_new_limit_from_now() -> None:
    case = a_full_case(3).submitted()
    assert case.armed("stage.check") == MONDAY + timedelta(hours=6), "four work hours with a break at noon"
    case.wait(timedelta(minutes=5))
    regraded(case, 2)
    assert case.armed("stage.check") == case.now + timedelta(hours=1)
    regraded(case, 3, reason="it was not")
    assert case.armed("stage.check") == case.now + timedelta(hours=6)


def test_a_dispute_is_ruled_in_the_time_of_the_new_grade() -> None:
    case = a_full_case(3).returning()
    regraded(case, 2)
    assert case.armed("stage.return_decision") == MONDAY + timedelta(minutes=30)


@pytest.mark.parametrize("severity", [1, 2, 4])
def test_a_case_in_triage_is_graded_too(severity: int) -> None:
    case = a_full_case(3, decision=decision(None))
    regraded(case, severity)

    assert (case.state.status, case.state.severity) == (Status.TRIAGING, severity)
    assert case.armed("triage") == case.state.deadlines[0].at
    assert case.state.emergency is None
    case.filed(decision=NO_LIMIT)
    assert case.state.handling_limit == full_rules(severity).severity.default_limit


def test_a_pending_word_decision_and_contact_go_by_the_new_grade() -> None:
    case = a_full_case(3)
    case.do(JumpLevel, by=supervisor(DISTRICT), level=Level.CITY, reason="press on site")
    regraded(case, 2)

    assert case.armed("acknowledge.due", "") == MONDAY + timedelta(minutes=15)
    assert case.armed("contact.due") == case.state.contact_due == MONDAY + timedelta(hours=2)


def test_the_floor_of_e1_lifts_and_never_lowers() -> None:
    case = a_full_case(3)
    regraded(case, 1, rules=full_rules(1, floor=Level.DISTRICT))
    assert (case.state.level, case.state.supervisors) == (Level.DISTRICT, (DISTRICT,))
    assert case.of_kind("escalated")[0].data["trigger"] == "E1"
    regraded(case, 4, by=supervisor(CITY), reason="harmless after all")
    assert case.state.level is Level.DISTRICT


def test_severity_1_starts_the_emergency_track_and_its_downgrade_is_told_above() -> None:
    case = a_full_case(3)
    regraded(case, 1)
    assert case.state.emergency is not None
    regraded(case, 3, by=supervisor(CITY), reason="harmless after all")

    assert case.of_kind("regraded")[1].data["downgrade"] is True
    assert case.of_kind("regraded")[1].actor == supervisor(CITY)
    assert case.told("rules_changed") == [WATER, WATER, DISTRICT]
    assert case.state.emergency is not None, "what began is reported to its end"


def test_no_engine_grades_a_case() -> None:
    case = a_full_case(1)
    with refused(case, RefusalCode.ROLE_NOT_ALLOWED):
        regraded(case, 4, by=SYSTEM)


def test_the_same_grade_again_changes_nothing_and_is_on_record() -> None:
    case = a_full_case(3)
    before = case.state
    regraded(case, 3, rules=renewed(3))

    assert case.of_kind("regraded")[0].data["changed"] is False
    assert replace(case.state, seq=before.seq, recent=before.recent) == before


def test_a_halved_limit_stays_half_of_the_new_one() -> None:
    case = a_full_case(3, decision=NO_LIMIT).closed()
    case.visited(solved=False)
    assert case.state.handling_limit == Limit(amount=2.5, unit=limit("5WD").unit)
    regraded(case, 2)
    assert case.state.handling_limit == limit("12UH")


@pytest.mark.parametrize("severity", [0, 5, -1, 99])
def test_a_severity_runs_from_1_to_4(severity: int) -> None:
    case = a_full_case(3)
    with refused(case, RefusalCode.OUT_OF_SCALE):
        case.do(Regrade, by=OPERATOR, severity=severity, reason="worse than told")


def test_a_grade_has_a_reason_and_needs_the_rulebook() -> None:
    case, old = a_full_case(3), a_case(3)
    with refused(case, RefusalCode.REASON_REQUIRED):
        regraded(case, 2, reason="")
    with refused(old, RefusalCode.RULEBOOK_REQUIRED):
        regraded(old, 2)


def test_without_rules_of_its_own_the_pinned_ones_go_on() -> None:
    case = a_full_case(3)
    due = case.state.handling_due
    regraded(case, 2, rules=None)
    assert (case.state.severity, case.state.urgent, case.state.handling_due) == (2, True, due)


# --- a new policy ---------------------------------------------------------------------------------------


def test_a_longer_limit_counts_a_shorter_one_does_not() -> None:
    case = a_full_case(3).handling()
    was = case.state.handling_due
    applied(case, renewed(), decision=decision(limit=limit("1WD")))
    assert (case.state.handling_limit, case.state.handling_due) == (limit("2WD"), was)
    applied(case, renewed(version="test-3"), decision=decision(limit=limit("4WD")))

    assert (case.state.handling_limit, case.state.handling_due) == (limit("4WD"), at("2026-09-18 09:00"))
    assert case.armed("handling.overdue") == at("2026-09-18 09:00")
    assert case.state.total_due == at("2026-09-20 09:00"), (
        "the make-up Sunday is the working day after Friday"
    )


def test_routing_gives_a_limit_never_an_owner() -> None:
    case = a_full_case(3)
    applied(case, renewed(), decision=decision("power-1", limit=limit("4WD"), condition="other"))

    kept = case.state.decision
    assert kept is not None
    assert (case.state.owner, kept.lead, kept.condition, kept.limit) == (WATER, WATER, "leak", limit("4WD"))


def test_the_fact_names_both_versions() -> None:
    case = a_full_case(3)
    applied(case, renewed())

    fact = case.of_kind("policy_applied")[0]
    assert (fact.data["former"], fact.data["rules"], fact.data["changed"]) == ("test-1", "test-2", True)
    assert (fact.data["reason"], fact.actor) == ("new year", supervisor(CITY))
    assert case.told("rules_changed") == [WATER]


def test_the_same_version_again_changes_nothing_and_says_so() -> None:
    case = a_full_case(3)
    applied(case, renewed())
    before = case.state
    applied(case, renewed(), decision=decision(limit=limit("9WD")))

    assert case.of_kind("policy_applied")[1].data["changed"] is False
    assert replace(case.state, seq=before.seq, recent=before.recent) == before


def test_the_clock_of_the_city_stays_and_the_ladder_and_calendar_are_new() -> None:
    clock = CityClock(speed=60.0)
    case = a_full_case(3, rules=replace(full_rules(3), clock=clock))
    calendar = replace(
        CALENDAR, holidays=CALENDAR.holidays | {at("2026-09-15 12:00").date()}, version="2026b"
    )
    applied(case, replace(renewed(ladder=ZONE_LADDER), calendar=calendar))

    assert case.state.rules.clock == clock
    assert case.state.rules.ladder == ZONE_LADDER
    assert case.state.handling_due == at("2026-09-17 09:00"), "the new holiday lengthens the old limit"


def test_a_policy_of_another_severity_does_not_grade_the_case() -> None:
    case = a_full_case(3)
    applied(case, renewed(1))
    assert (case.state.severity, case.state.rules.severity.severity) == (3, 3)


def test_the_rulebook_a_case_has_is_never_taken_away() -> None:
    case = a_full_case(3)
    applied(case, replace(rules(3), version="test-2"))
    assert case.state.rules.severity.book is not None


def test_the_rulebook_appears_and_its_clocks_begin_now() -> None:
    case = a_case(1)
    case.wait(timedelta(minutes=8)).fire()
    applied(case, renewed(1))

    assert case.armed("contact.due") == case.now + timedelta(hours=2)
    assert case.armed("emergency.phone") == case.now + timedelta(minutes=30)
    assert case.armed("sign_in.remind", "second") == MONDAY + timedelta(minutes=12)
    assert case.armed("sign_in.raise") == MONDAY + timedelta(minutes=22, seconds=30)
    assert case.of_kind("policy_applied")[0].data["rulebook"] is True
    case.until(MONDAY + timedelta(minutes=23))
    assert case.state.awaiting == DISTRICT


def test_marks_that_have_fired_do_not_fire_again() -> None:
    case = a_full_case(3, decision=NO_LIMIT).handling()
    case.until(at("2026-09-24 09:00"))
    warned = len(case.of_kind("handling_warned"))
    applied(case, renewed())
    case.until(at("2026-09-25 09:00"))
    assert len(case.of_kind("handling_warned")) == warned


def test_a_suspended_case_goes_on_with_what_the_new_limit_leaves() -> None:
    case = a_full_case(2, decision=decision(limit=limit("24UH"))).handling()
    case.wait(timedelta(hours=4))
    case.do(
        Suspend, by=DISPATCHER, until=MONDAY + timedelta(days=10), reason="frost", plan="wait",
        interim_measure="fenced",
    )  # fmt: skip
    applied(case, renewed(2), decision=decision(limit=limit("48UH")))

    assert case.state.suspension is not None
    assert case.state.suspension.left == limit("44UH")
    case.wait(timedelta(days=3))
    case.do(Resume, by=handler(WATER))
    assert case.state.handling_due == case.now + timedelta(hours=44)


def closed_and_visited() -> Played:
    case = a_full_case(3).closed()
    case.visited(solved=True, grade=5)
    return case


def disputed() -> Played:
    case = a_full_case(3).returning()
    case.next()
    return case


def suspended() -> Played:
    case = a_full_case(3).handling()
    case.do(
        Suspend, by=DISPATCHER, until=MONDAY + timedelta(days=9), reason="frost", plan="wait",
        interim_measure="fenced",
    )  # fmt: skip
    return case


def in_triage(kind: type[Command], **fields: Any) -> Played:
    case = a_full_case(3, decision=decision(None))
    case.do(kind, by=OPERATOR, **fields)
    return case


STATES: dict[Status, Callable[[], Played]] = {
    Status.TRIAGING: lambda: a_full_case(3, decision=decision(None)),
    Status.NEED_INFO: lambda: in_triage(AskReporter, missing=Missing.PLACE, question="where?"),
    Status.VERIFYING_PRE: lambda: in_triage(VerifyFirst, verifier=GRID),
    Status.TRANSFERRED_OUT: lambda: in_triage(TransferOut, to="PEER-119"),
    Status.DISPATCHED: lambda: a_full_case(3),
    Status.ACCEPTED: lambda: a_full_case(3).signed_in(),
    Status.HANDLING: lambda: a_full_case(3).handling(),
    Status.SUSPENDED: suspended,
    Status.RETURN_REQUESTED: lambda: a_full_case(3).returning(),
    Status.ARBITRATION: disputed,
    Status.FEEDBACK: lambda: a_full_case(3).submitted(),
    Status.CHECKING: lambda: a_full_case(2).submitted(),
    Status.VISITING: lambda: a_full_case(3).closed(),
    Status.CLOSED: lambda: a_full_case(3, wants_visit=False).closed(),
    Status.EVALUATED: closed_and_visited,
}


@pytest.mark.parametrize("changes", [{}, {"ladder": ZONE_LADDER}, {"floor": Level.CITY}], ids=str)
@pytest.mark.parametrize("status", STATES)
def test_every_state_takes_a_policy_and_stays_itself(status: Status, changes: dict[str, Any]) -> None:
    case = STATES[status]()
    before = case.state
    assert before.status is status
    applied(case, renewed(before.severity, **changes), by=SYSTEM)

    assert (case.state.status, case.state.owner, case.state.level) == (status, before.owner, before.level)
    assert case.state.rules.version == "test-2"
    not_earlier(before, case.state, before_all_fired=case.now)


def test_a_case_that_has_ended_takes_none() -> None:
    case = a_full_case(3)
    case.do(CancelCase, by=OPERATOR, reason="a mistake")
    with refused(case, RefusalCode.CASE_ENDED):
        applied(case, renewed())


def test_a_policy_is_applied_by_the_engine_or_a_supervisor() -> None:
    case = a_full_case(3)
    with refused(case, RefusalCode.ROLE_NOT_ALLOWED):
        applied(case, renewed(), by=OPERATOR)


# --- for every life ---------------------------------------------------------------------------------------


def not_earlier(before: CaseState, after: CaseState, *, before_all_fired: datetime) -> None:
    """Compare a case just before and after a policy: no deadline is earlier, none is gone, all are ahead."""
    armed = {(one.name, one.item): one.at for one in after.deadlines}
    for one in before.deadlines:
        assert armed[one.name, one.item] >= one.at, f"{one.name} {one.item} moved earlier"
    assert all(one.at > before_all_fired for one in after.deadlines)
    for name in ("handling_due", "total_due", "return_due"):
        was, now = getattr(before, name), getattr(after, name)
        assert was is None or (now is not None and now >= was), name
    assert len(armed) == len(after.deadlines)


def lived(data: st.DataObject, start: Begin, *, steps: int) -> tuple[CaseState, datetime]:
    """Return a case after some steps of people who know what they may do, and of time going by."""
    state, now = begin(start).state, start.at
    for number in range(steps):
        if state.status in ENDED:
            break
        if data.draw(st.integers(0, 3)) == 0:
            now += data.draw(st.sampled_from([timedelta(minutes=7), timedelta(hours=9), timedelta(days=4)]))
            state = decide(state, TimePassed(), now).state
            continue
        kind, roles = data.draw(st.sampled_from(list(commands(state.status))))
        if kind in ("cancel_case", "merge_into", "open_child"):
            continue
        role = data.draw(st.sampled_from(roles))
        own = role in (Role.HANDLER, Role.LEADER)
        who = actor(role, state.owner if own else data.draw(st.sampled_from(UNITS)))
        fields = {name: data.draw(one) for name, one in fields_of(kind, state=state, now=now).items()}
        fields |= {"reason": "because"} if "reason" in fields else {}
        now += MINUTE
        try:
            command = COMMANDS[kind](request_id=f"q{number}", actor=who, **fields)
            state = decide(state, command, now).state
        except CommandRefused:
            continue
    return decide(state, TimePassed(), now).state, now


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
@given(data=st.data(), start=beginnings(), steps=st.integers(0, 14))
def test_no_policy_takes_time_from_anybody(data: st.DataObject, start: Begin, steps: int) -> None:
    state, now = lived(data, start, steps=steps)
    if roles_for("apply_policy", state.status) is None or state.status in ENDED:
        return
    new = replace(data.draw(rules_of(st.just(state.severity))), version="test-2")
    found: RoutingDecision | None = data.draw(st.none() | decisions(state.severity))
    command = ApplyPolicy(
        request_id="p1", actor=supervisor(CITY), rules=new, decision=found, reason="new year"
    )
    outcome = decide(state, command, now)

    not_earlier(state, outcome.state, before_all_fired=now)
    assert (outcome.state.status, outcome.state.owner, outcome.state.level) == (
        state.status,
        state.owner,
        state.level,
    )
    assert bool(outcome.state.deadlines) == bool(state.deadlines)
    again = decide(outcome.state, replace(command, request_id="p2"), now)
    assert again.state.deadlines == outcome.state.deadlines
    assert [
        fact.data["changed"] for fact in (*outcome.facts, *again.facts) if fact.kind == "policy_applied"
    ] == [
        True,
        False,
    ]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
@given(data=st.data(), start=beginnings(), steps=st.integers(0, 14), severity=st.integers(1, 4))
def test_no_grade_lets_a_case_fall_asleep(
    data: st.DataObject, start: Begin, steps: int, severity: int
) -> None:
    state, now = lived(data, start, steps=steps)
    if roles_for("regrade", state.status) is None or state.rules.severity.book is None:
        return
    given_rules = data.draw(st.none() | rules_of(st.just(severity)))
    command = Regrade(
        request_id="g1", actor=OPERATOR, severity=severity, reason="looked again", rules=given_rules
    )
    after = decide(state, command, now).state

    assert after.severity == after.rules.severity.severity == severity
    assert all(one.at > now for one in after.deadlines)
    names = {one.name for one in after.deadlines}
    lost = {one.name for one in state.deadlines} - names
    assert lost <= {
        Alarm.SIGN_IN_REMIND, Alarm.SIGN_IN_CALL, Alarm.HANDLING_WARN, Alarm.HANDLING_OVERDUE,
    }, "only marks that have passed are gone"  # fmt: skip
    if after.status in DUTY and after.status is not Status.SUSPENDED:
        assert names & {Alarm.HANDLING_RAISE, Alarm.CHECK}
    assert after.total_due is None or after.total_due >= (state.total_due or after.total_due)
