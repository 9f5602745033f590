"""The pages of a department on the telephone: its list, one case, how its reporter is called."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from domain.account import Permission, Principal
from usecases.queries import case_view
from usecases.reporters import contacts
from usecases.task_list import Band, task_list
from web.guard import needs
from web.render import page
from web.state import service
from web.tasks.sheets import kept_for, shared, sheet_page
from web.tasks.words import KINDS

router = APIRouter()
Working = Annotated[Principal, Depends(needs(Permission.TASKS))]


@router.get("/tasks")
def tasks(request: Request, who: Working) -> Response:
    """Show what my unit has to do: overdue first, then due soonest."""
    found = task_list(city=service(request).city, who=who)
    query = request.query_params
    return page(
        request,
        "tasks/list.html",
        headers=kept_for(who),
        found=found,
        order=tuple(Band),
        done=KINDS.get(query.get("done", "")),
        done_case=query.get("case", "")[:40],
        **shared(request),
    )


@router.get("/tasks/{case_no}")
def task(request: Request, case_no: str, who: Working) -> Response:
    """Show one case: what, where, until when, what to do next."""
    return sheet_page(request, who=who, case_no=case_no)


@router.get("/tasks/{case_no}/reporters")
def reporters(
    request: Request, case_no: str, who: Annotated[Principal, Depends(needs(Permission.SEE_REPORTERS))]
) -> Response:
    """Show how the reporters of a case are called without their numbers. Never kept on a telephone."""
    city = service(request).city
    view = case_view(city=city, case_no=case_no)
    found = contacts(city=city, who=who, view=view)
    whole = request.headers.get("hx-request") != "true"
    template = "tasks/reporters.html" if whole else "tasks/reporters_part.html"
    return page(request, template, view=view, contacts=found, **shared(request))
