"""``GET /live``: what changes, as server-sent events, for as long as a page is open.

The id of an event is a position in the order of all changes, so a browser that comes back
says how far it has heard and misses nothing. No session of the database is held while waiting.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from domain.account import Principal
from usecases.city import City
from usecases.live import Change, End, Hearing, Subscription, UnableToFollow, hearing_of
from web.guard import anyone, still_there
from web.state import service

router = APIRouter()
LONGEST_S = 600.0
"""A connection ends after this long; the browser comes back where it left."""
TOGETHER_S = 0.1
"""Changes of this time come as one event, so that there are at most ten a second."""
LOOK_EVERY_S = 5.0
"""How often a quiet connection is told that it is alive, and how soon a sign-out ends it."""
COME_BACK_MS = 1000
log = structlog.get_logger()


@router.get("/live", response_class=EventSourceResponse)
async def live(
    request: Request,
    who: Annotated[Principal, Depends(anyone)],
    after: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Tell what changes within somebody's reach: first what they missed since ``?after=`` or their last id."""
    since = after or request.query_params.get("after") or None
    try:
        async with service(request).live.subscribe(after=since) as heard:
            yield ServerSentEvent(
                event="hello", data=_clock(service(request).city), id=heard.position, retry=COME_BACK_MS
            )
            async for event in _events(request, heard, who):
                yield event
    except UnableToFollow as cut:
        if cut.end is End.TOO_OLD:
            yield ServerSentEvent(event="reload", data={})
    except Exception as error:  # noqa: BLE001 - the answer has begun: all we can do is end it
        log.warning("live connection ended", error=type(error).__name__)


async def _events(request: Request, heard: Subscription, who: Principal) -> AsyncIterator[ServerSentEvent]:
    """Yield events until the connection is old or nobody is signed in any more. Raises UnableToFollow."""
    loop = asyncio.get_running_loop()
    begun = looked = said = loop.time()
    hearing = hearing_of(city=service(request).city, who=who)
    while loop.time() < begun + LONGEST_S:
        changes = await heard.take(wait_s=LOOK_EVERY_S)
        if changes:
            await asyncio.sleep(TOGETHER_S)
            changes += await heard.take(wait_s=0)
        if loop.time() - looked >= LOOK_EVERY_S:
            there = await still_there(request)
            if there is None:
                return
            looked, hearing = loop.time(), hearing_of(city=service(request).city, who=there.who)
        told = _told(changes, hearing)
        if told:
            yield ServerSentEvent(event="changes", data=told, id=heard.position)
        elif loop.time() - said >= LOOK_EVERY_S:
            # No event for the page, but the browser keeps the id: it comes back from here.
            yield ServerSentEvent(comment="", id=heard.position)
        else:
            continue
        said = loop.time()


def _clock(city: City) -> dict[str, Any]:
    """Return what a page needs to say the city's time by itself."""
    return {"now": city.now().isoformat(), "speed": city.clock.speed, "zone": city.pack.city.timezone}


def _told(changes: Sequence[Change], hearing: Hearing) -> list[dict[str, Any]]:
    """Return what the page is told: the last change of each number, in order."""
    last = {(one.kind, one.number): one for one in changes if hearing.hears(one)}
    return [
        {
            "id": one.id,
            "kind": one.kind,
            "number": one.number,
            "status": one.status,
            "severity": one.severity,
            "at": one.at.isoformat(),
        }
        for one in last.values()
    ]
