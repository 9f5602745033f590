"""Bodies of Open311: a form, a multipart form with files, or tolerated JSON; read within limits."""

import json
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from usecases.open311.form import MOST_FIELDS, MOST_FILES, Form, Upload
from usecases.problems import BadRequest, ProblemCode

MOST_PART = 64 * 1024
FORM, MULTIPART, JSON = "application/x-www-form-urlencoded", "multipart/form-data", "application/json"
CHARSETS = ("utf-8", "gb18030")
"""What texts of a form may be written in, tried in this order."""

Fields = list[tuple[str, str]]


async def read_form(request: Request) -> Form:
    """Read what was sent, the address's own parameters after the body's. Raises BadRequest (bad_form)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    files: list[Upload] = []
    if kind == MULTIPART:
        fields, files = await _multipart(request)
    elif kind == JSON:
        fields = _json(await request.body())
    elif kind in ("", FORM):
        fields = _urlencoded(await request.body())
    else:
        raise BadRequest(ProblemCode.BAD_FORM, detail=f"Content-Type: {kind[:60]}")
    fields += list(request.query_params.multi_items())
    if len(fields) > MOST_FIELDS:
        raise BadRequest(ProblemCode.BAD_FORM, detail=f"> {MOST_FIELDS}")
    return Form(fields=tuple(fields), files=tuple(files))


def _urlencoded(body: bytes) -> Fields:
    """Read a form. What is not escaped may be UTF-8 or GB 18030, whatever the sender's tool writes."""
    try:
        pairs = parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise BadRequest(ProblemCode.BAD_FORM, detail=f"> {MOST_FIELDS}") from error
    return [(_decoded(name), _decoded(text)) for name, text in pairs]


def _decoded(text: str) -> str:
    raw = text.encode("latin-1")
    for charset in CHARSETS:
        try:
            return raw.decode(charset)
        except UnicodeDecodeError:
            continue
    raise BadRequest(ProblemCode.BAD_FORM, detail=", ".join(CHARSETS))


async def _multipart(request: Request) -> tuple[Fields, list[Upload]]:
    fields: Fields = []
    files: list[Upload] = []
    try:
        async with request.form(
            max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=MOST_PART
        ) as form:
            for name, value in form.multi_items():
                if not isinstance(value, UploadFile):
                    fields.append((name, value))
                elif body := await value.read():
                    files.append(
                        Upload(name=value.filename or "", media_type=value.content_type or "", body=body)
                    )
    except HTTPException as error:
        raise BadRequest(ProblemCode.BAD_FORM, detail=str(error.detail)[:200]) from error
    return fields, files


def _json(body: bytes) -> Fields:
    """Read an object of the form's names; numbers stay as they were written."""
    try:
        data = json.loads(body, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise BadRequest(ProblemCode.BAD_FORM, detail="JSON") from error
    if not isinstance(data, dict):
        raise BadRequest(ProblemCode.BAD_FORM, detail="JSON: {…}")
    fields: Fields = []
    for name, value in data.items():
        if isinstance(value, dict):
            fields += [(f"{name}[{key}]", text) for key, one in value.items() for text in _texts(one)]
        else:
            fields += [(name, text) for text in _texts(value)]
    return fields


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for one in value for text in _texts(one) if not isinstance(one, list | dict)]
    if value is None or isinstance(value, dict):
        return []
    return [("false", "true")[value] if isinstance(value, bool) else str(value)]
