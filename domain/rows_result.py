"""Rows of a result: submitted, sent back, checked, closed, visited, reopened (rows 26–35)."""

from dataclasses import replace

from domain.actor import ENGINE, Role
from domain.case import Alarm, ReportRef, Status, Trigger
from domain.duty import arm_handling, give, next_above
from domain.errors import CommandRefused, RefusalCode
from domain.escalation import raise_level, tell_top
from domain.limit import Limit
from domain.messages import (
    CloseCase,
    CloseKind,
    RecordCheck,
    RecordVisit,
    RequestCheck,
    SendBack,
    SubmitResult,
)
from domain.policy import CheckRule
from domain.rows_duty import note_contact
from domain.step import Step
from domain.visit import retain, visit_reporters

VISIT_TRIES = 3
"""Tries to reach a reporter before it counts as no answer (row 31)."""
BAD_GRADE = 2
"""The last two of the five grades are a bad review (差评)."""


def submit_result(step: Step, command: SubmitResult) -> None:
    """Row 26, through row 20 where handling had not been noted; overdue is judged now."""
    if step.state.status is Status.ACCEPTED:
        step.move(20)
    note_contact(step, contacted=command.contacted)
    due_at = step.state.handling_due
    on_time = due_at is None or step.now <= due_at
    step.disarm("handling", "sign_in")
    step.change(submitted_at=step.now, on_time=on_time)
    step.move(
        26,
        due_at=due_at,
        result=command.result,
        solved=command.solved,
        photos=list(command.photos),
        on_time=on_time,
    )
    if needs_check(step):
        to_check(step, None)
    else:
        step.arm((Alarm.CHECK, step.due(start=step.now, limit=step.policy.stages.check)))


def needs_check(step: Step) -> bool:
    """Row 28: parts and events, everything severe, or as the pack says."""
    rule = step.state.rules.check
    if rule is CheckRule.NEVER:
        return False
    return rule is CheckRule.ALWAYS or step.state.urgent or step.state.site_check


def to_check(step: Step, checker: str | None) -> None:
    """Row 28: send somebody who did not handle the case, the nearest level first."""
    unit = checker or _checker(step)
    due_at = step.due(start=step.now, limit=step.policy.stages.check)
    step.change(checker=unit)
    step.move(28, due_at=due_at, actor=ENGINE if checker is None else None, checker=unit)
    step.arm((Alarm.CHECK, due_at))
    step.tell("check_request", unit=unit)


def _checker(step: Step) -> str:
    rungs = sorted(step.state.rules.ladder, key=lambda rung: rung.level, reverse=True)
    taken = took_part(step)
    free = (rung.unit for rung in rungs if rung.unit is not None and rung.unit not in taken)
    return next(free, step.state.triage_unit)


def took_part(step: Step) -> frozenset[str]:
    """Return every unit that handled the case, co-handlers included: none of them checks or closes it."""
    return frozenset((*step.state.handlers, *step.state.co_handlers))


def send_back(step: Step, command: SendBack) -> None:
    """Row 27: rework ordered from the desk."""
    rework(step, 27, command.reason)


def request_check(step: Step, command: RequestCheck) -> None:
    """Row 28 by hand."""
    if command.checker is not None and command.checker in took_part(step):
        raise CommandRefused(RefusalCode.HANDLER_MAY_NOT_CLOSE)
    to_check(step, command.checker or _checker(step))


def rework(step: Step, row: int, reason: str) -> None:
    """Rows 27 and 29: back to the owner, the original deadline stands; twice is E6."""
    if not reason.strip():
        raise CommandRefused(RefusalCode.REASON_REQUIRED)
    step.disarm("stage")
    step.change(reworks=step.state.reworks + 1, submitted_at=None, on_time=None, checker=None)
    due_at = step.due(start=step.now, limit=step.policy.stages.rework)
    step.move(row, due_at=due_at, reason=reason, reworks=step.state.reworks)
    arm_handling(step)
    step.tell("rework", unit=step.state.owner, reason=reason)
    if step.state.reworks >= step.policy.escalation.reworks:
        _not_solved(step)


def record_check(step: Step, command: RecordCheck) -> None:
    """Rows 29 and 30: never by a unit that handled the case."""
    _not_a_handler(step)
    if not command.passed:
        rework(step, 29, command.note)
        return
    close(step, CloseKind.SOLVED, command.note, finding=command)


def close_case(step: Step, command: CloseCase) -> None:
    """Row 30 by the supervising side; every kind but "solved" states its reason.

    "Solved" is what an outstanding check has to find; "forced" is a leader's word.
    """
    _not_a_handler(step)
    if command.close_kind is CloseKind.SOLVED and step.state.status is Status.CHECKING:
        raise CommandRefused(RefusalCode.CHECK_OUTSTANDING)
    if command.close_kind is CloseKind.FORCED and step.actor.role is not Role.SUPERVISOR:
        raise CommandRefused(
            RefusalCode.ROLE_NOT_ALLOWED,
            role=step.actor.role.value,
            command=command.kind,
            allowed="supervisor",
        )
    if command.close_kind is not CloseKind.SOLVED and not command.reason.strip():
        raise CommandRefused(RefusalCode.REASON_REQUIRED)
    close(step, command.close_kind, command.reason)


