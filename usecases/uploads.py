"""Photos that arrive in pieces over a weak line: begun, gone on with, ended; each once.

A photo is named by the SHA-256 of its bytes before the first piece, so whoever begins again (a
line that broke, a telephone that was restarted) is told how much is there and goes on from
there. The pieces lie in the media folder; what is complete is looked at and kept as any
attachment (``usecases.media``). What nobody goes on with is gone after a day.

``at`` is the machine's time throughout: a demonstration's clock runs faster than people walk.
"""

import asyncio
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakValueDictionary

from domain.account import Principal
from domain.attachment import AttachmentKind
from store.rows_desk import AttachmentRow
from store.rows_uploads import UploadRow
from store.upload_files import drop_pieces, read_pieces, write_piece
from usecases.city import City
from usecases.media import ID_BITS, MOST_BYTES, keep_media, plain_name
from usecases.permits import actors_for
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import case_view

__all__ = [
    "MOST_PIECE", "NewUpload", "SaidByPhone", "UploadRow", "begin", "finish", "photo_address", "put_piece", "said_of",
]  # fmt: skip

MOST_PIECE = 1024 * 1024
MOST_OF_ONE = 300 * 1024 * 1024
"""Bytes one account may have under way: some two hundred photos of a day without a line."""
MOST_OF_ALL = 8 * 1024 * 1024 * 1024
KEPT_FOR = timedelta(days=1)
MOST_MOMENT = 40
_ending: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


@dataclass(frozen=True, kw_only=True, slots=True)
class SaidByPhone:
    """Where the telephone was when the photo was chosen, WGS-84 degrees; ``by_hand``: moved by its owner.

    ``accuracy_m`` is the radius the telephone gives. ``taken_at`` is its own clock, as it says it.
    """

    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    by_hand: bool = False
    taken_at: str = ""

    def facts(self) -> dict[str, Any]:
        """Return what is kept beside what the camera says; half a position is none."""
        found: dict[str, Any] = {}
        if self.lon is not None and self.lat is not None and _on_earth(self.lon, self.lat):
            found |= {"phone_lon": self.lon, "phone_lat": self.lat, "phone_by_hand": self.by_hand}
            if self.accuracy_m is not None and math.isfinite(self.accuracy_m):
                found["phone_accuracy_m"] = round(self.accuracy_m, 1)
        moment = "".join(char for char in self.taken_at if char.isprintable())[:MOST_MOMENT]
        return {**found, "phone_at": moment} if moment else found


NOTHING_SAID = SaidByPhone()


@dataclass(frozen=True, kw_only=True, slots=True)
class NewUpload:
    """What is said of a photo before its first piece. ``digest`` is 64 hexadecimal digits, ``size`` bytes."""

    case_no: str
    digest: str
    size: int
    kind: str = AttachmentKind.OTHER
    media_type: str = ""
    name: str = field(default="", repr=False)
    said: SaidByPhone = NOTHING_SAID


def begin(*, city: City, who: Principal, new: NewUpload, at: datetime) -> UploadRow:
    """Begin an upload, or return how far the same photo of the same person has come.

    Raises BadRequest: not_permitted, outside_scope, case_not_found, body_too_large,
    invalid_parameter, uploads_full.
    """
    actors_for(city=city, who=who, view=case_view(city=city, case_no=new.case_no))
    if not 0 < new.size <= MOST_BYTES:
        raise BadRequest(ProblemCode.BODY_TOO_LARGE, most=str(MOST_BYTES))
    if not _is_digest(new.digest) or new.kind not in set(AttachmentKind):
        raise BadRequest(ProblemCode.INVALID_PARAMETER)
    _prune(city, at)
    key = f"{who.account}\n{new.case_no}\n{new.kind}\n{new.digest}"
    row = UploadRow(
        upload_id=hashlib.sha256(key.encode()).hexdigest(),
        account=who.account,
        case_no=new.case_no,
        kind=new.kind,
        name=plain_name(new.name),
        media_type=new.media_type[:MOST_MOMENT],
        size=new.size,
        digest=new.digest,
        said=new.said.facts(),
        attachment=f"{city.random_bits(ID_BITS):032x}",
        created_at=at,
        updated_at=at,
    )
    found = city.store.begin_upload(row=row, most=MOST_OF_ONE, most_of_all=MOST_OF_ALL)
    if found is None:
        raise BadRequest(ProblemCode.UPLOADS_FULL)
    return found


