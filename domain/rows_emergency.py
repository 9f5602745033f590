"""The emergency track: grades, reports upward with their timers, calls to 110/119/120.

Event grade, warning level and response level are three scales (突发事件应对法 3, 63, 71;
reference: domain.md §4.4). No report is late, false or missing: each is a timer with its
evidence, and asked for until it is made.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from domain.actor import ENGINE, Role
from domain.aspects import Emergency
from domain.case import SETTLED, Alarm, Deadline, Trigger
from domain.duty import next_above
from domain.errors import CommandRefused, RefusalCode
from domain.escalation import LATE_TOLERANCE, clock_start, enter_at, heard_from
from domain.limit import Limit, LimitUnit
from domain.messages_command import CallEmergency, DeclareEmergency, EventReport, ReportEvent
from domain.place import Level
from domain.policy import EmergencyRules
from domain.step import AlarmHandler, Handler, Step

STANDARD = EmergencyRules(
    phone=Limit(amount=30, unit=LimitUnit.MIN),
    written=Limit(amount=1, unit=LimitUnit.UH),
    follow_up=Limit(amount=2, unit=LimitUnit.UH),
)
"""Where a severity's rules have no track of their own: 30 minutes by phone, an hour in writing, two per level."""
GRADES = range(1, 5)
AGAIN = "again"
"""The item of a report's alarm once it has been late: asked for again and again."""
OWED = {
    EventReport.PHONE: Alarm.EMERGENCY_PHONE,
    EventReport.WRITTEN: Alarm.EMERGENCY_WRITTEN,
    EventReport.FOLLOW_UP: Alarm.EMERGENCY_FOLLOW_UP,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class AccidentGrade:
    """From how many dead, or badly injured, an accident has a grade (生产安全事故报告和调查处理条例 3)."""

    grade: int
    dead: int
    injured: int

    @property
    def rule(self) -> str:
        """Return the rule as a fact names it."""
        return f"生产安全事故报告和调查处理条例 3: dead ≥ {self.dead} or injured ≥ {self.injured}"


ACCIDENT_GRADES = (
    AccidentGrade(grade=1, dead=30, injured=100),
    AccidentGrade(grade=2, dead=10, injured=50),
    AccidentGrade(grade=3, dead=3, injured=10),
)
"""特别重大, 重大, 较大; the worst first. Below them it is 一般, which figures alone do not make."""


def grade_floor(step: Step) -> Level:
    """Return the level that leads at the event's grade: the district 一般, the city 较大 and above."""
    grade = step.state.emergency.grade if step.state.emergency is not None else None
    if grade is None:
        return Level.GRID
    return Level.CITY if grade < max(GRADES) else Level.DISTRICT


def start_track(step: Step, *, rules: EmergencyRules, reason: str = "") -> None:
    """Begin the track now: the first reports are owed by phone and in writing."""
    phone_at = step.due(start=step.now, limit=rules.phone)
    step.change(emergency=Emergency(since=step.now))
    step.record("emergency_started", row=22, due_at=phone_at, trigger=Trigger.SEVERITY.value, reason=reason)
    step.disarm("emergency")
    step.arm(
        (Alarm.EMERGENCY_PHONE, phone_at),
        (Alarm.EMERGENCY_WRITTEN, step.due(start=step.now, limit=rules.written)),
    )


def start_by_rules(step: Step) -> None:
    """Begin the track where the severity's rules have one and the case is not on it."""
    rules = step.book.emergency if step.book is not None else None
    if rules is not None and step.state.emergency is None:
        start_track(step, rules=rules)


def _rules(step: Step) -> EmergencyRules:
    return (step.book.emergency if step.book is not None else None) or STANDARD


def declare_emergency(step: Step, command: DeclareEmergency) -> None:
    """A person grades the event; 较大 and above is the city's at once, 一般 the district's (E1)."""
    if step.book is None:
        raise CommandRefused(RefusalCode.RULEBOOK_REQUIRED)
    if not command.reason.strip():
        raise CommandRefused(RefusalCode.REASON_REQUIRED)
    scales = {"grade": command.grade, "warning": command.warning, "response": command.response}
    given = {name: value for name, value in scales.items() if value is not None}
    if any(value not in GRADES for value in given.values()):
        raise CommandRefused(RefusalCode.OUT_OF_SCALE)
    heard_from(step)
    if step.state.emergency is None or step.state.emergency.final_at is not None:
        start_track(step, rules=_rules(step), reason=command.reason)
    _keep(step, **given)
    step.record(
        "emergency_graded", row=22, reason=command.reason, grade=command.grade, warning=command.warning,
        response=command.response,
    )  # fmt: skip
    enter_at(step, grade_floor(step), Trigger.SEVERITY)


def report_event(step: Step, command: ReportEvent) -> None:
    """A report upward (信息报送), past levels where needed (越级上报); the level addressed joins the command."""
    track = step.state.emergency
    _need_part(step)
    if track is None:
        raise CommandRefused(RefusalCode.NO_EMERGENCY)
    if track.final_at is not None:
        raise CommandRefused(RefusalCode.ITEM_SETTLED, item=EventReport.FINAL.value)
    if not command.text.strip():
        raise CommandRefused(RefusalCode.REASON_REQUIRED)
    heard_from(step)
    due_at = _settle(step, command.report)
    to = _addressed(step, command.to_level)
    step.record(
        "event_reported", row=22, due_at=due_at, report=command.report.value, to_level=command.to_level.name, to=to,
        skipped=_skipped(step, command.to_level), text=command.text, dead=command.dead, injured=command.injured,
        on_time=due_at is None or step.now <= due_at, n=track.reports + 1,
    )  # fmt: skip
    if to != step.state.owner:
        step.change(supervisors=tuple(dict.fromkeys((*step.state.supervisors, to))))
    step.tell("event_report", unit=to, report=command.report.value, level=command.to_level.name)
    _grade_by_figures(step, command)


def _need_part(step: Step) -> None:
    """Refuse a handler or leader of a unit that has nothing to do with the case: its own people report and call."""
    state = step.state
    units = {state.owner, state.triage_unit, *state.handlers, *state.co_handlers, *state.supervisors}
    units |= {rung.unit for rung in state.rules.ladder if rung.unit} | {task.unit for task in state.tasks}
    if step.actor.role in (Role.HANDLER, Role.LEADER) and step.actor.unit not in units:
        raise CommandRefused(RefusalCode.NOT_YOUR_ITEM, unit=state.owner)


def _settle(step: Step, report: EventReport) -> datetime | None:
    """Note a report as made and arm the next; return when it was due. What is in writing needs no call any more."""
    due_at, kind = _due_of(step, report), OWED.get(report)
    made: dict[str, datetime] = {
        EventReport.PHONE: {"phoned_at": step.now},
        EventReport.WRITTEN: {"written_at": step.now},
        EventReport.FOLLOW_UP: {},
        EventReport.FINAL: {"final_at": step.now},
    }[report]
    track = step.state.emergency
    _keep(step, **made, last_at=step.now, reports=track.reports + 1 if track is not None else 1)
    if report is EventReport.FINAL:
        step.disarm("emergency")
        return due_at
    done = [Alarm.EMERGENCY_PHONE] if report is not EventReport.FOLLOW_UP else []
    done += [kind] if kind is not None else []
    step.disarm(*done, Alarm.EMERGENCY_FOLLOW_UP)
    step.arm((Alarm.EMERGENCY_FOLLOW_UP, step.due(start=step.now, limit=_rules(step).follow_up)))
    return due_at


def _due_of(step: Step, report: EventReport) -> datetime | None:
    """Return when this report is or was due; None for one nobody waits for."""
    track, rules = step.state.emergency, _rules(step)
    if track is None:
        return None
    if report is EventReport.FOLLOW_UP and track.last_at is not None:
        return step.due(start=track.last_at, limit=rules.follow_up)
    if report is EventReport.PHONE and track.phoned_at is None and track.written_at is None:
        return step.due(start=track.since, limit=rules.phone)
    if report is EventReport.WRITTEN and track.written_at is None:
        return step.due(start=track.since, limit=rules.written)
    return None


def _addressed(step: Step, level: Level) -> str:
    """Return the unit of a level, or of the next above that has one; triage where there is none."""
    rungs = sorted(step.state.rules.ladder, key=lambda rung: rung.level, reverse=True)
    units = (rung.unit for rung in rungs if rung.level <= level and rung.unit not in (None, step.state.owner))
    return next(units, None) or step.state.triage_unit


def _skipped(step: Step, level: Level) -> list[str]:
    """Return the levels between who reports and who is reported to that have a unit and were not asked."""
    ladder = step.state.rules.ladder
    own = next((rung.level for rung in ladder if rung.unit == step.actor.unit), step.state.level)
    between = [rung for rung in ladder if level < rung.level < own and rung.unit is not None]
    return [rung.level.name for rung in sorted(between, key=lambda rung: rung.level, reverse=True)]


def _grade_by_figures(step: Step, command: ReportEvent) -> None:
    """Figures that reach an accident grade raise the event's; they never lower it."""
    reached = next(
        (
            one
            for one in ACCIDENT_GRADES
            if command.dead >= one.dead or command.injured >= one.injured
        ),
        None,
    )  # fmt: skip
    track = step.state.emergency
    if reached is None or track is None or (track.grade is not None and track.grade <= reached.grade):
        return
    _keep(step, grade=reached.grade)
    step.record(
        "emergency_graded", row=22, actor=ENGINE, grade=reached.grade, former=track.grade, rule=reached.rule,
        dead=command.dead, injured=command.injured,
    )  # fmt: skip
    enter_at(step, grade_floor(step), Trigger.SEVERITY)


def call_emergency(step: Step, command: CallEmergency) -> None:
    """110, 119 or 120 is called beside the case (E1); always a person's act."""
    _need_part(step)
    step.record(
        "emergency_called", row=22, service=command.service, note=command.note, reference=command.reference
    )
    step.tell("emergency_call", unit=command.service, reference=command.reference)


def report_late(step: Step, deadline: Deadline) -> None:
    """A report that was not made in time is a fact; it is asked for, and told above, until it is made."""
    track = step.state.emergency
    if track is None or track.final_at is not None or step.state.status in SETTLED:
        return
    first = deadline.item != AGAIN
    if first:
        _keep(step, late=track.late + 1)
    report = next(report.value for report, alarm in OWED.items() if alarm is deadline.name)
    step.record(
        "report_late", row=22, due_at=deadline.at, report=report, again=not first, owner=step.state.owner
    )
    above = next_above(step) or step.state.triage_unit
    for unit in dict.fromkeys((step.state.owner, above)):
        step.tell("event_report_late", unit=unit, report=report)
    again = step.due(start=clock_start(step, deadline), limit=step.policy.escalation.repeat)
    step.arm((deadline.name, max(again, step.now + LATE_TOLERANCE)), item=AGAIN)


def _keep(step: Step, **fields: object) -> None:
    if step.state.emergency is not None:
        step.change(emergency=replace(step.state.emergency, **fields))  # type: ignore[arg-type]


HANDLERS: dict[str, Handler] = {
    "declare_emergency": declare_emergency,
    "report_event": report_event,
    "call_emergency": call_emergency,
}
ALARMS: dict[str, AlarmHandler] = dict.fromkeys(OWED.values(), report_late)
