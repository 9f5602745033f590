"""Instructions in the store: told, read, replied, passed on, reminded; on both databases."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from time import sleep

import pytest
from sqlalchemy import create_engine, text

from domain.actor import Actor, Role
from domain.identifiers import number
from domain.instruction import (
    Act,
    ActKind,
    Counts,
    Instruction,
    InstructionRefused,
    InstructionState,
    Receiver,
    ReceiverState,
    Timer,
    Wave,
)
from domain.limit import Limit
from domain.place import Level
from store.engine import Store, open_store
from store.filters import UnableToReadCursor
from store.instructions import UnableToFindInstruction, UnableToTellSoMany
from store.rows import Answered, Conflict, OutboxKind, OutboxRow
from tests.integration.store_samples import DAY, NOW, unit

ISSUER = "420102-COMMAND"
LEADER = Actor(id="li", role=Role.LEADER, unit=ISSUER)
HOUR = timedelta(hours=1)
TIMERS = (Timer(wave=Wave.HALF, at=NOW + HOUR), Timer(wave=Wave.DUE, at=NOW + 2 * HOUR))
TIMER, NOTIFY = (OutboxKind.INSTRUCTION_TIMER,), (OutboxKind.NOTIFY,)
PLENTY = 100_000


def numbered(n: int) -> str:
    return f"INS-{number(day=DAY, random_bits=n)}"


def order(n: int = 1, **changes: object) -> Instruction:
    made = Instruction(
        number=numbered(n),
        title="汛期井盖排查",
        text="请排查。",
        issuer=ISSUER,
        level=Level.DISTRICT,
        issued_by=LEADER,
        issued_at=NOW,
        time_limit=Limit.parse("2UH"),
        due_at=NOW + 2 * HOUR,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def told(count: int, *, kind: str = "COMMUNITY", level: Level = Level.COMMUNITY) -> tuple[Receiver, ...]:
    return tuple(Receiver(n=n, unit=f"{n}-{kind}", level=level, told_at=NOW) for n in range(1, count + 1))


def issue(
    store: Store,
    made: Instruction,
    receivers: Sequence[Receiver],
    *,
    request_id: str = "issue-1",
    digest: str = "d",
) -> Answered | Conflict:
    return store.issue_instruction(
        instruction=replace(made, receivers=len(receivers)),
        receivers=receivers,
        timers=TIMERS,
        request_id=request_id,
        digest=digest,
    )


def act(kind: ActKind, of: str, *, text: str = "", minutes: int = 1, role: Role = Role.HANDLER) -> Act:
    actor = Actor(id=f"of-{of}", role=role, unit=of)
    return Act(kind=kind, actor=actor, at=NOW + timedelta(minutes=minutes), text=text)


def read(store: Store, of: str, *, minutes: int = 1, key: str = "", n: int = 1) -> Answered | Conflict:
    done = act(ActKind.READ, of, minutes=minutes)
    return store.receive_instruction(
        number=numbered(n), act=done, request_id=key or f"read-{of}-{minutes}", digest="read"
    )


def timer_rows(store: Store, *, after: timedelta, worker: str = "a") -> list[OutboxRow]:
    return store.claim(kinds=TIMER, limit=10, now=NOW + after, worker=worker, lease_s=30.0)


def fire(store: Store, row: OutboxRow, *, after: timedelta) -> int:
    wave = Wave(row.payload["wave"])
    return store.fire_instruction(
        outbox_id=row.id, key=row.key, number=row.case_no, wave=wave, now=NOW + after
    )


def inbox(store: Store, of: str) -> list[str]:
    """Return what a unit finds in its inbox, oldest first: template and what it is about."""
    messages = store.inbox_messages(unit=of, limit=50).messages
    return [f"{one.template}/{one.context['about']}" for one in reversed(messages)]


def state(store: Store, n: int = 1) -> InstructionState:
    found = store.instruction(number=numbered(n))
    assert found is not None
    return found.state


def total(store: Store, n: int = 1) -> Counts:
    return sum(store.instruction_counts(number=numbered(n)).values(), start=Counts())


def test_two_thousand_are_told_in_one_transaction_and_a_repetition_answers_the_same(store: Store) -> None:
    first = [unit(f"{n}-COMMUNITY", ("email", f"u{n}@example.org"), ("in_app", "x")) for n in range(1, 11)]
    store.publish_units(units=first, version="v1")
    receivers = told(2_000)
    assert issue(store, order(), receivers) == Answered(number=numbered(1), told=2_000)
    assert issue(store, order(2), receivers) == Answered(number=numbered(1), told=2_000, repeated=True)
    assert issue(store, order(3), receivers, digest="other") == Conflict(
        code="request_id_reused", number="issue-1"
    )
    assert issue(store, order(1), receivers, request_id="else") == Conflict(
        code="number_taken", number=numbered(1)
    )
    assert store.instruction(number=numbered(2)) is None
    assert store.instruction(number=numbered(3)) is None
    kept = store.instruction(number=numbered(1))
    assert kept == order(receivers=2_000)
    assert total(store) == Counts(total=2_000, told=2_000, missing=2_000)
    assert (inbox(store, "1-COMMUNITY"), inbox(store, "2000-COMMUNITY")) == (["instruction/told"],) * 2
    assert (store.pending(kinds=TIMER), store.pending(kinds=NOTIFY)) == (2, 10)


def test_a_refused_correction_leaves_nothing(store: Store) -> None:
    issue(store, order(), told(3))
    ended = act(ActKind.WITHDRAW, ISSUER, text="误发", role=Role.LEADER)
    store.end_instruction(number=numbered(1), act=ended, request_id="w", digest="w")
    with pytest.raises(InstructionRefused):
        issue(store, order(2, corrects=numbered(1)), told(5), request_id="issue-2")
    with pytest.raises(UnableToFindInstruction):
        issue(store, order(2, corrects=numbered(9)), told(5), request_id="issue-2")
    assert store.instruction(number=numbered(2)) is None
    assert inbox(store, "5-COMMUNITY") == []
    assert store.pending(kinds=TIMER) == 2
    # The request id was not used up either.
    assert issue(store, order(2), told(5), request_id="issue-2") == Answered(number=numbered(2), told=5)


def test_only_who_is_missing_is_reminded_and_the_issuer_hears_who(store: Store) -> None:
    issue(store, order(), told(4))
    read(store, "1-COMMUNITY")
    assert timer_rows(store, after=timedelta(minutes=59)) == []
    (half,) = timer_rows(store, after=HOUR)
    assert fire(store, half, after=HOUR) == 3
    read(store, "2-COMMUNITY", minutes=90)
    (due,) = timer_rows(store, after=2 * HOUR)
    assert fire(store, due, after=2 * HOUR) == 2
    reminders = ["instruction_reminder/half", "instruction_reminder/due"]
    assert inbox(store, "1-COMMUNITY") == ["instruction/told"]
    assert inbox(store, "2-COMMUNITY") == ["instruction/told", reminders[0]]
    assert inbox(store, "3-COMMUNITY") == ["instruction/told", *reminders]
    (report,) = store.inbox_messages(unit=ISSUER, limit=5).messages
    assert report.template == "instruction_report"
    assert report.context["missing_units"] == "3-COMMUNITY 4-COMMUNITY"
    assert (report.context["missing"], report.context["total"]) == (2, 4)
    kept = store.instruction(number=numbered(1))
    assert kept is not None
    assert (kept.state, kept.reported_at) == (InstructionState.OPEN, NOW + 2 * HOUR)
    page = store.instruction_receivers(number=numbered(1), limit=10)
    assert [one.reminded for one in page.receivers] == [0, 1, 2, 2]
    assert store.pending(kinds=TIMER) == 0
    kinds = [one.kind for one in store.instruction_acts(number=numbered(1))]
    assert kinds == ["remind", "read", "remind", "read", "issue"]


def test_two_relays_never_remind_twice(database_url: str) -> None:
    stores = [open_store(database_url), open_store(database_url)]
    issue(stores[0], order(), told(50))
    (row,) = timer_rows(stores[0], after=HOUR)
    # The first relay's lease ran out while it was at work; the second has the row as well.
    (again,) = timer_rows(stores[1], after=HOUR + timedelta(seconds=31), worker="b")
    assert (again.id, again.lost) == (row.id, 1)
    together = Barrier(2)

    def carry_out(store: Store) -> int:
        together.wait()
        return fire(store, row, after=HOUR)

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(carry_out, stores)) == [0, 50]
    assert inbox(stores[0], "7-COMMUNITY") == ["instruction/told", "instruction_reminder/half"]
    assert {
        one.reminded for one in stores[0].instruction_receivers(number=numbered(1), limit=50).receivers
    } == {1}
    for store in stores:
        store.close()


def test_a_relay_that_dies_between_issue_and_reminder_is_followed_by_one_reminder(database_url: str) -> None:
    first = open_store(database_url)
    issue(first, order(), told(3))
    assert len(timer_rows(first, after=HOUR)) == 1
    first.close()  # died with the row claimed
    second = open_store(database_url)
    assert timer_rows(second, after=HOUR + timedelta(seconds=29), worker="b") == []
    (row,) = timer_rows(second, after=HOUR + timedelta(seconds=31), worker="b")
    assert fire(second, row, after=HOUR) == 3
    assert fire(second, row, after=HOUR) == 0
    assert inbox(second, "1-COMMUNITY") == ["instruction/told", "instruction_reminder/half"]
    second.close()


def test_a_reminder_that_comes_as_late_as_the_deadline_is_left_to_that(store: Store) -> None:
    issue(store, order(), told(1))
    half, due = timer_rows(store, after=3 * HOUR)
    assert (fire(store, half, after=3 * HOUR), fire(store, due, after=3 * HOUR)) == (0, 1)
    assert inbox(store, "1-COMMUNITY") == ["instruction/told", "instruction_reminder/due"]


def last_two(stores: Sequence[Store], *, meanwhile: Callable[[], None]) -> None:
    """Let the last two receivers read at once, each through a process of its own."""
    with ThreadPoolExecutor(2) as threads:
        found = [threads.submit(read, store, f"{n}-COMMUNITY") for n, store in enumerate(stores, start=1)]
        meanwhile()
        assert [one.result() for one in found] == [Answered(number=numbered(1))] * 2


def test_the_last_two_receivers_at_once_make_it_complete_once(database_url: str) -> None:
    stores = [open_store(database_url), open_store(database_url)]
    issue(stores[0], order(), told(2))
    last_two(stores, meanwhile=lambda: None)
    assert state(stores[0]) is InstructionState.COMPLETE
    assert inbox(stores[0], ISSUER) == ["instruction_report/complete"]
    (half,) = timer_rows(stores[0], after=HOUR)
    assert fire(stores[0], half, after=HOUR) == 0, "nobody is missing"
    assert inbox(stores[0], "1-COMMUNITY") == ["instruction/told"]
    for store in stores:
        store.close()


@pytest.mark.postgres
def test_neither_of_the_last_two_takes_the_other_for_missing(postgresql_url: str) -> None:
    """Hold the instruction until both wait for it: whoever counted before it waited would count wrong."""
    stores = [open_store(postgresql_url), open_store(postgresql_url)]
    issue(stores[0], order(), told(2))
    engine = create_engine(postgresql_url)
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with engine.connect() as holder, engine.connect() as connection:
        # A transaction would see the same activity for ever.
        watcher = connection.execution_options(isolation_level="AUTOCOMMIT")
        holder.execute(text("SELECT 1 FROM instructions FOR UPDATE"))

        def let_go_when_both_wait() -> None:
            while watcher.execute(waiting).scalar_one() < 2:
                sleep(0.01)
            holder.rollback()

        last_two(stores, meanwhile=let_go_when_both_wait)
    assert state(stores[0]) is InstructionState.COMPLETE
    for store in stores:
        store.close()
    engine.dispose()


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
