"""Signing in by the city's identity provider: the way there and back."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.account import Principal
from usecases.provider_sign_in import Return, come_back, depart
from web.guard import public
from web.sign_in.cookies import STEP_S, device_of, drop, local, named, put
from web.sign_in.routes import go_on
from web.state import service

router = APIRouter(prefix="/sign-in/provider")
Visitor = Annotated[Principal | None, Depends(public)]
Text = Annotated[str, Query(max_length=2000)]


@router.get("")
async def leave(
    request: Request, _who: Visitor, onward: Annotated[str, Query(alias="next", max_length=500)] = ""
) -> Response:
    """Send the browser to the provider."""
    found = await asyncio.to_thread(
        depart, city=service(request).city, at=datetime.now(UTC), onward=local(onward)
    )
    answer = RedirectResponse(found.url, status_code=303)
    put(request, answer, named(request, "provider"), found.token, STEP_S)
    return answer


@router.get("/back")
async def back(
    request: Request,
    _who: Visitor,
    *,
    state: Text = "",
    code: Text = "",
    error: Text = "",
    iss: Text = "",
) -> Response:
    """Take what the provider says, and go on with the sign-in."""
    name = named(request, "provider")
    given = Return(token=request.cookies.get(name, ""), state=state, code=code, error=error[:100], issuer=iss)
    device, phone = device_of(request)
    step, onward = await asyncio.to_thread(
        come_back,
        city=service(request).city,
        back=given,
        at=datetime.now(UTC),
        device=device,
        phone=phone,
    )
    answer = go_on(request, step, onward)
    drop(request, answer, name)
    return answer
