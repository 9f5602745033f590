"""Staged deadlines of one case (分阶段时限; reference: domain.md §1.4): stop, fine, pull down.

Each runs from dispatch beside the handling limit; its alarm carries the milestone's code.
"""

from dataclasses import replace
from datetime import datetime

from domain.aspects import ReachedMilestone
from domain.case import Alarm
from domain.limit import LimitUnit
from domain.standstill import carried
from domain.step import Step


def begin_milestones(step: Step) -> None:
    """Start the stages of the filing condition at dispatch. What was reached stays reached."""
    reached = {one.code: one for one in step.state.milestones if one.reached_at is not None}
    planned = step.state.decision.milestones if step.state.decision is not None else ()
    fresh = {
        one.code: ReachedMilestone(
            code=one.code,
            name_zh=one.name_zh,
            name_en=one.name_en,
            due=step.due(start=step.now, limit=one.limit),
        )
        for one in planned
    }
    step.change(milestones=tuple((fresh | reached).values()))
    for stage in waiting(step):
        step.arm((Alarm.MILESTONE, stage.due), item=stage.code)


def waiting(step: Step) -> tuple[ReachedMilestone, ...]:
    """Return the stages not reached yet."""
    return tuple(one for one in step.state.milestones if one.reached_at is None)


def keep_milestone(step: Step, changed: ReachedMilestone) -> None:
    """Replace a stage by what became of it."""
    stages = tuple(changed if one.code == changed.code else one for one in step.state.milestones)
    step.change(milestones=stages)


def go_on(step: Step, since: datetime) -> None:
    """Let the stages' clocks go on that stood still from ``since`` to now."""
    for stage in waiting(step):
        if stage.due <= since:
            continue
        at = carried(
            at=stage.due,
            since=since,
            now=step.now,
            unit=_unit(step, stage.code),
            calendar=step.state.rules.calendar,
        )
        keep_milestone(step, replace(stage, due=at))
        step.arm((Alarm.MILESTONE, at), item=stage.code)


def _unit(step: Step, code: str) -> LimitUnit:
    planned = step.state.decision.milestones if step.state.decision is not None else ()
    limit = next((one.limit for one in planned if one.code == code), None)
    return limit.unit if limit is not None else LimitUnit.UH
