"""The same demand again joins its open case; another place, thing or caller does not."""

from datetime import timedelta
from typing import Any

import pytest

from domain.place import ReportedPlace
from domain.report import NewReport, Reporter
from store.engine import Store
from store.group_commit import GroupCommit
from tests.integration.store_samples import NOW, case_no, record, report
from usecases.callers import caller_of
from usecases.city import City, Grounds
from usecases.gateway import CaseGateway
from usecases.repeat_demands import NAMED, SAME_CALLER
from usecases.secret import Secret
from usecases.start_case import prepare

LON, LAT = 114.2862, 30.5965
FAR = 0.02
PHONE = "13812345678"


@pytest.fixture
def city(store: Store, wuhan: Grounds) -> City:
    """Return a city with a secret, so that callers are told apart."""
    return City(
        grounds=wuhan,
        store=store,
        intake=GroupCommit(store=store),
        cases=CaseGateway(client=None),  # type: ignore[arg-type]
        now=lambda: NOW,
        random_bits=lambda bits: bits,
        secret=Secret(key=b"k" * 32),
    )


def filed(
    city: City, n: int, *, phone: str = PHONE, ago: timedelta = timedelta(), **changes: Any
) -> NewReport:
    given: dict[str, Any] = {
        "channel": "hotline", "category": "E0110", "reported": ReportedPlace(lon=LON, lat=LAT), "severity": None,
        "tags": (), "received_at": NOW - ago, "occurred_at": NOW - ago, "reporter": Reporter(phone=phone),
        "source": "hotline-12345", "source_no": f"T{n}", "idempotency_key": None,
    }  # fmt: skip
    return report(n, caller=caller_of(city=city, phone=phone), **(given | changes))


def kept(city: City, n: int, *, status: str = "handling", phone: str = PHONE, **changes: Any) -> str:
    """File a report and let its case be open, in the state and as severe as it began."""
    case = {name: changes.pop(name) for name in ("severity_of_case", "closed_at") if name in changes}
    one = filed(city, n, phone=phone, **changes)
    city.store.accept_many(reports=[one])
    begun = prepare(city=city, report=one)
    shown: dict[str, Any] = {
        "status": status, "category": one.category, "severity": case.get("severity_of_case", begun.severity),
        "place": begun.place, "lon": begun.place.lon, "lat": begun.place.lat, "exercise": one.exercise,
        "received_at": one.received_at, "closed_at": case.get("closed_at"),
    }  # fmt: skip
    city.store.record(record=record(n, **shown))
    return case_no(n)


def test_the_same_caller_about_the_same_thing_joins_within_the_days(city: City) -> None:
    first = kept(city, 1, ago=timedelta(days=3))
    begun = prepare(city=city, report=filed(city, 9, phone="+86 138-1234-5678"))
    assert (begun.master, begun.repeated) == (first, SAME_CALLER)


def test_the_earliest_open_case_is_the_one_all_join(city: City) -> None:
    first = kept(city, 1, ago=timedelta(days=3))
    kept(city, 2, ago=timedelta(days=2))
    assert prepare(city=city, report=filed(city, 9)).master == first


@pytest.mark.parametrize(
    "changes",
    [
        {"phone": "13912345678"},
        {"phone": ""},
        {"category": "E0201"},
        {"reported": ReportedPlace(lon=LON + FAR, lat=LAT)},
        {"exercise": True},
    ],
    ids=["another caller", "no number", "another thing", "another place", "a drill"],
)
def test_what_is_another_matter_is_no_repeated_demand(city: City, changes: dict[str, Any]) -> None:
    kept(city, 1, ago=timedelta(days=3))
    begun = prepare(city=city, report=filed(city, 9, **changes))
    assert (begun.master, begun.repeated, begun.proposals) == (None, "", ())


def test_after_the_days_and_after_the_closing_it_is_new(city: City) -> None:
    kept(city, 1, ago=timedelta(days=16))
    kept(city, 2, ago=timedelta(days=3), status="closed", closed_at=NOW - timedelta(hours=1))
    begun = prepare(city=city, report=filed(city, 9))
    assert (begun.master, begun.repeated) == (None, "")
    assert begun.repeat_of == case_no(2)  # row 39 as ever


def test_a_worse_demand_and_one_without_a_place_are_shown_to_an_operator(city: City) -> None:
    mild = kept(city, 1, ago=timedelta(days=3), severity_of_case=4)
    worse = prepare(city=city, report=filed(city, 9, severity=1))
    assert (worse.master, worse.repeated, worse.proposals) == (None, "", (mild,))
    nowhere = prepare(city=city, report=filed(city, 8, reported=ReportedPlace()))
    assert (nowhere.master, nowhere.proposals) == (None, (mild,))


def test_the_same_words_for_the_place_are_the_same_place(city: City) -> None:
    first = kept(city, 1, ago=timedelta(days=3), reported=ReportedPlace(address="老王家 门口"))
    begun = prepare(city=city, report=filed(city, 9, reported=ReportedPlace(address="老王家门口")))
    assert (begun.master, begun.repeated) == (first, SAME_CALLER)


def test_a_ticket_that_names_an_earlier_one_joins_it_whoever_calls_and_wherever(city: City) -> None:
    first = kept(city, 1, ago=timedelta(days=60))
    receipt = filed(city, 1).report_no
    elsewhere: dict[str, Any] = {"phone": "", "reported": ReportedPlace(lon=LON + FAR, lat=LAT)}
    for named in ("T1", receipt):
        begun = prepare(city=city, report=filed(city, 9, related=(named,), **elsewhere))
        assert (begun.master, begun.repeated) == (first, NAMED)
    others = prepare(city=city, report=filed(city, 9, related=("T1",), source="app", **elsewhere))
    assert others.master is None  # another system's T1 is another ticket


def test_two_of_one_batch_know_which_came_first(city: City) -> None:
    """Neither case runs yet: the later joins the earlier, never each the other."""
    early, late = filed(city, 1), filed(city, 2)
    city.store.accept_many(reports=[early, late])
    assert prepare(city=city, report=early).master is None
    begun = prepare(city=city, report=late)
    assert (begun.master, begun.repeated) == (early.case_no, SAME_CALLER)
    graver = prepare(city=city, report=filed(city, 3, severity=1))
    assert (graver.master, graver.proposals) == (None, (late.case_no, early.case_no))


def test_a_number_is_kept_as_a_digest_only(city: City) -> None:
    one = filed(city, 1)
    assert PHONE not in one.caller
    assert len(one.caller) == 64
    assert caller_of(city=city, phone="0086 138 1234 5678") == one.caller
