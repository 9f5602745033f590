"""Joint handling: a parent with its children, each told of the other, the parent closing last (row 21, E7)."""

import itertools
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from domain.case import CaseState, Outcome, Status
from domain.decide import decide
from domain.errors import CommandRefused, RefusalCode
from domain.messages import CancelCase, CloseCase, MergeInto, Reassign, RequestReturn
from domain.messages_command import (
    ChildChanged,
    JoinParent,
    MarkSpan,
    OpenChild,
    SeeChildren,
    WaiveChild,
)
from domain.place import Level, ZoneRef
from domain.rows_joint import HANDLERS, MOST_CHILDREN
from tests.unit.builders import (
    CITY,
    DISPATCHER,
    DISTRICT,
    OPERATOR,
    PLACE,
    POWER,
    ROADS,
    SYSTEM,
    WATER,
    Played,
    a_case,
    a_full_case,
    at,
    decision,
    handler,
    limit,
    refused,
    supervisor,
)
from tests.unit.scenes_joint import (
    OTHER_DISTRICT,
    OTHER_STREET,
    PARENT,
    child_begin,
    joined,
    number_of,
    opened,
)

ONE = number_of(1)


class Joint:
    """A parent and its children, with the outbox between them: what one owes the other is delivered."""

    def __init__(self, parent: Played) -> None:
        self.parent = parent
        self.children: dict[str, Played] = {}
        self.taken = {parent.state.case_no: len(parent.orders)}
        self.words: list[ChildChanged] = []

    def open(self, n: int, **changes: Any) -> Played:
        mandatory = changes.pop("mandatory", True)
        self.parent.do(
            OpenChild, by=handler(WATER), begin=child_begin(n, **changes), text="a part", mandatory=mandatory
        )
        self.deliver()
        return self.children[number_of(n)]

    def deliver(self) -> None:
        for case in (self.parent, *self.children.values()):
            number = case.state.case_no
            orders = case.orders[self.taken.setdefault(number, 0) :]
            self.taken[number] = len(case.orders)
            for order in orders:
                if order.begin is not None:
                    self.children[order.case_no] = Played(order.begin)
                if order.command is not None:
                    assert order.case_no == self.parent.state.case_no
                    self.words.append(order.command)
        if any(len(case.orders) > self.taken.get(case.state.case_no, 0) for case in self.children.values()):
            self.deliver()
            return
        for word in self.words:
            self.tell(word)
        self.words = []

    def tell(self, word: ChildChanged) -> Outcome:
        return self.parent.keep(decide(self.parent.state, word, self.parent.now))


def word(child: str = ONE, *, seq: int = 4, status: str = "dispatched", **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "child": child,
        "status": status,
        "owner": ROADS,
        "severity": 3,
        "epoch": 1,
        "seq": seq,
    }
    return given | changes


def entry(case: Played, number: str = ONE) -> Any:
    return next(child for child in case.state.children if child.case_no == number)


# Opening.


def test_a_child_is_a_case_of_its_own_under_its_parent() -> None:
    joint = Joint(a_full_case())
    child = joint.open(1)
    assert (child.state.parent, child.state.case_no, child.state.owner) == (
        joint.parent.state.case_no, ONE, ROADS,
    )  # fmt: skip
    assert child.state.status is Status.DISPATCHED
    known = entry(joint.parent)
    assert (known.status, known.owner, known.text, known.mandatory, known.changed) == (
        "dispatched", ROADS, "a part", True, True,
    )  # fmt: skip
    assert joint.parent.state.owner == WATER
    (fact,) = joint.parent.of_kind("child_opened")
    assert (fact.row, fact.data["child"], fact.actor) == (21, ONE, handler(WATER))


@pytest.mark.parametrize("who", [handler(WATER), DISPATCHER, supervisor(DISTRICT)])
def test_the_owner_or_those_who_command_open_children(who: Any) -> None:
    case = a_full_case()
    case.do(OpenChild, by=who, begin=child_begin(), text="a part")
    assert [child.case_no for child in case.state.children] == [ONE]


