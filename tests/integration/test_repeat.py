"""Row 39: the same thing at the same place soon after a closing is found, linked and counted."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.pack import RepeatSettings
from domain.place import LocateMethod, Place, ReportedPlace
from domain.report import NewReport, Reporter
from domain.views import Aspects
from store.engine import Store
from store.group_commit import GroupCommit
from tests.integration.store_samples import NOW, case_no, record, report
from usecases.city import City, Grounds
from usecases.duplicates import find_duplicates, find_repeated
from usecases.gateway import CaseGateway
from usecases.start_case import prepare

LON, LAT = 114.24759, 30.58163
METRE = 1 / 111_195.0
"""Degrees of latitude."""
CLOSED = NOW - timedelta(days=2)
POINT = Place(lon=LON, lat=LAT, method=LocateMethod.EXACT)


def closed(store: Store, n: int, *, north_m: float = 0.0, at: datetime = CLOSED, **changes: Any) -> str:
    """Put a closed case into the store, some metres north of the place."""
    given: dict[str, Any] = {
        "status": "evaluated", "category": "E0110", "lon": LON, "lat": LAT + north_m * METRE, "closed_at": at,
        "received_at": at - timedelta(days=1),
    }  # fmt: skip
    store.accept_many(reports=[report(n)])
    store.record(record=record(n, **(given | changes)))
    return case_no(n)


def around(store: Store, metres: float = 50.0, days: int = 15) -> list[str]:
    found = store.closed_nearby(
        category="E0110", lon=LON, lat=LAT, metres=metres, since=NOW - timedelta(days=days), until=NOW
    )
    return [view.case_no for view in found]


def test_the_store_finds_what_was_closed_nearby_the_latest_first(store: Store) -> None:
    near = closed(store, 1, north_m=49)
    closed(store, 2, north_m=51)
    latest = closed(store, 3, at=CLOSED + timedelta(days=1))
    closed(store, 4, category="E0111")
    closed(store, 5, status="handling", closed_at=None)
    archived = closed(store, 6, at=CLOSED - timedelta(days=10), status="archived")
    closed(store, 7, at=NOW - timedelta(days=16))
    closed(store, 8, at=NOW + timedelta(seconds=1))

    assert around(store) == [latest, near, archived]
    assert around(store, metres=48) == [latest, archived]
    assert around(store, days=1) == [latest]


def test_both_ends_of_the_days_count(store: Store) -> None:
    first = closed(store, 1, at=NOW - timedelta(days=15))
    last = closed(store, 2, at=NOW)

    assert around(store) == [last, first]


@pytest.fixture
def city(store: Store, wuhan: Grounds) -> City:
    """Return a city that needs no Temporal: nothing is started here."""
    return City(
        grounds=wuhan,
        store=store,
        intake=GroupCommit(store=store),
        cases=CaseGateway(client=None),  # type: ignore[arg-type]
        now=lambda: NOW,
        random_bits=lambda bits: bits,
    )


def again(**changes: Any) -> NewReport:
    given: dict[str, Any] = {
        "channel": "hotline", "category": "E0110", "reported": ReportedPlace(lon=LON, lat=LAT), "received_at": NOW,
        "occurred_at": NOW, "severity": None, "tags": (), "reporter": Reporter(phone="13800000000"),
    }  # fmt: skip
    return report(9, **(given | changes))


def test_a_repetition_counts_on_from_the_case_before(city: City) -> None:
    assert (prepare(city=city, report=again()).repeat_of, prepare(city=city, report=again()).repeats) == (
        None,
        0,
    )
    before = closed(city.store, 1)

    begun = prepare(city=city, report=again())
    assert (begun.master, begun.repeat_of, begun.repeats) == (None, before, 1)


def test_the_third_time_is_counted_as_such(city: City) -> None:
    second = closed(city.store, 1, aspects=Aspects(repeats=1))

    begun = prepare(city=city, report=again())
    assert (begun.repeat_of, begun.repeats) == (second, 2)


def test_what_is_open_is_joined_and_no_repetition(city: City) -> None:
    closed(city.store, 1)
    still = closed(city.store, 2, status="handling", closed_at=None, severity=1)

    begun = prepare(city=city, report=again())
    assert (begun.master, begun.repeat_of) == (still, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"exercise": True},
        {"category": "E0111"},
        {"reported": ReportedPlace(lon=LON, lat=LAT + 60 * METRE)},
        {"reported": ReportedPlace(address="某路 1 号")},
        {"received_at": CLOSED + timedelta(days=15, seconds=1)},
    ],
)
def test_a_drill_another_thing_another_place_and_a_later_day_repeat_nothing(
    city: City, changes: dict[str, Any]
) -> None:
    closed(city.store, 1)
    assert prepare(city=city, report=again(**changes)).repeat_of is None


def test_a_drill_is_not_repeated_and_what_a_report_was_split_off_from_neither(city: City) -> None:
    closed(city.store, 1, exercise=True)
    assert prepare(city=city, report=again()).repeat_of is None
    left = closed(city.store, 2)
    assert prepare(city=city, report=again(), apart_from=left).repeat_of is None
    older = closed(city.store, 3, at=CLOSED - timedelta(days=3))
    assert prepare(city=city, report=again(), apart_from=left).repeat_of == older


@pytest.mark.parametrize("off", [RepeatSettings(metres=0), RepeatSettings(days=0)])
def test_a_city_may_switch_it_off(city: City, off: RepeatSettings) -> None:
    closed(city.store, 1)
    quiet = replace(city, grounds=replace(city.grounds, pack=replace(city.pack, repeat=off)))
    assert find_repeated(city=quiet, report=again(), place=POINT, apart_from=None) is None
    assert find_repeated(city=city, report=again(), place=POINT, apart_from=None) is not None


@pytest.mark.parametrize(
    "status", ["answered", "refused", "transferred_out", "closed", "visiting", "evaluated"]
)
def test_a_settled_case_is_nobodys_master_unless_it_closed_after_the_report_came(
    city: City, status: str
) -> None:
    finished = status in ("closed", "visiting", "evaluated")
    one = closed(city.store, 1, status=status, severity=1, closed_at=CLOSED if finished else None)

    def master(at: datetime) -> str | None:
        return find_duplicates(
            city=city, case_no=case_no(9), category="E0110", severity=4, place=POINT, at=at
        ).master

    assert master(NOW - timedelta(days=1)) is None
    assert master(CLOSED - timedelta(minutes=1)) == (one if finished else None)
