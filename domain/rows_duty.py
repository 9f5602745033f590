"""Rows of a case on duty: triage by hand, sign-in, return, arbitration, ruling, re-assignment."""

from dataclasses import replace

from domain.aspects import UNFINISHED
from domain.begin import file, merge
from domain.blockers import refuse_while_children_open, refuse_while_emergency_open
from domain.case import SETTLED, Alarm, CaseState, ReportRef, Status, Trigger
from domain.duty import end_beside, give, rungs_above
from domain.errors import CommandRefused, RefusalCode
from domain.escalation import ask_above, raise_level, stand_down
from domain.limit import Limit
from domain.messages import (
    CancelCase,
    FileCase,
    GrantReturn,
    JoinReport,
    MergeInto,
    Reassign,
    RefuseReturn,
    ReportUp,
    RequestReturn,
    Rule,
    SignIn,
    StartHandling,
)
from domain.place import Level
from domain.rows_reporter import press
from domain.step import Step
from domain.supervision import end_orders
from domain.tasks import end_tasks
from domain.visit import sampled, visit_joiner


def file_case(step: Step, command: FileCase) -> None:
    """Rows 12, 13: triage by hand."""
    if command.decision.lead is None:
        raise CommandRefused(RefusalCode.LEAD_REQUIRED)
    if command.rules is not None:
        # Graded and placed anew; the clock of the city stays the one the case began with.
        # It keeps the rulebook it had: what runs by it goes on.
        policy = replace(command.rules.severity, book=command.rules.severity.book or step.book)
        rules = replace(command.rules, clock=step.state.rules.clock, severity=policy)
        if step.book is not None and step.state.urgent and policy.severity > step.state.severity:
            need_reason(command.reason)  # what is severe is found milder by somebody's word only
        step.change(rules=rules, severity=rules.severity.severity)
    step.change(
        category=command.category,
        category_name=command.category_name,
        place=command.place,
        site_check=command.site_check,
        proposals=(),
        uncertain=False,
    )
    step.record(
        "triaged", row=12, category=command.category, severity=step.state.severity, owner=command.decision.lead,
        reason=command.reason,
    )  # fmt: skip
    file(step, command.decision)


def merge_into(step: Step, command: MergeInto) -> None:
    """Row 7 by hand; never into a case that is on its way into this one: both would be gone."""
    if command.master == step.state.case_no:
        raise CommandRefused(RefusalCode.MERGE_INTO_ITSELF)
    if any(report.came_from == command.master for report in step.state.reports):
        raise CommandRefused(RefusalCode.BEING_MERGED, case=command.master)
    refuse_while_children_open(step.state)
    merge(step, command.master, why=command.reason or "confirmed by operator")


def join_report(step: Step, command: JoinReport) -> None:
    """A merged report joins: its reporter is owed feedback from here on."""
    if any(report.report_no == command.report_no for report in step.state.reports):
        return
    visit = "open" if command.wants_visit else "not_wanted"
    joined = ReportRef(report_no=command.report_no, visit=visit, came_from=command.merged_case)
    step.change(reports=(*step.state.reports, joined))
    if command.repeated:
        step.change(demands=step.state.demands + 1)
    step.record(
        "report_joined", row=7, report=command.report_no, merged_case=command.merged_case,
        wants_visit=command.wants_visit, demands=step.state.demands if command.repeated else None,
    )  # fmt: skip
    _answer_joiner(step, joined)
    if command.repeated and step.state.status not in SETTLED:
        press(step, about="demand", times=step.state.demands + 1)


def _answer_joiner(step: Step, report: ReportRef) -> None:
    """Tell who joined a settled case how it was settled; they are visited as the others are (rows 3, 31)."""
    state, number = step.state, report.report_no
    answered = state.closed_at is None and state.status in (
        Status.ANSWERED,
        Status.VISITING,
        Status.EVALUATED,
    )
    if state.closed_at is not None:
        step.tell("result", report_no=number, close_kind=state.close_kind)
    elif answered:
        step.tell("answered", report_no=number)
    elif state.status is Status.REFUSED:
        step.tell("refused", report_no=number, refused_for=state.refused_for)
    elif state.status is Status.TRANSFERRED_OUT and state.transfer is not None:
        step.tell("transferred", report_no=number, to=state.transfer.to)
    asked = state.closed_at is not None or (answered and sampled(step))
    if step.book is not None and asked and report.visit == "open":
        visit_joiner(step)


def sign_in(step: Step, command: SignIn) -> None:
    """Row 14, and row 20 when a person is named with it."""
    step.disarm("sign_in")
    given = step.state.dispatched_at or step.now
    step.change(signed_in_at=step.now)
    step.move(14, due_at=step.due(start=given, limit=step.policy.stages.sign_in), assignee=command.assignee)
    if command.assignee:
        step.move(20, due_at=step.state.contact_due, assignee=command.assignee)


def start_handling(step: Step, command: StartHandling) -> None:
    """Row 20: assigned, and the reporter contacted or not."""
    due_at = step.state.contact_due
    note_contact(step, contacted=command.contacted)
    step.move(20, due_at=due_at, assignee=command.assignee, contacted=command.contacted)


