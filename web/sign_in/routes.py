"""Signing in, step by step, and out."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from domain.account import Principal
from usecases.demo_people import DEMO_PASSWORD, demo_people, sign_in_as
from usecases.pace import Pace
from usecases.passwords import WeakPassword
from usecases.problems import BadRequest, ProblemCode
from usecases.sign_in import (
    EnrolNeeded,
    MustChange,
    SignedIn,
    Step,
    change_expired,
    confirm_enrolment,
    nobody_yet,
    show_factor,
    sign_in,
    sign_out,
    step_now,
)
from web.guard import anyone, cookie_name, public
from web.nav import first_page
from web.render import page
from web.sign_in.cookies import (
    STEP_S,
    address_of,
    check_form,
    device_of,
    enter,
    form_token,
    leave,
    local,
    named,
    put,
    set_session,
    step_token,
)
from web.sign_in.faults import fault_texts
from web.sign_in.qr import qr
from web.state import service
from web.words import language_of

router = APIRouter()
Visitor = Annotated[Principal | None, Depends(public)]
Onward = Annotated[str, Form(alias="next", max_length=500)]
Word = Annotated[str, Form(max_length=500)]
Code = Annotated[str, Form(max_length=60)]
_PACE = Pace()
_WRONG = frozenset({ProblemCode.BAD_CREDENTIALS, ProblemCode.FACTOR_WRONG, ProblemCode.ACCOUNT_LOCKED})


@router.get("/sign-in")
def sign_in_page(
    request: Request, who: Visitor, onward: Annotated[str, Query(alias="next", max_length=500)] = ""
) -> Response:
    """Show the form; whoever is signed in goes on, but in a demonstration, where people change roles."""
    if who is not None and not service(request).demo_mode:
        return RedirectResponse(local(onward) or first_page(who), status_code=303)
    return _form(request, onward=onward)


@router.post("/sign-in")
async def sign_in_form(
    request: Request, _who: Visitor, account: Word = "", password: Word = "", onward: Onward = ""
) -> Response:
    """Check account and password."""
    await check_form(request)
    device, phone = device_of(request)
    try:
        with _counted(request):
            step = await asyncio.to_thread(
                sign_in,
                city=service(request).city,
                account=account,
                password=password,
                at=datetime.now(UTC),
                device=device,
                phone=phone,
            )
    except BadRequest as error:
        return _form(request, onward=onward, account=account, error=error)
    return go_on(request, step, onward)


@router.post("/sign-in/as")
async def sign_in_demo(request: Request, _who: Visitor, account: Word = "", onward: Onward = "") -> Response:
    """Sign in as somebody of the demonstration with one click; there is nobody to be elsewhere."""
    await check_form(request)
    device, phone = device_of(request)
    try:
        found = await asyncio.to_thread(
            sign_in_as,
            city=service(request).city,
            account=account,
            at=datetime.now(UTC),
            device=device,
            phone=phone,
        )
    except BadRequest as error:
        return _form(request, onward=onward, error=error)
    return enter(request, found, onward=onward)


@router.get("/sign-in/step")
def step_page(
    request: Request, _who: Visitor, onward: Annotated[str, Query(alias="next", max_length=500)] = ""
) -> Response:
    """Show what the sign-in under way waits for; the first page again when it took too long."""
    step = step_now(city=service(request).city, token=step_token(request), at=datetime.now(UTC))
    return _back(onward) if step is None else _step(request, step, onward)


@router.post("/sign-in/factor")
async def factor_form(request: Request, _who: Visitor, code: Code = "", onward: Onward = "") -> Response:
    """Take the code of the second factor."""
    await check_form(request)
    given = _given(request)
    try:
        with _counted(request):
            step = await asyncio.to_thread(show_factor, code=code, **given)
    except BadRequest as error:
        return await _again(request, error, onward)
    return go_on(request, step, onward)


@router.post("/sign-in/enrol")
async def enrol_form(request: Request, _who: Visitor, code: Code = "", onward: Onward = "") -> Response:
    """Take the first code of a second factor, and show the recovery codes once."""
    await check_form(request)
    given = _given(request)
    try:
        with _counted(request):
            step, codes = await asyncio.to_thread(confirm_enrolment, code=code, **given)
    except BadRequest as error:
        return await _again(request, error, onward)
    further = "/sign-in/step" if not isinstance(step, SignedIn) else local(onward) or first_page(step.who)
    answer = page(request, "sign_in/codes.html", codes=codes, onward=further)
    if isinstance(step, SignedIn):
        set_session(request, answer, step)
    return answer


@router.post("/sign-in/password")
async def password_form(
    request: Request, _who: Visitor, password: Word = "", again: Word = "", onward: Onward = ""
) -> Response:
    """Take the new password of somebody who must choose one."""
    await check_form(request)
    given = _given(request)
    if password != again:
        step = await asyncio.to_thread(step_now, **given)
        return _back(onward) if step is None else _step(request, step, onward, differ=True, status=422)
    try:
        found = await asyncio.to_thread(change_expired, password=password, **given)
    except BadRequest as error:
        return await _again(request, error, onward)
    return go_on(request, found, onward)


@router.post("/sign-out")
async def sign_out_form(request: Request, who: Annotated[Principal, Depends(anyone)]) -> Response:
    """End the session here."""
    served = service(request)
    token = request.cookies.get(cookie_name(secure=served.secure), "")
    await asyncio.to_thread(sign_out, city=served.city, who=who, token=token)
    answer = RedirectResponse("/sign-in", status_code=303)
    leave(request, answer)
    return answer


def _given(request: Request) -> dict[str, Any]:
    """Return what every step of a sign-in is asked with."""
    return {"city": service(request).city, "token": step_token(request), "at": datetime.now(UTC)}


def _form(request: Request, *, onward: str, account: str = "", error: BadRequest | None = None) -> Response:
    served = service(request)
    token, shown = form_token(request)
    provider = served.city.access.provider
    language = language_of(request)
    answer = page(
        request,
        "sign_in/sign_in.html",
        status=200 if error is None else error.finding.status,
        csrf=shown,
        onward=local(onward),
        account=account[:80],
        error="" if error is None else error.finding.text(lang=language),
        provider=None if provider is None else provider.names.get(language, "OpenID Connect"),
        people=demo_people(city=served.city),
        demo_password=DEMO_PASSWORD,
        nobody=nobody_yet(city=served.city),
    )
    put(request, answer, named(request, "form"), token, STEP_S * 4)
    return answer


def go_on(request: Request, step: Step, onward: str) -> Response:
    """Sign in, or show the next step of it."""
    if isinstance(step, SignedIn):
        return enter(request, step, onward=onward)
    answer = RedirectResponse(f"/sign-in/step{_query(onward)}", status_code=303)
    put(request, answer, named(request, "step"), step.token, STEP_S)
    return answer


async def _again(request: Request, error: BadRequest, onward: str) -> Response:
    """Show the step again with what was wrong; begin again when it took too long."""
    given = _given(request)
    step = await asyncio.to_thread(step_now, **given)
    if step is None:
        return _back(onward)
    return _step(request, step, onward, error=error, status=error.finding.status)


def _step(
    request: Request,
    step: Step,
    onward: str,
    *,
    error: BadRequest | None = None,
    differ: bool = False,
    status: int = 200,
) -> Response:
    token, shown = form_token(request)
    language = language_of(request)
    text = "" if error is None else error.finding.text(lang=language)
    found: dict[str, Any] = {"error": text, "onward": local(onward)}
    if isinstance(step, EnrolNeeded):
        picture = qr(step.enrolment.uri)
        answer = page(
            request, "sign_in/enrol.html", status=status, csrf=shown, secret=step.enrolment.secret,
            picture=picture, **found,
        )  # fmt: skip
    elif isinstance(step, MustChange):
        faults = fault_texts(error.faults, language=language) if isinstance(error, WeakPassword) else ()
        answer = page(
            request, "sign_in/change.html", status=status, csrf=shown, account=step.account, faults=faults,
            differ=differ, **found,
        )  # fmt: skip
    else:
        answer = page(request, "sign_in/factor.html", status=status, csrf=shown, **found)
    put(request, answer, named(request, "form"), token, STEP_S * 4)
    return answer


def _back(onward: str) -> Response:
    return RedirectResponse(f"/sign-in{_query(onward)}", status_code=303)


def _query(onward: str) -> str:
    return f"?next={quote(local(onward))}" if local(onward) else ""


@contextmanager
def _counted(request: Request) -> Iterator[None]:
    """Count a try of this address while it goes on, and for longer where it was wrong. Raises BadRequest."""
    address = address_of(request)
    with _PACE.trying(address=address):
        try:
            yield
        except BadRequest as error:
            if error.finding.code in _WRONG:
                _PACE.failed(address=address)
            raise
