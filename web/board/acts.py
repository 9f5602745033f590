"""What a supervisor does to an overdue case from the board: an order to act (督办), another severity."""

import asyncio
import secrets
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from domain.account import Permission, Principal
from usecases import reading
from usecases.staff import act_as, allowed
from web.guard import needs
from web.render import page
from web.state import service

router = APIRouter()
Supervisor = Annotated[Principal, Depends(needs(Permission.WATCH, Permission.INSTRUCT))]
Kind = Literal["open_supervision", "regrade"]
MOST_WORDS = 500


@router.get("/board/cases/{case_no}/{kind}")
def form(request: Request, who: Supervisor, case_no: str, kind: Kind) -> Response:
    """Show the form of an act, or why it cannot be done now."""
    city = service(request).city
    view = reading.case(city=city, who=who, case_no=case_no)
    may = any(one.kind == kind for one in allowed(city=city, who=who, view=view))
    return page(
        request, "board/act.html", case=view, kind=kind, may=may, request_id=secrets.token_hex(12), done=None
    )


@router.post("/board/cases/{case_no}/{kind}")
async def act(
    request: Request,
    who: Supervisor,
    case_no: str,
    kind: Kind,
    *,
    text: Annotated[str, Form(min_length=1, max_length=MOST_WORDS)],
    request_id: Annotated[str, Form(min_length=8, max_length=64)],
    severity: Annotated[int, Form(ge=1, le=4)] = 3,
) -> Response:
    """Send it; repeated with the same request id it is done once."""
    city = service(request).city
    fields: dict[str, Any] = (
        {"text": text} if kind == "open_supervision" else {"severity": severity, "reason": text}
    )
    acted = await act_as(city=city, who=who, case_no=case_no, kind=kind, fields=fields, request_id=request_id)
    view = await asyncio.to_thread(reading.case, city=city, who=who, case_no=case_no)
    return page(request, "board/act.html", case=view, kind=kind, may=True, request_id=request_id, done=acted)