def note_contact(step: Step, *, contacted: bool) -> None:
    """Keep the first contact with the reporter (首次联系) and stop the response clock."""
    if contacted and step.state.contacted_at is None:
        step.change(contacted_at=step.now)
        step.disarm("contact")


def request_return(step: Step, command: RequestReturn) -> None:
    """Rows 15 and 18: once per unit, in time, never against a ruling; the second goes to arbitration."""
    state, unit = step.state, step.state.owner
    need_reason(command.reason)
    if state.bound:
        raise CommandRefused(RefusalCode.BOUND_BY_RULING)
    if unit in state.returned_by:
        raise CommandRefused(RefusalCode.RETURN_ONCE_PER_UNIT)
    if state.return_due is not None and step.now > state.return_due:
        raise CommandRefused(RefusalCode.RETURN_TOO_LATE, due=state.return_due.isoformat())
    step.disarm("sign_in")
    step.change(returned_by=(*state.returned_by, unit))
    due_at = step.due(start=step.now, limit=step.policy.stages.return_decision)
    step.move(
        15,
        due_at=due_at,
        reason=command.reason,
        proposed=command.proposed_unit,
        legal_basis=command.legal_basis,
    )
    if len(step.state.returned_by) >= step.policy.escalation.returns:
        arbitrate(step, why="second return", crosses=command.crosses_district)
        return
    step.arm((Alarm.RETURN_DECISION, due_at))
    step.tell("return_requested", unit=decider(step), reason=command.reason, proposed=command.proposed_unit)


def arbitrate(step: Step, *, why: str, crosses: bool = False) -> None:
    """Row 18 (E5): the district rules, or the city where two districts are concerned.

    A unit that is a party to the dispute does not rule on it. Until the ruling the locality keeps
    the place safe (属地兜底), and is told so under the rulebook.
    """
    level = Level.CITY if crosses else Level.DISTRICT
    parties = (None, step.state.owner, *step.state.returned_by)
    rungs = [rung for rung in step.state.rules.ladder if rung.level <= level and rung.unit not in parties]
    arbiter = max(rungs, key=lambda rung: rung.level, default=None)
    unit = arbiter.unit if arbiter is not None and arbiter.unit is not None else step.state.triage_unit
    step.disarm("stage")
    due_at = step.due(start=step.now, limit=step.policy.stages.arbitration)
    supervisors = tuple(dict.fromkeys((*step.state.supervisors, unit)))
    step.change(
        arbiter=unit,
        supervisors=supervisors,
        level=min(step.state.level, arbiter.level if arbiter is not None else Level.CITY),
    )
    safe = _locality(step) if step.book is not None else None
    step.move(
        18, due_at=due_at, reason=why, trigger=Trigger.RETURNED_AGAIN.value, arbiter=unit, made_safe_by=safe
    )
    step.arm((Alarm.ARBITRATION, due_at))
    step.tell("arbitration", unit=unit, owner=step.state.owner)
    if safe is not None:
        step.tell("reminder", unit=safe, about="make_safe", due=due_at.isoformat())


def _locality(step: Step) -> str | None:
    """Return the command centre nearest to the place, from its street up: it is there whoever is accountable."""
    rungs = sorted(step.state.rules.ladder, key=lambda rung: rung.level, reverse=True)
    return next((rung.unit for rung in rungs if rung.level <= Level.STREET and rung.unit is not None), None)


def grant_return(step: Step, command: GrantReturn) -> None:
    """Row 16: fresh handling limit for the next owner, the total clock goes on.

    Under the rulebook never back to a unit that has returned it itself: that is for a ruling.
    """
    _need_another_desk(step)
    _need_other(step, command.lead)
    if step.book is not None and command.lead in step.state.returned_by:
        raise CommandRefused(RefusalCode.RETURNED_BEFORE, unit=command.lead)
    former = step.state.owner
    give(step, row=16, unit=command.lead, limit=usual_limit(step), why=command.reason)
    step.tell("return_decided", unit=former, granted=True, owner=command.lead)


def refuse_return(step: Step, command: RefuseReturn) -> None:
    """Row 17: the unit has it; refusing counts as its sign-in."""
    _need_another_desk(step)
    need_reason(command.reason)
    step.disarm("stage")
    step.change(signed_in_at=step.now)
    step.move(17, reason=command.reason)
    step.tell("return_decided", unit=step.state.owner, granted=False, reason=command.reason)


def rule(step: Step, command: Rule) -> None:
    """Row 19: only the arbiter's level or above rules, and the ruling binds.

    Under the rulebook a party to the dispute rules on it only where nobody else was left to.
    """
    need_reason(command.reason)
    allowed = {step.state.arbiter, *(rung.unit for rung in rungs_above(step, Level.DISTRICT))}
    if step.book is not None:
        allowed -= {step.state.owner, *step.state.returned_by} - {step.state.arbiter}
    if command.actor.unit is None or command.actor.unit not in allowed:
        raise CommandRefused(RefusalCode.NOT_THE_ARBITER, arbiter=step.state.arbiter or "")
    step.change(bound=True)
    give(step, row=19, unit=command.lead, limit=usual_limit(step), why=command.reason)


