"""Whatever comes in is kept as it came before anybody reads it, and what was refused is kept too.

Alerts, observations and warnings wait in the store for ``usecases.ingest``. Synchronous
channels (reports, Open311, the hotline) answer at once; of those only what was refused to
somebody who showed a key is kept here, as a dead letter.
"""

from collections.abc import Mapping
from datetime import datetime

from domain.envelope import DeadCode
from domain.source import Source, WireFormat
from store.group_commit import UnableToSubmit
from store.rows_intake import InboundState, NewInbound
from store.sources import UnableToTakeTwice
from usecases.city import City
from usecases.formats.frame import TOPIC_HEADER
from usecases.problems import BadRequest, Finding, ProblemCode

KEPT_HEADERS = ("user-agent", "webhook-id", "webhook-timestamp", "content-encoding", "x-request-id", TOPIC_HEADER)
"""Headers worth keeping besides those of a binary CloudEvent (``ce-…``). Never a key or a signature."""
MOST_HEADER = 500


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
    *, city: City, source: str, channel: str, form: str, content_type: str, body: bytes, problem: Finding
) -> None:
    """Keep what a synchronous channel refused as a dead letter; ``form`` names the endpoint's own form.

    Raises as ``keep`` does.
    """
    now = city.now()
    message = NewInbound(
        source=source,
        channel=channel,
        format=form,
        content_type=content_type[:MOST_HEADER],
        body=body,
        received_at=now,
        state=InboundState.DEAD,
        code=DeadCode.REFUSED.value,
        params={"problem": problem.code.value},
    )
    await _kept(city, message)


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
