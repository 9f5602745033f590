"""The form of an act, sending it, and the proposals its fields ask for."""

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from domain.account import Permission, Principal
from domain.errors import CommandRefused
from domain.views import CaseView
from usecases.acting import CaseChanged, act_seen
from usecases.case_pages import seen as seen_case
from usecases.command import UnableToBuildCommand, kinds
from usecases.media import MOST_BYTES, keep_media
from usecases.name_search import Named, find_categories, find_units
from usecases.problems import BadRequest, ProblemCode
from web.acting.facts import told
from web.acting.fields import Shape, asked_of
from web.acting.forms import FINE, Trouble, form_of
from web.acting.values import UnableToReadForm, fields_from
from web.acting.words import LEGAL, act_name
from web.errors import FORBIDDEN
from web.guard import needs
from web.render import is_fragment, page
from web.shown import Shown
from web.state import service
from web.words import N_, language_of

router = APIRouter()
Actor = Annotated[Principal, Depends(needs(Permission.ACT))]
Reader = Annotated[Principal, Depends(needs(Permission.SEE_CASES))]
Typed = Annotated[str, Query(max_length=200)]
MOST_PHOTOS = 9
CONFIRM = N_("Confirm that you have read what this brings about")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """One form that was sent."""

    who: Principal
    view: CaseView
    kind: str
    values: dict[str, list[str]]

    def first(self, name: str) -> str:
        """Return a field's first value, or an empty text."""
        return next(iter(self.values.get(name, ())), "")


@router.get("/acting/units")
def units(request: Request, who: Reader, q: Typed = "") -> Response:
    """Propose units for what was typed, as options of a combobox."""
    return _options(request, find_units(city=service(request).city, who=who, text=q))


@router.get("/acting/services")
def services(request: Request, who: Reader, q: Typed = "") -> Response:
    """Propose platforms outside: 110, 119, 120, 122, other cities."""
    return _options(request, find_units(city=service(request).city, who=who, text=q, kind="PEER"))


@router.get("/acting/categories")
def categories(request: Request, who: Reader, q: Typed = "") -> Response:
    """Propose categories for what was typed."""
    return _options(request, find_categories(city=service(request).city, who=who, text=q))


@router.get("/cases/{case_no}/act/{kind}")
def act_form(request: Request, who: Actor, case_no: str, kind: str) -> Response:
    """Return the form of an act; fields may be filled in by the address."""
    if kind not in kinds():
        raise BadRequest(ProblemCode.UNKNOWN_COMMAND, kind=kind[:40], known=", ".join(kinds()))
    view = seen_case(city=service(request).city, who=who, case_no=case_no)
    given = {name: request.query_params.getlist(name) for name in request.query_params}
    return _form(request, Sent(who=who, view=view, kind=kind, values=given))


@router.post("/cases/{case_no}/act")
async def act(request: Request, who: Actor, case_no: str) -> Response:
    """Send an act. What is wrong comes back as the form with what was typed."""
    city = service(request).city
    form = await request.form(max_files=MOST_PHOTOS)
    kind = str(form.get("kind", ""))
    if kind not in kinds():
        raise BadRequest(ProblemCode.UNKNOWN_COMMAND, kind=kind[:40], known=", ".join(kinds()))
    view = await asyncio.to_thread(lambda: seen_case(city=city, who=who, case_no=case_no))
    sent = Sent(who=who, view=view, kind=kind, values=_texts(form))
    try:
        await _keep_photos(request, sent, form)
        _confirmed(sent)
        fields = fields_from(kind=kind, values=sent.values, zone=ZoneInfo(city.pack.city.timezone))
    except UnableToReadForm as error:
        return _form(request, sent, Trouble(errors=_said(request, who, error.errors)))
    except BadRequest as error:
        return _form(request, sent, _problem(request, who, error))
    return await _send(request, sent, fields)


