"""Lives under the whole rulebook that every later version of the workflow must be able to replay."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.actor import Actor, Role
from domain.messages import RecordCheck, RecordVisit, ReportUp, SignIn, SubmitResult
from domain.messages_command import (
    AppealAbout,
    ApplyPolicy,
    ChildChanged,
    EventReport,
    FileAppeal,
    JumpLevel,
    Regrade,
    ReplySupervision,
    ReportEvent,
    ReviewAppeal,
    ReviewSupervision,
)
from domain.messages_duty import (
    AssignTask,
    DecideExtension,
    ReportTask,
    RequestExtension,
    SignInTask,
    Suspend,
)
from domain.messages_triage import (
    AskReporter,
    Finding,
    Missing,
    RecordVerification,
    ReporterAnswered,
    VerifyFirst,
)
from domain.place import Level
from domain.policy import CheckRule
from tests.integration.temporal_env import Desk
from tests.unit.builders import (
    CITY,
    DISPATCHER,
    DISTRICT,
    GRID,
    MONDAY,
    OPERATOR,
    PLACE,
    POWER,
    REPORT,
    STREET,
    SYSTEM,
    TRIAGE,
    WATER,
    actor,
    beginning,
    decision,
    full_rules,
    handler,
    supervisor,
)

ON_SITE: dict[str, Any] = {"photos": ("sha256-1",), "lon": PLACE.lon, "lat": PLACE.lat}
LEADER = actor(Role.LEADER, WATER)
SECOND = Actor(id="second", role=Role.OPERATOR, unit=TRIAGE)


async def extended(desk: Desk) -> str:
    """Extended in two steps, suspended over a date, reworked, overdue and supervised, done."""
    begun = await desk.start(beginning(rules=full_rules(check=CheckRule.ALWAYS)))
    case_no = begun.case_no
    await desk.send(case_no, SignIn, by=handler(WATER), assignee="zhang")
    await desk.send(case_no, RequestExtension, by=handler(WATER), reason="the part is on its way")
    await desk.send(case_no, DecideExtension, by=LEADER, granted=True)
    await desk.send(case_no, DecideExtension, by=DISPATCHER, granted=True)
    until = MONDAY + timedelta(days=10)
    given = {"reason": "flood season", "plan": "dig after it", "interim_measure": "fence"}
    await desk.send(case_no, Suspend, by=DISPATCHER, until=until, **given)
    state = await desk.until(case_no, until)
    await desk.send(case_no, SubmitResult, by=handler(WATER), result="repaired")
    checker = actor(Role.CHECKER, GRID)
    await desk.send(case_no, RecordCheck, by=checker, passed=False, note="leaks", **ON_SITE)
    state = await desk.until(case_no, until + timedelta(days=12))
    order = state.supervisions[0]
    await desk.send(case_no, ReplySupervision, by=handler(WATER), supervision=order.id, reply="tonight")
    await desk.send(case_no, ReviewSupervision, by=supervisor(order.by), supervision=order.id, accepted=True)
    await desk.send(case_no, SubmitResult, by=handler(WATER), result="repaired")
    await desk.send(case_no, RecordCheck, by=checker, passed=True, **ON_SITE)
    await desk.send(case_no, FileAppeal, by=handler(WATER), about=AppealAbout.OVERDUE, reason="no power")
    await desk.send(case_no, ReviewAppeal, by=DISPATCHER, granted=True, reason="so it was")
    await desk.send(case_no, ReviewAppeal, by=SECOND, granted=True, reason="agreed")
    visit: dict[str, Any] = {"report_no": REPORT, "reached": True, "solved": False, "grade": 1}
    await desk.send(case_no, RecordVisit, by=OPERATOR, **visit)
    return case_no


async def doubted(desk: Desk) -> str:
    """The reporter is asked and answers, somebody looks on site too late, it is filed by the engine."""
    begun = await desk.start(beginning(rules=full_rules(), decision=decision(confidence=0.3)))
    case_no = begun.case_no
    await desk.send(case_no, AskReporter, by=OPERATOR, missing=Missing.PLACE, question="which crossing?")
    await desk.until(case_no, MONDAY + timedelta(days=3))
    await desk.send(case_no, ReporterAnswered, by=OPERATOR, answer="the second one")
    await desk.send(case_no, VerifyFirst, by=OPERATOR)
    await desk.send(case_no, RecordVerification, by=actor(Role.CHECKER, GRID), finding=Finding.EXISTS)
    return case_no


async def joint(desk: Desk) -> str:
    """A severe case with tasks, words of a child, an emergency's reports, another grade, levels by hand."""
    case_no = (await desk.start(beginning(1, rules=full_rules(1)))).case_no
    await desk.send(case_no, SignIn, by=handler(WATER), assignee="zhang")
    await desk.send(case_no, ReportUp, by=handler(WATER), reason="no crane")
    await desk.send(case_no, AssignTask, by=handler(WATER), unit=POWER, text="switch it off")
    await desk.send(case_no, SignInTask, by=handler(POWER), task="T1")
    word = {"child": "20260914-0000-0011", "owner": POWER, "severity": 2, "epoch": 1}
    await desk.send(case_no, ChildChanged, by=SYSTEM, status="handling", seq=4, district="c-d2", **word)
    phoned = {"report": EventReport.PHONE, "to_level": Level.CITY, "text": "two injured", "injured": 2}
    await desk.send(case_no, ReportEvent, by=supervisor(DISTRICT), **phoned)
    await desk.until(case_no, MONDAY + timedelta(hours=2))
    await desk.send(case_no, ReportTask, by=handler(POWER), task="T1", result="off")
    await desk.send(case_no, Regrade, by=supervisor(CITY), severity=2, reason="safe now", rules=full_rules(2))
    return case_no


async def applied(desk: Desk) -> str:
    """Begun under the first rules; the new ones are applied on purpose, and its new clocks fire."""
    case_no = (await desk.start(beginning())).case_no
    await desk.send(case_no, SignIn, by=handler(WATER))
    await desk.until(case_no, MONDAY + timedelta(hours=5))
    await desk.send(
        case_no,
        ApplyPolicy,
        by=supervisor(CITY),
        rules=replace(full_rules(), version="test-2"),
        reason="the rules of 2027",
    )
    await desk.send(
        case_no, JumpLevel, by=supervisor(STREET), level=Level.DISTRICT, reason="the press is there"
    )
    await desk.until(case_no, MONDAY + timedelta(days=4))
    return case_no


LIVES = (extended, doubted, joint, applied)
