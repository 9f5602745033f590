"""Drawn histories of a small town: laws that hold after every message, and a replay that changes nothing."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from domain.alarm import Alarm
from domain.alarm_life import CaseTold
from domain.correlate import is_open
from domain.correlate_senses import Event
from domain.device import Device
from domain.envelope import Envelope, EnvelopeKind
from store.engine import Store
from store.rows_intake import NewInbound
from store.tables import cases
from store.tables_alarms import alarms
from tests.alarm_town import NOON, Town, device, events, reading, word

MESSAGES = 20
PAUSES = (1, 5, 40, 200, 700)
ENDS = (("dispatched", None), ("handling", None), ("closed", "solved"))


@pytest.mark.parametrize("seed", [3, 9])
def test_laws_hold_after_every_message_and_a_replay_changes_nothing(store: Store, seed: int) -> None:
    rng, town = random.Random(seed), Town()
    devices = list(_devices(rng))
    store.put_devices(devices=devices, profiles=town.city().profiles, at=NOON)
    sent: list[list[Event]] = []
    for n in range(MESSAGES):
        town.now += timedelta(seconds=rng.choice(PAUSES))
        drawn = list(_message(rng, devices, at=town.now, n=n))
        sent.append(events(*drawn, *rng.sample(drawn, k=rng.randrange(2))))
        _take(store, town, sent[-1])
        _time_goes_by(rng, store, town, n)
        _laws(_all(store))
    before, opened = _all(store), _cases(store)
    for message in sent:
        _take(store, town, message)
    assert _all(store) == before
    assert _cases(store) == opened


def _devices(rng: random.Random) -> Iterator[Device]:
    for n in range(24):
        yield device(
            f"d{n}",
            street=f"s{n % 3}",
            profile=rng.choice(["water", "door"]),
            gateway=rng.choice(["", "g1", "g2"]),
            asset=rng.choice(["", "", f"a{n % 4}"]),
        )


def _message(rng: random.Random, devices: list[Device], *, at: datetime, n: int) -> Iterator[Envelope]:
    for k in range(rng.randrange(1, 15)):
        code, name, drawn = rng.choice(devices).code, f"{n}-{k}", rng.random()
        if drawn < 0.35:
            depth = rng.choice([5, 8, 16, 18, 30, 600])
            yield reading(code, depth, at=at - timedelta(milliseconds=rng.randrange(900)))
        elif drawn < 0.65:
            yield word(EnvelopeKind.ALARM, code, name, at=at, severity=rng.choice([None, 1, 2, 3, 4]))
        elif drawn < 0.95:
            kinds = [EnvelopeKind.CLEAR, EnvelopeKind.CLEAR, EnvelopeKind.HEARTBEAT, EnvelopeKind.OFFLINE]
            kind = rng.choice([*kinds, EnvelopeKind.ONLINE])
            gate = kind in (EnvelopeKind.OFFLINE, EnvelopeKind.ONLINE)
            yield word(kind, rng.choice(["g1", "g2", code]) if gate else code, name, at=at)
        else:
            yield word(EnvelopeKind.ALARM, "nobody", name, at=at)


def _take(store: Store, town: Town, given: list[Event]) -> None:
    store.keep_many(
        messages=[NewInbound(source="iot", channel="sensor", format="json", body=b"x", received_at=town.now)]
    )
    (message,) = store.claim_inbound(limit=1, now=town.now, worker="w", lease_s=30)
    taken = store.take_message(message=message, events=given, dead=[], city=town.city())
    assert sum(taken.heard.values()) + taken.dead == len(given)


def _time_goes_by(rng: random.Random, store: Store, town: Town, n: int) -> None:
    """Deadlines pass, devices fall silent, a case moves."""
    rounds = 0
    while rng.random() < 0.8 and store.alarms_due(city=town.city(), limit=7):
        rounds += 1
        assert rounds < 50
    if rng.random() < 0.4:
        store.sweep_silence(city=town.city(), at=town.now, limit=5)
    about = [one.case_no for one in _all(store) if one.case_no is not None and is_open(one)]
    if about and rng.random() < 0.3:
        case_no, (status, how) = rng.choice(about), rng.choice(ENDS)
        told = CaseTold(at=town.now, case_no=case_no, status=status, close_kind=how, seq=n + 1)
        store.tell_alarms(word=told, case_no=case_no, city=town.city())


def _laws(found: list[Alarm]) -> None:
    standing = [one for one in found if is_open(one)]
    assert all(many == 1 for many in Counter(one.key for one in standing).values())
    assert all(many == 1 for many in Counter(one.case_no for one in found if one.case_no).values())
    assert all(one.case_no is not None for one in standing if one.severity == 1)
    children: dict[str, list[Alarm]] = defaultdict(list)
    for one in found:
        children[one.parent or ""].append(one)
    for one in standing:
        mine = children.get(one.alarm_no, [])
        loud = [child.current for child in mine if is_open(child) and child.current is not None]
        voices = [severity for _, severity in one.voices]
        assert one.children == len(mine)
        if mine or (voices and one.withdrawn_at is None):
            assert one.current == min([*loud, *voices], default=None)


def _all(store: Store) -> list[Alarm]:
    return _rows(store, select(alarms.c.alarm).order_by(alarms.c.alarm_no))


def _cases(store: Store) -> list[str]:
    return _rows(store, select(cases.c.case_no).order_by(cases.c.case_no))


def _rows(store: Store, statement: Any) -> list[Any]:
    return store._read(lambda connection: list(connection.scalars(statement)))
