"""Random lives of random cases, every step held against the laws of a case.

People of every role and unit send every command, wanted or not, at any time; the engine
fires deadlines in time, late and very late. What comes out of JSON goes on, so the lives
are also lives across processes.
"""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from domain.actor import Actor, Role
from domain.begin import BEGIN, begin
from domain.beginning import Begin
from domain.case import ENDED, CaseState, Fact, Outcome, Status
from domain.decide import decide
from domain.errors import CommandRefused
from domain.messages import COMMANDS, Command, Message, TimePassed
from domain.transitions import commands, roles_for
from tests.unit import builders
from tests.unit.case_draws import UNITS, beginnings, fields_of
from tests.unit.case_laws import STATE_JSON, Taken, owner_by_facts
from tests.unit.rulebook_laws import check_whole_step

JUMPS = {
    "minutes": timedelta(minutes=7),
    "hours": timedelta(hours=5),
    "days": timedelta(days=3),
    "months": timedelta(days=70),
}
ORDINARY: dict[Status, str] = {
    Status.TRIAGING: "file_case",
    Status.DISPATCHED: "sign_in",
    Status.ACCEPTED: "start_handling",
    Status.HANDLING: "submit_result",
    Status.RETURN_REQUESTED: "grant_return",
    Status.ARBITRATION: "rule",
    Status.FEEDBACK: "close_case",
    Status.CHECKING: "record_check",
    Status.VISITING: "record_visit",
    Status.NEED_INFO: "reporter_answered",
    Status.VERIFYING_PRE: "record_verification",
    Status.SUSPENDED: "resume",
    Status.TRANSFERRED_OUT: "hand_back",
}
HARD: dict[Status, tuple[str, ...]] = {
    Status.TRIAGING: ("ask_reporter", "verify_first", "transfer_out", "answer_at_once", "refuse_report"),
    Status.DISPATCHED: ("request_return", "request_return", "reassign", "report_up", "assign_task"),
    Status.ACCEPTED: ("request_return", "report_up", "reassign", "request_extension", "suspend"),
    Status.HANDLING: (
        "report_up", "reassign", "request_extension", "decide_extension", "suspend", "assign_task",
        "open_supervision", "reply_supervision", "review_supervision", "sign_in_task", "report_task",
        "decide_report_up", "regrade", "apply_policy", "jump_level", "declare_emergency",
    ),
    Status.CLOSED: ("file_appeal", "review_appeal"),
    Status.EVALUATED: ("file_appeal", "review_appeal"),
    Status.RETURN_REQUESTED: ("refuse_return",),
    Status.ARBITRATION: ("report_up",),
    Status.FEEDBACK: ("send_back", "request_check"),
    Status.CHECKING: ("record_check",),
    Status.VISITING: ("record_visit", "file_appeal", "review_appeal"),
}  # fmt: skip
EASY_FIELDS: dict[str, Any] = {"passed": True, "solved": True, "grade": 5, "reached": True}
HARD_FIELDS: dict[str, Any] = {
    "passed": False,
    "solved": False,
    "grade": 1,
    "at_fault": True,
    "reached": True,
}


