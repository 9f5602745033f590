"""Attachments: taken as multipart forms, shown as public copies; originals are for staff."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

from api.answers import answers, refusals
from api.clients import BY_KEY
from api.doors import PUBLIC as OPEN
from api.doors import needs, who_asks
from api.plain import plain
from api.senders import sender_of, staff_of
from api.state import service
from domain.account import Permission, Principal
from domain.attachment import AttachmentKind
from usecases import reading
from usecases.media import MOST_BYTES, MediaFile, Shown, keep_media, media_file, shown_of
from usecases.media_types import KNOWN
from usecases.problems import BadRequest, ProblemCode

router = APIRouter(prefix="/api/v1", tags=["attachments"])
SEEN = Depends(needs(Permission.SEE_CASES))

FORM: dict[str, Any] = {
    **BY_KEY,
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "examples": [{"file": "(binary)", "kind": "near"}],
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "at most 20 MB"},
                        "kind": {
                            "type": "string",
                            "enum": [kind.value for kind in AttachmentKind],
                            "default": AttachmentKind.OTHER.value,
                            "description": "近景 near, 远景 far, 处置前 before, 处置后 after, 其他 other",
                        },
                    },
                }
            }
        },
    },
}
PUBLIC = {"Cache-Control": "public, max-age=3600"}
"""An hour: what has to be taken down is gone from caches soon."""
PRIVATE = {"Cache-Control": "no-store"}
SAFE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
BINARY: dict[int | str, dict[str, Any]] = {
    200: {"description": "The bytes", "content": {one: {} for one in KNOWN}},
    304: {"description": "Still the same (If-None-Match)"},
}


class AttachmentOut(BaseModel):
    """An attachment. ``url`` is the public copy, null where there is none (PDF, audio, HEIC)."""

    id: str
    kind: AttachmentKind
    report_no: str | None
    case_no: str | None
    media_type: str
    size: Annotated[int, Field(description="bytes")]
    digest: Annotated[str, Field(description="SHA-256 of the original")]
    url: str | None
    named_url: Annotated[str | None, Field(description="where it is said to be; nobody fetched it")]
    taken_at: Annotated[str | None, Field(description="by the camera; without offset where it knew none")]
    lon: float | None
    lat: float | None
    metres_from_place: Annotated[
        float | None, Field(description="from the case's place to where it was taken")
    ]
    received_at: datetime


class AttachmentsOut(BaseModel):
    """All attachments of a case and of its reports, oldest first."""

    case_no: str
    attachments: list[AttachmentOut]


KEEPING = {
    **answers(AttachmentOut, 400, 401, 403, 404, 413, 415, 422, 429, 503),
    201: {"model": AttachmentOut, "description": "Kept"},
}
del KEEPING[200]


@router.post(
    "/reports/{report_no}/attachments",
    status_code=201,
    openapi_extra=FORM,
    dependencies=[Depends(needs(Permission.FILE, sources=True))],
    responses=KEEPING,
)
async def post_report_attachment(request: Request, report_no: str) -> dict[str, Any]:
    """Attach a picture, a PDF or a recording to a report. The same file again is the same attachment.

    What it is its bytes say. The original is kept untouched; a picture's public copy is drawn
    anew, without metadata.
    """
    sender = await sender_of(request, what="attachment")
    city, who = service(request).city, who_asks(request)
    report = await asyncio.to_thread(
        lambda: reading.filed(city=city, who=who, report_no=report_no, source=sender.sees)
    )
    return await _keep(request, report_no=report.report_no, source=sender.name or report.source)


@router.post(
    "/cases/{case_no}/attachments",
    status_code=201,
    openapi_extra=FORM,
    dependencies=[Depends(needs(Permission.ACT))],
    responses=KEEPING,
)
async def post_case_attachment(request: Request, case_no: str) -> dict[str, Any]:
    """Attach to a case what its handlers and checkers made on site: staff only."""
    actor = staff_of(request, what="attachment")
    city, who = service(request).city, who_asks(request)
    view = await asyncio.to_thread(lambda: reading.case(city=city, who=who, case_no=case_no))
    return await _keep(request, case_no=view.case_no, source=f"staff:{actor.id}")


@router.get(
    "/cases/{case_no}/attachments",
    dependencies=[SEEN],
    responses=answers(AttachmentsOut, 401, 403, 404),
)
def get_attachments(request: Request, case_no: str) -> dict[str, Any]:
    """Return what is attached to a case and its reports, with time and place the cameras said: for staff."""
    who = _staff(request, what="attachments")
    found = reading.attachments(city=service(request).city, who=who, case_no=case_no)
    return {"case_no": case_no, "attachments": [_out(one) for one in found]}


@router.get(
    "/attachments/{attachment_id}",
    response_class=Response,
    dependencies=[Depends(OPEN)],
    responses={**BINARY, **refusals(404)},
)
def get_public(request: Request, attachment_id: str) -> Response:
    """Return the public copy of a picture: no metadata, no position. Its address is hard to guess."""
    found = media_file(city=service(request).city, attachment_id=attachment_id, original=False)
    return _file(request, found, headers=PUBLIC, disposition="inline")


@router.get(
    "/attachments/{attachment_id}/original",
    response_class=Response,
    dependencies=[SEEN],
    responses={**BINARY, **refusals(401, 403, 404)},
)
def get_original(request: Request, attachment_id: str) -> Response:
    """Return an attachment as it came, evidence with all it says: for staff."""
    who = _staff(request, what="original")
    found = reading.original(city=service(request).city, who=who, attachment_id=attachment_id)
    return _file(request, found, headers=PRIVATE, disposition="attachment")


def _staff(request: Request, *, what: str) -> Principal | None:
    """Return who is signed in; None in demo mode, for a member of staff the header names."""
    who = who_asks(request)
    if who is None:
        staff_of(request, what=what)
    return who


async def _keep(
    request: Request, *, report_no: str | None = None, case_no: str | None = None, source: str
) -> dict[str, Any]:
    form = await _form(request)
    city = service(request).city
    row = await keep_media(city=city, report_no=report_no, case_no=case_no, source=source, **form)
    return _out(await asyncio.to_thread(lambda: shown_of(city=city, row=row)))


async def _form(request: Request) -> dict[str, Any]:
    """Read the form: one file and its kind. Raises BadRequest and RequestValidationError."""
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != "multipart/form-data":
        raise BadRequest(ProblemCode.ATTACHMENT_TYPE, given=given[:60] or "-", known="multipart/form-data")
    try:
        async with request.form(max_files=1, max_fields=10) as form:
            kind, file = form.get("kind", AttachmentKind.OTHER.value), form.get("file")
            if not isinstance(file, UploadFile):
                raise _wrong("file", "missing", "a file is wanted")
            if kind not in set(AttachmentKind):
                raise _wrong("kind", "enum", f"one of {', '.join(AttachmentKind)}")
            body = await file.read(MOST_BYTES + 1)
            media_type, name = file.content_type or "", file.filename or ""
    except HTTPException as error:
        raise _wrong("", "multipart", str(error.detail)[:200]) from error
    return {"kind": kind, "name": name, "media_type": media_type, "body": body}


def _wrong(field: str, code: str, text: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("body", field), "type": code, "msg": text}])


def _out(one: Shown) -> dict[str, Any]:
    """Return an attachment without its sender's name for it, which may be personal."""
    row = plain(one.row)
    kept = ("id", "kind", "report_no", "case_no", "media_type", "size", "digest", "received_at")
    said = {name: one.row.facts.get(name) for name in ("taken_at", "lon", "lat")}
    return {
        **{name: row[name] for name in kept},
        **said,
        "url": f"/api/v1/attachments/{one.row.id}" if one.row.public_digest else None,
        "named_url": one.row.url,
        "metres_from_place": one.metres_from_place,
    }


def _file(request: Request, found: MediaFile, *, headers: dict[str, str], disposition: str) -> Response:
    tag = f'"{found.digest}"'
    both = {**headers, **SAFE, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=both)
    return FileResponse(
        found.path,
        media_type=found.media_type,
        filename=found.name,
        headers=both,
        content_disposition_type=disposition,
    )
