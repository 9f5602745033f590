"""Cases to test with: a small city's rules, and a case played by its own functions.

Nothing is set by hand in a state: every case here began with ``begin`` and came where it
is through ``decide``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

import pytest

from domain.actor import Actor, Role
from domain.aspects import SupervisionStatus
from domain.begin import begin
from domain.beginning import Begin
from domain.calendar import WorkCalendar
from domain.case import CaseState, Deadline, Fact, Notice, Outcome, Status
from domain.decide import decide
from domain.decision import RoutingDecision
from domain.errors import CommandRefused, RefusalCode
from domain.limit import Limit
from domain.messages import (
    CloseCase,
    Command,
    FileCase,
    JoinReport,
    RecordCheck,
    RecordVisit,
    RequestReturn,
    SignIn,
    StartHandling,
    SubmitResult,
    TimePassed,
)
from domain.messages_command import ReplySupervision, ReviewSupervision
from domain.order import Order
from domain.place import AreaRef, Level, LocateMethod, Place, ZoneRef
from domain.policy import (
    CaseRules,
    CheckRule,
    EmergencyRules,
    EscalationRules,
    Rulebook,
    Rung,
    SeverityPolicy,
    StageLimits,
    TagRule,
)
from domain.unit import DutyHours

CITY_TIME = ZoneInfo("Asia/Shanghai")
GRID, COMMUNITY, STREET, DISTRICT, CITY = "grid-1", "community-1", "street-1", "district-1", "city"
ZONE, OTHER_DISTRICT = "zone-1", "district-2"
WATER, POWER, ROADS = "water-1", "power-1", "roads-1"
TRIAGE, REPORT = "hotline", "R-1"

CALENDAR = WorkCalendar(
    timezone="Asia/Shanghai",
    periods=((510, 720), (840, 1080)),
    holidays=frozenset(date(2026, 10, day) for day in range(1, 8)),
    workdays=frozenset({date(2026, 9, 20), date(2026, 10, 10)}),
    known_years=(2026, 2027),
    version="2026",
)
"""Half past eight to noon and two to six; the first week of October off, with two make-up days."""


def at(text: str) -> datetime:
    """Return a city wall time, written ``2026-09-14 09:00``, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=CITY_TIME).astimezone(UTC)


MONDAY = at("2026-09-14 09:00")


def limit(text: str) -> Limit:
    """Read a limit."""
    return Limit.parse(text)


def stages(*, urgent: bool) -> StageLimits:
    """Return the deadlines of the transition table, urgent or normal."""
    urgent_limits = ("10MIN", "15MIN", "30MIN", "30MIN", "30MIN", "2UH", "4UH", "1UH", "1WD", "3WD", "30ND")
    normal_limits = ("1WH", "4WH", "1WD", "4WH", "1WD", "1WD", "1WD", "4WH", "1WD", "3WD", "30ND")
    texts = urgent_limits if urgent else normal_limits
    names = (
        "triage", "sign_in", "return_request", "return_decision", "arbitration", "contact", "check",
        "rework", "visit_start", "visit", "retention",
    )  # fmt: skip
    return StageLimits(**{name: limit(text) for name, text in zip(names, texts, strict=True)})


EMERGENCY = EmergencyRules(phone=limit("30MIN"), written=limit("1UH"), follow_up=limit("2UH"))


def rulebook(severity: int, **changes: Any) -> Rulebook:
    """Return the deadlines of the whole rulebook, urgent or normal; severity 1 has the emergency track."""
    urgent = severity <= 2
    names = (
        "info_wait", "verify", "transfer", "task_sign_in", "extension", "rectify", "appeal_file", "appeal_review",
        "supervision_reply", "supervision_review", "acknowledge", "decide_up",
    )  # fmt: skip
    urgent_limits = (
        "2WD",
        "30MIN",
        "30MIN",
        "15MIN",
        "2UH",
        "15WD",
        "5WD",
        "3WD",
        "4UH",
        "4UH",
        "15MIN",
        "30MIN",
    )
    normal_limits = ("2WD", "4WH", "30MIN", "4WH", "1WD", "15WD", "5WD", "3WD", "2WD", "1WD", "4WH", "1WD")
    texts = urgent_limits if urgent else normal_limits
    given: dict[str, Any] = {name: limit(text) for name, text in zip(names, texts, strict=True)}
    if severity == 1:
        given["emergency"] = EMERGENCY
    return Rulebook(**(given | changes))


def policy(severity: int, *, floor: Level = Level.GRID, book: Rulebook | None = None) -> SeverityPolicy:
    """Return the limits and triggers of a severity."""
    urgent = severity <= 2
    return SeverityPolicy(
        severity=severity,
        stages=stages(urgent=urgent),
        escalation=EscalationRules(floor=floor, repeat=limit("30MIN" if urgent else "1WD")),
        default_limit=limit({1: "24UH", 2: "24UH", 3: "5WD", 4: "15ND"}[severity]),
        book=book,
    )


