"""The engine's own first steps: received, triaged, filed, dispatched (rows 1, 2, 7, 12, 13)."""

from dataclasses import replace

from domain.actor import ENGINE
from domain.aspects import LinkedAlarm
from domain.beginning import Begin
from domain.case import Alarm, CaseState, Done, Outcome, ReportRef, Status, Trigger
from domain.decision import RoutingDecision
from domain.duty import give
from domain.escalation import enter_at, stand_down
from domain.place import Level
from domain.rows_emergency import grade_floor, start_by_rules
from domain.span import enter_wide
from domain.step import Step
from domain.supervision import open_order, top_unit

BEGIN = "begin"
"""The request id under which a state remembers its first facts."""


def begin(start: Begin) -> Outcome:
    """Turn a report into a case and take it as far as the engine alone can."""
    step = Step(state=_received(start), now=start.at)
    step.move(1, actor=ENGINE, channel=start.channel, report=start.report_no)
    step.move(
        2,
        actor=ENGINE,
        category=start.category,
        severity=start.severity,
        method=start.place.method.value,
        areas=[area.code for area in start.place.chain],
        flags=[flag.value for flag in start.place.flags],
        tags=list(start.tags),
        apart_from=start.apart_from,
    )
    if start.repeat_of is not None:
        step.record("repeated", row=39, actor=ENGINE, repeat_of=start.repeat_of, repeats=start.repeats)
    if start.apart_from is not None and start.report_no:
        step.tell("split", report_no=start.report_no, master=start.apart_from)
    if start.master is not None:
        merge(
            step, start.master, why=start.repeated or "same place and category", repeated=bool(start.repeated)
        )
    elif start.decision.lead is None or step.state.uncertain or _ask_first(step):
        wait_for_triage(step)
    else:
        file(step, start.decision)
    if start.floor is not None and start.master is None:
        enter_wide(step, Trigger(start.trigger), start.floor, start.span)
    return _remembered(step.outcome())


def _remembered(outcome: Outcome) -> Outcome:
    """Keep the first facts in the state, so that whoever starts the case twice records the same."""
    done = Done(request_id=BEGIN, facts=outcome.facts, notices=outcome.notices, orders=outcome.orders)
    return replace(outcome, state=replace(outcome.state, recent=(done,)))


def _received(start: Begin) -> CaseState:
    visit = "open" if start.wants_visit else "not_wanted"
    return CaseState(
        case_no=start.case_no,
        epoch=start.epoch,
        seq=start.seq,
        status=Status.RECEIVED,
        rules=start.rules,
        category=start.category,
        category_name=start.category_name,
        severity=start.severity,
        channel=start.channel,
        exercise=start.exercise,
        place=start.place,
        decision=start.decision,
        site_check=start.site_check,
        reports=(ReportRef(report_no=start.report_no, visit=visit),) if start.report_no else (),
        proposals=start.proposals,
        uncertain=start.decision.confidence < start.confirm_below,
        triage_unit=start.triage_unit,
        owner=start.triage_unit,
        level=start.decision.level,
        level_since=start.at,
        received_at=start.received_at,
        tags=start.tags,
        parent=start.parent,
        repeat_of=start.repeat_of,
        repeats=start.repeats,
        span=start.span,
        alarm=start.alarm,
        linked=(LinkedAlarm(alarm_no=start.alarm, out=start.alarm_out),) if start.alarm else (),
    )


def _ask_first(step: Step) -> bool:
    """Possible duplicates are shown to an operator first, unless the matter is urgent."""
    return bool(step.state.proposals) and not step.state.urgent


def wait_for_triage(step: Step) -> None:
    """Leave the case with the triage unit, with a deadline and the reason."""
    decision = step.state.decision
    short = decision.shortfall.value if decision is not None and decision.shortfall is not None else ""
    due_at = step.due(start=step.now, limit=step.policy.stages.triage)
    step.record(
        "triage_waits",
        row=2,
        due_at=due_at,
        shortfall=short,
        proposals=list(step.state.proposals),
        confidence=decision.confidence if decision is not None else 0.0,
    )
    step.tell("reminder", unit=step.state.triage_unit, about="triage", shortfall=short)
    step.arm((Alarm.TRIAGE, due_at))


def merge(step: Step, master: str, *, why: str, repeated: bool = False) -> None:
    """Row 7: the report's case ends here and lives on in its master; ``repeated`` is the same demand again."""
    step.disarm("triage")
    stand_down(step)
    step.move(7, master=master, reason=why, repeated=repeated or None)
    step.change(master=master)
    for report in step.state.reports:
        step.tell("merged", report_no=report.report_no, master=master)


def file(step: Step, decision: RoutingDecision) -> None:
    """Rows 12 and 13: the filing condition fixes the limit, the owner gets the case."""
    rules = step.policy
    limit = decision.limit or rules.default_limit
    step.change(
        decision=decision,
        co_handlers=decision.co_handlers,
        filed_at=step.now,
        level=decision.level,
    )
    handling_due = step.due(start=step.now, limit=limit)
    total_due = step.due(start=handling_due, limit=rules.stages.check)
    step.move(
        12, due_at=total_due, condition=decision.condition, limit=str(limit), rules=step.state.rules.version
    )
    if step.state.total_due is None:
        step.change(total_due=total_due)
    give(step, row=13, unit=decision.lead or step.state.triage_unit, limit=limit, copy=True)
    # E1: a severe case is commanded from above from its first minute, an emergency as its grade says.
    enter_at(step, min(rules.escalation.floor, grade_floor(step)), Trigger.SEVERITY)
    _enter_tagged(step)
    start_by_rules(step)


def _enter_tagged(step: Step) -> None:
    """E9: the highest level of the tags' rules, and one supervision order (督办) for all that ask for one."""
    state = step.state
    found = [rule for rule in state.rules.tags if rule.tag in state.tags]
    found = [rule for rule in found if rule.supervise or rule.floor < Level.GRID]
    if step.book is None or not found:
        return
    floor, tags = min(rule.floor for rule in found), [rule.tag for rule in found]
    step.record("tagged", row=22, trigger=Trigger.TAG.value, tags=tags, level=floor.name)
    enter_at(step, floor, Trigger.TAG)
    ordered = any(order.cause == Trigger.TAG.value for order in state.supervisions)
    by = _commander(step)
    if any(rule.supervise for rule in found) and not ordered and by != step.state.owner:
        open_order(
            step, by=by, unit=step.state.owner, cause=Trigger.TAG.value, text=", ".join(tags), actor=ENGINE
        )


def _commander(step: Step) -> str:
    """Return who commands at the case's level, never the owner."""
    rung = step.rung(step.state.level)
    unit = rung.unit if rung is not None else None
    return unit if unit is not None and unit != step.state.owner else top_unit(step)
