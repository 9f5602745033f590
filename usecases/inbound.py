"""Whatever comes in is kept as it came before anybody reads it, and what was refused is kept too.

Alerts, observations and warnings wait in the store for ``usecases.ingest``. Synchronous
channels (reports, Open311, the hotline) answer at once; of those only what was refused to
somebody who showed a key is kept here, as a dead letter.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.envelope import DeadCode
from domain.source import Source, WireFormat
from store.group_commit import UnableToSubmit
from store.rows_intake import InboundRow, InboundState, NewInbound
from store.sources import UnableToTakeTwice
from usecases.city import City
from usecases.dead_words import says
from usecases.formats.frame import TOPIC_HEADER
from usecases.problems import BadRequest, Finding, ProblemCode

KEPT_HEADERS = (
    "user-agent",
    "webhook-id",
    "webhook-timestamp",
    "content-encoding",
    "x-request-id",
    TOPIC_HEADER,
)
"""Headers worth keeping besides those of a binary CloudEvent (``ce-…``). Never a key or a signature."""
MOST_HEADER = 500
MOST_PARTS = 10_000
MOST_TOLD = 100
"""Refused parts of a message its source is told in words; all are counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """A part that became a dead letter, in words."""

    code: str
    zh: str
    en: str
    event_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Fate:
    """What became of a message: its dead parts by code, the first of them in words.

    ``replayed_as`` is the message it was sent through again as.
    """

    message: InboundRow
    codes: Mapping[str, int]
    refusals: tuple[Refusal, ...]
    replayed_as: int | None


async def keep(
    *,
    city: City,
    source: Source,
    form: WireFormat,
    content_type: str,
    headers: Mapping[str, str],
    body: bytes,
    received_at: datetime,
    webhook_id: str | None = None,
    webhook_at: datetime | None = None,
) -> int:
    """Keep a message to be read later and return its number; durable when this returns.

    ``headers`` may be all of a request's: only those worth keeping are. ``webhook_id`` is a
    signed message's, ``webhook_at`` the machine's time. Raises BadRequest: message_replayed,
    overloaded while this process goes down; and the store's own errors when it is away.
    """
    message = NewInbound(
        source=source.name,
        channel=source.channel,
        format=form.value,
        content_type=content_type[:MOST_HEADER],
        headers=worth_keeping(headers),
        body=body,
        received_at=received_at,
        webhook_id=webhook_id,
        webhook_at=webhook_at,
    )
    return await _kept(city, message)


async def keep_refused(
    *,
    city: City,
    source: str,
    channel: str,
    form: str,
    content_type: str,
    body: bytes,
    problem: Finding | str,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Keep what a synchronous channel refused as a dead letter; ``form`` names the endpoint's own form.

    ``headers`` are those a replay would need. ``problem`` is what its sender was told, or the code of it. Raises as ``keep`` does.
    """
    now = city.now()
    message = NewInbound(
        source=source,
        channel=channel,
        format=form,
        content_type=content_type[:MOST_HEADER],
        headers=worth_keeping(headers or {}),
        body=body,
        received_at=now,
        state=InboundState.DEAD,
        code=DeadCode.REFUSED.value,
        params={"problem": problem if isinstance(problem, str) else problem.code.value},
    )
    await _kept(city, message)


def fate(*, city: City, number: int) -> Fate | None:
    """Return what became of a message; None for one that was never kept."""
    message = city.store.inbound(id=number)
    if message is None:
        return None
    again = message.outcome.get("replay")
    found = city.store.inbound_parts(parent=number, limit=MOST_PARTS)
    parts = [part for part in found if part.id != again]
    letters = [message] if message.code else parts
    refusals = tuple(
        Refusal(
            code=one.code,
            zh=says(code=one.code, params=one.params, lang="zh"),
            en=says(code=one.code, params=one.params, lang="en"),
            event_id=one.event_id,
        )
        for one in letters[:MOST_TOLD]
    )
    codes = Counter(one.code for one in letters)
    return Fate(message=message, codes=codes, refusals=refusals, replayed_as=again)


def worth_keeping(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers a reader of the message may need, names in lower case."""
    found = {name.lower(): value for name, value in headers.items()}
    return {
        name: value[:MOST_HEADER].replace("\x00", "")
        for name, value in found.items()
        if name.startswith("ce-") or name in KEPT_HEADERS
    }


async def _kept(city: City, message: NewInbound) -> int:
    try:
        return await city.intake.keep(message)
    except UnableToSubmit as error:
        raise BadRequest(ProblemCode.OVERLOADED) from error
    except UnableToTakeTwice as error:
        raise BadRequest(ProblemCode.MESSAGE_REPLAYED, id=(message.webhook_id or "")[:200]) from error
