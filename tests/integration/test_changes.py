"""What changed is written with each step, and read by everybody in one order without a gap."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from domain.change import ChangeKind, Position, UnableToReadPosition, position_of
from domain.views import Record
from store.changes import Told, UnableToGoOn, tell_changes
from store.engine import Store, open_store
from tests.integration.store_samples import NOW, case_no, fact, report, view

BEFORE_ALL = Position(0, 1)


def step(n: int, seq: int = 1, **changes: object) -> Record:
    made = replace(view(n), seq=seq, **changes)  # type: ignore[arg-type]
    return Record(view=made, facts=(fact(seq),), notices=())


def told(number: str) -> Told:
    return Told(
        kind=ChangeKind.CASE, number=number, status="filed", severity=3, units=("u",), areas=("a",), at=NOW
    )


def put(store: Store, one: Told) -> None:
    store._write(lambda connection: tell_changes(connection, [one]))


def read(store: Store, after: Position = BEFORE_ALL, limit: int = 500) -> list[str]:
    return [one.number for one in store.changes_after(after=after, limit=limit)]


def test_a_new_report_and_each_step_of_a_case_are_changes_once(store: Store) -> None:
    store.accept_many(reports=[report(1), report(2)])
    store.accept_many(reports=[report(1)])  # a repetition changes nothing
    first = step(1)
    store.record(record=first)
    store.record(record=first)  # delivered twice
    store.record_many(records=[(step(1, seq=2), None), (step(1, seq=3, status="handling"), None)])
    found = store.changes_after(after=BEFORE_ALL, limit=50)
    assert [(one.kind, one.number, one.status) for one in found] == [
        ("case", case_no(1), "received"),
        ("case", case_no(2), "received"),
        ("case", case_no(1), "dispatched"),
        ("case", case_no(1), "handling"),
    ]
    assert [one.position for one in found] == sorted({one.position for one in found})
    assert (found[0].units, found[0].areas, found[0].at) == ((), (), NOW)
    assert found[3].units == ("dept-1", "street-1")
    assert found[3].areas == ("wh", "d1", "s1", "z1")
    assert found[3].severity == 3
    assert found[3].at == fact(3).at
    assert store.last_change() == found[-1].position
    assert position_of(found[-1].id) == found[-1].position


def test_whoever_had_a_part_in_it_is_told_that_it_leaves_them(store: Store) -> None:
    store.record(record=step(1))
    last = store.last_change()
    store.record(record=step(1, seq=2, owner="street-2", district="d2", street=None))
    (found,) = store.changes_after(after=last, limit=5)
    assert set(found.units) == {"street-1", "street-2", "dept-1"}
    assert set(found.areas) == {"wh", "d1", "d2", "s1", "z1"}


def test_an_old_step_that_comes_late_is_no_change(store: Store) -> None:
    store.record(record=step(1, seq=5))
    last = store.last_change()
    store.record(record=step(1, seq=4))
    assert read(store, last) == []


def test_what_is_rolled_back_was_no_change(store: Store) -> None:
    def work(connection: Connection) -> None:
        tell_changes(connection, [told("never")])
        raise LookupError

    with pytest.raises(LookupError):
        store._write(work)
    put(store, told("then"))
    assert read(store) == ["then"]


@pytest.mark.postgres
def test_transactions_that_end_in_another_order_lose_nothing(postgresql_url: str) -> None:
    """The first to write its row is the last to end: whoever has read on from the others still finds it."""
    store = open_store(postgresql_url, pool=4)
    wrote, may_end = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        tell_changes(connection, [told("slow")])
        wrote.set()
        assert may_end.wait(60)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(store._write, slow)
        assert wrote.wait(60)
        put(store, told("quick"))
        # The quick one is there, but read only when nothing can come before it any more.
        with store._reader.begin() as connection:
            visible = connection.execute(text("SELECT number FROM changes WHERE kind = 'case'")).scalars()
            assert list(visible) == ["quick"]
        assert read(store) == []
        may_end.set()
        running.result()
    assert read(store) == ["slow", "quick"]
    store.close()


@pytest.mark.postgres
def test_readers_beside_many_writers_hear_everything_once_in_one_order(postgresql_url: str) -> None:
    store = open_store(postgresql_url, pool=10)
    writers, each = 6, 25
    done = threading.Event()

    def write(name: int) -> None:
        for n in range(each):
            numbers = [told(f"{name}-{n}-{k}") for k in range(3)]

            def work(connection: Connection, numbers: list[Told] = numbers) -> None:
                for one in numbers:  # one by one: the rows of several transactions lie between each other
                    tell_changes(connection, [one])

            store._write(work)

    def follow() -> list[str]:
        found, at = [], BEFORE_ALL
        while True:
            last_look = done.is_set()
            more = store.changes_after(after=at, limit=7)
            found += [one.number for one in more]
            if more:
                at = more[-1].position
            elif last_look:
                return found

    with ThreadPoolExecutor(writers + 2) as pool:
        readers = [pool.submit(follow) for _ in range(2)]
        for writing in [pool.submit(write, name) for name in range(writers)]:
            writing.result()
        done.set()
        one, other = (reader.result() for reader in readers)
    assert one == other
    assert sorted(one) == sorted(
        f"{a}-{n}-{k}" for a in range(writers) for n in range(each) for k in range(3)
    )
    store.close()


def test_old_changes_are_deleted_and_whoever_needs_them_is_told(store: Store) -> None:
    name = store.name_of_changes()
    for n in range(6):
        put(store, replace(told(f"c{n}"), at=NOW + timedelta(hours=n)))
    there = store.changes_after(after=BEFORE_ALL, limit=10)
    assert store.prune_changes(before=NOW, limit=10) == 0
    assert store.prune_changes(before=NOW + timedelta(hours=3), limit=2) == 2  # a little at a time
    assert store.prune_changes(before=NOW + timedelta(hours=3), limit=10) == 1
    assert store.prune_changes(before=NOW + timedelta(hours=3), limit=10) == 0
    for gone in (BEFORE_ALL, there[0].position, there[1].position):
        with pytest.raises(UnableToGoOn):
            store.changes_after(after=gone, limit=10)
    assert read(store, there[2].position) == ["c3", "c4", "c5"]  # the last one deleted is the mark
    assert store.prune_changes(before=NOW + timedelta(days=9), limit=10) == 3
    assert store.last_change() == there[5].position
    assert read(store, there[5].position) == []
    assert store.name_of_changes() == name
    put(store, told("later"))
    assert read(store, there[5].position) == ["later"]


@pytest.mark.postgres
def test_changes_a_dump_brought_from_another_server_begin_anew(postgresql_url: str) -> None:
    """Its transaction numbers are ahead of ours: without this, what is new would stand before what is old."""
    store = open_store(postgresql_url)
    put(store, told("old"))
    store._write(lambda connection: connection.execute(text("UPDATE changes SET xact = xact + 900000000")))
    put(store, told("new"))
    assert store.prune_changes(before=NOW, limit=10) == 0
    begun = store.last_change()
    assert read(store, begun) == []
    put(store, told("newer"))
    assert read(store, begun) == ["newer"]
    assert store.prune_changes(before=NOW, limit=10) == 0
    assert read(store, begun) == ["newer"]
    store.close()


def test_a_position_reads_as_it_is_written() -> None:
    assert position_of("12-7") == Position(12, 7)
    assert str(Position(12, 7)) == "12-7"
    assert Position(2, 9) < Position(10, 1)
    for wrong in ("", "12", "a-b", "1-2-3", "-1-2", "1-2\n", "1" * 20 + "-1"):
        with pytest.raises(UnableToReadPosition):
            position_of(wrong)
