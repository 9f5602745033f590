"""The fold of a message: words become alarms, each key has one, a crowd has one parent, nothing is uncounted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.actor import Actor, Role
from domain.alarm import Alarm, AlarmOrigin, AlarmPhase
from domain.alarm_life import Assessed, Due, OpenCase, Verdict
from domain.correlate import Changes, Fold, Ground, fold, fold_words, is_open
from domain.correlate_said import Heard, Said, device_key
from domain.correlate_senses import Event, Senses, sense
from domain.correlate_words import Registry, SeenEvent, fault_word
from domain.device import ServiceState
from domain.envelope import DeadCode, Envelope, EnvelopeKind, Exercise
from domain.place import ReportedPlace
from domain.sensing import Watch
from tests.alarm_town import (
    DOOR,
    NOON,
    RULES,
    SEVERITIES,
    WATER,
    device,
    events,
    numbers,
    reading,
    times,
    word,
)

HERE = ReportedPlace(lon=114.3, lat=30.6)


def registry(*codes: str, **more: object) -> Registry:
    given = {("iot", code): device(code) for code in codes}
    plain = Registry(
        rules=RULES, profiles={"water": WATER, "door": DOOR}, severities=SEVERITIES, devices=given
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def ground(*standing: Alarm, sizes: dict[str, int] | None = None) -> Ground:
    return Ground(
        rules=RULES, severities=SEVERITIES, times=times, number=numbers("ALM-"), case_number=numbers("CASE-"),
        open=standing, sizes=sizes or {},
    )  # fmt: skip


def said(*envelopes: Envelope, known: Registry | None = None) -> tuple[Said, ...]:
    codes = {one.subject for one in envelopes}
    return sense(registry=known or registry(*codes), events=events(*envelopes)).said


def opened(changes: Changes) -> list[str]:
    return [debt.alarm.key for debt in changes.debts if isinstance(debt.owed, OpenCase)]


def shape(changes: Changes) -> set[tuple[str, str, str, int, bool, bool]]:
    """What does not depend on drawn numbers."""
    return {
        (one.key, one.phase.value, one.origin.value, one.severity, one.parent is None, one.case_no is None)
        for one in changes.alarms
    }


def test_readings_in_band_say_nothing_and_a_high_one_is_one_alarm() -> None:
    words = said(reading("a", 5), reading("a", 30, at=NOON + timedelta(minutes=1)))
    changes = fold(ground=ground(), said=words)
    assert [one.severity for one in changes.alarms] == [1]
    assert opened(changes) == [changes.alarms[0].key]
    assert changes.alarms[0].case_no is not None


def test_devices_of_one_asset_share_an_alarm_which_is_in_band_when_none_of_them_is_out() -> None:
    both = registry("a", "b", devices={("iot", c): device(c, asset="bridge") for c in ("a", "b")})
    minute = [NOON + timedelta(minutes=n) for n in range(4)]
    words = said(
        reading("a", 30, at=minute[0]), reading("b", 30, at=minute[1]), reading("a", 1, at=minute[2]), known=both
    )  # fmt: skip
    first = fold(ground=ground(), said=words)
    (alarm,) = first.alarms
    assert (alarm.current, alarm.voices) == (1, (("b", 1),))
    calm = replace(both, watches={("iot", "b"): Watch(severity=1, held=(1,), tripped=((1, minute[1]),))})
    then = fold(ground=ground(alarm), said=said(reading("b", 1, at=minute[3]), known=calm))
    assert then.alarms[0].current is None


def test_a_word_after_the_end_of_an_alarm_raises_a_new_one() -> None:
    alarm = word(EnvelopeKind.ALARM, "a", "1", severity=3)
    (first,) = fold(ground=ground(), said=said(alarm)).alarms
    ended = replace(first, phase=AlarmPhase.FALSE_ALARM)
    again = fold(ground=replace(ground(), open=(ended,)), said=said(replace(alarm, event_id="2")))
    assert len(again.fresh) == 1
    assert {one.key for one in again.alarms} == {first.key}


def test_the_same_id_again_is_a_repetition_and_with_other_content_a_dead_letter() -> None:
    alarm = word(EnvelopeKind.ALARM, "a", "1", severity=3)
    other = replace(alarm, severity=1)
    digest = events(alarm)[0].digest
    for envelopes, seen in (
        ([alarm, alarm, other], {}),
        ([alarm, other], {("iot", "1"): SeenEvent(digest=digest)}),
    ):
        found = sense(registry=registry("a", seen=seen), events=events(*envelopes))
        assert found.counts[Heard.REPEATED] == 1
        assert [one.code for one in found.dead] == [DeadCode.REPLAYED_ID]


def test_an_unknown_device_is_dead_unless_the_word_says_where_and_what() -> None:
    nothing = sense(registry=registry(), events=events(word(EnvelopeKind.ALARM, "x", "1", severity=2)))
    assert [one.code for one in nothing.dead] == [DeadCode.UNKNOWN_DEVICE]
    whole = word(EnvelopeKind.ALARM, "x", "1", severity=2, category="S-DOOR-01", place=HERE)
    raised = fold(ground=ground(), said=said(whole, known=registry()))
    (alarm,) = raised.alarms
    assert (alarm.origin, alarm.category, alarm.severity) == (AlarmOrigin.MAKER, "S-DOOR-01", 2)
    cleared = replace(whole, kind=EnvelopeKind.CLEAR, event_id="2")
    after = fold(ground=ground(alarm), said=said(cleared, known=registry()))
    assert after.alarms[0].withdrawn_at is not None


def test_out_of_service_maintenance_and_tests_are_counted_and_raise_nothing() -> None:
    out = replace(device("out"), service=ServiceState.OUT_OF_SERVICE)
    known = registry("m", "t", muted=frozenset({("iot", "m")}))
    known = replace(known, devices={**known.devices, ("iot", "out"): out})
    test = replace(word(EnvelopeKind.ALARM, "t", "1", severity=1), exercise=Exercise.TEST)
    found = sense(registry=known, events=events(reading("out", 99), reading("m", 99), test))
    assert found.counts == {Heard.OUT_OF_SERVICE: 1, Heard.MUTED: 1, Heard.TEST: 1}
    assert found.said == ()
    assert found.watches[("iot", "m")].severity == 1  # looked at again when the window ends
    assert ("iot", "t") not in found.watches


def test_a_drill_has_its_own_alarm_and_leaves_the_device_as_it_was() -> None:
    drill = replace(word(EnvelopeKind.ALARM, "a", "1", severity=1), exercise=Exercise.EXERCISE)
    found = sense(
        registry=registry("a"), events=events(drill, replace(drill, event_id="2", exercise=Exercise.REAL))
    )
    changes = fold(ground=ground(), said=found.said)
    assert sorted(one.exercise for one in changes.alarms) == [False, True]
    assert found.watches[("iot", "a")].severity == 1


def test_enough_alarms_in_one_area_are_one_storm_with_one_case() -> None:
    words = [word(EnvelopeKind.ALARM, f"d{n}", f"{n}", severity=3) for n in range(6)]
    changes = fold(ground=ground(), said=said(*words))
    (storm,) = [one for one in changes.alarms if one.origin is AlarmOrigin.STORM]
    children = [one for one in changes.alarms if one.origin is not AlarmOrigin.STORM]
    assert (storm.category, storm.children) == ("E0503", 6)
    assert opened(changes) == [storm.key]
    assert {one.phase for one in children} == {AlarmPhase.MERGED}
    assert {one.parent for one in children} == {storm.alarm_no}
    assert all(one.case_no is None for one in children)


def test_severity_1_has_its_own_case_at_once_storm_or_not() -> None:
    words = [word(EnvelopeKind.ALARM, f"d{n}", f"{n}", severity=1 if n in (0, 5) else 3) for n in range(6)]
    changes = fold(ground=ground(), said=said(*words))
    (storm,) = [one for one in changes.alarms if one.origin is AlarmOrigin.STORM]
    worst = [one for one in changes.alarms if one.severity == 1 and one is not storm]
    assert len(opened(changes)) == 3
    assert all(one.parent == storm.alarm_no and one.phase is AlarmPhase.WARNING for one in worst)
    assert {one.child for one in changes.joinings} == {one.alarm_no for one in worst}


def test_a_child_that_becomes_severity_1_asks_for_its_own_case_and_the_storm_is_as_bad() -> None:
    words = [word(EnvelopeKind.ALARM, f"d{n}", f"{n}", severity=3) for n in range(4)]
    before = fold(ground=ground(), said=said(*words))
    tallies = {one.alarm_no: {3: 4} for one in before.alarms if one.origin is AlarmOrigin.STORM}
    worse = replace(words[0], event_id="w", severity=1, occurred_at=NOON + timedelta(minutes=1))
    known = registry("d0", watches={("iot", "d0"): Watch(severity=3, maker=3, maker_at=NOON)})
    after = fold(ground=replace(ground(*before.alarms), tallies=tallies), said=said(worse, known=known))
    assert {one.origin: one.severity for one in after.alarms} == {AlarmOrigin.MAKER: 1, AlarmOrigin.STORM: 1}
    assert len(opened(after)) == 1


def test_a_storm_is_in_band_when_its_last_child_is_and_ends_its_children_when_it_ends() -> None:
    words = [word(EnvelopeKind.ALARM, f"d{n}", f"{n}", severity=3) for n in range(4)]
    before = fold(ground=ground(), said=said(*words))
    (storm,) = [one for one in before.alarms if one.origin is AlarmOrigin.STORM]
    children = tuple(one for one in before.alarms if one.origin is not AlarmOrigin.STORM)
    whole = replace(ground(*before.alarms), tallies={storm.alarm_no: {3: 4}})
    later = NOON + timedelta(minutes=3)
    clears = [word(EnvelopeKind.CLEAR, one.device, f"c{one.device}", at=later) for one in children]
    watches = {("iot", one.device): Watch(severity=3, maker=3, maker_at=NOON) for one in children}
    codes = [one.device for one in children]
    three = fold(ground=whole, said=said(*clears[:3], known=registry(*codes, watches=watches)))
    assert all(one.current is not None for one in three.alarms if one.alarm_no == storm.alarm_no)
    four = fold(ground=whole, said=said(*clears, known=registry(*codes, watches=watches)))
    assert [one.current for one in four.alarms if one.alarm_no == storm.alarm_no] == [None]
    merged = replace(whole, families={storm.alarm_no: children})
    work = Fold(merged)
    work._end_family(replace(storm, phase=AlarmPhase.FALSE_ALARM), later)
    assert {one.phase for one in work.changes().alarms if one.parent} == {AlarmPhase.RELEASED}


def test_a_child_that_joins_a_storm_whose_case_was_closed_asks_for_another() -> None:
    words = [word(EnvelopeKind.ALARM, f"d{n}", f"{n}", severity=3) for n in range(4)]
    before = fold(ground=ground(), said=said(*words))
    (storm,) = [one for one in before.alarms if one.origin is AlarmOrigin.STORM]
    late = said(word(EnvelopeKind.ALARM, "late", "l", at=NOON + timedelta(minutes=2), severity=3))
    for status, cases in (("handling", []), ("closed", [storm.key])):
        standing = replace(
            ground(replace(storm, case_status=status)),
            number=numbers("ALM-9"),
            tallies={storm.alarm_no: {3: 4}},
        )
        after = fold(ground=standing, said=late)
        assert opened(after) == cases
        assert [one.parent for one in after.alarms if one.device == "late"] == [storm.alarm_no]


def test_a_drill_finds_no_fault_of_a_real_device() -> None:
    drill = replace(word(EnvelopeKind.ALARM, "a", "1", severity=3), exercise=Exercise.EXERCISE)
    (alarm,) = fold(ground=ground(), said=said(drill)).alarms
    officer = Actor(id="p", role=Role.OPERATOR, unit="U1")
    verdict = Assessed(at=NOON, actor=officer, verdict=Verdict.DEVICE_FAULT, reason="drift")
    standing = replace(ground(alarm), number=numbers("ALM-9"))
    after = fold_words(ground=standing, words=[(alarm.alarm_no, verdict)])
    (fault,) = [one for one in after.alarms if one.hazard == "device"]
    assert fault.exercise
    assert fault.key != device_key(source="iot", code="a")


def test_what_a_device_says_in_one_message_counts_in_the_order_it_was_folded() -> None:
    """A maker's alarm that stands is not ended by a reading the message named before it."""
    later, sooner = NOON + timedelta(minutes=2), NOON + timedelta(minutes=1)
    watches = {("iot", "a"): Watch(severity=3, held=(0,), tripped=((0, NOON),), last_at=NOON)}
    words = said(
        reading("a", 1, at=later), word(EnvelopeKind.ALARM, "a", "1", at=sooner, severity=1),
        known=registry("a", watches=watches),
    )  # fmt: skip
    (alarm,) = fold(ground=ground(), said=words).alarms
    assert (alarm.severity, alarm.current) == (1, 1)


