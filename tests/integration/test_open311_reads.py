"""Reads for Open311 on both databases: every filter, the order, the pages, and how many statements they take."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import event

from domain.case import Fact, Status
from domain.views import Record
from store.engine import Store
from store.open311_reads import Box, RequestFilter
from tests.integration.store_samples import NOW, case_no, fact, report, report_no, view
from usecases.open311.statuses import UPDATES

ALL = RequestFilter(kinds=UPDATES, every=("E1", "E2"))
HOUR = timedelta(hours=1)


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    """Collect the statements a block sends."""
    sent: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    event.listen(store._engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(store._engine, "before_cursor_execute", note)


def fill(store: Store, count: int = 6) -> None:
    """File reports an hour apart; odd ones are E2, the third is closed, the fifth merged into the first."""
    for n in range(1, count + 1):
        at = NOW + n * HOUR
        category = "E2" if n % 2 else "E1"
        store.accept_many(reports=[report(n, received_at=at, category=category, channel="open311")])
        kept = view(
            n, category=category, received_at=at, channel="open311", reports=(report_no(n),), lat=30.5 + n / 100,
            closed_at=at + 5 * HOUR if n == 3 else None, status="closed" if n == 3 else "handling",
        )  # fmt: skip
        facts: tuple[Fact, ...] = (
            fact(1, at=at, kind="triaging"),
            fact(2, at=at + HOUR, kind="handling", target=Status.HANDLING),
            fact(3, at=at + 9 * HOUR, kind="called"),
        )
        if n == 3:
            facts = (*facts, fact(4, at=at + 5 * HOUR, kind="closed", data={"close_kind": "solved"}))
        if n == 5:
            facts = (*facts, fact(4, at=at + 2 * HOUR, kind="merged"))
            kept = replace(kept, status="merged", master=case_no(1))
        store.record(record=Record(view=replace(kept, seq=4), facts=facts, notices=()))


def numbers(store: Store, where: RequestFilter, *, limit: int = 100, offset: int = 0) -> list[int]:
    found = store.service_requests(where=where, limit=limit, offset=offset)
    names = {report_no(n): n for n in range(1, 9)}
    return [names[row.report_no] for row in found]


def test_requests_are_newest_first_with_the_state_of_their_case(store: Store) -> None:
    fill(store)
    rows = {row.report_no: row for row in store.service_requests(where=ALL, limit=100, offset=0)}
    assert numbers(store, ALL) == [6, 5, 4, 3, 2, 1]
    merged, closed, first = rows[report_no(5)], rows[report_no(3)], rows[report_no(1)]
    assert (merged.case_no, merged.status, merged.category) == (case_no(1), "handling", "E2")
    # Its master changed before it came: a request is not older than itself.
    assert merged.updated_at == merged.received_at == NOW + 5 * HOUR
    assert closed.updated_at == closed.closed_at == NOW + 8 * HOUR
    assert first.updated_at == NOW + 2 * HOUR, "a call changes nothing for the public"
    assert numbers(store, ALL, limit=2, offset=2) == [4, 3]
    assert numbers(store, ALL, limit=2, offset=60) == []


def test_every_filter_keeps_what_it_names(store: Store) -> None:
    fill(store)
    store.accept_many(reports=[report(7, exercise=True, channel="open311"), report(8, channel="gas")])

    def kept(**given: object) -> list[int]:
        where = replace(ALL, **{"hidden": ("gas",), **given})  # type: ignore[arg-type]
        found = numbers(store, where)
        assert store.count_service_requests(where=where) == len(found)
        return found

    assert kept() == [6, 5, 4, 3, 2, 1]
    assert kept(exercise=True) == [7]
    assert kept(hidden=()) == [6, 5, 4, 3, 2, 1, 8]
    assert kept(categories=("E1",)) == [6, 4, 2]
    assert kept(closed=True) == [3]
    assert kept(closed=False) == [6, 5, 4, 2, 1]
    assert kept(since=NOW + 2 * HOUR, until=NOW + 4 * HOUR) == [4, 3, 2]
    assert kept(numbers=(report_no(6), report_no(3), "x"), closed=True) == [6, 3]
    assert kept(updated_since=NOW + 6 * HOUR) == [6, 3]
    assert kept(updated_until=NOW + 3 * HOUR) == [2, 1]
    assert kept(updated_since=NOW + 3 * HOUR, updated_until=NOW + 5 * HOUR) == [5, 4, 2]


def test_a_place_chooses_by_box_or_by_circle(store: Store) -> None:
    fill(store)
    wide = Box(west=114.0, south=30.515, east=115.0, north=30.545)
    small = replace(wide, south=30.525, north=30.535)
    assert numbers(store, replace(ALL, box=wide)) == [4, 3, 2]
    assert numbers(store, replace(ALL, box=small)) == [3]
    # The box of a circle of 1.2 km around request 3; its neighbours lie 1.1 km north and south.
    round_3 = Box(west=114.25, south=30.519, east=114.29, north=30.541, radius_m=1_200)
    assert numbers(store, replace(ALL, box=round_3)) == [4, 3, 2]
    assert numbers(store, replace(ALL, box=replace(round_3, radius_m=1_000))) == [3]
    assert numbers(store, replace(ALL, box=small, categories=("E1",))) == []


def test_updates_are_the_changes_of_state_of_every_report_of_a_case(store: Store) -> None:
    fill(store)

    def told(since: int, until: int, where: RequestFilter = ALL) -> list[tuple[str, str, str]]:
        found = store.request_updates(
            where=where, since=NOW + since * HOUR, until=NOW + until * HOUR, limit=100, offset=0
        )
        return [(row.report_no, row.case_no, row.kind) for row in found]

    assert told(1, 1) == [(report_no(1), case_no(1), "triaging")]
    assert told(8, 9) == [(report_no(3), case_no(3), "closed")]
    # The fifth: its own facts up to the merge, nothing of the master from before it came.
    fifth = replace(ALL, numbers=(report_no(5),))
    assert told(0, 20, fifth) == [
        (report_no(5), case_no(5), kind) for kind in ("triaging", "handling", "merged")
    ]
    later = view(1, status="closed", seq=9, received_at=NOW + HOUR)
    closing = fact(9, at=NOW + 30 * HOUR, kind="closed", data={"close_kind": "solved"})
    store.record(record=Record(view=later, facts=(closing,), notices=()))
    assert told(21, 40) == [(report_no(1), case_no(1), "closed"), (report_no(5), case_no(1), "closed")]


def test_an_update_of_somebody_else_is_kept_once(store: Store) -> None:
    row = {
        "source": "fixmystreet", "update_id": "77", "case_no": case_no(1), "report_no": report_no(1), "status": "FIXED",
        "description": "好了", "updated_at": NOW, "received_at": NOW, "detail": {},
    }  # fmt: skip
    first = store.keep_service_update(row=row)
    assert (first.repeated, first.told) == (False, False)
    again = store.keep_service_update(row={**row, "description": "again"})
    assert again == replace(first, repeated=True)
    store.update_acted(serial=first.serial, detail={"fate": "told"})
    assert store.keep_service_update(row=row).told
    other = store.keep_service_update(row={**row, "source": "else"})
    assert (other.serial != first.serial, other.repeated) == (True, False)


def test_a_page_takes_one_statement_however_long_it_is(store: Store) -> None:
    fill(store)
    for size in (1, 6):
        with counted(store) as sent:
            assert len(store.service_requests(where=ALL, limit=size, offset=0)) == size
            store.count_service_requests(where=ALL)
        assert len([one for one in sent if one.startswith(("SELECT", "WITH"))]) == 2, sent


def test_a_report_is_found_by_its_key_while_it_is_fresh(store: Store) -> None:
    fill(store, 1)
    assert store.filed_under(key="key-1", since=NOW) == report_no(1)
    assert store.filed_under(key="key-1", since=NOW + 2 * HOUR) is None
    assert store.filed_under(key="key-2", since=NOW) is None
