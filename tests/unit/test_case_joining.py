"""Cases that join a parent, spans that raise it, and whole joint lives at random (E7, rows of joint handling)."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from domain.case import CaseState, Status
from domain.errors import RefusalCode
from domain.messages import CloseCase
from domain.messages_command import (
    ChildChanged,
    JoinParent,
    MarkSpan,
    OpenChild,
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
    SYSTEM,
    WATER,
    Played,
    a_case,
    a_full_case,
    handler,
    refused,
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
from tests.unit.test_case_joint import ONE, Joint, word

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