def test_another_unit_opens_none() -> None:
    case = a_full_case()
    with refused(case, RefusalCode.NOT_THE_OWNER):
        case.do(OpenChild, by=handler(POWER), begin=child_begin(), text="a part")


def test_a_child_says_what_it_is_about() -> None:
    case = a_full_case()
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(OpenChild, by=handler(WATER), begin=child_begin(), text=" ")


def test_a_childs_deadline_lies_inside_its_parents() -> None:
    joint = Joint(a_full_case())  # two working days
    due = joint.parent.state.handling_due
    assert due == at("2026-09-16 09:00")
    inside = joint.open(1)
    longer = joint.open(2, decision=decision(ROADS, limit=limit("15WD")))
    assert inside.state.handling_due == at("2026-09-15 09:00")
    assert inside.state.handling_limit == limit("1WD")
    assert longer.state.handling_due == due
    assert str(longer.state.handling_limit) == "2880MIN"


def test_an_overdue_parent_bounds_nobody() -> None:
    joint = Joint(a_full_case().handling().until(at("2026-09-16 10:00")))
    child = joint.open(1)
    assert child.state.handling_limit == limit("1WD")


def test_a_childs_exercise_and_clock_are_its_parents() -> None:
    joint = Joint(a_full_case(exercise=True))
    child = joint.open(1)
    assert child.state.exercise
    assert child.state.rules.clock == joint.parent.state.rules.clock


def test_the_order_is_given_again_with_the_same_request() -> None:
    case = opened()
    (first,) = case.orders
    case.requests -= 1
    again = case.do(OpenChild, by=handler(WATER), begin=child_begin(), text="part 1")
    assert again.orders == (first,)
    assert len(case.state.children) == 1


def test_a_chain_is_bounded_and_children_are_counted() -> None:
    case = a_full_case()
    with refused(case, RefusalCode.TOO_MANY_LEVELS):
        case.do(OpenChild, by=handler(WATER), begin=child_begin(), text="x", levels=6)
    case.do(OpenChild, by=handler(WATER), begin=child_begin(), text="x", levels=5)
    full = opened(MOST_CHILDREN)
    with refused(full, RefusalCode.TOO_MANY_CHILDREN):
        full.do(OpenChild, by=handler(WATER), begin=child_begin(999), text="x")


def test_five_levels_each_tell_the_one_above() -> None:
    above = a_full_case()
    for level in range(1, 5):
        joint, owner = Joint(above), above.state.owner
        above.do(
            OpenChild, by=handler(owner), begin=child_begin(level), text=f"level {level}", levels=level + 1
        )
        joint.deliver()
        child = joint.children[number_of(level)]
        assert child.state.parent == above.state.case_no
        assert child.state.handling_due <= above.state.handling_due  # type: ignore[operator]
        assert entry(above, number_of(level)).status == "dispatched"
        above = child


# Words of children.


def test_a_word_marks_the_child_and_the_lead_clears_it() -> None:
    joint = Joint(a_full_case())
    child = joint.open(1)
    joint.parent.do(SeeChildren, by=handler(WATER))
    assert not entry(joint.parent).changed
    child.signed_in()
    joint.deliver()
    assert (entry(joint.parent).status, entry(joint.parent).changed) == ("accepted", True)
    assert entry(joint.parent).changed_at == joint.parent.now
    joint.parent.do(SeeChildren, by=handler(WATER), children=(ONE,))
    assert not entry(joint.parent).changed
    assert [fact.data["children"] for fact in joint.parent.of_kind("children_seen")] == [[ONE], [ONE]]


def test_only_what_is_named_is_seen_and_a_stranger_is_refused() -> None:
    case = opened(2)
    for n in (1, 2):
        case.do(ChildChanged, by=SYSTEM, **word(number_of(n)))
    case.do(SeeChildren, by=handler(WATER), children=(ONE,))
    assert [child.changed for child in case.state.children] == [False, True]
    with refused(case, RefusalCode.UNKNOWN_ITEM):
        case.do(SeeChildren, by=handler(WATER), children=("x",))
    seen = len(case.of_kind("children_seen"))
    case.do(SeeChildren, by=handler(WATER), children=(ONE,))
    assert len(case.of_kind("children_seen")) == seen, "nothing new was seen"


