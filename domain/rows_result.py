"""Rows of a result: submitted, sent back, checked, closed, visited, reopened (rows 26–35)."""

from dataclasses import replace

from domain.actor import ENGINE, Role
from domain.blockers import blockers, out_of_band, refuse_while_blocked, refuse_while_out_of_band
from domain.case import Alarm, Deadline, ReportRef, Status, Trigger
from domain.duty import arm_handling, end_extension, give, next_above
from domain.errors import CommandRefused, RefusalCode
from domain.escalation import clock_start, raise_level, remind_top, stand_down, tell_top
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
from domain.site_check import nearest_checker, refuse_without_evidence, took_part
from domain.step import Step
from domain.supervision import remind
from domain.tasks import end_tasks, unfinished
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
    end_extension(step, why="submitted")
    step.disarm("handling", "sign_in")
    step.change(submitted_at=step.now, on_time=on_time)
    waiting = [task.id for task in unfinished(step) if task.mandatory]
    step.move(
        26, due_at=due_at, result=command.result, solved=command.solved, photos=list(command.photos), on_time=on_time,
        open_tasks=waiting,
    )  # fmt: skip
    if needs_check(step):
        to_check(step, None)
    else:
        _await_decision(step)


def _await_decision(step: Step) -> None:
    """Rows 27 and 30: somebody finds it done or not done.

    Under the rulebook who decides is reminded when the time to find it not done (row 27) is
    over, and the case goes up when the time to close it (row 30) is; before it there was
    one clock only.
    """
    stages = step.policy.stages
    limit = stages.check if step.book is None else stages.rework
    step.arm((Alarm.CHECK, step.due(start=step.now, limit=limit)))


def decision_late(step: Step, deadline: Deadline) -> bool:
    """Remind of a result nobody has judged, while there is time to close it; tell whether it was that."""
    state = step.state
    if step.book is None or state.status is not Status.FEEDBACK or state.submitted_at is None:
        return False
    closing = step.due(start=state.submitted_at, limit=step.policy.stages.check)
    if closing <= step.now:
        return False
    step.record("decision_late", row=27, due_at=deadline.at, owner=state.owner)
    remind(step, (state.triage_unit, state.owner), about="closing", due=closing)
    step.arm((Alarm.CHECK, closing))
    return True


def needs_check(step: Step) -> bool:
    """Row 28: parts and events, everything severe, or as the pack says."""
    rule = step.state.rules.check
    if rule is CheckRule.NEVER:
        return False
    return rule is CheckRule.ALWAYS or step.state.urgent or step.state.site_check


def to_check(step: Step, checker: str | None) -> None:
    """Row 28: send somebody who did not handle the case, the nearest level first."""
    unit = checker or nearest_checker(step)
    due_at = step.due(start=step.now, limit=step.policy.stages.check)
    step.change(checker=unit)
    step.move(28, due_at=due_at, actor=ENGINE if checker is None else None, checker=unit)
    step.arm((Alarm.CHECK, due_at))
    step.tell("check_request", unit=unit)


def send_back(step: Step, command: SendBack) -> None:
    """Row 27: rework ordered from the desk."""
    rework(step, 27, command.reason)


def request_check(step: Step, command: RequestCheck) -> None:
    """Row 28 by hand; somebody else where the check is under way, whose clock goes on."""
    if command.checker is not None and command.checker in took_part(step):
        raise CommandRefused(RefusalCode.HANDLER_MAY_NOT_CLOSE)
    if step.state.status is Status.CHECKING:
        _name_checker(step, command.checker or nearest_checker(step))
        return
    to_check(step, command.checker or nearest_checker(step))


def _name_checker(step: Step, unit: str) -> None:
    if step.book is None:
        raise CommandRefused(RefusalCode.RULEBOOK_REQUIRED)
    clock = next((one.at for one in step.state.deadlines if one.name is Alarm.CHECK), None)
    step.record("checker_named", row=28, due_at=clock, checker=unit, former=step.state.checker)
    step.change(checker=unit)
    step.tell("check_request", unit=unit, due=None if clock is None else clock.isoformat())


def rework(step: Step, row: int, reason: str) -> None:
    """Rows 27 and 29: back to the owner, the original deadline stands; twice is E6."""
    if not reason.strip():
        raise CommandRefused(RefusalCode.REASON_REQUIRED)
    step.disarm("stage")
    step.change(
        reworks=step.state.reworks + 1, submitted_at=None, on_time=None, checker=None, check_passed=False
    )
    due_at = step.state.handling_due
    if step.book is None:
        due_at = step.due(start=step.now, limit=step.policy.stages.rework)
    step.move(row, due_at=due_at, reason=reason, reworks=step.state.reworks)
    arm_handling(step)
    step.tell("rework", unit=step.state.owner, reason=reason)
    if step.state.reworks >= step.policy.escalation.reworks:
        _not_solved(step)


def record_check(step: Step, command: RecordCheck) -> None:
    """Rows 29 and 30: never by a unit that handled the case, and with evidence from the place.

    A pass closes the case. Where something keeps it open (an order, a child, a task) the
    finding is kept, and the supervising side closes the case when nothing does any more.
    """
    _not_a_handler(step)
    refuse_without_evidence(step, command)
    if not command.passed:
        rework(step, 29, command.note)
        return
    waits_for = [reason.code.value for reason in (*blockers(step.state), *out_of_band(step.state))]
    if not waits_for:
        close(step, CloseKind.SOLVED, command.note, finding=command)
        return
    step.change(check_passed=True)
    step.record(
        "check_passed", row=30, due_at=step.state.total_due, reason=command.note, photos=list(command.photos),
        lon=command.lon, lat=command.lat, waits_for=waits_for,
    )  # fmt: skip


