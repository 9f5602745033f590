"""Accounts and posts: the security administrator's pages."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from domain.account import ADMINISTRATORS, POSTS, Grant, Permission, Post, Principal
from usecases import accounts
from usecases.problems import BadRequest
from web.guard import needs
from web.render import page
from web.state import service
from web.words import language_of

router = APIRouter(prefix="/admin/accounts")
Keeper = Annotated[Principal, Depends(needs(Permission.ACCOUNTS))]
Word = Annotated[str, Form(max_length=300)]
Codes = Annotated[str, Form(max_length=2000)]
SIZE = 100


@router.get("")
def accounts_page(
    request: Request, who: Keeper, *, q: str = "", post: str = "", state: str = "", start: int = 0
) -> Response:
    """List accounts: by name or unit, post and state."""
    return _list(request, who, q=q[:80], post=post, state=state, start=max(0, start))


@router.post("")
async def open_account(
    request: Request,
    who: Keeper,
    *,
    account: Word = "",
    name: Word = "",
    post: Word = "",
    unit: Word = "",
    areas: Codes = "",
    subject: Word = "",
) -> Response:
    """Open an account and show its first password once."""
    typed = {"account": account, "name": name, "post": post, "unit": unit, "areas": areas, "subject": subject}
    try:
        first = await asyncio.to_thread(
            accounts.open_account,
            city=service(request).city,
            who=who,
            account=account,
            name=name,
            posts=[_grant(post, unit, areas)] if post else [],
            at=datetime.now(UTC),
            subject=subject or None,
        )
    except BadRequest as error:
        return await asyncio.to_thread(_list, request, who, typed=typed, error=error)
    named = account.strip().lower()
    return page(request, "sign_in/first_password.html", account=named, password=first, fresh=True)


@router.get("/{account}")
def account_page(request: Request, who: Keeper, account: str, done: str = "") -> Response:
    """Show one account with its posts and all that can be done with it."""
    return _one(request, who, account, done=done)


@router.post("/{account}/posts")
def give(
    request: Request, who: Keeper, *, account: str, post: Word = "", unit: Word = "", areas: Codes = ""
) -> Response:
    """Give a post."""

    def act(**given: Any) -> None:
        accounts.give_post(grant=_grant(post, unit, areas), **given)

    return _act(request, who, account, act, done="posts")


@router.post("/{account}/posts/take")
def take(request: Request, who: Keeper, account: str, post: Word = "", unit: Word = "") -> Response:
    """Take a post away."""

    def act(**given: Any) -> None:
        accounts.take_post(post=_grant(post, unit, "").post, unit=unit, **given)

    return _act(request, who, account, act, done="posts")


@router.post("/{account}/close")
def close(request: Request, who: Keeper, account: str, reason: Word = "") -> Response:
    """Close it."""
    return _act(
        request, who, account, lambda **given: accounts.close_account(reason=reason, **given), done="closed"
    )


@router.post("/{account}/reopen")
def reopen(request: Request, who: Keeper, account: str, reason: Word = "") -> Response:
    """Open it again."""
    return _act(
        request, who, account, lambda **given: accounts.reopen_account(reason=reason, **given), done="opened"
    )


@router.post("/{account}/unlock")
def unlock(request: Request, who: Keeper, account: str) -> Response:
    """End the lock of failures."""
    return _act(request, who, account, accounts.unlock_account, done="unlocked")


@router.post("/{account}/factor")
def reset_factor(request: Request, who: Keeper, account: str, reason: Word = "") -> Response:
    """Set the second factor back."""
    return _act(
        request, who, account, lambda **given: accounts.reset_factor(reason=reason, **given), done="factor"
    )


@router.post("/{account}/subject")
def link(request: Request, who: Keeper, account: str, subject: Word = "") -> Response:
    """Link it to a subject of the identity provider."""
    return _act(
        request, who, account, lambda **given: accounts.link_subject(subject=subject or None, **given),
        done="linked",
    )  # fmt: skip


@router.post("/{account}/password")
async def reset_password(request: Request, who: Keeper, account: str) -> Response:
    """Give a first password again and show it once."""
    first = await asyncio.to_thread(
        accounts.reset_password, city=service(request).city, who=who, account=account, at=datetime.now(UTC)
    )
    return page(request, "sign_in/first_password.html", account=account, password=first, fresh=False)


def _grant(post: str, unit: str, areas: str) -> Grant:
    """Return the post a form names. Raises BadRequest (bad_grant)."""
    if post not in {one.value for one in Post}:
        raise accounts.no_post(post)
    codes = tuple(areas.replace(",", " ").replace("，", " ").replace("、", " ").split())
    return Grant(post=Post(post), unit=unit.strip(), areas=codes)


def _act(
    request: Request, who: Principal, account: str, act: Callable[..., object], *, done: str
) -> Response:
    """Do it and show the account; show it with what was wrong otherwise."""
    try:
        act(city=service(request).city, who=who, account=account)
    except BadRequest as error:
        return _one(request, who, account, error=error)
    return RedirectResponse(f"/admin/accounts/{account}?done={done}", status_code=303)


def _one(
    request: Request, who: Principal, account: str, *, done: str = "", error: BadRequest | None = None
) -> Response:
    city = service(request).city
    found = accounts.account_shown(city=city, who=who, account=account)
    at = datetime.now(UTC)
    return page(
        request,
        "sign_in/account.html",
        status=200 if error is None else error.finding.status,
        found=found,
        locked=found.locked_until is not None and found.locked_until > at,
        sessions=accounts.sessions_of(city=city, who=who, account=account, at=at),
        needed=city.access.needs_factor(found.grants),
        provider=city.access.provider,
        posts=_posts(request),
        units=city.pack.tree.explicit,
        error="" if error is None else error.finding.text(lang=language_of(request, preferred=who.language)),
        done=done,
    )


def _list(
    request: Request,
    who: Principal,
    *,
    q: str = "",
    post: str = "",
    state: str = "",
    start: int = 0,
    typed: dict[str, str] | None = None,
    error: BadRequest | None = None,
) -> Response:
    city = service(request).city
    at = datetime.now(UTC)
    found = accounts.found(city=city, who=who, text=q, post=post, state=state, at=at)
    return page(
        request,
        "sign_in/accounts.html",
        status=200 if error is None else error.finding.status,
        accounts=found[start : start + SIZE],
        total=len(found),
        start=start,
        size=SIZE,
        at=at,
        q=q,
        post=post,
        state=state,
        posts=_posts(request),
        units=city.pack.tree.explicit,
        provider=city.access.provider,
        typed=typed or {"account": "", "name": "", "post": "", "unit": "", "areas": "", "subject": ""},
        error="" if error is None else error.finding.text(lang=language_of(request, preferred=who.language)),
    )


def _posts(request: Request) -> list[tuple[str, str]]:
    """Return the posts to choose from; those that stand alone are last."""
    language = language_of(request)
    ordered = sorted(Post, key=lambda one: one in ADMINISTRATORS)
    return [(one.value, POSTS[one].zh if language == "zh" else POSTS[one].en) for one in ordered]
