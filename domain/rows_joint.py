"""Rows of joint handling and of spatial span (E7).

A joint case (联合处置) is a parent with a lead and children. The lead is the parent's own
owner. A child is a case like any other: own number, own owner, own clocks, own supervisors;
what happens to the parent's owner or level does not touch it. Children tell their parent how
they stand (``ChildChanged``, through the outbox); the parent keeps a mark on what its lead
has not seen yet, and closes only when every mandatory child is closed or waived.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from domain.actor import ENGINE
from domain.aspects import Child
from domain.beginning import Begin
from domain.blockers import CLOSED_CHILD, open_children
from domain.case import SETTLED, Status, Trigger
from domain.clock import due
from domain.errors import CommandRefused, RefusalCode
from domain.limit import Limit, LimitUnit
from domain.messages_command import ChildChanged, JoinParent, MarkSpan, OpenChild, SeeChildren, WaiveChild
from domain.place import Level
from domain.rows_duty import need_reason
from domain.span import governing, level_of_span, reach, street_of
from domain.step import AlarmHandler, Handler, Step

ROW = 21
"""Row 21 of the table: work handed down, waited for by the parent."""
MOST_LEVELS = 5
"""City, district, street, community, grid: a chain of parents and children is no deeper (五级联动)."""
MOST_CHILDREN = 200
"""Children one case can be given by hand or by a burst; their words must fit into its state."""
RETURNED = frozenset({Status.RETURN_REQUESTED.value, Status.ARBITRATION.value})
MINUTE = timedelta(minutes=1)


def open_child(step: Step, command: OpenChild) -> None:
    """Open a child case with its own place, category, owner and clocks.

    Its deadline lies inside the parent's (domain.md §4.3): where the rules would give it
    longer than the parent has left, its limit is what the parent has left, on the continuous
    clock. A parent whose own deadline has passed or stands still (suspended) cannot bound
    it: then the child has what its rules say. The cap holds for the owner the child begins
    with; a return or a new category gives a fresh limit, as rows 12 and 16 say.
    """
    state = step.state
    need_reason(command.text)
    if command.begin.case_no == state.case_no:
        raise CommandRefused(RefusalCode.OWN_PARENT)
    if command.levels > MOST_LEVELS:
        raise CommandRefused(RefusalCode.TOO_MANY_LEVELS, most=str(MOST_LEVELS))
    if len(state.children) >= MOST_CHILDREN:
        raise CommandRefused(RefusalCode.TOO_MANY_CHILDREN, most=str(MOST_CHILDREN))
    begin = _inside(step, command.begin)
    child = Child(
        case_no=begin.case_no,
        text=command.text,
        mandatory=command.mandatory,
        owner=begin.decision.lead or begin.triage_unit,
        severity=begin.severity,
        district=governing(begin.place),
        street=street_of(begin.place),
    )
    step.change(children=(*state.children, child))
    step.record(
        "child_opened", row=ROW, child=child.case_no, owner=child.owner, category=begin.category,
        mandatory=command.mandatory, text=command.text,
    )  # fmt: skip
    step.order(begin.case_no, begin=begin)
    _span_of_children(step)


def _inside(step: Step, begin: Begin) -> Begin:
    """Return the child's beginning under this parent, its limit inside the parent's."""
    state = step.state
    limit = begin.decision.limit or begin.rules.severity.default_limit
    own_due = due(start=step.now, limit=limit, calendar=begin.rules.calendar).at
    if state.status is not Status.SUSPENDED and state.handling_due is not None:
        limit = _fitting(limit, now=step.now, own_due=own_due, bound=state.handling_due)
    return replace(
        begin,
        parent=state.case_no,
        exercise=state.exercise,
        at=step.now,
        received_at=step.now,
        decision=replace(begin.decision, limit=limit),
        rules=replace(begin.rules, clock=state.rules.clock),
    )


def _fitting(limit: Limit, *, now: datetime, own_due: datetime, bound: datetime) -> Limit:
    if bound <= now or own_due <= bound:
        return limit
    return Limit(amount=(bound - now) / MINUTE, unit=LimitUnit.MIN)


def join_parent(step: Step, command: JoinParent) -> None:
    """Become a child of another case. ``ancestors`` are the parent and those above it, the engine's to find."""
    state = step.state
    children = {child.case_no for child in state.children}
    if state.case_no in (command.parent, *command.ancestors) or command.parent in children:
        raise CommandRefused(RefusalCode.OWN_PARENT)
    if state.parent is not None:
        raise CommandRefused(RefusalCode.HAS_PARENT, parent=state.parent)
    if command.levels > MOST_LEVELS:
        raise CommandRefused(RefusalCode.TOO_MANY_LEVELS, most=str(MOST_LEVELS))
    step.change(parent=command.parent)
    step.record(
        "joined_parent", row=ROW, parent=command.parent, mandatory=command.mandatory, reason=command.reason
    )
    step.order(command.parent, command=step.word_to_parent(mandatory=command.mandatory))
    if state.status not in (Status.RECEIVED, Status.TRIAGING):
        step.tell("joint", unit=state.owner, about="joined", child=command.parent)


