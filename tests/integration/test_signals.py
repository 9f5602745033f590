"""The one transaction of alarms on both databases: once, wholly or not at all, however many do it at once."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from domain.actor import Actor, Role
from domain.alarm import Alarm, AlarmOrigin, AlarmPhase
from domain.alarm_life import AlarmRefused, Assessed, Confirmed, Verdict
from domain.correlate_said import Heard, Spot, device_key
from domain.correlate_senses import Event
from domain.device import MaintenanceWindow, ServiceState
from domain.envelope import DeadCode, Envelope, EnvelopeKind
from domain.place import ReportedPlace
from store.engine import Store, open_store
from store.rows_intake import InboundRow, NewInbound
from store.signals import AlarmRequest, Taken, UnableToRepeat
from store.tables import cases, outbox
from store.tables_alarms import alarm_facts, alarms
from store.tables_sources import inbound, signals
from tests.alarm_town import HEARTBEAT, NOON, SEVERITIES, Town, device, events, numbers, reading, word

OFFICER = Actor(id="p1", role=Role.SUPERVISOR, unit="U1")


def put(store: Store, town: Town, *devices: Any) -> None:
    store.put_devices(devices=devices, profiles=town.city().profiles, at=town.now)


def kept(store: Store, at: datetime) -> InboundRow:
    store.keep_many(
        messages=[NewInbound(source="iot", channel="sensor", format="json", body=b"{}", received_at=at)]
    )
    (row,) = store.claim_inbound(limit=1, now=at, worker="w", lease_s=60)
    return row


def take(store: Store, town: Town, *envelopes: Envelope) -> Taken:
    return take_events(store, town, events(*envelopes))


def take_events(store: Store, town: Town, given: list[Event]) -> Taken:
    message = kept(store, town.now)
    return store.take_message(message=message, events=given, dead=[], city=town.city())


def rows(store: Store, statement: Any) -> list[Any]:
    return store._read(lambda connection: list(connection.execute(statement)))


def standing(store: Store) -> list[Alarm]:
    return [row.alarm for row in rows(store, select(alarms.c.alarm).order_by(alarms.c.alarm_no))]


def count(store: Store, table: Any) -> int:
    return int(rows(store, select(func.count()).select_from(table))[0][0])


def kinds(store: Store) -> Counter[tuple[str, str]]:
    return Counter((one.hazard, one.phase.value) for one in standing(store))


def test_a_message_is_taken_once_and_every_part_is_accounted_for(store: Store) -> None:
    town = Town()
    put(store, town, device("a"), device("b", profile="door"))
    given = [
        reading("a", 30), reading("a", 30), word(EnvelopeKind.ALARM, "b", "1"),
        word(EnvelopeKind.ALARM, "nobody", "2"),
    ]  # fmt: skip
    message = kept(store, NOON)
    first = store.take_message(message=message, events=events(*given), dead=[], city=town.city())
    assert (dict(first.heard), first.dead) == ({Heard.TAKEN: 2, Heard.REPEATED: 1}, 1)
    assert (first.alarms, first.cases) == (2, 2)
    again = store.take_message(message=message, events=events(*given), dead=[], city=town.city())
    assert not again.settled
    (done,) = rows(store, select(inbound).where(inbound.c.id == message.id))
    assert (done.state, done.taken, done.refused, done.outcome["alarms"]) == ("done", 3, 1, 2)
    (letter,) = rows(store, select(inbound).where(inbound.c.parent == message.id))
    assert (letter.state, letter.code) == ("dead", DeadCode.UNKNOWN_DEVICE.value)
    resent = take(store, town, *given[:3])
    assert dict(resent.heard) == {Heard.REPEATED: 3}
    assert (count(store, alarms), count(store, cases), count(store, signals)) == (2, 2, 1)
    assert {row.kind for row in rows(store, select(outbox.c.kind))} == {"start_case"}


def test_a_fault_half_way_leaves_nothing_and_the_next_try_is_as_if_it_had_never_been(store: Store) -> None:
    town = Town()
    put(store, town, *(device(f"d{n}") for n in range(5)))
    given = events(*(word(EnvelopeKind.ALARM, f"d{n}", f"{n}", severity=1 + n % 3) for n in range(5)))
    message = kept(store, NOON)

    def breaks(*_: Any) -> Any:
        raise OSError("the disk is gone")

    city = town.city()
    broken = replace(city, writings=replace(city.writings, report=breaks))
    with pytest.raises(OSError, match="disk"):
        store.take_message(message=message, events=given, dead=[], city=broken)
    assert [count(store, table) for table in (alarms, alarm_facts, cases, signals)] == [0, 0, 0, 0]
    assert rows(store, select(inbound.c.state)) == [("new",)]
    taken = store.take_message(message=message, events=given, dead=[], city=town.city())
    assert (taken.settled, taken.alarms, taken.cases) == (True, 6, 3)


def test_two_relays_see_one_storm_and_carry_out_each_deadline_once(store: Store, database_url: str) -> None:
    town = Town()
    put(store, town, *(device(f"d{n}", street="s1" if n < 6 else f"s{n}") for n in range(9)))
    other = open_store(database_url)
    messages = [kept(store, NOON) for _ in range(9)]

    def one(n: int) -> Taken:
        given = events(word(EnvelopeKind.ALARM, f"d{n}", f"{n}", severity=3))
        relay = store if n % 2 else other
        return relay.take_message(message=messages[n], events=given, dead=[], city=town.city())

    try:
        with ThreadPoolExecutor(4) as pool:
            assert all(taken.settled for taken in pool.map(one, range(9)))
        found = standing(store)
        (storm,) = [one for one in found if one.origin is AlarmOrigin.STORM]
        assert (storm.children, sum(one.parent == storm.alarm_no for one in found)) == (6, 6)
        assert count(store, cases) == 1
        town.now = NOON + timedelta(minutes=1)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda relay: relay.alarms_due(city=town.city(), limit=50), [store, other] * 2))
    finally:
        other.close()
    assert count(store, cases) == 4  # the storm's and those of the three that stand alone
    assert {one.case_no is not None for one in standing(store) if one.parent is None} == {True}


def test_silence_one_device_a_gateway_and_what_mutes_it(store: Store) -> None:
    town = Town()
    put(
        store, town, device("alone", profile="door"), device("dark", profile="door", street="s9"),
        *(device(f"g{n}", profile="door", gateway="gw") for n in range(6)),
    )  # fmt: skip
    _open_case(store, "H-POW-01", "s9")
    late = NOON + 4 * HEARTBEAT
    town.now = late
    assert store.sweep_silence(city=town.city(), at=late, limit=100) == 8
    assert store.sweep_silence(city=town.city(), at=late, limit=100) == 0
    found = {one.device: one for one in standing(store)}
    assert found["gw"].key == device_key(source="iot", code="gw")
    assert (found["gw"].children, found["gw"].case_no is not None) == (6, True)
    assert {found[f"g{n}"].phase for n in range(6)} == {AlarmPhase.MERGED}
    assert (found["dark"].muted_by, found["dark"].case_no) == ("POWER", None)
    assert found["alone"].case_no is not None
    assert count(store, cases) == 3
    store.end_mutes(city=town.city(), limit=10)
    assert {one.device: one.muted_by for one in standing(store)}["dark"] == "POWER"
    _close_case(store)
    store.end_mutes(city=town.city(), limit=10)
    found = {one.device: one for one in standing(store)}
    assert (found["dark"].muted_by, found["dark"].case_no is not None) == ("", True)
    beats = [word(EnvelopeKind.HEARTBEAT, f"g{n}", f"h{n}", at=late) for n in range(6)]
    take(store, town, *beats)
    assert {one.device: one.current for one in standing(store)}["gw"] is None


def test_what_nobody_could_hear_is_nobodys_silence(store: Store) -> None:
    town, minute = Town(), timedelta(minutes=1)
    put(store, town, device("early", profile="door"))
    town.now += 20 * minute
    put(store, town, device("a", profile="door"), device("b", profile="door"))
    assert store.listened_until(since=NOON) is None
    for _ in range(2):
        assert store.note_listening(name="api", at=town.now, gap=minute) == timedelta()
    resumed = town.now + timedelta(hours=5)
    assert store.listened_until(since=NOON) == town.now
    assert store.note_listening(name="api", at=resumed, gap=minute) == timedelta(hours=5)
    town.now = resumed
    assert store.sweep_silence(city=town.city(), at=resumed, limit=9) == 0
    put(store, town, device("a", profile="door", street="s2"))  # registered anew, and forgiven all the same
    take(store, town, word(EnvelopeKind.HEARTBEAT, "b", "h", at=resumed))
    for minutes, silent in ((9, set()), (10, {"early"}), (30, {"early", "a", "b"})):
        town.now = resumed + minutes * minute
        store.sweep_silence(city=town.city(), at=town.now, limit=9)
        assert {one.device for one in standing(store)} == silent


def test_every_mute_ends_however_many_last_and_whoever_is_registered(store: Store) -> None:
    town = Town()
    put(
        store, town, *(device(f"dark{n}", profile="door", street="s9") for n in range(3)),
        device("lamp", profile="door", street="s8"),
        replace(device("sample", profile="door", street="s8", gateway="gw"), heartbeat=timedelta()),
    )  # fmt: skip
    _open_case(store, "H-POW-01", "s9")
    _open_case(store, "H-POW-01", "s8", "POWER8")
    town.now = NOON + 4 * HEARTBEAT
    store.sweep_silence(city=town.city(), at=town.now, limit=9)
    take(store, town, word(EnvelopeKind.OFFLINE, "gw", "off", at=town.now))
    muted = {one.device: one.muted_by for one in standing(store)}
    assert muted == {**{f"dark{n}": "POWER" for n in range(3)}, "lamp": "POWER8", "gw": "POWER8"}
    _close_case(store, "POWER8")
    assert store.end_mutes(city=town.city(), limit=2) == 2
    assert {one.device for one in standing(store) if not one.muted_by} == {"lamp", "gw"}
    assert store.end_mutes(city=town.city(), limit=2) == 0


def test_what_maintenance_muted_is_looked_at_when_it_ends(store: Store) -> None:
    town = Town()
    put(store, town, device("a"), device("b", gateway="gw"))
    window = MaintenanceWindow(
        source="iot", code="a", begins_at=NOON, ends_at=NOON + timedelta(hours=1), reason="r", by="p"
    )
    store.add_window(window=window)
    store.add_window(window=replace(window, code="gw", gateway=True))
    town.now = NOON + timedelta(minutes=1)
    taken = take(store, town, reading("a", 30, at=town.now), reading("b", 30, at=town.now))
    assert dict(taken.heard) == {Heard.MUTED: 2}
    town.now = NOON + timedelta(minutes=20)
    take(store, town, reading("b", 1, at=town.now))
    assert store.end_windows(city=town.city(), limit=10) == 0
    town.now = window.ends_at
    assert store.end_windows(city=town.city(), limit=10) == 2
    assert store.end_windows(city=town.city(), limit=10) == 0
    assert [(one.device, one.severity, one.case_no is None) for one in standing(store)] == [("a", 1, False)]


def test_readings_out_of_band_keep_open_what_the_device_said_first(store: Store) -> None:
    """And what only the device said ends by people, also where maintenance put it off."""
    town = Town()
    put(store, town, device("a"), device("b", profile="door"))
    until = NOON + timedelta(hours=1)
    store.add_window(
        window=MaintenanceWindow(source="iot", code="b", begins_at=NOON, ends_at=until, reason="r", by="p")
    )
    take(store, town, word(EnvelopeKind.ALARM, "a", "1", severity=3), word(EnvelopeKind.ALARM, "b", "2"))
    assert [(one.device, one.origin) for one in standing(store)] == [("a", AlarmOrigin.MAKER)]
    town.now = until
    take(store, town, reading("a", 30, at=until))
    store.end_windows(city=town.city(), limit=9)
    found = {one.device: one.origin for one in standing(store)}
    assert found == {"a": AlarmOrigin.LIMIT, "b": AlarmOrigin.MAKER}


def test_false_alarms_of_one_device_open_one_case_about_the_device(store: Store) -> None:
    town = Town()
    put(store, town, device("a", profile="door"))
    for n in range(4):
        take(store, town, word(EnvelopeKind.ALARM, "a", f"{n}", at=town.now))
        (alarm,) = [one for one in standing(store) if one.hazard == "door" and one.verdict == ""]
        verdict = Assessed(
            at=town.now, actor=OFFICER, verdict=Verdict.FALSE, reason="drift", text="t", request_id=f"q{n}"
        )
        request = AlarmRequest(id=f"q{n}", digest="d")
        store.say_to_alarm(alarm_no=alarm.alarm_no, word=verdict, city=town.city(), request=request)
        same = store.say_to_alarm(alarm_no=alarm.alarm_no, word=verdict, city=town.city(), request=request)
        assert same.phase is AlarmPhase.FALSE_ALARM
        with pytest.raises(UnableToRepeat):
            store.say_to_alarm(
                alarm_no=alarm.alarm_no, word=verdict, city=town.city(), request=replace(request, digest="e")
            )
        town.now += timedelta(hours=1)
    assert kinds(store)["door", "false_alarm"] == 4
    (faulty,) = [one for one in standing(store) if one.hazard == "device"]
    assert faulty.case_no is not None
    confidences = [one.confidence for one in standing(store) if one.hazard == "door"]
    assert confidences == [0.5, 0.5, 0.5, 0.25]  # doubted, and heard all the same


def test_a_small_storm_has_as_many_cases_as_it_must(store: Store) -> None:
    """A thousand alerts of two hundred devices, checked against a count that knows nothing of the engine."""
    rng = random.Random(20260701)
    town = Town(number=numbers("ALM-"), case_number=numbers("C-"))
    street = {f"d{n}": f"s{n % 25}" for n in range(200)}
    put(store, town, *(device(code, street=where) for code, where in street.items()))
    said: list[tuple[str, int]] = [
        (rng.choice(list(street)), rng.choice([1, 3, 3, 3, 3, 3, 4])) for _ in range(1000)
    ]
    sent = Counter[Heard]()
    for first in range(0, len(said), 100):
        at = NOON + timedelta(seconds=first // 100)
        town.now = at
        batch = [
            word(EnvelopeKind.ALARM, code, f"e{first + n}", at=at, severity=grade)
            for n, (code, grade) in enumerate(said[first : first + 100])
        ]
        sent.update(take(store, town, *batch).heard)
    town.now += timedelta(minutes=5)
    while store.alarms_due(city=town.city(), limit=100):
        pass
    assert sent == {Heard.TAKEN: 1000}
    assert count(store, cases) == _cases_that_must_be(said, street)
    found = standing(store)
    assert len({one.key for one in found}) == len(found)
    numbers_of_cases = [one.case_no for one in found if one.case_no is not None]
    assert len(set(numbers_of_cases)) == len(numbers_of_cases) == count(store, cases)


def _cases_that_must_be(said: list[tuple[str, int]], street: dict[str, str]) -> int:
    """Count: a device that was ever in severity 1 has a case; a street with four in alarm has one; others each."""
    worst: dict[str, int] = {}
    for code, grade in said:
        worst[code] = min(grade, worst.get(code, 9))
    in_street = Counter(street[code] for code in worst)
    storms = sum(many >= 4 for many in in_street.values())
    alone = sum(grade > 1 and in_street[street[code]] < 4 for code, grade in worst.items())
    return storms + alone + sum(grade == 1 for grade in worst.values())


def _open_case(store: Store, category: str, street: str, number: str = "POWER") -> None:
    values = {
        "case_no": number, "status": "handling", "category": category, "severity": SEVERITIES[category],
        "channel": "web", "street": street, "received_at": NOON,
    }  # fmt: skip
    store._write(lambda connection: connection.execute(insert(cases).values(values)))


def _close_case(store: Store, number: str = "POWER") -> None:
    closed = cases.update().where(cases.c.case_no == number).values(open=False, status="closed")
    store._write(lambda connection: connection.execute(closed))


def test_an_alarm_an_officer_merges_counts_with_the_one_it_is_part_of(store: Store) -> None:
    town = Town()
    put(store, town, device("a", profile="door"), device("b", profile="door"))
    take(store, town, word(EnvelopeKind.ALARM, "a", "1"), word(EnvelopeKind.ALARM, "b", "2", severity=2))
    numbers_by = {one.device: one.alarm_no for one in standing(store)}
    merge = Assessed(at=NOON, actor=OFFICER, verdict=Verdict.MERGED, into=numbers_by["a"], request_id="m")
    store.say_to_alarm(alarm_no=numbers_by["b"], word=merge, city=town.city())
    found = {one.device: one for one in standing(store)}
    assert (found["b"].phase, found["b"].parent) == (AlarmPhase.MERGED, numbers_by["a"])
    assert (found["a"].children, found["a"].severity) == (1, 2)
    crossing = replace(merge, into=numbers_by["b"], request_id="n")
    with pytest.raises(AlarmRefused):
        store.say_to_alarm(alarm_no=numbers_by["a"], word=crossing, city=town.city())


def test_an_open_alarm_mutes_silence_in_its_street_as_a_case_does(store: Store) -> None:
    town = Town()
    put(store, town, device("dark", profile="door", street="s9"))
    place = ReportedPlace(lon=114.3, lat=30.6)
    cut = word(EnvelopeKind.ALARM, "grid", "1", category="H-POW-01", severity=3, place=place)
    spot = Spot(lon=114.3, lat=30.6, chain=(("street", "s9"),))
    take_events(store, town, [replace(one, spot=spot) for one in events(cut)])
    (outage,) = standing(store)
    town.now = NOON + 4 * HEARTBEAT
    store.sweep_silence(city=town.city(), at=town.now, limit=9)
    found = {one.device: one for one in standing(store)}
    assert (found["dark"].muted_by, found["dark"].case_no) == (outage.alarm_no, None)
    store.say_to_alarm(
        alarm_no=outage.alarm_no,
        word=Confirmed(at=town.now, actor=OFFICER, text="power is back", request_id="c"),
        city=town.city(),
    )
    store.end_mutes(city=town.city(), limit=9)
    found = {one.device: one for one in standing(store)}
    assert (found["grid"].phase, found["dark"].muted_by) == (AlarmPhase.RELEASED, "")
    assert found["dark"].case_no is not None


def test_a_device_out_of_service_keeps_no_alarm_open_and_says_what_it_knows_when_it_is_back(
    store: Store,
) -> None:
    town = Town()
    put(store, town, device("a"))
    take(store, town, reading("a", 30))
    (alarm,) = standing(store)
    for state, current in ((ServiceState.OUT_OF_SERVICE, None), (ServiceState.IN_SERVICE, 1)):
        town.now += timedelta(minutes=1)
        put(store, town, replace(device("a"), service=state))
        store.look_again(devices=[("iot", "a")], city=town.city())
        (now,) = standing(store)
        assert (now.alarm_no, now.current) == (alarm.alarm_no, current)


def test_a_message_that_names_more_than_a_statement_takes_is_taken_all_the_same(store: Store) -> None:
    """PostgreSQL's answer to 65,536 parameters looks like that of a database that is away."""
    town = Town()
    put(store, town, device("d1"))
    named = tuple(f"a{n}" for n in range(66_000))
    taken = take(store, town, word(EnvelopeKind.CANCEL, "d1", "e1", references=named))
    assert (taken.settled, sum(taken.heard.values()) + taken.dead) == (True, 1)