def test_what_was_held_up_on_its_way_is_no_fault_of_the_devices_clock() -> None:
    """After we were down for an hour every sender delivers what it kept: that is our fault, not ten thousand clocks'."""
    known = registry("a")
    for minute, behind, faulty in ((0, 60, ""), (10, 40, ""), (20, 0, ""), (40, 60, ""), (75, 60, "clock")):
        at = NOON + timedelta(minutes=minute)
        sent = at - timedelta(minutes=behind) if behind else None
        found = sense(registry=known, events=events(replace(reading("a", 1, at=at), sent_at=sent)))
        known = replace(known, watches=found.watches)
        assert found.watches[("iot", "a")].fault == faulty
        assert [one.hazard for one in found.said] == (["device"] if faulty else [])
    ahead = replace(reading("b", 1), sent_at=NOON + timedelta(hours=1))
    assert sense(registry=registry("b"), events=events(ahead)).watches[("iot", "b")].fault == "clock"


def test_readings_that_flap_are_one_alarm_until_they_are_steady() -> None:
    """Or its case's people would hear of a relapse and of its end with every other reading."""
    minutes = [timedelta(minutes=n) for n in range(20)]
    flips = [reading("a", 30 if n % 2 == 0 else 1, at=NOON + at) for n, at in enumerate(minutes)]
    found = sense(registry=registry("a"), events=events(*flips))
    first = fold(ground=ground(), said=found.said)
    (alarm,) = first.alarms
    assert (alarm.current, alarm.flapping) == (1, True)
    assert [fact.kind for fact in first.facts].count("relapse") <= 1
    calm = [reading("a", 1, at=NOON + timedelta(minutes=n)) for n in (30, 60)]
    known = registry("a", watches=found.watches)
    then = fold(ground=ground(alarm), said=said(*calm, known=known))
    assert then.alarms[0].current is None


