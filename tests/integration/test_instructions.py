"""Telling thousands, and reminding each at most once; on both databases."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from time import sleep

import pytest
from sqlalchemy import create_engine, text

from domain.actor import Role
from domain.instruction import (
    ActKind,
    Counts,
    InstructionRefused,
    InstructionState,
)
from store.engine import Store, open_store
from store.instructions import UnableToFindInstruction
from store.rows import Answered, Conflict
from tests.integration.instruction_samples import (
    HOUR,
    ISSUER,
    NOTIFY,
    TIMER,
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
from tests.integration.store_samples import NOW, unit


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
