"""Rows before a case is filed: answered, refused, transferred out and back; a merged report split off.

Rows 3–6 and the undoing of row 7 stand here, rows 8–11 (questions, a look on site) in
``rows_triage_doubt``.
"""

from dataclasses import replace

from domain import rows_triage_doubt
from domain.actor import Role
from domain.aspects import Transfer
from domain.begin import wait_for_triage
from domain.blockers import refuse_while_children_open, refuse_while_emergency_open
from domain.case import Alarm, Deadline, ReportRef, Status, Trigger
from domain.duty import quiet_supervisor
from domain.errors import CommandRefused, RefusalCode
from domain.escalation import clock_start, raise_level, remind_top, stand_down
from domain.messages_triage import (
    AnswerAtOnce,
    ConfirmTransfer,
    HandBack,
    RefuseReport,
    SplitReport,
    TransferOut,
)
from domain.order import Revive
from domain.rows_duty import need_reason
from domain.rows_result import evaluate
from domain.rows_triage_doubt import need_book
from domain.step import AlarmHandler, Handler, Step
from domain.visit import retain, sampled, visit_reporters


def answer_at_once(step: Step, command: AnswerAtOnce) -> None:
    """Row 3: answered; the pack's share of enquiries is visited like closed cases, the rest is kept."""
    need_book(step)
    need_reason(command.answer)
    _refuse_severe(step)
    _settle(step)
    step.move(3, answer=command.answer)
    for report in step.state.reports:
        step.tell("answered", report_no=report.report_no, words=command.answer)
    if sampled(step):
        visit_reporters(step)
    else:
        _visit_nobody(step)


def refuse_report(step: Step, command: RefuseReport) -> None:
    """Row 4: not for this platform; the reporter hears why, and where to go."""
    need_book(step)
    need_reason(command.told)
    _refuse_severe(step)
    _settle(step)
    why = command.refused_for.value
    step.change(refused_for=why)
    step.move(4, reason=why, told=command.told)
    for report in step.state.reports:
        step.tell("refused", report_no=report.report_no, refused_for=why, words=command.told)
    _visit_nobody(step)


def _refuse_severe(step: Step) -> None:
    """Refuse to settle severity 1–2 at the desk: what row 36 never cancels is not answered away either.

    A matter of 110/119/120/122 goes to them (row 5), and what was misjudged is regraded first: a
    person's act with its reason.
    """
    if step.state.urgent and not step.state.exercise:
        raise CommandRefused(RefusalCode.SEVERE_CASE_NOT_SETTLED)


def _settle(step: Step) -> None:
    """Nobody owes triage any more: its clock and whatever was called up for it end.

    A parent is not settled over the heads of its children, nor an emergency over its reports.
    """
    refuse_while_children_open(step.state)
    refuse_while_emergency_open(step.state)
    step.disarm("triage")
    stand_down(step)


def _visit_nobody(step: Step) -> None:
    step.change(reports=tuple(replace(report, visit="not_wanted") for report in step.state.reports))
    retain(step)


def transfer_out(step: Step, command: TransferOut) -> None:
    """Row 5: handed to a peer at once; without a receipt in time the desk is reminded.

    A peer that handed the case back does not get it again: the first receiver accepts it
    (首接负责; domain.md §3.1). A reference named at once is the peer's receipt already.
    """
    book = need_book(step)
    if command.to in step.state.handed_back_by:
        raise CommandRefused(RefusalCode.HANDED_BACK, to=command.to)
    _settle(step)
    step.change(transfer=Transfer(to=command.to, at=step.now))
    due_at = step.due(start=step.now, limit=book.transfer)
    step.move(5, due_at=due_at, peer=command.to, reason=command.reason)
    step.tell("transfer", unit=command.to, due=due_at.isoformat())
    for report in step.state.reports:
        step.tell("transferred", report_no=report.report_no, to=command.to)
    if command.reference.strip():
        _confirmed(step, command.reference)
    else:
        step.arm((Alarm.TRANSFER, due_at))


