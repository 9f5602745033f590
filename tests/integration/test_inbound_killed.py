"""A relay that is killed while it takes a batch: afterwards every alert counts once."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from boot.inbound import LEASE_S, MOST, turn
from boot.settings import Settings
from boot.wiring import connect
from domain.source import Source
from store.engine import Store
from store.group_commit import GroupCommit
from store.tables_alarms import alarms
from store.tables_sources import inbound, signals
from tests.integration.inbound_samples import message
from usecases.city import City, Grounds
from usecases.gateway import CaseGateway

ROOT = Path(__file__).resolve().parents[2]
READ = """
import asyncio, os, signal, sys
from pathlib import Path
import store.signals
from boot.inbound import read_inbound
from boot.settings import Settings
from boot.wiring import connect, open_city
from store.engine import open_store

settle, settled = store.signals.settle_inbound, []

def deadly(*given, **named):
    # Everything the third message causes is written; its transaction is not ended.
    if len(settled) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    settled.append(settle(*given, **named))
    return settled[-1]

store.signals.settle_inbound = deadly

async def main():
    settings = Settings(data_dir=Path(sys.argv[2]))
    city = open_city(settings=settings, store=open_store(sys.argv[1]), client=await connect())
    await read_inbound(city=lambda: city, worker="child", stop=asyncio.Event())

asyncio.run(main())
"""
MESSAGES, ALERTS, SUBJECTS = 12, 25, 10
NOW = datetime.now(UTC)
MAPPING = {"event_id": "id", "category": "cat", "kind": "=alarm"}


def batch(n: int) -> bytes:
    """Return a message of alerts, each with a name of its own, about places that all messages have."""
    return json.dumps(
        [
            {
                "id": f"{n}-{k}", "device": f"gate-{k % SUBJECTS}", "cat": "E0110",
                "lon": 114.2862 + (k % SUBJECTS) / 100, "lat": 30.5965, "time": NOW.isoformat(),
            }
            for k in range(ALERTS)
        ]
    ).encode()  # fmt: skip


def read_until_killed(database_url: str, data: Path) -> int:
    """Run a process that reads what is kept and is killed in a transaction; return how it ended."""
    command = [sys.executable, "-c", READ, database_url, str(data)]
    return subprocess.run(command, cwd=ROOT, check=False, timeout=60).returncode


async def test_a_relay_killed_in_a_batch_counts_every_alert_once(
    store: Store, database_url: str, wuhan: Grounds, wuhan_settings: Settings
) -> None:
    store.put_source(source=Source(name="gas", channel="sensor", mapping=MAPPING), at=NOW)
    store.keep_many(messages=[message(body=batch(n), received_at=NOW) for n in range(MESSAGES)])
    assert read_until_killed(database_url, wuhan_settings.data_dir) == -signal.SIGKILL
    assert store.backlog().waiting == MESSAGES - 2
    later = datetime.now(UTC) + timedelta(seconds=LEASE_S + 1)
    city = City(
        grounds=wuhan, store=store, intake=GroupCommit(store=store),
        cases=CaseGateway(client=await connect()), now=lambda: later, random_bits=_bits,
    )  # fmt: skip
    while turn(city=city, worker="next"):
        pass
    with store._engine.connect() as connection:
        states = connection.execute(
            select(inbound.c.state, func.count(), func.sum(inbound.c.taken)).group_by(inbound.c.state)
        ).all()
        named = connection.execute(select(func.count()).select_from(signals)).scalar_one()
        words = sum(alarm.count for alarm in connection.scalars(select(alarms.c.alarm)))
        lost = connection.execute(select(func.sum(inbound.c.lost))).scalar_one()
    assert states == [("done", MESSAGES, MESSAGES * ALERTS)]
    assert (named, words) == (MESSAGES * ALERTS, MESSAGES * ALERTS)
    assert lost == MOST - 2


def _bits(count: int) -> int:
    return int.from_bytes(os.urandom(16)) >> (128 - count)
