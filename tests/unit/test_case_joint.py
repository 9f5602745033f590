"""Joint handling: a parent with its children, each told of the other, the parent closing last (row 21, E7)."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from domain.case import Outcome, Status
from domain.decide import decide
from domain.errors import CommandRefused, RefusalCode
from domain.messages import CancelCase, CloseCase, MergeInto, Reassign, RequestReturn
from domain.messages_command import (
    ChildChanged,
    OpenChild,
    SeeChildren,
    WaiveChild,
)
from domain.place import Level
from domain.rows_joint import MOST_CHILDREN
from tests.unit.builders import (
    CITY,
    DISPATCHER,
    DISTRICT,
    OPERATOR,
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
    PARENT,
    child_begin,
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
