"""What of a case lies with units' own systems, and what those wrote back."""

import asyncio
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from api.actors import reader_of
from api.answers import answers
from api.doors import needs
from api.plain import plain
from api.state import service
from domain.account import Permission
from usecases import reading

router = APIRouter(prefix="/api/v1", tags=["cases"])


class DockUpdateOut(BaseModel):
    """An update of theirs. ``fate``: done, noted, refused:CODE, or empty while it waits."""

    update_id: str
    status: str
    description: str
    updated_at: datetime
    fate: str


class DockTaskOut(BaseModel):
    """A request of ours in their book. ``state``: sending, token, open, closed or failed."""

    unit: str
    task: str
    endpoint: str
    foreign_id: str | None
    state: str
    last_status: str
    attempts: int
    created_at: datetime
    updates: list[DockUpdateOut]


class DocksOut(BaseModel):
    """What lies with other systems, oldest first."""

    case_no: str
    docks: list[DockTaskOut]


@router.get(
    "/cases/{case_no}/docks",
    dependencies=[Depends(needs(Permission.SEE_CASES))],
    responses=answers(DocksOut, 401, 403, 404),
)
async def get_docks(request: Request, case_no: str) -> dict[str, Any]:
    """Return where units' own systems stand with a case, and the fate of each of their updates."""
    who = reader_of(request)
    city = service(request).city
    found = await asyncio.to_thread(lambda: reading.docked(city=city, who=who, case_no=case_no))
    return {"case_no": case_no, "docks": [plain(one) for one in found]}
