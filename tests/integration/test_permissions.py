"""Who may what: every address is called as every post, and answers as the committed table says.

What an address asks for it declares itself; one that does not fails here.
"""

import re
from collections.abc import Mapping

from structlog.testing import capture_logs

from boot.permissions_page import DOCUMENT, Address, addresses, page
from boot.settings import Settings
from domain.account import Grant, Post
from tests.integration.people_city import quick_hashing
from tests.integration.signed_in_site import CITY_UNIT, SOURCE, UNITS, SignedInSite, nobody, signed_in_site

__all__ = ["quick_hashing"]
NOBODY: Post | None = None
ADDRESSES = addresses()
OF_THEIR_OWN = "/sign-in"
"""The steps of a sign-in are for everybody and refuse whoever has not taken the one before."""


def test_the_page_is_what_the_addresses_declare() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == page(), "run: python -m boot.permissions_page"


def test_what_only_some_may_is_open_to_no_administrator_of_another_kind() -> None:
    """The three administrators stay apart: none is let in where another one is, but where everybody is."""
    three = (Post.SYSTEM_ADMIN, Post.SECURITY_ADMIN, Post.AUDIT_ADMIN)
    for one in ADDRESSES:
        if not (one.door.public or one.door.anyone):
            assert sum(one.opens_to(post) for post in three) <= 1, one


async def test_every_address_lets_in_whom_the_table_says(wuhan_settings: Settings, sqlite_url: str) -> None:
    outside = {"database_url": sqlite_url, "demo_mode": False, "public_url": "http://127.0.0.1:8000"}
    settings = wuhan_settings.model_copy(update=outside)
    # Logs are kept instead of written: a fault would be told with everything it touched, for minutes.
    with capture_logs() as logged:
        wrong = await _everything_called(settings)
    assert wrong == [], [str(one["exc_info"]) for one in logged if "exc_info" in one]


async def _everything_called(settings: Settings) -> list[str]:
    async with signed_in_site(settings) as town:
        people = {post: town.hired(Grant(post=post, unit=UNITS.get(post, CITY_UNIT))) for post in Post}
        wrong = []
        for one in ADDRESSES:
            wrong += await _as_posts(town, one, people)
            wrong += await _as_source(town, one)
    return wrong


async def _as_posts(town: SignedInSite, one: Address, people: Mapping[Post, str]) -> list[str]:
    wrong = []
    for post in (NOBODY, *Post):
        # Signed in anew where the address called before was the way out.
        headers = nobody() if post is None else town.session(people[post])
        answer = await town.ask(one.method, _path(one), headers={**_form(one), **headers}, body=_body(one))
        fits = answer.refused != one.opens_to(post) or one.path.startswith(OF_THEIR_OWN)
        if not fits or answer.status >= 500:
            wrong.append(f"{one.method} {one.path} as {post}: {answer}, table {one.opens_to(post)}")
    return wrong


async def _as_source(town: SignedInSite, one: Address) -> list[str]:
    """A source with every scope opens what is for sources and nothing else."""
    if one.area != "API":
        return []
    headers = {**_form(one), "authorization": f"Bearer {town.key}"}
    answer = await town.ask(one.method, _path(one), headers=headers, body=_body(one))
    fits = answer.refused != one.opens_to_key and answer.status < 500
    return [] if fits else [f"{one.method} {one.path} by key: {answer}, table {one.opens_to_key}"]


def _path(one: Address) -> str:
    """Fill an address with numbers of nothing that is there; a source is one that is."""
    path = one.path.replace("{source}", SOURCE)
    return re.sub(r"\{[^}]+\}", "1", path)


def _form(one: Address) -> dict[str, str]:
    kind = "application/json" if one.area == "API" else "application/x-www-form-urlencoded"
    return {} if one.method in ("GET", "DELETE") else {"content-type": kind}


def _body(one: Address) -> bytes:
    return b"{}" if one.area == "API" and one.method not in ("GET", "DELETE") else b""