def test_an_old_word_changes_nothing() -> None:
    case = opened()
    case.do(ChildChanged, by=SYSTEM, **word(seq=7, status="handling"))
    state = case.state
    for old in (word(seq=7, status="dispatched"), word(seq=6, status="accepted")):
        outcome = case.do(ChildChanged, by=SYSTEM, **old)
        assert outcome.facts == ()
        assert case.state.children == state.children
    case.do(ChildChanged, by=SYSTEM, **word(seq=2, epoch=2, status="accepted"))
    assert entry(case).status == "accepted", "a case that was reset counts on in its next epoch"


@pytest.mark.parametrize("order", list(itertools.permutations([5, 6, 7])))
def test_words_in_any_order_end_the_same(order: tuple[int, ...]) -> None:
    words = {
        5: word(seq=5, status="dispatched", mandatory=False),
        6: word(seq=6, status="accepted"),
        7: word(seq=7, status="handling"),
    }
    case = a_full_case()
    for seq in order:
        case.do(ChildChanged, by=SYSTEM, **words[seq])
    (child,) = case.state.children
    assert (child.status, child.seq, child.mandatory) == ("handling", 7, False)


def test_only_the_engine_speaks_for_a_child() -> None:
    case = opened()
    with refused(case, RefusalCode.ROLE_NOT_ALLOWED):
        case.do(ChildChanged, by=DISPATCHER, **word())


@pytest.mark.parametrize(
    ("changes", "about"),
    [
        ({"status": "closed", "close_kind": "solved"}, "closed"),
        ({"status": "cancelled"}, "cancelled"),
        ({"status": "return_requested"}, "returned"),
        ({"status": "dispatched", "raised": True}, "escalated"),
        ({"status": "handling", "overdue": True}, "overdue"),
        ({"status": "accepted"}, None),
        ({"status": "handling"}, None),
    ],
)
def test_the_lead_is_told_of_what_matters(changes: dict[str, Any], about: str | None) -> None:
    case = opened(2)
    case.do(ChildChanged, by=SYSTEM, **word(**changes))
    told = [notice.context["about"] for notice in case.notices if notice.template == "joint"]
    assert told == ([about] if about else [])
    assert case.told("joint") == ([WATER] if about else [])


def test_a_child_that_goes_up_or_is_overdue_says_so() -> None:
    joint = Joint(a_full_case())
    child = joint.open(1).until(at("2026-09-15 09:00"))
    joint.deliver()
    assert child.state.level < Level.STREET
    told = [notice.context["about"] for notice in joint.parent.notices if notice.template == "joint"]
    assert "escalated" in told
    assert "overdue" in told


def test_a_return_asked_for_below_is_known_above() -> None:
    joint = Joint(a_full_case())
    child = joint.open(1)
    child.do(RequestReturn, by=handler(ROADS), reason="not ours")
    joint.deliver()
    assert entry(joint.parent).status == "return_requested"
    assert joint.parent.told("joint") == [WATER]


def test_a_new_owner_or_supervisor_of_the_parent_does_not_touch_the_children() -> None:
    joint = Joint(a_full_case())
    child = joint.open(1)
    before = child.state
    joint.parent.do(Reassign, by=supervisor(CITY), lead=POWER, reason="theirs")
    joint.parent.until(joint.parent.now + timedelta(hours=9))
    joint.deliver()
    assert child.state == before
    assert joint.parent.state.owner == POWER


# Closing.


