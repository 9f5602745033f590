"""Looking for bursts on the store alone: what counts, who joins whom, and when it is a new event (E8)."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from domain.burst import BurstRule
from domain.case import Status
from domain.messages_command import JoinParent, Regrade
from domain.place import Level
from store.engine import Store
from store.group_commit import GroupCommit
from store.rows import OutboxKind
from tests.integration.store_samples import NOW, case_no, record, report, view
from usecases import bursts
from usecases.bursts import look, looks_of
from usecases.city import City, Grounds
from usecases.start_child import begin_of

STREET, DISTRICT = "420103006000", "420103"
MINUTE = timedelta(minutes=1)
RULE = BurstRule(
    id="water", name_zh="积水", name_en="water", categories=("E0506", "S-FLD-01"), parent_category="E0506",
    reports=3, alarms=2, window=timedelta(minutes=60),
)  # fmt: skip
WIDE = replace(RULE, id="wide", reports=5, alarms=0, area=Level.DISTRICT, level=Level.CITY, mandatory=True)


@dataclass
class Hall:
    """A city's command hall: reports come in, and somebody looks."""

    city: City
    store: Store
    bits: int = 2**30

    def comes(self, n: int, *, at: float = 0.0, **changes: Any) -> str:
        """Let the n-th report come ``at`` minutes, its case begun and recorded."""
        received = NOW + at * MINUTE
        given: dict[str, Any] = {
            "channel": "console",
            "category": "E0506",
            "street": STREET,
            "district": DISTRICT,
        }
        given |= changes
        drill = bool(given.get("exercise"))
        self.store.accept_many(
            reports=[report(n, channel=given["channel"], received_at=received, exercise=drill)]
        )
        self.store.record(record=record(n, received_at=received, **given))
        return case_no(n)

    def look(self, case: str, rule: BurstRule = RULE, *, again: bool = False) -> str | None:
        return look(city=self.city, case_no=case, rule=rule.id, again=again)

    def owed(self) -> dict[str, JoinParent]:
        """Return the joins that are owed, by case."""
        rows = self.store.claim(
            kinds=(OutboxKind.DELIVER_COMMAND,), limit=99, now=NOW.replace(year=2030), worker="w", lease_s=0.0
        )
        kept = {row.case_no: self.store.command(request_id=row.payload["request_id"]) for row in rows}
        return {
            case: found.command
            for case, found in kept.items()
            if found is not None and isinstance(found.command, JoinParent)
        }

    def carried_out(self, parent: str) -> None:
        """Let every owed join of a parent be carried out."""
        for case, join in self.owed().items():
            found = self.store.case(case_no=case)
            assert found is not None
            if join.parent == parent and found.parent is None:
                moved = replace(found, parent=parent, seq=found.seq + 1)
                self.store.record(record=replace(record(1), view=moved, facts=()))

    def becomes(self, case: str, **changes: Any) -> None:
        found = self.store.case(case_no=case)
        assert found is not None
        given = {"epoch": 1, "seq": found.seq + 1} | changes
        self.store.record(record=replace(record(1), view=replace(found, **given), facts=()))


@pytest.fixture
def hall(store: Store, wuhan: Grounds) -> Hall:
    pack = replace(wuhan.pack, bursts=(RULE, WIDE))
    made = Hall(city=None, store=store)  # type: ignore[arg-type]

    def bits(_count: int) -> int:
        made.bits += 1
        return made.bits

    made.city = City(
        grounds=replace(wuhan, pack=pack),
        store=store,
        intake=GroupCommit(store=store),
        cases=None,  # type: ignore[arg-type]  # looking asks no workflow
        now=lambda: NOW + 30 * MINUTE,
        random_bits=bits,
    )
    return made


def test_the_third_report_opens_one_event_and_all_join_it(hall: Hall) -> None:
    first, second = hall.comes(1), hall.comes(2, at=20)
    assert hall.look(first) is None
    assert hall.look(second) is None
    third = hall.comes(3, at=59, severity=2)
    parent = hall.look(third)
    assert parent is not None
    assert {hall.look(one) for one in (first, second, third)} == {parent}
    joins = hall.owed()
    assert set(joins) == {first, second, third}
    assert {(join.parent, join.mandatory, join.levels) for join in joins.values()} == {(parent, False, 2)}
    (row,) = hall.store.claim(
        kinds=(OutboxKind.START_CHILD,), limit=9, now=NOW.replace(year=2030), worker="w", lease_s=0.0
    )
    begin = begin_of(row.payload)
    assert (begin.case_no, begin.severity, begin.floor, begin.trigger) == (parent, 2, Level.DISTRICT, "E8")
    assert [area.code for area in begin.place.chain][-1] == STREET
    assert (begin.place.lon, begin.place.lat) == (114.27, 30.6)
    assert begin.decision.lead is not None


def test_what_is_too_far_apart_in_time_or_place_or_of_another_kind_is_no_burst(hall: Hall) -> None:
    hall.comes(1)
    hall.comes(2, at=61)
    hall.comes(3, at=122)
    hall.comes(4, at=61, street="420103005000")
    hall.comes(5, at=61, category="E0110")
    hall.comes(6, at=61, exercise=True)
    assert [hall.look(case_no(n)) for n in range(1, 7)] == [None] * 6


def test_looks_in_any_order_find_the_burst(hall: Hall) -> None:
    """Cases are recorded in any order: the last one that is looked at sees all of them."""
    hall.comes(3, at=40)
    assert hall.look(case_no(3)) is None
    hall.comes(2, at=20)
    assert hall.look(case_no(2)) is None
    hall.comes(1, at=0)
    parent = hall.look(case_no(1))
    assert parent is not None
    assert set(hall.owed()) == {case_no(1), case_no(2), case_no(3)}


