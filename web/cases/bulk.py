"""Acting on many cases, lists as files, and who reported in full: what the list and the page lead to."""

import secrets
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import ValidationError
from starlette.concurrency import iterate_in_threadpool
from starlette.datastructures import QueryParams

from domain.account import Permission, Principal
from domain.views import CaseFilter
from usecases.case_bulk import BULK, Became, bulk, common_actions, selected
from usecases.case_export import export
from usecases.case_lists import named
from usecases.problems import BadRequest, ProblemCode
from usecases.reporters import reveal
from web.acting.fields import form_fields
from web.acting.values import UnableToReadForm, fields_from
from web.acting.words import CONSEQUENCES, LEGAL, act_name
from web.cases.query import ListQuery
from web.cases.words import BECAME
from web.guard import needs
from web.render import page
from web.shown import Shown
from web.state import service
from web.words import N_, language_of

router = APIRouter()
Actor = Annotated[Principal, Depends(needs(Permission.ACT))]
Exporter = Annotated[Principal, Depends(needs(Permission.EXPORT))]
Knower = Annotated[Principal, Depends(needs(Permission.SEE_REPORTERS))]
Numbers = Annotated[list[str] | None, Query(max_length=400)]
Address = Annotated[str, Query(max_length=4_000)]
CONFIRM = N_("Confirm that you have read what this brings about")


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """An act on the cases somebody chose, with what they typed."""

    who: Principal
    kind: str
    numbers: list[str]
    values: dict[str, list[str]]


@router.get("/cases/bulk")
def choose(request: Request, who: Actor, no: Numbers = None, query: Address = "") -> Response:
    """Show which acts all the chosen cases take. Raises BadRequest (too_many_selected)."""
    city = service(request).city
    numbers = _chosen(request, who, no or [], query)
    views = named(city=city, who=who, numbers=numbers)
    kinds = common_actions(city=city, who=who, views=views)
    shown = _shown(request, who)
    acts = [(kind, act_name(kind, chinese=shown.chinese)) for kind in kinds]
    return page(request, "cases/bulk_choose.html", numbers=numbers, acts=acts)


@router.post("/cases/bulk/{kind}/form")
async def bulk_form(request: Request, who: Actor, kind: str) -> Response:
    """Show the form of one act for the chosen cases."""
    sent = await request.form(max_fields=1_000)
    numbers = [one for one in sent.getlist("no") if isinstance(one, str)]
    return _form(request, Chosen(who=who, kind=kind, numbers=numbers, values={}))


@router.post("/cases/bulk/{kind}")
async def carry_out(request: Request, who: Actor, kind: str) -> Response:
    """Send one act to all the chosen cases and say what became of each."""
    city, shown = service(request).city, _shown(request, who)
    sent = await request.form(max_fields=1_000)
    values: dict[str, list[str]] = {}
    for name, value in sent.multi_items():
        if isinstance(value, str) and name != "csrf":
            values.setdefault(name, []).append(value)
    numbers = values.pop("no", [])
    _known(kind)
    chosen = Chosen(who=who, kind=kind, numbers=numbers, values=values)
    try:
        if kind in LEGAL and not values.get("sure"):
            return _form(request, chosen, {"sure": shown.text(CONFIRM)})
        fields = fields_from(kind=kind, values=values, zone=ZoneInfo(city.pack.city.timezone))
    except UnableToReadForm as error:
        errors = {name: shown.text(message) for name, message in error.errors.items()}
        return _form(request, chosen, errors)
    request_id = next(iter(values.get("request_id", ())), "")[:60] or secrets.token_hex(16)
    rows = await bulk(city=city, who=who, kind=kind, fields=fields, case_nos=numbers, request_id=request_id)
    counts = [(became, sum(row.became is became for row in rows)) for became in Became]
    return page(
        request,
        "cases/bulk_done.html",
        rows=rows,
        title=act_name(kind, chinese=shown.chinese),
        counts=[(shown.text(BECAME[became.value]), count) for became, count in counts if count],
        became={key: shown.text(word) for key, word in BECAME.items()},
    )


@router.get("/cases/export.{form}")
def take_out(request: Request, who: Exporter, form: Literal["csv", "xlsx"]) -> Response:
    """Send the list as a file, row by row; logged."""
    found = export(
        city=service(request).city, who=who, where=_where(request, request.query_params), form=form
    )
    headers = {"Content-Disposition": f'attachment; filename="{found.name}"'}
    return StreamingResponse(
        iterate_in_threadpool(found.chunks), media_type=found.media_type, headers=headers
    )


@router.post("/cases/{case_no}/reporters/{report_no}/reveal")
def show_reporter(
    request: Request,
    who: Knower,
    case_no: str,
    report_no: str,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Show one reporter in full, once the reason is written down."""
    found = reveal(city=service(request).city, who=who, report_no=report_no, reason=reason)
    return page(request, "cases/reporter.html", one=found, case_no=case_no)


def _form(request: Request, chosen: Chosen, errors: dict[str, str] | None = None) -> Response:
    kind = chosen.kind
    _known(kind)
    shown = _shown(request, chosen.who)
    consequence = CONSEQUENCES.get(kind, "")
    return page(
        request,
        "cases/bulk_form.html",
        status=422 if errors else 200,
        kind=kind,
        title=act_name(kind, chinese=shown.chinese),
        numbers=chosen.numbers,
        fields=form_fields(
            kind=kind, view=None, shown=shown, values=dict(chosen.values), errors=errors or {}
        ),
        values=chosen.values,
        errors=errors or {},
        consequence=shown.text(consequence) if consequence else "",
        legal=kind in LEGAL,
        request_id=next(iter(chosen.values.get("request_id", ())), "") or secrets.token_hex(16),
    )


def _known(kind: str) -> None:
    if kind not in BULK:
        raise BadRequest(ProblemCode.UNKNOWN_COMMAND, kind=kind[:40], known=", ".join(sorted(BULK)))


def _chosen(request: Request, who: Principal, numbers: list[str], query: str) -> tuple[str, ...]:
    where = _where(request, QueryParams(parse_qsl(query))) if query else None
    return selected(city=service(request).city, who=who, case_nos=numbers, where=where)


def _where(request: Request, params: QueryParams) -> CaseFilter:
    try:
        return ListQuery.read(params).where(city=service(request).city)
    except ValidationError:
        raise BadRequest(ProblemCode.INVALID_PARAMETER) from None


def _shown(request: Request, who: Principal) -> Shown:
    return Shown(city=service(request).city, language=language_of(request, preferred=who.language))
