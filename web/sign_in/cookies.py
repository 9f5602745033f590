"""The cookies of signing in: the session, the step under way, and the token of forms nobody is signed in for."""

import secrets
from datetime import UTC, datetime
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from usecases.problems import BadRequest, ProblemCode
from usecases.sign_in import SignedIn
from web.guard import cookie_name
from web.nav import first_page
from web.render import KEYS_COOKIE, THEME_COOKIE
from web.state import service
from web.tokens import came_from_our_page, masked
from web.words import COOKIE as LANGUAGE_COOKIE

STEP_S = 900
A_YEAR_S = 31_536_000
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
    ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip
_BROWSERS = (
    ("MicroMessenger", "WeChat"), ("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip


def named(request: Request, name: str) -> str:
    """Return a cookie's name; over https the prefix binds it to our host."""
    return f"__Host-cityops_{name}" if service(request).secure else f"cityops_{name}"


def put(request: Request, answer: Response, name: str, value: str, max_age: int) -> None:
    """Set a cookie no script reads and no other site sends."""
    secure = service(request).secure
    answer.set_cookie(name, value, max_age=max_age, secure=secure, httponly=True, samesite="lax", path="/")


def drop(request: Request, answer: Response, name: str) -> None:
    """Take a cookie away."""
    secure = service(request).secure
    answer.delete_cookie(name, secure=secure, httponly=True, samesite="lax", path="/")


def form_token(request: Request) -> tuple[str, str]:
    """Return the cookie's token for forms before anybody is signed in, and what the form carries."""
    kept = request.cookies.get(named(request, "form"), "")
    token = kept if len(kept) == 43 else secrets.token_urlsafe(32)
    return token, masked(token)


async def check_form(request: Request) -> None:
    """Raise BadRequest (csrf_failed) for a form that is not from a page this browser was given."""
    token = request.cookies.get(named(request, "form"), "")
    if not token or not await came_from_our_page(request, token=token):
        raise BadRequest(ProblemCode.CSRF_FAILED)


def step_token(request: Request) -> str:
    """Return the token of the sign-in under way in this browser, or nothing."""
    return request.cookies.get(named(request, "step"), "")


def enter(request: Request, found: SignedIn, *, onward: str) -> Response:
    """Begin the session in this browser and go to the page that was asked for, or to one's own first."""
    answer = RedirectResponse(local(onward) or first_page(found.who), status_code=303)
    set_session(request, answer, found)
    return answer


def set_session(request: Request, answer: Response, found: SignedIn) -> None:
    """Give the browser a session's token and what its owner prefers; the sign-in under way is over."""
    left = int((found.expires_at - datetime.now(UTC)).total_seconds())
    put(request, answer, cookie_name(secure=service(request).secure), found.token, max(60, left))
    drop(request, answer, named(request, "step"))
    if theme := found.preferences.get("theme"):
        put(request, answer, THEME_COOKIE, str(theme), A_YEAR_S)
    if keys := found.preferences.get("keys"):
        put(request, answer, KEYS_COOKIE, str(keys), A_YEAR_S)


def leave(request: Request, answer: Response) -> None:
    """Leave nothing of somebody in this browser."""
    for name in (
        cookie_name(secure=service(request).secure), named(request, "step"), named(request, "form"),
        THEME_COOKIE, KEYS_COOKIE, LANGUAGE_COOKIE,
    ):  # fmt: skip
        drop(request, answer, name)


def local(path: str) -> str:
    """Return a path of ours, or nothing: nobody is sent to another site after signing in."""
    if (
        not path.startswith("/")
        or path.startswith(("//", "/\\"))
        or len(path) > 500
        or not path.isprintable()
    ):
        return ""
    parts = urlsplit(path)
    return "" if parts.scheme or parts.netloc or parts.path in ("/sign-in", "/sign-out") else path


def device_of(request: Request) -> tuple[str, bool]:
    """Return what somebody's device calls itself, for their list of sessions, and whether it is a phone."""
    agent = request.headers.get("user-agent", "")
    browser = next((shown for word, shown in _BROWSERS if word in agent), "")
    system = next((shown for word, shown in _SYSTEMS if word in agent), "")
    phone = "Mobile" in agent or request.headers.get("sec-ch-ua-mobile") == "?1"
    return " · ".join(part for part in (browser, system) if part), phone


def address_of(request: Request) -> str:
    """Return the address a request came from."""
    return request.client.host if request.client else ""
