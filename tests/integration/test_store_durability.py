"""What was acknowledged is there after ``kill -9``; what is asked often has its index."""

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from domain.instruction import InstructionState
from domain.place import Level
from domain.report import Accepted
from domain.scope import CaseScope
from domain.views import CaseFilter, CaseSort
from store.bursts import BurstArea
from store.engine import Store, open_store
from store.rows import OutboxKind
from tests.integration.store_samples import NOW, case_no, record, report

ROOT = Path(__file__).resolve().parents[2]
WRITER = """
import sys
from store.engine import open_store
from tests.integration.store_samples import report

store = open_store(sys.argv[1])
n = int(sys.argv[2])
while True:
    batch = [report(n + k) for k in range(32)]
    store.accept_many(reports=batch)
    print(n, flush=True)  # acknowledged: these 32 are promised
    n += 32
"""


@pytest.mark.parametrize("batches", [1, 7, 20])
def test_everything_acknowledged_before_kill_9_is_there_afterwards(sqlite_url: str, batches: int) -> None:
    acknowledged: list[int] = []
    for start in (0, 1_000_000):  # killed, started again on what was left, killed again
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, sqlite_url, str(start)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        acknowledged += [int(process.stdout.readline()) for _ in range(batches)]
        process.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout.read().split()]
        assert process.wait() == -signal.SIGKILL
        process.stdout.close()
    store = open_store(sqlite_url)
    store.migrate()
    numbers = [first + k for first in acknowledged for k in range(32)]
    assert len(numbers) >= 2 * batches * 32
    repeated = store.accept_many(reports=[report(n) for n in numbers])
    assert all(isinstance(answer, Accepted) and answer.repeated for answer in repeated)
    _assert_whole(store, at_least=set(numbers))
    store.close()


def _assert_whole(store: Store, *, at_least: set[int]) -> None:
    """No half batch: every order to start has its report and its case, and the file is sound."""
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        (reports, cases, owed) = (
            {row[0] for row in connection.exec_driver_sql(f"SELECT case_no FROM {table}")}
            for table in ("reports", "cases", "outbox")
        )
    assert reports == cases == owed
    assert len(reports) % 32 == 0
    assert {case_no(n) for n in at_least} <= reports


Ask = Callable[[Store], Any]
PLANS: list[tuple[str, Ask, str]] = [
    (
        "claim",
        lambda store: store.claim(
            kinds=[kind.value for kind in OutboxKind], limit=5, now=NOW, worker="w", lease_s=1
        ),
        "ix_outbox_owed",
    ),
    ("reports_of", lambda store: store.reports_of(case_no=case_no(1)), "ix_reports_belongs_to"),
    ("inbox", lambda store: store.inbox_messages(unit="u", limit=5), "ix_messages_unit_id"),
    (
        "nearby",
        lambda store: store.open_nearby(
            category="c", lon=114.0, lat=30.0, metres=50, since=NOW, exclude=None
        ),
        "ix_cases_category_open_lat_lon",
    ),
    (
        "closed nearby",
        lambda store: store.closed_nearby(
            category="c", lon=114.0, lat=30.0, metres=50, since=NOW, until=NOW
        ),
        "ix_cases_category_open_lat_lon",
    ),
    (
        "burst",
        lambda store: store.burst_cases(
            area=BurstArea(categories=("c", "d"), level=Level.STREET, code="s1", since=NOW, until=NOW)
        ),
        "ix_cases_street_received_at_case_no",
    ),
    (
        "children",
        lambda store: store.list_cases(where=CaseFilter(parent=case_no(1)), limit=5, cursor=None),
        "ix_cases_parent_received_at_case_no",
    ),
    (
        "stuck",
        lambda store: store.stuck(kinds=["start_child", "revive_case"], since=NOW, tries=3, most=5),
        "ix_outbox_owed",
    ),
    (
        "being merged",
        lambda store: store.being_merged(case_numbers=[case_no(1), case_no(2)], by_others_than="r"),
        "ix_commands_case_no",
    ),
    (
        "told",
        lambda store: store.received_instructions(unit="u", limit=5, state=InstructionState.OPEN),
        "ix_instruction_receivers_unit_id",
    ),
    (
        "receivers",
        lambda store: store.instruction_receivers(number="INS-1", limit=5),
        "ix_instruction_receivers_number_n",
    ),
    (
        "issued",
        lambda store: store.issued_instructions(limit=5, issuer="u"),
        "ix_instructions_issuer_id",
    ),
    (
        "all cases",
        lambda store: store.list_cases(where=CaseFilter(), limit=5, cursor=None),
        "ix_cases_received_at_case_no",
    ),
    *(
        (
            name,
            lambda store, name=name, value=value: store.list_cases(
                where=CaseFilter(**{name: value}), limit=5, cursor=None
            ),
            f"ix_cases_{name}_received_at_case_no",
        )
        for name, value in {
            "owner": "street-1", "category": "c", "street": "s1", "community": "c1", "grid": "g1",
        }.items()
    ),
    *(
        (
            name,
            lambda store, name=name, value=value: store.list_cases(
                where=CaseFilter(**{name: value}), limit=5, cursor=None
            ),
            "COVERING INDEX ix_cases_listed",
        )
        for name, value in {
            "severity": 1, "level": 2, "district": "d1", "channel": "app", "status": ("filed",), "under_order": True,
            "scope": CaseScope(units=("u",), districts=("d1",)), "box": (1.0, 2.0, 3.0, 4.0),
            "severities": (1, 2), "due_before": NOW, "zone": "z", "part": "u", "sort": CaseSort.DUE,
        }.items()
    ),
    (
        "counted",
        lambda store: store.case_counts(where=CaseFilter(severity=1), most=9),
        "COVERING INDEX ix_cases_listed",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "index"), [plan[1:] for plan in PLANS], ids=[plan[0] for plan in PLANS])
def test_what_is_asked_often_uses_its_index(sqlite_url: str, ask: Ask, index: str) -> None:
    store = open_store(sqlite_url)
    plan = _plan(store, ask)
    assert index in plan
    assert "SCAN outbox" not in plan
    store.close()


def test_a_page_of_an_owner_walks_the_index_in_order(sqlite_url: str) -> None:
    """No sorting step: a page costs a page, however many cases the owner has."""
    store = open_store(sqlite_url)
    store.record_many(records=[(record(n, received_at=NOW + timedelta(seconds=n)), None) for n in range(20)])
    where = CaseFilter(owner="street-1")
    page = store.list_cases(where=where, limit=5, cursor=None)
    plan = _plan(store, lambda store: store.list_cases(where=where, limit=5, cursor=page.next_cursor))
    assert "TEMP B-TREE" not in plan
    assert "ix_cases_owner_received_at_case_no" in plan
    store.close()


def _plan(store: Store, ask: Ask) -> str:
    """Return how SQLite answers the first statement of a question."""
    asked: list[tuple[str, Any]] = []

    def listen(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        asked.append((statement, values))

    event.listen(store._engine, "before_cursor_execute", listen)
    ask(store)
    event.remove(store._engine, "before_cursor_execute", listen)
    statement, values = next(one for one in asked if not one[0].startswith("BEGIN"))
    with store._engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    return "\n".join(row[3] for row in rows)