def child_changed(step: Step, command: ChildChanged) -> None:
    """Keep a child's word. An old one changes nothing; one of an unknown child adds it (a burst, a join).

    The lead is told of what matters (ended, returned, gone up, overdue, open again) and when
    the last mandatory child has ended; the rest only marks the child as changed.
    """
    known = _find(step, command.child)
    if known is not None and (known.epoch, known.seq) >= (command.epoch, command.seq):
        _late_word(step, known, command)
        return
    waiting = bool(open_children(step.state))
    mandatory = known.mandatory if known is not None else True
    heard = replace(
        known or Child(case_no=command.child),
        mandatory=mandatory if command.mandatory is None else command.mandatory,
        status=command.status,
        owner=command.owner,
        severity=command.severity,
        district=command.district,
        street=command.street,
        close_kind=command.close_kind,
        epoch=command.epoch,
        seq=command.seq,
        changed=True,
        changed_at=step.now,
    )
    if known is None and command.child == step.state.parent:
        # Two cases joined each other in the same moment: neither may wait for the other.
        heard = replace(heard, mandatory=False)
    _put(step, heard)
    step.record(
        "child_joined" if known is None else "child_changed", row=ROW, child=command.child, status=command.status,
        owner=command.owner, close_kind=command.close_kind, overdue=command.overdue or None,
    )  # fmt: skip
    _tell_lead(step, known, heard, command)
    _tell_all_done(step, waiting=waiting)
    _span_of_children(step)


def _late_word(step: Step, known: Child, command: ChildChanged) -> None:
    """Take from a word that was overtaken only what no later one repeats: whether the child is mandatory."""
    if command.mandatory is not None and command.mandatory != known.mandatory:
        waiting = bool(open_children(step.state))
        _put(step, replace(known, mandatory=command.mandatory))
        step.record("child_changed", row=ROW, child=known.case_no, mandatory=command.mandatory)
        _tell_all_done(step, waiting=waiting)


def _tell_lead(step: Step, before: Child | None, child: Child, word: ChildChanged) -> None:
    if step.state.status in SETTLED:
        return
    about = _news(before, child, word)
    if about and child.owner != step.state.owner:
        step.tell(
            "joint", unit=step.state.owner, about=about, child=child.case_no, close_kind=child.close_kind
        )


def _news(before: Child | None, child: Child, word: ChildChanged) -> str:
    """Return what a lead is told of a child's word, or an empty string."""
    was, now = before.status if before is not None else "", child.status
    if word.overdue:
        return "overdue"
    if now in CLOSED_CHILD:
        return "" if was in CLOSED_CHILD else now
    if now in RETURNED and was not in RETURNED:
        return "returned"
    if was in CLOSED_CHILD:
        return "reopened"
    return "escalated" if word.raised else ""