LADDER = (
    Rung(level=Level.CITY, unit=CITY),
    Rung(level=Level.DISTRICT, unit=DISTRICT),
    Rung(level=Level.STREET, unit=STREET),
    Rung(level=Level.COMMUNITY, unit=COMMUNITY),
    Rung(level=Level.GRID, unit=GRID),
)
ZONE_LADDER = (Rung(level=Level.CITY, unit=CITY), Rung(level=Level.DISTRICT, unit=ZONE))
"""A functional zone commands its own: there is nothing below it."""


def without(*levels: Level, why: str = "vacant") -> tuple[Rung, ...]:
    """Return the ladder with nobody at some levels."""
    return tuple(
        replace(rung, unit=None, duty=DutyHours.NONE, why_empty=why) if rung.level in levels else rung
        for rung in LADDER
    )


def rules(
    severity: int = 3,
    *,
    ladder: tuple[Rung, ...] = LADDER,
    floor: Level = Level.GRID,
    check: CheckRule = CheckRule.SEVERE,
    book: Rulebook | None = None,
    tags: tuple[TagRule, ...] = (),
) -> CaseRules:
    """Return what is pinned to a case; without a ``book``, as before there was one."""
    return CaseRules(
        version="test-1",
        severity=policy(severity, floor=floor, book=book),
        calendar=CALENDAR,
        ladder=ladder,
        check=check,
        tags=tags,
    )


TAGS = (
    TagRule(tag="leader_instruction", floor=Level.DISTRICT, supervise=True),
    TagRule(tag="media", floor=Level.DISTRICT, supervise=True),
    TagRule(tag="illegal_act", illegal=True),
)


def full_rules(severity: int = 3, **changes: Any) -> CaseRules:
    """Return the rules of a case that begins under the whole rulebook. ``changes`` go to ``rules``."""
    given: dict[str, Any] = {"book": rulebook(severity), "tags": TAGS} | changes
    return rules(severity, **given)


PLACE = Place(
    chain=(
        AreaRef(level=Level.CITY, code="c", name="江城"),
        AreaRef(level=Level.DISTRICT, code="c-d1", name="一区"),
        AreaRef(level=Level.STREET, code="c-d1-s1", name="一街"),
        AreaRef(level=Level.COMMUNITY, code="c-d1-s1-c1", name="一社区"),
        AreaRef(level=Level.GRID, code="c-d1-s1-c1-g1", name="一网格"),
    ),
    lon=114.3,
    lat=30.6,
    method=LocateMethod.EXACT,
    border_m=80.5,
    boundary_version="2026",
)
ZONE_PLACE = replace(
    PLACE, zones=(ZoneRef(kind="functional_zone", code="z1", name="一开发区", precedence=10),)
)


def decision(lead: str | None = WATER, **changes: Any) -> RoutingDecision:
    """Return a routing decision for a unit at a level, with its limit."""
    given: dict[str, Any] = {
        "lead": lead, "level": Level.STREET, "condition": "leak", "limit": limit("2WD"), "severity": 3,
        "category": "water.leak", "version": "test-1",
    }  # fmt: skip
    return RoutingDecision(**(given | changes))


def beginning(severity: int = 3, *, start: datetime = MONDAY, **changes: Any) -> Begin:
    """Return what is known when a report becomes a case."""
    given: dict[str, Any] = {
        "case_no": "20260914-0000-0001",
        "report_no": REPORT,
        "at": start,
        "received_at": start - timedelta(seconds=2),
        "category": "water.leak",
        "category_name": "供水管漏水",
        "channel": "hotline",
        "severity": severity,
        "place": PLACE,
        "decision": decision(severity=severity, limit=limit("24UH" if severity <= 2 else "2WD")),
        "rules": rules(severity),
        "triage_unit": TRIAGE,
    }
    return Begin(**(given | changes))


def actor(role: Role, unit: str | None) -> Actor:
    """Return somebody in a role at a unit."""
    return Actor(id=f"{role.value}@{unit}", role=role, unit=unit)


def handler(unit: str) -> Actor:
    """Return somebody who handles cases at a unit."""
    return actor(Role.HANDLER, unit)


def supervisor(unit: str) -> Actor:
    """Return the supervising side of a command centre."""
    return actor(Role.SUPERVISOR, unit)


OPERATOR = actor(Role.OPERATOR, TRIAGE)
DISPATCHER, CHECKER = actor(Role.DISPATCHER, STREET), actor(Role.CHECKER, GRID)
SYSTEM = Actor(id="merge", role=Role.ENGINE)


