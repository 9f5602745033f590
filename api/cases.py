"""Cases: list, read, history, and commands on them."""

import asyncio
import secrets
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.actors import named_actor
from api.answers import ActedOut, CasePageOut, CaseWithActionsOut, ChildrenOut, HistoryOut, answers
from api.doors import needs, who_asks
from api.media import json_only
from api.plain import plain
from api.reports import KEY
from api.schemas import CommandIn, Instant
from api.state import service
from domain.account import Permission
from domain.actor import Actor
from domain.case import STATUS_ZH, Status
from domain.place import Level
from domain.views import CaseFilter, CaseView
from usecases import reading
from usecases.act import Acted, act
from usecases.command import build
from usecases.queries import allowed_actions
from usecases.staff import act_as, allowed

router = APIRouter(prefix="/api/v1", tags=["cases"])
SEEN = Depends(needs(Permission.SEE_CASES))


def case_out(view: CaseView) -> dict[str, Any]:
    """Return a case with its Chinese state and the level's name."""
    body = plain(view)
    body["status_zh"] = STATUS_ZH[Status(view.status)]
    body["level"] = Level(view.level).name.lower()
    return body


def row_out(view: CaseView) -> dict[str, Any]:
    """Return a case as a list shows it: without what a reporter was asked and answered, which may be personal."""
    info = view.aspects.info
    if info is None:
        return case_out(view)
    return case_out(replace(view, aspects=replace(view.aspects, info=replace(info, question="", answers=()))))


Code = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]


class CaseQuery(BaseModel):
    """Filters of the list; all given ones must hold."""

    model_config = ConfigDict(extra="forbid")

    status: Annotated[list[Status], Field(default_factory=list)]
    owner: Code | None = None
    supervisor: Code | None = None
    category: Code | None = None
    severity: Annotated[int | None, Field(ge=1, le=4)] = None
    level: Annotated[int | None, Field(ge=1, le=5, description="1 city … 5 grid")] = None
    district: Code | None = None
    street: Code | None = None
    community: Code | None = None
    grid: Code | None = None
    zone: Code | None = None
    channel: Code | None = None
    parent: Annotated[Code | None, Field(description="the children of this case")] = None
    task_unit: Annotated[Code | None, Field(description="a unit that owes the case a task or a reply")] = None
    received_from: Instant | None = None
    received_to: Annotated[Instant | None, Field(description="not included")] = None
    overdue: Annotated[bool, Field(description="open and past its handling deadline")] = False
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=200)] = None

    def where(self, *, now: datetime) -> CaseFilter:
        """Return the domain's filter."""
        kept = self.model_dump(exclude={"overdue", "limit", "cursor", "status"})
        status = tuple(status.value for status in self.status)
        return CaseFilter(**kept, status=status, overdue_at=now if self.overdue else None)


@router.get("/cases", dependencies=[SEEN], responses=answers(CasePageOut, 401, 403, 422))
def get_cases(request: Request, query: Annotated[CaseQuery, Query()]) -> dict[str, Any]:
    """List cases, newest first. Pass ``next_cursor`` back as ``cursor`` for the next page.

    What a reporter was asked and answered is left out: read the case itself.
    """
    city = service(request).city
    page = reading.cases(
        city=city,
        who=who_asks(request),
        where=query.where(now=city.now()),
        limit=query.limit,
        cursor=query.cursor,
    )
    return {"cases": [row_out(view) for view in page.cases], "next_cursor": page.next_cursor}


@router.get("/cases/{case_no}", dependencies=[SEEN], responses=answers(CaseWithActionsOut, 401, 403, 404))
def get_case(request: Request, case_no: str) -> dict[str, Any]:
    """Return a case, why it was routed as it was, and the commands it takes now: from whoever is signed in."""
    city, who = service(request).city, who_asks(request)
    view = reading.case(city=city, who=who, case_no=case_no)
    actions = allowed_actions(view) if who is None else allowed(city=city, who=who, view=view)
    return {**case_out(view), "actions": [plain(action) for action in actions]}


@router.get("/cases/{case_no}/history", dependencies=[SEEN], responses=answers(HistoryOut, 401, 403, 404))
def get_history(request: Request, case_no: str) -> dict[str, Any]:
    """Return every recorded fact of a case, in order."""
    timeline = reading.history(city=service(request).city, who=who_asks(request), case_no=case_no)
    return {"case": case_out(timeline.case), "facts": [plain(fact) for fact in timeline.facts]}


@router.get(
    "/cases/{case_no}/children", dependencies=[SEEN], responses=answers(ChildrenOut, 401, 403, 404, 422)
)
def get_children(
    request: Request,
    case_no: str,
    *,
    changed: Annotated[bool, Query(description="only those the lead has not seen yet")] = False,
) -> dict[str, Any]:
    """Return a joint case's children as it knows them: who has them, where they stand, what is new."""
    view = reading.case(city=service(request).city, who=who_asks(request), case_no=case_no)
    children = [child for child in view.aspects.children if child.changed or not changed]
    return {"case_no": case_no, "children": [plain(child) for child in children]}


@router.post(
    "/cases/{case_no}/commands",
    dependencies=[Depends(needs(Permission.ACT)), Depends(json_only)],
    responses={
        **answers(ActedOut, 400, 401, 403, 404, 409, 413, 415, 422, 503, description="Done"),
        202: {"model": ActedOut, "description": "Durable, will be carried out"},
    },
)
async def post_command(
    request: Request,
    response: Response,
    case_no: str,
    body: CommandIn,
    idempotency_key: Annotated[str | None, KEY] = None,
) -> dict[str, Any]:
    """Act on a case. 200: done. 202: durable, will be carried out. 409 or 403: refused, with the reason."""
    city, who = service(request).city, who_asks(request)
    key = (idempotency_key or "").strip() or secrets.token_hex(16)
    fields = dict(body.model_extra or {})
    if who is not None:
        acted = await act_as(
            city=city, who=who, case_no=case_no, kind=body.kind, fields=fields, request_id=key
        )
        shown = await asyncio.to_thread(lambda: reading.shown(city=city, who=who, view=acted.case))
    else:
        acted = await _act_by_header(request, case_no=case_no, kind=body.kind, fields=fields, key=key)
        shown = acted.case
    if acted.pending:
        response.status_code = 202
    return {"pending": acted.pending, "idempotency_key": key, "case": case_out(shown)}


async def _act_by_header(
    request: Request, *, case_no: str, kind: str, fields: dict[str, Any], key: str
) -> Acted:
    city, actor = service(request).city, named_actor(request)
    command = await asyncio.to_thread(
        lambda: build(
            city=city,
            case_no=case_no,
            kind=kind,
            fields=fields,
            actor=actor,
            request_id=_request_id(actor, key),
        )
    )
    return await act(city=city, case_no=case_no, command=command)


def _request_id(actor: Actor, key: str) -> str:
    """Name the actor in front: two people's clients may choose the same key, and the engine has ids of its own."""
    return f"by:{actor.id}:{key}"