class Life(RuleBasedStateMachine):
    """One case, from its beginning to wherever the draws lead it."""

    state: CaseState
    now: datetime

    def __init__(self) -> None:
        super().__init__()
        self.log: list[tuple[Message, datetime]] = []
        self.facts: list[Fact] = []
        self.requests = 0

    @initialize(start=beginnings())
    def begins(self, start: Begin) -> None:
        self.start, self.now = start, start.at
        outcome = begin(start)
        self.owner = start.triage_unit
        self._keep(None, outcome, outcome.facts)

    def _keep(self, message: Message | None, outcome: Outcome, facts: tuple[Fact, ...]) -> None:
        before = self.state if message is not None else None
        check_whole_step(
            Taken(
                before=before,
                after=outcome.state,
                message=message,
                now=self.now,
                facts=facts,
                outcome=outcome,
                owner=self.owner,
            )
        )
        self.owner = owner_by_facts(self.owner, facts)
        self.facts += facts
        self.state = STATE_JSON.validate_json(STATE_JSON.dump_json(outcome.state))
        if message is not None:
            self.log.append((message, self.now))

    def _send(self, message: Message) -> None:
        was = STATE_JSON.dump_json(self.state)
        answer = self._answer(message)
        assert STATE_JSON.dump_json(self.state) == was, "decide changed its argument"
        if isinstance(answer, Outcome):
            self._keep(message, answer, answer.facts)
        else:
            assert answer.text(lang="zh")
            assert answer.text(lang="en")

    def _answer(self, message: Message) -> Outcome | CommandRefused:
        try:
            return decide(self.state, message, self.now)
        except CommandRefused as refused:
            return refused

    @rule(late=st.sampled_from([0, 0, 0, 0, 20, 61, 7200, 400_000, 9_000_000]))
    def the_next_deadline_fires(self, late: int) -> None:
        if self.state.next_due is not None:
            self.now = max(self.now, self.state.next_due + timedelta(seconds=late))
        self._send(TimePassed())

    @rule(jump=st.sampled_from(sorted(JUMPS)), engine=st.booleans())
    def time_goes_by(self, jump: str, engine: bool) -> None:
        self.now += JUMPS[jump]
        if engine:
            self._send(TimePassed())

    @precondition(lambda self: self.state.status not in ENDED)
    @rule(data=st.data(), pause=st.sampled_from([1, 1, 60, 1800]))
    def somebody_does_what_is_next(self, data: st.DataObject, pause: int) -> None:
        self.now += timedelta(seconds=pause)
        own = ("join_report", "supplement", "urge", "alarm_changed")
        offered = [*commands(self.state.status), *((kind, (Role.ENGINE,)) for kind in own)]
        kind, roles = data.draw(st.sampled_from(offered))
        if kind == "cancel_case" and data.draw(st.integers(0, 20)):
            return
        unit = self.state.owner
        if kind == "rule":
            unit = self.state.arbiter or ""
        elif not {Role.HANDLER, Role.LEADER} & set(roles) or data.draw(st.integers(0, 3)) == 0:
            unit = data.draw(st.sampled_from(UNITS))
        self._send(self._command(data, kind, builders.actor(data.draw(st.sampled_from(roles)), unit)))

    @precondition(lambda self: self.state.status in ORDINARY)
    @rule(data=st.data(), pause=st.sampled_from([1, 60, 1800]))
    def the_ordinary_next_step(self, data: st.DataObject, pause: int) -> None:
        self.now += timedelta(seconds=pause)
        self._rightly(data, ORDINARY[self.state.status], EASY_FIELDS)

    @precondition(lambda self: self.state.status in HARD)
    @rule(data=st.data(), pause=st.sampled_from([1, 60, 1800]))
    def a_step_the_hard_way(self, data: st.DataObject, pause: int) -> None:
        self.now += timedelta(seconds=pause)
        self._rightly(data, data.draw(st.sampled_from(HARD[self.state.status])), HARD_FIELDS)

    @rule(data=st.data(), kind=st.sampled_from(sorted(COMMANDS)), role=st.sampled_from(Role))
    def anybody_does_anything(self, data: st.DataObject, kind: str, role: Role) -> None:
        unit = data.draw(st.none() | st.sampled_from(UNITS))
        self._send(self._command(data, kind, builders.actor(role, unit)))

    @precondition(lambda self: self.state.recent[-1].request_id != BEGIN)
    @rule(data=st.data())
    def a_request_is_repeated(self, data: st.DataObject) -> None:
        done = data.draw(st.sampled_from([done for done in self.state.recent if done.request_id != BEGIN]))
        sent = next(
            message for message, _ in self.log if getattr(message, "request_id", "") == done.request_id
        )
        again = decide(self.state, sent, self.now + timedelta(days=data.draw(st.integers(0, 100))))
        assert again.state == self.state
        assert (again.facts, again.notices, again.orders) == (done.facts, done.notices, done.orders)

    def _rightly(self, data: st.DataObject, kind: str, fields: dict[str, Any]) -> None:
        """Send a command the way somebody sends it who may, and knows how."""
        role = next(role for role in roles_for(kind, self.state.status) or () if role is not Role.ENGINE)
        unit: str | None = self.state.owner
        if role not in (Role.HANDLER, Role.LEADER):
            free = [unit for unit in UNITS if unit not in (*self.state.handlers, *self.state.co_handlers)]
            unit = self.state.arbiter if kind == "rule" else data.draw(st.sampled_from(free or UNITS))
        report = next((one.report_no for one in self.state.reports if one.visit == "open"), builders.REPORT)
        words = dict.fromkeys(
            ("reason", "note", "text", "plan", "interim_measure", "reply", "orders"), "because"
        )
        given = fields | words | {"report_no": report}
        if kind == "record_check":
            given |= {"photos": ("sha256-1",), "lon": self.state.place.lon, "lat": self.state.place.lat}
            unit = self.state.checker or unit
        self._send(self._command(data, kind, builders.actor(role, unit), given))

    def _command(
        self, data: st.DataObject, kind: str, who: Actor, given: dict[str, Any] | None = None
    ) -> Command:
        self.requests += 1
        fields = fields_of(kind, state=self.state, now=self.now)
        known = {name: value for name, value in (given or {}).items() if name in fields}
        drawn = {name: data.draw(fields[name]) for name in sorted(fields.keys() - known)} | known
        return COMMANDS[kind](request_id=f"q{self.requests}", actor=who, **drawn)

    def teardown(self) -> None:
        """Replay the whole life in one process, without JSON between: it must be the same life."""
        if not hasattr(self, "state"):
            return
        outcome = begin(self.start)
        facts = list(outcome.facts)
        for message, now in self.log:
            outcome = decide(outcome.state, message, now)
            facts += outcome.facts
        assert outcome.state == self.state
        assert facts == self.facts
        if self.state.status is Status.ARCHIVED:
            assert self.facts[-1].row == 35


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=200,
    stateful_step_count=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
