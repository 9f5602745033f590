"""Attachments: checked by content, kept untouched as evidence, with a copy anybody may see.

The bytes lie in the city's media folder under their own SHA-256, in two levels of folders. They
are on the disk before the row that names them is written; a file without a row does no harm.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog

from domain.attachment import AttachmentKind
from domain.place import metres_between
from domain.views import CaseView
from store.media_files import file_of, keep_file
from store.rows_desk import AttachmentRow
from usecases.city import City
from usecases.images import WRITTEN_AS, ReadImage, UnableToReadImage, read_image
from usecases.media_types import KNOWN, SUFFIXES, agrees, type_of
from usecases.problems import BadRequest, ProblemCode
from usecases.queries import case_view

MOST_BYTES = 20 * 1024 * 1024
MOST_NAME = 200
AT_ONCE = 2
"""How many pictures of this process are decoded at the same time: each may take 200 MB."""
ID_BITS = 128
log = structlog.get_logger()
_decoding = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="decode")


async def keep_media(
    *,
    city: City,
    report_no: str | None = None,
    case_no: str | None = None,
    source: str,
    kind: str = AttachmentKind.OTHER,
    name: str = "",
    media_type: str = "",
    body: bytes,
    said: Mapping[str, Any] | None = None,
    id: str = "",  # noqa: A002 - its name everywhere
) -> AttachmentRow:
    """Keep an attachment of a report or a case; durable when this returns, once for the same bytes.

    ``media_type`` is what the sender says (empty: nothing); what it is, its bytes say. Pictures
    (JPEG, PNG, WebP, GIF; HEIC without a public copy), PDF and audio are taken, up to 20 MB.
    ``said`` is what its sender says beside the camera, JSON-plain; ``id`` one drawn before.
    Raises BadRequest: ``attachment_type``, ``attachment_broken``, ``attachment_pixels``,
    ``body_too_large``.
    """
    row = AttachmentRow(
        id=id or f"{city.random_bits(ID_BITS):032x}",
        report_no=report_no,
        case_no=case_no,
        source=source,
        kind=AttachmentKind(kind),
        name=plain_name(name),
        media_type=checked_type(media_type=media_type, body=body),
        size=len(body),
        digest=hashlib.sha256(body).hexdigest(),
        facts=dict(said or {}),
        received_at=city.now(),
    )
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_decoding, lambda: _keep(city=city, body=body, row=row))


def checked_type(*, media_type: str, body: bytes) -> str:
    """Return what the bytes are. Raises BadRequest where we do not take that or the sender says otherwise."""
    if len(body) > MOST_BYTES:
        raise BadRequest(ProblemCode.BODY_TOO_LARGE, most=str(MOST_BYTES))
    found = type_of(body)
    if found is None:
        raise BadRequest(ProblemCode.ATTACHMENT_TYPE, given=_shown(media_type) or "-", known=", ".join(KNOWN))
    if not agrees(declared=media_type, found=found):
        given = f"{_shown(media_type)} ≠ {found}"
        raise BadRequest(ProblemCode.ATTACHMENT_TYPE, given=given, known=", ".join(KNOWN))
    return found


def _shown(text: str) -> str:
    return "".join(char for char in text if char.isprintable())[:60]


def plain_name(name: str) -> str:
    """Return a file's name without folders and controls, the way databases and headers can hold it."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in last if char.isprintable()).strip()[:MOST_NAME]


def _keep(*, city: City, body: bytes, row: AttachmentRow) -> AttachmentRow:
    read = _read(row.media_type, body)
    keep_file(folder=city.media, body=body)
    if read is not None:
        public = keep_file(folder=city.media, body=read.copy)
        row = replace(
            row, facts={**row.facts, **read.facts}, public_digest=public, public_type=read.copy_type
        )
    return city.store.add_attachment(row=row)


def _read(media_type: str, body: bytes) -> ReadImage | None:
    if media_type not in WRITTEN_AS:
        return None
    try:
        return read_image(body=body, media_type=media_type)
    except UnableToReadImage as error:
        if error.pixels:
            raise BadRequest(ProblemCode.ATTACHMENT_PIXELS, pixels=str(error.pixels)) from error
        raise BadRequest(ProblemCode.ATTACHMENT_BROKEN) from error


def name_media(
    *, city: City, report_no: str, source: str, url: str, kind: str = AttachmentKind.OTHER
) -> AttachmentRow:
    """Keep where an attachment is said to be. Nobody fetches it: the address may lead anywhere."""
    row = AttachmentRow(
        id=f"{city.random_bits(ID_BITS):032x}",
        report_no=report_no,
        source=source,
        kind=AttachmentKind(kind),
        media_type="",
        size=0,
        digest="",
        url=url,
        received_at=city.now(),
    )
    return city.store.add_attachment(row=row)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """An attachment as lists show it; ``metres_from_place`` is how far from the case it was taken."""

    row: AttachmentRow
    metres_from_place: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaFile:
    """Bytes to be handed out: where they lie, what they are, under which digest and name."""

    path: Path
    media_type: str
    digest: str
    name: str


def media_of_case(*, city: City, case_no: str) -> list[Shown]:
    """Return the attachments of a case and of every report in it, oldest first. Raises BadRequest."""
    view = case_view(city=city, case_no=case_no)
    rows = city.store.attachments_of(report_nos=view.reports, case_no=case_no)
    return [shown(row=row, view=view) for row in rows]


def shown_of(*, city: City, row: AttachmentRow) -> Shown:
    """Return a kept attachment as a list shows it, beside the case it belongs to now."""
    report = city.store.report(report_no=row.report_no) if row.report_no else None
    case_no = row.case_no if report is None else report.belongs_to
    return shown(row=row, view=city.store.case(case_no=case_no) if case_no else None)


def shown(*, row: AttachmentRow, view: CaseView | None) -> Shown:
    """Measure how far from its case a picture says it was taken; None where either has no position."""
    lon, lat = row.facts.get("lon"), row.facts.get("lat")
    if view is None or view.lon is None or view.lat is None or lon is None or lat is None:
        return Shown(row=row)
    metres = metres_between(lon=lon, lat=lat, other_lon=view.lon, other_lat=view.lat)
    return Shown(row=row, metres_from_place=round(metres, 1))


def media_file(*, city: City, attachment_id: str, original: bool) -> MediaFile:
    """Return the public copy, or the original as it came. Raises BadRequest where there is none."""
    row = city.store.attachment(id=attachment_id) if is_id(attachment_id) else None
    digest = None if row is None else row.digest if original else row.public_digest
    media_type = None if row is None else row.media_type if original else row.public_type
    if row is None or not digest or not media_type:
        raise BadRequest(ProblemCode.ATTACHMENT_NOT_FOUND, id=plain_name(attachment_id)[:40])
    path = file_of(folder=city.media, digest=digest)
    if not path.is_file():
        log.error("the bytes of an attachment are gone", attachment=row.id)
        raise BadRequest(ProblemCode.ATTACHMENT_NOT_FOUND, id=row.id)
    # A public name says nothing of the sender's own.
    name = row.name if original and row.name else f"{row.id}{SUFFIXES.get(media_type, '')}"
    return MediaFile(path=path, media_type=media_type, digest=digest, name=name)


def is_id(text: str) -> bool:
    """Tell whether a text has the form of an attachment's id."""
    return len(text) == ID_BITS // 4 and set(text) <= set("0123456789abcdef")
