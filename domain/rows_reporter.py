"""What reporters say after they reported: supplements, urges, the same demand once more.

None of it changes a deadline, a state or an owner. The owner hears of it, from the second urge
on also whoever supervises; each at most once an hour, however often somebody calls.
"""

from datetime import timedelta

from domain.case import SETTLED
from domain.errors import CommandRefused, RefusalCode
from domain.messages_reporter import Supplement, Urge
from domain.step import Handler, Step

QUIET = timedelta(hours=1)
"""How long nobody is told again that somebody urges."""


def supplement(step: Step, command: Supplement) -> None:
    """The owner is told that there is more to read; after the closing the desk is, which may reopen or file anew."""
    _need_report(step, command.report_no)
    after = step.state.status in SETTLED
    step.record(
        "supplemented", report=command.report_no, supplement=command.supplement_id, source=command.source,
        attachments=command.attachments, after_closing=after,
    )  # fmt: skip
    unit = step.state.triage_unit if after else step.state.owner
    step.tell(
        "supplement", unit=unit, report=command.report_no, about="after_closing" if after else "handling"
    )


def urge(step: Step, command: Urge) -> None:
    """Count it, and let the owner hear of it. A settled case has nobody to urge: refused, and told what to do."""
    _need_report(step, command.report_no)
    if step.state.status in SETTLED:
        raise CommandRefused(RefusalCode.NOTHING_TO_URGE, report=command.report_no)
    step.change(urges=step.state.urges + 1)
    step.record(
        "urged", report=command.report_no, urge=command.urge_id, source=command.source, urges=step.state.urges
    )
    press(step, about="urge", times=step.state.urges)


def press(step: Step, *, about: str, times: int) -> None:
    """Tell the owner, and from the second time on who stands above it, that somebody waits.

    ``about`` is ``urge`` or ``demand`` (the same demand filed again, which is time two at least).
    """
    state = step.state
    if state.urged_at is None or step.now - state.urged_at >= QUIET:
        step.change(urged_at=step.now)
        step.tell("urge", unit=state.owner, about=about, times=times)
    if times < 2 or (state.urged_up_at is not None and step.now - state.urged_up_at < QUIET):
        return
    above = [unit for unit in (state.supervisors or (state.triage_unit,)) if unit != state.owner]
    if above:
        step.change(urged_up_at=step.now)
    for unit in above:
        step.tell("urge", unit=unit, about=about, times=times, copy=True)


def _need_report(step: Step, report_no: str) -> None:
    if all(report.report_no != report_no for report in step.state.reports):
        raise CommandRefused(RefusalCode.UNKNOWN_REPORT, report=report_no)


HANDLERS: dict[str, Handler] = {"supplement": supplement, "urge": urge}
