"""From an order of another case to a running case: a child somebody opened, the parent of a burst.

Run by the relay for outbox rows of kind ``start_child``. History first (ADR 0010), as
``start_case`` does: a crash between the start and the record starts again, finds the
workflow running and records what that one was given.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from domain.begin import begin
from domain.beginning import Begin
from domain.views import record_of
from store.rows import Done as Delivered
from usecases.city import City
from usecases.gateway import UnableToReachCase
from usecases.start_case import first_record

AT_ONCE = timedelta(seconds=60)
"""Started within this of its opening a child's clocks run from the opening, so that its deadline lies
inside the parent's to the second; later, from the start, so that people keep their time."""
_BEGIN = TypeAdapter(Begin)


def begin_of(payload: dict[str, Any]) -> Begin:
    """Return what an outbox row holds."""
    return _BEGIN.validate_python(payload)


async def start_child(*, city: City, start: Begin, outbox_id: int) -> bool:
    """Start a case nobody reported and record its first step; False when it must be tried again."""
    now = city.now()
    late = now - start.at > AT_ONCE
    outcome = await asyncio.to_thread(begin, replace(start, at=now) if late else start)
    try:
        first = await city.cases.start(state=outcome.state)
    except UnableToReachCase:
        return False
    record = record_of(outcome) if first is None else first_record(first)
    done = Delivered(outbox_id=outbox_id)
    await asyncio.to_thread(lambda: city.store.record(record=record, done=done))
    return True