def put_piece(*, city: City, who: Principal, upload_id: str, offset: int, body: bytes, at: datetime) -> int:
    """Keep a piece and return how many bytes are there; durable when this returns.

    A piece that is there already changes nothing. Raises BadRequest: upload_not_found,
    upload_offset (a gap, with how far it is), body_too_large.
    """
    row = _own(city, who, upload_id)
    end = offset + len(body)
    if len(body) > MOST_PIECE or end > row.size:
        raise BadRequest(ProblemCode.BODY_TOO_LARGE, most=str(min(MOST_PIECE, row.size)))
    if row.done or end <= row.received:
        return row.received
    if offset != row.received:
        raise BadRequest(ProblemCode.UPLOAD_OFFSET, received=str(row.received))
    write_piece(folder=city.media, upload_id=row.upload_id, offset=offset, body=body)
    there = city.store.upload_advanced(upload_id=row.upload_id, offset=offset, to=end, at=at)
    if there is None:
        raise BadRequest(ProblemCode.UPLOAD_NOT_FOUND)
    return there


async def finish(*, city: City, who: Principal, upload_id: str, at: datetime) -> AttachmentRow:
    """Keep a complete photo as an attachment of its case, once; durable when this returns.

    Raises BadRequest: upload_not_found, upload_offset (pieces are missing), upload_digest (it
    begins again), and what ``keep_media`` refuses.
    """
    row = await asyncio.to_thread(_own, city, who, upload_id)
    lock = _ending.setdefault(row.upload_id, asyncio.Lock())
    async with lock:
        row = await asyncio.to_thread(_own, city, who, upload_id)
        if not row.done:
            return await _keep(city, row, at)
    return await asyncio.to_thread(_kept, city, row)


async def _keep(city: City, row: UploadRow, at: datetime) -> AttachmentRow:
    if row.received < row.size:
        raise BadRequest(ProblemCode.UPLOAD_OFFSET, received=str(row.received))
    body = await asyncio.to_thread(
        lambda: read_pieces(folder=city.media, upload_id=row.upload_id, size=row.size)
    )
    if hashlib.sha256(body).hexdigest() != row.digest:
        await asyncio.to_thread(_again, city, row, at)
        raise BadRequest(ProblemCode.UPLOAD_DIGEST)
    kept = await keep_media(
        city=city,
        case_no=row.case_no,
        source=f"staff:{row.account}",
        kind=row.kind,
        name=row.name,
        media_type=row.media_type,
        body=body,
        said=row.said,
        id=row.attachment,
    )
    await asyncio.to_thread(_done, city, row, at)
    return kept


def _kept(city: City, row: UploadRow) -> AttachmentRow:
    """Return the attachment an upload became: where the same bytes had come before, that one."""
    of_case = city.store.attachments_of(report_nos=(), case_no=row.case_no)
    mine = (one for one in of_case if one.digest == row.digest and one.kind == row.kind)
    found = next((one for one in mine if one.source == f"staff:{row.account}"), None)
    if found is None:
        raise BadRequest(ProblemCode.UPLOAD_NOT_FOUND)
    return found


def _again(city: City, row: UploadRow, at: datetime) -> None:
    drop_pieces(folder=city.media, upload_id=row.upload_id)
    city.store.upload_again(upload_id=row.upload_id, at=at)


def _done(city: City, row: UploadRow, at: datetime) -> None:
    city.store.upload_done(upload_id=row.upload_id, at=at)
    drop_pieces(folder=city.media, upload_id=row.upload_id)


def _own(city: City, who: Principal, upload_id: str) -> UploadRow:
    """Return somebody's own upload; another's is as unknown as one that never was."""
    row = city.store.upload(upload_id=upload_id) if _is_digest(upload_id) else None
    if row is None or row.account != who.account:
        raise BadRequest(ProblemCode.UPLOAD_NOT_FOUND)
    return row


def _prune(city: City, at: datetime) -> None:
    for upload_id in city.store.prune_uploads(before=at - KEPT_FOR):
        drop_pieces(folder=city.media, upload_id=upload_id)


def _is_digest(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


def _on_earth(lon: float, lat: float) -> bool:
    return -180 <= lon <= 180 and -90 <= lat <= 90


def photo_address(row: AttachmentRow) -> str:
    """Return how a command refers to a kept photo: where anybody on the case sees it."""
    return f"/api/v1/attachments/{row.id}"


def said_of(fields: Mapping[str, Any]) -> SaidByPhone:
    """Read what a form says of where the telephone was; what is no number is not said."""
    return SaidByPhone(
        lon=_number(fields.get("lon")),
        lat=_number(fields.get("lat")),
        accuracy_m=_number(fields.get("accuracy_m")),
        by_hand=str(fields.get("by_hand", "")).lower() in ("1", "true", "yes"),
        taken_at=str(fields.get("taken_at", "") or ""),
    )


def _number(value: object) -> float | None:
    try:
        found = float(str(value))
    except ValueError:
        return None
    return found if math.isfinite(found) else None
