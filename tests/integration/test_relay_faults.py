"""A row of the outbox that cannot be carried out: it holds nobody up, waits longer each time, and is seen."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, update
from structlog.testing import capture_logs

from boot.channels import renderer_of
from boot.relay import TRY_AGAIN, Relay
from boot.settings import Settings
from boot.wiring import connect
from store.engine import Store
from store.group_commit import GroupCommit
from store.rows import OutboxKind, OutboxRow
from store.tables import outbox
from tests.integration.store_samples import NOW, case_no, record, report
from usecases.audit import MUST_MOVE, QUEUES_GRACE, TRIES, audit
from usecases.city import City, Grounds
from usecases.gateway import CaseGateway

PRIVATE = "王女士 13800000000"
POISON: dict[OutboxKind, dict[str, object]] = {
    OutboxKind.START_CHILD: {"case_no": PRIVATE},
    OutboxKind.REVIVE_CASE: {"report_no": "nobody's", "apart_from": case_no(1), "epoch": 2},
    OutboxKind.LOOK_FOR_BURST: {"rules": PRIVATE},
    OutboxKind.DELIVER_COMMAND: {"request": PRIVATE},
    OutboxKind.NOTIFY: {"template": PRIVATE},
    OutboxKind.INSTRUCTION_TIMER: {"wave": PRIVATE},
    OutboxKind.TELL_ALARM: {"alarm": PRIVATE},
}
"""Payloads nobody can carry out, as an older or newer program or a slip by hand might leave them."""


def owed(kind: OutboxKind, n: int, payload: dict[str, object], *, at: datetime = NOW) -> dict[str, object]:
    return {
        "kind": kind.value, "key": f"{kind.value}:{n}", "case_no": case_no(1), "priority": 1,
        "payload": payload, "created_at": at, "not_before": at,
    }  # fmt: skip


@pytest.fixture
async def city(store: Store, wuhan: Grounds) -> City:
    """Return Wuhan with one decided case on this store; Temporal is not there."""
    store.accept_many(reports=[report(1)])
    store.record(record=record(1, next_due=NOW + timedelta(days=9)))
    with store._engine.begin() as connection:
        connection.execute(update(outbox).values(state="done"))
    return City(
        grounds=wuhan,
        store=store,
        intake=GroupCommit(store=store),
        cases=CaseGateway(client=await connect()),
        now=lambda: NOW + timedelta(seconds=5),
        random_bits=lambda bits: bits,
    )


def claimed(city: City, kind: OutboxKind) -> list[OutboxRow]:
    return city.store.claim(kinds=(kind,), limit=9, now=city.now(), worker="here", lease_s=30.0)


async def carried(relay: Relay, kind: OutboxKind, rows: list[OutboxRow]) -> None:
    work = {
        OutboxKind.START_CHILD: relay._children,
        OutboxKind.REVIVE_CASE: relay._revivals,
        OutboxKind.LOOK_FOR_BURST: relay._looks,
        OutboxKind.DELIVER_COMMAND: relay._commands,
        OutboxKind.NOTIFY: relay._notify,
        OutboxKind.INSTRUCTION_TIMER: relay._remind,
        OutboxKind.TELL_ALARM: relay._tells,
    }[kind]
    await work(rows)


def standing(at: datetime) -> Callable[[], datetime]:
    """Return a clock that stands at a moment."""
    return lambda: at


@pytest.mark.parametrize("kind", POISON)
async def test_a_poisoned_row_waits_longer_each_time_and_says_nothing_personal(
    city: City, kind: OutboxKind
) -> None:
    with city.store._engine.begin() as connection:
        connection.execute(insert(outbox), [owed(kind, 1, POISON[kind])])
    relay = Relay(city=city, channels={}, renderer=renderer_of(Settings()), public_url="")
    waits: list[float] = []
    for _ in range(3):
        rows = claimed(relay._city, kind)
        assert len(rows) == 1
        with capture_logs() as logs:
            await carried(relay, kind, rows)
        (line,) = logs
        assert (line["event"], line["kind"], line["case_no"]) == (
            "row cannot be carried out", kind.value, case_no(1),
        )  # fmt: skip
        assert "13800000000" not in str(line)
        with city.store._engine.connect() as connection:
            row = connection.execute(outbox.select().where(outbox.c.key == f"{kind.value}:1")).one()
        assert row.last_error.startswith("fault:")
        assert row.lease_until is None
        waits.append((row.not_before - relay._city.now()).total_seconds())
        later = row.not_before
        relay.serve(replace(relay._city, now=standing(later)))
    assert waits == list(TRY_AGAIN[:3])


async def test_a_poisoned_row_holds_up_nobody_it_was_claimed_with(city: City) -> None:
    kind = OutboxKind.LOOK_FOR_BURST
    rows = [owed(kind, 1, POISON[kind]), owed(kind, 2, {"rule": "gone"})]
    with city.store._engine.begin() as connection:
        connection.execute(insert(outbox), rows)
    relay = Relay(city=city, channels={}, renderer=renderer_of(Settings()), public_url="")
    await carried(relay, kind, claimed(city, kind))
    assert city.store.pending(kinds=(kind,)) == 1


@pytest.mark.parametrize("kind", MUST_MOVE)
async def test_what_is_owed_too_long_is_named_by_the_auditor(city: City, kind: str) -> None:
    before = city.now() - QUEUES_GRACE
    row = owed(OutboxKind(kind), 1, {}, at=before + timedelta(seconds=1))
    with city.store._engine.begin() as connection:
        connection.execute(insert(outbox), [row])
    assert audit(city=city).healthy
    late = replace(city, now=lambda: city.now() + timedelta(seconds=2))
    found = audit(city=late)
    assert (found.healthy, found.stuck) == (False, (f"{kind} {case_no(1)}",))

    with city.store._engine.begin() as connection:
        connection.execute(update(outbox).values(not_before=late.now() + timedelta(seconds=9)))
    assert audit(city=late).healthy, "it failed once and will be tried again"
    with city.store._engine.begin() as connection:
        connection.execute(update(outbox).values(attempts=TRIES))
    assert audit(city=late).stuck == (f"{kind} {case_no(1)}",)


async def test_a_notice_may_wait_and_a_timer_is_not_owed_before_its_time(city: City) -> None:
    old = city.now() - timedelta(days=1)
    waiting = {**owed(OutboxKind.INSTRUCTION_TIMER, 2, {}, at=old), "not_before": NOW + timedelta(days=1)}
    with city.store._engine.begin() as connection:
        connection.execute(insert(outbox), [owed(OutboxKind.NOTIFY, 1, {}, at=old), waiting])
    found = audit(city=city)
    assert found.healthy
    assert found.stuck == ()
    assert (found.pending["notify"], "instruction_timer" in found.pending) == (1, False)
