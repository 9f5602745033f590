"""The pages of checkers and grid workers: what waits to be looked at, and saying what was seen."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from domain.account import Permission, Principal
from usecases.verify_list import verify_list
from web.guard import needs
from web.render import page
from web.state import service
from web.tasks.sheets import kept_for, shared, sheet_page
from web.tasks.words import KINDS

router = APIRouter(prefix="/verify")
Checking = Annotated[Principal, Depends(needs(Permission.VERIFY))]


@router.get("")
def to_verify(request: Request, who: Checking) -> Response:
    """Show what waits to be looked at: due soonest first; the telephone puts the nearest first."""
    found = verify_list(city=service(request).city, who=who)
    query = request.query_params
    return page(
        request,
        "verify/list.html",
        headers=kept_for(who),
        found=found,
        done=KINDS.get(query.get("done", "")),
        done_case=query.get("case", "")[:40],
        **shared(request),
    )


@router.get("/{case_no}")
def one(request: Request, case_no: str, who: Checking) -> Response:
    """Show one case to be looked at, and the form that says what was seen."""
    return sheet_page(request, who=who, case_no=case_no, template="verify/sheet.html")
