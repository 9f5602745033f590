"""What came in is kept as it came, taken by one worker at a time, and settled once."""

import asyncio
import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.envelope import DeadCode
from store.engine import Store, open_store
from store.filters import UnableToReadCursor
from store.group_commit import GroupCommit
from store.inbound import STORE_AWAY, SUSPECT
from store.rows_intake import Backlog, InboundAct, InboundRow, InboundState, NewInbound
from store.sources import UnableToTakeTwice
from tests.integration.inbound_samples import message, unreadable
from tests.integration.store_samples import NOW, report

SECOND = timedelta(seconds=1)


def claim(store: Store, *, after_s: float = 0, limit: int = 9, suspects: bool = False) -> list[InboundRow]:
    now = NOW + after_s * SECOND
    return store.claim_inbound(limit=limit, now=now, worker="w", lease_s=30, suspects=suspects)


def test_a_message_is_kept_byte_for_byte_and_claimed_in_the_order_it_came(store: Store) -> None:
    ugly = message(1, body=b"\x00\xff\xfe not json \xe6", headers={"ce-subject": "井盖"})
    numbers = store.keep_many(messages=[ugly, message(2), message(3)])
    assert numbers == sorted(numbers)
    first, second = claim(store, limit=2)
    assert [first.id, second.id] == numbers[:2]
    assert (first.body, first.headers, first.size) == (ugly.body, {"ce-subject": "井盖"}, len(ugly.body))
    assert first.digest == hashlib.sha256(ugly.body).hexdigest()
    assert (first.state, first.attempts, first.lost, first.kept_at) == ("new", 1, 0, NOW)
    assert [row.id for row in claim(store)] == numbers[2:]
    assert claim(store) == []


def test_workers_that_claim_at_once_never_hold_the_same_message(database_url: str) -> None:
    stores = [open_store(database_url) for _ in range(3)]
    stores[0].keep_many(messages=[message(n) for n in range(60)])

    def take(who: int) -> list[int]:
        taken: list[int] = []
        while rows := claim(stores[who], limit=7):
            taken += [row.id for row in rows]
        return taken

    with ThreadPoolExecutor(max_workers=3) as pool:
        taken = [number for numbers in pool.map(take, range(3)) for number in numbers]
    assert len(taken) == len(set(taken)) == 60
    for one in stores:
        one.close()


def test_a_message_whose_workers_are_lost_is_taken_by_itself(store: Store) -> None:
    store.keep_many(messages=[message(1)])
    for n in range(SUSPECT + 1):
        (row,) = claim(store, after_s=30 * n)
        assert (row.attempts, row.lost) == (n + 1, n)
    store.keep_many(messages=[message(2)])
    later = 30 * (SUSPECT + 1)
    assert [row.body for row in claim(store, after_s=later)] == [message(2).body]
    (suspect,) = claim(store, after_s=later, suspects=True)
    assert (suspect.body, suspect.lost) == (message(1).body, SUSPECT + 1)


def test_a_message_put_off_comes_again_later_and_counts_its_faults(store: Store) -> None:
    store.keep_many(messages=[message(1)])
    (row,) = claim(store)
    assert store.put_off_inbound(id=row.id, not_before=NOW + 5 * SECOND, fault=True)
    assert claim(store, after_s=4) == []
    (again,) = claim(store, after_s=5)
    assert (again.attempts, again.lost, again.faults) == (2, 0, 1)
    assert store.put_off_inbound(id=row.id, not_before=NOW, fault=False)
    assert claim(store)[0].faults == 1


def test_a_part_nobody_could_read_becomes_a_letter_of_its_own_and_the_rest_is_done(store: Store) -> None:
    store.keep_many(messages=[message(1, received_at=NOW - SECOND)])
    (row,) = claim(store)
    dead = [unreadable(1), unreadable(2, body=b"", code=DeadCode.BAD_VALUE)]
    read = replace(row, mapping_version=7)
    assert store.settle_inbound(message=read, dead=dead, at=NOW)
    assert not store.settle_inbound(message=read, dead=dead, at=NOW)
    done = store.inbound(id=row.id)
    assert done is not None
    assert (done.state, done.taken, done.refused, done.mapping_version) == ("done", 0, 2, 7)
    page = store.inbound_page(state="dead", limit=10)
    second, first = page.rows
    assert (first.code, first.params, first.event_id, first.parent) == (
        "missing_field", {"field": "id"}, "e1", row.id,
    )  # fmt: skip
    assert (first.received_at, first.kept_at) == (NOW - SECOND, NOW)
    bodies = [one.body for part in (first, second) if (one := store.inbound(id=part.id)) is not None]
    assert bodies == [b"part 1", message(1).body]  # no bytes of its own: the whole message's
    assert store.backlog().dead == 2


def test_a_message_unreadable_as_a_whole_is_the_letter_itself(store: Store) -> None:
    store.keep_many(messages=[message(1), message(2)])
    for row, body in zip(claim(store), (b"", message(2).body), strict=True):
        whole = unreadable(1, code=DeadCode.NOT_JSON, body=body)
        assert store.settle_inbound(message=row, dead=[whole], at=NOW)
    rows = store.inbound_page(state="dead", limit=10).rows
    assert [(row.code, row.parent, row.refused) for row in rows] == [("not_json", None, 1)] * 2


