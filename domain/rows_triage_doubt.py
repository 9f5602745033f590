"""Rows of a report in doubt: the reporter is asked, or somebody near looks first (rows 8–11).

While the reporter is asked the total clock stands still, and only here: the pause is kept
and shown. The time in triage runs on as a figure, but nobody is called up for it.
"""

from dataclasses import replace
from datetime import datetime

from domain.actor import ENGINE, Role
from domain.aspects import InfoRequest, Pause, Verification
from domain.begin import file, wait_for_triage
from domain.blockers import emergency_open, open_children
from domain.case import Alarm, Deadline, Status
from domain.duty import end_pause, quiet_supervisor
from domain.errors import CommandRefused, RefusalCode
from domain.escalation import clock_start, stand_down
from domain.messages_triage import AskReporter, Finding, RecordVerification, ReporterAnswered, VerifyFirst
from domain.policy import Rulebook
from domain.rows_duty import need_reason
from domain.step import AlarmHandler, Handler, Step
from domain.unit import DutyHours

NEED_INFO = "need_info"
"""Why the total clock stands still."""
MOST_ROUNDS = 20
"""Questions a desk puts to the reporters of one case; every answer stays beside it."""
NO_ANSWER = "no_answer"
"""Why a case is cancelled that cannot be solved without an answer nobody gave."""
ON_SITE = frozenset({Role.CHECKER, Role.HANDLER, Role.LEADER})
"""Roles that record what their own unit saw; the desk writes down what it was told."""


def need_book(step: Step) -> Rulebook:
    """Return the case's rulebook. Raises CommandRefused for a case begun before there was one."""
    if step.book is None:
        raise CommandRefused(RefusalCode.RULEBOOK_REQUIRED)
    return step.book


def ask_reporter(step: Step, command: AskReporter) -> None:
    """Row 8: the reporter is asked; the total clock stands still from here, and nobody is called up."""
    book = need_book(step)
    need_reason(command.question)
    if sum(pause.why == NEED_INFO for pause in step.state.pauses) >= MOST_ROUNDS:
        raise CommandRefused(RefusalCode.ASKED_OFTEN, most=str(MOST_ROUNDS))
    step.disarm("triage")
    quiet_supervisor(step)
    missing, before = command.missing.value, step.state.info
    asked = InfoRequest(
        missing=missing,
        question=command.question,
        asked_at=step.now,
        answers=before.answers if before is not None else (),
    )
    step.change(
        info=asked,
        pauses=(*step.state.pauses, Pause(why=NEED_INFO, since=step.now)),
    )
    due_at = step.due(start=step.now, limit=book.info_wait)
    step.move(8, due_at=due_at, missing=missing)
    step.arm((Alarm.INFO, due_at))
    _ask(step, due=due_at.isoformat())


def _ask(step: Step, *, due: str) -> None:
    info = step.state.info
    if info is None:  # pragma: no cover - the state NEED_INFO is entered with a question
        return
    for report in step.state.reports:
        step.tell(
            "info_wanted", report_no=report.report_no, missing=info.missing, words=info.question, due=due
        )


def reporter_answered(step: Step, command: ReporterAnswered) -> None:
    """Row 9: the answer came. It stays beside the case, out of its facts: it may say who the reporter is."""
    need_reason(command.answer)
    info = step.state.info
    if info is not None:
        answers = (*info.answers, command.answer)
        step.change(info=replace(info, answered_at=step.now, answers=answers))
    end_pause(step)
    step.move(9, to=Status.TRIAGING, due_at=_armed(step, Alarm.INFO), answered=True)
    step.disarm("info")
    wait_for_triage(step)


def info_late(step: Step, deadline: Deadline) -> None:
    """Row 9 without an answer: asked again; after the last try decided without one, or ended."""
    book, info = step.book, step.state.info
    if book is None or info is None:
        return
    if info.tries < book.info_tries:
        step.change(info=replace(info, tries=info.tries + 1))
        step.record("asked_again", row=8, due_at=deadline.at, missing=info.missing, tries=info.tries + 1)
        due_at = step.due(start=clock_start(step, deadline), limit=book.info_wait)
        step.arm((Alarm.INFO, due_at))
        _ask(step, due=due_at.isoformat())
        return
    end_pause(step)
    if step.state.urgent or _illegal_act(step) or open_children(step.state) or emergency_open(step.state):
        step.move(9, to=Status.TRIAGING, due_at=deadline.at, actor=ENGINE, answered=False)
        _file_or_wait(step)
    else:
        _cancel(step, deadline)