def test_the_parent_closes_only_when_its_mandatory_children_have() -> None:
    joint = Joint(a_full_case())
    first, second = joint.open(1), joint.open(2)
    joint.open(3, mandatory=False)
    joint.parent.submitted()
    first.closed()
    joint.deliver()
    with pytest.raises(CommandRefused) as caught:
        joint.parent.do(CloseCase, by=OPERATOR)
    assert caught.value.params["children"] == number_of(2)
    second.closed()
    joint.deliver()
    (done,) = joint.parent.of_kind("children_done")
    assert done.row == 21
    assert [n.context["about"] for n in joint.parent.notices if n.template == "joint"][-1] == "all_done"
    joint.parent.do(CloseCase, by=OPERATOR)
    assert joint.parent.state.closed_at is not None


def test_a_waived_child_is_not_waited_for_and_its_owner_is_told() -> None:
    case = opened().submitted()
    case.do(ChildChanged, by=SYSTEM, **word())
    with refused(case, RefusalCode.REASON_REQUIRED):
        case.do(WaiveChild, by=handler(WATER), child=ONE, reason="")
    case.do(WaiveChild, by=handler(WATER), child=ONE, reason="the road is dry")
    assert entry(case).waived == "the road is dry"
    assert ROADS in case.told("joint")
    assert len(case.of_kind("children_done")) == 1
    case.do(CloseCase, by=OPERATOR)
    with refused(case, RefusalCode.NOT_ALLOWED_IN_STATE):
        case.do(WaiveChild, by=DISPATCHER, child=ONE, reason="again")


def test_a_closed_child_is_not_waived() -> None:
    case = opened()
    case.do(ChildChanged, by=SYSTEM, **word(status="closed"))
    with refused(case, RefusalCode.ITEM_SETTLED):
        case.do(WaiveChild, by=handler(WATER), child=ONE, reason="why")


def test_a_parent_with_open_children_is_not_cancelled() -> None:
    case = opened()
    with refused(case, RefusalCode.CHILDREN_OPEN):
        case.do(CancelCase, by=OPERATOR, reason="a mistake")
    case.do(ChildChanged, by=SYSTEM, **word(status="cancelled"))
    case.do(CancelCase, by=OPERATOR, reason="a mistake")
    assert case.state.status is Status.CANCELLED


def test_a_parent_with_open_children_is_not_merged_away() -> None:
    case = a_case(decision=decision(None))
    case.do(ChildChanged, by=SYSTEM, **word())
    with refused(case, RefusalCode.CHILDREN_OPEN):
        case.do(MergeInto, by=OPERATOR, master=PARENT)
    case.do(ChildChanged, by=SYSTEM, **word(seq=9, status="closed"))
    case.do(MergeInto, by=OPERATOR, master=PARENT)
    assert case.state.status is Status.MERGED


def test_a_child_reopened_is_waited_for_again() -> None:
    case = opened().submitted()
    case.do(ChildChanged, by=SYSTEM, **word(seq=9, status="closed"))
    case.do(ChildChanged, by=SYSTEM, **word(seq=12, status="dispatched"))
    assert [n.context["about"] for n in case.notices if n.template == "joint"] == [
        "closed", "all_done", "reopened",
    ]  # fmt: skip
    with refused(case, RefusalCode.CHILDREN_OPEN):
        case.do(CloseCase, by=OPERATOR)


# Joining.


def test_an_open_case_joins_a_parent_and_says_so() -> None:
    case = a_case()
    before = case.state
    outcome = case.do(JoinParent, by=DISPATCHER, parent=PARENT, mandatory=False, reason="the same burst main")
    assert case.state.parent == PARENT
    (order,) = outcome.orders
    assert order.case_no == PARENT
    assert order.command is not None
    assert (order.command.child, order.command.mandatory, order.command.seq) == (
        before.case_no, False, case.state.seq,
    )  # fmt: skip
    assert case.state.deadlines == before.deadlines, "its clocks are its own"
    assert (case.state.owner, case.state.supervisors) == (before.owner, before.supervisors)
    assert case.told("joint") == [WATER]


