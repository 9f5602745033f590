"""Instructions to fill a store with, and what the tests of them ask it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from domain.actor import Actor, Role
from domain.identifiers import number
from domain.instruction import (
    Act,
    ActKind,
    Counts,
    Instruction,
    InstructionState,
    Receiver,
    Timer,
    Wave,
)
from domain.limit import Limit
from domain.place import Level
from store.engine import Store
from store.rows import Answered, Conflict, OutboxKind, OutboxRow
from tests.integration.store_samples import DAY, NOW

ISSUER = "420102-COMMAND"
LEADER = Actor(id="li", role=Role.LEADER, unit=ISSUER)
HOUR = timedelta(hours=1)
TIMERS = (Timer(wave=Wave.HALF, at=NOW + HOUR), Timer(wave=Wave.DUE, at=NOW + 2 * HOUR))
TIMER, NOTIFY = (OutboxKind.INSTRUCTION_TIMER,), (OutboxKind.NOTIFY,)
PLENTY = 100_000


def numbered(n: int) -> str:
    return f"INS-{number(day=DAY, random_bits=n)}"


def order(n: int = 1, **changes: object) -> Instruction:
    made = Instruction(
        number=numbered(n),
        title="汛期井盖排查",
        text="请排查。",
        issuer=ISSUER,
        level=Level.DISTRICT,
        issued_by=LEADER,
        issued_at=NOW,
        time_limit=Limit.parse("2UH"),
        due_at=NOW + 2 * HOUR,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def told(count: int, *, kind: str = "COMMUNITY", level: Level = Level.COMMUNITY) -> tuple[Receiver, ...]:
    return tuple(Receiver(n=n, unit=f"{n}-{kind}", level=level, told_at=NOW) for n in range(1, count + 1))


def issue(
    store: Store,
    made: Instruction,
    receivers: Sequence[Receiver],
    *,
    request_id: str = "issue-1",
    digest: str = "d",
) -> Answered | Conflict:
    return store.issue_instruction(
        instruction=replace(made, receivers=len(receivers)),
        receivers=receivers,
        timers=TIMERS,
        request_id=request_id,
        digest=digest,
    )


def act(kind: ActKind, of: str, *, text: str = "", minutes: int = 1, role: Role = Role.HANDLER) -> Act:
    actor = Actor(id=f"of-{of}", role=role, unit=of)
    return Act(kind=kind, actor=actor, at=NOW + timedelta(minutes=minutes), text=text)


def read(store: Store, of: str, *, minutes: int = 1, key: str = "", n: int = 1) -> Answered | Conflict:
    done = act(ActKind.READ, of, minutes=minutes)
    return store.receive_instruction(
        number=numbered(n), act=done, request_id=key or f"read-{of}-{minutes}", digest="read"
    )


def timer_rows(store: Store, *, after: timedelta, worker: str = "a") -> list[OutboxRow]:
    return store.claim(kinds=TIMER, limit=10, now=NOW + after, worker=worker, lease_s=30.0)


def fire(store: Store, row: OutboxRow, *, after: timedelta) -> int:
    wave = Wave(row.payload["wave"])
    return store.fire_instruction(
        outbox_id=row.id, key=row.key, number=row.case_no, wave=wave, now=NOW + after
    )


def inbox(store: Store, of: str) -> list[str]:
    """Return what a unit finds in its inbox, oldest first: template and what it is about."""
    messages = store.inbox_messages(unit=of, limit=50).messages
    return [f"{one.template}/{one.context['about']}" for one in reversed(messages)]


def state(store: Store, n: int = 1) -> InstructionState:
    found = store.instruction(number=numbered(n))
    assert found is not None
    return found.state


def total(store: Store, n: int = 1) -> Counts:
    return sum(store.instruction_counts(number=numbered(n)).values(), start=Counts())
