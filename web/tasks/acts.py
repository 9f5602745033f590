"""Acting from the street: one address for every command of a telephone, with or without a script."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from domain.account import Permission, Principal
from domain.errors import CommandRefused
from usecases.problems import BadRequest, ProblemCode
from usecases.staff import Acted
from usecases.task_acts import act_from_street
from web.errors import FORBIDDEN
from web.guard import needs
from web.state import service
from web.tasks.forms import FORMS, MOST_PHOTOS, said
from web.tasks.sheets import sheet_page
from web.words import language_of

router = APIRouter()
Acting = Annotated[Principal, Depends(needs(Permission.ACT))]
MOST_FIELDS = 60
CHECKS = frozenset({"record_check", "record_verification"})


@router.post("/tasks/{case_no}/act/{kind}")
async def act(request: Request, case_no: str, kind: str, who: Acting) -> Response:
    """Send a case a command: a form, its photos in it or sent before.

    A script asks for JSON: ``{"ok", "pending", "status"}``, or what went wrong with the status of the answer.
    """
    typed: dict[str, str] = {}
    try:
        form = await _form(request)
        typed = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        acted = await _sent(request, who=who, case_no=case_no, kind=kind, form=form)
    except (BadRequest, CommandRefused) as error:
        return await _refused(request, who=who, case_no=case_no, kind=kind, typed=typed, error=error)
    if _wants_json(request):
        return JSONResponse({"ok": True, "pending": acted.pending, "status": acted.case.status})
    done = f"done={quote(kind)}&case={quote(case_no)}"
    there = f"/verify?{done}" if kind in CHECKS else f"/tasks/{quote(case_no)}?{done}"
    return RedirectResponse(there, status_code=303)


async def _form(request: Request) -> FormData:
    try:
        return await request.form(max_files=MOST_PHOTOS, max_fields=MOST_FIELDS)
    except HTTPException as error:
        raise BadRequest(ProblemCode.INVALID_PARAMETER) from error


async def _sent(request: Request, *, who: Principal, case_no: str, kind: str, form: FormData) -> Acted:
    city = service(request).city
    read = await said(city=city, who=who, case_no=case_no, kind=kind, form=form)
    return await act_from_street(
        city=city,
        who=who,
        case_no=case_no,
        kind=kind,
        fields=read.fields,
        request_id=read.request_id,
        occurred_at=read.occurred_at,
    )


async def _refused(
    request: Request, *, who: Principal, case_no: str, kind: str, typed: dict[str, str], error: Exception
) -> Response:
    """Answer with the case's own words beside what was typed."""
    problem = problem_of(error, language=language_of(request, preferred=who.language))
    if _wants_json(request) or kind not in FORMS:
        return JSONResponse({"ok": False, **problem}, status_code=problem["status"])
    template = "verify/sheet.html" if kind in CHECKS else "tasks/sheet.html"
    return await run_in_threadpool(
        lambda: sheet_page(
            request, who=who, case_no=case_no, template=template, problem=problem, typed=typed, kind=kind
        )
    )


def problem_of(error: Exception, *, language: str) -> dict[str, Any]:
    """Return what went wrong as a page or a script shows it: status, code, text."""
    if isinstance(error, CommandRefused):
        status = 403 if error.code.value in FORBIDDEN else 409
        return {"status": status, "code": error.code.value, "text": error.text(lang=language)}
    assert isinstance(error, BadRequest)  # noqa: S101 - the only other one that is caught
    finding = error.finding
    named = getattr(error, "errors", None)
    fields = ", ".join(str(one["pointer"]).lstrip("/") for one in named) if named else ""
    text = finding.text(lang=language)
    shown = f"{text} ({fields})" if fields else text
    return {"status": finding.status, "code": finding.code.value, "text": shown, "params": finding.params}


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")
