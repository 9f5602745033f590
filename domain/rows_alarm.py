"""What a case does when the alarm it is about says something (reference: domain.md §5).

The case keeps who is out of band, since such a case is not closed as solved; its people hear
of what matters to them. Nothing here moves a state or a clock: a worse severity comes as a
``Regrade`` of its own.
"""

from dataclasses import replace

from domain.aspects import LinkedAlarm
from domain.case import SETTLED
from domain.messages_alarm import AlarmChanged
from domain.milestones import keep_milestone, waiting
from domain.step import Handler, Step

ASSESS = "assess"
"""The stage of a case that its alarm's assessment has reached already."""
BEFORE_ASSESSED = frozenset({"raised", "assessing"})
MATTERS = frozenset(
    {
        "worse", "regraded", "relapse", "in_band", "withdrawn", "released", "false_alarm", "device_fault",
        "merged", "children",
    }
)  # fmt: skip
"""What the owner is told of; the rest is on record only."""
ABOVE_TOO = frozenset({"worse", "relapse"})
"""What those who stand above hear of as well."""
MOST_LINKED = 50
"""How many alarms one case keeps apart; merged cases bring several."""


def alarm_changed(step: Step, command: AlarmChanged) -> None:
    """Keep the word, the first alarm as the case's own. One that was overtaken changes nothing."""
    known = next((one for one in step.state.linked if one.alarm_no == command.alarm_no), None)
    if known is not None and known.seq >= command.seq:
        return
    heard = LinkedAlarm(
        alarm_no=command.alarm_no, seq=command.seq, phase=command.phase, out=not command.current_in_band
    )
    kept = tuple(heard if one.alarm_no == heard.alarm_no else one for one in step.state.linked)
    linked = kept if known is not None else (*kept, heard)[-MOST_LINKED:]
    step.change(linked=linked, alarm=step.state.alarm or command.alarm_no)
    step.record(
        "alarm_changed", alarm=command.alarm_no, phase=command.phase, severity=command.severity,
        in_band=command.current_in_band, word=command.reason, children=command.children or None,
    )  # fmt: skip
    if command.phase not in BEFORE_ASSESSED:
        _assessed(step)
    if command.reason in MATTERS and step.state.status not in SETTLED:
        _tell(step, command)


def _assessed(step: Step) -> None:
    """The stage ``assess`` of the filing condition was the alarm's: nobody owes it in the case any more."""
    stage = next((one for one in waiting(step) if one.code == ASSESS), None)
    if stage is None:
        return
    step.disarm("milestone", item=stage.code)
    keep_milestone(step, replace(stage, reached_at=step.now))
    step.record("milestone_reached", due_at=stage.due, milestone=stage.code, late=stage.late)


def _tell(step: Step, command: AlarmChanged) -> None:
    above = step.state.supervisors if command.reason in ABOVE_TOO else ()
    for unit in dict.fromkeys((step.state.owner, *above)):
        if command.reason == "children":
            step.tell("storm_told", unit=unit, alarm=command.alarm_no, children=command.children)
        else:
            step.tell(
                "alarm_changed", unit=unit, alarm=command.alarm_no, about=command.reason,
                alarm_severity=command.severity,
            )  # fmt: skip


HANDLERS: dict[str, Handler] = {"alarm_changed": alarm_changed}
"""The one word of an alarm to its case."""