def test_whoever_joined_speaks_from_then_on() -> None:
    case, parent = joined(), a_full_case(case_no=PARENT)
    case.signed_in()
    words = [order.command for order in case.orders]
    assert [one.status for one in words if one is not None] == ["dispatched", "accepted"]
    for one in words:
        assert one is not None
        parent.do(
            ChildChanged,
            by=SYSTEM,
            **word(one.child, seq=one.seq, status=one.status, mandatory=one.mandatory),
        )
    assert [child.status for child in parent.state.children] == ["accepted"]
    assert [fact.kind for fact in parent.facts if fact.kind.startswith("child_")] == [
        "child_joined", "child_changed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        {"parent": "20260914-0000-0001"},
        {"parent": PARENT, "ancestors": (PARENT, "20260914-0000-0001")},
    ],
)
def test_no_case_is_above_itself(fields: dict[str, Any]) -> None:
    case = a_case()
    with refused(case, RefusalCode.OWN_PARENT):
        case.do(JoinParent, by=DISPATCHER, **fields)


def test_a_parent_does_not_join_its_own_child_and_nobody_has_two() -> None:
    case = opened()
    with refused(case, RefusalCode.OWN_PARENT):
        case.do(JoinParent, by=DISPATCHER, parent=ONE)
    case = joined()
    with refused(case, RefusalCode.HAS_PARENT):
        case.do(JoinParent, by=DISPATCHER, parent=ONE)


def test_two_that_joined_each_other_do_not_wait_for_each_other() -> None:
    case = joined()
    case.do(ChildChanged, by=SYSTEM, **word(PARENT, mandatory=True, owner=POWER))
    case.submitted().do(CloseCase, by=OPERATOR)
    assert case.state.closed_at is not None


def test_a_case_without_children_or_parent_owes_nobody_a_word() -> None:
    case = a_full_case().closed()
    assert case.orders == []


# E7.


def test_children_in_two_streets_are_commanded_by_the_district() -> None:
    case = a_full_case()
    case.do(OpenChild, by=handler(WATER), begin=child_begin(place=OTHER_STREET), text="x")
    assert (case.state.level, case.state.supervisors) == (Level.DISTRICT, (DISTRICT,))
    assert case.state.owner == WATER
    (raised,) = case.of_kind("escalated")
    assert raised.data["trigger"] == "E7"
    case.do(OpenChild, by=handler(WATER), begin=child_begin(2, place=OTHER_DISTRICT), text="x")
    assert (case.state.level, case.state.supervisors) == (Level.CITY, (DISTRICT, CITY))
    case.do(OpenChild, by=handler(WATER), begin=child_begin(3, place=OTHER_DISTRICT), text="x")
    assert len(case.of_kind("escalated")) == 2, "no higher than the city"


def test_a_functional_zone_counts_as_a_district() -> None:
    zoned = replace(
        PLACE, zones=(ZoneRef(kind="functional_zone", code="z1", name="一开发区", precedence=10),)
    )
    case = a_full_case()
    case.do(OpenChild, by=handler(WATER), begin=child_begin(place=zoned), text="x")
    assert case.state.level is Level.CITY


def test_children_of_one_street_stay_where_they_are() -> None:
    assert opened(3).state.level is Level.STREET


def test_children_raise_no_case_that_began_before_the_rulebook() -> None:
    case = a_case()
    case.do(OpenChild, by=handler(WATER), begin=child_begin(place=OTHER_DISTRICT), text="x")
    assert (case.state.level, case.state.supervisors) == (Level.STREET, ())


@pytest.mark.parametrize(
    ("streets", "districts", "level"),
    [
        (("a", "b"), ("d",), Level.DISTRICT),
        (("a", "b"), ("d", "e"), Level.CITY),
        (("a",), ("d",), Level.STREET),
        ((), ("d", "z"), Level.CITY),
    ],
)
def test_a_marked_span_raises_to_the_level_that_holds_it(
    streets: tuple[str, ...], districts: tuple[str, ...], level: Level
) -> None:
    case = a_full_case().handling()
    armed = case.future
    case.do(
        MarkSpan, by=handler(WATER), areas=("a", "b"), streets=streets, districts=districts, reason="seen"
    )
    assert (case.state.level, case.state.owner) == (level, WATER)
    assert case.state.span == ("a", "b")
    assert (len(case.state.supervisors) == 1) == (level is not Level.STREET)
    assert set(armed) <= set(case.future), "no deadline moves"
    (fact,) = case.of_kind("span_marked")
    assert fact.data["trigger"] == "E7"