def close_case(step: Step, command: CloseCase) -> None:
    """Row 30 by the supervising side; every kind but "solved" states its reason.

    "Solved" is what an outstanding check has to find, also one that a worse grade asks for after
    the result came; "forced" is a leader's word, and even
    that closes nothing a supervision order keeps open.
    """
    _not_a_handler(step)
    looked = step.state.status is not Status.CHECKING and (step.book is None or not needs_check(step))
    outstanding = not looked and not step.state.check_passed
    if command.close_kind is CloseKind.SOLVED and outstanding:
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
    refuse_while_blocked(step.state)
    if command.close_kind is CloseKind.SOLVED:
        refuse_while_out_of_band(step.state)
    close(step, command.close_kind, command.reason)


def _not_a_handler(step: Step) -> None:
    if step.actor.unit is None:
        raise CommandRefused(RefusalCode.UNIT_REQUIRED)
    if step.actor.unit in took_part(step):
        raise CommandRefused(RefusalCode.HANDLER_MAY_NOT_CLOSE)


def close(step: Step, kind: CloseKind, reason: str, *, finding: RecordCheck | None = None) -> None:
    """Row 30, then row 31 for every reporter who wants to be asked; nobody is left without an answer.

    Whatever clock ran ends here, but that of an appeal against an earlier closing.
    """
    stand_down(step)
    step.change(deadlines=tuple(one for one in step.state.deadlines if one.name is Alarm.APPEAL))
    step.change(closed_at=step.now, close_kind=kind.value)
    photos = list(finding.photos) if finding is not None else []
    lon, lat = (finding.lon, finding.lat) if finding is not None else (None, None)
    step.move(
        30, due_at=step.state.total_due, close_kind=kind.value, reason=reason, photos=photos, lon=lon, lat=lat
    )
    for report in step.state.reports:
        step.tell("result", report_no=report.report_no, close_kind=kind.value)
    step.tell("closed", unit=step.state.owner, close_kind=kind.value)
    end_tasks(step, why="closed")
    visit_reporters(step)


def record_visit(step: Step, command: RecordVisit) -> None:
    """Rows 32 and 33: one try to reach one reporter."""
    report = _report(step, command.report_no)
    tries = report.tries + 1
    reached = command.reached
    most = VISIT_TRIES if step.book is None else step.book.visit_tries
    outcome = "reached" if reached else ("no_answer" if tries >= most else "open")
    step.disarm(Alarm.VISIT_START)
    # What was written down about somebody who was not reached is nobody's answer.
    solved, grade = (command.solved, command.grade) if reached else (None, None)
    _replace_report(step, replace(report, visit=outcome, tries=tries, solved=solved, grade=grade))
    step.record(
        "visited", row=32, report=report.report_no, reached=reached, tries=tries, solved=solved, grade=grade,
        contacted=command.contacted if reached else None, at_fault=command.at_fault,
    )  # fmt: skip
    bad_grade = grade is not None and grade <= BAD_GRADE
    if (solved is False or bad_grade) and command.at_fault:
        reopen(step)
        if bad_grade and step.book is not None:
            step.arm((Alarm.RECTIFY, step.due(start=step.now, limit=step.book.rectify)))
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
    """Rows 33 and 34: same unit, half the limit, the level above copied.

    Once it goes back to the unit alone; the second time, and every time after it, is E6.
    """
    state = step.state
    step.disarm("stage", Alarm.VISIT_START)
    reports = tuple(
        replace(report, visit="open", tries=0, solved=None, grade=None)
        if report.visit != "not_wanted"
        else report
        for report in state.reports
    )
    step.change(
        unsolved=state.unsolved + 1, closed_at=None, close_kind=None, check_passed=False, reports=reports
    )
    step.move(33, unsolved=step.state.unsolved)
    step.change(reopened=state.reopened + 1)
    limit = (state.decision.limit if state.decision is not None else None) or step.policy.default_limit
    half = limit.times(0.5)
    give(step, row=34, unit=_reopened_for(step, half), limit=half)
    _extend_total(step)
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


def _extend_total(step: Step) -> None:
    """Under the rulebook the total clock covers the reopened limit too; it never ends earlier."""
    handling, total = step.state.handling_due, step.state.total_due
    if step.book is None or handling is None or total is None:
        return
    step.change(total_due=max(total, step.due(start=handling, limit=step.policy.stages.check)))


def rectify_late(step: Step, deadline: Deadline) -> None:
    """Row 34: a bad grade is not put right in its time: one level up, and again after each further time."""
    start = clock_start(step, deadline)
    step.record("rectify_late", row=34, due_at=deadline.at, owner=step.state.owner)
    if not raise_level(step, Trigger.NOT_SOLVED, start=start, due_at=deadline.at):
        remind_top(step, Trigger.NOT_SOLVED, Alarm.RECTIFY, start=start, due_at=deadline.at)
    elif step.book is not None:
        step.arm((Alarm.RECTIFY, step.due(start=start, limit=step.book.rectify)))


def _not_solved(step: Step) -> None:
    """E6: one level up, or the top once more."""
    if not raise_level(step, Trigger.NOT_SOLVED, start=step.now):
        tell_top(step, Trigger.NOT_SOLVED)


def evaluate(step: Step) -> None:
    """Row 32: every reporter was reached or could not be; silence is not satisfaction."""
    reached = sum(1 for report in step.state.reports if report.visit == "reached")
    silent = sum(1 for report in step.state.reports if report.visit == "no_answer")
    step.disarm("stage", Alarm.VISIT_START)
    step.move(32, reached=reached, no_answer=silent)
    retain(step)