def reassign(step: Step, command: Reassign) -> None:
    """A commanding level names another owner; the supervisors stay.

    A ruling bound the lead it named (row 19), not whoever gets the case after it; and that lead's
    own people do not hand it on.
    """
    if step.book is not None and step.state.bound and step.actor.unit in (None, step.state.owner):
        raise CommandRefused(RefusalCode.BOUND_BY_RULING)
    _need_other(step, command.lead)
    need_reason(command.reason)
    if step.book is not None:
        step.change(bound=False)
    give(step, row=0, unit=command.lead, limit=usual_limit(step), why=command.reason)


def report_up(step: Step, command: ReportUp) -> None:
    """E2: no authority or means here; the level above must decide, under the rulebook within its time."""
    need_reason(command.reason)
    if step.state.report_up is not None:
        raise CommandRefused(RefusalCode.DECISION_OWED, unit=step.state.report_up.to)
    if not raise_level(step, Trigger.NO_MEANS, start=step.now):
        raise CommandRefused(RefusalCode.TOP_LEVEL)
    step.record("reported_up", row=22, reason=command.reason)
    ask_above(step, command.reason, start=step.now)


def cancel_case(step: Step, command: CancelCase) -> None:
    """Row 36: never for severity 1–2 or an illegal act, an exercise's apart; safety cases go on regardless."""
    need_reason(command.reason)
    if step.state.urgent and not step.state.exercise:
        raise CommandRefused(RefusalCode.SEVERE_CASE_NOT_CANCELLABLE)
    if _is_illegal(step.state) and not step.state.exercise:
        raise CommandRefused(RefusalCode.ILLEGAL_ACT_NOT_CANCELLABLE)
    refuse_while_children_open(step.state)
    refuse_while_emergency_open(step.state)
    handled = step.state.status is not Status.TRIAGING
    end_orders(step)
    stand_down(step)
    end_beside(step, why="cancelled")
    _lapse(step)
    step.change(deadlines=())
    step.move(36, reason=command.reason)
    if handled:
        for unit in _concerned(step):
            step.tell("cancelled", unit=unit, reason=command.reason)
    end_tasks(step, why="cancelled", tell=False)
    for report in step.state.reports:
        step.tell("cancelled", report_no=report.report_no, reason=command.reason)
    step.change(reports=tuple(replace(report, visit="not_wanted") for report in step.state.reports))


def _lapse(step: Step) -> None:
    """An appeal that waits for a review when its reopened case is withdrawn is nobody's to decide any more."""
    appeal = step.state.appeal
    if appeal is not None and appeal.status == "pending":
        step.change(appeal=replace(appeal, status="lapsed", due=None, decided_at=step.now))


def _is_illegal(state: CaseState) -> bool:
    """Tell whether a tag of the case stands for an illegal act."""
    illegal = {rule.tag for rule in state.rules.tags if rule.illegal}
    return not illegal.isdisjoint(state.tags)


def _concerned(step: Step) -> tuple[str, ...]:
    """Return who had this case on the desk: the owner, under the rulebook helpers and supervisors too."""
    state = step.state
    if step.book is None:
        return (state.owner,)
    tasked = (task.unit for task in state.tasks if task.status in UNFINISHED)
    ordered = (unit for order in state.supervisions for unit in (order.unit, order.by))
    return tuple(dict.fromkeys((state.owner, *state.co_handlers, *tasked, *ordered, *state.supervisors)))


def decider(step: Step) -> str:
    """Return who decides a return or an extension: the command centre of the case's level, else triage."""
    rung = step.rung(min(step.state.level, Level.STREET))
    unit = rung.unit if rung is not None else None
    return unit if unit is not None and unit != step.state.owner else step.state.triage_unit


def _need_another_desk(step: Step) -> None:
    """Refuse the owner's own people a decision on its return: a unit may have dispatchers of its own."""
    owner = step.state.owner
    if step.book is not None and step.actor.unit is None:
        raise CommandRefused(RefusalCode.UNIT_REQUIRED)
    if step.book is not None and step.actor.unit == owner:
        raise CommandRefused(RefusalCode.NOT_YOUR_STEP, who=other_desk(owner))


def other_desk(owner: str) -> str:
    """Return who decides what the owner asks for, as a refusal names them."""
    return f"主办单位 {owner} 以外的派遣员 a dispatcher of a unit other than {owner}"


def usual_limit(step: Step) -> Limit:
    """Return the handling limit of a fresh owner: the filing condition's, else the severity's."""
    return (
        step.state.decision.limit if step.state.decision is not None else None
    ) or step.policy.default_limit


def need_reason(reason: str) -> None:
    """Refuse an act that must state why and does not."""
    if not reason.strip():
        raise CommandRefused(RefusalCode.REASON_REQUIRED)


def _need_other(step: Step, unit: str) -> None:
    if unit == step.state.owner:
        raise CommandRefused(RefusalCode.SAME_OWNER)
