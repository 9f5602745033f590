"""``/instructions``: the list, one with its receipts, a new one; closing, taking back, reading and replying."""

import secrets
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.account import Permission, Principal
from domain.instruction import COMMAND, STATE_ZH, InstructionState
from domain.limit import Limit
from domain.place import Level
from domain.reach import Selector
from usecases import instruct_people
from usecases.addressees import Addressees
from usecases.instruct import Issue
from usecases.instruct_staff import listed
from usecases.problems import BadRequest, ProblemCode
from web.guard import needs
from web.render import page
from web.state import service
from web.words import N_

router = APIRouter()
Actor = Annotated[Principal, Depends(needs(Permission.ACT))]
Commander = Annotated[Principal, Depends(needs(Permission.INSTRUCT))]
Number = Annotated[str, Query(max_length=40)]
RequestId = Annotated[str, Form(min_length=8, max_length=64)]
PAGE = 50
UNITS = ("UH", "ND", "WH", "WD")

WHOM: dict[str, tuple[str, Level, str | None]] = {
    "districts": (N_("District command centres"), Level.DISTRICT, COMMAND),
    "streets": (N_("Street command centres"), Level.STREET, COMMAND),
    "communities": (N_("Communities"), Level.COMMUNITY, None),
    "grids": (N_("Grids"), Level.GRID, None),
    "district_units": (N_("All units of districts"), Level.DISTRICT, None),
    "street_units": (N_("All units of streets"), Level.STREET, None),
    "city_units": (N_("Departments of the city"), Level.CITY, None),
}
"""Many units at once: the name of the choice, their level and kind."""
LIMITS: dict[str, str] = {
    "UH": N_("hours"), "ND": N_("days"), "WH": N_("working hours"), "WD": N_("working days")
}  # fmt: skip
STATES: dict[InstructionState, str] = {
    InstructionState.OPEN: N_("under way"),
    InstructionState.COMPLETE: N_("everybody has answered"),
    InstructionState.CLOSED: N_("closed by its issuer"),
    InstructionState.WITHDRAWN: N_("taken back"),
    InstructionState.CORRECTED: N_("replaced"),
}


@router.get("/instructions")
def instructions(
    request: Request,
    who: Actor,
    *,
    state: InstructionState | Literal[""] = "",
    told: bool = False,
    cursor: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """List instructions, newest first: those given, or with ``told`` those one's unit was told."""
    own = next(grant.unit for grant in who.grants_for(Permission.ACT))
    found = listed(
        city=service(request).city,
        who=who,
        unit=own if told else None,
        missing=None,
        issuer=None,
        case_no=None,
        state=state or None,
        limit=PAGE,
        cursor=cursor,
    )
    may = who.may(Permission.INSTRUCT)
    return page(
        request, "instructions/list.html", found=found, state=state, told=told or not may, may=may,
        states=STATES, states_zh=STATE_ZH,
    )  # fmt: skip


@router.get("/instructions/new")
def new(
    request: Request,
    who: Commander,
    case: Number = "",
    unit: Annotated[tuple[str, ...], Query()] = (),
) -> Response:
    """Show the form of a new one; about a case, its owner is proposed."""
    city = service(request).city
    reach = instruct_people.reach_of(city=city, who=who)
    view = instruct_people.about(city=city, who=who, case_no=case) if case else None
    chosen = unit or ((view.owner,) if view is not None and view.owner else ())
    return page(
        request, "instructions/new.html", reach=reach, case=view, chosen=chosen, whom=WHOM, limits=LIMITS,
        request_id=secrets.token_hex(12),
    )  # fmt: skip


@router.get("/instructions/reach")
def reach(
    request: Request,
    who: Commander,
    *,
    whom: Annotated[tuple[str, ...], Query()] = (),
    area: Annotated[str, Query(max_length=60)] = "",
    unit: Annotated[tuple[str, ...], Query()] = (),
) -> Response:
    """Say how many units the chosen ones are."""
    to = _addressees(whom, area, unit)
    nobody = not to.units and not to.selectors
    count = 0 if nobody else instruct_people.count_of(city=service(request).city, who=who, to=to)
    return page(request, "instructions/reach.html", count=count)


@router.post("/instructions")
def issue(
    request: Request,
    who: Commander,
    *,
    title: Annotated[str, Form(min_length=1, max_length=60)],
    text: Annotated[str, Form(min_length=1, max_length=20_000)],
    amount: Annotated[int, Form(ge=1, le=400)],
    limit_unit: Annotated[Literal["UH", "ND", "WH", "WD"], Form()],
    request_id: RequestId,
    whom: Annotated[tuple[str, ...], Form()] = (),
    area: Annotated[str, Form(max_length=60)] = "",
    unit: Annotated[tuple[str, ...], Form()] = (),
    urgency: Annotated[int, Form(ge=1, le=4)] = 3,
    reply: Annotated[bool, Form()] = False,
    exercise: Annotated[bool, Form()] = False,
    case_no: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Issue it, and show it with its receipts."""
    ask = Issue(
        title=title,
        text=text,
        to=_addressees(whom, area, unit),
        time_limit=Limit.parse(f"{amount}{limit_unit}"),
        reply_required=reply,
        urgency=urgency,
        exercise=exercise,
        case_no=case_no or None,
    )
    found = instruct_people.issue_as(city=service(request).city, who=who, ask=ask, request_id=request_id)
    return _shown(request, found.instruction.number)


@router.get("/instructions/{number}")
def one(request: Request, who: Actor, number: str, missing: Literal["", "1", "0"] = "") -> Response:
    """Show one with its receipts."""
    found = instruct_people.tracked(
        city=service(request).city, who=who, number=number, missing=None if not missing else missing == "1"
    )
    return page(
        request, "instructions/one.html", found=found, missing=missing, states=STATES, states_zh=STATE_ZH,
        request_id=secrets.token_hex(12),
    )  # fmt: skip


@router.post("/instructions/{number}/end")
def end(
    request: Request,
    who: Commander,
    number: str,
    *,
    how: Annotated[Literal["close", "withdraw"], Form()],
    reason: Annotated[str, Form(max_length=5_000)],
    request_id: RequestId,
) -> Response:
    """Close it or take it back."""
    instruct_people.end_as(
        city=service(request).city, who=who, number=number, withdraw=how == "withdraw", reason=reason,
        request_id=request_id,
    )  # fmt: skip
    return _shown(request, number)


@router.post("/instructions/{number}/answer")
def answer(
    request: Request,
    who: Actor,
    number: str,
    *,
    request_id: RequestId,
    text: Annotated[str, Form(max_length=5_000)] = "",
) -> Response:
    """Say that it was read; with a text, reply."""
    instruct_people.answer_as(
        city=service(request).city, who=who, number=number, text=text, request_id=request_id
    )
    return _shown(request, number)


def _shown(request: Request, number: str) -> Response:
    """Send a browser to the instruction, whether it asked for a page or for a part of one."""
    address = f"/instructions/{number}"
    if request.headers.get("hx-request") == "true":
        return Response(headers={"HX-Redirect": address})
    return RedirectResponse(address, status_code=303)


def _addressees(whom: tuple[str, ...], area: str, units: tuple[str, ...]) -> Addressees:
    if any(key not in WHOM for key in whom):
        raise BadRequest(ProblemCode.INVALID_PARAMETER)
    selectors = tuple(
        Selector(level=level, kind=kind, area=area or None) for _, level, kind in (WHOM[key] for key in whom)
    )
    return Addressees(units=tuple(code for code in units if code), selectors=selectors)
