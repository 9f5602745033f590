"""Letting a source in: whose key or signature it is, what it may do, from where, and how much."""

from dataclasses import dataclass
from datetime import datetime

from domain.source import Scope, Source
from store.sources import KeyHeld
from usecases.city import City
from usecases.problems import BadRequest, ProblemCode
from usecases.quotas import Quotas
from usecases.signatures import Signed
from usecases.sources import KeyRing


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What a request shows of its sender.

    ``named`` is the source its address names, empty for none; ``host`` the address it came
    from. A key goes before a signature where both are shown. ``body`` is only looked at
    for a signature.
    """

    key: str = ""
    message: Signed | None = None
    named: str = ""
    host: str = ""
    body: bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Clients:
    """Everything that decides who is let in. One for each process."""

    keys: KeyRing
    quotas: Quotas

    async def admit(self, *, shown: Shown, scope: Scope, at: datetime, cost: int = 1) -> Source:
        """Return the source a request comes from, its ``cost`` counted. ``at`` is the machine's time.

        Raises BadRequest: key_required, key_invalid, signature_invalid, signature_stale,
        message_replayed, key_network, source_disabled, key_source, key_scope, too_many_requests.
        """
        held = await self._known(shown, at)
        _may(held=held, shown=shown, scope=scope)
        await self.quotas.take(source=held.source, cost=cost)
        await self.keys.used(key_id=held.key.id, at=at)
        return held.source

    async def _known(self, shown: Shown, at: datetime) -> KeyHeld:
        if shown.key:
            return await self.keys.by_key(shown=shown.key, at=at)
        if shown.message is None:
            raise BadRequest(ProblemCode.KEY_REQUIRED)
        return await self.keys.by_signature(source=shown.named, message=shown.message, body=shown.body, at=at)


def clients_of(*, city: City, redis_url: str = "") -> Clients:
    """Return who decides that for a city; quotas are shared through Redis where there is one."""
    return Clients(keys=KeyRing(store=city.store, secret=city.secret), quotas=Quotas(redis_url=redis_url))


def _may(*, held: KeyHeld, shown: Shown, scope: Scope) -> None:
    source = held.source
    if not held.key.allows(shown.host):
        raise BadRequest(ProblemCode.KEY_NETWORK)
    if not source.enabled:
        raise BadRequest(ProblemCode.SOURCE_DISABLED, source=source.name)
    if shown.named and shown.named != source.name:
        raise BadRequest(ProblemCode.KEY_SOURCE, source=source.name, given=shown.named[:60])
    if scope not in source.scopes:
        raise BadRequest(ProblemCode.KEY_SCOPE, scope=scope.value)
