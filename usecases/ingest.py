"""Kept messages are read, one after the other, each in one transaction with all it causes.

A message that meets a fault of ours is tried again, later each time, and becomes a dead letter
with its bytes in the end; it holds up no other. While the database is away everything waits.
"""

import traceback
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import structlog

from domain.envelope import DeadCode, Envelope, Unreadable
from domain.place import Crs
from domain.source import Source, WireFormat
from store.inbound import STORE_AWAY
from store.rows_intake import InboundRow
from usecases.city import City
from usecases.formats import read
from usecases.problems import ProblemCode

PAUSES_S = (1.0, 2.0, 5.0, 15.0, 60.0)
"""How long a message waits (machine time) after its first, second … try that failed."""
TRIES = len(PAUSES_S) + 1
"""So many faults of ours make a dead letter."""
MOST_AWAY = 30
"""A message claimed oftener than this that still finds the store away asks for what no store gives: a fault of ours.
While the store is really away nothing is claimed."""
MOST_LOST = 8
"""So many workers that were lost over a message make a dead letter: it may be what killed them."""
TURN_S = 10.0
"""What is not begun after this long (machine time) is given back, well before its lease ends."""
MOST_ABOVE = 20
"""So many replays of one part are followed back to its message."""
log = structlog.get_logger()


class Take(Protocol):
    """``usecases.signals.take``: everything a message causes, in one transaction that settles it."""

    def __call__(self, *, city: City, message: InboundRow, found: Sequence[Envelope | Unreadable]) -> object:
        """Take a message's parts; any exception means that nothing was written."""


def ingest(*, city: City, rows: Sequence[InboundRow], take: Take) -> int:
    """Read claimed messages in the order they came; return how many are settled.

    Raises the store's own errors only where not even the message could be given back.
    """
    ends = city.now() + timedelta(seconds=TURN_S * city.clock.speed)
    sources: dict[str, Source | None] = {}
    settled = 0
    for row in rows:
        if city.now() >= ends:
            city.store.put_off_inbound(id=row.id, not_before=city.now(), fault=False)
            continue
        settled += _tried(city, row, sources, take)
    return settled


def _tried(city: City, row: InboundRow, sources: dict[str, Source | None], take: Take) -> bool:
    if row.lost >= MOST_LOST:
        return _dead(city, row, "worker_lost")
    try:
        _read(city, row, sources, take)
    except Exception as error:  # noqa: BLE001 - one message's fault, whatever it is, is that message's alone
        if isinstance(error, STORE_AWAY) and row.attempts <= MOST_AWAY:
            log.warning("store away while reading", inbound=row.id, error=type(error).__name__)
            _put_off(city, row, tries=row.attempts, fault=False)
            return False
        # Not logged with its text: that may quote what people wrote.
        log.error(  # noqa: TRY400
            "message cannot be taken",
            inbound=row.id,
            source=row.source,
            faults=row.faults + 1,
            error=type(error).__name__,
            at=_where(error),
        )
        if row.faults + 1 >= TRIES:
            return _dead(city, row, type(error).__name__)
        _put_off(city, row, tries=row.faults + 1, fault=True)
        return False
    return True


def _read(city: City, row: InboundRow, sources: dict[str, Source | None], take: Take) -> None:
    if row.source not in sources:
        sources[row.source] = city.store.source(name=row.source)
    source = sources[row.source]
    if source is None:
        params = {"problem": ProblemCode.SOURCE_NOT_FOUND.value}
        found: Sequence[Envelope | Unreadable] = [Unreadable(code=DeadCode.REFUSED, params=params)]
    else:
        found = parts_of(city=city, row=row, source=source)
        row = replace(row, mapping_version=source.mapping_version)
    take(city=city, message=row, found=found)


def parts_of(*, city: City, row: InboundRow, source: Source) -> Sequence[Envelope | Unreadable]:
    """Return what a message says, by its source's mapping; never raises for any bytes.

    A part that lost its message (a dead letter, and its replay) is read inside it again where
    the mapping looks there.
    """
    if row.format not in set(WireFormat):
        return [Unreadable(code=DeadCode.UNKNOWN_FORMAT, params={"format": row.format})]
    whole = _whole(city, row) if any("^" in path for path in source.mapping.values()) else None
    if whole is not None:
        own = [one for one in _parts(city, whole, source) if _bytes(one) == row.body]
        if own:
            return own
    return _parts(city, row, source)


def _parts(city: City, row: InboundRow, source: Source) -> Sequence[Envelope | Unreadable]:
    channel = city.pack.channels.get(source.channel)
    return read(
        form=WireFormat(row.format),
        body=row.body,
        content_type=row.content_type,
        headers=row.headers,
        source=source,
        received_at=row.received_at,
        crs=Crs.WGS84 if channel is None else channel.crs,
        bbox=city.pack.city.bbox,
    )


def _whole(city: City, row: InboundRow) -> InboundRow | None:
    """Return the message a part came in, past any letters and replays of the part itself."""
    above: InboundRow | None = row
    for _ in range(MOST_ABOVE):
        above = None if above is None or above.parent is None else city.store.inbound(id=above.parent)
        if above is None or above.body != row.body:
            return above
    return None


def _bytes(part: Envelope | Unreadable) -> bytes:
    return part.part if isinstance(part, Envelope) else part.body


def _dead(city: City, row: InboundRow, error: str) -> bool:
    """Lay a message aside for a person; its bytes stay where they are."""
    fault = Unreadable(code=DeadCode.FAULT, params={"error": error})
    return city.store.settle_inbound(message=row, dead=[fault], at=city.now())


def _put_off(city: City, row: InboundRow, *, tries: int, fault: bool) -> None:
    pause = PAUSES_S[min(tries, len(PAUSES_S)) - 1] * city.clock.speed
    city.store.put_off_inbound(id=row.id, not_before=city.now() + timedelta(seconds=pause), fault=fault)


def _where(error: BaseException) -> str:
    """Return the lines of code that led to a fault, the innermost first."""
    frames: list[Any] = list(traceback.extract_tb(error.__traceback__, limit=-6))
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
