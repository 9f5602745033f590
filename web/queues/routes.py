"""The queues: a list, and beside it the item somebody decides; acts go through ``web.acting``."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from domain.account import Permission, Principal
from usecases.city import City
from usecases.problems import BadRequest
from usecases.queues import Item, Queue, item, queue, waiting
from web.acting.words import act_name
from web.guard import needs
from web.render import is_fragment, page
from web.state import service
from web.words import N_, language_of

router = APIRouter()
Dispatcher = Annotated[Principal, Depends(needs(Permission.TRIAGE))]
Visitor = Annotated[Principal, Depends(needs(Permission.VISIT))]
Number = Annotated[str, Query(max_length=60)]
Cursor = Annotated[str | None, Query(max_length=300)]
LABELS = {
    Queue.TRIAGE: N_("To be placed"),
    Queue.RETURNS: N_("Returns"),
    Queue.ARBITRATION: N_("Disputes"),
}
FIRST = {
    Queue.TRIAGE: ("file_case", "merge_into", "ask_reporter", "answer_at_once"),
    Queue.RETURNS: ("grant_return", "refuse_return"),
    Queue.ARBITRATION: ("rule", "reassign"),
    Queue.VISITS: ("record_visit",),
}
"""The acts a queue is about, in the order they are offered; all others come behind them."""
GRADES = {
    1: N_("very dissatisfied"),
    2: N_("dissatisfied"),
    3: N_("fair"),
    4: N_("satisfied"),
    5: N_("very satisfied"),
}


@router.get("/queue")
def dispatcher(
    request: Request, who: Dispatcher, name: Queue = Queue.TRIAGE, case: Number = "", cursor: Cursor = None
) -> Response:
    """Show a queue of the dispatcher and one of its items."""
    if name is Queue.VISITS:
        name = Queue.TRIAGE
    return _queue(request, who, name, case, cursor)


@router.get("/queue/{case_no}")
def dispatcher_item(request: Request, who: Dispatcher, case_no: str, name: Queue = Queue.TRIAGE) -> Response:
    """Show one item: a part of the page, or the page with it open."""
    if not is_fragment(request):
        return _queue(request, who, name, case_no, None)
    return page(request, "queues/item.html", **_item(request, who, name, case_no))


@router.get("/visits")
def visits(request: Request, who: Visitor, case: Number = "", cursor: Cursor = None) -> Response:
    """Show the reporters to call back, whose time ends first at the top."""
    return _queue(request, who, Queue.VISITS, case, cursor)


@router.get("/visits/{case_no}")
def visit_item(request: Request, who: Visitor, case_no: str) -> Response:
    """Show one case's reporters, what to ask, and what was answered."""
    if not is_fragment(request):
        return _queue(request, who, Queue.VISITS, case_no, None)
    return page(request, "queues/item.html", **_item(request, who, Queue.VISITS, case_no))


def _queue(request: Request, who: Principal, name: Queue, case_no: str, cursor: str | None) -> Response:
    city = service(request).city
    found = queue(city=city, who=who, name=name, cursor=cursor)
    chosen = case_no or (found.cases[0].case_no if found.cases else "")
    base = "/visits" if name is Queue.VISITS else "/queue"
    context = _chosen(request, who, name, chosen)
    return page(
        request,
        "queues/queue.html",
        found=found, base=base, labels=LABELS, waiting=waiting(city=city, who=who), chosen=chosen,
        **context,
    )  # fmt: skip


def _chosen(request: Request, who: Principal, name: Queue, case_no: str) -> dict[str, Any]:
    """Return what shows the chosen item; none for one that is gone or never was."""
    nothing: dict[str, Any] = {"item": None, "name": name}
    if not case_no:
        return nothing
    try:
        return _item(request, who, name, case_no)
    except BadRequest:
        return nothing


def _item(request: Request, who: Principal, name: Queue, case_no: str) -> dict[str, Any]:
    city = service(request).city
    found = item(city=city, who=who, case_no=case_no)
    chinese = language_of(request, preferred=who.language) == "zh"
    kinds = _ordered(found, name)
    return {
        "item": found, "name": name, "kinds": kinds, "grades": GRADES, "why": _why(city, found),
        "names": {kind: act_name(kind, chinese=chinese) for kind in kinds},
    }  # fmt: skip


def _ordered(found: Item, name: Queue) -> list[str]:
    may = [one.kind for one in found.actions]
    first = [kind for kind in FIRST[name] if kind in may]
    return first + [kind for kind in may if kind not in first]


WAITS = {
    "triaging": N_("A dispatcher must place it or say whose it is."),
    "need_info": N_("The reporter was asked; without an answer it goes on at its time."),
    "verifying_pre": N_("Somebody looks on site before it is filed."),
    "reopened": N_("It is worked on again after its closing."),
    "return_requested": N_("The unit says that it is not theirs."),
    "arbitration": N_("Two units do not agree whose it is."),
    "visiting": N_("Its reporters are called back."),
}
SHORTFALLS = {
    "no_location": N_("The place is not known."),
    "outside_city": N_("The place lies outside the city."),
    "unknown_category": N_("The category is not known."),
    "no_rule": N_("No dispatch rule fits."),
    "no_unit": N_("The rule names a unit that is not there."),
}


def _why(city: City, found: Item) -> list[tuple[str, dict[str, Any]]]:
    """Return why this case waits for a person, as messages with their values."""
    view, decision = found.view, found.view.decision
    said: list[tuple[str, dict[str, Any]]] = []
    if view.status in WAITS:
        said.append((WAITS[view.status], {}))
    if decision is not None and decision.shortfall is not None:
        said.append((SHORTFALLS[decision.shortfall.value], {}))
    if decision is not None and decision.confidence < city.pack.city.confirm_below:
        said.append(
            (N_("The proposal is uncertain: %(share)s of 1."), {"share": f"{decision.confidence:.2f}"})
        )
    if found.near:
        said.append((N_("It may be the same event as %(n)d open case(s) nearby."), {"n": len(found.near)}))
    return said