def _tell_all_done(step: Step, *, waiting: bool) -> None:
    """Say that no mandatory child is waited for any more, once."""
    if not waiting or open_children(step.state) or step.state.status in SETTLED:
        return
    step.record("children_done", row=ROW, actor=ENGINE, owner=step.state.owner)
    step.tell("joint", unit=step.state.owner, about="all_done")


def waive_child(step: Step, command: WaiveChild) -> None:
    """Stop waiting for a child, with the reason. The child goes on by itself, and its owner is told."""
    child = _need_child(step, command.child)
    if not command.reason.strip():
        raise CommandRefused(RefusalCode.REASON_REQUIRED)
    if child.waived or child.status in CLOSED_CHILD:
        raise CommandRefused(RefusalCode.ITEM_SETTLED, item=child.case_no)
    waiting = bool(open_children(step.state))
    _put(step, replace(child, waived=command.reason))
    step.record("child_waived", row=ROW, child=child.case_no, reason=command.reason)
    if child.owner and child.owner != step.state.owner:
        step.tell("joint", unit=child.owner, about="waived", child=child.case_no)
    _tell_all_done(step, waiting=waiting)


def see_children(step: Step, command: SeeChildren) -> None:
    """Clear the marks of these children, or of all when none is named."""
    named = [_need_child(step, one) for one in command.children] or list(step.state.children)
    seen = {child.case_no for child in named if child.changed}
    if not seen:
        return
    step.change(
        children=tuple(
            replace(child, changed=False) if child.case_no in seen else child for child in step.state.children
        )
    )
    step.record("children_seen", row=ROW, children=sorted(seen))


def mark_span(step: Step, command: MarkSpan) -> None:
    """E7: note how far the event reaches. ``districts`` and ``streets`` hold all it touches, its own place too."""
    if step.book is None:
        raise CommandRefused(RefusalCode.RULEBOOK_REQUIRED)
    floor = level_of_span(districts=command.districts, streets=command.streets)
    step.change(span=_together(step.state.span, command.areas))
    step.record(
        "span_marked", row=22, trigger=Trigger.SPAN.value, floor=floor.name if floor is not None else None,
        areas=list(command.areas), reason=command.reason,
    )  # fmt: skip
    if floor is not None:
        reach(step, Trigger.SPAN, floor)


def _span_of_children(step: Step) -> None:
    """E7 by the places of the children: a joint case is commanded where all of them are."""
    state = step.state
    if step.book is None or state.status in SETTLED:
        return
    children = [child for child in state.children if not child.waived]
    districts = _codes((governing(state.place), *(child.district for child in children)))
    streets = _codes((street_of(state.place), *(child.street for child in children)))
    floor = level_of_span(districts=districts, streets=streets)
    if floor is None or state.level <= floor:
        return
    step.record(
        "span_marked", row=22, actor=ENGINE, trigger=Trigger.SPAN.value, floor=floor.name,
        areas=list(districts if floor is Level.CITY else streets),
    )  # fmt: skip
    reach(step, Trigger.SPAN, floor)


def _codes(given: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for code in given if code is not None))


def _together(*groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for group in groups for code in group))


def _find(step: Step, case_no: str) -> Child | None:
    return next((child for child in step.state.children if child.case_no == case_no), None)


def _need_child(step: Step, case_no: str) -> Child:
    child = _find(step, case_no)
    if child is None:
        raise CommandRefused(RefusalCode.UNKNOWN_ITEM, item=case_no)
    return child


def _put(step: Step, child: Child) -> None:
    known = _find(step, child.case_no) is not None
    kept = tuple(child if one.case_no == child.case_no else one for one in step.state.children)
    step.change(children=kept if known else (*kept, child))


HANDLERS: dict[str, Handler] = {
    "open_child": open_child,
    "join_parent": join_parent,
    "child_changed": child_changed,
    "waive_child": waive_child,
    "see_children": see_children,
    "mark_span": mark_span,
}
"""Commands of joint handling and spatial span."""
ALARMS: dict[str, AlarmHandler] = {}
"""Joint handling has no clocks of its own: children have theirs, and the parent has its."""