async def _send(request: Request, sent: Sent, fields: dict[str, Any]) -> Response:
    city, who, view = service(request).city, sent.who, sent.view
    try:
        acted = await act_seen(
            city=city,
            who=who,
            case_no=view.case_no,
            kind=sent.kind,
            fields=fields,
            request_id=sent.first("request_id")[:80] or secrets.token_hex(16),
            seen=sent.first("seen"),
        )
    except CaseChanged as error:
        fresh = Sent(who=who, view=error.view, kind=sent.kind, values=sent.values)
        return _form(request, fresh, _problem(request, who, error, changed=error.facts))
    except CommandRefused as refused:
        lang = language_of(request, preferred=who.language)
        status = 403 if refused.code.value in FORBIDDEN else 409
        trouble = Trouble(errors={}, code=refused.code.value, text=refused.text(lang=lang), status=status)
        return _form(request, sent, trouble)
    except BadRequest as error:
        return _form(request, sent, _problem(request, who, error))
    return _done(request, sent, pending=acted.pending)


def _confirmed(sent: Sent) -> None:
    if sent.kind in LEGAL and not sent.first("sure"):
        raise UnableToReadForm({"sure": CONFIRM})


def _done(request: Request, sent: Sent, *, pending: bool) -> Response:
    case_no = sent.view.case_no
    if not is_fragment(request):
        to = sent.first("next")
        inside = to.startswith("/") and not to.startswith("//") and "\\" not in to
        return RedirectResponse(to if inside else f"/cases/{case_no}", status_code=303)
    told = {"case": case_no, "kind": sent.kind, "pending": pending}
    headers = {"HX-Trigger": json.dumps({"cityops:acted": told})}
    title = act_name(sent.kind, chinese=language_of(request, preferred=sent.who.language) == "zh")
    return page(request, "acting/done.html", headers=headers, case_no=case_no, title=title, pending=pending)


def _form(request: Request, sent: Sent, trouble: Trouble = FINE) -> Response:
    language = language_of(request, preferred=sent.who.language)
    shown = Shown(city=service(request).city, language=language)
    form = form_of(kind=sent.kind, view=sent.view, shown=shown, values=sent.values, trouble=trouble)
    template = "acting/form.html" if is_fragment(request) else "acting/page.html"
    return page(
        request, template, status=trouble.status, form=form, case=sent.view, told=partial(told, shown=shown)
    )


def _problem(request: Request, who: Principal, error: BadRequest, *, changed: Sequence[Any] = ()) -> Trouble:
    """Say what is wrong, at the field where the finding names one."""
    finding = error.finding
    text = finding.text(lang=language_of(request, preferred=who.language))
    errors: dict[str, str] = {}
    if isinstance(error, UnableToBuildCommand):
        errors = {one["pointer"].split("/")[1]: one["detail"] for one in error.errors}
    return Trouble(
        errors=errors, code=finding.code.value, text=text, status=finding.status, changed=tuple(changed)
    )


def _said(request: Request, who: Principal, errors: Mapping[str, str]) -> dict[str, str]:
    shown = Shown(city=service(request).city, language=language_of(request, preferred=who.language))
    return {name: shown.text(message) for name, message in errors.items()}


def _texts(form: FormData) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str) and name != "csrf":
            found.setdefault(name, []).append(value)
    return found


async def _keep_photos(request: Request, sent: Sent, form: FormData) -> None:
    """Keep pictures before anything else: they are not chosen again when a field is wrong. Raises BadRequest."""
    named = {one.name for one in asked_of(sent.kind) if one.shape is Shape.PHOTOS}
    for name, value in form.multi_items():
        field = name.removesuffix("_files")
        if field not in named or not isinstance(value, UploadFile) or not value.filename:
            continue
        row = await keep_media(
            city=service(request).city,
            case_no=sent.view.case_no,
            source=f"staff:{sent.who.account}",
            name=value.filename,
            media_type=value.content_type or "",
            body=await value.read(MOST_BYTES + 1),
        )
        sent.values.setdefault(field, []).append(row.id)


def _options(request: Request, found: Sequence[Named]) -> Response:
    return page(request, "acting/options.html", found=found)
