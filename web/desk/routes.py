"""``/desk``: one screen on which a report is taken while its caller speaks."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from starlette.background import BackgroundTask

from domain.account import Permission, Principal
from domain.catalogue import CategoryKind
from domain.messages_reporter import SaidKind
from usecases import desk_drafts
from usecases.city import City
from usecases.desk import look, outlook_of
from usecases.desk_callers import add
from usecases.desk_categories import propose
from usecases.desk_drafts import DraftRow, Save, mine, new_id, opened, save
from usecases.desk_filing import Receipt, file_draft, hand_over
from usecases.desk_sheet import Sheet, clean, sheet_of
from usecases.place_search import warm
from usecases.problems import BadRequest, ProblemCode
from web.desk.form import Form
from web.guard import needs
from web.render import page
from web.state import service

router = APIRouter(prefix="/desk")
Operator = Annotated[Principal, Depends(needs(Permission.FILE))]
MOST_OPTIONS = 12


@router.get("")
def desk(
    request: Request,
    who: Operator,
    draft: Annotated[str, Query(max_length=60)] = "",
    ani: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Show the desk: a new sheet, or a draft. ``ani`` is the number the telephone bar passes."""
    city = service(request).city
    kept = _opened(city, who, draft)
    fields = kept.fields if kept is not None else clean({"phone": ani})
    if kept is not None and kept.report_no is not None:
        return page(
            request, "desk/filed.html", **_receipt(request, Receipt(report_no=kept.report_no, repeated=True))
        )
    found = look(city=city, who=who, sheet=sheet_of(fields))
    known = draft if draft.isalnum() and draft.isascii() else ""
    answer = page(
        request,
        "desk/page.html",
        sheet=sheet_of(fields),
        look=found,
        changed=False,
        fields=fields,
        draft_id=kept.draft_id if kept is not None else known or new_id(city=city),
        version=kept.version if kept is not None else 0,
        saved_at=kept.updated_at if kept is not None else None,
        drafts=[one for one in mine(city=city, who=who) if kept is None or one.draft_id != kept.draft_id],
    )
    # The first search of a process takes a moment: it begins while the operator still says hello.
    answer.background = BackgroundTask(warm, city=city)
    return answer


@router.post("/look")
def post_look(request: Request, who: Operator, form: Form) -> Response:
    """Keep what was typed and answer with everything beside it; 409 when another window wrote meanwhile."""
    city = service(request).city
    sheet = sheet_of(clean(form.fields))
    kept = _saved(city, who, form)
    if kept is not None and kept.report_no is not None:
        return page(
            request, "desk/filed_already.html", **_receipt(request, Receipt(report_no=kept.report_no))
        )
    found = look(city=city, who=who, sheet=sheet)
    return page(
        request,
        "desk/look.html",
        status=200 if kept is not None else 409,
        sheet=sheet,
        look=found,
        version=kept.version if kept is not None else form.version,
        saved_at=kept.updated_at if kept is not None else None,
        changed=kept is None,
    )


@router.post("/file")
async def post_file(request: Request, who: Operator, form: Form) -> Response:
    """File the draft: its receipt, the same however often it is asked for."""
    city = service(request).city
    try:
        receipt = await file_draft(city=city, who=who, ask=form)
    except BadRequest as refused:
        if refused.finding.code is not ProblemCode.DRAFT_CHANGED:
            raise
        return page(request, "desk/changed.html", status=409, version=form.version)
    sheet = sheet_of(clean(form.fields))
    return page(request, "desk/receipt.html", **_receipt(request, receipt, sheet=sheet))


@router.post("/hand-over/{service_code}")
def post_hand_over(request: Request, who: Operator, form: Form, service_code: str) -> Response:
    """Write down that the call is handed to 110, 119, 120 or 122, and say what to tell the caller."""
    city = service(request).city
    kept = hand_over(city=city, who=who, ask=form, service=service_code)
    sheet = sheet_of(kept.fields)
    found = look(city=city, who=who, sheet=sheet)
    return page(
        request,
        "desk/look.html",
        sheet=sheet,
        look=found,
        version=kept.version,
        saved_at=kept.updated_at,
        changed=False,
    )


@router.post("/add/{kind}/{report_no}")
async def post_add(request: Request, who: Operator, form: Form, kind: SaidKind, report_no: str) -> Response:
    """Add the words to a report the caller made before, as a supplement or an urge; the draft is done then."""
    city = service(request).city
    text = form.fields.get("description", "").strip()
    if kind is SaidKind.SUPPLEMENT and not text:
        raise BadRequest(ProblemCode.DESCRIPTION_REQUIRED)
    said = await add(
        city=city, who=who, report_no=report_no, kind=kind, text=text, key=f"{form.draft_id}:{kind.value}"
    )
    await asyncio.to_thread(_forget, city, who, form.draft_id)
    return page(request, "desk/added.html", kind=kind.value, said=said)


@router.post("/drop/{draft_id}")
def post_drop(request: Request, who: Operator, draft_id: str) -> Response:
    """Forget a draft; answer with those that are left."""
    city = service(request).city
    desk_drafts.drop(city=city, who=who, draft_id=draft_id)
    return page(request, "desk/drafts.html", drafts=mine(city=city, who=who))


@router.get("/categories")
def categories(request: Request, _who: Operator, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Propose categories for what was typed: name, code, pinyin or initials; options of a combobox."""
    pack = service(request).city.pack
    found = [pack.catalogue[one.category] for one in propose(pack=pack, text=q, most=MOST_OPTIONS)]
    holding = [
        one
        for one in pack.catalogue.values()
        if one.kind is not CategoryKind.SENSOR and q.strip() and q.strip() in one.name_zh and one not in found
    ]
    return page(request, "desk/categories.html", found=(*found, *holding)[:MOST_OPTIONS])


def _opened(city: City, who: Principal, draft_id: str) -> DraftRow | None:
    """Return a draft of one's own; one the server never got is begun under the id its window gave it."""
    if not draft_id:
        return None
    try:
        return opened(city=city, who=who, draft_id=draft_id)
    except BadRequest as refused:
        if refused.finding.code is not ProblemCode.DRAFT_NOT_FOUND:
            raise
        return None


def _saved(city: City, who: Principal, form: Save) -> DraftRow | None:
    """Keep the draft; None when another window wrote since. An empty sheet is no draft."""
    if form.version == 0 and not any(text.strip() for text in form.fields.values()):
        now = city.now()
        return DraftRow(
            draft_id=form.draft_id, account=who.account, fields={}, version=0, window=form.window,
            created_at=now, updated_at=now,
        )  # fmt: skip
    try:
        return save(city=city, who=who, ask=form)
    except BadRequest as refused:
        if refused.finding.code is not ProblemCode.DRAFT_CHANGED:
            raise
        return None


def _forget(city: City, who: Principal, draft_id: str) -> None:
    """A draft whose words are elsewhere now is done; one that was never kept is as well."""
    try:
        desk_drafts.drop(city=city, who=who, draft_id=draft_id)
    except BadRequest as refused:
        if refused.finding.code is not ProblemCode.DRAFT_NOT_FOUND:
            raise


def _receipt(request: Request, receipt: Receipt, *, sheet: Sheet | None = None) -> dict[str, Any]:
    """Return what the receipt is shown with; the outlook is read again, since the case begins a moment later."""
    fresh = sheet is not None and receipt.joined is None and not receipt.repeated
    outlook = outlook_of(city=service(request).city, sheet=sheet) if sheet is not None and fresh else None
    return {"receipt": receipt, "outlook": outlook}