def test_one_group_commit_writes_reports_and_messages_of_many_callers(store: Store) -> None:
    group = GroupCommit(store=store, most=16)

    async def scenario() -> list[object]:
        sent = [group.keep(message(n)) if n % 2 else group.submit(report(n)) for n in range(40)]
        answers = await asyncio.gather(*sent)
        await group.close()
        return list(answers)

    answers = asyncio.run(scenario())
    numbers = [one for one in answers if isinstance(one, int)]
    assert len(set(numbers)) == 20
    assert store.backlog().waiting == 20
    assert store.backlog().oldest_at == NOW
    kept = {row.id: row.body for row in claim(store, limit=40)}
    assert [kept[number] for number in numbers] == [message(n).body for n in range(1, 40, 2)]


def test_a_store_without_a_free_connection_is_waited_for_once_and_not_once_a_message(
    database_url: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = open_store(database_url, pool=1)
    monkeypatch.setattr(busy._engine.pool, "_timeout", 0.2)
    tries: list[int] = []
    keep_many = busy.keep_many

    def counted(*, messages: Sequence[NewInbound]) -> list[int]:
        tries.append(len(messages))
        return keep_many(messages=messages)

    monkeypatch.setattr(busy, "keep_many", counted)
    group = GroupCommit(store=busy)

    async def scenario() -> list[object]:
        with busy._engine.connect(), busy._engine.connect():
            answers = await asyncio.gather(
                *(group.keep(message(n)) for n in range(20)), return_exceptions=True
            )
        await group.close()
        return list(answers)

    answers = asyncio.run(scenario())
    busy.close()
    assert all(isinstance(one, STORE_AWAY) for one in answers)
    assert sum(tries) == 20
    assert store.backlog().waiting == 0


def test_a_signed_message_is_kept_once_and_takes_no_other_with_it(store: Store) -> None:
    group = GroupCommit(store=store)
    signed = [message(n, webhook_id=f"msg_{n % 3}", webhook_at=NOW) for n in range(6)]

    async def scenario() -> list[object]:
        answers = await asyncio.gather(*(group.keep(one) for one in signed), return_exceptions=True)
        await group.close()
        return list(answers)

    answers = asyncio.run(scenario())
    assert [isinstance(one, UnableToTakeTwice) for one in answers] == [False] * 3 + [True] * 3
    assert store.backlog().waiting == 3


def dead_letters(store: Store, count: int, **other: object) -> list[int]:
    """Keep messages that nobody can read; return their numbers."""
    numbers = store.keep_many(messages=[message(n, **other) for n in range(count)])
    for row in claim(store, limit=count):
        store.settle_inbound(message=row, dead=[unreadable(body=b"")], at=NOW)
    return numbers


def act(kind: str, actor: str = "anna") -> InboundAct:
    return InboundAct(kind=kind, actor=actor, role="operator", at=NOW + 60 * SECOND, reason="tried it")


def test_a_list_goes_on_by_its_cursor_and_shows_no_bodies(store: Store) -> None:
    numbers = dead_letters(store, 5)
    other = store.keep_many(messages=[message(9, source="rain", state=InboundState.DEAD, code="not_xml")])
    first = store.inbound_page(state="dead", limit=4)
    assert [row.id for row in first.rows] == [*other, *reversed(numbers[2:])]
    assert {row.body for row in first.rows} == {b""}
    assert all(row.size > 0 for row in first.rows)
    rest = store.inbound_page(state="dead", limit=4, cursor=first.next_cursor)
    assert ([row.id for row in rest.rows], rest.next_cursor) == ([numbers[1], numbers[0]], None)
    assert [row.id for row in store.inbound_page(source="rain", code="not_xml", limit=9).rows] == other
    assert store.inbound_page(source="rain", code="dtd_forbidden", limit=9).rows == ()
    with pytest.raises(UnableToReadCursor):
        store.inbound_page(limit=9, cursor="x")


def test_a_letter_is_replayed_once_with_the_time_it_was_received(store: Store) -> None:
    numbers = dead_letters(store, 3, received_at=NOW - SECOND)
    replays = store.replay_letters(ids=[numbers[1], numbers[0], 999], act=act("replayed"))
    assert [one.letter for one in replays] == numbers[:2]
    assert store.replay_letters(ids=numbers[:2], act=act("replayed", "bert")) == []
    again = claim(store, after_s=60)
    assert [(row.id, row.parent, row.received_at) for row in again] == [
        (one.message, one.letter, NOW - SECOND) for one in replays
    ]
    letter = store.inbound(id=numbers[0])
    assert letter is not None
    assert (again[0].body, again[0].headers, again[0].kept_at) == (
        letter.body, letter.headers, NOW + 60 * SECOND,
    )  # fmt: skip
    assert (letter.state, letter.closed_by, letter.outcome) == (
        "closed", "anna", {"replay": replays[0].message},
    )  # fmt: skip
    assert [row.id for row in store.inbound_parts(parent=numbers[0])] == [replays[0].message]
    assert store.letter_acts(id=numbers[0]) == [act("replayed")]
    assert store.letter_acts(id=numbers[2]) == []


def test_a_letter_is_closed_once_by_whom_and_why(store: Store) -> None:
    numbers = dead_letters(store, 2)
    store.note_letter(id=numbers[0], act=act("viewed"))
    assert store.close_letters(ids=numbers, act=act("closed")) == numbers
    assert store.close_letters(ids=numbers, act=act("closed", "bert")) == []
    assert store.replay_letters(ids=numbers, act=act("replayed")) == []
    assert [one.kind for one in store.letter_acts(id=numbers[0])] == ["closed", "viewed"]
    assert store.letters(source="gas", limit=9) == []
    assert store.backlog() == Backlog(waiting=0, oldest_at=None, dead=0)
