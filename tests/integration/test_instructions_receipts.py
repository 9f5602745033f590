"""Receipts, replies, passing on, ends, and the lists of them; on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.actor import Role
from domain.instruction import (
    ActKind,
    Counts,
    InstructionRefused,
    InstructionState,
    ReceiverState,
)
from domain.place import Level
from store.engine import Store
from store.filters import UnableToReadCursor
from store.instructions import UnableToFindInstruction, UnableToTellSoMany
from store.rows import Answered, Conflict
from tests.integration.instruction_samples import (
    HOUR,
    ISSUER,
    PLENTY,
    act,
    fire,
    inbox,
    issue,
    numbered,
    order,
    read,
    state,
    timer_rows,
    told,
    total,
)
from tests.integration.store_samples import NOW


def test_where_a_reply_is_asked_for_reading_is_not_enough(store: Store) -> None:
    issue(store, order(reply_required=True), told(1))
    read(store, "1-COMMUNITY")
    assert state(store) is InstructionState.OPEN
    reply = act(ActKind.REPLY, "1-COMMUNITY", text="缺失 2 个，已补装", minutes=5)
    for repeated in (False, True):
        assert store.receive_instruction(
            number=numbered(1), act=reply, request_id="reply", digest="r"
        ) == Answered(number=numbered(1), repeated=repeated)
    assert store.receive_instruction(
        number=numbered(1), act=replace(reply, text="x"), request_id="reply", digest="s"
    ) == Conflict(code="request_id_reused", number="reply")
    assert state(store) is InstructionState.COMPLETE
    assert total(store) == Counts(total=1, replied=1)
    mine = store.instruction_receiver(number=numbered(1), unit="1-COMMUNITY")
    assert mine is not None
    assert (mine.reply, mine.read_at, mine.replied_at) == (
        "缺失 2 个，已补装",
        NOW + timedelta(minutes=1),
        NOW + timedelta(minutes=5),
    )
    supplement = act(ActKind.REPLY, "1-COMMUNITY", text="补充：均已补装", minutes=9)
    store.receive_instruction(number=numbered(1), act=supplement, request_id="reply-2", digest="t")
    mine = store.instruction_receiver(number=numbered(1), unit="1-COMMUNITY")
    assert mine is not None
    assert (mine.reply, mine.replied_at) == ("补充：均已补装", NOW + timedelta(minutes=5))
    texts = [one.text for one in store.instruction_acts(number=numbered(1)) if one.kind == "reply"]
    assert texts == ["补充：均已补装", "缺失 2 个，已补装"], "every reply is kept"
    assert inbox(store, ISSUER) == ["instruction_report/complete"]


def test_what_is_passed_on_is_tracked_to_the_last_receiver(store: Store) -> None:
    issue(store, order(), told(2, kind="COMMAND", level=Level.STREET))
    for of in ("1-COMMAND", "2-COMMAND"):
        read(store, of)
    assert state(store) is InstructionState.COMPLETE
    below = tuple(replace(one, parent="1-COMMAND") for one in told(3))
    passed = act(ActKind.PASS_ON, "1-COMMAND", minutes=10)
    for repeated in (False, True):
        assert store.receive_instruction(
            number=numbered(1), act=passed, request_id="pass", digest="p", below=below, most=PLENTY
        ) == Answered(number=numbered(1), told=3, repeated=repeated)
    # The other street names one that was told already: it stays the first one's.
    others = tuple(replace(one, parent="2-COMMAND") for one in told(4))
    by_two = act(ActKind.PASS_ON, "2-COMMAND", minutes=11)
    assert store.receive_instruction(
        number=numbered(1), act=by_two, request_id="pass-2", digest="p", below=others, most=PLENTY
    ) == Answered(number=numbered(1), told=1)
    assert state(store) is InstructionState.OPEN, "it waits for the new ones"
    page = store.instruction_receivers(number=numbered(1), limit=10)
    assert [(one.n, one.unit, one.parent) for one in page.receivers] == [
        (1, "1-COMMAND", None),
        (2, "2-COMMAND", None),
        (3, "1-COMMUNITY", "1-COMMAND"),
        (4, "2-COMMUNITY", "1-COMMAND"),
        (5, "3-COMMUNITY", "1-COMMAND"),
        (6, "4-COMMUNITY", "2-COMMAND"),
    ]
    assert store.instruction_counts(number=numbered(1)) == {
        Level.STREET: Counts(total=2, read=2),
        Level.COMMUNITY: Counts(total=4, told=4, missing=4),
    }
    assert inbox(store, "4-COMMUNITY") == ["instruction/told"]
    for n in range(1, 5):
        read(store, f"{n}-COMMUNITY", minutes=20 + n)
    assert state(store) is InstructionState.COMPLETE
    assert inbox(store, ISSUER) == ["instruction_report/complete"] * 2


def test_more_than_is_tracked_is_refused_as_a_whole(store: Store) -> None:
    issue(store, order(), told(2, kind="COMMAND", level=Level.STREET))
    passed = act(ActKind.PASS_ON, "1-COMMAND")
    with pytest.raises(UnableToTellSoMany):
        store.receive_instruction(
            number=numbered(1), act=passed, request_id="p", digest="p", below=told(3), most=4
        )
    assert total(store) == Counts(total=2, told=2, missing=2)


def test_a_withdrawal_is_told_to_everybody_and_a_closing_to_who_is_missing(store: Store) -> None:
    for n, kind in ((1, ActKind.WITHDRAW), (2, ActKind.CLOSE)):
        issue(store, order(n), told(2), request_id=f"issue-{n}")
        read(store, "1-COMMUNITY", key=f"read-{n}", n=n)
        done = act(kind, ISSUER, text="不再需要", role=Role.LEADER)
        for _ in range(2):
            store.end_instruction(number=numbered(n), act=done, request_id=f"end-{n}", digest="e")
        with pytest.raises(InstructionRefused):
            store.end_instruction(number=numbered(n), act=done, request_id=f"end-again-{n}", digest="e")
    assert (state(store, 1), state(store, 2)) == (InstructionState.WITHDRAWN, InstructionState.CLOSED)
    both = ["instruction/told", "instruction/withdrawn", "instruction/told"]
    assert inbox(store, "1-COMMUNITY") == both
    assert inbox(store, "2-COMMUNITY") == [*both, "instruction/closed"]
    for row in timer_rows(store, after=2 * HOUR):
        assert fire(store, row, after=2 * HOUR) == 0
    assert inbox(store, "2-COMMUNITY") == [*both, "instruction/closed"]
    assert inbox(store, ISSUER) == []


def test_a_correction_takes_the_place_of_the_old_one_and_tells_who_is_left_out(store: Store) -> None:
    issue(store, order(), told(3))
    issue(store, order(2, corrects=numbered(1)), told(2), request_id="issue-2")
    old, new = store.instruction(number=numbered(1)), store.instruction(number=numbered(2))
    assert old is not None
    assert new is not None
    assert (old.state, old.corrected_by, new.corrects) == (
        InstructionState.CORRECTED,
        numbered(2),
        numbered(1),
    )
    assert inbox(store, "2-COMMUNITY") == ["instruction/told", "instruction/told"]
    assert inbox(store, "3-COMMUNITY") == ["instruction/told", "instruction/corrected"]


def test_who_was_not_told_is_refused_and_a_number_nobody_has(store: Store) -> None:
    issue(store, order(), told(1))
    with pytest.raises(InstructionRefused):
        read(store, "9-COMMUNITY")
    with pytest.raises(UnableToFindInstruction):
        read(store, "1-COMMUNITY", n=5)
    assert [one.kind for one in store.instruction_acts(number=numbered(1))] == ["issue"]


def test_pages_show_everybody_once_in_the_order_told(store: Store) -> None:
    issue(store, order(), told(25))
    for n in (3, 4):
        read(store, f"{n}-COMMUNITY")
    found: list[int] = []
    cursor = None
    while True:
        page = store.instruction_receivers(number=numbered(1), limit=10, cursor=cursor)
        found += [one.n for one in page.receivers]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == list(range(1, 26))
    for of, some in ((ReceiverState.READ, [3, 4]), (ReceiverState.REPLIED, [])):
        page = store.instruction_receivers(number=numbered(1), limit=10, state=of)
        assert [one.n for one in page.receivers] == some
    some_told = store.instruction_receivers(number=numbered(1), limit=3, state=ReceiverState.TOLD)
    assert [one.n for one in some_told.receivers] == [1, 2, 5]
    done = store.instruction_receivers(number=numbered(1), limit=10, missing=False, level=Level.COMMUNITY)
    assert [one.n for one in done.receivers] == [3, 4]
    assert store.instruction_receivers(number=numbered(1), limit=9, parent="x").receivers == ()
    with pytest.raises(UnableToReadCursor):
        store.instruction_receivers(number=numbered(1), limit=9, cursor="x")


def test_lists_are_a_units_own_or_an_issuers_newest_first(store: Store) -> None:
    for n in range(1, 6):
        issuer = ISSUER if n != 3 else "420103-COMMAND"
        issue(store, order(n, issuer=issuer), told(n), request_id=f"issue-{n}")
    read(store, "4-COMMUNITY", n=4)
    mine = store.received_instructions(unit="4-COMMUNITY", limit=5)
    assert [one.instruction.number for one in mine.instructions] == [numbered(5), numbered(4)]
    assert [one.receiver and one.receiver.n for one in mine.instructions] == [4, 4]
    owed = store.received_instructions(unit="4-COMMUNITY", limit=5, missing=True)
    assert [one.instruction.number for one in owed.instructions] == [numbered(5)]
    closed = store.received_instructions(unit="4-COMMUNITY", limit=5, state=InstructionState.CLOSED)
    assert closed.instructions == ()
    first = store.issued_instructions(issuer=ISSUER, limit=3)
    assert [one.instruction.number for one in first.instructions] == [numbered(n) for n in (5, 4, 2)]
    rest = store.issued_instructions(issuer=ISSUER, limit=3, cursor=first.next_cursor)
    assert ([one.instruction.number for one in rest.instructions], rest.next_cursor) == ([numbered(1)], None)
    page = store.received_instructions(unit="1-COMMUNITY", limit=2)
    after = store.received_instructions(unit="1-COMMUNITY", limit=9, cursor=page.next_cursor)
    assert [one.instruction.number for one in after.instructions] == [numbered(n) for n in (3, 2, 1)]