def test_half_of_a_gateways_devices_silent_are_one_dead_gateway() -> None:
    known = registry(*(f"d{n}" for n in range(8)))
    silent = [
        fault_word(registry=known, device=device(f"d{n}", gateway="g"), watch=Watch(silent=True), at=NOON)
        for n in range(5)
    ]
    key = device_key(source="iot", code="g")
    three = fold(ground=ground(sizes={key: 8}), said=silent[:3])
    assert opened(three) == []  # they wait for their neighbours
    five = fold(ground=ground(sizes={key: 8}), said=silent)
    assert opened(five) == [key]
    (gateway,) = [one for one in five.alarms if one.key == key]
    assert (gateway.children, gateway.device) == (5, "g")
    loose = {key: three.alarms}
    off = word(EnvelopeKind.OFFLINE, "g", "off")
    said_off = said(off, known=registry(gateways={("iot", "g"): device("d0", gateway="g")}))
    told = fold(ground=replace(ground(), number=numbers("ALM-9"), loose=loose), said=said_off)
    assert opened(told) == [key]
    assert sum(one.parent is not None for one in told.alarms) == 3


def test_one_silent_device_gets_a_case_after_its_wait_and_none_when_heard_before() -> None:
    alone = fault_word(
        registry=registry("a"), device=device("a", gateway="g"), watch=Watch(silent=True), at=NOON
    )
    (alarm,) = fold(ground=ground(sizes={device_key(source="iot", code="g"): 8}), said=[alone]).alarms
    assert alarm.next_due is not None
    due = fold_words(ground=ground(alarm), words=[(alarm.alarm_no, Due(at=alarm.next_due))])
    assert opened(due) == [alarm.key]
    heard = fault_word(registry=registry("a"), device=device("a", gateway="g"), watch=Watch(), at=NOON)
    over = fold(ground=ground(alarm), said=[heard])
    assert opened(over) == []
    assert not is_open(over.alarms[0])


