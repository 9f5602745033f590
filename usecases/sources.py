"""Sources are clients: finding one, giving it keys, and knowing it by what it shows.

An API key is ``ck_ID_SECRET``; only the SHA-256 of the whole is kept, which is enough for a
secret of 256 random bits. A webhook's secret is drawn from the installation's one secret and
the key's id, so nothing of it is kept. Times are the machine's (see ``store.sources``).
"""

import asyncio
import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import TypeVar

import structlog

from domain.pack import CityPack
from domain.source import KeyKind, Source, SourceKey
from store.engine import Store
from store.pack.sources import NAME
from store.sources import KeyHeld, UnableToAddKey
from usecases.city import City
from usecases.formats.mapping import mapping_faults
from usecases.problems import BadRequest, ProblemCode
from usecases.secret import Secret
from usecases.signatures import Signed, check_signature, shown_secret

PREFIX = "ck_"
ID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
ID_LENGTH = 10
KEEP = timedelta(seconds=5)
"""How long a process trusts what it read of a key: a revoked key ends everywhere within this time."""
NOTE_USE = timedelta(minutes=1)
MOST_KEPT = 1000
REMEMBER = timedelta(days=30)
"""How long ids of signed messages are kept; a message older than five minutes is refused anyway, unless signed anew."""
TIDY_EVERY = timedelta(days=1)
UNKNOWN_DIGEST = "0" * 64
log = structlog.get_logger()

Kept = TypeVar("Kept")

_NOT_COMPARED = ("mapping_version", "created_at")

__all__ = [
    "KeyRing",
    "NewKey",
    "UnableToAddKey",
    "add_source",
    "differences",
    "new_key",
    "source",
    "webhook_secret",
]


def source(*, city: City, name: str) -> Source:
    """Return a source, a disabled one included. Raises BadRequest (source_not_found)."""
    found = city.store.source(name=name)
    if found is None:
        raise BadRequest(ProblemCode.SOURCE_NOT_FOUND, source=name[:60])
    return found


def add_source(*, store: Store, pack: CityPack, source: Source, at: datetime) -> Source:
    """Add a source by hand. Raises BadRequest: source_exists, bad_source, unknown_channel, bad_mapping."""
    if NAME.fullmatch(source.name) is None:
        raise BadRequest(ProblemCode.BAD_SOURCE, source=source.name[:60])
    if source.channel not in pack.channels:
        known = ", ".join(sorted(pack.channels))
        raise BadRequest(ProblemCode.UNKNOWN_CHANNEL, channel=source.channel[:50], known=known)
    check_mapping(mapping=source.mapping, severities=source.severities)
    if not store.publish_sources(sources=[source], at=at):
        raise BadRequest(ProblemCode.SOURCE_EXISTS, source=source.name)
    return source


def check_mapping(*, mapping: Mapping[str, str], severities: Mapping[str, int]) -> None:
    """Raise BadRequest (bad_mapping) for a mapping no message could be read with."""
    texts = {str(name): path for name, path in mapping.items() if isinstance(path, str)}
    faults = [f"{name}: text" for name in mapping if name not in texts]
    faults += mapping_faults(texts)
    faults += [f"{word[:40]}: 1…4" for word, grade in severities.items() if grade not in (1, 2, 3, 4)]
    if faults:
        raise BadRequest(ProblemCode.BAD_MAPPING, detail="; ".join(faults)[:500])


def differences(*, before: Source | None, after: Source) -> list[str]:
    """Return what a change would change, a line a field; one line for a source that is new."""
    if before is None:
        return ["新来源 new source"]
    found = []
    for field in fields(Source):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new and field.name not in _NOT_COMPARED:
            found.append(f"{field.name}: {_text(old)} → {_text(new)}")
    return found


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={part}" for name, part in sorted(value.items())) or "–"
    if isinstance(value, tuple):
        return " ".join(value) or "–"
    return str(value)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewKey:
    """A key as it was made. ``shown`` is the key or the secret itself: told once, kept nowhere."""

    key: SourceKey
    shown: str


def new_key(
    *,
    store: Store,
    secret: Secret,
    random_bits: Callable[[int], int],
    source: str,
    kind: KeyKind,
    at: datetime,
    expires_in: timedelta | None = None,
    networks: tuple[str, ...] = (),
) -> NewKey:
    """Make a key for a source and keep it. Raises UnableToAddKey, UnableToDerive, ValueError for a network."""
    blocks = tuple(str(ip_network(one)) for one in networks)
    bits = random_bits(5 * ID_LENGTH)
    key_id = "".join(ID_LETTERS[bits >> 5 * place & 31] for place in range(ID_LENGTH))
    shown, digest = shown_secret(webhook_secret(secret=secret, key_id=key_id)), ""
    if kind is KeyKind.API_KEY:
        drawn = urlsafe_b64encode(random_bits(256).to_bytes(32, "big")).rstrip(b"=").decode()
        shown = f"{PREFIX}{key_id}_{drawn}"
        digest = _digest(shown)
    key = SourceKey(
        id=key_id, source=source, kind=kind, digest=digest, networks=blocks, created_at=at,
        expires_at=None if expires_in is None else at + expires_in,
    )  # fmt: skip
    store.add_key(key=key)
    return NewKey(key=key, shown=shown)