def test_two_alarms_of_sensors_are_enough(hall: Hall) -> None:
    for n in (1, 2):
        hall.comes(n, category="S-FLD-01", channel="sensor", severity=1)
    assert hall.look(case_no(2)) is not None


def test_merged_reports_count_and_their_master_joins(hall: Hall) -> None:
    master = hall.comes(1)
    hall.comes(2, at=1)
    hall.comes(3, at=2)
    for n in (2, 3):
        hall.becomes(case_no(n), status=Status.MERGED.value, master=master)
    assert hall.look(case_no(3)) is not None
    assert set(hall.owed()) == {master}


def test_a_closed_case_counts_and_stays_where_it_is(hall: Hall) -> None:
    for n in (1, 2, 3):
        hall.comes(n)
    hall.becomes(case_no(1), status=Status.CLOSED.value)
    assert hall.look(case_no(3)) is not None
    assert set(hall.owed()) == {case_no(2), case_no(3)}


def test_a_later_report_joins_within_the_window_and_a_stray_one_after_it_does_not(hall: Hall) -> None:
    for n in (1, 2, 3):
        hall.comes(n)
    parent = hall.look(case_no(3))
    soon, late = hall.comes(4, at=85), hall.comes(5, at=95)
    assert hall.look(soon) == parent
    assert hall.look(late) is None or late in hall.owed()
    stray = hall.comes(6, at=400)
    assert hall.look(stray) is None
    assert stray not in hall.owed()
    for n in (7, 8):
        hall.comes(n, at=401)
    assert hall.look(case_no(8)) == parent, "it goes on: the event is still open"
    assert {stray, case_no(7), case_no(8)} <= set(hall.owed())


def test_when_the_event_has_closed_the_next_burst_is_another_one(hall: Hall) -> None:
    for n in (1, 2, 3):
        hall.comes(n)
    first = hall.look(case_no(3))
    assert first is not None
    hall.carried_out(first)
    hall.becomes(first, status=Status.CLOSED.value)
    hall.comes(4, at=5)
    assert hall.look(case_no(4)) is None, "those of before belong to what has closed"
    for n in (5, 6):
        hall.comes(n, at=6)
    second = hall.look(case_no(6))
    assert second not in (None, first)
    assert {join.parent for case, join in hall.owed().items() if case in map(case_no, (4, 5, 6))} == {second}


def test_events_of_streets_become_children_of_the_districts(hall: Hall) -> None:
    for n in (1, 2, 3):
        hall.comes(n)
    street = hall.look(case_no(3))
    assert street is not None
    hall.carried_out(street)
    hall.becomes(street, level=int(Level.DISTRICT), status=Status.DISPATCHED.value)
    assert hall.look(case_no(3), WIDE) is None
    for n in (4, 5):
        hall.comes(n, street="420103005000")
    district = hall.look(case_no(5), WIDE)
    assert district not in (None, street)
    joins = {case: join for case, join in hall.owed().items() if join.parent == district}
    assert set(joins) == {street, case_no(4), case_no(5)}
    assert all(join.mandatory for join in joins.values())
    hall.carried_out(district or "")
    assert hall.look(case_no(4)) is None, "what the city commands is not opened again below"


def test_a_worse_report_grades_the_event_anew(hall: Hall) -> None:
    for n in (1, 2, 3):
        hall.comes(n, severity=3)
    parent = hall.look(case_no(3))
    assert parent is not None
    worse = hall.comes(4, severity=1)
    hall.look(worse)
    kept = hall.store.command(request_id=f"burst:{parent}:severity:1")
    assert kept is not None
    assert isinstance(kept.command, Regrade)
    assert (kept.case_no, kept.command.severity) == (parent, 1)
    assert kept.command.rules is not None
    assert kept.command.rules.severity.severity == 1


def test_no_event_is_larger_than_a_case_can_hold(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bursts, "MOST_CHILDREN", 4)
    for n in range(1, 8):
        hall.comes(n)
    assert hall.look(case_no(7)) is not None
    assert len(hall.owed()) == 4


def test_a_rule_that_has_left_the_pack_finds_nothing(hall: Hall) -> None:
    for n in (1, 2, 3):
        hall.comes(n)
    assert look(city=hall.city, case_no=case_no(3), rule="gone") is None
    assert look(city=hall.city, case_no=case_no(99), rule=RULE.id) is None


def test_only_what_a_rule_counts_is_looked_at(hall: Hall) -> None:
    records = [
        record(1, category="E0506", street=STREET, district=DISTRICT),
        record(2, category="E0506", street=None, district=DISTRICT),
        record(3, category="E0506", street=None, district=None),
        record(4, category="E0110", street=STREET, district=DISTRICT),
    ]
    found = looks_of(city=hall.city, records=records)
    assert {(one.rule, one.case_no) for one in found} == {
        ("water", case_no(1)), ("wide", case_no(1)), ("wide", case_no(2)),
    }  # fmt: skip


def test_a_look_is_owed_with_the_case_and_once(hall: Hall) -> None:
    hall.store.accept_many(reports=[report(1)])
    first = record(1, category="E0506", street=STREET, district=DISTRICT)
    looks = looks_of(city=hall.city, records=[first])
    for _ in range(2):
        hall.store.record_many(records=[(first, None)], looks=looks)
    assert hall.store.pending(kinds=(OutboxKind.LOOK_FOR_BURST,)) == 2
    assert view(1).case_no == case_no(1)