def test_a_warning_that_was_over_before_it_came_raises_nothing() -> None:
    late = word(EnvelopeKind.WARNING, "", "w1", category="S-CAP", severity=1, place=HERE)
    late = replace(late, expires_at=late.received_at - timedelta(hours=1))
    found = sense(registry=registry(), events=events(late))
    assert (found.counts, found.said, found.dead) == ({Heard.EXPIRED: 1}, (), ())


def test_a_warning_is_updated_and_cancelled_by_reference() -> None:
    first = word(EnvelopeKind.WARNING, "", "w1", category="S-CAP", severity=2, place=HERE)
    update = replace(
        first, event_id="w2", severity=1, references=("w1",), occurred_at=NOON + timedelta(minutes=1)
    )
    cancel = replace(update, event_id="w3", kind=EnvelopeKind.CANCEL, references=("w2",))
    both = fold(ground=ground(), said=said(first, update, known=registry()))
    (alarm,) = both.alarms
    assert (alarm.origin, alarm.severity) == (AlarmOrigin.SERVICE, 1)
    assert both.events == {("iot", "w1"): alarm.alarm_no, ("iot", "w2"): alarm.alarm_no}
    seen = {("iot", "w2"): SeenEvent(digest="", alarm_no=alarm.alarm_no)}
    after = fold(ground=ground(alarm), said=said(cancel, known=registry(seen=seen)))
    assert after.alarms[0].withdrawn_at is not None
    unknown = sense(registry=registry(), events=events(cancel))
    assert [one.code for one in unknown.dead] == [DeadCode.UNKNOWN_REFERENCE]


