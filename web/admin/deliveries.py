"""What was sent to whom and what became of it; the health of the whole."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.account import Permission, Principal
from usecases.audit import audit
from usecases.deliveries import STATES, DeliveryFilter, deliveries, send_again
from web.guard import needs
from web.render import page
from web.shown import Shown
from web.state import service
from web.words import N_, language_of

router = APIRouter(prefix="/admin")
Operator = Annotated[Principal, Depends(needs(Permission.OPERATE))]
LABELS = {
    "pending": N_("on its way"),
    "done": N_("sent"),
    "failed": N_("failed"),
    "unknown": N_("not known"),
    "lost": N_("failed or not known"),
}


@router.get("/deliveries")
def log(
    request: Request,
    who: Operator,
    state: Literal["", "pending", "done", "failed", "unknown", "lost"] = "",
    case_no: Annotated[str, Query(max_length=60)] = "",
    cursor: Annotated[str | None, Query(max_length=30)] = None,
) -> Response:
    """Show messages, the newest first."""
    shown = Shown(city=service(request).city, language=language_of(request, preferred=who.language))
    where = DeliveryFilter(state=state or None, case_no=case_no.strip() or None)
    found = deliveries(city=service(request).city, who=who, where=where, cursor=cursor)
    return page(
        request, "admin/deliveries.html", found=found, state=state, case_no=case_no, labels=LABELS,
        state_options=[(one, shown.text(LABELS[one])) for one in STATES],
    )  # fmt: skip


@router.post("/deliveries/{number}/again")
def again(request: Request, who: Operator, number: Annotated[int, Path(ge=1, lt=2**62)]) -> Response:
    """Send a message that did not arrive once more."""
    send_again(city=service(request).city, who=who, number=number)
    return RedirectResponse("/admin/deliveries?state=lost", status_code=303)


@router.get("/health")
def health(request: Request, _who: Operator) -> Response:
    """Show whether every deadline is armed and every queue moves."""
    city = service(request).city
    return page(request, "admin/health.html", found=audit(city=city), pack=city.pack)
