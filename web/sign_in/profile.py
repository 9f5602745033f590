"""One's own account: how pages look, password, second factor, sessions."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from domain.account import Principal
from usecases.passwords import WeakPassword
from usecases.problems import BadRequest
from usecases.profile import (
    begin_factor,
    change_password,
    confirm_factor,
    drop_factor,
    end_other_sessions,
    factor_begun,
    prefer,
    profile,
)
from web.guard import anyone
from web.render import KEYS_COOKIE, THEME_COOKIE, page
from web.sign_in.cookies import A_YEAR_S, put, set_session
from web.sign_in.faults import fault_texts
from web.sign_in.qr import qr
from web.state import service
from web.words import COOKIE as LANGUAGE_COOKIE
from web.words import language_of

router = APIRouter(prefix="/profile")
Anyone = Annotated[Principal, Depends(anyone)]
Word = Annotated[str, Form(max_length=500)]
Choice = Annotated[str, Form(max_length=10)]
Code = Annotated[str, Form(max_length=60)]


@router.get("")
def profile_page(request: Request, who: Anyone, done: str = "") -> Response:
    """Show one's own account."""
    return _shown(request, who, done=done)


@router.post("/looks")
def looks(
    request: Request, who: Anyone, language: Choice = "zh", theme: Choice = "auto", keys: Choice = "off"
) -> Response:
    """Keep language, theme and single-key shortcuts, here and for the next sign-in."""
    preferences = {"theme": theme, "keys": keys}
    prefer(city=service(request).city, who=who, language=language, preferences=preferences)
    answer = _done("looks")
    for name, value in ((LANGUAGE_COOKIE, language), (THEME_COOKIE, theme), (KEYS_COOKIE, keys)):
        put(request, answer, name, value, A_YEAR_S)
    return answer


@router.post("/password")
async def password(
    request: Request, who: Anyone, old: Word = "", password: Word = "", again: Word = ""
) -> Response:
    """Change the password; other sessions end, this browser gets a new one."""
    if password != again:
        return await asyncio.to_thread(_shown, request, who, differ=True, status=422)
    try:
        found = await asyncio.to_thread(change_password, old=old, new=password, **_given(request, who))
    except BadRequest as error:
        return await asyncio.to_thread(_wrong, request, who, "password", error)
    answer = _done("password")
    set_session(request, answer, found)
    return answer


@router.post("/factor")
async def factor(request: Request, who: Anyone, password: Word = "") -> Response:
    """Begin to set up a second factor, with the password."""
    try:
        await asyncio.to_thread(begin_factor, password=password, **_given(request, who))
    except BadRequest as error:
        return await asyncio.to_thread(_wrong, request, who, "factor", error)
    return RedirectResponse("/profile/factor", status_code=303)


@router.get("/factor")
def factor_page(request: Request, who: Anyone) -> Response:
    """Show the key and ask for its first code."""
    return _factor(request, who)


@router.post("/factor/code")
async def factor_code(request: Request, who: Anyone, code: Code = "") -> Response:
    """Take the first code; show the recovery codes once."""
    try:
        codes = await asyncio.to_thread(confirm_factor, code=code, **_given(request, who))
    except BadRequest as error:
        return await asyncio.to_thread(_factor, request, who, error)
    return page(request, "sign_in/codes.html", codes=codes, onward="/profile?done=factor")


@router.post("/factor/drop")
async def factor_drop(request: Request, who: Anyone, code: Code = "") -> Response:
    """Give the second factor up."""
    try:
        await asyncio.to_thread(drop_factor, code=code, **_given(request, who))
    except BadRequest as error:
        return await asyncio.to_thread(_wrong, request, who, "factor", error)
    return _done("dropped")


@router.post("/sessions/end")
def end_others(request: Request, who: Anyone) -> Response:
    """End one's sessions on other devices."""
    end_other_sessions(**_given(request, who))
    return _done("sessions")


def _given(request: Request, who: Principal) -> dict[str, Any]:
    return {"city": service(request).city, "who": who, "at": datetime.now(UTC)}


def _done(what: str) -> RedirectResponse:
    return RedirectResponse(f"/profile?done={what}", status_code=303)


def _wrong(request: Request, who: Principal, where: str, error: BadRequest) -> Response:
    """Show the page again with what was wrong beside its form."""
    language = language_of(request, preferred=who.language)
    faults = fault_texts(error.faults, language=language) if isinstance(error, WeakPassword) else ()
    text = error.finding.text(lang=language)
    status = error.finding.status
    # A wrong password here is no missing sign-in.
    return _shown(
        request, who, wrong=where, error=text, faults=faults, status=422 if status == 401 else status
    )


def _shown(
    request: Request,
    who: Principal,
    *,
    done: str = "",
    wrong: str = "",
    error: str = "",
    faults: tuple[str, ...] = (),
    differ: bool = False,
    status: int = 200,
) -> Response:
    found = profile(**_given(request, who))
    return page(
        request, "sign_in/profile.html", status=status, found=found, done=done, wrong=wrong, error=error,
        faults=faults, differ=differ, keys=found.account.preferences.get("keys", "on"),
    )  # fmt: skip


def _factor(request: Request, who: Principal, error: BadRequest | None = None) -> Response:
    begun = factor_begun(**_given(request, who))
    if begun is None:
        return RedirectResponse("/profile", status_code=303)
    language = language_of(request, preferred=who.language)
    return page(
        request,
        "sign_in/profile_factor.html",
        status=200 if error is None else 422,
        picture=qr(begun.uri),
        secret=begun.secret,
        error="" if error is None else error.finding.text(lang=language),
    )