def webhook_secret(*, secret: Secret, key_id: str) -> bytes:
    """Return the 32 bytes a webhook key signs with. Raises UnableToDerive."""
    return secret.derive(f"webhook:{key_id}")


class KeyRing:
    """The keys this process has seen lately. A look-up is trusted for five seconds."""

    def __init__(self, *, store: Store, secret: Secret) -> None:
        """Keep where keys are looked up."""
        self._store = store
        self._secret = secret
        self._by_id: dict[str, tuple[datetime, KeyHeld]] = {}
        self._webhooks: dict[str, tuple[datetime, list[KeyHeld]]] = {}
        self._noted: dict[str, datetime] = {}
        self._tidied: datetime | None = None

    async def by_key(self, *, shown: str, at: datetime) -> KeyHeld:
        """Return whose key this is. Raises BadRequest (key_invalid): unknown, revoked, expired alike."""
        prefix, _, rest = shown.partition("_")
        key_id, _, _ = rest.partition("_")
        held = await self._held(key_id, at) if f"{prefix}_" == PREFIX and len(key_id) == ID_LENGTH else None
        # An unknown id is compared as well, so that the time taken tells nothing.
        digest = UNKNOWN_DIGEST if held is None else held.key.digest
        fits = hmac.compare_digest(_digest(shown), digest)
        if held is None or not fits or held.key.kind is not KeyKind.API_KEY or not held.key.active(at):
            raise BadRequest(ProblemCode.KEY_INVALID)
        return held

    async def by_signature(self, *, source: str, message: Signed, body: bytes, at: datetime) -> KeyHeld:
        """Return whose signature this is. Raises BadRequest.

        A source that is unknown and one that has no secret are answered like a wrong
        signature; an id that was taken before is message_replayed.
        """
        keys = [held for held in await self._webhook_keys(source, at) if held.key.active(at)]
        secrets = [webhook_secret(secret=self._secret, key_id=held.key.id) for held in keys]
        held = keys[check_signature(message=message, body=body, secrets=secrets, at=at)]
        if await asyncio.to_thread(
            lambda: self._store.webhook_taken(source=held.source.name, webhook_id=message.id)
        ):
            raise BadRequest(ProblemCode.MESSAGE_REPLAYED, id=message.id)
        await self._tidy(at)
        return held

    async def used(self, *, key_id: str, at: datetime) -> None:
        """Note that a key was used, at most once a minute. A note that fails is only logged."""
        last = self._noted.get(key_id)
        if last is not None and at - last < NOTE_USE:
            return
        self._noted[key_id] = at
        try:
            await asyncio.to_thread(lambda: self._store.key_used(key_id=key_id, at=at, before=at - NOTE_USE))
        except Exception as error:  # noqa: BLE001 - a receipt is worth more than this note
            log.warning("use of a key not noted", key=key_id, error=type(error).__name__)

    async def _tidy(self, at: datetime) -> None:
        if self._tidied is None or at - self._tidied >= TIDY_EVERY:
            self._tidied = at
            await asyncio.to_thread(lambda: self._store.forget_webhooks(before=at - REMEMBER))

    async def _held(self, key_id: str, at: datetime) -> KeyHeld | None:
        kept = self._by_id.get(key_id)
        if kept is not None and at - KEEP <= kept[0] <= at:
            return kept[1]
        found = await asyncio.to_thread(lambda: self._store.held_key(key_id=key_id))
        if found is None:
            self._by_id.pop(key_id, None)
        else:
            _keep(self._by_id, key_id, (at, found))
        return found

    async def _webhook_keys(self, name: str, at: datetime) -> list[KeyHeld]:
        kept = self._webhooks.get(name)
        if kept is not None and at - KEEP <= kept[0] <= at:
            return kept[1]
        found = await asyncio.to_thread(lambda: self._store.webhook_keys(source=name, at=at))
        if found:
            _keep(self._webhooks, name, (at, found))
        return found


def _keep(kept: dict[str, Kept], name: str, value: Kept) -> None:
    if len(kept) >= MOST_KEPT:
        kept.clear()
    kept[name] = value


def _digest(shown: str) -> str:
    return hashlib.sha256(shown.encode("utf-8", "surrogatepass")).hexdigest()
