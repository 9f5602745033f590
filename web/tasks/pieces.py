"""Photos in pieces: begin, go on, end. A script's addresses; a form without script sends photos whole."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response

from domain.account import Permission, Principal
from domain.attachment import AttachmentKind
from usecases.problems import BadRequest, ProblemCode
from usecases.uploads import (
    MOST_PIECE,
    NewUpload,
    UploadRow,
    begin,
    finish,
    photo_address,
    put_piece,
    said_of,
)
from web.guard import needs
from web.state import service
from web.tasks.acts import problem_of
from web.words import language_of

router = APIRouter(prefix="/tasks/uploads")
Acting = Annotated[Principal, Depends(needs(Permission.ACT))]
MOST_SIZE_DIGITS = 12


@router.post("")
async def begin_upload(request: Request, who: Acting) -> Response:
    """Begin a photo, or ask how far it has come: ``{"id", "received", "size", "done"}``."""
    form = await request.form(max_files=0, max_fields=20)
    said = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    size = said.get("size", "")
    new = NewUpload(
        case_no=said.get("case_no", ""),
        digest=said.get("digest", ""),
        size=int(size) if size.isdecimal() and len(size) < MOST_SIZE_DIGITS else 0,
        kind=said.get("kind", AttachmentKind.OTHER.value),
        media_type=said.get("media_type", ""),
        name=said.get("name", ""),
        said=said_of(said),
    )
    city = service(request).city
    try:
        row = await asyncio.to_thread(lambda: begin(city=city, who=who, new=new, at=datetime.now(UTC)))
    except BadRequest as error:
        return _problem(request, who, error)
    return JSONResponse(_shown(row))


@router.put("/{upload_id}")
async def put(
    request: Request,
    upload_id: str,
    who: Acting,
    offset: Annotated[int, Query(ge=0, le=10**10)],
) -> Response:
    """Send a piece; the answer says how many bytes are there now. A gap is refused with the same."""
    city = service(request).city
    try:
        body = await _piece(request)
        there = await asyncio.to_thread(
            lambda: put_piece(
                city=city, who=who, upload_id=upload_id, offset=offset, body=body, at=datetime.now(UTC)
            )
        )
    except BadRequest as error:
        return _problem(request, who, error)
    return JSONResponse({"received": there})


@router.post("/{upload_id}/done")
async def done(request: Request, upload_id: str, who: Acting) -> Response:
    """End a photo: ``{"photo"}`` is its address, to be named in a command."""
    city = service(request).city
    try:
        row = await finish(city=city, who=who, upload_id=upload_id, at=datetime.now(UTC))
    except BadRequest as error:
        return _problem(request, who, error)
    return JSONResponse({"photo": photo_address(row)})


async def _piece(request: Request) -> bytes:
    """Read a piece, never more of it than one may have. Raises BadRequest (body_too_large)."""
    read = bytearray()
    async for part in request.stream():
        read += part
        if len(read) > MOST_PIECE:
            raise BadRequest(ProblemCode.BODY_TOO_LARGE, most=str(MOST_PIECE))
    return bytes(read)


def _shown(row: UploadRow) -> dict[str, Any]:
    return {"id": row.upload_id, "received": row.received, "size": row.size, "done": row.done}


def _problem(request: Request, who: Principal, error: BadRequest) -> Response:
    problem = problem_of(error, language=language_of(request, preferred=who.language))
    return JSONResponse({"ok": False, **problem}, status_code=problem["status"])
