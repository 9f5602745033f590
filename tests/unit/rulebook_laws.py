"""Laws of the whole rulebook: what runs beside a case, and what keeps it open."""

from collections.abc import Callable

from domain.aspects import UNFINISHED, SupervisionStatus
from domain.blockers import blockers, emergency_open
from domain.case import SETTLED, Status
from domain.decide import MOST_OWED, REMEMBERED
from domain.messages import CloseCase, CloseKind
from domain.policy import CheckRule
from tests.unit.case_laws import BESIDE, LAWS, Taken, check_step, owner_by_facts

STANDING_STILL = ("sign_in", "handling", "contact", "task", "milestone", "extension")


def nothing_open_is_closed_over(taken: Taken) -> None:
    closing = any(fact.target is Status.CLOSED and fact.source is not Status.CLOSED for fact in taken.facts)
    if closing and taken.before is not None:
        after = {
            order.id for order in taken.after.supervisions if order.status is not SupervisionStatus.CLOSED
        }
        assert not after, "closed over an open supervision order"
        assert list(blockers(taken.after)) == []


def old_cases_know_nothing_of_the_rulebook(taken: Taken) -> None:
    if taken.after.rules.severity.book is None:
        clocks = {deadline.name.value.split(".")[0] for deadline in taken.after.deadlines}
        emergency_by_hand = {"emergency"} if taken.after.emergency is not None else set()
        assert not clocks & (set(BESIDE) - emergency_by_hand)
        assert not taken.after.tasks
        assert not taken.after.supervisions


def limits_of_the_rulebook_hold(taken: Taken) -> None:
    book, before = taken.after.rules.severity.book, taken.before
    if before is None:
        return
    if book is not None and taken.after.extensions > before.extensions:
        assert taken.after.extensions <= book.extensions
        assert before.extension is not None, "granted without having been asked for"
    assert taken.after.suspensions <= 1
    if before.appeal is not None:
        assert taken.after.appeal is not None
        assert taken.after.appeal.filed_at == before.appeal.filed_at, "appealed twice"


def while_suspended_nothing_of_handling_runs(taken: Taken) -> None:
    if taken.after.status is Status.SUSPENDED:
        clocks = {deadline.name.value.split(".")[0] for deadline in taken.after.deadlines}
        assert not clocks & set(STANDING_STILL)
        assert taken.after.suspension is not None
        assert taken.after.suspension.interim_measure.strip()
    else:
        assert taken.after.suspension is None
    open_pauses = [pause for pause in taken.after.pauses if pause.until is None]
    still = taken.after.status in (Status.SUSPENDED, Status.NEED_INFO)
    assert len(open_pauses) == int(still)


def an_appeal_exempts_the_figure_and_keeps_the_fact(taken: Taken) -> None:
    if taken.before is None:
        return
    assert set(taken.before.exempt) <= set(taken.after.exempt)
    if any(fact.kind == "appeal_reviewed" for fact in taken.facts):
        assert taken.after.on_time == taken.before.on_time
        assert taken.after.reworks == taken.before.reworks


def an_exercise_says_so_and_nothing_else_does(taken: Taken) -> None:
    for notice in taken.outcome.notices:
        assert notice.context.get("exercise", False) is taken.after.exercise


def a_child_tells_its_parent(taken: Taken) -> None:
    words = [order.command for order in taken.outcome.orders if order.command is not None]
    if taken.after.parent is None:
        assert not words
        return
    before = taken.before
    moved = before is None or (before.status, before.owner) != (taken.after.status, taken.after.owner)
    if moved and taken.facts:
        (word,) = words
        assert (word.status, word.owner) == (taken.after.status.value, taken.after.owner)
        assert word.seq == taken.after.seq
    seqs = {fact.seq for fact in taken.facts}
    assert all(order.seq in seqs for order in taken.outcome.orders)