WORDS = st.lists(
    st.tuples(
        st.sampled_from([f"d{n}" for n in range(6)] + ["x"]),
        st.sampled_from(
            [EnvelopeKind.ALARM, EnvelopeKind.CLEAR, EnvelopeKind.OBSERVATION, EnvelopeKind.HEARTBEAT]
        ),
        st.sampled_from([1, 2, 3, 4]),
        st.integers(0, 4),
    ),
    max_size=25,
)


def _envelopes(drawn: Sequence[tuple[str, EnvelopeKind, int, int]]) -> list[Envelope]:
    return [
        replace(
            word(kind, code, f"e{n}", at=NOON + timedelta(seconds=n)),
            severity=grade if kind is EnvelopeKind.ALARM else None,
            value=float(depth * 8) if kind is EnvelopeKind.OBSERVATION else None,
        )
        for n, (code, kind, grade, depth) in enumerate(drawn)
    ]


@settings(max_examples=60, deadline=None)
@given(drawn=WORDS)
def test_every_part_is_accounted_for_and_a_key_has_one_open_alarm(
    drawn: list[tuple[str, EnvelopeKind, int, int]],
) -> None:
    found = sense(registry=registry(*(f"d{n}" for n in range(6))), events=events(*_envelopes(drawn)))
    assert sum(found.counts.values()) + len(found.dead) == len(drawn)
    changes = fold(ground=ground(), said=found.said)
    keys = [one.key for one in changes.alarms if is_open(one)]
    assert len(keys) == len(set(keys))
    cases = [debt.alarm.case_no for debt in changes.debts if isinstance(debt.owed, OpenCase)]
    assert len(cases) == len(set(cases))
    assert all(one.severity > 1 or one.case_no for one in changes.alarms)


@settings(max_examples=40, deadline=None)
@given(drawn=WORDS, seed=st.randoms(use_true_random=False))
def test_the_order_of_different_devices_in_a_message_does_not_matter(
    drawn: list[tuple[str, EnvelopeKind, int, int]], seed: object
) -> None:
    known = registry(*(f"d{n}" for n in range(6)))
    straight = events(*_envelopes(drawn))
    lanes: dict[str, list[Event]] = {}
    for one in straight:
        lanes.setdefault(one.envelope.subject, []).append(one)
    mixed: list[Event] = []
    while lanes:
        code = seed.choice(sorted(lanes))  # type: ignore[attr-defined]
        mixed.append(lanes[code].pop(0))
        lanes = {key: lane for key, lane in lanes.items() if lane}
    first, second = (_outcome(sense(registry=known, events=one)) for one in (straight, mixed))
    assert first == second


def _outcome(found: Senses) -> tuple[object, ...]:
    changes = fold(ground=ground(), said=found.said)
    return found.counts, found.watches, shape(changes), sorted(opened(changes))


def test_the_order_of_words_makes_no_difference_to_a_storm() -> None:
    words = [word(EnvelopeKind.ALARM, f"d{n}", f"{n}", severity=3 - (n == 2)) for n in range(4)]
    shapes = [shape(fold(ground=ground(), said=said(*order))) for order in permutations(words)]
    assert all(one == shapes[0] for one in shapes)
