"""What keeps a case from being closed (rows 30 and 38, and joint handling)."""

from collections.abc import Iterator

from domain.aspects import UNFINISHED, SupervisionStatus
from domain.case import CaseState
from domain.errors import CommandRefused, RefusalCode

CLOSED_CHILD = frozenset(
    {
        "closed",
        "visiting",
        "evaluated",
        "archived",
        "cancelled",
        "merged",
        "answered",
        "refused",
        "transferred_out",
    }
)
"""States in which a child keeps its parent waiting no longer."""


def blockers(state: CaseState) -> Iterator[CommandRefused]:
    """Yield every reason why the case cannot close now, the most binding first."""
    orders = [one.id for one in state.supervisions if one.status is not SupervisionStatus.CLOSED]
    if orders:
        yield CommandRefused(RefusalCode.SUPERVISION_OPEN, supervisions=", ".join(orders))
    yield from _children(state)
    tasks = [one.id for one in state.tasks if one.mandatory and one.status in UNFINISHED]
    if tasks:
        yield CommandRefused(RefusalCode.TASKS_OPEN, tasks=", ".join(tasks))
    if state.report_up is not None:
        yield CommandRefused(RefusalCode.DECISION_OWED, unit=state.report_up.to)
    if state.emergency is not None and state.emergency.final_at is None:
        yield CommandRefused(RefusalCode.EMERGENCY_OPEN)


def open_children(state: CaseState) -> tuple[str, ...]:
    """Return the mandatory children that are neither ended nor waived."""
    return tuple(
        one.case_no
        for one in state.children
        if one.mandatory and not one.waived and one.status not in CLOSED_CHILD
    )


def _children(state: CaseState) -> Iterator[CommandRefused]:
    children = open_children(state)
    if children:
        yield CommandRefused(RefusalCode.CHILDREN_OPEN, children=", ".join(children[:5]))


def refuse_while_children_open(state: CaseState) -> None:
    """Raise CommandRefused while a mandatory child is open: such a case is neither closed nor cancelled."""
    for reason in _children(state):
        raise reason


def emergency_open(state: CaseState) -> bool:
    """Tell whether reports of an emergency are owed upward: until the final one it neither ends nor leaves.

    An exercise ends when it is called off.
    """
    return state.emergency is not None and state.emergency.final_at is None and not state.exercise


def refuse_while_emergency_open(state: CaseState) -> None:
    """Raise CommandRefused while reports of an emergency are owed: no report is missing (突发事件应对法 61)."""
    if emergency_open(state):
        raise CommandRefused(RefusalCode.EMERGENCY_OPEN)


def out_of_band(state: CaseState) -> Iterator[CommandRefused]:
    """Yield why the case cannot be closed as solved: the alarm it is about is still out of band."""
    alarms = [one.alarm_no for one in state.linked if one.out]
    if alarms:
        yield CommandRefused(RefusalCode.ALARM_OUT_OF_BAND, alarms=", ".join(alarms[:5]))


def refuse_while_out_of_band(state: CaseState) -> None:
    """Raise CommandRefused while an alarm of the case is out of band: such a case is not solved."""
    for reason in out_of_band(state):
        raise reason


def refuse_while_blocked(state: CaseState) -> None:
    """Raise CommandRefused when something keeps the case open."""
    for reason in blockers(state):
        raise reason
