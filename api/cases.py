"""Cases: list, read, history, and commands on them."""

import secrets
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.actors import actor_of
from api.plain import plain
from api.schemas import CommandIn
from api.state import service
from domain.case import STATUS_ZH, Status
from domain.place import Level
from domain.views import CaseFilter, CaseView
from usecases.act import act
from usecases.command import build
from usecases.queries import allowed_actions, case_history, case_view, list_cases

router = APIRouter(prefix="/api/v1", tags=["cases"])


def case_out(view: CaseView) -> dict[str, Any]:
    """Return a case with its Chinese state and the level's name."""
    body = plain(view)
    body["status_zh"] = STATUS_ZH[Status(view.status)]
    body["level"] = Level(view.level).name.lower()
    return body


class CaseQuery(BaseModel):
    """Filters of the list; all given ones must hold."""

    model_config = ConfigDict(extra="forbid")

    status: Annotated[list[Status], Field(default_factory=list)]
    owner: str | None = None
    supervisor: str | None = None
    category: str | None = None
    severity: Annotated[int | None, Field(ge=1, le=4)] = None
    level: Annotated[int | None, Field(ge=1, le=5, description="1 city … 5 grid")] = None
    district: str | None = None
    street: str | None = None
    community: str | None = None
    grid: str | None = None
    zone: str | None = None
    channel: str | None = None
    received_from: AwareDatetime | None = None
    received_to: AwareDatetime | None = None
    overdue: Annotated[bool, Field(description="open and past its handling deadline")] = False
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: str | None = None

    def where(self, *, now: datetime) -> CaseFilter:
        """Return the domain's filter."""
        kept = self.model_dump(exclude={"overdue", "limit", "cursor", "status"})
        status = tuple(status.value for status in self.status)
        return CaseFilter(**kept, status=status, overdue_at=now if self.overdue else None)


@router.get("/cases")
def get_cases(request: Request, query: Annotated[CaseQuery, Query()]) -> dict[str, Any]:
    """List cases, newest first. Pass ``next_cursor`` back as ``cursor`` for the next page."""
    city = service(request).city
    page = list_cases(city=city, where=query.where(now=city.now()), limit=query.limit, cursor=query.cursor)
    return {"cases": [case_out(view) for view in page.cases], "next_cursor": page.next_cursor}


@router.get("/cases/{case_no}")
def get_case(request: Request, case_no: str) -> dict[str, Any]:
    """Return a case, why it was routed as it was, and the commands it takes now."""
    view = case_view(city=service(request).city, case_no=case_no)
    return {**case_out(view), "actions": [plain(action) for action in allowed_actions(view)]}


@router.get("/cases/{case_no}/history")
def get_history(request: Request, case_no: str) -> dict[str, Any]:
    """Return every recorded fact of a case, in order."""
    timeline = case_history(city=service(request).city, case_no=case_no)
    return {"case": case_out(timeline.case), "facts": [plain(fact) for fact in timeline.facts]}


@router.post("/cases/{case_no}/commands")
async def post_command(
    request: Request,
    response: Response,
    case_no: str,
    body: CommandIn,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> dict[str, Any]:
    """Act on a case. 200: done. 202: durable, will be carried out. 409 or 403: refused, with the reason."""
    here = service(request)
    actor = actor_of(request)
    fields = {
        **(body.model_extra or {}),
        "actor": actor,
        "request_id": idempotency_key or secrets.token_hex(16),
    }
    command = build(city=here.city, case_no=case_no, kind=body.kind, fields=fields)
    acted = await act(city=here.city, case_no=case_no, command=command)
    if acted.pending:
        response.status_code = 202
    return {"pending": acted.pending, "case": case_out(acted.case)}
