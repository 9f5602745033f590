"""What a case owes other cases: written with its step, once, however often the step is recorded."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from domain.case import Outcome
from domain.messages_command import ChildChanged, JoinParent, OpenChild
from domain.views import record_of
from store.engine import Store
from store.rows import InboxStatus, OutboxKind, OutboxRow
from store.tables import commands, outbox
from tests.unit.builders import MONDAY, SYSTEM, WATER, Played, a_full_case, handler
from tests.unit.scenes_joint import PARENT, child_begin, number_of
from usecases.start_child import begin_of

ONE = number_of(1)
CHILD = OutboxKind.START_CHILD
WORD = OutboxKind.DELIVER_COMMAND


def recorded(store: Store, *outcomes: Outcome) -> None:
    store.record_many(records=[(record_of(outcome), None) for outcome in outcomes])


def begun(store: Store, **changes: Any) -> Played:
    """Return a case the store knows."""
    case = a_full_case(**changes)
    recorded(store, Outcome(state=case.state, facts=tuple(case.facts), notices=()))
    return case


def opened(case: Played) -> Outcome:
    return case.do(OpenChild, by=handler(WATER), begin=child_begin(), text="a part")


def owed(store: Store, kind: OutboxKind) -> list[OutboxRow]:
    return store.claim(kinds=(kind,), limit=99, now=MONDAY.replace(year=2030), worker="w", lease_s=0.0)


def test_a_child_is_a_case_at_once_and_its_start_is_owed_once(store: Store) -> None:
    case = begun(store)
    outcome = opened(case)
    recorded(store, outcome)
    recorded(store, outcome)
    view = store.case(case_no=ONE)
    assert view is not None
    assert (view.epoch, view.status, view.parent, view.category) == (
        0, "received", case.state.case_no, "road.hole",
    )  # fmt: skip
    (row,) = owed(store, CHILD)
    assert (row.key, row.case_no, row.priority) == (f"child:{ONE}", ONE, 3)
    begin = begin_of(row.payload)
    assert begin == case.orders[0].begin
    assert begin.parent == case.state.case_no


def test_a_child_that_runs_is_not_made_blank_by_a_late_repetition(store: Store) -> None:
    case = begun(store)
    outcome = opened(case)
    recorded(store, outcome)
    child = Played(outcome.orders[0].begin or child_begin())
    first = Outcome(state=child.state, facts=tuple(child.facts), orders=tuple(child.orders))
    recorded(store, first)
    recorded(store, outcome)
    view = store.case(case_no=ONE)
    assert view is not None
    assert (view.epoch, view.status) == (1, "dispatched")


def test_a_childs_word_is_a_command_of_its_parents_inbox(store: Store) -> None:
    case = begun(store)
    child = Played(replace(child_begin(), parent=case.state.case_no))
    first = Outcome(state=child.state, facts=tuple(child.facts), orders=tuple(child.orders))
    for _ in range(2):
        recorded(store, first)
    (row,) = owed(store, WORD)
    kept = store.command(request_id=row.payload["request_id"])
    assert kept is not None
    assert (kept.case_no, kept.status) == (case.state.case_no, InboxStatus.PENDING)
    assert isinstance(kept.command, ChildChanged)
    assert kept.command == child.orders[0].command
    assert row.priority == child.state.severity


def test_what_was_settled_is_not_owed_again(store: Store) -> None:
    case = begun(store)
    child = Played(replace(child_begin(), parent=case.state.case_no))
    first = Outcome(state=child.state, facts=tuple(child.facts), orders=tuple(child.orders))
    recorded(store, first)
    (row,) = owed(store, WORD)
    store.refuse_command(request_id=row.payload["request_id"], code="case_ended", params={}, at=MONDAY)
    recorded(store, first)
    assert owed(store, WORD) == []
    kept = store.command(request_id=row.payload["request_id"])
    assert kept is not None
    assert kept.status == InboxStatus.REFUSED


def test_a_word_to_a_case_nobody_has_is_left_out_and_holds_nothing_up(store: Store) -> None:
    case = begun(store)
    outcome = case.do(JoinParent, by=SYSTEM, parent=PARENT)
    recorded(store, outcome)
    view = store.case(case_no=case.state.case_no)
    assert view is not None
    assert view.parent == PARENT
    assert owed(store, WORD) == []


def test_nothing_is_owed_when_the_step_is_not_written(store: Store) -> None:
    case = begun(store)
    outcome = opened(case)
    nothing: Any = None
    record = record_of(outcome)
    broken = replace(record, view=replace(record.view, category=nothing))
    with pytest.raises(Exception, match=r"(?i)null"):
        store.record(record=broken)
    assert owed(store, CHILD) == []
    assert store.case(case_no=ONE) is None


def test_orders_are_plain_rows(store: Store) -> None:
    case = begun(store)
    recorded(store, opened(case))
    child = Played(child_begin(parent=case.state.case_no))
    recorded(store, Outcome(state=child.state, facts=tuple(child.facts), orders=tuple(child.orders)))
    with store._engine.connect() as connection:
        kinds = connection.execute(select(outbox.c.kind).order_by(outbox.c.kind)).scalars().all()
        sent = connection.execute(select(commands.c.kind)).scalars().all()
    assert [kind for kind in kinds if kind != "notify"] == ["deliver_command", "start_child"]
    assert list(sent) == ["child_changed"]