class Played:
    """A case on its way, with everything it has recorded and owed so far."""

    def __init__(self, start: Begin) -> None:
        self.now = start.at
        self.requests = 0
        self.facts: list[Fact] = []
        self.notices: list[Notice] = []
        self.orders: list[Order] = []
        outcome = begin(start)
        self.state: CaseState = outcome.state
        self.keep(outcome)

    def keep(self, outcome: Outcome) -> Outcome:
        self.state = outcome.state
        self.facts += outcome.facts
        self.notices += outcome.notices
        self.orders += outcome.orders
        return outcome

    def wait(self, duration: timedelta) -> Self:
        """Let time go by without anybody looking, not even the engine."""
        self.now += duration
        return self

    def until(self, moment: datetime) -> Self:
        """Let time go by up to a moment; the engine fires each deadline at its time."""
        while self.state.deadlines and self.state.deadlines[0].at <= moment:
            self.now = self.state.deadlines[0].at
            self.keep(decide(self.state, TimePassed(), self.now))
        self.now = moment
        return self

    def fire(self) -> Outcome:
        """Let the engine fire what is due now."""
        return self.keep(decide(self.state, TimePassed(), self.now))

    def next(self) -> Outcome:
        """Go on to the next deadline and fire it."""
        self.now = self.state.deadlines[0].at
        return self.fire()

    def do(self, kind: type[Command], *, by: Actor, **fields: Any) -> Outcome:
        """Send a command; CommandRefused leaves everything as it was."""
        self.requests += 1
        command = kind(request_id=f"q{self.requests}", actor=by, **fields)
        return self.keep(decide(self.state, command, self.now))

    def armed(self, name: str, item: str | None = None) -> datetime | None:
        """Return when the deadline of this name (and item, when one is given) fires, or None."""
        found = (one for one in self.state.deadlines if one.name.value == name and item in (None, one.item))
        return next((one.at for one in found), None)

    @property
    def future(self) -> tuple[Deadline, ...]:
        """Return the armed deadlines."""
        return self.state.deadlines

    def of_kind(self, kind: str) -> list[Fact]:
        """Return the facts of one kind so far."""
        return [fact for fact in self.facts if fact.kind == kind]

    def told(self, template: str) -> list[str | None]:
        """Return which units or reports were owed a message of this template, in order."""
        return [notice.unit or notice.report_no for notice in self.notices if notice.template == template]

    # The ordinary life, a step at a time. Each goes through the steps before it.
    def signed_in(self) -> Self:
        self.do(SignIn, by=handler(self.state.owner))
        return self

    def handling(self) -> Self:
        if self.state.status is Status.DISPATCHED:
            self.signed_in()
        if self.state.status is Status.ACCEPTED:
            self.do(StartHandling, by=handler(self.state.owner), assignee="zhang", contacted=True)
        return self

    def submitted(self) -> Self:
        self.handling()
        self.do(SubmitResult, by=handler(self.state.owner), result="repaired")
        return self

    def closed(self) -> Self:
        self.submitted()
        if self.state.status is Status.CHECKING:
            self.checked()
        else:
            self.do(CloseCase, by=OPERATOR)
        return self

    def checked(self, *, by: Actor = CHECKER, passed: bool = True, **fields: Any) -> Outcome:
        """Check on site as the rulebook wants it: a photo, made at the place."""
        evidence = {"photos": ("p1",), "lon": PLACE.lon, "lat": PLACE.lat, "note": "seen"}
        return self.do(RecordCheck, by=by, passed=passed, **(evidence | fields))

    def supervised(self) -> Self:
        """Reply to every open supervision order, and have it sealed by who opened it."""
        for order in self.state.supervisions:
            if order.status is SupervisionStatus.OPEN:
                self.do(ReplySupervision, by=handler(order.unit), supervision=order.id, reply="under way")
                self.do(ReviewSupervision, by=supervisor(order.by), supervision=order.id, accepted=True)
        return self

    def visited(self, *, report: str = REPORT, **fields: Any) -> Outcome:
        return self.do(RecordVisit, by=OPERATOR, **({"report_no": report, "reached": True} | fields))

    def returning(self, **fields: Any) -> Self:
        self.do(RequestReturn, by=handler(self.state.owner), **({"reason": "not ours"} | fields))
        return self

    def joined(self, report: str, *, wants_visit: bool = True) -> Self:
        self.do(
            JoinReport, by=SYSTEM, report_no=report, merged_case=f"case-of-{report}", wants_visit=wants_visit
        )
        return self

    def filed(self, **fields: Any) -> Self:
        given: dict[str, Any] = {"category": "water.leak", "place": PLACE, "decision": decision()}
        self.do(FileCase, by=OPERATOR, **(given | fields))
        return self


@contextmanager
def refused(case: Played, code: RefusalCode) -> Iterator[None]:
    """Expect a refusal with this code, and that it left no trace."""
    before = case.state
    with pytest.raises(CommandRefused) as caught:
        yield
    assert caught.value.code is code
    assert case.state == before


def a_case(severity: int = 3, **changes: Any) -> Played:
    """Return a case that has just begun: dispatched to the water company, where nothing else is said."""
    return Played(beginning(severity, **changes))


def a_full_case(severity: int = 3, **changes: Any) -> Played:
    """Return a case that has just begun under the whole rulebook. ``rules`` in ``changes`` win."""
    return a_case(severity, **({"rules": full_rules(severity)} | changes))
