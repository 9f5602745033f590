"""What the desk's form sends: one window's words for one draft."""

from typing import Annotated

from fastapi import Depends, Request

from usecases.desk_drafts import Save
from usecases.desk_sheet import ANSWER, MOST, MOST_ANSWERS
from usecases.problems import BadRequest, ProblemCode

MOST_PARTS = len(MOST) + MOST_ANSWERS + 20


async def read_form(request: Request) -> Save:
    """Read the form. Raises BadRequest (draft_not_found: without a draft; invalid_parameter)."""
    form = await request.form(max_fields=MOST_PARTS, max_files=0)
    texts = {name: value for name, value in form.items() if isinstance(value, str)}
    if not texts.get("draft"):
        raise BadRequest(ProblemCode.DRAFT_NOT_FOUND)
    version = texts.get("version", "0")
    if not version.isdecimal() or len(version) > 9:
        raise BadRequest(ProblemCode.INVALID_PARAMETER)
    return Save(
        draft_id=texts["draft"],
        version=int(version),
        window=texts.get("window", ""),
        fields={name: text for name, text in texts.items() if name in MOST or name.startswith(ANSWER)},
        force=texts.get("force") == "1",
    )


Form = Annotated[Save, Depends(read_form)]
