"""The front door, the choice of language and theme, and the state of every component."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from domain.account import Principal
from web.guard import anyone, public
from web.nav import first_page
from web.render import THEME_COOKIE, page
from web.state import service
from web.words import COOKIE as LANGUAGE_COOKIE

router = APIRouter()
A_YEAR_S = 31_536_000


@router.get("/")
def home(who: Annotated[Principal | None, Depends(public)]) -> Response:
    """Send everybody to the page their day begins with."""
    return RedirectResponse("/sign-in" if who is None else first_page(who), status_code=303)


@router.get("/language/{language}")
def choose_language(
    request: Request, language: Literal["zh", "en"], _who: Annotated[Principal | None, Depends(public)]
) -> Response:
    """Show pages in this language in this browser."""
    return _remember(request, LANGUAGE_COOKIE, language)


@router.get("/theme/{theme}")
def choose_theme(
    request: Request,
    theme: Literal["auto", "light", "dark"],
    _who: Annotated[Principal | None, Depends(public)],
) -> Response:
    """Show pages in this theme in this browser."""
    return _remember(request, THEME_COOKIE, theme)


@router.get("/styleguide")
def styleguide(request: Request, _who: Annotated[Principal, Depends(anyone)]) -> Response:
    """Show every component in every state: for whoever writes pages."""
    return page(request, "styleguide.html")


def _remember(request: Request, cookie: str, value: str) -> Response:
    answer = RedirectResponse(_back(request), status_code=303)
    secure = service(request).secure
    answer.set_cookie(cookie, value, max_age=A_YEAR_S, secure=secure, samesite="lax", httponly=True)
    return answer


def _back(request: Request) -> str:
    """Return the path of the page somebody came from, never another site's."""
    came_from = request.headers.get("referer", "")
    origin = f"{request.url.scheme}://{request.url.netloc}"
    path = came_from.removeprefix(origin) if came_from.startswith(f"{origin}/") else "/"
    return path if path.startswith("/") and not path.startswith("//") else "/"
