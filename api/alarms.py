"""Alarms for the duty officer: lists, one with its history, what people do with it, false ones counted."""

import secrets
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from api.actors import actor_of, reader_of
from api.alarm_schemas import AlarmHistoryOut, AlarmOut, AlarmPageOut, DeedIn, DeviceAlarmsOut
from api.answers import answers
from api.doors import needs, who_asks
from api.instruction_schemas import Code
from api.media import json_only
from api.plain import plain
from api.reports import KEY
from api.state import service
from domain.account import Permission
from domain.alarm import ALARM_PHASE_ZH, Alarm, AlarmPhase
from usecases import alarm_desk as desk
from usecases import reading
from usecases.alarm_desk import AlarmFilter, FalseAlarms
from usecases.city import City

router = APIRouter(prefix="/api/v1", tags=["alarms"])

SEEN = Depends(needs(Permission.ALARMS))
Key = Annotated[str | None, KEY]
INTERNAL = frozenset(
    {"key", "group", "seq", "case_seq", "told_children", "told_at", "tell_due", "graded_over", "muted_at"}
)
"""What the engine remembers for itself."""


class AlarmQuery(BaseModel):
    """Filters of the list; all given ones must hold. ``phase`` may be given several times."""

    model_config = ConfigDict(extra="forbid")

    phase: Annotated[list[AlarmPhase], Field(max_length=20)] = []
    open: bool | None = None
    hazard: Code | None = None
    severity: Annotated[int | None, Field(ge=1, le=4)] = None
    source: Code | None = None
    device: Code | None = None
    unit: Code | None = None
    district: Code | None = None
    street: Code | None = None
    parent: Annotated[Code | None, Field(description="number of the storm they belong to")] = None
    case_no: Code | None = None
    exercise: bool | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=200)] = None

    def where(self) -> AlarmFilter:
        """Return the use case's filter."""
        given = self.model_dump(exclude={"phase", "limit", "cursor"})
        return AlarmFilter(phase=tuple(phase.value for phase in self.phase), **given)


@router.get("/alarms", dependencies=[SEEN], responses=answers(AlarmPageOut, 400, 401, 403, 422))
def get_alarms(request: Request, query: Annotated[AlarmQuery, Query()]) -> dict[str, Any]:
    """List alarms, the latest raised first."""
    who = reader_of(request)
    city = service(request).city
    page = reading.alarms(city=city, who=who, where=query.where(), limit=query.limit, cursor=query.cursor)
    return {"alarms": [_alarm(city, one) for one in page.alarms], "next_cursor": page.next_cursor}


@router.get("/alarms/{alarm_no}", dependencies=[SEEN], responses=answers(AlarmHistoryOut, 401, 403, 404))
def get_alarm(request: Request, alarm_no: str) -> dict[str, Any]:
    """Return an alarm, what happened to it, and of a storm the alarms in it."""
    who = reader_of(request)
    city = service(request).city
    found = reading.alarm(city=city, who=who, alarm_no=alarm_no)
    facts = [plain(fact) for fact in found.facts]
    for fact in facts:
        fact.pop("alarm_no")
    return {
        "alarm": _alarm(city, found.alarm),
        "facts": facts,
        "children": [_alarm(city, one) for one in found.children],
    }


@router.post(
    "/alarms/{alarm_no}/acts",
    dependencies=[SEEN, Depends(json_only)],
    responses=answers(AlarmOut, 400, 401, 403, 404, 409, 413, 415, 422, 503, description="Done"),
)
def post_act(request: Request, alarm_no: str, body: DeedIn, idempotency_key: Key = None) -> dict[str, Any]:
    """Assess an alarm, confirm on site that it is safe, or grade it anew; the same key again changes nothing."""
    actor = actor_of(request)
    city, who = service(request).city, who_asks(request)
    if who is not None:
        reading.alarm(city=city, who=who, alarm_no=alarm_no)
    key = (idempotency_key or "").strip() or secrets.token_hex(16)
    found = desk.act(
        city=city, alarm_no=alarm_no, deed=body.deed(), actor=actor, request_id=f"by:{actor.id}:{key}"
    )
    return _alarm(city, found)


@router.get(
    "/devices/{source}/{code}/alarms",
    dependencies=[SEEN],
    responses=answers(DeviceAlarmsOut, 401, 403, 404),
)
def get_device_alarms(request: Request, source: str, code: str) -> dict[str, Any]:
    """Count what became of a device's alarms, and of those of all devices of its model."""
    who = reader_of(request)
    found = reading.device_alarms(city=service(request).city, who=who, source=source, code=code)
    return {
        "source": source,
        "device": code,
        "model": found.model,
        "of_device": _counted(found.of_device),
        "of_model": None if found.of_model is None else _counted(found.of_model),
    }


def _counted(found: FalseAlarms) -> dict[str, Any]:
    return {**asdict(found), "rate": round(found.rate, 4)}


def _alarm(city: City, alarm: Alarm) -> dict[str, Any]:
    body = {name: value for name, value in plain(alarm).items() if name not in INTERNAL}
    hazard = city.pack.alarms.hazards.get(alarm.hazard)
    category = city.pack.catalogue.get(alarm.category)
    return {
        **body,
        "chain": dict(alarm.chain),
        "phase_zh": ALARM_PHASE_ZH[alarm.phase],
        "hazard_zh": hazard.name_zh if hazard is not None else alarm.hazard,
        "hazard_en": hazard.name_en if hazard is not None else alarm.hazard,
        "category_name": category.name_zh if category is not None else alarm.category,
        "acts": [{"kind": kind, "roles": list(roles)} for kind, roles in desk.open_to(alarm)],
    }
