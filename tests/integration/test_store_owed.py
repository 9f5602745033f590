"""What is owed: claimed by one worker at a time, settled once, told to everybody once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.case import Notice
from domain.report import Reporter
from domain.unit import Contact
from store.engine import Store, open_store
from store.filters import UnableToReadCursor
from store.inbox import UnableToFindCase
from store.rows import AreaRow, Conflict, Done, InboxRow, OutboxKind, OutboxState
from tests.integration.store_samples import NOW, case_no, record, report, report_no, sign_in, unit

KINDS = [kind.value for kind in OutboxKind]
SECOND = timedelta(seconds=1)


def test_claims_come_worst_first_then_oldest_and_over_all_kinds(store: Store) -> None:
    store.accept_many(reports=[report(n, severity=severity) for n, severity in enumerate((4, 1, None, 1, 2))])
    store.put_command(case_no=case_no(0), command=sign_in("r1"), received_at=NOW, grace_s=0)
    rows = store.claim(kinds=KINDS, limit=5, now=NOW, worker="w", lease_s=10)
    assert [(row.kind, row.priority, row.case_no) for row in rows] == [
        ("deliver_command", 0, case_no(0)),
        ("start_case", 1, case_no(1)),
        ("start_case", 1, case_no(3)),
        ("start_case", 2, case_no(4)),
        ("start_case", 4, case_no(0)),
    ]
    assert all((row.attempts, row.lost, row.state) == (1, 0, "pending") for row in rows)
    assert store.claim(kinds=[], limit=5, now=NOW, worker="w", lease_s=10) == []


def test_workers_that_claim_at_once_never_hold_the_same_row(database_url: str) -> None:
    stores = [open_store(database_url) for _ in range(4)]
    stores[0].accept_many(reports=[report(n) for n in range(120)])

    def take(who: int) -> list[int]:
        taken: list[int] = []
        while rows := stores[who].claim(kinds=KINDS, limit=7, now=NOW, worker=f"w{who}", lease_s=60):
            taken += [row.id for row in rows]
        return taken

    with ThreadPoolExecutor(max_workers=4) as pool:
        taken = [number for numbers in pool.map(take, range(4)) for number in numbers]
    assert len(taken) == len(set(taken)) == 120
    for one in stores:
        one.close()


def test_a_lease_that_ran_out_is_claimed_again_and_counted_as_lost(store: Store) -> None:
    store.accept_many(reports=[report(1)])
    (first,) = store.claim(kinds=KINDS, limit=9, now=NOW, worker="a", lease_s=30)
    assert store.claim(kinds=KINDS, limit=9, now=NOW + 29 * SECOND, worker="b", lease_s=30) == []
    (second,) = store.claim(kinds=KINDS, limit=9, now=NOW + 30 * SECOND, worker="b", lease_s=30)
    assert (second.id, second.attempts, second.lost) == (first.id, 2, 1)


def test_a_retried_row_waits_and_keeps_its_error(store: Store) -> None:
    store.accept_many(reports=[report(1)])
    (row,) = store.claim(kinds=KINDS, limit=9, now=NOW, worker="a", lease_s=30)
    assert store.retry(id=row.id, not_before=NOW + 60 * SECOND, error="timeout")
    assert store.claim(kinds=KINDS, limit=9, now=NOW + 59 * SECOND, worker="a", lease_s=30) == []
    (again,) = store.claim(kinds=KINDS, limit=9, now=NOW + 60 * SECOND, worker="a", lease_s=30)
    assert (again.last_error, again.attempts, again.lost) == ("timeout", 2, 0)


@pytest.mark.parametrize("state", [OutboxState.DONE, OutboxState.FAILED, OutboxState.UNKNOWN])
def test_a_settled_row_is_final(store: Store, state: OutboxState) -> None:
    store.accept_many(reports=[report(1)])
    (row,) = store.claim(kinds=KINDS, limit=9, now=NOW, worker="a", lease_s=1)
    assert store.finish(id=row.id, state=state, outcome={"code": "x"}, now=NOW)
    assert not store.finish(id=row.id, now=NOW)
    assert not store.retry(id=row.id, not_before=NOW, error="late")
    assert store.claim(kinds=KINDS, limit=9, now=NOW + timedelta(days=1), worker="a", lease_s=1) == []
    assert store.pending(kinds=KINDS) == 0


def test_a_command_is_kept_once_and_delivered_later_unless_it_is_carried_out(store: Store) -> None:
    store.accept_many(reports=[report(1)])
    kept = store.put_command(case_no=case_no(1), command=sign_in("r1"), received_at=NOW)
    assert isinstance(kept, InboxRow)
    assert (kept.status, kept.command, kept.repeated) == ("pending", sign_in("r1"), False)
    again = store.put_command(case_no=case_no(1), command=sign_in("r1"), received_at=NOW + SECOND)
    assert again == replace(kept, repeated=True)
    assert store.claim(kinds=["deliver_command"], limit=9, now=NOW + 4 * SECOND, worker="w", lease_s=9) == []
    (row,) = store.claim(kinds=["deliver_command"], limit=9, now=NOW + 5 * SECOND, worker="w", lease_s=9)
    assert row.payload == {"request_id": "r1"}
    store.record(record=record(1), done=Done(request_id="r1", result={"seq": 1, "text": "已签收"}, at=NOW))
    done = store.command(request_id="r1")
    assert done is not None
    assert (done.status, done.result) == ("done", {"seq": 1, "text": "已签收"})
    assert store.pending(kinds=["deliver_command"]) == 0
    answered = store.put_command(case_no=case_no(1), command=sign_in("r1"), received_at=NOW)
    assert isinstance(answered, InboxRow)
    assert answered.result == {"seq": 1, "text": "已签收"}


def test_a_request_id_used_for_something_else_is_a_conflict(store: Store) -> None:
    store.accept_many(reports=[report(1), report(2)])
    store.put_command(case_no=case_no(1), command=sign_in("r1"), received_at=NOW)
    other = Conflict(code="request_id_reused", number="r1")
    changed = sign_in("r1", assignee="王")
    assert store.put_command(case_no=case_no(1), command=changed, received_at=NOW) == other
    assert store.put_command(case_no=case_no(2), command=sign_in("r1"), received_at=NOW) == other
    assert store.pending(kinds=["deliver_command"]) == 1


def test_a_refusal_is_kept_and_a_later_result_does_not_change_it(store: Store) -> None:
    store.accept_many(reports=[report(1)])
    store.put_command(case_no=case_no(1), command=sign_in("r1"), received_at=NOW)
    store.refuse_command(request_id="r1", code="case_ended", params={"status": "closed"}, at=NOW)
    store.record(record=record(1), done=Done(request_id="r1", result={"seq": 1}))
    row = store.command(request_id="r1")
    assert row is not None
    assert (row.status, row.code, row.params, row.result) == (
        "refused",
        "case_ended",
        {"status": "closed"},
        None,
    )
    assert store.pending(kinds=["deliver_command"]) == 0


def test_a_command_for_no_case_and_an_unknown_request(store: Store) -> None:
    with pytest.raises(UnableToFindCase):
        store.put_command(case_no="nobody", command=sign_in("r1"), received_at=NOW)
    assert store.command(request_id="r1") is None


def test_the_same_command_sent_to_several_processes_at_once_is_one(database_url: str) -> None:
    stores = [open_store(database_url) for _ in range(4)]
    stores[0].accept_many(reports=[report(1)])
    with ThreadPoolExecutor(max_workers=4) as pool:
        rows = list(
            pool.map(
                lambda one: one.put_command(case_no=case_no(1), command=sign_in("r1"), received_at=NOW),
                stores,
            )
        )
    assert sorted(row.repeated for row in rows if isinstance(row, InboxRow)) == [False, True, True, True]
    assert stores[0].pending(kinds=["deliver_command"]) == 1
    for one in stores:
        one.close()


def test_a_notice_to_a_unit_is_there_at_once_and_owed_to_each_of_its_contacts_once(store: Store) -> None:
    told = unit("street-1", ("email", "a@x.test"), ("email", "b@x.test"), ("webhook", "https://x.test/h"),
                ("in_app", "street-1"), ("sms", "1"))  # fmt: skip
    store.publish_units(units=[told], version="v1")
    notices = (
        Notice(seq=1, n=0, template="assignment", unit="street-1", context={"limit": "2UH", "copy": False}),
        Notice(seq=1, n=1, template="assignment", unit="unknown-unit"),
    )
    step = record(1, notices=notices, severity=2)
    store.record(record=step)
    store.record(record=step)
    rows = store.claim(kinds=["notify"], limit=99, now=NOW + timedelta(days=1), worker="w", lease_s=9)
    assert sorted((row.payload["channel"], row.recipient) for row in rows) == [
        ("email", "a@x.test"),
        ("email", "b@x.test"),
        ("webhook", "https://x.test/h"),
    ]
    assert len({row.key for row in rows}) == 3
    for row in rows:
        assert row.key.startswith(f"{case_no(1)}:1:1:0:{row.payload['channel']}:street-1")
        assert row.recipient is not None
        assert row.recipient not in row.key
        assert row.recipient not in repr(row)
        assert row.priority == 2
        assert row.payload["context"] == {"limit": "2UH", "copy": False}
    (line,) = store.inbox_messages(unit="street-1", limit=9).messages
    assert (line.template, line.context, line.at) == (
        "assignment", {"limit": "2UH", "copy": False}, NOW + SECOND,
    )  # fmt: skip
    assert len(store.inbox_messages(unit="unknown-unit", limit=9).messages) == 1


def test_a_changed_contact_does_not_make_an_old_notice_new(store: Store) -> None:
    store.publish_units(units=[unit("street-1", ("email", "a@x.test"))], version="v1")
    step = record(1, notices=(Notice(seq=1, n=0, template="assignment", unit="street-1"),))
    store.record(record=step)
    store.publish_units(units=[unit("street-1", ("email", "b@x.test"))], version="v2")
    store.record(record=step)
    rows = store.claim(kinds=["notify"], limit=99, now=NOW + timedelta(days=1), worker="w", lease_s=9)
    assert [row.recipient for row in rows] == ["a@x.test"]


def test_reporters_are_told_by_mail_if_they_gave_an_address_and_on_their_report_anyway(store: Store) -> None:
    mail = Reporter(name="李", email="li@x.test")
    store.accept_many(reports=[report(1, reporter=mail), report(2)])
    notices = tuple(
        Notice(seq=1, n=n, template="closed", report_no=number)
        for n, number in enumerate((report_no(1), report_no(2)))
    )
    store.record(record=record(1, notices=notices))
    (row,) = store.claim(kinds=["notify"], limit=99, now=NOW + timedelta(days=1), worker="w", lease_s=9)
    assert (row.recipient, row.payload["report_no"], row.payload["channel"]) == (
        "li@x.test", report_no(1), "email",
    )  # fmt: skip
    assert row.key == f"{case_no(1)}:1:1:0:email:{report_no(1)}"
    for n in (1, 2):
        assert [one.template for one in store.report_messages(report_no=report_no(n))] == ["closed"]


def test_many_notices_of_a_batch_are_each_written_once(store: Store) -> None:
    store.publish_units(units=[unit("street-1", ("email", "a@x.test"))], version="v1")
    batch = [
        (
            record(
                n, notices=tuple(Notice(seq=1, n=k, template="overdue", unit="street-1") for k in range(3))
            ),
            None,
        )
        for n in range(30)
    ]
    store.record_many(records=batch[:20])
    store.record_many(records=batch)
    assert store.pending(kinds=["notify"]) == 90


def test_the_inbox_pages_newest_first(store: Store) -> None:
    notices = tuple(Notice(seq=1, n=n, template="overdue", unit="u") for n in range(7))
    store.record(record=record(1, notices=notices))
    seen: list[int] = []
    cursor = None
    for _ in range(3):
        page = store.inbox_messages(unit="u", limit=3, cursor=cursor)
        seen += [one.n for one in page.messages]
        cursor = page.next_cursor
    assert seen == [6, 5, 4, 3, 2, 1, 0]
    assert cursor is None
    with pytest.raises(UnableToReadCursor):
        store.inbox_messages(unit="u", limit=3, cursor="1; DROP")


def test_units_and_areas_are_published_once_per_version(store: Store) -> None:
    first = unit("street-1", ("email", "a@x.test"))
    assert store.publish_units(units=[first, unit("old")], version="v1")
    assert not store.publish_units(units=[unit("street-1")], version="v1")
    assert store.unit(code="street-1") == first
    assert store.publish_units(units=[unit("street-1", ("email", "b@x.test"))], version="v2")
    changed = store.unit(code="street-1")
    assert changed is not None
    assert changed.contacts == (Contact(channel="email", address="b@x.test"),)
    assert store.unit(code="old") == unit("old")
    assert store.unit(code="nobody") is None
    district = AreaRow(level=2, code="d1", name="江汉区", parent="wh")
    assert store.publish_areas(
        areas=[district, AreaRow(level=2, code="d2", name="旧区", parent="wh")], version="a1"
    )
    assert store.publish_areas(areas=[district], version="a2")
    assert not store.publish_areas(areas=[], version="a2")
    assert store.areas(level=2) == [district]
    assert store.areas(level=2, parent="elsewhere") == []


def test_a_whole_city_of_areas_and_units_is_published(store: Store) -> None:
    areas = (AreaRow(level=5, code=f"g{n}", name=f"网格{n}", parent=f"c{n // 6}") for n in range(24_000))
    assert store.publish_areas(areas=areas, version="v1")
    assert store.publish_units(
        units=(unit(f"u{n}", ("email", f"u{n}@x.test")) for n in range(4_000)), version="v1"
    )
    assert len(store.areas(level=5)) == 24_000
    assert [area.code for area in store.areas(level=5, parent="c7")] == [f"g{n}" for n in range(42, 48)]
    assert store.unit(code="u3999") is not None