def _cancel(step: Step, deadline: Deadline) -> None:
    """Row 9: cancelled with a note, and every reporter hears of it."""
    stand_down(step)
    step.change(deadlines=())
    step.move(9, to=Status.CANCELLED, due_at=deadline.at, actor=ENGINE, reason=NO_ANSWER)
    for report in step.state.reports:
        step.tell("cancelled", report_no=report.report_no, why=NO_ANSWER)
    step.change(reports=tuple(replace(report, visit="not_wanted") for report in step.state.reports))


def _illegal_act(step: Step) -> bool:
    """Tell whether a tag marks an illegal act, which is never cancelled (row 36)."""
    return any(rule.illegal and rule.tag in step.state.tags for rule in step.state.rules.tags)


def verify_first(step: Step, command: VerifyFirst) -> None:
    """Row 10: somebody near looks before it is filed: never one who may get the case."""
    book = need_book(step)
    if command.verifier is not None and command.verifier in _parties(step):
        raise CommandRefused(RefusalCode.HANDLER_MAY_NOT_CLOSE)
    unit = command.verifier or _nearest(step)
    step.disarm("triage")
    step.change(verification=Verification(unit=unit, asked_at=step.now))
    due_at = step.due(start=step.now, limit=book.verify)
    step.move(10, due_at=due_at, verifier=unit)
    step.arm((Alarm.VERIFY, due_at))
    step.tell("verify_request", unit=unit, due=due_at.isoformat())


def _parties(step: Step) -> frozenset[str]:
    """Return whom routing would give the case to, and who handled it before."""
    decision = step.state.decision
    routed = (decision.lead, *decision.co_handlers) if decision is not None else ()
    return frozenset(unit for unit in (*routed, *step.state.handlers) if unit is not None)


def _nearest(step: Step) -> str:
    """Return the lowest rung's unit that has somebody and is no party, else the triage unit."""
    parties = _parties(step)
    rungs = sorted(step.state.rules.ladder, key=lambda rung: rung.level, reverse=True)
    there = (rung.unit for rung in rungs if rung.unit is not None and rung.duty is not DutyHours.NONE)
    return next((unit for unit in there if unit not in parties), step.state.triage_unit)


def record_verification(step: Step, command: RecordVerification) -> None:
    """Row 11: what was seen. What exists and has its owner is filed at once; the rest the desk decides."""
    asked = step.state.verification
    if asked is not None and step.actor.role in ON_SITE and step.actor.unit != asked.unit:
        raise CommandRefused(RefusalCode.NOT_THE_CHECKER, checker=asked.unit)
    due_at = _armed(step, Alarm.VERIFY)
    step.disarm("verify")
    step.move(
        11, due_at=due_at, finding=command.finding.value, note=command.note, photos=list(command.photos),
        lon=command.lon, lat=command.lat,
    )  # fmt: skip
    _found(step, command.finding, assumed=False)


def verify_late(step: Step, deadline: Deadline) -> None:
    """Row 11 by time: severity 1 counts as true until somebody has looked; else the desk decides."""
    finding = Finding.EXISTS if step.state.severity == 1 else Finding.CANNOT_TELL
    step.move(11, due_at=deadline.at, actor=ENGINE, finding=finding.value, assumed=True)
    _found(step, finding, assumed=True)


def _found(step: Step, finding: Finding, *, assumed: bool) -> None:
    asked = step.state.verification
    if asked is not None:
        kept = replace(asked, finding=finding.value, found_at=step.now, assumed=assumed)
        step.change(verification=kept)
    if finding is Finding.EXISTS:
        _file_or_wait(step)
    else:
        wait_for_triage(step)


def _file_or_wait(step: Step) -> None:
    """File by the engine where routing knows the owner and no duplicate is in question (rows 12, 13)."""
    decision = step.state.decision
    asked_first = bool(step.state.proposals) and not step.state.urgent
    if decision is None or decision.lead is None or step.state.uncertain or asked_first:
        wait_for_triage(step)
        return
    step.change(proposals=())
    file(step, decision)


def _armed(step: Step, name: Alarm) -> datetime | None:
    return next((one.at for one in step.state.deadlines if one.name is name), None)


HANDLERS: dict[str, Handler] = {
    "ask_reporter": ask_reporter,
    "reporter_answered": reporter_answered,
    "verify_first": verify_first,
    "record_verification": record_verification,
}
ALARMS: dict[str, AlarmHandler] = {Alarm.INFO: info_late, Alarm.VERIFY: verify_late}
