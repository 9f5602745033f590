"""A new policy and another grade in every state and in random lives: nothing is taken, nothing falls asleep."""

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
from domain.messages import COMMANDS, CancelCase, Command, TimePassed
from domain.messages_command import ApplyPolicy, Regrade
from domain.messages_duty import Suspend
from domain.messages_triage import AskReporter, Missing, TransferOut, VerifyFirst
from domain.place import Level
from domain.policy import CaseRules
from domain.transitions import DUTY, commands, roles_for
from tests.unit.builders import (
    CITY,
    DISPATCHER,
    GRID,
    MONDAY,
    OPERATOR,
    SYSTEM,
    ZONE_LADDER,
    Played,
    a_full_case,
    actor,
    decision,
    full_rules,
    refused,
    supervisor,
)
from tests.unit.case_draws import UNITS, beginnings, decisions, fields_of, rules_of

MINUTE = timedelta(minutes=1)
NO_LIMIT = decision(limit=None)


def renewed(severity: int = 3, *, version: str = "test-2", **changes: Any) -> CaseRules:
    """Return rules of another version."""
    return replace(full_rules(severity, **changes), version=version)


def applied(case: Played, new: CaseRules, **fields: Any) -> None:
    given: dict[str, Any] = {"by": supervisor(CITY), "rules": new, "reason": "new year"}
    case.do(ApplyPolicy, **(given | fields))


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
    new = replace(data.draw(rules_of(st.just(state.severity))), version="test-new")
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
    if Alarm.SIGN_IN_RAISE in names:
        lost -= {Alarm.SIGN_IN_REPEAT}  # the new rules know a level above
    assert lost <= {
        Alarm.SIGN_IN_REMIND, Alarm.SIGN_IN_CALL, Alarm.HANDLING_WARN, Alarm.HANDLING_OVERDUE, Alarm.TASK_WARN,
    }, "only marks that have passed are gone"  # fmt: skip
    if after.status in DUTY and after.status is not Status.SUSPENDED:
        assert names & {Alarm.HANDLING_RAISE, Alarm.CHECK}
    assert after.total_due is None or after.total_due >= (state.total_due or after.total_due)