def a_task_lies_inside_its_case(taken: Taken) -> None:
    for fact in taken.facts:
        if fact.kind == "task_assigned" and fact.due is not None:
            assert taken.after.handling_due is not None
            assert taken.now < fact.due <= taken.after.handling_due


def parts_are_numbered_once_and_stay(taken: Taken) -> None:
    if taken.before is None:
        return
    for name, key in (("tasks", "id"), ("supervisions", "id"), ("children", "case_no")):
        was = [getattr(one, key) for one in getattr(taken.before, name)]
        now = [getattr(one, key) for one in getattr(taken.after, name)]
        assert now[: len(was)] == was
        assert len(set(now)) == len(now)


def what_is_severe_is_handled_to_its_end(taken: Taken) -> None:
    before = taken.before
    if before is None or taken.after.exercise:
        return
    targets = {fact.target for fact in taken.facts if fact.source is not fact.target}
    if taken.after.severity <= 2:
        assert not targets & {Status.CANCELLED, Status.ANSWERED, Status.REFUSED}
    if emergency_open(taken.after):
        assert not targets & {*SETTLED, Status.ARCHIVED} - {Status.MERGED}, (
            "an emergency without a final report"
        )


def nobody_decides_what_they_asked_for(taken: Taken) -> None:
    if taken.before is None or taken.after.rules.severity.book is None:
        return
    owner = taken.owner
    for fact in taken.facts:
        if fact.row in (16, 17):
            assert fact.actor.unit not in (None, owner)
        if fact.kind == "reassigned" and fact.actor.unit == owner:
            assert not taken.before.bound
        if fact.row in (29, 30) and fact.kind in ("closed", "handling", "check_passed"):
            tasked = {one.unit for one in taken.before.tasks if not one.waived}
            assert fact.actor.unit not in tasked, "a unit with a task checked or closed"
        owner = owner_by_facts(owner, [fact])


def what_is_needed_on_site_is_seen_before_it_is_solved(taken: Taken) -> None:
    closed = any(fact.target is Status.CLOSED and fact.source is not Status.CLOSED for fact in taken.facts)
    command = taken.message
    if closed and isinstance(command, CloseCase) and command.close_kind is CloseKind.SOLVED:
        severe = taken.after.severity <= 2 and taken.after.rules.check is not CheckRule.NEVER
        assert taken.after.check_passed or not severe or taken.after.rules.severity.book is None


def nobody_has_a_task_of_their_own_case(taken: Taken) -> None:
    if taken.after.status not in SETTLED:
        assert not [
            one for one in taken.after.tasks if one.unit == taken.after.owner and one.status in UNFINISHED
        ]


def what_is_remembered_is_bounded(taken: Taken) -> None:
    recent = taken.after.recent
    assert len(recent) <= REMEMBERED
    assert sum(len(done.facts) + len(done.notices) + len(done.orders) for done in recent[:-1]) <= MOST_OWED


RULEBOOK_LAWS: tuple[Callable[[Taken], None], ...] = (
    nothing_open_is_closed_over,
    old_cases_know_nothing_of_the_rulebook,
    limits_of_the_rulebook_hold,
    while_suspended_nothing_of_handling_runs,
    an_appeal_exempts_the_figure_and_keeps_the_fact,
    an_exercise_says_so_and_nothing_else_does,
    a_child_tells_its_parent,
    a_task_lies_inside_its_case,
    parts_are_numbered_once_and_stay,
    what_is_severe_is_handled_to_its_end,
    nobody_decides_what_they_asked_for,
    what_is_needed_on_site_is_seen_before_it_is_solved,
    nobody_has_a_task_of_their_own_case,
    what_is_remembered_is_bounded,
)


def check_whole_step(taken: Taken) -> None:
    """Hold one step against every law of a case and of the rulebook."""
    check_step(taken)
    for law in RULEBOOK_LAWS:
        law(taken)


__all__ = ["LAWS", "RULEBOOK_LAWS", "check_whole_step"]
