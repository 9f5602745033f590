"""Alarms: which stand, what happened to one, and what somebody makes of it."""

import secrets
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.account import Permission, Principal
from domain.alarm import ALARM_PHASE_ZH
from domain.alarm_life import Verdict
from usecases import alarm_people, reading
from usecases.alarm_desk import AlarmFilter, Assess, Confirm, Deed, Regrade, open_to
from web.guard import needs
from web.render import page
from web.state import service
from web.words import N_

router = APIRouter(prefix="/admin/alarms")
Watcher = Annotated[Principal, Depends(needs(Permission.ALARMS))]
Text = Annotated[str, Query(max_length=100)]
VERDICTS = {
    Verdict.TRUE: N_("true"),
    Verdict.FALSE: N_("false alarm"),
    Verdict.DEVICE_FAULT: N_("device fault"),
    Verdict.MERGED: N_("part of another alarm"),
}


@router.get("")
def listed(
    request: Request,
    who: Watcher,
    *,
    state: Literal["open", "ended"] = "open",
    hazard: Text = "",
    severity: Literal["", "1", "2", "3", "4"] = "",
    district: Text = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Show alarms in one's scope, the latest raised first."""
    city = service(request).city
    where = AlarmFilter(
        open=state == "open", hazard=hazard or None, severity=int(severity) if severity else None,
        district=district or None,
    )  # fmt: skip
    found = reading.alarms(city=city, who=who, where=where, limit=50, cursor=cursor)
    asked = {"state": state, "hazard": hazard, "severity": severity, "district": district}
    return page(
        request,
        "admin/alarms.html",
        found=found,
        asked=asked,
        hazards=city.pack.alarms.hazards,
        phases=ALARM_PHASE_ZH,
    )


@router.get("/{alarm_no}")
def shown(request: Request, who: Watcher, alarm_no: str) -> Response:
    """Show an alarm with its facts, the alarms in it, and what may be done."""
    city = service(request).city
    found = reading.alarm(city=city, who=who, alarm_no=alarm_no)
    return page(
        request, "admin/alarm.html", found=found, alarm=found.alarm, hazards=city.pack.alarms.hazards,
        phases=ALARM_PHASE_ZH, verdicts=VERDICTS, reasons=city.pack.alarms.false_reasons,
        acts=tuple(kind for kind, _ in open_to(found.alarm)), request_id=secrets.token_hex(16),
    )  # fmt: skip


@router.post("/{alarm_no}")
def act(
    request: Request,
    who: Watcher,
    alarm_no: str,
    *,
    kind: Annotated[Literal["assess", "confirm", "regrade"], Form()],
    request_id: Annotated[str, Form(min_length=8, max_length=80)],
    verdict: Annotated[Verdict, Form()] = Verdict.TRUE,
    severity: Annotated[Literal["", "1", "2", "3", "4"], Form()] = "",
    reason: Annotated[str, Form(max_length=100)] = "",
    text: Annotated[str, Form(max_length=2000)] = "",
    into: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Assess an alarm, confirm on site that it is safe, or grade it anew."""
    grade = int(severity) if severity else None
    deeds: dict[str, Deed] = {
        "assess": Assess(verdict=verdict, severity=grade, reason=reason, text=text, into=into or None),
        "confirm": Confirm(text=text),
        "regrade": Regrade(severity=grade or 1, reason=text),
    }
    alarm_people.assess(
        city=service(request).city, who=who, alarm_no=alarm_no, deed=deeds[kind],
        request_id=f"by:{who.account}:{request_id}",
    )  # fmt: skip
    return RedirectResponse(f"/admin/alarms/{alarm_no}", status_code=303)
