"""Reading what was kept: a fault of ours costs a try, never a message, and holds up no other."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from boot.wiring import connect
from domain.envelope import Envelope, Unreadable
from domain.source import Source
from store.engine import Store
from store.group_commit import GroupCommit
from store.inbound import SUSPECT
from store.rows_intake import InboundAct, InboundRow
from tests.integration.inbound_samples import message
from tests.integration.store_samples import NOW
from usecases.audit import QUEUES_GRACE, audit
from usecases.city import City, Grounds
from usecases.gateway import CaseGateway
from usecases.ingest import MOST_AWAY, MOST_LOST, PAUSES_S, TRIES, TURN_S, ingest

PRIVATE = "13800000000"
LEASE_S = 30.0


@pytest.fixture
async def city(store: Store, wuhan: Grounds) -> City:
    """Return Wuhan with one source on this store; Temporal is not there."""
    store.put_source(source=Source(name="gas", channel="sensor", mapping={"event_id": "n"}), at=NOW)
    return City(
        grounds=wuhan,
        store=store,
        intake=GroupCommit(store=store),
        cases=CaseGateway(client=await connect()),
        now=lambda: NOW,
        random_bits=lambda bits: bits,
    )


class Taker:
    """Settles what it is given, as the one transaction of the signals does, and faults where a body says so."""

    def __init__(self, *faults: BaseException) -> None:
        self.faults = list(faults)
        self.read: list[str] = []
        self.subjects: list[str] = []

    def __call__(self, *, city: City, message: InboundRow, found: Sequence[Envelope | Unreadable]) -> None:
        body = json.loads(message.body)
        if "fault" in body and self.faults:
            raise self.faults[0] if len(self.faults) == 1 else self.faults.pop(0)
        self.subjects += [part.subject for part in found if isinstance(part, Envelope)]
        dead = [part for part in found if isinstance(part, Unreadable)]
        self.read += [part.event_id for part in found if isinstance(part, Envelope)]
        assert city.store.settle_inbound(message=message, dead=dead, at=city.now())


def turn(city: City, take: Taker, *, at_s: float = 0, suspects: bool = False) -> int:
    """Claim and read once, at a time."""
    now = NOW + timedelta(seconds=at_s)
    rows = city.store.claim_inbound(limit=8, now=now, worker="w", lease_s=LEASE_S, suspects=suspects)
    return ingest(city=replace(city, now=lambda: now), rows=rows, take=take)


def one(n: int, **more: object) -> bytes:
    at = NOW.isoformat()
    return json.dumps({"n": f"e{n}", "device": "d", "kind": "alarm", "time": at, **more}).encode()


def row(city: City, number: int) -> InboundRow:
    found = city.store.inbound(id=number)
    assert found is not None
    return found


async def test_a_message_that_faults_waits_longer_each_time_and_ends_as_a_letter(city: City) -> None:
    bad, good = city.store.keep_many(
        messages=[message(1, body=one(1, fault=PRIVATE)), message(2, body=one(2))]
    )
    take = Taker(ValueError(PRIVATE))
    at_s = 0.0
    with capture_logs() as logs:
        assert turn(city, take) == 1
        assert (row(city, good).state, row(city, good).mapping_version) == ("done", 1)
        for pause in PAUSES_S:
            assert row(city, bad).not_before == NOW + timedelta(seconds=at_s + pause)
            at_s += pause
            assert row(city, bad).state == "new"
            turn(city, take, at_s=at_s)
    letter = row(city, bad)
    assert (letter.state, letter.code, letter.params) == ("dead", "fault", {"error": "ValueError"})
    assert (letter.body, letter.attempts, letter.faults) == (one(1, fault=PRIVATE), TRIES, TRIES - 1)
    assert len(logs) == TRIES
    assert PRIVATE not in str(logs)
    assert take.read == ["e2"]


async def test_what_a_store_that_is_away_costs_is_time_only(city: City) -> None:
    (number,) = city.store.keep_many(messages=[message(1, body=one(1, fault=True))])
    away = OperationalError("", {}, Exception())
    take = Taker(*[away] * (3 * TRIES), ValueError())
    at_s = 0.0
    for _ in range(2 * TRIES):
        assert turn(city, take, at_s=at_s) == 0
        at_s += max(PAUSES_S)
    assert (row(city, number).state, row(city, number).faults) == ("new", 0)
    take.faults = []
    assert turn(city, take, at_s=at_s) == 1
    assert take.read == ["e1"]


async def test_a_message_the_store_never_answers_ends_as_a_letter(city: City) -> None:
    """What asks too much of a database is answered like one that is away; it must not be tried for ever."""
    (number,) = city.store.keep_many(messages=[message(1, body=one(1, fault=True))])
    take = Taker(OperationalError("", {}, Exception()))
    at_s = 0.0
    for _ in range(MOST_AWAY + TRIES):
        assert row(city, number).state == "new"
        turn(city, take, at_s=at_s)
        at_s += max(PAUSES_S)
    letter = row(city, number)
    assert (letter.state, letter.params, letter.body) == (
        "dead",
        {"error": "OperationalError"},
        one(1, fault=True),
    )


async def test_a_worker_that_dies_leaves_the_message_to_the_next(city: City) -> None:
    numbers = city.store.keep_many(
        messages=[message(n, body=one(n, **({"fault": 1} if n == 2 else {}))) for n in (1, 2, 3)]
    )
    take = Taker(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        turn(city, take)
    assert [row(city, number).state for number in numbers] == ["done", "new", "new"]
    take.faults = []
    assert turn(city, take, at_s=LEASE_S - 1) == 0
    assert turn(city, take, at_s=LEASE_S) == 2
    assert take.read == ["e1", "e2", "e3"]
    assert [row(city, number).attempts for number in numbers] == [1, 2, 2]


async def test_a_message_that_kills_its_workers_ends_as_a_letter_and_kills_no_neighbour(city: City) -> None:
    (killer,) = city.store.keep_many(messages=[message(1, body=one(1, fault=1))])
    take = Taker(KeyboardInterrupt())
    for n in range(MOST_LOST):
        with pytest.raises(KeyboardInterrupt):
            turn(city, take, at_s=n * LEASE_S, suspects=n > SUSPECT)
    (neighbour,) = city.store.keep_many(messages=[message(2, body=one(2))])
    assert turn(city, take, at_s=MOST_LOST * LEASE_S) == 1
    assert turn(city, take, at_s=MOST_LOST * LEASE_S, suspects=True) == 1
    letter = row(city, killer)
    assert (letter.state, letter.code, letter.params) == ("dead", "fault", {"error": "worker_lost"})
    assert (row(city, neighbour).state, letter.body) == ("done", one(1, fault=1))


async def test_what_is_not_begun_in_its_turn_is_given_back(city: City) -> None:
    numbers = city.store.keep_many(messages=[message(n, body=one(n)) for n in (1, 2)])
    rows = city.store.claim_inbound(limit=8, now=NOW, worker="w", lease_s=LEASE_S)
    times = iter([NOW, NOW, NOW, NOW + timedelta(seconds=TURN_S), NOW + timedelta(seconds=TURN_S)])
    take = Taker()
    assert ingest(city=replace(city, now=lambda: next(times)), rows=rows, take=take) == 1
    again = city.store.claim_inbound(
        limit=8, now=NOW + timedelta(seconds=TURN_S), worker="v", lease_s=LEASE_S
    )
    assert [(found.id, found.lost) for found in again] == [(numbers[1], 0)]


async def test_a_part_is_replayed_inside_the_message_it_came_in(city: City) -> None:
    mapping = {"items": "list", "event_id": "n", "subject": "^gateway"}
    city.store.put_source(source=Source(name="gas", channel="sensor", mapping=mapping), at=NOW)
    at = NOW.isoformat()
    parts = [{"n": "e1", "kind": "alarm", "time": at}, {"sn": "e2", "kind": "alarm", "time": at}]
    body = json.dumps({"gateway": "G-7", "list": parts}).encode()
    city.store.keep_many(messages=[message(1, body=body)])
    take = Taker()
    assert turn(city, take) == 1
    for who in ("anna", "bert"):  # the first replay dies again
        (letter,) = city.store.inbound_page(state="dead", limit=9).rows
        mended = {**mapping, "event_id": "n|sn"} if who == "bert" else mapping
        city.store.put_mapping(name="gas", mapping=mended, severities=None)
        act = InboundAct(kind="replayed", actor=who, role="operator", at=NOW)
        assert len(city.store.replay_letters(ids=[letter.id], act=act)) == 1
        assert turn(city, take) == 1
    assert take.read == ["e1", "e2"]
    assert take.subjects == ["G-7", "G-7"]
    assert city.store.backlog().dead == 0


async def test_a_message_of_nobody_is_a_letter_and_the_auditor_sees_what_waits(city: City) -> None:
    city.store.keep_many(messages=[message(1, source="stranger", body=one(1))])
    late = replace(city, now=lambda: NOW + QUEUES_GRACE + timedelta(seconds=1))
    found = audit(city=late)
    assert (found.healthy, found.stuck, found.inbound) == (
        False, ("inbound",), {"waiting": 1, "oldest_s": 601, "dead_letters": 0},
    )  # fmt: skip
    assert turn(city, Taker()) == 1
    (letter,) = city.store.inbound_page(state="dead", limit=9).rows
    assert (letter.code, letter.params) == ("refused", {"problem": "source_not_found"})
    assert audit(city=late).inbound == {"waiting": 0, "oldest_s": 0, "dead_letters": 1}
    assert audit(city=late).healthy
