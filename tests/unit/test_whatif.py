"""Recorded lives played again: under the same rules the same, under others exactly as different as the rules."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.actor import Actor
from domain.beginning import Begin
from domain.case import ENDED, Outcome, Status
from domain.decide import decide
from domain.errors import CommandRefused
from domain.messages import (
    CloseCase,
    Command,
    GrantReturn,
    Reassign,
    RecordCheck,
    RecordVisit,
    RefuseReturn,
    ReportUp,
    RequestCheck,
    RequestReturn,
    Rule,
    SendBack,
    SignIn,
    StartHandling,
    SubmitResult,
)
from domain.whatif import Asked, Fidelity, Life, fidelity, replay, sent_of
from domain.whatif_figures import Tally, compare
from tests.unit.builders import (
    CHECKER,
    DISPATCHER,
    MONDAY,
    OPERATOR,
    POWER,
    REPORT,
    ROADS,
    STREET,
    WATER,
    Played,
    at,
    beginning,
    decision,
    full_rules,
    handler,
    limit,
    rules,
    supervisor,
)

HOUR = timedelta(hours=1)
STEPS: dict[Status, tuple[tuple[type[Command], dict[str, Any]], ...]] = {
    Status.DISPATCHED: (
        (SignIn, {}), (SignIn, {"assignee": "zhang"}), (RequestReturn, {"reason": "not ours"}),
        (ReportUp, {"reason": "no means"}), (Reassign, {"lead": ROADS, "reason": "nearer"}),
    ),
    Status.ACCEPTED: (
        (StartHandling, {"contacted": True}), (RequestReturn, {"reason": "not ours"}),
        (SubmitResult, {"result": "repaired"}),
    ),
    Status.HANDLING: ((SubmitResult, {"result": "repaired"}), (ReportUp, {"reason": "no means"})),
    Status.RETURN_REQUESTED: (
        (GrantReturn, {"lead": POWER, "reason": "theirs"}), (RefuseReturn, {"reason": "yours"}),
    ),
    Status.ARBITRATION: ((Rule, {"lead": POWER, "reason": "theirs"}),),
    Status.FEEDBACK: ((CloseCase, {}), (SendBack, {"reason": "not done"}), (RequestCheck, {})),
    Status.CHECKING: ((RecordCheck, {"passed": True}), (RecordCheck, {"passed": False, "note": "wet"})),
    Status.VISITING: (
        (RecordVisit, {"report_no": REPORT, "reached": True, "solved": True, "grade": 5}),
        (RecordVisit, {"report_no": REPORT, "reached": True, "solved": False, "at_fault": True}),
        (RecordVisit, {"report_no": REPORT, "reached": False}),
    ),
}  # fmt: skip
UNITS_OWN = (SignIn, RequestReturn, StartHandling, SubmitResult, ReportUp)
PAUSES = st.sampled_from([timedelta(seconds=1), timedelta(minutes=3), HOUR, 5 * HOUR, 40 * HOUR])


class Recorded(Played):
    """A case on its way whose commands are kept as the inbox keeps them."""

    def __init__(self, start: Begin) -> None:
        super().__init__(start)
        self.start = start
        self.asked: list[Asked] = []

    def do(self, kind: type[Command], *, by: Actor, **fields: Any) -> Outcome:
        self.requests += 1
        command = kind(request_id=f"q{self.requests}", actor=by, **fields)
        taken = Asked(command=command, received_at=self.now - timedelta(milliseconds=40))
        try:
            outcome = self.keep(decide(self.state, command, self.now))
        except CommandRefused:
            self.asked.append(replace(taken, refused=True))
            raise
        self.asked.append(taken)
        return outcome

    def step(self, choice: int) -> None:
        """Do one of the things somebody may do next, perhaps in vain."""
        steps = STEPS.get(self.state.status)
        if steps is None:
            return
        kind, fields = steps[choice % len(steps)]
        try:
            self.do(kind, by=self._somebody(kind), **fields)
        except CommandRefused:
            return

    def _somebody(self, kind: type[Command]) -> Actor:
        if kind is Rule:
            return supervisor(self.state.arbiter or STREET)
        if kind is RecordCheck:
            return CHECKER
        if kind in (GrantReturn, RefuseReturn, Reassign):
            return DISPATCHER
        return handler(self.state.owner) if kind in UNITS_OWN else OPERATOR

    def again(self, start: Begin | None = None, *, until: datetime | None = None) -> Life:
        """Play it again, under its own rules or those of another beginning."""
        sent = sent_of(facts=self.facts, asked=self.asked)
        return replay(start=start or self.start, sent=sent, until=until or self.now)


@st.composite
def lives(draw: st.DrawFn) -> Recorded:
    """Return a recorded life of any length, every deadline of which was fired in time."""
    severity = draw(st.integers(1, 4))
    start = MONDAY + timedelta(minutes=draw(st.integers(0, 60 * 24 * 20)))
    book = draw(st.booleans())
    given = full_rules(severity) if book else rules(severity)
    life = Recorded(beginning(severity, start=start, rules=given))
    for pause, choice in draw(st.lists(st.tuples(PAUSES, st.integers(0, 6)), max_size=12)):
        life.until(life.now + pause)
        if life.state.status in ENDED:
            break
        life.step(choice)
    return life


def slower(start: Begin, factor: float) -> Begin:
    """Return the same beginning under rules whose handling and sign-in limits are longer (or shorter)."""
    policy = start.rules.severity
    stages = replace(policy.stages, sign_in=policy.stages.sign_in.times(factor))
    severity = replace(policy, stages=stages, default_limit=policy.default_limit.times(factor))
    own = start.decision.limit
    longer = replace(start.decision, limit=own.times(factor) if own is not None else None)
    return replace(start, rules=replace(start.rules, version="draft", severity=severity), decision=longer)


@given(life=lives())
@settings(max_examples=80)
def test_a_life_played_again_under_its_own_rules_is_the_same_life(life: Recorded) -> None:
    again = life.again()

    assert list(again.facts) == life.facts
    assert list(again.notices) == life.notices
    assert again.state == life.state
    assert [one.request_id for one in again.refused] == [
        one.command.request_id for one in life.asked if one.refused
    ]
    assert fidelity(recorded=life.facts, life=again, until=life.now) is Fidelity.EXACT
    assert compare(case_no="1", category="c", base=again, draft=life.again()).changes == {}


@given(life=lives(), factor=st.sampled_from([1.0, 1.5, 2.0, 4.0]))
@settings(max_examples=50)
def test_a_longer_limit_never_gives_an_earlier_deadline(life: Recorded, factor: float) -> None:
    base, draft = life.again(), life.again(slower(life.start, factor))
    due = {fact.seq: fact.due for fact in base.facts if fact.target is Status.DISPATCHED}
    later = {fact.seq: fact.due for fact in draft.facts if fact.target is Status.DISPATCHED}
    first = min(due)

    assert first == min(later)
    assert (later[first] or MONDAY) >= (due[first] or MONDAY)
    raised, later_raised = (
        [fact.at for fact in one.facts if fact.data.get("trigger") == "E3"] for one in (base, draft)
    )
    if later_raised:
        assert raised
        assert later_raised[0] >= raised[0]


@given(life=lives())
@settings(max_examples=50)
def test_figures_over_the_same_rules_show_no_difference(life: Recorded) -> None:
    tally = Tally()
    again = life.again()
    tally.add(
        compare(case_no="1", category="c", base=again, draft=again), fidelity=Fidelity.EXACT, same_rules=True
    )

    assert tally.different == 0
    assert tally.base.figures == tally.draft.figures
    assert all(before.figures() == after.figures() for _, before, after in tally.loads())
    owned = {unit for unit, load, _ in tally.loads() if load.cases}
    assert owned == set(life.state.handlers)


def test_a_halved_sign_in_limit_shows_the_escalation_that_did_not_happen() -> None:
    life = Recorded(beginning())
    life.until(at("2026-09-14 15:00"))  # 4 working hours are 9 to 12 and 14 to 15; it goes up after 6
    life.signed_in()
    base, draft = life.again(), life.again(slower(life.start, 0.5))
    found = compare(case_no="1", category="c", base=base, draft=draft)

    before, after = found.changes["raised"]
    assert before == ()
    assert isinstance(after, tuple)
    assert [(one.level, one.at, one.trigger) for one in after] == [("district", at("2026-09-14 12:00"), "E3")]
    assert set(found.changes) == {"raised", "handling_due", "total_due"}
    tally = Tally()
    tally.add(found, fidelity=Fidelity.EXACT, same_rules=True)
    assert (tally.earlier, tally.later, tally.different) == (1, 0, 1)
    assert tally.draft.figures["reached_district"] == 1
    loads = {unit: (before.escalations, after.escalations) for unit, before, after in tally.loads()}
    assert loads["district-1"] == (0, 1)


def test_what_the_draft_refuses_is_told_with_its_code_and_life_goes_on() -> None:
    life = Recorded(beginning())
    life.until(MONDAY + HOUR)
    life.returning()
    life.until(MONDAY + 2 * HOUR)
    life.do(RefuseReturn, by=DISPATCHER, reason="yours")
    policy = life.start.rules.severity
    short = replace(policy, stages=replace(policy.stages, return_request=limit("30MIN")))
    draft = life.again(replace(life.start, rules=replace(life.start.rules, severity=short)))

    assert [(one.kind, one.code) for one in draft.refused] == [
        ("request_return", "return_too_late"),
        ("refuse_return", "command_not_allowed_in_state"),
    ]
    assert draft.state.status is Status.DISPATCHED
    found = compare(case_no="1", category="c", base=life.again(), draft=draft)
    tally = Tally()
    tally.add(found, fidelity=Fidelity.EXACT, same_rules=True)
    assert tally.refused_only == {
        ("request_return", "return_too_late"): 1,
        ("refuse_return", "command_not_allowed_in_state"): 1,
    }
    assert not tally.accepted_only


def test_another_owner_does_what_the_recorded_owner_did() -> None:
    life = Recorded(beginning())
    life.until(MONDAY + HOUR)
    life.submitted()
    draft = life.again(replace(life.start, decision=decision(ROADS)))

    assert draft.state.status is Status.FEEDBACK
    assert draft.state.owner == ROADS
    assert draft.handed_on == 3
    assert draft.refused == ()
    tally = Tally()
    tally.add(
        compare(case_no="1", category="c", base=life.again(), draft=draft),
        fidelity=Fidelity.EXACT,
        same_rules=True,
    )
    assert tally.moves == {(WATER, ROADS): 1}


def test_a_case_nobody_dispatched_in_the_draft_refuses_what_was_done_on_it() -> None:
    life = Recorded(beginning())
    life.until(MONDAY + HOUR)
    life.signed_in()
    draft = life.again(replace(life.start, decision=decision(None)))

    assert draft.state.status is Status.TRIAGING
    assert [one.code for one in draft.refused] == ["command_not_allowed_in_state"]


def test_an_engine_that_was_late_is_told_from_rules_that_differ() -> None:
    life = Recorded(beginning())
    life.wait(2 * HOUR + timedelta(minutes=5)).fire()  # the reminder was due at eleven
    life.until(life.now + HOUR)

    assert [fact.due for fact in life.of_kind("sign_in_reminded")] == [MONDAY + 2 * HOUR]
    assert fidelity(recorded=life.facts, life=life.again(), until=life.now) is Fidelity.LATE
    other = life.again(replace(life.start, decision=decision(ROADS)))
    assert fidelity(recorded=life.facts, life=other, until=life.now) is Fidelity.OTHER


def test_a_command_whose_answer_was_long_in_coming_is_sent_when_the_case_took_it() -> None:
    life = Recorded(beginning())
    life.until(MONDAY + 5 * HOUR)
    life.signed_in()
    early = [replace(one, received_at=MONDAY + HOUR) for one in life.asked]

    (sent,) = sent_of(facts=life.facts, asked=early)

    assert sent.at == MONDAY + 5 * HOUR
    assert sent.seats.owner == WATER


def test_a_report_that_joined_without_a_command_of_its_own_joins_again() -> None:
    life = Recorded(beginning())
    life.until(MONDAY + HOUR)
    life.joined("R-2")
    kept = [one for one in life.asked if one.command.kind != "join_report"]

    (sent,) = sent_of(facts=life.facts, asked=kept)
    again = replay(start=life.start, sent=(sent,), until=life.now)

    assert list(again.facts) == life.facts
    assert [one.report_no for one in again.state.reports] == [REPORT, "R-2"]
