"""A case's record: written once each, never by anything older, read back whole."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from domain.case import Notice, Status
from domain.decision import Reason, RoutingDecision
from domain.limit import Limit
from domain.place import Level
from domain.views import CaseFilter, CaseView, Record
from store.engine import Store, open_store
from store.filters import UnableToReadCursor
from store.rows import Done, OutboxKind
from tests.integration.store_samples import (
    ENDED_STATUSES,
    NOW,
    PLACE,
    case_no,
    fact,
    record,
    report,
    report_no,
    view,
)

EVERYTHING = CaseFilter()


def test_a_view_is_read_back_as_it_was_written(store: Store) -> None:
    decision = RoutingDecision(
        lead="street-1",
        level=Level.STREET,
        limit=Limit.parse("2UH"),
        reasons=(Reason(aspect="lead", rule="r7", zh="属地", en="by area"),),
    )
    full = view(
        1, decision=decision, place=PLACE, supervisors=("district-1", "city"), on_time=False, close_kind="solved",
        closed_at=NOW + timedelta(days=1), proposals=(case_no(7),), unknown_year=True, reworks=2,
    )  # fmt: skip
    store.accept_many(reports=[report(1)])
    store.record(record=Record(view=full, facts=(), notices=()))
    assert store.case(case_no=full.case_no) == full
    assert store.case(case_no="nobody") is None


def test_a_record_for_a_case_nobody_accepted_makes_the_case(store: Store) -> None:
    step = record(1, seq=4)
    store.record(record=step)
    assert store.case(case_no=case_no(1)) == step.view


def test_facts_are_read_back_in_order_and_whole(store: Store) -> None:
    facts = (fact(1, source=None, target=Status.RECEIVED, due=None), fact(2), fact(3, data={}))
    store.record(record=Record(view=view(1, seq=3), facts=facts, notices=()))
    timeline = store.timeline(case_no=case_no(1))
    assert timeline is not None
    assert timeline.facts == facts
    assert timeline.case.seq == 3
    assert store.timeline(case_no="nobody") is None


@pytest.mark.parametrize("order", list(permutations([(1, 2), (1, 5), (2, 3)])))
def test_whatever_the_order_the_newest_step_stays_and_all_facts_are_kept(
    store: Store, order: tuple[tuple[int, int], ...]
) -> None:
    store.accept_many(reports=[report(1)])
    for epoch, seq in order:
        store.record(record=record(1, seq=seq, epoch=epoch, owner=f"unit-{epoch}-{seq}"))
        store.record(record=record(1, seq=seq, epoch=epoch, owner=f"unit-{epoch}-{seq}"))
    timeline = store.timeline(case_no=case_no(1))
    assert timeline is not None
    assert (timeline.case.epoch, timeline.case.seq, timeline.case.owner) == (2, 3, "unit-2-3")
    assert [one.seq for one in timeline.facts] == [2, 5, 3]


def test_a_batch_with_several_steps_of_one_case_keeps_the_newest(store: Store) -> None:
    steps = [record(1, seq=seq, supervisors=(f"s{seq}",)) for seq in (2, 3, 1)]
    store.record_many(records=[(step, None) for step in steps])
    timeline = store.timeline(case_no=case_no(1))
    assert timeline is not None
    assert timeline.case.seq == 3
    assert [one.seq for one in timeline.facts] == [1, 2, 3]
    assert store.list_cases(where=CaseFilter(supervisor="s3"), limit=9, cursor=None).cases
    assert not store.list_cases(where=CaseFilter(supervisor="s1"), limit=9, cursor=None).cases


def test_a_failing_record_leaves_nothing_behind(store: Store) -> None:
    store.accept_many(reports=[report(1)])
    bad = replace(record(1, seq=2), facts=(fact(1), fact(2, at=NOW.replace(tzinfo=None))))
    with pytest.raises(Exception, match="without a zone"):
        store.record(record=bad)
    timeline = store.timeline(case_no=case_no(1))
    assert timeline is not None
    assert (timeline.case.epoch, timeline.facts) == (0, ())


def test_threads_and_processes_recording_the_same_cases_end_with_the_newest(database_url: str) -> None:
    stores = [open_store(database_url) for _ in range(3)]
    batches = [
        [(record(n, seq=seq, supervisors=(f"s{seq}",)), None) for n in order]
        for seq in range(1, 10)
        for order in (range(5), reversed(range(5)))
    ]
    with ThreadPoolExecutor(max_workers=6) as pool:
        futures = [pool.submit(stores[n % 3].record_many, records=batch) for n, batch in enumerate(batches)]
        for future in futures:
            future.result()
    for n in range(5):
        timeline = stores[0].timeline(case_no=case_no(n))
        assert timeline is not None
        assert (timeline.case.seq, timeline.case.supervisors) == (9, ("s9",))
        assert [one.seq for one in timeline.facts] == list(range(1, 10))
    for one in stores:
        one.close()


def test_recording_settles_the_order_that_started_it(store: Store) -> None:
    store.accept_many(reports=[report(1), report(2)])
    rows = store.claim(kinds=["start_case"], limit=9, now=NOW, worker="w", lease_s=1)
    store.record(record=record(1), done=Done(outbox_id=rows[0].id, at=NOW))
    later = store.claim(
        kinds=[kind.value for kind in OutboxKind],
        limit=9,
        now=NOW + timedelta(hours=1),
        worker="w",
        lease_s=1,
    )
    assert [row.case_no for row in later] == [case_no(2)]


def test_reports_of_a_merged_case_move_to_its_master(store: Store) -> None:
    store.accept_many(reports=[report(1), report(2)])
    store.record(record=record(1))
    merged = record(2, status="merged", master=case_no(1), next_due=None)
    store.record(record=merged)
    store.record(record=merged)
    assert [one.report_no for one in store.reports_of(case_no=case_no(1))] == [report_no(1), report_no(2)]
    assert store.reports_of(case_no=case_no(2)) == []
    kept = store.report(report_no=report_no(2))
    assert kept is not None
    assert (kept.case_no, kept.belongs_to) == (case_no(2), case_no(1))


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
def test_merges_of_merges_end_at_the_last_master_whichever_is_written_first(
    store: Store, order: tuple[int, ...]
) -> None:
    store.accept_many(reports=[report(n) for n in (1, 2, 3, 4)])
    for n in order:
        store.record(record=record(n, status="merged", master=case_no(n + 1)))
    assert {one.report_no for one in store.reports_of(case_no=case_no(4))} == {
        report_no(n) for n in (1, 2, 3, 4)
    }


def test_a_circle_of_merges_or_an_unknown_master_moves_nothing_away(store: Store) -> None:
    store.accept_many(reports=[report(1), report(2), report(3)])
    store.record(record=record(1, status="merged", master=case_no(2)))
    store.record(record=record(2, status="merged", master=case_no(1)))
    store.record(record=record(3, status="merged", master="nobody"))
    assert len(store.reports_of(case_no=case_no(1)) + store.reports_of(case_no=case_no(2))) == 2
    assert len(store.reports_of(case_no=case_no(3))) == 1


def _pages(store: Store, where: CaseFilter, limit: int) -> list[CaseView]:
    found: list[CaseView] = []
    cursor = None
    for _ in range(100):
        page = store.list_cases(where=where, limit=limit, cursor=cursor)
        found += page.cases
        if page.next_cursor is None:
            return found
        assert len(page.cases) == limit
        cursor = page.next_cursor
    pytest.fail("the pages do not end")


@pytest.mark.parametrize("limit", [1, 3, 7, 23, 24])
def test_pages_neither_repeat_nor_skip_cases_received_at_the_same_instant(store: Store, limit: int) -> None:
    store.record_many(
        records=[(record(n, received_at=NOW + timedelta(microseconds=n // 8)), None) for n in range(23)]
    )
    found = _pages(store, EVERYTHING, limit)
    assert [(one.received_at, one.case_no) for one in found] == sorted(
        ((one.received_at, one.case_no) for one in found), reverse=True
    )
    assert len({one.case_no for one in found}) == len(found) == 23


def test_a_cursor_that_is_not_ours_is_refused(store: Store) -> None:
    for cursor in ("", "x", "!!!!", "bm90IG91cnM", "99999999999999999999999999"):
        with pytest.raises(UnableToReadCursor):
            store.list_cases(where=EVERYTHING, limit=5, cursor=cursor)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (EVERYTHING, {0, 1, 2, 3}),
        (CaseFilter(status=("closed", "handling")), {1, 2}),
        (CaseFilter(owner="dept-9"), {1}),
        (CaseFilter(supervisor="district-1"), {2, 3}),
        (CaseFilter(category="C-2"), {2}),
        (CaseFilter(severity=1), {1}),
        (CaseFilter(level=2), {3}),
        (CaseFilter(district="d2"), {1, 2}),
        (CaseFilter(street="s9"), {0}),
        (CaseFilter(community="c9"), {0}),
        (CaseFilter(grid="g9"), {0}),
        (CaseFilter(zone="z2"), {1}),
        (CaseFilter(channel="app"), {3}),
        (CaseFilter(received_from=NOW + timedelta(minutes=1)), {1, 2, 3}),
        (CaseFilter(received_to=NOW + timedelta(minutes=2)), {0, 1}),
        (CaseFilter(overdue_at=NOW + timedelta(hours=9)), {0, 1}),
        (CaseFilter(overdue_at=NOW + timedelta(hours=8)), set()),
        (CaseFilter(district="d2", severity=3), {2}),
        (CaseFilter(owner="nobody"), set()),
    ],
)
def test_filters(store: Store, where: CaseFilter, expected: set[int]) -> None:
    minute = timedelta(minutes=1)
    records = [
        record(0, street="s9", community="c9", grid="g9", zones=()),
        record(1, status="handling", owner="dept-9", severity=1, district="d2", zones=("z1", "z2"),
               received_at=NOW + minute),
        record(2, status="closed", supervisors=("district-1",), category="C-2", district="d2",
               received_at=NOW + 2 * minute),
        record(3, supervisors=("city", "district-1"), level=2, channel="app", received_at=NOW + 3 * minute,
               submitted_at=NOW),
    ]  # fmt: skip
    store.record_many(records=[(one, None) for one in records])
    found = {one.case_no for one in _pages(store, where, 2)}
    assert found == {case_no(n) for n in expected}


def test_open_cases_nearby_are_found_by_distance_category_and_age(store: Store) -> None:
    lon, lat = 114.27, 30.6
    store.record_many(
        records=[
            (record(0, lon=lon, lat=lat), None),
            (record(1, lon=lon, lat=lat + 0.0009), None),  # about 100 m north
            (record(2, lon=lon + 0.00094, lat=lat + 0.00081), None),  # in the box, not in the circle
            (record(3, lon=lon, lat=lat, category="C-2"), None),
            (record(4, lon=lon, lat=lat, received_at=NOW - timedelta(days=9)), None),
            (record(5, lon=None, lat=None), None),
            *(
                (record(10 + n, lon=lon, lat=lat, status=status), None)
                for n, status in enumerate(ENDED_STATUSES)
            ),
        ]
    )
    near = store.open_nearby(
        category="H-ENV-01", lon=lon, lat=lat, metres=110, since=NOW - timedelta(days=1), exclude=case_no(0)
    )
    assert [one.case_no for one, _ in near] == [case_no(1)]
    assert near[0][1] == pytest.approx(100.1, abs=0.2)
    wider = store.open_nearby(
        category="H-ENV-01", lon=lon, lat=lat, metres=130, since=NOW - timedelta(days=1), exclude=None
    )
    assert [one.case_no for one, _ in wider] == [case_no(0), case_no(1), case_no(2)]


def test_the_auditor_finds_cases_that_nobody_will_wake(store: Store) -> None:
    store.accept_many(reports=[report(8), report(9, received_at=NOW + timedelta(hours=2))])
    past, future = NOW - timedelta(minutes=1), NOW + timedelta(days=1)
    store.record_many(
        records=[
            (record(0, next_due=past), None),
            (record(1, next_due=future), None),
            (record(2, next_due=None), None),
            (record(3, next_due=None, status="archived"), None),
            (record(4, next_due=past, status="cancelled"), None),
            (record(5, next_due=NOW + timedelta(minutes=59)), None),
        ]
    )
    found = store.overdue_alarms(now=NOW + timedelta(hours=1), grace=timedelta(minutes=5))
    assert {one.case_no for one in found} == {case_no(0), case_no(2), case_no(8)}


def test_counts_group_by_one_column(store: Store) -> None:
    store.record_many(
        records=[
            (record(n, status=status, on_time=on_time, level=level), None)
            for n, (status, on_time, level) in enumerate(
                [("archived", True, 3), ("archived", False, 3), ("handling", None, 2), ("merged", None, 3)]
            )
        ]
    )
    assert store.counts(by="status") == {"archived": 2, "handling": 1, "merged": 1}
    assert store.counts(by="on_time") == {True: 1, False: 1, None: 2}
    assert store.counts(by="level", where=CaseFilter(status=("archived",))) == {3: 2}


def test_a_notice_of_an_old_step_is_owed_all_the_same(store: Store) -> None:
    store.record(record=record(1, seq=5))
    told = Notice(seq=2, n=0, template="assignment", unit="street-1")
    store.record(record=record(1, seq=2, notices=(told,)))
    assert len(store.inbox_messages(unit="street-1", limit=9).messages) == 1