def _not_a_handler(step: Step) -> None:
    if step.actor.unit is None:
        raise CommandRefused(RefusalCode.UNIT_REQUIRED)
    if step.actor.unit in took_part(step):
        raise CommandRefused(RefusalCode.HANDLER_MAY_NOT_CLOSE)


def close(step: Step, kind: CloseKind, reason: str, *, finding: RecordCheck | None = None) -> None:
    """Row 30, then row 31 for every reporter who wants to be asked; nobody is left without an answer."""
    step.disarm("stage", "handling", "sign_in")
    step.change(closed_at=step.now, close_kind=kind.value)
    photos = list(finding.photos) if finding is not None else []
    lon, lat = (finding.lon, finding.lat) if finding is not None else (None, None)
    step.move(
        30, due_at=step.state.total_due, close_kind=kind.value, reason=reason, photos=photos, lon=lon, lat=lat
    )
    for report in step.state.reports:
        step.tell("result", report_no=report.report_no, close_kind=kind.value)
    step.tell("closed", unit=step.state.owner, close_kind=kind.value)
    visit_reporters(step)


def record_visit(step: Step, command: RecordVisit) -> None:
    """Rows 32 and 33: one try to reach one reporter."""
    report = _report(step, command.report_no)
    tries = report.tries + 1
    reached = command.reached
    outcome = "reached" if reached else ("no_answer" if tries >= VISIT_TRIES else "open")
    # What was written down about somebody who was not reached is nobody's answer.
    solved, grade = (command.solved, command.grade) if reached else (None, None)
    _replace_report(step, replace(report, visit=outcome, tries=tries, solved=solved, grade=grade))
    step.record(
        "visited", row=32, report=report.report_no, reached=reached, tries=tries, solved=solved, grade=grade,
        contacted=command.contacted if reached else None, at_fault=command.at_fault,
    )  # fmt: skip
    bad = solved is False or (grade is not None and grade <= BAD_GRADE)
    if bad and command.at_fault:
        reopen(step)
    elif all(one.visit != "open" for one in step.state.reports):
        evaluate(step)


def _report(step: Step, report_no: str) -> ReportRef:
    for report in step.state.reports:
        if report.report_no == report_no:
            if report.visit != "open":
                raise CommandRefused(RefusalCode.REPORT_ALREADY_VISITED, report=report_no)
            return report
    raise CommandRefused(RefusalCode.UNKNOWN_REPORT, report=report_no)


def _replace_report(step: Step, changed: ReportRef) -> None:
    reports = tuple(changed if one.report_no == changed.report_no else one for one in step.state.reports)
    step.change(reports=reports)


def reopen(step: Step) -> None:
    """Rows 33 and 34: same unit, half the limit, the level above copied; the second time is E6."""
    state = step.state
    step.disarm("stage")
    reports = tuple(
        replace(report, visit="open", tries=0, solved=None, grade=None)
        if report.visit != "not_wanted"
        else report
        for report in state.reports
    )
    step.change(unsolved=state.unsolved + 1, closed_at=None, close_kind=None, reports=reports)
    step.move(33, unsolved=step.state.unsolved)
    step.change(reopened=state.reopened + 1)
    limit = (state.decision.limit if state.decision is not None else None) or step.policy.default_limit
    half = limit.times(0.5)
    give(step, row=34, unit=_reopened_for(step, half), limit=half)
    above = next_above(step)
    if above is not None:
        step.tell("reopened", unit=above)
    if step.state.unsolved >= step.policy.escalation.unsolved_visits:
        _not_solved(step)


def _reopened_for(step: Step, limit: Limit) -> str:
    """Return who gets a reopened case: its owner, or routing's where it was answered and never filed (row 3)."""
    state, decision = step.state, step.state.decision
    if state.filed_at is not None:
        return state.owner
    total = step.due(start=step.due(start=step.now, limit=limit), limit=step.policy.stages.check)
    step.change(filed_at=step.now, total_due=total, proposals=(), uncertain=False)
    if decision is None or decision.lead is None:
        return state.triage_unit
    step.change(co_handlers=decision.co_handlers, level=min(state.level, decision.level))
    return decision.lead


def _not_solved(step: Step) -> None:
    """E6: one level up, or the top once more."""
    if not raise_level(step, Trigger.NOT_SOLVED, start=step.now):
        tell_top(step, Trigger.NOT_SOLVED)


def evaluate(step: Step) -> None:
    """Row 32: every reporter was reached or could not be; silence is not satisfaction."""
    reached = sum(1 for report in step.state.reports if report.visit == "reached")
    silent = sum(1 for report in step.state.reports if report.visit == "no_answer")
    step.disarm("stage")
    step.move(32, reached=reached, no_answer=silent)
    retain(step)
