"""Acting from the street: at once, or hours later when the telephone has a line again.

A command has no field for when somebody did it, and a case's clocks run by when it arrives: a
late message is decided like any other, and refused where the case has gone on. When it was done
is kept beside it: in the log of deeds always, and at the end of the person's own words where the
command has words. Sent again it is the same command, whichever way it arrived first.
"""

import asyncio
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from domain.account import Principal
from usecases.city import City
from usecases.deeds import note
from usecases.staff import Acted, act_as

WORDS = {
    "request_return": "reason",
    "request_extension": "reason",
    "submit_result": "result",
    "report_task": "result",
    "reply_supervision": "reply",
    "log_contact": "note",
    "record_check": "note",
    "record_verification": "note",
}
"""The field of a command that holds a person's own words."""
REMARK = "（离线办理，手机时间 {at}）"
DEED = "acted_offline"


async def act_from_street(
    *,
    city: City,
    who: Principal,
    case_no: str,
    kind: str,
    fields: dict[str, Any],
    request_id: str,
    occurred_at: datetime | None = None,
) -> Acted:
    """Send a case a command; ``occurred_at`` is when the telephone, then without a line, says it was done.

    Raises what ``usecases.staff.act_as`` raises.
    """
    if occurred_at is not None:
        fields, first = await asyncio.to_thread(
            _late, city=city, who=who, kind=kind, fields=fields, request_id=request_id, at=occurred_at
        )
        if first:
            detail = {"command": kind, "occurred_at": occurred_at.isoformat(), "request_id": request_id}
            await asyncio.to_thread(
                lambda: note(city=city, who=who, kind=DEED, object=case_no, detail=detail)
            )
    return await act_as(city=city, who=who, case_no=case_no, kind=kind, fields=fields, request_id=request_id)


def _late(
    *, city: City, who: Principal, kind: str, fields: dict[str, Any], request_id: str, at: datetime
) -> tuple[dict[str, Any], bool]:
    """Return the fields with the remark, and whether this is the first time they arrive.

    What arrived before without the remark (its answer was lost on the way) stays as it is.
    """
    kept = city.store.command(request_id=f"by:{who.account}:{request_id}")
    name = WORDS.get(kind)
    said = fields.get(name) if name is not None else None
    # Words somebody must give are not replaced by ours.
    if name is None or not isinstance(said, str) or not said.strip():
        return fields, kept is None
    if kept is not None and getattr(kept.command, name, None) == said:
        return fields, False
    local = at.astimezone(ZoneInfo(city.pack.city.timezone))
    return {**fields, name: said + REMARK.format(at=f"{local:%Y-%m-%d %H:%M}")}, kept is None