def confirm_transfer(step: Step, command: ConfirmTransfer) -> None:
    """Row 5: the peer's receipt is kept by its number; the case waits for the archive."""
    transfer = _transfer(step)
    if transfer.confirmed_at is not None:
        raise CommandRefused(RefusalCode.ALREADY_CONFIRMED)
    if not command.reference.strip():
        raise CommandRefused(RefusalCode.RECEIPT_REQUIRED)
    _confirmed(step, command.reference)


def _confirmed(step: Step, reference: str) -> None:
    transfer = _transfer(step)
    step.disarm("transfer")
    step.change(transfer=replace(transfer, reference=reference, confirmed_at=step.now))
    step.record("transfer_confirmed", row=5, peer=transfer.to, reference=reference)
    retain(step)


def _transfer(step: Step) -> Transfer:
    """Return the transfer under way. A peer speaks for its own only."""
    transfer = step.state.transfer
    if transfer is None:  # pragma: no cover - the state TRANSFERRED_OUT is entered with one
        raise CommandRefused(RefusalCode.UNKNOWN_ITEM, item="transfer")
    if step.actor.role is Role.PEER and step.actor.unit != transfer.to:
        raise CommandRefused(RefusalCode.NOT_YOUR_ITEM, unit=transfer.to)
    return transfer


def hand_back(step: Step, command: HandBack) -> None:
    """Row 6: the other side returns it; the desk that got it first triages it, in the full time."""
    transfer = _transfer(step)
    need_reason(command.reason)
    step.disarm("transfer", "stage.retention")
    step.change(transfer=None, handed_back_by=(*step.state.handed_back_by, transfer.to))
    step.move(6, peer=transfer.to, reason=command.reason)
    wait_for_triage(step)


def transfer_late(step: Step, deadline: Deadline) -> None:
    """No receipt: the desk and the peer are reminded, and it goes up, until it is confirmed or handed back."""
    book, transfer = step.book, step.state.transfer
    if book is None or transfer is None:
        return
    start = clock_start(step, deadline)
    step.record("transfer_late", row=5, due_at=deadline.at, peer=transfer.to)
    step.tell("reminder", unit=step.state.triage_unit, about="transfer")
    step.tell("transfer", unit=transfer.to, again=True)
    if raise_level(step, Trigger.NOT_SIGNED_IN, start=start, due_at=deadline.at):
        quiet_supervisor(step)  # it is told; the word that is awaited is the peer's
        step.arm((Alarm.TRANSFER, step.due(start=start, limit=book.transfer)))
        return
    remind_top(step, Trigger.NOT_SIGNED_IN, Alarm.TRANSFER, start=start, due_at=deadline.at)


def split_report(step: Step, command: SplitReport) -> None:
    """Row 7 undone: the report is a case of its own again, under the number it was filed with."""
    need_reason(command.reason)
    report = _merged_report(step, command.report_no)
    kept = tuple(one for one in step.state.reports if one.report_no != report.report_no)
    step.change(reports=kept)
    number = report.came_from or ""
    step.record("report_split", row=7, report=report.report_no, merged_case=number, reason=command.reason)
    step.order(number, revive=Revive(report_no=report.report_no, apart_from=step.state.case_no))
    if step.state.status is Status.VISITING and all(one.visit != "open" for one in kept):
        evaluate(step)


def _merged_report(step: Step, report_no: str) -> ReportRef:
    for report in step.state.reports:
        if report.report_no == report_no:
            if report.came_from is None:
                raise CommandRefused(RefusalCode.ONLY_REPORT)
            return report
    raise CommandRefused(RefusalCode.UNKNOWN_REPORT, report=report_no)


HANDLERS: dict[str, Handler] = {
    **rows_triage_doubt.HANDLERS,
    "answer_at_once": answer_at_once,
    "refuse_report": refuse_report,
    "transfer_out": transfer_out,
    "confirm_transfer": confirm_transfer,
    "hand_back": hand_back,
    "split_report": split_report,
}
ALARMS: dict[str, AlarmHandler] = {**rows_triage_doubt.ALARMS, Alarm.TRANSFER: transfer_late}
