"""Visits of reporters (回访) and the retention that follows them (rows 31 and 35)."""

from hashlib import sha256

from domain.actor import ENGINE
from domain.case import Alarm, Status
from domain.step import Step

AWAITED = frozenset({Status.CLOSED, Status.EVALUATED, Status.ANSWERED})
"""States a late reporter's wish to be visited leads out of again."""


def visit_reporters(step: Step) -> None:
    """Row 31 for every reporter who wants to be asked, or retention where there is none."""
    if any(report.visit == "open" for report in step.state.reports):
        _start(step)
    else:
        retain(step)


def sampled(step: Step) -> bool:
    """Tell whether this enquiry is of the share that is visited (row 3): the same answer whenever asked."""
    share = step.book.answered_visit_share if step.book is not None else 0.0
    drawn = int.from_bytes(sha256(step.state.case_no.encode()).digest()[:8])
    return drawn < share * 2**64


def visit_joiner(step: Step) -> None:
    """A report joined after the closing: its reporter is visited like the others, in the full time.

    Where visits have not begun yet, they will begin with this one among them.
    """
    status = step.state.status
    if status is Status.VISITING:
        step.arm((Alarm.VISIT, step.due(start=step.now, limit=step.policy.stages.visit)))
    elif status in AWAITED and not any(one.name is Alarm.VISIT_START for one in step.state.deadlines):
        _start(step)


def retain(step: Step) -> None:
    """Row 35: archived after the retention."""
    step.arm((Alarm.RETENTION, step.due(start=step.now, limit=step.policy.stages.retention)))


def _start(step: Step) -> None:
    step.disarm("stage.retention")
    due_at = step.due(start=step.now, limit=step.policy.stages.visit)
    step.move(31, due_at=due_at, actor=ENGINE)
    step.arm((Alarm.VISIT, due_at))
    if step.book is not None:
        step.arm((Alarm.VISIT_START, step.due(start=step.now, limit=step.policy.stages.visit_start)))
