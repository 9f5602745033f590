"""Row 37: an appeal (申诉) against a mark: two reviews by two people; the figure is exempt, the fact stays.

An appeal runs beside a closed case, once in its life, and goes on where the case is opened
again meanwhile. Archiving waits for it.
"""

from dataclasses import replace

from domain.actor import ROLE_ZH, Role
from domain.aspects import Appeal
from domain.case import Alarm, CaseState, Deadline
from domain.errors import CommandRefused, RefusalCode
from domain.escalation import LATE_TOLERANCE, clock_start
from domain.messages_command import AppealAbout, FileAppeal, ReviewAppeal
from domain.place import Level
from domain.rows_duty import need_reason
from domain.rows_result import BAD_GRADE
from domain.site_check import took_part
from domain.step import AlarmHandler, Handler, Step
from domain.supervision import remind, top_unit

PENDING, APPROVED, REJECTED = "pending", "approved", "rejected"
FIRST, SECOND = "first", "second"
REVIEWERS: dict[str, tuple[Role, ...]] = {
    FIRST: (Role.DISPATCHER,),
    SECOND: (Role.OPERATOR, Role.SUPERVISOR),
}
"""Who makes which review."""


def is_pending(state: CaseState) -> bool:
    """Tell whether an appeal waits for a review."""
    return state.appeal is not None and state.appeal.status == PENDING


def marks(state: CaseState) -> frozenset[AppealAbout]:
    """Return what there is to appeal against.

    A bad grade that reopened the case counts as one although its visit was begun anew; a
    return counts as refused while the unit that asked for it still owns the case.
    """
    graded = any(report.grade is not None and report.grade <= BAD_GRADE for report in state.reports)
    there = {
        AppealAbout.OVERDUE: state.on_time is False,
        AppealAbout.GRADE: graded or state.unsolved > 0,
        AppealAbout.RETURN: state.owner in state.returned_by,
        AppealAbout.REWORK: state.reworks > 0,
    }
    return frozenset(about for about, is_so in there.items() if is_so)


def file_appeal(step: Step, command: FileAppeal) -> None:
    """File it, by the owner's unit, once, in time and about a mark that exists."""
    book, state = step.book, step.state
    if book is None:
        raise CommandRefused(RefusalCode.RULEBOOK_REQUIRED)
    need_reason(command.reason)
    if state.appeal is not None:
        raise CommandRefused(RefusalCode.APPEAL_ONCE)
    last = step.due(start=state.closed_at or step.now, limit=book.appeal_file)
    if step.now > last:
        raise CommandRefused(RefusalCode.APPEAL_TOO_LATE, due=last.isoformat())
    if command.about not in marks(state):
        raise CommandRefused(RefusalCode.NOTHING_TO_APPEAL, about=command.about.value)
    appeal = Appeal(
        about=command.about.value, reason=command.reason, filed_at=step.now, by=step.actor.unit or state.owner
    )
    step.change(appeal=appeal)
    step.record(
        "appeal_filed", row=37, due_at=last, about=command.about.value, reason=command.reason,
        evidence=list(command.evidence),
    )  # fmt: skip
    _ask(step, FIRST)


def review_appeal(step: Step, command: ReviewAppeal) -> None:
    """One of two reviews; granted twice the mark is exempt, rejected once it stays."""
    appeal = step.state.appeal
    if appeal is None or appeal.status != PENDING:
        raise CommandRefused(RefusalCode.NO_APPEAL)
    need_reason(command.reason)
    _refuse_reviewer(step, appeal)
    step.disarm("appeal")
    verdict = "granted" if command.granted else "refused"
    step.record(
        "appeal_reviewed", row=37, due_at=appeal.due, stage=appeal.stage, verdict=verdict, about=appeal.about,
        reason=command.reason,
    )  # fmt: skip
    if command.granted and appeal.stage == FIRST:
        step.change(appeal=replace(appeal, first_reviewer=step.actor.id))
        _ask(step, SECOND)
        return
    _decide(step, appeal, granted=command.granted)


def _refuse_reviewer(step: Step, appeal: Appeal) -> None:
    """Refuse somebody of a unit that handled the case, the same person twice, and the wrong role."""
    roles = REVIEWERS[appeal.stage]
    if step.actor.role not in roles:
        who = " / ".join(f"{ROLE_ZH[role]} {role.value}" for role in roles)
        raise CommandRefused(RefusalCode.NOT_YOUR_STEP, who=who)
    if step.actor.unit is None:
        raise CommandRefused(RefusalCode.UNIT_REQUIRED)
    if step.actor.unit in took_part(step) or step.actor.id == appeal.first_reviewer:
        raise CommandRefused(RefusalCode.SECOND_REVIEWER)


def _ask(step: Step, stage: str) -> None:
    """Start the clock of a review and tell who makes it."""
    appeal, book = step.state.appeal, step.book
    if appeal is None:
        return
    due_at = None if book is None else step.due(start=step.now, limit=book.appeal_review)
    step.change(appeal=replace(appeal, stage=stage, due=due_at))
    if due_at is not None:
        step.arm((Alarm.APPEAL, due_at))
    step.tell(
        "appeal_review", unit=_reviewing(step, stage), due=None if due_at is None else due_at.isoformat()
    )


def _decide(step: Step, appeal: Appeal, *, granted: bool) -> None:
    """End it: the figure is exempt or not; what happened stays as it is."""
    status = APPROVED if granted else REJECTED
    step.change(appeal=replace(appeal, status=status, decided_at=step.now, due=None))
    if granted:
        step.change(exempt=(*step.state.exempt, appeal.about))
    step.record("appeal_decided", row=37, status=status, about=appeal.about)
    step.tell("appeal_decided", unit=appeal.by, granted=granted)


def _reviewing(step: Step, stage: str) -> str:
    """Return whose desk a review lies on: the nearest command centre that did not handle it, then triage."""
    if stage == SECOND:
        return step.state.triage_unit
    taken = took_part(step)
    rungs = sorted(step.state.rules.ladder, key=lambda rung: rung.level, reverse=True)
    centres = (rung.unit for rung in rungs if rung.level <= Level.STREET and rung.unit is not None)
    return next((unit for unit in centres if unit not in taken), step.state.triage_unit)


def review_late(step: Step, deadline: Deadline) -> None:
    """No review in time: who owes it is reminded, the top told; again and again."""
    appeal = step.state.appeal
    if appeal is None or appeal.status != PENDING or step.book is None:
        return
    again = step.due(start=clock_start(step, deadline), limit=step.book.appeal_review)
    # Never at once again, however short a pack makes the limit: that would not end.
    again = max(again, step.now + LATE_TOLERANCE)
    unit = _reviewing(step, appeal.stage)
    step.record("appeal_review_late", row=37, due_at=deadline.at, stage=appeal.stage, unit=unit)
    remind(step, (unit, top_unit(step)), about="appeal", due=again)
    step.arm((Alarm.APPEAL, again))


HANDLERS: dict[str, Handler] = {"file_appeal": file_appeal, "review_appeal": review_appeal}
ALARMS: dict[str, AlarmHandler] = {Alarm.APPEAL: review_late}