def test_a_span_marked_twice_adds_up_and_raises_once() -> None:
    case = a_full_case()
    case.do(MarkSpan, by=DISPATCHER, areas=("a", "b"), streets=("a", "b"), districts=("d",))
    case.do(MarkSpan, by=DISPATCHER, areas=("b", "c"), streets=("a", "b", "c"), districts=("d",))
    assert case.state.span == ("a", "b", "c")
    assert len(case.of_kind("escalated")) == 1


def test_an_event_that_reaches_over_a_border_begins_higher() -> None:
    wide = a_full_case(span=("c-d1-s2",), floor=Level.DISTRICT, trigger="E7")
    assert (wide.state.level, wide.state.span) == (Level.DISTRICT, ("c-d1-s2",))
    assert wide.state.owner == WATER
    (fact,) = wide.of_kind("escalated")
    assert (fact.data["trigger"], fact.data["level"]) == ("E7", "DISTRICT")
    old = a_case(span=("c-d1-s2",), floor=Level.DISTRICT, trigger="E7")
    assert old.state.level is Level.STREET, "rules from before the rulebook know no E7"


# The whole, at random.


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_the_order_the_parent_ends_last_and_knows_its_children(data: st.DataObject) -> None:
    joint = Joint(a_full_case())
    count = data.draw(st.integers(1, 4))
    for n in range(1, count + 1):
        joint.open(n, mandatory=data.draw(st.booleans()))
    steps = [(n, k) for n in range(1, count + 1) for k in range(4)]
    backlog: list[ChildChanged] = []
    for n, _ in data.draw(st.permutations(steps)):
        child = joint.children[number_of(n)]
        advance(child)
        new = child.orders[joint.taken[number_of(n)] :]
        joint.taken[number_of(n)] = len(child.orders)
        backlog += [order.command for order in new if order.command is not None]
        if data.draw(st.booleans()):
            for one in data.draw(st.permutations(backlog)):
                joint.tell(one)
                joint.tell(one)
            backlog = []
    for one in reversed(backlog):
        joint.tell(one)
    for known in joint.parent.state.children:
        state = joint.children[known.case_no].state
        assert (known.status, known.owner) == (state.status.value, state.owner)
    waiting = any(
        child.mandatory and joint.children[child.case_no].state.closed_at is None
        for child in joint.parent.state.children
    )
    joint.parent.submitted()
    if waiting:
        with refused(joint.parent, RefusalCode.CHILDREN_OPEN):
            joint.parent.do(CloseCase, by=OPERATOR)
    else:
        joint.parent.do(CloseCase, by=OPERATOR)
        assert joint.parent.state.closed_at is not None


def advance(child: Played) -> None:
    """Take a child one step further on its ordinary way."""
    if child.state.status is Status.DISPATCHED:
        child.signed_in()
    elif child.state.status is Status.ACCEPTED:
        child.handling()
    elif child.state.status is Status.HANDLING:
        child.submitted()
    elif child.state.status is Status.FEEDBACK:
        child.do(CloseCase, by=OPERATOR)


def test_two_hundred_children_still_fit_into_a_message() -> None:
    case = opened(MOST_CHILDREN)
    for n in range(1, MOST_CHILDREN + 1):
        case.do(ChildChanged, by=SYSTEM, **word(number_of(n), district="c-d1", street="c-d1-s1"))
    text = TypeAdapter(CaseState).dump_json(case.state)
    assert len(text) < 1_000_000, "Temporal takes two megabytes"
    assert json.loads(text)["children"][0]["case_no"] == ONE


def test_every_command_of_the_room_is_carried_out_here() -> None:
    assert set(HANDLERS) == {
        "open_child", "join_parent", "child_changed", "waive_child", "see_children", "mark_span",
    }  # fmt: skip
