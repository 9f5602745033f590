"""Reports come in once each, whatever is sent how often by whom."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import StatementError

from domain.report import Accepted
from store.engine import Store, open_store
from store.group_commit import GroupCommit, UnableToSubmit
from store.rows import Conflict, OutboxKind
from tests.integration.store_samples import NOW, case_no, report, report_no

KINDS = [kind.value for kind in OutboxKind]


def test_a_report_is_kept_as_it_came_with_a_pending_case_and_an_order_to_start_it(store: Store) -> None:
    sent = report(1)
    assert store.accept_many(reports=[sent]) == [
        Accepted(case_no=sent.case_no, report_no=sent.report_no, received_at=NOW)
    ]
    kept = store.report(report_no=sent.report_no)
    assert kept is not None
    assert kept.belongs_to == sent.case_no
    assert all(getattr(kept, name) == getattr(sent, name) for name in sent.__dataclass_fields__)
    case = store.case(case_no=sent.case_no)
    assert case is not None
    assert (case.status, case.epoch, case.seq, case.severity, case.reports) == (
        "received", 0, 0, 3, (sent.report_no,),
    )  # fmt: skip
    (row,) = store.claim(kinds=KINDS, limit=10, now=NOW, worker="w", lease_s=10)
    assert (row.kind, row.case_no, row.priority) == ("start_case", sent.case_no, 3)
    assert row.payload == {"report_no": sent.report_no}


def test_a_repetition_by_source_number_gets_the_first_numbers(store: Store) -> None:
    store.accept_many(reports=[report(1)])
    again = report(2, source_no="H1", idempotency_key=None, received_at=NOW + timedelta(hours=1))
    assert store.accept_many(reports=[again]) == [
        Accepted(case_no=case_no(1), report_no=report_no(1), received_at=NOW, repeated=True)
    ]
    assert store.report(report_no=report_no(2)) is None
    assert store.pending(kinds=KINDS) == 1


def test_the_same_number_of_another_source_is_another_report(store: Store) -> None:
    other = report(2, source_no="H1", source="app")
    answers = store.accept_many(reports=[report(1), other])
    assert [answer.repeated for answer in answers if isinstance(answer, Accepted)] == [False, False]


def test_a_repetition_by_key_gets_the_first_numbers_and_another_content_a_conflict(store: Store) -> None:
    store.accept_many(reports=[report(1)])
    same = report(2, idempotency_key="key-1", fingerprint="print-1", source_no=None)
    other = report(3, idempotency_key="key-1", source_no=None)
    assert store.accept_many(reports=[same, other]) == [
        Accepted(case_no=case_no(1), report_no=report_no(1), received_at=NOW, repeated=True),
        Conflict(code="idempotency_key_reused", number=report_no(1)),
    ]


def test_reports_without_key_or_source_number_are_never_repetitions(store: Store) -> None:
    bare = [report(n, source_no=None, idempotency_key=None, fingerprint="") for n in (1, 2)]
    assert [isinstance(one, Accepted) and one.repeated for one in store.accept_many(reports=bare)] == [
        False,
        False,
    ]


def test_duplicates_inside_one_batch_are_repetitions(store: Store) -> None:
    batch = [
        report(1),
        report(2, source_no="H1", idempotency_key=None),
        report(3, idempotency_key="key-1", fingerprint="print-1"),
        report(4, idempotency_key="key-1"),
        report(5),
    ]
    answers = store.accept_many(reports=batch)
    assert [type(answer).__name__ for answer in answers] == ["Accepted"] * 3 + ["Conflict", "Accepted"]
    assert {answer.case_no for answer in answers[:3] if isinstance(answer, Accepted)} == {case_no(1)}
    assert store.pending(kinds=KINDS) == 2


def test_a_drawn_number_that_is_taken_is_a_conflict_and_the_very_same_report_is_not(store: Store) -> None:
    store.accept_many(reports=[report(1)])
    lost_answer = report(1, idempotency_key="key-1")
    taken = report(2, case_no=case_no(1))
    taken_too = report(3, report_no=report_no(1))
    answers = store.accept_many(reports=[lost_answer, taken, taken_too])
    assert answers == [
        Accepted(case_no=case_no(1), report_no=report_no(1), received_at=NOW, repeated=True),
        Conflict(code="number_taken", number=report_no(2)),
        Conflict(code="number_taken", number=report_no(1)),
    ]


def test_one_bad_report_leaves_nothing_of_its_batch(store: Store) -> None:
    with pytest.raises(StatementError):
        store.accept_many(reports=[report(1), report(2, received_at=NOW.replace(tzinfo=None))])
    assert store.report(report_no=report_no(1)) is None
    assert store.pending(kinds=KINDS) == 0


def test_two_processes_with_the_same_reports_file_each_once(database_url: str) -> None:
    stores = [open_store(database_url) for _ in range(4)]
    batches = [
        [report(n + 1000 * who, source_no=f"H{n}", idempotency_key=None) for n in (range(50))]
        for who in range(len(stores))
    ]
    batches[1].reverse()
    with ThreadPoolExecutor(max_workers=len(stores)) as pool:
        futures = [
            pool.submit(one.accept_many, reports=batch) for one, batch in zip(stores, batches, strict=True)
        ]
        answers = [answer for future in futures for answer in future.result()]
    assert Counter(answer.repeated for answer in answers if isinstance(answer, Accepted)) == {
        False: 50,
        True: 150,
    }
    assert stores[0].pending(kinds=KINDS) == 50
    for one in stores:
        one.close()


async def test_group_commit_answers_two_hundred_callers_and_fails_the_bad_one_alone(store: Store) -> None:
    group = GroupCommit(store=store, most=64)
    reports = [report(n) for n in range(200)]
    reports[77] = replace(reports[77], occurred_at=NOW.replace(tzinfo=None))
    answers = await asyncio.gather(*(group.submit(one) for one in reports), return_exceptions=True)
    await group.close()
    assert isinstance(answers[77], StatementError)
    assert [n for n, answer in enumerate(answers) if not isinstance(answer, Accepted)] == [77]
    assert store.pending(kinds=KINDS) == 199
    assert all(
        (store.report(report_no=one.report_no) is not None) == (n != 77) for n, one in enumerate(reports)
    )


async def test_group_commit_takes_repetitions_from_different_callers(store: Store) -> None:
    group = GroupCommit(store=store)
    same = [report(n, idempotency_key="one", fingerprint="one", source_no=None) for n in range(30)]
    answers = await asyncio.gather(*(group.submit(one) for one in same))
    await group.close()
    assert len({answer.case_no for answer in answers if isinstance(answer, Accepted)}) == 1
    assert Counter(answer.repeated for answer in answers if isinstance(answer, Accepted)) == {
        False: 1,
        True: 29,
    }


async def test_a_cancelled_caller_keeps_its_report_and_disturbs_nobody(store: Store) -> None:
    group = GroupCommit(store=store)
    first = asyncio.create_task(group.submit(report(1)))
    await asyncio.sleep(0)
    first.cancel()
    assert isinstance(await group.submit(report(2)), Accepted)
    await group.close()
    assert store.report(report_no=report_no(1)) is not None


async def test_closing_writes_what_is_queued_and_refuses_the_rest(store: Store) -> None:
    group = GroupCommit(store=store, most=4)
    tasks = [asyncio.create_task(group.submit(report(n))) for n in range(20)]
    await asyncio.sleep(0)
    await group.close()
    assert all(isinstance(answer, Accepted) for answer in await asyncio.gather(*tasks))
    with pytest.raises(UnableToSubmit):
        await group.submit(report(99))
    await group.close()
